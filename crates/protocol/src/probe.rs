//! Which methods a plugin serves, found out without running any of its code: a message that can't be decoded is
//! refused before a handler sees it, and a method that isn't there is refused before that.
//!
//! It deliberately tells "served" from "absent" only: a service may serve a method and still answer that it is not
//! implemented.

use bytes::{Buf, BufMut};
use graftwire_model::{CallError, Capability, Code};
use http::uri::PathAndQuery;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use crate::handshake::AppVersion;
use crate::{Rpc, status, v3};

/// What a probe found.
#[derive(Debug, Clone)]
pub enum Presence {
    /// The method is there.
    Served,
    /// The method is not there, or the version has none for it.
    Absent,
    /// The answer says neither; it is given as it came.
    Unclear(CallError),
}

/// The path of a capability's method in a version; `None` if the version has none.
#[must_use]
pub fn method(version: AppVersion, capability: Capability) -> Option<&'static str> {
    match version {
        #[cfg(feature = "v1")]
        AppVersion::PluginV1 => crate::v1::method(capability),
        AppVersion::PluginV2 => plugin_v2(capability),
    }
}

fn plugin_v2(capability: Capability) -> Option<&'static str> {
    Some(match capability {
        Capability::QueryData => "/pluginv2.Data/QueryData",
        Capability::QueryChunkedData => "/pluginv2.Data/QueryChunkedData",
        Capability::CallResource => "/pluginv2.Resource/CallResource",
        Capability::CheckHealth => "/pluginv2.Diagnostics/CheckHealth",
        Capability::CollectMetrics => "/pluginv2.Diagnostics/CollectMetrics",
        Capability::SubscribeStream => "/pluginv2.Stream/SubscribeStream",
        Capability::RunStream => "/pluginv2.Stream/RunStream",
        Capability::PublishStream => "/pluginv2.Stream/PublishStream",
        Capability::ValidateAdmission => "/pluginv2.AdmissionControl/ValidateAdmission",
        Capability::MutateAdmission => "/pluginv2.AdmissionControl/MutateAdmission",
        Capability::ConvertObjects => "/pluginv2.ResourceConversion/ConvertObjects",
        Capability::Render => "/pluginextensionv2.Renderer/Render",
        // Version 3 is no number of its own: its services stand beside these.
        _ => return v3::method(capability),
    })
}

/// The version that has a method, for whoever has only the method's path; `None` if no version compiled in has it.
#[must_use]
pub fn version_of(path: &str) -> Option<AppVersion> {
    let has = |version: AppVersion| Capability::ALL.iter().any(|one| method(version, *one) == Some(path));
    AppVersion::ALL.iter().copied().find(|version| has(*version))
}

/// Asks whether a plugin serves the method of a capability.
pub async fn probe<T: Rpc>(version: AppVersion, channel: T, capability: Capability) -> Presence {
    let Some(path) = method(version, capability) else { return Presence::Absent };
    let mut grpc = tonic::client::Grpc::new(channel);
    if let Err(error) = grpc.ready().await {
        return Presence::Unclear(unreachable_plugin(error.into().as_ref()));
    }
    let path = PathAndQuery::from_static(path);
    // A server answers a unary method's error in the same form, so one kind of call serves for both.
    let answer = match grpc.server_streaming(Request::new(()), path, Undecodable).await {
        Ok(response) => response.into_inner().message().await.map(drop),
        Err(status) => Err(status),
    };
    presence(answer)
}

fn presence(answer: Result<(), Status>) -> Presence {
    let Err(failed) = answer else { return Presence::Served };
    let error = status::from_wire(&failed);
    match error.code() {
        Code::Unimplemented => Presence::Absent,
        // Hand-written servers answer UNKNOWN to methods they don't know as well as to messages they can't read.
        Code::Unknown | Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded => {
            Presence::Unclear(error)
        }
        _ => Presence::Served,
    }
}

fn unreachable_plugin(error: &(dyn std::error::Error + 'static)) -> CallError {
    CallError::new(Code::Unavailable, format!("the plugin can't be reached: {error}"))
}

/// Sends one byte that begins a number and ends in it, which is no message of any kind; reads nothing.
#[derive(Debug, Clone, Copy)]
struct Undecodable;

impl Codec for Undecodable {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Undecodable {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_u8(0xff);
        Ok(())
    }
}

impl Decoder for Undecodable {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{AppVersion, Capability, Code, Presence, Status, method, presence};

    #[test]
    fn every_capability_of_version_two_has_its_own_method() {
        let mut paths: Vec<_> = Capability::ALL
            .iter()
            .filter_map(|capability| method(AppVersion::PluginV2, *capability))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        let without = if cfg!(feature = "v3") { 0 } else { 3 };
        assert_eq!(paths.len(), Capability::ALL.len() - without);
    }

    #[test]
    fn only_a_clear_answer_counts() {
        let of = |code: Code| presence(Err(Status::new(tonic::Code::from_i32(code.number()), "")));
        assert!(matches!(of(Code::Internal), Presence::Served));
        assert!(matches!(of(Code::InvalidArgument), Presence::Served));
        assert!(matches!(of(Code::Unimplemented), Presence::Absent));
        assert!(matches!(of(Code::Unknown), Presence::Unclear(_)));
        assert!(matches!(of(Code::Unavailable), Presence::Unclear(_)));
        assert!(matches!(presence(Ok(())), Presence::Served));
    }
}
