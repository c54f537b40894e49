//! The builder: what a plugin is made of, and its start.

use std::fmt;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use graftwire_model::{Backend, BoxFuture, Capability};
use graftwire_protocol::handshake::AppVersion;
use tracing_core::Level;

use crate::broker::Broker;
use crate::build_info::BuildInfo;
use crate::capability::{
    Admission, CallResource, CheckHealth, CollectMetrics, Conversion, PublishStream, QueryChunked, QueryData,
    Render, StreamData,
};
use crate::dispatch::{Dispatcher, Handlers};
use crate::instance::{InstanceContext, InstanceError, Instances};
use crate::limits::Limits;
use crate::serve::{self, Embedded, ServeOptions};
use crate::telemetry::Telemetry;

#[cfg(feature = "v3")]
mod app;

/// A plugin under construction: an instance type `I`, and the capabilities of it that are attached.
///
/// Every setter states its default. Nothing is served that was not attached, except the plugin's own metrics.
#[must_use = "a plugin does nothing until it is served"]
pub struct Plugin<I> {
    id: String,
    instances: Instances<I>,
    handlers: Handlers<I>,
    limits: Limits,
    telemetry: Telemetry,
    options: ServeOptions,
}

impl<I: Send + Sync + 'static> Plugin<I> {
    /// A plugin with one value for everybody, whatever the settings.
    pub fn single(id: impl Into<String>, instance: I) -> Self {
        Self::of(id.into(), Instances::single(instance))
    }

    /// A plugin with a value per data source (or app), made by `make` from its settings and renewed when they change.
    /// See [`crate::instance`].
    pub fn with_instances<F, Fut>(id: impl Into<String>, make: F) -> Self
    where
        F: Fn(InstanceContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<I, InstanceError>> + Send + 'static,
    {
        Self::of(id.into(), Instances::made(Limits::default().instances, make))
    }

    fn of(id: String, instances: Instances<I>) -> Self {
        Self {
            id,
            instances,
            handlers: Handlers::default(),
            limits: Limits::default(),
            telemetry: Telemetry::new(),
            options: ServeOptions::default(),
        }
    }

    /// Attaches data queries.
    pub fn query_data(mut self) -> Self
    where
        I: QueryData,
    {
        self.handlers.query = Some(|instance, cx, query| Box::pin(instance.query(cx, query)));
        self
    }

    /// Attaches data queries answered piece by piece. Hosts fall back to plain queries, so attach both.
    pub fn query_chunked(mut self) -> Self
    where
        I: QueryChunked,
    {
        self.handlers.chunked =
            Some(|instance, cx, (query, chunks)| Box::pin(instance.query_chunked(cx, query, chunks)));
        self
    }

    /// Attaches health checks.
    pub fn check_health(mut self) -> Self
    where
        I: CheckHealth,
    {
        self.handlers.health = Some(|instance, cx, ()| Box::pin(instance.check_health(cx)));
        self
    }

    /// Attaches resources.
    pub fn call_resource(mut self) -> Self
    where
        I: CallResource,
    {
        self.handlers.resource = Some(|instance, cx, request| Box::pin(instance.call_resource(cx, request)));
        self
    }

    /// Attaches further metrics of the plugin itself. The SDK's own are there without it.
    pub fn collect_metrics(mut self) -> Self
    where
        I: CollectMetrics,
    {
        self.handlers.metrics = Some(|instance| Box::pin(instance.collect_metrics()));
        self
    }

    /// Attaches live channels.
    pub fn stream_data(mut self) -> Self
    where
        I: StreamData,
    {
        self.handlers.subscribe = Some(|instance, cx, request| Box::pin(instance.subscribe(cx, request)));
        self.handlers.run =
            Some(|instance, cx, (request, packets)| Box::pin(instance.run(cx, request, packets)));
        self
    }

    /// Attaches publishing to live channels. Without it every publication is refused.
    pub fn publish_stream(mut self) -> Self
    where
        I: PublishStream,
    {
        self.handlers.publish = Some(|instance, cx, request| Box::pin(instance.publish(cx, request)));
        self
    }

    /// Attaches admission of objects.
    pub fn admission(mut self) -> Self
    where
        I: Admission,
    {
        self.handlers.validate = Some(|instance, cx, request| Box::pin(instance.validate(cx, request)));
        self.handlers.mutate = Some(|instance, cx, request| Box::pin(instance.mutate(cx, request)));
        self
    }

    /// Attaches conversion of objects.
    pub fn conversion(mut self) -> Self
    where
        I: Conversion,
    {
        self.handlers.convert = Some(|instance, cx, request| Box::pin(instance.convert(cx, request)));
        self
    }

    /// Attaches images of pages.
    pub fn render(mut self) -> Self
    where
        I: Render,
    {
        self.handlers.render = Some(|instance, cx, request| Box::pin(instance.render(cx, request)));
        self
    }

    /// Sets the limits. Default: [`Limits::default`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the least level that is logged. Default `DEBUG`, as in the Go SDK: Grafana filters by its own level.
    pub const fn log_level(mut self, level: Level) -> Self {
        self.options.log_level = level;
        self
    }

    /// Keeps the process alive when its host is gone. Default: it leaves within about a second. An operator can do
    /// the same by `stay_without_host = true` in Grafana's section `[plugin.<id>]`.
    pub const fn stay_without_host(mut self) -> Self {
        self.options.stay_without_host = true;
        self
    }

    /// How many threads run the plugin's tasks. Default 1, which uses the least memory; work that blocks belongs on
    /// `tokio::task::spawn_blocking` either way. More than one needs the feature `multi-thread`.
    pub const fn worker_threads(mut self, threads: usize) -> Self {
        self.options.worker_threads = threads;
        self
    }

    /// Runs once the plugin is announced, inside the runtime: the place to start background work.
    pub fn on_start(mut self, start: impl FnOnce() + Send + 'static) -> Self {
        self.options.on_start = Some(Box::new(start));
        self
    }

    /// Runs before the process ends, for at most 1.5 s (Grafana kills after 2): the place to flush.
    pub fn on_shutdown<F>(mut self, shutdown: F) -> Self
    where
        F: FnOnce() -> BoxFuture<'static, ()> + Send + 'static,
    {
        self.options.on_shutdown = Some(Box::new(shutdown));
        self
    }

    /// The registry of the plugin's own metrics, to add more to it.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Listens on TCP, on the first free port of the host's range, as plugins do on Windows. Default: a unix socket file
    /// where the system has them. For hosts in another container or machine, and for tests.
    pub const fn listen_on_tcp(mut self) -> Self {
        self.options.tcp = true;
        self
    }

    /// What the executable answers to `-version` and `-buildinfo`: `graftwire_sdk::build_info!()`. Default: that it does
    /// not know.
    pub const fn build_info(mut self, info: BuildInfo) -> Self {
        self.options.build_info = Some(info);
        self
    }

    /// Hands a broker to the host's connection: the plugin's code uses another copy of it, to make connections beside the
    /// first one. Default: one that nobody uses. See [`crate::broker`].
    pub fn broker(mut self, broker: Broker) -> Self {
        self.options.broker = broker;
        self
    }

    /// Restricts the protocol versions that are announced. Default: every version compiled in.
    pub fn versions(mut self, versions: &[AppVersion]) -> Self {
        self.options.versions = versions.to_vec();
        self
    }

    /// The plugin as a [`Backend`], without a process around it: for tests and for hosts in the same process.
    #[must_use]
    pub fn into_backend(self) -> Arc<dyn Backend> {
        self.into_parts().0
    }

    /// The plugin as a [`Backend`] with what it can be asked and what bounds it, to be served by other means than
    /// [`Plugin::serve`].
    #[must_use]
    pub fn into_parts(self) -> (Arc<dyn Backend>, std::collections::BTreeSet<Capability>, Limits) {
        let limits = self.limits;
        let dispatcher = Dispatcher::new(self.id, self.handlers, self.instances, limits, self.telemetry);
        let capabilities = dispatcher.capabilities();
        (Arc::new(dispatcher), capabilities, limits)
    }

    /// The plugin ready to be served over connections that somebody else makes, in a version that somebody else
    /// negotiated: for tests and for hosts in the same process.
    pub fn embedded(self, version: AppVersion) -> Embedded {
        let (draft_names, broker) = (self.options.draft_names, self.options.broker.clone());
        Embedded::new(version, self.into_parts(), draft_names, broker)
    }

    /// Runs the plugin until its host wants it to end: handshake, services, log, signals. To be returned from `main`.
    ///
    /// Flags of the executable, as those of the Go SDK: `-standalone` serves on TCP for debugging, `-version` and
    /// `-buildinfo` tell what it is.
    ///
    /// Exit codes: 0 after an orderly end; 1 when it was not started by a host, or could not start (the reason is on
    /// standard error); 2 for an unknown flag.
    #[must_use = "the exit code belongs to main"]
    pub fn serve(mut self) -> ExitCode {
        let options = std::mem::take(&mut self.options);
        serve::process(self.id.clone(), options, move || self.into_parts())
    }
}

impl<I> fmt::Debug for Plugin<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("id", &self.id).field("limits", &self.limits).finish_non_exhaustive()
    }
}
