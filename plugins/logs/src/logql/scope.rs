//! What stages change of a line's labels, in buffers that are used again for the next line.
//!
//! Part of running pipelines. It deliberately copies no label of the stream: it keeps what was added, what was removed
//! and the error, beside the stream's own labels.

use std::borrow::Cow;

use super::labels::Labels;

/// The label that holds which stage failed.
pub const ERROR: &str = "__error__";
/// The label that holds why.
pub const ERROR_DETAILS: &str = "__error_details__";
/// What is appended to an extracted label whose name the stream has already.
pub(super) const DUPLICATE: &str = "_extracted";
/// How many labels one line may get. Loki has no such limit.
pub(super) const MAX_LABELS: usize = 500;

/// Which labels anybody asks for. Parsers that give all they find give only these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Wanted {
    #[default]
    All,
    /// Then parsers don't run at all, and don't fail.
    None,
    Only(Vec<String>),
}

impl Wanted {
    pub(super) fn label(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => names.iter().any(|wanted| wanted == name),
        }
    }

    /// Whether a label whose name begins like this is wanted.
    pub(super) fn prefix(&self, prefix: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => names.iter().any(|wanted| wanted.starts_with(prefix)),
        }
    }
}

/// The changes to one line's labels.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The first `used` are labels, the others room for the next line's.
    slots: Vec<Slot>,
    used: usize,
    removed: Vec<String>,
    /// Counts parsers: of one parser's labels the first of equal names stays, the next parser's replace them.
    parser: u32,
    error: Option<&'static str>,
    details: String,
    /// Room for names in the making.
    name: String,
}

#[derive(Debug, Default)]
struct Slot {
    name: String,
    value: String,
    parser: u32,
}

impl Changes {
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.removed.clear();
        self.parser = 0;
        self.error = None;
        self.details.clear();
    }

    pub(super) const fn error(&self) -> Option<&'static str> {
        self.error
    }

    pub(super) fn details(&self) -> &str {
        &self.details
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.used == 0 && self.removed.is_empty() && self.error.is_none()
    }

    /// Labels that were added or replaced, without the error.
    pub(super) fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.slots.iter().take(self.used).map(|slot| (slot.name.as_str(), slot.value.as_str()))
    }

    /// Whether a label of the stream is still there.
    pub(super) fn keeps(&self, name: &str) -> bool {
        !self.removed.iter().any(|removed| removed == name) && self.position(name).is_none()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.slots.iter().take(self.used).position(|slot| slot.name == name)
    }

    /// A label's slot with an empty value; `None` if there are too many.
    fn slot(&mut self, name: &str) -> Option<&mut Slot> {
        let known = self.position(name);
        let at = self.place(known, name)?;
        self.slots.get_mut(at)
    }

    /// Makes the slot at a place, or the next free one, this label's with an empty value; `None` if there are too many.
    fn place(&mut self, known: Option<usize>, name: &str) -> Option<usize> {
        let at = match known {
            Some(at) => at,
            None if self.used == MAX_LABELS => return None,
            None => {
                if self.used == self.slots.len() {
                    self.slots.push(Slot::default());
                }
                self.used += 1;
                self.used - 1
            }
        };
        let parser = self.parser;
        let slot = self.slots.get_mut(at)?;
        if known.is_none() {
            name.clone_into(&mut slot.name);
        }
        slot.value.clear();
        slot.parser = parser;
        Some(at)
    }

    /// The place for a label of the parser that runs; `None` if it gave the label before.
    fn claim(&mut self, name: &str) -> Result<Option<usize>, TooManyLabels> {
        let known = self.position(name);
        if known.and_then(|at| self.slots.get(at)).is_some_and(|slot| slot.parser == self.parser) {
            return Ok(None);
        }
        self.place(known, name).map(Some).ok_or(TooManyLabels)
    }
}

/// A line's labels as a stage sees them.
#[derive(Debug)]
pub(super) struct Scope<'l> {
    pub(super) stream: &'l Labels,
    pub(super) changes: &'l mut Changes,
    pub(super) wanted: &'l Wanted,
}

/// More labels than a line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyLabels;

impl Scope<'_> {
    /// A label's value; of `__error__` and its details only if there is an error.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        if let Some(slot) = self.changes.position(name).and_then(|at| self.changes.slots.get(at)) {
            return Some(&slot.value);
        }
        if name == ERROR {
            return self.changes.error;
        }
        if name == ERROR_DETAILS && !self.changes.details.is_empty() {
            return Some(&self.changes.details);
        }
        if self.changes.removed.iter().any(|removed| removed == name) {
            return None;
        }
        self.stream.get(name)
    }

    /// The stage that failed, as `__error__` names it.
    pub(super) const fn error(&self) -> Option<&'static str> {
        self.changes.error
    }

    /// Says which stage failed, and why. A later failure replaces an earlier one.
    pub(super) fn fail(&mut self, error: &'static str, details: &str) {
        self.changes.error = Some(error);
        details.clone_into(&mut self.changes.details);
    }

    pub(super) fn forget_error(&mut self) {
        self.changes.error = None;
        self.changes.details.clear();
    }

    pub(super) fn forget_details(&mut self) {
        self.changes.details.clear();
    }

    /// Adds or replaces a label.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), TooManyLabels> {
        self.changes.slot(name).ok_or(TooManyLabels)?.value.push_str(value);
        Ok(())
    }

    /// Removes a label.
    pub(super) fn remove(&mut self, name: &str) {
        if let Some(at) = self.changes.position(name) {
            let used = self.changes.used;
            if let Some(live) = self.changes.slots.get_mut(at..used) {
                live.rotate_left(1);
                self.changes.used -= 1;
            }
        }
        if self.stream.get(name).is_some() && !self.changes.removed.iter().any(|removed| removed == name) {
            self.changes.removed.push(name.to_owned());
        }
    }

    /// The next parser begins.
    pub(super) fn begin_parser(&mut self) {
        self.changes.parser += 1;
    }

    /// Room for the value of an extracted label whose name is fit already. `None` if the parser gave it before.
    ///
    /// # Errors
    /// There are too many labels.
    pub(super) fn extract(&mut self, name: &str) -> Result<Option<&mut String>, TooManyLabels> {
        let claimed = if self.stream.get(name).is_some() {
            let mut renamed = std::mem::take(&mut self.changes.name);
            renamed.clear();
            renamed.push_str(name);
            renamed.push_str(DUPLICATE);
            let claimed = self.changes.claim(&renamed);
            self.changes.name = renamed;
            claimed
        } else {
            self.changes.claim(name)
        };
        let slots = &mut self.changes.slots;
        claimed.map(|at| at.and_then(|at| slots.get_mut(at)).map(|slot| &mut slot.value))
    }

    /// The same with the value at hand.
    pub(super) fn extract_bytes(&mut self, name: &str, value: &[u8]) -> Result<(), TooManyLabels> {
        if let Some(room) = self.extract(name)? {
            push_lossy(room, value);
        }
        Ok(())
    }
}

/// Adds bytes; those that are no text become replacement characters.
pub(super) fn push_lossy(text: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(valid) => text.push_str(valid),
        Err(_) => {
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            }
        }
    }
}

/// Bytes as text, by the same rule.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(valid) => Cow::Borrowed(valid),
        Err(_) => {
            let mut text = String::with_capacity(bytes.len() + 8);
            push_lossy(&mut text, bytes);
            Cow::Owned(text)
        }
    }
}

/// Adds a key as a label's name has it: blanks around it cut, every other character than ASCII letters and digits a `_`,
/// and no digit first unless it follows a prefix.
pub(super) fn push_sanitized(name: &mut String, key: &str, follows_prefix: bool) {
    let key = key.trim();
    if !follows_prefix && key.starts_with(|first: char| first.is_ascii_digit()) {
        name.push('_');
    }
    if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return name.push_str(key);
    }
    name.extend(key.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }));
}
