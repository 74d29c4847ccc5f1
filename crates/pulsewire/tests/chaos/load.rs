//! Senders as they are: each waits for the answer to its message, and sends it again when there is none or it says so.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use formats::hl7v2::{self, ack};
use formats::limits::Limits;
use formats::mllp::{self, Decoder, Event};

use crate::history::{Answer, Message, Try};
use crate::message::{Potassium, admission, minutes_ago, potassium, vitals};
use crate::setting::wait_at_most;

/// How long a sender waits for an answer: longer than the platform waits for the brokers.
const ANSWER_PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// A sender takes so long for its next message.
const PAUSE: Duration = Duration::from_millis(10);
/// What could not be stored is sent again after this.
const AGAIN: Duration = Duration::from_millis(250);
/// The last messages are tried for so long when all is well again.
const LAST_PATIENCE: Duration = Duration::from_secs(120);
/// A sender has so many patients at a time, and so many messages for each before it goes on to others.
const PATIENTS: u64 = 4;
const PER_PATIENT: u64 = 8;

/// What senders and faults share.
#[derive(Default)]
pub(crate) struct Field {
    doors: Mutex<Vec<Option<SocketAddr>>>,
    phase: AtomicUsize,
    over: AtomicBool,
    pub(crate) sent: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    /// For each sender, what it was told last when it was to send again, and in which phase.
    told: Mutex<BTreeMap<usize, (usize, String)>>,
}

impl Field {
    /// Says where an instance takes messages now, if it does.
    pub(crate) fn open(&self, instance: usize, door: Option<SocketAddr>) {
        let mut doors = lock(&self.doors);
        if doors.len() <= instance {
            doors.resize(instance + 1, None);
        }
        doors[instance] = door;
    }

    /// Begins a phase.
    pub(crate) fn begin(&self, phase: usize) {
        self.phase.store(phase, Ordering::SeqCst);
    }

    /// Lets every sender finish its message and end.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// The senders that were told to send again in this phase, with what they were told.
    pub(crate) fn told(&self, phase: usize) -> BTreeMap<usize, String> {
        let told = lock(&self.told);
        let of_phase = told.iter().filter(|(_, (of, _))| *of == phase);
        of_phase
            .map(|(sender, (_, words))| (*sender, words.clone()))
            .collect()
    }

    /// What was told so far does not count.
    pub(crate) fn forget_told(&self) {
        lock(&self.told).clear();
    }

    fn door(&self, instance: usize) -> Option<SocketAddr> {
        let doors = lock(&self.doors);
        doors.get(instance % doors.len().max(1)).copied().flatten()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends until it is over; gives what it sent and what it was answered.
pub(crate) fn send(number: usize, field: &Field) -> Vec<Message> {
    let mut ledger = Vec::new();
    let mut line = Line::new(number, field);
    for count in 0.. {
        if field.over.load(Ordering::SeqCst) {
            break;
        }
        let (block, within) = (
            count / (PATIENTS * PER_PATIENT),
            count % (PATIENTS * PER_PATIENT),
        );
        if within == 0 {
            line.close();
        }
        let patient = format!("{number}-{block}-{}", within % PATIENTS);
        let mut message = Message {
            patient,
            number: within / PATIENTS,
            control_id: format!("S{number}-{count}"),
            tries: Vec::new(),
        };
        let bytes = content(&message);
        line.deliver(&mut message, &bytes);
        ledger.push(message);
        std::thread::park_timeout(PAUSE);
    }
    ledger
}

/// Sends one message until it is acknowledged.
pub(crate) fn send_one(patient: &str, field: &Field) -> Message {
    let mut message = Message {
        patient: patient.to_owned(),
        number: 0,
        control_id: patient.to_owned(),
        tries: Vec::new(),
    };
    let bytes = critical(&message, "6.9", "F");
    Line::new(0, field).deliver(&mut message, &bytes);
    message
}

/// A patient is admitted, is ill and gets better, and a correction takes a critical result back.
fn content(message: &Message) -> Vec<u8> {
    let (patient, id) = (&message.patient, &message.control_id);
    match message.number {
        0 => admission(patient, id),
        1 => critical(message, "6.9", "F"),
        2 => vitals(patient, id, &minutes_ago(30), false),
        3 => vitals(patient, id, &minutes_ago(10), true),
        4 => critical(message, "4.4", "C"),
        5 => vitals(patient, id, &minutes_ago(0), false),
        // A late one, between what is known already.
        6 => vitals(patient, id, &minutes_ago(20), true),
        _ => critical(message, "7.1", "C"),
    }
}

fn critical(message: &Message, value: &str, status: &str) -> Vec<u8> {
    potassium(&Potassium {
        patient: &message.patient,
        control_id: &message.control_id,
        order: &message.patient,
        taken: &minutes_ago(30),
        value,
        status,
    })
}

/// A sender's connection, to whichever instance takes it.
struct Line<'f> {
    number: usize,
    field: &'f Field,
    at: usize,
    stream: Option<(TcpStream, Decoder)>,
}

impl<'f> Line<'f> {
    fn new(number: usize, field: &'f Field) -> Self {
        Self {
            number,
            field,
            at: number,
            stream: None,
        }
    }

    /// Goes back to the instance that it prefers.
    fn close(&mut self) {
        self.stream = None;
        self.at = self.number;
    }

    /// Sends it until it is acknowledged.
    fn deliver(&mut self, message: &mut Message, bytes: &[u8]) {
        self.field.sent.fetch_add(1, Ordering::SeqCst);
        let patience = || {
            let over = self.field.over.load(Ordering::SeqCst);
            over.then_some(())
        };
        loop {
            if self.try_once(message, bytes) {
                self.field.acknowledged.fetch_add(1, Ordering::SeqCst);
                return;
            }
            std::thread::park_timeout(AGAIN);
            if patience().is_some() {
                break;
            }
        }
        // It is over, and every instance runs: the last one is not given up while it was promised nothing.
        let done = wait_at_most(LAST_PATIENCE, || {
            self.try_once(message, bytes).then_some(())
        });
        assert!(
            done.is_some(),
            "{} was not acknowledged in the end: {:?}",
            message.control_id,
            message.tries
        );
        self.field.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Sends it once; tells whether it was acknowledged.
    fn try_once(&mut self, message: &mut Message, bytes: &[u8]) -> bool {
        if !self.connect() {
            return false;
        }
        let phase = self.field.phase.load(Ordering::SeqCst);
        let answer = self.exchange(bytes, &message.control_id);
        let accepted = answer == Answer::Accepted;
        match &answer {
            Answer::Accepted => {}
            Answer::Negative(words) => {
                // Of the phase in which it was told: it may have been sent in the one before.
                let now = self.field.phase.load(Ordering::SeqCst);
                let mut told = lock(&self.field.told);
                told.insert(self.number, (now, words.clone()));
            }
            Answer::Ended | Answer::Silence => {
                self.stream = None;
                self.at += 1;
            }
        }
        let until = self.field.phase.load(Ordering::SeqCst);
        message.tries.push(Try {
            phase,
            until,
            answer,
        });
        accepted
    }

    fn connect(&mut self) -> bool {
        if self.stream.is_some() {
            return true;
        }
        let stream = self.field.door(self.at).and_then(|door| {
            let stream = TcpStream::connect_timeout(&door, CONNECT_PATIENCE).ok()?;
            stream.set_nodelay(true).ok()?;
            stream.set_read_timeout(Some(ANSWER_PATIENCE)).ok()?;
            stream.set_write_timeout(Some(ANSWER_PATIENCE)).ok()?;
            Some(stream)
        });
        match stream {
            Some(stream) => self.stream = Some((stream, Decoder::new(Limits::DEFAULT))),
            None => self.at += 1,
        }
        self.stream.is_some()
    }

    fn exchange(&mut self, bytes: &[u8], control_id: &str) -> Answer {
        let Some((stream, decoder)) = &mut self.stream else {
            return Answer::Ended;
        };
        if stream.write_all(&mllp::encode(bytes)).is_err() {
            return Answer::Ended;
        }
        let mut buffer = vec![0; 16 << 10];
        loop {
            if let Some(event) = decoder.next_event() {
                let Event::Frame(frame) = event else {
                    panic!("no frame came back: {event:?}");
                };
                return read(frame, control_id);
            }
            match stream.read(&mut buffer) {
                Ok(0) => return Answer::Ended,
                Ok(count) => decoder.push(&buffer[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Answer::Silence;
                }
                Err(_) => return Answer::Ended,
            }
        }
    }
}

/// What an answer says; whatever is neither an acknowledgement nor a word to send again ends the run.
fn read(frame: &[u8], control_id: &str) -> Answer {
    let message = hl7v2::parse(frame);
    let text = String::from_utf8_lossy(frame).into_owned();
    let answer = ack::read(&message).unwrap_or_else(|| panic!("no answer: {text}"));
    let of = String::from_utf8_lossy(answer.control_id).into_owned();
    assert_eq!(of, control_id, "the answer to another message");
    let words: Vec<String> = answer
        .faults
        .iter()
        .map(|fault| fault.text.to_string())
        .collect();
    let words = words.join("; ");
    match answer.code.as_str() {
        "AA" => Answer::Accepted,
        "AE" if words.contains("send it again") => Answer::Negative(words),
        code => panic!("{control_id} was answered {code}: {words}"),
    }
}
