//! How large one message may be.

/// Limits on the size of one gRPC message, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// The largest message taken in.
    pub receive: usize,
    /// The largest message sent.
    pub send: usize,
}

impl MessageLimits {
    /// A plugin's defaults: 16 MiB in (as the Go SDK has it), 2 GiB − 1 out (what protobuf can hold).
    pub const PLUGIN: Self = Self { receive: 16 * 1024 * 1024, send: i32::MAX as usize };

    /// A host's defaults: 2 GiB − 1 both ways, as Grafana has it.
    pub const HOST: Self = Self { receive: i32::MAX as usize, send: i32::MAX as usize };
}
