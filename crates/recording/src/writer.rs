//! Lines → file. Each line is one write, so that a process that is killed leaves whole lines, the last one excepted.
//!
//! It deliberately never fails a call: a file that can't be written ends the recording, and the calls go on.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::format::Line;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest message whose bytes are written; of longer ones only the length. Default 16 MiB.
    pub message: usize,
    /// The longest message that is also written as JSON. Default 256 KiB.
    pub readable: usize,
    /// The longest file; the recording ends there. Default 1 GiB.
    pub file: u64,
    /// Whether messages of methods that no text is known for are written. Nobody can tell what in them is secret.
    /// Default: their length alone.
    pub unknown: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 16 << 20, readable: 256 << 10, file: 1 << 30, unknown: false }
    }
}

/// A file that takes lines until it can't.
#[derive(Debug)]
pub(crate) struct Writer {
    file: Option<File>,
    written: u64,
    limit: u64,
}

impl Writer {
    /// Makes the file. One that is there is left alone: `x.jsonl` becomes `x.2.jsonl`, and so on.
    pub(crate) fn create(path: &Path, limit: u64) -> io::Result<(Self, PathBuf)> {
        const TRIES: u32 = 10_000;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // What was not recognised as a secret is for the person who recorded, too.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        for number in 1..TRIES {
            let path = numbered(path, number);
            match options.open(&path) {
                Ok(file) => return Ok((Self { file: Some(file), written: 0, limit }, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Whether lines are still taken.
    pub(crate) const fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Writes a line. Gives the reason if this was the last one.
    pub(crate) fn write(&mut self, line: &Line, at: f64) -> Option<String> {
        let file = self.file.as_mut()?;
        let text = match serde_json::to_string(line) {
            Ok(text) => format!("{text}\n"),
            Err(error) => return Some(self.stop(at, format!("a line can't be written as JSON: {error}"))),
        };
        if self.written + text.len() as u64 > self.limit {
            let limit = self.limit;
            return Some(self.stop(at, format!("the file would be longer than {limit} bytes, the limit")));
        }
        match file.write_all(text.as_bytes()) {
            Ok(()) => {
                self.written += text.len() as u64;
                None
            }
            Err(error) => Some(self.stop(at, format!("the file can't be written: {error}"))),
        }
    }

    /// Ends the file after its last whole line, with the reason if there is room for it.
    fn stop(&mut self, at: f64, why: String) -> String {
        if let Some(mut file) = self.file.take() {
            let last = serde_json::to_string(&Line::Stopped { at, why: why.clone() }).unwrap_or_default();
            // A full disk still allows a file to become shorter.
            let _ = file.set_len(self.written);
            let _ = file.seek(io::SeekFrom::Start(self.written));
            if file.write_all(format!("{last}\n").as_bytes()).is_err() {
                let _ = file.set_len(self.written);
            }
        }
        why
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Line, Writer, numbered};

    fn line(text: &str) -> Line {
        Line::Stopped { at: 0.5, why: text.to_owned() }
    }

    #[test]
    fn an_older_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let (_, first) = Writer::create(&path, 100).unwrap();
        let (_, second) = Writer::create(&path, 100).unwrap();
        assert_eq!((first, second), (path, folder.path().join("calls.2.jsonl")));
        assert_eq!(numbered(Path::new("plain"), 3), Path::new("plain.3"));
    }

    #[test]
    fn the_limit_ends_the_file_after_a_whole_line_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, path) = Writer::create(&folder.path().join("x"), 100).unwrap();
        assert_eq!(writer.write(&line("short"), 0.0), None);
        let why = writer.write(&line(&"long".repeat(100)), 1.0).unwrap();
        assert!(why.contains("100 bytes"), "{why}");
        assert!(!writer.is_open());
        assert_eq!(writer.write(&line("never"), 2.0), None);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), lines[1]["event"].as_str()), (2, Some("stopped")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_a_reason_and_no_panic() {
        let file = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut writer = Writer { file: Some(file), written: 0, limit: 1000 };
        let why = writer.write(&line("x"), 0.0).unwrap();
        assert!(why.contains("can't be written") && !writer.is_open(), "{why}");
    }
}
