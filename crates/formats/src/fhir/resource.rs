//! Whole resources written from borrowed parts: what a simulator or a test needs to make.

use super::element::{
    Address, Annotation, CodeableConcept, Coding, ContactPoint, HumanName, Identifier, Period,
    Quantity, Range, Reference,
};
use super::json::{self, Object, ToJson};

/// A Patient.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patient<'a> {
    /// The id.
    pub id: &'a str,
    /// The identifiers.
    pub identifiers: &'a [Identifier<'a>],
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// The names.
    pub names: &'a [HumanName<'a>],
    /// Telephone numbers and the like.
    pub telecoms: &'a [ContactPoint<'a>],
    /// The administrative gender's code.
    pub gender: &'a str,
    /// The birth date.
    pub birth_date: &'a str,
    /// When the patient died.
    pub deceased_date_time: &'a str,
    /// The addresses.
    pub addresses: &'a [Address<'a>],
}

impl ToJson for Patient<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Patient", self.id);
        object
            .all("identifier", self.identifiers)
            .boolean("active", self.active)
            .all("name", self.names)
            .all("telecom", self.telecoms)
            .string("gender", self.gender)
            .string("birthDate", self.birth_date)
            .string("deceasedDateTime", self.deceased_date_time)
            .all("address", self.addresses);
    }
}

/// Where a patient is or was during a visit.
#[derive(Clone, Copy, Debug, Default)]
pub struct EncounterLocation<'a> {
    /// The place.
    pub location: Reference<'a>,
    /// Whether it is `planned`, `active`, `reserved` or `completed`.
    pub status: &'a str,
    /// When.
    pub period: Period<'a>,
}

impl ToJson for EncounterLocation<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .one("location", &self.location)
            .string("status", self.status)
            .one("period", &self.period);
    }
}

/// An Encounter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encounter<'a> {
    /// The id.
    pub id: &'a str,
    /// The identifiers.
    pub identifiers: &'a [Identifier<'a>],
    /// How far it has come.
    pub status: &'a str,
    /// Where it takes place, such as `IMP`.
    pub class: Coding<'a>,
    /// Whose it is.
    pub subject: Reference<'a>,
    /// When.
    pub period: Period<'a>,
    /// Where the patient is or was.
    pub locations: &'a [EncounterLocation<'a>],
    /// Who is responsible.
    pub service_provider: Reference<'a>,
}

impl ToJson for Encounter<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Encounter", self.id);
        object
            .all("identifier", self.identifiers)
            .string("status", self.status)
            .one("class", &self.class)
            .one("subject", &self.subject)
            .one("period", &self.period)
            .all("location", self.locations)
            .one("serviceProvider", &self.service_provider);
    }
}

/// A result, of the types that are sent most.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'a> {
    /// None.
    #[default]
    Absent,
    /// An amount.
    Quantity(Quantity<'a>),
    /// A coded answer.
    Concept(CodeableConcept<'a>),
    /// Words.
    Text(&'a str),
    /// From one amount to another.
    Range(Range<'a>),
}

impl Value<'_> {
    fn members(&self, object: &mut Object<'_>) {
        match self {
            Self::Absent => object,
            Self::Quantity(amount) => object.one("valueQuantity", amount),
            Self::Concept(concept) => object.one("valueCodeableConcept", concept),
            Self::Text(text) => object.string("valueString", text),
            Self::Range(range) => object.one("valueRange", range),
        };
    }
}

/// A part of a panel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Component<'a> {
    /// What was observed.
    pub code: CodeableConcept<'a>,
    /// The result.
    pub value: Value<'a>,
}

impl ToJson for Component<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object.one("code", &self.code);
        self.value.members(object);
    }
}

/// An Observation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observation<'a> {
    /// The id.
    pub id: &'a str,
    /// How far it can be relied on.
    pub status: &'a str,
    /// The categories, such as vital signs.
    pub categories: &'a [CodeableConcept<'a>],
    /// What was observed.
    pub code: CodeableConcept<'a>,
    /// Whose it is.
    pub subject: Reference<'a>,
    /// The visit that it belongs to.
    pub encounter: Reference<'a>,
    /// When it was true.
    pub effective: &'a str,
    /// When this version was released.
    pub issued: &'a str,
    /// The result.
    pub value: Value<'a>,
    /// The source's own judgement.
    pub interpretations: &'a [CodeableConcept<'a>],
    /// Words beside the value.
    pub notes: &'a [Annotation<'a>],
    /// The parts of a panel.
    pub components: &'a [Component<'a>],
}

impl ToJson for Observation<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Observation", self.id);
        object
            .string("status", self.status)
            .all("category", self.categories)
            .one("code", &self.code)
            .one("subject", &self.subject)
            .one("encounter", &self.encounter)
            .string("effectiveDateTime", self.effective)
            .string("issued", self.issued);
        self.value.members(object);
        object
            .all("interpretation", self.interpretations)
            .all("note", self.notes)
            .all("component", self.components);
    }
}

/// A DiagnosticReport.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiagnosticReport<'a> {
    /// The id.
    pub id: &'a str,
    /// The identifiers.
    pub identifiers: &'a [Identifier<'a>],
    /// How far it has come.
    pub status: &'a str,
    /// What was asked for.
    pub code: CodeableConcept<'a>,
    /// Whose it is.
    pub subject: Reference<'a>,
    /// When it was true.
    pub effective: &'a str,
    /// When this version was released.
    pub issued: &'a str,
    /// The observations in it.
    pub results: &'a [Reference<'a>],
    /// What it concludes.
    pub conclusion: &'a str,
}

impl ToJson for DiagnosticReport<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "DiagnosticReport", self.id);
        object
            .all("identifier", self.identifiers)
            .string("status", self.status)
            .one("code", &self.code)
            .one("subject", &self.subject)
            .string("effectiveDateTime", self.effective)
            .string("issued", self.issued)
            .all("result", self.results)
            .string("conclusion", self.conclusion);
    }
}

/// A Practitioner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Practitioner<'a> {
    /// The id.
    pub id: &'a str,
    /// The identifiers.
    pub identifiers: &'a [Identifier<'a>],
    /// The names.
    pub names: &'a [HumanName<'a>],
}

impl ToJson for Practitioner<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Practitioner", self.id);
        object
            .all("identifier", self.identifiers)
            .all("name", self.names);
    }
}

/// An Organization.
#[derive(Clone, Copy, Debug, Default)]
pub struct Organization<'a> {
    /// The id.
    pub id: &'a str,
    /// The identifiers.
    pub identifiers: &'a [Identifier<'a>],
    /// The name.
    pub name: &'a str,
}

impl ToJson for Organization<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Organization", self.id);
        object
            .all("identifier", self.identifiers)
            .string("name", self.name);
    }
}

/// A Location.
#[derive(Clone, Copy, Debug, Default)]
pub struct Location<'a> {
    /// The id.
    pub id: &'a str,
    /// The name.
    pub name: &'a str,
    /// What kind of place it is, such as `bd` for a bed.
    pub physical_type: CodeableConcept<'a>,
    /// The place that it is in.
    pub part_of: Reference<'a>,
}

impl ToJson for Location<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Location", self.id);
        object
            .string("name", self.name)
            .one("physicalType", &self.physical_type)
            .one("partOf", &self.part_of);
    }
}

/// A Provenance with one agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provenance<'a> {
    /// The id.
    pub id: &'a str,
    /// What it is about.
    pub targets: &'a [Reference<'a>],
    /// When it was recorded.
    pub recorded: &'a str,
    /// What was done.
    pub activity: CodeableConcept<'a>,
    /// Who did it.
    pub agent: Reference<'a>,
}

impl ToJson for Provenance<'_> {
    fn members(&self, object: &mut Object<'_>) {
        begin(object, "Provenance", self.id);
        object
            .all("target", self.targets)
            .string("recorded", self.recorded)
            .one("activity", &self.activity)
            .array("agent", |agents| {
                agents.object(|agent| {
                    agent.one("who", &self.agent);
                });
            });
    }
}

/// Writes a Bundle of resources that are JSON already, each with the URL that others refer to it by.
pub fn bundle<'r>(kind: &str, resources: impl IntoIterator<Item = (&'r str, &'r [u8])>) -> Vec<u8> {
    json::object(|object| {
        begin(object, "Bundle", "");
        object.string("type", kind).array("entry", |entries| {
            for (full_url, resource) in resources {
                entries.object(|entry| {
                    entry.string("fullUrl", full_url).raw("resource", resource);
                });
            }
        });
    })
}

fn begin(object: &mut Object<'_>, resource_type: &str, id: &str) {
    object
        .string("resourceType", resource_type)
        .string("id", id);
}

#[cfg(test)]
mod tests;
