//! What FHIR servers tell their subscribers: answered when the journal has it, or knows that it is missing.

use std::sync::Arc;

use formats::fhir::json;
use formats::fhir::validate::IssueCode;

use super::Door;
use super::answer::{self, Answer, outcome};
use super::request::Asking;
use super::write;
use crate::intake::fhir::Refusal;
use crate::intake::subscriptions::{Piece, Told, Trouble};

/// Takes in a notification; one without a body says that something changed.
pub(super) async fn notified(
    door: &Arc<Door>,
    asking: &Asking,
    bytes: &[u8],
) -> Result<Answer, Refusal> {
    if bytes.is_empty() {
        let done = door.subscriptions.something_changed(&asking.sender).await;
        return answered(done, |()| {
            Answer::new(202, outcome("what changed is asked for"))
        });
    }
    let done = door.subscriptions.notified(&asking.sender, bytes).await;
    answered(done, |told| told_of(&told))
}

/// Takes in one resource, or that it was deleted, as subscriptions of R4 send them.
pub(super) async fn resource(
    door: &Arc<Door>,
    asking: &Asking,
    bytes: Option<Vec<u8>>,
) -> Result<Answer, Refusal> {
    let resource_type = asking.named.resource_type.unwrap_or_default();
    if let Some(bytes) = &bytes {
        write::checked(bytes, resource_type)?;
    }
    let piece = Piece {
        resource_type,
        id: asking.named.id.clone().unwrap_or_default(),
        bytes,
        event: None,
    };
    let done = door.subscriptions.resource(&asking.sender, piece).await;
    answered(done, |done| match done {
        Some(done) => answer::done(&done, asking.own.base(), asking.prefer),
        None => Answer::new(200, outcome("what is there is newer: nothing was changed")),
    })
}

fn answered<T>(
    done: Result<T, Trouble>,
    answer: impl FnOnce(T) -> Answer,
) -> Result<Answer, Refusal> {
    match done {
        Ok(done) => Ok(answer(done)),
        Err(Trouble::Refused(refusal)) => Err(refusal),
        Err(Trouble::NotKept(refusal)) => Ok(refusal.into()),
    }
}

fn told_of(told: &Told) -> Answer {
    if told.put_off > 0 {
        let words = format!(
            "what {} of the events are about cannot be had from their server now: tell them again later, and send the resources with them if that can be",
            told.put_off
        );
        return Answer::because(503, IssueCode::Transient, &words);
    }
    let is_new = told.taken + told.asked_for > 0;
    let status = if is_new { 202 } else { 200 };
    let anew = match told.anew {
        true => "; the server counts anew, and the events before these are asked for",
        false => "",
    };
    let words = format!(
        "{} events are kept, {} were known, {} are asked for{anew}",
        told.taken, told.again, told.asked_for
    );
    match told.refused.is_empty() {
        true => Answer::new(status, outcome(&words)),
        false => Answer::new(status, refused(&told.refused)),
    }
}

/// What of a notification is never taken, though the rest is.
fn refused(all: &[Refusal]) -> Vec<u8> {
    json::object(|outcome| {
        outcome.string("resourceType", "OperationOutcome");
        outcome.array("issue", |issues| {
            for refusal in all {
                issues.object(|issue| {
                    issue
                        .string("severity", "warning")
                        .string("code", refusal.code())
                        .string("diagnostics", &refusal.words());
                });
            }
        });
    })
}
