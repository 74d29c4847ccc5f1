//! What was written is read: by id, by version, by one identifier; each opening is written to the audit topic first.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use clinical::phi::Access;
use clinical::{PatientKey, Permit};
use formats::fhir::json;
use formats::fhir::validate::IssueCode;

use super::Door;
use super::answer::{Answer, etag, location, versioned};
use super::request::Asking;
use super::write::{header_text, version};
use crate::control::AuditTopic;
use crate::intake::fhir::{Criteria, Entry, IndexError, Refusal};

/// What who reads here reads for.
const PURPOSE: &str = "read back by its source";
/// So many resources are found at most.
const FOUND_MAX: usize = 1000;

/// Gives a resource, or says why not.
pub(super) async fn read(door: &Arc<Door>, asking: &Asking) -> Result<Answer, Refusal> {
    let (Some(kind), Some(id)) = (asking.named.resource_type, asking.named.id.as_deref()) else {
        return Err(missing());
    };
    tokio::task::block_in_place(|| {
        let entry = door.fhir.find(&asking.sender.source, kind, id);
        let entry = entry
            .map_err(|error| unreadable(&error))?
            .ok_or_else(missing)?;
        let version = asking.named.version.as_deref();
        if version.is_some_and(|version| version != entry.state.version.to_string()) {
            let words = "only the newest version of a resource is given here: read it without a version, or read the journal";
            return Err(Refusal::because(404, IssueCode::NotFound, words));
        }
        if entry.state.deleted {
            let words = "the resource was deleted: create it again if that was a mistake";
            return Err(Refusal::because(410, IssueCode::Deleted, words));
        }
        if is_known(&asking.headers, entry.state.version)? {
            return Ok(Answer::new(304, Vec::new()).with("etag", &etag(&entry.state)));
        }
        permit(door, asking, Some(entry.state.key))?;
        let bytes = bytes(door, &entry)?.ok_or_else(|| {
            let words =
                "the resource was removed when its time was over: retention keeps it no longer";
            Refusal::because(410, IssueCode::Deleted, words)
        })?;
        let answer = Answer::new(200, versioned(&bytes, &entry.state));
        let place = location(&entry.state);
        Ok(answer.with("etag", &etag(&entry.state)).with(
            "content-location",
            &format!("{}/fhir/{place}", asking.own.base()),
        ))
    })
}

/// Whether who asks says that they have this version.
fn is_known(headers: &HeaderMap, there: u64) -> Result<bool, Refusal> {
    let Some(text) = header_text(headers, header::IF_NONE_MATCH.as_str())? else {
        return Ok(false);
    };
    let named = text.split(',').map(str::trim);
    for one in named.filter(|one| !one.is_empty()) {
        if one == "*" || version(one)? == there {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a resource is that was there already; nothing where its time is over.
pub(super) fn again(
    door: &Arc<Door>,
    asking: &Asking,
    entry: &Entry,
) -> Result<Option<Vec<u8>>, Refusal> {
    tokio::task::block_in_place(|| {
        permit(door, asking, Some(entry.state.key))?;
        let bytes = bytes(door, entry)?;
        Ok(bytes.map(|bytes| versioned(&bytes, &entry.state)))
    })
}

/// Gives the resources that are found.
pub(super) async fn search(door: &Arc<Door>, asking: &Asking) -> Result<Answer, Refusal> {
    let kind = asking.named.resource_type.ok_or_else(missing)?;
    let criteria = Criteria::parse(&asking.query)?;
    tokio::task::block_in_place(|| {
        let found = door.fhir.search(&asking.sender.source, kind, &criteria);
        let mut found = found.map_err(|error| unreadable(&error))?;
        let total = found.len();
        if counts(&asking.query) {
            return Ok(Answer::new(200, searchset(total, &[], asking)));
        }
        found.truncate(FOUND_MAX);
        let mut patients: Vec<PatientKey> = found.iter().map(|entry| entry.state.key).collect();
        patients.sort_unstable();
        patients.dedup();
        for patient in patients {
            permit(door, asking, Some(patient))?;
        }
        let mut entries = Vec::with_capacity(found.len());
        for entry in &found {
            if let Some(bytes) = bytes(door, entry)? {
                entries.push((entry, versioned(&bytes, &entry.state)));
            }
        }
        Ok(Answer::new(200, searchset(total, &entries, asking)))
    })
}

/// Whether only the number of what is found is wanted.
fn counts(query: &str) -> bool {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.any(|(name, value)| matches!((&*name, &*value), ("_count", "0") | ("_summary", "count")))
}

fn searchset(total: usize, found: &[(&Entry, Vec<u8>)], asking: &Asking) -> Vec<u8> {
    let base = asking.own.base();
    let kind = asking.named.resource_type.unwrap_or_default();
    json::object(|bundle| {
        bundle.string("resourceType", "Bundle");
        bundle.string("type", "searchset");
        bundle.integer("total", total as u64);
        bundle.array("link", |links| {
            links.object(|link| {
                link.string("relation", "self");
                link.string("url", &format!("{base}/fhir/{kind}?{}", asking.query));
            });
        });
        bundle.array("entry", |entries| {
            for (entry, resource) in found {
                entries.object(|one| {
                    one.string("fullUrl", &format!("{base}/fhir/{kind}/{}", entry.state.id));
                    one.raw("resource", resource);
                    one.object("search", |search| {
                        search.string("mode", "match");
                    });
                });
            }
        });
    })
}

fn bytes(door: &Door, entry: &Entry) -> Result<Option<Vec<u8>>, Refusal> {
    door.fhir.bytes(entry).map_err(|error| {
        let words = format!("the journal cannot be read now ({error}): ask again later");
        Refusal::because(503, IssueCode::Transient, words)
    })
}

/// Nothing is shown of what could not be written down.
fn permit(door: &Door, asking: &Asking, patient: Option<PatientKey>) -> Result<Permit, Refusal> {
    let intake = &door.fhir.intake;
    let audit = AuditTopic {
        journal: &*intake.journal,
        partitions: intake.partitions,
    };
    let access = Access {
        who: format!("source {}", asking.sender.source),
        purpose: PURPOSE,
        patient,
        at: intake.clock.now(),
    };
    Permit::issue(&audit, &access).map_err(|error| {
        let words =
            format!("that it is read cannot be written down now ({error}): ask again later");
        Refusal::because(503, IssueCode::Transient, words)
    })
}

fn missing() -> Refusal {
    let words = "there is no such resource: what one source sends, that source finds again";
    Refusal::because(404, IssueCode::NotFound, words)
}

fn unreadable(error: &IndexError) -> Refusal {
    Refusal::because(503, IssueCode::Transient, error.to_string())
}
