//! go-plugin's services, limits, other versions, encryption.

use bytes::{BufMut as _, Bytes, BytesMut};
use graftwire_host::{LaunchOptions, Plugin, RpcChannel};
use graftwire_model::Code;
use graftwire_protocol::goplugin::client;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service as _;

use super::process::{Subject, soon};
use super::{Check, Kept, Miss, checks, expect};

/// gRPC's number of UNIMPLEMENTED.
const UNIMPLEMENTED: i32 = 12;

pub(super) fn checks() -> Vec<Check> {
    checks!("services and limits", false:
        "health", "the health service knows the name `plugin`" => health;
        "stdio", "GRPCStdio is there" => stdio;
        "broker", "GRPCBroker is there" => broker;
        "controller", "GRPCController is there" => controller;
        "reflection", "gRPC reflection is there" => reflection;
        "unknown-method", "a method that nobody has is UNIMPLEMENTED" => unknown_method;
        "receive-8", "a message of 8 MiB is taken" => receive_8;
        "receive-20", "a message of 20 MiB is refused with RESOURCE_EXHAUSTED, and the next call works" => receive_20;
        "auto-mtls", "AutoMTLS: it answers encrypted" => auto_mtls;
        "multiplex", "multiplexed over one connection: it answers" => multiplex;
        "v1", "version 1: it answers a query of Grafana 7" => version_1;
        "v3", "version 3: its services are there" => version_3;
    )
}

/// Makes a call of one message and gives the messages of the answer, or gRPC's code.
pub(super) async fn raw_call(
    mut channel: RpcChannel,
    method: &'static str,
    message: Bytes,
) -> Result<Vec<Bytes>, i32> {
    const UNKNOWN: i32 = 2;
    let mut body = BytesMut::with_capacity(message.len() + 5);
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    body.extend_from_slice(&message);
    let request = http::Request::post(method)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Full::new(body.freeze()).map_err(|never| match never {})))
        .map_err(|_| UNKNOWN)?;
    let response = channel.call(request).await.map_err(|status| status.code() as i32)?;
    let status = tonic::Status::from_header_map(response.headers());
    let whole = response.into_body().collect().await.map_err(|status| status.code() as i32)?;
    let status = whole.trailers().and_then(tonic::Status::from_header_map).or(status);
    match status.map(|status| status.code() as i32) {
        Some(0) => Ok(messages(whole.to_bytes())),
        Some(code) => Err(code),
        None => Err(UNKNOWN),
    }
}

fn messages(mut body: Bytes) -> Vec<Bytes> {
    let mut all = Vec::new();
    while let Some([_, a, b, c, d]) = body.first_chunk::<5>().copied() {
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let _ = body.split_to(5);
        all.push(body.split_to(length.min(body.len())));
    }
    all
}

async fn health(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    match client::ping(opened.channel()).await {
        Ok(serving) => expect(serving, "not serving"),
        Err(error) if error.code() == Code::NotFound => Err("the name is not known".into()),
        Err(error) => Err(error.into()),
    }
}

async fn stdio(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    // Some answer nothing, not even a head, before there is something to carry.
    served(raw_call(opened.channel(), "/plugin.GRPCStdio/StreamStdio", Bytes::new()), true).await
}

async fn broker(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    served(raw_call(opened.channel(), "/plugin.GRPCBroker/StartStream", Bytes::new()), true).await
}

async fn controller(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    served(opened.raw("/plugin.GRPCController/Shutdown", b""), false).await
}

async fn reflection(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    // A request for the list of services.
    let v1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    served(opened.raw(v1, b"\x3a\x01*"), true).await
}

/// Whether a call is answered by anything but "not implemented". A stream may stay open: then it is there.
async fn served(call: impl Future<Output = Result<Vec<Bytes>, i32>>, may_stay_open: bool) -> Kept {
    match tokio::time::timeout(std::time::Duration::from_secs(1), call).await {
        Ok(Err(UNIMPLEMENTED)) => Err("not implemented".into()),
        Ok(_) => Ok(()),
        Err(_) => expect(may_stay_open, "no answer"),
    }
}

async fn unknown_method(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    for method in ["/pluginv2.Data/NoSuchMethod", "/no.such.Service/Method"] {
        let code = opened.raw(method, b"").await.err().unwrap_or_default();
        expect(code == UNIMPLEMENTED, format!("gRPC code {code}"))?;
    }
    Ok(())
}

/// A resource call with a body of so many bytes: gRPC's code as it is on the wire.
async fn sized(opened: &super::process::Opened, bytes: usize) -> i32 {
    // path, method and url of a CallResourceRequest; then its body.
    let mut message = BytesMut::from(&b"\x12\x04echo\x1a\x04POST\x22\x04echo\x32"[..]);
    let mut length = bytes;
    while length >= 0x80 {
        message.put_u8(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    message.put_u8(u8::try_from(length).unwrap_or_default());
    message.put_bytes(b'x', bytes);
    raw_call(opened.channel(), "/pluginv2.Resource/CallResource", message.freeze())
        .await
        .err()
        .unwrap_or_default()
}

/// gRPC's numbers of what a receiver says of a message above its limit, the right one and tonic's.
const RESOURCE_EXHAUSTED: i32 = 8;
const OUT_OF_RANGE: i32 = 11;

async fn receive_8(subject: &Subject) -> Kept {
    match sized(&subject.open().await?, 8 << 20).await {
        RESOURCE_EXHAUSTED | OUT_OF_RANGE => Err("refused: its limit is lower".into()),
        UNIMPLEMENTED => Err(Miss::Untried("it has no resources".to_owned())),
        _ => Ok(()),
    }
}

async fn receive_20(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    match sized(&opened, 20 << 20).await {
        RESOURCE_EXHAUSTED => {}
        UNIMPLEMENTED => return Err(Miss::Untried("it has no resources".to_owned())),
        OUT_OF_RANGE => return Err("refused with OUT_OF_RANGE".into()),
        code => return Err(format!("it ends with gRPC code {code}").into()),
    }
    const UNAVAILABLE: i32 = 14;
    expect(sized(&opened, 10).await != UNAVAILABLE, "the connection is lost")
}

async fn auto_mtls(subject: &Subject) -> Kept {
    let opened = subject.open_encrypted().await?;
    match opened.backend().check_health(soon(), Default::default()).await {
        Err(error) if error.code() == Code::Unavailable => Err("no call works".into()),
        _ => Ok(()),
    }
}

async fn multiplex(subject: &Subject) -> Kept {
    let options = LaunchOptions::new().multiplex(true);
    let plugin = Plugin::start(&subject.spec, &options).await.map_err(|_| "not supported")?;
    match plugin.backend().check_health(soon(), Default::default()).await {
        Err(error) if error.code() == Code::Unavailable => Err("no call works".into()),
        _ => Ok(()),
    }
}

async fn version_1(subject: &Subject) -> Kept {
    let mut offer = subject.offer();
    offer.versions = vec![1];
    let opened = subject.open_with(offer).await.map_err(|miss| match miss {
        Miss::No(_) => Miss::No("not spoken".to_owned()),
        untried => untried,
    })?;
    // queries[0]: refId A, modelJson {}.
    let answer = opened.raw("/models.DatasourcePlugin/Query", b"\x1a\x07\x0a\x01A\x22\x02{}").await;
    match answer {
        Ok(messages) => {
            expect(messages.first().is_some_and(|message| !message.is_empty()), "an empty answer")
        }
        Err(code) => Err(format!("gRPC code {code}").into()),
    }
}

async fn version_3(subject: &Subject) -> Kept {
    let opened = subject.open().await?;
    for method in [
        "/grafana.plugin.v3.AdmissionService/AdmissionReview",
        "/grafana.plugin.v3.ConversionService/ConvertObjects",
        "/grafana.plugin.v3.RouteService/CallRoute",
    ] {
        served(opened.raw(method, b""), false).await?;
    }
    Ok(())
}
