//! Path of a method → descriptors of its messages: every version that `graftwire-protocol` has text for.
//!
//! It deliberately knows no message by name: what is secret in one is `secrets.rs`'s part.

use std::sync::OnceLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

/// The messages of one method.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) request: MessageDescriptor,
    pub(crate) response: MessageDescriptor,
}

/// Every message there is text for.
pub(crate) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    // The bytes are ours and a test decodes them; without them every method is an unknown one.
    POOL.get_or_init(|| DescriptorPool::decode(graftwire_protocol::DESCRIPTORS).unwrap_or_default())
}

/// The messages of `/package.Service/Method`; `None` if there is no text for it.
pub(crate) fn method(path: &str) -> Option<Method> {
    let (service, name) = path.strip_prefix('/')?.split_once('/')?;
    let service = pool().get_service_by_name(service)?;
    let method = service.methods().find(|method| method.name() == name)?;
    Some(Method { request: method.input(), response: method.output() })
}

/// A message of bytes; `None` if they are none.
pub(crate) fn decode(descriptor: &MessageDescriptor, bytes: &[u8]) -> Option<DynamicMessage> {
    DynamicMessage::decode(descriptor.clone(), bytes).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn methods_are_found_by_their_path() {
        let found = super::method("/pluginv2.Data/QueryData").unwrap();
        assert_eq!(found.request.full_name(), "pluginv2.QueryDataRequest");
        assert_eq!(
            super::method("/plugin.GRPCStdio/StreamStdio").unwrap().request.full_name(),
            "google.protobuf.Empty"
        );
        assert!(super::method("/pluginv2.Data/Nope").is_none());
        assert!(super::method("nonsense").is_none());
    }
}
