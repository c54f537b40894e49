//! Just enough protobuf to read the `QueryDataResponse` files, and base64. The wire has a crate of its own.

use graftwire_frame::{EncodedFrame, FrameFormat};
use graftwire_model::{DataResponse, ErrorSource, QueryResponse};

/// Field 1 is a map of refId to DataResponse.
pub(crate) fn query_response(bytes: &[u8]) -> QueryResponse {
    let mut response = QueryResponse::default();
    for (number, entry) in fields(bytes) {
        assert_eq!(number, 1);
        let (mut ref_id, mut answer) = (String::new(), DataResponse::default());
        for (number, value) in fields(entry.bytes()) {
            match number {
                1 => ref_id = value.text(),
                _ => answer = data_response(value.bytes()),
            }
        }
        response.responses.insert(ref_id, answer);
    }
    response
}

fn data_response(bytes: &[u8]) -> DataResponse {
    let (mut answer, mut frames, mut format) = (DataResponse::default(), Vec::new(), FrameFormat::Arrow);
    for (number, value) in fields(bytes) {
        match number {
            1 => frames.push(value.bytes().to_vec()),
            2 => answer.error = value.text(),
            4 => answer.status = value.int().try_into().unwrap(),
            5 => answer.error_source = ErrorSource::parse(&value.text()),
            6 if value.int() == 1 => format = FrameFormat::Json,
            _ => {}
        }
    }
    answer.frames = frames.into_iter().map(|frame| EncodedFrame::new(format, frame)).collect();
    answer
}

enum Field<'a> {
    Int(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("an integer") };
        bytes
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    fn int(&self) -> u64 {
        let Self::Int(int) = self else { panic!("bytes") };
        *int
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Int(value),
            2 => Field::Bytes(bytes.split_off(..value.try_into().unwrap()).unwrap()),
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, field));
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first().unwrap();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == byte).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}
