//! The text of a template → nodes.
//!
//! It deliberately checks here what Go checks only when it runs: functions, and how many arguments they take.

use super::functions::Function;
use super::{Command, Node, Operand, Pipeline};
use crate::logql::lexer;

/// How deep conditions and parentheses may stand in each other.
const MAX_DEPTH: usize = 32;

pub(super) fn parse(source: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { rest: source, trim_next: false };
    let (nodes, ended_by) = parser.nodes(0)?;
    match ended_by {
        Ended::End => Ok(nodes),
        Ended::Else(_) => Err("found {{else}} without {{if}}".to_owned()),
        Ended::Close => Err("found {{end}} without {{if}}".to_owned()),
    }
}

struct Parser<'t> {
    rest: &'t str,
    /// Whether the action before asked to leave out blanks.
    trim_next: bool,
}

/// What a list of nodes ends with.
enum Ended<'t> {
    End,
    Close,
    /// With the words after `else`.
    Else(&'t str),
}

impl<'t> Parser<'t> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, Ended<'t>), String> {
        if depth > MAX_DEPTH {
            return Err(format!("it has conditions in more than {MAX_DEPTH} levels"));
        }
        let mut nodes = Vec::new();
        while !self.rest.is_empty() {
            let (text, action) = self.next()?;
            if !text.is_empty() {
                nodes.push(Node::Text(text.to_owned()));
            }
            let Some(action) = action else { break };
            let (word, tail) = split_word(action);
            match word {
                "end" => return Ok((nodes, Ended::Close)),
                "else" => return Ok((nodes, Ended::Else(tail.trim()))),
                "if" => nodes.push(self.condition(tail, depth)?),
                "range" | "with" | "define" | "template" | "block" | "break" | "continue" => {
                    return Err(format!("found `{word}`, which is not supported here; there is `if`"));
                }
                _ => nodes.push(Node::Print(pipeline(action)?)),
            }
        }
        Ok((nodes, Ended::End))
    }

    /// What follows `{{if`.
    fn condition(&mut self, mut condition: &'t str, depth: usize) -> Result<Node, String> {
        let mut branches = Vec::new();
        loop {
            let (inside, ended_by) = {
                let test = pipeline(condition)?;
                let (inside, ended_by) = self.nodes(depth + 1)?;
                ((test, inside), ended_by)
            };
            branches.push(inside);
            match ended_by {
                Ended::Close => return Ok(Node::If { branches, otherwise: Vec::new() }),
                Ended::Else("") => {
                    let (otherwise, ended_by) = self.nodes(depth + 1)?;
                    return match ended_by {
                        Ended::Close => Ok(Node::If { branches, otherwise }),
                        _ => Err("found {{if}} without its {{end}}".to_owned()),
                    };
                }
                Ended::Else(tail) => match split_word(tail) {
                    ("if", tail) => condition = tail,
                    (word, _) => return Err(format!("found `else {word}`, expected `else` or `else if`")),
                },
                Ended::End => return Err("found {{if}} without its {{end}}".to_owned()),
            }
        }
    }

    /// The text up to the next action, and that action without its braces; comments are passed over.
    fn next(&mut self) -> Result<(&'t str, Option<&'t str>), String> {
        let (text, tail) =
            self.rest.split_once("{{").map_or((self.rest, None), |(text, tail)| (text, Some(tail)));
        let text = if std::mem::take(&mut self.trim_next) { text.trim_start() } else { text };
        let Some(tail) = tail else {
            self.rest = "";
            return Ok((text, None));
        };
        let (text, tail) =
            match tail.strip_prefix('-').filter(|tail| tail.starts_with([' ', '\t', '\n', '\r'])) {
                Some(tail) => (text.trim_end(), tail),
                None => (text, tail),
            };
        if let Some(comment) = tail.trim_start().strip_prefix("/*") {
            let (_, after) =
                comment.split_once("*/").ok_or("found a comment without its end, expected */}}")?;
            let after = self.after_action(after.trim_start());
            self.rest = after.ok_or("found text behind a comment, expected }}")?;
            return Ok((text, Some("\"\"")));
        }
        let length = action_length(tail)?;
        let (action, after) = tail.split_at_checked(length).unwrap_or_default();
        let trimmed = action.strip_suffix('-').filter(|action| action.ends_with([' ', '\t', '\n', '\r']));
        self.trim_next = trimmed.is_some();
        self.rest = after.get(2..).unwrap_or_default();
        Ok((text, Some(trimmed.unwrap_or(action).trim())))
    }

    /// After a comment: `}}` or ` -}}`.
    fn after_action(&mut self, rest: &'t str) -> Option<&'t str> {
        if let Some(after) = rest.strip_prefix("-}}") {
            self.trim_next = true;
            return Some(after);
        }
        rest.strip_prefix("}}")
    }
}

/// How many bytes an action has up to its `}}`, which may also stand in its texts.
fn action_length(text: &str) -> Result<usize, String> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("}}") {
            return Ok(at);
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        at += if rest.starts_with(['"', '`', '\'']) { lexer::quoted(rest)?.1 } else { first };
    }
    Err("found {{ without its end, expected }}".to_owned())
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(|char: char| !(char.is_alphanumeric() || char == '_')).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or_default()
}

fn pipeline(text: &str) -> Result<Pipeline, String> {
    let mut reader = Reader { rest: text, depth: 0 };
    let pipeline = reader.pipeline()?;
    match reader.rest.trim_start().chars().next() {
        None => Ok(pipeline),
        Some(char) => Err(format!("found `{char}` in {{{{{text}}}}}, expected `|` or the end of the action")),
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn pipeline(&mut self) -> Result<Pipeline, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it has parentheses in more than {MAX_DEPTH} levels"));
        }
        let mut commands = Vec::new();
        loop {
            let command = self.command(!commands.is_empty())?;
            commands.push(command);
            self.skip_blanks();
            match self.rest.strip_prefix('|') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        self.depth -= 1;
        Ok(Pipeline(commands))
    }

    fn command(&mut self, piped: bool) -> Result<Command, String> {
        self.skip_blanks();
        let (word, rest) = split_word(self.rest);
        if !word.is_empty() && !word.starts_with(|first: char| first.is_ascii_digit()) && !is_constant(word) {
            self.rest = rest;
            let mut operands = Vec::new();
            while let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            let function = Function::named(word, &mut operands, piped)?;
            return Ok(Command::Call(function, operands));
        }
        let operand =
            self.operand()?.ok_or("found an empty command, expected a label, a value or a function")?;
        if piped {
            return Err("found a value behind `|`, expected a function".to_owned());
        }
        if let Some(operand) = self.operand()? {
            return Err(format!("found {operand:?} behind a value, which is no function"));
        }
        Ok(Command::Value(operand))
    }

    /// `None` where the command ends.
    fn operand(&mut self) -> Result<Option<Operand>, String> {
        self.skip_blanks();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        Ok(Some(match first {
            '|' | ')' => return Ok(None),
            '(' => {
                self.rest = self.rest.get(1..).unwrap_or_default();
                let inner = self.pipeline()?;
                self.skip_blanks();
                self.rest = self.rest.strip_prefix(')').ok_or("found `(` without its end, expected `)`")?;
                Operand::Group(inner)
            }
            '"' | '`' => {
                let (text, length) = lexer::quoted(self.rest)?;
                self.rest = self.rest.get(length..).unwrap_or_default();
                Operand::Text(text)
            }
            '$' => {
                return Err("found a variable (`$…`), which is not supported here; there are labels (`.…`)"
                    .to_owned());
            }
            '.' if !self.rest.starts_with(|c: char| c.is_ascii_digit()) && !is_number_start(self.rest) => {
                self.field()?
            }
            '0'..='9' | '-' | '+' | '.' => self.number()?,
            _ => {
                let (word, rest) = split_word(self.rest);
                match word {
                    "true" | "false" => {
                        self.rest = rest;
                        Operand::Bool(word == "true")
                    }
                    "" => return Err(format!("found `{first}`, expected a label, a value or a function")),
                    // A function without arguments, such as `__line__` or `now`.
                    _ => {
                        self.rest = rest;
                        let function = Function::named(word, &mut Vec::new(), false)?;
                        Operand::Group(Pipeline(vec![Command::Call(function, Vec::new())]))
                    }
                }
            }
        }))
    }

    fn field(&mut self) -> Result<Operand, String> {
        let (name, rest) = split_word(self.rest.get(1..).unwrap_or_default());
        if name.is_empty() {
            return Err("found `.` alone, expected a label such as `.level`".to_owned());
        }
        if rest.starts_with('.') {
            return Err(format!("found a field of `.{name}`, which is a text: labels have no fields"));
        }
        self.rest = rest;
        Ok(Operand::Field(name.to_owned()))
    }

    fn number(&mut self) -> Result<Operand, String> {
        let end = self.rest.find(|char: char| char.is_whitespace() || matches!(char, '|' | ')' | '('));
        let (number, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len())).unwrap_or_default();
        let operand = match (number.parse(), number.parse()) {
            (Ok(int), _) => Operand::Int(int),
            (_, Ok(float)) => Operand::Float(float),
            _ => return Err(format!("found `{number}`, expected a number")),
        };
        self.rest = rest;
        Ok(operand)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "false")
}

/// `.5`
fn is_number_start(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|second| second.is_ascii_digit())
}
