//! Durations and sizes as people write them.

use std::time::Duration;

/// Units of time and what they are in milliseconds.
const TIMES: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];
/// Units of size and what they are in bytes.
const SIZES: [(&str, u64); 4] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("B", 1),
];

/// Reads `"500ms"`, `"30s"`, `"7d"`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    scaled(text, &TIMES).map(Duration::from_millis)
}

/// Writes a duration as [`duration`] reads it, in the largest unit that it is a whole number of.
pub(super) fn said(span: Duration) -> String {
    let millis = span.as_millis();
    let fits = |(_, factor): &&(&str, u64)| millis.is_multiple_of(u128::from(*factor));
    let (unit, factor) = TIMES.iter().rev().find(fits).unwrap_or(&TIMES[0]);
    format!("{}{unit}", millis / u128::from(*factor))
}

/// Reads `"64KiB"`, `"16MiB"`.
pub(crate) fn size(text: &str) -> Option<u64> {
    scaled(text, &SIZES)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_read_as_written() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("7d"), Some(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        assert_eq!(size("16MiB"), Some(16 << 20));
        for text in ["100ms", "90s", "15m", "1h", "7d"] {
            assert_eq!(duration(text).map(said).as_deref(), Some(text));
        }
        for wrong in ["", "5", "s", "5 weeks", "-1s", "99999999999999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
