//! Patterns as Go writes them → patterns as the library reads them.
//!
//! Part of compiling patterns. Where the two differ: Go's `\d`, `\w`, `\s` and `\b` are ASCII, `{` and `[` may stand for
//! themselves, classes know no set operations, `\Q…\E` and octal escapes exist; and letter case is folded here, since
//! the library would need tables for it. It deliberately checks nothing that the library checks.

mod class;
mod literals;
#[cfg(test)]
mod tests;

use literals::Literals;

/// Deeper parentheses are refused before they reach a recursive parser.
const MAX_DEPTH: usize = 100;

/// A pattern that has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// The longest text that every match holds, if it is worth looking for.
    pub(super) literal: Option<Vec<u8>>,
    /// Whether some part matches any character.
    pub(super) matches_any: bool,
}

/// Reads a pattern in Go's syntax.
pub(super) fn translate(source: &str) -> Result<Translated, String> {
    let mut reader = Reader {
        chars: source.chars().collect(),
        at: 0,
        out: String::with_capacity(source.len() + 16),
        fold: vec![false],
        literals: Literals::default(),
        matches_any: false,
    };
    while reader.at < reader.chars.len() {
        reader.step()?;
    }
    Ok(Translated {
        pattern: reader.out,
        literal: reader.literals.longest(),
        matches_any: reader.matches_any,
    })
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    out: String,
    /// Whether letter case is ignored, per open group.
    fold: Vec<bool>,
    literals: Literals,
    matches_any: bool,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn folds(&self) -> bool {
        self.fold.last().copied().unwrap_or_default()
    }

    fn step(&mut self) -> Result<(), String> {
        let Some(char) = self.peek(0) else { return Ok(()) };
        self.at += 1;
        match char {
            '\\' => self.escape(),
            '[' => self.class(),
            '(' => self.open(),
            ')' => {
                if self.fold.len() > 1 {
                    self.fold.pop();
                }
                self.literals.close();
                self.out.push(')');
                Ok(())
            }
            '|' => {
                self.literals.alternative();
                self.out.push('|');
                Ok(())
            }
            '*' | '?' => {
                self.literals.optional();
                self.out.push(char);
                Ok(())
            }
            '+' => {
                self.literals.end();
                self.out.push(char);
                Ok(())
            }
            '{' => {
                self.brace();
                Ok(())
            }
            '.' => {
                self.matches_any = true;
                self.literals.end();
                self.out.push('.');
                Ok(())
            }
            '^' | '$' => {
                self.literals.end();
                self.out.push(char);
                Ok(())
            }
            _ => {
                self.literal(char);
                Ok(())
            }
        }
    }

    /// A character that stands for itself, or for itself in either case.
    fn literal(&mut self, char: char) {
        let other = self.folds().then(|| other_case(char)).flatten();
        match other {
            Some(other) => {
                self.literals.end();
                self.out.extend(['[', char, other, ']']);
            }
            None => {
                self.literals.push(char);
                push_escaped(&mut self.out, char);
            }
        }
    }

    /// `{` begins a repetition only if it looks like one.
    fn brace(&mut self) {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let inside =
            rest.iter().position(|char| *char == '}').and_then(|end| rest.get(..end)).unwrap_or_default();
        let mut parts = inside.split(|char| *char == ',');
        let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
        let first = parts.next().is_some_and(|part| !part.is_empty() && digits(part));
        let second = parts.next().is_none_or(digits);
        if !(first && second && parts.next().is_none()) {
            return self.literal('{');
        }
        if inside.first() == Some(&'0') {
            self.literals.optional();
        } else {
            self.literals.end();
        }
        self.out.push('{');
        self.out.extend(inside);
        self.out.push('}');
        self.at += inside.len() + 1;
    }

    /// After `(`: flags, a name, or a plain group.
    fn open(&mut self) -> Result<(), String> {
        if self.fold.len() > MAX_DEPTH {
            return Err(format!("it has groups in more than {MAX_DEPTH} levels"));
        }
        if self.peek(0) != Some('?') || matches!(self.peek(1), Some('P' | '<' | '=' | '!')) {
            self.literals.open();
            self.fold.push(self.folds());
            self.out.push('(');
            if self.peek(0) == Some('?') {
                // A name, or what the library refuses: both end at the first character that is no part of a name.
                while let Some(char) = self.peek(0) {
                    self.at += 1;
                    self.out.push(char);
                    if matches!(char, '>' | '=' | '!') {
                        break;
                    }
                }
            }
            return Ok(());
        }
        self.flags()
    }

    /// `(?i)` for the rest of the group, or `(?i:…)`.
    fn flags(&mut self) -> Result<(), String> {
        self.at += 1;
        let (mut on, mut kept_on, mut kept_off, mut fold) =
            (true, String::new(), String::new(), self.folds());
        loop {
            let char = self.peek(0).ok_or("it ends within flags")?;
            self.at += 1;
            match char {
                'i' => fold = on,
                'm' | 's' | 'U' => if on { &mut kept_on } else { &mut kept_off }.push(char),
                '-' => on = false,
                ')' | ':' => {
                    let off = if kept_off.is_empty() { String::new() } else { format!("-{kept_off}") };
                    if char == ')' {
                        if let Some(current) = self.fold.last_mut() {
                            *current = fold;
                        }
                        self.literals.end();
                        if !(kept_on.is_empty() && off.is_empty()) {
                            self.out.push_str(&format!("(?{kept_on}{off})"));
                        }
                    } else {
                        self.literals.open();
                        self.fold.push(fold);
                        self.out.push_str(&format!("(?{kept_on}{off}:"));
                    }
                    return Ok(());
                }
                _ => return Err(format!("it has the flag {char:?}, expected i, m, s or U")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let char = self.peek(0).ok_or("it ends with a backslash")?;
        self.at += 1;
        if let Some(class) = perl_class(char) {
            self.literals.end();
            self.matches_any |= char.is_ascii_uppercase();
            self.out.push_str(&format!("[{class}]"));
            return Ok(());
        }
        match char {
            'b' | 'B' => {
                self.literals.end();
                self.out.push_str(if char == 'b' { "(?-u:\\b)" } else { "(?-u:\\B)" });
            }
            'A' | 'z' => {
                self.literals.end();
                self.out.extend(['\\', char]);
            }
            'Q' => {
                while let Some(quoted) = self.peek(0) {
                    self.at += 1;
                    if quoted == '\\' && self.peek(0) == Some('E') {
                        self.at += 1;
                        break;
                    }
                    self.literal(quoted);
                }
            }
            'E' => {}
            'p' | 'P' => {
                return Err("it has a class of Unicode (`\\p`), which is not supported here".to_owned());
            }
            'C' => return Err("it has `\\C`, which is not supported here".to_owned()),
            _ => {
                let char = self.escaped_char(char)?;
                self.literal(char);
            }
        }
        Ok(())
    }

    /// The character that an escape stands for, in classes as outside; its first character has been read.
    fn escaped_char(&mut self, char: char) -> Result<char, String> {
        Ok(match char {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => self.hexadecimal().ok_or("it has a bad escape, expected \\xHH or \\x{…}")?,
            '0' => self.digits(8, 2).unwrap_or('\0'),
            '1'..='7' if self.peek(0).is_some_and(|next| next.is_digit(8)) => {
                self.at -= 1;
                self.digits(8, 3).ok_or("it has a bad octal escape")?
            }
            _ if char.is_ascii_alphanumeric() => {
                return Err(format!("it has the escape `\\{char}`, which has no meaning"));
            }
            _ => char,
        })
    }

    fn hexadecimal(&mut self) -> Option<char> {
        if self.peek(0) != Some('{') {
            return (self.peek(1)?.is_ascii_hexdigit()).then(|| self.digits(16, 2)).flatten();
        }
        self.at += 1;
        let char = self.digits(16, 8)?;
        (self.peek(0)? == '}').then(|| self.at += 1)?;
        Some(char)
    }

    /// The character of up to `most` digits.
    fn digits(&mut self, radix: u32, most: usize) -> Option<char> {
        let (mut code, mut count) = (0_u32, 0);
        while let Some(digit) = self.peek(0).and_then(|char| char.to_digit(radix)).filter(|_| count < most) {
            code = code.checked_mul(radix)?.checked_add(digit)?;
            count += 1;
            self.at += 1;
        }
        (count > 0).then(|| char::from_u32(code)).flatten()
    }
}

/// What `\d` and its kin stand for, to be put between brackets.
const fn perl_class(char: char) -> Option<&'static str> {
    Some(match char {
        'd' => "0-9",
        'D' => "^0-9",
        'w' => "0-9A-Za-z_",
        'W' => "^0-9A-Za-z_",
        's' => r"\t\n\f\r ",
        'S' => r"^\t\n\f\r ",
        _ => return None,
    })
}

/// The same letter in the other case, if there is exactly one.
fn other_case(char: char) -> Option<char> {
    fn only(mut cases: impl Iterator<Item = char>) -> Option<char> {
        let case = cases.next()?;
        cases.next().is_none().then_some(case)
    }
    let other = |case: &char| *case != char;
    only(char.to_lowercase()).filter(other).or_else(|| only(char.to_uppercase()).filter(other))
}

/// A character that stands for itself, in classes as outside.
fn push_escaped(out: &mut String, char: char) {
    if r"\.+*?()|[]{}^$#&-~".contains(char) {
        out.push('\\');
    }
    out.push(char);
}
