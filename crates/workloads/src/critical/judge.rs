//! Whether one result is critical: by the range of its analyte, or by the sender's flag.

use clinical::{Comparator, Decimal};

use super::range::CriticalRange;
use crate::chart::read::{POSITIVE, RESULTED};
use crate::chart::{Entry, FLAGGED, REVISED, Reading};
use crate::workload::View;

/// What a result is, least worrying first; what is not known says nothing beside what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// A bound or a value that does not decide it.
    Unknown,
    /// Within its range.
    Normal,
    /// Corrected to what decides nothing.
    Corrected,
    /// Within its range, or without one, but critical to the sender.
    Flagged,
    /// Below its range.
    Low,
    /// Above its range.
    High,
    /// Positive where that alone is critical.
    Positive,
}

impl Verdict {
    const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Normal,
        Self::Corrected,
        Self::Flagged,
        Self::Low,
        Self::High,
        Self::Positive,
    ];

    /// Gives its number beside a published line; 0 is what decides nothing.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Normal => 1,
            Self::Flagged => 2,
            Self::Low => 3,
            Self::High => 4,
            Self::Positive => 5,
            Self::Corrected => 6,
        }
    }

    /// Finds the verdict of a number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.number() == number)
    }
}

/// Judges a result; nothing where there is no range for it and the sender does not flag it.
pub(super) fn judge(view: &View<'_>, entry: &Entry) -> Option<Verdict> {
    let config = &view.config.critical;
    let flagged = config.sender_flags && entry.is(FLAGGED);
    let verdict = match entry.reading {
        Reading::Number { comparator, .. } => range_of(view, entry)
            .and_then(|range| Some(by_range(entry.in_unit(range.unit)?, comparator, range))),
        Reading::Coded(POSITIVE) => Some(Verdict::Positive),
        Reading::Coded(RESULTED) => Some(Verdict::Normal),
        Reading::Coded(_) | Reading::Withdrawn(_) => None,
        Reading::Unusable(_) => ranges(view, entry).next().map(|_| Verdict::Unknown),
    };
    match verdict {
        Some(Verdict::Normal | Verdict::Unknown) | None if flagged => Some(Verdict::Flagged),
        Some(Verdict::Unknown) if entry.is(REVISED) && !entry.is_exact() => {
            Some(Verdict::Corrected)
        }
        other => other,
    }
}

/// Gives the range that decides a number: the one of its own unit, or else the first that holds.
pub(super) fn range_of<'a>(view: &View<'a>, entry: &Entry) -> Option<&'a CriticalRange> {
    let own = match entry.reading {
        Reading::Number { unit, .. } => ranges(view, entry).find(|range| range.unit == unit),
        Reading::Coded(_) | Reading::Unusable(_) | Reading::Withdrawn(_) => None,
    };
    own.or_else(|| ranges(view, entry).next())
}

/// Gives the range whose delta says how much worse a repeat must be: where none holds at this age, that of another.
pub(super) fn delta_of<'a>(view: &View<'a>, entry: &Entry) -> Option<&'a CriticalRange> {
    let mut any = view.config.critical.ranges.iter();
    range_of(view, entry).or_else(|| any.find(|range| range.parameter == entry.parameter))
}

/// Gives the ranges that hold for a result.
fn ranges<'a>(view: &View<'a>, entry: &Entry) -> impl Iterator<Item = &'a CriticalRange> + use<'a> {
    let (person, parameter, at) = (view.person, entry.parameter, entry.at);
    let ranges = view.config.critical.ranges.iter();
    ranges.filter(move |range| range.parameter == parameter && range.holds_for(person, at))
}

fn by_range(value: Decimal, comparator: Option<Comparator>, range: &CriticalRange) -> Verdict {
    let above = |value: Decimal| {
        range
            .high
            .is_some_and(|limit| value > limit.value || limit.inclusive && value == limit.value)
    };
    let below = |value: Decimal| {
        range
            .low
            .is_some_and(|limit| value < limit.value || limit.inclusive && value == limit.value)
    };
    match comparator {
        None if above(value) => Verdict::High,
        None if below(value) => Verdict::Low,
        None => Verdict::Normal,
        // Something above the bound is above the limit as soon as the bound reaches it.
        Some(Comparator::Greater) if range.high.is_some_and(|limit| value >= limit.value) => {
            Verdict::High
        }
        Some(Comparator::GreaterOrEqual) if above(value) => Verdict::High,
        Some(Comparator::Greater)
            if range.high.is_none() && range.low.is_none_or(|limit| value >= limit.value) =>
        {
            Verdict::Normal
        }
        Some(Comparator::GreaterOrEqual) if range.high.is_none() && !below(value) => {
            Verdict::Normal
        }
        Some(Comparator::Less) if range.low.is_some_and(|limit| value <= limit.value) => {
            Verdict::Low
        }
        Some(Comparator::LessOrEqual) if below(value) => Verdict::Low,
        Some(Comparator::Less)
            if range.low.is_none() && range.high.is_none_or(|limit| value <= limit.value) =>
        {
            Verdict::Normal
        }
        Some(Comparator::LessOrEqual) if range.low.is_none() && !above(value) => Verdict::Normal,
        Some(_) => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameter;
    use crate::critical::own_ranges;

    fn check(parameter: Parameter, comparator: &str, value: &str, want: Verdict) {
        let ranges = own_ranges();
        let range = ranges
            .iter()
            .find(|range| range.parameter == parameter)
            .unwrap();
        let got = by_range(value.parse().unwrap(), Comparator::parse(comparator), range);
        assert_eq!(got, want, "{parameter:?} {comparator}{value}");
    }

    #[test]
    fn limits_belong_to_the_side_the_table_says() {
        check(Parameter::Potassium, "", "6.2", Verdict::Normal);
        check(Parameter::Potassium, "", "6.21", Verdict::High);
        check(Parameter::Potassium, "", "2.8", Verdict::Normal);
        check(Parameter::Potassium, "", "2.79", Verdict::Low);
        check(Parameter::Ph, "", "7.20", Verdict::Low);
        check(Parameter::Ph, "", "7.21", Verdict::Normal);
        check(Parameter::Inr, "", "5", Verdict::High);
    }

    #[test]
    fn a_bound_decides_only_where_it_can() {
        check(Parameter::Glucose, ">", "500", Verdict::High);
        check(Parameter::Glucose, ">", "450", Verdict::High);
        check(Parameter::Glucose, ">=", "450", Verdict::Unknown);
        check(Parameter::Glucose, ">", "400", Verdict::Unknown);
        check(Parameter::Glucose, "<", "40", Verdict::Low);
        check(Parameter::Glucose, "<", "60", Verdict::Unknown);
        check(Parameter::Lactate, "<", "0.3", Verdict::Normal);
        check(Parameter::OxygenPressure, ">", "60", Verdict::Normal);
        check(Parameter::OxygenPressure, ">", "40", Verdict::Normal);
        check(Parameter::OxygenPressure, ">=", "40", Verdict::Unknown);
        check(Parameter::OxygenPressure, ">", "39", Verdict::Unknown);
        check(Parameter::Inr, "<", "5.0", Verdict::Normal);
        check(Parameter::Inr, "<=", "5.0", Verdict::Unknown);
        check(Parameter::Lactate, "<=", "4.0", Verdict::Normal);
        check(Parameter::Platelets, "<=", "20", Verdict::Low);
        check(Parameter::Platelets, "<=", "21", Verdict::Unknown);
    }
}
