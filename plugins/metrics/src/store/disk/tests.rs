//! The database returns what was committed, survives power cuts, and turns damage into errors for what is damaged.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::super::codec::Encoder;
use super::super::testing::MemoryVolume;
use super::*;
use crate::series::Sample;

const CACHE: usize = 64 * 1024;

fn chunk(id: u32, generation: u32) -> Chunk {
    let mut encoder = Encoder::default();
    for n in 0..300 {
        let value = f64::from((n * 7919 + id * 31) % 10_007) / f64::from(generation + 3);
        encoder.push(Sample { at: i64::from(generation * 300 + n) * 1000, value });
    }
    encoder.take().unwrap()
}

/// The chunks of series 0 to 59 in a generation, made once.
fn whole(generation: u32) -> &'static [(u32, Chunk)] {
    static WHOLE: LazyLock<Vec<Vec<(u32, Chunk)>>> =
        LazyLock::new(|| (0..3).map(|generation| frozen(generation, 0..60).chunks).collect());
    &WHOLE[generation as usize]
}

fn frozen(generation: u32, ids: impl IntoIterator<Item = u32>) -> Frozen {
    let chunks: Vec<_> = ids.into_iter().map(|id| (id, chunk(id, generation))).collect();
    let (first, last) = (chunks[0].1.first, chunks[0].1.last);
    Frozen { generation, first, last, samples: 300 * chunks.len() as u64, chunks }
}

fn read(disk: &Disk, generation: u32, ids: &[u32]) -> Vec<(u32, Chunk)> {
    let mut found = Vec::new();
    let owned =
        |Chunk { count, first, last, bits }: Chunk<&[u8]>| Chunk { count, first, last, bits: bits.to_vec() };
    disk.read(generation, ids, |Entry { id, chunk }| {
        found.push((id, owned(chunk)));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    found
}

fn rows() -> Rows {
    let row = |id: u32| (id, Some(vec![id as u8; 40]));
    Rows { series: (0..500).map(row).collect(), metadata: (0..20).map(row).collect() }
}

fn filled(generations: u32) -> Arc<MemoryVolume> {
    let volume = MemoryVolume::new();
    let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
    for generation in 0..generations {
        let rows = if generation == 0 { rows() } else { Rows::default() };
        disk.commit(Some(&frozen(generation, 0..60)), &rows, &[]).unwrap();
    }
    volume
}

#[test]
fn what_was_committed_is_read_again() {
    let volume = filled(3);
    let (disk, loaded) = Disk::open(volume.after_kill(), CACHE).unwrap();
    assert_eq!(loaded.generations.len(), 3);
    assert_eq!((loaded.series.len(), loaded.metadata.len(), loaded.is_incomplete), (500, 20, false));
    assert_eq!(loaded.generations[&1].samples, 60 * 300);
    let all: Vec<_> = (0..60).collect();
    for generation in 0..3 {
        assert_eq!(read(&disk, generation, &all), frozen(generation, 0..60).chunks);
        assert_eq!(read(&disk, generation, &[0, 17, 59]), frozen(generation, [0, 17, 59]).chunks);
    }
    assert_eq!(read(&disk, 7, &all), []);
}

#[test]
fn series_that_a_generation_lacks_are_skipped() {
    let (disk, _) = Disk::open(MemoryVolume::new(), CACHE).unwrap();
    disk.commit(Some(&frozen(0, (10..100).step_by(3))), &Rows::default(), &[]).unwrap();
    let wanted: Vec<_> = (0..200).step_by(2).collect();
    let present: Vec<_> = read(&disk, 0, &wanted).into_iter().map(|(id, _)| id).collect();
    assert_eq!(present, (10..100).step_by(3).filter(|id| id % 2 == 0).collect::<Vec<_>>());
}

#[test]
fn removed_generations_and_rows_are_gone_and_their_space_is_used_again() {
    let volume = MemoryVolume::new();
    let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
    for generation in 0..8 {
        disk.commit(Some(&frozen(generation, 0..60)), &Rows::default(), &[]).unwrap();
    }
    let full = disk.allocated().unwrap();
    for generation in 8..60 {
        let rows = Rows { series: vec![(generation - 8, None)], metadata: vec![] };
        disk.commit(Some(&frozen(generation, 0..60)), &rows, &[generation - 8]).unwrap();
    }
    assert!(disk.allocated().unwrap() < full * 2, "{} then {}", full, disk.allocated().unwrap());
    drop(disk);
    let (_, loaded) = Disk::open(volume, CACHE).unwrap();
    assert_eq!(loaded.generations.keys().copied().collect::<Vec<_>>(), (52..60).collect::<Vec<_>>());
}

#[test]
fn a_power_cut_leaves_a_commit_whole_or_undone() {
    for seed in 1..60 {
        let volume = filled(2);
        let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
        // Space runs out in the middle of the commit, so part of it is written and none of it synced.
        volume.set_free(seed * 8192);
        let committed = disk.commit(Some(&frozen(2, 0..60)), &Rows::default(), &[0]).is_ok();
        let (disk, loaded) = Disk::open(volume.after_power_cut(seed * 977), CACHE).unwrap();
        let expected: &[u32] = if committed { &[1, 2] } else { &[0, 1] };
        assert_eq!(loaded.generations.keys().copied().collect::<Vec<_>>(), expected, "seed {seed}");
        let all: Vec<_> = (0..60).collect();
        for generation in expected {
            assert_eq!(read(&disk, *generation, &all), frozen(*generation, 0..60).chunks, "seed {seed}");
        }
    }
}

#[test]
fn a_full_disk_is_an_error_that_passes() {
    let volume = filled(1);
    let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
    volume.set_free(0);
    for _ in 0..3 {
        let refused = disk.commit(Some(&frozen(1, 0..600)), &Rows::default(), &[]).unwrap_err();
        assert!(matches!(refused, DiskError::Full(_) | DiskError::Other(_)), "{refused:?}");
        assert_eq!(read(&disk, 0, &[5]), frozen(0, [5]).chunks);
    }
    volume.set_free(u64::MAX);
    disk.commit(Some(&frozen(1, 0..600)), &Rows::default(), &[]).unwrap();
    assert_eq!(read(&disk, 1, &[5, 599]), frozen(1, [5, 599]).chunks);
}

#[test]
fn a_start_on_a_full_disk_waits_for_space() {
    let volume = MemoryVolume::new();
    volume.set_free(20_000);
    let (disk, loaded) = Disk::open(volume.clone(), CACHE).unwrap();
    assert_eq!((loaded.series.len(), loaded.is_incomplete), (0, false));
    for _ in 0..3 {
        let refused = disk.commit(Some(&frozen(0, 0..60)), &rows(), &[]).unwrap_err();
        assert!(matches!(refused, DiskError::Full(_)), "{refused:?}");
    }
    volume.set_free(u64::MAX);
    disk.commit(Some(&frozen(0, 0..60)), &rows(), &[]).unwrap();
    assert_eq!(read(&disk, 0, &[5]), frozen(0, [5]).chunks);
}

#[test]
fn a_device_that_fails_is_an_error_that_passes() {
    let volume = filled(1);
    let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
    volume.set_broken(true);
    assert!(matches!(disk.commit(Some(&frozen(1, 0..9)), &Rows::default(), &[]), Err(DiskError::Other(_))));
    assert!(disk.read(0, &[1], |_| Ok(ControlFlow::Continue(()))).is_err());
    volume.set_broken(false);
    assert_eq!(read(&disk, 0, &[1]), frozen(0, [1]).chunks);
    disk.commit(Some(&frozen(1, 0..9)), &Rows::default(), &[]).unwrap();
}

/// Reads everything a file holds, chunk by chunk, past damage. Returns what was lost.
fn read_past_damage(disk: &Disk, generations: u32) -> HashSet<(u32, u32)> {
    let all: Vec<_> = (0..60).collect();
    let mut lost = HashSet::new();
    for generation in 0..generations {
        let mut seen = Vec::new();
        let mut left = all.as_slice();
        while !left.is_empty() {
            let outcome =
                disk.read(generation, left, |Entry { id, chunk: Chunk { count, first, last, bits } }| {
                    seen.push((id, Chunk { count, first, last, bits: bits.to_vec() }));
                    Ok(ControlFlow::Continue(()))
                });
            match outcome {
                Ok(()) => break,
                Err((done, _)) => left = &left[done + 1..],
            }
        }
        for (id, chunk) in &seen {
            assert_eq!(*chunk, whole(generation)[*id as usize].1, "a changed chunk was served");
        }
        let seen: HashSet<_> = seen.into_iter().map(|(id, _)| id).collect();
        lost.extend(all.iter().filter(|id| !seen.contains(id)).map(|id| (generation, *id)));
    }
    lost
}

/// One bit is flipped in every page but the header. The pages that hold the file together (the roots, redb's own
/// lists) are few: of a store of 500 MB they are one in ten thousand, here one in eight.
#[test]
fn damage_to_any_page_costs_only_what_is_on_it() {
    let whole = filled(3);
    let pages = whole.len(FILE) / 4100;
    let (mut opened, mut refused, mut worst) = (0, 0, 0);
    for page in 1..pages {
        let volume = whole.after_kill();
        volume.flip(FILE, page * 4100 + page * 131 % 4100, 1 << (page % 8));
        match Disk::open(volume, CACHE) {
            Ok((disk, _)) => {
                opened += 1;
                worst = worst.max(read_past_damage(&disk, 3).len());
            }
            Err(DiskError::Damaged(_)) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(opened > pages as usize * 8 / 10, "{opened} opened, {refused} refused of {pages}");
    // A block holds about fourteen chunks; damage to a branch page takes the blocks below it.
    assert!((1..=180).contains(&worst), "{worst}");
}

/// Pages with the right checksum and number, but from earlier: nothing can be promised but that the process lives and
/// that no chunk is served as another's.
#[test]
fn confirmed_writes_that_were_lost_never_panic() {
    let volume = MemoryVolume::new();
    let (disk, _) = Disk::open(volume.clone(), CACHE).unwrap();
    let mut snapshots = Vec::new();
    for generation in 0..12 {
        let old: &[u32] = if generation > 2 { &[generation - 3] } else { &[] };
        disk.commit(Some(&frozen(generation, (generation % 3 * 7)..60)), &rows(), old).unwrap();
        snapshots.push(volume.after_kill());
    }
    disk.close();
    for (seed, before) in (1..400).zip(snapshots.iter().cycle()) {
        let Ok((disk, _)) = Disk::open(volume.with_lost_writes(FILE, before, seed), CACHE) else { continue };
        for generation in 0..12 {
            let wrong = |Entry { id, chunk }: Entry<'_>| {
                let first = i64::from(generation * 300) * 1000;
                assert!(chunk.first == first && id < 60, "generation {generation}: {}", chunk.first);
                Ok(ControlFlow::Continue(()))
            };
            drop(disk.read(generation, &(0..60).collect::<Vec<_>>(), wrong));
        }
        drop(disk.commit(Some(&frozen(12, 0..60)), &Rows::default(), &[9, 10]));
    }
}

#[test]
fn damage_to_the_header_never_panics() {
    let whole = filled(2);
    let mut outcomes = [0; 2];
    for at in 0..330 {
        for mask in [1 << (at % 8), 0xff] {
            let volume = whole.after_kill();
            volume.flip(FILE, at, mask);
            match Disk::open(volume, CACHE) {
                Ok((disk, _)) => {
                    outcomes[0] += 1;
                    read_past_damage(&disk, 2);
                }
                Err(_) => outcomes[1] += 1,
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

#[test]
fn a_file_cut_short_never_panics() {
    let whole = filled(2);
    for step in 0..80 {
        let volume = whole.after_kill();
        volume.truncate(FILE, whole.len(FILE) * step / 80);
        if let Ok((disk, _)) = Disk::open(volume, CACHE) {
            read_past_damage(&disk, 2);
        }
    }
}
