//! The samples that all engines get: made from a fixed seed, so the same in every run.
//!
//! Counters with resets, gauges, gaps, series that begin late and end with a stale marker, NaN, infinities,
//! histograms; four hours at 15 s and half an hour at 1 s.

use graftwire_metrics::series::{
    Labels, METRIC_NAME, Matcher, STALE_NAN_BITS, Sample, SelectLimits, SeriesData, SeriesSource, SourceError,
};

/// 2023-11-14 22:10:00 UTC: a whole minute, so that window edges meet samples when `shift` is 0.
pub(super) const BASE: i64 = 1_699_999_800_000;
pub(super) const HOURS: i64 = 4;

/// Holds the samples, as a store would.
pub(super) struct Memory(pub Vec<SeriesData>);

impl SeriesSource for Memory {
    fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        limits: SelectLimits,
    ) -> Result<Vec<SeriesData>, SourceError> {
        let mut left = limits.samples;
        let mut found = Vec::new();
        for series in self.0.iter().filter(|series| matchers.iter().all(|m| m.matches(&series.labels))) {
            let samples: Vec<Sample> =
                series.samples.iter().copied().filter(|s| (from..=to).contains(&s.at)).collect();
            if samples.len() > left {
                return Err(SourceError::TooMany { what: "samples", limit: limits.samples });
            }
            left -= samples.len();
            if !samples.is_empty() {
                found.push(SeriesData { labels: series.labels.clone(), samples });
            }
        }
        Ok(found)
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
}

/// All series; every sample's time is moved by `shift` milliseconds.
pub(super) fn series(shift: i64) -> Vec<SeriesData> {
    let mut maker = Maker { random: Random(42), shift, all: Vec::new() };
    maker.counters();
    maker.late_and_gone();
    maker.gauges();
    maker.odd_values();
    maker.histogram();
    maker.every_second();
    maker.all
}

struct Maker {
    random: Random,
    shift: i64,
    all: Vec<SeriesData>,
}

impl Maker {
    /// One value per step of `every` seconds; `None` = no sample.
    fn add(
        &mut self,
        name: &str,
        pairs: &[(&str, &str)],
        every: i64,
        hours: f64,
        mut value: impl FnMut(&mut Random, i64) -> Option<f64>,
    ) {
        let steps = (hours * 3600.0) as i64 / every;
        let at = |step: i64| BASE + step * every * 1000 + self.shift;
        let samples: Vec<Sample> = (0..steps)
            .filter_map(|step| value(&mut self.random, step).map(|value| Sample { at: at(step), value }))
            .collect();
        let all: Vec<_> = [(METRIC_NAME, name)].into_iter().chain(pairs.iter().copied()).collect();
        self.all.push(SeriesData { labels: labels(&all), samples });
    }

    fn counters(&mut self) {
        for instance in ["a:9100", "b:9100"] {
            for cpu in ["0", "1", "2", "3"] {
                for mode in ["user", "system", "idle", "iowait"] {
                    let mut total = 5000.0 + self.random.unit() * 1000.0;
                    let pairs = [("instance", instance), ("cpu", cpu), ("mode", mode), ("job", "node")];
                    self.add("cpu_seconds_total", &pairs, 15, HOURS as f64, |random, _| {
                        total += random.unit() * 15.0;
                        if random.one_in(200) {
                            total = random.unit() * 100.0;
                        }
                        (!random.one_in(40)).then_some(total)
                    });
                }
            }
        }
    }

    fn late_and_gone(&mut self) {
        let mut born = 0;
        for method in ["GET", "POST", "PUT"] {
            for code in ["200", "404", "500"] {
                born += 37;
                let first = born;
                let mut total = 0.0;
                let pairs = [("job", "api"), ("method", method), ("code", code), ("instance", "a:9100")];
                self.add("requests_total", &pairs, 15, HOURS as f64, |random, step| {
                    total += (random.unit() * 40.0).floor();
                    // Lives 100 steps, ends with a marker, is away for 45 steps, and begins anew from 0.
                    match (step - first).rem_euclid(145) {
                        _ if step < first => None,
                        0 => {
                            total = 0.0;
                            Some(total)
                        }
                        1..100 => Some(total),
                        100 => Some(f64::from_bits(STALE_NAN_BITS)),
                        _ => None,
                    }
                });
            }
        }
    }

    fn gauges(&mut self) {
        for instance in ["a:9100", "b:9100"] {
            for kind in ["free", "cached", "buffers", "used"] {
                let mut bytes = 1e9 + (self.random.unit() * 1e9).floor();
                let pairs = [("instance", instance), ("kind", kind), ("job", "node")];
                self.add("memory_bytes", &pairs, 15, HOURS as f64, |random, step| {
                    bytes = (bytes + (random.unit() - 0.5) * 1e8).floor();
                    // A gap of 10 minutes without a marker.
                    (!(300..340).contains(&step)).then_some(bytes)
                });
            }
            let info = [("instance", instance), ("os", "linux"), ("version", "6.1"), ("job", "node")];
            self.add("machine_info", &info, 15, HOURS as f64, |_, _| Some(1.0));
        }
        for (index, sensor) in ["cpu", "gpu", "disk", "außen ☃ \"q\""].into_iter().enumerate() {
            let mut degrees = 20.0 * index as f64 - 5.0;
            self.add("temperature_celsius", &[("sensor", sensor)], 15, HOURS as f64, |random, step| {
                degrees += random.unit() - 0.5;
                if index == 1 && step % 50 == 7 { Some(f64::NAN) } else { Some(degrees) }
            });
            let limit = [("sensor", sensor), ("level", if index % 2 == 0 { "warn" } else { "crit" })];
            self.add("temperature_limit", &limit, 15, HOURS as f64, |_, _| Some(15.0 * index as f64));
        }
        self.add("uptime_seconds", &[], 15, HOURS as f64, |_, step| Some(step as f64 * 15.0 + 0.25));
        self.add("boot_time_seconds", &[("instance", "a:9100")], 15, HOURS as f64, |_, _| {
            Some(1_699_712_345.5)
        });
        self.add("level", &[("room", "x")], 15, HOURS as f64, |_, step| Some((step / 20 % 5) as f64));
        self.add("level", &[("room", "y")], 15, HOURS as f64, |_, step| Some((step / 33 % 4) as f64));
        self.add("level", &[("room", "z")], 15, HOURS as f64, |_, step| Some((step / 50 % 3) as f64 + 0.5));
    }

    fn odd_values(&mut self) {
        let values =
            [1.0, f64::INFINITY, -2.5, f64::NEG_INFINITY, f64::NAN, 1e308, 0.0, -0.0, 5e-324, -1e308];
        for (index, which) in ["p", "q", "r"].into_iter().enumerate() {
            self.add("odd", &[("which", which)], 15, HOURS as f64, |_, step| {
                values.get((step as usize / 8 + index * 3) % values.len()).copied()
            });
        }
    }

    fn histogram(&mut self) {
        for job in ["api", "web"] {
            let bounds = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, f64::INFINITY];
            let seed = self.random.next();
            for (index, bound) in bounds.into_iter().enumerate() {
                let le = if bound.is_infinite() { "+Inf".to_owned() } else { bound.to_string() };
                let mut shared = Random(seed);
                let mut count = 1000.0 * (index + 1) as f64;
                self.add("latency_seconds_bucket", &[("job", job), ("le", &le)], 15, HOURS as f64, |_, _| {
                    // The same draws for every bucket, so that the counts are consistent.
                    let drawn = (0..5).filter(|_| shared.unit() * shared.unit() * 4.0 <= bound).count();
                    count += drawn as f64;
                    Some(count)
                });
            }
        }
        // Not a histogram: no bucket for infinity, and one bound that is no number.
        for le in ["1", "2", "many"] {
            self.add("broken_bucket", &[("le", le)], 15, HOURS as f64, |_, step| Some(step as f64));
        }
    }

    fn every_second(&mut self) {
        for core in ["0", "1", "2"] {
            let mut total = 100.0 * self.random.unit() + 50_000.0;
            self.add("fast_total", &[("core", core)], 1, 0.5, |random, _| {
                total += random.unit();
                if random.one_in(400) {
                    total = 0.0;
                }
                Some(total)
            });
            self.add("fast_load", &[("core", core)], 1, 0.5, |random, _| Some(random.unit() * 8.0));
        }
    }
}
