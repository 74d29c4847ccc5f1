//! The one reader of time; everything else is told.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the file that the ban points to"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clinical::ReceivedTime;

/// Tells the time: the system's, or a faster one for the demonstration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    origin: ReceivedTime,
    speed: u32,
}

impl Clock {
    /// Tells the system's time.
    pub(crate) fn system() -> Self {
        Self::scaled(1)
    }

    /// Tells a time that starts now and runs `speed` times as fast.
    pub(crate) fn scaled(speed: u32) -> Self {
        Self {
            began: Instant::now(),
            origin: wall(),
            speed,
        }
    }

    /// The time now. At speed 1 it follows the system's clock, corrections included.
    pub(crate) fn now(&self) -> ReceivedTime {
        if self.speed == 1 {
            wall()
        } else {
            self.origin.plus(self.began.elapsed() * self.speed)
        }
    }

    /// How long this clock's `span` takes in the room.
    pub(crate) fn in_the_room(&self, span: Duration) -> Duration {
        span / self.speed
    }
}

/// A stopwatch for latencies, which a change of the system's clock does not touch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since its start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

fn wall() -> ReceivedTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    ReceivedTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
