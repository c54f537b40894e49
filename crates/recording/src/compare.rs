//! Two answers → where they differ, value by value.
//!
//! It deliberately compares content, never bytes: the order of a map's entries and the format of a frame are no answer's
//! meaning.

use std::fmt;

use serde_json::Value;

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `responses.A.frames.0.data.values.1.2`.
    pub path: String,
    /// What was recorded; `None` = nothing.
    pub recorded: Option<String>,
    /// What came now; `None` = nothing.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "{}: recorded {}, found {}", self.path, shown(&self.recorded), shown(&self.found))
    }
}

/// What is not compared.
#[derive(Debug, Clone, Default)]
pub struct Ignored {
    patterns: Vec<Vec<String>>,
    times: bool,
}

/// A pattern that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pattern {pattern:?} has an empty part; write parts of a path with points between, * for one part, ** for any number"
)]
pub struct IgnoredError {
    pattern: String,
}

impl Ignored {
    /// Nothing is left out.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Leaves out the values at paths that the pattern fits: parts with points between, where `*` stands for one part or
    /// a piece of one, and `**` for any number of parts.
    ///
    /// # Errors
    /// An empty pattern, or one with an empty part.
    pub fn pattern(mut self, pattern: &str) -> Result<Self, IgnoredError> {
        let parts: Vec<String> = pattern.split('.').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(IgnoredError { pattern: pattern.to_owned() });
        }
        self.patterns.push(parts);
        Ok(self)
    }

    /// Leaves out the values of time columns.
    #[must_use]
    pub const fn times(mut self, ignored: bool) -> Self {
        self.times = ignored;
        self
    }

    fn covers(&self, path: &[String]) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern, path))
    }
}

fn fits(pattern: &[String], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((part, rest)), _) if part == "**" => {
            fits(rest, path) || path.split_first().is_some_and(|(_, below)| fits(pattern, below))
        }
        (Some((part, rest)), Some((name, below))) => fits_part(part, name) && fits(rest, below),
        _ => false,
    }
}

fn fits_part(part: &str, name: &str) -> bool {
    match part.split_once('*') {
        None => part == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| rest.get(at..).is_some_and(|rest| fits_part(after, rest)))
        }),
    }
}

/// Where two values differ, at most `most` places.
pub(crate) fn differences(
    recorded: &Value,
    found: &Value,
    ignored: &Ignored,
    most: usize,
) -> Vec<Difference> {
    let mut walk = Walk { ignored, path: Vec::new(), found: Vec::new(), most };
    walk.compare(Some(recorded), Some(found));
    walk.found
}

struct Walk<'a> {
    ignored: &'a Ignored,
    path: Vec<String>,
    found: Vec<Difference>,
    most: usize,
}

impl Walk<'_> {
    fn compare(&mut self, recorded: Option<&Value>, found: Option<&Value>) {
        if self.found.len() >= self.most || self.ignored.covers(&self.path) {
            return;
        }
        match (recorded, found) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                let is_frame = self.ignored.times && a.contains_key("$frame") && b.contains_key("$frame");
                for (key, value) in a {
                    let (without, with) =
                        (times_out(is_frame, value), b.get(key).map(|b| times_out(is_frame, b)));
                    self.below(
                        key,
                        Some(without.as_ref().unwrap_or(value)),
                        with.as_ref().and_then(Option::as_ref).or(b.get(key)),
                    );
                }
                for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                    self.below(key, None, Some(value));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                for index in 0..a.len().max(b.len()) {
                    self.below(&index.to_string(), a.get(index), b.get(index));
                }
            }
            (a, b) if a != b => self.found.push(Difference {
                path: if self.path.is_empty() { "the answer".to_owned() } else { self.path.join(".") },
                recorded: a.map(shown),
                found: b.map(shown),
            }),
            _ => {}
        }
    }

    fn below(&mut self, key: &str, recorded: Option<&Value>, found: Option<&Value>) {
        // How bytes are shown is no part of where they are.
        let is_tag = key.starts_with('$');
        if !is_tag {
            self.path.push(key.to_owned());
        }
        self.compare(recorded, found);
        if !is_tag {
            self.path.pop();
        }
    }
}

/// The frame without the values of its time columns.
fn times_out(is_frame: bool, frame: &Value) -> Option<Value> {
    if !is_frame {
        return None;
    }
    let fields = frame.pointer("/schema/fields")?.as_array()?;
    let times: Vec<usize> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.get("type").and_then(Value::as_str) == Some("time"))
        .map(|(index, _)| index)
        .collect();
    let mut frame = frame.clone();
    for part in ["/data/values", "/data/nanos"] {
        let Some(columns) = frame.pointer_mut(part).and_then(Value::as_array_mut) else { continue };
        for index in &times {
            if let Some(column) = columns.get_mut(*index) {
                *column = column.as_array().map_or(0, Vec::len).into();
            }
        }
        if part == "/data/nanos" && columns.iter().all(|column| column.is_null() || column.is_number()) {
            columns.clear();
        }
    }
    // Whether there are nanoseconds at all depends on the times too.
    let no_nanos = frame.pointer("/data/nanos").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if let Some(data) = frame.get_mut("data").and_then(Value::as_object_mut).filter(|_| no_nanos) {
        data.remove("nanos");
    }
    Some(frame)
}

/// A value in a few words.
fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        None => text,
        Some((at, _)) => format!("{}… ({} characters)", text.get(..at).unwrap_or_default(), text.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Ignored, differences};

    #[test]
    fn differences_name_their_place() {
        let a = json!({"responses": {"A": {"frames": [{"$frame": {"n": 1}}], "status": 200}}});
        let b = json!({"responses": {"A": {"status": 500, "frames": [{"$frame": {"n": 2}}]}, "B": {}}});
        let found: Vec<String> =
            differences(&a, &b, &Ignored::nothing(), 9).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "responses.A.frames.0.n: recorded 1, found 2",
                "responses.A.status: recorded 200, found 500",
                "responses.B: recorded nothing, found {}",
            ]
        );
        assert_eq!(differences(&a, &b, &Ignored::nothing(), 1).len(), 1);
        assert!(differences(&a, &a, &Ignored::nothing(), 9).is_empty());
    }

    #[test]
    fn patterns_leave_values_out() {
        let a = json!({"a": {"b": [1, {"took": 5}], "duration_ms": 1}});
        let b = json!({"a": {"b": [1, {"took": 6}], "duration_ms": 2}});
        let count = |patterns: &[&str]| {
            let ignored = patterns.iter().fold(Ignored::nothing(), |all, one| all.pattern(one).unwrap());
            differences(&a, &b, &ignored, 9).len()
        };
        assert_eq!(count(&[]), 2);
        assert_eq!(count(&["**.took"]), 1);
        assert_eq!(count(&["a.b.*.took", "a.duration*"]), 0);
        assert_eq!(count(&["a.**"]), 0);
        assert_eq!(count(&["took", "a.*.took"]), 2);
        assert!(Ignored::nothing().pattern("a..b").is_err());
        assert!(Ignored::nothing().pattern("").is_err());
    }

    #[test]
    fn times_can_be_left_out_but_not_their_number() {
        let frame = |times: serde_json::Value, nanos: serde_json::Value, value: i32| {
            json!({"$frame": {"schema": {"fields": [{"type": "time"}, {"type": "number"}]},
                "data": {"values": [times, [value]], "nanos": nanos}}})
        };
        let ignored = Ignored::nothing().times(true);
        let a = frame(json!([1]), json!([[5], null]), 1);
        assert!(differences(&a, &frame(json!([2]), json!([[6], null]), 1), &ignored, 9).is_empty());
        assert_eq!(differences(&a, &frame(json!([2, 3]), json!([[6], null]), 1), &ignored, 9).len(), 1);
        assert_eq!(differences(&a, &frame(json!([2]), json!([[6], null]), 4), &ignored, 9).len(), 1);
    }
}
