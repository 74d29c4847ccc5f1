//! What an emergency department says of a visit, in the words of a story.

use clinical::{
    Code, EventId, Fact, Given, ObservationStatus, Order, OrderKind, Origin, Presence, System,
    Value, VisitClass, VisitPlace, VisitState, VisitStatus, resource_hash,
};

use super::made::{Place, event, event_time, observed, received_time};
use super::story::ParseError;
use super::words::Words;
use crate::throughput::{Department, Heard, Input, Milestone, Says};

/// What observations and orders say of the visit that a patient is in.
const SIGNS: &[(&str, Says)] = &[
    ("triage", Says::Reached(Milestone::Triage)),
    ("provider", Says::Reached(Milestone::Provider)),
    ("decision", Says::Reached(Milestone::Decision)),
    ("bed-request", Says::Reached(Milestone::BedRequest)),
    ("bed-assigned", Says::Reached(Milestone::BedAssigned)),
    ("ventilated", Says::Ventilated),
];

/// What is said; its time is the step's.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    pub(crate) who: String,
    said: Said,
}

#[derive(Clone, Debug)]
enum Said {
    /// Where the patient is and how far the visit has come, and whether it ends now.
    Visit { state: VisitState, ends: bool },
    /// A sign, with its answer, and whether it stands.
    Sign {
        says: Says,
        answer: String,
        stands: bool,
    },
}

/// Reads what a verb of departments says; nothing where it is no such verb.
pub(super) fn read(verb: &str, words: &mut Words) -> Option<Result<Stay, ParseError>> {
    match verb {
        "ed" => Some(visit(words)),
        "sign" => Some(sign(words)),
        _ => None,
    }
}

fn visit(words: &mut Words) -> Result<Stay, ParseError> {
    let who = words.need("a patient")?;
    let here = words.need("where the patient is, such as \"ED / BAY2\"")?;
    let mut state = VisitState {
        visit: resource_hash(&format!("visit/{who}")),
        class: VisitClass::Emergency,
        status: VisitStatus::InProgress,
        start: None,
        end: None,
        places: vec![place(&here, Presence::Here)],
        statuses: Vec::new(),
        classes: Vec::new(),
        disposition: "".into(),
    };
    let mut ends = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "visit" => state.visit = resource_hash(&words.need("the visit's number")?),
            "admitted" => state.class = VisitClass::Inpatient,
            "observed" => state.class = VisitClass::Observation,
            "from" => {
                let left = words.need("the place that was left")?;
                state.places.insert(0, place(&left, Presence::Left));
            }
            "kept" => {
                let bed = words.need("the place that is kept")?;
                state.places.push(place(&bed, Presence::Kept));
            }
            "left" => {
                ends = true;
                state.status = VisitStatus::Finished;
                state.disposition = words
                    .need("the code of where the patient went, such as 01")?
                    .into();
            }
            "cancelled" => state.status = VisitStatus::Cancelled,
            other => return Err(words.wrong(&format!("{other:?} cannot be said of a visit"))),
        }
    }
    let said = Said::Visit { state, ends };
    Ok(Stay { who, said })
}

fn place(words: &str, presence: Presence) -> VisitPlace {
    VisitPlace {
        words: words.trim_matches('"').into(),
        presence,
        from: None,
        to: None,
    }
}

fn sign(words: &mut Words) -> Result<Stay, ParseError> {
    let who = words.need("a patient")?;
    let all: Vec<&str> = SIGNS.iter().map(|(word, _)| *word).collect();
    let all = all.join(", ");
    let word = words.need(&all)?;
    let found = SIGNS.iter().find(|(known, _)| *known == word);
    let (_, says) = found.ok_or_else(|| words.wrong(&format!("{word:?} is none of {all}")))?;
    let said = Said::Sign {
        says: *says,
        answer: words.value_unless(&["withdrawn"]),
        stands: !words.follows("withdrawn"),
    };
    Ok(Stay { who, said })
}

impl Stay {
    /// Gives what is said at a place in the story.
    pub(super) fn input(
        &self,
        department: &Department,
        place: Place,
        backfill: bool,
    ) -> Result<Input, String> {
        match &self.said {
            Said::Visit { state, ends } => {
                let at = event_time(place.at);
                let heard = Heard {
                    at,
                    said: event_time(place.arrives),
                    known: received_time(place.arrives),
                    event: EventId::derive(&[b"visit", &place.offset.to_be_bytes()]),
                    message: place.offset,
                    origin: Origin {
                        partition: 0,
                        offset: place.offset,
                    },
                    backfill,
                    undoes: false,
                };
                let state = VisitState {
                    end: ends.then_some(at),
                    ..state.clone()
                };
                Ok(Input::Visit(heard, state))
            }
            Said::Sign {
                says,
                answer,
                stands,
            } => {
                let fact = fact(department, &self.who, *says, (answer, *stands))?;
                let event = event(&self.who, place, 0, fact);
                Input::of(&department.signs, &event)
                    .ok_or_else(|| "the table of signs has no such sign".to_owned())
            }
        }
    }
}

/// Makes what says so by the department's own table.
fn fact(
    department: &Department,
    who: &str,
    says: Says,
    (answer, stands): (&str, bool),
) -> Result<Fact, String> {
    let mut rules = department.signs.iter();
    let rule = rules
        .find(|rule| rule.says == says)
        .ok_or("the table of signs has no such sign")?;
    let resource = format!("sign/{who}/{says:?}");
    let code = |code: &str| Code {
        system: System::from_uri(&rule.system),
        code: code.into(),
        display: "".into(),
    };
    if rule.is_order {
        return Ok(Fact::Order(Order {
            resource: resource.into(),
            kind: OrderKind::Service,
            codes: vec![code(&rule.code)],
            active: stands,
            given: Given::default(),
        }));
    }
    let status = match stands {
        true => ObservationStatus::Final,
        false => ObservationStatus::EnteredInError,
    };
    let value = match &rule.answer {
        Some(wanted) => Value::Coded(vec![code(wanted)]),
        None => Value::Text(answer.into()),
    };
    Ok(observed(&resource, code(&rule.code), Some(value), status))
}

#[cfg(test)]
mod tests {
    use super::super::{Scenario, Settings};

    fn missing(text: &str) -> Vec<String> {
        let scenario = Scenario::parse("story", text).unwrap();
        let wrong = scenario.run(&Settings::default());
        wrong.into_iter().flat_map(|step| step.missing).collect()
    }

    #[test]
    fn what_cannot_be_said_of_a_visit_is_named() {
        for (step, told) in [
            (
                "ed ann",
                "2: where the patient is, such as \"ED / BAY2\" is missing",
            ),
            (
                "ed ann \"ED / BAY2\" tired",
                "2: \"tired\" cannot be said of a visit",
            ),
            (
                "sign ann mood",
                "2: \"mood\" is none of triage, provider, decision, bed-request, bed-assigned, ventilated",
            ),
            (
                "expect unit ED mood 3",
                "2: \"mood\" is none of patients, waiting, boarding, ventilated, departed, left-unseen, door-to-room, door-to-provider, length-of-stay, boarding-time, nedocs",
            ),
        ] {
            let text = format!("Tests: emergency\n08:00 {step}");
            assert_eq!(Scenario::parse("story", &text).unwrap_err(), told, "{step}");
        }
        assert_eq!(
            missing("08:00 ed ann \"ED / BAY2\""),
            ["this story is no test of emergency"]
        );
    }

    #[test]
    fn a_unit_that_stands_otherwise_is_told() {
        let story = "Tests: emergency\n\
                     08:00 ed ann \"ED / WAIT\" visit V-1\n  expect unit ED waiting 1\n\
                     08:05 sign ann provider\n  expect unit ED door-to-provider 5\n\
                     08:06 sign ann provider withdrawn\n  expect unit ED door-to-provider 5\n\
                     08:09 merge ann into eve\n  expect unit ED patients 1\n\
                     08:10 ed eve \"ED / WAIT\" visit V-1 cancelled\n  expect unit ED patients 1";
        assert_eq!(
            missing(story),
            ["unit ED door-to-provider 5", "unit ED patients 1"]
        );
    }
}
