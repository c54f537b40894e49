//! `| json`, with and without expressions, and `| unpack`.
//!
//! Stages of the pipeline. They deliberately keep numbers as they are written, skip arrays, and leave what stands
//! behind the object alone.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ast::Extraction;
use super::json_path::{JsonPath, Step};
use super::scope::{MAX_LABELS, Scope, Wanted, lossy, push_sanitized};

/// The value of `__error__` if a line is no JSON object.
const JSON_ERROR: &str = "JSONParserErr";
/// How deep objects may stand in each other.
const MAX_DEPTH: usize = 64;
/// The key whose value becomes the line.
const ENTRY: &str = "_entry";

/// Gives a label for every text, number and truth value of the object in a line.
pub(super) fn all(line: &[u8], scope: &mut Scope<'_>) {
    if *scope.wanted == Wanted::None {
        return;
    }
    scope.begin_parser();
    let text = lossy(line);
    let mut fields = Fields { scope, name: String::new(), key: String::new(), depth: 0 };
    if let Err(error) = fields.object(&text) {
        scope.fail(JSON_ERROR, &error.to_string());
    }
}

/// Gives a label for every expression: empty if it leads nowhere.
pub(super) fn some(line: &[u8], fields: &[Extraction<JsonPath>], scope: &mut Scope<'_>) {
    if *scope.wanted == Wanted::None {
        return;
    }
    scope.begin_parser();
    let text = lossy(line);
    let whole = match first_value(&text) {
        Ok(whole) => whole,
        Err(reason) => return scope.fail(JSON_ERROR, &reason),
    };
    for field in fields {
        let found = locate(whole, &field.from.steps).filter(|value| *value != "null");
        match scope.extract(&field.label) {
            Ok(Some(room)) => found.into_iter().for_each(|value| push_value(room, value)),
            Ok(None) => {}
            Err(_) => return scope.fail(JSON_ERROR, &too_many()),
        }
    }
}

/// The value that a line begins with.
fn first_value(text: &str) -> Result<&str, String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    match values.next() {
        Some(Ok(value)) if value.get().starts_with(['{', '[', '"']) => Ok(value.get()),
        Some(Ok(value)) => Err(format!("found {}, expected an object", value.get())),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("found nothing, expected an object".to_owned()),
    }
}

/// Gives the labels of a packed entry, and its line. The line is untouched if nothing was packed.
pub(super) fn unpack(line: &[u8], out: &mut Vec<u8>, scope: &mut Scope<'_>) -> bool {
    if *scope.wanted == Wanted::None {
        return false;
    }
    scope.begin_parser();
    let text = lossy(line);
    let mut packed = Packed::default();
    let read = serde_json::Deserializer::from_str(&text).deserialize_map(&mut packed);
    if let Err(error) = read {
        scope.fail(JSON_ERROR, &error.to_string());
        return false;
    }
    let Some(entry) = packed.entry else { return false };
    for (name, value) in &packed.labels {
        if scope.wanted.label(name) && scope.extract_bytes(name, value.as_bytes()).is_err() {
            scope.fail(JSON_ERROR, &too_many());
            break;
        }
    }
    out.extend_from_slice(entry.as_bytes());
    true
}

fn too_many() -> String {
    format!("the line has more than {MAX_LABELS} fields")
}

/// Reads an object into labels.
struct Fields<'s, 'l> {
    scope: &'s mut Scope<'l>,
    /// The name of the label in the making, beginning with the keys around.
    name: String,
    key: String,
    depth: usize,
}

impl Fields<'_, '_> {
    fn object(&mut self, text: &str) -> Result<(), serde_json::Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(serde_json::Error::custom(format!("it has objects in more than {MAX_DEPTH} levels")));
        }
        serde_json::Deserializer::from_str(text).deserialize_map(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    fn value(&mut self, raw: &str) -> Result<(), serde_json::Error> {
        let (is_object, is_array) = (raw.starts_with('{'), raw.starts_with('['));
        if is_array || raw == "null" {
            return Ok(());
        }
        let outer = self.name.len();
        if outer > 0 {
            self.name.push('_');
        }
        let key = std::mem::take(&mut self.key);
        push_sanitized(&mut self.name, &key, outer > 0);
        self.key = key;
        if is_object {
            if self.scope.wanted.prefix(&self.name) {
                self.object(raw)?;
            }
        } else if !self.name.is_empty() && self.scope.wanted.label(&self.name) {
            match self.scope.extract(&self.name) {
                Ok(Some(room)) => push_value(room, raw),
                Ok(None) => {}
                Err(_) => return Err(serde_json::Error::custom(too_many())),
            }
        }
        self.name.truncate(outer);
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Fields<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        loop {
            self.key.clear();
            if map.next_key_seed(Text(&mut self.key))?.is_none() {
                return Ok(());
            }
            let raw: &RawValue = map.next_value()?;
            self.value(raw.get()).map_err(A::Error::custom)?;
        }
    }
}

/// Texts of an object without looking into its objects.
#[derive(Default)]
struct Packed {
    entry: Option<String>,
    labels: Vec<(String, String)>,
}

impl<'de> Visitor<'de> for &mut Packed {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        loop {
            let mut key = String::new();
            if map.next_key_seed(Text(&mut key))?.is_none() {
                return Ok(());
            }
            let raw: &RawValue = map.next_value()?;
            if !raw.get().starts_with('"') {
                continue;
            }
            let mut value = String::new();
            push_value(&mut value, raw.get());
            if key == ENTRY {
                self.entry = Some(value);
            } else if self.labels.len() < MAX_LABELS {
                self.labels.push((key, value));
            }
        }
    }
}

/// A text that goes into a buffer which is there.
struct Text<'b>(&'b mut String);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}

/// Adds a value as labels have it: texts without their quotes, everything else as it is written.
fn push_value(room: &mut String, raw: &str) {
    let Some(inside) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        room.push_str(raw);
        return;
    };
    if !inside.contains('\\') {
        room.push_str(inside);
        return;
    }
    let before = room.len();
    if Text(room).deserialize(&mut serde_json::Deserializer::from_str(raw)).is_err() {
        // Only a lone half of a surrogate pair can still be wrong: the escape stays as it is.
        room.truncate(before);
        room.push_str(inside);
    }
}

/// Follows a path to the value there.
fn locate<'j>(value: &'j str, steps: &[Step]) -> Option<&'j str> {
    let mut at = value;
    for step in steps {
        at = match step {
            Step::Field(name) => {
                let mut search = Search { name, found: None };
                // An early end of the search is an error to the reader; what was found counts.
                let _ = serde_json::Deserializer::from_str(at).deserialize_map(&mut search);
                search.found?
            }
            Step::Index(index) => {
                let items: Vec<&RawValue> = serde_json::from_str(at).ok()?;
                items.get(*index)?.get()
            }
        };
    }
    Some(at)
}

/// Looks for one field of an object.
struct Search<'n, 'j> {
    name: &'n str,
    found: Option<&'j str>,
}

impl<'de> Visitor<'de> for &mut Search<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let raw: &'de RawValue = map.next_value()?;
            if key == self.name {
                self.found = Some(raw.get());
                return Ok(());
            }
        }
        Ok(())
    }
}
