//! Compares what measures find now with what was said; only the difference goes out.

use clinical::{
    CareDetail, CareGap, CareValue, EventId, EventTime, Evidence, Finding, FindingId, FindingState,
    GapStatus, PatientKey, Severity,
};

use super::gap::{Line, settles, status};
use super::outcome::Episode;
use super::period::MeasurementPeriod;
use super::record::{MeasureState, Record, Source};
use super::set;
use super::{Measure, MeasureEffects, MeasuresConfig, NAME};
use crate::Now;

/// What is said now, and why.
struct News<'a> {
    config: &'a MeasuresConfig,
    now: Now,
    cause: Option<EventId>,
    gaps: Vec<CareGap>,
}

/// What is true of a patient or visit in a measure and year.
struct Said {
    measure: Measure,
    year: i16,
    visit: u64,
    as_of: EventTime,
    status: GapStatus,
    summary: String,
    evidence: Vec<EventId>,
}

/// Says what is true now, where that is news.
pub(super) fn conclude(
    config: &MeasuresConfig,
    state: &mut MeasureState,
    now: Now,
    cause: Option<EventId>,
) -> MeasureEffects {
    let Some(this_year) = MeasurementPeriod::around(now.watermark, config.utc_offset_seconds)
    else {
        return MeasureEffects::default();
    };
    let periods = [this_year.before(), this_year];
    state.expire(this_year.before());
    state
        .lines
        .retain(|line| line.year >= this_year.before().year());
    let mut said = Vec::new();
    for period in periods {
        for measure in &config.measures {
            said.extend(of_measure(*measure, state, period, now.watermark, config));
        }
    }
    let mut news = News::new(config, now, cause);
    let gone = |line: &Line| !said.iter().any(|said| said.key() == key(line));
    let gone: Vec<Line> = state
        .lines
        .iter()
        .filter(|line| gone(line))
        .copied()
        .collect();
    for line in gone {
        news.take_back(state, &line);
    }
    for said in &said {
        news.say(state, said);
    }
    let settled = settles(this_year.before(), config);
    let wakes = [Some(this_year.ends()), settled].into_iter().flatten();
    MeasureEffects {
        gaps: news.gaps,
        wake: wakes.filter(|wake| *wake > now.watermark).min(),
    }
}

/// Takes back all that was said of an identity that goes, and gives its state for the one that stays.
pub(super) fn retire(
    config: &MeasuresConfig,
    state: &mut MeasureState,
    survivor: PatientKey,
    now: Now,
    cause: Option<EventId>,
) -> (MeasureEffects, Vec<u8>) {
    let mut news = News::new(config, now, cause);
    for line in state.lines.clone() {
        news.take_back(state, &line);
    }
    let facts = MeasureState {
        records: std::mem::take(&mut state.records),
        reduced_by: state.reduced_by,
        ..MeasureState::default()
    };
    *state = MeasureState {
        retired: Some(survivor),
        ..MeasureState::default()
    };
    let mut bytes = Vec::new();
    facts.encode(&mut bytes);
    let effects = MeasureEffects {
        gaps: news.gaps,
        wake: None,
    };
    (effects, bytes)
}

impl Said {
    const fn key(&self) -> (Measure, i16, u64) {
        (self.measure, self.year, self.visit)
    }
}

const fn key(line: &Line) -> (Measure, i16, u64) {
    (line.measure, line.year, line.visit)
}

/// Says what a measure finds in a year: one thing of a patient, or one of each visit that it counts.
fn of_measure(
    measure: Measure,
    state: &MeasureState,
    period: MeasurementPeriod,
    watermark: EventTime,
    config: &MeasuresConfig,
) -> Vec<Said> {
    let evaluation = measure.evaluate(state, period);
    let year = period.year();
    if measure.is_gap() {
        let status = status(measure, &evaluation, period, watermark, config);
        let Some(episode) = evaluation.episodes.first() else {
            return Vec::new();
        };
        return vec![Said {
            measure,
            year,
            visit: 0,
            as_of: period.begins(),
            status,
            summary: String::new(),
            evidence: if episode.is_excluded {
                episode.exclusion.clone()
            } else {
                episode.evidence.clone()
            },
        }];
    }
    let counted = evaluation
        .episodes
        .iter()
        .filter(|episode| episode.is_in_numerator && !episode.is_excluded);
    counted
        .filter_map(|episode| of_visit(measure, state, year, episode))
        .collect()
}

fn of_visit(measure: Measure, state: &MeasureState, year: i16, episode: &Episode) -> Option<Said> {
    let mut records = state.records.iter();
    let visit = records.find(|record| Some(record.event) == episode.visit)?;
    let days = episode
        .numerator_observation
        .map(|days| format!(" on {days} days"));
    Some(Said {
        measure,
        year,
        visit: visit.resource,
        as_of: start(visit)?,
        status: GapStatus::Counted,
        summary: format!("{}{}", measure.title(), days.unwrap_or_default()),
        evidence: episode.evidence.clone(),
    })
}

/// Gives when a record's fact began, as far as a moment is known.
fn start(record: &Record) -> Option<EventTime> {
    use clinical::{Moment, When};
    let moment = match record.fact.as_ref()?.when {
        When::At(moment) => moment,
        When::Period(start, end) => start.or(end)?,
        When::Unsaid | When::Age(..) => return None,
    };
    match moment {
        Moment::At(at) => Some(at),
        Moment::Day(_) | Moment::Month(_) | Moment::Year(_) => {
            let clock = super::time::Clock { ahead: 0 };
            let milliseconds = clock.point(moment).low;
            Some(EventTime::from_micros(milliseconds.saturating_mul(1_000)))
        }
    }
}

impl<'a> News<'a> {
    const fn new(config: &'a MeasuresConfig, now: Now, cause: Option<EventId>) -> Self {
        Self {
            config,
            now,
            cause,
            gaps: Vec::new(),
        }
    }

    /// Says what is true, unless that was said last.
    fn say(&mut self, state: &mut MeasureState, said: &Said) {
        let place = state.lines.iter().position(|line| key(line) == said.key());
        let held = place.and_then(|place| state.lines.get(place)).copied();
        let was_closed = held.is_some_and(|held| held.was_closed);
        let status = if said.status == GapStatus::Open && was_closed {
            GapStatus::Reopened
        } else {
            said.status
        };
        let events = said.evidence.iter();
        let evidence: Vec<Evidence> = events.filter_map(|event| evidence(state, *event)).collect();
        let summary = if said.measure.is_gap() {
            let (title, year) = (said.measure.title(), said.year);
            format!("{title} {year}: {}", status.words())
        } else {
            said.summary.clone()
        };
        let digest = digest(&summary, &evidence);
        if held.is_some_and(|held| held.status != GapStatus::NotEligible && held.digest == digest) {
            return;
        }
        let revision = held.map_or(1, |held| held.revision + 1);
        let line = Line {
            measure: said.measure,
            year: said.year,
            visit: said.visit,
            as_of: said.as_of,
            revision,
            finding: self.name(said.key(), revision),
            digest,
            status,
            was_closed: was_closed || status.is_closed(),
        };
        let severity = if status.is_open() {
            Severity::Low
        } else {
            Severity::None
        };
        let finding = Finding {
            severity,
            summary: summary.into(),
            evidence,
            backfill: is_history(state, &said.evidence),
            ..self.finding(&line, held)
        };
        self.add(&line, finding);
        match place.and_then(|place| state.lines.get_mut(place)) {
            Some(held) => *held = line,
            None => state.lines.push(line),
        }
        state.lines.sort_unstable_by_key(key);
    }

    /// Takes back what was said of a patient whom a measure no longer asks, or of a visit that it no longer counts.
    fn take_back(&mut self, state: &mut MeasureState, line: &Line) {
        if line.status == GapStatus::NotEligible {
            return;
        }
        let revision = line.revision + 1;
        let next = Line {
            revision,
            finding: self.name(key(line), revision),
            digest: 0,
            status: GapStatus::NotEligible,
            ..*line
        };
        let finding = Finding {
            state: FindingState::Retracted("no longer asked for".into()),
            summary: "taken back: the measure no longer asks it".into(),
            ..self.finding(&next, Some(*line))
        };
        self.add(&next, finding);
        let held = state.lines.iter_mut().find(|held| key(held) == key(line));
        if let Some(held) = held {
            *held = next;
        }
    }

    fn add(&mut self, line: &Line, finding: Finding) {
        let period = MeasurementPeriod::of_year(line.year, self.config.utc_offset_seconds);
        self.gaps.push(CareGap {
            measure: line.measure.word().into(),
            title: line.measure.title().into(),
            year: line.year,
            status: line.status,
            due: period.map_or(line.as_of, MeasurementPeriod::ends),
            finding,
        });
    }

    fn finding(&self, line: &Line, held: Option<Line>) -> Finding {
        let word = line.measure.word();
        let kind = if line.measure.is_gap() {
            "care-gap"
        } else {
            "quality-event"
        };
        Finding {
            id: line.finding,
            workload: NAME.into(),
            rule: line.measure.library().into(),
            patient: self.now.patient,
            condition: format!("{kind}/{word}").into(),
            as_of: line.as_of,
            known_at: self.now.received,
            revision: line.revision,
            replaces: held.map(|held| held.finding),
            state: FindingState::Asserted,
            severity: Severity::None,
            score: None,
            summary: "".into(),
            evidence: Vec::new(),
            missing: Vec::new(),
            cause: self.cause,
            backfill: false,
        }
    }

    fn name(&self, (measure, year, visit): (Measure, i16, u64), revision: u32) -> FindingId {
        // Where time did it, the time stands for the event.
        let time = self.now.watermark.micros().to_be_bytes();
        let cause = self.cause.as_ref();
        FindingId::derive(&[
            NAME.as_bytes(),
            self.now.patient.as_bytes(),
            cause.map_or(&time[..], |event| event.as_bytes()),
            measure.word().as_bytes(),
            &year.to_be_bytes(),
            &visit.to_be_bytes(),
            &revision.to_be_bytes(),
        ])
    }
}

/// Says whether all that a finding rests on is history that was loaded; where it rests on nothing, all that is known.
fn is_history(state: &MeasureState, evidence: &[EventId]) -> bool {
    let mut records = state.records.iter().filter(|record| record.fact.is_some());
    records.all(|record| {
        let is_evidence = evidence.is_empty() || evidence.contains(&record.event);
        !is_evidence || record.source == Source::History
    })
}

fn evidence(state: &MeasureState, event: EventId) -> Option<Evidence> {
    let record = state.records.iter().find(|record| record.event == event)?;
    let fact = record.fact.as_ref()?;
    let number = fact.members.numbers().next();
    let title = number.and_then(set::row_of);
    let mut what = title.map_or("resource", |row| row.title);
    let mut value = String::new();
    if let CareDetail::Observation {
        value: result,
        components,
        pressure,
        ..
    } = &fact.detail
    {
        let results = components.iter().map(|(_, result)| result).chain([result]);
        let numbers = results.filter_map(|result| match result {
            CareValue::Number(value, unit) => Some(format!("{value} {}", unit.code())),
            CareValue::None | CareValue::Coded(_) | CareValue::Other => None,
        });
        value = numbers.collect::<Vec<_>>().join(" / ");
        // One that is a part by itself has the name of that.
        if *pressure && title.is_none() {
            what = "Blood pressure";
        }
    }
    Some(Evidence {
        what: what.into(),
        value: value.into(),
        points: None,
        at: start(record).unwrap_or_default(),
        event,
        origin: record.origin,
    })
}

/// Hashes what a finding says; the same evidence in another message changes nothing.
fn digest(summary: &str, evidence: &[Evidence]) -> u64 {
    let mut text = summary.to_owned();
    for proof in evidence {
        let (what, at) = (&proof.what, proof.at.micros());
        text.push_str(&format!("|{what}={}@{at}", proof.value));
    }
    EventId::derive(&[text.as_bytes()]).first_eight()
}
