//! Bundles: batches, transactions and messages, taken apart, done, and answered entry by entry.

use std::sync::Arc;

use formats::fhir::bundle::{Bundle, Entry, Kind, Links, Method, Request};
use formats::fhir::json;
use formats::fhir::read::Raw;
use formats::fhir::reference::{Target, is_id};
use formats::fhir::refused::Refused;
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;
use journal::Offset;

use super::Door;
use super::answer::{self, Answer, Prefer};
use super::request::Asking;
use super::write::{existing, none_match, version};
use crate::intake::fhir::{Asked, Criteria, Done, Interaction, Refusal, Sender, State};
use crate::tasks::aside;
use crate::topics;

/// The extension of an entry's response that says where its record is: topic, partition and offset.
pub(super) const PLACE: &str = "urn:pulsewire:place";

/// Carries out a batch or a transaction.
pub(super) async fn carry_out(
    door: &Arc<Door>,
    asking: &Asking,
    bytes: Vec<u8>,
) -> Result<Answer, Refusal> {
    let (kind, asked) = aside(bytes.len(), || {
        strict::check(&bytes)?;
        let bundle = Bundle::read(&bytes)?;
        if !bundle.kind.has_requests() {
            let words = "here a batch or a transaction is carried out: send a message to $process-message, and resources by themselves or as a batch";
            let refused = Refused::new(IssueCode::NotSupported, "Bundle.type", words);
            return Err(Refusal::new(422, refused));
        }
        Ok((bundle.kind, requests(door, &bundle, asking)?))
    })?;
    let together = kind == Kind::Transaction;
    let done = door.fhir.take(asked, &asking.sender, together).await;
    let done = match done {
        Ok(done) => done,
        Err(refusal) => return Ok(refusal.into()),
    };
    if together && let Some(refused) = refused(&done) {
        return Ok(refused.into());
    }
    // What a batch is answered is known entry by entry; that it was carried out is all that its status says.
    let status = if together { 202 } else { 200 };
    Ok(Answer::new(status, response(kind, &done, asking)))
}

/// Takes a message: all of it or nothing.
pub(super) async fn message(
    door: &Arc<Door>,
    asking: &Asking,
    bytes: Vec<u8>,
) -> Result<Answer, Refusal> {
    let asked = aside(bytes.len(), || {
        strict::check(&bytes)?;
        let bundle = Bundle::read(&bytes)?;
        bundle.message()?;
        stated(door, &bundle, asking)
    })?;
    let done = door.fhir.take(asked, &asking.sender, true).await;
    let done = match done {
        Ok(done) => done,
        Err(refusal) => return Ok(refusal.into()),
    };
    if let Some(refused) = refused(&done) {
        return Ok(refused.into());
    }
    let again = done.iter().all(|one| matches!(one, Done::Unchanged(_)));
    let status = if again { 200 } else { 202 };
    Ok(Answer::new(status, response(Kind::Batch, &done, asking)))
}

fn refused(done: &[Done]) -> Option<&Refusal> {
    done.iter().find_map(|done| match done {
        Done::Refused(refusal) => Some(refusal),
        _ => None,
    })
}

/// What the entries of a batch or transaction ask for, in their order.
fn requests(door: &Door, bundle: &Bundle<'_>, asking: &Asking) -> Result<Vec<Asked>, Refusal> {
    let sender = &asking.sender;
    let ids: Vec<Option<String>> = bundle
        .entries
        .iter()
        .map(|entry| own_id(door, entry, sender))
        .collect::<Result<_, _>>()?;
    let mut links = bundle.links(&ids);
    answer_questions(door, bundle, sender, &mut links)?;
    let mut all = Vec::with_capacity(bundle.entries.len());
    for (entry, id) in bundle.entries.iter().zip(ids) {
        let asked = asked(bundle, entry, &links, (id, asking));
        all.push(match asked {
            Ok(asked) => asked,
            Err(refusal) if bundle.kind == Kind::Batch => Asked::refused(refusal),
            Err(refusal) => return Err(refusal),
        });
    }
    Ok(all)
}

/// The id that the resource of an entry has here: its own, or a new one where it is created.
fn own_id(door: &Door, entry: &Entry<'_>, sender: &Sender) -> Result<Option<String>, Refusal> {
    let Some(request) = entry.request.as_ref().filter(|_| entry.refused.is_none()) else {
        return Ok(None);
    };
    let new = || {
        let kind = entry.resource_type.unwrap_or_default();
        let bytes = entry.resource.map(Raw::as_bytes).unwrap_or_default();
        door.fhir.new_id(sender, kind, bytes)
    };
    let found = |criteria: &Criteria| {
        let kind = entry.resource_type.unwrap_or_default();
        let found = door.fhir.search(&sender.source, kind, criteria);
        let found = found.map_err(|error| unreadable(&error))?;
        Ok::<_, Refusal>(found.first().map(|entry| entry.state.id.to_string()))
    };
    match (request.method, request.target()) {
        (Method::Post, _) if !request.if_none_exist.is_empty() => {
            let criteria = existing(&request.if_none_exist)?;
            Ok(Some(found(&criteria)?.unwrap_or_else(new)))
        }
        (Method::Post, _) => Ok(Some(new())),
        (Method::Put, Target::Conditional { query, .. }) => {
            let own = entry
                .id
                .as_deref()
                .filter(|id| is_id(id))
                .map(str::to_owned);
            let there = found(&Criteria::parse(query)?)?;
            Ok(Some(there.or(own).unwrap_or_else(new)))
        }
        (_, Target::Relative { id, .. } | Target::Absolute { id, .. }) => Ok(Some(id.to_owned())),
        _ => Ok(None),
    }
}

fn unreadable(error: &crate::intake::fhir::IndexError) -> Refusal {
    Refusal::because(503, IssueCode::Transient, error.to_string())
}

/// Finds the one resource that each reference by a search means.
fn answer_questions(
    door: &Door,
    bundle: &Bundle<'_>,
    sender: &Sender,
    links: &mut Links,
) -> Result<(), Refusal> {
    for question in bundle.questions()? {
        let criteria = Criteria::parse(&question.query)?;
        let found = door.fhir.search(&sender.source, question.kind, &criteria);
        let found = found.map_err(|error| unreadable(&error))?;
        match found.as_slice() {
            [] => {}
            [one] => links.answer(&question, format!("{}/{}", question.kind, one.state.id)),
            _ => {
                let place = format!("Bundle.entry[{}]", question.entry);
                let words =
                    "a reference by a search finds several: name the one that is meant by its id";
                let refused = Refused::new(IssueCode::MultipleMatches, place, words);
                return Err(Refusal::new(412, refused));
            }
        }
    }
    Ok(())
}

/// What one entry asks for.
fn asked(
    bundle: &Bundle<'_>,
    entry: &Entry<'_>,
    links: &Links,
    (id, asking): (Option<String>, &Asking),
) -> Result<Asked, Refusal> {
    if let Some(refused) = &entry.refused {
        return Err(Refusal::new(400, refused.clone()));
    }
    let place = |part: &str| format!("Bundle.entry[{}].request{part}", entry.number);
    let Some((request, kind)) = entry.request.as_ref().zip(entry.resource_type) else {
        let words = "only what is created, changed or deleted is taken in a bundle: read with requests of their own";
        return Err(Refused::new(IssueCode::NotSupported, place(".url"), words).into());
    };
    let interaction = match request.method {
        Method::Post => Interaction::Create,
        Method::Put => Interaction::Update,
        Method::Delete => Interaction::Delete,
        Method::Get | Method::Head | Method::Patch => {
            let words = "only POST, PUT and DELETE are taken in a bundle: read with requests of their own, and send what is changed whole";
            return Err(Refused::new(IssueCode::NotSupported, place(".method"), words).into());
        }
    };
    kept(kind, &place(".url"))?;
    let bytes = match interaction {
        Interaction::Delete => Vec::new(),
        _ => asking
            .own
            .relative(bundle.resolved(entry, links, id.as_deref())?),
    };
    let mut asked = Asked::new(interaction, kind, bytes);
    asked.id = id;
    asked.criteria = criteria(request)?;
    asked.is_new = interaction == Interaction::Create && asked.criteria.is_none();
    if !request.if_match.is_empty() {
        asked.if_match = Some(version(&request.if_match)?);
    }
    if interaction == Interaction::Update {
        asked.must_be_new = none_match(&request.if_none_match)?;
    }
    Ok(asked)
}

fn criteria(request: &Request<'_>) -> Result<Option<Criteria>, Refusal> {
    if request.method == Method::Post {
        let given = Some(&*request.if_none_exist).filter(|query| !query.is_empty());
        return given.map(existing).transpose();
    }
    match request.target() {
        Target::Conditional { query, .. } => Criteria::parse(query).map(Some),
        _ => Ok(None),
    }
}

fn kept(kind: &'static str, place: &str) -> Result<(), Refusal> {
    if mapping::fhir::is_kept(kind) {
        return Ok(());
    }
    let words = "a resource of this type wraps others or answers a request, and is not kept: send what is in it";
    Err(Refused::new(IssueCode::NotSupported, place, words).into())
}

/// What the resources of a message state: those with an id are as they say, the others are new.
fn stated(door: &Door, bundle: &Bundle<'_>, asking: &Asking) -> Result<Vec<Asked>, Refusal> {
    let sender = &asking.sender;
    let new = |entry: &Entry<'_>| {
        let kind = entry.resource_type.unwrap_or_default();
        let bytes = entry.resource.map(Raw::as_bytes).unwrap_or_default();
        door.fhir.content_id(sender, kind, bytes)
    };
    let id = |entry: &Entry<'_>| {
        let own = entry
            .id
            .as_deref()
            .filter(|id| is_id(id))
            .map(str::to_owned);
        Some(own.unwrap_or_else(|| new(entry)))
    };
    let ids: Vec<Option<String>> = bundle.entries.iter().map(id).collect();
    let links = bundle.links(&ids);
    let mut all = Vec::new();
    for (entry, id) in bundle.entries.iter().zip(ids) {
        let Some(kind) = entry.resource_type else {
            continue;
        };
        kept(kind, &format!("Bundle.entry[{}].resource", entry.number))?;
        let bytes = bundle.resolved(entry, &links, id.as_deref())?;
        let bytes = asking.own.relative(bytes);
        let mut asked = Asked::new(Interaction::Update, kind, bytes);
        asked.id = id;
        all.push(asked);
    }
    Ok(all)
}

/// The answer to a bundle: an entry for each of its own.
fn response(kind: Kind, done: &[Done], asking: &Asking) -> Vec<u8> {
    let name = match kind {
        Kind::Transaction => "transaction-response",
        _ => "batch-response",
    };
    json::object(|bundle| {
        bundle.string("resourceType", "Bundle");
        bundle.string("type", name);
        bundle.array("entry", |entries| {
            for one in done {
                entries.object(|entry| write_entry(entry, one, asking));
            }
        });
    })
}

fn write_entry(entry: &mut json::Object<'_>, done: &Done, asking: &Asking) {
    let base = asking.own.base();
    match done {
        Done::Refused(refusal) => {
            entry.object("response", |response| {
                response.string("status", &refusal.status.to_string());
                response.raw("outcome", &refusal.outcome());
            });
        }
        Done::Unchanged(None) => {
            entry.object("response", |response| {
                response.string("status", "200");
            });
        }
        Done::Unchanged(Some(there)) => {
            let state = &there.state;
            let place = (topics::FHIR_RECEIVED, there.partition, there.offset);
            entry.object("response", |response| {
                write_state(response, ("200", base), state, place);
            });
        }
        Done::Kept {
            kept,
            state,
            bytes,
            issues,
        } => {
            if asking.prefer == Prefer::Representation && !state.deleted {
                let url = format!("{base}/fhir/{}/{}", state.resource_type, state.id);
                entry.string("fullUrl", &url);
                entry.raw("resource", &answer::versioned(bytes, state));
            }
            let place = (&*kept.topic, kept.partition, kept.offset);
            entry.object("response", |response| {
                write_state(response, ("202", base), state, place);
                if !issues.is_empty() {
                    let outcome = formats::fhir::validate::operation_outcome(issues);
                    response.raw("outcome", &outcome);
                }
            });
        }
    }
}

/// What became of an entry, and where it is: for FHIR, and in the journal.
fn write_state(
    response: &mut json::Object<'_>,
    (status, base): (&str, &str),
    state: &State,
    (topic, partition, offset): (&str, u16, Offset),
) {
    response.array("extension", |all| {
        all.object(|one| {
            one.string("url", PLACE);
            one.string("valueString", &format!("{topic}/{partition}/{offset}"));
        });
    });
    let location = answer::location(state);
    response
        .string("status", status)
        .string("location", &format!("{base}/fhir/{location}"))
        .string("etag", &answer::etag(state))
        .string("lastModified", &state.at.to_string());
}
