use super::*;

fn found(text: &str) -> Vec<String> {
    let workspace = Workspace::of_files([
        ("docs/a.md", text),
        ("README.md", "# Write a plugin, `fast`\n"),
        ("docs/images/x.svg", ""),
    ]);
    check(&workspace).into_iter().map(|finding| finding.found).collect()
}

#[test]
fn links_that_lead_somewhere_pass() {
    let text = "# Here\n[a](../README.md) [b](../README.md#write-a-plugin-fast) ![c](images/x.svg) [d](#here)\n\
        [e](images) [f](https://example.org/x) [g](crate::Frame)\n";
    assert_eq!(found(text), [""; 0]);
}

#[test]
fn links_that_lead_nowhere_are_found() {
    assert_eq!(found("[a](gone.md)"), ["the link \"gone.md\" leads nowhere"]);
    assert_eq!(found("[a](../../outside.md)"), ["the link \"../../outside.md\" leads nowhere"]);
    assert_eq!(found("![a](images/y.svg)").len(), 1);
    assert_eq!(found("[a](../README.md#no-such)"), ["README.md has no heading #no-such"]);
    assert_eq!(found("[a](#no-such)").len(), 1);
}
