//! Rows of any engine → frames, in one piece at the end or in several while they come.
//!
//! The step "frame". It deliberately runs on the engine's thread, so that a slow reader holds the engine and not the
//! memory.

use graftwire_frame::{Frame, Notice, NoticeSeverity, ValueType};
use graftwire_sdk::sql::{Cell, ColumnType, Format, RowLimits, Rows, TypeMapping};
use tokio::sync::mpsc;

use crate::upstream::UpstreamError;

/// How many rows one piece of a streamed answer has.
pub(crate) const PIECE_ROWS: u64 = 8_192;

/// Columns by which a series is drawn, whatever their declared type.
const TIME_NAMES: [&str; 3] = ["time", "time_sec", "timeend"];

/// Where an engine puts its rows.
#[derive(Debug)]
pub struct Collector {
    pieces: mpsc::Sender<Frame>,
    in_pieces: bool,
    format: Format,
    time_columns: Vec<String>,
    limits: RowLimits,
    rows: Option<Rows>,
    names: Vec<String>,
    sent_types: Option<Vec<ValueType>>,
    notices: Vec<Notice>,
}

impl Collector {
    pub(crate) fn new(
        format: Format,
        time_columns: Vec<String>,
        limits: RowLimits,
        in_pieces: bool,
    ) -> (Self, mpsc::Receiver<Frame>) {
        let (pieces, receiver) = mpsc::channel(2);
        let collector = Self {
            pieces,
            in_pieces,
            format,
            time_columns,
            limits,
            rows: None,
            names: Vec::new(),
            sent_types: None,
            notices: Vec::new(),
        };
        (collector, receiver)
    }

    /// Begins with the columns: name and declared type of each.
    pub fn begin<'a>(
        &mut self,
        columns: impl Iterator<Item = (&'a str, &'a str)>,
        mapping: &impl TypeMapping,
    ) {
        let columns: Vec<(&str, ColumnType)> =
            columns.map(|(name, declared)| (name, self.column_type(name, declared, mapping))).collect();
        self.names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.rows = Some(Rows::new(columns, self.limits));
    }

    fn column_type(&self, name: &str, declared: &str, mapping: &impl TypeMapping) -> ColumnType {
        let is_time = TIME_NAMES.contains(&name) || self.time_columns.iter().any(|column| column == name);
        match (is_time, self.format) {
            (false, _) => mapping.column_type(name, declared),
            // A table shows what isn't a time as it is.
            (true, Format::Table) => ColumnType::Prefer(ValueType::Time),
            (true, _) => ColumnType::Time,
        }
    }

    /// Adds a row; false if no more are wanted.
    ///
    /// # Errors
    /// A value that its column can't take, or a reader that is gone.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<bool, UpstreamError> {
        let Some(rows) = &mut self.rows else { return Ok(false) };
        if !rows.push(cells)? {
            return Ok(false);
        }
        if self.in_pieces && rows.len() % PIECE_ROWS == 0 {
            self.send_piece()?;
        }
        Ok(true)
    }

    /// Says something about the answer, once.
    pub fn notice(&mut self, text: String) {
        if !self.notices.iter().any(|notice| notice.text == text) {
            self.notices.push(Notice::new(NoticeSeverity::Warning, text));
        }
    }

    /// Ends: what is left is sent. Also after an error of the engine, so that good rows are not lost.
    ///
    /// # Errors
    /// A reader that is gone.
    pub fn finish(mut self) -> Result<(), UpstreamError> {
        self.send_piece()
    }

    fn send_piece(&mut self) -> Result<(), UpstreamError> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        let types: Vec<ValueType> = rows.types().collect();
        if let Some(sent) = &self.sent_types {
            let pairs = self.names.iter().zip(sent.iter().zip(&types));
            if let Some((column, (expected, found))) = pairs.into_iter().find(|(_, (sent, now))| sent != now)
            {
                let (column, found, expected) = (column.clone(), found.to_string(), expected.to_string());
                self.rows = None;
                return Err(UpstreamError::Changed { column, found, expected });
            }
        }
        let mut frame = rows.take();
        if !self.notices.is_empty() {
            frame.meta_mut().notices.append(&mut self.notices);
        }
        self.sent_types = Some(types);
        self.pieces.blocking_send(frame).map_err(|_| UpstreamError::Cancelled)
    }
}
