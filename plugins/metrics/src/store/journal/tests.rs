//! The journal returns every whole record, whatever lies between them, and goes on after a full disk.

use super::super::testing::MemoryVolume;
use super::*;

fn record(n: u32) -> Vec<u8> {
    (0..50 + n % 400).map(|at| (at * 7 + n) as u8).collect()
}

fn written(count: u32) -> Arc<MemoryVolume> {
    let volume = MemoryVolume::new();
    let mut journal = Journal::new(volume.clone(), 3, None).unwrap();
    (0..count).for_each(|n| journal.append(&record(n)).unwrap());
    volume
}

fn read(volume: &MemoryVolume) -> (Vec<Vec<u8>>, Replay) {
    let mut records = Vec::new();
    let replay = replay(volume, 3, |record| records.push(record.to_vec())).unwrap();
    (records, replay)
}

fn records(numbers: impl IntoIterator<Item = u32>) -> Vec<Vec<u8>> {
    numbers.into_iter().map(record).collect()
}

#[test]
fn records_come_back_in_order() {
    let volume = written(100);
    let (found, replay) = read(&volume.after_power_cut(7));
    assert_eq!(found, records(0..100));
    assert_eq!(replay, Replay { end: volume.len(&name(3)), damaged: 0 });
    assert_eq!(list(&*volume).unwrap(), [3]);
}

#[test]
fn a_torn_record_is_cut_off_and_the_journal_goes_on() {
    let whole = written(10);
    for cut in 1..200 {
        let volume = whole.after_kill();
        volume.truncate(&name(3), whole.len(&name(3)) - cut.min(70));
        let (found, replay) = read(&volume);
        assert_eq!(found, records(0..9));
        assert_eq!(replay.damaged, 0);
        let mut journal = Journal::new(volume.clone(), 3, Some(replay.end)).unwrap();
        journal.append(&record(77)).unwrap();
        assert_eq!(read(&volume).0, records((0..9).chain([77])));
    }
}

#[test]
fn a_flipped_bit_costs_one_record() {
    let whole = written(10);
    for at in HEADER..whole.len(&name(3)) {
        let volume = whole.after_kill();
        volume.flip(&name(3), at, 1 << (at % 8));
        let (found, replay) = read(&volume);
        assert!(found.len() == 9, "byte {at}: {} records", found.len());
        assert!(found.iter().all(|found| records(0..10).contains(found)));
        assert_eq!(replay.damaged, 1, "byte {at}");
    }
}

#[test]
fn what_a_full_disk_refused_is_written_later() {
    let volume = written(3);
    let (_, Replay { end, .. }) = read(&volume);
    let mut journal = Journal::new(volume.clone(), 3, Some(end)).unwrap();
    volume.set_free(0);
    for n in 3..60 {
        let outcome = journal.append(&record(n));
        assert!(outcome.is_ok() || outcome.unwrap_err().kind() == io::ErrorKind::StorageFull);
    }
    assert!(journal.retry().is_err());
    let edition = journal.edition();
    let found = read(&volume.after_kill()).0;
    assert_eq!(found, records(0..found.len() as u32));
    volume.set_free(u64::MAX);
    journal.append(&record(60)).unwrap();
    assert_eq!(read(&volume).0, records(0..61));
    assert_eq!(journal.edition(), edition);
}

#[test]
fn what_waits_is_bounded() {
    let volume = MemoryVolume::new();
    let mut journal = Journal::new(volume.clone(), 3, None).unwrap();
    volume.set_free(0);
    let edition = journal.edition();
    for _ in 0..40 {
        journal.append(&[1; 100_000]).unwrap_err();
        assert!(journal.waiting.len() <= MAX_WAITING);
    }
    assert_ne!(journal.edition(), edition);
    volume.set_free(u64::MAX);
    journal.append(&record(1)).unwrap();
    assert!(read(&volume).0.contains(&record(1)));
}
