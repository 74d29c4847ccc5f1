//! Numbers as devices send them: whole units of a power of ten, exact.

use std::fmt;

/// The most digits behind the point that are kept.
pub const SCALE_MAX: u8 = 12;

/// A number: `units` / 10 ^ `scale`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits without the point.
    pub units: i64,
    /// How many of them stand behind it.
    pub scale: u8,
}

impl Decimal {
    /// Names a number.
    pub const fn new(units: i64, scale: u8) -> Self {
        Self { units, scale }
    }

    /// Reads `-12.50` or `1.5e2`; nothing for what is no number or has more digits than are kept.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.find(['e', 'E']) {
            None => (text, 0),
            Some(at) => {
                let (digits, exponent) = text.split_at_checked(at)?;
                (digits, exponent.get(1..)?.parse::<i32>().ok()?)
            }
        };
        let (negative, digits) = match digits.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mut units, mut scale, mut behind, mut any) = (0_i64, 0_i32, false, false);
        for digit in digits {
            match digit {
                b'0'..=b'9' => {
                    units = units
                        .checked_mul(10)?
                        .checked_add(i64::from(digit - b'0'))?;
                    scale += i32::from(behind);
                    any = true;
                }
                b'.' if !behind => behind = true,
                _ => return None,
            }
        }
        if !any {
            return None;
        }
        scale = scale.checked_sub(exponent)?;
        while scale < 0 {
            units = units.checked_mul(10)?;
            scale += 1;
        }
        let scale = u8::try_from(scale)
            .ok()
            .filter(|scale| *scale <= SCALE_MAX)?;
        let units = if negative { -units } else { units };
        Some(Self { units, scale })
    }

    /// Gives the same number with more digits behind the point; nothing where it has no room.
    pub fn at_scale(self, scale: u8) -> Option<i64> {
        let more = scale.checked_sub(self.scale)?;
        self.units.checked_mul(10_i64.checked_pow(more.into())?)
    }

    /// Multiplies; nothing where it has no room.
    pub fn times(self, other: Self) -> Option<Self> {
        let units = self.units.checked_mul(other.units)?;
        let scale = self.scale + other.scale;
        (scale <= SCALE_MAX).then_some(Self { units, scale })
    }

    /// Gives the microseconds of so many milliseconds or seconds; nothing where the unit is another one or there is no room.
    pub fn microseconds(self, unit: &str) -> Option<i64> {
        let of_one = match unit {
            "ms" => 1_000,
            "s" => 1_000_000,
            _ => return None,
        };
        let parts = i128::from(self.units) * of_one;
        i64::try_from(parts / 10_i128.pow(self.scale.into())).ok()
    }

    /// Says which is greater; what has no room counts by its approximate size.
    pub fn compare(self, other: Self) -> std::cmp::Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.approximately().total_cmp(&other.approximately()),
        }
    }

    /// Gives the nearest binary number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is asked for an approximation"
    )]
    pub fn approximately(self) -> f64 {
        self.units as f64 / 10_f64.powi(self.scale.into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs();
        let one = 10_u64.pow(self.scale.min(SCALE_MAX).into());
        match self.scale {
            0 => write!(f, "{sign}{digits}"),
            scale => {
                let (whole, behind) = (digits / one, digits % one);
                write!(f, "{sign}{whole}.{behind:0width$}", width = scale.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept() {
        for text in ["0", "36.80", "-0.5", "98", "0.001", "-12"] {
            assert_eq!(
                Decimal::parse(text).map(|d| d.to_string()).as_deref(),
                Some(text)
            );
        }
        assert_eq!(Decimal::parse("1.5e2"), Some(Decimal::new(150, 0)));
        assert_eq!(Decimal::parse("15e-1"), Some(Decimal::new(15, 1)));
        assert_eq!(Decimal::parse("+5."), Some(Decimal::new(5, 0)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "NaN",
            "1e",
            "1e999",
            "12,5",
            "é",
            "0.0000000000001",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert!(Decimal::parse("0.000000000001").is_some());
        assert!(Decimal::parse("9223372036854775807").is_some());
        assert_eq!(Decimal::parse("9223372036854775808"), None);
    }

    #[test]
    fn times_are_read_in_their_unit() {
        assert_eq!(Decimal::new(8345, 1).microseconds("ms"), Some(834_500));
        assert_eq!(Decimal::new(834, 3).microseconds("s"), Some(834_000));
        assert_eq!(Decimal::new(834, 0).microseconds("min"), None);
        assert_eq!(Decimal::new(i64::MAX, 0).microseconds("ms"), None);
    }

    #[test]
    fn a_longer_fraction_is_no_greater_number() {
        let (a, b) = (Decimal::new(96, 1), Decimal::new(960, 2));
        assert_eq!(a.compare(b), std::cmp::Ordering::Equal);
        assert_eq!(a.compare(Decimal::new(961, 2)), std::cmp::Ordering::Less);
    }
}
