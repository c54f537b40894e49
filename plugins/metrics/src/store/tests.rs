//! The store as its users see it: what was appended is found again, after kills, power cuts, full disks and damage.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::maintain::Moment;
use super::testing::MemoryVolume;
use super::*;
use crate::series::{METRIC_NAME, MatchOp, Matcher, Sample, SelectLimits, SeriesSource, SourceError};

const START: i64 = 1_700_000_000_000;

fn labels(name: &str, pairs: &[(&str, &str)]) -> Labels {
    Labels::new(
        [(METRIC_NAME, name)].iter().chain(pairs).map(|(name, value)| ((*name).into(), (*value).into())),
    )
}

fn is(name: &str, value: &str) -> Matcher {
    Matcher { name: name.into(), op: MatchOp::Equal(value.into()) }
}

fn open(volume: &Arc<MemoryVolume>) -> Store {
    open_with(volume, StoreOptions::default())
}

fn open_with(volume: &Arc<MemoryVolume>, options: StoreOptions) -> Store {
    Store::open_on(volume.clone(), options).unwrap()
}

/// A wall clock that runs evenly with the other one.
struct Clock {
    began: Instant,
    passed: i64,
}

impl Clock {
    fn new() -> Self {
        Self { began: Instant::now(), passed: 0 }
    }

    fn at(&self) -> i64 {
        START + self.passed
    }

    fn pass(&mut self, seconds: i64) -> Moment {
        self.passed += seconds * 1000;
        self.now()
    }

    fn now(&self) -> Moment {
        Moment { wall: self.at(), steady: self.began + Duration::from_millis(self.passed as u64) }
    }
}

fn value(series: usize, second: i64) -> f64 {
    (second * (series as i64 + 1)) as f64 / 4.0
}

/// Appends a sample a second to each of some series, and flushes every ten seconds.
fn collect(store: &Store, clock: &mut Clock, series: usize, seconds: i64) {
    let ids: Vec<_> =
        (0..series).map(|n| store.resolve(&labels("m", &[("n", &n.to_string())])).unwrap()).collect();
    for second in 0..seconds {
        let now = clock.pass(1);
        let batch: Vec<_> =
            ids.iter().enumerate().map(|(n, id)| (*id, value(n, clock.passed / 1000))).collect();
        assert_eq!(store.append(clock.at(), &batch).stored, series as u64);
        if second % 10 == 9 {
            store.flush_at(now);
        }
    }
}

fn select(store: &Store, matchers: &[Matcher]) -> Vec<(String, Vec<(i64, f64)>)> {
    let found = store.select(matchers, i64::MIN, i64::MAX, SelectLimits::default()).unwrap();
    found
        .into_iter()
        .map(|series| (series.labels.to_string(), series.samples.iter().map(|s| (s.at, s.value)).collect()))
        .collect()
}

fn samples_of(store: &Store, n: usize) -> Vec<(i64, f64)> {
    select(store, &[is("n", &n.to_string())]).pop().map(|(_, samples)| samples).unwrap_or_default()
}

fn expected(n: usize, seconds: impl IntoIterator<Item = i64>) -> Vec<(i64, f64)> {
    seconds.into_iter().map(|second| (START + second * 1000, value(n, second))).collect()
}

#[test]
fn samples_are_found_in_heads_frozen_and_on_disk() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { cut_after: Duration::from_secs(60), ..StoreOptions::default() };
    let store = open_with(&volume, options.clone());
    let mut clock = Clock::new();
    collect(&store, &mut clock, 20, 315);
    assert!(lock(&store.memory).spans.len() >= 4);
    assert!(store.health().is_ok(), "{:?}", store.health());
    for n in [0, 7, 19] {
        assert_eq!(samples_of(&store, n), expected(n, 1..=315));
    }
    let cut =
        store.select(&[is("n", "3")], START + 50_000, START + 130_000, SelectLimits::default()).unwrap();
    assert_eq!(cut[0].samples.len(), 81);
    drop(store);
    let again = open_with(&volume, options);
    assert_eq!(samples_of(&again, 19), expected(19, 1..=315));
    assert_eq!(again.stats().samples, 20 * 315);
}

#[test]
fn a_kill_loses_nothing_that_was_flushed() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { cut_after: Duration::from_secs(45), ..StoreOptions::default() };
    let store = open_with(&volume, options.clone());
    let mut clock = Clock::new();
    let mut killed = Vec::new();
    for round in 1..=20 {
        collect(&store, &mut clock, 5, 10);
        killed.push((round * 10, volume.after_kill()));
        killed.push((round * 10, volume.after_power_cut(round as u64 * 31)));
    }
    for (seconds, volume) in killed {
        let store = open_with(&volume, options.clone());
        assert!(store.health().is_ok(), "{:?}", store.health());
        for n in 0..5 {
            assert_eq!(samples_of(&store, n), expected(n, 1..=seconds));
        }
        // It goes on where it stopped.
        let mut clock = Clock { began: Instant::now(), passed: seconds * 1000 };
        collect(&store, &mut clock, 5, 60);
        assert_eq!(samples_of(&store, 2), expected(2, 1..=seconds + 60));
    }
}

#[test]
fn a_full_disk_stops_nothing_and_loses_nothing_within_bounds() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { cut_after: Duration::from_secs(60), ..StoreOptions::default() };
    let store = open_with(&volume, options.clone());
    let mut clock = Clock::new();
    collect(&store, &mut clock, 10, 100);
    volume.set_free(0);
    collect(&store, &mut clock, 10, 400);
    let Some(Problem::NotWriting { cause, samples }) = store.health().problems.first().cloned() else {
        panic!("{:?}", store.health());
    };
    assert!(cause.contains("no storage space") || cause.contains("no space"), "{cause}");
    assert!(samples >= 10 * 400);
    assert_eq!(samples_of(&store, 4), expected(4, 1..=500));
    // What was stored before is safe.
    let killed = open_with(&volume.after_kill(), options.clone());
    assert_eq!(samples_of(&killed, 4)[..100], expected(4, 1..=100));

    volume.set_free(u64::MAX);
    collect(&store, &mut clock, 10, 10);
    assert!(store.health().is_ok(), "{:?}", store.health());
    let killed = open_with(&volume.after_kill(), options);
    assert_eq!(samples_of(&killed, 4), expected(4, 1..=510));
}

#[test]
fn memory_stays_bounded_while_the_disk_is_full() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { head_bytes: 64 << 10, ..StoreOptions::default() };
    let store = open_with(&volume, options);
    let clock = Clock::new();
    store.flush_at(clock.now());
    volume.set_free(64 << 10);
    let ids: Vec<_> =
        (0..200).map(|n| store.resolve(&labels("r", &[("n", &n.to_string())])).unwrap()).collect();
    let mut random = 1_u64;
    let mut at = START;
    let mut appended = 0;
    for second in 0..8000 {
        at += 1000;
        let batch: Vec<_> = ids
            .iter()
            .map(|id| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (*id, f64::from_bits(random >> 12 | 0x3ff0_0000_0000_0000))
            })
            .collect();
        appended += store.append(at, &batch).stored;
        if second % 10 == 9 {
            store.flush_at(Moment { wall: at, steady: clock.began + Duration::from_secs(second) });
            let memory = lock(&store.memory);
            let held: usize = memory.frozen.iter().map(|frozen| frozen.bytes()).sum();
            assert!(held + memory.head_bytes() < (5 << 20), "{held}");
        }
    }
    volume.set_free(u64::MAX);
    store.flush_at(Moment { wall: at, steady: clock.began + Duration::from_secs(8000) });
    let problems = store.health().problems;
    let [Problem::Lost { samples: lost }] = problems[..] else { panic!("{problems:?}") };
    assert!(lost > 0);
    assert_eq!(store.stats().samples, appended - lost);
}

#[test]
fn old_samples_go_once_the_clock_is_steady() {
    let volume = MemoryVolume::new();
    let options = StoreOptions {
        retention: Duration::from_secs(1200),
        cut_after: Duration::from_secs(120),
        ..StoreOptions::default()
    };
    let store = open_with(&volume, options.clone());
    let mut clock = Clock::new();
    let gone = store.resolve(&labels("gone", &[])).unwrap();
    store.append(clock.at(), &[(gone, 1.0)]);
    collect(&store, &mut clock, 3, 3600);
    let samples = samples_of(&store, 1);
    let kept = (clock.at() - samples[0].0) / 1000;
    assert!((1200..1500).contains(&kept), "{kept} s are kept");
    assert_eq!(samples, expected(1, 3600 - kept..=3600));
    assert!(select(&store, &[is(METRIC_NAME, "gone")]).is_empty());
    assert_eq!(store.stats().series, 3, "series without samples are forgotten");
    drop(store);
    let again = open_with(&volume, options);
    assert_eq!(again.stats().series, 3);
    assert_eq!(samples_of(&again, 1), samples);
}

#[test]
fn a_clock_that_leaps_ahead_costs_no_history() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { cut_after: Duration::from_secs(60), ..StoreOptions::default() };
    let store = open_with(&volume, options);
    let mut clock = Clock::new();
    collect(&store, &mut clock, 3, 1000);
    let ten_years = 10 * 365 * 86_400_000_i64;
    let id = store.resolve(&labels("m", &[("n", "1")])).unwrap();
    for second in 0..300 {
        let at = clock.at() + ten_years + second * 1000;
        store.append(at, &[(id, 1.0)]);
        let steady = clock.now().steady + Duration::from_secs(second as u64);
        store.flush_at(Moment { wall: at, steady });
    }
    // The clock is put right again.
    clock.passed += 300_000;
    collect(&store, &mut clock, 3, 300);
    assert_eq!(store.stats().clock_set_back, 1);
    assert_eq!(samples_of(&store, 0), expected(0, (1..=1000).chain(1301..=1600)));
    let leapt = samples_of(&store, 1);
    assert_eq!(leapt.len(), 1300 + 300);
    assert!(leapt.is_sorted_by(|a, b| a.0 < b.0));
}

#[test]
fn the_size_is_bounded_and_the_oldest_go_first() {
    let volume = MemoryVolume::new();
    let options = StoreOptions { max_bytes: 8 << 20, head_bytes: 256 << 10, ..StoreOptions::default() };
    let store = open_with(&volume, options);
    let mut clock = Clock::new();
    let ids: Vec<_> =
        (0..300).map(|n| store.resolve(&labels("r", &[("n", &n.to_string())])).unwrap()).collect();
    let mut random = 1_u64;
    for second in 0..9000 {
        let now = clock.pass(1);
        let batch: Vec<_> = ids
            .iter()
            .map(|id| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (*id, f64::from_bits(random >> 12 | 0x3ff0_0000_0000_0000))
            })
            .collect();
        store.append(clock.at(), &batch);
        if second % 10 == 9 {
            store.flush_at(now);
            assert!(store.disk_bytes() <= 8 << 20, "{} bytes after {second} s", store.disk_bytes());
        }
    }
    let stats = store.stats();
    assert!(stats.oldest > Some(START + 3_000_000) && stats.newest == Some(clock.at()));
    assert!(store.health().is_ok());
    assert!(stats.disk_bytes > 5 << 20, "the space is used: {}", stats.disk_bytes);
}

#[test]
fn a_smaller_bound_shrinks_the_file() {
    let volume = MemoryVolume::new();
    let store = open_with(&volume, StoreOptions { head_bytes: 256 << 10, ..StoreOptions::default() });
    let mut clock = Clock::new();
    let ids: Vec<_> =
        (0..300).map(|n| store.resolve(&labels("r", &[("n", &n.to_string())])).unwrap()).collect();
    for second in 0..7000_u64 {
        let now = clock.pass(1);
        let batch: Vec<_> = ids.iter().zip(1_u64..).map(|(id, n)| (*id, (second * n) as f64 / 7.0)).collect();
        store.append(clock.at(), &batch);
        if second % 10 == 9 {
            store.flush_at(now);
        }
    }
    assert!(store.disk_bytes() > 9 << 20, "{}", store.disk_bytes());
    drop(store);
    let store = open_with(&volume, StoreOptions { max_bytes: 8 << 20, ..StoreOptions::default() });
    store.flush_at(clock.pass(1));
    assert!(store.disk_bytes() <= 8 << 20, "{}", store.disk_bytes());
    assert!(store.health().is_ok() && store.stats().samples > 0);
}

#[test]
fn duplicates_and_late_samples_are_refused_and_counted() {
    let store = open(&MemoryVolume::new());
    let id = store.resolve(&labels("m", &[])).unwrap();
    let other = SeriesId(999);
    assert_eq!(store.append(START, &[(id, 1.0)]).stored, 1);
    assert_eq!(store.append(START, &[(id, 2.0)]).duplicate, 1);
    assert_eq!(
        store.append(START - 1000, &[(id, 3.0), (other, 1.0)]),
        Appended { out_of_order: 1, unknown: 1, ..Appended::default() }
    );
    assert_eq!(store.stats().appended, Appended { stored: 1, duplicate: 1, out_of_order: 1, unknown: 1 });
    assert_eq!(select(&store, &[]), [("m".to_owned(), vec![(START, 1.0)])]);
}

#[test]
fn a_time_somebody_else_told_says_nothing_of_our_clock() {
    let volume = MemoryVolume::new();
    let store = open(&volume);
    let mut clock = Clock::new();
    collect(&store, &mut clock, 1, 100);
    let told = store.resolve(&labels("told", &[])).unwrap();
    assert_eq!(store.append_told(START - 3_500_000, &[(told, 1.0)]).stored, 1);
    assert_eq!(store.append_told(START - 3_500_000, &[(told, 1.0)]).duplicate, 1);
    let ahead = store.resolve(&labels("ahead", &[])).unwrap();
    assert_eq!(store.append_told(START + 3_500_000, &[(ahead, 1.0)]).stored, 1);
    collect(&store, &mut clock, 1, 100);
    assert_eq!(store.stats().clock_set_back, 0);
    drop(store);
    let store = open(&volume);
    assert_eq!(select(&store, &[is(METRIC_NAME, "told")])[0].1, [(START - 3_500_000, 1.0)]);
    assert_eq!(samples_of(&store, 0), expected(0, 1..=200));
}

#[test]
fn the_number_of_series_is_bounded() {
    let store = open_with(&MemoryVolume::new(), StoreOptions { max_series: 3, ..StoreOptions::default() });
    let ids: Vec<_> = (0..5).map(|n| store.resolve(&labels("m", &[("n", &n.to_string())]))).collect();
    assert_eq!(ids.iter().flatten().count(), 3);
    assert!(store.resolve(&labels("m", &[("n", "1")])).is_some(), "known ones are still found");
    let problems = store.health().problems;
    assert_eq!(problems, [Problem::SeriesLimit { limit: 3, refused: 2 }]);
    assert!(problems[0].to_string().contains("limit of 3 series"));
}

#[test]
fn an_ended_series_carries_the_marker_and_is_no_longer_live() {
    let volume = MemoryVolume::new();
    let store = open(&volume);
    let (a, b) = (store.resolve(&labels("a", &[])).unwrap(), store.resolve(&labels("b", &[])).unwrap());
    let mut ticks = store.ticks();
    store.append(START, &[(a, 1.0), (b, 2.0)]);
    assert!(ticks.has_changed().unwrap());
    assert_eq!(*ticks.borrow_and_update(), START);
    store.end(START + 1000, &[b]);
    assert_eq!(store.latest(&[a, b]), [Some(Sample { at: START, value: 1.0 }), None]);
    assert_eq!(store.live_series(&[]), [(a, labels("a", &[]))]);
    let found = store.select(&[is(METRIC_NAME, "b")], i64::MIN, i64::MAX, SelectLimits::default()).unwrap();
    assert!(found[0].samples[1].is_stale_marker());
    store.append(START + 2000, &[(b, 3.0)]);
    assert_eq!(store.live_series(&[]).len(), 2);
}

#[test]
fn labels_and_metadata_are_told_within_the_time_asked_for() {
    let volume = MemoryVolume::new();
    let help = Metadata { kind: MetricType::Counter, help: "Seconds.".into(), unit: "seconds".into() };
    let check = |store: &Store| {
        let names: Vec<_> =
            store.label_names(&[], i64::MIN, i64::MAX).iter().map(ToString::to_string).collect();
        assert_eq!(names, [METRIC_NAME, "cpu", "mode"]);
        let values = store.label_values("mode", &[is("cpu", "0")], START, START + 10_000);
        assert_eq!(values.iter().map(|value| &**value).collect::<Vec<_>>(), ["idle", "user"]);
        assert_eq!(store.label_values("mode", &[], START + 90_000, START + 95_000).len(), 1);
        assert_eq!(
            store.series(&[is("mode", "idle")], START, START + 10_000),
            [labels("c", &[("cpu", "0"), ("mode", "idle")]), labels("c", &[("cpu", "1"), ("mode", "idle")]),]
        );
        assert_eq!(store.metadata(), [("c".into(), help.clone())]);
    };
    let store = open(&volume);
    store.describe("c", help.clone());
    let of = |cpu: &str, mode: &str| store.resolve(&labels("c", &[("cpu", cpu), ("mode", mode)])).unwrap();
    let ids = [of("0", "idle"), of("0", "user"), of("1", "idle")];
    let late = of("1", "steal");
    store.append(START + 1000, &ids.map(|id| (id, 1.0)));
    store.end(START + 2000, &ids);
    store.append(START + 90_000, &[(late, 1.0)]);
    check(&store);
    store.flush_at(Moment { wall: START + 90_000, steady: Instant::now() });
    // Metadata and series' times are written with a cut.
    store.flush_at(Moment { wall: START + 4_000_000, steady: Instant::now() });
    drop(store);
    check(&open(&volume));
}

#[test]
fn limits_of_a_selection_are_errors() {
    let store = open(&MemoryVolume::new());
    let mut clock = Clock::new();
    collect(&store, &mut clock, 5, 20);
    let limited = |samples, series| store.select(&[], i64::MIN, i64::MAX, SelectLimits { samples, series });
    assert_eq!(limited(100, 5).unwrap().len(), 5);
    assert!(matches!(limited(99, 5), Err(SourceError::TooMany { what: "samples", limit: 99 })));
    assert!(matches!(limited(100, 4), Err(SourceError::TooMany { what: "series", limit: 4 })));
}

/// A store with several generations, and a journal with some more.
fn filled() -> (Arc<MemoryVolume>, i64) {
    let volume = MemoryVolume::new();
    let options = StoreOptions { cut_after: Duration::from_secs(100), ..StoreOptions::default() };
    let store = open_with(&volume, options);
    let mut clock = Clock::new();
    collect(&store, &mut clock, 40, 460);
    (volume.after_kill(), 460)
}

/// What is served must be what was stored, in order, with gaps at most.
fn assert_no_lies(store: &Store, seconds: i64) -> usize {
    let mut missing = 0;
    for n in 0..40 {
        let (found, stored) = (samples_of(store, n), expected(n, 1..=seconds));
        let stored: BTreeMap<i64, u64> = stored.iter().map(|(at, value)| (*at, value.to_bits())).collect();
        assert!(found.iter().all(|(at, value)| stored.get(at) == Some(&value.to_bits())), "series {n}");
        missing += stored.len() - found.len();
    }
    missing
}

#[test]
fn a_flipped_bit_anywhere_is_reported_and_the_rest_is_served() {
    let (whole, seconds) = filled();
    let journal = whole.list().unwrap().into_iter().find(|name| name.starts_with("journal")).unwrap();
    let mut told = 0;
    for (name, step) in [(disk::FILE, 1013), (journal.as_str(), 97)] {
        for at in (0..whole.len(name)).step_by(step) {
            let volume = whole.after_kill();
            volume.flip(name, at, 1 << (at % 8));
            let store = open(&volume);
            let missing = assert_no_lies(&store, seconds);
            let health = store.health();
            assert!(
                missing == 0 || !health.is_ok(),
                "{name} byte {at}: {missing} samples are missing in silence"
            );
            told += usize::from(!health.is_ok());
            // It goes on.
            let mut clock = Clock { began: Instant::now(), passed: seconds * 1000 };
            collect(&store, &mut clock, 40, 20);
            assert_eq!(samples_of(&store, 3).last().unwrap().0, clock.at());
        }
    }
    assert!(told > 10);
}

#[test]
fn a_database_that_cant_be_used_is_moved_aside() {
    let (volume, seconds) = filled();
    volume.flip(disk::FILE, 2, 0xff);
    let store = open(&volume);
    let problems = store.health().problems;
    let [Problem::MovedAside { to, .. }] = &problems[..] else { panic!("{problems:?}") };
    assert!(to.to_string_lossy().contains("chunks.store.damaged-"), "{to:?}");
    assert!(problems[0].to_string().contains("a new one was begun"));
    // The journal is still served.
    assert!(assert_no_lies(&store, seconds) < 40 * seconds as usize);
    assert_eq!(samples_of(&store, 3).last(), expected(3, [seconds]).last());
    let mut clock = Clock { began: Instant::now(), passed: seconds * 1000 };
    collect(&store, &mut clock, 40, 200);
    drop(store);
    let store = open(&volume);
    assert!(store.health().is_ok());
    assert_eq!(samples_of(&store, 3).last().unwrap().0, clock.at());
    assert_eq!(volume.list().unwrap().iter().filter(|name| name.contains("damaged")).count(), 1);
}

#[test]
fn a_second_process_is_told_whose_folder_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let refused = Store::open(folder.path(), StoreOptions::default()).unwrap_err();
    assert!(matches!(&refused, StoreError::InUse { path } if path == folder.path()));
    assert!(refused.to_string().contains(&folder.path().display().to_string()));
    drop(store);
    Store::open(folder.path(), StoreOptions::default()).unwrap();
}

#[test]
fn a_closed_store_lets_go_of_its_folder_and_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let id = first.resolve(&labels("m", &[])).unwrap();
    first.append(START, &[(id, 1.0)]);
    first.close();
    let second = Store::open(folder.path(), StoreOptions::default()).unwrap();
    assert_eq!(first.append(START + 1000, &[(id, 2.0)]), Appended::default());
    assert_eq!(first.resolve(&labels("other", &[])), None);
    first.end(START + 2000, &[id]);
    first.flush();
    assert!(first.select(&[], i64::MIN, i64::MAX, SelectLimits::default()).is_err());
    drop(first);
    assert_eq!(select(&second, &[]), [("m".to_owned(), vec![(START, 1.0)])]);
    assert!(Store::open(folder.path(), StoreOptions::default()).is_err(), "the second has the lock");
}

#[test]
fn the_keeper_flushes_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let keeper = Keeper::start(store.clone()).unwrap();
    let id = store.resolve(&labels("m", &[])).unwrap();
    store.append(START, &[(id, 1.0)]);
    drop(keeper);
    let stats = store.stats();
    assert_eq!(
        (stats.samples, stats.samples_in_memory),
        (1, 0),
        "so old a sample goes right to the database"
    );
}

#[derive(Debug, Clone)]
enum Step {
    Collect { series: usize, seconds: i64 },
    Skip { seconds: i64 },
    Flush,
    Kill,
    PowerCut { seed: u64 },
    Full { flushes: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_usize..12, 1_i64..40).prop_map(|(series, seconds)| Step::Collect { series, seconds }),
        1 => (1_i64..500).prop_map(|seconds| Step::Skip { seconds }),
        2 => Just(Step::Flush),
        1 => Just(Step::Kill),
        1 => (1_u64..u64::MAX).prop_map(|seed| Step::PowerCut { seed }),
        1 => (1_i64..20).prop_map(|flushes| Step::Full { flushes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens in whatever order, what was flushed is there and nothing else is.
    #[test]
    fn nothing_flushed_is_ever_lost(steps in prop::collection::vec(step(), 1..40)) {
        let mut volume = MemoryVolume::new();
        let options = StoreOptions { cut_after: Duration::from_secs(50), ..StoreOptions::default() };
        let mut store = open_with(&volume, options.clone());
        let mut clock = Clock::new();
        let mut stored: BTreeMap<usize, Vec<(i64, f64)>> = BTreeMap::new();
        let mut flushed: BTreeMap<usize, usize> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Collect { series, seconds } => {
                    for _ in 0..seconds {
                        clock.pass(1);
                        let ids: Vec<_> = (0..series).map(|n| store.resolve(&labels("m", &[("n", &n.to_string())])).unwrap()).collect();
                        let second = clock.passed / 1000;
                        let batch: Vec<_> = ids.iter().enumerate().map(|(n, id)| (*id, value(n, second))).collect();
                        store.append(clock.at(), &batch);
                        (0..series).for_each(|n| stored.entry(n).or_default().push((clock.at(), value(n, second))));
                    }
                }
                Step::Skip { seconds } => drop(clock.pass(seconds)),
                Step::Flush => {
                    store.flush_at(clock.now());
                    prop_assert!(store.health().is_ok());
                    flushed = stored.iter().map(|(n, samples)| (*n, samples.len())).collect();
                }
                Step::Full { flushes } => {
                    volume.set_free(0);
                    (0..flushes).for_each(|_| store.flush_at(clock.now()));
                    volume.set_free(u64::MAX);
                }
                Step::Kill | Step::PowerCut { .. } => {
                    let after = match step {
                        Step::PowerCut { seed } => volume.after_power_cut(seed),
                        _ => volume.after_kill(),
                    };
                    store = open_with(&after, options.clone());
                    volume = after;
                    for (n, samples) in &mut stored {
                        let found = samples_of(&store, *n);
                        prop_assert!(found.len() >= flushed.get(n).copied().unwrap_or(0), "series {}", n);
                        prop_assert_eq!(&samples[..found.len()], &found[..]);
                        samples.truncate(found.len());
                    }
                    prop_assert!(store.health().is_ok(), "{:?}", store.health());
                }
            }
            for (n, samples) in &stored {
                prop_assert_eq!(samples, &samples_of(&store, *n));
            }
        }
    }
}
