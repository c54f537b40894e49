//! The thread that flushes a store in its interval.
//!
//! A flush waits for the disk, on a bad day for seconds, so it runs beside collection and queries. It deliberately
//! does nothing else.

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use super::{Store, lock};

/// A flush needs little stack.
const STACK: usize = 256 << 10;

/// Flushes a store until dropped, and once more then.
#[derive(Debug)]
pub struct Keeper {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(store: Arc<Store>) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let signal = stop.clone();
        let run = move || {
            let (stopped, wake) = &*signal;
            let interval = store.options.flush_interval;
            loop {
                let waiting = lock(stopped);
                let waited = wake.wait_timeout_while(waiting, interval, |stopped| !*stopped);
                let is_stopped = waited.map_or(true, |(stopped, _)| *stopped);
                store.flush();
                if is_stopped {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("store-flush".to_owned()).stack_size(STACK).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        *lock(&self.stop.0) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
