//! Ad-hoc filters: conditions that a dashboard adds to every selector of an expression.
//!
//! Part of reading a query. They are added to the parsed expression, so that panels and alerts agree; it
//! deliberately doesn't edit the expression's text.

use serde_json::Value;

use super::QueryFailure;
use super::model::wrong;
use crate::promql;
use crate::series::Matcher;

/// The filters as matchers, and as text.
pub(super) fn read(list: &[Value]) -> Result<(Vec<Matcher>, String), QueryFailure> {
    let (mut matchers, mut texts) = (Vec::new(), Vec::new());
    for entry in list {
        let (matcher, text) = filter(entry)?;
        matchers.push(matcher);
        texts.push(text);
    }
    Ok((matchers, texts.join(", ")))
}

/// `{"key": "label", "operator": "=", "value": "text"}`; the operators `=|` and `!=|` take several `values`.
fn filter(filter: &Value) -> Result<(Matcher, String), QueryFailure> {
    let text = |key: &str| filter.get(key).and_then(Value::as_str);
    let (Some(label), Some(operator)) = (text("key"), text("operator")) else {
        return Err(wrong("adhocFilters", filter, "objects with the texts key, operator and value"));
    };
    let value = text("value").unwrap_or_default();
    let several = filter.get("values").and_then(Value::as_array);
    let one_of = || match several {
        Some(values) => alternatives(values.iter().filter_map(Value::as_str)),
        None => alternatives([value]),
    };
    let (operator, value) = match operator {
        "=|" => ("=~", one_of()),
        "!=|" => ("!~", one_of()),
        other => (other, value.to_owned()),
    };
    let matcher = promql::matcher(label, operator, &value).map_err(|reason| QueryFailure::Field {
        field: "adhocFilters",
        found: reason.trim_start_matches("found ").to_owned(),
        expected: "a label, an operator of PromQL, and a value that fits it",
    })?;
    Ok((matcher, format!("{label}{operator}{value:?}")))
}

/// A pattern that matches exactly these texts.
fn alternatives<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let escaped = |text: &str| {
        let mut escaped = String::with_capacity(text.len());
        for char in text.chars() {
            if char.is_ascii_punctuation() {
                escaped.push('\\');
            }
            escaped.push(char);
        }
        escaped
    };
    texts.into_iter().map(escaped).collect::<Vec<_>>().join("|")
}
