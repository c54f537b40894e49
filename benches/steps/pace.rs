//! How long a bench takes its time. Criterion's own default is 8 s for each, which is minutes for a table of this
//! length; the medians here don't move with more.

use std::time::Duration;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// For steps of microseconds.
pub(crate) fn quick(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(50).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
}

/// For calls of up to some 100 ms.
pub(crate) fn slow(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
}
