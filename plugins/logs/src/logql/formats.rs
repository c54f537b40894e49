//! `| line_format`, `| label_format` and `| decolorize`.
//!
//! Stages of the pipeline. They deliberately leave line and label as they were if a template fails, and say so in
//! `__error__`.

use super::ast::LabelFormat;
use super::scope::{MAX_LABELS, Scope};
use super::template::{Template, View};

/// The value of `__error__` if a template fails.
const TEMPLATE_ERROR: &str = "TemplateFormatErr";

/// A line as templates see it.
struct Seen<'s, 'l> {
    scope: &'s Scope<'l>,
    line: &'s [u8],
    timestamp: i64,
}

impl View for Seen<'_, '_> {
    fn label(&self, name: &str) -> Option<&str> {
        self.scope.get(name)
    }

    fn line(&self) -> &[u8] {
        self.line
    }

    fn timestamp(&self) -> i64 {
        self.timestamp
    }
}

/// Writes the new line; `false` leaves the old one.
pub(super) fn line_format(
    template: &Template,
    (timestamp, line): (i64, &[u8]),
    out: &mut Vec<u8>,
    scope: &mut Scope<'_>,
) -> bool {
    let executed = template.execute(&Seen { scope, line, timestamp }, out);
    if let Err(reason) = executed {
        scope.fail(TEMPLATE_ERROR, &reason);
        return false;
    }
    true
}

/// Renames and writes labels in order. Templates see the labels as they are before the first template, as in Loki.
pub(super) fn label_format(formats: &[LabelFormat], (timestamp, line): (i64, &[u8]), scope: &mut Scope<'_>) {
    let mut written: Option<std::vec::IntoIter<Result<String, String>>> = None;
    for (at, format) in formats.iter().enumerate() {
        let set = match format {
            LabelFormat::Rename { to, from } => rename(to, from, scope),
            LabelFormat::Template { to, .. } => {
                let texts = written.get_or_insert_with(|| {
                    let seen = Seen { scope, line, timestamp };
                    let rest = formats.iter().skip(at);
                    rest.filter_map(|format| text(format, &seen)).collect::<Vec<_>>().into_iter()
                });
                match texts.next() {
                    Some(Ok(text)) => scope.set(to, &text).is_ok(),
                    Some(Err(reason)) => {
                        scope.fail(TEMPLATE_ERROR, &reason);
                        true
                    }
                    None => true,
                }
            }
        };
        if !set {
            return scope.fail(TEMPLATE_ERROR, &format!("the line has more than {MAX_LABELS} labels"));
        }
    }
}

fn rename(to: &str, from: &str, scope: &mut Scope<'_>) -> bool {
    let Some(value) = scope.get(from).map(str::to_owned) else { return true };
    let set = scope.set(to, &value).is_ok();
    scope.remove(from);
    set
}

/// What a template becomes; `None` for a rename.
fn text(format: &LabelFormat, seen: &Seen<'_, '_>) -> Option<Result<String, String>> {
    let LabelFormat::Template { template, .. } = format else { return None };
    let mut out = Vec::new();
    Some(template.execute(seen, &mut out).map(|()| String::from_utf8_lossy(&out).into_owned()))
}

/// Leaves out the sequences that colour text in terminals; `false` if there are none.
pub(super) fn decolorize(line: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(first) = memchr::memchr(ESCAPE, line) else { return false };
    out.extend_from_slice(line.get(..first).unwrap_or_default());
    let mut rest = line.get(first..).unwrap_or_default();
    while !rest.is_empty() {
        let length = sequence(rest);
        if length == 0 {
            out.extend(rest.first());
        }
        rest = rest.get(length.max(1)..).unwrap_or_default();
        let plain = memchr::memchr(ESCAPE, rest).unwrap_or(rest.len());
        out.extend_from_slice(rest.get(..plain).unwrap_or_default());
        rest = rest.get(plain..).unwrap_or_default();
    }
    true
}

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// How long the sequence is that a text begins with; 0 if it is none.
fn sequence(text: &[u8]) -> usize {
    let Some((kind, rest)) = text.get(1..).and_then(<[u8]>::split_first) else { return 0 };
    match kind {
        // Control sequence: parameters, then one byte that ends it.
        b'[' => {
            let parameters = rest.iter().take_while(|byte| matches!(byte, 0x20..=0x3f)).count();
            let ends = rest.get(parameters).is_some_and(|last| matches!(last, 0x40..=0x7e));
            if ends { 3 + parameters } else { 0 }
        }
        // Operating system command, such as a link or a title: ends with a bell or with ESC \.
        b']' => {
            rest.iter().position(|byte| matches!(*byte, BELL | ESCAPE)).map_or(0, |end| match rest.get(end) {
                Some(&BELL) => 3 + end,
                _ if rest.get(end + 1) == Some(&b'\\') => 4 + end,
                _ => 0,
            })
        }
        b'(' | b')' => {
            if rest.is_empty() {
                0
            } else {
                3
            }
        }
        0x40..=0x5f => 2,
        _ => 0,
    }
}
