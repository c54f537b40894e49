use super::*;

fn pattern(source: &str) -> String {
    translate(source).unwrap().pattern
}

#[test]
fn go_reads_these_otherwise_than_the_library() {
    let table = [
        (r"\d+\W", "[0-9]+[^0-9A-Za-z_]"),
        (r"[\d.]", r"[[0-9]\.]"),
        (r"\bx\B", r"(?-u:\b)x(?-u:\B)"),
        ("{x}", r"\{x\}"),
        ("a{2}b{1,}c{1,3}d{,3}", r"a{2}b{1,}c{1,3}d\{,3\}"),
        ("[[x]", r"[\[x]"),
        ("[]x]", r"[\]x]"),
        ("[a&&b]", r"[a\&\&b]"),
        ("[[:alpha:][:^digit:]]", "[[:alpha:][:^digit:]]"),
        (r"\Qa.b\E.", r"a\.b."),
        (r"\x41\x{e9}\101\0", "AéA\u{0}"),
        (r"\<\>\_\/", "<>_/"),
        ("(?i)aé1", "[aA][éÉ]1"),
        ("(?i:a)b", "(?:[aA])b"),
        ("(?i)[a-c]", "[a-cA-C]"),
        ("(?im)x(?-i)y", "(?m)[xX]y"),
        ("(?P<n>x)(?<m>y)", "(?P<n>x)(?<m>y)"),
        ("(?sU-m:x)", "(?sU-m:x)"),
        ("ß", "ß"),
    ];
    for (source, expected) in table {
        assert_eq!(pattern(source), expected, "{source}");
    }
}

#[test]
fn what_go_lacks_is_refused() {
    for source in [
        "(?x)a",
        "(?u:a)",
        r"\y",
        r"\8",
        "[a",
        r"\",
        r"[\",
        "(?i",
        "[z-a]",
        r"\pL",
        r"[\p{Greek}]",
        r"\C",
        r"\x4",
    ] {
        assert!(translate(source).is_err(), "{source}");
    }
    let deep = "(".repeat(1000);
    assert!(translate(&deep).is_err());
}

#[test]
fn the_longest_text_that_every_match_holds() {
    let table = [
        ("error", Some("error")),
        ("level=error", Some("level=error")),
        (r"status=5\d\d", Some("status=5")),
        ("ab?cdef", Some("cdef")),
        ("abc*de", Some("ab")),
        ("abc+de", Some("abc")),
        ("abc{0,2}de", Some("ab")),
        ("(abc)?de", Some("de")),
        ("(abc|d)ef", Some("ef")),
        ("abc|def", None),
        ("a(b|c)", None),
        ("(?i)error 500", Some(" 500")),
        ("(?i:error) at", Some(" at")),
        (r"a\.b\tc", Some("a.b\tc")),
        ("^abc$", Some("abc")),
        (".*", None),
        ("", None),
        ("[a]bc", Some("bc")),
    ];
    for (source, expected) in table {
        let literal = translate(source).unwrap().literal;
        assert_eq!(literal.as_deref(), expected.map(str::as_bytes), "{source}");
    }
}
