//! From a message's last byte in to its alert's first byte out, on a schedule that no answer changes, at half of what the
//! platform can keep up with.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::load::{self, Measured};
use crate::messages::{Messages, hl7, since_epoch};
use crate::probe::{FLOORS_DIFFER_AT_MOST, Probe};
use crate::server::{Kind, Server};
use crate::table;

/// Connections, as of a hospital's interface engine.
const CONNECTIONS: u64 = 16;
/// How long the platform is filled to see what it can keep up with.
const FILLING: Duration = Duration::from_secs(4);
/// How long the schedule is.
const LASTING: Duration = Duration::from_secs(15);
/// One message in so many is a critical result.
const ALERT_EVERY: u64 = 50;

/// When each alert came out, by the time that its result was taken at.
type Arrivals = Arc<Mutex<HashMap<String, Instant>>>;

/// Measures and prints.
pub(crate) fn measure(folder: &Path, messages: &Messages) {
    let saturation = saturation(&folder.join("filled"), messages);
    let rate = saturation / 2.0;
    println!(
        "\nalerts, open loop at {rate:.0} messages/s (half of the {saturation:.0}/s that the stations keep up with), {CONNECTIONS} connections, 1 in {ALERT_EVERY} critical"
    );
    let before = (Probe::take(folder), floor(folder, messages, rate));
    let intake = Server::start(Kind::Intake, &folder.join("intake"), "");
    let frame = |number: u64, _: Instant| messages.frame(number);
    let measured = load::open(intake.mllp, rate, CONNECTIONS, LASTING / 3, frame);
    table::latency("intake alone: acknowledged", &measured.latency);
    intake.kill();
    whole(&folder.join("whole"), messages, rate);
    let after = (floor(folder, messages, rate), Probe::take(folder));
    let medians = [before.1.at(0.5), after.0.at(0.5)].map(|median| median.as_secs_f64());
    let agree =
        (medians[0] - medians[1]).abs() / medians[0].min(medians[1]) <= FLOORS_DIFFER_AT_MOST;
    let valid = agree && before.0.is_valid() && after.1.is_valid();
    let mark = if valid {
        "valid"
    } else {
        "INVALID: the machine was too busy"
    };
    println!(
        "  fdatasync probe of 4 KiB: p99 {} us before, {} us after; the floors' medians {}: {mark}",
        before.0.p99.as_micros(),
        after.1.p99.as_micros(),
        if agree { "agree" } else { "differ" }
    );
}

fn floor(folder: &Path, messages: &Messages, rate: f64) -> Measured {
    let server = Server::start(Kind::Floor, &folder.join("floor"), "");
    let frame = |number: u64, _: Instant| messages.frame(number);
    let measured = load::open(server.mllp, rate, CONNECTIONS, LASTING / 3, frame);
    table::latency("floor: acknowledged", &measured.latency);
    measured
}

/// How many messages a second come out at the far end when more than that come in.
fn saturation(folder: &Path, messages: &Messages) -> f64 {
    let server = Server::start(Kind::Platform, folder, "");
    let began = Instant::now();
    let sent = load::closed(server.mllp, messages, CONNECTIONS, FILLING, || ()).sent;
    let acknowledged = began.elapsed();
    server.wait_until_done(sent);
    let rate = sent as f64 / began.elapsed().as_secs_f64();
    println!(
        "\nwhole platform filled: {sent} messages taken in {:.1} s, all stations done after {:.1} s; a message takes {:.0} us of processor and {:.0} KB written",
        acknowledged.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        server.cpu().as_secs_f64() * 1e6 / sent as f64,
        server.written() as f64 / 1e3 / sent as f64
    );
    server.kill();
    rate
}

fn whole(folder: &Path, messages: &Messages, rate: f64) {
    let (address, posted) = receiver();
    let settings = format!("[delivery.bench]\nkind = 'webhook'\nurl = 'http://{address}/alerts'\n");
    let mut server = Server::start(Kind::Platform, folder, &settings);
    let printed = Arrivals::default();
    let output = server.output.take().unwrap();
    let lines = Arc::clone(&printed);
    std::thread::spawn(move || read_console(output, &lines));
    // Each critical result is taken at a millisecond of its own, a little ago, and is known by it.
    let first = since_epoch() - Duration::from_secs(120);
    let taken = |number: u64| hl7(first + Duration::from_millis(number));
    let due = Mutex::new(HashMap::new());
    let frame = |number: u64, at: Instant| {
        if number % ALERT_EVERY != ALERT_EVERY - 1 {
            return messages.frame(number);
        }
        let key = taken(number / ALERT_EVERY);
        due.lock().unwrap().insert(key.clone(), at);
        messages.critical(number, &key)
    };
    let measured = load::open(server.mllp, rate, CONNECTIONS, LASTING, frame);
    table::latency("whole platform: acknowledged", &measured.latency);
    server.wait_until_done(measured.sent);
    std::thread::sleep(Duration::from_millis(500));
    let due = due.into_inner().unwrap();
    for (what, arrivals) in [
        ("alert on the console", printed),
        ("alert at the webhook", posted),
    ] {
        let arrivals = arrivals.lock().unwrap();
        let mut latency = load::histogram();
        for (key, at) in &due {
            if let Some(arrived) = arrivals.get(key) {
                let took = arrived.saturating_duration_since(*at);
                latency.saturating_record(u64::try_from(took.as_nanos()).unwrap());
            }
        }
        table::latency(what, &latency);
        let ratio = latency.value_at_quantile(0.99) as f64
            / measured.latency.value_at_quantile(0.99) as f64;
        println!(
            "    {} of {} arrived; p99 is {ratio:.2} times the acknowledgement's (at most 3)",
            latency.len(),
            due.len()
        );
    }
    server.kill();
}

/// The time an alert is as of, as the message had it.
fn key(text: &str) -> String {
    let (whole, fraction) = text
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((text.trim_end_matches('Z'), "0"));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}.{fraction:0<3}+0000")
}

fn note(arrivals: &Arrivals, text: &str) {
    let now = Instant::now();
    arrivals.lock().unwrap().entry(key(text)).or_insert(now);
}

fn read_console(output: impl BufRead, arrivals: &Arrivals) {
    for line in output.lines().map_while(Result::ok) {
        if let Some((as_of, _)) = line
            .split_once("(as of ")
            .and_then(|(_, rest)| rest.split_once(','))
        {
            note(arrivals, as_of);
        }
    }
}

/// Takes alerts as a pager's service would.
fn receiver() -> (SocketAddr, Arrivals) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let arrivals = Arrivals::default();
    let noted = Arc::clone(&arrivals);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let noted = Arc::clone(&noted);
            std::thread::spawn(move || receive(stream.unwrap(), &noted));
        }
    });
    (address, arrivals)
}

/// Answers every request of a connection, until it ends.
fn receive(stream: TcpStream, arrivals: &Arrivals) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body = String::from_utf8_lossy(&body);
        if let Some((as_of, _)) = body
            .split_once("\"asOf\":\"")
            .and_then(|(_, rest)| rest.split_once('"'))
        {
            note(arrivals, as_of);
        }
        let answered = reader
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        if answered.is_err() {
            return;
        }
    }
}
