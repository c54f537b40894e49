use std::path::PathBuf;

use super::*;
use crate::read::merge::Merge;

const SECOND: i64 = 1_000_000_000;
const AT: i64 = 1_795_568_523;

fn reading(root: &Path) -> Reading {
    Reading {
        roots: Arc::new(Roots::new([root.to_owned()]).unwrap()),
        index: Arc::new(Index::new(Some(root.join("index")))),
        zone: Zone::utc(),
    }
}

fn source(root: &Path, pattern: &str, format: Format) -> FileSource {
    let pattern = root.join(pattern).display().to_string();
    FileSource::new("app", vec![pattern], format, vec![("env".to_owned(), "test".to_owned())], &reading(root))
        .unwrap()
}

fn read(
    source: &FileSource,
    window: Window,
    direction: Direction,
) -> (Vec<(i64, String, String)>, Vec<String>) {
    let mut notices = Vec::new();
    let cursors = source.open(&Selector::default(), window, direction, &mut notices);
    let mut merge = Merge::new(cursors, direction);
    let mut lines = Vec::new();
    while let Some(line) = merge.next(&|| false) {
        lines.push((
            line.at / SECOND - AT,
            String::from_utf8_lossy(line.text).into_owned(),
            line.labels.to_string(),
        ));
    }
    notices.extend(merge.notices().iter().cloned());
    (lines, notices)
}

fn window(from: i64, to: i64) -> Window {
    Window { from: (AT + from) * SECOND, to: (AT + to) * SECOND }
}

fn write(path: PathBuf, times: impl IntoIterator<Item = i64>) {
    let text: String = times.into_iter().map(|at| format!("{} {at}\n", AT + at)).collect();
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut packer =
            flate2::write::GzEncoder::new(std::fs::File::create(path).unwrap(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
        packer.finish().unwrap();
    } else {
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn a_file_and_its_history_are_one_stream_in_order() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("a.log.2.gz"), 0..10);
    write(dir.path().join("a.log.1"), 10..20);
    write(dir.path().join("a.log"), 20..30);
    write(dir.path().join("b.log"), (0..30).step_by(3));
    let source = source(dir.path(), "*.log", Format::Text);

    let (lines, notices) = read(&source, window(5, 25), Direction::Forward);
    assert_eq!(notices, [] as [String; 0]);
    let times: Vec<i64> = lines.iter().map(|line| line.0).collect();
    let mut expected: Vec<i64> = (5..25).chain([6, 9, 12, 15, 18, 21, 24]).collect();
    expected.sort_unstable();
    assert_eq!(times, expected);
    let streams: std::collections::BTreeSet<_> = lines.iter().map(|line| line.2.clone()).collect();
    let name = |file: &str| dir.path().join(file).display().to_string();
    let labels = |file: &str| format!("{{env=\"test\", filename=\"{}\", job=\"app\"}}", name(file));
    assert_eq!(streams.into_iter().collect::<Vec<_>>(), [labels("a.log"), labels("b.log")]);

    let (newest_first, _) = read(&source, window(5, 25), Direction::Backward);
    let times: Vec<i64> = newest_first.iter().map(|line| line.0).collect();
    expected.reverse();
    assert_eq!(times, expected);
}

#[test]
fn what_is_no_text_is_told_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("a.log"), 0..3);
    std::fs::write(dir.path().join("b.log"), b"\0\0\0").unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), dir.path().join("c.log")).unwrap();
    let (lines, notices) =
        read(&source(dir.path(), "*.log", Format::Text), window(0, 10), Direction::Forward);
    assert_eq!(lines.len(), 3);
    assert!(notices.iter().any(|notice| notice.contains("binary data")), "{notices:?}");
    assert!(notices.iter().any(|notice| notice.contains("is outside of the folders")), "{notices:?}");
}

#[test]
fn dockers_lines_are_put_together() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("0123456789abcdef0123");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.v2.json"), r#"{"ID":"0123","Name":"/web"}"#).unwrap();
    let text = r#"{"log":"hello \u00e4\n","stream":"stdout","time":"2026-11-25T01:02:03.5Z"}
{"log":"first half, ","stream":"stderr","time":"2026-11-25T01:02:04Z"}
{"log":"between\n","stream":"stdout","time":"2026-11-25T01:02:05Z"}
{"log":"second half\n","stream":"stderr","time":"2026-11-25T01:02:06Z"}
no json at all
"#;
    std::fs::write(folder.join("0123-json.log"), text).unwrap();
    let (lines, notices) =
        read(&source(dir.path(), "*/*-json.log", Format::Docker), window(0, 10), Direction::Forward);
    assert_eq!(notices, [] as [String; 0]);
    let mut texts: Vec<_> = lines.iter().map(|line| line.1.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["between", "first half, second half", "hello ä", "no json at all"]);
    let err = lines.iter().find(|line| line.1.starts_with("first")).unwrap();
    assert!(
        err.2.contains(r#"container="web""#) && err.2.contains(r#"container_id="0123456789ab""#),
        "{}",
        err.2
    );
    assert!(err.2.contains(r#"stream="stderr""#), "{}", err.2);
}

#[test]
fn a_clock_that_went_backwards_loses_no_line() {
    let dir = tempfile::tempdir().unwrap();
    // An hour of lines, an hour back, an hour of lines again: several blocks each.
    let long = "x".repeat(300);
    let times = (0..3_600).chain(0..3_600);
    let text: String = times.map(|at| format!("{} {long}\n", AT + at)).collect();
    std::fs::write(dir.path().join("a.log"), text).unwrap();
    let source = source(dir.path(), "a.log", Format::Text);
    for direction in [Direction::Forward, Direction::Backward] {
        let (lines, _) = read(&source, window(1_800, 1_860), direction);
        assert_eq!(lines.len(), 120, "{direction:?}");
    }
}
