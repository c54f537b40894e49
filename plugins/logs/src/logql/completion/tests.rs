use proptest::prelude::*;

use super::*;

/// What can follow where `^` stands, or at the end.
fn follows(text: &str) -> Vec<Completion> {
    match text.find('^') {
        Some(cursor) => at(&text.replace('^', ""), cursor),
        None => at(text, text.len()),
    }
}

fn has(text: &str, expected: &Completion) {
    let found = follows(text);
    assert!(found.contains(expected), "{text}: {found:?}");
}

#[test]
fn each_place_offers_what_can_stand_there() {
    use Completion as C;
    has("", &C::Operator("{"));
    has("ra", &C::Function("rate"));
    has("sum by (level) (", &C::Function("rate"));
    has("{", &C::LabelName);
    has("{jo", &C::LabelName);
    has("{job", &C::LabelName);
    has("{job=\"a\", ", &C::LabelName);
    has("{job ", &C::Operator("=~"));
    has("{job=\"ng", &C::LabelValue("job".to_owned()));
    has("{job=~`", &C::LabelValue("job".to_owned()));
    has("{a=\"b\", job=\"^\"} |= \"x\"", &C::LabelValue("job".to_owned()));
    has("{job=\"a\"", &C::Operator("}"));
    has("{job=\"a\"} ", &C::Operator("|="));
    has("{job=\"a\"} | ", &C::Stage("json"));
    has("{job=\"a\"} | lo", &C::Stage("logfmt"));
    has("{job=\"a\"} | json | ", &C::ExtractedLabel);
    has("{job=\"a\"} | json | status ", &C::Operator(">="));
    has("{job=\"a\"} | json | status>5 and ", &C::ExtractedLabel);
    has("{job=\"a\"} | json | level=\"", &C::LabelValue("level".to_owned()));
    has("{job=\"a\"} | drop ", &C::ExtractedLabel);
    has("{job=\"a\"} | drop a, ", &C::ExtractedLabel);
    has("{job=\"a\"} | line_format \"{{ ", &C::TemplateFunction("upper"));
    has("rate({job=\"a\"} ", &C::Range);
    has("rate({job=\"a\"}[", &C::Range);
    has("rate({job=\"a\"} | json ", &C::Range);
    has("rate(", &C::Operator("{"));
    has("sum ", &C::Keyword("by"));
    has("sum by (", &C::LabelName);
    has("sum by (a, ", &C::LabelName);
    has("sum by (a", &C::LabelName);
    has("sum by (a) ", &C::Operator("("));
    has("sum(rate({job=\"a\"}[5m])) ", &C::Keyword("by"));
    has("sum(rate({job=\"a\"}[5m])) / ", &C::Function("rate"));
    assert_eq!(follows("{job=\"a\"} |= \""), []);
    assert_eq!(follows("{job=\"a\"} | status > "), []);
    assert_eq!(follows("rate("), [C::Operator("{")]);
}

proptest! {
    #[test]
    fn any_text_and_any_place_is_answered(text in "\\PC{0,20}|[{}()|=!~\"`a-c0-9 \\[\\].,<>+-]{0,30}", cursor in 0..40_usize) {
        let _ = at(&text, cursor);
    }
}
