//! The tables of MIMIC-III and MIMIC-IV as histories: what was charted is known when it was stored, and else when it was charted.
//!
//! Times without an offset are taken as UTC: days are moved in these data, hours of the day are true. What the tables mean is
//! in Johnson AEW et al. Sci Data 2016;3:160035 and Johnson AEW et al. Sci Data 2023;10:1.

mod infusion;
mod item;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use clinical::{
    Code, Decimal, Encounter, EncounterClass, EncounterStatus, Event, EventId, EventTime, Fact,
    Given, Observation, ObservationStatus, Order, OrderKind, Origin, PatientKey, Person, Quantity,
    ReceivedTime, System, Value,
};

use crate::{Gathering, History, Outcome, Stay};
use infusion::Infusions;
use item::Items;
use table::{Columns, Row};
pub use table::{Error, Table};

/// Makes histories of rows, table by table in whatever order.
#[derive(Debug)]
pub struct Mimic {
    items: Items,
    columns: Option<Columns>,
    gathering: Gathering,
    infusions: Infusions,
    gases: Gases,
    cultures: BTreeSet<(i64, EventTime, bool, String)>,
    people: BTreeMap<i64, Person>,
    /// When each patient was first seen, and when they died in hospital.
    seen: BTreeMap<i64, (EventTime, Option<EventTime>)>,
    number: u64,
}

/// Pressures of oxygen by patient and moment, and what the specimens of that moment were.
#[derive(Debug, Default)]
struct Gases {
    pressures: Vec<(i64, EventTime, EventTime, Decimal)>,
    arterial: BTreeSet<(i64, EventTime)>,
}

impl Default for Mimic {
    fn default() -> Self {
        Self {
            items: Items::new(),
            columns: None,
            gathering: Gathering::default(),
            infusions: Infusions::default(),
            gases: Gases::default(),
            cultures: BTreeSet::new(),
            people: BTreeMap::new(),
            seen: BTreeMap::new(),
            number: 0,
        }
    }
}

impl Mimic {
    /// Begins a table with its header.
    ///
    /// # Errors
    /// When the header lacks a column that is needed.
    pub fn begin<'h>(
        &mut self,
        table: Table,
        header: impl IntoIterator<Item = &'h [u8]>,
    ) -> Result<(), Error> {
        self.columns = Some(Columns::find(table, header)?);
        Ok(())
    }

    /// Takes the next row of the table that was begun; `number` is its number in the file.
    ///
    /// # Errors
    /// When a field is not what its column holds.
    pub fn row<'f>(
        &mut self,
        number: u64,
        fields: impl IntoIterator<Item = &'f [u8]>,
    ) -> Result<(), Error> {
        let Some(columns) = self.columns.take() else {
            return Ok(());
        };
        let taken = self.take(columns.row(number, fields));
        self.columns = Some(columns);
        taken
    }

    fn take(&mut self, row: Row<'_>) -> Result<(), Error> {
        self.number += 1;
        match row.table() {
            Table::Patients => self.person(row),
            Table::Admissions => self.admission(row),
            Table::Stays => self.stay(row),
            Table::Charted => self.charted(row),
            Table::Laboratory => self.laboratory(row),
            Table::Output => self.output(row),
            Table::Infusions => self.infusions.interval(row),
            Table::OlderInfusions => self.infusions.charted(row),
            Table::Cultures => self.culture(row),
            Table::Prescriptions => self.prescription(row),
        }
    }

    /// Gives the number of patients of whom something was read.
    pub fn patients(&self) -> usize {
        self.gathering.patients()
    }

    /// Gives the histories.
    pub fn finish(mut self) -> Vec<History> {
        for (subject, at, known, value) in std::mem::take(&mut self.gases.pressures) {
            if self.gases.arterial.contains(&(subject, at)) {
                let name = format!("gas/{at}");
                let fact = measured(&name, Code::loinc("2703-7"), value, "mm[Hg]");
                self.add(subject, &name, (at, known), fact);
            }
        }
        for change in std::mem::take(&mut self.infusions).changes() {
            let name = format!("rate/{}/{}", change.drug, change.at);
            let code = Code {
                system: System::Other("http://www.whocc.no/atc".into()),
                code: change.drug.into(),
                display: "".into(),
            };
            let fact = measured(&name, code, change.rate, change.unit);
            self.add(change.subject, &name, (change.at, change.known), fact);
        }
        for (subject, (first, died)) in std::mem::take(&mut self.seen) {
            let Some(person) = self.people.remove(&subject) else {
                continue;
            };
            self.add(
                subject,
                "person",
                (first, first),
                Fact::Person(person.clone()),
            );
            if let Some(at) = died {
                let deceased = true;
                let died = Fact::Person(Person { deceased, ..person });
                self.add(subject, "died", (at, at), died);
            }
        }
        self.gathering.finish(|_| Some(0))
    }

    fn add(&mut self, subject: i64, name: &str, (at, known): (EventTime, EventTime), fact: Fact) {
        let patient = key(subject);
        self.gathering.event(Event {
            id: EventId::derive(&[patient.as_bytes(), name.as_bytes()]),
            patient,
            at,
            recorded: None,
            received: ReceivedTime::from_micros(known.micros()),
            origin: Origin::default(),
            backfill: false,
            fact,
        });
    }

    fn person(&mut self, row: Row<'_>) -> Result<(), Error> {
        let born = match (row.text("dob"), row.text("anchor_year")) {
            ("", "") => None,
            ("", _) => {
                let (year, age) = (row.id("anchor_year")?, row.id("anchor_age")?);
                Some((year - age).to_string())
            }
            (born, _) => Some(born.chars().take(10).collect()),
        };
        let gender = match row.text("gender") {
            "F" => Some("female".into()),
            "M" => Some("male".into()),
            _ => None,
        };
        let person = Person {
            birth_date: born.map(Into::into),
            gender,
            deceased: false,
        };
        self.people.insert(row.id("subject_id")?, person);
        Ok(())
    }

    fn admission(&mut self, row: Row<'_>) -> Result<(), Error> {
        let subject = row.id("subject_id")?;
        if let Some(at) = row.time("admittime")? {
            let died = row.time("deathtime")?;
            let (first, known) = self.seen.entry(subject).or_insert((at, None));
            *first = at.min(*first);
            *known = known.or(died);
        }
        Ok(())
    }

    fn stay(&mut self, row: Row<'_>) -> Result<(), Error> {
        let subject = row.id("subject_id")?;
        let (Some(began), Some(ended)) = (row.time("intime")?, row.time("outtime")?) else {
            return Ok(());
        };
        let unit = row.text("first_careunit");
        let (first, _) = self.seen.entry(subject).or_insert((began, None));
        *first = began.min(*first);
        self.gathering.stay(
            key(subject),
            Stay {
                units: vec![(began, unit.into())],
                began,
                ended,
                admitted: None,
                outcome: Outcome::Unknown,
                minutes_east: Some(0),
            },
        );
        let encounter = Encounter {
            resource: row.text("stay_id").into(),
            class: EncounterClass::Inpatient,
            status: EncounterStatus::InProgress,
            location: unit.into(),
            start: Some(began),
            end: None,
        };
        let name = format!("stay/{}", encounter.resource);
        let over = Encounter {
            status: EncounterStatus::Finished,
            end: Some(ended),
            ..encounter.clone()
        };
        self.add(subject, &name, (began, began), Fact::Encounter(encounter));
        let name = format!("{name}/over");
        self.add(subject, &name, (ended, ended), Fact::Encounter(over));
        Ok(())
    }

    fn charted(&mut self, row: Row<'_>) -> Result<(), Error> {
        let item = row.id("itemid")?;
        let support = item::support(item, row.text("value"));
        let known = self.items.charts(item);
        if row.text("error") == "1" || !(known || support.is_some()) {
            return Ok(());
        }
        let Some(at) = row.time("charttime")? else {
            return Ok(());
        };
        let (subject, stored) = (row.id("subject_id")?, row.time("storetime")?.unwrap_or(at));
        let name = format!("{item}/{at}/{}", row.text("value"));
        if let Some(answer) = support {
            let name = format!("support/{name}");
            let fact = observed(
                &name,
                coded("respiratory-support"),
                Value::Text(answer.into()),
            );
            self.add(subject, &name, (at, stored), fact);
        }
        // Who cannot speak for a tube has no verbal response that could be scored.
        if item::is_intubated(item, row.text("value")) {
            let said = Value::Text(row.text("value").into());
            let fact = observed(&name, Code::loinc("9270-0"), said);
            self.add(subject, &name, (at, stored), fact);
        } else if let Some(value) = row.number("valuenum")?
            && let Some((code, value, unit)) = self.items.charted(item, value)
        {
            let fact = measured(&name, code, value, unit);
            self.add(subject, &name, (at, stored), fact);
        }
        Ok(())
    }

    fn laboratory(&mut self, row: Row<'_>) -> Result<(), Error> {
        let item = row.id("itemid")?;
        let Some(at) = row.time("charttime")? else {
            return Ok(());
        };
        let subject = row.id("subject_id")?;
        if item == item::SPECIMEN && row.text("value").starts_with("ART") {
            self.gases.arterial.insert((subject, at));
        }
        let Some(value) = row.number("valuenum")? else {
            return Ok(());
        };
        // The tables of MIMIC-III do not say when a result was reported.
        let stored = row.time("storetime")?.unwrap_or(at);
        if item == item::OXYGEN_PRESSURE {
            if value > Decimal::ZERO && value <= item::OXYGEN_PRESSURE_MAX {
                self.gases.pressures.push((subject, at, stored, value));
            }
        } else if let Some((code, value, unit)) = self.items.laboratory(item, value) {
            let name = format!("lab/{item}/{at}/{}", self.number);
            let fact = measured(&name, code, value, unit);
            self.add(subject, &name, (at, stored), fact);
        }
        Ok(())
    }

    fn output(&mut self, row: Row<'_>) -> Result<(), Error> {
        let item = row.id("itemid")?;
        if !item::is_urine(item) || row.text("iserror") == "1" {
            return Ok(());
        }
        let (Some(at), Some(amount)) = (row.time("charttime")?, row.number("value")?) else {
            return Ok(());
        };
        // What flowed in to irrigate is taken off.
        let amount = match item == item::IRRIGATION {
            true => -amount.abs(),
            false => amount,
        };
        let stored = row.time("storetime")?.unwrap_or(at);
        let name = format!("urine/{}", self.number);
        let fact = measured(&name, Code::loinc("9187-6"), amount, "mL");
        self.add(row.id("subject_id")?, &name, (at, stored), fact);
        Ok(())
    }

    /// A specimen has a row for each organism and antibiotic: it is taken once.
    fn culture(&mut self, row: Row<'_>) -> Result<(), Error> {
        let (time, day) = (row.time("charttime")?, row.time("chartdate")?);
        let Some(at) = time.or(day) else {
            return Ok(());
        };
        let subject = row.id("subject_id")?;
        let specimen = row.text("spec_type_desc").to_owned();
        let name = format!("culture/{specimen}/{at}");
        if !self
            .cultures
            .insert((subject, at, time.is_none(), specimen))
        {
            return Ok(());
        }
        let mut codes = vec![Code::loinc("6463-4")];
        codes.extend(time.is_none().then(|| named("day-only")));
        let fact = order(&name, OrderKind::Specimen, codes);
        self.add(subject, &name, (at, at), fact);
        Ok(())
    }

    fn prescription(&mut self, row: Row<'_>) -> Result<(), Error> {
        let drug = row.text("drug");
        let Some(at) = row.time("starttime")?.filter(|_| !drug.is_empty()) else {
            return Ok(());
        };
        let name = format!("prescription/{}", self.number);
        let fact = order(&name, OrderKind::MedicationOrdered, vec![named(drug)]);
        self.add(row.id("subject_id")?, &name, (at, at), fact);
        Ok(())
    }
}

fn key(subject: i64) -> PatientKey {
    PatientKey::derive(&[b"mimic", &subject.to_be_bytes()])
}

fn coded(code: &str) -> Code {
    Code {
        system: System::Other("urn:pulsewire:code".into()),
        code: code.into(),
        display: "".into(),
    }
}

fn named(name: &str) -> Code {
    Code {
        system: System::Other("".into()),
        code: name.into(),
        display: name.into(),
    }
}

fn order(resource: &str, kind: OrderKind, codes: Vec<Code>) -> Fact {
    Fact::Order(Order {
        resource: resource.into(),
        kind,
        codes,
        active: true,
        given: Given::default(),
    })
}

fn measured(resource: &str, code: Code, value: Decimal, unit: &str) -> Fact {
    let quantity = Quantity {
        comparator: None,
        value,
        unit: unit.into(),
    };
    observed(resource, code, Value::Quantity(quantity))
}

fn observed(resource: &str, code: Code, value: Value) -> Fact {
    Fact::Observation(Observation {
        resource: resource.into(),
        codes: vec![code],
        value: Some(value),
        components: Vec::new(),
        status: ObservationStatus::Final,
        interpretation: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        device: None,
    })
}

#[cfg(test)]
mod tests;
