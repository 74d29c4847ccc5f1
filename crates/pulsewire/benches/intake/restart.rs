//! Killed with the state of a million patients and a gigabyte that nobody has read yet, and started again.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::load;
use crate::messages::Messages;
use crate::server::{Kind, Server};

/// How many patients there is a state of.
const PATIENTS: u64 = 1_000_000;
/// How much is taken in and not read before it is killed.
const TAIL_BYTES: u64 = 1 << 30;
/// How long the catching up is looked at.
const CATCHING_UP: Duration = Duration::from_secs(20);
/// Connections that fill it.
const CONNECTIONS: u64 = 64;

/// Measures and prints.
pub(crate) fn measure(folder: &Path, messages: &Messages) {
    let patients = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(PATIENTS);
    println!(
        "\nrestart after a kill, {patients} patients, {} MB unread",
        TAIL_BYTES >> 20
    );
    let quiet = "[delivery.console]\nenabled = false\n";
    let server = Server::start(Kind::Platform, folder, quiet);
    let began = Instant::now();
    fill(&server, 0, patients, |number| {
        messages.frame_among(number, patients)
    });
    server.wait_until_done(patients);
    println!(
        "  {patients} patients known after {:.0} s",
        began.elapsed().as_secs_f64()
    );
    server.kill();
    let server = Server::start(Kind::Intake, folder, quiet);
    let tail = TAIL_BYTES / messages.mean_bytes() as u64;
    fill(&server, patients, tail, |number| messages.frame(number));
    server.kill();
    let listen = free_address();
    let next = messages.frame(patients + tail);
    let killed = Instant::now();
    let (server, answered) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| first_answer(listen, &next, killed));
        let server = Server::start_on(listen, Kind::Platform, folder, quiet);
        (server, sender.join().unwrap())
    });
    println!(
        "  first acknowledgement after {:.2} s (at most 10); all stations open after {:.2} s",
        answered.as_secs_f64(),
        killed.elapsed().as_secs_f64()
    );
    let (began, before) = (Instant::now(), server.normalized());
    std::thread::sleep(CATCHING_UP);
    let rate = (server.normalized() - before) as f64 / began.elapsed().as_secs_f64();
    println!(
        "  then catches up at {rate:.0} messages/s: {tail} of them in {:.0} s",
        tail as f64 / rate
    );
    server.kill();
}

/// An address that nobody has now.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Sends one message as soon as somebody takes it, and tells when it was answered.
fn first_answer(to: SocketAddr, frame: &[u8], since: Instant) -> Duration {
    let mut stream = loop {
        match TcpStream::connect(to) {
            Ok(stream) => break stream,
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    load::exchange(&mut stream, frame);
    since.elapsed()
}

/// Sends as fast as the answers come.
fn fill(server: &Server, first: u64, messages: u64, frame: impl Fn(u64) -> Vec<u8> + Sync) {
    std::thread::scope(|scope| {
        for sender in 0..CONNECTIONS {
            let frame = &frame;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(server.mllp).unwrap();
                stream.set_nodelay(true).unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(60)))
                    .unwrap();
                for number in (first + sender..first + messages).step_by(CONNECTIONS as usize) {
                    load::exchange(&mut stream, &frame(number));
                }
            });
        }
    });
}
