//! An instance is killed without warning: another goes on, from a state that it restores, and nothing is lost or twice.

use std::collections::BTreeSet;

use crate::broker::Place;
use crate::instance::{Instance, site};
use crate::kept_records::all;
use crate::message::{minutes_ago, vitals};
use crate::sender::Sender;
use crate::setting::wait_for;

/// So many messages, each with five observations.
const MESSAGES: usize = 120;
/// When the first instance is killed.
const KILL_AFTER: usize = 50;
/// So many observations has a message.
const EACH: usize = 5;
const OBSERVATIONS: &str = "healthcare.fhir.observation";

#[test]
fn another_instance_goes_on_where_one_was_killed() {
    let Some(place) = Place::new("takeover") else {
        return;
    };
    let (mut door, mut first, mut second) = (site(), site(), site());
    for site in [&mut door, &mut first, &mut second] {
        place.configure(site);
        site.set("kafka", "session_timeout", "\"6s\"");
    }
    let platform = door.start();
    let killed = Instance::start(&first, "normalize,workloads");
    let other = Instance::start(&second, "normalize,workloads");
    let mut sender = Sender::to(platform.mllp);
    let taken = minutes_ago(3);
    let mut killed = Some(killed);
    for number in 0..MESSAGES {
        let patient = format!("{}", number % 24);
        sender.accepted(&vitals(
            &patient,
            &format!("V{number}"),
            &taken,
            number % 2 == 0,
        ));
        if number == KILL_AFTER {
            killed.take().expect("it is killed once").kill();
        }
    }
    let journal = place.journal();
    let found = wait_for("every observation", || {
        let found = all(&journal, OBSERVATIONS);
        (found.len() >= MESSAGES * EACH).then_some(found)
    });
    let ids: BTreeSet<_> = found.iter().map(|kept| kept.header("event-id")).collect();
    assert_eq!((found.len(), ids.len()), (MESSAGES * EACH, MESSAGES * EACH));
    other.stop();

    // Whoever comes next has no state at all and makes it of the changelog: a message sent before changes nothing.
    let mut third = site();
    place.configure(&mut third);
    let restored = Instance::start(&third, "normalize,workloads");
    sender.accepted(&vitals("1", "LAST", &minutes_ago(1), false));
    let found = wait_for("the last message's observations", || {
        let found = all(&journal, OBSERVATIONS);
        (found.len() > MESSAGES * EACH).then_some(found)
    });
    assert_eq!(found.len(), (MESSAGES + 1) * EACH);
    restored.stop();
    assert!(platform.stop().success());
}
