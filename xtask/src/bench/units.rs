//! Figures as people read them: three digits and a unit.

/// A time given in nanoseconds.
pub(super) fn time(nanos: f64) -> String {
    scaled(nanos, 1_000.0, &["ns", "µs", "ms", "s"])
}

/// Things per second.
pub(super) fn rate(per_second: f64, things: &str) -> String {
    format!("{} {things}/s", scaled(per_second, 1_000.0, &["", "k", "M", "G"]))
}

/// Bytes per second.
pub(super) fn bytes_rate(per_second: f64) -> String {
    format!("{}/s", bytes(per_second))
}

/// A size.
pub(super) fn bytes(bytes: f64) -> String {
    scaled(bytes, 1_024.0, &["B", "KiB", "MiB", "GiB"])
}

/// How many times less; 2 digits.
pub(super) fn ratio(larger: f64, smaller: f64) -> String {
    if smaller > 0.0 { format!("{}×", digits(larger / smaller, 2)) } else { "–".to_owned() }
}

fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    // What would be shown as 1000 goes on to the next unit.
    while value >= step * 0.9995 {
        let Some(next) = units.next() else { break };
        value /= step;
        unit = next;
    }
    format!("{} {unit}", digits(value, 3)).trim_end().to_owned()
}

/// A number with so many significant digits, no fewer than those before the point.
fn digits(value: f64, significant: usize) -> String {
    // The exponent after rounding: 0.9999 is shown as 1.00.
    let rounded = format!("{value:.*e}", significant.saturating_sub(1));
    let exponent = rounded.split_once('e').and_then(|(_, exponent)| exponent.parse::<i64>().ok());
    let Some(exponent) = exponent.filter(|_| value != 0.0) else { return format!("{value}") };
    let decimals = i64::try_from(significant).unwrap_or_default() - 1 - exponent;
    format!("{value:.*}", usize::try_from(decimals.clamp(0, 6)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_the_unit_that_fits() {
        assert_eq!(time(0.0), "0 ns");
        assert_eq!(time(7.25), "7.25 ns");
        assert_eq!(time(999.4), "999 ns");
        assert_eq!(time(999.9), "1.00 µs");
        assert_eq!(time(48_930.0), "48.9 µs");
        assert_eq!(time(2.5e9), "2.50 s");
        assert_eq!(time(5.0e12), "5000 s");
        assert_eq!(bytes(2_734_000.0), "2.61 MiB");
        assert_eq!(bytes_rate(1.5 * 1024.0), "1.50 KiB/s");
    }

    #[test]
    fn rates_name_what_is_counted() {
        assert_eq!(rate(9_769_250.0, "rows"), "9.77 M rows/s");
        assert_eq!(rate(12.0, "rows"), "12.0 rows/s");
    }

    #[test]
    fn ratios_say_how_many_times() {
        assert_eq!(ratio(161.0, 58.0), "2.8×");
        assert_eq!(ratio(27192.0, 2611.0), "10×");
        assert_eq!(ratio(1.0, 0.0), "–");
    }
}
