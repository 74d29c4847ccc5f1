//! A Condition as workloads see it.

use clinical::{EventTime, Problem};
use formats::fhir::read::Malformed;
use formats::fhir::view::ResourceView;

use super::concept::{boxed, codes};

/// The clinical statuses of FHIR R4 of what the patient no longer has.
const OVER: [&str; 3] = ["inactive", "remission", "resolved"];
/// The verification statuses of FHIR R4 of what the patient does not have.
const NOT_SO: [&str; 2] = ["refuted", "entered-in-error"];

/// The verification statuses of FHIR R4 of what is only thought of.
const DOUBTFUL: [&str; 3] = ["unconfirmed", "provisional", "differential"];

/// Reads a Condition.
pub(super) fn problem(resource: &ResourceView<'_>) -> Result<Option<Problem>, Malformed> {
    let is_one_of = |name: &str, words: &[&str]| -> Result<bool, Malformed> {
        let said = codes(resource.concept(name))?;
        Ok(said.iter().any(|code| words.contains(&&*code.code)))
    };
    // A day is no moment, and none is made up for it.
    let moment = |name: &str| -> Result<Option<EventTime>, Malformed> {
        Ok(resource
            .text(name)?
            .and_then(|text| EventTime::parse(&text)))
    };
    let active = !is_one_of("verificationStatus", &NOT_SO)?;
    Ok(Some(Problem {
        resource: boxed(resource.id()?),
        codes: codes(resource.concept("code"))?,
        written: match moment("recordedDate")? {
            Some(written) => Some(written),
            None => moment("onsetDateTime")?,
        },
        active,
        doubtful: is_one_of("verificationStatus", &DOUBTFUL)?,
        over: is_one_of("clinicalStatus", &OVER)?,
    }))
}
