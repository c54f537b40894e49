use super::*;

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let finding = Finding::new("a/b.rs:3", "found x", "write y");
    assert_eq!(finding.to_string(), "a/b.rs:3: found x; write y");
}

#[test]
fn rules_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
}

/// Rules that go by a table fail without it: a lost table must not pass for a kept rule.
#[test]
fn rules_without_their_table_fail() {
    let empty = Workspace::default();
    for name in ["layers", "absences", "features", "licences"] {
        let rule = RULES.iter().find(|rule| rule.name == name).unwrap();
        assert_eq!((rule.check)(&empty).len(), 1, "{name}");
    }
}

#[test]
fn the_repository_can_be_read() {
    let workspace = Workspace::load().unwrap();
    assert!(workspace.text("ci/layers.toml").is_some());
    let model = workspace.packages.iter().find(|package| package.name == "graftwire-model").unwrap();
    assert_eq!(model.dir, "crates/model");
    assert!(workspace.licences.len() > workspace.packages.len());
}
