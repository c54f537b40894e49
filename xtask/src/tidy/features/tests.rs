use super::*;
use crate::workspace::Package;

fn found(table: &str) -> Vec<String> {
    let features = ["client".to_owned(), "server".to_owned()].into();
    let packages = vec![Package { name: "p".to_owned(), features, ..Package::default() }];
    let workspace = Workspace { packages, ..Workspace::of_files([(TABLE, table)]) };
    check(&workspace).iter().map(ToString::to_string).collect()
}

#[test]
fn every_feature_stands_in_a_combination() {
    let table = "[[combination]]\npackage = \"p\"\nfeatures = [\"client\", \"server\"]\n";
    assert_eq!(found(table), [""; 0]);
    let lacking = found(&table.replace(", \"server\"", ""));
    assert_eq!(lacking.len(), 1);
    assert!(lacking[0].contains("no combination has the feature server of p"), "{}", lacking[0]);
}

#[test]
fn rows_about_what_is_not_there_are_found() {
    let table = "[[combination]]\npackage = \"p\"\nfeatures = [\"client\", \"server\", \"gone\"]\n\
        [[combination]]\npackage = \"q\"\nfeatures = []\n";
    assert_eq!(found(table).len(), 2);
}

#[test]
fn a_misspelt_key_is_an_error() {
    assert!(found("[[combinations]]\n")[0].contains("not the table it should be"));
}
