//! The table at the end.

use super::*;

fn row(target: &str, outcome: Outcome) -> Row {
    let target = Target::named(target).unwrap();
    Row { plugin: "metrics".to_owned(), target, time: Duration::from_secs(61), outcome }
}

#[test]
fn each_build_has_its_line_whatever_came_of_it() {
    let text = table(&[
        row("linux-arm", Outcome::Built { file: PathBuf::new(), bytes: 1_239_999 }),
        row("linux-386", Outcome::Failed("cargo failed:\nmuch text".to_owned())),
    ]);
    assert_eq!(
        text,
        "plugin   target          result\n\
         metrics  linux-arm       1.23 MB in 61 s\n\
         metrics  linux-386       FAILED: cargo failed:\n"
    );
}

#[test]
fn the_list_of_targets_has_them_all() {
    assert_eq!(targets().lines().count(), 1 + Target::all().len());
}
