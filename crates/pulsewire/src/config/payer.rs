//! Whose rules the clocks of payer workloads follow: `[workloads.payer]`.

use workloads::payer::{Edits, PayerConfig, Receipt, payer_kinds};

use super::reader::Reader;

const TABLE: &str = "workloads.payer";

/// No one waits longer than a year to say that nobody saw a member.
const SEEN_WITHIN_MOST: usize = 366;

/// Reads the table; nothing where payer workloads are off.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<PayerConfig> {
    let is_on = reader.switch(TABLE, "enabled");
    let kind = reader.one_of(TABLE, "kind", &payer_kinds());
    let receipt = reader.one_of(TABLE, "receipt", &["received", "stated"]);
    let zone = reader.text(TABLE, "zone");
    let Some(config) = PayerConfig::new(&kind, &zone) else {
        let hint = "give an IANA name such as \"America/Chicago\"";
        reader.refuse(TABLE, "zone", "is no time zone", hint);
        return None;
    };
    let edits = edits(reader);
    let panels = reader.pairs(TABLE, "panels").into_iter();
    let panels = panels.map(|(code, word)| (code.into(), word.into()));
    let mut days = |key| u16::try_from(reader.count(TABLE, key, 0, SEEN_WITHIN_MOST)).ok();
    let [emergency, stay] = ["seen_after_emergency", "seen_after_stay"].map(&mut days);
    is_on.then_some(PayerConfig {
        edits,
        panels: panels.collect(),
        seen_after_emergency: emergency.filter(|days| *days > 0),
        seen_after_stay: stay.filter(|days| *days > 0),
        receipt: Receipt::parse(&receipt).unwrap_or(config.receipt),
        ..config
    })
}

/// Reads the site's own edits; those of invented codes where it has none.
fn edits(reader: &mut Reader<'_>) -> Edits {
    let [pairs, units] = ["pairs", "units"].map(|key| text_of(reader, key));
    if pairs.is_none() && units.is_none() {
        return Edits::default();
    }
    let read = |pairs: &str, units: &str| Edits::read("the site's edits", pairs, units);
    let (pairs, units) = (pairs.unwrap_or_default(), units.unwrap_or_default());
    for (key, pairs, units) in [("pairs", &*pairs, ""), ("units", "", &*units)] {
        if let Err(error) = read(pairs, units) {
            reader.refuse(TABLE, key, "has a row that is none", &error.to_string());
        }
    }
    read(&pairs, &units).unwrap_or_default()
}

fn text_of(reader: &mut Reader<'_>, key: &str) -> Option<String> {
    let path = reader.path(TABLE, key)?;
    std::fs::read_to_string(&path)
        .inspect_err(|error| {
            reader.refuse(TABLE, key, "cannot be read", &error.to_string());
        })
        .ok()
}
