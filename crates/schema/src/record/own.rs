//! The schemas of the records that have our own shape, as the code writes them.
//!
//! They are closed: each names all its fields. A field that is added is seen as a change; registries let it pass while
//! it may be missing, and a reader that holds records against the schema moves to the newer one first.

mod authorization;
mod emergency;
mod provider;
mod risk;

use super::RecordKind;
use crate::json_schema::{Document, Schema};

/// A moment in UTC; one beyond the calendar as microseconds since 1970.
const TIME: &str =
    r"^(-?[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z|-?[0-9]+ µs)$";
/// An id of ours, or a pseudonym.
const ID: &str = "^[0-9a-f]{32}$";

const SEVERITIES: [&str; 5] = ["none", "low", "medium", "high", "critical"];
const GAP_STATUSES: [&str; 7] = [
    "not-eligible",
    "excluded",
    "open",
    "reopened",
    "provisionally-closed",
    "closed",
    "counted",
];
const ALERT_STATES: [&str; 4] = ["open", "acknowledged", "resolved", "retracted"];
const DEVICE_FINDINGS: [&str; 8] = [
    "offline",
    "silent",
    "frozen",
    "gap",
    "technical",
    "clock",
    "unassociated",
    "no-rule",
];
const DELIVERY_KINDS: [&str; 5] = ["raised", "escalated", "downgraded", "retracted", "resolved"];

/// Gives the schema of a kind of record that is in our own shape.
pub(super) fn document(kind: RecordKind) -> Option<Document> {
    let (title, root) = match kind {
        RecordKind::Merge => ("Merge", merge()),
        RecordKind::Finding => ("Finding", finding()),
        RecordKind::Authorization => ("Authorization", authorization::authorization()),
        RecordKind::ProviderWeek => ("ProviderWeek", provider::week()),
        RecordKind::VisitMix => ("VisitMix", provider::mix()),
        RecordKind::IntegrityCase => ("IntegrityCase", provider::case()),
        RecordKind::CareGap => ("CareGap", care_gap()),
        RecordKind::EmergencyVisit => ("EmergencyVisit", emergency::visit()),
        RecordKind::EmergencyUnit => ("EmergencyUnit", emergency::unit()),
        RecordKind::RiskHour => ("RiskHour", risk::hour()),
        RecordKind::RiskExample => ("RiskExample", risk::example()),
        RecordKind::RiskStatus => ("RiskStatus", risk::status()),
        RecordKind::Command => ("Command", command()),
        RecordKind::AlertBudget => ("AlertBudget", alert_budget()),
        RecordKind::Alert => ("Alert", alert()),
        RecordKind::Delivery => ("Delivery", delivery()),
        RecordKind::Attempt => ("DeliveryAttempt", attempt()),
        RecordKind::Audit => ("Access", audit()),
        RecordKind::Unmapped => ("UnmappedCodes", unmapped()),
        RecordKind::DeviceAssociation => ("DeviceAssociation", association()),
        RecordKind::DeviceStatus => ("DeviceStatus", device_status()),
        RecordKind::Redriven => ("Redriven", redriven()),
        RecordKind::SubscriptionPosition => ("SubscriptionPosition", position()),
        RecordKind::Activity => ("SourceActivity", activity()),
        RecordKind::SourceStatus => ("SourceStatus", source_status()),
        _ => return None,
    };
    Some(Document::new(kind.name(), title, kind.summary(), root))
}

fn time() -> Schema {
    Schema::pattern(TIME)
}

fn id() -> Schema {
    Schema::pattern(ID)
}

fn patient() -> Schema {
    id().about("the patient's pseudonym, which is also the record's key")
}

fn number() -> Schema {
    Schema::whole(0, None)
}

fn version() -> Schema {
    Schema::whole(1, None).about("moves when the meaning of a field does")
}

fn severity() -> Schema {
    Schema::words(SEVERITIES)
}

fn merge() -> Schema {
    Schema::object()
        .must(
            "role",
            Schema::words(["retired", "survivor"]).about("what this identity is in the merge"),
        )
        .must("other", id().about("the pseudonym of the other identity"))
        .closed()
}

fn finding() -> Schema {
    Schema::object()
        .must("version", version())
        .must("id", id())
        .must("workload", Schema::text())
        .must("rule", Schema::text().about("the rule and its version"))
        .must("patient", patient())
        .must("condition", Schema::text())
        .must("asOf", time().about("when it was true"))
        .must("knownAt", time().about("when it could be known"))
        .must("revision", number())
        .may("replaces", id().about("the finding that this one replaces"))
        .must("state", Schema::words(["asserted", "retracted"]))
        .may("reason", Schema::text().about("why it was retracted"))
        .must("severity", severity())
        .may("score", Schema::of("integer"))
        .must("summary", Schema::text())
        .must("evidence", Schema::list(evidence()))
        .must(
            "missing",
            Schema::list(Schema::text()).about("what was not known"),
        )
        .may("cause", id().about("the event that led to it"))
        .may(
            "backfill",
            Schema::of("boolean").about("all that it rests on is history that was loaded"),
        )
        .closed()
}

fn care_gap() -> Schema {
    Schema::object()
        .must("version", version())
        .must("measure", Schema::text().about("such as cms130"))
        .must("title", Schema::text().about("what it is about"))
        .must("year", number().about("the calendar year that is measured"))
        .must(
            "status",
            Schema::words(GAP_STATUSES).about(
                "counted is a visit that a measure counts; not-eligible takes back what was said",
            ),
        )
        .must("due", time().about("when the year ends"))
        .must(
            "finding",
            finding().about("what says so: its evidence, the version of the measure, its revision"),
        )
        .closed()
}

fn evidence() -> Schema {
    let origin = Schema::object()
        .must("partition", number())
        .must("offset", number())
        .closed();
    Schema::object()
        .must("what", Schema::text())
        .must("value", Schema::text())
        .may("points", Schema::of("integer"))
        .must("at", time())
        .must("event", id())
        .must("origin", origin.about("its place on the patient stream"))
        .closed()
}

fn alert() -> Schema {
    Schema::object()
        .must("version", version())
        .must("id", id())
        .must("patient", patient())
        .must("condition", Schema::text())
        .must("episode", number())
        .must("revision", number())
        .must("severity", severity())
        .must("state", Schema::words(ALERT_STATES))
        .must("reason", Schema::text())
        .must("rule", Schema::text())
        .must("asOf", time().about("when its reason was true"))
        .must("knownAt", time().about("when its reason could be known"))
        .must("openedAt", time())
        .must("finding", id().about("the finding that it stands for"))
        .must("evidence", Schema::list(evidence()))
        .must("history", Schema::list(change()))
        .closed()
}

fn change() -> Schema {
    let by = Schema::object()
        .may("person", Schema::text())
        .may("rule", Schema::text())
        .closed();
    Schema::object()
        .must("at", time())
        .must("by", by.about("a person or a rule"))
        .must("to", Schema::words(ALERT_STATES))
        .must("severity", severity())
        .must("why", Schema::text())
        .closed()
}

fn command() -> Schema {
    Schema::object()
        .must("version", version())
        .must("alert", id())
        .must("patient", patient())
        .must("kind", Schema::words(["acknowledge", "resolve", "dismiss"]))
        .must("by", Schema::text())
        .must("at", time())
        .must("note", Schema::text())
        .may("readBackBy", Schema::text())
        .closed()
}

fn alert_budget() -> Schema {
    Schema::object()
        .must("version", version())
        .must(
            "kind",
            Schema::words(["patient-day", "told", "asks", "ended", "room"]),
        )
        .must("patient", patient())
        .may("alert", id())
        .may("severity", Schema::words(["low", "medium", "high"]))
        .closed()
}

fn delivery() -> Schema {
    Schema::object()
        .must("version", version())
        .must("id", id())
        .must("alert", alert().about("the alert as it stood"))
        .must("kind", Schema::words(DELIVERY_KINDS))
        .must("channel", Schema::text())
        .must("at", time().about("when it is due"))
        .closed()
}

fn attempt() -> Schema {
    Schema::object()
        .must("delivery", id())
        .must("number", Schema::whole(1, None))
        .may("firstAt", time().about("when it was first tried"))
        .must("at", time())
        .must(
            "outcome",
            Schema::words(["delivered", "failed", "given-up"]),
        )
        .may("why", Schema::text())
        .may("nextAttemptAt", time())
        .closed()
}

fn audit() -> Schema {
    Schema::object()
        .must("who", Schema::text())
        .must("purpose", Schema::text())
        .must(
            "patient",
            id().or_null()
                .about("the patient's pseudonym, where it was about one"),
        )
        .must("at", time())
        .closed()
}

fn unmapped() -> Schema {
    let code = Schema::object()
        .must(
            "field",
            Schema::text().about("where it stands, such as OBX-3"),
        )
        .may(
            "system",
            Schema::text().about("the sender's name of its coding system"),
        )
        .may("code", Schema::text())
        .may("text", Schema::text().about("the words that came with it"))
        .must("count", Schema::whole(1, None));
    Schema::object()
        .must("codes", Schema::list(code.closed()))
        .closed()
}

fn association() -> Schema {
    Schema::object()
        .must("version", version())
        .must(
            "device",
            Schema::text().about("the device's id in its site"),
        )
        .may(
            "authority",
            Schema::text().about("who gives the patient's identifier"),
        )
        .may(
            "identifier",
            Schema::text().about("the patient's identifier; none where the device is on nobody"),
        )
        .must("from", time())
        .may("to", time().about("until when; none while it goes on"))
        .closed()
}

fn device_status() -> Schema {
    Schema::object()
        .must("version", version())
        .must(
            "device",
            Schema::text().about("the device's id in its site"),
        )
        .must("kind", Schema::words(DEVICE_FINDINGS))
        .must("state", Schema::words(["open", "over", "noted"]))
        .must("at", time().about("when it was so"))
        .may(
            "code",
            Schema::text().about("the code that it is about, where it is about one"),
        )
        .may(
            "words",
            Schema::list(Schema::text()).about("what the device said of its values"),
        )
        .may("count", number().about("how many samples it is about"))
        .may(
            "offsetMs",
            Schema::of("integer").about("received less observed, of the device's clock"),
        )
        .closed()
}

fn position() -> Schema {
    let run = Schema::list(number()).about("the first and the last number of a run");
    Schema::object()
        .must("source", Schema::text())
        .must(
            "subscription",
            Schema::text().about("its id; empty where its server does not say"),
        )
        .must(
            "epoch",
            number().about("how often its server began to count anew"),
        )
        .must(
            "announced",
            number().about("the greatest number that was heard of"),
        )
        .must("taken", Schema::list(run))
        .may(
            "queried",
            Schema::of("integer")
                .about("the newest change that a query brought, in microseconds since the epoch"),
        )
        .may(
            "latest",
            Schema::of("integer").about(
                "when the newest event that was taken in happened, by its server, in microseconds since the epoch",
            ),
        )
        .may("standing", standing())
        .must(
            "at",
            Schema::of("integer").about("when it was written, in microseconds since the epoch"),
        )
        .closed()
}

fn standing() -> Schema {
    Schema::object()
        .about("how the subscription stands at its server")
        .must(
            "at",
            Schema::of("integer").about("when that was heard, in microseconds since the epoch"),
        )
        .must(
            "status",
            Schema::text().about("its code: requested, active, error, off, entered-in-error"),
        )
        .closed()
}

fn redriven() -> Schema {
    Schema::object()
        .must(
            "quarantined",
            Schema::text().about("topic/partition/offset of the record in quarantine"),
        )
        .must(
            "to",
            Schema::text().about("topic/partition that it was written to"),
        )
        .must(
            "number",
            Schema::whole(1, None)
                .about("the how manyth time, along the records that one message led to"),
        )
        .must(
            "edited",
            Schema::of("boolean").about("whether a person corrected it"),
        )
        .must("who", Schema::text())
        .must("at", time())
        .closed()
}

fn source() -> Schema {
    Schema::text().about("the configured name of the source; * for all of them together")
}

fn activity() -> Schema {
    let signal = Schema::object()
        .must("signal", Schema::text().about("the kind of message"))
        .must("messages", number());
    let answer = Schema::object()
        .must("code", Schema::text().about("such as AA or 2xx"))
        .must("count", number());
    Schema::object()
        .must("version", version())
        .must("source", source())
        .must("process", Schema::text().about("who heard it"))
        .must("minute", time().about("its beginning"))
        .must("ways", Schema::list(Schema::text()))
        .must(
            "messages",
            number().about("new ones, history not among them"),
        )
        .must("signals", Schema::list(signal.closed()))
        .must("backfill", number().about("messages that are history"))
        .must("answers", Schema::list(answer.closed()))
        .must("bytes", number())
        .may("last", time().about("when the newest came"))
        .may(
            "anybody",
            time().about("when this process last heard any source"),
        )
        .may("firstEvent", time())
        .may("lastEvent", time())
        .may(
            "lagMs",
            number().about("how long the newest was on its way"),
        )
        .may(
            "certificateExpires",
            time().about("when the certificate runs out that the source showed last"),
        )
        .closed()
}

fn source_status() -> Schema {
    let feed = Schema::object()
        .may(
            "signal",
            Schema::text().about("the kind of message; none for the source as a whole"),
        )
        .may("last", time().about("when it was last heard"))
        .may(
            "quietSince",
            time().about("since when it is silent for too long"),
        )
        .may("usualPerHour", number());
    Schema::object()
        .must("version", version())
        .must("source", source())
        .must("at", time())
        .must("feeds", Schema::list(feed.closed()))
        .closed()
}
