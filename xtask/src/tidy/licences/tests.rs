use super::*;

fn found(expression: Option<&str>) -> usize {
    let table =
        "accepted = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\"]\n[packages]\nfine = \"asked the author\"\n";
    let licence = |package: &str, expression: Option<&str>| Licence {
        package: package.to_owned(),
        expression: expression.map(str::to_owned),
    };
    let licences = vec![licence("fine 1.0.0", Some("GPL-3.0-only")), licence("x 1.0.0", expression)];
    check(&Workspace { licences, ..Workspace::of_files([(TABLE, table)]) }).len()
}

#[test]
fn expressions_are_evaluated() {
    for fine in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "MIT/Apache-2.0",
        "(MIT OR ISC) AND MIT",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert_eq!(found(Some(fine)), 0, "{fine}");
    }
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Apache-2.0", "no licence I know"] {
        assert_eq!(found(Some(bad)), 1, "{bad}");
    }
    assert_eq!(found(None), 1);
}
