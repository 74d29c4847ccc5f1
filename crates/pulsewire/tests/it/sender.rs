//! A sender: frames over a socket, one answer after the other.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use formats::hl7v2::{self, ack};
use formats::limits::Limits;
use formats::mllp::{self, Decoder, Event};

use crate::setting::PATIENCE;

/// What came back for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) control_id: String,
    /// Number and words of each ERR segment.
    pub(crate) faults: Vec<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let message = hl7v2::parse(bytes);
        let read = ack::read(&message)
            .unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(bytes)));
        Self {
            code: read.code.as_str().to_owned(),
            control_id: String::from_utf8_lossy(read.control_id).into_owned(),
            faults: read
                .faults
                .iter()
                .map(|fault| (fault.code.to_string(), fault.text.to_string()))
                .collect(),
            bytes: bytes.to_vec(),
        }
    }
}

/// A connection of a sender.
pub(crate) struct Sender<S> {
    pub(crate) stream: S,
    decoder: Decoder,
}

impl Sender<TcpStream> {
    /// Connects.
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::try_to(address).expect("the platform takes connections")
    }

    /// Connects, if somebody is there.
    pub(crate) fn try_to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream))
    }

    /// Waits for less than usual.
    pub(crate) fn patience(self, limit: Duration) -> Self {
        self.stream
            .set_read_timeout(Some(limit))
            .expect("the time is not zero");
        self.stream
            .set_write_timeout(Some(limit))
            .expect("the time is not zero");
        self
    }
}

impl<S: Read + Write> Sender<S> {
    /// Takes a connection that stands.
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            decoder: Decoder::new(Limits::DEFAULT),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Sends a message in a frame.
    pub(crate) fn send(&mut self, message: &[u8]) {
        self.raw(&mllp::encode(message)).expect("a frame is taken");
    }

    /// The bytes of the next answer; nothing if the connection ended without one.
    pub(crate) fn frame(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            if let Some(event) = self.decoder.next_event() {
                let Event::Frame(frame) = event else {
                    panic!("no frame came back: {event:?}")
                };
                return Some(frame.to_vec());
            }
            let read = match self.stream.read(&mut buffer) {
                Ok(read) => read,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    panic!("neither an answer nor an end came")
                }
                Err(_) => 0,
            };
            if read == 0 {
                return None;
            }
            self.decoder.push(&buffer[..read]);
        }
    }

    /// The next answer; nothing if the connection ended without one.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.frame().map(|bytes| Answer::read(&bytes))
    }

    /// Sends a message and waits for its answer.
    pub(crate) fn exchange(&mut self, message: &[u8]) -> Answer {
        self.send(message);
        self.answer().expect("a message is answered")
    }

    /// Sends a message that must be accepted as it is.
    pub(crate) fn accepted(&mut self, message: &[u8]) -> Answer {
        let answer = self.exchange(message);
        let sent = hl7v2::parse(message);
        let control_id = sent
            .header()
            .map(|header| String::from_utf8_lossy(header.control_id().raw()).into_owned());
        assert_eq!(
            (answer.code.as_str(), Some(&answer.control_id)),
            ("AA", control_id.as_ref())
        );
        answer
    }
}
