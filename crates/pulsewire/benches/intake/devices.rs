//! What devices measure, over HTTP: samples a second of one core's time, and bytes a sample on disk.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::requests::{on_each_connection, post};
use crate::server::{Kind, Server};
use crate::table;

/// Who sends at once.
const CONNECTIONS: u64 = 8;
/// How long.
const LASTING: Duration = Duration::from_secs(4);
/// Samples a second of a processor's time that there shall be at least.
const GOAL: u64 = 500_000;
/// Bytes a sample that there shall be at most.
const BYTES_GOAL: u64 = 40;
/// So many of an electrocardiogram a second, in messages of ten seconds.
const WAVE_HZ: u64 = 500;
const WAVE_SAMPLES: u64 = 10 * WAVE_HZ;
/// So many values of one a second in a message.
const VITAL_SAMPLES: u64 = 600;

/// Measures waveforms and single values, and prints.
pub(crate) fn measure(folder: &Path) {
    println!("\nsamples of devices over HTTP, {CONNECTIONS} connections");
    let waves = "SampledData, 10 s of 500 a second";
    batches(folder, waves, WAVE_SAMPLES, waveform);
    let vitals = "JSON, 600 values of one a second";
    batches(folder, vitals, VITAL_SAMPLES, vitals_of);
}

fn batches(folder: &Path, what: &str, samples: u64, request: fn(u64) -> Vec<u8>) {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let quiet = "[delivery.console]\nenabled = false\n";
    let server = Server::start(Kind::Door, folder.path(), quiet);
    // Made before, so that making them is not measured.
    let requests: Vec<Vec<u8>> = (0..2000).map(request).collect();
    let cpu = server.cpu();
    let (began, next) = (Instant::now(), AtomicU64::new(0));
    let all = on_each_connection(server.fhir(), CONNECTIONS, |connection| {
        let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
        let request = requests.get(number)?;
        let sent = Instant::now();
        (sent.duration_since(began) < LASTING).then(|| {
            connection.exchange(request);
            sent.elapsed()
        })
    });
    let kept = all.len() * samples;
    let (lasted, used) = (began.elapsed(), server.cpu() - cpu);
    let bytes = settled(&folder.path().join("data"));
    println!(
        "  {what}: {:.0} samples/s of wall time, {:.0} of one processor's (at least {GOAL}), {:.1} bytes each (at most {BYTES_GOAL})",
        kept as f64 / lasted.as_secs_f64(),
        kept as f64 / used.as_secs_f64(),
        bytes as f64 / kept as f64
    );
    table::latency("answer", &all);
}

/// How long the files of the topic are, once nothing more is written to them.
fn settled(folder: &Path) -> u64 {
    let mut last = (length(folder), Instant::now());
    while last.1.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(100));
        let now = length(folder);
        if now != last.0 {
            last = (now, Instant::now());
        }
    }
    last.0
}

fn length(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return length(&path);
            }
            let is_of_topic = path.to_string_lossy().contains("healthcare.device.vitals");
            let metadata = std::fs::metadata(&path);
            metadata.map_or(0, |found| if is_of_topic { found.len() } else { 0 })
        })
        .sum()
}

fn waveform(number: u64) -> Vec<u8> {
    let values: Vec<String> = (0..WAVE_SAMPLES)
        .map(|sample| {
            let phase = sample as f64 / WAVE_HZ as f64 * std::f64::consts::TAU * 1.2;
            let noise = (sample * 2_654_435_761 + number * 97) % 13;
            format!("{}", (phase.sin() * 900.0) as i64 + noise as i64)
        })
        .collect();
    let body = format!(
        concat!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"urn:iso:std:iso:11073:10101","code":"131329"}}]}},"#,
            r#""effectiveDateTime":"{}","valueSampledData":{{"origin":{{"value":0,"unit":"uV","code":"uV"}},"period":2,"dimensions":1,"data":"{}"}}}}"#
        ),
        time(number * 10),
        values.join(" ")
    );
    to_device(number, "application/fhir+json", &body)
}

fn vitals_of(number: u64) -> Vec<u8> {
    let samples: Vec<String> = (0..VITAL_SAMPLES)
        .map(|sample| {
            let value = 70 + (sample / 7 + number) % 30;
            let at = time(number / 100 * VITAL_SAMPLES + sample);
            format!(r#"{{"code":147842,"value":{value},"unit":"/min","at":"{at}"}}"#)
        })
        .collect();
    let body = format!(r#"{{"samples":[{}]}}"#, samples.join(","));
    to_device(number, "application/json", &body)
}

/// One of a hundred devices.
fn to_device(number: u64, content_type: &str, body: &str) -> Vec<u8> {
    let path = format!("/devices/monitor-{}/measurements", number % 100);
    post(&path, content_type, body.as_bytes())
}

fn time(second: u64) -> String {
    let (hours, minutes, seconds) = (second / 3600 % 24, second / 60 % 60, second % 60);
    format!(
        "2026-03-{:02}T{hours:02}:{minutes:02}:{seconds:02}Z",
        1 + second / 86_400 % 28
    )
}
