//! Eligibility and what is to be looked at, told by what stands in the end.

mod claims;
mod corrections;
mod coverage;

use clinical::Decimal;
use clinical::payer::{
    Day, Document, DocumentKind, EVERY_PRODUCT, HOSPITAL_STAY, PayerEvent, ServiceLine, Standing,
    Stated, Way, link,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::authorization::tests::{at, event, run, standing};
use super::calendar::parse_day;
use super::state::MAX_DOCUMENTS;

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

fn money(text: &str) -> Option<Decimal> {
    Some(Decimal::from_str_exact(text).unwrap())
}

/// A document of a name, with the numbers that it goes by.
fn document(kind: DocumentKind, name: &str, made: &str, links: &[&str]) -> Document {
    let own = link(name);
    Document {
        created: Some(Stated::Moment(at(made))),
        links: links.iter().map(|one| link(one)).chain([own]).collect(),
        ..Document::new(kind, own)
    }
}

fn service(code: &str, on: &str, modifiers: &str) -> ServiceLine {
    ServiceLine {
        number: 1,
        code: code.into(),
        modifiers: modifiers.into(),
        place: "11".into(),
        day: Some(day(on)),
        ..ServiceLine::default()
    }
}

fn claim(name: &str, made: &str, lines: Vec<ServiceLine>) -> Document {
    Document {
        charge: money("200"),
        provider: 9,
        lines,
        ..document(DocumentKind::Claim, name, made, &[&format!("{name}#")])
    }
}

fn remittance(name: &str, made: &str, of: &str, amounts: [&str; 3]) -> Document {
    let [charge, paid, adjusted] = amounts.map(money);
    Document {
        charge,
        paid,
        adjusted,
        ..document(DocumentKind::Remittance, name, made, &[&format!("{of}#")])
    }
}

fn status(code: &str, made: &str, of: &str) -> Document {
    Document {
        code: code.into(),
        ..document(DocumentKind::ClaimStatus, made, made, &[&format!("{of}#")])
    }
}

fn told(documents: Vec<Document>) -> Vec<PayerEvent> {
    let events = documents.into_iter().map(|document| {
        let Some(Stated::Moment(made)) = document.created else {
            panic!("each is made at a moment");
        };
        let name = format!("{}{made}", document.resource);
        event(&name, &made.to_string(), document)
    });
    events.collect()
}

/// Shows what stands at a time, without the names of cases and what only says how a claim stands where that is left out.
fn check(documents: Vec<Document>, until: &str, expected: Expect) {
    let (state, findings, _) = run(&told(documents), until);
    let shown: Vec<_> = findings
        .iter()
        .filter(|finding| {
            let mut lines = state.lines.iter().filter(|line| line.asserted);
            lines.any(|line| line.finding == finding.id)
        })
        .map(|finding| {
            let condition = finding.condition.split('/').next().unwrap_or_default();
            format!(
                "{condition} {}: {}",
                finding.severity.word(),
                finding.summary
            )
        })
        .collect();
    expected.assert_eq(&shown.join("\n"));
}

fn visit(name: &str, class: &str, from: &str, until: &str) -> Document {
    Document {
        code: class.into(),
        from: Some(day(from)),
        until: Some(day(until)),
        ..document(DocumentKind::Visit, name, &format!("{from}T08:00:00Z"), &[])
    }
}

fn answer(code: &str, made: &str) -> Document {
    Document {
        code: code.into(),
        ..document(DocumentKind::Eligibility, made, made, &["Q1#"])
    }
}

#[test]
fn coverage_on_the_day_of_a_visit_is_active_inactive_or_unknown() {
    let inquiry = || {
        document(
            DocumentKind::Inquiry,
            "Q1",
            "2026-03-02T08:00:00Z",
            &["Q1#"],
        )
    };
    let came = || visit("V1", "AMB", "2026-03-02", "2026-03-02");
    check(
        vec![inquiry(), came()],
        "2026-03-02T09:00:00Z",
        expect![[r#"
            coverage none: coverage on the day of the visit, 2026-03-02: unknown
            eligibility-unanswered low: eligibility inquiry without an answer after 20 seconds (CAQH CORE Eligibility & Benefits Infrastructure Rule: real time, 9 in 10 answers of a month)"#]],
    );
    check(
        vec![inquiry(), answer("active", "2026-03-02T08:00:05Z"), came()],
        "2026-03-02T09:00:00Z",
        expect!["coverage none: coverage on the day of the visit, 2026-03-02: active"],
    );
    check(
        vec![
            inquiry(),
            answer("inactive", "2026-03-02T08:00:05Z"),
            came(),
        ],
        "2026-03-02T09:00:00Z",
        expect!["coverage low: coverage on the day of the visit, 2026-03-02: inactive"],
    );
}

#[test]
fn a_coverage_that_ended_is_told_of_at_a_visit_and_at_a_claim() {
    let coverage = Document {
        from: Some(day("2025-01-01")),
        until: Some(day("2026-02-28")),
        ..document(DocumentKind::Coverage, "K1", "2026-03-03T00:00:00Z", &[])
    };
    check(
        vec![
            visit("V1", "AMB", "2026-03-02", "2026-03-02"),
            coverage,
            claim(
                "C1",
                "2026-03-04T00:00:00Z",
                vec![service("X", "2026-03-02", "")],
            ),
        ],
        "2026-03-04T00:00:00Z",
        expect![[r#"
            coverage low: coverage on the day of the visit, 2026-03-02: inactive, coverage ended on 2026-02-28
            claim none: claim submitted, charged 200
            claim-not-covered low: claim for a day without coverage, 2026-03-02, coverage ended on 2026-02-28"#]],
    );
}

#[test]
fn a_coverage_that_is_called_off_held_until_its_end() {
    let told = |on: &str| {
        let coverage = Document {
            from: Some(day("2025-01-01")),
            until: Some(day("2026-03-31")),
            standing: Standing::Cancelled,
            ..document(DocumentKind::Coverage, "K1", "2026-03-20T00:00:00Z", &[])
        };
        signs(vec![coverage, visit("V1", "AMB", on, on)])
    };
    assert_eq!(told("2026-03-31"), ["active"]);
    assert_eq!(
        told("2026-04-01"),
        ["inactive, coverage ended on 2026-03-31"]
    );
}

#[test]
fn who_is_no_member_any_more_has_none_of_the_products() {
    let product = Document {
        from: Some(day("2025-01-01")),
        code: "HLT".into(),
        insurer: 5,
        ..document(DocumentKind::Coverage, "K1", "2026-01-01T00:00:00Z", &[])
    };
    let ended = |made: &str| Document {
        until: Some(day("2026-02-28")),
        standing: Standing::Cancelled,
        code: EVERY_PRODUCT.into(),
        insurer: 5,
        ..document(DocumentKind::Coverage, "K0", made, &[])
    };
    let came = || visit("V1", "AMB", "2026-03-02", "2026-03-02");
    let told = |made| signs(vec![product.clone(), ended(made), came()]);
    assert_eq!(
        told("2026-03-01T00:00:00Z"),
        ["inactive, coverage ended on 2026-02-28"]
    );
    // They were enrolled anew since.
    assert_eq!(told("2025-12-01T00:00:00Z"), ["active"]);
}

#[test]
fn an_answer_without_an_end_speaks_until_its_month_ends() {
    let told = |on: &str| {
        let answer = Document {
            from: Some(day("2026-01-01")),
            ..answer("active", "2026-03-02T08:00:05Z")
        };
        signs(vec![answer, visit("V1", "AMB", on, on)])
    };
    assert_eq!(told("2026-03-31"), ["active"]);
    assert_eq!(told("2026-04-01"), ["unknown"]);
}

/// What is said in the end of the coverage on the day of a visit.
fn signs(documents: Vec<Document>) -> Vec<String> {
    let (_, findings, _) = run(&told(documents), "2026-05-01T00:00:00Z");
    let mut of = findings
        .iter()
        .filter(|one| one.condition.starts_with("coverage/"));
    let last = of.next_back().and_then(|one| one.summary.split_once(": "));
    last.map(|(_, words)| words.to_owned())
        .into_iter()
        .collect()
}

#[test]
fn a_visit_that_is_moved_is_one_visit() {
    let moved = Document {
        created: Some(Stated::Moment(at("2026-03-04T08:00:00Z"))),
        ..visit("V1", "AMB", "2026-03-04", "2026-03-04")
    };
    check(
        vec![
            document(DocumentKind::Coverage, "K1", "2026-03-01T00:00:00Z", &[]),
            visit("V1", "AMB", "2026-03-02", "2026-03-02"),
            moved,
        ],
        "2026-03-04T09:00:00Z",
        expect!["coverage none: coverage on the day of the visit, 2026-03-04: unknown"],
    );
}

/// The conditions that are told of, but for how claims stand.
fn signals(documents: Vec<Document>) -> Vec<String> {
    let (state, _, _) = run(&told(documents), "2026-03-05T00:00:00Z");
    let lines = state
        .lines
        .iter()
        .filter(|line| line.asserted && line.workload == 3);
    lines
        .filter_map(|line| line.condition.split('/').next().map(str::to_owned))
        .collect()
}

fn two(one: ServiceLine, other: ServiceLine) -> Vec<Document> {
    vec![
        claim("C1", "2026-03-03T00:00:00Z", vec![one]),
        claim("C2", "2026-03-04T00:00:00Z", vec![other]),
    ]
}

#[test]
fn the_same_service_in_two_claims_is_told_of_unless_a_modifier_says_why() {
    let one = |modifiers| service("X", "2026-03-01", modifiers);
    assert_eq!(signals(two(one(""), one(""))), ["duplicate-claim"]);
    assert_eq!(signals(two(one(""), one("76"))), [""; 0]);
    let next = |on| signals(two(one(""), service("X", on, "")));
    assert_eq!(next("2026-03-02"), ["duplicate-claim"]);
    assert_eq!(next("2026-03-03"), [""; 0]);
    let mut corrected = two(one(""), one(""));
    corrected[1].replaces.push(link("C1"));
    assert_eq!(signals(corrected), [""; 0]);
}

#[test]
fn a_service_that_cannot_have_been_is_told_of() {
    let member = Document {
        from: Some(day("1950-01-01")),
        until: Some(day("2026-03-01")),
        ..document(DocumentKind::Member, "M", "2026-03-02T00:00:00Z", &[])
    };
    let of = |on, other: &Document| {
        let one = claim("C1", "2026-03-04T00:00:00Z", vec![service("X", on, "")]);
        signals(vec![other.clone(), one])
    };
    assert_eq!(of("2026-03-01", &member), [""; 0]);
    assert_eq!(of("2026-03-02", &member), ["service-after-death"]);
    assert_eq!(of("1949-12-31", &member), ["service-before-birth"]);
    let stay = visit("V1", "IMP", "2026-02-10", "2026-02-20");
    assert_eq!(of("2026-02-10", &stay), [""; 0]);
    assert_eq!(of("2026-02-11", &stay), ["impossible-place"]);
    assert_eq!(of("2026-02-20", &stay), [""; 0]);
    // A payer knows stays by their claims.
    let claimed = |standing: Standing, code: &str| Document {
        standing,
        code: code.into(),
        from: Some(day("2026-02-10")),
        until: Some(day("2026-02-20")),
        ..claim("S1", "2026-03-01T00:00:00Z", Vec::new())
    };
    let stay = claimed(Standing::Active, HOSPITAL_STAY);
    assert_eq!(of("2026-02-10", &stay), [""; 0]);
    assert_eq!(of("2026-02-11", &stay), ["impossible-place"]);
    let called_off = claimed(Standing::Cancelled, HOSPITAL_STAY);
    assert_eq!(of("2026-02-11", &called_off), [""; 0]);
    let other = claimed(Standing::Active, "institutional");
    assert_eq!(of("2026-02-11", &other), [""; 0]);
}

#[test]
fn edits_that_are_loaded_are_held_against_services_of_a_day() {
    let of = |codes: &[(&str, &str, i64)]| {
        let lines = codes.iter().map(|(code, modifiers, units)| ServiceLine {
            units: Some(Decimal::from(*units)),
            ..service(code, "2026-03-01", modifiers)
        });
        signals(vec![claim("C1", "2026-03-03T00:00:00Z", lines.collect())])
    };
    assert_eq!(of(&[("SYN01", "", 1), ("SYN02", "59", 1)]), ["ncci-pair"]);
    assert_eq!(of(&[("SYN01", "", 1), ("SYN03", "", 1)]), ["ncci-pair"]);
    assert_eq!(of(&[("SYN01", "", 1), ("SYN03", "59", 1)]), [""; 0]);
    assert_eq!(of(&[("SYN08", "", 4), ("SYN08", "", 4)]), [""; 0]);
    assert_eq!(of(&[("SYN08", "", 5)]), ["unlikely-units"]);
    assert_eq!(of(&[("SYN09", "", 2), ("SYN09", "", 1)]), [""; 0]);
    assert_eq!(
        of(&[("SYN09", "", 2), ("SYN09", "", 2)]),
        ["unlikely-units"]
    );
}

#[test]
fn units_are_those_of_one_provider() {
    let given = |renderers: [u64; 2], providers: [u64; 2]| {
        let claims = [("C1", 0), ("C2", 1)].map(|(name, place)| {
            let line = ServiceLine {
                units: Some(Decimal::from(2)),
                renderer: renderers[place],
                ..service("SYN09", "2026-03-01", "76")
            };
            Document {
                provider: providers[place],
                ..claim(name, "2026-03-03T00:00:00Z", vec![line])
            }
        });
        signals(claims.into())
    };
    assert_eq!(given([0, 0], [9, 9]), ["unlikely-units"]);
    assert_eq!(given([0, 0], [8, 9]), [""; 0]);
    assert_eq!(given([1, 2], [9, 9]), [""; 0]);
    assert_eq!(given([1, 1], [8, 9]), ["unlikely-units"]);
}

#[test]
fn a_year_of_a_member_is_small() {
    let mut all = vec![visit("V1", "AMB", "2026-03-02", "2026-03-02")];
    for month in 1..=8 {
        let (name, on) = (format!("C{month}"), format!("2026-{month:02}-02"));
        let lines = vec![service("99213", &on, "25"), service("85025", &on, "")];
        all.push(claim(&name, &format!("{on}T10:00:00Z"), lines.clone()));
        all.push(status("A2", &format!("{on}T20:00:00Z"), &name));
        let made = format!("2026-{month:02}-20T00:00:00Z");
        all.push(Document {
            lines,
            ..remittance(&format!("R{month}"), &made, &name, ["200", "150", "50"])
        });
        all.push(visit(&format!("W{month}"), "AMB", &on, &on));
    }
    let (state, _, _) = run(&told(all), "2026-09-01T00:00:00Z");
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert!(bytes.len() < 8 * 1024, "{}", bytes.len());
    assert_eq!(super::State::decode(&bytes).unwrap(), state);
}

#[test]
fn of_more_documents_than_are_kept_those_made_first_go() {
    let kept = |count: usize| {
        let all = (0..count).map(|number| {
            let made =
                at("2026-03-01T00:00:00Z").plus(std::time::Duration::from_secs(number as u64));
            let name = format!("C{number}");
            claim(&name, &made.to_string(), Vec::new())
        });
        let (state, _, _) = run(&told(all.collect()), "2026-03-01T01:00:00Z");
        state.documents.len()
    };
    assert_eq!(kept(MAX_DOCUMENTS - 1), MAX_DOCUMENTS - 1);
    assert_eq!(kept(MAX_DOCUMENTS), MAX_DOCUMENTS);
    assert_eq!(kept(MAX_DOCUMENTS + 1), MAX_DOCUMENTS);
}

fn story() -> Vec<Document> {
    let ended = Document {
        until: Some(day("2026-02-28")),
        ..document(DocumentKind::Coverage, "K1", "2026-03-06T00:00:00Z", &[])
    };
    let mut corrected = claim(
        "C3",
        "2026-03-21T00:00:00Z",
        vec![service("X", "2026-03-02", "")],
    );
    corrected.replaces.push(link("C1"));
    vec![
        visit("V1", "AMB", "2026-03-02", "2026-03-02"),
        claim(
            "C1",
            "2026-03-03T00:00:00Z",
            vec![service("X", "2026-03-02", "")],
        ),
        claim(
            "C2",
            "2026-03-04T00:00:00Z",
            vec![service("X", "2026-03-02", "")],
        ),
        ended,
        status("A2", "2026-03-07T00:00:00Z", "C1"),
        remittance("R1", "2026-03-20T00:00:00Z", "C1", ["200", "150", "49"]),
        corrected,
    ]
}

proptest! {
    #[test]
    fn the_order_of_arrival_decides_nothing_in_the_end(
        order in Just((0..7).chain(0..7).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let events = told(story());
        let (straight, _, _) = run(&events, "2026-05-20T00:00:00Z");
        let given: Vec<_> = order.iter().filter_map(|place| events.get(*place).cloned()).collect();
        let (shuffled, _, _) = run(&given, "2026-05-20T00:00:00Z");
        prop_assert_eq!(standing(&shuffled), standing(&straight));
    }
}
