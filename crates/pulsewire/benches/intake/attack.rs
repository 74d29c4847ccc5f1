//! Acknowledgements of a sender who behaves, without and with attackers beside it: how much longer they take.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};

use crate::load::{self, Measured};
use crate::messages::Messages;
use crate::server::{Kind, Server};

/// Messages a second of the sender who behaves, over so many connections.
const RATE: f64 = 200.0;
const CONNECTIONS: u64 = 8;
/// How long it is measured without an attack, and how long with one.
const LASTING: Duration = Duration::from_secs(15);
/// How often each is measured, in turn.
const ROUNDS: usize = 3;
/// How much longer the slowest of a hundred may take.
const RATIO_AT_MOST: f64 = 1.5;
/// So many connections of one attacker say nothing or too little at a time.
const CROWD: usize = 500;

/// What an attacker does over and over: to the door of FHIR and that of HL7.
type Attack = Box<dyn Fn(SocketAddr, SocketAddr) + Send>;

/// The attackers, each on a thread of its own. What they send is made before: on a machine of their own it would take no
/// processor of the server's.
fn attacks() -> [Attack; 4] {
    [bombs(), strange(), Box::new(crowd), Box::new(endless)]
}

/// The word that makes this program attack.
pub(crate) const MODE: &str = "attackers";
/// Where attackers run. From elsewhere they have what of the processor nobody on this machine wants, and give it back at
/// once (`SCHED_IDLE`): a lower priority would have them keep it for milliseconds.
const PLACES: [(&str, &[&str]); 2] = [("elsewhere", &["chrt", "--idle", "0"]), ("here", &[])];

/// Measures in turn and prints.
pub(crate) fn measure(folder: &Path, messages: &Messages) {
    println!(
        "\n{RATE} messages a second over {CONNECTIONS} connections, {} attackers beside them",
        attacks().len()
    );
    let mut ratios = [const { Vec::new() }; PLACES.len()];
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(folder).unwrap();
        let quiet = "[delivery.console]\nenabled = false\n";
        let server = Server::start(Kind::Fhir, folder.path(), quiet);
        let alone = tell("alone", &send(&server, messages));
        for ((place, under), ratios) in PLACES.iter().zip(&mut ratios) {
            let attacked = attacked(&server, messages, under);
            let attacked = tell(place, &attacked);
            ratios.push(attacked.as_secs_f64() / alone.as_secs_f64());
        }
    }
    for ((place, _), mut ratios) in PLACES.iter().zip(ratios) {
        ratios.sort_by(f64::total_cmp);
        println!(
            "  => p99 with attackers {place} is {:.2} times that without (at most {RATIO_AT_MOST}); rounds {ratios:.2?}",
            ratios[ratios.len() / 2]
        );
    }
}

/// Measures beside attackers, who are a process of their own: one that shared the sender's memory would hold it up as well.
fn attacked(server: &Server, messages: &Messages, under: &[&str]) -> Measured {
    let program = std::env::current_exe().unwrap().display().to_string();
    let (http, mllp) = (server.fhir().to_string(), server.mllp.to_string());
    let mut words = under.iter().copied().chain([&*program, MODE, &http, &mllp]);
    let mut attackers = Command::new(words.next().unwrap());
    let attackers = attackers.args(words).spawn();
    let mut attackers = attackers.expect("attackers start: chrt is in util-linux");
    let measured = send(server, messages);
    attackers.kill().unwrap();
    attackers.wait().unwrap();
    measured
}

/// Attacks, until the process is ended.
pub(crate) fn go_on(http: SocketAddr, mllp: SocketAddr) -> ! {
    std::thread::scope(|scope| {
        for attack in attacks() {
            scope.spawn(move || {
                loop {
                    attack(http, mllp);
                }
            });
        }
    });
    unreachable!("attackers go on")
}

fn send(server: &Server, messages: &Messages) -> Measured {
    load::open(server.mllp, RATE, CONNECTIONS, LASTING, |number, _| {
        messages.frame(number)
    })
}

fn tell(what: &str, measured: &Measured) -> Duration {
    assert_eq!(measured.refused, 0, "every message is accepted");
    let (p50, p99) = (measured.at(0.5), measured.at(0.99));
    println!(
        "  {what:<10} {} acknowledged, p50 {} us, p99 {} us",
        measured.acknowledged,
        p50.as_micros(),
        p99.as_micros()
    );
    p99
}

/// Sends something and reads until the connection ends or says nothing for a second.
fn said(to: SocketAddr, bytes: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(to) else {
        return;
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    drop(stream.write_all(bytes));
    drop(stream.read_to_end(&mut Vec::new()));
}

fn post(body: &[u8], headers: &str) -> Vec<u8> {
    let head = format!(
        "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/fhir+json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Bodies that unpack to 256 MiB.
fn bombs() -> Attack {
    let mut block = Vec::with_capacity(64 << 10);
    let mut deflate = Compress::new(Compression::best(), false);
    let blanks = vec![b' '; 1 << 20];
    deflate
        .compress_vec(&blanks, &mut block, FlushCompress::Full)
        .unwrap();
    let bomb = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
        &block.repeat(256)[..],
    ]
    .concat();
    let bomb = post(&bomb, "Content-Encoding: gzip\r\n");
    Box::new(move |http, _| said(http, &bomb))
}

/// JSON that is too deep or too wide, and a field that is repeated a million times.
fn strange() -> Attack {
    let deep = post("[".repeat(100_000).as_bytes(), "");
    let members: Vec<String> = (0..600_000)
        .map(|number| format!("\"k{number}\":0"))
        .collect();
    let wide = post(format!("{{{}}}", members.join(",")).as_bytes(), "");
    let million = [
        b"\x0bMSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rPID|||".to_vec(),
        b"~".repeat(1_000_000),
        b"\x1c\r".to_vec(),
    ]
    .concat();
    Box::new(move |http, mllp| {
        said(http, &deep);
        said(http, &wide);
        said(mllp, &million);
    })
}

/// Connections that say nothing, or begin to.
fn crowd(http: SocketAddr, mllp: SocketAddr) {
    let beginning: [(SocketAddr, &[u8]); 2] =
        [(http, b"POST /fhir HTTP/1.1\r\nX: "), (mllp, b"\x0bMSH|")];
    let mut held = Vec::new();
    for number in 0..CROWD {
        let (to, bytes) = beginning[number % 2];
        if let Ok(mut stream) = TcpStream::connect(to) {
            drop(stream.write_all(bytes));
            held.push(stream);
        }
    }
}

/// A body and a frame without end.
fn endless(http: SocketAddr, mllp: SocketAddr) {
    let piece = vec![b'x'; 1 << 20];
    for (to, start) in [
        (http, &b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n100000000\r\n"[..]),
        (mllp, &b"\x0bMSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rZZZ|"[..]),
    ] {
        let Ok(mut stream) = TcpStream::connect(to) else {
            continue;
        };
        drop(stream.write_all(start));
        // As long as it is taken.
        let mut pieces = (0..64).map(|_| stream.write_all(&piece));
        assert!(pieces.any(|taken| taken.is_err()), "64 MiB are not taken");
    }
}
