//! Whether requests and answers of an app are what they should be, in words that say what was found.
//!
//! It deliberately never looks into an object beyond its envelope.

use bytes::Bytes;
use graftwire_model::{CallError, Code, ConvertedObject, VersionedObject};

use crate::app::envelope::{self, Envelope};
use crate::capability::ResourceResponse;
pub(super) use crate::dispatch::objects::{answer_within, within};

/// A request that is wrong.
pub(super) fn wrong(text: impl Into<String>) -> CallError {
    CallError::new(Code::InvalidArgument, text)
}

/// An answer of the plugin's own code that is wrong.
fn broken(text: String) -> CallError {
    CallError::new(Code::Internal, text)
}

/// The API group of all objects. What the request itself says of its group is not asked: the objects are what counts.
pub(super) fn common_group(objects: &[VersionedObject]) -> Result<&str, CallError> {
    let Some(first) = objects.first() else {
        return Err(wrong("the request carries no objects"));
    };
    let group = first.kind.group.as_str();
    for (index, object) in objects.iter().enumerate() {
        if object.kind.group != group {
            let other = &object.kind.group;
            return Err(wrong(format!(
                "objects[{index}] is of API group {other:?}, objects[0] of {group:?}; expected one group"
            )));
        }
    }
    Ok(group)
}

/// Whether the converted objects are the asked ones: as many, in their order, in the target version.
pub(super) fn converted(
    asked: &[VersionedObject],
    target: &str,
    converted: &[ConvertedObject],
    limit: usize,
) -> Result<(), CallError> {
    if asked.len() != converted.len() {
        return Err(broken(format!(
            "the plugin converted {} objects, expected {}, one for each object of the request",
            converted.len(),
            asked.len()
        )));
    }
    for (index, (before, after)) in asked.iter().zip(converted).enumerate() {
        let name = format!("converted[{index}]");
        answer_within(&name, &after.raw, limit)?;
        same(&name, before, target, &after.raw)?;
    }
    Ok(())
}

fn same(name: &str, before: &VersionedObject, target: &str, raw: &Bytes) -> Result<(), CallError> {
    let after = envelope::read(raw).map_err(|why| broken(format!("the plugin's {name} {why}")))?;
    // The request's object was read before; one that can't be read has nothing to compare with.
    let Ok(original) = envelope::read(&before.raw) else { return Ok(()) };
    if identity(&original) != identity(&after) {
        return Err(broken(format!(
            "the plugin's {name} is {:?} of namespace {:?}, expected {:?} of {:?}: converted objects keep name, namespace and uid, and the order of the request",
            after.name, after.namespace, original.name, original.namespace
        )));
    }
    let expected = format!("{}/{target}", before.kind.group);
    if !target.is_empty() && after.api_version != expected {
        return Err(broken(format!(
            "the plugin's {name} has apiVersion {:?}, expected {expected:?}",
            after.api_version
        )));
    }
    Ok(())
}

fn identity<'a>(envelope: &'a Envelope<'_>) -> (&'a str, &'a str, &'a str) {
    (&envelope.name, &envelope.namespace, &envelope.uid)
}

/// A route's answer with an HTTP status; 0 is 200.
pub(super) fn with_status(mut response: ResourceResponse) -> Result<ResourceResponse, CallError> {
    match response.status {
        0 => response.status = 200,
        100..=999 => {}
        other => {
            return Err(broken(format!(
                "the plugin's route answered with status {other}, expected 100 to 999, or 0 for 200"
            )));
        }
    }
    Ok(response)
}
