//! The records in quarantine as the journal keeps them: page by page in one order that stays, and counted.

use std::collections::BTreeMap;

use clinical::ReceivedTime;
use journal::{Journal, RecordRef, TopicPartition, TopicSpec};

use super::reason::{self, ReasonCode};
use crate::topics;
use crate::views::QuarantineView;

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// A page has at most this many records.
pub(crate) const PAGE_MAX: usize = 500;
/// A page is looked for among this many records; where more are to be looked at, the next page goes on.
const LOOKED_AT_MAX: usize = 100_000;
/// So many records are counted; where there are more, that is said.
const COUNTED_MAX: usize = 1_000_000;

/// Which records are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) reason: Option<String>,
    pub(crate) source: Option<String>,
    /// The topic that could not be used, or its quarantine.
    pub(crate) topic: Option<String>,
    /// Received then or later.
    pub(crate) since: Option<ReceivedTime>,
    /// Received earlier than then.
    pub(crate) before: Option<ReceivedTime>,
}

impl Filter {
    /// Whether a record is wanted.
    pub(crate) fn takes(&self, view: &QuarantineView) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&self.reason, &view.reason)
            && is(&self.source, &view.source)
            && self.takes_topic(&view.at.topic)
            && self.since.is_none_or(|since| view.received >= since)
            && self.before.is_none_or(|before| view.received < before)
    }

    fn takes_topic(&self, topic: &str) -> bool {
        let wanted = self.topic.as_deref();
        wanted.is_none_or(|wanted| topic == wanted || *topics::quarantine(wanted) == *topic)
    }

    /// Says of a reason or a topic that nothing can be set aside for which ones there are: that is a mistake, not an empty list.
    pub(crate) fn check(&self, journal: &dyn Journal) -> Result<(), String> {
        if let Some(reason) = &self.reason
            && ReasonCode::parse(reason).is_none()
        {
            let codes: Vec<&str> = reason::all().iter().map(|known| known.code).collect();
            let codes = codes.join(", ");
            return Err(format!("there is no reason {reason}; there are {codes}"));
        }
        let Some(wanted) = &self.topic else {
            return Ok(());
        };
        let mut topics = journal.topics();
        topics.retain(holds);
        if topics.iter().any(|topic| self.takes_topic(&topic.name)) {
            return Ok(());
        }
        let names = topics.iter().map(|topic| &*topic.name);
        let mut names: Vec<&str> = names
            .map(|name| name.strip_suffix(".quarantine").unwrap_or(name))
            .collect();
        names.sort_unstable();
        let names = names.join(", ");
        Err(format!(
            "nothing is set aside of a topic {wanted}; it is of {names}"
        ))
    }

    /// What is wanted, in words.
    pub(crate) fn words(&self) -> String {
        let since = self.since.map(|since| since.to_string());
        let parts = [
            ("reason", self.reason.as_deref()),
            ("source", self.source.as_deref()),
            ("topic", self.topic.as_deref()),
            ("since", since.as_deref()),
        ];
        let said = parts
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)));
        let said: Vec<String> = said.collect();
        match said.is_empty() {
            true => "all".to_owned(),
            false => said.join(" "),
        }
    }
}

/// A place: topic, partition and offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) at: TopicPartition,
    pub(crate) offset: u64,
}

impl Place {
    /// Reads `topic/partition/offset`, or the same with colons as it stands in addresses.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, offset) = crate::explain::parse(&text.replace(':', "/"))?;
        Some(Self { at, offset })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, offset } = self;
        write!(f, "{}/{}/{offset}", at.topic, at.partition)
    }
}

/// Some of the records, and where the next ones are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) records: Vec<QuarantineView>,
    /// The place to go on after; nothing where these were the last.
    pub(crate) next: Option<Place>,
}

/// How many there are for each reason and source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) by_reason_and_source: BTreeMap<(String, String), u64>,
    /// Whether all were counted.
    pub(crate) is_complete: bool,
}

/// Gives the records behind a place, in the order of topic, partition and offset: what comes later is behind them.
pub(crate) fn page(
    journal: &dyn Journal,
    filter: &Filter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Page, journal::Error> {
    let limit = limit.clamp(1, PAGE_MAX);
    let (mut page, mut looked_at) = (Page::default(), 0);
    each(journal, filter, after, &mut |at, record| {
        looked_at += 1;
        let view = QuarantineView::new(at, record);
        let place = view.place();
        if filter.takes(&view) {
            page.records.push(view);
        }
        let goes_on = page.records.len() < limit && looked_at < LOOKED_AT_MAX;
        if !goes_on {
            page.next = Some(place);
        }
        goes_on
    })?;
    Ok(page)
}

/// Counts the records that are wanted.
pub(crate) fn counts(journal: &dyn Journal, filter: &Filter) -> Result<Counts, journal::Error> {
    let (mut counts, mut looked_at) = (Counts::default(), 0);
    each(journal, filter, None, &mut |at, record| {
        looked_at += 1;
        let view = QuarantineView::new(at, record);
        if filter.takes(&view) {
            let key = (view.reason, view.source);
            *counts.by_reason_and_source.entry(key).or_default() += 1;
        }
        looked_at < COUNTED_MAX
    })?;
    counts.is_complete = looked_at < COUNTED_MAX;
    Ok(counts)
}

/// Goes through the records of the topics that are wanted, until told to stop.
fn each(
    journal: &dyn Journal,
    filter: &Filter,
    after: Option<&Place>,
    take: &mut dyn FnMut(&TopicPartition, &RecordRef<'_>) -> bool,
) -> Result<(), journal::Error> {
    let partitions: Vec<TopicPartition> = partitions(journal, filter)
        .into_iter()
        .filter(|at| after.is_none_or(|after| *at >= after.at))
        .collect();
    let bounds = journal.bounds(&partitions)?;
    for (at, bounds) in partitions.iter().zip(bounds) {
        let begin = after.filter(|after| after.at == *at);
        let begin = begin.map_or(0, |after| after.offset.saturating_add(1));
        let mut next = bounds.start.max(begin);
        while next < bounds.end {
            let batch = journal.read(at, next, READ_BYTES)?;
            for record in batch.iter() {
                if !take(at, &record) {
                    return Ok(());
                }
            }
            match batch.next_offset().filter(|after| *after > next) {
                Some(after) => next = after,
                None => break,
            }
        }
    }
    Ok(())
}

/// Whether a topic holds what was set aside or refused.
fn holds(topic: &TopicSpec) -> bool {
    topic.name.ends_with(".quarantine") || &*topic.name == topics::REFUSED
}

/// The partitions that hold what was set aside or refused, in their order.
fn partitions(journal: &dyn Journal, filter: &Filter) -> Vec<TopicPartition> {
    let mut all: Vec<TopicPartition> = journal
        .topics()
        .into_iter()
        .filter(|topic| holds(topic) && filter.takes_topic(&topic.name))
        .flat_map(|topic| {
            (0..topic.partitions)
                .map(move |partition| TopicPartition::new(topic.name.clone(), partition))
        })
        .collect();
    all.sort();
    all
}
