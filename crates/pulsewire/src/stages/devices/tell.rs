//! What is told of an interval: one Observation to each patient who was on the device in it, and nothing to who was not.

use std::sync::Arc;

use clinical::unit::{Unit, is_ucum};
use clinical::{EventTime, MessageId, PatientKey};
use formats::device::nomenclature::{self, LOINC_SYSTEM};
use formats::device::{Code, Decimal};
use formats::fhir::json::{self, Number};
use formats::fhir::reference::is_uri;

use super::Settings;
use super::binding::{Bindings, Named};
use super::rules::{Rule, Statistic};
use super::signal::{Interval, Told};
use super::state::{Channel, State};
use super::take::GRACE;
use super::variability;

/// What FHIR calls UCUM.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";
/// What FHIR calls the categories of Observations.
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// An Observation to be written.
pub(super) struct Summary {
    pub(super) patient: Named,
    pub(super) at: i64,
    pub(super) status: &'static str,
    value: Decimal,
    /// What was measured beside it, where it is the variability of beats.
    beside: Vec<Decimal>,
    channel: Channel,
    /// The unit of its samples.
    sampled: Arc<str>,
    /// The unit of what is told.
    unit: Arc<str>,
    start: i64,
    method: String,
}

/// What is due, and how many windows of beats say nothing.
#[derive(Default)]
pub(super) struct Concluded {
    pub(super) summaries: Vec<Summary>,
    pub(super) rejected: usize,
}

impl State {
    /// When the next interval is due.
    pub(super) fn next_due(&self) -> Option<i64> {
        let intervals = self
            .signals
            .values()
            .flat_map(|signal| signal.intervals.values());
        intervals.filter_map(|interval| interval.due).min()
    }

    /// Puts off what is long due, so that stragglers of one interval are told of together.
    pub(super) fn put_off(&mut self, now: i64) {
        let soon = now.saturating_add(GRACE);
        for interval in self
            .signals
            .values_mut()
            .flat_map(|signal| signal.intervals.values_mut())
        {
            if interval.due.is_some_and(|due| due < now) {
                Arc::make_mut(interval).due = Some(soon);
            }
        }
    }

    /// Gives what is due, and takes note that it was told.
    pub(super) fn conclude(&mut self, now: i64, settings: &Settings) -> Concluded {
        let mut concluded = Concluded::default();
        for (channel, signal) in &mut self.signals {
            let code = code(channel);
            let Some(rule) = settings.rules.of(&code) else {
                signal.intervals.clear();
                continue;
            };
            let due = signal.intervals.iter_mut();
            for (window, interval) in
                due.filter(|(_, interval)| interval.due.is_some_and(|due| due <= now))
            {
                let interval = Arc::make_mut(interval);
                interval.due = None;
                let window = Window {
                    rule,
                    unit: &window.unit,
                    start: window.start,
                };
                let news = news(interval, &window, &self.bindings);
                concluded.rejected += news.rejected;
                for (told, status, count) in news.told {
                    concluded.summaries.push(Summary {
                        at: told.at,
                        status,
                        value: told.value,
                        beside: told.beside,
                        patient: told.patient,
                        channel: channel.clone(),
                        sampled: Arc::clone(window.unit),
                        unit: window.unit_told(),
                        start: window.start,
                        method: method(rule, count),
                    });
                }
            }
        }
        concluded
    }
}

/// What has changed of an interval.
#[derive(Default)]
struct News {
    /// Each with its status and how many samples it is of.
    told: Vec<(Told, &'static str, usize)>,
    /// How many patients' beats say nothing.
    rejected: usize,
}

/// An interval of samples that are told together.
struct Window<'a> {
    rule: &'a Rule,
    unit: &'a Arc<str>,
    start: i64,
}

impl Window<'_> {
    /// What stands for all samples of a patient; nothing where they say nothing.
    fn of(&self, patient: &Named, samples: &[(i64, Decimal)]) -> Option<Told> {
        let (at, value, beside) = match self.rule.statistic {
            Statistic::Variability => {
                let (value, beside) =
                    variability::measured(samples, self.unit, self.rule.interval)?;
                (self.start.saturating_add(self.rule.interval), value, beside)
            }
            other => {
                let (at, value) = other.of(samples)?;
                (at, value, Vec::new())
            }
        };
        Some(Told {
            patient: patient.clone(),
            at,
            value,
            beside,
            is_retracted: false,
        })
    }

    fn unit_told(&self) -> Arc<str> {
        match self.rule.statistic {
            Statistic::Variability => variability::UNIT.into(),
            _ => Arc::clone(self.unit),
        }
    }
}

fn news(interval: &mut Interval, window: &Window<'_>, bindings: &Bindings) -> News {
    let mut of_each: Vec<(&Named, Vec<(i64, Decimal)>)> = Vec::new();
    for (at, value) in &interval.samples {
        let Some(patient) = bindings.at(*at) else {
            continue;
        };
        match of_each.iter_mut().find(|(known, _)| *known == patient) {
            Some((_, samples)) => samples.push((*at, *value)),
            None => of_each.push((patient, vec![(*at, *value)])),
        }
    }
    let mut news = News::default();
    let all = of_each.len();
    let of_each = of_each.into_iter().filter_map(|(patient, samples)| {
        let told = window.of(patient, &samples)?;
        Some((told, samples.len()))
    });
    let of_each: Vec<(Told, usize)> = of_each.collect();
    news.rejected = all - of_each.len();
    for told in &mut interval.told {
        let stays = of_each.iter().any(|(now, _)| now.patient == told.patient);
        if !stays && !told.is_retracted {
            told.is_retracted = true;
            news.told.push((told.clone(), "entered-in-error", 0));
        }
    }
    for (now, count) in of_each {
        let known = interval
            .told
            .iter_mut()
            .find(|told| told.patient == now.patient);
        let status = match known {
            Some(told) if *told == now => continue,
            Some(told) => {
                *told = now.clone();
                "amended"
            }
            None => {
                // No more of them than bindings are kept.
                interval.told.push(now.clone());
                "final"
            }
        };
        news.told.push((now, status, count));
    }
    news
}

fn method(rule: &Rule, count: usize) -> String {
    let seconds = rule.interval / 1_000_000;
    format!(
        "{} of {count} samples in {seconds} s",
        rule.statistic.word()
    )
}

pub(super) fn code(channel: &Channel) -> Code {
    Code {
        system: channel.system,
        code: (*channel.code).into(),
    }
}

impl Summary {
    /// The Observation's id, and its bytes.
    pub(super) fn to_json(
        &self,
        (device, patient): (PatientKey, PatientKey),
        authority: &str,
        state: &State,
    ) -> (MessageId, Vec<u8>) {
        let (code, digits) = (code(&self.channel), self.value.to_string());
        let start = self.start.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![
            b"device-summary",
            device.as_bytes(),
            patient.as_bytes(),
            self.channel.code.as_bytes(),
            self.channel.channel.as_bytes(),
            &start,
        ];
        // Another unit than the usual one has a summary of its own.
        if code.meaning().is_none_or(|row| row.unit != &*self.sampled) {
            parts.push(self.sampled.as_bytes());
        }
        let id = MessageId::derive(&parts);
        let json = json::object(|object| {
            object
                .string("resourceType", "Observation")
                .string("id", &id.to_string());
            object.string("status", self.status);
            object.array("category", category);
            object.object("code", |concept| {
                concept.array("coding", |codings| match self.beside.is_empty() {
                    true => codings_of(&code, codings),
                    false => variability::coding(codings),
                });
            });
            object.object("subject", |subject| {
                self.subject((patient, authority), subject);
            });
            object.string(
                "effectiveDateTime",
                &EventTime::from_micros(self.at).to_string(),
            );
            object.object("valueQuantity", |quantity| {
                quantity
                    .number("value", Number::parse(&digits))
                    .string("unit", &self.unit);
                if let Some(code) = ucum(&self.unit) {
                    quantity.string("system", UCUM).string("code", code);
                }
            });
            object.object("method", |method| {
                method.string("text", &self.method);
            });
            object.object("device", |reference| {
                reference.object("identifier", |identifier| {
                    let system = format!("urn:pulsewire:source:{}", state.source);
                    identifier
                        .string("system", &system)
                        .string("value", &state.device);
                });
            });
            if !self.beside.is_empty() {
                object.array("component", |all| {
                    variability::components(&self.beside, all);
                });
            }
        });
        (id, json)
    }

    /// Writes who was on the device: by the key, and by the identifier with who gives it, which is a system only as a URI.
    fn subject(&self, (patient, authority): (PatientKey, &str), subject: &mut json::Object<'_>) {
        subject.string("reference", &format!("Patient/{patient}"));
        if self.patient.is_pseudonym() {
            return;
        }
        let is_system = is_uri(authority);
        subject.object("identifier", |identifier| {
            if is_system {
                identifier.string("system", authority);
            }
            identifier.string("value", &self.patient.identifier);
            if !is_system {
                identifier.object("assigner", |assigner| {
                    assigner.string("display", authority);
                });
            }
        });
    }
}

/// The code in UCUM of a unit as the device names it; none of what nobody knows, which is told in words alone.
fn ucum(unit: &str) -> Option<&str> {
    // A unit of UCUM with brackets is read loosely elsewhere, as one of much the same size: its code would be another's.
    let is_word = !unit.contains('[');
    let known = || Unit::parse(unit).ok().map(Unit::code);
    let known = || known().filter(|_| is_word);
    let in_table = nomenclature::code_of_ucum(unit).or_else(known);
    in_table.or_else(|| is_ucum(unit).then_some(unit))
}

/// What samples of devices at the bedside are.
fn category(all: &mut json::Array<'_>) {
    all.object(|one| {
        one.array("coding", |codings| {
            codings.object(|coding| {
                coding
                    .string("system", CATEGORY)
                    .string("code", "vital-signs");
            });
        });
    });
}

/// LOINC's coding where there is one, and the device's own.
fn codings_of(code: &Code, codings: &mut json::Array<'_>) {
    let meaning = code.meaning();
    if let Some(row) = meaning.filter(|row| !row.loinc.is_empty()) {
        codings.object(|coding| {
            coding
                .string("system", LOINC_SYSTEM)
                .string("code", row.loinc)
                .string("display", row.words);
        });
    }
    if meaning.is_none_or(|row| *code.code != *row.loinc) {
        codings.object(|coding| {
            coding.string("system", code.system_uri().unwrap_or_default());
            coding.string("code", &code.code);
            coding.string("display", meaning.map_or("", |row| row.reference));
        });
    }
}
