//! Acknowledgements of a sender who behaves, without and with attackers beside it: how much longer they take.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// What attackers do over and over, each on a thread of its own.
const ATTACKS: [fn(SocketAddr, SocketAddr); 4] = [bombs, strange, crowd, endless];

/// Measures in turn and prints.
pub(crate) fn measure(folder: &Path, messages: &Messages) {
    println!(
        "\n{RATE} messages a second over {CONNECTIONS} connections, {} attackers beside them",
        ATTACKS.len()
    );
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let folder = tempfile::tempdir_in(folder).unwrap();
            let quiet = "[delivery.console]\nenabled = false\n";
            let server = Server::start(Kind::Fhir, folder.path(), quiet);
            let alone = tell("alone", &send(&server, messages));
            let over = AtomicBool::new(false);
            let attacked = std::thread::scope(|scope| {
                let (http, mllp) = (server.fhir(), server.mllp);
                for attack in ATTACKS {
                    let over = &over;
                    scope.spawn(move || {
                        while !over.load(Ordering::Relaxed) {
                            attack(http, mllp);
                        }
                    });
                }
                let measured = send(&server, messages);
                over.store(true, Ordering::Relaxed);
                tell("attacked", &measured)
            });
            attacked.as_secs_f64() / alone.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "  => p99 with the attack is {:.2} times that without (at most {RATIO_AT_MOST}); rounds {ratios:.2?}",
        ratios[ratios.len() / 2]
    );
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
fn bombs(http: SocketAddr, _: SocketAddr) {
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
    said(http, &post(&bomb, "Content-Encoding: gzip\r\n"));
}

/// JSON that is too deep or too wide.
fn strange(http: SocketAddr, mllp: SocketAddr) {
    said(http, &post("[".repeat(100_000).as_bytes(), ""));
    let members: Vec<String> = (0..600_000)
        .map(|number| format!("\"k{number}\":0"))
        .collect();
    said(
        http,
        &post(format!("{{{}}}", members.join(",")).as_bytes(), ""),
    );
    let million = [
        b"\x0bMSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rPID|||".to_vec(),
        b"~".repeat(1_000_000),
        b"\x1c\r".to_vec(),
    ];
    said(mllp, &million.concat());
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
