//! One resource: created, changed or deleted.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use clinical::MessageId;
use formats::fhir::read::Raw;
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;

use super::Door;
use super::answer::{self, Answer, Prefer};
use super::read;
use super::request::Asking;
use super::routes::Operation;
use crate::intake::fhir::{Asked, Criteria, Done, Interaction, Refusal};
use crate::tasks::aside;

/// The longest key of a creation.
pub(super) const KEY_BYTES_MAX: usize = 256;
/// The longest number of a version.
pub(super) const VERSION_DIGITS_MAX: usize = 18;

/// Does it and tells.
pub(super) async fn one(
    door: &Arc<Door>,
    operation: Operation,
    asking: &Asking,
    bytes: Vec<u8>,
) -> Result<Answer, Refusal> {
    let asked = aside(bytes.len(), || asked(door, operation, asking, bytes))?;
    let done = door.fhir.take(vec![asked], &asking.sender, false).await;
    let done = match done {
        Ok(done) => done,
        Err(refusal) => return Ok(refusal.into()),
    };
    let Some(done) = done.first() else {
        return Ok(Answer::new(200, Vec::new()));
    };
    let mut answer = answer::done(done, asking.own.base(), asking.prefer);
    if let Done::Unchanged(Some(there)) = done
        && asking.prefer == Prefer::Representation
        && let Some(resource) = read::again(door, asking, there)?
    {
        answer.body = resource;
    }
    Ok(answer)
}

fn asked(
    door: &Door,
    operation: Operation,
    asking: &Asking,
    bytes: Vec<u8>,
) -> Result<Asked, Refusal> {
    let resource_type = asking.named.resource_type.unwrap_or_default();
    let interaction = match operation {
        Operation::Create => Interaction::Create,
        Operation::Delete | Operation::DeleteFound => Interaction::Delete,
        _ => Interaction::Update,
    };
    if interaction != Interaction::Delete {
        checked(&bytes, resource_type)?;
    }
    let bytes = asking.own.relative(bytes);
    let mut asked = Asked::new(interaction, resource_type, bytes);
    asked.if_match = if_match(&asking.headers)?;
    if interaction == Interaction::Update {
        let given = header_text(&asking.headers, header::IF_NONE_MATCH.as_str())?;
        asked.must_be_new = none_match(given.as_deref().unwrap_or_default())?;
    }
    let new_id = |asked: &Asked| {
        let sender = &asking.sender;
        door.fhir.new_id(sender, asked.resource_type, &asked.bytes)
    };
    match operation {
        Operation::Create => {
            asked.criteria = unless(asking)?;
            let key = key(asking, asked.resource_type)?;
            asked.is_new = key.is_none() && asked.criteria.is_none();
            asked.id = Some(key.unwrap_or_else(|| new_id(&asked)));
        }
        Operation::Update | Operation::Delete => asked.id.clone_from(&asking.named.id),
        Operation::UpdateFound | Operation::DeleteFound => {
            asked.criteria = Some(Criteria::parse(&asking.query)?);
            if operation == Operation::UpdateFound {
                asked.id = Some(new_id(&asked));
            }
        }
        _ => {}
    }
    Ok(asked)
}

/// Holds a body against the type that it is sent as.
pub(super) fn checked(bytes: &[u8], resource_type: &str) -> Result<(), Refusal> {
    strict::check(bytes)?;
    let named = Raw::text_of(bytes, "resourceType");
    if named.as_deref() == Some(resource_type) {
        return Ok(());
    }
    let words = format!(
        "the resource is no {resource_type}, which is what it is sent as: send it to the address of its own type"
    );
    Err(Refusal::because(400, IssueCode::Invalid, words))
}

/// The version of `If-Match`.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    match header_text(headers, header::IF_MATCH.as_str())? {
        Some(text) => version(&text).map(Some),
        None => Ok(None),
    }
}

/// The version that an ETag is of.
pub(super) fn version(etag: &str) -> Result<u64, Refusal> {
    let text = etag.trim();
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let quoted = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    // Some clients leave out what is around the number.
    let number = quoted.unwrap_or(text);
    let is_number =
        number.len() <= VERSION_DIGITS_MAX && number.bytes().all(|byte| byte.is_ascii_digit());
    let version = number.parse().ok().filter(|_| is_number);
    version.ok_or_else(|| {
        let words = "a version is named as answers do it, such as W/\"3\"";
        Refusal::because(400, IssueCode::Value, words)
    })
}

/// Whether a change is made only where nothing is there yet, by the words of `If-None-Match`.
pub(super) fn none_match(given: &str) -> Result<bool, Refusal> {
    match given.trim() {
        "" => Ok(false),
        "*" => Ok(true),
        _ => {
            let words =
                "of what is changed, If-None-Match is * or left out: name a version by If-Match";
            Err(Refusal::because(400, IssueCode::NotSupported, words))
        }
    }
}

/// The search that keeps a resource from being created where it finds one: in the header that is for it, or, as some
/// clients have it, in the address.
fn unless(asking: &Asking) -> Result<Option<Criteria>, Refusal> {
    let header = header_text(&asking.headers, "if-none-exist")?;
    let header = header.map(|query| existing(&query)).transpose()?;
    match (header, Criteria::given(&asking.query)?) {
        (Some(_), Some(_)) => {
            let words = "the search stands in If-None-Exist and in the address: say it once";
            Err(Refusal::because(400, IssueCode::Value, words))
        }
        (header, query) => Ok(header.or(query)),
    }
}

/// The criteria of a creation that is done only where nothing meets them.
pub(super) fn existing(query: &str) -> Result<Criteria, Refusal> {
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    Criteria::parse(query)
}

/// The id of a resource that is created under a key: the same for the same key.
fn key(asking: &Asking, resource_type: &str) -> Result<Option<String>, Refusal> {
    let Some(key) = header_text(&asking.headers, "idempotency-key")? else {
        return Ok(None);
    };
    let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || key.is_empty() || key.len() > KEY_BYTES_MAX {
        let words = format!(
            "an Idempotency-Key has 1 to {KEY_BYTES_MAX} visible characters of ASCII: choose such a one"
        );
        return Err(Refusal::because(400, IssueCode::Value, words));
    }
    let parts = [
        b"idempotency-key",
        asking.sender.source.as_bytes(),
        resource_type.as_bytes(),
        key.as_bytes(),
    ];
    Ok(Some(MessageId::derive(&parts).to_string()))
}

pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| {
        let words = format!("the header {name} is not text");
        Refusal::because(400, IssueCode::Value, words)
    })?;
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::fhir::Token;

    #[test]
    fn versions_and_criteria_are_read_as_clients_write_them() {
        assert_eq!(version("W/\"3\"").ok(), Some(3));
        assert_eq!(version("\"3\"").ok(), Some(3));
        assert_eq!(version("3").ok(), Some(3));
        for wrong in ["*", "", "W/3", "\"\"", "\"3", "+3", "\"-1\""] {
            assert_eq!(version(wrong).unwrap_err().status, 400, "{wrong}");
        }
        let digits = |count| version(&"9".repeat(count)).is_ok();
        assert_eq!(
            [17, 18, 19].map(digits),
            [true, true, false],
            "{VERSION_DIGITS_MAX}"
        );
        let check = |query: &str, wanted: &[(Option<&str>, &str)]| {
            let tokens = wanted.iter().map(|(system, value)| Token {
                system: system.map(str::to_owned),
                value: (*value).to_owned(),
            });
            let wanted = Criteria::Identifier(tokens.collect());
            assert_eq!(existing(query).ok(), Some(wanted), "{query}");
        };
        check("identifier=urn:x|1%7C2", &[(Some("urn:x"), "1|2")]);
        check(
            "Patient?identifier=urn%3Ax%7C1|2",
            &[(Some("urn:x"), "1|2")],
        );
        check("identifier=1", &[(None, "1")]);
        check("identifier=|1", &[(Some(""), "1")]);
        check(
            "identifier=urn:x|1,2,urn:y|3",
            &[(Some("urn:x"), "1"), (None, "2"), (Some("urn:y"), "3")],
        );
        check(
            r"identifier=urn:x\,y|1\,2\|3",
            &[(Some("urn:x,y"), "1,2|3")],
        );
        for wrong in [
            "",
            "name=x",
            "identifier=",
            "identifier=urn:x|",
            "identifier=1,",
            "_id=1&identifier=2",
        ] {
            assert_eq!(existing(wrong).unwrap_err().status, 400, "{wrong}");
        }
    }

    #[test]
    fn a_body_is_what_it_is_sent_as() {
        let told =
            |body: &str| checked(body.as_bytes(), "Patient").map_err(|refusal| refusal.status);
        assert_eq!(told(r#"{"resourceType":"Patient"}"#), Ok(()));
        assert_eq!(told(r#"{"resourceType":"Group"}"#), Err(400));
        assert_eq!(
            told(r#"{"resourceType":"Patient","id":"1","id":"2"}"#),
            Err(400)
        );
        assert_eq!(told("[]"), Err(400));
        assert_eq!(told(""), Err(400));
    }
}
