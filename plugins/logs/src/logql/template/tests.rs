use super::*;

struct Fixed;

impl View for Fixed {
    fn label(&self, name: &str) -> Option<&str> {
        (name == "x").then_some("value")
    }

    fn line(&self) -> &[u8] {
        b"the line"
    }

    fn timestamp(&self) -> i64 {
        0
    }
}

fn run(source: &str) -> Result<String, String> {
    let mut out = Vec::new();
    Template::new(source)?.execute(&Fixed, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn output_is_bounded() {
    for source in [
        "{{repeat 1000000000 .x}}",
        "{{indent 9000000000 .x}}",
        "{{alignLeft 99999999 .x}}",
        "{{repeat 1000000 .x | replace \"v\" (repeat 1000000 \"y\")}}",
        "{{printf \"%999999d%999999d%999999d\" 1 2 3}}",
    ] {
        assert!(run(source).is_err(), "{source}");
    }
    let deep = format!("{}.x{}", "{{if .x}}".repeat(100), "{{end}}".repeat(100));
    assert!(run(&deep).unwrap_err().contains("more than 32 levels"));
    let deep = format!("{{{{{}.x{}}}}}", "(".repeat(100), ")".repeat(100));
    assert!(run(&deep).unwrap_err().contains("more than 32 levels"));
}

#[test]
fn values_of_the_wrong_type_say_so() {
    assert_eq!(run("{{trunc .x .x}}").unwrap_err(), "trunc: found a value of type string, expected int");
    assert_eq!(run("{{lower 5}}").unwrap_err(), "lower: found a value of type int, expected string");
    assert_eq!(
        run("{{eq .x 5}}").unwrap_err(),
        "eq: found values of type string and int, expected the same type"
    );
    assert_eq!(run("{{mod 1 0}}").unwrap_err(), "mod: found a division by zero");
    assert!(run("{{unixToTime \"5\"}}").unwrap_err().contains("expected 5, 10, 13, 16 or 19"));
}

#[test]
fn numbers_print_as_in_go() {
    let table = [
        ("123456789.5", "1.234567895e+08"),
        ("1000000.0", "1e+06"),
        ("100000.0", "100000"),
        ("0.00001", "1e-05"),
        ("0.25", "0.25"),
    ];
    for (number, printed) in table {
        assert_eq!(run(&format!("{{{{{number}}}}}")).unwrap(), printed);
    }
    assert_eq!(
        run("{{divf 1 0}} {{divf -1 0}} {{int \"0x1f\"}} {{int \"010\"}} {{int \"7.0\"}} {{int \"7.5\"}}")
            .unwrap(),
        "+Inf -Inf 31 8 7 0"
    );
}

#[test]
fn fields_are_listed() {
    let template =
        Template::new("{{.a}} {{if .b}}{{lower .c}}{{else if (eq .d \"x\")}}{{.e}}{{else}}{{.f}}{{end}}")
            .unwrap();
    assert_eq!(template.fields(), ["a", "b", "c", "d", "e", "f"]);
}

#[test]
fn braces_in_texts_end_no_action() {
    assert_eq!(run("{{ \"}}\" }}|{{ `}}` }}|}}").unwrap(), "}}|}}|}}");
    assert_eq!(run("a {{- .x -}} b").unwrap(), "avalueb");
    assert_eq!(run("{{/* a }} b */}}x").unwrap(), "x");
}
