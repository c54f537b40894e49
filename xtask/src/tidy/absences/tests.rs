use super::*;

const ROW: &str = r#"
[[absence]]
texts = ["Forbidden::", "```skip"]
endings = [".rs"]
below = ["crates"]
except = ["crates/here"]
instead = "do not"
"#;

fn places(path: &str, text: &str) -> Vec<String> {
    let workspace = Workspace::of_files([(TABLE, ROW), (path, text)]);
    check(&workspace).into_iter().map(|finding| finding.place).collect()
}

#[test]
fn a_text_is_found_with_its_line() {
    assert_eq!(places("crates/a/src/lib.rs", "//! x\nlet a = Forbidden::B;\n"), ["crates/a/src/lib.rs:2"]);
}

#[test]
fn places_where_it_belongs_or_that_are_not_looked_at_pass() {
    for path in ["crates/here/src/lib.rs", "plugins/a.rs", "crates/a/README.md"] {
        assert_eq!(places(path, "Forbidden::B"), [""; 0], "{path}");
    }
    // A folder's name is compared whole.
    assert_eq!(places("crates/hereabouts/a.rs", "Forbidden::B").len(), 1);
}

#[test]
fn comments_and_prose_pass_but_fences_in_prose_do_not() {
    assert_eq!(places("crates/a.rs", "// Forbidden::A\n/// Forbidden::B\n//! Forbidden::C"), [""; 0]);
    assert_eq!(places("crates/a.rs", "/// ```skip"), ["crates/a.rs:1"]);
}
