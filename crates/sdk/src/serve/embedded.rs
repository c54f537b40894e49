//! A plugin served inside another process, without handshake, signals or a process of its own.

use graftwire_protocol::Router;
use graftwire_protocol::goplugin::server::Control;
use graftwire_protocol::handshake::{AppVersion, HostOffer};
use graftwire_transport::{BindOptions, Bound, Broker, Connection};
use tokio::sync::watch;

use super::connections::Around;
use super::ending::Ending;
use super::stdio::Output;
use super::{Parts, connections, drafted, router, sessions};
use crate::limits::Limits;

/// A plugin that is served over connections which somebody else makes.
pub struct Embedded {
    router: Router,
    limits: Limits,
    ending: Ending,
    broker: Broker,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("services", &self.router).finish_non_exhaustive()
    }
}

impl Embedded {
    pub(crate) fn new(
        version: AppVersion,
        (backend, capabilities, limits): Parts,
        draft_names: bool,
        broker: Broker,
    ) -> Self {
        broker.configure(BindOptions::for_offer(&HostOffer::default()), None, false);
        let ending = Ending::new();
        // Nothing is printed into a pipe here: standard output belongs to the process around us.
        let control = Control::new(ending.control(Output::none(), broker.clone()));
        let router = router(version, backend, &capabilities, limits, control);
        Self { router: drafted(router, draft_names), limits, ending, broker }
    }

    /// Serves one connection until either side ends it or the host asks the plugin to end.
    pub async fn serve(&self, connection: Connection) {
        let (close, closing) = watch::channel(false);
        self.until_the_end(close, connections::carry(connection, self.router.clone(), closing)).await;
    }

    /// The same for a connection that holds many streams, the broker's among them. Without the feature `multiplex` it
    /// is closed at once.
    pub async fn serve_multiplexed(&self, connection: Connection) {
        self.broker.configure(BindOptions::for_offer(&HostOffer::default()), None, true);
        let (close, closing) = watch::channel(false);
        let (broker, router) = (self.broker.clone(), self.router.clone());
        self.until_the_end(close, sessions::carry(connection, None, broker, router, closing)).await;
    }

    async fn until_the_end(&self, close: watch::Sender<bool>, carried: impl Future<Output = ()>) {
        tokio::pin!(carried);
        tokio::select! {
            () = &mut carried => return,
            _ = self.ending.wait() => {}
        }
        close.send_replace(true);
        // What is still under way after its grace is cut off with the connection.
        let _ = tokio::time::timeout(self.limits.shutdown_grace, carried).await;
    }

    /// Accepts and serves connections until the host asks the plugin to end. The socket file is gone when this
    /// returns.
    pub async fn serve_all(&self, bound: Bound) {
        connections::serve(bound, self.router.clone(), self.limits, Around::default(), &self.ending).await;
    }
}
