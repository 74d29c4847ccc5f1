//! The MLLP listener: many senders for days, each with its limits; one that is slow or silent holds up no other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clinical::ReceivedTime;
use formats::limits::Limits;
use formats::mllp::{self, Decoder, Event};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::accept::{Intake, Pending};
use super::connections::{Connections, Full};
use super::refusals::Refusals;
use super::{certificate, tls};
use crate::clock::Stopwatch;
use crate::config::Mllp;
use crate::metrics::{Outcome, ReasonLabels};
use crate::tasks::{Stop, Tasks, aside};

/// How much is read from a connection at once: as little as most messages are, until one sends more.
const READ_BYTES_FIRST: usize = 4 << 10;
const READ_BYTES: usize = 64 << 10;
/// How long a frame without its last byte waits for it before it counts as ended.
const PENDING_END: Duration = Duration::from_millis(500);
/// How long, and for how many bytes, a connection that we close waits for its sender to take the last answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 4 << 20;
/// A frame that takes longer than this to arrive must keep up this rate.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;

/// So many bytes of messages wait for the journal at once, over all connections: well under what its queue holds, so
/// that handing over a message never waits on a thread that other connections need. One larger message goes alone.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// Why the listener cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {listen}: {source}; choose another address for intake.mllp.listen")]
    Bind {
        listen: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] tls::Error),
}

/// A listener that is bound but not yet taking connections.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    config: Mllp,
}

/// What all connections share.
struct Door {
    intake: Arc<Intake>,
    config: Mllp,
    tls: Option<TlsAcceptor>,
    waiting_bytes: Semaphore,
    refusals: Refusals,
}

/// Takes the address, so that a start that cannot succeed fails before anything else is done.
pub(crate) async fn bind(config: &Mllp) -> Result<Listener, Error> {
    let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let socket = TcpListener::bind(config.listen)
        .await
        .map_err(|source| Error::Bind {
            listen: config.listen,
            source,
        })?;
    Ok(Listener {
        socket,
        tls,
        config: config.clone(),
    })
}

impl Listener {
    /// The address it has, with the port the system chose if that was left open.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes connections until it is time to stop.
    pub(crate) async fn run(self, intake: Arc<Intake>, tasks: Tasks) {
        let connections = Connections::new(
            self.config.connections,
            "intake.mllp.connections",
            self.config.connections_per_address,
        );
        let refusals = Refusals::counted(&intake.metrics.refusals_delayed);
        let door = Arc::new(Door {
            intake,
            config: self.config,
            tls: self.tls,
            waiting_bytes: Semaphore::new(WAITING_BYTES_MAX),
            refusals,
        });
        let mut stop = tasks.stop();
        while let Some((stream, peer)) = Connections::next(&self.socket, &mut stop).await {
            let place = match connections.enter(peer.ip()) {
                Ok(place) => place,
                Err(Full::All) => {
                    door.refuse(peer, "too-many-connections");
                    continue;
                }
                Err(Full::Address) => {
                    door.refuse(peer, "too-many-from-address");
                    continue;
                }
            };
            let (door, stop) = (Arc::clone(&door), tasks.stop());
            tasks.spawn(async move {
                door.intake.metrics.connections.inc();
                door.serve(stream, peer.ip(), stop).await;
                door.intake.metrics.connections.dec();
                drop(place);
            });
        }
    }
}

impl Door {
    fn refuse(&self, peer: SocketAddr, reason: &'static str) {
        self.count(reason);
        tracing::warn!(%peer, reason, "a connection was closed at once");
    }

    fn count(&self, reason: &str) {
        let labels = ReasonLabels {
            stage: "intake",
            reason: reason.to_owned(),
        };
        self.intake.metrics.timeouts.get_or_create(&labels).inc();
    }

    /// Waits until a message of so many bytes may wait for the journal.
    async fn room_for(
        &self,
        bytes: usize,
        replies: &mut Replies<'_>,
    ) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(bytes.min(WAITING_BYTES_MAX)).unwrap_or(u32::MAX);
        if let Ok(room) = self.waiting_bytes.try_acquire_many(bytes) {
            return Some(room);
        }
        // Whoever waits for room holds none: or all could wait for each other.
        replies.settle().await;
        self.waiting_bytes.acquire_many(bytes).await.ok()
    }

    async fn serve(&self, stream: TcpStream, peer: IpAddr, stop: Stop) {
        // An acknowledgement is small and must not wait for more to send with it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            return;
        }
        let Some(tls) = &self.tls else {
            return Connection::new(self, (stream, peer), stop).run().await;
        };
        let handshake = self
            .config
            .tls
            .as_ref()
            .map_or(Duration::from_secs(5), |tls| tls.handshake_timeout);
        match timeout(handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let shown = stream.get_ref().1.peer_certificates();
                let first = shown.and_then(|chain| chain.first());
                let expires = first.and_then(|own| certificate::expires(own));
                let mut connection = Connection::new(self, (stream, peer), stop);
                connection.certificate_expires = expires;
                connection.run().await;
            }
            Ok(Err(error)) => {
                self.count("tls");
                tracing::warn!(%error, "a TLS handshake failed");
            }
            Err(_) => self.count("tls-handshake-timeout"),
        }
    }
}

/// What the frames of one read are answered, in their order.
#[derive(Default)]
struct Replies<'d> {
    pending: Vec<(Pending, Option<SemaphorePermit<'d>>)>,
    answers: Vec<u8>,
    /// How many bytes of them were refused.
    refused: usize,
    /// Where the first of their answers begins.
    first_refused: Option<usize>,
}

impl Replies<'_> {
    /// Waits for all of them.
    async fn settle(&mut self) {
        for (pending, room) in self.pending.drain(..) {
            if pending.is_refused() {
                self.first_refused = self.first_refused.or(Some(self.answers.len()));
            }
            if let Some(answer) = pending.answer().await {
                self.answers.push(mllp::START);
                self.answers.extend_from_slice(&answer);
                self.answers.extend([mllp::END, mllp::END_SECOND]);
            }
            drop(room);
        }
    }
}

/// Why a connection ends.
enum End {
    /// The sender closed it, or it is time to stop.
    Orderly,
    /// A time was over or a limit passed.
    Reason(&'static str),
    /// The network failed.
    Io(io::Error),
}

/// One sender.
struct Connection<'d, S> {
    door: &'d Door,
    stream: S,
    peer: IpAddr,
    stop: Stop,
    decoder: Decoder,
    buffer: Vec<u8>,
    frame_began: Option<Stopwatch>,
    frame_bytes: u64,
    heard: bool,
    /// When the certificate runs out that its sender showed, until it is known who that is.
    certificate_expires: Option<ReceivedTime>,
}

impl<'d, S: AsyncRead + AsyncWrite + Unpin> Connection<'d, S> {
    fn new(door: &'d Door, (stream, peer): (S, IpAddr), stop: Stop) -> Self {
        let limits = Limits {
            frame_bytes: door.config.frame_size,
            ..Limits::DEFAULT
        };
        let decoder = Decoder::new(limits);
        Self {
            door,
            stream,
            peer,
            stop,
            decoder,
            buffer: vec![0; READ_BYTES_FIRST],
            frame_began: None,
            frame_bytes: 0,
            heard: false,
            certificate_expires: None,
        }
    }

    async fn run(mut self) {
        let end = loop {
            match self.turn().await {
                Ok(()) => {}
                Err(end) => break end,
            }
        };
        if self.frame_began.is_some() {
            // Bytes of a frame came and its end did not: nothing of it was a message, and nobody was answered.
            self.door.intake.metrics.frame("default", Outcome::Closed);
        }
        match end {
            End::Orderly => {}
            End::Reason(reason) => {
                self.door.count(reason);
                tracing::warn!(reason, "a connection was closed");
                self.linger().await;
            }
            End::Io(error) => tracing::debug!(%error, "a connection broke"),
        }
    }

    /// Lets the last answer arrive: to close while bytes still come resets the connection and destroys what is on its
    /// way.
    async fn linger(&mut self) {
        let drain = async {
            self.stream.shutdown().await?;
            let mut drained = 0;
            while drained < LINGER_BYTES {
                match self.stream.read(&mut self.buffer).await? {
                    0 => break,
                    read => drained += read,
                }
            }
            io::Result::Ok(())
        };
        if !matches!(timeout(LINGER, drain).await, Ok(Ok(()))) {
            tracing::debug!("a connection was closed while its sender went on");
        }
    }

    /// Reads once, takes in what is whole, and answers it.
    async fn turn(&mut self) -> Result<(), End> {
        let read = self.read().await?;
        let watch = Stopwatch::start();
        let Some(read) = read else {
            // Silence after the first half of an end: the sender leaves the second out.
            return self.take(watch, true).await;
        };
        if read == 0 {
            self.take(watch, true).await?;
            return Err(End::Orderly);
        }
        self.heard = true;
        let copies = self.decoder.copies(read);
        let chunk = self.buffer.get(..read).unwrap_or_default();
        aside(copies, || self.decoder.push(chunk));
        self.frame_bytes = self.frame_bytes.saturating_add(read as u64);
        let is_full = read == self.buffer.len();
        if is_full {
            self.buffer.resize(READ_BYTES, 0);
        }
        self.take(watch, false).await?;
        // Whoever has much more to send lets others send in between.
        if is_full {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits for bytes as long as this connection may be silent now; nothing if a pending end became one.
    async fn read(&mut self) -> Result<Option<usize>, End> {
        let config = &self.door.config;
        let pending = self.decoder.is_end_pending();
        let (wait, reason) = match (pending, self.frame_began, self.heard) {
            (true, _, _) => (Some(PENDING_END), "end"),
            (_, Some(began), _) => (Some(self.frame_time_left(began)?), "frame-timeout"),
            (_, None, false) => (Some(config.first_byte_timeout), "first-byte-timeout"),
            (_, None, true) => (config.idle_timeout, "idle-timeout"),
        };
        let read = self.stream.read(&mut self.buffer);
        let limited = async {
            match wait {
                Some(wait) => timeout(wait, read).await.ok(),
                None => Some(read.await),
            }
        };
        let between = self.frame_began.is_none();
        let read = tokio::select! {
            // A frame that has begun may still end: only a connection between frames stops at once.
            () = self.stop.asked(), if between => return Err(End::Orderly),
            read = limited => read,
        };
        match read {
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(error)) => Err(End::Io(error)),
            None if pending => Ok(None),
            None => Err(End::Reason(reason)),
        }
    }

    fn frame_time_left(&self, began: Stopwatch) -> Result<Duration, End> {
        let elapsed = began.elapsed();
        let enough = SLOWEST_BYTES_PER_SECOND.saturating_mul(elapsed.as_secs());
        if elapsed >= self.door.config.first_byte_timeout && self.frame_bytes < enough {
            return Err(End::Reason("frame-too-slow"));
        }
        self.door
            .config
            .frame_timeout
            .checked_sub(elapsed)
            .ok_or(End::Reason("frame-timeout"))
    }

    /// Takes in every whole frame, then answers them in their order.
    async fn take(&mut self, watch: Stopwatch, finished: bool) -> Result<(), End> {
        let mut replies = Replies::default();
        let mut end = None;
        let mut cut = false;
        loop {
            let event = match self.decoder.next_event() {
                None if finished => self.decoder.finish(),
                event => event,
            };
            let Some(event) = event else { break };
            match event {
                Event::Frame(bytes) => {
                    let room = self.door.room_for(bytes.len(), &mut replies).await;
                    // Who it is from, its first frame says.
                    let shown = self.certificate_expires.take();
                    let intake = &self.door.intake;
                    let pending = aside(bytes.len(), || intake.take_of(bytes, watch, shown));
                    replies.refused += if pending.is_refused() { bytes.len() } else { 0 };
                    replies.pending.push((pending, room));
                }
                Event::Skipped { bytes } => {
                    self.door.intake.metrics.skipped_bytes.inc_by(bytes as u64);
                }
                Event::TooMuchGarbage { .. } => {
                    end = Some(End::Reason("garbage"));
                    break;
                }
                Event::TooLong { limit } => {
                    let refused = self.door.intake.too_long(limit);
                    replies.refused += limit;
                    replies
                        .pending
                        .push((Pending::Refused(Some(refused)), None));
                    end = Some(End::Reason("frame-too-long"));
                    break;
                }
                Event::Incomplete { .. } => {
                    cut = true;
                    break;
                }
            }
        }
        let inside = cut || self.decoder.is_inside_frame();
        let answers = !replies.pending.is_empty();
        let has_waited = self.reply(replies).await?;
        if end.is_some() || !inside {
            self.frame_began = None;
        } else if self.frame_began.is_none() || answers {
            // While nothing was read nobody was slow.
            self.frame_began = Some(if has_waited {
                Stopwatch::start()
            } else {
                watch
            });
            self.frame_bytes = 0;
        }
        end.map_or(Ok(()), Err)
    }

    /// Sends the answers, those of what was refused after a wait where its address had much refused; says whether it waited.
    async fn reply(&mut self, mut replies: Replies<'_>) -> Result<bool, End> {
        replies.settle().await;
        let Some(first) = replies.first_refused else {
            self.send(&replies.answers).await?;
            return Ok(false);
        };
        let (taken, refused) = replies.answers.split_at(first);
        self.send(taken).await?;
        let bytes = replies.refused as u64;
        let refusals = &self.door.refusals;
        let has_waited = refusals.hold(self.peer, bytes, &mut self.stop).await;
        self.send(refused).await?;
        Ok(has_waited)
    }

    async fn send(&mut self, answers: &[u8]) -> Result<(), End> {
        if answers.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(answers).await?;
            self.stream.flush().await
        };
        match timeout(self.door.config.write_timeout, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Io(error)),
            Err(_) => Err(End::Reason("write-timeout")),
        }
    }
}
