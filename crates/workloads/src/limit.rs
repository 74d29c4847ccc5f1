//! Limits of tables: what a row asks of a value, and what it is worth.

use clinical::{Comparator, Decimal};

/// What a row asks of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Above(Decimal),
    Below(Decimal),
    AtLeast(Decimal),
    AtMost(Decimal),
}

impl Limit {
    /// Says whether a value is what is asked for.
    pub(crate) fn is_met(self, value: Decimal) -> bool {
        match self {
            Self::Above(limit) => value > limit,
            Self::Below(limit) => value < limit,
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
        }
    }

    /// Says whether a value is what is asked for or, of a bound such as `>15`, whatever it may be.
    pub(crate) fn holds(self, value: Decimal, bound: Option<Comparator>) -> bool {
        match (bound, self) {
            (None, _)
            | (Some(Comparator::GreaterOrEqual), Self::Above(_) | Self::AtLeast(_))
            | (Some(Comparator::LessOrEqual), Self::Below(_) | Self::AtMost(_)) => {
                self.is_met(value)
            }
            (Some(Comparator::Greater), Self::Above(limit) | Self::AtLeast(limit)) => {
                value >= limit
            }
            (Some(Comparator::Less), Self::Below(limit) | Self::AtMost(limit)) => value <= limit,
            (
                Some(Comparator::Greater | Comparator::GreaterOrEqual),
                Self::Below(_) | Self::AtMost(_),
            )
            | (
                Some(Comparator::Less | Comparator::LessOrEqual),
                Self::Above(_) | Self::AtLeast(_),
            ) => false,
        }
    }
}

/// Rows of a table, worst first, with their points.
pub(crate) type Points = &'static [(Limit, u8)];

/// Gives the points of the first row that is met; none where no row is.
pub(crate) fn points(rows: Points, value: Decimal) -> u8 {
    let met = rows.iter().find(|(limit, _)| limit.is_met(value));
    met.map_or(0, |(_, points)| *points)
}

/// A number of a table, in tenths.
pub(crate) const fn tenths(value: u32) -> Decimal {
    Decimal::from_parts(value, 0, 0, false, 1)
}
