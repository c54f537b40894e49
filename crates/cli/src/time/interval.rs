//! The distance of points that a panel asks for: its range over its width, rounded to what people read well.
//!
//! It deliberately is the table of Grafana's front end and nothing else.

use std::time::Duration;

const S: u64 = 1000;
const M: u64 = 60 * S;
const H: u64 = 60 * M;
const D: u64 = 24 * H;

/// Up to which length (inclusive) which interval is taken, in milliseconds.
const ROUNDED: [(u64, u64); 31] = [
    (10, 1),
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1500, S),
    (3500, 2 * S),
    (7500, 5 * S),
    (12_500, 10 * S),
    (17_500, 15 * S),
    (25 * S, 20 * S),
    (45 * S, 30 * S),
    (90 * S, M),
    (210 * S, 2 * M),
    (450 * S, 5 * M),
    (750 * S, 10 * M),
    (1050 * S, 15 * M),
    (25 * M, 20 * M),
    (45 * M, 30 * M),
    (90 * M, H),
    (150 * M, 2 * H),
    (270 * M, 3 * H),
    (9 * H, 6 * H),
    (D, 12 * H),
    (2 * D, D),
    (7 * D, D),
    (21 * D, 7 * D),
    (730 * D - 1, 30 * D),
    (u64::MAX, 365 * D),
];

/// The interval for a range shown with so many points, never below `least`.
pub(crate) fn for_points(range: Duration, points: u64, least: Duration) -> Duration {
    let exact = u64::try_from(range.as_millis()).unwrap_or(u64::MAX) / points.max(1);
    let rounded =
        ROUNDED.iter().find(|(limit, _)| exact <= *limit).map_or(365 * D, |(_, interval)| *interval);
    Duration::from_millis(rounded).max(least)
}

#[cfg(test)]
mod tests {
    use super::{D, H, M, S, for_points};
    use std::time::Duration;

    fn millis(range: u64, points: u64) -> u64 {
        let interval = for_points(Duration::from_millis(range), points, Duration::ZERO);
        u64::try_from(interval.as_millis()).unwrap()
    }

    #[test]
    fn the_interval_is_rounded_as_panels_do() {
        assert_eq!(millis(H, 1000), 5 * S);
        assert_eq!(millis(H, 2000), 2 * S);
        assert_eq!(millis(6 * H, 1000), 20 * S);
        assert_eq!(millis(24 * H, 1000), M);
        assert_eq!(millis(30 * D, 1000), 30 * M);
        assert_eq!(millis(0, 1000), 1);
        assert_eq!(millis(u64::MAX, 1), 365 * D);
        assert_eq!(millis(100 * M, 0), 2 * H);
    }

    #[test]
    fn the_least_interval_wins() {
        let least = Duration::from_secs(15);
        assert_eq!(for_points(Duration::from_secs(60), 1000, least), least);
    }
}
