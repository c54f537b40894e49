//! `metaJson`, the one object beside an answer's series and tables ⇄ the metadata of frames.
//!
//! It holds the keys of `meta.custom` at its top, beside `notices` and `executedQueryString`. It deliberately carries
//! nothing else of a frame's metadata: the panels of Grafana 7 read no more.

use std::collections::BTreeMap;

use graftwire_frame::{FrameMeta, Json, Notice};
use serde_json::value::{RawValue, to_raw_value};

const NOTICES: &str = "notices";
const EXECUTED: &str = "executedQueryString";
/// Where custom metadata go that are no object.
const CUSTOM: &str = "custom";

/// The object of an answer; the empty text if there is nothing to say. Of equal keys the first frame's counts.
pub(super) fn to_wire<'a>(metas: impl Iterator<Item = &'a FrameMeta>, more: Vec<Notice>) -> String {
    let mut object = BTreeMap::<String, Box<RawValue>>::new();
    let mut notices = Vec::<Notice>::new();
    let mut executed = "";
    for meta in metas {
        if let Some(custom) = &meta.custom {
            let own = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(custom.as_str());
            let own = own.or_else(|_| {
                RawValue::from_string(custom.as_str().to_owned())
                    .map(|value| BTreeMap::from([(CUSTOM.to_owned(), value)]))
            });
            for (key, value) in own.unwrap_or_default() {
                object.entry(key).or_insert(value);
            }
        }
        let new = meta.notices.iter().filter(|notice| !notices.contains(notice)).cloned().collect::<Vec<_>>();
        notices.extend(new);
        if executed.is_empty() {
            executed = &meta.executed_query_string;
        }
    }
    notices.extend(more);
    if !notices.is_empty()
        && let Ok(notices) = to_raw_value(&notices)
    {
        object.entry(NOTICES.to_owned()).or_insert(notices);
    }
    if !executed.is_empty()
        && let Ok(executed) = to_raw_value(executed)
    {
        object.entry(EXECUTED.to_owned()).or_insert(executed);
    }
    if object.is_empty() { String::new() } else { serde_json::to_string(&object).unwrap_or_default() }
}

/// What an answer says beside its data; `None` if it says nothing.
///
/// # Errors
/// The text is no JSON object. Hosts of this version log it and go on without.
pub(super) fn from_wire(text: &str) -> Result<Option<FrameMeta>, serde_json::Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut object = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text)?;
    let mut meta = FrameMeta::default();
    if let Some(notices) = take(&mut object, NOTICES) {
        meta.notices = notices;
    }
    if let Some(executed) = take(&mut object, EXECUTED) {
        meta.executed_query_string = executed;
    }
    if !object.is_empty() {
        meta.custom = Json::of(&object).ok();
    }
    Ok(Some(meta))
}

/// Takes a key out if its value is what it is elsewhere; other values stay what the plugin made of them.
fn take<T: serde::de::DeserializeOwned>(
    object: &mut BTreeMap<String, Box<RawValue>>,
    key: &str,
) -> Option<T> {
    let value = serde_json::from_str(object.get(key)?.get()).ok()?;
    object.remove(key);
    Some(value)
}
