//! The schemas of what is told of hours that a learned risk scored, and of how its model stands.

use super::{number, patient, time, version};
use crate::json_schema::Schema;

const FEEDBACK: [&str; 3] = ["acknowledged", "resolved", "false-alarm"];
const DRIFTS: [&str; 4] = ["inputs", "missing", "units", "calibration"];
const STABILITY: [&str; 3] = ["stable", "watch", "act"];

fn any_number() -> Schema {
    Schema::of("number")
}

fn scored() -> Schema {
    Schema::object()
        .must("version", version())
        .must("patient", patient_of_hour())
        .must("end", time().about("when the hour ended"))
        .must(
            "admission",
            time().about("when the hospital admitted the patient"),
        )
        .must("model", Schema::text().about("the model's version"))
        .must("score", any_number().about("the raw score"))
        .must("probability", any_number())
        .must(
            "features",
            Schema::list(any_number().or_null())
                .about("in the order of the model's rows; null where nothing is known, and empty where the hour is told again"),
        )
}

fn patient_of_hour() -> Schema {
    patient().about("the patient's pseudonym")
}

pub(super) fn hour() -> Schema {
    scored().closed()
}

pub(super) fn example() -> Schema {
    let outcome = Schema::object()
        .must("revision", number().about("the greatest of an hour holds"))
        .must(
            "septic",
            Schema::of("boolean")
                .about("sepsis began at most six hours later, or before in this stay"),
        )
        .must(
            "by",
            Schema::words(["sepsis-3", "horizon"]).about("what says so"),
        )
        .may("onset", time().about("when it began"))
        .must(
            "alerted",
            Schema::of("boolean").about("an alert stood at the end of the hour"),
        )
        .may(
            "feedback",
            Schema::words(FEEDBACK).about("what a person said of that alert"),
        );
    scored()
        .may(
            "outcome",
            outcome
                .closed()
                .about("what became of the hour, once it can be known"),
        )
        .closed()
}

fn quality() -> Schema {
    Schema::object()
        .must("hours", number())
        .must("septic", number())
        .may("auroc", any_number())
        .may("brier", any_number())
        .may("calibrationError", any_number())
        .may("observedOverExpected", any_number())
        .closed()
}

fn inputs() -> Schema {
    let feature = Schema::object()
        .must("feature", Schema::text())
        .must(
            "index",
            any_number().about("the population stability index"),
        )
        .must("stability", Schema::words(STABILITY));
    let missing = Schema::object()
        .must("variable", Schema::text())
        .must("was", any_number().about("the share of hours in training"))
        .must("is", any_number().about("the share of the newest hours"))
        .must("index", any_number())
        .may("standardErrors", any_number());
    let unit = Schema::object()
        .must("variable", Schema::text())
        .must("was", any_number().about("the median in training"))
        .must("is", any_number().about("the median of the newest hours"));
    Schema::object()
        .must("hours", number())
        .must("patients", number())
        .must("recentPatients", number())
        .must("features", Schema::list(feature.closed()))
        .must("missing", Schema::list(missing.closed()))
        .must("units", Schema::list(unit.closed()))
        .closed()
}

pub(super) fn status() -> Schema {
    let drift = Schema::object()
        .must("drift", Schema::words(DRIFTS))
        .must("since", time());
    let said = Schema::object()
        .must(
            "alerted",
            number().about("hours at whose end an alert stood"),
        )
        .must("alertedSeptic", number())
        .must("accepted", number().about("a person took or ended it"))
        .must("falseAlarm", number());
    let challenger = Schema::object()
        .must("learned", number().about("hours that it learned from"))
        .must("least", number().about("from so many on it is compared"))
        .must("model", quality().about("the model, on the same hours"))
        .must("challenger", quality());
    Schema::object()
        .must("version", version())
        .must(
            "workload",
            Schema::text().about("which is also the record's key"),
        )
        .must("model", Schema::text().about("the model's version"))
        .may(
            "since",
            time().about("the end of the first hour that it scored"),
        )
        .must("at", time())
        .must(
            "inUse",
            Schema::words(["model", "rule"]).about("what scores hours for alerts"),
        )
        .may(
            "approvedBy",
            Schema::text().about("who approved that, where it is not the model"),
        )
        .must("drifting", Schema::list(drift.closed()))
        .must("inputs", inputs())
        .must("quality", quality())
        .may("judgedFrom", time())
        .may("judgedTo", time())
        .must("said", said.closed())
        .must("challenger", challenger.closed())
        .closed()
}
