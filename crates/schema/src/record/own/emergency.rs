//! The schemas of what is told of emergency departments: of each visit, and of each unit.

use super::{number, patient, time, version};
use crate::json_schema::Schema;

const MILESTONES: [&str; 9] = [
    "arrival",
    "triage",
    "room",
    "provider",
    "decision",
    "bed-request",
    "admission",
    "bed-assigned",
    "departure",
];
const DISPOSITIONS: [&str; 6] = [
    "discharged",
    "admitted",
    "transferred",
    "left-unseen",
    "left-against-advice",
    "died",
];
const CROWDING: [&str; 6] = [
    "not busy",
    "busy",
    "extremely busy",
    "overcrowded",
    "severely overcrowded",
    "dangerously overcrowded",
];

pub(super) fn visit() -> Schema {
    let milestones = MILESTONES.into_iter();
    let milestones = milestones.fold(Schema::object(), |all, name| all.may(name, time()));
    Schema::object()
        .must("version", version())
        .must("visit", Schema::pattern("^[0-9a-f]{16}$").about("the visit, the same in each record of it"))
        .must("patient", patient_of_visit())
        .must("unit", unit_name())
        .may("place", Schema::text().about("where in the unit the patient is, or was last"))
        .must("waiting", Schema::of("boolean").about("that is no place of treatment"))
        .may("acuity", number().about("how urgent it is, from 1"))
        .must("knownAt", time())
        .must("gone", Schema::of("boolean").about("the unit's board does not show it any more: it is in another unit, or was called off"))
        .must("milestones", milestones.closed())
        .may("disposition", Schema::words(DISPOSITIONS))
        .must("observation", Schema::of("boolean"))
        .must("ventilated", Schema::of("boolean"))
        .closed()
}

fn patient_of_visit() -> Schema {
    patient().about("the patient's pseudonym")
}

fn unit_name() -> Schema {
    Schema::text().about("the unit, which is also the record's key")
}

pub(super) fn unit() -> Schema {
    let median = |of: &'static str| Schema::of("number").about(of);
    Schema::object()
        .must("version", version())
        .must("unit", unit_name())
        .must("at", time().about("the minute"))
        .must("patients", number())
        .must("waiting", number().about("for a treatment room"))
        .must("boarding", number().about("to be admitted"))
        .must("ventilated", number())
        .must("longestBoardingMinutes", number())
        .must("lastDoorToRoomMinutes", number())
        .must("departed", number().about("in the last 24 hours"))
        .must("leftUnseen", number().about("of those departed"))
        .may(
            "doorToRoom",
            median("the median of the last 24 hours, in minutes"),
        )
        .may(
            "doorToProvider",
            median("the median of the last 24 hours, in minutes"),
        )
        .may(
            "lengthOfStay",
            median("the median of the last 24 hours, in minutes"),
        )
        .may(
            "boardingTime",
            median("the median of the last 24 hours, in minutes"),
        )
        .may(
            "nedocs",
            median("the score of crowding, where beds are configured"),
        )
        .may("crowding", Schema::words(CROWDING))
        .closed()
}
