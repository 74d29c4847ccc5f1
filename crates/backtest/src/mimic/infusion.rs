//! What the charting systems of MIMIC say of drugs that run, as changes of a rate.

use std::collections::{BTreeMap, BTreeSet};

use clinical::{Decimal, EventTime};

use super::table::{Error, Row};

/// The drugs by ATC code, with the items of the older system that are by weight and by minute, and of the newer one
/// (mimic-code, `*_dose`).
const DRUGS: [(&str, &[i64], &[i64], i64); 4] = [
    ("C01CA03", &[30120], &[30047], 221_906),
    ("C01CA24", &[30119, 30309], &[30044], 221_289),
    ("C01CA04", &[30043, 30307], &[], 221_662),
    ("C01CA07", &[30042, 30306], &[], 221_653),
];

const BY_WEIGHT: &str = "ug/kg/min";
const BY_MINUTE: &str = "ug/min";

/// What runs, as it is read.
#[derive(Debug, Default)]
pub(super) struct Infusions {
    intervals: BTreeMap<(i64, &'static str), Vec<Interval>>,
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug)]
struct Interval {
    from: EventTime,
    to: EventTime,
    known: EventTime,
    rate: Decimal,
    unit: &'static str,
}

/// A change of rate; nothing from when it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) subject: i64,
    pub(super) drug: &'static str,
    pub(super) at: EventTime,
    pub(super) known: EventTime,
    pub(super) rate: Decimal,
    pub(super) unit: &'static str,
}

impl Infusions {
    /// Takes a row of the newer system: a rate from a time to a time.
    pub(super) fn interval(&mut self, row: Row<'_>) -> Result<(), Error> {
        let item = row.id("itemid")?;
        let found = DRUGS.iter().find(|(.., newer)| *newer == item);
        let Some((drug, ..)) = found.filter(|_| row.text("statusdescription") != "Rewritten")
        else {
            return Ok(());
        };
        let times = row.time("starttime")?.zip(row.time("endtime")?);
        let (Some((from, to)), Some(rate)) = (times, row.number("rate")?) else {
            return Ok(());
        };
        let unit = match row.text("rateuom").contains("kg") {
            true => BY_WEIGHT,
            false => BY_MINUTE,
        };
        let subject = row.id("subject_id")?;
        let known = row.time("storetime")?.unwrap_or(from);
        let of = self.intervals.entry((subject, drug)).or_default();
        of.push(Interval {
            from,
            to,
            known,
            rate,
            unit,
        });
        Ok(())
    }

    /// Takes a row of the older system: a rate that holds until the next row.
    pub(super) fn charted(&mut self, row: Row<'_>) -> Result<(), Error> {
        let item = row.id("itemid")?;
        let found = DRUGS.iter().find_map(|(drug, by_weight, by_minute, _)| {
            if by_weight.contains(&item) {
                return Some((drug, BY_WEIGHT));
            }
            by_minute.contains(&item).then_some((drug, BY_MINUTE))
        });
        let (Some((drug, unit)), Some(at)) = (found, row.time("charttime")?) else {
            return Ok(());
        };
        let said = row.text("stopped");
        let is_stopped = said == "Stopped" || said.starts_with("D/C");
        let rate = match is_stopped {
            true => Some(Decimal::ZERO),
            false => row.number("rate")?,
        };
        let Some(rate) = rate else { return Ok(()) };
        self.changes.push(Change {
            subject: row.id("subject_id")?,
            drug,
            at,
            known: row.time("storetime")?.unwrap_or(at),
            rate,
            unit,
        });
        Ok(())
    }

    /// Gives the changes. Where several run at once the greatest rate counts, and each edge says what runs from then on.
    pub(super) fn changes(self) -> Vec<Change> {
        let mut changes = self.changes;
        for ((subject, drug), intervals) in self.intervals {
            let edges: BTreeSet<EventTime> =
                intervals.iter().flat_map(|of| [of.from, of.to]).collect();
            for at in edges {
                let on = intervals.iter().filter(|of| of.from <= at && at < of.to);
                let most = on.max_by_key(|of| of.rate);
                let touching = intervals.iter().filter(|of| of.from == at || of.to == at);
                changes.push(Change {
                    subject,
                    drug,
                    at,
                    // That it will stop is not known before it does.
                    known: touching.map(|of| of.known).max().unwrap_or(at).max(at),
                    rate: most.map_or(Decimal::ZERO, |of| of.rate),
                    unit: most.map_or(BY_WEIGHT, |of| of.unit),
                });
            }
        }
        changes
    }
}
