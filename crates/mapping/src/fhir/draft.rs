//! One received resource as a draft: whole, under its key if it is a Patient, with its references to patients by their keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clinical::{EventTime, PatientKey};
use formats::fhir::definition::Definition;
use formats::fhir::json;
use formats::fhir::links::{self, Link};
use formats::fhir::read::Raw;
use formats::fhir::reference::{is_id, resource_type, unversioned};
use formats::fhir::refused::Refused;
use formats::fhir::validate::IssueCode;

use super::moment;
use super::subject::{Subject, subject};
use super::table::{Row, is_kept, row};
use crate::draft::{Draft, Effect, Element};
use crate::normalize::Way;
use crate::source::Zone;

/// What a resource does not say itself.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The key of the patient that it is about; of a Patient, its own.
    pub patient: Option<PatientKey>,
    /// The keys of the patients that it refers to, by the reference as sent, without a version (`Patient/7`).
    pub patients: &'a BTreeMap<Box<str>, PatientKey>,
    /// The system of the identifier that a Patient keeps its source's id as.
    pub own_ids: &'a str,
    /// The zone of the source's clock, for dates.
    pub zone: &'a Zone,
    /// When its sender made it, or else when it was accepted.
    pub message_time: EventTime,
}

/// Makes a draft of one resource that went through [`formats::fhir::strict::check`].
///
/// It says all that the resource says, but the version that its source counts (`meta.versionId` and `meta.lastUpdated`).
///
/// # Errors
/// When it has no type or no id, or is of a type that is never a resource of its own.
pub fn draft(resource: &[u8], names: &Names<'_>) -> Result<Draft, Refused> {
    let raw = Raw::read(resource)
        .map_err(|wrong| Refused::new(IssueCode::Structure, "Resource", wrong.to_string()))?;
    let (kind, row) = kind_of(raw)?;
    let own_id = id_of(raw, kind)?;
    let id = match kind {
        "Patient" => key_of(names)?.to_string(),
        _ => own_id.to_string(),
    };
    let own_subject = match subject(raw) {
        Subject::Reference { text, .. } | Subject::Conditional { text, .. } => Some(text),
        Subject::Unresolved(text) => Some(text),
        Subject::Identifier(_) | Subject::None => None,
    };
    let named = |text: &str| {
        let plain = unversioned(text);
        let key = names.patients.get(plain).copied();
        let is_subject = own_subject.as_deref().is_some_and(|own| own == plain);
        key.or(names.patient.filter(|_| is_subject))
    };
    let renamed = links::relinked(resource, |link| match link {
        Link::Reference(text) => named(text).map(|key| format!("Patient/{key}")),
        Link::Address(_) => None,
    })?;
    let members = members(&renamed, kind)?;
    let identifiers = (kind == "Patient").then(|| {
        let sent = members.iter().find(|(name, _)| name == "identifier");
        with_own_id(sent.map(|(_, value)| *value), names.own_ids, &own_id)
    });
    let meta = members.iter().find(|(name, _)| name == "meta");
    let meta = meta.map(|(_, value)| without_version(*value));
    let mut said: Vec<(Cow<'static, str>, &[u8])> = Vec::with_capacity(members.len());
    for (name, value) in &members {
        match (&**name, &meta, &identifiers) {
            ("resourceType" | "id", ..) | ("identifier", _, Some(_)) => {}
            ("meta", Some(meta), _) => said.push((name.clone(), meta)),
            _ => said.push((name.clone(), value.as_bytes())),
        }
    }
    if let Some(identifiers) = &identifiers {
        said.push(("identifier".into(), identifiers));
    }
    said.retain(|(_, value)| !value.is_empty());
    let definition = Definition::of(kind);
    said.sort_by_key(|(name, _)| place(definition, name));
    let latest = names.message_time;
    let event_time = moment::event_time(raw, row, names.zone, latest).unwrap_or(latest);
    let said = said
        .into_iter()
        .map(|(name, value)| (name, Element::Set(value)));
    let mut draft = Draft::new(kind, &id, event_time, said);
    draft.recorded = moment::recorded(raw, row, names.zone);
    draft.effect = Effect::Whole;
    Ok(draft)
}

/// Makes the draft that a resource is deleted: one that says so where its type can, and is valid by what R4 asks for.
///
/// # Errors
/// When the type is none that is kept.
pub fn deletion(kind: &str, id: &str, names: &Names<'_>) -> Result<Draft, Refused> {
    let found = resource_type(kind).filter(|kind| is_kept(kind));
    let kind = found.ok_or_else(|| {
        let text = "no resource of this type is kept: look for its right name";
        Refused::new(IssueCode::NotSupported, "Resource", text)
    })?;
    let id = match kind {
        "Patient" => key_of(names)?.to_string(),
        _ => id.to_owned(),
    };
    let said = super::deletion::elements(kind, names.patient);
    let said = said
        .iter()
        .map(|(name, value)| (name.clone(), Element::Default(value.as_slice())));
    let mut draft = Draft::new(kind, &id, names.message_time, said);
    draft.effect = match Way::may_say_the_same(kind) {
        true => Effect::TakeBack,
        false => Effect::Delete,
    };
    Ok(draft)
}

fn kind_of(resource: Raw<'_>) -> Result<(&'static str, &'static Row), Refused> {
    let wrong = |code, text: &str| Refused::new(code, "Resource.resourceType", text);
    let name = resource.get("resourceType").ok().flatten();
    let Some(name) = name.and_then(|name| name.text().ok()) else {
        let text = "a resource says its resourceType: add it";
        return Err(wrong(IssueCode::Required, text));
    };
    let Some(kind) = resource_type(&name) else {
        let text = "the resourceType is none of FHIR R4: look for its right name";
        return Err(wrong(IssueCode::NotSupported, text));
    };
    let row = row(kind).filter(|_| is_kept(kind));
    row.map(|row| (kind, row)).ok_or_else(|| {
        let text = "a resource of this type wraps others or answers a request, and is not kept: send what is in it";
        wrong(IssueCode::NotSupported, text)
    })
}

fn id_of<'a>(resource: Raw<'a>, kind: &str) -> Result<Cow<'a, str>, Refused> {
    let wrong = |code, text: &str| Refused::new(code, format!("{kind}.id"), text);
    let id = resource.get("id").ok().flatten();
    let Some(id) = id.and_then(|id| id.text().ok()) else {
        let text = "the resource has no id: give it one, or have it created under a new one";
        return Err(wrong(IssueCode::Required, text));
    };
    if !is_id(&id) {
        let text = "an id has 1 to 64 letters, digits, hyphens and dots: change it";
        return Err(wrong(IssueCode::Value, text));
    }
    Ok(id)
}

fn key_of(names: &Names<'_>) -> Result<PatientKey, Refused> {
    names.patient.ok_or_else(|| {
        let text =
            "nothing names the patient: give the resource an identifier with a system, or an id";
        Refused::new(IssueCode::Required, "Patient.identifier", text)
    })
}

/// Gives the top-level elements, with names as R4 has them.
fn members<'a>(
    resource: &'a [u8],
    kind: &str,
) -> Result<Vec<(Cow<'static, str>, Raw<'a>)>, Refused> {
    let members = Raw::read_members(resource)
        .map_err(|wrong| Refused::new(IssueCode::Structure, kind, wrong.to_string()))?;
    let definition = Definition::of(kind);
    let mut named = Vec::with_capacity(members.len());
    for (name, value) in members {
        if name.contains('\\') {
            let text = "the name of an element has an escape: write it as it is";
            return Err(Refused::new(IssueCode::Structure, kind, text));
        }
        let known = definition.and_then(|definition| definition.element(name));
        let name = known.map_or_else(
            || Cow::Owned(name.to_owned()),
            |known| Cow::Borrowed(known.name()),
        );
        named.push((name, value));
    }
    Ok(named)
}

/// Gives where an element stands; one that R4 has not stands last.
fn place(definition: Option<Definition>, name: &str) -> (usize, bool) {
    let base = name.strip_prefix('_').unwrap_or(name);
    let known = definition.and_then(|definition| definition.element(base));
    let order = known.map_or(usize::MAX, |known| known.order());
    (order, base.len() < name.len())
}

/// Adds the source's own id to a Patient's identifiers, unless it is among them.
fn with_own_id(sent: Option<Raw<'_>>, system: &str, id: &str) -> Vec<u8> {
    let is_array = |raw: &Raw<'_>| raw.as_bytes().first() == Some(&b'[');
    let (list, one) = (sent.filter(is_array), sent.filter(|raw| !is_array(raw)));
    let items = || {
        let items = list.into_iter().flat_map(Raw::items).map_while(Result::ok);
        items.chain(one)
    };
    let is = |item: Raw<'_>, name: &str, expected: &str| {
        let found = item
            .get(name)
            .ok()
            .flatten()
            .and_then(|value| value.text().ok());
        found.as_deref() == Some(expected)
    };
    let known = items().any(|item| is(item, "system", system) && is(item, "value", id));
    json::array(|array| {
        for item in items() {
            array.raw(item.as_bytes());
        }
        if !known {
            array.object(|own| {
                own.string("system", system).string("value", id);
            });
        }
    })
}

/// Leaves out of a resource's meta the version that its source counts; gives nothing where that is all.
fn without_version(meta: Raw<'_>) -> Vec<u8> {
    json::object(|object| {
        for (name, value) in meta.members().map_while(Result::ok) {
            if !matches!(
                name,
                "versionId" | "lastUpdated" | "_versionId" | "_lastUpdated"
            ) {
                object.raw(name, value.as_bytes());
            }
        }
    })
}
