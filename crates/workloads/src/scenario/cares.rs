//! What care says of a patient to quality measures, in the words of a story: each thing by the value set that it is in.

use clinical::unit::Unit;
use clinical::{
    Care, CareClass, CareDetail, CareFact, CareGender, CareStatus, CareValue, Decimal, Members,
    Moment, When, resource_hash,
};

use super::made::event_time;
use super::story::ParseError;
use super::words::Words;
use crate::measures::{Source, value_set};

const SYSTOLIC: &str = "systolic pressure";
const DIASTOLIC: &str = "diastolic pressure";
const PRESSURE: &str = "mm[Hg]";
const CLASSES: &[(&str, CareClass)] = &[
    ("emergency", CareClass::Emergency),
    ("inpatient", CareClass::Inpatient),
];

/// What is said; where it has no day of its own, its time is the step's.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) who: String,
    fact: CareFact,
    /// The visit's end, in minutes.
    until: Option<i64>,
    by_claim: bool,
    withdrawn: bool,
}

/// Reads what a verb of care says; nothing where it is no such verb.
pub(super) fn read(verb: &str, words: &mut Words) -> Option<Result<Said, ParseError>> {
    let detail = match verb {
        "encounter" => CareDetail::Encounter {
            class: CareClass::Other,
            discharge: Members::NONE,
            diagnoses: Vec::new(),
            places: Vec::new(),
        },
        "condition" => CareDetail::Condition {
            active: true,
            abatement: When::Unsaid,
            site: Members::NONE,
        },
        "procedure" => CareDetail::Procedure,
        "result" | "pressure" => CareDetail::Observation {
            survey: false,
            laboratory: verb == "result",
            pressure: verb == "pressure",
            value: CareValue::None,
            components: Vec::new(),
            encounter: None,
        },
        _ => return None,
    };
    Some(said(verb, detail, words))
}

/// Makes what measures ask of a person.
pub(super) fn person(who: &str, born: &str, gender: &str) -> Said {
    let detail = CareDetail::Patient {
        born: Moment::parse(born),
        gender: CareGender::parse(gender),
    };
    Said::new(who, "person", detail)
}

impl Said {
    fn new(who: &str, name: &str, detail: CareDetail) -> Self {
        let status = match detail {
            CareDetail::Encounter { .. } => CareStatus::Finished,
            CareDetail::Procedure => CareStatus::Completed,
            CareDetail::Observation { .. } => CareStatus::Final,
            CareDetail::Patient { .. }
            | CareDetail::Condition { .. }
            | CareDetail::ServiceRequest { .. }
            | CareDetail::DeviceRequest { .. }
            | CareDetail::MedicationRequest { .. }
            | CareDetail::MedicationAdministration { .. }
            | CareDetail::Medication
            | CareDetail::Location => CareStatus::Other,
        };
        Self {
            who: who.to_owned(),
            fact: CareFact {
                resource: resource_hash(&format!("{who}/{name}")),
                status,
                members: Members::NONE,
                when: When::Unsaid,
                detail,
            },
            until: None,
            by_claim: false,
            withdrawn: false,
        }
    }

    /// Gives who says so.
    pub(super) const fn source(&self, backfill: bool) -> Source {
        match (self.by_claim, backfill) {
            (true, _) => Source::Claim,
            (false, true) => Source::History,
            (false, false) => Source::Clinical,
        }
    }

    /// Gives what is said at a minute of the story.
    pub(super) fn care(&self, minute: i64) -> Care {
        let mut fact = self.fact.clone();
        if self.withdrawn {
            return Care::TakenBack {
                kind: fact.detail.number(),
                resource: fact.resource,
            };
        }
        let at = Moment::At(event_time(minute));
        if let CareDetail::Encounter { .. } = fact.detail {
            let end = event_time(self.until.unwrap_or(minute));
            fact.when = When::Period(Some(at), Some(Moment::At(end)));
        } else if fact.when == When::Unsaid {
            fact.when = When::At(at);
        }
        Care::Stands(fact)
    }
}

fn said(verb: &str, detail: CareDetail, words: &mut Words) -> Result<Said, ParseError> {
    let who = words.need("a patient")?;
    let number = words.need("its number or name")?;
    let mut said = Said::new(&who, &format!("{verb}/{number}"), detail);
    if verb == "pressure" {
        let (systolic, diastolic) = (words.number()?, words.number()?);
        set_pressure(&mut said.fact, systolic, diastolic);
    } else {
        let title = words.need("a value set, such as \"Office Visit\"")?;
        let title = title.trim_matches('"');
        said.fact.members = value_set(title)
            .ok_or_else(|| words.wrong(&format!("no measure has a value set {title:?}")))?;
    }
    if verb == "result" {
        set_value(&mut said.fact, words)?;
    }
    while let Some(word) = words.next() {
        detail_of(&mut said, &word, words)?;
    }
    Ok(said)
}

/// Takes what else is said: each is a word, mostly with a value behind it.
fn detail_of(said: &mut Said, word: &str, words: &mut Words) -> Result<(), ParseError> {
    let fact = &mut said.fact;
    match (&mut fact.detail, word) {
        (_, "withdrawn") => said.withdrawn = true,
        (_, "claimed") => said.by_claim = true,
        (CareDetail::Encounter { .. }, "until") => said.until = Some(words.need_time()?),
        (CareDetail::Encounter { class, .. }, _) => {
            let found = CLASSES.iter().find(|(known, _)| *known == word);
            let (_, found) = found
                .ok_or_else(|| words.wrong(&format!("{word:?} cannot be said of an encounter")))?;
            *class = *found;
        }
        (CareDetail::Condition { .. }, "since") => fact.when = When::At(day(words)?),
        (
            CareDetail::Condition {
                active, abatement, ..
            },
            "until",
        ) => {
            *active = false;
            *abatement = When::At(day(words)?);
        }
        (CareDetail::Procedure | CareDetail::Observation { .. }, "on") => {
            fact.when = When::At(day(words)?);
        }
        (_, other) => return Err(words.wrong(&format!("{other:?} cannot be said of it"))),
    }
    Ok(())
}

fn set_value(fact: &mut CareFact, words: &mut Words) -> Result<(), ParseError> {
    let number = words.number()?;
    let unit = words.need("a unit")?;
    let unit = Unit::parse(&unit).map_err(|error| words.wrong(&error.to_string()))?;
    if let CareDetail::Observation { value, .. } = &mut fact.detail {
        *value = CareValue::Number(number, unit);
    }
    Ok(())
}

fn set_pressure(fact: &mut CareFact, systolic: Decimal, diastolic: Decimal) {
    let unit = Unit::parse(PRESSURE).expect("it is a unit");
    if let CareDetail::Observation { components, .. } = &mut fact.detail {
        let parts = [(SYSTOLIC, systolic), (DIASTOLIC, diastolic)];
        let parts = parts
            .into_iter()
            .filter_map(|(title, value)| Some((value_set(title)?, CareValue::Number(value, unit))));
        components.extend(parts);
    }
}

fn day(words: &mut Words) -> Result<Moment, ParseError> {
    let word = words.need("a day")?;
    let day = Moment::parse(&word).filter(|_| word.len() == "2026-03-02".len());
    day.ok_or_else(|| words.wrong("a day is written 2026-03-01"))
}

#[cfg(test)]
mod tests {
    use super::super::{Scenario, Settings};

    #[test]
    fn what_cannot_be_said_of_care_is_named() {
        for (step, told) in [
            ("procedure ann", "2: its number or name is missing"),
            (
                "procedure ann C-1 \"Dance\"",
                "2: no measure has a value set \"Dance\"",
            ),
            (
                "procedure ann C-1 \"Colonoscopy\" on monday",
                "2: a day is written 2026-03-01",
            ),
            (
                "encounter ann V-1 \"Office Visit\" loud",
                "2: \"loud\" cannot be said of an encounter",
            ),
            (
                "condition ann D-1 \"Diabetes\" on 2026-01-01",
                "2: \"on\" cannot be said of it",
            ),
        ] {
            let text = format!("Tests: care-gaps\n08:00 {step}");
            assert_eq!(Scenario::parse("story", &text).unwrap_err(), told, "{step}");
        }
        let unit = "Tests: care-gaps\n08:00 result ann A-1 \"HbA1c Laboratory Test\" 8 smiles";
        assert!(Scenario::parse("story", unit).is_err());
        let scenario = Scenario::parse("story", "08:00 pressure ann P-1 138 91").unwrap();
        let wrong = scenario.run(&Settings::default());
        assert_eq!(wrong[0].missing, ["this story is no test of care-gaps"]);
    }

    #[test]
    fn care_that_is_told_moves_a_patient_through_a_measure() {
        let story = "Tests: care-gaps\n\
             09:00 person ann born 1990-05-01 female\n\
             \x20 condition ann H-1 \"Essential Hypertension\" since 2020-01-01\n\
             \x20 encounter ann V-1 \"Office Visit\"\n\
             \x20 expect finding care-gap/cms165 ann severity low \"open\"\n\
             10:00 pressure ann P-1 138 89\n\
             \x20 expect finding care-gap/cms165 ann severity none \"closed, not yet final\"\n\
             10:00 d+1 pressure ann P-2 138 90\n\
             \x20 expect finding care-gap/cms165 ann severity low \"open again\"\n\
             11:00 d+1 merge ann into eve\n\
             \x20 expect retracted care-gap/cms165 ann \"no longer asked for\"\n\
             \x20 expect finding care-gap/cms165 eve severity low \"open\"\n\
             12:00 d+1 condition ann H-1 \"Essential Hypertension\" since 2020-01-01 until 2021-01-01\n\
             \x20 expect retracted care-gap/cms165 eve \"no longer asked for\"";
        let scenario = Scenario::parse("story", story).unwrap();
        assert_eq!(scenario.run(&Settings::default()), []);
    }
}
