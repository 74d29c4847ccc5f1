//! What is told of an interval: one Observation to each patient who was on the device in it, and nothing to who was not.

use std::sync::Arc;

use clinical::{EventTime, MessageId, PatientKey};
use formats::device::nomenclature::LOINC_SYSTEM;
use formats::device::{Code, Decimal};
use formats::fhir::json::{self, Number};

use super::Settings;
use super::binding::{Bindings, Named};
use super::rules::Rule;
use super::state::{Channel, Interval, State, Told};
use super::take::GRACE;

/// What FHIR calls UCUM.
const UCUM: &str = "http://unitsofmeasure.org";
/// What FHIR calls the categories of Observations.
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// An Observation to be written.
pub(super) struct Summary {
    pub(super) patient: Named,
    pub(super) at: i64,
    pub(super) status: &'static str,
    value: Decimal,
    channel: Channel,
    unit: Arc<str>,
    start: i64,
    method: String,
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
    pub(super) fn conclude(&mut self, now: i64, settings: &Settings) -> Vec<Summary> {
        let mut summaries = Vec::new();
        for (channel, signal) in &mut self.signals {
            let code = code(channel);
            let Some(rule) = settings.rules.of(&code) else {
                signal.intervals.clear();
                continue;
            };
            let due = signal.intervals.iter_mut();
            for (start, interval) in
                due.filter(|(_, interval)| interval.due.is_some_and(|due| due <= now))
            {
                let interval = Arc::make_mut(interval);
                interval.due = None;
                for (told, status, count) in news(interval, rule, &self.bindings) {
                    summaries.push(Summary {
                        at: told.at,
                        status,
                        value: told.value,
                        patient: told.patient,
                        channel: channel.clone(),
                        unit: Arc::clone(&signal.unit),
                        start: *start,
                        method: method(rule, count),
                    });
                }
            }
        }
        summaries
    }
}

/// What has changed of an interval: each with its status and how many samples it is of.
fn news(
    interval: &mut Interval,
    rule: &Rule,
    bindings: &Bindings,
) -> Vec<(Told, &'static str, usize)> {
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
    let mut news = Vec::new();
    for told in &mut interval.told {
        let stays = of_each.iter().any(|(patient, _)| **patient == told.patient);
        if !stays && !told.is_retracted {
            told.is_retracted = true;
            news.push((told.clone(), "entered-in-error", 0));
        }
    }
    for (patient, samples) in of_each {
        let Some((at, value)) = rule.statistic.of(&samples) else {
            continue;
        };
        let now = Told {
            patient: patient.clone(),
            at,
            value,
            is_retracted: false,
        };
        let known = interval
            .told
            .iter_mut()
            .find(|told| told.patient == *patient);
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
        news.push((now, status, samples.len()));
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

fn code(channel: &Channel) -> Code {
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
        let id = MessageId::derive(&[
            b"device-summary",
            device.as_bytes(),
            patient.as_bytes(),
            self.channel.code.as_bytes(),
            self.channel.channel.as_bytes(),
            &self.start.to_be_bytes(),
        ]);
        let (code, digits) = (code(&self.channel), self.value.to_string());
        let json = json::object(|object| {
            object
                .string("resourceType", "Observation")
                .string("id", &id.to_string());
            object.string("status", self.status);
            object.array("category", |all| {
                all.object(|one| {
                    one.array("coding", |codings| {
                        codings.object(|coding| {
                            coding
                                .string("system", CATEGORY)
                                .string("code", "vital-signs");
                        });
                    });
                });
            });
            object.object("code", |concept| {
                concept.array("coding", |codings| codings_of(&code, codings));
            });
            object.object("subject", |subject| {
                if self.patient.is_pseudonym() {
                    subject.string("reference", &format!("Patient/{patient}"));
                    return;
                }
                subject.object("identifier", |identifier| {
                    identifier
                        .string("system", authority)
                        .string("value", &self.patient.identifier);
                });
            });
            object.string(
                "effectiveDateTime",
                &EventTime::from_micros(self.at).to_string(),
            );
            object.object("valueQuantity", |quantity| {
                quantity
                    .number("value", Number::parse(&digits))
                    .string("unit", &self.unit);
                quantity.string("system", UCUM).string("code", &self.unit);
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
        });
        (id, json)
    }
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
