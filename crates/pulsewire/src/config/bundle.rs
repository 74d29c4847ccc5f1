//! What a site sets of the sepsis bundle; the limit of fever has no default, since published copies of the measure differ.

use std::collections::BTreeSet;

use clinical::Decimal;
use workloads::{BundleConfig, TimeZero};

use super::reader::Reader;

const TABLE: &str = "workloads.sepsis-bundle";
/// The most low blood pressures that may be asked for.
const MAX_PRESSURES: usize = 10;

/// Reads `[workloads.sepsis-bundle]`.
pub(super) fn read(reader: &mut Reader<'_>) -> BundleConfig {
    let enabled = reader.switch(TABLE, "enabled");
    let text = reader.text(TABLE, "fever_above");
    let (least, most) = BundleConfig::FEVER;
    let degrees = text.parse::<Decimal>().ok();
    let fever = degrees.filter(|of| *of >= least && *of <= most);
    let hint = format!(
        "give the limit in °C, {least} to {most}, of the edition of the manual that the site reports by, such as \"38.3\""
    );
    if text.is_empty() && enabled {
        reader.refuse(
            TABLE,
            "fever_above",
            "is not set, and has no default",
            &hint,
        );
    } else if !text.is_empty() && fever.is_none() {
        reader.refuse(TABLE, "fever_above", "is not what it should be", &hint);
    }
    BundleConfig {
        fever,
        time_zero: time_zero(reader),
        at_risk: reader.duration(TABLE, "at_risk"),
        low_pressures: reader.count(TABLE, "low_pressures", 1, MAX_PRESSURES),
    }
}

fn time_zero(reader: &mut Reader<'_>) -> BTreeSet<TimeZero> {
    let text = reader.text(TABLE, "time_zero");
    let named = |word: &str| TimeZero::ALL.into_iter().find(|way| way.word() == word);
    let ways: Option<BTreeSet<TimeZero>> = text.split_whitespace().map(named).collect();
    let ways = ways.filter(|ways| !ways.is_empty());
    if ways.is_none() {
        let words = TimeZero::ALL.map(TimeZero::word).join(" ");
        let hint = format!("name one or more of: {words}");
        reader.refuse(TABLE, "time_zero", "is not what it should be", &hint);
    }
    ways.unwrap_or_default()
}
