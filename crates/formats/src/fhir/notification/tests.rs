//! What is read of notifications of each release, and what is wrong with others.

use expect_test::{Expect, expect};

use super::*;

fn check(json: &str, expected: Expect) {
    let told = match Notification::read(json.as_bytes()) {
        Err(refused) => format!("{}: {}", refused.expression, refused.diagnostics),
        Ok(told) => {
            let mut lines = vec![format!(
                "{} of {} {:?}",
                told.kind.code(),
                told.subscription,
                told.announced
            )];
            lines.extend(told.standing.map(|standing| standing.code().to_owned()));
            lines.extend(told.timestamp.iter().map(|time| format!("made {time}")));
            lines.extend(told.unreadable.iter().map(ToString::to_string));
            for event in &told.events {
                let focus = event.focus.as_deref().unwrap_or("nothing");
                let found = event
                    .focus
                    .as_deref()
                    .and_then(|focus| told.items_of(focus).pop());
                let brought = match found {
                    None => "not here",
                    Some(item) if item.wrong.is_some() => "unreadable",
                    Some(item) if item.is_deleted => "deleted",
                    Some(item) if item.resource.is_some() => "here",
                    Some(_) => "by its id",
                };
                let context = event.context.len();
                lines.push(format!(
                    "{} {focus} {brought}, {context} more{}",
                    event.number,
                    event
                        .timestamp
                        .as_deref()
                        .map_or_else(String::new, |time| format!(", {time}"))
                ));
            }
            lines.join("\n")
        }
    };
    expected.assert_eq(&told);
}

const BACKPORT: &str = r#"{"resourceType":"Bundle","type":"history","entry":[
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Parameters","parameter":[
  {"name":"subscription","valueReference":{"reference":"https://ehr.example/fhir/Subscription/admissions"}},
  {"name":"topic","valueCanonical":"https://ehr.example/topic"},
  {"name":"status","valueCode":"active"},
  {"name":"type","valueCode":"event-notification"},
  {"name":"events-since-subscription-start","valueString":"7"},
  {"name":"notification-event","part":[
   {"name":"event-number","valueString":"6"},
   {"name":"focus","valueReference":{"reference":"https://ehr.example/fhir/Encounter/1"}},
   {"name":"additional-context","valueReference":{"reference":"https://ehr.example/fhir/Patient/1"}}]},
  {"name":"notification-event","part":[
   {"name":"event-number","valueString":"7"},
   {"name":"focus","valueReference":{"reference":"https://ehr.example/fhir/Encounter/2"}}]}]},
  "request":{"method":"GET","url":"Subscription/admissions/$status"}},
 {"fullUrl":"https://ehr.example/fhir/Encounter/1","resource":{"resourceType":"Encounter","id":"1"},"request":{"method":"PUT","url":"Encounter/1"}},
 {"fullUrl":"https://ehr.example/fhir/Encounter/2","request":{"method":"DELETE","url":"Encounter/2"}}]}"#;

#[test]
fn the_backport_says_it_in_parameters() {
    check(
        BACKPORT,
        expect![[r#"
            event-notification of admissions Some(7)
            active
            6 https://ehr.example/fhir/Encounter/1 here, 1 more
            7 https://ehr.example/fhir/Encounter/2 deleted, 0 more"#]],
    );
}

#[test]
fn later_releases_say_it_in_a_status() {
    let status = |more: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"subscription-notification","entry":[{{"resource":{{"resourceType":"SubscriptionStatus","subscription":{{"reference":"Subscription/7"}},{more}}}}},
            {{"fullUrl":"https://ehr.example/fhir/Encounter/2","request":{{"method":"POST","url":"Encounter"}}}}]}}"#
        )
    };
    check(
        &status(r#""type":"handshake","eventsSinceSubscriptionStart":"0""#),
        expect!["handshake of 7 Some(0)"],
    );
    check(
        &status(
            r#""type":"event-notification","eventsSinceSubscriptionStart":3,"notificationEvent":[{"eventNumber":"3","focus":{"reference":"Encounter/2"}},{"eventNumber":"4"}]"#,
        ),
        expect![[r#"
            event-notification of 7 Some(3)
            3 Encounter/2 by its id, 0 more
            4 nothing not here, 0 more"#]],
    );
    check(
        &status(r#""type":"heartbeat""#),
        expect!["heartbeat of 7 None"],
    );
    check(
        &status(r#""type":"birthday""#),
        expect![[
            r#"SubscriptionStatus.type: a notification is one of handshake, heartbeat, event-notification, query-status, query-event: say which"#
        ]],
    );
    check(
        &status(
            r#""type":"event-notification","notificationEvent":[{"focus":{"reference":"Encounter/2"}}]"#,
        ),
        expect![
            "SubscriptionStatus.notificationEvent.eventNumber: a number of events is a whole number of at most 18 digits: correct it"
        ],
    );
}

#[test]
fn what_is_no_notification_is_refused() {
    check(
        r#"{"resourceType":"Patient"}"#,
        expect!["Resource: a notification is a Bundle that begins with a status: send that"],
    );
    check(
        "[]",
        expect!["Resource: a notification is a Bundle that begins with a status: send that"],
    );
    let no_status = expect![
        "Bundle.entry[0].resource: a notification begins with its status, which is a SubscriptionStatus or, of the R4 backport, Parameters: put that first"
    ];
    check(r#"{"resourceType":"Bundle","type":"history"}"#, no_status);
    check(
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"SubscriptionStatus","type":"heartbeat"}}]}"#,
        expect![
            "SubscriptionStatus.subscription: a notification names its subscription: add the reference"
        ],
    );
}

#[test]
fn what_cannot_be_read_is_told_and_holds_up_nothing_else() {
    let words = expect![[r#"
        event-notification of admissions Some(7)
        active
        Bundle.entry[1].resource: the resource has no type of FHIR R4 or no id: without them it cannot be told from others
        6 https://ehr.example/fhir/x not here, 1 more
        7 https://ehr.example/fhir/Encounter/2 deleted, 0 more"#]];
    check(
        &BACKPORT
            .replace(r#""id":"1""#, r#""id":1"#)
            .replace("fhir/Encounter/1", "fhir/x")
            .replace("Encounter/1", "x"),
        words,
    );
    // Its address says what it is, and it says otherwise.
    check(
        &BACKPORT.replace(
            r#"{"resourceType":"Encounter","id":"1"}"#,
            r#"{"resourceType":"Encuonter","id":"1"}"#,
        ),
        expect![[r#"
            event-notification of admissions Some(7)
            active
            6 https://ehr.example/fhir/Encounter/1 unreadable, 1 more
            7 https://ehr.example/fhir/Encounter/2 deleted, 0 more"#]],
    );
    let outcome = r#"{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"processing"}]}},"#;
    check(
        &BACKPORT.replacen(
            r#"{"fullUrl":"https://ehr.example/fhir/Encounter/1""#,
            &format!(r#"{outcome}{{"fullUrl":"https://ehr.example/fhir/Encounter/1""#),
            1,
        ),
        expect![[r#"
            event-notification of admissions Some(7)
            active
            6 https://ehr.example/fhir/Encounter/1 here, 1 more
            7 https://ehr.example/fhir/Encounter/2 deleted, 0 more"#]],
    );
}

#[test]
fn times_and_how_a_subscription_stands_are_read() {
    let status = r#"{"resourceType":"Bundle","type":"history","timestamp":"2026-03-01T09:00:09Z","entry":[{"resource":{"resourceType":"SubscriptionStatus","status":"off",
        "type":"event-notification","subscription":{"reference":"Subscription/7"},"eventsSinceSubscriptionStart":1,
        "notificationEvent":[{"eventNumber":1,"timestamp":"2026-03-01T09:00:08Z","focus":{"reference":"https://other.example/Encounter/1"}}]}},
        {"fullUrl":"https://ehr.example/fhir/Encounter/1","resource":{"resourceType":"Encounter","id":"1"}}]}"#;
    check(
        status,
        expect![[r#"
            event-notification of 7 Some(1)
            off
            made 2026-03-01T09:00:09Z
            1 https://other.example/Encounter/1 not here, 0 more, 2026-03-01T09:00:08Z"#]],
    );
    let standings = [
        "requested",
        "active",
        "error",
        "off",
        "entered-in-error",
        "on",
    ];
    let silent = |code: &str| Standing::parse(code).map(Standing::is_silent);
    assert_eq!(
        standings.map(silent),
        [
            Some(false),
            Some(false),
            Some(true),
            Some(true),
            Some(true),
            None
        ]
    );
}

#[test]
fn numbers_and_entries_have_limits() {
    let with = |number: &str| {
        BACKPORT.replace(
            r#""valueString":"7"}"#,
            &format!(r#""valueString":"{number}"}}"#),
        )
    };
    let read = |text: &str| Notification::read(text.as_bytes()).is_ok();
    let digits = |count: usize| read(&with(&"9".repeat(count)));
    assert_eq!([17, 18, 19].map(digits), [true, true, false]);
    assert!(!read(&with("-1")) && !read(&with("")));
    let entries = |count: usize| {
        let more = r#",{"fullUrl":"urn:x"}"#.repeat(count - 1);
        let status = r#"{"resource":{"resourceType":"SubscriptionStatus","type":"heartbeat","subscription":{"reference":"Subscription/7"}}}"#;
        read(&format!(
            r#"{{"resourceType":"Bundle","entry":[{status}{more}]}}"#
        ))
    };
    assert_eq!(
        [ENTRIES_MAX - 1, ENTRIES_MAX, ENTRIES_MAX + 1].map(entries),
        [true, true, false]
    );
}
