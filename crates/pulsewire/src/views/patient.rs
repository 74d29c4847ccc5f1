//! One patient's last two days as the page shows them: vital signs, scores, results, stays.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{
    Code, Encounter, Event, EventTime, Fact, Finding, FindingState, MergeRole, Observation,
    ObservationStatus, PatientKey, Person, Phi, ReceivedTime, Severity, System, Value,
};
use formats::fhir::view::ResourceView as Resource;

use super::WINDOW;
use super::line::Lines;

/// So many results are kept.
const RESULTS_MAX: usize = 500;
/// A value that reaches us later than this after it was true is drawn as a late one.
pub(crate) const LATE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The vital signs that are drawn: one word, what people call it, unit, LOINC codes.
///
/// Codes: LOINC, as FHIR's vital-signs profile and common practice use them.
pub(crate) const VITALS: [(&str, &str, &str, &[&str]); 5] = [
    ("respiration", "Respiration rate", "/min", &["9279-1"]),
    ("spo2", "Oxygen saturation", "%", &["59408-5", "2708-6"]),
    (
        "systolic",
        "Systolic blood pressure",
        "mmHg",
        &["8480-6", "76534-7", "8459-0"],
    ),
    ("pulse", "Pulse", "/min", &["8867-4", "68999-2"]),
    (
        "temperature",
        "Temperature",
        "°C",
        &["8310-5", "8331-1", "8332-9", "8329-5", "8333-7"],
    ),
];

/// What was believed before a correction, and since when.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) text: Box<str>,
    pub(crate) known: ReceivedTime,
}

/// One value of a vital sign.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) known: ReceivedTime,
    pub(crate) before: Option<Before>,
    pub(crate) text: Box<str>,
    pub(crate) corrected: bool,
    pub(crate) withdrawn: bool,
    pub(crate) late: bool,
}

/// A score at a time, with how it was first known.
#[derive(Clone, Debug)]
pub(crate) struct ScoreView {
    pub(crate) score: Option<i32>,
    pub(crate) first: Option<i32>,
    pub(crate) first_known: ReceivedTime,
    pub(crate) known: ReceivedTime,
    pub(crate) revision: u32,
    pub(crate) severity: Severity,
    pub(crate) summary: Box<str>,
}

/// A laboratory result.
#[derive(Clone, Debug)]
pub(crate) struct ResultView {
    pub(crate) at: EventTime,
    pub(crate) received: ReceivedTime,
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) flag: Box<str>,
    pub(crate) reference: String,
    pub(crate) status: ObservationStatus,
    pub(crate) before: Option<Before>,
}

/// One patient.
#[derive(Default)]
pub(crate) struct PatientView {
    pub(crate) name: Phi<Option<String>>,
    pub(crate) birth_date: Phi<Option<String>>,
    pub(crate) gender: Option<Box<str>>,
    pub(crate) survivor: Option<PatientKey>,
    pub(crate) last_event: EventTime,
    pub(crate) last_received: ReceivedTime,
    /// By vital sign, time and FHIR id: a correction replaces what it corrects.
    pub(crate) vitals: BTreeMap<(usize, EventTime, Box<str>), Point>,
    pub(crate) scores: BTreeMap<EventTime, ScoreView>,
    pub(crate) results: BTreeMap<Box<str>, ResultView>,
    pub(crate) encounters: BTreeMap<Box<str>, Encounter>,
    pub(crate) newest: BTreeMap<Box<str>, Finding>,
    /// What was said that matters, as it stands.
    pub(crate) lines: Lines,
}

impl PatientView {
    /// Takes in one event with the bytes of its resource.
    pub(crate) fn take_event(&mut self, event: &Event, resource: &[u8]) {
        self.last_event = self.last_event.max(event.at);
        self.last_received = self.last_received.max(event.received);
        match &event.fact {
            Fact::Person(person) => self.take_person(person, resource),
            Fact::Encounter(encounter) => {
                self.encounters
                    .insert(encounter.resource.clone(), encounter.clone());
            }
            Fact::Observation(observation) => self.take_observation(event, observation, resource),
            Fact::Merge(merge) if merge.role == MergeRole::Retired => {
                self.survivor = Some(merge.other);
            }
            Fact::Merge(_) | Fact::Order(_) | Fact::Problem(_) | Fact::Handover { .. } => {}
        }
        self.forget();
    }

    /// Takes in what a workload concluded, and where that is.
    pub(crate) fn take_finding(&mut self, finding: &Finding, place: (u16, u64)) {
        self.lines.take_in(finding, place);
        // A score taken back has no number any more, and must not go on being shown.
        if &*finding.condition != "deterioration" {
            return;
        }
        let standing = matches!(finding.state, FindingState::Asserted);
        let score = finding.score.filter(|_| standing);
        let view = self
            .scores
            .entry(finding.as_of)
            .or_insert_with(|| ScoreView {
                score,
                first: finding.score,
                first_known: finding.known_at,
                known: finding.known_at,
                revision: 0,
                severity: finding.severity,
                summary: "".into(),
            });
        view.score = score;
        view.known = finding.known_at;
        view.revision = finding.revision;
        view.severity = finding.severity;
        view.summary.clone_from(&finding.summary);
    }

    /// Takes in what was known under an identity that was merged into this one.
    pub(crate) fn take_over(&mut self, retired: &mut Self) {
        self.vitals.append(&mut retired.vitals);
        self.results.append(&mut retired.results);
        self.encounters.append(&mut retired.encounters);
        // Both may have scored the same time: what this one says of it was concluded from both.
        for (at, score) in std::mem::take(&mut retired.scores) {
            self.scores.entry(at).or_insert(score);
        }
        self.last_event = self.last_event.max(retired.last_event);
        self.last_received = self.last_received.max(retired.last_received);
        self.forget();
    }

    /// Where the patient is, from the stay that is under way.
    pub(crate) fn location(&self) -> Option<&str> {
        use clinical::EncounterStatus::{Arrived, InProgress, OnLeave};
        let current = self
            .encounters
            .values()
            .filter(|stay| matches!(stay.status, InProgress | Arrived | OnLeave));
        current
            .max_by_key(|stay| stay.start)
            .map(|stay| &*stay.location)
            .filter(|location| !location.is_empty())
    }

    /// The newest score that stands.
    pub(crate) fn score(&self) -> Option<(EventTime, &ScoreView)> {
        self.scores
            .iter()
            .rev()
            .find(|(_, view)| view.score.is_some())
            .map(|(at, view)| (*at, view))
    }

    fn take_person(&mut self, person: &Person, resource: &[u8]) {
        let name = Resource::read(resource)
            .ok()
            .and_then(|patient| name(&patient));
        if name.is_some() {
            self.name = Phi::new(name);
        }
        self.birth_date = Phi::new(person.birth_date.as_deref().map(str::to_owned));
        self.gender.clone_from(&person.gender);
    }

    fn take_observation(&mut self, event: &Event, observation: &Observation, resource: &[u8]) {
        let mut drawn = false;
        let whole = observation
            .value
            .iter()
            .map(|value| (&observation.codes, value));
        let parts = observation
            .components
            .iter()
            .map(|(codes, value)| (codes, value));
        for (codes, value) in whole.chain(parts) {
            let Some(vital) = vital(codes) else { continue };
            drawn = true;
            let key = (vital, event.at, observation.resource.clone());
            let mut point = point(event, observation, value);
            let held = self.vitals.iter();
            let mut held = held.filter(|((v, _, id), _)| *v == vital && *id == key.2);
            point.before = held.next().and_then(|(_, held)| before(held, &point));
            // A corrected time moves the point: the earlier place of the same resource is given up.
            self.vitals.retain(|(v, at, id), _| {
                !(*v == vital && *id == observation.resource && *at != event.at)
            });
            self.vitals.insert(key, point);
        }
        if observation.value.is_none() && !observation.status.is_usable() {
            self.withdraw(event, observation);
        }
        if !drawn && let Some(value) = &observation.value {
            let mut result = result(event, observation, value);
            result.reference = reference(resource).unwrap_or_default();
            let held = self.results.get(&observation.resource);
            result.before = held.and_then(|held| match held.value == result.value {
                true => held.before.clone(),
                false => Some(Before {
                    text: held.value.as_str().into(),
                    known: held.received,
                }),
            });
            self.results.insert(observation.resource.clone(), result);
        }
    }

    /// What it said before is shown as taken back.
    fn withdraw(&mut self, event: &Event, observation: &Observation) {
        let own = self.vitals.iter_mut();
        for (_, point) in own.filter(|((_, _, id), _)| *id == observation.resource) {
            let before = Before {
                text: point.text.clone(),
                known: point.known,
            };
            if !point.withdrawn {
                point.before = Some(before);
                point.known = event.received;
            }
            point.withdrawn = true;
        }
        if let Some(result) = self.results.get_mut(&observation.resource) {
            if result.status.is_usable() {
                result.before = Some(Before {
                    text: result.value.as_str().into(),
                    known: result.received,
                });
            }
            result.status = observation.status;
            result.received = event.received;
        }
    }

    fn forget(&mut self) {
        let begin = self.last_event.minus(WINDOW);
        self.vitals.retain(|(_, at, _), _| *at >= begin);
        self.scores = self.scores.split_off(&begin);
        self.lines.forget(begin);
        while self.results.len() > RESULTS_MAX {
            let oldest = self
                .results
                .iter()
                .min_by_key(|(_, result)| result.at)
                .map(|(id, _)| id.clone());
            let Some(id) = oldest else { break };
            self.results.remove(&id);
        }
    }
}

fn vital(codes: &[Code]) -> Option<usize> {
    let loinc = codes.iter().filter(|code| code.system == System::Loinc);
    loinc
        .flat_map(|code| {
            VITALS
                .iter()
                .position(|(_, _, _, known)| known.contains(&&*code.code))
        })
        .next()
}

/// What was believed before a point took the place of another; nothing where it says the same.
fn before(held: &Point, point: &Point) -> Option<Before> {
    match held.text == point.text && held.withdrawn == point.withdrawn {
        true => held.before.clone(),
        false => Some(Before {
            text: held.text.clone(),
            known: held.known,
        }),
    }
}

fn point(event: &Event, observation: &Observation, value: &Value) -> Point {
    let behind = event.received.micros().saturating_sub(event.at.micros());
    Point {
        known: event.received,
        before: None,
        text: words(value).into(),
        corrected: observation.status == ObservationStatus::Corrected,
        withdrawn: !observation.status.is_usable(),
        late: u64::try_from(behind).is_ok_and(|behind| Duration::from_micros(behind) > LATE_AFTER),
    }
}

fn result(event: &Event, observation: &Observation, value: &Value) -> ResultView {
    let named = observation
        .codes
        .iter()
        .find(|code| !code.display.is_empty())
        .or(observation.codes.first());
    ResultView {
        at: event.at,
        received: event.received,
        what: named.map(ToString::to_string).unwrap_or_default(),
        value: match value {
            Value::Quantity(quantity) => quantity.to_string(),
            other => words(other),
        },
        flag: observation
            .interpretation
            .first()
            .cloned()
            .unwrap_or_default(),
        reference: String::new(),
        status: observation.status,
        before: None,
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Quantity(quantity) => quantity.value.to_string(),
        Value::Coded(codes) => codes.first().map(ToString::to_string).unwrap_or_default(),
        Value::Text(text) => text.to_string(),
    }
}

/// The range that the source gives beside its value, in its words.
fn reference(resource: &[u8]) -> Option<String> {
    let range = Resource::read(resource)
        .ok()?
        .get("referenceRange")?
        .items()
        .next()?
        .ok()?;
    Some(range.get("text").ok()??.text().ok()?.into_owned())
}

/// The first name given, as people write it.
fn name(patient: &Resource<'_>) -> Option<String> {
    let name = patient.get("name")?.items().next()?.ok()?;
    let part = |member: &str| name.get(member).ok().flatten();
    if let Some(text) = part("text") {
        return text.text().ok().map(std::borrow::Cow::into_owned);
    }
    let given = part("given").and_then(|given| given.items().next()?.ok()?.text().ok());
    let family = part("family").and_then(|family| family.text().ok());
    let parts: Vec<_> = [given, family].into_iter().flatten().collect();
    Some(parts.join(" ")).filter(|name| !name.is_empty())
}
