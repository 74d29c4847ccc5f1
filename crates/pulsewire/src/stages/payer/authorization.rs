//! How an authorization stands, as its record says it: what PAS counts of each, and what is reported of all each year.

use clinical::EventTime;
use serde::{Deserialize, Serialize};
use workloads::payer::{Authorization, Exchange, ExchangeKind};

/// The newest version of the record's shape.
const VERSION: u32 = 1;

/// How an authorization stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    version: u32,
    pub(crate) case: String,
    pub(crate) patient: String,
    finding: String,
    revision: u32,
    known_at: String,
    payer_kind: String,
    pub(crate) item: String,
    pub(crate) urgency: String,
    pub(crate) outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_submission_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) final_response_time: Option<String>,
    /// Whether it was decided in time; nothing where it is not decided, or no rule is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_time: Option<bool>,
    pub(crate) extended: bool,
    /// Whether what was denied was approved after all.
    pub(crate) overturned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    exchanges: Vec<Exchanged>,
}

/// One request or answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exchanged {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time: Option<String>,
    results: Vec<Decided>,
}

/// What was decided of a service; number 0 is the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Decided {
    item: u16,
    result: String,
}

impl Told {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.authorization+json";

    /// Writes how one stands.
    pub(crate) fn of(of: &Authorization) -> Self {
        let time = |at: Option<EventTime>| at.map(|at| at.to_string());
        Self {
            version: VERSION,
            case: of.case.clone(),
            patient: of.patient.to_string(),
            finding: of.finding.to_string(),
            revision: of.revision,
            known_at: of.known_at.to_string(),
            payer_kind: of.payer_kind.to_string(),
            item: if of.is_drug { "drug" } else { "service" }.to_owned(),
            urgency: if of.is_expedited {
                "expedited"
            } else {
                "standard"
            }
            .to_owned(),
            outcome: of.outcome.word().to_owned(),
            initial_submission_time: time(of.first_received_at),
            received: time(of.received_at),
            due: time(of.due),
            final_response_time: time(of.decided_at),
            in_time: of.decided_at.zip(of.due).map(|(at, due)| at <= due),
            extended: of.is_extended,
            overturned: of.is_overturned,
            rule: of.source.map(str::to_owned),
            exchanges: of.exchanges.iter().map(Exchanged::of).collect(),
        }
    }

    /// Gives it as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }

    /// Reads a record; nothing where it is none, or of a newer version.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }
}

impl Exchanged {
    fn of(of: &Exchange) -> Self {
        let is_response = of.kind == ExchangeKind::Response;
        let at = of.at.to_string();
        let (request_time, response_time) = match is_response {
            true => (None, Some(at)),
            false => (Some(at), None),
        };
        let decided = |(item, result): &(u16, workloads::payer::Outcome)| Decided {
            item: *item,
            result: result.word().to_owned(),
        };
        Self {
            kind: of.kind.word().to_owned(),
            request_time,
            response_time,
            results: of.results.iter().map(decided).collect(),
        }
    }
}
