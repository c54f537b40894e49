//! The name of a series in a legend.
//!
//! Part of making frames. It deliberately leaves the name to the front end where it can do better (`__auto`
//! compares the labels of all series).

use crate::series::Labels;

/// The format that leaves the name to the front end.
const AUTO: &str = "__auto";

/// The name to show; `None` = the front end makes one of the labels.
pub(crate) fn name(format: &str, labels: &Labels, expr: &str) -> Option<String> {
    let name = match format {
        AUTO if labels.is_empty() => String::new(),
        AUTO => return None,
        "" if labels.is_empty() => String::new(),
        "" => labels.to_string(),
        format => filled(format, labels),
    };
    Some(if name.is_empty() { expr.to_owned() } else { name })
}

/// The format with `{{label}}` replaced by the label's value.
fn filled(format: &str, labels: &Labels) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((label, behind)) = after.split_once("}}") else { break };
        text += before;
        text += labels.get(label.trim()).unwrap_or_default();
        rest = behind;
    }
    text + rest
}
