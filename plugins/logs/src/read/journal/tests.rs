use std::io::Read as _;
use std::path::Path;

use super::*;

const SECOND: i64 = 1_000_000_000;
const AT: i64 = 1_795_568_523;
const JOURNAL: &[u8] = include_bytes!("../../../tests/data/edge.journal.gz");

type Open = fn(Option<&Path>, Window, Direction) -> Result<Box<dyn Entries>, ReadError>;

fn journal() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(JOURNAL).read_to_end(&mut bytes).unwrap();
    std::fs::write(dir.path().join("edge.journal"), bytes).unwrap();
    dir
}

fn window(from: i64, to: i64) -> Window {
    Window { from: (AT + from) * SECOND, to: (AT + to) * SECOND }
}

/// The readers that this machine has.
#[allow(clippy::print_stdout)]
fn readers() -> Vec<(&'static str, Open)> {
    let mut readers: Vec<(&'static str, Open)> = Vec::new();
    #[cfg(feature = "journal")]
    readers.push(("native", native::open));
    if Path::new("/usr/bin/journalctl").exists() {
        readers.push(("command", command::open));
    } else {
        println!("NOT RUN: there is no journalctl here, so only the native reader is tried");
    }
    readers
}

fn all(open: Open, folder: &Path, window: Window, direction: Direction) -> Vec<Entry> {
    let mut entries = open(Some(folder), window, direction).unwrap();
    let mut all = Vec::new();
    while let Some(entry) = entries.next().unwrap() {
        all.push(entry);
    }
    all
}

#[test]
fn every_reader_gives_the_same_entries() {
    let dir = journal();
    for (name, open) in readers() {
        let entries = all(open, dir.path(), window(0, 1_000), Direction::Forward);
        assert_eq!(entries.len(), 300, "{name}");
        let expected = Entry {
            at: (AT + 1) * SECOND,
            message: b"session 1 opened".to_vec(),
            unit: "sshd.service".to_owned(),
            identifier: "sshd".to_owned(),
            transport: "stdout".to_owned(),
            hostname: "edge".to_owned(),
            priority: Some(6),
        };
        assert_eq!(entries[1], expected, "{name}");
        assert_eq!((entries[2].unit.as_str(), entries[2].transport.as_str()), ("", "kernel"), "{name}");

        let mut newest_first = all(open, dir.path(), window(0, 1_000), Direction::Backward);
        newest_first.reverse();
        assert_eq!(newest_first, entries, "{name}");

        let times: Vec<i64> = all(open, dir.path(), window(100, 103), Direction::Forward)
            .iter()
            .map(|entry| entry.at / SECOND - AT)
            .filter(|at| (100..103).contains(at))
            .collect();
        assert_eq!(times, [100, 101, 102], "{name}");
    }
}

#[test]
fn entries_become_streams_by_unit_and_level() {
    let dir = journal();
    let source = JournalSource::new(vec![("env".to_owned(), "test".to_owned())], Some(dir.path().to_owned()));
    let selector = Selector::default();
    let mut cursor = source.open(&selector, window(10, 13), Direction::Forward).unwrap().unwrap();
    let mut batch = Batch::default();
    assert!(cursor.fill(&mut batch).unwrap());
    let lines: Vec<(String, String)> = batch
        .lines()
        .map(|line| (String::from_utf8_lossy(line.text).into_owned(), line.labels.to_string()))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0].0, "session 10 opened");
    let labels = r#"{env="test", hostname="edge", identifier="sshd", job="journal", level="error", transport="stdout", unit="sshd.service"}"#;
    assert_eq!(lines[0].1, labels);
}

#[test]
fn a_damaged_journal_is_an_error_or_fewer_entries_and_never_more() {
    let dir = journal();
    let path = dir.path().join("edge.journal");
    let whole = std::fs::read(&path).unwrap();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..20 {
        let mut bytes = whole.clone();
        for _ in 0..200 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = usize::try_from(random % 200_000).unwrap();
            bytes[at] = bytes[at].wrapping_add(1);
        }
        if round % 4 == 0 {
            bytes.truncate(usize::try_from(random % 300_000).unwrap());
        }
        std::fs::write(&path, &bytes).unwrap();
        #[cfg(feature = "journal")]
        if let Ok(mut entries) = native::open(Some(dir.path()), window(0, 1_000), Direction::Forward) {
            let mut count = 0;
            while let Ok(Some(_)) = entries.next() {
                count += 1;
            }
            assert!(count <= 300, "round {round}: {count}");
        }
    }
}

#[test]
fn a_folder_without_a_journal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for (name, open) in readers() {
        match open(Some(dir.path()), window(0, 10), Direction::Forward) {
            Ok(mut entries) => assert_eq!(entries.next().unwrap(), None, "{name}"),
            Err(error) => assert!(error.to_string().contains("the journal can't be read"), "{name}: {error}"),
        }
    }
}
