//! What is asked for, and which of it an answer speaks of.

use clinical::payer::{DocumentKind, Trace};

use super::*;

/// A trace, and behind `@` who gave it.
fn trace(said: &str) -> Trace {
    let (number, by) = said.split_once('@').unwrap_or((said, ""));
    Trace {
        number: link(number),
        by: link(by),
    }
}

/// Services with their traces; those of an answer with what is decided of each.
fn lines(services: &[(u16, &str, &str)]) -> Vec<ServiceLine> {
    let line = |(number, traces, action): &(u16, &str, &str)| ServiceLine {
        number: *number,
        traces: traces.split_whitespace().map(trace).collect(),
        action: (*action).into(),
        ..ServiceLine::default()
    };
    services.iter().map(line).collect()
}

fn with(mut event: PayerEvent, code: &str, services: &[(u16, &str, &str)]) -> PayerEvent {
    if let PayerFact::Document(document) = &mut event.fact {
        document.lines = lines(services);
        if document.kind == DocumentKind::AuthorizationAnswer {
            document.code = code.into();
        }
    }
    event
}

fn asked(at: &str, services: &[(u16, &str, &str)]) -> PayerEvent {
    with(request(at, ""), "", services)
}

fn told(at: &str, code: &str, services: &[(u16, &str, &str)]) -> PayerEvent {
    with(answer(at, &[]), code, services)
}

fn last(events: &[PayerEvent]) -> Authorization {
    let (_, _, all) = run(events, "2026-03-09T00:00:00Z");
    all.last().unwrap().clone()
}

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";
const WEDNESDAY: &str = "2026-03-04T09:00:00Z";
const THURSDAY: &str = "2026-03-05T09:00:00Z";

#[test]
fn no_decision_of_an_answer_takes_the_place_of_another() {
    let first = || asked(MONDAY, &[(1, "S1", ""), (2, "S2", "")]);
    let outcome = |services: &[(u16, &str, &str)]| {
        let answer = told(TUESDAY, "complete", services);
        last(&[first(), answer]).outcome
    };
    // What is at the place of a service that its trace names elsewhere is none of those that were asked for.
    assert_eq!(outcome(&[(1, "S2", "A3"), (2, "", "A1")]), Outcome::Partial);
    assert_eq!(
        outcome(&[(1, "S2", "A3"), (2, "S1", "A3")]),
        Outcome::Denied
    );
    // Of what is said twice of a place both are looked at.
    assert_eq!(
        outcome(&[(1, "", "A3"), (1, "", "A1"), (2, "", "A3")]),
        Outcome::Partial
    );
}

#[test]
fn what_a_request_no_longer_asks_for_is_not_awaited() {
    let first = || asked(MONDAY, &[(1, "", ""), (2, "", "")]);
    let put_off = || told(TUESDAY, "partial", &[(1, "", "A1"), (2, "", "A4")]);
    let outcome = |events: &[PayerEvent]| {
        let last = last(events);
        (last.outcome, last.decided_at)
    };
    assert_eq!(outcome(&[first(), put_off()]), (Outcome::Pended, None));
    let fewer = || asked(WEDNESDAY, &[(1, "", "")]);
    let decided = (Outcome::Approved, Some(at(WEDNESDAY)));
    assert_eq!(outcome(&[first(), put_off(), fewer()]), decided);
    // What is still said of the other one opens nothing.
    let again = told(THURSDAY, "partial", &[(1, "", "A1"), (2, "", "A4")]);
    assert_eq!(outcome(&[first(), put_off(), fewer(), again]), decided);
    // Nothing was said of it: what is asked for still is decided by the answer.
    let of_first = told(TUESDAY, "partial", &[(1, "", "A1")]);
    assert_eq!(
        outcome(&[first(), of_first.clone()]),
        (Outcome::Pended, None)
    );
    assert_eq!(outcome(&[first(), of_first, fewer()]), decided);
    // Another one is asked for in its place, or the request names no services.
    let other = asked(WEDNESDAY, &[(1, "", ""), (3, "", "")]);
    assert_eq!(
        outcome(&[first(), put_off(), other]),
        (Outcome::Pended, None)
    );
    let of_none = asked(WEDNESDAY, &[]);
    assert_eq!(
        outcome(&[first(), put_off(), of_none]),
        (Outcome::Pended, None)
    );
}

#[test]
fn an_answer_speaks_of_the_service_that_it_traces_whatever_place_it_has() {
    let first = || asked(MONDAY, &[(1, "S1", ""), (2, "S2", "")]);
    let second = || told(TUESDAY, "partial", &[(1, "S2", "A3")]);
    let rest = || told(WEDNESDAY, "partial", &[(1, "S1", "A1")]);
    let begun = last(&[first(), second()]);
    assert_eq!((begun.outcome, begun.decided_at), (Outcome::Pended, None));
    let whole = last(&[first(), second(), rest()]);
    assert_eq!(whole.outcome, Outcome::Partial);
    let results: Vec<_> = whole
        .exchanges
        .iter()
        .flat_map(|one| one.results.clone())
        .collect();
    assert_eq!(results, [(2, Outcome::Denied), (1, Outcome::Approved)]);
    // Where an answer has no trace, or one that nobody asked by, its place counts.
    for trace in ["", "S9"] {
        let placed = told(WEDNESDAY, "partial", &[(1, trace, "A1")]);
        assert_eq!(last(&[first(), second(), placed]).outcome, Outcome::Partial);
    }
}

#[test]
fn a_service_keeps_its_trace_where_others_are_left_out() {
    let first = asked(MONDAY, &[(1, "S1", ""), (2, "S2", ""), (3, "S3", "")]);
    let put_off = told(
        TUESDAY,
        "partial",
        &[(1, "S1", "A1"), (2, "S2", "A4"), (3, "S3", "A3")],
    );
    let fewer = asked(WEDNESDAY, &[(1, "S1", ""), (2, "S3", "")]);
    let decided = last(&[first.clone(), put_off.clone(), fewer]);
    assert_eq!(decided.outcome, Outcome::Partial);
    // A new one at the place of another is another one.
    let other = asked(WEDNESDAY, &[(1, "S1", ""), (2, "S4", ""), (3, "S3", "")]);
    let events = [first, put_off, other];
    assert_eq!(last(&events).outcome, Outcome::Pended);
    let of_it = told(THURSDAY, "complete", &[(2, "S4", "A3")]);
    let decided = last(&[&events[..], &[of_it]].concat());
    assert_eq!(decided.outcome, Outcome::Partial);
    assert_eq!(
        decided.exchanges.last().unwrap().results,
        [(4, Outcome::Denied)]
    );
}

#[test]
fn a_trace_that_several_services_have_names_none_of_them() {
    let first = asked(MONDAY, &[(1, "S", ""), (2, "S", "")]);
    let all = told(TUESDAY, "complete", &[(1, "S", "A1"), (2, "S", "A3")]);
    let decided = last(&[first, all]);
    let results = &decided.exchanges.last().unwrap().results;
    assert_eq!(results, &[(1, Outcome::Approved), (2, Outcome::Denied)]);
}

#[test]
fn traces_of_one_number_are_told_apart_by_who_gave_them() {
    let first = || asked(MONDAY, &[(1, "S@clinic", ""), (2, "S@agent", "")]);
    let turned = [(1, "S@agent", "A3"), (2, "S@clinic", "A1")];
    let results = |events: &[PayerEvent]| {
        let last = last(events);
        last.exchanges.last().unwrap().results.clone()
    };
    let of =
        |services: &[(u16, &str, &str)]| results(&[first(), told(TUESDAY, "complete", services)]);
    let expected = [(1, Outcome::Approved), (2, Outcome::Denied)];
    assert_eq!(of(&turned), expected);
    // Whoever does not say who gave it names neither: its place counts.
    assert_eq!(
        of(&[(1, "S", "A3"), (2, "", "A1")]),
        [(1, Outcome::Denied), (2, Outcome::Approved)]
    );
    // Where one service alone has the number, that is enough.
    let sole = asked(MONDAY, &[(1, "S@clinic", ""), (2, "T@agent", "")]);
    let answer = told(TUESDAY, "complete", &[(1, "T", "A3"), (2, "S", "A1")]);
    assert_eq!(results(&[sole.clone(), answer]), expected);
    let unstated = asked(MONDAY, &[(1, "S", ""), (2, "T", "")]);
    let answer = told(
        TUESDAY,
        "complete",
        &[(1, "T@agent", "A3"), (2, "S@clinic", "A1")],
    );
    assert_eq!(results(&[unstated, answer]), expected);
    // But it is none of another's.
    let of_other = told(TUESDAY, "complete", &[(1, "T@clinic", "A3")]);
    assert_eq!(results(&[sole, of_other]), [(1, Outcome::Denied)]);
}

#[test]
fn no_two_services_of_a_request_are_taken_for_one() {
    // One had two traces, and now there is one for each of two.
    let first = asked(MONDAY, &[(1, "S T", "")]);
    let split = asked(TUESDAY, &[(1, "S", ""), (2, "T", "")]);
    let half = told(WEDNESDAY, "partial", &[(1, "S", "A1")]);
    let events = [first, split, half];
    assert_eq!(last(&events).outcome, Outcome::Pended);
    let rest = told(THURSDAY, "complete", &[(1, "T", "A3")]);
    let decided = last(&[&events[..], &[rest]].concat());
    assert_eq!(decided.outcome, Outcome::Partial);
    // One without a trace stands where another one was.
    let first = asked(MONDAY, &[(1, "S", ""), (2, "T", "")]);
    let moved = asked(TUESDAY, &[(1, "", ""), (2, "S", "")]);
    let answer = told(WEDNESDAY, "complete", &[(1, "", "A3"), (2, "S", "A1")]);
    let decided = last(&[first, moved, answer]);
    assert_eq!(
        decided.exchanges.last().unwrap().results,
        [(1, Outcome::Approved), (3, Outcome::Denied)]
    );
}

fn story() -> Vec<PayerEvent> {
    vec![
        asked(
            MONDAY,
            &[(1, "S@a", ""), (2, "S@b", ""), (3, "S3 S4 S5", "")],
        ),
        told(TUESDAY, "partial", &[(1, "S5 S3", "A1"), (2, "S@b", "A4")]),
        asked(WEDNESDAY, &[(1, "S@a", ""), (2, "S3", "")]),
        told(THURSDAY, "complete", &[(1, "S@a", "A3")]),
    ]
}

#[test]
fn traces_are_kept_between_two_inputs() {
    let (state, _, _) = run(&story(), THURSDAY);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert_eq!(State::decode(&bytes).unwrap(), state);
    // An earlier version did not say who gave them.
    let (mut state, _, _) = run(&[asked(MONDAY, &[(1, "S@a", "")])], TUESDAY);
    bytes.clear();
    assert!(state.encode(&mut bytes));
    cut(&mut bytes, link("a"));
    bytes[0] = 5;
    state.documents[0].document.lines[0].traces[0].by = 0;
    assert_eq!(State::decode(&bytes).unwrap(), state);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_order_of_arrival_changes_no_service(order in Just((0..4).collect::<Vec<usize>>()).prop_shuffle()) {
        let events = story();
        let (straight, _, told) = run(&events, "2026-03-20T00:00:00Z");
        prop_assert_eq!(told.last().unwrap().outcome, Outcome::Partial);
        let given: Vec<_> = order.iter().filter_map(|place| events.get(*place).cloned()).collect();
        let (shuffled, _, of_shuffled) = run(&given, "2026-03-20T00:00:00Z");
        prop_assert_eq!(standing(&shuffled), standing(&straight));
        let outcome = |all: &[Authorization]| all.last().map(|one| (one.outcome, one.decided_at, one.exchanges.clone()));
        prop_assert_eq!(outcome(&of_shuffled), outcome(&told));
    }
}
