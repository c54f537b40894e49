//! The buffers of a record batch to columns.
//!
//! It deliberately copies: a column that shared the memory of its file would keep the whole message alive, and
//! would have to be aligned by chance.

use arrow_buffer::ArrowNativeType;
use arrow_ipc as ipc;

use super::read::Problem;
use super::schema::Layout;
use crate::column::{Bits, Texts};
use crate::{Column, DecodeLimits, Element, Values};

/// Walks the nodes and buffers of a batch, column by column.
pub(super) struct BatchBuffers<'a, 'b> {
    nodes: Box<dyn Iterator<Item = &'a ipc::FieldNode> + 'a>,
    buffers: Box<dyn Iterator<Item = &'a ipc::Buffer> + 'a>,
    view_counts: Box<dyn Iterator<Item = i64> + 'a>,
    body: &'a [u8],
    rows: usize,
    budget: &'b mut DecodeLimits,
}

impl<'a, 'b> BatchBuffers<'a, 'b> {
    pub(super) fn new(
        batch: &ipc::RecordBatch<'a>,
        body: &'a [u8],
        rows: usize,
        budget: &'b mut DecodeLimits,
    ) -> Self {
        Self {
            nodes: Box::new(batch.nodes().into_iter().flatten()),
            buffers: Box::new(batch.buffers().into_iter().flatten()),
            view_counts: Box::new(batch.variadicBufferCounts().into_iter().flatten()),
            body,
            rows,
            budget,
        }
    }

    /// Reads the next column and adds its rows.
    pub(super) fn read_column(&mut self, layout: Layout, values: &mut Values) -> Result<(), Problem> {
        let validity = self.validity(values.is_nullable())?;
        match values {
            Values::Int8(column) => self.numbers(column, validity, i8::from_le_bytes),
            Values::Int16(column) => self.numbers(column, validity, i16::from_le_bytes),
            Values::Int32(column) => self.numbers(column, validity, i32::from_le_bytes),
            Values::Int64(column) => self.numbers(column, validity, i64::from_le_bytes),
            Values::Uint8(column) => self.numbers(column, validity, u8::from_le_bytes),
            Values::Uint16(column) => self.numbers(column, validity, u16::from_le_bytes),
            Values::Uint32(column) => self.numbers(column, validity, u32::from_le_bytes),
            Values::Uint64(column) => self.numbers(column, validity, u64::from_le_bytes),
            Values::Float32(column) => self.numbers(column, validity, f32::from_le_bytes),
            Values::Float64(column) => self.numbers(column, validity, f64::from_le_bytes),
            Values::Time(column) => self.numbers(column, validity, i64::from_le_bytes),
            Values::Enum(column) => self.numbers(column, validity, u16::from_le_bytes),
            Values::Bool(column) => self.bools(column, validity),
            Values::String(column) if layout == Layout::TextViews => {
                let texts = self.text_views(&validity)?;
                append(column, texts, validity)
            }
            Values::String(column) => {
                let texts = self.texts()?;
                append(column, texts, validity)
            }
            Values::Json(column) => {
                let texts = self.texts()?;
                append(column, texts, validity)
            }
        }
    }

    /// Checks that nothing is left over.
    pub(super) fn finish(mut self) -> Result<(), &'static str> {
        if self.nodes.next().is_some() {
            Err("a record batch has more columns than the schema")
        } else {
            Ok(())
        }
    }

    /// Which rows hold a value, for a column that has nulls or may have them.
    fn validity(&mut self, nullable: bool) -> Result<Validity, Problem> {
        let node = self.nodes.next().ok_or("the record batch has no such column")?;
        if node.length() != i64::try_from(self.rows).unwrap_or(i64::MAX) {
            return Err(Problem::Damaged(format!(
                "found {} rows, expected {} as in the record batch",
                node.length(),
                self.rows,
            )));
        }
        let bits = self.buffer()?;
        let nulls = if bits.is_empty() {
            if node.null_count() > 0 {
                return Err("it has nulls but no bitmap of them".into());
            }
            None
        } else {
            let packed = bits.get(..self.rows.div_ceil(8)).ok_or("the bitmap of nulls is too short")?;
            self.spend(packed.len())?;
            Some(Bits::from_packed(packed, self.rows)).filter(|bits| bits.count_zeros() > 0)
        };
        Ok(Validity { nulls, nullable })
    }

    fn numbers<T, N, const WIDTH: usize>(
        &mut self,
        column: &mut Column<T>,
        validity: Validity,
        decode: impl Fn([u8; WIDTH]) -> N,
    ) -> Result<(), Problem>
    where
        T: Element<Store = Vec<N>>,
        N: ArrowNativeType,
    {
        let length = self.rows.checked_mul(WIDTH).ok_or("its length overflows")?;
        let bytes = self.buffer()?.get(..length).ok_or("the buffer of values is too short")?;
        self.spend(length)?;
        let (chunks, _) = bytes.as_chunks::<WIDTH>();
        let mut store: Vec<N> = chunks.iter().map(|chunk| decode(*chunk)).collect();
        if let (false, Some(bits)) = (validity.nullable, &validity.nulls) {
            for (row, value) in store.iter_mut().enumerate() {
                if bits.get(row) == Some(false) {
                    *value = N::default();
                }
            }
        }
        append(column, store, validity)
    }

    fn bools(&mut self, column: &mut Column<bool>, validity: Validity) -> Result<(), Problem> {
        let length = self.rows.div_ceil(8);
        let packed = self.buffer()?.get(..length).ok_or("the buffer of values is too short")?;
        self.spend(length)?;
        let mut bits = Bits::from_packed(packed, self.rows);
        if let (false, Some(valid)) = (validity.nullable, &validity.nulls) {
            bits.retain(valid);
        }
        append(column, bits, validity)
    }

    fn texts(&mut self) -> Result<Texts, Problem> {
        let offsets = self.buffer()?;
        let bytes = self.buffer()?;
        if self.rows == 0 {
            return Ok(Texts::default());
        }
        let (offsets, _) = offsets.as_chunks::<4>();
        let wanted = self.rows.checked_add(1).ok_or("its length overflows")?;
        let offsets = offsets.get(..wanted).ok_or("the buffer of offsets is too short")?;
        let range = |from: &[u8; 4], to: &[u8; 4]| {
            let from = usize::try_from(i32::from_le_bytes(*from)).ok()?;
            bytes.get(from..usize::try_from(i32::from_le_bytes(*to)).ok()?)
        };
        let whole = offsets.first().zip(offsets.last()).and_then(|(first, last)| range(first, last));
        let whole = whole.ok_or(OUTSIDE)?;
        self.spend(whole.len().saturating_add(wanted * 4))?;

        let mut texts = Texts::with_capacity(self.rows);
        texts.reserve_bytes(whole.len());
        for pair in offsets.windows(2) {
            let [from, to] = pair else { continue };
            texts.push_bytes(range(from, to).ok_or(OUTSIDE)?);
        }
        Ok(texts)
    }

    fn text_views(&mut self, validity: &Validity) -> Result<Texts, Problem> {
        let (views, _) = self.buffer()?.as_chunks::<16>();
        let views = views.get(..self.rows).ok_or("the buffer of views is too short")?;
        let count = self.view_counts.next().ok_or("the record batch says not how many buffers views have")?;
        let count = usize::try_from(count).map_err(|_| "the number of buffers is negative")?;
        let mut buffers = Vec::new();
        for _ in 0..count {
            buffers.push(self.buffer()?);
        }
        let mut texts = Texts::with_capacity(self.rows);
        for (row, view) in views.iter().enumerate() {
            let null = validity.nulls.as_ref().and_then(|bits| bits.get(row)) == Some(false);
            let text = if null { Some(&[][..]) } else { viewed(view, &buffers) }.ok_or(OUTSIDE)?;
            self.spend(text.len().saturating_add(4))?;
            texts.push_bytes(text);
        }
        Ok(texts)
    }

    /// The bytes of the next buffer.
    fn buffer(&mut self) -> Result<&'a [u8], Problem> {
        let buffer = self.buffers.next().ok_or("the record batch lacks one of its buffers")?;
        let found = || {
            let start = usize::try_from(buffer.offset()).ok()?;
            self.body.get(start..start.checked_add(usize::try_from(buffer.length()).ok()?)?)
        };
        found().ok_or_else(|| "a buffer lies outside of the record batch".into())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Problem> {
        self.budget.bytes = self.budget.bytes.checked_sub(bytes).ok_or(Problem::TooLarge(bytes))?;
        Ok(())
    }
}

const OUTSIDE: &str = "a text lies outside of its buffer";

/// Which rows hold a value.
struct Validity {
    /// Present if there are nulls.
    nulls: Option<Bits>,
    nullable: bool,
}

/// The text behind a view: up to 12 bytes stand in the view itself.
fn viewed<'a>(view: &'a [u8; 16], buffers: &[&'a [u8]]) -> Option<&'a [u8]> {
    let int = |at: usize| {
        let bytes: [u8; 4] = view.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(i32::from_le_bytes(bytes)).ok()
    };
    let length = int(0)?;
    if length <= 12 {
        return view.get(4..4 + length);
    }
    let start = int(12)?;
    buffers.get(int(8)?)?.get(start..start.checked_add(length)?)
}

fn append<T: Element>(column: &mut Column<T>, store: T::Store, validity: Validity) -> Result<(), Problem> {
    let rows = T::len(&store);
    let validity = validity.nullable.then(|| validity.nulls.unwrap_or_else(|| Bits::repeat(true, rows)));
    column.append(Column::from_parts(store, validity));
    if column.overflowed() { Err("its texts exceed 2 GiB".into()) } else { Ok(()) }
}
