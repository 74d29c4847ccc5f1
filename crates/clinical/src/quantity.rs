//! Measured values: digits as they were sent, a comparator, a unit.

use std::fmt;

pub use rust_decimal::{Decimal, RoundingStrategy};

use crate::unit;

/// What stands before a value that is a bound and not a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparator {
    /// Reads a FHIR quantity comparator.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "<" => Some(Self::Less),
            "<=" => Some(Self::LessOrEqual),
            ">" => Some(Self::Greater),
            ">=" => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    /// Gives its FHIR code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A value with its unit; the digits stay as they were sent (`9.60`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The bound it is, if it is one.
    pub comparator: Option<Comparator>,
    /// The value.
    pub value: Decimal,
    /// The UCUM code, or the sender's words; empty where there was none.
    pub unit: Box<str>,
}

impl Quantity {
    /// Reads words that are an amount: `>500`, `< 0.01 mmol/L`, `33%`. What follows the digits must be a unit that is known.
    ///
    /// Nothing is guessed: a decimal comma may stand for thousands, and `1e999` or `NaN` are no digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let signs = text.len() - text.trim_start_matches(['<', '>', '=']).len();
        let (sign, rest) = text.split_at_checked(signs)?;
        let comparator = if sign.is_empty() {
            None
        } else {
            Some(Comparator::parse(sign)?)
        };
        let rest = rest.trim_start();
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let digits = rest.len() - rest.trim_start_matches(is_digit).len();
        let (digits, unit) = rest.split_at_checked(digits)?;
        let unit = unit.trim();
        let value = Decimal::from_str_exact(digits).ok()?;
        if !unit.is_empty() {
            unit::measured(value, unit).ok()?;
        }
        Some(Self {
            comparator,
            value,
            unit: unit.into(),
        })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparator = self.comparator.map_or("", Comparator::code);
        write!(f, "{comparator}{}", self.value)?;
        if self.unit.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_an_amount_are_read_and_nothing_is_guessed() {
        let read = |text| Quantity::parse(text).map(|quantity| quantity.to_string());
        for (text, amount) in [
            (">500", Some(">500")),
            ("<0.01", Some("<0.01")),
            (" >= 12.50 mg/dL ", Some(">=12.50 mg/dL")),
            ("33%", Some("33 %")),
            ("-1.5", Some("-1.5")),
            ("12,5", None),
            ("1,250", None),
            ("NaN", None),
            ("1e999", None),
            ("1e3", None),
            ("12 to 14", None),
            ("12 furlong", None),
            ("<>5", None),
            ("", None),
            (">", None),
            ("pending", None),
        ] {
            assert_eq!(read(text).as_deref(), amount, "{text}");
        }
    }
}
