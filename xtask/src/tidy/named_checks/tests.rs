use super::*;

fn found(row: &str) -> Vec<String> {
    let text = format!("# A\n\n{HEADING}\n|---|---|\n{row}\n\nmore `words`\n");
    let source = "#[test]\nfn nothing_prints() {}\n#[tokio::test]\nasync fn nothing_stays() {}\n";
    let workspace = Workspace::of_files([
        (PATH, text.as_str()),
        ("a/tests.rs", source),
        ("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"),
        ("fuzz/Cargo.toml", "[[bin]]\nname = \"wire\"\n"),
    ]);
    check(&workspace).into_iter().map(|finding| finding.found).collect()
}

#[test]
fn checks_that_exist_pass() {
    let row = "| a `crate` that prints | `nothing_prints`, `nothing_stays`, rule `layers`, step `clippy`, `unsafe_code`, `wire` |";
    assert_eq!(found(row), [""; 0]);
}

#[test]
fn a_check_that_is_gone_is_found() {
    assert_eq!(found("| a | `nothing_leaks` |"), ["there is no check \"nothing_leaks\""]);
    assert_eq!(found("| a | hope |"), ["names no check"]);
}

#[test]
fn features_that_are_there_name_their_proof() {
    let architecture = format!("{HEADING}\n|---|---|\n| a | `it_works` |\n");
    let features = "| feature | state | proof |\n|---|---|---|\n| a | yes | `it_works`, `query: it works` |\n| b | later | hope |\n\
                    | c | yes | hope |\n| d | yes | `gone` |\n";
    let workspace = Workspace::of_files([
        (PATH, architecture.as_str()),
        (FEATURES, features),
        ("a/tests.rs", "#[test]\nfn it_works() {}\n"),
        ("plugins/a/ui/test/checks.cjs", "  async 'query: it works'(host, assert) {\n"),
    ]);
    let found: Vec<_> = check(&workspace).into_iter().map(|finding| finding.found).collect();
    assert_eq!(found, ["names no check", "there is no check \"gone\""]);
}

#[test]
fn a_table_that_is_gone_is_found() {
    assert_eq!(check(&Workspace::of_files([(PATH, "# A\n")])).len(), 1);
    assert_eq!(check(&Workspace::default()).len(), 1);
}
