//! What the SDK must know of an object: version, name and namespace out of its envelope.
//!
//! It deliberately reads nothing else, keeps nothing, and says of what it can't read only where it is: objects may hold
//! secrets.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The part of an object that says which one it is. What is absent or `null` is empty.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) api_version: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
    pub(crate) namespace: Cow<'a, str>,
    pub(crate) uid: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow, rename = "apiVersion")]
    api_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uid: Option<Cow<'a, str>>,
}

/// Reads the envelope of an object.
///
/// # Errors
/// Why it can't be read, to be put behind the object's name: "is no JSON object (line 1, column 3)".
pub(crate) fn read(raw: &[u8]) -> Result<Envelope<'_>, String> {
    let outer: Outer<'_> = object(raw, "is no JSON object")?;
    let metadata = match outer.metadata.map(RawValue::get) {
        None | Some("null") => Metadata { name: None, namespace: None, uid: None },
        Some(text) => object(text.as_bytes(), "has metadata that are no metadata")?,
    };
    Ok(Envelope {
        api_version: outer.api_version.unwrap_or_default(),
        name: metadata.name.unwrap_or_default(),
        namespace: metadata.namespace.unwrap_or_default(),
        uid: metadata.uid.unwrap_or_default(),
    })
}

fn object<'a, T: Deserialize<'a>>(raw: &'a [u8], otherwise: &str) -> Result<T, String> {
    // serde would read a list as the fields in their order.
    if raw.trim_ascii_start().first() != Some(&b'{') {
        return Err(otherwise.to_owned());
    }
    serde_json::from_slice(raw)
        .map_err(|error| format!("{otherwise} (line {}, column {})", error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_empty() {
        let whole = br#" {"spec":{"metadata":1},"apiVersion":"a/v1","metadata":{"name":"n","namespace":"\u0061","uid":"u"}}"#;
        let expected =
            Envelope { api_version: "a/v1".into(), name: "n".into(), namespace: "a".into(), uid: "u".into() };
        assert_eq!(read(whole).unwrap(), expected);
        for text in [r#"{}"#, r#"{"metadata":null}"#, r#"{"metadata":{"namespace":null}}"#] {
            assert_eq!(read(text.as_bytes()).unwrap(), Envelope::default(), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let refused = [
            "",
            "null",
            "[]",
            "{",
            "\"s3cret\"",
            r#"[{"namespace":"a"}]"#,
            r#"{"metadata":["a","b"]}"#,
            r#"{"metadata":"s3cret"}"#,
            r#"{"metadata":{"namespace":7}}"#,
            r#"{"metadata":{"namespace":"a","namespace":"b"}}"#,
            r#"{"metadata":{},"metadata":{"namespace":"b"}}"#,
            r#"{} {}"#,
        ];
        for text in refused {
            let reason = read(text.as_bytes()).unwrap_err();
            assert!(!reason.contains("s3cret"), "{reason}");
        }
        assert!(read(b"{\"metadata\":{\"namespace\":\"\xff\"}}").is_err());
    }

    #[test]
    fn depth_ends_in_an_error_or_not_at_all() {
        let deep = format!("{{\"spec\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(deep.as_bytes()).unwrap(), Envelope::default());
        let deep = format!("{{\"metadata\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(deep.as_bytes()).is_err());
    }
}
