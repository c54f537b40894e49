//! Every chore of the repository, as `cargo xtask <chore>`.
fn main() {}
