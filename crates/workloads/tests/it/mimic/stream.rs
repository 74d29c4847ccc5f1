//! The charting as a stream of facts: each arrives when it was stored, or when it was charted where nobody says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use clinical::{
    Code, Encounter, EncounterClass, EncounterStatus, Event, EventId, EventTime, Fact, Given,
    Origin, PatientKey, ReceivedTime, System, Value,
};

use super::gases::{self, Charted, Gas};
use super::infusions::{self, Infused};
use super::table::{Row, Table};
use super::weights;
use crate::engine::Engine;
use crate::events::{administered, number_or_text, observed};

/// What happened to one patient, in the order in which it arrived.
#[derive(Default)]
pub(super) struct Stream {
    facts: Vec<(EventTime, EventTime, Fact)>,
}

impl Stream {
    pub(super) fn add(&mut self, arrives: EventTime, at: EventTime, fact: Fact) {
        self.facts.push((arrives, at, fact));
    }

    /// Puts what happened in the order in which it arrived, and gives what each was, for looking up evidence.
    pub(super) fn ordered(&mut self) -> impl Iterator<Item = &Fact> {
        self.facts.sort_by_key(|(arrives, at, _)| (*arrives, *at));
        self.facts.iter().map(|(_, _, fact)| fact)
    }

    /// Gives when something was charted of which the names begin in one of these ways.
    pub(super) fn charted(&self, names: &[&str]) -> BTreeSet<EventTime> {
        let is_of = |fact: &Fact| match fact {
            Fact::Observation(of) => names.iter().any(|name| of.resource.starts_with(name)),
            _ => false,
        };
        let of = self.facts.iter().filter(|(.., fact)| is_of(fact));
        of.map(|(_, at, _)| *at).collect()
    }

    /// Runs it, and a while after it.
    pub(super) fn run(mut self, engine: &mut Engine, subject: i64) {
        let patient = PatientKey::derive(&[b"mimic", &subject.to_be_bytes()]);
        self.facts.sort_by_key(|(arrives, at, _)| (*arrives, *at));
        let mut message: Vec<Event> = Vec::new();
        for (n, (arrives, at, fact)) in self.facts.into_iter().enumerate() {
            let received = ReceivedTime::from_micros(arrives.micros());
            let event = Event {
                id: event_id(subject, n),
                patient,
                at,
                recorded: None,
                received,
                origin: Origin {
                    partition: 0,
                    offset: n as u64,
                },
                backfill: false,
                fact,
            };
            if message
                .first()
                .is_some_and(|first| first.received != received)
            {
                let before = message[0].received;
                engine.take_message(&message);
                message.clear();
                pass(engine, before, received);
            }
            message.push(event);
        }
        if let Some(last) = message.last().map(|last| last.received) {
            engine.take_message(&message);
            pass(engine, last, last.plus(QUIET));
        }
    }
}

/// Time that passes after the last fact.
const QUIET: Duration = Duration::from_secs(4 * 24 * 3600);
/// Ticks are looked for this long after a fact; later there is nothing left to change.
const TICKS: i64 = 30 * 24;

/// Lets time pass by the hour, as ticks do.
fn pass(engine: &mut Engine, from: ReceivedTime, to: ReceivedTime) {
    for hour in 1..TICKS {
        let at = from.micros() + hour * 3_600_000_000;
        if at >= to.micros() {
            break;
        }
        engine.tick(ReceivedTime::from_micros(at));
    }
}

/// Gives the name of the nth event of a patient's stream.
pub(super) fn event_id(subject: i64, n: usize) -> EventId {
    EventId::derive(&[&subject.to_be_bytes(), &n.to_be_bytes()])
}

/// All patients' streams by subject.
pub(super) type Streams = BTreeMap<i64, Stream>;

const URINE: &str = " 40055 43175 40069 40094 40715 40473 40085 40057 40056 40405 40428 40086 40096 40651 226559 \
    226560 226561 226584 226563 226564 226565 226567 226557 226558 227488 227489 ";
const MEAN_PRESSURE: &str = " 456 52 6702 443 220052 220181 225312 ";
const SATURATION: &str = " 646 220277 ";
const FRACTION: &str = " 3420 190 223835 3422 ";
/// Items of which any value says that a ventilator runs (mimic-code, `ventilation_classification`).
const VENTILATOR: &str = " 223849 445 448 449 450 1340 1486 1600 224687 639 654 681 682 683 684 224685 224684 224686 218 \
    436 535 444 224697 224695 224696 224746 224747 221 1 1211 1655 2000 226873 224738 224419 224750 227187 543 5865 \
    5866 224707 224709 224705 224706 60 437 505 506 686 220339 224700 3459 501 502 503 224702 223 667 668 669 670 671 \
    672 224701 ";
const OXYGEN_DEVICES: [&str; 12] = [
    "Nasal cannula",
    "Face tent",
    "Aerosol-cool",
    "Trach mask ",
    "High flow neb",
    "Non-rebreather",
    "Venti mask ",
    "Medium conc mask ",
    "T-piece",
    "High flow nasal cannula",
    "Ultrasonic neb",
    "Vapomist",
];
const OLDER_OXYGEN_DEVICES: [&str; 16] = [
    "Cannula",
    "Nasal Cannula",
    "Face Tent",
    "Aerosol-Cool",
    "Trach Mask",
    "Hi Flow Neb",
    "Non-Rebreather",
    "Venti Mask",
    "Medium Conc Mask",
    "Vapotherm",
    "T-Piece",
    "Hood",
    "Hut",
    "TranstrachealCat",
    "Heated Neb",
    "Ultrasonic Neb",
];
/// A laboratory item, its LOINC code and unit, and above what and up to what the reference takes its values.
pub(super) type Item = (&'static str, &'static str, &'static str, f64, f64);
/// What organ failure is judged by.
const LABORATORY: [Item; 3] = [
    ("50912", "2160-0", "mg/dL", 0.0, 150.0),
    ("50885", "1975-2", "mg/dL", 0.0, 150.0),
    ("51265", "777-3", "K/uL", 0.0, 10_000.0),
];

/// Reads what kidneys are judged by.
pub(super) fn kidneys(folder: &Path) -> Streams {
    let mut streams = Streams::new();
    stays(folder, &mut streams);
    for row in Table::read(folder, "raw/labevents").rows() {
        laboratory(row, &CREATININE, &mut streams);
    }
    for row in Table::read(folder, "raw/outputevents").rows() {
        // What flowed in to irrigate is taken off, and an amount below nothing is put on.
        let is_taken_off = row.text("itemid") == IRRIGATION;
        urine(row, is_taken_off, &mut streams);
    }
    let charted = Table::read(folder, "raw/chartevents");
    for weighed in weights::all(&charted, &weights::holds_from(folder)) {
        let stream = streams.entry(weighed.subject).or_default();
        stream.add(weighed.stored, weighed.at, weighed.fact);
    }
    streams
}

/// Here the reference takes every value.
const CREATININE: [Item; 1] = [("50912", "2160-0", "mg/dL", -1.0, f64::MAX)];

/// Says whether a list of items has this one.
pub(super) fn is_of(list: &str, item: &str) -> bool {
    list.contains(&format!(" {item} "))
}

/// Reads what organ failure is judged by.
pub(super) fn organ_failure(folder: &Path) -> Streams {
    let mut streams = Streams::new();
    let charted = Table::read(folder, "raw/chartevents");
    let (mut saturation, mut fraction) = (Charted::new(), Charted::new());
    for row in charted.rows() {
        chart(row, &mut streams, &mut saturation, &mut fraction);
    }
    let labs = Table::read(folder, "raw/labevents");
    for row in labs.rows() {
        laboratory(row, &LABORATORY, &mut streams);
    }
    for gas in gases::arterial(&labs, &saturation, &fraction) {
        let stream = streams.entry(gas.subject).or_default();
        stream.add(gas.at, gas.at, panel(&gas));
    }
    let outputs = Table::read(folder, "raw/outputevents");
    for row in outputs.rows().filter(|row| row.text("iserror") != "1") {
        let is_taken_off = row.text("itemid") == IRRIGATION
            && row.number("value").is_some_and(|amount| amount > 0.0);
        urine(row, is_taken_off, &mut streams);
    }
    let older = Table::read(folder, "raw/inputevents_cv");
    let newer = Table::read(folder, "raw/inputevents_mv");
    let mut by_minute = BTreeSet::new();
    for (n, infused) in infusions::all(&older, &newer).into_iter().enumerate() {
        if infused.unit == infusions::BY_MINUTE {
            by_minute.insert(infused.subject);
        }
        let stream = streams.entry(infused.subject).or_default();
        stream.add(infused.stored, infused.from, given(n, &infused));
    }
    for weighed in weights::all(&charted, &weights::holds_from(folder)) {
        // Some weights are stored weeks after they were charted: here it matters what they say, not when they came.
        if by_minute.contains(&weighed.subject) {
            let stream = streams.entry(weighed.subject).or_default();
            stream.add(weighed.at, weighed.at, weighed.fact);
        }
    }
    for row in Table::read(folder, "raw/procedureevents_mv").rows() {
        let is_end = matches!(row.text("itemid"), "227194" | "225468" | "225477")
            && !row.text("icustay_id").is_empty();
        if let Some(at) = row.time("starttime").filter(|_| is_end) {
            let resource = format!("procedure/{}", row.text("row_id"));
            let stored = row.time("storetime").unwrap_or(at);
            let stream = streams.entry(row.id("subject_id")).or_default();
            stream.add(stored, at, support(&resource, "extubated"));
        }
    }
    streams
}

/// Takes a charted row; values that the reference leaves out are left out here too.
pub(super) fn chart(
    row: Row<'_>,
    streams: &mut Streams,
    saturation: &mut Charted,
    fraction: &mut Charted,
) {
    let (item, said) = (row.text("itemid"), row.text("value"));
    let Some(at) = row.time("charttime") else {
        return;
    };
    let number = row.number("valuenum");
    let admission = (row.id("hadm_id"), at);
    if is_of(SATURATION, item) {
        if let Some(value) = number.filter(|value| *value > 0.0 && *value <= 100.0) {
            saturation.entry(admission).or_default().push(value);
        }
        return;
    }
    // Oxygen is joined to a gas by the admission.
    let is_of_stay = is_of(FRACTION, item) || !row.text("icustay_id").is_empty();
    if row.text("error") == "1" || !is_of_stay {
        return;
    }
    let resource = format!("{item}/{}/{said}", row.text("charttime"));
    let arrives = row.time("storetime").unwrap_or(at);
    let mut add = |fact: Fact| {
        let stream = streams.entry(row.id("subject_id")).or_default();
        stream.add(arrives, at, fact);
    };
    if is_of(MEAN_PRESSURE, item) {
        if number.is_some_and(|value| value > 0.0 && value < 300.0) {
            let value = number_or_text(row.text("valuenum"), "mm[Hg]");
            add(observed(&resource, Code::loinc("8478-0"), value));
        }
    } else if is_of(FRACTION, item) {
        if let Some(percent) = fraction_percent(item, row) {
            let value: f64 = percent.parse().unwrap_or_default();
            fraction.entry(admission).or_default().push(value);
            add(observed(
                &resource,
                Code::loinc("3150-6"),
                number_or_text(&percent, "%"),
            ));
        }
    } else if let Some((code, value)) = coma(item, said, row) {
        add(observed(&resource, Code::loinc(code), value));
    }
    if let Some(answer) = breathing(item, said) {
        add(support(&format!("support/{resource}"), answer));
    }
}

/// Reads a part of the coma score.
pub(super) fn coma(item: &str, said: &str, row: Row<'_>) -> Option<(&'static str, Value)> {
    let (code, tube) = match item {
        "184" | "220739" => ("9267-6", ""),
        "723" => ("9270-0", "1.0 ET/Trach"),
        "223900" => ("9270-0", "No Response-ETT"),
        "454" | "223901" => ("9268-4", ""),
        _ => return None,
    };
    let value = if !tube.is_empty() && said == tube {
        Value::Text(said.into())
    } else {
        number_or_text(row.text("valuenum"), "{score}")
    };
    Some((code, value))
}

/// Reads an oxygen fraction as the reference does, which takes no value of 100 %.
fn fraction_percent(item: &str, row: Row<'_>) -> Option<String> {
    let value = row
        .number("valuenum")
        .filter(|value| *value > 0.0 && *value < 100.0)?;
    let digits = row.text("valuenum").to_owned();
    let times_hundred = || Some(format!("{}", value * 100.0));
    match item {
        "223835" if value <= 1.0 => times_hundred(),
        "223835" if value < 21.0 => None,
        "190" if value > 0.20 && value < 1.0 => times_hundred(),
        "190" => None,
        _ => Some(digits),
    }
}

/// Says what a charted row means for breathing.
fn breathing(item: &str, said: &str) -> Option<&'static str> {
    if said.is_empty() {
        return None;
    }
    let ventilated = match item {
        "720" => said != "Other/Remarks",
        "223848" => said != "Other",
        "467" => said == "Ventilator",
        _ => is_of(VENTILATOR, item),
    };
    let oxygen = match item {
        "226732" => OXYGEN_DEVICES.contains(&said),
        "467" => OLDER_OXYGEN_DEVICES.contains(&said),
        _ => false,
    };
    let extubated = item == "640" && matches!(said, "Extubated" | "Self Extubation");
    if ventilated {
        Some("ventilator")
    } else if oxygen {
        Some("oxygen device")
    } else {
        extubated.then_some("extubated")
    }
}

/// Takes a laboratory row; it arrives when the specimen was taken, since the tables do not say when it was reported.
pub(super) fn laboratory(row: Row<'_>, items: &[Item], streams: &mut Streams) {
    let item = row.text("itemid");
    let known = items.iter().find(|(known, ..)| *known == item);
    let (Some((_, code, unit, above, most)), Some(at)) = (known, row.time("charttime")) else {
        return;
    };
    if row
        .number("valuenum")
        .is_some_and(|value| value > *above && value <= *most)
    {
        let value = number_or_text(row.text("valuenum"), unit);
        let resource = format!("lab/{}", row.text("row_id"));
        let stream = streams.entry(row.id("subject_id")).or_default();
        stream.add(at, at, observed(&resource, Code::loinc(code), value));
    }
}

/// Adds the stays in intensive care: each begins, and is over when it is over.
pub(super) fn stays(folder: &Path, streams: &mut Streams) {
    for row in Table::read(folder, "raw/icustays").rows() {
        let stream = streams.entry(row.id("subject_id")).or_default();
        let times = [row.time("intime"), row.time("outtime")];
        let [Some(start), end] = times else { continue };
        let mut encounter = Encounter {
            resource: row.text("icustay_id").into(),
            class: EncounterClass::Inpatient,
            status: EncounterStatus::InProgress,
            location: "".into(),
            start: Some(start),
            end: None,
        };
        stream.add(start, start, Fact::Encounter(encounter.clone()));
        if let Some(end) = end {
            encounter.status = EncounterStatus::Finished;
            encounter.end = Some(end);
            stream.add(end, end, Fact::Encounter(encounter));
        }
    }
}

/// Adds every charting of a heart rate, whatever it says: the hours of a stay are counted from the first one.
pub(super) fn pulses(folder: &Path, streams: &mut Streams) {
    for row in Table::read(folder, "raw/chartevents").rows() {
        let (item, at) = (row.text("itemid"), row.time("charttime"));
        let is_pulse = matches!(item, "211" | "220045") && !row.text("icustay_id").is_empty();
        let Some(at) = at.filter(|_| is_pulse) else {
            continue;
        };
        let resource = format!("{item}/{}", row.text("charttime"));
        let value = number_or_text(row.text("valuenum"), "/min");
        let fact = observed(&resource, Code::loinc("8867-4"), value);
        let stream = streams.entry(row.id("subject_id")).or_default();
        stream.add(row.time("storetime").unwrap_or(at), at, fact);
    }
}

/// What flowed in to irrigate.
const IRRIGATION: &str = "227488";

fn urine(row: Row<'_>, is_taken_off: bool, streams: &mut Streams) {
    let item = row.text("itemid");
    let is_wanted = is_of(URINE, item);
    let (Some(at), Some(amount)) = (row.time("charttime"), row.number("value")) else {
        return;
    };
    if !is_wanted || row.text("icustay_id").is_empty() {
        return;
    }
    let amount = if is_taken_off { -amount } else { amount };
    let value = number_or_text(&amount.to_string(), "mL");
    let resource = format!("output/{}", row.text("row_id"));
    let stream = streams.entry(row.id("subject_id")).or_default();
    let fact = observed(&resource, Code::loinc("9187-6"), value);
    stream.add(row.time("storetime").unwrap_or(at), at, fact);
}

fn given(n: usize, infused: &Infused) -> Fact {
    let given = Given {
        dose: None,
        rate: match number_or_text(&infused.rate, infused.unit) {
            Value::Quantity(rate) => Some(rate),
            _ => None,
        },
        end: Some(infused.to),
    };
    Fact::Order(administered(&format!("rate/{n}"), infused.drug, given))
}

fn panel(gas: &Gas) -> Fact {
    let mut components = vec![(
        vec![Code::loinc("2703-7")],
        number_or_text(&gas.oxygen.to_string(), "mm[Hg]"),
    )];
    components.extend(gas.fraction.map(|fraction| {
        (
            vec![Code::loinc("3150-6")],
            number_or_text(&fraction.to_string(), "%"),
        )
    }));
    let mut fact = observed(
        &format!("gas/{}/{}", gas.admission, gas.at),
        Code::loinc("24336-0"),
        Value::Text("".into()),
    );
    if let Fact::Observation(observation) = &mut fact {
        observation.value = None;
        observation.components = components;
    }
    fact
}

fn support(resource: &str, answer: &str) -> Fact {
    let code = Code {
        system: System::Other("urn:pulsewire:code".into()),
        code: "respiratory-support".into(),
        display: "".into(),
    };
    observed(resource, code, Value::Text(answer.into()))
}
