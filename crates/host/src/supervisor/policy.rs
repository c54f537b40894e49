//! When a plugin that ended is started again.
//!
//! It deliberately does not look at the reason: Grafana restarts after every end, and so does this.

use std::time::Duration;

/// When a plugin that ended is started again, and how calls fare meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestartPolicy {
    /// The second restart in a row waits this long; the first waits not at all, each later one twice as long as
    /// the one before. Default 100 ms.
    pub first_delay: Duration,
    /// No restart waits longer. Default 5 s.
    pub max_delay: Duration,
    /// A plugin that ran this long starts the row anew. Default 30 s.
    pub healthy_after: Duration,
    /// After so many failed restarts in a row the supervisor gives up. Default: never, as in Grafana.
    pub give_up_after: Option<u32>,
    /// A plugin that was found silent (see [`Pulse`](crate::Pulse)) and stays so for this long is killed and started
    /// again. Default 60 s; `None` leaves it alone, as Grafana does, for example for a debugger.
    pub replace_silent_after: Option<Duration>,
    /// How long a call waits for a restart before it fails as unavailable. Default: not at all, as in Grafana.
    pub calls_wait: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(5),
            healthy_after: Duration::from_secs(30),
            give_up_after: None,
            replace_silent_after: Some(Duration::from_secs(60)),
            calls_wait: Duration::ZERO,
        }
    }
}

impl RestartPolicy {
    /// How long the `n`th restart in a row waits; the first is 0.
    #[must_use]
    pub fn delay(&self, n: u32) -> Duration {
        let Some(doublings) = n.checked_sub(1) else { return Duration::ZERO };
        let factor = 2u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.first_delay.saturating_mul(factor).min(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_most() {
        let policy = RestartPolicy::default();
        let millis: Vec<u128> = (0..9).map(|n| policy.delay(n).as_millis()).collect();
        assert_eq!(millis, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(policy.delay(u32::MAX), policy.max_delay);
    }
}
