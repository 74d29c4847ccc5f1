//! Measured values: digits as they were sent, a comparator, a unit.

use std::fmt;

pub use rust_decimal::Decimal;

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
