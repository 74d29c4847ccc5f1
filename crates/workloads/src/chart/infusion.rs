//! What runs of a drug: rows that tell their own end may overlap, and a rate without one holds until another is charted.

use clinical::EventTime;

use super::{Chart, Entry, read};
use crate::Parameter;

/// What runs of one drug, after what was charted of it up to some time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Infusion<'a> {
    /// The rates that run, oldest first.
    pub(crate) open: Vec<&'a Entry>,
    /// Since when something runs, and when that ended.
    pub(crate) since: Option<EventTime>,
    until: Option<EventTime>,
}

impl<'a> Infusion<'a> {
    /// Takes in what was charted next.
    pub(crate) fn take(&mut self, entry: &'a Entry, ends: &Ends) {
        let ran = !self.open.is_empty();
        if entry.is_end() {
            self.open
                .retain(|open| read::end_of(open.resource) != entry.resource);
        } else if entry.is_running() {
            self.open.retain(|open| ends.are_told_of(open));
            self.open.push(entry);
        } else if !ends.are_told_of(entry) {
            self.open.clear();
        }
        if ran && self.open.is_empty() {
            self.until = Some(entry.at);
        } else if !ran && !self.open.is_empty() && self.until != Some(entry.at) {
            self.since = Some(entry.at);
        }
    }
}

/// Which rates tell their own end.
#[derive(Debug)]
pub(crate) struct Ends(Vec<(u64, EventTime)>);

impl Ends {
    fn of(chart: &Chart) -> Self {
        // One that was taken back is not told any more.
        let told = |entry: &&Entry| entry.is_end() && entry.is_usable();
        let drugs = Parameter::all().filter(|parameter| parameter.is_infusion());
        let ends = drugs.flat_map(|drug| chart.of(drug).filter(told));
        let mut ends: Vec<_> = ends.map(|entry| (entry.resource, entry.at)).collect();
        ends.sort_unstable();
        Self(ends)
    }

    fn are_told_of(&self, entry: &Entry) -> bool {
        self.end(entry).is_some()
    }

    /// Gives when a rate ends, where that is told.
    pub(super) fn end(&self, entry: &Entry) -> Option<EventTime> {
        let resource = read::end_of(entry.resource);
        let place = self.0.binary_search_by_key(&resource, |(own, _)| *own).ok();
        place
            .and_then(|place| self.0.get(place))
            .map(|(_, end)| *end)
    }
}

impl Chart {
    /// Says which rates tell their own end.
    pub(crate) fn ends(&self) -> Ends {
        Ends::of(self)
    }

    /// Gives the rate at which a drug runs at a time, of several the one that was begun last.
    pub(crate) fn running(&self, drug: Parameter, at: EventTime) -> Option<&Entry> {
        let last = self.last(drug, at)?;
        if last.is_running() {
            return Some(last);
        }
        let ends = self.ends();
        let mut infusion = Infusion::default();
        let charted = self.of(drug).filter(|entry| entry.is_usable());
        for entry in charted.take_while(|entry| entry.at <= at) {
            infusion.take(entry, &ends);
        }
        infusion.open.last().copied()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clinical::unit::Unit;
    use clinical::{Decimal, EventId, Origin, ReceivedTime};
    use proptest::prelude::*;

    use super::*;
    use crate::chart::{ENDS, Reading, Withdrawal};

    const DRUG: Parameter = Parameter::Norepinephrine;

    pub(crate) fn at(minute: i64) -> EventTime {
        EventTime::from_micros(minute * 60_000_000)
    }

    fn rate(minute: i64, resource: u64, rate: i64) -> Entry {
        Entry {
            parameter: DRUG,
            at: at(minute),
            known: ReceivedTime::from_micros(0),
            event: EventId::from_bytes([0; 16]),
            origin: Origin {
                partition: 0,
                offset: 0,
            },
            resource,
            reading: Reading::Number {
                value: Decimal::from(rate),
                unit: Unit::MicrogramPerKilogramPerMinute,
                comparator: None,
            },
            marks: 0,
            sensor: 0,
        }
    }

    /// A row from one minute to another, or without an end.
    pub(crate) type Row = (i64, Option<i64>, i64);

    /// A chart of rows of norepinephrine.
    pub(crate) fn chart(rows: &[Row]) -> Chart {
        let mut chart = Chart::default();
        for (resource, (from, end, amount)) in (1..).zip(rows) {
            chart.put(rate(*from, resource, *amount));
            if let Some(end) = end {
                chart.put(Entry {
                    marks: ENDS,
                    ..rate(*end, read::end_of(resource), 0)
                });
            }
        }
        chart
    }

    fn running(rows: &[Row], minute: i64) -> Option<Decimal> {
        chart(rows).running(DRUG, at(minute))?.number()
    }

    #[test]
    fn a_rate_without_end_holds_until_the_next() {
        let rows = [(0, None, 5), (10, None, 3), (20, Some(30), 2)];
        let of = |minute| running(&rows, minute);
        assert_eq!(of(9), Some(5.into()));
        assert_eq!(of(10), Some(3.into()));
        assert_eq!(of(20), Some(2.into()));
        assert_eq!(of(30), None, "what held before the row is over");
        assert_eq!(running(&[(0, None, 5), (10, None, 0)], 10), None);
        let over = [(0, Some(20), 5), (10, None, 3)];
        assert_eq!(running(&over, 20), Some(3.into()));
        let stopped = [(0, Some(20), 5), (10, None, 0)];
        assert_eq!(running(&stopped, 10), None);
    }

    #[test]
    fn an_end_that_was_taken_back_is_none() {
        let mut chart = chart(&[(0, Some(30), 5), (10, Some(20), 3)]);
        let end = chart.of_resource(read::end_of(1)).next().copied();
        let taken_back = Entry {
            known: ReceivedTime::from_micros(1),
            reading: Reading::Withdrawn(Withdrawal::Cancelled),
            ..end.expect("the first row has an end")
        };
        chart.put(taken_back);
        assert_eq!(chart.running(DRUG, at(20)), None, "it held until the next");
    }

    #[test]
    fn a_row_in_which_nothing_ran_stops_no_other() {
        let rows = [(0, Some(60), 5), (10, Some(20), 0)];
        assert_eq!(running(&rows, 15), Some(5.into()));
    }

    #[test]
    fn a_rate_is_kept_as_long_as_its_end_is() {
        let hour = 60;
        let mut chart = chart(&[(0, Some(90 * hour), 5), (hour, Some(2 * hour), 3)]);
        chart.expire(
            at(100 * hour),
            &crate::running::Running::of(&crate::Config::default()),
        );
        assert_eq!(
            chart.running(DRUG, at(89 * hour)).and_then(Entry::number),
            Some(5.into())
        );
    }

    #[test]
    fn rows_that_meet_are_one_infusion() {
        let chart = chart(&[(0, Some(10), 5), (10, Some(20), 3), (21, Some(30), 3)]);
        let (ends, mut infusion) = (chart.ends(), Infusion::default());
        let since: Vec<_> = chart
            .of(DRUG)
            .map(|entry| {
                infusion.take(entry, &ends);
                infusion.since.filter(|_| !infusion.open.is_empty())
            })
            .collect();
        let (first, second) = (Some(at(0)), Some(at(21)));
        assert_eq!(since, [first, None, first, None, second, None]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_rows_that_overlap_the_one_begun_last_is_said(
            rows in prop::collection::vec((0..60i64, 1..40i64), 1..6),
            minute in 0..100i64,
        ) {
            let rows: Vec<Row> = (1..).zip(&rows).map(|(amount, (from, lasts))| (*from, Some(from + lasts), amount)).collect();
            let covers = |(from, end, _): &&Row| *from <= minute && end.is_some_and(|end| minute < end);
            let last = rows.iter().filter(covers).max_by_key(|(from, _, amount)| (*from, *amount));
            prop_assert_eq!(running(&rows, minute), last.map(|(.., amount)| Decimal::from(*amount)));
        }
    }
}
