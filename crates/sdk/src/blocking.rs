//! Work that blocks or computes, beside the tasks of the plugin: with turns, and an end when nobody waits any more.
//!
//! It deliberately has no threads of its own: tokio's for blocking work are used, which end when they are idle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Semaphore;

use crate::capability::RequestContext;

/// Runs work on a thread for it.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // A panic is the caller's to report; there is no other way to fail here while the runtime lives.
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// How many such works run at once; others wait for their turn. Made for a `static`: it is the whole process' limit.
#[derive(Debug)]
pub struct Turns(Semaphore);

impl Turns {
    /// So many at once.
    #[must_use]
    pub const fn new(at_once: usize) -> Self {
        Self(Semaphore::const_new(at_once))
    }

    /// Runs work in its turn. It is given a question to ask now and then: whether it was given up, since its call was
    /// dropped or its deadline is over. A turn lasts until the work has really ended.
    pub async fn run<T: Send + 'static>(
        &'static self,
        cx: &RequestContext,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> T {
        let cancel = Cancel::default();
        let (given_up, deadline) = (Arc::clone(&cancel.0), cx.deadline());
        // Fails only if it were closed, which nobody can.
        let turn = self.0.acquire().await.ok();
        run(move || {
            let _turn = turn;
            work(&|| given_up.load(Ordering::Relaxed) || deadline.is_some_and(|at| Instant::now() >= at))
        })
        .await
    }
}

/// Tells work on another thread that nobody waits for it any more.
#[derive(Debug, Default)]
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    static ONE: Turns = Turns::new(1);

    #[tokio::test]
    async fn a_dropped_call_is_told_to_its_work_which_keeps_its_turn_until_it_ends() {
        let cx = RequestContext::default();
        let (started, has_started) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let (saw, seen) = mpsc::channel();
        let work = ONE.run(&cx, move |given_up| {
            started.send(()).unwrap();
            may_end.recv().unwrap();
            saw.send(given_up()).unwrap();
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err());
        has_started.recv().unwrap();
        // Its turn is not free as yet.
        assert!(tokio::time::timeout(Duration::from_millis(50), ONE.run(&cx, |_| ())).await.is_err());
        end.send(()).unwrap();
        assert!(seen.recv().unwrap());
        assert!(!ONE.run(&cx, |given_up| given_up()).await);
    }
}
