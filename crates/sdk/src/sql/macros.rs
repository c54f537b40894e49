//! Macros in SQL text → plain SQL.
//!
//! Brackets of arguments may nest, and brackets within strings and comments don't count. Macros in comments stay as they
//! are; in strings and quoted names only those without arguments are replaced (`'$__interval'`). It deliberately
//! knows no macro by name: they come from a [`Dialect`]'s table.

use graftwire_frame::shape::Fill;
use graftwire_model::TimeRange;

use super::dialect::{Dialect, Expansion, Macro};
use super::lexis::{Part, parts};
use super::template;
use crate::interval::Interval;

/// How deep macros may stand in each other's arguments.
const DEEPEST: usize = 16;
/// How long a text may be, before and after: 1 MiB.
const LONGEST: usize = 1 << 20;

/// What macros take their values from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MacroContext {
    /// The query's time range.
    pub time_range: TimeRange,
    /// The query's distance of points.
    pub interval: Interval,
    /// The query's table, if its model has one.
    pub table: String,
    /// The query's column, if its model has one.
    pub column: String,
}

/// Plain SQL, and what the macros in it ask of the frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// The SQL text.
    pub sql: String,
    /// The fill of a group macro's third argument.
    pub fill: Option<GroupFill>,
}

/// Gaps to be filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupFill {
    /// The distance of rows.
    pub interval: Interval,
    /// What stands in a gap.
    pub fill: Fill,
}

/// A macro that can't be expanded. The text is the user's to mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MacroError {
    /// No macro of that name.
    #[error("line {line}: found $__{name}, which is no macro of {dialect}{}", did_you_mean(.near))]
    Unknown {
        /// Where.
        line: usize,
        /// The name behind `$__`.
        name: String,
        /// The dialect's name.
        dialect: &'static str,
        /// Macros with similar names.
        near: Vec<&'static str>,
    },
    /// The wrong number of arguments.
    #[error("line {line}: found {found} argument(s), expected $__{name}({expected})")]
    Arguments {
        /// Where.
        line: usize,
        /// The macro.
        name: &'static str,
        /// How many there are.
        found: usize,
        /// The names of those it takes.
        expected: String,
    },
    /// An argument without content.
    #[error("line {line}: argument {argument} of $__{name} is empty")]
    EmptyArgument {
        /// Where.
        line: usize,
        /// The macro.
        name: &'static str,
        /// Which argument, from 1.
        argument: usize,
    },
    /// A bracket that isn't closed.
    #[error("line {line}: the bracket after $__{name} is never closed")]
    Open {
        /// Where.
        line: usize,
        /// The macro.
        name: &'static str,
    },
    /// The interval of a group macro is none.
    #[error("line {line}: the interval of $__{name}: {reason}")]
    Interval {
        /// Where.
        line: usize,
        /// The macro.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The fill of a group macro is none.
    #[error("line {line}: the fill of $__{name}: found {found:?}, expected NULL, previous or a number")]
    Fill {
        /// Where.
        line: usize,
        /// The macro.
        name: &'static str,
        /// What was found.
        found: String,
    },
    /// Macros in macros in macros.
    #[error("line {line}: macros stand {DEEPEST} deep in each other's arguments, which is the limit")]
    TooDeep {
        /// Where.
        line: usize,
    },
    /// A text beyond the limit.
    #[error("the query has {found} bytes of SQL, the limit is {LONGEST}")]
    TooLong {
        /// How long it is.
        found: usize,
    },
}

fn did_you_mean(names: &[&'static str]) -> String {
    match names {
        [] => String::new(),
        names => format!("; did you mean $__{}?", names.join(" or $__")),
    }
}

/// Expands the macros of a text.
///
/// # Errors
/// [`MacroError`] with the line and what was expected.
pub fn expand(sql: &str, dialect: &Dialect, cx: &MacroContext) -> Result<Expanded, MacroError> {
    let mut expander = Expander { whole: sql, dialect, cx, fill: None };
    expander.check_length(sql.len())?;
    let sql = expander.text(sql, 1, 0)?;
    expander.check_length(sql.len())?;
    Ok(Expanded { sql, fill: expander.fill })
}

struct Expander<'a> {
    whole: &'a str,
    dialect: &'a Dialect,
    cx: &'a MacroContext,
    fill: Option<GroupFill>,
}

impl<'a> Expander<'a> {
    const fn check_length(&self, found: usize) -> Result<(), MacroError> {
        if found > LONGEST { Err(MacroError::TooLong { found }) } else { Ok(()) }
    }

    /// Expands a text that begins on a line of the whole.
    fn text(&mut self, sql: &str, first_line: usize, depth: usize) -> Result<String, MacroError> {
        if depth >= DEEPEST {
            return Err(MacroError::TooDeep { line: first_line });
        }
        let parts = parts(sql, self.dialect.lexis);
        let mut out = String::with_capacity(sql.len() + 64);
        let mut at = 0;
        while let Some((start, name)) = next_macro(sql, at) {
            out.push_str(sql.get(at..start).unwrap_or_default());
            let line = first_line + lines(sql.get(..start).unwrap_or_default());
            let after = start + "$__".len() + name.len();
            let part = parts.get(start).copied().unwrap_or(Part::Comment);
            at = match self.known(name).filter(|known| part == Part::Code || known.arguments.is_empty()) {
                _ if part == Part::Comment => keep(&mut out, sql, start, after),
                None if part == Part::Quoted || self.dialect.leaves_unknown => {
                    keep(&mut out, sql, start, after)
                }
                None => return Err(self.unknown(name, line)),
                Some(known) => {
                    let call = Call { sql, parts: &parts, start, after, line, depth };
                    self.call(known, &call, &mut out)?
                }
            };
            self.check_length(out.len())?;
        }
        out.push_str(sql.get(at..).unwrap_or_default());
        Ok(out)
    }

    fn known(&self, name: &str) -> Option<&'static Macro> {
        self.dialect.macros.iter().find(|known| known.name == name)
    }

    fn unknown(&self, name: &str, line: usize) -> MacroError {
        let mut near: Vec<_> =
            self.dialect.macros.iter().map(|known| (distance(name, known.name), known.name)).collect();
        near.sort_unstable();
        let near = near.into_iter().filter(|(far, _)| *far <= 3).take(3).map(|(_, name)| name).collect();
        MacroError::Unknown { line, name: name.to_owned(), dialect: self.dialect.name, near }
    }

    /// Expands one macro; gives where the text goes on.
    fn call(
        &mut self,
        known: &'static Macro,
        call: &Call<'_>,
        out: &mut String,
    ) -> Result<usize, MacroError> {
        let (arguments, end) = self.arguments(known, call)?;
        let expansion = match self.older_alias(known, call, end) {
            Some(alias) => alias,
            None => known.expansion,
        };
        let sql = match expansion {
            Expansion::Template(template) => template::filled(template, &arguments, None, self.cx),
            Expansion::Group(template) => {
                let step = self.group(known, &arguments, call.line)?;
                template::filled(template, &arguments, Some(step), self.cx)
            }
            Expansion::DateParts => date_parts(&arguments),
        };
        out.push_str(&sql);
        Ok(end)
    }

    /// The arguments, expanded themselves, and where the call ends.
    fn arguments(
        &mut self,
        known: &'static Macro,
        call: &Call<'_>,
    ) -> Result<(Vec<String>, usize), MacroError> {
        let least = known.arguments.iter().filter(|name| !name.ends_with('?')).count();
        let Some(found) = call.brackets(known.name)? else {
            return if least == 0 {
                Ok((Vec::new(), call.after))
            } else {
                Err(wrong_count(known, 0, call.line))
            };
        };
        let Brackets { inner, end } = found;
        if known.arguments.is_empty() {
            // Brackets with content belong to the SQL around it.
            let empty = inner.iter().all(|argument| argument.trim().is_empty());
            return Ok((Vec::new(), if empty { end } else { call.after }));
        }
        if inner.len() < least || inner.len() > known.arguments.len() {
            return Err(wrong_count(known, inner.len(), call.line));
        }
        let mut arguments = Vec::with_capacity(inner.len());
        for (index, argument) in inner.iter().enumerate() {
            if argument.trim().is_empty() && !self.dialect.empty_arguments {
                return Err(MacroError::EmptyArgument {
                    line: call.line,
                    name: known.name,
                    argument: index + 1,
                });
            }
            arguments.push(self.text(argument.trim(), call.line, call.depth + 1)?);
        }
        Ok((arguments, end))
    }

    /// The interval of a group macro; its fill is kept.
    fn group(
        &mut self,
        known: &'static Macro,
        arguments: &[String],
        line: usize,
    ) -> Result<Interval, MacroError> {
        let argument = |index: usize| {
            arguments.get(index).map_or("", |text| text.trim_matches(|char| matches!(char, '\'' | '"' | ' ')))
        };
        let wrong = |reason: String| MacroError::Interval { line, name: known.name, reason };
        let interval = Interval::parse(argument(1)).map_err(|error| wrong(error.to_string()))?;
        if interval.as_nanos() <= 0 {
            return Err(wrong(format!("found {:?}, expected more than nothing", argument(1))));
        }
        let fill = match argument(2) {
            "" => None,
            text if text.eq_ignore_ascii_case("null") => Some(Fill::Null),
            text if text.eq_ignore_ascii_case("previous") => Some(Fill::Previous),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Some(Fill::Value(number)),
                _ => return Err(MacroError::Fill { line, name: known.name, found: text.to_owned() }),
            },
        };
        if let Some(fill) = fill {
            self.fill = Some(GroupFill { interval, fill });
        }
        Ok(interval)
    }

    /// Before Grafana 5.3 `$__timeGroup(…)` named its column by itself, and dashboards of that time go on working: the
    /// rule is that the first call of that text is directly followed by a comma.
    fn older_alias(&self, known: &Macro, call: &Call<'_>, end: usize) -> Option<Expansion> {
        if known.name != "timeGroup" || self.dialect.leaves_unknown {
            return None;
        }
        let text = call.sql.get(call.start..end)?;
        let after = self.whole.find(text)? + text.len();
        let comma = self.whole.as_bytes().get(after) == Some(&b',');
        comma.then(|| self.known("timeGroupAlias").map(|alias| alias.expansion))?
    }
}

/// Where a macro was found.
struct Call<'a> {
    sql: &'a str,
    parts: &'a [Part],
    start: usize,
    /// Behind the name.
    after: usize,
    line: usize,
    depth: usize,
}

struct Brackets<'a> {
    inner: Vec<&'a str>,
    end: usize,
}

impl<'a> Call<'a> {
    /// The arguments between the brackets that directly follow, as they are written; `None` if none follow.
    fn brackets(&self, name: &'static str) -> Result<Option<Brackets<'a>>, MacroError> {
        let bytes = self.sql.as_bytes();
        if bytes.get(self.after) != Some(&b'(') {
            return Ok(None);
        }
        let (mut depth, mut from) = (0_usize, self.after + 1);
        let mut inner = Vec::new();
        for (at, byte) in bytes.iter().enumerate().skip(self.after) {
            // Within a string the brackets of a macro are text like the rest.
            if self.parts.get(at) != self.parts.get(self.start) {
                continue;
            }
            match byte {
                b'(' => depth += 1,
                b',' if depth == 1 => {
                    inner.push(self.sql.get(from..at).unwrap_or_default());
                    from = at + 1;
                }
                b')' if depth == 1 => {
                    inner.push(self.sql.get(from..at).unwrap_or_default());
                    return Ok(Some(Brackets { inner, end: at + 1 }));
                }
                b')' => depth -= 1,
                _ => {}
            }
        }
        Err(MacroError::Open { line: self.line, name })
    }
}

/// The next `$__name`, and its name.
fn next_macro(sql: &str, from: usize) -> Option<(usize, &str)> {
    let mut from = from;
    loop {
        let start = from + sql.get(from..)?.find("$__")?;
        let rest = sql.get(start + 3..)?;
        let end =
            rest.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(rest.len());
        match rest.get(..end) {
            Some(name) if !name.is_empty() => return Some((start, name)),
            _ => from = start + 3,
        }
    }
}

fn keep(out: &mut String, sql: &str, start: usize, after: usize) -> usize {
    out.push_str(sql.get(start..after).unwrap_or_default());
    after
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn wrong_count(known: &'static Macro, found: usize, line: usize) -> MacroError {
    MacroError::Arguments { line, name: known.name, found, expected: known.arguments.join(", ") }
}

/// A part of a date and all larger ones, joined as Grafana's SDK does: no blank after the commas.
fn date_parts(arguments: &[String]) -> String {
    const PARTS: [&str; 5] = ["minute", "hour", "day", "month", "year"];
    let (column, part) =
        (arguments.first().map_or("", String::as_str), arguments.get(1).map_or("", String::as_str));
    let from = PARTS.iter().position(|known| *known == part).unwrap_or(PARTS.len());
    let parts: Vec<String> =
        PARTS.iter().skip(from).map(|part| format!("datepart({part}, {column})")).collect();
    parts.join(",")
}

/// How many letters two names differ by (Levenshtein), whatever their case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<u8> = right.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    // Longer names are near to nothing, and their length is the user's.
    for (index, left) in left.bytes().take(64).enumerate() {
        let mut diagonal = index;
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
        let mut before = index + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + usize::from(left.to_ascii_lowercase() != *right);
            diagonal = *cell;
            before = changed.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
