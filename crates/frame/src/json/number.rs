//! Numbers in the spelling of Go's encoder: as short as exactness allows, exponents such as `1e+21` and `1e-07`.
//!
//! Any spelling would do for readers; this one keeps files of both implementations comparable.

/// Writes an integer.
pub(crate) fn push_int(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a finite double.
pub(crate) fn push_f64(out: &mut Vec<u8>, number: f64) {
    push_shortest(out, zmij::Buffer::new().format_finite(number));
}

/// Writes a finite single with the digits a single needs.
pub(crate) fn push_f32(out: &mut Vec<u8>, number: f32) {
    push_shortest(out, zmij::Buffer::new().format_finite(number));
}

/// Turns `1.0` into `1`, and `1.5e-7` or `1e16` into plain digits or into Go's exponents.
fn push_shortest(out: &mut Vec<u8>, shortest: &str) {
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        out.extend_from_slice(match shortest.as_bytes() {
            [whole @ .., b'.', b'0'] => whole,
            other => other,
        });
        return;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    out.extend_from_slice(sign.as_bytes());
    match exponent {
        // Plain digits; the point moves to the right, past all digits of the fraction.
        0..21 => {
            let places = usize::try_from(exponent).unwrap_or_default();
            let (moved, rest) = fraction.split_at_checked(places).unwrap_or((fraction, ""));
            out.extend_from_slice(whole.as_bytes());
            out.extend_from_slice(moved.as_bytes());
            out.resize(out.len() + places - moved.len(), b'0');
            if !rest.is_empty() {
                out.push(b'.');
                out.extend_from_slice(rest.as_bytes());
            }
        }
        // Plain digits; the point moves to the left.
        -6..0 => {
            let zeros = usize::try_from(-1 - exponent).unwrap_or_default();
            out.extend_from_slice(b"0.");
            out.resize(out.len() + zeros, b'0');
            out.extend_from_slice(whole.as_bytes());
            out.extend_from_slice(fraction.as_bytes());
        }
        _ => {
            out.extend_from_slice(whole.as_bytes());
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction.as_bytes());
            }
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            if exponent.unsigned_abs() < 10 {
                out.push(b'0');
            }
            push_int(out, exponent.unsigned_abs());
        }
    }
}
