//! Damaged and lying input: every golden file with bytes changed or cut off. Nothing panics, nothing hangs, and
//! what is still read can be written again.

use graftwire_frame::{DecodeLimits, EncodedFrame, Frame, FrameFormat};

use crate::golden::files;

/// Some places of a file: about 60, or as many as `DAMAGED_PLACES` says. They begin elsewhere in each file, so that
/// together the files, which are much alike, are hit everywhere.
fn places(file: &[u8]) -> impl Iterator<Item = usize> {
    let wanted = std::env::var("DAMAGED_PLACES").map_or(60, |places| places.parse().unwrap());
    let step = (file.len() / wanted).max(1);
    (file.len() % 17 % step..file.len()).step_by(step)
}

fn decode(format: FrameFormat, bytes: Vec<u8>) {
    let limits = DecodeLimits::default().with_bytes(4 << 20).with_rows(100_000).with_fields(1_000);
    if let Ok(frame) = Frame::decode_within(&EncodedFrame::new(format, bytes), &limits) {
        frame.encode(FrameFormat::Arrow).unwrap();
        // Damage may leave JSON cells that aren't JSON, or statistics that aren't finite.
        drop(frame.encode(FrameFormat::Json));
    }
}

fn each(extension: &str, check: impl Fn(&[u8])) {
    for path in files(extension) {
        let is_frame = ["frames", "convert"].iter().any(|folder| path.parent().unwrap().ends_with(folder));
        if is_frame {
            check(&std::fs::read(path).unwrap());
        }
    }
}

fn changed(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for (byte, with) in changed.iter_mut().skip(at).zip(with) {
        *byte = *with;
    }
    changed
}

#[test]
fn arrow_files_with_a_byte_flipped() {
    each("arrow", |file| {
        for at in places(file) {
            decode(FrameFormat::Arrow, changed(file, at, &[!file[at]]));
            decode(FrameFormat::Arrow, changed(file, at, &[file[at] ^ 1 << (at % 8)]));
        }
    });
}

#[test]
fn arrow_files_cut_short() {
    each("arrow", |file| {
        for at in places(file) {
            decode(FrameFormat::Arrow, file[..at].to_vec());
            decode(FrameFormat::Arrow, file[at..].to_vec());
            // The end stays, so that the footer is found and everything it says is off.
            let tail = file.len() - 10;
            decode(FrameFormat::Arrow, [&file[..at.min(tail)], &file[tail..]].concat());
        }
    });
}

#[test]
fn arrow_files_with_numbers_that_lie() {
    let lies: [&[u8]; 7] = [
        &i32::MAX.to_le_bytes(),
        &i32::MIN.to_le_bytes(),
        &(-1i32).to_le_bytes(),
        &i64::MAX.to_le_bytes(),
        &i64::MIN.to_le_bytes(),
        &(1i64 << 40).to_le_bytes(),
        &0i64.to_le_bytes(),
    ];
    each("arrow", |file| {
        for at in places(file).map(|at| at / 4 * 4) {
            for lie in lies {
                decode(FrameFormat::Arrow, changed(file, at, lie));
            }
        }
    });
}

#[test]
fn json_with_a_byte_changed() {
    each("json", |file| {
        for at in places(file) {
            for with in [&b"\""[..], b"\\", b"]", b"}", b",", b"0", b"-", b"\xff", b"null", b"1e999", b"[["] {
                decode(FrameFormat::Json, changed(file, at, with));
            }
        }
    });
}

#[test]
fn json_cut_short() {
    each("json", |file| {
        for at in places(file) {
            decode(FrameFormat::Json, file[..at].to_vec());
            decode(FrameFormat::Json, [&file[..at], b"]]}}"].concat());
        }
    });
}
