//! Antimicrobials and cultures: prescriptions by the day, specimens by the minute or the day.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clinical::{Code, EventTime, Fact, OrderKind, System};

use super::stream::Streams;
use super::table::Table;
use crate::events::ordered;

/// Adds them. Which drugs the reference takes for antimicrobials is read from its answers, since its list leaves some out.
pub(super) fn add(folder: &Path, streams: &mut Streams) {
    let known: BTreeSet<String> = Table::read(folder, "oracle/suspicion_of_infection")
        .rows()
        .map(|row| row.text("antibiotic_name").to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    for row in Table::read(folder, "raw/prescriptions").rows() {
        let drug = row.text("drug");
        let Some(at) = row.time("startdate").filter(|_| known.contains(drug)) else {
            continue;
        };
        let resource = format!("prescription/{}", row.text("row_id"));
        let order = ordered(&resource, OrderKind::MedicationOrdered, vec![named(drug)]);
        let stream = streams.entry(row.id("subject_id")).or_default();
        stream.add(at, at, Fact::Order(order));
    }
    for ((subject, _, at, day_only, specimen), positive) in cultures(folder) {
        let mut code = Code::loinc("6463-4");
        code.display = format!("{specimen}/{}", u8::from(positive)).into();
        let mut codes = vec![code];
        codes.extend(day_only.then(|| named("day-only")));
        let resource = format!("culture/{specimen}/{at}/{day_only}");
        let order = ordered(&resource, OrderKind::Specimen, codes);
        let stream = streams.entry(subject).or_default();
        stream.add(at, at, Fact::Order(order));
    }
}

/// A specimen: whose, of which admission, when, whether only the day is known, and what it is.
type Specimen = (i64, i64, EventTime, bool, String);

fn cultures(folder: &Path) -> BTreeMap<Specimen, bool> {
    let mut cultures = BTreeMap::new();
    for row in Table::read(folder, "raw/microbiologyevents").rows() {
        let time = row.time("charttime");
        let at = time.or(row.time("chartdate"));
        let Some(at) = at.filter(|_| !row.text("hadm_id").is_empty()) else {
            continue;
        };
        let specimen = (
            row.id("subject_id"),
            row.id("hadm_id"),
            at,
            time.is_none(),
            row.text("spec_type_desc").to_owned(),
        );
        *cultures.entry(specimen).or_insert(false) |= !row.text("org_name").is_empty();
    }
    cultures
}

fn named(name: &str) -> Code {
    Code {
        system: System::Other("".into()),
        code: name.into(),
        display: name.into(),
    }
}
