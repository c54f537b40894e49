use super::*;

#[test]
fn paths_are_read() {
    let field = |name: &str| Step::Field(name.to_owned());
    let table = [
        ("a", vec![field("a")]),
        ("a.b_1", vec![field("a"), field("b_1")]),
        (r#"a["b c"].d"#, vec![field("a"), field("b c"), field("d")]),
        ("[0]", vec![Step::Index(0)]),
        (r#"["x"]"#, vec![field("x")]),
        ("a[0][12].b", vec![field("a"), Step::Index(0), Step::Index(12), field("b")]),
        (" a [ 1 ] ", vec![field("a"), Step::Index(1)]),
    ];
    for (source, steps) in table {
        assert_eq!(JsonPath::new(source).unwrap().steps, steps, "{source}");
    }
}

#[test]
fn bad_paths_say_why() {
    for source in
        ["", ".", ".a", "a.", "a..b", "a[", "a[]", "a[x]", "a[1.5]", "a[-1]", r#"a["b"#, "a b", "1a", "a-b"]
    {
        let error = JsonPath::new(source).unwrap_err();
        assert!(error.starts_with(&format!("found the path {source:?}, which can't be used: ")), "{error}");
    }
}
