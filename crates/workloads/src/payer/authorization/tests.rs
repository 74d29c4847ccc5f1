//! Requests, answers and the passing of time.

mod services;
mod ways;

use clinical::payer::{
    Document, DocumentKind, Link, PayerEvent, PayerFact, ServiceLine, Standing, Stated, Way, link,
};
use clinical::{EventId, EventTime, Finding, FindingState, Origin, PatientKey, ReceivedTime};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::step::{Effects, Input, Payer};
use super::super::{PayerConfig, State};
use super::*;
use crate::Now;

const PATIENT: [u8; 16] = [7; 16];

pub(crate) fn at(text: &str) -> EventTime {
    EventTime::parse(text).unwrap()
}

pub(crate) fn event(name: &str, received: &str, document: Document) -> PayerEvent {
    PayerEvent {
        id: EventId::derive(&[name.as_bytes()]),
        patient: PatientKey::from_bytes(PATIENT),
        received: ReceivedTime::parse(received).unwrap(),
        origin: Origin::default(),
        backfill: false,
        fact: PayerFact::Document(document.into()),
    }
}

/// Cuts out what an earlier version had not.
pub(crate) fn cut(bytes: &mut Vec<u8>, later: Link) {
    let later = later.to_be_bytes();
    let place = bytes.windows(8).position(|window| window == later);
    let place = place.unwrap();
    bytes.drain(place..place + 8);
}

fn request(received: &str, code: &str) -> PayerEvent {
    let resource = link("Claim/1");
    let document = Document {
        created: Some(Stated::Moment(at(received))),
        links: vec![resource, link("T1")],
        code: code.into(),
        ..Document::new(DocumentKind::AuthorizationRequest, resource)
    };
    event(received, received, document)
}

fn answer(made: &str, actions: &[&str]) -> PayerEvent {
    let resource = link("ClaimResponse/1");
    let lines = actions.iter().zip(1..).map(|(action, number)| ServiceLine {
        number,
        action: (*action).into(),
        ..ServiceLine::default()
    });
    let document = Document {
        created: Some(Stated::Moment(at(made))),
        links: vec![resource, link("T1")],
        code: "complete".into(),
        lines: lines.collect(),
        ..Document::new(DocumentKind::AuthorizationAnswer, resource)
    };
    event(made, made, document)
}

/// Takes events in at a time that has come so far, with all timers until then; gives what stands in the end.
pub(crate) fn run(events: &[PayerEvent], until: &str) -> (State, Vec<Finding>, Vec<Authorization>) {
    run_by(PayerConfig::default(), events, until)
}

/// The same, as a site has it.
pub(crate) fn run_by(
    config: PayerConfig,
    events: &[PayerEvent],
    until: &str,
) -> (State, Vec<Finding>, Vec<Authorization>) {
    let payer = Payer::new(config);
    let mut state = State::default();
    let (mut findings, mut authorizations) = (Vec::new(), Vec::new());
    let mut give = |state: &mut State, input: Input<'_>, watermark: EventTime| {
        let now = Now {
            watermark,
            received: ReceivedTime::from_micros(watermark.micros()),
            patient: PatientKey::from_bytes(PATIENT),
        };
        let mut effects = Effects::default();
        payer.step(state, input, now, &mut effects).unwrap();
        findings.extend(effects.findings);
        authorizations.extend(effects.authorizations);
    };
    let mut watermark = EventTime::default();
    let wait = |state: &mut State, give: &mut dyn FnMut(&mut State, Input<'_>, EventTime), to| {
        while let Some(wake) = state.wake.filter(|wake| *wake <= to) {
            give(state, Input::Timer(wake), wake);
        }
    };
    for event in events {
        watermark = watermark.max(EventTime::from_micros(event.received.micros()));
        wait(&mut state, &mut give, watermark);
        give(&mut state, Input::Event(event), watermark);
    }
    wait(&mut state, &mut give, at(until));
    // A last look at the time that has come.
    give(&mut state, Input::Timer(at(until)), at(until));
    (state, findings, authorizations)
}

fn check(events: &[PayerEvent], until: &str, expected: Expect) {
    let (_, findings, _) = run(events, until);
    let words = |finding: &Finding| {
        let condition = finding.condition.split('/').next().unwrap_or_default();
        let state = match finding.state {
            FindingState::Asserted => finding.severity.word(),
            FindingState::Retracted(_) => "retracted",
        };
        format!(
            "{condition} {} {state}: {}",
            finding.revision, finding.summary
        )
    };
    let shown: Vec<_> = findings.iter().map(words).collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn a_standard_request_is_told_of_at_half_and_at_four_fifths_and_when_it_is_late() {
    check(
        &[request("2026-03-02T00:00:00Z", "professional normal ")],
        "2026-03-12T00:00:00Z",
        expect![[r#"
            authorization 1 none: prior authorization requested, due 2026-03-09 23:59 UTC
            authorization-due 1 low: prior authorization (standard) 50 % of its time has passed: due 2026-03-09 23:59 UTC, 7 calendar days from receipt (42 CFR 422.568(b)(1), (2) as amended by CMS-0057-F (89 FR 8758))
            authorization-due 2 medium: prior authorization (standard) 80 % of its time has passed: due 2026-03-09 23:59 UTC, 7 calendar days from receipt (42 CFR 422.568(b)(1), (2) as amended by CMS-0057-F (89 FR 8758))
            authorization-due 3 high: prior authorization (standard) not decided in time: due 2026-03-09 23:59 UTC, 7 calendar days from receipt (42 CFR 422.568(b)(1), (2) as amended by CMS-0057-F (89 FR 8758))"#]],
    );
}

#[test]
fn what_is_decided_in_time_is_taken_back_and_a_denial_needs_a_reason() {
    check(
        &[
            request("2026-03-02T00:00:00Z", "professional stat "),
            answer("2026-03-02T00:00:10Z", &["A4"]),
            answer("2026-03-04T00:00:00Z", &["A3"]),
        ],
        "2026-03-12T00:00:00Z",
        expect![[r#"
            authorization 1 none: prior authorization requested, expedited, due 2026-03-05 00:00 UTC
            authorization 2 none: prior authorization pended, expedited, due 2026-03-05 00:00 UTC
            authorization-due 1 low: prior authorization (expedited) 50 % of its time has passed: due 2026-03-05 00:00 UTC, 72 hours from receipt (42 CFR 422.572(a)(1), (b))
            authorization-due 2 retracted: taken back: what is known now no longer says so
            authorization 3 none: prior authorization denied, expedited, decided in time: 2026-03-04 00:00 UTC, due 2026-03-05 00:00 UTC
            authorization-reason 1 low: prior authorization denied without a reason: the denial must give a specific one (42 CFR 422.122(a))"#]],
    );
}

#[test]
fn the_last_moment_is_in_time_and_the_next_is_late() {
    let met = |decided: &str| {
        let events = [
            request("2026-03-02T00:00:00Z", "stat"),
            answer(decided, &["A1"]),
        ];
        let (_, _, all) = run(&events, "2026-03-12T00:00:00Z");
        all.last().unwrap().is_met(at("2026-03-12T00:00:00Z"))
    };
    assert_eq!(met("2026-03-04T23:59:59.999999Z"), Some(true));
    assert_eq!(met("2026-03-05T00:00:00Z"), Some(true));
    assert_eq!(met("2026-03-05T00:00:00.000001Z"), Some(false));
}

#[test]
fn a_request_that_becomes_urgent_has_the_shorter_of_both_times() {
    let due = |urgent_at: &str| {
        let events = [
            request("2026-03-02T00:00:00Z", "normal"),
            request(urgent_at, "stat"),
        ];
        let (_, _, all) = run(&events, urgent_at);
        all.last().unwrap().due.unwrap().to_string()
    };
    assert_eq!(due("2026-03-03T00:00:00Z"), "2026-03-06T00:00:00Z");
    assert_eq!(due("2026-03-09T00:00:00Z"), "2026-03-09T23:59:59.999999Z");
}

#[test]
fn a_request_after_a_decision_has_a_clock_of_its_own() {
    let events = [
        request("2026-03-02T00:00:00Z", "normal"),
        answer("2026-03-03T00:00:00Z", &["A1"]),
        request("2026-03-20T00:00:00Z", "normal"),
    ];
    let (_, _, all) = run(&events, "2026-03-20T00:00:00Z");
    let last = all.last().unwrap();
    assert_eq!(last.outcome, Outcome::Requested);
    assert_eq!(last.due.unwrap().to_string(), "2026-03-27T23:59:59.999999Z");
    assert_eq!(last.first_received_at, Some(at("2026-03-02T00:00:00Z")));
    let kinds: Vec<_> = last.exchanges.iter().map(|one| one.kind.word()).collect();
    assert_eq!(kinds, ["initial", "response", "update"]);
}

#[test]
fn an_answer_answers_the_request_that_it_names_whichever_clock_is_ahead() {
    let check = |said: &str, answered: &str, came: &str, expected: Option<&str>| {
        let mut asked = request("2026-03-02T12:45:11Z", "normal");
        if let PayerFact::Document(document) = &mut asked.fact {
            document.created = Some(Stated::Moment(at(said)));
        }
        let mut given = answer(answered, &["A1"]);
        given.received = ReceivedTime::parse(came).unwrap();
        for events in [[asked.clone(), given.clone()], [given, asked]] {
            let (state, _, all) = run(&events, "2026-03-20T00:00:00Z");
            let last = all.last().unwrap();
            assert_eq!(
                last.decided_at,
                expected.map(at),
                "{said} {answered} {came}"
            );
            let due = state.lines.iter().filter(|line| line.asserted);
            let is_due = due.filter(|line| line.condition.starts_with("authorization-due"));
            assert_eq!(is_due.count(), usize::from(expected.is_none()));
        }
    };
    let receipt = Some("2026-03-02T12:45:11Z");
    // A time of hours and minutes is before the receipt of what it answers.
    check(
        "2026-03-02T12:45:00Z",
        "2026-03-02T12:45:00Z",
        "2026-03-02T12:45:15Z",
        receipt,
    );
    // The clock of the payer is behind that of the provider.
    check(
        "2026-03-02T12:45:10Z",
        "2026-03-02T12:43:00Z",
        "2026-03-02T12:45:15Z",
        receipt,
    );
    // Both come late, and the answer first.
    check(
        "2026-02-27T08:00:00Z",
        "2026-02-28T08:00:00Z",
        "2026-03-02T12:45:00Z",
        receipt,
    );
    // What was said and received after an answer is another request.
    check(
        "2026-03-02T12:45:11Z",
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:01Z",
        None,
    );
}

#[test]
fn an_extension_is_taken_as_far_as_the_rule_allows() {
    let due = |until: &str| {
        let mut put_off = answer("2026-03-05T00:00:00Z", &["A4"]);
        let PayerFact::Document(document) = &mut put_off.fact else {
            unreachable!("an answer is a document");
        };
        document.deadline = Some(Stated::Moment(at(until)));
        let events = [request("2026-03-02T00:00:00Z", "normal"), put_off];
        let (_, _, all) = run(&events, "2026-03-05T00:00:00Z");
        all.last().unwrap().due.unwrap().to_string()
    };
    assert_eq!(
        due("2026-03-12T00:00:00.000001Z"),
        "2026-03-12T00:00:00.000001Z"
    );
    assert_eq!(due("2026-06-01T12:00:00Z"), "2026-03-23T23:59:59.999999Z");
    assert_eq!(due("2026-03-06T12:00:00Z"), "2026-03-09T23:59:59.999999Z");
}

#[test]
fn parts_make_the_whole() {
    let outcome = |actions: &[&str]| {
        let events = [
            request("2026-03-02T00:00:00Z", "normal"),
            answer("2026-03-03T00:00:00Z", actions),
        ];
        let (_, _, all) = run(&events, "2026-03-03T00:00:00Z");
        all.last().unwrap().outcome
    };
    assert_eq!(outcome(&["A1", "A1"]), Outcome::Approved);
    assert_eq!(outcome(&["A1", "A3"]), Outcome::Partial);
    assert_eq!(outcome(&["A1", "A6"]), Outcome::Modified);
    assert_eq!(outcome(&["A3", "A4"]), Outcome::Pended);
    assert_eq!(outcome(&["A1", "NA"]), Outcome::Approved);
    assert_eq!(outcome(&["C"]), Outcome::Cancelled);
}

/// A request for services of these numbers.
fn request_for(received: &str, numbers: &[u16]) -> PayerEvent {
    let mut asked = request(received, "");
    if let PayerFact::Document(document) = &mut asked.fact {
        document.lines = numbers
            .iter()
            .map(|number| ServiceLine {
                number: *number,
                ..ServiceLine::default()
            })
            .collect();
    }
    asked
}

fn answer_of(made: &str, code: &str, actions: &[&str]) -> PayerEvent {
    let mut given = answer(made, actions);
    if let PayerFact::Document(document) = &mut given.fact {
        document.code = code.into();
    }
    given
}

#[test]
fn what_is_decided_in_part_is_not_decided() {
    let asked = || request_for("2026-03-02T09:00:00Z", &[1, 2]);
    let outcome = |answers: &[PayerEvent]| {
        let events: Vec<_> = std::iter::once(asked()).chain(answers.to_vec()).collect();
        let (_, _, all) = run(&events, "2026-03-04T00:00:00Z");
        let last = all.last().unwrap().clone();
        (last.outcome, last.decided_at)
    };
    let first = || answer_of("2026-03-02T10:00:00Z", "partial", &["A1"]);
    let second = || answer_of("2026-03-03T10:00:00Z", "complete", &["A1", "A3"]);
    assert_eq!(outcome(&[first()]), (Outcome::Pended, None));
    let decided = Some(at("2026-03-03T10:00:00Z"));
    assert_eq!(outcome(&[first(), second()]), (Outcome::Partial, decided));
    let at_once = answer_of("2026-03-02T10:00:00Z", "complete", &["A1"]);
    let when = Some(at("2026-03-02T10:00:00Z"));
    assert_eq!(outcome(&[at_once]), (Outcome::Approved, when));
    let begun = answer_of("2026-03-02T10:00:00Z", "partial", &[]);
    assert_eq!(outcome(&[begun]), (Outcome::Pended, None));
}

#[test]
fn a_decision_that_is_told_again_was_made_when_it_was_told_first() {
    let asked = request("2026-03-02T09:00:00Z", "stat");
    let told = |received: &str, actions: &[&str]| {
        let mut given = answer("2026-03-02T10:00:00Z", actions);
        given.received = ReceivedTime::parse(received).unwrap();
        given.id = EventId::derive(&[received.as_bytes()]);
        given
    };
    let put_off = told("2026-03-02T10:00:00Z", &["A4"]);
    let decided = told("2026-03-03T10:00:00Z", &["A1"]);
    let again = told("2026-03-09T10:00:00Z", &["A1"]);
    let (_, _, all) = run(&[asked, put_off, decided, again], "2026-03-10T00:00:00Z");
    let last = all.last().unwrap();
    assert_eq!(last.decided_at, Some(at("2026-03-03T10:00:00Z")));
}

#[test]
fn what_was_entered_in_error_leaves_nothing() {
    let mut error = request("2026-03-02T01:00:00Z", "normal");
    let PayerFact::Document(document) = &mut error.fact else {
        unreachable!("a request is a document");
    };
    document.standing = Standing::Withdrawn;
    let (state, _, _) = run(
        &[request("2026-03-02T00:00:00Z", "normal"), error],
        "2026-03-20T00:00:00Z",
    );
    assert!(state.lines.iter().all(|line| !line.asserted));
}

#[test]
fn a_state_reads_back_and_stays_small() {
    let events = [
        request("2026-03-02T00:00:00Z", "normal"),
        answer("2026-03-03T00:00:00Z", &["A4", "A1"]),
    ];
    let (state, _, _) = run(&events, "2026-03-04T00:00:00Z");
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert!(bytes.len() < 1024, "{}", bytes.len());
    assert_eq!(State::decode(&bytes).unwrap(), state);
    for cut in 1..bytes.len() {
        assert!(State::decode(&bytes[..cut]).is_err(), "{cut}");
    }
}

fn story() -> Vec<PayerEvent> {
    vec![
        request("2026-03-02T00:00:00Z", "normal"),
        answer("2026-03-02T00:00:10Z", &["A4", "A4"]),
        request("2026-03-03T00:00:00Z", "stat"),
        answer("2026-03-05T00:00:00Z", &["A1", "A4"]),
        answer("2026-03-08T00:00:00Z", &["A1", "A3"]),
        request("2026-03-20T00:00:00Z", "normal"),
    ]
}

/// What stands: condition, time and what it says.
pub(crate) fn standing(state: &State) -> Vec<(Box<str>, EventTime, u64)> {
    let lines = state.lines.iter().filter(|line| line.asserted);
    lines
        .map(|line| (line.condition.clone(), line.as_of, line.digest))
        .collect()
}

proptest! {
    #[test]
    fn the_order_of_arrival_decides_nothing_in_the_end(
        order in Just((0..6).chain(0..6).collect::<Vec<usize>>()).prop_shuffle(),
        takes in 6_usize..=12,
    ) {
        let events = story();
        let (straight, _, _) = run(&events, "2026-04-20T00:00:00Z");
        // Each at least once, some twice, in any order.
        let mut seen = std::collections::BTreeSet::new();
        let mut given: Vec<_> = order.iter().take(takes).copied().collect();
        given.extend(order.iter().skip(takes).copied());
        let given: Vec<_> = given
            .into_iter()
            .filter(|place| seen.insert(*place) || takes > 8)
            .filter_map(|place| events.get(place).cloned())
            .collect();
        let (shuffled, _, _) = run(&given, "2026-04-20T00:00:00Z");
        prop_assert_eq!(standing(&shuffled), standing(&straight));
        prop_assert_eq!(shuffled.documents, straight.documents);
    }
}
