//! A background task that ends with its handle.
//!
//! It deliberately has no result: what a task finds out it tells while it runs.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;

/// A task that is aborted when dropped.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Ends the task now, finished or not.
    pub(crate) fn abort(&self) {
        self.0.abort();
    }

    /// Waits for its own end, for at most `patience`; says whether it came.
    pub(crate) async fn ended_within(&mut self, patience: Duration) -> bool {
        self.0.is_finished() || tokio::time::timeout(patience, &mut self.0).await.is_ok()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
