//! The expressions of `| json`: `field`, `a.b`, `a["b c"]`, `list[0]`, in any combination.
//!
//! Part of reading queries; `json` follows them. It deliberately knows no wildcards and no slices, as Loki.

/// A path that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonPath {
    source: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Index(usize),
}

impl AsRef<str> for JsonPath {
    fn as_ref(&self) -> &str {
        &self.source
    }
}

impl JsonPath {
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let unusable = |reason: &str| format!("found the path {source:?}, which can't be used: {reason}");
        let mut steps = Vec::new();
        let mut rest = source.trim();
        while !rest.is_empty() {
            let (step, tail) = if let Some(inside) = rest.strip_prefix('[') {
                bracket(inside).map_err(unusable)?
            } else {
                let name = match (rest.strip_prefix('.'), steps.is_empty()) {
                    (Some(name), false) => name,
                    (None, true) => rest,
                    (Some(_), true) => return Err(unusable("it begins with a point, expected a field")),
                    (None, false) => return Err(unusable("expected `.` or `[` between its parts")),
                };
                field(name)
                    .ok_or_else(|| unusable("expected a field of letters, digits and `_`, or [\"…\"]"))?
            };
            steps.push(step);
            rest = tail.trim_start();
        }
        if steps.is_empty() {
            return Err(unusable("it is empty"));
        }
        Ok(Self { source: source.to_owned(), steps })
    }
}

fn field(text: &str) -> Option<(Step, &str)> {
    let end = text.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let starts_well = name.starts_with(|char: char| !char.is_ascii_digit());
    starts_well.then(|| (Step::Field(name.to_owned()), rest))
}

/// After `[`.
fn bracket(text: &str) -> Result<(Step, &str), &'static str> {
    let text = text.trim_start();
    let (step, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = quoted.split_once('"').ok_or("a quote has no end")?;
            (Step::Field(name.to_owned()), rest)
        }
        None => {
            let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
            let (digits, rest) = text.split_at_checked(end).unwrap_or_default();
            (
                Step::Index(
                    digits.parse().map_err(|_| "expected an index or a quoted field between [ and ]")?,
                ),
                rest,
            )
        }
    };
    let rest = rest.trim_start().strip_prefix(']').ok_or("expected `]` behind an index or a field")?;
    Ok((step, rest))
}

#[cfg(test)]
mod tests;
