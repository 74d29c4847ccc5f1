//! Asks a broker which brokers it knows: one request of Kafka's protocol, by hand.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A broker that is up answers in far less.
const TIMEOUT: Duration = Duration::from_secs(2);
/// An answer about a few brokers and no topics is much shorter.
const ANSWER_BYTES_LIMIT: u32 = 65_536;
/// Size, then: key 3 (Metadata), version 1, correlation 7, no client id, an empty list of topics.
const REQUEST: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0];
/// In the answer, the number of brokers comes after the correlation.
const BROKERS_AT: std::ops::Range<usize> = 4..8;

/// How many live brokers the one at this port knows, itself included; it answers only once it takes part.
pub(crate) fn brokers_known(port: u16) -> io::Result<u32> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(&REQUEST)?;
    let mut size = [0; 4];
    stream.read_exact(&mut size)?;
    let size = u32::from_be_bytes(size).min(ANSWER_BYTES_LIMIT);
    let mut answer = Vec::new();
    stream.take(u64::from(size)).read_to_end(&mut answer)?;
    let count = answer
        .get(BROKERS_AT)
        .and_then(|bytes| bytes.try_into().ok());
    count
        .map(u32::from_be_bytes)
        .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that answers one request with these bytes.
    fn check(answer: &'static [u8], expected: Result<u32, io::ErrorKind>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("someone asks");
            let mut request = [0; REQUEST.len()];
            stream.read_exact(&mut request).expect("a whole request");
            stream.write_all(answer).expect("it is read");
        });
        assert_eq!(brokers_known(port).map_err(|e| e.kind()), expected);
        server.join().expect("it answered");
    }

    #[test]
    fn the_number_of_brokers_is_read() {
        check(&[0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 3, 0], Ok(3));
    }

    #[test]
    fn an_answer_cut_short_is_no_answer() {
        check(
            &[0, 0, 0, 9, 0, 0, 0, 7, 0],
            Err(io::ErrorKind::UnexpectedEof),
        );
        check(&[0, 0], Err(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn nobody_there_is_an_error() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        assert!(brokers_known(port).is_err());
    }
}
