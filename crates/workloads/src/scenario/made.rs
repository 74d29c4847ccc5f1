//! Makes clinical events of what scenarios and properties say.

use std::time::Duration;

use clinical::{
    Code, Encounter, EncounterClass, EncounterStatus, Event, EventId, EventTime, Fact, Given,
    Merge, MergeRole, Observation, ObservationStatus, Order, OrderKind, Origin, PatientKey, Person,
    Problem, Quantity, ReceivedTime, System, Value,
};

use super::story::{Action, Version};

/// 2026-03-02T00:00:00Z.
const MIDNIGHT: i64 = 1_772_409_600_000_000;

/// Gives the clinical time of a minute of the story.
pub fn event_time(minute: i64) -> EventTime {
    let start = EventTime::from_micros(MIDNIGHT);
    let span = Duration::from_secs(60 * minute.unsigned_abs());
    if minute < 0 {
        start.minus(span)
    } else {
        start.plus(span)
    }
}

/// Gives the time of acceptance of a minute of the story.
pub fn received_time(minute: i64) -> ReceivedTime {
    ReceivedTime::from_micros(event_time(minute).micros())
}

/// Gives the key of a patient of the story.
pub fn patient(name: &str) -> PatientKey {
    PatientKey::derive(&[b"story", name.as_bytes()])
}

/// Where and when an event is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// When it was true, in minutes of the story.
    pub at: i64,
    /// When it was accepted, in minutes of the story.
    pub arrives: i64,
    /// Where the patient stream keeps it.
    pub offset: u64,
}

/// Makes an event.
pub fn event(who: &str, place: Place, ordinal: usize, fact: Fact) -> Event {
    let offset = place.offset + ordinal as u64;
    Event {
        id: EventId::derive(&[b"event", who.as_bytes(), &offset.to_be_bytes()]),
        patient: patient(who),
        at: event_time(place.at),
        recorded: None,
        received: received_time(place.arrives),
        origin: Origin {
            partition: 0,
            offset,
        },
        backfill: false,
        fact,
    }
}

/// Makes the events of a step that is written as in a story, without its time: `lab ann potassium 6.9 mmol/L`.
///
/// # Errors
/// When it is not understood.
pub fn told(text: &str, place: Place) -> Result<Vec<Event>, String> {
    let action = super::story::step(text).map_err(|error| error.to_string())?;
    events(&action, place).map(|(_, events)| events)
}

/// Makes the events of a step, and says whose they are; merges are the runner's.
pub(crate) fn events(action: &Action, place: Place) -> Result<(String, Vec<Event>), String> {
    let (who, facts) = facts(action, place.at)?;
    // A later version speaks of the time of the first.
    let at = if let Action::Later { of, .. } = action {
        *of
    } else {
        place.at
    };
    let apart = if let Action::Series { apart, .. } = action {
        *apart
    } else {
        0
    };
    let facts = (0..).zip(facts).enumerate();
    let events = facts.map(|(n, (count, fact))| {
        let later = apart * count;
        let place = Place {
            at: at + later,
            arrives: place.arrives + later,
            ..place
        };
        event(&who, place, n, fact)
    });
    let events = events.collect();
    Ok((who, events))
}

fn facts(action: &Action, at: i64) -> Result<(String, Vec<Fact>), String> {
    use ObservationStatus::Final;
    let one = |who: &str, fact: Fact| Ok((who.to_owned(), vec![fact]));
    match action {
        Action::Vitals { who, values } => {
            let facts = values
                .iter()
                .map(|(what, value)| observation(who, at, what, Some((value, "")), Final));
            Ok((who.clone(), facts.collect::<Result<_, _>>()?))
        }
        Action::Series {
            who,
            what,
            apart,
            values,
        } => Ok((who.clone(), series(who, (at, *apart), what, values)?)),
        Action::Lab {
            who,
            what,
            value,
            unit,
            flag,
            note,
        } => {
            let fact = observation(who, at, what, Some((value, unit)), Final)?;
            one(who, said_of(fact, flag, note))
        }
        Action::Later {
            who,
            of,
            what,
            version,
        } => one(who, later(who, *of, what, version)?),
        Action::Culture { who, stage } => one(who, culture(who, at, stage)?),
        Action::Antibiotic { who, name, stage } => {
            let kind = if stage == "given" {
                OrderKind::MedicationGiven
            } else {
                OrderKind::MedicationOrdered
            };
            one(who, order(who, at, kind, named(name), true))
        }
        Action::Note { who, what } => {
            one(who, observation(who, at, "note", Some((what, "")), Final)?)
        }
        Action::Diagnosis { who, code } => one(who, problem(who, at, code, true)),
        Action::Infusion {
            who,
            drug,
            rate,
            unit,
        } => one(who, infusion(who, at, drug, (rate, unit))?),
        Action::Fluid { who, amount } => one(who, fluid(who, at, amount)?),
        Action::Person { who, born, gender } => one(who, person(Some(born), gender, false)),
        Action::Died { who } => one(who, person(None, "", true)),
        Action::Admit { who } => one(who, encounter(who, at, EncounterStatus::InProgress)),
        Action::Discharge { who } => one(who, encounter(who, at, EncounterStatus::Finished)),
        Action::Scale { who, scale } => one(
            who,
            observation(who, at, "scale", Some((scale, "")), Final)?,
        ),
        Action::Wait
        | Action::Merge { .. }
        | Action::Paper(_)
        | Action::Stay(_)
        | Action::Cared(_)
        | Action::Expect(_) => Ok((String::new(), Vec::new())),
    }
}

/// A result with what its laboratory says of it.
fn said_of(mut fact: Fact, flag: &str, note: &str) -> Fact {
    if let Fact::Observation(result) = &mut fact {
        result.interpretation = (!flag.is_empty())
            .then(|| flag.into())
            .into_iter()
            .collect();
        result.notes = (!note.is_empty())
            .then(|| note.into())
            .into_iter()
            .collect();
    }
    fact
}

/// Values of one name, from a time on and so many minutes apart.
fn series(
    who: &str,
    (from, apart): (i64, i64),
    what: &str,
    values: &[String],
) -> Result<Vec<Fact>, String> {
    let times = (0..).map(|count| from + apart * count);
    let facts = times.zip(values).map(|(at, value)| {
        let value = Some((value.as_str(), ""));
        observation(who, at, what, value, ObservationStatus::Final)
    });
    facts.collect()
}

fn culture(who: &str, at: i64, stage: &str) -> Result<Fact, String> {
    let kind = match stage {
        "ordered" => OrderKind::Service,
        "collected" => OrderKind::Specimen,
        result => {
            let result = Some((result, ""));
            return observation(who, at, "culture", result, ObservationStatus::Final);
        }
    };
    Ok(order(who, at, kind, Code::loinc("600-7"), true))
}

/// Makes a later version of what was charted or ordered at a time.
fn later(who: &str, of: i64, what: &str, version: &Version) -> Result<Fact, String> {
    use ObservationStatus::{Cancelled, Corrected, EnteredInError};
    match (version, what) {
        (Version::Corrected { value, unit }, _) => {
            observation(who, of, what, Some((value, unit)), Corrected)
        }
        (Version::Cancelled, "culture") => {
            let culture = Code::loinc("600-7");
            Ok(order(who, of, OrderKind::Service, culture, false))
        }
        (Version::Cancelled, "antibiotic") => {
            let given = OrderKind::MedicationGiven;
            Ok(order(who, of, given, named("ceftriaxone"), false))
        }
        (Version::Cancelled | Version::Withdrawn, "diagnosis") => {
            Ok(problem(who, of, "R65.20", false))
        }
        (Version::Cancelled, _) => observation(who, of, what, None, Cancelled),
        (Version::Withdrawn, _) => observation(who, of, what, None, EnteredInError),
    }
}

fn person(born: Option<&str>, gender: &str, deceased: bool) -> Fact {
    Fact::Person(Person {
        birth_date: born.map(Into::into),
        gender: (!gender.is_empty()).then(|| gender.into()),
        deceased,
    })
}

fn encounter(who: &str, at: i64, status: EncounterStatus) -> Fact {
    Fact::Encounter(Encounter {
        resource: format!("{who}/stay").into(),
        class: EncounterClass::Inpatient,
        status,
        location: "4 West".into(),
        start: (status == EncounterStatus::InProgress).then(|| event_time(at)),
        end: (status == EncounterStatus::Finished).then(|| event_time(at)),
    })
}

fn problem(who: &str, at: i64, code: &str, active: bool) -> Fact {
    Fact::Problem(Problem {
        resource: format!("{who}/{at}/diagnosis").into(),
        codes: vec![Code {
            system: System::Other("http://hl7.org/fhir/sid/icd-10-cm".into()),
            ..named(code)
        }],
        written: Some(event_time(at)),
        active,
        doubtful: false,
        over: false,
    })
}

fn fluid(who: &str, at: i64, amount: &str) -> Result<Fact, String> {
    let given = Given {
        dose: Some(quantity(amount, "mL")?),
        ..Given::default()
    };
    Ok(drug(who, at, own("crystalloid"), given))
}

fn infusion(who: &str, at: i64, name: &str, rate: (&str, &str)) -> Result<Fact, String> {
    let given = Given {
        rate: Some(quantity(rate.0, rate.1)?),
        ..Given::default()
    };
    let found = DRUGS.iter().find(|(known, _)| *known == name);
    let (_, atc) = found.ok_or_else(|| format!("{name:?} is no drug of scenarios"))?;
    let code = Code {
        system: System::Other("http://www.whocc.no/atc".into()),
        ..named(atc)
    };
    Ok(drug(who, at, code, given))
}

fn quantity(digits: &str, unit: &str) -> Result<Quantity, String> {
    let value = digits.parse();
    Ok(Quantity {
        comparator: None,
        value: value.map_err(|_| format!("{digits:?} is no amount"))?,
        unit: unit.into(),
    })
}

fn drug(who: &str, at: i64, code: Code, given: Given) -> Fact {
    Fact::Order(Order {
        resource: format!("{who}/{at}/{}", code.code).into(),
        kind: OrderKind::MedicationGiven,
        codes: vec![code],
        active: true,
        given,
    })
}

/// A code of our own.
fn own(code: &str) -> Code {
    Code {
        system: System::Other("urn:pulsewire:code".into()),
        ..named(code)
    }
}

fn named(name: &str) -> Code {
    Code {
        system: System::Other("".into()),
        code: name.into(),
        display: name.into(),
    }
}

fn order(who: &str, at: i64, kind: OrderKind, code: Code, active: bool) -> Fact {
    let what = match kind {
        OrderKind::Service | OrderKind::Specimen => "culture",
        OrderKind::MedicationOrdered | OrderKind::MedicationGiven => "antibiotic",
    };
    Fact::Order(Order {
        resource: format!("{who}/{at}/{what}-order").into(),
        kind,
        codes: vec![code],
        active,
        given: Given::default(),
    })
}

/// Drugs that run, and their codes of ATC.
const DRUGS: [(&str, &str); 4] = [
    ("norepinephrine", "C01CA03"),
    ("epinephrine", "C01CA24"),
    ("dopamine", "C01CA04"),
    ("dobutamine", "C01CA07"),
];

/// Short names of what has a code of our own.
const OWN_NAMES: [(&str, &str); 4] = [
    ("scale", "news2-spo2-scale"),
    ("note", "sepsis-note"),
    ("rhythm", "heart-rhythm"),
    ("support", "respiratory-support"),
];

/// Short names, their codes and their usual units.
const NAMES: [(&str, &str, &str); 29] = [
    ("rr", "9279-1", "/min"),
    ("spo2", "59408-5", "%"),
    ("oxygen", "3151-8", "L/min"),
    ("sbp", "8480-6", "mm[Hg]"),
    ("pulse", "8867-4", "/min"),
    ("consciousness", "80288-4", ""),
    ("temp", "8310-5", "Cel"),
    ("potassium", "2823-3", "?"),
    ("sodium", "2951-2", "?"),
    ("glucose", "2345-7", "?"),
    ("sensor-glucose", "99504-3", "mg/dL"),
    ("lactate", "2524-7", "?"),
    ("haemoglobin", "718-7", "?"),
    ("platelets", "777-3", "?"),
    ("white-cells", "6690-2", "?"),
    ("inr", "6301-6", "1"),
    ("creatinine", "2160-0", "?"),
    ("culture", "600-7", ""),
    ("gcs", "9269-2", "{score}"),
    ("map", "8478-0", "mm[Hg]"),
    ("bilirubin", "1975-2", "?"),
    ("weight", "29463-7", "kg"),
    ("urine", "9187-6", "mL"),
    ("inspired-oxygen", "3150-6", "%"),
    ("oxygen-pressure", "2703-7", "mm[Hg]"),
    ("eye-opening", "9267-6", "{score}"),
    ("verbal-response", "9270-0", "{score}"),
    ("motor-response", "9268-4", "{score}"),
    ("variability", "80404-7", "ms"),
];

/// Makes an observation; without a value where it is taken back.
///
/// # Errors
/// When it is named by what no story knows.
pub fn observation(
    who: &str,
    at: i64,
    what: &str,
    value: Option<(&str, &str)>,
    status: ObservationStatus,
) -> Result<Fact, String> {
    let own = OWN_NAMES.iter().find(|(name, _)| *name == what);
    let (code, unit) = if let Some((_, code)) = own {
        (self::own(code), "")
    } else {
        let (_, code, unit) = NAMES
            .iter()
            .find(|(name, _, _)| *name == what)
            .ok_or_else(|| format!("{what:?} is not a name of scenarios"))?;
        (Code::loinc(code), *unit)
    };
    let value = value.map(|(value, given)| {
        self::value(what, value, if given.is_empty() { unit } else { given })
    });
    let resource = format!("{who}/{at}/{what}");
    Ok(observed(&resource, code, value, status))
}

/// Makes an observation of a code; without a value where it is taken back.
pub fn observed(
    resource: &str,
    code: Code,
    value: Option<Value>,
    status: ObservationStatus,
) -> Fact {
    Fact::Observation(Observation {
        resource: resource.into(),
        codes: vec![code],
        value,
        components: Vec::new(),
        status,
        interpretation: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        device: None,
    })
}

fn value(what: &str, text: &str, unit: &str) -> Value {
    let text = match (what, text) {
        ("oxygen", "air") => "0",
        ("oxygen", "oxygen") => "2",
        (_, text) => text,
    };
    let digits = text.trim_start_matches(['<', '>', '=']);
    let sign = text.strip_suffix(digits).unwrap_or("");
    match digits.parse() {
        Ok(value) => Value::Quantity(Quantity {
            comparator: clinical::Comparator::parse(sign),
            value,
            unit: unit.into(),
        }),
        Err(_) => Value::Text(text.into()),
    }
}

/// Makes one side of a merge.
pub fn merge(role: MergeRole, other: &str) -> Fact {
    Fact::Merge(Merge {
        role,
        other: patient(other),
    })
}
