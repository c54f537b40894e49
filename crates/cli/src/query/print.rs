//! The answer to queries → text or bytes, on standard output or in files.
//!
//! It deliberately prints the frames of a failed query too: an answer may be half good.

use std::path::{Path, PathBuf};

use graftwire_frame::table::{self, TableLimits};
use graftwire_frame::{DecodeLimits, Frame, response};
use graftwire_model::{DataResponse, FrameFormat, QueryResponse};

use super::{QueryArgs, Shown, lines};
use crate::chart::{self, Canvas};
use crate::failure::Failure;
use crate::output::Output;
use crate::{file, series};

/// Prints answers one after the other.
pub(super) struct Printer {
    shown: Shown,
    out: Option<PathBuf>,
    output: Output,
}

impl Printer {
    pub(super) fn new(args: &QueryArgs, json: bool) -> Result<Self, Failure> {
        let output = Output::stdout();
        let shown = match (args.output, json) {
            (None | Some(Shown::Json), true) => Shown::Json,
            (Some(_), true) => {
                return Err(Failure::usage("--json and --output contradict each other; give one"));
            }
            (Some(shown), false) => shown,
            (None, false) if output.is_terminal() && args.out.is_none() => Shown::Text,
            (None, false) => Shown::Json,
        };
        Ok(Self { shown, out: args.out.clone(), output })
    }

    pub(super) fn print(&mut self, answer: &QueryResponse) -> Result<(), Failure> {
        match self.shown {
            Shown::Arrow => self.arrow(answer)?,
            Shown::Json => {
                let mut json = response::write(answer, &DecodeLimits::NONE).map_err(undecodable)?;
                json.push(b'\n');
                self.deliver(&json)?;
            }
            Shown::Text | Shown::Table => {
                let text = tables(answer, self.shown == Shown::Text)?;
                self.deliver(text.as_bytes())?;
            }
            Shown::Chart => {
                let text = self.chart(answer)?;
                self.deliver(text.as_bytes())?;
            }
        }
        self.output.flush()
    }

    fn deliver(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &self.out {
            Some(path) => file::write(path, bytes),
            None => self.output.bytes(bytes),
        }
    }

    fn chart(&self, answer: &QueryResponse) -> Result<String, Failure> {
        let mut all = Vec::new();
        for (_, frame) in decode(answer)? {
            all.extend(series::of_frame(&frame));
        }
        let color = self.output.color() && self.out.is_none();
        Ok(chart::draw(&all, Canvas { columns: crate::output::columns(), color }))
    }

    fn arrow(&mut self, answer: &QueryResponse) -> Result<(), Failure> {
        let frames = decode(answer)?;
        match (&self.out, frames.as_slice()) {
            (None, [(_, frame)]) => self.output.binary(&arrow_file(frame)?, "an Arrow file"),
            (None, several) => Err(Failure::usage(format!(
                "the answer holds {} frames and an Arrow file holds one; add --out FILE for numbered files",
                several.len()
            ))),
            (Some(path), [(_, frame)]) => file::write(path, &arrow_file(frame)?),
            (Some(path), several) => several.iter().enumerate().try_for_each(|(index, (ref_id, frame))| {
                file::write(&numbered(path, ref_id, index), &arrow_file(frame)?)
            }),
        }
    }
}

/// The texts of the queries that failed.
pub(super) fn failed(answer: &QueryResponse) -> Vec<String> {
    let failed = answer.responses.iter().filter(|(_, answer)| answer.is_error());
    failed.map(|(ref_id, answer)| describe(ref_id, answer)).collect()
}

fn describe(ref_id: &str, answer: &DataResponse) -> String {
    let source = answer.error_source.map(|source| format!(", source {source}")).unwrap_or_default();
    format!("query {ref_id} failed (status {}{source}): {}", answer.status, series::printable(&answer.error))
}

fn decode(answer: &QueryResponse) -> Result<Vec<(&str, Frame)>, Failure> {
    let mut frames = Vec::new();
    for (ref_id, answer) in &answer.responses {
        for (index, encoded) in answer.frames.iter().enumerate() {
            let mut frame = Frame::decode_within(encoded, &DecodeLimits::NONE).map_err(|cause| {
                Failure::answer(format!("query {ref_id}: frame {index} of the answer is broken"))
                    .because(cause)
            })?;
            if frame.ref_id.is_empty() {
                frame.ref_id.clone_from(ref_id);
            }
            frames.push((ref_id.as_str(), frame));
        }
    }
    Ok(frames)
}

/// Frames as tables, log lines as lines if wanted. Of queries that failed without a frame their errors tell.
fn tables(answer: &QueryResponse, with_lines: bool) -> Result<String, Failure> {
    let frames = decode(answer)?;
    if frames.is_empty() {
        let all_failed =
            !answer.responses.is_empty() && answer.responses.values().all(DataResponse::is_error);
        return Ok(if all_failed { String::new() } else { "no frames in the answer\n".to_owned() });
    }
    let shown = |(_, frame): &(&str, Frame)| {
        let lines = if with_lines { lines::render(frame) } else { None };
        lines.unwrap_or_else(|| table::render(frame, &TableLimits::default()))
    };
    Ok(frames.iter().map(shown).collect::<Vec<_>>().join("\n"))
}

fn arrow_file(frame: &Frame) -> Result<Vec<u8>, Failure> {
    let encoded = frame.encode(FrameFormat::Arrow);
    encoded.map(|encoded| encoded.into_bytes().into()).map_err(|cause| {
        Failure::answer("a frame of the answer can't be written as an Arrow file").because(cause)
    })
}

fn undecodable(cause: response::ResponseError) -> Failure {
    Failure::answer("the answer can't be written as JSON").because(cause)
}

/// `x.arrow` as `x.A.3.arrow`, with nothing of a refId that a file name can't have.
fn numbered(path: &Path, ref_id: &str, index: usize) -> PathBuf {
    let safe: String =
        ref_id.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{safe}.{index}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
