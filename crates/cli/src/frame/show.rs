//! `graftwire frame show`: what is in a file of frames, for a person or (with `--json`) for a program.
//!
//! It deliberately shows values as they are: units and decimals are the affair of panels.

use std::path::PathBuf;

use clap::Args;
use graftwire_frame::table::{self, TableLimits};
use graftwire_frame::{Field, Frame};
use serde_json::{Value, json};

use super::input::{self, Input};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::series::printable;

/// Arguments of `frame show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// An Arrow file, a frame as JSON, a JSON list of frames, a query response, or packets of a stream; - reads
    /// standard input. The form is recognised by the content.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// How many rows of each frame are shown; 0 = all.
    #[arg(long, value_name = "N", default_value = "50")]
    rows: usize,
    /// How many fields of each frame are shown; 0 = all.
    #[arg(long, value_name = "N", default_value = "20")]
    fields: usize,
    /// How many columns of the terminal a cell may take; 0 = as many as it needs.
    #[arg(long, value_name = "N", default_value = "60")]
    width: usize,
}

pub(super) fn run(args: &ShowArgs, json: bool) -> Result<Exit, Failure> {
    let input = input::read(&args.file)?;
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&input))?;
    } else {
        output.text(&to_text(&input, args))?;
    }
    output.flush()?;
    Ok(Exit::Fine)
}

fn to_text(input: &Input, args: &ShowArgs) -> String {
    let mut parts = vec![headline(input)];
    let or_all = |limit: usize| if limit == 0 { usize::MAX } else { limit };
    let limits = TableLimits::default()
        .with_rows(or_all(args.rows))
        .with_fields(or_all(args.fields))
        .with_cell_width(or_all(args.width));
    parts.extend(input.frames.iter().map(|frame| of_frame(frame, &limits)));
    for (ref_id, answer) in &input.errors {
        let source = answer.error_source.map(|source| format!(", source {source}")).unwrap_or_default();
        let error = printable(&answer.error);
        parts.push(format!(
            "query {} failed (status {}{source}): {error}\n",
            printable(ref_id),
            answer.status
        ));
    }
    parts.join("\n")
}

fn headline(input: &Input) -> String {
    match input.frames.len() {
        1 => format!("{}, 1 frame\n", input.form.as_str()),
        count => format!("{}, {count} frames\n", input.form.as_str()),
    }
}

/// The table, and below it what a table has no place for.
fn of_frame(frame: &Frame, limits: &TableLimits) -> String {
    let mut text = table::render(frame, limits);
    if let Some(meta) = &frame.meta {
        push_json(&mut text, "meta", meta);
    }
    for field in &frame.fields {
        if let Some(config) = &field.config {
            push_json(&mut text, &format!("config of {}", printable(&field.title())), config);
        }
    }
    text
}

fn push_json(text: &mut String, what: &str, value: &impl serde::Serialize) {
    // What a table can show of it was read from JSON or Arrow a moment ago.
    if let Ok(json) = serde_json::to_string(value) {
        text.push_str(&format!("{what}: {}\n", printable(&json)));
    }
}

fn to_json(input: &Input) -> Value {
    let errors = input.errors.iter().map(|(ref_id, answer)| {
        json!({
            "refId": ref_id, "error": answer.error, "status": answer.status,
            "errorSource": answer.error_source.map(|source| source.as_str()),
        })
    });
    json!({
        "form": input.form.as_str(),
        "frames": input.frames.iter().map(frame_json).collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
    })
}

fn frame_json(frame: &Frame) -> Value {
    json!({
        "name": frame.name,
        "refId": frame.ref_id,
        "rows": frame.rows().unwrap_or_default(),
        "meta": frame.meta.as_ref().and_then(|meta| serde_json::to_value(meta).ok()),
        "fields": frame.fields.iter().map(field_json).collect::<Vec<_>>(),
    })
}

fn field_json(field: &Field) -> Value {
    json!({
        "name": field.name,
        "type": field.value_type().name(),
        "nullable": field.is_nullable(),
        "nulls": field.values.null_count(),
        "labels": field.labels,
        "config": field.config.as_ref().and_then(|config| serde_json::to_value(config).ok()),
    })
}
