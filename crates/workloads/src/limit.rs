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

    /// Says whether a value, or something that a bound allows, may be what is asked for.
    fn may_hold(self, value: Decimal, bound: Option<Comparator>) -> bool {
        let otherwise = match self {
            Self::Above(limit) => Self::AtMost(limit),
            Self::Below(limit) => Self::AtLeast(limit),
            Self::AtLeast(limit) => Self::Below(limit),
            Self::AtMost(limit) => Self::Above(limit),
        };
        !otherwise.holds(value, bound)
    }
}

/// Rows of a table, worst first, with their points.
pub(crate) type Points = &'static [(Limit, u8)];

/// Gives the points of the first row that is met; none where no row is.
pub(crate) fn points(rows: Points, value: Decimal) -> u8 {
    let met = rows.iter().find(|(limit, _)| limit.is_met(value));
    met.map_or(0, |(_, points)| *points)
}

/// Gives the points of a value or, of a bound such as `<20`, those that it has at least; nothing where it may have some or none.
pub(crate) fn least_points(rows: Points, value: Decimal, bound: Option<Comparator>) -> Option<u8> {
    let mut certain = rows.iter().filter(|(limit, _)| limit.holds(value, bound));
    let points = certain.next().map(|(_, points)| *points);
    let may_have = || rows.iter().any(|(limit, _)| limit.may_hold(value, bound));
    points.or_else(|| (!may_have()).then_some(0))
}

/// A number of a table, in tenths.
pub(crate) const fn tenths(value: u32) -> Decimal {
    Decimal::from_parts(value, 0, 0, false, 1)
}

#[cfg(test)]
mod tests {
    use super::Limit::{AtLeast, Below};
    use super::*;

    #[test]
    fn a_bound_has_the_points_that_it_has_at_least() {
        const PLATELETS: Points = &[(Below(tenths(200)), 4), (Below(tenths(500)), 3)];
        const BILIRUBIN: Points = &[(AtLeast(tenths(120)), 4), (AtLeast(tenths(12)), 1)];
        let points = |rows: Points, text: &str| {
            let digits = text.trim_start_matches(['<', '>', '=']);
            let bound = Comparator::parse(text.strip_suffix(digits).unwrap());
            least_points(rows, digits.parse().unwrap(), bound)
        };
        for (rows, text, want) in [
            (PLATELETS, "19", Some(4)),
            (PLATELETS, "50", Some(0)),
            (PLATELETS, "<20", Some(4)),
            (PLATELETS, "<=20", Some(3)),
            (PLATELETS, "<50", Some(3)),
            (PLATELETS, "<=50", None),
            (PLATELETS, ">=50", Some(0)),
            (PLATELETS, ">20", None),
            (BILIRUBIN, ">12", Some(4)),
            (BILIRUBIN, ">5", Some(1)),
            (BILIRUBIN, ">1", None),
            (BILIRUBIN, "<1.2", Some(0)),
            (BILIRUBIN, "<=1.2", None),
        ] {
            assert_eq!(points(rows, text), want, "{text}");
        }
    }
}
