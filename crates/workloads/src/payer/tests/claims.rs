//! Tests of what becomes of claims.

use clinical::FindingState;
use expect_test::expect;

use super::*;

#[test]
fn a_claim_goes_from_its_submission_to_its_payment() {
    let made = |upto: usize| {
        let mut all = vec![
            claim("C1", "2026-03-02T00:00:00Z", Vec::new()),
            status("A2", "2026-03-03T00:00:00Z", "C1"),
            remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]),
        ];
        all.truncate(upto);
        all
    };
    check(
        made(1),
        "2026-03-03T12:00:00Z",
        expect!["claim none: claim submitted, charged 200"],
    );
    check(
        made(1),
        "2026-03-04T12:00:00Z",
        expect![[r#"
            claim none: claim submitted, charged 200
            claim-acknowledgement-missing low: claim without its acknowledgement: due 2026-03-04 00:00 UTC, 48 hours after it was received (no rule: what a site may expect of its clearing house)"#]],
    );
    check(
        made(2),
        "2026-04-03T00:00:00Z",
        expect![[r#"
            claim none: claim acknowledged, charged 200
            claim-payment-missing low: claim without its payment: due 2026-04-01 23:59 UTC, 30 calendar days after it was received (42 CFR 422.520(a)(1): clean claims, 95 in 100)"#]],
    );
    check(
        made(3),
        "2026-04-20T00:00:00Z",
        expect!["claim none: claim paid, charged 200, paid 150"],
    );
}

#[test]
fn a_refused_a_denied_and_a_void_claim_are_told_of() {
    check(
        vec![
            claim("C1", "2026-03-02T00:00:00Z", Vec::new()),
            status("A7", "2026-03-03T00:00:00Z", "C1"),
        ],
        "2026-03-03T00:00:00Z",
        expect![[r#"
            claim none: claim refused, charged 200
            claim-refused medium: claim refused before it was decided: correct it and send it again"#]],
    );
    check(
        vec![
            claim("C1", "2026-03-02T00:00:00Z", Vec::new()),
            remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "0", "200"]),
        ],
        "2026-03-20T00:00:00Z",
        expect![[r#"
            claim none: claim denied, charged 200, paid 0
            claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction"#]],
    );
    let void = Document {
        standing: Standing::Cancelled,
        replaces: vec![link("C1")],
        ..claim("C2", "2026-03-25T00:00:00Z", Vec::new())
    };
    check(
        vec![
            claim("C1", "2026-03-02T00:00:00Z", Vec::new()),
            remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]),
            void,
        ],
        "2026-03-25T00:00:00Z",
        expect![[r#"
            claim none: claim void, charged 200, paid 150
            claim-void-paid low: claim called off by its sender, and 150 paid for it is not taken back"#]],
    );
}

fn answered(code: &str, amounts: [&str; 3], owed: &str) -> Vec<Document> {
    let answer = Document {
        code: code.into(),
        owed: money(owed),
        ..remittance("R1", "2026-03-20T00:00:00Z", "C1", amounts)
    };
    vec![claim("C1", "2026-03-02T00:00:00Z", Vec::new()), answer]
}

#[test]
fn what_the_member_owes_and_what_is_not_decided_yet_is_no_denial() {
    check(
        answered("complete", ["200", "0", "200"], "200"),
        "2026-04-20T00:00:00Z",
        expect!["claim none: claim processed, charged 200, paid 0, the member owes 200"],
    );
    check(
        answered("denied", ["200", "0", "200"], "200"),
        "2026-03-20T00:00:00Z",
        expect![[r#"
            claim none: claim denied, charged 200, paid 0, the member owes 200
            claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction"#]],
    );
    check(
        answered("queued", ["200", "0", "0"], "0"),
        "2026-03-03T00:00:00Z",
        expect!["claim none: claim submitted, charged 200"],
    );
    check(
        answered("error", ["200", "0", "0"], "0"),
        "2026-03-20T00:00:00Z",
        expect![[r#"
            claim none: claim refused, charged 200
            claim-refused medium: claim refused before it was decided: correct it and send it again"#]],
    );
    let mut corrected = answered("error", ["200", "0", "0"], "0");
    corrected.push(Document {
        replaces: vec![link("C1#")],
        ..claim("C2", "2026-03-21T00:00:00Z", Vec::new())
    });
    check(
        corrected,
        "2026-03-21T00:00:00Z",
        expect!["claim none: claim submitted, charged 200"],
    );
    let mut of_two = answered("complete", ["200", "150", "50"], "50");
    of_two.push(remittance(
        "R2",
        "2026-03-25T00:00:00Z",
        "C1",
        ["200", "50", "150"],
    ));
    check(
        of_two,
        "2026-04-20T00:00:00Z",
        expect!["claim none: claim paid, charged 200, paid 200"],
    );
}

#[test]
fn a_reversal_has_the_opposite_sign_of_what_it_takes_back() {
    let paid = || remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]);
    let again = || remittance("R3", "2026-03-26T00:00:00Z", "C1", ["200", "160", "40"]);
    let reversal = |paid| {
        let adjusted = if paid == "-150" { "-50" } else { "-60" };
        remittance("R2", "2026-03-25T00:00:00Z", "C1", ["-200", paid, adjusted])
    };
    check(
        vec![paid(), reversal("-150")],
        "2026-03-25T00:00:00Z",
        expect!["claim none: claim reversed, paid 0"],
    );
    check(
        vec![paid(), reversal("-150"), again()],
        "2026-03-26T00:00:00Z",
        expect!["claim none: claim paid, paid 160"],
    );
    check(
        vec![paid(), reversal("-140")],
        "2026-03-25T00:00:00Z",
        expect![[r#"
            claim none: claim reversed, paid 10
            claim-reversal low: reversal without an earlier payment of the same amounts with the opposite sign"#]],
    );
}

#[test]
fn what_does_not_add_up_is_told_of_by_claim_and_by_service() {
    let mut off = remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "10"]);
    off.lines.push(ServiceLine {
        charge: money("200"),
        paid: money("150"),
        adjusted: money("39.99"),
        ..service("X", "2026-03-01", "")
    });
    check(
        vec![off],
        "2026-03-20T00:00:00Z",
        expect![[r#"
            claim none: claim paid, paid 150
            claim-unbalanced low: remittance does not add up: charged 200, paid 150, adjusted 49.99
            claim-line-unbalanced low: service 1 of a remittance does not add up: charged 200, paid 150, adjusted 39.99"#]],
    );
}

#[test]
fn a_remittance_that_is_told_again_is_paid_once() {
    let again = |made: &str| Document {
        created: Some(Stated::Moment(at(made))),
        ..remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"])
    };
    let events = vec![
        event("a", "2026-03-20T01:00:00Z", again("2026-03-20T00:00:00Z")),
        event("b", "2026-03-21T01:00:00Z", again("2026-03-21T00:00:00Z")),
    ];
    for events in [events.clone(), events.into_iter().rev().collect()] {
        let (_, findings, _) = run(&events, "2026-03-22T00:00:00Z");
        let last = findings.iter().rfind(|one| {
            one.condition.starts_with("claim/") && one.state == FindingState::Asserted
        });
        assert_eq!(&*last.unwrap().summary, "claim paid, paid 150");
    }
}

#[test]
fn what_is_paid_by_the_member_or_costs_nothing_is_no_denial() {
    check(
        answered("capitated", ["200", "0", "200"], "0"),
        "2026-03-20T00:00:00Z",
        expect!["claim none: claim processed, charged 200, paid 0"],
    );
    check(
        answered("complete", ["0", "0", "0"], "0"),
        "2026-03-20T00:00:00Z",
        expect!["claim none: claim processed, charged 200, paid 0"],
    );
}

#[test]
fn what_is_decided_in_place_of_what_was_taken_back_is_what_counts() {
    // Both are of one file: they were made at one time.
    for name in ["R2", "R3", "R4", "R5"] {
        let reversal = remittance(name, "2026-03-25T00:00:00Z", "C1", ["-200", "-150", "-50"]);
        let denial = Document {
            code: "denied".into(),
            owed: money("20"),
            ..remittance("R9", "2026-03-25T00:00:00Z", "C1", ["200", "0", "200"])
        };
        let paid = remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]);
        check(
            vec![paid, reversal, denial],
            "2026-03-25T00:00:00Z",
            expect![[r#"
                claim none: claim denied, paid 0, the member owes 20
                claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction"#]],
        );
    }
}

/// Gives what is said of the claim after documents came in an order, one a day from 2026-03-26 on.
pub(super) fn told_in_order(all: &[Document], order: &[usize]) -> String {
    let events: Vec<_> = order
        .iter()
        .zip(26..)
        .map(|(place, on)| {
            let name = format!("{place}{on}");
            event(
                &name,
                &format!("2026-03-{on}T00:00:00Z"),
                all[*place].clone(),
            )
        })
        .collect();
    let (_, findings, _) = run(&events, "2026-03-31T00:00:00Z");
    let mut last = findings.iter().rev();
    let last = last.find(|one| one.condition.starts_with("claim/"));
    last.unwrap().summary.to_string()
}

#[test]
fn the_last_remittance_is_that_of_the_last_day_whatever_came_last() {
    let of = |name: &str, on: &str, owed: &str| Document {
        created: Some(Stated::Day(day(on))),
        owed: money(owed),
        ..remittance(name, "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"])
    };
    let all = [
        of("R1", "2026-03-20", "30"),
        of("R2", "2026-03-25", "20"),
        // The first one again, in another file.
        of("R1", "2026-03-27", "30"),
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
        let told = told_in_order(&all, &order);
        assert_eq!(told, "claim paid, paid 300, the member owes 20");
    }
}

#[test]
fn what_was_adjusted_is_paid_as_its_adjustment_says() {
    let before = remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]);
    let after = Document {
        replaces: vec![link("R1")],
        ..remittance("R2", "2026-03-25T00:00:00Z", "C2", ["200", "160", "40"])
    };
    for all in [
        vec![before.clone(), after.clone()],
        vec![after.clone(), before],
    ] {
        check(
            all,
            "2026-03-26T00:00:00Z",
            expect!["claim none: claim paid, paid 160"],
        );
    }
}

#[test]
fn what_stands_in_place_of_a_claim_is_the_one_that_was_sent_last_of_one_file() {
    let made = "2026-03-02T00:00:00Z";
    // Whichever of the names sorts first.
    for (original, void) in [("C1", "C2"), ("C2", "C1"), ("C3", "C9"), ("C9", "C3")] {
        let void = Document {
            standing: Standing::Cancelled,
            replaces: vec![link("ICN")],
            links: vec![link(void), link("A#")],
            ..claim(void, made, Vec::new())
        };
        let original = Document {
            links: vec![link(original), link("A#")],
            ..claim(original, made, Vec::new())
        };
        check(
            vec![original, void],
            "2026-03-02T00:00:00Z",
            expect!["claim none: claim void, charged 200"],
        );
    }
}

#[test]
fn a_claim_that_was_corrected_waits_for_its_own_decision() {
    let original = || claim("C1", "2026-03-02T00:00:00Z", Vec::new());
    let corrected = || Document {
        replaces: vec![link("C1#")],
        ..claim("C2", "2026-03-25T09:00:00Z", Vec::new())
    };
    let denied = || remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "0", "200"]);
    check(
        vec![original(), denied(), corrected()],
        "2026-03-25T09:00:00Z",
        expect!["claim none: claim submitted, charged 200, paid 0"],
    );
    check(
        vec![
            original(),
            denied(),
            corrected(),
            status("A7", "2026-03-26T00:00:00Z", "C1"),
        ],
        "2026-03-26T00:00:00Z",
        expect![[r#"
            claim none: claim refused, charged 200, paid 0
            claim-refused medium: claim refused before it was decided: correct it and send it again"#]],
    );
    // What was decided on its day may be about it, and is not taken from it.
    let same_day = remittance("R2", "2026-03-25T07:00:00Z", "C1", ["200", "0", "200"]);
    check(
        vec![original(), denied(), corrected(), same_day],
        "2026-03-25T09:00:00Z",
        expect![[r#"
            claim none: claim denied, charged 200, paid 0
            claim-denied low: claim denied, nothing is paid: to be looked at for an appeal or a correction"#]],
    );
    // Of what is paid for the first one the second has an answer of its own, too.
    let paid = || remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "50"]);
    let back = || remittance("R2", "2026-03-22T00:00:00Z", "C1", ["-200", "-150", "-50"]);
    check(
        vec![original(), paid(), back(), corrected()],
        "2026-03-25T09:00:00Z",
        expect!["claim none: claim submitted, charged 200, paid 0"],
    );
    check(
        vec![original(), paid(), corrected()],
        "2026-03-25T09:00:00Z",
        expect!["claim none: claim submitted, charged 200, paid 150"],
    );
}

#[test]
fn of_a_claim_that_is_split_all_parts_count_in_any_order() {
    let part = |name: &str, amounts: [&str; 3], owed: &str| Document {
        created: Some(Stated::Day(day("2026-03-20"))),
        owed: money(owed),
        ..remittance(name, "2026-03-20T00:00:00Z", "C1", amounts)
    };
    let one = part("R1", ["150", "120", "30"], "30");
    let other = part("R2", ["50", "30", "20"], "20");
    // The first part is taken back and decided anew, on another day.
    let back = Document {
        created: Some(Stated::Day(day("2026-03-25"))),
        ..part("R3", ["-150", "-120", "-30"], "-30")
    };
    let all = [one, other, back];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
        let split = "claim paid, paid 150, the member owes 50";
        let both: Vec<_> = order.into_iter().filter(|place| *place < 2).collect();
        assert_eq!(told_in_order(&all, &both), split);
        let left = "claim paid, paid 30, the member owes 20";
        assert_eq!(told_in_order(&all, &order), left);
    }
}

#[test]
fn a_reversal_of_what_is_not_known_is_no_denial() {
    check(
        vec![remittance(
            "R2",
            "2026-03-25T00:00:00Z",
            "C1",
            ["-200", "-150", "-50"],
        )],
        "2026-03-25T00:00:00Z",
        expect![[r#"
            claim none: claim reversed, paid -150
            claim-reversal low: reversal without an earlier payment of the same amounts with the opposite sign"#]],
    );
}
