//! Listens to devices through an MQTT broker: what they publish is acknowledged when the journal has it, and not before.
//!
//! An acknowledgement belongs to the connection that its message came by: after a reconnection the broker may use its number for
//! another message. So the queue of what waits for the journal ends with its connection, and the broker sends again what was
//! not acknowledged; what was kept meanwhile is known again by its id and kept once.

mod line;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use formats::device::Presence;
use formats::mqtt::{self, Connect, Frame, Packet, Publish, Version};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsConnector;

use super::accept::Intake;
use super::keep::{Received, Refusal, Way};
use super::measurements::{Sender, sniffed};
use super::{certificate, tls};
use crate::clock::Stopwatch;
use crate::config::{self, Mqtt};
use crate::metrics::Outcome;
use crate::tasks::Stop;
use line::Line;

/// The largest packet that is taken.
const PACKET_BYTES_MAX: usize = 256 << 10;
/// So many messages wait for the journal at once; then nothing is read.
const IN_FLIGHT_MAX: usize = 64;
/// How long connecting, and each answer that must come, may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The first pause before a broker is tried again; twice as long after each that follows.
const RETRY_FIRST: Duration = Duration::from_millis(200);
/// A connection that has been listened to for so long holds.
const STEADY: Duration = Duration::from_secs(10);
/// What keeps the broker from being heard is told under this name.
const FAULT: &str = "mqtt";
/// The QoS that is asked for: the broker keeps a message until it is acknowledged.
const QOS: u8 = 1;
/// The broker is asked no more often whether it is there.
const BEAT_LEAST: Duration = Duration::from_millis(500);
/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error("{0}")]
    Secret(String),
    #[error(transparent)]
    Malformed(#[from] mqtt::Malformed),
    #[error("the broker refuses us: {0}")]
    Refused(String),
    #[error("the broker ended it: {0}")]
    Disconnected(String),
    #[error(
        "{0}: is it the address of an MQTT broker, and without TLS? Where the port takes TLS, begin it with mqtts://"
    )]
    Unanswered(String),
    #[error("what came could not be kept: {0}")]
    Kept(#[from] Refusal),
    #[error("the broker does not answer in time")]
    Silent,
    #[error("it is time to stop")]
    Stop,
}

/// Listens until asked to stop.
pub(crate) async fn run(intake: Arc<Intake>, config: Mqtt, mut stop: Stop) {
    let mut attempt = 0_u32;
    while !stop.is_asked() {
        let door = Door {
            intake: &intake,
            config: &config,
            version: if config.is_version_5 {
                Version::V5
            } else {
                Version::V3
            },
        };
        let mut listening = None;
        match door.connect(&mut stop, &mut listening).await {
            Err(Ended::Stop) | Ok(()) => return,
            Err(error) => {
                if is_over(&error, listening.map(Stopwatch::elapsed), &config) {
                    attempt = 0;
                }
                tracing::warn!(broker = %config.host, %error, "the broker is tried again");
                let fault = format!(
                    "Nothing is heard of devices from the broker {}: {error}. It is tried again.",
                    config.host
                );
                intake.tasks.note(FAULT, Some(fault));
            }
        }
        let pause = pause(attempt, &config, intake.clock.now().micros());
        attempt = attempt.saturating_add(1);
        if !stop.sleep(pause).await {
            return;
        }
    }
}

/// Whether what went wrong before is over: a connection has held, and longer where the broker itself ended it, as when another
/// process takes the session.
fn is_over(ended: &Ended, listened: Option<Duration>, config: &Mqtt) -> bool {
    let least = match ended {
        Ended::Refused(_) | Ended::Disconnected(_) => config.retry_longest.max(STEADY),
        _ => STEADY,
    };
    listened.is_some_and(|listened| listened >= least)
}

/// Between half and all of what the attempt has come to, so that many who lost a broker do not come back at once.
fn pause(attempt: u32, config: &Mqtt, now: i64) -> Duration {
    let whole = RETRY_FIRST
        .saturating_mul(1 << attempt.min(16))
        .min(config.retry_longest);
    let mut hash = blake3::Hasher::new();
    hash.update(config.client_id.as_bytes())
        .update(&now.to_be_bytes());
    let share = u32::from(hash.finalize().as_bytes().first().copied().unwrap_or(0));
    whole / 2 + whole / 2 * share / 256
}

/// What a connection needs to know.
struct Door<'a> {
    intake: &'a Arc<Intake>,
    config: &'a Mqtt,
    version: Version,
}

impl Door<'_> {
    async fn connect(
        &self,
        stop: &mut Stop,
        listening: &mut Option<Stopwatch>,
    ) -> Result<(), Ended> {
        let config = self.config;
        let dial = TcpStream::connect((config.host.as_str(), config.port));
        let stream = in_time(dial).await??;
        stream.set_nodelay(true)?;
        match &config.tls {
            None => self.talk(stream, stop, listening).await,
            Some(files) => {
                let connector: TlsConnector = tls::connector(files)?;
                let name = ServerName::try_from(config.host.clone())
                    .map_err(|error| io::Error::other(format!("{}: {error}", config.host)))?;
                let stream = in_time(connector.connect(name, stream)).await??;
                let shown = stream.get_ref().1.peer_certificates();
                let broker = shown.and_then(|chain| chain.first());
                if let Some(expires) = broker.and_then(|own| certificate::expires(own)) {
                    self.intake
                        .showed(&config.source, Way::Mqtt.name(), expires);
                }
                self.talk(stream, stop, listening).await
            }
        }
    }

    async fn talk(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        stop: &mut Stop,
        listening: &mut Option<Stopwatch>,
    ) -> Result<(), Ended> {
        let mut input = Input::default();
        let greeted = self.greet(&mut stream, &mut input).await;
        let keep_alive = greeted.map_err(|error| self.unanswered(error))?;
        let filters = self.filters();
        stream
            .write_all(&mqtt::subscribe(1, &filters, self.version))
            .await?;
        let mut line = Line::default();
        let mut asked = false;
        let mut beat = tokio::time::interval(keep_alive.max(BEAT_LEAST));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            while line.has_room() {
                let Some(taken) = input.next(self.version)? else {
                    break;
                };
                if let Taken::Granted(codes, words) = &taken {
                    self.granted(&filters, codes, words.as_deref())?;
                    *listening = Some(Stopwatch::start());
                }
                self.take(taken, &mut line)?;
                asked = false;
            }
            let has_room = line.has_room();
            tokio::select! {
                told = line.step() => stream.write_all(&told?).await?,
                read = stream.read_buf(&mut input.bytes), if has_room => {
                    if read? == 0 {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    }
                    asked = false;
                }
                _ = beat.tick() => {
                    if std::mem::replace(&mut asked, true) && has_room {
                        return Err(Ended::Silent);
                    }
                    stream.write_all(&mqtt::ping()).await?;
                }
                () = stop.asked() => {
                    // What is not acknowledged is sent again to whoever takes the session up.
                    stream.write_all(&mqtt::disconnect()).await?;
                    return Err(Ended::Stop);
                }
            }
        }
    }

    /// What is subscribed to.
    fn filters(&self) -> Vec<String> {
        let all = self.config.topics.iter().chain(&self.config.status_topics);
        all.cloned().collect()
    }

    /// A connection that ends before it is answered, or is answered with something else, is hardly one to a broker's open port.
    fn unanswered(&self, error: Ended) -> Ended {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error {
            Ended::Malformed(_) if self.config.tls.is_none() => {
                Ended::Unanswered("what came is no MQTT".to_owned())
            }
            Ended::Io(error)
                if self.config.tls.is_none()
                    && matches!(
                        error.kind(),
                        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
                    ) =>
            {
                Ended::Unanswered(format!("it was ended without an answer ({error})"))
            }
            other => other,
        }
    }

    /// Hears what the broker grants: it is listened to as far as it grants anything, and told of what it does not.
    fn granted(&self, filters: &[String], codes: &[u8], words: Option<&str>) -> Result<(), Ended> {
        let told = |code| mqtt::reason(code, self.version, words);
        let mut wrong = Vec::new();
        for (filter, code) in filters.iter().zip(codes) {
            match *code {
                code if code >= mqtt::BAD_FROM => {
                    wrong.push(format!("it refuses {filter}: {}", told(code)));
                }
                code if code < QOS => wrong.push(format!(
                    "it grants {filter} at QoS {code} alone: what comes while nobody listens is lost"
                )),
                _ => {}
            }
        }
        let wrong = wrong.join("; ");
        if codes.iter().all(|code| *code >= mqtt::BAD_FROM) {
            return Err(Ended::Refused(wrong));
        }
        tracing::info!(broker = %self.config.host, "listening to devices");
        let fault = (!wrong.is_empty()).then(|| {
            format!(
                "The broker {} is not listened to as configured: {wrong}.",
                self.config.host
            )
        });
        if let Some(fault) = &fault {
            tracing::error!(broker = %self.config.host, fault, "not all is listened to");
        }
        self.intake.tasks.note(FAULT, fault);
        Ok(())
    }

    /// Connects as a session that stays; gives how often the broker must hear of us.
    async fn greet(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        input: &mut Input,
    ) -> Result<Duration, Ended> {
        let config = self.config;
        let password = config
            .password_file
            .as_deref()
            .map(config::secret)
            .transpose();
        let hello = Connect {
            version: self.version,
            client_id: &config.client_id,
            user: &config.user,
            password: &password.map_err(Ended::Secret)?.unwrap_or_default(),
            keep_alive: u16::try_from(config.keep_alive.as_secs()).unwrap_or(u16::MAX),
            session_expiry: u32::try_from(config.session_expiry.as_secs()).unwrap_or(u32::MAX),
            receive_maximum: u16::try_from(IN_FLIGHT_MAX).unwrap_or(u16::MAX),
            // What a broker leaves out for its length is lost unseen: what comes and is too long is counted.
            packet_maximum: u32::MAX,
        };
        stream.write_all(&mqtt::connect(&hello)).await?;
        loop {
            match mqtt::read(&input.bytes, self.version, PACKET_BYTES_MAX)? {
                Frame::Partial => {
                    if in_time(stream.read_buf(&mut input.bytes)).await?? == 0 {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    }
                }
                Frame::Whole(
                    Packet::Connected {
                        code: 0,
                        keep_alive,
                        ..
                    },
                    length,
                ) => {
                    input.bytes.drain(..length);
                    let told = keep_alive
                        .filter(|seconds| *seconds > 0)
                        .map(|s| Duration::from_secs(s.into()));
                    // Two questions in the time that the broker allows.
                    return Ok(told.unwrap_or(config.keep_alive).min(config.keep_alive) / 2);
                }
                Frame::Whole(Packet::Connected { code, words, .. }, _) => {
                    return Err(Ended::Refused(mqtt::reason(code, self.version, words)));
                }
                _ => return Err(mqtt::Malformed.into()),
            }
        }
    }

    /// Takes a packet in; what is to be kept goes in line.
    fn take(&self, taken: Taken, line: &mut Line) -> Result<(), Ended> {
        match taken {
            Taken::Ended(code, words) => {
                let reason = mqtt::reason(code, self.version, words.as_deref());
                return Err(Ended::Disconnected(reason));
            }
            Taken::Message { id, topic, payload } => {
                line.come(self.intake, id, self.received(&topic, &payload));
            }
            Taken::TooLong(id) => {
                // It is acknowledged, or it would come again for ever.
                tracing::warn!(
                    limit = PACKET_BYTES_MAX,
                    "a message over the limit was refused: send it in parts"
                );
                self.intake
                    .count(&self.config.source, Way::Mqtt, Outcome::Refused);
                line.pass(id);
            }
            Taken::Granted(..) | Taken::Heard => {}
        }
        Ok(())
    }

    fn received(&self, topic: &str, payload: &[u8]) -> Vec<Received> {
        let of = |filters: &[String]| {
            filters
                .iter()
                .find_map(|filter| mqtt::wildcard(filter, topic))
        };
        let source: Arc<str> = self.config.source.as_str().into();
        let status = of(&self.config.status_topics);
        let device = status.or_else(|| of(&self.config.topics));
        let sender = Sender {
            source,
            way: Way::Mqtt,
            place: topic,
            device,
        };
        if let Some(fault) = mqtt::topic_fault(topic) {
            tracing::warn!(fault, "a message was refused for its topic");
            self.intake
                .count(&self.config.source, Way::Mqtt, Outcome::Refused);
            return Vec::new();
        }
        let word = status.and_then(|_| Presence::parse(std::str::from_utf8(payload).ok()?));
        if let Some((device, presence)) = device.zip(word) {
            return self.intake.presence(&sender, device, presence);
        }
        // An empty message is how a retained one is taken back.
        if payload.is_empty() {
            return Vec::new();
        }
        match self.intake.measurements(&sender, sniffed(payload), payload) {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(
                    reason = error.reason.code(),
                    "a device's message cannot be read; it is kept in quarantine"
                );
                vec![self.intake.unreadable(&sender, &error, payload)]
            }
        }
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> Result<T, Ended> {
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, future).await;
    answer.map_err(|_| Ended::Silent)
}

/// What has come and is not taken yet.
struct Input {
    bytes: Vec<u8>,
    /// So many bytes that are to come belong to a message over the limit.
    skip: usize,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            bytes: Vec::with_capacity(READ_BYTES),
            skip: 0,
        }
    }
}

/// What a packet asks of us.
enum Taken {
    Message {
        id: Option<u16>,
        topic: String,
        payload: Vec<u8>,
    },
    TooLong(Option<u16>),
    /// A reason, and what the broker says of it.
    Ended(u8, Option<String>),
    /// What is granted for each filter, and what the broker says of it.
    Granted(Vec<u8>, Option<String>),
    Heard,
}

impl Input {
    /// Takes the next packet out of what has come; nothing where more must come.
    fn next(&mut self, version: Version) -> Result<Option<Taken>, mqtt::Malformed> {
        let skipped = self.skip.min(self.bytes.len());
        self.bytes.drain(..skipped);
        self.skip -= skipped;
        if self.skip > 0 {
            return Ok(None);
        }
        let (taken, length) = match mqtt::read(&self.bytes, version, PACKET_BYTES_MAX)? {
            Frame::Partial => return Ok(None),
            Frame::TooLong(id, length) => {
                self.skip = length;
                return Ok(Some(Taken::TooLong(id)));
            }
            Frame::Whole(packet, length) => (Taken::of(packet), length),
        };
        self.bytes.drain(..length);
        Ok(Some(taken))
    }
}

impl Taken {
    fn of(packet: Packet<'_>) -> Self {
        match packet {
            Packet::Publish(Publish { topic, id, payload }) => Self::Message {
                id,
                topic: topic.to_owned(),
                payload: payload.to_vec(),
            },
            Packet::Disconnected { code, words } => Self::Ended(code, words.map(str::to_owned)),
            Packet::Subscribed { codes, words } => {
                Self::Granted(codes.to_vec(), words.map(str::to_owned))
            }
            _ => Self::Heard,
        }
    }
}

#[cfg(test)]
mod tests;
