//! What a plugin can do, in words: one answer for `inspect` and for the workbench.
//!
//! It deliberately finds out nothing: the host did.

use graftwire_host::{Capabilities, Support};
use serde_json::{Value, json};

/// A word, and why it is not a plainer one; empty if there is nothing to say.
pub(crate) fn words(support: &Support) -> (&'static str, &str) {
    match support {
        Support::Yes => ("yes", ""),
        Support::No => ("no", ""),
        Support::Unclear(why) => ("unclear", why),
    }
}

/// Endpoint to `"yes"`, `"no"` or `{"unclear": why}`.
pub(crate) fn to_json(found: &Capabilities) -> Value {
    let each = found.support.iter().map(|(capability, support)| {
        let (word, why) = words(support);
        let value = if why.is_empty() { json!(word) } else { json!({"unclear": why}) };
        (capability.endpoint().to_owned(), value)
    });
    Value::Object(each.collect())
}
