use super::*;

const DOCUMENT: &str = "```sh\ncargo xtask test         # everything\n```\n";
const SCRIPT: &str = "#!/usr/bin/env bash\nexec cargo xtask test \"$@\"\n";

fn found(readme: &str, script: &str) -> usize {
    test(&Workspace::of_files([("README.md", readme), ("CONTRIBUTING.md", DOCUMENT), (".ci/run", script)]))
        .len()
}

#[test]
fn all_three_name_the_same_command() {
    assert_eq!(found(DOCUMENT, SCRIPT), 0);
    assert_eq!(found("```sh\ncargo test\n```\n", SCRIPT), 1);
    assert_eq!(found("Try cargo xtask test some day.\n", SCRIPT), 1);
    assert_eq!(found(DOCUMENT, "exec cargo xtask test --only fmt\n"), 1);
    assert_eq!(found(DOCUMENT, &format!("{SCRIPT}exit 0\n")), 1);
}

#[test]
fn a_chore_that_does_not_exist_is_found() {
    let findings = |text| chores(&Workspace::of_files([("a.md", text)])).len();
    assert_eq!(findings("`cargo xtask tidy`, `cargo xtask test --all` and `cargo xtask <chore>`"), 0);
    assert_eq!(findings("run `cargo xtask no-such --x` first"), 1);
}
