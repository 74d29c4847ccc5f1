//! The schema of how a prior authorization stands.

use super::{id, number, patient, time, version};
use crate::json_schema::Schema;

const AUTHORIZATION_OUTCOMES: [&str; 10] = [
    "requested",
    "error",
    "pended",
    "approved",
    "modified",
    "partial",
    "denied",
    "not-required",
    "cancelled",
    "withdrawn",
];

pub(super) fn authorization() -> Schema {
    Schema::object()
        .must("version", version())
        .must(
            "case",
            Schema::text().about("its name, which no document has"),
        )
        .must("patient", patient())
        .must("finding", id().about("the finding that says so"))
        .must("revision", number())
        .must("knownAt", time().about("when this could be known"))
        .must(
            "payerKind",
            Schema::text().about("by whose rules the clock goes"),
        )
        .must("item", Schema::words(["service", "drug"]))
        .must("urgency", Schema::words(["standard", "expedited"]))
        .must("outcome", Schema::words(AUTHORIZATION_OUTCOMES))
        .may("initialSubmissionTime", time())
        .may("received", time().about("when the clock began"))
        .may("due", time())
        .may("finalResponseTime", time())
        .may("inTime", Schema::of("boolean"))
        .must("extended", Schema::of("boolean"))
        .must(
            "overturned",
            Schema::of("boolean").about("what was denied was approved after all"),
        )
        .may("rule", Schema::text().about("where the rule stands"))
        .must("exchanges", Schema::list(exchange()))
        .closed()
}

fn exchange() -> Schema {
    let decided = Schema::object()
        .must("item", number().about("0 is the whole"))
        .must("result", Schema::words(AUTHORIZATION_OUTCOMES))
        .closed();
    Schema::object()
        .must(
            "type",
            Schema::words(["initial", "subsequent", "update", "cancel", "response"]),
        )
        .may("requestTime", time())
        .may("responseTime", time())
        .must("results", Schema::list(decided))
        .closed()
}
