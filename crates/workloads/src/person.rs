//! Who the patient is and where they stay, as far as a rule needs it.

use crate::Parameter;
use crate::chart::Chart;
use crate::config::hours;
use clinical::{EncounterClass, EncounterStatus, EventTime, Person, ReceivedTime};

/// What is known of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PersonFacts {
    /// When this was said.
    pub(crate) known: ReceivedTime,
    /// The first day that the birth date can mean, as year, month, day.
    pub(crate) born: Option<(i16, i8, i8)>,
    /// Whether the administrative gender is male, where it is male or female.
    pub(crate) male: Option<bool>,
    /// Whether the patient has died.
    pub(crate) deceased: bool,
}

impl PersonFacts {
    /// Reads a person; a birth date of a year or month alone is taken as its first day, so that nobody who may be
    /// an adult goes unscored.
    pub(crate) fn new(person: &Person, known: ReceivedTime) -> Self {
        Self {
            known,
            born: person.birth_date.as_deref().and_then(birth_date),
            male: match person.gender.as_deref() {
                Some("male") => Some(true),
                Some("female") => Some(false),
                _ => None,
            },
            deceased: person.deceased,
        }
    }

    /// Gives the age in full years, where the birth date is known.
    pub(crate) fn age_years(&self, at: EventTime) -> Option<u16> {
        let (year, month, day) = self.born?;
        let now = jiff::Timestamp::from_microsecond(at.micros())
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        let before_birthday = (now.month(), now.day()) < (month, day);
        // Whoever is born today east of Greenwich is born tomorrow by UTC.
        let years = i32::from(now.year()) - i32::from(year) - i32::from(before_birthday);
        u16::try_from(years.max(0)).ok()
    }
}

/// From this age on somebody is an adult to scores that were made for adults (Vincent 1996, Subbe 2001, Singer 2016), which have no
/// limits of their own for children.
const ADULT_YEARS: u16 = 18;

impl PersonFacts {
    /// Says whether somebody is known to be no adult.
    pub(crate) fn is_child(&self, at: EventTime) -> bool {
        self.age_years(at).is_some_and(|age| age < ADULT_YEARS)
    }

    /// Gives the age in days, where the birth date is known.
    pub(crate) fn age_days(&self, at: EventTime) -> Option<i32> {
        let (year, month, day) = self.born?;
        let born = jiff::civil::Date::new(year, month, day).ok()?;
        let at = jiff::Timestamp::from_microsecond(at.micros()).ok()?;
        let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Some(born.until(today).ok()?.get_days())
    }
}

fn birth_date(text: &str) -> Option<(i16, i8, i8)> {
    let mut parts = text.split('-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    let day = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    jiff::civil::Date::new(year, month, day).ok()?;
    Some((year, month, day))
}

/// So long before a stay and after it charting is still taken for its own.
const BESIDE: std::time::Duration = hours(12);

/// A stay, as it now stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// The hash of its resource.
    pub(crate) resource: u64,
    /// When this was said.
    pub(crate) known: ReceivedTime,
    /// Whether the patient is watched on a ward or in an emergency department.
    pub(crate) watched: bool,
    /// When it began.
    pub(crate) start: EventTime,
    /// When it ended.
    pub(crate) end: Option<EventTime>,
    /// When the heart rate was first charted in it, once that is too old to be looked up.
    pub(crate) pulse: Option<EventTime>,
}

impl Stay {
    /// Reads an encounter as stated at a time.
    pub(crate) fn new(encounter: &clinical::Encounter, at: EventTime, known: ReceivedTime) -> Self {
        let started = match encounter.status {
            EncounterStatus::Arrived
            | EncounterStatus::InProgress
            | EncounterStatus::OnLeave
            | EncounterStatus::Finished => true,
            EncounterStatus::Planned
            | EncounterStatus::Cancelled
            | EncounterStatus::EnteredInError
            | EncounterStatus::Unknown => false,
        };
        let present = matches!(
            encounter.status,
            EncounterStatus::Arrived | EncounterStatus::InProgress
        );
        let bed = matches!(
            encounter.class,
            EncounterClass::Emergency | EncounterClass::Inpatient
        );
        Self {
            resource: clinical::resource_hash(&encounter.resource),
            known,
            watched: started && bed,
            start: encounter.start.unwrap_or(at),
            end: if present {
                encounter.end
            } else {
                encounter.end.or(Some(at))
            },
            pulse: None,
        }
    }

    /// Gives from when on charting may be of it: beds are charted a while before their patient is said to be in them. Of
    /// what lies between two stays half is of the one and half of the other.
    fn begins_after(&self, before: Option<&Self>) -> EventTime {
        let between = before.and_then(|before| {
            let ended = before.end.unwrap_or(self.start).min(self.start);
            self.start.since(ended)
        });
        let beside = between.map_or(BESIDE, |between| BESIDE.min(between / 2));
        self.start.minus(beside)
    }

    /// Says whether charting before a stay that began at a time may be of this one.
    pub(crate) fn is_close_to(&self, next: EventTime) -> bool {
        self.end.is_none_or(|end| next.minus(2 * BESIDE) < end)
    }

    /// Gives when the heart rate was first charted in it, from when charting is of it and as far as it is charted up to
    /// a time.
    pub(crate) fn first_pulse(
        &self,
        begins: EventTime,
        chart: &Chart,
        until: EventTime,
    ) -> Option<EventTime> {
        let end = self.end.map_or(until, |end| end.plus(BESIDE).min(until));
        let charted = chart
            .between(begins, end)
            .find(|entry| entry.parameter == Parameter::Pulse && !entry.is_withdrawn())
            .map(|entry| entry.at);
        let noted = self.pulse.filter(|at| *at > begins);
        noted.into_iter().chain(charted).min()
    }

    /// Says whether the patient is there and watched at a time.
    pub(crate) fn covers(&self, at: EventTime) -> bool {
        self.watched && self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

/// A stay, and from when to when charting is of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a> {
    pub(crate) stay: &'a Stay,
    pub(crate) since: EventTime,
    /// Charting at this time is of the next stay.
    pub(crate) until: EventTime,
}

impl Own<'_> {
    /// Gives when the heart rate was first charted in the stay, and when last, as far as that is charted up to a time; the
    /// last one only while the chart has it.
    pub(crate) fn pulses(&self, chart: &Chart, until: EventTime) -> Option<(EventTime, EventTime)> {
        let first = self.stay.first_pulse(self.since, chart, until)?;
        let end = self
            .stay
            .end
            .map_or(until, |end| end.plus(BESIDE).min(until));
        let last = chart
            .between(self.since, end)
            .rfind(|entry| {
                entry.parameter == Parameter::Pulse
                    && !entry.is_withdrawn()
                    && entry.at < self.until
            })?
            .at;
        Some((first, last))
    }
}

/// Gives the stays in which a patient is watched, in their order, each with the charting that is its own.
pub(crate) fn apart(stays: &[Stay]) -> Vec<Own<'_>> {
    let mut found: Vec<Own<'_>> = Vec::new();
    for stay in stays.iter().filter(|stay| stay.watched) {
        let since = stay.begins_after(found.last().map(|before| before.stay));
        if let Some(before) = found.last_mut() {
            before.until = since;
        }
        found.push(Own {
            stay,
            since,
            until: EventTime::from_micros(i64::MAX),
        });
    }
    found
}
