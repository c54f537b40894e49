//! Files as a source: what the settings name → streams, and cursors over them.
//!
//! It deliberately remembers no list of files: at each query they are looked for anew, as rotation changes them.

use std::path::Path;
use std::sync::Arc;

use graftwire_sdk::error_text;
use serde::Deserialize;

use super::batch::{Batch, Found};
use super::family::{self, Family, Member, Packing};
use super::index::Index;
use super::packed::PackedCursor;
use super::plain::{Opened, Place, PlainCursor};
use super::roots::Roots;
use super::stamp::StampContext;
use super::zone::Zone;
use super::{Cursor, Direction, ReadError, Window};
use crate::logql::{Labels, Selector};

/// How much later than a file's last change a line of it may say it is: clocks differ.
const LATER: i64 = 3_600_000_000_000;
/// The most files that one query opens.
const MAX_OPEN: usize = 1_000;
/// How often files are opened anew because they were rotated meanwhile.
const TRIES: u32 = 5;

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As text, a line each.
    #[default]
    Text,
    /// Docker's `json-file` driver: `{"log":"…\n","stream":"stdout","time":"…"}`.
    Docker,
}

/// Some files with the labels they get.
#[derive(Debug)]
pub struct FileSource {
    job: String,
    patterns: Vec<String>,
    format: Format,
    labels: Vec<(String, String)>,
    roots: Arc<Roots>,
    index: Arc<Index>,
    zone: Zone,
}

/// What turns lines of a file into lines of streams.
#[derive(Debug)]
pub(super) enum Shape {
    Text(Labels),
    Docker { stdout: Labels, stderr: Labels },
}

impl FileSource {
    /// Files by patterns. Every stream has the labels `job`, `filename` and those given; Docker's also `stream`,
    /// `container_id` and `container`.
    ///
    /// # Errors
    /// Patterns that can't be used.
    pub fn new(
        job: &str,
        patterns: Vec<String>,
        format: Format,
        labels: Vec<(String, String)>,
        place: &Reading,
    ) -> Result<Self, ReadError> {
        family::check(&patterns, &place.roots)?;
        Ok(Self {
            job: job.to_owned(),
            patterns,
            format,
            labels,
            roots: Arc::clone(&place.roots),
            index: Arc::clone(&place.index),
            zone: place.zone.clone(),
        })
    }

    /// The time index of its files.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The streams there are, whatever the time.
    #[must_use]
    pub fn streams(&self) -> Vec<Labels> {
        let families = family::find(&self.patterns, &self.roots).families;
        families.iter().flat_map(|family| self.shape(family).streams()).collect()
    }

    /// Cursors over what a selector selects, and what is worth saying about files that are left out.
    pub fn open(
        &self,
        selector: &Selector,
        window: Window,
        direction: Direction,
        notices: &mut Vec<String>,
    ) -> Vec<Box<dyn Cursor>> {
        let mut found = family::find(&self.patterns, &self.roots);
        let mut tries = 0;
        loop {
            tries += 1;
            let opened = self.open_found(&found, selector, window, direction);
            // A rotation between the look and the opening would lose lines, or give them twice.
            let again = family::find(&self.patterns, &self.roots);
            if tries == TRIES || (!opened.is_torn && family::same_files(&found, &again)) {
                notices.extend(found.notices);
                notices.extend(opened.notices);
                if opened.is_torn {
                    notices.push(
                        "files were rotated again and again while they were opened; lines may be missing"
                            .to_owned(),
                    );
                }
                return opened.cursors;
            }
            found = again;
        }
    }

    fn open_found(
        &self,
        found: &family::Found,
        selector: &Selector,
        window: Window,
        direction: Direction,
    ) -> OpenedFiles {
        let mut opened = OpenedFiles::default();
        for family in &found.families {
            let shape = self.shape(family);
            if !shape.streams().iter().any(|labels| selector.matches(labels)) {
                continue;
            }
            let shape = Arc::new(shape);
            // A file that was last written before the window begins has nothing in it.
            let members =
                family.members.iter().filter(|member| member.written.saturating_add(LATER) >= window.from);
            for member in members {
                if opened.cursors.len() == MAX_OPEN {
                    opened.notices.push(format!(
                        "more than {MAX_OPEN} files are selected; the rest was left out, select fewer by their labels"
                    ));
                    return opened;
                }
                match self.cursor(member, window, direction, &shape) {
                    Ok(Some(cursor)) => opened.cursors.push(cursor),
                    Ok(None) => {}
                    // Rotated away between the list and now: its lines are in another member.
                    Err(error) if error.is_gone() => opened.is_torn = true,
                    Err(error) => opened.notices.push(error_text(&error)),
                }
            }
        }
        opened
    }

    fn cursor(
        &self,
        member: &Member,
        window: Window,
        direction: Direction,
        shape: &Arc<Shape>,
    ) -> Result<Option<Box<dyn Cursor>>, ReadError> {
        let file = self.roots.open(&member.path)?;
        let about = file.metadata().map_err(ReadError::system(&member.path, "read"))?;
        if family::identity(&about) != member.identity {
            return Err(ReadError::system(&member.path, "open")(std::io::ErrorKind::NotFound.into()));
        }
        let context = StampContext { zone: self.zone.clone(), written: member.written };
        if member.packing != Packing::Plain {
            let cursor = PackedCursor::open(file, member, context, window, direction, shape, &self.index)?;
            return Ok(cursor.map(|cursor| Box::new(cursor) as Box<dyn Cursor>));
        }
        let (key, spans) = self.index.spans(&file, &member.path, &about, &context)?;
        let known = Some((Arc::clone(&self.index), key));
        let opened = Opened { file, path: member.path.clone(), size: about.len(), spans, context, known };
        Ok(Some(Box::new(PlainCursor::new(opened, window, direction, Arc::clone(shape)))))
    }

    fn shape(&self, family: &Family) -> Shape {
        let mut pairs = self.labels.clone();
        pairs.push(("job".to_owned(), self.job.clone()));
        pairs.push(("filename".to_owned(), family.name.display().to_string()));
        match self.format {
            Format::Text => Shape::Text(Labels::new(pairs)),
            Format::Docker => {
                let id = family.name.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
                pairs.push(("container_id".to_owned(), id.chars().take(12).collect()));
                if let Some(name) = container_name(&family.name, &self.roots) {
                    pairs.push(("container".to_owned(), name));
                }
                let with = |stream: &str| {
                    Labels::new(pairs.iter().cloned().chain([("stream".to_owned(), stream.to_owned())]))
                };
                Shape::Docker { stdout: with("stdout"), stderr: with("stderr") }
            }
        }
    }
}

/// Files of one look, opened.
#[derive(Default)]
struct OpenedFiles {
    cursors: Vec<Box<dyn Cursor>>,
    notices: Vec<String>,
    /// Names changed their files meanwhile.
    is_torn: bool,
}

/// What all sources of files share.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Where files may be read.
    pub roots: Arc<Roots>,
    /// Times of blocks.
    pub index: Arc<Index>,
    /// The zone of times without one.
    pub zone: Zone,
}

/// Docker keeps a container's settings beside its log.
fn container_name(log: &Path, roots: &Roots) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "Name")]
        name: String,
    }
    /// Such files are a few KB.
    const MOST: u64 = 1024 * 1024;
    let file = roots.open(&log.parent()?.join("config.v2.json")).ok()?;
    let config: Config = serde_json::from_reader(std::io::Read::take(file, MOST)).ok()?;
    Some(config.name.trim_start_matches('/').to_owned())
}

/// A line of Docker's log.
#[derive(Deserialize)]
struct DockerLine<'a> {
    #[serde(borrow)]
    log: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    stream: std::borrow::Cow<'a, str>,
}

impl Shape {
    pub(super) fn streams(&self) -> Vec<Labels> {
        match self {
            Self::Text(labels) => vec![labels.clone()],
            Self::Docker { stdout, stderr } => vec![stdout.clone(), stderr.clone()],
        }
    }

    /// Lines of a buffer into a batch. The buffer goes along where its lines are taken as they are.
    pub(super) fn put(&self, batch: &mut Batch, buffer: &mut Vec<u8>, lines: Vec<(Place, i64)>) {
        match self {
            Self::Text(labels) => {
                let stream = batch.stream(labels);
                batch.found.extend(lines.into_iter().map(|(place, at)| Found::of(place, at, stream)));
                std::mem::swap(&mut batch.bytes, buffer);
            }
            Self::Docker { stdout, stderr } => {
                let streams = [batch.stream(stdout), batch.stream(stderr)];
                // Docker cuts lines of more than 16 KiB; a piece that is not the last has no line end.
                let mut pending: [Option<(i64, Vec<u8>)>; 2] = [None, None];
                for (place, at) in lines {
                    let text = buffer.get(place.start..place.end).unwrap_or_default();
                    let Ok(line) = serde_json::from_slice::<DockerLine<'_>>(text) else {
                        // Not Docker's: better shown as it is than lost.
                        batch.push(at, text, streams[0]);
                        continue;
                    };
                    let of = usize::from(line.stream == "stderr");
                    let [out, err] = &mut pending;
                    let (slot, stream) = if of == 1 { (err, streams[1]) } else { (out, streams[0]) };
                    let (at, mut whole) = slot.take().unwrap_or((at, Vec::new()));
                    whole.extend_from_slice(line.log.as_bytes());
                    if whole.last() == Some(&b'\n') {
                        whole.pop();
                        batch.push(at, &whole, stream);
                    } else if whole.len() > super::MAX_LINE {
                        batch.push(at, &whole, stream);
                    } else {
                        *slot = Some((at, whole));
                    }
                }
                for (slot, stream) in pending.into_iter().zip(streams) {
                    if let Some((at, whole)) = slot {
                        batch.push(at, &whole, stream);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
