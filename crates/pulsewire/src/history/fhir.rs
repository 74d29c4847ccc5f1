//! FHIR R4 as servers export it: newline-delimited JSON, resources by type.
//!
//! A resource is known when its source stored it (`issued` and the like, else `meta.lastUpdated`), and where that is not said
//! when it was true. A visit is known to begin when it begins, and to be over when it is over.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use backtest::Gathering;
use clinical::{
    Encounter, EncounterClass, EncounterStatus, Event, EventId, EventTime, Fact, Origin,
    PatientKey, Person, ReceivedTime,
};
use formats::fhir::read::Raw;
use mapping::event::{Envelope, FHIR_JSON};
use mapping::fhir::{Subject, patient_identifiers, subject, times};
use mapping::source::Zone;

use super::places::Places;
use super::text::Texts;
use super::{LeftOut, Step, Take, Unreadable, files, name};

const HINT: &str = "give what a server exports: one resource of FHIR R4 a line, in files named by type such as Observation.ndjson";
/// What workloads read, and what files of one type are called by.
const READ: [&str; 8] = [
    "Patient",
    "Encounter",
    "Observation",
    "DiagnosticReport",
    "MedicationAdministration",
    "MedicationRequest",
    "ServiceRequest",
    "Specimen",
];
/// The byte order mark that some tools write before a text.
const MARK: &[u8] = b"\xEF\xBB\xBF";
/// How often it is told how far it is.
const LINES_A_STEP: u64 = 2_000;

/// Says whether a file holds such resources.
pub(super) fn is_file(path: &Path) -> bool {
    name(path).ends_with(".ndjson")
}

/// Says whether a file holds patients, which are read first: others may name them by their identifiers.
fn is_patients(path: &Path) -> bool {
    name(path).starts_with("patient")
}

/// Reads the files.
pub(super) fn read<E: From<Unreadable>>(
    path: &Path,
    zone: &Zone,
    take: Take<'_, E>,
) -> Result<(Gathering, LeftOut), E> {
    let mut files = files(path)?;
    files.retain(|file| is_file(file));
    if files.is_empty() {
        return Err(Unreadable::new(path, "holds no .ndjson", HINT).into());
    }
    files.sort_by_key(|file| !is_patients(file));
    let texts = Texts::new(&files)?;
    let mut reading = Reading::new(zone);
    for file in &files {
        let told = |error: &dyn std::fmt::Display, number: u64| {
            Unreadable::new(file, format!("line {number}: {error}"), HINT)
        };
        let mut text = texts.open(file)?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = text.read_until(b'\n', &mut line);
            if length.map_err(|error| told(&error, number))? == 0 {
                break;
            }
            let resource = line.strip_prefix(MARK).unwrap_or(&line).trim_ascii();
            // What no line can be read of is left out, and the rest of the export is not.
            if !resource.is_empty() && reading.resource(resource).is_err() {
                reading.left_out.facts += 1;
            }
            if number % LINES_A_STEP == 0 {
                let share = texts.share();
                take(Step::Read { share })?;
            }
        }
    }
    Ok(reading.finish())
}

/// What is known while files are read.
struct Reading<'z> {
    zone: &'z Zone,
    gathering: Gathering,
    left_out: LeftOut,
    /// Patients by each of their identifiers.
    identifiers: BTreeMap<(Box<str>, Box<str>), PatientKey>,
    people: BTreeMap<PatientKey, (Person, Option<EventTime>)>,
    /// When anything was known first of a patient.
    first: BTreeMap<PatientKey, EventTime>,
    places: Places,
}

impl<'z> Reading<'z> {
    fn new(zone: &'z Zone) -> Self {
        Self {
            zone,
            gathering: Gathering::default(),
            left_out: LeftOut::default(),
            identifiers: BTreeMap::new(),
            people: BTreeMap::new(),
            first: BTreeMap::new(),
            places: Places::default(),
        }
    }

    fn resource(&mut self, bytes: &[u8]) -> Result<(), String> {
        let raw = Raw::read(bytes).map_err(|error| error.to_string())?;
        let text = |name| Raw::text_of(bytes, name);
        let Some(kind) = text("resourceType") else {
            return Err("a resource says its resourceType".into());
        };
        if kind == "Location" {
            self.places.location(bytes);
        }
        if !READ.contains(&&*kind) {
            return Ok(());
        }
        let id = text("id").unwrap_or_default();
        if kind == "Patient" {
            return self.person(raw, &id, bytes);
        }
        let latest = ReceivedTime::from_micros(i64::MAX);
        let (at, stored) = times(bytes, self.zone, latest);
        let (Some(patient), Some(at)) = (self.patient(raw), at) else {
            self.left_out.facts += 1;
            return Ok(());
        };
        let known = stored.map_or(at, |stored| EventTime::from_micros(stored.micros()));
        let name = [kind.as_bytes(), id.as_bytes()];
        let Some(fact) = fact(patient, (at, known), bytes)? else {
            return Ok(());
        };
        match fact {
            Fact::Encounter(visit) => {
                let at = visit.start.unwrap_or(at);
                if is_of_bed(&visit) {
                    self.places.visit(patient, at, bytes);
                }
                if let Some(end) = visit
                    .end
                    .filter(|_| visit.status == EncounterStatus::Finished)
                {
                    let begun = clinical::Encounter {
                        status: EncounterStatus::InProgress,
                        end: None,
                        ..visit.clone()
                    };
                    self.event(patient, &name, (at, at), Fact::Encounter(begun));
                    let name = [name[0], name[1], b"end"];
                    self.event(patient, &name, (end, end), Fact::Encounter(visit));
                } else {
                    self.event(patient, &name, (at, at), Fact::Encounter(visit));
                }
            }
            Fact::Observation(_)
            | Fact::Order(_)
            | Fact::Problem(_)
            | Fact::Person(_)
            | Fact::Merge(_)
            | Fact::Handover { .. } => self.event(patient, &name, (at, known), fact),
        }
        Ok(())
    }

    /// Whom a resource is about.
    fn patient(&self, resource: Raw<'_>) -> Option<PatientKey> {
        match subject(resource) {
            Subject::Reference { id, .. } => Some(key(&id)),
            Subject::Identifier(identifier) => {
                let name = (identifier.system, identifier.value);
                self.identifiers.get(&name).copied()
            }
            Subject::Unresolved(urn) => Some(key(urn.rsplit(':').next().unwrap_or(&urn))),
            Subject::Conditional { .. } | Subject::None => None,
        }
    }

    fn person(&mut self, raw: Raw<'_>, id: &str, bytes: &[u8]) -> Result<(), String> {
        let patient = key(id);
        for identifier in patient_identifiers(raw) {
            let name = (identifier.system, identifier.value);
            self.identifiers.insert(name, patient);
        }
        let nowhere = EventTime::from_micros(0);
        let said = fact(patient, (nowhere, nowhere), bytes)?;
        if let Some(Fact::Person(person)) = said {
            let died = Raw::text_of(bytes, "deceasedDateTime");
            let died = died.and_then(|text| EventTime::parse(&text));
            self.people.insert(patient, (person, died));
        }
        Ok(())
    }

    fn event(
        &mut self,
        patient: PatientKey,
        name: &[&[u8]],
        (at, known): (EventTime, EventTime),
        fact: Fact,
    ) {
        let first = self.first.entry(patient).or_insert(known);
        *first = known.min(*first);
        let mut parts: Vec<&[u8]> = vec![patient.as_bytes()];
        parts.extend(name);
        self.gathering.event(Event {
            id: EventId::derive(&parts),
            patient,
            at,
            recorded: None,
            received: ReceivedTime::from_micros(known.micros()),
            origin: Origin::default(),
            backfill: false,
            fact,
        });
    }

    /// Who somebody is, is known from the beginning; that they died, from when they did.
    fn finish(mut self) -> (Gathering, LeftOut) {
        for (patient, (person, died)) in std::mem::take(&mut self.people) {
            let Some(first) = self.first.get(&patient).copied() else {
                continue;
            };
            let alive = Person {
                deceased: false,
                ..person.clone()
            };
            self.event(patient, &[b"person"], (first, first), Fact::Person(alive));
            if let Some(at) = died.filter(|at| *at > first) {
                self.event(patient, &[b"died"], (at, at), Fact::Person(person));
            }
        }
        for (patient, since, unit) in self.places.units() {
            self.gathering.unit(patient, since, unit);
        }
        (self.gathering, self.left_out)
    }
}

/// Says whether somebody stays in a visit and did begin to.
const fn is_of_bed(visit: &Encounter) -> bool {
    let is_bed = matches!(
        visit.class,
        EncounterClass::Emergency | EncounterClass::Inpatient
    );
    let is_none = matches!(
        visit.status,
        EncounterStatus::Planned | EncounterStatus::Cancelled | EncounterStatus::EnteredInError
    );
    is_bed && !is_none
}

/// A patient by the id that the server has.
fn key(id: &str) -> PatientKey {
    PatientKey::derive(&[b"fhir", id.as_bytes()])
}

/// What a resource says to workloads.
fn fact(
    patient: PatientKey,
    (at, known): (EventTime, EventTime),
    bytes: &[u8],
) -> Result<Option<Fact>, String> {
    let read = mapping::event::event(&Envelope {
        key: patient,
        content_type: FHIR_JSON,
        event_id: EventId::default(),
        event_time: at,
        recorded: None,
        received_time: ReceivedTime::from_micros(known.micros()),
        origin: Origin::default(),
        plausibility: "",
        backfill: false,
        bytes,
    });
    let event = read.map_err(|error| error.to_string())?;
    Ok(event.map(|event| event.fact))
}
