//! A failed call ⇄ gRPC status. Whose fault it is travels in a `google.rpc.ErrorInfo` detail under the key
//! `errorSource`, as the Go SDK sends it.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_model::{CallError, Code, ErrorSource};
use prost::Message;

const ERROR_INFO_TYPE: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const ERROR_SOURCE: &str = "errorSource";

/// The longest text put on the wire. HTTP/2 peers bound their header lists (Go at 16 MiB, others far lower), and
/// an error text that breaks the bound would hide the error itself.
const MAX_MESSAGE: usize = 4096;

/// The status of a failed call.
#[must_use]
pub fn to_wire(error: &CallError) -> tonic::Status {
    let code = tonic::Code::from_i32(error.code().number());
    let message = cut(error.message());
    match error.origin() {
        None => tonic::Status::new(code, message),
        Some(origin) => {
            let details = details_of(code as i32, &message, origin);
            tonic::Status::with_details(code, message, details)
        }
    }
}

/// What a receiver says of a message above its limit. tonic says `OUT_OF_RANGE` where gRPC's own libraries say
/// `RESOURCE_EXHAUSTED`, which is what hosts explain to their users.
#[must_use]
pub fn explained(status: tonic::Status) -> tonic::Status {
    match too_large(&status) {
        None => status,
        Some((found, limit)) => tonic::Status::resource_exhausted(format!(
            "the message has {found} bytes, the receiver takes at most {limit}; send less or raise its message limit"
        )),
    }
}

/// The two numbers of tonic's text, if it is that text.
fn too_large(status: &tonic::Status) -> Option<(&str, &str)> {
    if status.code() != tonic::Code::OutOfRange {
        return None;
    }
    let (_, numbers) = status.message().split_once("decoded message length too large: found ")?;
    numbers.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")
}

/// The failed call of a status. Details that don't decode are ignored: the code and the text still count.
#[must_use]
pub fn from_wire(status: &tonic::Status) -> CallError {
    let status = explained(status.clone());
    let error = CallError::new(Code::from_number(status.code() as i32), status.message());
    match origin_of(status.details()) {
        Some(origin) => error.with_origin(origin),
        None => error,
    }
}

fn cut(message: &str) -> String {
    match message.char_indices().find(|(at, c)| at + c.len_utf8() > MAX_MESSAGE) {
        None => message.to_owned(),
        Some((at, _)) => {
            format!("{}… (cut: {} bytes in all)", message.get(..at).unwrap_or_default(), message.len())
        }
    }
}

fn details_of(code: i32, message: &str, origin: ErrorSource) -> Bytes {
    let info = ErrorInfo {
        reason: String::new(),
        domain: String::new(),
        metadata: BTreeMap::from([(ERROR_SOURCE.to_owned(), origin.as_str().to_owned())]),
    };
    let any = prost_types::Any { type_url: ERROR_INFO_TYPE.to_owned(), value: info.encode_to_vec() };
    RpcStatus { code, message: message.to_owned(), details: vec![any] }.encode_to_vec().into()
}

fn origin_of(details: &[u8]) -> Option<ErrorSource> {
    let status = RpcStatus::decode(details).ok()?;
    status
        .details
        .iter()
        .filter(|any| any.type_url == ERROR_INFO_TYPE)
        .filter_map(|any| ErrorInfo::decode(any.value.as_slice()).ok())
        .find_map(|info| ErrorSource::parse(info.metadata.get(ERROR_SOURCE)?))
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests;
