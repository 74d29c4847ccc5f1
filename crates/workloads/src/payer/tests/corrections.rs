//! Tests of what decides a claim that was corrected, and of reversals of what is not known.

use expect_test::{Expect, expect};

use super::super::authorization::tests::cut;
use super::claims::told_in_order;
use super::*;

fn corrected(made: &str) -> Document {
    Document {
        replaces: vec![link("C1#")],
        ..claim("C2", made, Vec::new())
    }
}

#[test]
fn a_correction_that_is_sent_again_in_another_file_keeps_its_decision() {
    let original = claim("C1", "2026-03-02T00:00:00Z", Vec::new());
    let denied = remittance("R1", "2026-03-28T00:00:00Z", "C1", ["200", "0", "200"]);
    check(
        vec![
            original,
            corrected("2026-03-25T09:00:00Z"),
            denied,
            corrected("2026-04-02T09:00:00Z"),
        ],
        "2026-04-02T09:00:00Z",
        expect![[r#"
            claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction
            claim none: claim denied, charged 200, paid 0"#]],
    );
}

#[test]
fn what_was_paid_before_a_correction_decides_nothing_of_it() {
    let original = || claim("C1", "2026-03-02T00:00:00Z", Vec::new());
    let paid = || remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]);
    let correction = || corrected("2026-03-25T09:00:00Z");
    let denied = remittance("R2", "2026-03-30T00:00:00Z", "C1", ["200", "0", "200"]);
    check(
        vec![original(), paid(), correction(), denied],
        "2026-03-30T00:00:00Z",
        expect![[r#"
            claim none: claim denied, charged 200, paid 150
            claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction"#]],
    );
    let back = remittance("R2", "2026-03-30T00:00:00Z", "C1", ["-200", "-150", "-50"]);
    let anew = remittance("R3", "2026-03-30T00:00:00Z", "C1", ["200", "100", "100"]);
    check(
        vec![original(), paid(), correction(), back, anew],
        "2026-03-30T00:00:00Z",
        expect!["claim none: claim paid, charged 200, paid 100"],
    );
    // What is taken back in part is no decision of the correction.
    let half = |name, on, sign: &str| {
        let amounts = ["100", "75", "25"].map(|amount| format!("{sign}{amount}"));
        remittance(name, on, "C1", [&amounts[0], &amounts[1], &amounts[2]])
    };
    check(
        vec![
            original(),
            half("R1", "2026-03-20T00:00:00Z", ""),
            half("R2", "2026-03-20T00:00:00Z", ""),
            correction(),
            half("R3", "2026-03-26T00:00:00Z", "-"),
        ],
        "2026-03-26T00:00:00Z",
        expect!["claim none: claim submitted, charged 200, paid 75"],
    );
}

#[test]
fn what_is_decided_with_a_reversal_of_what_is_not_known_counts() {
    let made = "2026-03-25T00:00:00Z";
    let check = |back: [&str; 3], anew: [&str; 3], expected: Expect| {
        let all = vec![
            remittance("R2", made, "C1", back),
            remittance("R3", made, "C1", anew),
        ];
        check(all, made, expected);
    };
    check(
        ["-200", "-150", "-50"],
        ["200", "180", "20"],
        expect![[r#"
            claim none: claim paid, paid 180
            claim-reversal low: reversal without an earlier payment of the same amounts with the opposite sign"#]],
    );
    check(
        ["-200", "-180", "-20"],
        ["200", "150", "50"],
        expect![[r#"
            claim none: claim paid, paid 150
            claim-reversal low: reversal without an earlier payment of the same amounts with the opposite sign"#]],
    );
}

/// What a payer paid of its claim, as a way tells it.
fn paid_by(way: Way, name: &str, made: &str, owed: Option<&str>) -> Document {
    Document {
        way,
        product: link("ICN1"),
        owed: owed.and_then(money),
        insurer: link(name),
        ..remittance(name, made, "C1", ["200", "150", "50"])
    }
}

#[test]
fn what_is_told_by_two_ways_is_paid_once() {
    let sent = || claim("C1", "2026-03-02T00:00:00Z", Vec::new());
    let x12 = || paid_by(Way::X12, "R1", "2026-03-20T00:00:00Z", Some("10"));
    let later = "2026-03-21T16:00:00Z";
    let benefit = || paid_by(Way::ExplanationOfBenefit, "R2", later, Some("10"));
    let response = || paid_by(Way::ClaimResponse, "R3", later, None);
    let told = |of: Vec<Document>| {
        let all: Vec<_> = [vec![sent()], of].concat();
        let order: Vec<_> = (0..all.len()).collect();
        told_in_order(&all, &order)
    };
    let once = "claim paid, charged 200, paid 150, the member owes 10";
    assert_eq!(told(vec![x12(), benefit()]), once);
    assert_eq!(told(vec![benefit(), x12()]), once);
    assert_eq!(told(vec![x12(), response()]), once);
    assert_eq!(told(vec![response(), benefit(), x12()]), once);
    // Parts of a claim that is split may be alike, and another number is another claim of the payer's.
    let part = paid_by(Way::X12, "R4", "2026-03-20T00:00:00Z", Some("10"));
    let split = "claim paid, charged 200, paid 300";
    assert!(told(vec![x12(), part, benefit()]).starts_with(split));
    let other = Document {
        product: link("ICN2"),
        ..benefit()
    };
    assert!(told(vec![x12(), other]).starts_with(split));
}

#[test]
fn by_which_way_a_remittance_came_is_kept_between_two_inputs() {
    let made = "2026-03-20T00:00:00Z";
    let (state, ..) = run(&told(vec![paid_by(Way::X12, "R1", made, None)]), made);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert_eq!(super::super::State::decode(&bytes).unwrap(), state);
    let plain = Document {
        way: Way::Unknown,
        ..paid_by(Way::X12, "R1", made, None)
    };
    let (mut state, ..) = run(&told(vec![plain]), made);
    bytes.clear();
    assert!(state.encode(&mut bytes));
    // An earlier version had neither.
    cut(&mut bytes, link("ICN1"));
    bytes[0] = 6;
    state.documents[0].document.product = 0;
    assert_eq!(super::super::State::decode(&bytes).unwrap(), state);
}
