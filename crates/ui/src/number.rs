//! Numbers as people read them; templates hand them over by reference.

use std::borrow::Borrow;

/// Writes a count with its thousands apart.
pub(crate) fn count(value: impl Borrow<u64>) -> String {
    let digits = value.borrow().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a rate: by the second, or by the minute where it is slow.
pub(crate) fn rate(per_second: impl Borrow<f64>) -> String {
    let per_second = *per_second.borrow();
    if !per_second.is_finite() || per_second <= 0.0 {
        "0 /s".to_owned()
    } else if per_second >= 9.95 {
        format!("{per_second:.0} /s")
    } else if per_second >= 0.1 {
        format!("{per_second:.1} /s")
    } else {
        format!("{:.1} /min", per_second * 60.0)
    }
}

/// Writes how far behind a stage is.
pub(crate) fn lag(us: impl Borrow<i64>) -> String {
    let us = *us.borrow();
    match us {
        ..1_000 => "under 1 ms".to_owned(),
        1_000..10_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..10_000_000 => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
        _ => crate::stamp::span(us),
    }
}

/// Writes a size in bytes in the unit that fits it.
pub(crate) fn bytes(value: impl Borrow<u64>) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut tenths = u128::from(*value.borrow()) * 10;
    let mut unit = "B";
    for larger in UNITS {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1_000;
        unit = larger;
    }
    if unit == "B" || tenths >= 1_000 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn slow_rates_are_by_the_minute() {
        assert_eq!(
            [0.0, f64::NAN, 0.05, 0.1, 9.94, 9.96, 2300.4].map(rate),
            [
                "0 /s", "0 /s", "3.0 /min", "0.1 /s", "9.9 /s", "10 /s", "2300 /s"
            ]
        );
    }

    #[test]
    fn lags_and_sizes_are_in_the_unit_that_fits() {
        assert_eq!(
            [999, 1_840, 41_000, 1_450_000, 61_000_000].map(lag),
            ["under 1 ms", "1.8 ms", "41 ms", "1.4 s", "1 min"]
        );
        assert_eq!(
            [999, 1_000, 99_949, 412_300_000_000, 2_000_000_000_000_000].map(bytes),
            ["999 B", "1.0 kB", "99.9 kB", "412 GB", "2000 TB"]
        );
    }
}
