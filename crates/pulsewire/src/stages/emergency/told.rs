//! What is told of visits to emergency departments and of their units, as records say it.

use std::collections::BTreeMap;

use clinical::{Decimal, EventTime, PatientKey, ReceivedTime};
use serde::{Deserialize, Serialize};
use workloads::throughput::{Disposition, Milestone, Said, Standing, UnitState, Visit, VisitKey};

/// The newest version of the records' shapes.
const VERSION: u32 = 1;

/// How a visit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VisitTold {
    version: u32,
    visit: String,
    pub(crate) patient: String,
    pub(crate) unit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) place: String,
    pub(crate) waiting: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acuity: Option<u8>,
    known_at: String,
    /// The unit's board does not show it any more.
    pub(crate) gone: bool,
    milestones: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disposition: Option<String>,
    observation: bool,
    ventilated: bool,
}

impl VisitTold {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.emergency-visit+json";

    /// Writes how one stands on the board of a unit.
    pub(super) fn of(standing: &Standing, unit: &str, gone: bool, patient: PatientKey) -> Self {
        let visit = &standing.visit;
        let milestones = Milestone::ALL.into_iter().filter_map(|milestone| {
            let at = visit.at(milestone)?;
            Some((milestone.word().to_owned(), at.to_string()))
        });
        Self {
            version: VERSION,
            visit: format!("{:016x}", standing.key.0),
            patient: patient.to_string(),
            unit: unit.to_owned(),
            place: standing.place.to_string(),
            waiting: standing.is_waiting,
            acuity: standing.acuity,
            known_at: standing.known.to_string(),
            gone,
            milestones: milestones.collect(),
            disposition: visit.disposition().map(|ended| ended.word().to_owned()),
            observation: visit.is_observation(),
            ventilated: visit.is_ventilated(),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }

    /// Reads a record; nothing where it is none, or of a newer version.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }

    /// Gives the visit's name; nothing where the record's is none.
    pub(crate) fn key(&self) -> Option<VisitKey> {
        u64::from_str_radix(&self.visit, 16).ok().map(VisitKey)
    }

    /// Gives when that could be known.
    pub(crate) fn known(&self) -> Option<ReceivedTime> {
        ReceivedTime::parse(&self.known_at)
    }

    /// Gives its milestones, as its unit counts them.
    pub(crate) fn standing(&self) -> Visit {
        let reached = self.milestones.iter().filter_map(|(word, at)| {
            Some(Said::Reached(Milestone::parse(word)?, EventTime::parse(at)))
        });
        let ended = self.disposition.as_deref().and_then(Disposition::parse);
        Visit::of(reached.chain([
            Said::Disposition(ended),
            Said::Unit(self.unit.as_str().into()),
            Said::Observation(self.observation),
            Said::Ventilated(self.ventilated),
        ]))
    }
}

/// How a unit stands at a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnitTold {
    version: u32,
    unit: String,
    at: String,
    patients: u32,
    waiting: u32,
    boarding: u32,
    ventilated: u32,
    longest_boarding_minutes: u64,
    last_door_to_room_minutes: u64,
    departed: u32,
    left_unseen: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door_to_room: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door_to_provider: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length_of_stay: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boarding_time: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nedocs: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crowding: Option<String>,
}

impl UnitTold {
    /// The media type of its record.
    pub(super) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.emergency-unit+json";

    /// Writes how one stands.
    pub(super) fn of(unit: &str, state: &UnitState) -> Self {
        Self {
            version: VERSION,
            unit: unit.to_owned(),
            at: state.at.to_string(),
            patients: state.patients,
            waiting: state.waiting,
            boarding: state.boarding,
            ventilated: state.ventilated,
            longest_boarding_minutes: state.longest_boarding_minutes,
            last_door_to_room_minutes: state.last_door_to_room_minutes,
            departed: state.departed,
            left_unseen: state.left_unseen,
            door_to_room: state.door_to_room.and_then(number),
            door_to_provider: state.door_to_provider.and_then(number),
            length_of_stay: state.length_of_stay.and_then(number),
            boarding_time: state.boarding_time.and_then(number),
            nedocs: state.nedocs.and_then(number),
            crowding: state.crowding.map(|crowding| crowding.words().to_owned()),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }
}

/// Gives a number to a tenth: more digits are not there.
pub(super) fn number(exact: Decimal) -> Option<f64> {
    exact.round_dp(1).to_string().parse().ok()
}
