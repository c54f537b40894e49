//! Where in an SQL text code stands, and where strings, quoted names and comments do.
//!
//! Before macros are looked for. It deliberately is no parser: what isn't closed runs to the end, and the database
//! says what is wrong with it.

/// How a dialect writes strings and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lexis {
    /// `\'` within strings is an escape (MySQL).
    pub backslash: bool,
    /// `` `name` `` (MySQL, SQLite).
    pub backtick: bool,
    /// `[name]` (SQLite).
    pub bracket: bool,
    /// `# comment` (MySQL).
    pub hash: bool,
    /// `$tag$ text $tag$` (PostgreSQL).
    pub dollar: bool,
    /// `/* /* */ */` is one comment (PostgreSQL).
    pub nested: bool,
}

/// What a byte of an SQL text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Code,
    /// A string or a quoted name, with its quotes.
    Quoted,
    Comment,
}

/// The part of every byte.
pub(super) fn parts(sql: &str, lexis: Lexis) -> Vec<Part> {
    let bytes = sql.as_bytes();
    let mut parts = Vec::with_capacity(bytes.len());
    while let Some(rest) = bytes.get(parts.len()..).filter(|rest| !rest.is_empty()) {
        let (part, length) = next(rest, lexis, parts.is_empty() || !continues_name(bytes, parts.len()));
        let end = parts.len().saturating_add(length.max(1)).min(bytes.len());
        parts.resize(end, part);
    }
    parts
}

/// Whether the byte before belongs to a name, so that a `$` here does too.
fn continues_name(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| bytes.get(at));
    before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// What stands at the beginning of the rest, and how long it is.
fn next(rest: &[u8], lexis: Lexis, fresh: bool) -> (Part, usize) {
    match rest {
        [b'\'', ..] => (Part::Quoted, quoted(rest, b'\'', lexis.backslash)),
        [b'"', ..] => (Part::Quoted, quoted(rest, b'"', lexis.backslash)),
        [b'`', ..] if lexis.backtick => (Part::Quoted, quoted(rest, b'`', false)),
        [b'[', ..] if lexis.bracket => (Part::Quoted, until(rest, 1, b"]")),
        [b'-', b'-', ..] => (Part::Comment, until(rest, 2, b"\n")),
        [b'#', ..] if lexis.hash => (Part::Comment, until(rest, 1, b"\n")),
        [b'/', b'*', ..] if lexis.nested => (Part::Comment, nested_comment(rest)),
        [b'/', b'*', ..] => (Part::Comment, until(rest, 2, b"*/")),
        [b'$', ..] if lexis.dollar && fresh => {
            dollar_quoted(rest).map_or((Part::Code, 1), |length| (Part::Quoted, length))
        }
        _ => (Part::Code, 1),
    }
}

/// A doubled quote is one of the text.
fn quoted(rest: &[u8], quote: u8, backslash: bool) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        if *byte == b'\\' && backslash {
            at += 2;
        } else if *byte != quote {
            at += 1;
        } else if rest.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    rest.len()
}

fn until(rest: &[u8], from: usize, end: &[u8]) -> usize {
    let tail = rest.get(from..).unwrap_or_default();
    let found = tail.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |at| from + at + end.len())
}

fn nested_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 && at < rest.len() {
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'/'), Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (Some(b'*'), Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

/// `$tag$ … $tag$`, where the tag is a name or nothing. A macro's `$__name(` is none.
fn dollar_quoted(rest: &[u8]) -> Option<usize> {
    let tail = rest.get(1..)?;
    let tag = tail.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))?;
    if tail.get(tag) != Some(&b'$') || tail.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let fence = rest.get(..tag + 2)?;
    Some(until(rest, fence.len(), fence))
}

/// Where the first statement ends, if another one follows it: the place of its semicolon. Blanks, comments and further
/// semicolons are no statement.
#[must_use]
pub fn first_statement_end(sql: &str, lexis: Lexis) -> Option<usize> {
    let parts = parts(sql, lexis);
    let mut code = sql.bytes().zip(&parts).enumerate().filter(|(_, (_, part))| **part != Part::Comment);
    let is_code =
        |(byte, part): (u8, &Part)| *part == Part::Quoted || !(byte.is_ascii_whitespace() || byte == b';');
    // Semicolons before any code end nothing.
    code.find(|(_, pair)| is_code(*pair))?;
    let (end, _) = code.find(|(_, (byte, part))| *byte == b';' && **part == Part::Code)?;
    code.any(|(_, pair)| is_code(pair)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::dialect::{MYSQL, POSTGRES, SQLITE};

    fn shown(sql: &str, lexis: Lexis) -> String {
        let letter = |part: &Part| match part {
            Part::Code => '.',
            Part::Quoted => 'q',
            Part::Comment => 'c',
        };
        parts(sql, lexis).iter().map(letter).collect()
    }

    #[test]
    fn strings_names_and_comments_are_told_from_code() {
        assert_eq!(shown("a 'it''s' b", SQLITE.lexis), "..qqqqqqq..");
        assert_eq!(shown("[a b]`c`\"d\"", SQLITE.lexis), "qqqqqqqqqqq");
        assert_eq!(shown("a[1]", POSTGRES.lexis), "....");
        assert_eq!(shown("1 -- x\n2", SQLITE.lexis), "..ccccc.");
        assert_eq!(shown("/* /* */ */", SQLITE.lexis), "cccccccc...");
        assert_eq!(shown("/* /* */ */", POSTGRES.lexis), "ccccccccccc");
        assert_eq!(shown(r"'\'' x", MYSQL.lexis), "qqqq..");
        assert_eq!(shown("1 # x", MYSQL.lexis), "..ccc");
        assert_eq!(shown("$a$ ' $a$ x", POSTGRES.lexis), "qqqqqqqqq..");
        assert_eq!(shown("$__f(x) $1 a$b$", POSTGRES.lexis), "...............");
    }

    #[test]
    fn what_is_not_closed_runs_to_the_end() {
        for sql in ["'a", "\"a", "/* a", "-- a", "`a", "[a", r"'\"] {
            assert!(!shown(sql, SQLITE.lexis).contains('.'), "{sql}");
            let _ = (shown(sql, MYSQL.lexis), shown(sql, POSTGRES.lexis));
        }
    }

    #[test]
    fn a_second_statement_is_found_wherever_it_hides() {
        let end = |sql| first_statement_end(sql, SQLITE.lexis);
        for sql in
            ["SELECT 1", "SELECT 1;", "SELECT 1; -- ; x", "SELECT ';x'", "; ;SELECT 1;;\n/* x; */", "", ";"]
        {
            assert_eq!(end(sql), None, "{sql}");
        }
        assert_eq!(end("SELECT 1; DROP TABLE t"), Some(8));
        assert_eq!(end("SELECT 1; ; /* */ x"), Some(8));
        assert_eq!(end("SELECT 1;-- c\nDELETE FROM t"), Some(8));
        assert_eq!(end("SELECT '''';'x'"), Some(11));
    }
}
