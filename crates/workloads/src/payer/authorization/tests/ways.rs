//! One request that is told by X12 and by FHIR, and what a denial must say by whose rules.

use super::*;

/// A request by a way, of a resource and to a payer as that way has them, made and received at other times.
fn by(way: Way, code: &str, made: &str, received: &str) -> PayerEvent {
    let mut asked = request(received, code);
    asked.id = EventId::derive(&[format!("{way:?}{received}").as_bytes()]);
    if let PayerFact::Document(document) = &mut asked.fact {
        let own = link(&format!("{way:?}"));
        document.created = Some(Stated::Moment(at(made)));
        (document.way, document.resource, document.insurer) = (way, own, own);
        document.links = vec![own, link("T1")];
    }
    asked
}

/// What is told of cases, each with its name.
fn names(findings: &[Finding]) -> std::collections::BTreeSet<&str> {
    let all = findings.iter().map(|one| &*one.condition);
    all.filter(|one| one.starts_with(STATUS)).collect()
}

#[test]
fn a_request_by_two_ways_stays_urgent_and_keeps_its_name() {
    let fhir = |code: &str, received: &str| by(Way::Claim, code, "2026-03-02T09:00:20Z", received);
    let x12 = |code: &str, received: &str| by(Way::X12, code, "2026-03-02T09:00:00Z", received);
    let (first, second) = ("2026-03-02T09:00:21Z", "2026-03-02T09:00:24Z");
    for events in [
        [
            fhir("professional normal U", first),
            x12("professional normal ", second),
        ],
        [
            x12("professional stat ", first),
            fhir("professional normal ", second),
        ],
    ] {
        let (_, findings, all) = run(&events, "2026-03-02T10:00:00Z");
        let last = all.last().unwrap();
        assert_eq!(last.due, Some(at("2026-03-05T09:00:21Z")));
        assert!(last.is_expedited);
        assert_eq!(names(&findings).len(), 1);
    }
    // By one way another payer is another one, and has all of the time.
    let mut moved = fhir("professional normal ", second);
    if let PayerFact::Document(document) = &mut moved.fact {
        document.insurer = link("another");
    }
    let (_, _, all) = run(
        &[fhir("professional stat ", first), moved],
        "2026-03-02T10:00:00Z",
    );
    let due = all.last().unwrap().due;
    assert_eq!(due, Some(at("2026-03-09T23:59:59.999999Z")));
}

#[test]
fn an_answer_before_the_receipt_is_of_the_request_by_either_way() {
    let fhir = by(
        Way::Claim,
        "",
        "2026-03-02T08:00:00Z",
        "2026-03-02T09:00:00Z",
    );
    let x12 = by(Way::X12, "", "2026-03-02T08:00:00Z", "2026-03-02T09:00:03Z");
    let given = |received: &str| {
        let mut given = answer("2026-03-02T08:50:00Z", &["A1"]);
        given.received = ReceivedTime::parse(received).unwrap();
        given
    };
    // Also where the second way tells of it after the decision.
    for given in [given("2026-03-02T09:00:07Z"), given("2026-03-02T09:00:01Z")] {
        for events in [[&fhir, &x12, &given], [&given, &x12, &fhir]] {
            let events = events.map(Clone::clone);
            let (_, _, all) = run(&events, "2026-03-20T00:00:00Z");
            let last = all.last().unwrap();
            let decided = (last.outcome, last.decided_at);
            let receipt = Some(at("2026-03-02T09:00:00Z"));
            assert_eq!(decided, (Outcome::Approved, receipt));
        }
    }
    // What is asked after the decision is another request, by whichever way.
    let later = by(Way::X12, "", "2026-03-04T09:00:00Z", "2026-03-04T09:00:03Z");
    let events = [fhir, given("2026-03-02T09:00:07Z"), later];
    let (_, _, all) = run(&events, "2026-03-05T00:00:00Z");
    assert_eq!(all.last().unwrap().outcome, Outcome::Requested);
}

#[test]
fn a_denial_must_say_why_by_the_rule_of_its_payer() {
    let told = |kind: &str, code: &str, year: u16| {
        let config = PayerConfig {
            kind: kind.into(),
            ..PayerConfig::default()
        };
        let day = |day: u8| format!("{year}-03-{day:02}T09:00:00Z");
        let events = [request(&day(2), code), answer(&day(3), &["A3"])];
        let (_, findings, _) = run_by(config, &events, &day(3));
        let mut reasons = findings.iter();
        let found = reasons.find(|one| one.condition.starts_with("authorization-reason/"));
        let summary = &found.unwrap().summary;
        summary
            .strip_prefix("prior authorization denied without a reason")
            .unwrap()
            .to_owned()
    };
    let by = |source: &str| format!(": the denial must give a specific one ({source})");
    assert_eq!(
        told("medicare-advantage", "", 2026),
        by("42 CFR 422.122(a)")
    );
    assert_eq!(
        told("medicaid-fee-for-service", "", 2026),
        by("42 CFR 431.80(a)")
    );
    assert_eq!(told("commercial", "", 2026), "");
    assert_eq!(told("medicare-advantage", "pharmacy", 2026), "");
    assert_eq!(told("medicare-advantage", "", 2025), "");
}
