//! Lengths of time: `500ms`, `15s`, `5m`, `1h30m`, `2d`, `1w`.
//!
//! It deliberately has no months and years: their length depends on where one stands (see `instant`).

use std::time::Duration;

const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Reads a length of time. A number alone is milliseconds, as in Grafana's `intervalMs`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected =
        || format!("found {text:?}, expected a length of time such as 500ms, 15s, 5m, 1h30m or 2d");
    if let Ok(millis) = text.parse::<u64>() {
        return Ok(Duration::from_millis(millis));
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(expected)?;
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(letters).ok_or_else(expected)?;
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(expected)?;
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*millis));
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(expected)?;
        rest = tail;
    }
    if text.is_empty() { Err(expected()) } else { Ok(Duration::from_millis(total)) }
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn units_add_up() {
        let millis = |text: &str| parse_duration(text).map(|length| length.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("250"), Ok(250));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("1w2d"), Ok(777_600_000));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "s", "-1s", "1.5s", "1x", "1M", "1s ", "99999999999999999999s", "99999999999999w"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
