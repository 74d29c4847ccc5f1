//! Providers of one specialty beside each other, week by week.

use clinical::{Finding, FindingState};
use expect_test::expect;

use super::super::super::calendar::parse_day;
use super::super::LedgerConfig;
use super::*;

/// The Monday of the first week.
const FIRST: &str = "2026-01-05";
const ONE_OUT: u8 = 200;

fn first() -> Day {
    parse_day(FIRST).unwrap()
}

fn key(provider: u8) -> PatientKey {
    PatientKey::from_bytes([provider; 16])
}

fn kind() -> MixKind {
    MixKind {
        specialty: "207Q00000X".into(),
        family: "office".into(),
    }
}

fn rules(peers: Option<u32>) -> PeerRules {
    PeerRules::new(PayerConfig {
        ledger: LedgerConfig {
            peers,
            weeks: 4,
            ..LedgerConfig::default()
        },
        ..PayerConfig::default()
    })
}

fn mix(counts: [u32; 5]) -> Option<Mix> {
    Some(Mix {
        counts,
        charged: Decimal::from(1000),
        unpaid: Decimal::from(250),
    })
}

/// Weeks in which eleven are alike but for a little, each with forty visits.
fn alike(weeks: std::ops::Range<i32>) -> Peers {
    let mut peers = Peers::default();
    for week in weeks {
        for provider in 0..11_u8 {
            let more = u32::from(provider);
            let counts = [0, 10, 20 - more, more, 10];
            peers.take(key(provider), first() + week * WEEK_DAYS, mix(counts));
        }
    }
    peers
}

/// Looks at what stands when so many weeks are over.
fn look(peers: &mut Peers, rules: &PeerRules, weeks: i32) -> Judged {
    let at = rules.calendar().start(first() + weeks * WEEK_DAYS);
    rules.judge(peers, &kind(), at, ReceivedTime::from_micros(at.micros()))
}

fn words(findings: &[Finding]) -> Vec<String> {
    let word = |finding: &Finding| match finding.state {
        FindingState::Asserted => finding.severity.word(),
        FindingState::Retracted(_) => "retracted",
    };
    let one = |finding: &Finding| {
        assert_eq!(finding.patient, key(ONE_OUT));
        format!(
            "{} {} since {}",
            finding.revision,
            word(finding),
            finding.as_of
        )
    };
    findings.iter().map(one).collect()
}

#[test]
fn who_stands_out_is_told_of_with_the_numbers_it_rests_on() {
    let mut peers = alike(0..4);
    peers.take(key(ONE_OUT), first(), mix([0, 0, 0, 10, 30]));
    let judged = look(&mut peers, &rules(Some(11)), 4);
    expect![[r#"visits (office) from 2026-01-05 to 2026-02-01 are of higher levels than those of 11 peers: 40 visits of mean level 4.75, median of all 3.39 (deviation 0.08, score 12.25), 1000 charged, 250 of it is not paid; to be looked at, not decided by this"#]]
        .assert_eq(&judged.findings[0].summary);
    assert_eq!(
        &*judged.findings[0].condition,
        "visit-levels/207Q00000X/office"
    );
    let Some(CaseFacts::Levels(facts)) = judged.cases[0].facts.clone() else {
        panic!("it is of levels");
    };
    assert_eq!((facts.counts, facts.peers), ([0, 0, 0, 10, 30], 11));
    // The same is not told again.
    assert_eq!(look(&mut peers, &rules(Some(11)), 4), Judged::default());
}

#[test]
fn it_begins_on_the_rising_edge_and_ends_when_it_falls() {
    let mut peers = alike(0..16);
    for week in 0..16 {
        let counts = match week {
            5..9 => [0, 0, 0, 10, 30],
            _ => [0, 10, 15, 5, 10],
        };
        peers.take(key(ONE_OUT), first() + week * WEEK_DAYS, mix(counts));
    }
    let rules = rules(Some(10));
    let mut told = Vec::new();
    for weeks in 5..=16 {
        told.extend(words(&look(&mut peers, &rules, weeks).findings));
    }
    assert!(told.len() > 3, "{told:?}");
    assert!(told[0].starts_with("1 low since 2026-02-"), "{told:?}");
    let since = told[0].split_once("since").unwrap().1;
    assert!(told.iter().all(|one| one.ends_with(since)), "{told:?}");
    assert!(told.last().unwrap().contains("retracted"), "{told:?}");
    // Who looks for the first time when it has gone on for long finds the same beginning.
    let mut whole = alike(0..9);
    for week in 0..9 {
        let counts = match week {
            5..9 => [0, 0, 0, 10, 30],
            _ => [0, 10, 15, 5, 10],
        };
        whole.take(key(ONE_OUT), first() + week * WEEK_DAYS, mix(counts));
    }
    let late = words(&look(&mut whole, &rules, 9).findings);
    assert!(late[0].ends_with(since), "{late:?} {told:?}");
}

#[test]
fn nobody_is_compared_with_too_few_visits_or_too_few_others_or_all_alike() {
    let of = |visits: u32, others: Option<u32>| {
        let mut peers = alike(0..1);
        peers.take(key(ONE_OUT), first(), mix([0, 0, 0, 0, visits]));
        look(&mut peers, &rules(others), 1).findings.len()
    };
    assert_eq!((of(29, Some(11)), of(30, Some(11))), (0, 1));
    assert_eq!((of(30, Some(12)), of(30, None)), (0, 0));
    let mut same = Peers::default();
    for provider in 0..20 {
        same.take(key(provider), first(), mix([0, 0, 40, 0, 0]));
    }
    same.take(key(ONE_OUT), first(), mix([0, 0, 0, 0, 40]));
    assert_eq!(look(&mut same, &rules(Some(1)), 1), Judged::default());
}

#[test]
fn a_week_that_is_not_over_and_one_that_was_taken_back_do_not_count() {
    let mut peers = alike(0..2);
    let second = first() + WEEK_DAYS;
    peers.take(key(ONE_OUT), second, mix([0, 0, 0, 0, 40]));
    let rules = rules(Some(10));
    assert_eq!(look(&mut peers, &rules, 1), Judged::default());
    assert_eq!(
        words(&look(&mut peers, &rules, 2).findings),
        ["1 low since 2026-01-12T00:00:00Z"]
    );
    peers.take(key(ONE_OUT), second, None);
    let taken = look(&mut peers, &rules, 2);
    assert_eq!(
        words(&taken.findings),
        ["2 retracted since 2026-01-12T00:00:00Z"]
    );
    assert_eq!(taken.cases[0].facts, None);
}

#[test]
fn a_specialty_is_what_it_was_after_it_was_stored_and_gives_up_what_is_old() {
    let mut peers = alike(0..4);
    peers.take(key(ONE_OUT), first(), mix([0, 0, 0, 10, 30]));
    look(&mut peers, &rules(Some(10)), 4);
    let mut bytes = Vec::new();
    assert!(peers.encode(&mut bytes));
    assert_eq!(Peers::decode(&bytes).as_ref(), Ok(&peers));
    // Half a year is followed, and the weeks that its first one is judged by.
    look(&mut peers, &rules(Some(10)), 30);
    assert!(!peers.is_empty());
    look(&mut peers, &rules(Some(10)), 34);
    assert!(peers.is_empty());
}
