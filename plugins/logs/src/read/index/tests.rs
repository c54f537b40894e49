use std::io::Write as _;

use super::*;
use crate::read::Window;
use crate::read::spans::LEAST_BLOCK;
use crate::read::zone::Zone;

const SECOND: i64 = 1_000_000_000;
const AT: i64 = 1_795_568_523;

fn context() -> StampContext {
    StampContext { zone: Zone::utc(), written: (AT + 1_000_000) * SECOND }
}

fn line(at: i64) -> String {
    format!("{at} some words that make the line longer than it would be without them\n")
}

fn spans(index: &Index, path: &Path) -> Result<Spans, ReadError> {
    let file = File::open(path).unwrap();
    index.spans(&file, path, &file.metadata().unwrap(), &context()).map(|(_, spans)| spans)
}

/// A file of some 2.5 MB, a line each second.
fn written(dir: &Path) -> (PathBuf, i64) {
    let path = dir.join("app.log");
    let mut file = File::create(&path).unwrap();
    let count = 32_000;
    for at in 0..count {
        file.write_all(line(AT + at).as_bytes()).unwrap();
    }
    (path, count)
}

#[test]
fn a_window_in_a_large_file_needs_few_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let (path, count) = written(dir.path());
    let spans = spans(&Index::new(None), &path).unwrap();
    assert!(spans.spans.len() > 8, "{}", spans.spans.len());
    let from = (AT + count / 2) * SECOND;
    let blocks: Vec<_> = spans.meeting(Window { from, to: from + 60 * SECOND }).collect();
    assert!(!blocks.is_empty() && blocks.len() <= 2, "{blocks:?}");
}

#[test]
fn an_index_is_kept_and_a_damaged_one_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = written(dir.path());
    let folder = dir.path().join("index");
    let index = Index::new(Some(folder.clone()));
    let first = spans(&index, &path).unwrap();
    index.save();
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();

    let kept = decode(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept.spans, first);
    assert_eq!(spans(&Index::new(Some(folder.clone())), &path).unwrap(), first);

    let good = std::fs::read(&file).unwrap();
    for at in [0, 9, 20, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        assert!(decode(&bad).is_none(), "byte {at}");
        std::fs::write(&file, &bad).unwrap();
        assert_eq!(spans(&Index::new(Some(folder.clone())), &path).unwrap(), first, "byte {at}");
    }
    assert!(decode(&[]).is_none());
    assert!(decode(&good[..good.len() / 2]).is_none());
}

#[test]
fn growth_is_added_truncation_and_a_new_file_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, count) = written(dir.path());
    let index = Index::new(None);
    let before = spans(&index, &path).unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    for at in 0..100 {
        file.write_all(line(AT + count + at).as_bytes()).unwrap();
    }
    let after = spans(&index, &path).unwrap();
    assert!(after.covered > before.covered);
    assert_eq!(after.spans.last().unwrap().last, (AT + count + 99) * SECOND);
    // All but the last block are as they were.
    let same = before.spans.len() - 1;
    assert_eq!(after.spans[..same], before.spans[..same]);

    // copytruncate: the same inode, emptied and written anew.
    file.set_len(0).unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    file.write_all(line(AT + 500_000).as_bytes()).unwrap();
    let anew = spans(&index, &path).unwrap();
    assert_eq!(anew.bounds(), ((AT + 500_000) * SECOND, (AT + 500_000) * SECOND));
    assert_eq!(anew.block, LEAST_BLOCK);
}

#[test]
fn binary_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp.log");
    std::fs::write(&path, b"\x08\0\0\0ts/0").unwrap();
    let error = spans(&Index::new(None), &path).unwrap_err().to_string();
    assert!(error.contains("binary data") && error.contains("leave it out of `paths`"), "{error}");
}

#[test]
fn memory_is_bounded() {
    let index = Index::new(None);
    for inode in 0..3_000 {
        let spans = Spans { block: LEAST_BLOCK, covered: 0, spans: vec![Span::EMPTY; 100] };
        let known = Known { head_length: 0, head_hash: 0, spans, changed: false, used: 0 };
        index.hold(FileKey { device: 1, inode }, known);
    }
    let held = index.held();
    let spans: usize = held.files.values().map(|known| known.spans.spans.len()).sum();
    assert!(spans <= MAX_SPANS_HELD, "{spans}");
    assert!(held.files.contains_key(&FileKey { device: 1, inode: 2_999 }));
}
