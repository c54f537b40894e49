//! The limits of a plugin, each with its default.

use std::time::Duration;

use graftwire_protocol::MessageLimits;

/// What bounds a plugin's memory and patience. Reaching a limit is an error that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest request, in bytes. Default 16 MiB, as in the Go SDK.
    pub request_bytes: usize,
    /// The largest answer to one query, in bytes over all its frames. Default 256 MiB.
    pub response_bytes: usize,
    /// The largest object that admission or conversion takes or gives, an app's or a data source's, in bytes. Default 3 MiB: what Kubernetes'
    /// API servers take as a request.
    pub object_bytes: usize,
    /// How many queries of one request run side by side when the host doesn't say. Default 10, as in the Go SDK.
    pub concurrent_queries: usize,
    /// How many queries run side by side in the whole plugin; more wait. Default 64.
    pub concurrent_queries_overall: usize,
    /// How many live channels run at once; more are refused. Default 1,000.
    pub streams: usize,
    /// How many messages of a live channel wait for a slow host before the channel waits too. Default 16.
    pub stream_buffer: usize,
    /// How many chunks of a streamed answer wait for a slow host before the query waits too. Default 4.
    pub chunk_buffer: usize,
    /// How many instances are kept; the one longest unused goes first. Default 1,000.
    pub instances: usize,
    /// How long connections may take to end once the host asked the plugin to go. Default 50 ms.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: MessageLimits::PLUGIN.receive,
            response_bytes: 256 * 1024 * 1024,
            object_bytes: 3 * 1024 * 1024,
            concurrent_queries: 10,
            concurrent_queries_overall: 64,
            streams: 1_000,
            stream_buffer: 16,
            chunk_buffer: 4,
            instances: 1_000,
            shutdown_grace: Duration::from_millis(50),
        }
    }
}

impl Limits {
    pub(crate) const fn messages(&self) -> MessageLimits {
        MessageLimits { receive: self.request_bytes, ..MessageLimits::PLUGIN }
    }
}
