//! Templates of `line_format` and `label_format`: a part of Go's `text/template`.
//!
//! | step | file |
//! |---|---|
//! | text → nodes | `template/parse` |
//! | a function's name → what it does | `template/functions`, `template/text`, `template/printf`, `template/clock` |
//! | values, and how they print | `template/value` |
//!
//! There are texts, `.label`, pipelines, parentheses, `if`/`else if`/`else`, and the functions that Loki documents. It
//! deliberately has no variables, `range`, `with` and `fromJson`: they are refused by name.

mod clock;
mod functions;
mod parse;
mod printf;
mod text;
mod value;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use functions::Function;
pub(super) use functions::all as function_names;
use value::Value;

/// How long a text may become that a template makes, in bytes.
const MAX_OUTPUT: usize = 1 << 20;

/// A template that has been read.
#[derive(Debug, Clone)]
pub(super) struct Template {
    source: String,
    nodes: Vec<Node>,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Print(Pipeline),
    If { branches: Vec<(Pipeline, Vec<Node>)>, otherwise: Vec<Node> },
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Debug, Clone)]
struct Pipeline(Vec<Command>);

#[derive(Debug, Clone)]
enum Command {
    Value(Operand),
    Call(Function, Vec<Operand>),
}

#[derive(Debug, Clone)]
enum Operand {
    Field(String),
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Group(Pipeline),
}

/// What a template sees of a line.
pub(super) trait View {
    /// A label's value, also of `__error__`.
    fn label(&self, name: &str) -> Option<&str>;
    /// The line as it is now.
    fn line(&self) -> &[u8];
    /// The line's time in nanoseconds since the epoch.
    fn timestamp(&self) -> i64;
}

impl Template {
    /// Reads a template.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let nodes = parse::parse(source)
            .map_err(|reason| format!("found the template {source:?}, which can't be used: {reason}"))?;
        Ok(Self { source: source.to_owned(), nodes })
    }

    /// As it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The labels that it names.
    pub(super) fn fields(&self) -> Vec<&str> {
        let mut fields = Vec::new();
        in_nodes(&self.nodes, &mut fields);
        fields
    }

    /// Adds what the template becomes. The error says why it becomes nothing; then something may have been added.
    pub(super) fn execute(&self, view: &dyn View, out: &mut Vec<u8>) -> Result<(), String> {
        nodes(&self.nodes, view, out)
    }
}

fn nodes(all: &[Node], view: &dyn View, out: &mut Vec<u8>) -> Result<(), String> {
    for node in all {
        match node {
            Node::Text(text) => out.extend_from_slice(text.as_bytes()),
            Node::Print(pipeline) => pipeline.value(view)?.print(out),
            Node::If { branches, otherwise } => {
                let mut taken = otherwise;
                for (condition, inside) in branches {
                    if condition.value(view)?.is_true() {
                        taken = inside;
                        break;
                    }
                }
                nodes(taken, view, out)?;
            }
        }
        if out.len() > MAX_OUTPUT {
            return Err(format!("the template makes more than {MAX_OUTPUT} bytes"));
        }
    }
    Ok(())
}

impl Pipeline {
    fn value<'v>(&'v self, view: &'v dyn View) -> Result<Value<'v>, String> {
        let mut last = None;
        for command in &self.0 {
            last = Some(match command {
                Command::Value(operand) => operand.value(view)?,
                Command::Call(function, operands) => {
                    let mut arguments = Vec::with_capacity(operands.len() + 1);
                    for operand in operands {
                        arguments.push(operand.value(view)?);
                    }
                    arguments.extend(last.take());
                    function.call(arguments, view)?
                }
            });
        }
        last.ok_or_else(|| "the pipeline is empty".to_owned())
    }
}

impl Operand {
    fn value<'v>(&'v self, view: &'v dyn View) -> Result<Value<'v>, String> {
        Ok(match self {
            Self::Field(name) => Value::Text(Cow::Borrowed(view.label(name).unwrap_or_default())),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Int(value) => Value::Int(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Bool(value) => Value::Bool(*value),
            Self::Group(pipeline) => pipeline.value(view)?,
        })
    }
}

fn in_nodes<'n>(nodes: &'n [Node], fields: &mut Vec<&'n str>) {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Print(pipeline) => in_pipeline(pipeline, fields),
            Node::If { branches, otherwise } => {
                for (condition, inside) in branches {
                    in_pipeline(condition, fields);
                    in_nodes(inside, fields);
                }
                in_nodes(otherwise, fields);
            }
        }
    }
}

fn in_pipeline<'n>(pipeline: &'n Pipeline, fields: &mut Vec<&'n str>) {
    let mut in_operand = |operand: &'n Operand| match operand {
        Operand::Field(name) => fields.push(name),
        Operand::Group(inner) => in_pipeline(inner, fields),
        _ => {}
    };
    for command in &pipeline.0 {
        match command {
            Command::Value(operand) => in_operand(operand),
            Command::Call(_, operands) => operands.iter().for_each(&mut in_operand),
        }
    }
}
