use std::io::Write as _;

use super::*;
use crate::logql::Labels;
use crate::read::family;
use crate::read::zone::Zone;

fn gzip(path: &std::path::Path, text: &[u8]) {
    let mut packer = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap();
}

fn read(path: &std::path::Path, direction: Direction) -> Result<(Vec<String>, bool), ReadError> {
    let member = family::member(path.to_owned()).unwrap();
    let context = StampContext { zone: Zone::utc(), written: member.written };
    let window = Window { from: 0, to: i64::MAX };
    let shape = Arc::new(Shape::Text(Labels::default()));
    let index = Arc::new(Index::new(None));
    let file = File::open(path).unwrap();
    let mut cursor = PackedCursor::open(file, &member, context, window, direction, &shape, &index)?.unwrap();
    let (mut lines, mut batch, mut cut) = (Vec::new(), Batch::default(), false);
    while cursor.fill(&mut batch)? {
        for line in batch.lines() {
            cut |= line.cut;
            lines.push(String::from_utf8_lossy(line.text).into_owned());
        }
    }
    Ok((lines, cut))
}

#[test]
fn packed_files_are_read_in_both_directions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log.1.gz");
    // Several pieces, and a line that ends in the middle of none.
    let lines: Vec<String> = (0..40_000).map(|at| format!("2026-11-25T01:02:03Z line {at}")).collect();
    gzip(&path, lines.join("\n").as_bytes());
    assert_eq!(read(&path, Direction::Forward).unwrap().0, lines);
    let mut newest_first = lines;
    newest_first.reverse();
    assert_eq!(read(&path, Direction::Backward).unwrap().0, newest_first);
}

#[test]
fn a_line_longer_than_the_limit_is_cut_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log.1.gz");
    let mut text = b"before\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 5 * MAX_LINE + 17));
    text.extend(b"\nafter\n");
    gzip(&path, &text);
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut lines, cut) = read(&path, direction).unwrap();
        if direction == Direction::Backward {
            lines.reverse();
        }
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths.len(), 3, "{direction:?}: {lengths:?}");
        assert_eq!((lengths[0], lengths[2]), (6, 5), "{direction:?}");
        assert!(cut && lengths[1] <= 2 * MAX_LINE, "{direction:?}");
    }
}

#[test]
fn a_damaged_file_gives_its_beginning_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log.1.gz");
    let lines: Vec<String> =
        (0..100_000).map(|at| format!("2026-11-25T01:02:03Z line {at} {}", at * 7919 % 10_007)).collect();
    gzip(&path, lines.join("\n").as_bytes());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (found, _) = read(&path, Direction::Backward).unwrap();
    assert!(found.len() > 10_000 && found.len() < lines.len(), "{}", found.len());
    std::fs::write(&path, b"this is no gzip file, whatever its name says").unwrap();
    let error = read(&path, Direction::Forward).unwrap_err().to_string();
    assert!(error.contains("can't be unpacked further than 0 bytes"), "{error}");
}

#[test]
fn zstd_files_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log-20261124.zst");
    let lines: Vec<String> = (0..1_000).map(|at| format!("2026-11-24T01:02:03Z line {at}")).collect();
    let packed = ruzstd::encoding::compress_to_vec(
        lines.join("\n").as_bytes(),
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    std::fs::write(&path, packed).unwrap();
    assert_eq!(read(&path, Direction::Forward).unwrap().0, lines);
}
