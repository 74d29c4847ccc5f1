//! Visits of members of panels, from the first notice to whoever sees them afterwards.

use clinical::FindingState;
use clinical::payer::{Document, PayerEvent, PayerFact, link};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::PayerConfig;
use super::super::authorization::tests::{at, event, run_by, standing};
use super::super::calendar::parse_day;
use super::*;

const HIGH: &str = "urn:site:panel|7";

fn config() -> PayerConfig {
    PayerConfig {
        panels: vec![(HIGH.into(), "high risk".into())],
        seen_after_emergency: Some(7),
        seen_after_stay: Some(14),
        ..PayerConfig::default()
    }
}

fn panel(until: Option<&str>) -> PayerEvent {
    let document = Document {
        code: format!("urn:site:kind|care {HIGH}").into(),
        from: parse_day("2026-01-01"),
        until: until.and_then(parse_day),
        ..Document::new(DocumentKind::Panel, link("Flag/1"))
    };
    event("panel", "2026-01-02T00:00:00Z", document)
}

fn day_of(moment: &str) -> Option<Day> {
    let (day, _) = moment.split_once('T')?;
    parse_day(day)
}

/// A visit as it stood when it was told of: its class, its beginning, and its end where it had one.
fn visit(name: &str, told: &str, class: &str, began: &str, ended: Option<&str>) -> PayerEvent {
    let document = Document {
        code: class.into(),
        created: Some(Stated::Moment(at(began))),
        from: day_of(began),
        until: ended.and_then(day_of),
        deadline: ended.map(|ended| Stated::Moment(at(ended))),
        links: vec![link(name)],
        ..Document::new(DocumentKind::Visit, link(name))
    };
    event(&format!("{name}{told}"), told, document)
}

fn check(events: &[PayerEvent], until: &str, expected: Expect) {
    let (_, findings, _) = run_by(config(), events, until);
    let shown: Vec<_> = findings
        .iter()
        .filter(|finding| &*finding.workload == "care-management")
        .map(|finding| {
            let condition = finding.condition.split('/').next().unwrap_or_default();
            let state = match finding.state {
                FindingState::Asserted => finding.severity.word(),
                FindingState::Retracted(_) => "taken back",
            };
            let (revision, summary) = (finding.revision, &finding.summary);
            format!("{condition} {revision} {state}: {summary}")
        })
        .collect();
    expected.assert_eq(&shown.join("\n"));
}

const REGISTERED: &str = "2026-03-01T10:00:00Z";
const LEFT: &str = "2026-03-03T15:00:00Z";

/// Registered in an emergency department, admitted under the same number, sent home.
fn story() -> Vec<PayerEvent> {
    vec![
        panel(None),
        visit("V1", "2026-03-01T10:00:05Z", "EMER", REGISTERED, None),
        visit("V1", "2026-03-01T14:00:00Z", "IMP", REGISTERED, None),
        visit("V1", "2026-03-03T15:01:00Z", "IMP", REGISTERED, Some(LEFT)),
    ]
}

#[test]
fn one_thread_goes_from_the_registration_to_the_days_after() {
    check(
        &story(),
        "2026-04-01T00:00:00Z",
        expect![[r#"
            care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC
            care-visit 2 medium: member of the panel high risk: admitted, came 2026-03-01 10:00 UTC
            care-visit 3 none: member of the panel high risk: no longer admitted, left 2026-03-03 15:00 UTC, came 2026-03-01 10:00 UTC
            care-follow-up 1 low: member of the panel high risk: seen by nobody in the 14 days after 2026-03-03"#]],
    );
}

#[test]
fn a_beginning_that_is_corrected_leaves_nothing_of_the_other_time() {
    let earlier = "2026-03-01T09:30:00Z";
    check(
        &[
            panel(None),
            visit("V1", "2026-03-01T10:00:05Z", "EMER", REGISTERED, None),
            visit("V1", "2026-03-01T11:00:00Z", "EMER", earlier, None),
            visit("V1", "2026-03-03T15:01:00Z", "EMER", earlier, Some(LEFT)),
        ],
        "2026-03-04T00:00:00Z",
        expect![[r#"
            care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC
            care-visit 2 medium: member of the panel high risk: in an emergency department, came 2026-03-01 09:30 UTC
            care-visit 2 taken back: taken back: what is known now no longer says so
            care-visit 3 none: member of the panel high risk: no longer in an emergency department, left 2026-03-03 15:00 UTC, came 2026-03-01 09:30 UTC"#]],
    );
    // What stands of the other time is nothing: an alert that rests on it would never end.
    let mut all = vec![panel(None)];
    all.push(visit(
        "V1",
        "2026-03-01T10:00:05Z",
        "EMER",
        REGISTERED,
        None,
    ));
    all.push(visit("V1", "2026-03-01T11:00:00Z", "EMER", earlier, None));
    let (_, findings, _) = run_by(config(), &all, "2026-03-01T12:00:00Z");
    let mut stands = std::collections::BTreeMap::new();
    for finding in &findings {
        stands.insert((finding.condition.clone(), finding.as_of), &finding.state);
    }
    let asserted = stands
        .iter()
        .filter(|(_, state)| ***state == FindingState::Asserted);
    let times: Vec<_> = asserted.map(|((_, as_of), _)| *as_of).collect();
    assert_eq!(times, [at(earlier)]);
}

#[test]
fn who_is_seen_in_time_or_comes_back_is_not_missed() {
    let seen = |class: &str, began: &str| {
        let mut all = story();
        all.push(visit("V2", began, class, began, Some(began)));
        let (state, ..) = run_by(config(), &all, "2026-04-01T00:00:00Z");
        let mut lines = state.lines.iter().filter(|line| line.asserted);
        !lines.any(|line| line.condition.starts_with("care-follow-up/"))
    };
    assert!(seen("AMB", "2026-03-17T09:00:00Z"));
    assert!(!seen("AMB", "2026-03-18T09:00:00Z"));
    assert!(!seen("AMB", "2026-03-02T09:00:00Z"));
    assert!(seen("VR", "2026-03-03T18:00:00Z"));
    assert!(!seen("PRENC", "2026-03-10T09:00:00Z"));
}

#[test]
fn a_visit_that_follows_under_a_number_of_its_own_is_of_the_same_thread() {
    let mut stay = visit(
        "V2",
        "2026-03-01T14:00:00Z",
        "IMP",
        "2026-03-01T13:55:00Z",
        None,
    );
    if let PayerFact::Document(document) = &mut stay.fact {
        document.links.push(link("V1"));
    }
    let of = [
        panel(None),
        visit("V1", "2026-03-01T10:00:05Z", "EMER", REGISTERED, None),
        stay,
        visit(
            "V1",
            "2026-03-01T14:10:00Z",
            "EMER",
            REGISTERED,
            Some("2026-03-01T14:05:00Z"),
        ),
    ];
    check(
        &of,
        "2026-03-02T00:00:00Z",
        expect![[r#"
            care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC
            care-visit 2 medium: member of the panel high risk: admitted, came 2026-03-01 10:00 UTC"#]],
    );
}

#[test]
fn what_is_heard_of_late_calls_nobody() {
    let late = [
        panel(None),
        visit("V1", "2026-03-02T03:00:00Z", "EMER", REGISTERED, None),
    ];
    check(
        &late,
        "2026-03-02T04:00:00Z",
        expect![
            "care-visit 1 low: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC; heard of 17 h after it began"
        ],
    );
}

#[test]
fn a_registration_that_is_called_off_or_a_panel_that_is_left_takes_it_back() {
    let mut called_off = visit("V1", "2026-03-01T10:20:00Z", "EMER", REGISTERED, None);
    if let PayerFact::Document(document) = &mut called_off.fact {
        document.standing = Standing::Cancelled;
    }
    let mut all = vec![
        panel(None),
        visit("V1", "2026-03-01T10:00:05Z", "EMER", REGISTERED, None),
        called_off,
    ];
    check(
        &all,
        "2026-03-02T00:00:00Z",
        expect![[r#"
            care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC
            care-visit 2 taken back: taken back: what is known now no longer says so"#]],
    );
    all.truncate(2);
    let left = PayerEvent {
        received: clinical::ReceivedTime::parse("2026-03-01T11:00:00Z").unwrap(),
        id: clinical::EventId::derive(&[b"left"]),
        ..panel(Some("2026-02-28"))
    };
    all.push(left);
    check(
        &all,
        "2026-03-02T00:00:00Z",
        expect![[r#"
            care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC
            care-visit 2 taken back: taken back: what is known now no longer says so"#]],
    );
}

#[test]
fn a_panel_holds_for_its_days_alone() {
    let begins = |on: &str| {
        let mut panel = panel(Some("2026-03-02"));
        if let PayerFact::Document(document) = &mut panel.fact {
            document.from = parse_day(on);
        }
        panel
    };
    let registered = || visit("V1", "2026-03-01T10:00:05Z", "EMER", REGISTERED, None);
    // A panel that begins tomorrow is told of tomorrow, and one that has ended since is not taken back.
    let tomorrow = [begins("2026-03-02"), registered()];
    check(&tomorrow, "2026-03-01T23:59:00Z", expect![[r#""#]]);
    check(
        &tomorrow,
        "2026-03-02T00:01:00Z",
        expect![
            "care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 10:00 UTC"
        ],
    );
    let ended = [begins("2026-01-01"), registered()];
    let (state, ..) = run_by(config(), &ended, "2026-03-20T00:00:00Z");
    assert!(state.lines.iter().any(|line| line.asserted));
}

#[test]
fn a_day_without_a_time_is_late_from_its_end_on() {
    let mut today = visit("V1", "2026-03-01T23:00:00Z", "EMER", REGISTERED, None);
    if let PayerFact::Document(document) = &mut today.fact {
        document.created = Some(Stated::Day(parse_day("2026-03-01").unwrap()));
    }
    check(
        &[panel(None), today],
        "2026-03-01T23:30:00Z",
        expect![
            "care-visit 1 medium: member of the panel high risk: in an emergency department, came 2026-03-01 00:00 UTC"
        ],
    );
}

#[test]
fn who_is_taken_to_another_hospital_on_the_same_day_is_not_missed() {
    let mut all = story();
    all.push(visit(
        "V2",
        "2026-03-03T16:00:00Z",
        "IMP",
        "2026-03-03T15:30:00Z",
        None,
    ));
    let (state, ..) = run_by(config(), &all, "2026-04-01T00:00:00Z");
    let mut lines = state.lines.iter().filter(|line| line.asserted);
    assert!(!lines.any(|line| line.condition.starts_with("care-follow-up/")));
}

#[test]
fn flags_of_no_panel_take_no_room() {
    let flags = (0..200).map(|number| {
        let mut flag = panel(None);
        flag.id = clinical::EventId::derive(&[&[number]]);
        if let PayerFact::Document(document) = &mut flag.fact {
            document.resource = link(&number.to_string());
            document.code = "urn:site:flags|falls".into();
        }
        flag
    });
    let events: Vec<_> = flags.chain(story()).collect();
    let (state, ..) = run_by(config(), &events, "2026-03-04T00:00:00Z");
    assert_eq!((state.documents.len(), state.floor), (2, None));
}

#[test]
fn of_who_is_on_no_panel_nothing_is_told() {
    let other = PayerConfig::default();
    let (_, findings, _) = run_by(other, &story(), "2026-04-01T00:00:00Z");
    assert!(
        findings
            .iter()
            .all(|finding| &*finding.workload != "care-management")
    );
    let mut nobody = story();
    nobody.remove(0);
    check(&nobody, "2026-04-01T00:00:00Z", expect![[r#""#]]);
    let clinic = [
        panel(None),
        visit("V1", REGISTERED, "AMB", REGISTERED, None),
    ];
    check(&clinic, "2026-04-01T00:00:00Z", expect![[r#""#]]);
}

proptest! {
    #[test]
    fn the_order_of_arrival_decides_nothing_in_the_end(
        order in Just((0..5).chain(0..5).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let mut events = story();
        events.push(visit("V2", "2026-03-30T09:00:00Z", "AMB", "2026-03-10T09:00:00Z", None));
        let (straight, ..) = run_by(config(), &events, "2026-05-20T00:00:00Z");
        let given: Vec<_> = order.iter().filter_map(|place| events.get(*place).cloned()).collect();
        let (shuffled, ..) = run_by(config(), &given, "2026-05-20T00:00:00Z");
        prop_assert_eq!(standing(&shuffled), standing(&straight));
    }
}
