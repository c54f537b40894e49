//! A query model as JSON text: whether it is an object, and the keys it lacks.
//!
//! It deliberately never writes the text anew: keys are added in front, and not a digit of the rest changes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A JSON object with its keys known.
pub(super) struct QueryObject<'a> {
    text: &'a str,
    values: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl<'a> QueryObject<'a> {
    /// Reads a model. The empty text is an empty object.
    ///
    /// # Errors
    /// What was found instead, without any of the text's content.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let text = match text.trim_ascii() {
            "" => "{}",
            text => text,
        };
        match serde_json::from_str::<BTreeMap<Key<'a>, &RawValue>>(text) {
            Ok(values) => {
                let values = values.into_iter().map(|(Key(key), value)| (key, value)).collect();
                Ok(Self { text, values })
            }
            Err(error) if error.is_data() => Err(kind(text).to_owned()),
            Err(error) => Err(format!("no JSON ({error})")),
        }
    }

    /// The value of a key if it is a text.
    pub(super) fn text_of(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.values.get(key)?.get()).ok()
    }

    /// The object with the keys it lacks put in front. Values are JSON.
    pub(super) fn with(&self, wanted: &[(&str, String)]) -> String {
        let rest = self.text.strip_prefix('{').unwrap_or(self.text);
        let mut text = String::with_capacity(self.text.len().saturating_add(64));
        text.push('{');
        let mut separator = "";
        for (key, value) in wanted.iter().filter(|(key, _)| !self.values.contains_key(*key)) {
            text.extend([separator, "\"", key, "\":", value]);
            separator = ",";
        }
        if !self.values.is_empty() {
            text.push_str(separator);
        }
        text.push_str(rest);
        text
    }
}

/// A text as JSON.
pub(super) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn kind(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b'n') => "null",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// A key, borrowed where it needs no unescaping.
#[derive(PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::{QueryObject, json_text};

    #[test]
    fn what_is_missing_goes_in_front_and_the_rest_stays() {
        let wanted = [("refId", json_text("Ä\"")), ("n", "1".to_owned())];
        for (text, expected) in [
            ("", r#"{"refId":"Ä\"","n":1}"#),
            (" { } ", r#"{"refId":"Ä\"","n":1 }"#),
            (r#"{"n":1e400,"n":2}"#, r#"{"refId":"Ä\"","n":1e400,"n":2}"#),
            (r#"{"x":12345678901234567890.10}"#, r#"{"refId":"Ä\"","n":1,"x":12345678901234567890.10}"#),
            (r#"{"refId":null,"\u006e":3}"#, r#"{"refId":null,"\u006e":3}"#),
        ] {
            assert_eq!(QueryObject::read(text).unwrap().with(&wanted), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_named() {
        for (text, found) in [
            ("[]", "a list"),
            ("\"s3cret\"", "a text"),
            ("null", "null"),
            ("true", "true or false"),
            ("-1", "a number"),
        ] {
            assert_eq!(QueryObject::read(text).err().unwrap(), found, "{text}");
        }
        for text in ["{", "s3cret", "{\"a\":1}}", "{'a':1}"] {
            let found = QueryObject::read(text).err().unwrap();
            assert!(found.starts_with("no JSON (") && !found.contains("s3cret"), "{found}");
        }
    }

    #[test]
    fn only_texts_are_texts() {
        let object = QueryObject::read(r#"{"a":"\u00fc","b":1}"#).unwrap();
        assert_eq!((object.text_of("a").as_deref(), object.text_of("b")), (Some("ü"), None));
    }
}
