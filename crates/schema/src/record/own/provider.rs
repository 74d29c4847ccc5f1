//! The schemas of what claims add to a week of a provider, and of cases that come of it.

use super::{id, number, patient, severity, time, version};
use crate::json_schema::Schema;

/// An exact number of money or minutes, as text so that nothing rounds it.
const EXACT: &str = r"^-?[0-9]+(\.[0-9]+)?$";
/// A day.
const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
const LINK: &str = "^[0-9a-f]{16}$";

fn exact() -> Schema {
    Schema::pattern(EXACT)
}

fn day() -> Schema {
    Schema::pattern(DAY)
}

fn provider() -> Schema {
    id().about("the provider's pseudonym")
}

pub(super) fn week() -> Schema {
    Schema::object()
        .must("version", version())
        .must("provider", provider())
        .must("week", day().about("its Monday"))
        .must("patient", patient().about("the member's pseudonym"))
        .must(
            "case",
            Schema::text().about("the claim's name, which no document has"),
        )
        .may("cause", id().about("the event that caused it"))
        .may(
            "added",
            added().about("what the claim adds; nothing where it no longer adds anything"),
        )
        .closed()
}

fn added() -> Schema {
    let visit = Schema::object()
        .must("specialty", Schema::text())
        .must("family", Schema::text())
        .must("level", number())
        .closed();
    let service = Schema::object()
        .must("day", day())
        .must("code", Schema::text())
        .may(
            "modifiers",
            Schema::text().about("with a comma between them"),
        )
        .must("minutes", exact())
        .may("charge", exact())
        .may("visit", visit)
        .closed();
    Schema::object()
        .must("services", Schema::list(service))
        .must(
            "numbers",
            Schema::list(Schema::pattern(LINK)).about("what the claim goes by"),
        )
        .must("paid", Schema::of("boolean"))
        .must("at", time().about("when the claim was made"))
        .must("event", id())
        .must("partition", number())
        .must(
            "offset",
            number().about("where the patient stream keeps that event"),
        )
        .must("backfill", Schema::of("boolean"))
        .closed()
}

/// So many visits of each level.
fn by_level() -> Schema {
    Schema::list(number()).about("so many visits of each level, the lowest first")
}

pub(super) fn mix() -> Schema {
    let visits = Schema::object()
        .must("levels", by_level())
        .must("charged", exact())
        .must("unpaid", exact())
        .closed();
    Schema::object()
        .must("version", version())
        .must("provider", provider())
        .must("week", day().about("its Monday"))
        .must("specialty", Schema::text().about("NUCC taxonomy"))
        .must(
            "family",
            Schema::text().about("which visits are compared, by the site's table"),
        )
        .may(
            "visits",
            visits.about("nothing where there are none any more"),
        )
        .closed()
}

fn levels() -> Schema {
    Schema::object()
        .must("severity", severity())
        .must("specialty", Schema::text().about("NUCC taxonomy"))
        .must("family", Schema::text())
        .must("from", day())
        .must("until", day())
        .must("visits", by_level())
        .must("mean", exact().about("their mean level"))
        .must(
            "median",
            exact().about("of the mean levels of all who are compared"),
        )
        .must(
            "deviation",
            exact().about("the median of how far these are from it"),
        )
        .must("score", exact().about("the modified z-score"))
        .must("peers", number())
        .must("charged", exact())
        .must(
            "unpaid",
            exact().about("what of it could be held until somebody has looked"),
        )
        .closed()
}

pub(super) fn case() -> Schema {
    Schema::object()
        .must("version", version())
        .must("kind", Schema::words(["impossible-day", "visit-levels"]))
        .must("provider", provider())
        .must(
            "condition",
            Schema::text().about("the finding's condition: what the case is about"),
        )
        .must("finding", id().about("the finding that says so"))
        .must("revision", number())
        .must("knownAt", time())
        .must("open", Schema::of("boolean").about("whether it stands"))
        .may("found", found().about("of a day"))
        .may("levels", levels().about("of visits beside those of others"))
        .closed()
}

fn found() -> Schema {
    Schema::object()
        .must("severity", severity())
        .must("day", day())
        .must("minutes", exact())
        .must("limitMinutes", number().about("what they are more than"))
        .must("claims", number())
        .must("members", number())
        .must("charged", exact())
        .must(
            "unpaid",
            exact().about("what of it could be held until somebody has looked"),
        )
        .closed()
}
