//! What goes wrong with subscriptions without anybody's saying so: numbers that begin anew, other servers, what is turned off.

use serde_json::{Value, json};

use crate::platform::{Platform, Site};
use crate::rest::Rest;
use crate::setting::wait_for;
use crate::subscriptions::{
    Ehr, backport, finished, missing, patient, seen, send, site, stay, topic_based,
};

const EVENT: &str = "event-notification";

/// How an event is told: its number, the total, whom it is about and when they changed.
type Told<'t> = &'t dyn Fn(u64, u64, &str, u32) -> Value;

/// A patient of another id, as they were at a second.
fn another(id: &str, changed: u32) -> Value {
    let mut patient = patient("female", changed);
    patient["id"] = json!(id);
    patient
}

/// One event of the subscription `s5` with its time, about a patient that comes with it.
fn timed(number: u64, announced: u64, resource: &Value, second: u32) -> Value {
    let id = resource["id"].as_str().unwrap_or_default();
    let events = json!([{
        "eventNumber": number.to_string(),
        "timestamp": format!("2026-03-01T10:00:{second:02}Z"),
        "focus": {"reference": format!("Patient/{id}")},
    }]);
    let entry = json!({"fullUrl": format!("Patient/{id}"), "resource": resource});
    topic_based(EVENT, announced, &events, &[entry])
}

fn is_there(rest: Rest, id: &str) -> bool {
    seen(rest, &format!("/Patient/{id}"))["resourceType"] == "Patient"
}

fn troubles(platform: &Platform) -> String {
    platform.get("/ready").1
}

#[test]
fn numbers_that_begin_anew_without_a_handshake_lose_nothing() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    // With the times of events, and without: then the total falls.
    let with_times =
        |number, total, id: &str, second| timed(number, total, &another(id, second), second);
    let without =
        |number, total, id: &str, second| backport(EVENT, total, &[(number, another(id, second))]);
    let ways: [(&str, Told<'_>); 2] = [("t", &with_times), ("n", &without)];
    for (way, event) in ways {
        for number in 1..=3 {
            let second = u32::try_from(number).expect("it is small");
            let before = event(number, number, &format!("{way}-old{number}"), second);
            assert_eq!(send(rest, &before).status, 202, "{way} {number}");
        }
        let first = event(1, 1, &format!("{way}-new1"), 11);
        let told = send(rest, &first);
        assert_eq!(told.status, 202, "{way}: {told:?}");
        assert!(told.text().contains("counts anew"), "{way}: {told:?}");
        assert!(is_there(rest, &format!("{way}-new1")), "{way}");
        assert_eq!(send(rest, &first).status, 200, "{way}: now it is known");
        for number in 2..=4 {
            let id = format!("{way}-new{number}");
            let second = 10 + u32::try_from(number).expect("it is small");
            let next = event(number, number, &id, second);
            assert_eq!(send(rest, &next).status, 202, "{way} {number}");
            assert!(is_there(rest, &id), "{way} {number}");
        }
        // One of them that comes again, late, is still known.
        let late = event(2, 2, &format!("{way}-new2"), 12);
        assert_eq!(send(rest, &late).status, 200, "{way}");
    }
    assert_eq!(missing(&platform), 0);
    let anew = ["intake_subscription_notifications", "counted-anew"];
    assert_eq!(platform.count(&anew), 2);

    // What was deleted by another way is not brought back by an event that comes again.
    let place = "/subscriptions/ehr/Patient/n-new1";
    assert_eq!(rest.ask("DELETE", place, &[], b"").status, 202);
    let again = without(1, 4, "n-new1", 11);
    assert_eq!(send(rest, &again).status, 200);
    assert!(!is_there(rest, "n-new1"));

    // The same resource under a number that is known, changed since: it is kept, and older than what was there under a greater one.
    let mut changed = another("t-new4", 21);
    changed["gender"] = json!("other");
    assert_eq!(send(rest, &timed(1, 1, &changed, 21)).status, 202);
    assert_eq!(seen(rest, "/Patient/t-new4")["gender"], "other");
}

#[test]
fn a_total_that_falls_is_asked_for() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let before: Vec<(u64, Value)> = (1..=5)
        .map(|n| (n, another(&format!("old{n}"), 1)))
        .collect();
    let made = |mut bundle: Value, second: u32| {
        bundle["timestamp"] = json!(format!("2026-03-01T10:00:{second:02}Z"));
        bundle
    };
    let events = made(backport(EVENT, 5, &before), 5);
    assert_eq!(send(rest, &events).status, 202);
    // One that was made before those events, and comes after them, says nothing of them.
    let late = send(rest, &made(backport("heartbeat", 4, &[]), 4));
    assert!(!late.text().contains("counts anew"), "{late:?}");
    let lost = [(1, another("new1", 2))];
    ehr.answers(
        "Subscription/s1/$events?eventsSinceNumber=1&eventsUntilNumber=1&",
        backport("query-event", 1, &lost),
    );
    let told = send(rest, &made(backport("heartbeat", 1, &[]), 9));
    assert_eq!(told.status, 200);
    assert!(told.text().contains("counts anew"), "{told:?}");
    wait_for("what was lost", || is_there(rest, "new1").then_some(()));
    wait_for("nothing to be missing", || {
        (missing(&platform) == 0).then_some(())
    });
}

#[test]
fn what_is_named_on_another_server_is_not_read_from_ours() {
    let ehr = Ehr::start();
    let mut site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let other = "http://other.example/fhir";
    let told =
        json!([{"eventNumber": "1", "focus": {"reference": format!("{other}/Encounter/e1")}}]);
    let named = topic_based(EVENT, 1, &told, &[]);
    ehr.answers("Encounter/e1", stay("e1"));
    let refused = send(rest, &named);
    assert_eq!(refused.status, 422, "{refused:?}");
    for words in [other, "bases", "[subscription.ehr]"] {
        assert!(refused.text().contains(words), "{refused:?}");
    }
    assert_eq!(ehr.asked("Encounter/e1"), 0);
    assert_eq!(missing(&platform), 1, "it waits");
    assert!(platform.stop().success());

    site.set("subscription.ehr", "bases", &format!("\"{other}/\""));
    let platform = site.start();
    let rest = Rest(platform.fhir());
    assert_eq!(send(rest, &named).status, 202);
    assert_eq!(finished(rest, "e1"), Some(()));
}

#[test]
fn what_cannot_be_read_of_a_notification_is_named() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let event = |number: u64, focus: &str| json!({"eventNumber": number.to_string(), "focus": {"reference": focus}});
    let url = format!("{}/Observation/o1", ehr.base());
    let wrong = json!({"fullUrl": url, "resource": {"resourceType": "Observatoin", "id": "o1"}});
    let fine = json!({"fullUrl": "Encounter/e1", "resource": stay("e1")});
    let outcome = json!({"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}});
    let events = json!([
        event(1, &url),
        event(2, "Encounter/e1"),
        event(3, "SubscriptionTopic/t1")
    ]);
    let told = send(
        rest,
        &topic_based(EVENT, 3, &events, &[outcome.clone(), wrong, fine]),
    );
    assert_eq!(told.status, 202, "{told:?}");
    for words in ["Bundle.entry[2].resource", "event 3 names no resource"] {
        assert!(told.text().contains(words), "{told:?}");
    }
    assert_eq!(finished(rest, "e1"), Some(()));
    assert_eq!(missing(&platform), 0);
    let refused = ["intake_subscription_events", "refused-resource"];
    assert_eq!(platform.count(&refused), 2);

    let fine = json!({"fullUrl": "Encounter/e2", "resource": stay("e2")});
    let told = send(
        rest,
        &topic_based(
            EVENT,
            4,
            &json!([event(4, "Encounter/e2")]),
            &[outcome, fine],
        ),
    );
    assert_eq!(told.status, 202, "{told:?}");
    assert!(!told.text().contains("warning"), "{told:?}");
}

#[test]
fn a_subscription_that_is_turned_off_is_a_trouble_until_it_is_active() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let mut platform = site.start();
    let told = |platform: &Platform, status: &str| {
        let mut heartbeat = topic_based("heartbeat", 0, &json!([]), &[]);
        heartbeat["entry"][0]["resource"]["status"] = json!(status);
        assert_eq!(send(Rest(platform.fhir()), &heartbeat).status, 200);
    };
    told(&platform, "active");
    let words = "The subscription s5 of ehr is";
    assert!(!troubles(&platform).contains(words));
    for status in ["error", "off"] {
        told(&platform, status);
        let said = troubles(&platform);
        assert!(said.contains(&format!("{words} {status}")), "{said}");
        drop(platform);
        platform = site.start();
        let said = troubles(&platform);
        assert!(
            said.contains(&format!("{words} {status}")),
            "after a restart: {said}"
        );
    }
    told(&platform, "active");
    assert!(!troubles(&platform).contains(words));
}

#[test]
fn a_server_that_does_not_let_us_in_is_a_trouble() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    std::fs::write(site.folder().join("token"), "another").expect("it is ours");
    let platform = site.start();
    let rest = Rest(platform.fhir());
    assert_eq!(send(rest, &backport("handshake", 0, &[])).status, 200);
    assert!(!troubles(&platform).contains("subscriptions of ehr"));
    assert_eq!(send(rest, &backport("heartbeat", 1, &[])).status, 200);
    wait_for("the trouble", || {
        let said = troubles(&platform);
        (said.contains("subscriptions of ehr") && said.contains("it answers 401")).then_some(())
    });
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let ehr = Ehr::start();
    let site: Site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    ehr.answers(
        "Subscription/s5/$events",
        json!("429 Too Many Requests\r\nRetry-After: 3600"),
    );
    ehr.answers("Encounter/e1", stay("e1"));
    assert_eq!(
        send(rest, &topic_based("handshake", 0, &json!([]), &[])).status,
        200
    );
    assert_eq!(
        send(rest, &topic_based("heartbeat", 1, &json!([]), &[])).status,
        200
    );
    wait_for("its answer", || {
        site.log()
            .contains("wants to be asked again later")
            .then_some(())
    });
    let focus = json!({"reference": format!("{}/Encounter/e1", ehr.base())});
    let told = json!([{"eventNumber": "1", "focus": focus}]);
    let put_off = send(rest, &topic_based(EVENT, 1, &told, &[]));
    assert_eq!(put_off.status, 503, "{put_off:?}");
    assert_eq!(ehr.asked("Encounter/e1"), 0);
    assert_eq!(ehr.asked("Subscription/s5/$events"), 1);
    assert_eq!(ehr.asked("Encounter?status"), 0, "nor by queries");
}
