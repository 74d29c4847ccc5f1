//! Learned sepsis risk: the score of every hour of a stay as it was known at its end, and when it is an alert.

mod rule;

use std::sync::LazyLock;
use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::config::{RiskScore, hours};
use crate::deterioration;
use crate::person::Stay;
use crate::risk::watch::{Hour, Row};
use crate::risk::{
    Alerting, Assessment, Contribution, Course, Feature, Pack, Person, Policy, Reading, Subject,
    Variable,
};
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

static PACK: LazyLock<Pack> = LazyLock::new(Pack::built_in);

/// What is charted, by the model's word for it.
const VARIABLES: [(Parameter, &str); 34] = [
    (Parameter::Pulse, "HR"),
    (Parameter::OxygenSaturation, "O2Sat"),
    (Parameter::Temperature, "Temp"),
    (Parameter::SystolicPressure, "SBP"),
    (Parameter::MeanPressure, "MAP"),
    (Parameter::DiastolicPressure, "DBP"),
    (Parameter::RespiratoryRate, "Resp"),
    (Parameter::EndTidalCarbonDioxide, "EtCO2"),
    (Parameter::BaseExcess, "BaseExcess"),
    (Parameter::Bicarbonate, "HCO3"),
    (Parameter::OxygenFraction, "FiO2"),
    (Parameter::Ph, "pH"),
    (Parameter::CarbonDioxidePressure, "PaCO2"),
    (Parameter::ArterialSaturation, "SaO2"),
    (Parameter::AspartateAminotransferase, "AST"),
    (Parameter::UreaNitrogen, "BUN"),
    (Parameter::AlkalinePhosphatase, "Alkalinephos"),
    (Parameter::Calcium, "Calcium"),
    (Parameter::Chloride, "Chloride"),
    (Parameter::Creatinine, "Creatinine"),
    (Parameter::DirectBilirubin, "Bilirubin_direct"),
    (Parameter::Glucose, "Glucose"),
    (Parameter::Lactate, "Lactate"),
    (Parameter::Magnesium, "Magnesium"),
    (Parameter::Phosphate, "Phosphate"),
    (Parameter::Potassium, "Potassium"),
    (Parameter::Bilirubin, "Bilirubin_total"),
    (Parameter::Troponin, "TroponinI"),
    (Parameter::Haematocrit, "Hct"),
    (Parameter::Haemoglobin, "Hgb"),
    (Parameter::Aptt, "PTT"),
    (Parameter::WhiteCells, "WBC"),
    (Parameter::Fibrinogen, "Fibrinogen"),
    (Parameter::Platelets, "Platelets"),
];

pub(crate) const READS: &[Parameter] = &{
    let mut reads = [Parameter::Pulse; VARIABLES.len()];
    let mut place = 0;
    while place < reads.len() {
        reads[place] = VARIABLES[place].0;
        place += 1;
    }
    reads
};

/// Its name in findings, flags and configuration.
pub(crate) const NAME: &str = "sepsis-risk";
/// How far back an hour looks.
pub(crate) const LOOKS_BACK: Duration = hours(49);
/// So many of what raises a score most are told.
const TOLD: usize = 4;

/// What a published line says of how the patient stands.
const RAISED: u8 = 1;
const RAISED_AGAIN: u8 = 2;
const CLEARED: u8 = 3;

/// Gives what is charted as a variable of the model.
pub(crate) fn parameter_of(word: &str) -> Option<Parameter> {
    let known = VARIABLES.iter().find(|(_, known)| *known == word);
    known.map(|(parameter, _)| *parameter)
}

/// Says how long an entry matters, where the rule stands in the model's place, too.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    let own = READS.contains(&entry.parameter).then_some(LOOKS_BACK);
    own.or_else(|| deterioration::matters(entry))
}

/// Says at the end of every hour whether the score raised an alert or fell back.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let from = view.from.max(view.frozen);
    let mut concluded = Concluded {
        from,
        conclusions: Vec::new(),
        wake: None,
    };
    for stay in view.stays.iter().filter(|stay| stay.watched) {
        let mut scored = Scored::new(view, stay);
        scored.conclude(from, &mut concluded);
        let now = scored.course.hour(view.watermark);
        // A stay within it may be over before it is.
        let goes_on = stay.end.is_none_or(|end| end > view.watermark);
        if goes_on || scored.is_of(now) {
            let next = scored.course.end(now);
            concluded.wake = Some(concluded.wake.map_or(next, |wake| wake.min(next)));
        }
    }
    concluded
}

/// Gives the hours that end from a time on, as the model scores them now.
pub(crate) fn scored(view: &View<'_>, from: EventTime) -> Vec<Hour> {
    let mut found = Vec::new();
    for stay in view.stays.iter().filter(|stay| stay.watched) {
        let mut scored = Scored::new(view, stay);
        let first = (scored.course.hour(from) - 1).max(0);
        let last = scored.course.hour(view.watermark) - 1;
        let new: Vec<i64> = (first..=last)
            .filter(|hour| scored.course.end(*hour) >= from && scored.is_of(*hour))
            .collect();
        if let (Some(first), Some(last)) = (new.first(), new.last()) {
            scored.chart(*first, *last);
        }
        found.extend(new.iter().filter_map(|hour| scored.hour(*hour)));
    }
    found.sort_by_key(|hour| hour.end);
    found
}

/// A stay with what is charted of it, as the model reads it.
struct Scored<'a> {
    view: &'a View<'a>,
    stay: &'a Stay,
    course: Course,
    person: Person,
    policy: Policy,
}

impl<'a> Scored<'a> {
    fn new(view: &'a View<'a>, stay: &'a Stay) -> Self {
        Self {
            view,
            stay,
            course: Course::new(stay.start),
            person: Person {
                age_years: view.person.age_years(stay.start).map(f64::from),
                male: view.person.male,
                hospital_admission: Some(admission(view.stays, stay)),
            },
            policy: match view.config.risk.score {
                RiskScore::Model => PACK.policy,
                RiskScore::Rule => rule::policy(&PACK.policy),
            },
        }
    }

    /// Says whether an hour is scored: the patient is there, and in no stay that began later.
    fn is_of(&self, hour: i64) -> bool {
        let at = self.course.end(hour - 1);
        let there = self.view.stays.iter().rfind(|stay| stay.covers(at));
        hour >= 0 && there.is_some_and(|stay| stay.resource == self.stay.resource)
    }

    /// Scores every whole hour that ends at a time or later, by what is charted up to its end.
    fn conclude(&mut self, from: EventTime, concluded: &mut Concluded) {
        let first = (self.course.hour(from) - 1).max(0);
        let last = self.course.hour(self.view.watermark) - 1;
        if first > last {
            return;
        }
        let run = i64::from(self.policy.persistence_hours) - 1;
        let warm = first.saturating_sub(run).max(0);
        self.chart(warm, last);
        let mut row = Vec::new();
        let mut before = Alerting::default();
        for hour in warm..first {
            if let Some(score) = self.score(hour, &mut row) {
                self.policy.step(&mut before, hour, score.raw);
            }
        }
        let mut patient = self.standing(first);
        (patient.seen, patient.run) = (before.seen, before.run);
        for hour in first..=last {
            let Some(score) = self.score(hour, &mut row) else {
                continue;
            };
            let was = patient.raised;
            let alerts = self.policy.step(&mut patient, hour, score.raw);
            let note = match (alerts, was, patient.raised) {
                (true, _, _) => RAISED,
                (false, false, true) => RAISED_AGAIN,
                (false, true, false) => CLEARED,
                (false, _, _) => continue,
            };
            if self.course.end(hour) >= from {
                concluded
                    .conclusions
                    .push(self.conclusion(hour, note, &score, &row));
            }
        }
    }

    /// Takes in what is charted of the hours that are scored and looked back at.
    fn chart(&mut self, first: i64, last: i64) {
        let after = self.course.end(first).minus(LOOKS_BACK);
        for entry in self.view.chart.between(after, self.course.end(last)) {
            let of = VARIABLES
                .iter()
                .find(|(parameter, _)| *parameter == entry.parameter);
            let variable = of.and_then(|(_, word)| Variable::find(word));
            if let (Some(variable), Some(value)) = (variable, number(entry)) {
                self.course.take(&Reading {
                    variable,
                    at: entry.at,
                    value,
                });
            }
        }
    }

    /// Gives where the patient stood before an hour, as it was published.
    fn standing(&self, hour: i64) -> Alerting {
        let before = self.course.end(hour);
        let mut published = self.view.lines.iter().filter(|line| {
            line.condition == Condition::SepsisRisk
                && line.asserted
                && line.as_of > self.stay.start
                && line.as_of < before
        });
        let raised = published.clone().rfind(|line| line.note == RAISED);
        Alerting {
            raised: published
                .next_back()
                .is_some_and(|line| line.note != CLEARED),
            last: raised.map(|line| self.course.hour(line.as_of) - 1),
            seen: None,
            run: 0,
        }
    }

    /// Scores an hour in which the patient is there, where anything is charted.
    fn score(&self, hour: i64, row: &mut Vec<f64>) -> Option<Score> {
        if !self.is_of(hour) {
            return None;
        }
        match self.view.config.risk.score {
            RiskScore::Rule => rule::score(self.view, self.course.end(hour)),
            RiskScore::Model => {
                let assessment = self.assess(hour, row)?;
                Some(Score {
                    raw: assessment.score,
                    probability: Some(assessment.probability),
                })
            }
        }
    }

    /// Asks the model of an hour, where anything is charted.
    fn assess(&self, hour: i64, row: &mut Vec<f64>) -> Option<Assessment> {
        let assessment = PACK.assess(&self.course, &self.person, hour, row);
        let known = PACK.features.iter().zip(&*row);
        let measured = known
            .filter(|(feature, _)| matches!(feature, Feature::Last(_)))
            .any(|(_, value)| !value.is_nan());
        measured.then_some(assessment)
    }

    /// Gives an hour as the model scores it, whatever raises alerts.
    fn hour(&self, hour: i64) -> Option<Hour> {
        let mut row = Vec::new();
        let assessment = self.assess(hour, &mut row)?;
        Some(Hour {
            end: self.course.end(hour),
            admission: self.person.hospital_admission.unwrap_or(self.stay.start),
            model: PACK.version.clone(),
            score: assessment.score,
            probability: assessment.probability,
            row: Row::new(row),
        })
    }

    fn conclusion(&self, hour: i64, note: u8, score: &Score, row: &[f64]) -> Conclusion {
        let at = self.course.end(hour);
        let (summary, evidence) = match score.probability {
            Some(probability) => self.explained(at, note, probability, row),
            None => rule::explained(self.view, at, note),
        };
        Conclusion {
            condition: Condition::SepsisRisk,
            as_of: at,
            severity: match note {
                RAISED => Severity::Medium,
                RAISED_AGAIN => Severity::Low,
                _ => Severity::None,
            },
            score: score.probability.map(percent),
            summary,
            evidence,
            missing: Vec::new(),
            history: false,
            note,
        }
    }

    /// Says what the probability is, by which model, and what raises it most.
    fn explained(
        &self,
        at: EventTime,
        note: u8,
        probability: f64,
        row: &[f64],
    ) -> (String, Vec<Proof>) {
        let contributions = PACK.contributions(row);
        let told: Vec<String> = contributions
            .iter()
            .take(TOLD)
            .map(|of| format!("{} +{:.2}", of.subject.name(), of.weight))
            .collect();
        let summary = format!(
            "sepsis risk {}: {} % (model {}); {}",
            word(note),
            percent(probability),
            PACK.version,
            told.join(", ")
        );
        let evidence = contributions.iter().filter_map(|of| self.proof(at, of));
        (summary, evidence.take(TOLD).collect())
    }

    /// Shows the last value of a variable that raises the score.
    fn proof(&self, at: EventTime, contribution: &Contribution) -> Option<Proof> {
        let Subject::Variable(variable) = contribution.subject else {
            return None;
        };
        let (parameter, _) = VARIABLES.iter().find(|(_, word)| *word == variable.word)?;
        let entry = self
            .view
            .chart
            .last(*parameter, at.minus(Duration::from_micros(1)))?;
        Some(Proof {
            entry: *entry,
            value: format!(
                "{} (+{:.2})",
                crate::critical::shown(entry),
                contribution.weight
            ),
            points: None,
        })
    }
}

/// A score of an hour.
struct Score {
    /// What thresholds are compared with.
    raw: f64,
    /// The probability that held on held-out patients, where the model scored.
    probability: Option<f64>,
}

/// Gives when the hospital admitted the patient: when the first of the stays began that lead into this one.
fn admission(stays: &[Stay], stay: &Stay) -> EventTime {
    let earlier = stays
        .iter()
        .filter(|other| other.watched && other.start < stay.start);
    let leading = earlier.filter(|other| other.end.is_none_or(|end| end >= stay.start));
    leading.map(|other| other.start).min().unwrap_or(stay.start)
}

/// Gives a charted value in the unit that the model reads.
fn number(entry: &Entry) -> Option<f64> {
    let value = f64::try_from(entry.number()?).ok()?;
    if entry.parameter == Parameter::OxygenFraction {
        // Charts hold hundredths, the model a fraction.
        return Some(value / 100.0);
    }
    Some(value)
}

fn percent(probability: f64) -> i32 {
    (0..100)
        .find(|percent| f64::from(*percent) + 0.5 > probability * 100.0)
        .unwrap_or(100)
}

const fn word(note: u8) -> &'static str {
    match note {
        RAISED => "is high",
        RAISED_AGAIN => "is high again",
        _ => "fell back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Variable;

    #[test]
    fn every_variable_of_the_model_is_charted_by_its_codes() {
        let tables = crate::tables::Tables::new();
        assert_eq!(VARIABLES.len(), Variable::all().len());
        for variable in Variable::all() {
            let (parameter, _) = VARIABLES
                .iter()
                .find(|(_, word)| *word == variable.word)
                .unwrap();
            for loinc in &variable.loinc {
                let code = clinical::Code {
                    system: clinical::System::Loinc,
                    code: (*loinc).into(),
                    display: "".into(),
                };
                let of = match tables.meaning(&[code]) {
                    Some(crate::tables::Meaning::Of(of)) => of,
                    Some(crate::tables::Meaning::InspiredOxygen) => Parameter::OxygenFraction,
                    other => panic!("{loinc}: {other:?}"),
                };
                assert_eq!(of, *parameter, "{loinc}");
            }
        }
    }

    #[test]
    fn a_probability_is_told_in_whole_percents() {
        for (probability, told) in [
            (0.0, 0),
            (0.004, 0),
            (0.0051, 1),
            (0.5, 50),
            (0.999, 100),
            (1.0, 100),
        ] {
            assert_eq!(percent(probability), told, "{probability}");
        }
    }
}
