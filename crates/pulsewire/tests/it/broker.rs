//! A broker of one client, that says whatever a test has it say: what real ones never would is tried by it, too.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::setting::{PATIENCE, wait_for};

/// What begins an acknowledgement.
const ACKNOWLEDGED: u8 = 0x40;

/// Where a client is waited for.
pub(crate) struct Broker(TcpListener);

/// A client's connection.
pub(crate) struct Session {
    stream: TcpStream,
    /// The filters that it subscribed to.
    pub(crate) filters: Vec<String>,
}

/// A message as a broker delivers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'m> {
    pub(crate) topic: &'m str,
    pub(crate) id: u16,
    /// DUP, QoS and RETAIN as they stand in the first byte.
    pub(crate) flags: u8,
    pub(crate) payload: &'m str,
}

/// QoS 1.
pub(crate) const ONCE: u8 = 0b0010;
/// QoS 1, and not for the first time.
pub(crate) const AGAIN: u8 = 0b1010;
/// QoS 1, and kept by the broker.
pub(crate) const RETAINED: u8 = 0b0011;
/// QoS 2, which nobody subscribed to.
pub(crate) const TWICE: u8 = 0b0100;

impl Message<'_> {
    fn bytes(&self) -> Vec<u8> {
        let topic = self.topic.as_bytes();
        let length = u16::try_from(topic.len()).expect("a short topic");
        let mut body = length.to_be_bytes().to_vec();
        body.extend_from_slice(topic);
        body.extend(self.id.to_be_bytes());
        body.extend_from_slice(self.payload.as_bytes());
        framed(0x30 | self.flags, &body)
    }
}

impl Broker {
    /// Takes an address.
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
        listener.set_nonblocking(true).expect("it can be asked");
        Self(listener)
    }

    /// The address, as a configuration names it.
    pub(crate) fn url(&self) -> String {
        format!("mqtt://{}", self.0.local_addr().expect("it is bound"))
    }

    /// Waits for the client and takes its subscription.
    pub(crate) fn accept(&self) -> Session {
        self.accept_granting(1)
    }

    /// Waits for the client and answers that it is refused.
    pub(crate) fn refuse(&self, code: u8) {
        let mut session = self.hear();
        session.raw(&framed(0x20, &[0, code]));
    }

    /// Waits for the client and answers as what speaks no MQTT does.
    pub(crate) fn answer(&self, bytes: &[u8]) {
        self.hear().raw(bytes);
    }

    /// Waits for the client's first packet.
    fn hear(&self) -> Session {
        let (stream, _) = wait_for("the platform to connect", || self.0.accept().ok());
        stream.set_nonblocking(false).expect("it can wait");
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        let filters = Vec::new();
        let mut session = Session { stream, filters };
        let (kind, _) = session.packet();
        assert_eq!(kind, 0x10, "it connects");
        session
    }

    /// Waits for the client and answers each filter of its subscription so.
    pub(crate) fn accept_granting(&self, code: u8) -> Session {
        let mut session = self.hear();
        session.raw(&framed(0x20, &[0, 0]));
        let (kind, body) = session.packet();
        assert_eq!(kind, 0x82, "it subscribes");
        let mut rest = &body[2..];
        while let [high, low, after @ ..] = rest {
            let (filter, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            assert_eq!(after[0], 1, "at QoS 1");
            session
                .filters
                .push(String::from_utf8_lossy(filter).into_owned());
            rest = &after[1..];
        }
        let granted = vec![code; session.filters.len()];
        session.raw(&framed(0x90, &[&body[..2], &granted].concat()));
        session
    }
}

impl Session {
    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it is taken");
    }

    /// Delivers a message.
    pub(crate) fn deliver(&mut self, message: Message<'_>) {
        self.raw(&message.bytes());
    }

    /// The number of the next acknowledgement.
    pub(crate) fn acknowledged(&mut self) -> u16 {
        loop {
            match self.packet() {
                (ACKNOWLEDGED, body) => return u16::from_be_bytes([body[0], body[1]]),
                (0xc0, _) => self.raw(&framed(0xd0, &[])),
                (kind, _) => panic!("packet {kind:#x} was not expected"),
            }
        }
    }

    /// The same connection, to write while its acknowledgements are read elsewhere.
    pub(crate) fn writer(&self) -> Self {
        Self {
            stream: self.stream.try_clone().expect("it is open"),
            filters: Vec::new(),
        }
    }

    fn packet(&mut self) -> (u8, Vec<u8>) {
        let mut byte = || {
            let mut one = [0];
            self.stream.read_exact(&mut one).expect("a packet comes");
            one[0]
        };
        let kind = byte();
        let (mut length, mut shift) = (0, 0);
        loop {
            let part = byte();
            length |= usize::from(part & 0x7f) << shift;
            shift += 7;
            if part & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("all of it comes");
        (kind, body)
    }
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut left = body.len();
    loop {
        let part = u8::try_from(left % 128).expect("seven bits");
        left /= 128;
        bytes.push(part | if left > 0 { 0x80 } else { 0 });
        if left == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}
