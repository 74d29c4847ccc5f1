//! Observations over HTTP, in transactions of a hundred: how many a second, and how long an answer takes at half of the goal.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::acknowledge::name;
use crate::requests::{on_each_connection, post};
use crate::server::{Kind, Server};
use crate::table;

/// Observations in a transaction.
const TOGETHER: u64 = 100;
/// Who sends at once.
const CONNECTIONS: u64 = 16;
/// Of so many patients.
const PATIENTS: u64 = 5000;
/// How long is sent as fast as answers come.
const LASTING: Duration = Duration::from_secs(6);
/// Creations a second that there shall be at least.
const GOAL: u64 = 20_000;

/// Measures the door alone and the whole platform, and prints.
pub(crate) fn measure(folder: &Path) {
    println!("\nObservations over HTTP, transactions of {TOGETHER}, {CONNECTIONS} connections");
    for kind in [Kind::Door, Kind::Fhir] {
        closed(kind, folder);
        open(kind, folder);
    }
}

fn start(kind: Kind, folder: &Path) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let quiet = "[delivery.console]\nenabled = false\n";
    (Server::start(kind, folder.path(), quiet), folder)
}

fn closed(kind: Kind, folder: &Path) {
    let (server, _folder) = start(kind, folder);
    let cpu = server.cpu();
    let end = Instant::now() + LASTING;
    let next = AtomicU64::new(0);
    let all = on_each_connection(server.fhir(), CONNECTIONS, |connection| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let request = request(number);
        let sent = Instant::now();
        (sent < end).then(|| {
            connection.exchange(&request);
            sent.elapsed()
        })
    });
    let created = all.len() * TOGETHER;
    let rate = created as f64 / LASTING.as_secs_f64();
    let micros = (server.cpu() - cpu).as_secs_f64() * 1e6 / created as f64;
    println!(
        "  {}: {rate:.0} Observations/s (at least {GOAL}), {micros:.1} us of processor each, sender beside it",
        name(kind)
    );
    table::latency("answer", &all);
}

/// Sends on a schedule that no answer changes; latencies count from the scheduled time.
fn open(kind: Kind, folder: &Path) {
    let (server, _folder) = start(kind, folder);
    let rate = (GOAL / 2 / TOGETHER) as f64;
    let count = (rate * LASTING.as_secs_f64()) as u64;
    let requests: Vec<Vec<u8>> = (0..count).map(request).collect();
    let start = Instant::now() + Duration::from_millis(50);
    let next = AtomicU64::new(0);
    let all = on_each_connection(server.fhir(), CONNECTIONS, |connection| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let request = requests.get(usize::try_from(number).unwrap())?;
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.exchange(request);
        Some(due.elapsed())
    });
    let what = format!("answer at {} a second", GOAL / 2);
    table::latency(&what, &all);
}

/// Transaction `number`: vital signs of a hundred patients.
fn request(number: u64) -> Vec<u8> {
    let entries: Vec<String> = (0..TOGETHER)
        .map(|entry| observation(number * TOGETHER + entry))
        .collect();
    let body = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
        entries.join(",")
    );
    post("/fhir", "application/fhir+json", body.as_bytes())
}

fn observation(number: u64) -> String {
    let patient = number.wrapping_mul(7919) % PATIENTS;
    let (minute, second) = (number / 60 % 60, number % 60);
    let rate = 55 + number % 60;
    format!(
        concat!(
            r#"{{"resource":{{"resourceType":"Observation","status":"final","identifier":[{{"system":"urn:example:monitor","value":"{number}"}}],"#,
            r#""category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}}]}}],"#,
            r#""code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}]}},"#,
            r#""subject":{{"identifier":{{"system":"urn:example:mrn","value":"P{patient}"}}}},"#,
            r#""effectiveDateTime":"2026-03-02T10:{minute:02}:{second:02}Z","#,
            r#""valueQuantity":{{"value":{rate},"unit":"beats/minute","system":"http://unitsofmeasure.org","code":"/min"}}}},"#,
            r#""request":{{"method":"POST","url":"Observation"}}}}"#
        ),
        number = number,
        patient = patient,
        minute = minute,
        second = second,
        rate = rate
    )
}
