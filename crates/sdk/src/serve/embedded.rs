//! A plugin served inside another process, without handshake, signals or a process of its own.

use graftwire_protocol::Router;
use graftwire_protocol::goplugin::server::Control;
use graftwire_protocol::handshake::AppVersion;
use graftwire_transport::{Bound, Connection};
use tokio::sync::watch;

use super::ending::Ending;
use super::stdio::Output;
use super::{Parts, connections, drafted, router};
use crate::limits::Limits;

/// A plugin that is served over connections which somebody else makes.
pub struct Embedded {
    router: Router,
    limits: Limits,
    ending: Ending,
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
    ) -> Self {
        let ending = Ending::new();
        // Nothing is printed into a pipe here: standard output belongs to the process around us.
        let control = Control::new(ending.control(Output::none()));
        let router = router(version, backend, &capabilities, limits, control);
        Self { router: drafted(router, draft_names), limits, ending }
    }

    /// Serves one connection until either side ends it or the host asks the plugin to end.
    pub async fn serve(&self, connection: Connection) {
        let (close, closing) = watch::channel(false);
        let carried = connections::carry(connection, self.router.clone(), closing);
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
        connections::serve(bound, self.router.clone(), self.limits, None, &self.ending).await;
    }
}
