//! Classes: `[a-z\d]`, `[^…]`, `[[:alpha:]]`.
//!
//! Part of reading patterns. It deliberately writes every character out, so that no set operation of the library can
//! come about.

use super::{Reader, other_case, perl_class, push_escaped};

impl Reader {
    /// After `[`.
    pub(super) fn class(&mut self) -> Result<(), String> {
        self.literals.end();
        let mut class = String::from("[");
        if self.peek(0) == Some('^') {
            self.at += 1;
            class.push('^');
            self.matches_any = true;
        }
        let mut first = true;
        loop {
            let char = self.peek(0).ok_or("it has a class without its end, expected `]`")?;
            self.at += 1;
            match char {
                ']' if !first => break,
                '[' if self.peek(0) == Some(':') && self.named_class(&mut class) => {}
                '\\' if self.peek(0).and_then(perl_class).is_some() => {
                    let name = self.peek(0).unwrap_or_default();
                    self.at += 1;
                    self.matches_any |= name.is_ascii_uppercase();
                    class.push_str(&format!("[{}]", perl_class(name).unwrap_or_default()));
                }
                '\\' if matches!(self.peek(0), Some('p' | 'P')) => {
                    return Err("it has a class of Unicode (`\\p`), which is not supported here".to_owned());
                }
                _ => {
                    let low = self.class_char(char)?;
                    self.class_range(low, &mut class)?;
                }
            }
            first = false;
        }
        class.push(']');
        self.out.push_str(&class);
        Ok(())
    }

    /// `[:alpha:]` and its kin; `false` if it is no such thing.
    fn named_class(&mut self, class: &mut String) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let Some(end) = rest.windows(2).position(|pair| pair == [':', ']']).filter(|end| *end > 0) else {
            return false;
        };
        let name: String = rest.get(1..end).unwrap_or_default().iter().collect();
        if !name.trim_start_matches('^').bytes().all(|byte| byte.is_ascii_lowercase()) {
            return false;
        }
        self.matches_any |= name.starts_with('^');
        self.at += end + 2;
        class.push_str(&format!("[:{name}:]"));
        if self.folds() && matches!(name.as_str(), "lower" | "upper") {
            class.push_str("a-zA-Z");
        }
        true
    }

    fn class_char(&mut self, char: char) -> Result<char, String> {
        if char != '\\' {
            return Ok(char);
        }
        let escaped = self.peek(0).ok_or("it ends with a backslash")?;
        self.at += 1;
        self.escaped_char(escaped)
    }

    /// A character or a range, in either case if case is ignored.
    fn class_range(&mut self, low: char, class: &mut String) -> Result<(), String> {
        let mut high = low;
        if self.peek(0) == Some('-') && self.peek(1).is_some_and(|next| next != ']') {
            self.at += 1;
            let next = self.peek(0).unwrap_or_default();
            self.at += 1;
            high = self.class_char(next)?;
            if high < low {
                return Err(format!("it has the range `{low}-{high}`, whose end is before its beginning"));
            }
        }
        let mut push = |low: char, high: char| {
            push_escaped(class, low);
            if low != high {
                class.push('-');
                push_escaped(class, high);
            }
        };
        push(low, high);
        if self.folds() {
            if low == high {
                if let Some(other) = other_case(low) {
                    push(other, other);
                }
            } else {
                for (from, to, shift) in [('a', 'z', -32_i32), ('A', 'Z', 32)] {
                    let (low, high) = (low.max(from), high.min(to));
                    let shifted = |char: char| char::from_u32(u32::from(char).wrapping_add_signed(shift));
                    if let (true, Some(low), Some(high)) = (low <= high, shifted(low), shifted(high)) {
                        push(low, high);
                    }
                }
            }
        }
        Ok(())
    }
}
