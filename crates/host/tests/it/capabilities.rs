//! What a plugin can do, asked over memory: and the three ways to say "chunked queries are not supported".

use std::collections::BTreeSet;
use std::sync::Arc;

use graftwire_host::{Capabilities, GrpcHealth, LaunchOptions, Link, LinkOptions, LogBook, Plugin, Support};
use graftwire_model::{
    Backend, BoxFuture, CallContext, CallError, Capability, Code, PluginContext, QueryChunk, QueryRequest,
    QueryResponse, ReplyStream,
};
use graftwire_protocol::handshake::AppVersion;
use graftwire_protocol::{MessageLimits, services};
use graftwire_transport::memory;

use crate::fake::{Fake, capabilities, freeze, serve};

/// A link to a plugin in this process.
pub(crate) async fn link_to(backend: impl Backend + 'static, served: &[Capability]) -> Link {
    let served: BTreeSet<Capability> = served.iter().copied().collect();
    let router =
        services(AppVersion::PluginV2, Arc::new(backend), &served, MessageLimits::PLUGIN).into_router();
    let (dialer, mut listener) = memory();
    tokio::spawn(async move {
        while let Some(connection) = listener.accept().await {
            tokio::spawn(serve(connection, router.clone()));
        }
    });
    let connection = dialer.dial().await.unwrap();
    let book = LogBook::new("in-memory", 10);
    Link::open(connection, AppVersion::PluginV2, &LinkOptions::default(), &book).await.unwrap()
}

async fn asked(backend: impl Backend + 'static, served: &[Capability]) -> Capabilities {
    link_to(backend, served).await.capabilities(&PluginContext::default()).await
}

/// Answers queries, and chunked ones in a given way.
struct Chunked(fn() -> Result<ReplyStream<QueryChunk>, CallError>);

impl Backend for Chunked {
    fn query_data(
        &self,
        _cx: CallContext,
        _request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        Box::pin(async { Ok(QueryResponse::default()) })
    }

    fn query_chunked(
        &self,
        _cx: CallContext,
        _request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        let answer = (self.0)();
        Box::pin(async move { answer })
    }
}

fn unimplemented() -> CallError {
    CallError::new(Code::Unimplemented, "no")
}

#[tokio::test]
async fn three_ways_to_say_that_chunked_queries_are_not_supported() {
    let served = [Capability::QueryData, Capability::QueryChunkedData];
    let ways = [
        Chunked(|| Err(unimplemented())),
        Chunked(|| Ok(ReplyStream::new(futures_util::stream::iter([Err(unimplemented())])))),
        Chunked(|| Ok(ReplyStream::from_items([QueryChunk { status: 501, ..QueryChunk::default() }]))),
    ];
    for way in ways {
        let found = asked(way, &served).await;
        assert_eq!(found.support[&Capability::QueryChunkedData], Support::No);
        assert!(found.has(Capability::QueryData));
    }
    let supported = [
        Chunked(|| Ok(ReplyStream::from_items([]))),
        Chunked(|| Ok(ReplyStream::from_items([QueryChunk { status: 200, ..QueryChunk::default() }]))),
        Chunked(|| Err(CallError::new(Code::InvalidArgument, "no queries"))),
    ];
    for way in supported {
        assert!(asked(way, &served).await.has(Capability::QueryChunkedData));
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_has_none_of_its_methods() {
    let found = asked(Chunked(|| Err(unimplemented())), &[Capability::QueryData]).await;
    let supported: Vec<Capability> = Capability::ALL.into_iter().filter(|one| found.has(*one)).collect();
    assert_eq!(supported, [Capability::QueryData]);
    assert!(found.support.values().all(|support| !matches!(support, Support::Unclear(_))), "{found:?}");
    assert_eq!(found.grpc_health, GrpcHealth::Absent);
}

#[tokio::test]
async fn a_real_plugin_is_asked_through_its_socket() {
    let fake = Fake::plugin();
    let plugin = Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap();
    let found = plugin.capabilities().await;
    assert!(capabilities().iter().all(|one| found.has(*one)), "{found:?}");
    assert_eq!(found.support[&Capability::CollectMetrics], Support::No, "served, and not implemented");
    assert_eq!(found.support[&Capability::ConvertObjects], Support::No, "not served");
    assert_eq!(found.grpc_health, GrpcHealth::Serving);
    plugin.stop().await;
    let found = plugin.capabilities().await;
    assert!(found.support.values().all(|support| matches!(support, Support::Unclear(_))), "{found:?}");
}

#[tokio::test]
async fn a_plugin_that_stands_still_is_unclear_in_bounded_time() {
    let fake = Fake::plugin();
    let plugin = Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap();
    freeze(plugin.pid()).await;
    let found = plugin.capabilities().await;
    assert!(found.support.values().all(|support| matches!(support, Support::Unclear(_))), "{found:?}");
    assert!(matches!(found.grpc_health, GrpcHealth::Failed(_)));
}
