//! The learned risk of sepsis over history: features as they were known at the end of each hour, a probability, alerts as edges.
//!
//! It has a policy of its own, which was chosen for a budget of alerts; the alert policy of the site does not come into it.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::unit::{Analyte, convert, inspired_oxygen};
use clinical::{
    Code, Event, EventTime, Fact, Observation, PatientKey, ReceivedTime, Severity, System, Value,
};
use workloads::risk::{Alerting, Course as Known, Pack, Person, Reading, Variable};

use crate::gather::moment;
use crate::{Course, History, Open, Stay};

/// What is read at the end of an hour is of that hour.
const INSTANT: Duration = Duration::from_micros(1);

/// Plays histories to the pack that is part of the program.
pub struct RiskPlayer {
    pack: Pack,
}

impl Default for RiskPlayer {
    fn default() -> Self {
        Self {
            pack: Pack::built_in(),
        }
    }
}

/// The readings that an observation gave, by whose it is and its resource.
type Given<'h> = BTreeMap<(PatientKey, &'h str), Vec<Reading>>;

impl RiskPlayer {
    /// The name that it is asked for by.
    pub const NAME: &'static str = "sepsis-risk";

    /// Gives the model that it is, as findings of it would name it.
    pub fn rule(&self) -> String {
        format!("{} {}", Self::NAME, self.pack.version)
    }

    /// Plays a history: each stay from its beginning.
    pub fn play(&self, history: &History) -> Course {
        let mut course = Course::default();
        for stay in &history.stays {
            self.stay(history, stay, &mut course);
        }
        course
    }

    fn stay(&self, history: &History, stay: &Stay, course: &mut Course) {
        let mut known = Known::new(stay.began);
        let mut person = Person {
            hospital_admission: stay.admitted,
            ..Person::default()
        };
        let (mut given, mut row, mut alerting) = (Given::new(), Vec::new(), Alerting::default());
        let mut events = history.events.iter().peekable();
        for hour in 0.. {
            let end = known.end(hour);
            if end > stay.ended {
                break;
            }
            while let Some(event) = events.next_if(|event| moment(event.received) <= end) {
                take(event, stay, &mut known, &mut person, &mut given);
            }
            let assessed = self.pack.assess(&known, &person, hour, &mut row);
            course.probabilities.push((end, assessed.probability));
            course.findings += 1;
            let is_new = self.pack.policy.step(&mut alerting, hour, assessed.score);
            let now = ReceivedTime::from_micros(end.micros());
            if !alerting.raised
                && let Some(open) = course.alerts.last_mut()
            {
                open.until = open.until.or(Some(now));
            }
            if is_new {
                course.alerts.push(Open {
                    from: now,
                    until: None,
                    as_of: end,
                    severity: Severity::Medium,
                    changes: 0,
                });
            }
            known.forget(hour.saturating_add(1));
        }
        // What still is open is over with the stay.
        if let Some(open) = course.alerts.last_mut() {
            let ended = ReceivedTime::from_micros(stay.ended.micros());
            open.until = open.until.or(Some(ended));
        }
    }
}

/// Takes in what became known; a later version of an observation takes the earlier one's place.
fn take<'h>(
    event: &'h Event,
    stay: &Stay,
    known: &mut Known,
    person: &mut Person,
    given: &mut Given<'h>,
) {
    match &event.fact {
        Fact::Observation(observation) => {
            let of = given.entry((event.patient, &observation.resource));
            let of = of.or_default();
            for reading in of.drain(..) {
                known.withdraw(&reading);
            }
            if observation.status.is_usable() {
                of.extend(readings(observation, event.at.minus(INSTANT)));
            }
            for reading in of {
                known.take(reading);
            }
        }
        Fact::Person(who) => {
            let year = |text: &str| text.get(..4)?.parse::<f64>().ok();
            let born = who.birth_date.as_deref().and_then(year);
            let now = year(&stay.began.to_string());
            // The year is enough for a model of intensive care.
            person.age_years = now.zip(born).map(|(now, born)| now - born);
            person.male = who.gender.as_deref().map(|gender| gender == "male");
        }
        Fact::Order(_)
        | Fact::Problem(_)
        | Fact::Encounter(_)
        | Fact::Merge(_)
        | Fact::Handover { .. } => {}
    }
}

fn readings(observation: &Observation, at: EventTime) -> Vec<Reading> {
    let own = observation.value.iter();
    let own = own.map(|value| (observation.codes.as_slice(), value));
    let parts = observation.components.iter();
    let parts = parts.map(|(codes, value)| (codes.as_slice(), value));
    let all = own.chain(parts);
    all.filter_map(|(codes, value)| reading(codes, value, at))
        .collect()
}

fn reading(codes: &[Code], value: &Value, at: EventTime) -> Option<Reading> {
    let variable = codes
        .iter()
        .filter(|code| code.system == System::Loinc)
        .find_map(|code| Variable::of_loinc(&code.code))?;
    let Value::Quantity(quantity) = value else {
        return None;
    };
    let value = match variable.word {
        "FiO2" => inspired_oxygen(quantity.value, &quantity.unit),
        word => convert(quantity.value, &quantity.unit, variable.unit, analyte(word)),
    };
    Some(Reading {
        variable,
        at,
        value: f64::try_from(value.ok()?).ok()?,
    })
}

/// What a variable is, as far as its units depend on it.
fn analyte(word: &str) -> Analyte {
    match word {
        "Glucose" => Analyte::Glucose,
        "Creatinine" => Analyte::Creatinine,
        "Bilirubin_total" | "Bilirubin_direct" => Analyte::Bilirubin,
        "Lactate" => Analyte::Lactate,
        "BUN" => Analyte::UreaNitrogen,
        "Calcium" => Analyte::Calcium,
        "Magnesium" => Analyte::Magnesium,
        "HCO3" | "Chloride" | "Potassium" => Analyte::MonovalentIon,
        "Hgb" => Analyte::Haemoglobin,
        _ => Analyte::Other,
    }
}

#[cfg(test)]
mod tests {
    use clinical::{EventId, ObservationStatus, Origin, Quantity};

    use super::*;
    use crate::Outcome;

    const HOUR_US: i64 = 3_600_000_000;

    fn observation(resource: &str, code: &str, value: i64, unit: &str) -> Observation {
        Observation {
            resource: resource.into(),
            codes: vec![Code::loinc(code)],
            value: Some(Value::Quantity(Quantity {
                comparator: None,
                value: value.into(),
                unit: unit.into(),
            })),
            components: Vec::new(),
            status: ObservationStatus::Final,
            interpretation: Vec::new(),
            notes: Vec::new(),
            flags: Vec::new(),
            device: None,
        }
    }

    fn event(known: i64, fact: Fact) -> Event {
        Event {
            id: EventId::default(),
            patient: PatientKey::default(),
            at: EventTime::from_micros(HOUR_US / 2),
            recorded: None,
            received: ReceivedTime::from_micros(known * HOUR_US),
            origin: Origin::default(),
            backfill: false,
            fact,
        }
    }

    fn played(events: Vec<Event>) -> Vec<f64> {
        let stay = Stay {
            units: Vec::new(),
            began: EventTime::from_micros(0),
            ended: EventTime::from_micros(4 * HOUR_US),
            admitted: None,
            outcome: Outcome::Unknown,
            minutes_east: None,
        };
        let history = History {
            patient: PatientKey::default(),
            events,
            stays: vec![stay],
        };
        let course = RiskPlayer::default().play(&history);
        course.probabilities.iter().map(|(_, one)| *one).collect()
    }

    #[test]
    fn each_hour_is_given_a_probability_from_what_was_known_then() {
        let nothing = played(Vec::new());
        assert_eq!(nothing.len(), 4);
        let lactate = || Fact::Observation(observation("a", "2524-7", 9, "mmol/L"));
        let late = played(vec![event(3, lactate())]);
        assert_eq!(late[..2], nothing[..2]);
        assert_ne!(late[2..], nothing[2..]);
    }

    #[test]
    fn what_is_taken_back_counts_no_more() {
        let lactate = observation("a", "2524-7", 9, "mmol/L");
        let withdrawn = Observation {
            status: ObservationStatus::EnteredInError,
            ..lactate.clone()
        };
        let both = [(1, lactate), (2, withdrawn)];
        let events = both.map(|(known, one)| event(known, Fact::Observation(one)));
        assert_eq!(played(events.to_vec())[1..], played(Vec::new())[1..]);
    }

    #[test]
    fn units_are_those_of_the_model() {
        let value = |code: &str, value: i64, unit: &str| {
            let observation = observation("a", code, value, unit);
            let read = readings(&observation, EventTime::from_micros(0));
            read.first().map(|reading| reading.value)
        };
        assert_eq!(value("3150-6", 40, "%"), Some(0.4));
        assert_eq!(value("2823-3", 4, "meq/L"), Some(4.0));
        assert_eq!(value("8310-5", 104, "[degF]"), Some(40.0));
        assert_eq!(value("8310-5", 40, "furlong"), None);
        assert_eq!(value("1234-5", 40, "%"), None);
    }
}
