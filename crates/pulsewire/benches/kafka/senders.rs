//! Senders on a schedule that no answer changes: who is late because of an answer is late from when the message was due.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use formats::mllp::END;

use crate::fleet::Doors;
use crate::messages::{Messages, hl7};

/// What an acknowledgement of a stored message has in it.
const ACCEPTED: &[u8] = b"\rMSA|AA|";
/// An answer comes within this, or the message is sent again.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// A sender that finds nobody tries again after this.
const AGAIN: Duration = Duration::from_millis(20);
/// How much of an answer is read at once.
const READ_BYTES: usize = 4096;

/// When a critical result was due and acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) due: Instant,
    pub(crate) acknowledged: Instant,
}

/// What is sent, how often, and what has become of it.
pub(crate) struct Senders<'m> {
    messages: &'m Messages,
    /// Messages a second, of all connections together.
    pub(crate) rate: f64,
    connections: u64,
    /// One message in so many is a critical result, which leads to a finding.
    critical_every: u64,
    /// The first critical result is taken at this time; each is known by the millisecond that it was taken at.
    first: Duration,
    over: AtomicBool,
    sent: Mutex<HashMap<String, Sent>>,
    acknowledged: Mutex<Vec<(Instant, Instant)>>,
}

impl<'m> Senders<'m> {
    pub(crate) fn new(
        messages: &'m Messages,
        rate: f64,
        connections: u64,
        critical_every: u64,
        first: Duration,
    ) -> Self {
        Self {
            messages,
            rate,
            connections,
            critical_every,
            first,
            over: AtomicBool::new(false),
            sent: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    /// Sends until it is over, or so long; `first` is the number of the first message, and no two of a site have the same.
    pub(crate) fn run(&self, doors: &Doors, lasting: Duration, first: u64) {
        let all = (lasting.as_secs_f64() * self.rate) as u64;
        let start = Instant::now() + Duration::from_millis(50);
        std::thread::scope(|scope| {
            for connection in 0..self.connections {
                scope.spawn(move || {
                    let mut line = Line::new(doors, connection);
                    for number in (connection..all).step_by(self.connections as usize) {
                        let due = start + Duration::from_secs_f64(number as f64 / self.rate);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        if self.over.load(Ordering::Acquire) {
                            return;
                        }
                        self.send(&mut line, first + number, due);
                    }
                });
            }
        });
    }

    /// Lets the senders finish.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    fn send(&self, line: &mut Line<'_>, number: u64, due: Instant) {
        let critical = number % self.critical_every == self.critical_every - 1;
        let taken = hl7(self.first + Duration::from_millis(number / self.critical_every));
        let frame = match critical {
            true => self.messages.critical(number, &taken),
            false => self.messages.frame(number),
        };
        while !line.exchange(&frame) {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            std::thread::sleep(AGAIN);
        }
        let acknowledged = Instant::now();
        self.acknowledged.lock().unwrap().push((due, acknowledged));
        if critical {
            let sent = Sent { due, acknowledged };
            self.sent.lock().unwrap().insert(taken, sent);
        }
    }

    /// The critical results by the time they were taken at.
    pub(crate) fn critical(&self) -> HashMap<String, Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// When each message was due and acknowledged.
    pub(crate) fn acknowledged(&self) -> Vec<(Instant, Instant)> {
        self.acknowledged.lock().unwrap().clone()
    }
}

/// A sender's connection, to whichever instance takes it.
struct Line<'d> {
    doors: &'d Doors,
    at: u64,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl<'d> Line<'d> {
    fn new(doors: &'d Doors, at: u64) -> Self {
        let buffer = vec![0; READ_BYTES];
        Self {
            doors,
            at,
            stream: None,
            buffer,
        }
    }

    /// Sends a message; tells whether it was accepted.
    fn exchange(&mut self, frame: &[u8]) -> bool {
        let accepted = self.try_exchange(frame).unwrap_or_default();
        if !accepted {
            self.stream = None;
            self.at += 1;
        }
        accepted
    }

    fn try_exchange(&mut self, frame: &[u8]) -> std::io::Result<bool> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let doors = self.doors.lock().unwrap().clone();
                let Some(door) = doors.get(self.at as usize % doors.len().max(1)) else {
                    return Ok(false);
                };
                let stream = TcpStream::connect_timeout(door, ANSWER_WITHIN)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(ANSWER_WITHIN))?;
                self.stream.insert(stream)
            }
        };
        stream.write_all(frame)?;
        let mut filled = 0;
        while memchr::memrchr(END, &self.buffer[..filled]).is_none() {
            let read = stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Ok(false);
            }
            filled += read;
        }
        Ok(memchr::memmem::find(&self.buffer[..filled], ACCEPTED).is_some())
    }
}
