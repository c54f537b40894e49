//! One codec, many times: `graftwire-codecs NAME ROUNDS`. It is run under an instruction counter, which is exact where
//! a clock on a busy machine is not; two runs with different rounds cancel what the start of the process costs.
//!
//! It deliberately takes no time itself.

use std::hint::black_box;
use std::process::ExitCode;

use graftwire_benches::{Size, encoded, frames};
use graftwire_frame::{Frame, FrameError};
use graftwire_model::FrameFormat;

/// A codec and what one round of it does.
type Codec = (&'static str, fn(usize) -> Result<(), FrameError>);

const CODECS: [Codec; 5] = [
    ("build", build),
    ("arrow-write", |rounds| write(FrameFormat::Arrow, rounds)),
    ("arrow-read", |rounds| read(FrameFormat::Arrow, rounds)),
    ("json-write", |rounds| write(FrameFormat::Json, rounds)),
    ("json-read", |rounds| read(FrameFormat::Json, rounds)),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let codec = CODECS.iter().find(|(known, _)| *known == name);
    let rounds = args.next().and_then(|rounds| rounds.parse().ok());
    let (Some((_, run)), Some(rounds)) = (codec, rounds) else {
        let names = CODECS.map(|(name, _)| name).join(", ");
        return failed(&format!("expected a codec ({names}) and a number of rounds"));
    };
    run(rounds).map_or_else(|error| failed(&error.to_string()), |()| ExitCode::SUCCESS)
}

#[allow(clippy::print_stderr, reason = "this is a program for people")]
fn failed(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn build(rounds: usize) -> Result<(), FrameError> {
    for _ in 0..rounds {
        black_box(frames(black_box(Size::MEDIUM)));
    }
    Ok(())
}

fn write(format: FrameFormat, rounds: usize) -> Result<(), FrameError> {
    let frames = frames(Size::MEDIUM);
    for _ in 0..rounds {
        for frame in black_box(&frames) {
            black_box(frame.encode(format)?);
        }
    }
    Ok(())
}

fn read(format: FrameFormat, rounds: usize) -> Result<(), FrameError> {
    let encoded = encoded(frames(Size::MEDIUM), format)?;
    for _ in 0..rounds {
        for frame in black_box(&encoded) {
            black_box(Frame::decode(frame)?);
        }
    }
    Ok(())
}
