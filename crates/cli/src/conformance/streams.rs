//! Live channels of the contract.

use bytes::Bytes;
use graftwire_model::{PublishRequest, RunStreamRequest, StreamStatus, SubscribeRequest};

use super::process::{Opened, Subject, soon};
use super::{Check, Kept, Miss, checks, expect};

pub(super) fn checks() -> Vec<Check> {
    checks!("streams", true:
        "subscribe", "a channel that is there can be subscribed" => subscribe;
        "subscribe-denied", "a channel that is not allowed says so" => subscribe_denied;
        "subscribe-missing", "a channel that is not there says so" => subscribe_missing;
        "run", "a channel with three packets gives them and ends" => run;
        "publish", "publishing is granted, with data" => publish;
        "publish-denied", "publishing to a channel that is not allowed is refused" => publish_denied;
    )
}

async fn status(subject: &Subject, path: &str) -> Result<StreamStatus, Miss> {
    let request =
        SubscribeRequest { context: subject.context(), path: path.to_owned(), ..Default::default() };
    Ok(subject.open().await?.backend().subscribe_stream(soon(), request).await?.status)
}

async fn subscribe(subject: &Subject) -> Kept {
    expect(status(subject, "ticks/3/0").await? == StreamStatus::Ok, "another status")
}

async fn subscribe_denied(subject: &Subject) -> Kept {
    expect(status(subject, "denied").await? == StreamStatus::PermissionDenied, "another status")
}

async fn subscribe_missing(subject: &Subject) -> Kept {
    expect(status(subject, "missing").await? == StreamStatus::NotFound, "another status")
}

async fn packets(subject: &Subject, opened: &Opened, path: &str) -> Result<Vec<Bytes>, Miss> {
    let request =
        RunStreamRequest { context: subject.context(), path: path.to_owned(), ..Default::default() };
    let mut stream = opened.backend().run_stream(soon(), request).await?;
    let mut all = Vec::new();
    while let Some(packet) = stream.next().await {
        all.push(packet?.data);
    }
    Ok(all)
}

async fn run(subject: &Subject) -> Kept {
    let packets = packets(subject, &subject.open().await?, "ticks/3/0").await?;
    expect(packets.len() == 3, "more or fewer packets")?;
    let json = packets.iter().all(|packet| serde_json::from_slice::<serde::de::IgnoredAny>(packet).is_ok());
    expect(json, "packets that are no JSON")
}

async fn published(subject: &Subject, path: &str) -> Result<graftwire_model::PublishResponse, Miss> {
    let (path, data) = (path.to_owned(), Bytes::from_static(br#"{"ok":true}"#));
    let request = PublishRequest { context: subject.context(), path, data, ..Default::default() };
    Ok(subject.open().await?.backend().publish_stream(soon(), request).await?)
}

async fn publish(subject: &Subject) -> Kept {
    let answer = published(subject, "open").await?;
    expect(answer.status == StreamStatus::Ok, "another status")?;
    expect(answer.data.as_ref() == br#"{"ok":true}"#, "other data")
}

async fn publish_denied(subject: &Subject) -> Kept {
    expect(published(subject, "denied").await?.status == StreamStatus::PermissionDenied, "another status")
}
