//! Frame to Arrow file.

use arrow_ipc as ipc;
use flatbuffers::FlatBufferBuilder;
use graftwire_model::EncodedFrame;

use super::schema::SchemaHeader;
use super::segments::Segments;
use super::{ALIGNMENT, CONTINUATION, MAGIC};
use crate::column::Memory;
use crate::values::for_column;
use crate::{Frame, FrameError};

/// A message of no length.
const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Room for a header of a few columns; it grows for more.
const HEADER_ROOM: usize = 1024;

/// Encodes a frame into one segment; column memory is copied once.
///
/// # Errors
/// Fields of different length, and metadata that JSON can't hold.
pub fn write(frame: &Frame) -> Result<EncodedFrame, FrameError> {
    let mut batch = Batch::new(frame.rows()?);
    for field in &frame.fields {
        batch.push(field.values.null_count(), |pieces| {
            for_column!(&field.values, column => column.lend(pieces));
        });
    }
    Ok(assemble(&SchemaHeader::of(frame)?, batch))
}

/// Encodes a frame and gives it up: large column buffers become segments without a copy.
///
/// # Errors
/// As [`write()`].
pub fn write_owned(mut frame: Frame) -> Result<EncodedFrame, FrameError> {
    let mut batch = Batch::new(frame.rows()?);
    for field in &mut frame.fields {
        let values = field.values.take();
        batch.push(values.null_count(), |pieces| for_column!(values, column => column.give(pieces)));
    }
    Ok(assemble(&SchemaHeader::of(&frame)?, batch))
}

/// The columns of the one record batch.
struct Batch<'a> {
    rows: usize,
    nodes: Vec<ipc::FieldNode>,
    pieces: Vec<Memory<'a>>,
}

impl<'a> Batch<'a> {
    const fn new(rows: usize) -> Self {
        Self { rows, nodes: Vec::new(), pieces: Vec::new() }
    }

    fn push(&mut self, nulls: usize, buffers: impl FnOnce(&mut Vec<Memory<'a>>)) {
        self.nodes.push(ipc::FieldNode::new(signed(self.rows), signed(nulls)));
        buffers(&mut self.pieces);
    }

    /// The message before the body, and the body's length.
    fn header<'b>(&self, builder: &'b mut FlatBufferBuilder<'_>) -> (&'b [u8], usize) {
        builder.reset();
        let mut body = 0;
        let mut place = |piece: &Memory<'_>| {
            let buffer = ipc::Buffer::new(signed(body), signed(piece.len()));
            body = (body + piece.len()).next_multiple_of(ALIGNMENT);
            buffer
        };
        let buffers: Vec<_> = self.pieces.iter().map(&mut place).collect();
        let args = ipc::RecordBatchArgs {
            length: signed(self.rows),
            nodes: Some(builder.create_vector(&self.nodes)),
            buffers: Some(builder.create_vector(&buffers)),
            compression: None,
            variadicBufferCounts: None,
        };
        let batch = ipc::RecordBatch::create(builder, &args).as_union_value();
        (message(builder, ipc::MessageHeader::RecordBatch, batch, body), body)
    }
}

fn assemble(schema: &SchemaHeader<'_>, batch: Batch<'_>) -> EncodedFrame {
    let mut file = Segments::default();
    // One builder for all headers: growing is most of what a small header would cost.
    let mut builder = FlatBufferBuilder::with_capacity(HEADER_ROOM);
    file.extend(MAGIC);
    file.pad();
    write_message(&mut file, schema_message(&mut builder, schema));

    let mut block = None;
    if batch.rows > 0 {
        let (header, body) = batch.header(&mut builder);
        let start = file.len();
        write_message(&mut file, header);
        let header_len = i32::try_from(file.len() - start).unwrap_or(i32::MAX);
        block = Some(ipc::Block::new(signed(start), header_len, signed(body)));
    }
    let footer = footer(&mut builder, schema, block);

    // All that is still to come, so that nothing copied moves again.
    let copied = batch.pieces.iter().filter(|piece| !Segments::keeps_apart(piece));
    let copied: usize = copied.map(|piece| piece.len().next_multiple_of(ALIGNMENT)).sum();
    file.reserve(copied + END_OF_STREAM.len() + footer.len() + size_of::<i32>() + MAGIC.len());
    if block.is_some() {
        for piece in batch.pieces {
            file.push(piece);
            file.pad();
        }
    }
    file.extend(&END_OF_STREAM);
    file.extend(footer);
    file.extend(&length(footer));
    file.extend(MAGIC);
    file.finish()
}

fn schema_message<'b>(builder: &'b mut FlatBufferBuilder<'_>, schema: &SchemaHeader<'_>) -> &'b [u8] {
    builder.reset();
    let header = schema.build(builder).as_union_value();
    message(builder, ipc::MessageHeader::Schema, header, 0)
}

fn message<'b>(
    builder: &'b mut FlatBufferBuilder<'_>,
    header_type: ipc::MessageHeader,
    header: flatbuffers::WIPOffset<flatbuffers::UnionWIPOffset>,
    body: usize,
) -> &'b [u8] {
    let args = ipc::MessageArgs {
        version: ipc::MetadataVersion::V5,
        header_type,
        header: Some(header),
        bodyLength: signed(body),
        custom_metadata: None,
    };
    let message = ipc::Message::create(builder, &args);
    builder.finish(message, None);
    builder.finished_data()
}

fn footer<'b>(
    builder: &'b mut FlatBufferBuilder<'_>,
    schema: &SchemaHeader<'_>,
    block: Option<ipc::Block>,
) -> &'b [u8] {
    builder.reset();
    let blocks: &[ipc::Block] = block.as_slice();
    let args = ipc::FooterArgs {
        version: ipc::MetadataVersion::V5,
        schema: Some(schema.build(builder)),
        dictionaries: Some(builder.create_vector::<ipc::Block>(&[])),
        recordBatches: Some(builder.create_vector(blocks)),
        custom_metadata: None,
    };
    let footer = ipc::Footer::create(builder, &args);
    builder.finish(footer, None);
    builder.finished_data()
}

/// A message with its prefix, padded so that what follows is aligned.
fn write_message(file: &mut Segments, message: &[u8]) {
    let padded = message.len().next_multiple_of(ALIGNMENT);
    file.extend(&CONTINUATION);
    file.extend(&i32::try_from(padded).unwrap_or(i32::MAX).to_le_bytes());
    file.extend(message);
    file.pad();
}

fn length(bytes: &[u8]) -> [u8; 4] {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_le_bytes()
}

/// Lengths in memory always fit.
fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
