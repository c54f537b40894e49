//! Memory: every field of `/proc/meminfo`.
//!
//! It deliberately adds no field of its own, such as "used", on whose meaning nobody agrees.

use super::Source;
use super::error::CollectError;
use super::files::{self, Roots};
use super::known::Sink;
use crate::store::MetricType;

/// `/proc/meminfo`.
#[derive(Debug)]
pub(super) struct Memory;

impl Source for Memory {
    fn name(&self) -> &'static str {
        "meminfo"
    }

    fn collect(&mut self, roots: &Roots, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let path = roots.proc("meminfo");
        let text = files::read(&path)?;
        files::each_line(&path, &text, "a name, a number and perhaps kB", |line| take_line(line, sink))
    }
}

fn take_line(line: &str, sink: &mut Sink<'_>) -> Option<()> {
    let (field, rest) = line.split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    let value = files::number(words.next()?)?;
    // `Active(anon)` becomes `Active_anon`.
    let field = field.trim().replace('(', "_").replace(')', "");
    if field.is_empty() || !field.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return None;
    }
    let (name, value) = match words.next() {
        Some("kB") => (format!("node_memory_{field}_bytes"), value * 1024.0),
        Some(_) => return None,
        None => (format!("node_memory_{field}"), value),
    };
    sink.put_named(&name, MetricType::Gauge, || format!("The field {field} of /proc/meminfo."), &[], value);
    Some(())
}
