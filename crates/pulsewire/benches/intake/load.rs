//! The senders: stop and wait on every connection, as MLLP is spoken.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use formats::mllp::END;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::messages::Messages;

/// What an acknowledgement of a stored message has in it.
const ACCEPTED: &[u8] = b"\rMSA|AA|";
/// How long before counting begins.
const WARM_UP: Duration = Duration::from_millis(700);
/// How much of an answer is read at once.
const READ_BYTES: usize = 4096;

/// Latencies in nanoseconds, up to a minute.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap()
}

/// What came of some sending.
pub(crate) struct Measured {
    /// Acknowledged while it was counted.
    pub(crate) acknowledged: u64,
    /// Sent in all, warm-up included.
    pub(crate) sent: u64,
    pub(crate) refused: u64,
    pub(crate) counted: Duration,
    pub(crate) latency: Histogram<u64>,
}

impl Measured {
    fn new() -> Self {
        let latency = histogram();
        Self {
            acknowledged: 0,
            sent: 0,
            refused: 0,
            counted: Duration::ZERO,
            latency,
        }
    }

    fn answered(&mut self, answer: &[u8], latency: Duration) {
        if memchr::memmem::find(answer, ACCEPTED).is_none() {
            self.refused += 1;
        }
        self.acknowledged += 1;
        self.latency
            .saturating_record(u64::try_from(latency.as_nanos()).unwrap());
    }

    /// Acknowledgements a second.
    pub(crate) fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.counted.as_secs_f64()
    }

    /// The latency that this share of the messages kept below.
    pub(crate) fn at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(share))
    }
}

/// Sends as fast as the answers come, on one thread; `began` is called when counting begins.
pub(crate) fn closed(
    to: SocketAddr,
    messages: &Messages,
    connections: u64,
    lasting: Duration,
    began: impl FnOnce(),
) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let total = Rc::new(RefCell::new(Measured::new()));
    let start = Instant::now() + WARM_UP;
    let end = start + lasting;
    let next = Rc::new(RefCell::new(0_u64));
    let local = tokio::task::LocalSet::new();
    let messages: Rc<Messages> = Rc::new(messages.clone());
    local.block_on(&runtime, async {
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let (total, next, messages) =
                (Rc::clone(&total), Rc::clone(&next), Rc::clone(&messages));
            senders.spawn_local(async move {
                let mut stream = tokio::net::TcpStream::connect(to).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = vec![0; READ_BYTES];
                loop {
                    let number = next.replace_with(|next| *next + 1);
                    let frame = messages.frame(number);
                    let sent = Instant::now();
                    if sent >= end {
                        return;
                    }
                    total.borrow_mut().sent += 1;
                    stream.write_all(&frame).await.unwrap();
                    let filled = answer(&mut stream, &mut buffer).await;
                    let now = Instant::now();
                    if sent >= start && now < end {
                        total.borrow_mut().answered(&buffer[..filled], now - sent);
                    }
                }
            });
        }
        tokio::time::sleep_until(start.into()).await;
        began();
        while let Some(ended) = senders.join_next().await {
            ended.unwrap();
        }
    });
    let mut total = total.replace(Measured::new());
    total.counted = lasting;
    total
}

async fn answer(stream: &mut tokio::net::TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while memchr::memrchr(END, &buffer[..filled]).is_none() {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert_ne!(read, 0, "the server closed a connection");
        filled += read;
    }
    filled
}

/// Sends on a schedule that no answer changes; latencies count from the scheduled time. `frame` makes message `n`, which
/// is told the time it is due at.
pub(crate) fn open(
    to: SocketAddr,
    rate: f64,
    connections: u64,
    lasting: Duration,
    frame: impl Fn(u64, Instant) -> Vec<u8> + Sync,
) -> Measured {
    let all = (lasting.as_secs_f64() * rate) as u64;
    let start = Instant::now() + Duration::from_millis(50);
    let total = Mutex::new(Measured::new());
    std::thread::scope(|scope| {
        for first in 0..connections {
            let (total, frame) = (&total, &frame);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(to).unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = vec![0; READ_BYTES];
                let mut own = Measured::new();
                for number in (first..all).step_by(usize::try_from(connections).unwrap()) {
                    let due = start + Duration::from_secs_f64(number as f64 / rate);
                    let frame = frame(number, due);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    stream.write_all(&frame).unwrap();
                    let filled = answer_blocking(&mut stream, &mut buffer);
                    own.answered(&buffer[..filled], due.elapsed());
                }
                let mut total = total.lock().unwrap();
                total.latency.add(&own.latency).unwrap();
                total.acknowledged += own.acknowledged;
                total.refused += own.refused;
            });
        }
    });
    let mut total = total.into_inner().unwrap();
    total.sent = all;
    total.counted = start.elapsed();
    total
}

/// Sends one and waits for its answer.
pub(crate) fn exchange(stream: &mut TcpStream, frame: &[u8]) {
    stream.write_all(frame).unwrap();
    let mut buffer = vec![0; READ_BYTES];
    let filled = answer_blocking(stream, &mut buffer);
    assert!(
        memchr::memmem::find(&buffer[..filled], ACCEPTED).is_some(),
        "a message was not accepted"
    );
}

fn answer_blocking(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while memchr::memrchr(END, &buffer[..filled]).is_none() {
        let read = stream.read(&mut buffer[filled..]).unwrap();
        assert_ne!(read, 0, "the server closed a connection");
        filled += read;
    }
    filled
}
