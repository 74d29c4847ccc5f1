//! Subscriptions against the running platform: a FHIR server that notifies, is asked for what was missed, and repeats itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::platform::{Platform, Site, quoted};
use crate::rest::{Answer, Rest};
use crate::setting::wait_for;

const RAW: &str = "healthcare.fhir.received";
const TOKEN: &str = "let-us-in";

/// A FHIR server, as far as subscribers ask one: it answers what it was told to, to whoever has the token.
pub(crate) struct Ehr {
    address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Ehr {
    pub(crate) fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let ehr = Self {
            address: door.local_addr().expect("it is bound"),
            answers: Arc::default(),
            asked: Arc::default(),
        };
        let (answers, asked) = (Arc::clone(&ehr.answers), Arc::clone(&ehr.asked));
        std::thread::spawn(move || {
            for stream in door.incoming().map_while(Result::ok) {
                let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
                std::thread::spawn(move || serve(stream, &answers, &asked));
            }
        });
        ehr
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/r4", self.address)
    }

    /// What is answered to requests whose path begins so: a body, nothing where it is gone, or words as another status.
    pub(crate) fn answers(&self, path: &str, body: Value) {
        let mut answers = self.answers.lock().expect("nobody panics with it");
        answers.insert(format!("/r4/{path}"), body);
    }

    /// How often something was asked for whose path begins so.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let asked = self.asked.lock().expect("nobody panics with it");
        let path = format!("/r4/{path}");
        asked.iter().filter(|one| one.starts_with(&path)).count()
    }
}

fn serve(stream: TcpStream, answers: &Mutex<BTreeMap<String, Value>>, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(&stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
        let is_known = head.iter().any(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_default();
            name.eq_ignore_ascii_case("authorization") && value == format!("Bearer {TOKEN}")
        });
        asked
            .lock()
            .expect("nobody panics with it")
            .push(path.clone());
        let answers = answers.lock().expect("nobody panics with it");
        let found = answers
            .iter()
            .rev()
            .find(|(known, _)| path.starts_with(*known));
        let (status, body) = match found {
            _ if !is_known => ("401 Unauthorized".to_owned(), String::new()),
            Some((_, Value::Null)) => ("410 Gone".to_owned(), String::new()),
            Some((_, Value::String(status))) => (status.clone(), String::new()),
            Some((_, body)) => ("200 OK".to_owned(), body.to_string()),
            None => ("404 Not Found".to_owned(), String::new()),
        };
        drop(answers);
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if (&stream).write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

pub(crate) fn site(ehr: &Ehr) -> Site {
    let mut site = Site::default();
    let token = site.folder().join("token");
    std::fs::write(&token, TOKEN).expect("the temporary folder can be written");
    let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, only_ours).expect("it is ours");
    site.set("source.ehr", "zone", "\"UTC\"");
    site.set("subscription.ehr", "server", &quoted(&ehr.base()))
        .set(
            "subscription.ehr",
            "token_file",
            &quoted(&token.display().to_string()),
        )
        .set(
            "subscription.ehr",
            "queries",
            "\"Encounter?status=finished\"",
        )
        .set("subscription.ehr", "retry", "\"100ms\"");
    site
}

pub(crate) fn patient(gender: &str, changed: u32) -> Value {
    json!({
        "resourceType": "Patient",
        "id": "7",
        "meta": {"lastUpdated": format!("2026-03-01T09:00:{changed:02}Z")},
        "gender": gender,
    })
}

/// Events as the backport of R4 tells them, each about a patient of whom it is told how they are.
pub(crate) fn backport(kind: &str, announced: u64, events: &[(u64, Value)]) -> Value {
    let text = |name: &str, value: &str| json!({"name": name, "valueString": value});
    let mut parameters = vec![
        json!({"name": "subscription", "valueReference": {"reference": "http://ehr.example/r4/Subscription/s1"}}),
        json!({"name": "type", "valueCode": kind}),
        text("events-since-subscription-start", &announced.to_string()),
    ];
    let mut entries = Vec::new();
    for (number, resource) in events {
        let url = format!(
            "http://ehr.example/r4/Patient/{}",
            resource["id"].as_str().unwrap_or_default()
        );
        parameters.push(json!({"name": "notification-event", "part": [
            text("event-number", &number.to_string()),
            {"name": "focus", "valueReference": {"reference": url}},
        ]}));
        entries.push(json!({"fullUrl": url, "resource": resource, "request": {"method": "PUT", "url": "Patient/7"}}));
    }
    entries.insert(0, json!({"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Parameters", "parameter": parameters}}));
    json!({"resourceType": "Bundle", "type": "history", "entry": entries})
}

/// Events as R5 tells them.
pub(crate) fn topic_based(kind: &str, announced: u64, events: &Value, entries: &[Value]) -> Value {
    let status = json!({"resource": {
        "resourceType": "SubscriptionStatus",
        "type": kind,
        "eventsSinceSubscriptionStart": announced.to_string(),
        "notificationEvent": events,
        "subscription": {"reference": "Subscription/s5"},
    }});
    let entries: Vec<&Value> = std::iter::once(&status).chain(entries).collect();
    json!({"resourceType": "Bundle", "type": "subscription-notification", "entry": entries})
}

pub(crate) fn missing(platform: &Platform) -> u64 {
    platform.count(&["intake_subscription_events_missing", "ehr"])
}

pub(crate) fn seen(rest: Rest, place: &str) -> Value {
    let headers = [("X-Pulsewire-Source", "ehr")];
    rest.ask("GET", place, &headers, b"").json()
}

pub(crate) fn send(rest: Rest, body: &Value) -> Answer {
    rest.post("/subscriptions/ehr", body)
}

#[test]
fn events_are_taken_in_once_however_often_and_in_whatever_order_they_come() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let event = "event-notification";
    assert_eq!(send(rest, &backport("handshake", 0, &[])).status, 200);
    let first = backport(event, 1, &[(1, patient("female", 1))]);
    assert_eq!(send(rest, &first).status, 202);
    assert_eq!(send(rest, &first).status, 200, "it came twice");
    assert_eq!(seen(rest, "/Patient/7")["gender"], "female");
    assert_eq!(site.records(RAW).len(), 1);
    // The third comes, and the second did not: the server is asked for it. Being older, it changes nothing that is newer.
    let second = backport("query-event", 3, &[(2, patient("other", 2))]);
    ehr.answers(
        "Subscription/s1/$events?eventsSinceNumber=2&eventsUntilNumber=2&",
        second,
    );
    assert_eq!(
        send(rest, &backport(event, 3, &[(3, patient("male", 3))])).status,
        202
    );
    wait_for("the second event", || {
        (missing(&platform) == 0).then_some(())
    });
    assert_eq!(ehr.asked("Subscription/s1/$events"), 1);
    assert_eq!(seen(rest, "/Patient/7")["gender"], "male");
    assert_eq!(site.records(RAW).len(), 2);
    // Now the second comes after all.
    assert_eq!(
        send(rest, &backport(event, 2, &[(2, patient("other", 2))])).status,
        200
    );
    assert_eq!(seen(rest, "/Patient/7")["gender"], "male");
    drop(platform);

    let platform = site.start();
    let rest = Rest(platform.fhir());
    assert_eq!(
        send(rest, &first).status,
        200,
        "it is known after a restart, too"
    );
    // Nothing happens, and yet two events are told of that never came.
    let lost = [(4, patient("unknown", 4)), (5, patient("female", 5))];
    ehr.answers(
        "Subscription/s1/$events?eventsSinceNumber=4&",
        backport("query-event", 5, &lost),
    );
    assert_eq!(send(rest, &backport("heartbeat", 5, &[])).status, 200);
    wait_for("what was lost", || {
        (seen(rest, "/Patient/7")["gender"] == "female").then_some(())
    });
    wait_for("nothing to be missing", || {
        (missing(&platform) == 0).then_some(())
    });
    assert_eq!(
        site.records(RAW).len(),
        3,
        "of two versions at once the newer one is enough"
    );
    let events = |kind: &str| platform.count(&["intake_subscription_events", kind]);
    assert_eq!((events("\"taken\""), events("\"again\"")), (2, 1));
}

pub(crate) fn stay(id: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "IMP"}})
}

/// A page of what a search finds.
fn page(id: &str, link: &Value) -> Value {
    json!({"resourceType": "Bundle", "type": "searchset", "link": link, "entry": [{"resource": stay(id)}]})
}

pub(crate) fn finished(rest: Rest, id: &str) -> Option<()> {
    let read = seen(rest, &format!("/Encounter/{id}"));
    (read["status"] == "finished").then_some(())
}

#[test]
fn what_is_only_named_is_fetched() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let event = "event-notification";
    let url = format!("{}/Encounter/e1", ehr.base());
    let focus = json!({"reference": url});
    let handshake = topic_based("handshake", 0, &json!([]), &[]);
    assert_eq!(send(rest, &handshake).status, 200);
    // Named, and the server gives something else.
    let told = json!([{"eventNumber": "1", "focus": focus}]);
    let named = topic_based(event, 1, &told, &[]);
    ehr.answers(
        "Encounter/e1",
        json!({"resourceType": "Patient", "id": "e1"}),
    );
    let put_off = send(rest, &named);
    assert_eq!(
        (put_off.status, put_off.header("retry-after")),
        (503, "1".to_owned())
    );
    ehr.answers("Encounter/e1", stay("e1"));
    wait_for("it to be taken", || {
        (send(rest, &named).status < 300).then_some(())
    });
    assert_eq!(finished(rest, "e1"), Some(()));
    // Deleted, as the notification says, and then as the server does.
    let gone = json!({"fullUrl": url, "request": {"method": "DELETE", "url": "Encounter/e1"}});
    let told = json!([{"eventNumber": "2", "focus": focus}]);
    let deleted = topic_based(event, 2, &told, &[gone]);
    assert_eq!(send(rest, &deleted).status, 202);
    assert_eq!(seen(rest, "/Encounter/e1")["issue"][0]["code"], "deleted");
    assert_eq!(
        rest.put("/subscriptions/ehr/Encounter/e2", &stay("e2"))
            .status,
        202
    );
    ehr.answers("Encounter/e2", Value::Null);
    let focus = json!({"reference": "Encounter/e2"});
    let told = json!([{"eventNumber": "3", "focus": focus}]);
    assert_eq!(send(rest, &topic_based(event, 3, &told, &[])).status, 202);
    assert_eq!(seen(rest, "/Encounter/e2")["issue"][0]["code"], "deleted");
}

#[test]
fn what_is_not_even_named_is_looked_for() {
    let ehr = Ehr::start();
    let site = site(&ehr);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let query = "Encounter?status=finished&_lastUpdated=ge";
    // The server has no events to give, so that what changed is looked for, page by page.
    let next = json!([{"relation": "next", "url": format!("{}/page-2", ehr.base())}]);
    ehr.answers(query, page("e2", &next));
    ehr.answers("page-2", page("e3", &json!([])));
    let told = json!([{"eventNumber": "1"}]);
    let silent = topic_based("event-notification", 1, &told, &[]);
    assert_eq!(send(rest, &silent).status, 202);
    wait_for("both pages", || finished(rest, "e3"));
    assert_eq!(finished(rest, "e2"), Some(()));
    wait_for("nothing to be missing", || {
        (missing(&platform) == 0).then_some(())
    });
    // A subscription of R4 says nothing at all, or sends the resource.
    ehr.answers(query, page("e4", &json!([])));
    let empty = rest.ask("POST", "/subscriptions/ehr", &[("Content-Type", "")], b"");
    assert_eq!(empty.status, 202, "{empty:?}");
    wait_for("what changed", || finished(rest, "e4"));
    let place = "/subscriptions/ehr/Patient/7";
    assert_eq!(rest.put(place, &patient("male", 8)).status, 202);
    assert_eq!(
        rest.put(place, &patient("other", 6)).status,
        200,
        "it is older"
    );
    assert_eq!(seen(rest, "/Patient/7")["gender"], "male");
    assert_eq!(rest.ask("DELETE", place, &[], b"").status, 202);
    assert_eq!(seen(rest, "/Patient/7")["issue"][0]["code"], "deleted");
}

#[test]
fn what_cannot_be_taken_is_refused_with_words() {
    let ehr = Ehr::start();
    let mut site = site(&ehr);
    site.set("source.lab", "zone", "\"UTC\"");
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let code = |answer: Answer| {
        format!(
            "{} {}",
            answer.status,
            answer.json()["issue"][0]["code"]
                .as_str()
                .unwrap_or_default()
        )
    };
    assert_eq!(
        code(rest.post("/subscriptions/nobody", &json!({}))),
        "400 value"
    );
    assert_eq!(
        code(send(rest, &json!({"resourceType": "Patient"}))),
        "422 invalid"
    );
    assert_eq!(
        code(send(rest, &json!({"resourceType": "Bundle"}))),
        "422 required"
    );
    let far = backport("event-notification", 1, &[(99_999_999, patient("male", 1))]);
    assert_eq!(
        code(send(rest, &backport("handshake", 0, &[]))),
        "200 informational"
    );
    assert_eq!(code(send(rest, &far)), "422 value");
    // Without a server that could be asked, only what brings its resources can be taken.
    let named = topic_based(
        "event-notification",
        1,
        &json!([{"eventNumber": "1", "focus": {"reference": "Encounter/1"}}]),
        &[],
    );
    assert_eq!(
        code(rest.post("/subscriptions/lab", &named)),
        "422 not-supported"
    );
    let empty = rest.ask("POST", "/subscriptions/lab", &[], b"");
    assert_eq!(code(empty), "422 not-supported");
    // A resource that is never kept holds up nothing else.
    let mut bundle = patient("male", 1);
    bundle["resourceType"] = json!("Bundle");
    bundle["id"] = json!("8");
    let mixed = backport(
        "event-notification",
        2,
        &[(1, patient("male", 1)), (2, bundle)],
    );
    assert_eq!(send(rest, &mixed).status, 202);
    assert_eq!(seen(rest, "/Patient/7")["gender"], "male");
}
