//! `/sources`, `pulsewire sources` and the heartbeat: who sends, and that somebody outside knows that all is well.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::message::{admission, minutes_ago, vitals};
use crate::platform::{Platform, Site, complained, quoted, run, said};
use crate::rest::Rest;
use crate::sender::Sender;
use crate::setting::{now, wait_for};

fn sources(platform: &Platform) -> Value {
    let (code, body) = platform.get("/status/sources");
    assert_eq!(code, 200, "{body}");
    serde_json::from_str(&body).expect("what is told of sources is JSON")
}

#[test]
fn sources_are_told_of_by_the_page_the_command_and_the_topic() {
    let mut site = Site::default();
    site.set("source.monitors", "sending_application", "\"NOBODY\"")
        .set("source.monitors", "expected", "true");
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("31337", "S1"));
    sender.accepted(&vitals("31337", "S2", &minutes_ago(5), true));
    sender.exchange(b"this is no message");
    let told = sources(&platform);
    let names: Vec<&str> = told["sources"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|source| source["name"].as_str())
        .collect();
    assert!(names.contains(&"monitors"), "{told}");
    let (code, page) = platform.get("/sources");
    assert_eq!(code, 200);
    assert!(
        page.contains("monitors") && page.contains("expected"),
        "{page}"
    );
    let at = platform.pages.to_string();
    let table = run(&["sources", "--at", &at]);
    assert!(said(&table).contains("monitors"), "{}", complained(&table));
    let json = run(&["sources", "--at", &at, "--json"]);
    let json: Value = serde_json::from_str(&said(&json)).expect("one object");
    assert_eq!(json["sources"].as_array().map(Vec::len), Some(names.len()));
    // What was heard in a minute that is not over is told when it stops.
    assert!(platform.stop().success());
    let kept = site.records("healthcare.source.activity");
    // What only tells the time has no value.
    let heard = kept
        .iter()
        .filter(|kept| !kept.bytes().is_empty())
        .map(|kept| serde_json::from_slice(kept.bytes()).expect("JSON"));
    let heard: Vec<Value> = heard
        .filter(|told: &Value| told["source"] == "default")
        .collect();
    let sum = |of: &dyn Fn(&Value) -> u64| heard.iter().map(of).sum::<u64>();
    let answers = |code: &'static str| {
        move |told: &Value| {
            let all = told["answers"].as_array().expect("a list").iter();
            let these = all.filter(|answer| answer["code"] == code);
            these.filter_map(|answer| answer["count"].as_u64()).sum()
        }
    };
    assert_eq!(
        sum(&|told| told["messages"].as_u64().unwrap_or_default()),
        2
    );
    assert_eq!((sum(&answers("AA")), sum(&answers("AR"))), (2, 1));
}

/// What was told of a source until its process had stopped: messages by kind, and answers by code.
pub(crate) fn heard(site: &Site, source: &str) -> [BTreeMap<String, u64>; 2] {
    let mut sums = [BTreeMap::new(), BTreeMap::new()];
    for kept in site.records("healthcare.source.activity") {
        let told: Value = serde_json::from_slice(kept.bytes()).unwrap_or_default();
        if told["source"] != source {
            continue;
        }
        let parts = [
            ("signals", "signal", "messages"),
            ("answers", "code", "count"),
        ];
        for (sums, (list, name, count)) in sums.iter_mut().zip(parts) {
            for one in told[list].as_array().into_iter().flatten() {
                let name = one[name].as_str().unwrap_or_default().to_owned();
                *sums.entry(name).or_default() += one[count].as_u64().unwrap_or_default();
            }
        }
    }
    sums
}

#[test]
fn what_comes_over_http_is_told_by_kind_and_by_status() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let patient = json!({"resourceType": "Patient", "id": "p1", "active": true});
    assert_eq!(rest.put("/Patient/p1", &patient).status, 202);
    assert_eq!(rest.put("/Patient/p1", &patient).status, 200);
    let taken = now().minus(Duration::from_secs(420)).to_string();
    let result = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "issued": taken});
    let result = rest.post("/Observation", &result);
    assert_eq!(result.status, 202, "{result:?}");
    assert_eq!(rest.ask("POST", "/Patient", &[], b"{").status, 400);
    let plain = [("Content-Type", "text/plain")];
    assert_eq!(rest.ask("POST", "/Patient", &plain, b"x").status, 415);
    // What is only asked about is no sign of anything.
    assert_eq!(rest.get("/Patient/p2").status, 404);
    let entry = |id: &str| json!({"resource": {"resourceType": "Patient", "id": id}, "request": {"method": "PUT", "url": format!("Patient/{id}")}});
    let mut wrong = entry("p4");
    wrong["request"]["ifMatch"] = json!("W/\"7\"");
    let entries =
        |kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": [entry("p3"), wrong]});
    assert_eq!(rest.post("", &entries("transaction")).status, 412);
    assert_eq!(rest.post("", &entries("batch")).status, 200);
    assert!(platform.stop().success());
    let [signals, answers] = heard(&site, "default").map(Value::from_iter);
    assert_eq!(signals, json!({"Observation": 1, "Patient": 2}));
    // Three kept and one that was so already; two that are no resource, a transaction, and an entry of a batch.
    assert_eq!(answers, json!({"2xx": 4, "4xx": 4}));
}

/// Takes POSTs and keeps their bodies.
#[derive(Clone, Default)]
struct Watcher(Arc<Mutex<Vec<Value>>>);

impl Watcher {
    fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, kept) = (listener.local_addr().unwrap(), self.clone());
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || kept.serve(stream));
            }
        });
        address
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                let lower = line.trim().to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                } else if lower.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            self.0
                .lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
            let answer = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
            if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn beats(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }
}

fn site_with(watcher: &Watcher) -> Site {
    let mut site = Site::default();
    let url = format!("http://{}/beat", watcher.start());
    site.set("heartbeat", "url", &quoted(&url))
        .set("heartbeat", "every", "\"100ms\"");
    site
}

#[test]
fn a_heartbeat_comes_while_all_is_well() {
    let watcher = Watcher::default();
    let site = site_with(&watcher);
    let platform = site.start();
    wait_for("beats come", || (watcher.beats().len() >= 3).then_some(()));
    let beat = watcher.beats().pop().expect("there are some");
    let stations = beat["stations"].as_array().expect("a list");
    let names: Vec<_> = stations
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(
        names,
        ["devices", "normalize", "workloads", "alerts", "sources"]
    );
    assert!(stations[3]["watermark"].is_string(), "{beat}");
    assert!(platform.stop().success());
}

#[test]
fn a_heartbeat_stays_away_while_alerts_cannot_be_written() {
    let watcher = Watcher::default();
    let mut site = site_with(&watcher);
    // The first start makes its topics, for which there must be room.
    assert!(site.start().stop().success());
    watcher.0.lock().unwrap().clear();
    // More than any disk has free: as if this one were full.
    site.set("journal", "warn_below", "\"1000000GiB\"").set(
        "journal",
        "refuse_below",
        "\"1000000GiB\"",
    );
    let platform = site.start();
    let withheld = || platform.count(&["pulsewire_heartbeats_total", "withheld"]);
    wait_for("beats are withheld", || (withheld() >= 3).then_some(()));
    assert_eq!(watcher.beats(), Vec::<Value>::new());
    assert!(platform.stop().success());
}
