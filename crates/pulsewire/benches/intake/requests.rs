//! Requests over HTTP, and the connections that carry them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::load::histogram;

/// A request with a body.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nPrefer: return=minimal\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Does something on every connection until it gives no more latencies.
pub(crate) fn on_each_connection(
    to: SocketAddr,
    connections: u64,
    exchange: impl Fn(&mut Connection) -> Option<Duration> + Sync,
) -> Histogram<u64> {
    let mut all = histogram();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let mut own = histogram();
                    let mut connection = Connection::open(to);
                    while let Some(latency) = exchange(&mut connection) {
                        own.saturating_record(u64::try_from(latency.as_nanos()).unwrap());
                    }
                    own
                })
            })
            .collect();
        for sender in senders {
            all.add(sender.join().unwrap()).unwrap();
        }
    });
    all
}

/// A client's connection, kept for all its requests.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request, and reads its answer, which must be that it is taken.
    pub(crate) fn exchange(&mut self, request: &[u8]) {
        self.0.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 202"), "not taken: {line}");
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
    }
}
