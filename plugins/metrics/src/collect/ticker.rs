//! The thread that collects, on the second.
//!
//! Times are whole intervals, so that their differences cost nothing in the store; a tick that comes too late is left
//! out rather than made up. It deliberately doesn't touch the store itself.

use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Collector, lock};

const STACK: usize = 256 << 10;

/// Collects until dropped.
#[derive(Debug)]
pub struct Ticker {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(mut collector: Collector) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let signal = stop.clone();
        let interval = i64::try_from(collector.options.interval.as_millis()).unwrap_or(1000).max(1);
        let run = move || {
            let (stopped, wake) = &*signal;
            let mut last = i64::MIN;
            loop {
                let pause = until_next(now(), interval);
                let waited = wake.wait_timeout_while(lock(stopped), pause, |stopped| !*stopped);
                if waited.map_or(true, |(stopped, _)| *stopped) {
                    return;
                }
                let at = nearest(now(), interval);
                // Woken a moment early, or the clock was set back.
                if at != last {
                    collector.collect(at);
                    last = at;
                }
            }
        };
        let thread = thread::Builder::new().name("collect".to_owned()).stack_size(STACK).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *lock(&self.stop.0) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// How long until the next whole interval, a millisecond at least.
fn until_next(now: i64, interval: i64) -> Duration {
    Duration::from_millis((interval - now.rem_euclid(interval)).max(1) as u64)
}

/// The whole interval nearest to a time.
fn nearest(now: i64, interval: i64) -> i64 {
    (now + interval / 2).div_euclid(interval) * interval
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_fall_on_whole_intervals() {
        assert_eq!(until_next(1_000_250, 1000), Duration::from_millis(750));
        assert_eq!(until_next(1_000_000, 1000), Duration::from_millis(1000));
        assert_eq!(
            [nearest(999_998, 1000), nearest(1_000_003, 1000), nearest(-3, 1000)],
            [1_000_000, 1_000_000, 0]
        );
    }
}
