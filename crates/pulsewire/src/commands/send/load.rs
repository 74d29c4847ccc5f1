//! The sending itself: each connection on a thread of its own, one message in flight, as MLLP senders do.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use formats::hl7v2;
use formats::hl7v2::ack::{self, Outcome};
use formats::hl7v2::batch::BatchIssue;
use formats::limits::Limits;
use formats::mllp::{self, Decoder, Event};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use super::report::Report;
use crate::clock::Stopwatch;
use crate::commands::{Failure, files};

/// How much of an answer is read at once.
const READ_BYTES: usize = 16 << 10;

/// What to send where, and how.
pub(crate) struct Load {
    pub(crate) target: Target,
    pub(crate) messages: Arc<Vec<Vec<u8>>>,
    pub(crate) connections: usize,
    pub(crate) rate: Option<u32>,
    pub(crate) repeat: u32,
    pub(crate) timeout: Duration,
}

/// Where to send.
#[derive(Clone)]
pub(crate) struct Target {
    address: String,
    tls: Option<(ServerName<'static>, Arc<rustls::ClientConfig>)>,
}

impl Target {
    /// Reads `mllp://HOST:PORT` or `mllps://HOST:PORT`.
    pub(crate) fn parse(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let hint = "give mllp://HOST:PORT, or mllps://HOST:PORT for TLS";
        let (scheme, address) = url
            .split_once("://")
            .ok_or_else(|| Failure::new(format!("{url} is no address"), hint))?;
        let address = address.trim_end_matches('/').to_owned();
        let (host, _port) = address
            .rsplit_once(':')
            .ok_or_else(|| Failure::new(format!("{url} has no port"), hint))?;
        let tls = match scheme {
            "mllp" => None,
            "mllps" => {
                let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
                    .map_err(|error| Failure::new(error, hint))?;
                Some((name, client_config(ca)?))
            }
            _ => return Err(Failure::new(format!("{scheme} is not spoken here"), hint)),
        };
        Ok(Self { address, tls })
    }

    fn connect(&self, timeout: Duration) -> io::Result<Box<dyn Wire>> {
        let address = self.address.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other("the host name leads nowhere"))?;
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        let Some((name, config)) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let session = rustls::ClientConnection::new(Arc::clone(config), name.clone())
            .map_err(io::Error::other)?;
        Ok(Box::new(rustls::StreamOwned::new(session, stream)))
    }
}

/// A connection, with TLS or without.
trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

fn client_config(ca: Option<&Path>) -> Result<Arc<rustls::ClientConfig>, Failure> {
    let mut roots = rustls::RootCertStore::empty();
    match ca {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let certificates = read.map_err(|error| {
                Failure::new(format!("{}: {error}", path.display()), "give a PEM file")
            })?;
            roots.add_parsable_certificates(certificates);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Failure::new(error, ""))?;
    Ok(Arc::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}

/// A file and the messages in it.
pub(crate) struct Content {
    pub(crate) path: PathBuf,
    pub(crate) messages: Vec<Vec<u8>>,
}

/// Reads the messages of the files, and of the files in the folders.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Content>, Failure> {
    let mut found = Vec::new();
    for path in files::walk(paths)? {
        let (messages, doubts) = split(&files::read(&path, "HL7 v2 messages")?);
        let mut log = io::stderr().lock();
        for doubt in doubts {
            writeln!(log, "{}: {doubt}", path.display())?;
        }
        found.push(Content { path, messages });
    }
    Ok(found)
}

/// The messages in a file's bytes, framed by MLLP, in a batch, or one after the other; and what does not add up.
fn split(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<BatchIssue>) {
    if bytes.first() == Some(&mllp::START) {
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(bytes);
        let (mut messages, mut doubts) = (Vec::new(), Vec::new());
        let mut take = |event: Event<'_>| {
            if let Event::Frame(frame) = event {
                let (parts, wrong) = split_batch(frame);
                messages.extend(parts);
                doubts.extend(wrong);
            }
        };
        while let Some(event) = decoder.next_event() {
            take(event);
        }
        if let Some(event) = decoder.finish() {
            take(event);
        }
        return (messages, doubts);
    }
    split_batch(bytes)
}

fn split_batch(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<BatchIssue>) {
    let batch = hl7v2::batch::split(bytes);
    if batch.messages.is_empty() && !bytes.is_empty() {
        // What is no message is sent as it is: the receiver has to say so.
        return (vec![bytes.to_vec()], batch.issues);
    }
    let spans = batch.messages.iter();
    let parts = spans.filter_map(|message| bytes.get(message.span.clone()));
    (parts.map(<[u8]>::to_vec).collect(), batch.issues)
}

impl Load {
    /// Sends all of it and gathers what came back.
    pub(crate) fn run(&self) -> Report {
        let watch = Stopwatch::start();
        let mut total = Report::default();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections)
                .map(|n| scope.spawn(move || self.connection(n, watch)))
                .collect();
            for thread in threads {
                match thread.join() {
                    Ok(report) => total.add(&report),
                    Err(_) => total
                        .failures
                        .push("a sending thread ended in a panic".into()),
                }
            }
        });
        total.took = watch.elapsed();
        total
    }

    fn connection(&self, number: usize, began: Stopwatch) -> Report {
        let mut report = Report::default();
        let all = self.messages.len() * self.repeat as usize;
        let mut sender: Option<Sender> = None;
        for n in (number..all).step_by(self.connections) {
            let Some(message) = self.messages.get(n % self.messages.len()) else {
                break;
            };
            let round = n / self.messages.len();
            let message = if round == 0 {
                message.clone()
            } else {
                renumbered(message, round)
            };
            let due = self.rate.map(|rate| {
                Duration::from_secs(1).mul_f64(
                    f64::from(u32::try_from(n).unwrap_or(u32::MAX)) / f64::from(rate.max(1)),
                )
            });
            if let Some(due) = due {
                wait_until(began, due);
            }
            let since = due.unwrap_or_else(|| began.elapsed());
            report.sent += 1;
            let answer = self.exchange(&mut sender, &message);
            match answer {
                Ok(Some(answer)) => {
                    report.took(began.elapsed().saturating_sub(since));
                    judge(&message, &answer, &mut report);
                }
                Ok(None) => report.unasked += 1,
                Err(error) => {
                    report.unanswered += 1;
                    report.failures.push(format!("message {}: {error}", n + 1));
                    sender = None;
                }
            }
        }
        report
    }

    /// Sends a message and waits for its answer; nothing where the message asks for none.
    fn exchange(&self, sender: &mut Option<Sender>, message: &[u8]) -> io::Result<Option<Vec<u8>>> {
        if sender.is_none() {
            let wire = self.target.connect(self.timeout)?;
            *sender = Some(Sender {
                wire,
                decoder: Decoder::new(Limits::DEFAULT),
                unasked: BTreeSet::new(),
            });
        }
        let sender = sender.as_mut().expect("it was made just above");
        sender.wire.write_all(&mllp::encode(message))?;
        sender.wire.flush()?;
        let parsed = hl7v2::parse(message);
        let control_id = control_id(&parsed);
        // What cannot be accepted is answered whatever it asks for.
        if parsed.first_error().is_none()
            && ack::code(parsed.header().as_ref(), Outcome::Accepted).is_none()
        {
            sender.unasked.insert(control_id);
            return Ok(None);
        }
        sender.unasked.remove(&control_id);
        sender.answer().map(Some)
    }
}

struct Sender {
    wire: Box<dyn Wire>,
    decoder: Decoder,
    /// Messages that asked for no answer, or only for a bad one: what comes for them is not the next one's.
    unasked: BTreeSet<Vec<u8>>,
}

impl Sender {
    fn answer(&mut self) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            while let Some(event) = self.decoder.next_event() {
                let Event::Frame(frame) = event else { continue };
                let parsed = hl7v2::parse(frame);
                let answered = ack::read(&parsed).map(|read| read.control_id.to_vec());
                if !answered.is_some_and(|answered| self.unasked.remove(&answered)) {
                    return Ok(frame.to_vec());
                }
            }
            let read = self.wire.read(&mut buffer)?;
            if read == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "closed before the answer",
                ));
            }
            self.decoder.push(buffer.get(..read).unwrap_or_default());
        }
    }
}

fn judge(message: &[u8], answer: &[u8], report: &mut Report) {
    let parsed = hl7v2::parse(answer);
    // A batch is answered by a batch, with one answer for each message; those of a single one are checked.
    let Some(read) = ack::read(&parsed) else {
        *report.by_code.entry("unreadable".into()).or_default() += 1;
        report.mismatched += 1;
        return;
    };
    *report
        .by_code
        .entry(read.code.as_str().to_owned())
        .or_default() += 1;
    let sent = hl7v2::parse(message);
    report.mismatched += u64::from(read.control_id != control_id(&sent));
}

fn control_id(message: &hl7v2::Message<'_>) -> Vec<u8> {
    message
        .header()
        .map(|header| header.control_id().raw().to_vec())
        .unwrap_or_default()
}

/// The message with a control id of its own.
fn renumbered(message: &[u8], round: usize) -> Vec<u8> {
    let parsed = hl7v2::parse(message);
    let Some(header) = parsed.header() else {
        return message.to_vec();
    };
    let span = header.control_id().position();
    let (Some(before), Some(id), Some(after)) = (
        message.get(..span.start),
        message.get(span.clone()),
        message.get(span.end..),
    ) else {
        return message.to_vec();
    };
    [before, id, format!("-{round}").as_bytes(), after].concat()
}

/// Waits until so long after the beginning.
fn wait_until(began: Stopwatch, due: Duration) {
    while let Some(left) = due
        .checked_sub(began.elapsed())
        .filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}
