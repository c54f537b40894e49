use super::*;

fn found(rule: fn(&Workspace) -> Vec<Finding>, path: &str, text: &str) -> usize {
    rule(&Workspace::of_files([(path, text)])).len()
}

#[test]
fn long_files_are_found_without_counting_tests() {
    let long = "//! x\n".repeat(LONGEST + 1);
    assert_eq!(found(size, "a/src/lib.rs", &long), 1);
    assert_eq!(found(size, "a/src/lib.rs", &"//! x\n".repeat(LONGEST)), 0);
    assert_eq!(found(size, "a/src/lib/tests.rs", &long), 0);
    assert_eq!(found(size, "a/src/generated.rs", &long), 0);
    assert_eq!(found(size, "a/main.go", &long), 1);
    let mostly_tests = format!("//! x\nmod tests {{\n{}}}\n", "x\n".repeat(LONGEST));
    assert_eq!(found(size, "a/src/lib.rs", &mostly_tests), 0);
}

#[test]
fn a_file_without_opening_words_is_found() {
    assert_eq!(found(header, "a/src/lib.rs", "use x;\n//! late\n"), 1);
    assert_eq!(found(header, "a/src/lib.rs", ""), 1);
    assert_eq!(found(header, "a/src/lib.rs", "//! What it is.\n"), 0);
    assert_eq!(found(header, "a/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"), 0);
    assert_eq!(found(header, "a/src/x/tests.rs", "use super::*;\n"), 0);
}

#[test]
fn drawer_names_are_found() {
    for path in
        ["a/src/mod.rs", "a/src/x/mod.rs", "a/src/utils.rs", "a/src/helpers/x.rs", "crates/common/src/lib.rs"]
    {
        assert_eq!(found(names, path, "//! x\n"), 1, "{path}");
    }
    assert_eq!(found(names, "a/src/column_types.rs", "//! x\n"), 0);
}

#[test]
fn build_scripts_are_found() {
    assert_eq!(found(build_scripts, "crates/a/build.rs", ""), 1);
    assert_eq!(found(build_scripts, "crates/a/src/rebuild.rs", ""), 0);
}
