//! Whose rules the clocks of payer workloads follow: `[workloads.payer]`.

use mapping::payer::practitioner;
use workloads::payer::{Edits, LedgerConfig, Levels, Minutes, PayerConfig, Receipt, payer_kinds};
use workloads::without_rows;

use super::reader::Reader;

const TABLE: &str = "workloads.payer";

/// No one waits longer than a year to say that nobody saw a member.
const SEEN_WITHIN_MOST: usize = 366;
/// A day that is told of has at least an hour of services, and at most as many minutes as the limits can be set to.
const DAY_LEAST: usize = 60;
const DAY_MOST: usize = 48 * 60;
/// Nobody has more providers of one specialty, a year has no more weeks, and nobody asks for more visits to compare.
const PEERS_MOST: usize = 100_000;
const VISITS_MOST: usize = 100_000;
const WEEKS_MOST: usize = 52;

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
    let (edits, ledger) = (edits(reader), ledger(reader));
    let panels = reader.pairs(TABLE, "panels").into_iter();
    let panels = panels.map(|(code, word)| (code.into(), word.into()));
    let mut days = |key| u16::try_from(reader.count(TABLE, key, 0, SEEN_WITHIN_MOST)).ok();
    let [emergency, stay] = ["seen_after_emergency", "seen_after_stay"].map(&mut days);
    is_on.then_some(PayerConfig {
        edits,
        ledger,
        panels: panels.collect(),
        seen_after_emergency: emergency.filter(|days| *days > 0),
        seen_after_stay: stay.filter(|days| *days > 0),
        receipt: Receipt::parse(&receipt).unwrap_or(config.receipt),
        ..config
    })
}

/// Reads a table of the site's own; that of invented codes where it has none.
fn table<T: Default, E: std::fmt::Display>(
    reader: &mut Reader<'_>,
    key: &str,
    read: fn(&str) -> Result<T, E>,
) -> T {
    let own = text_of(reader, key).map(|own| read(&own));
    if let Some(Err(error)) = &own {
        let hint = error.to_string();
        reader.refuse(TABLE, key, "has a row that is none", &hint);
    }
    own.and_then(Result::ok).unwrap_or_default()
}

/// Reads what providers are held against.
fn ledger(reader: &mut Reader<'_>) -> LedgerConfig {
    let minutes = table(reader, "minutes", Minutes::read);
    let levels = table(reader, "levels", Levels::read);
    let groups = groups(reader);
    let mut day = |key| {
        let minutes = reader.count(TABLE, key, DAY_LEAST, DAY_MOST);
        u32::try_from(minutes).expect("it is at most what two days have")
    };
    let [flagged, impossible] = ["flagged_minutes", "impossible_minutes"].map(&mut day);
    if flagged > impossible {
        let hint = "give no more than impossible_minutes";
        reader.refuse(TABLE, "flagged_minutes", "is more than cannot be", hint);
    }
    let peers = u32::try_from(reader.count(TABLE, "peers", 0, PEERS_MOST)).ok();
    let visits = u32::try_from(reader.count(TABLE, "peer_visits", 1, VISITS_MOST)).ok();
    let weeks = reader.count(TABLE, "peer_weeks", 1, WEEKS_MOST);
    let weeks = u16::try_from(weeks).expect("it is at most a year");
    LedgerConfig {
        minutes,
        levels,
        peers: peers.filter(|peers| *peers > 0),
        visits: visits.unwrap_or_default(),
        weeks,
        groups: groups.iter().map(|npi| practitioner(npi)).collect(),
        flagged,
        impossible,
    }
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
    let text = std::fs::read_to_string(&path).inspect_err(|error| {
        reader.refuse(TABLE, key, "cannot be read", &error.to_string());
    });
    let text = text.ok()?;
    if let Some((line, what)) = without_rows(&text) {
        reader.refuse(TABLE, key, "has no row", &format!("line {line}: {what}"));
        return None;
    }
    Some(text)
}

/// Reads the numbers of groups: a word that is none would leave a group judged as one person.
fn groups(reader: &mut Reader<'_>) -> Vec<String> {
    let groups = reader.words(TABLE, "groups");
    if let Some(wrong) = groups.iter().find(|word| !is_npi(word)) {
        let what = format!("names `{wrong}`, which is no National Provider Identifier");
        let hint = "give numbers of ten digits with commas between them; the last is a check digit, so look for one that was mistyped";
        reader.refuse(TABLE, "groups", &what, hint);
    }
    groups
}

/// Ten digits of which the last checks the others and the prefix 80840 (45 CFR 162.406; ISO/IEC 7812, Luhn).
fn is_npi(word: &str) -> bool {
    let digits: Option<Vec<u32>> = word.chars().map(|one| one.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 10) else {
        return false;
    };
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let each = digits.iter().rev().enumerate();
    let sum: u32 = each
        .map(|(place, digit)| {
            if place % 2 == 1 {
                doubled(*digit)
            } else {
                *digit
            }
        })
        .sum();
    // What the prefix adds is the same for all.
    (sum + 24).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{defaults, parse};

    const ON: &str = "[workloads.payer]\nenabled = true\n";

    fn ledger(text: &str) -> Option<LedgerConfig> {
        let config = parse(&format!("{ON}{text}")).ok()?;
        config.workloads.payer.map(|payer| payer.ledger)
    }

    #[test]
    fn days_of_providers_are_held_against_what_the_site_says() {
        assert_eq!(defaults().workloads.payer, None);
        assert_eq!(ledger(""), Some(LedgerConfig::default()));
        let set = "groups = \"1234567893, 1999999984\"\nflagged_minutes = 720\n";
        let own = ledger(set).unwrap();
        assert_eq!((own.flagged, own.groups.len()), (720, 2));
        assert!(own.groups.contains(&practitioner("1999999984")));
        assert_eq!(ledger("flagged_minutes = 1441\n"), None);
        assert_eq!(ledger("flagged_minutes = 59\n"), None);
        assert!(ledger("flagged_minutes = 60\n").is_some());
        let own = ledger("peers = 20\npeer_visits = 50\npeer_weeks = 26\n").unwrap();
        assert_eq!((own.peers, own.visits, own.weeks), (Some(20), 50, 26));
        assert_eq!(ledger("peer_weeks = 53\n"), None);
    }

    #[test]
    fn a_group_that_is_no_npi_is_refused() {
        for wrong in ["123,abc", "1234567890", "123456789", "\u{ff11}234567893"] {
            let told = parse(&format!("{ON}groups = \"{wrong}\"\n")).unwrap_err();
            let told = format!("{told:?}");
            assert!(told.contains("no National Provider Identifier"), "{told}");
        }
        assert!(ledger("groups = \"1234567893,\"\n").is_some());
    }

    #[test]
    fn edits_without_a_row_or_that_end_before_they_begin_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.tsv");
        let read = |rows: &str| {
            std::fs::write(&path, rows).unwrap();
            parse(&format!("{ON}pairs = {path:?}\n"))
        };
        assert!(read("\u{feff}A\tB\t0\t2020-01-01\t-\n").is_ok());
        let told = format!("{:?}", read("# words\n").unwrap_err());
        assert!(told.contains("has no row"), "{told}");
        let told = format!(
            "{:?}",
            read("A\tB\t0\t2026-01-01\t2025-01-01\n").unwrap_err()
        );
        assert!(told.contains("line 1 is no edit"), "{told}");
    }

    #[test]
    fn a_table_of_minutes_is_the_sites_own_or_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("minutes.tsv");
        let read = |rows: &str| {
            std::fs::write(&path, rows).unwrap();
            parse(&format!("{ON}minutes = {path:?}\n"))
        };
        let own = read("A\t30\t-\t2020-01-01\t-\n").unwrap();
        let own = own.workloads.payer.unwrap().ledger.minutes;
        assert_eq!(own, Minutes::read("A\t30\t-\t2020-01-01\t-\n").unwrap());
        let problems = read("A\t0\t-\t2020-01-01\t-\n").unwrap_err();
        assert!(format!("{problems:?}").contains("line 1"), "{problems:?}");
    }
}
