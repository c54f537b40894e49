use proptest::prelude::*;

use super::*;

#[test]
fn bytes_that_are_no_text_match_as_one_character_each() {
    let regexp = Regexp::in_line("^a..b$").unwrap();
    assert!(regexp.is_match(b"a\xff\xfeb"));
    assert!(!regexp.is_match(b"a\xffb"));
    assert!(regexp.is_match("aéxb".as_bytes()));
    assert!(Regexp::in_line("[^x]b").unwrap().is_match(b"\xc3b"));
    assert!(!Regexp::in_line("[a-z]b").unwrap().is_match(b"\xc3b"));
}

#[test]
fn anchors_hold_whole_texts() {
    let regexp = Regexp::anchored("a|b").unwrap();
    assert!(
        regexp.is_match(b"a") && regexp.is_match(b"b") && !regexp.is_match(b"ab") && !regexp.is_match(b"ba")
    );
    assert!(!Regexp::anchored("a.*").unwrap().is_match(b"a\nb"));
    assert!(Regexp::in_line("a.*b").unwrap().is_match(b"a\nb"));
    assert!(Regexp::anchored("a)(b").is_err());
}

#[test]
fn errors_say_what_is_wrong_with_which_pattern() {
    let text = |source: &str| Regexp::anywhere(source).unwrap_err();
    assert_eq!(text("("), "found the pattern \"(\", which can't be used: unclosed group");
    assert!(text("a(?=b)").contains("look-around"), "{}", text("a(?=b)"));
    assert!(text(r"(a)\1").contains("which has no meaning"), "{}", text(r"(a)\1"));
    assert!(text("(((a{1,1000}){1,1000}){1,1000})").contains("size limit"));
    assert!(text(&"a".repeat(100_000)).contains("longer than"));
}

proptest! {
    #[test]
    fn any_pattern_is_compiled_or_refused(source in "[-a-c\\\\\\[\\]{}()?*+.^$|&0-9:dwsQEx]{0,14}", line in "[a-c\\\\\\[\\]{}()0-9 .]{0,10}") {
        if let Ok(regexp) = Regexp::in_line(&source) {
            let found = regexp.is_match(line.as_bytes());
            if let (true, Some(literal)) = (found, regexp.literal()) {
                prop_assert!(line.as_bytes().windows(literal.len()).any(|part| part == literal));
            }
        }
    }

    #[test]
    fn the_search_for_literals_changes_no_match(source in "[ab]{0,3}[?*+|.]?[ab]{0,3}(\\([ab|]{1,4}\\))?[?*]?[ab]{0,3}", line in "[ab]{0,9}") {
        if let Ok(regexp) = Regexp::in_line(&source) {
            prop_assert_eq!(regexp.is_match(line.as_bytes()), regexp.compiled.is_match(line.as_bytes()));
        }
    }
}
