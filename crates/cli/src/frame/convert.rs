//! `graftwire frame convert`: frames from one form to another.
//!
//! It deliberately changes nothing about a frame: a conversion to Arrow and back gives the same frame.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use graftwire_frame::{Frame, FrameError, FrameFormat, csv, json};
use serde_json::json;

use super::input::{self, Input};
use crate::failure::{Exit, Failure};
use crate::file;
use crate::output::Output;

/// Arguments of `frame convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// An Arrow file, a frame as JSON, a JSON list of frames, a query response, or packets of a stream; - reads
    /// standard input. The form is recognised by the content.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The form to write. A file of several frames gives a JSON list; Arrow and CSV hold one frame each.
    #[arg(long, value_enum)]
    to: Target,
    /// Write here instead of standard output. Several frames as Arrow or CSV are numbered: x.arrow becomes x.0.arrow.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only this frame of several, counted from 0.
    #[arg(long, value_name = "N")]
    frame: Option<usize>,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Frame JSON, as Grafana's APIs and Live have it.
    Json,
    /// Arrow IPC file, as plugins send frames.
    Arrow,
    /// Comma-separated values: names with labels in the first line; types, config and meta are lost.
    Csv,
}

pub(super) fn run(args: &ConvertArgs, json: bool) -> Result<Exit, Failure> {
    let mut input = input::read(&args.file)?;
    if let Some(index) = args.frame {
        input.frames = vec![chosen(input.frames, index)?];
    }
    let single = args.frame.is_some() || input.form.is_single();
    match (&args.out, args.to) {
        (Some(out), _) => {
            let files = write_files(&input.frames, single, args.to, out)?;
            report(&input, &files, json)?;
        }
        (None, Target::Json) => {
            let mut output = Output::stdout();
            output.bytes(&encode_json(&input.frames, single)?)?;
            output.text("\n")?;
            output.flush()?;
        }
        (None, target) => write_one(&input.frames, target)?,
    }
    failed_queries(&input)
}

fn chosen(frames: Vec<Frame>, index: usize) -> Result<Frame, Failure> {
    let count = frames.len();
    frames.into_iter().nth(index).ok_or_else(|| {
        Failure::usage(format!("--frame {index}: the file holds {count} frame(s), counted from 0"))
    })
}

/// A response may hold errors beside frames: the frames are written, and the errors are told.
fn failed_queries(input: &Input) -> Result<Exit, Failure> {
    let Some((ref_id, answer)) = input.errors.first() else { return Ok(Exit::Fine) };
    Err(Failure::answer(format!("the response holds an error for refId {ref_id:?}: {}", answer.error)))
}

fn write_one(frames: &[Frame], target: Target) -> Result<(), Failure> {
    let [frame] = frames else {
        return Err(Failure::usage(format!(
            "the file holds {} frames and {target:?} holds one each; add --out FILE for numbered files, or --frame N",
            frames.len()
        )));
    };
    let mut output = Output::stdout();
    match target {
        Target::Arrow => output.binary(&encode(frame, target)?, "an Arrow file")?,
        _ => output.bytes(&encode(frame, target)?)?,
    }
    output.flush()
}

/// Writes the files and gives their names with sizes.
fn write_files(
    frames: &[Frame],
    single: bool,
    target: Target,
    out: &Path,
) -> Result<Vec<(PathBuf, usize)>, Failure> {
    if target == Target::Json {
        let mut bytes = encode_json(frames, single)?;
        bytes.push(b'\n');
        file::write(out, &bytes)?;
        return Ok(vec![(out.to_owned(), bytes.len())]);
    }
    let mut written = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let path = if single { out.to_owned() } else { numbered(out, index) };
        let bytes = encode(frame, target)?;
        file::write(&path, &bytes)?;
        written.push((path, bytes.len()));
    }
    Ok(written)
}

/// `x.arrow` as `x.3.arrow`.
fn numbered(path: &Path, index: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{index}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn encode_json(frames: &[Frame], single: bool) -> Result<Vec<u8>, Failure> {
    match frames {
        [frame] if single => encode(frame, Target::Json),
        several => json::write_list(several).map_err(unwritable),
    }
}

fn encode(frame: &Frame, target: Target) -> Result<Vec<u8>, Failure> {
    match target {
        Target::Json => frame.encode(FrameFormat::Json).map(|encoded| encoded.into_bytes().into()),
        Target::Arrow => frame.encode(FrameFormat::Arrow).map(|encoded| encoded.into_bytes().into()),
        Target::Csv => Ok(csv::to_string(frame).into_bytes()),
    }
    .map_err(unwritable)
}

fn unwritable(cause: FrameError) -> Failure {
    Failure::file("the frame can't be written in that form").because(cause)
}

fn report(input: &Input, files: &[(PathBuf, usize)], json: bool) -> Result<(), Failure> {
    let mut output = Output::stdout();
    if json {
        let list: Vec<_> = files
            .iter()
            .map(|(path, bytes)| json!({"file": path.to_string_lossy(), "bytes": bytes}))
            .collect();
        output.json(&json!({"from": input.form.as_str(), "frames": input.frames.len(), "written": list}))?;
    } else {
        for (path, bytes) in files {
            output.line(&format!("{}: {bytes} bytes", path.display()))?;
        }
    }
    output.flush()
}
