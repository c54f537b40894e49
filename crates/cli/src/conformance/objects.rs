//! Admission and conversion of the contract.

use graftwire_model::{AdmissionRequest, ConversionRequest, GroupVersion, RawObject};
use serde_json::{Value, json};

use super::process::{Subject, soon};
use super::{Check, Kept, checks, expect};

pub(super) fn checks() -> Vec<Check> {
    checks!("objects", true:
        "validate", "an object is accepted, one with \"deny\" is refused with that text" => validate;
        "mutate", "an accepted object comes back with \"mutated\"" => mutate;
        "convert", "objects come back in order, in the wanted version" => convert;
    )
}

fn admission(subject: &Subject, object: &Value) -> AdmissionRequest {
    let object = object.to_string().into();
    AdmissionRequest { context: subject.context(), object, ..AdmissionRequest::default() }
}

async fn validate(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let fine = opened.backend().validate_admission(soon(), admission(subject, &json!({"a": 1}))).await?;
    expect(fine.allowed, "a good one is refused")?;
    let denied = admission(subject, &json!({"deny": "as asked"}));
    let denied = opened.backend().validate_admission(soon(), denied).await?;
    expect(!denied.allowed, "a bad one is accepted")?;
    expect(denied.result.is_some_and(|result| result.message.contains("as asked")), "the reason is lost")
}

async fn mutate(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    let answer = opened.backend().mutate_admission(soon(), admission(subject, &json!({"a": 1}))).await?;
    let object: Value = serde_json::from_slice(&answer.object).unwrap_or_default();
    expect(
        answer.allowed && object.get("a") == Some(&json!(1)) && object.get("mutated").is_some(),
        "another object",
    )
}

async fn convert(subject: &Subject) -> Kept {
    let object = |n: i32| RawObject {
        raw: json!({"n": n}).to_string().into(),
        content_type: "application/json".to_owned(),
    };
    let request = ConversionRequest {
        context: subject.context(),
        uid: "u".to_owned(),
        objects: vec![object(1), object(2)],
        target_version: GroupVersion { group: "g".to_owned(), version: "v2".to_owned() },
    };
    let answer = subject.open().await?.backend().convert_objects(soon(), request).await?;
    let objects: Vec<Value> =
        answer.objects.iter().map(|one| serde_json::from_slice(&one.raw).unwrap_or_default()).collect();
    expect(answer.uid == "u", "another uid")?;
    let right = json!([{"n": 1, "apiVersion": "g/v2"}, {"n": 2, "apiVersion": "g/v2"}]);
    expect(Value::Array(objects) == right, "other objects")
}
