//! How far long work is, on a terminal: a bar, what was done, and how long it takes still.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::clock::Stopwatch;

/// How often it is drawn at most.
const LOOK: Duration = Duration::from_millis(250);
/// How wide it is.
const WIDTH: usize = 30;

/// A bar on a terminal; nothing where nobody looks.
pub(super) struct Bar {
    is_shown: bool,
    watch: Stopwatch,
    last: Duration,
}

impl Bar {
    pub(super) fn new(wanted: bool) -> Self {
        Self {
            is_shown: wanted && io::stderr().is_terminal(),
            watch: Stopwatch::start(),
            last: Duration::ZERO,
        }
    }

    /// Draws it, unless that was just done; what it says is made from the time since it began.
    pub(super) fn show(&mut self, line: impl FnOnce(Duration) -> String) {
        let now = self.watch.elapsed();
        if !self.is_shown || now.saturating_sub(self.last) < LOOK {
            return;
        }
        self.last = now;
        // Whoever does not look at the terminal misses nothing.
        drop(write!(io::stderr(), "\r{}", line(now)));
    }

    pub(super) fn end(&self) {
        if self.is_shown {
            drop(writeln!(io::stderr()));
        }
    }
}

/// The bar with what was done, and how long it takes still.
pub(super) fn line(share: f64, since: Duration, done: &str) -> String {
    let share = share.clamp(0.0, 1.0);
    let filled = (0..WIDTH)
        .filter(|place| ratio(*place as u64, WIDTH as u64) < share)
        .count();
    let seconds = since.as_secs_f64().max(1e-3);
    let left = match share > 0.0 {
        true => seconds / share - seconds,
        false => 0.0,
    };
    let left = Duration::from_secs_f64(left.clamp(0.0, 1e9)).as_secs();
    format!(
        "[{}{}] {:>3.0} % {done}, {:02}:{:02}:{:02} left ",
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        share * 100.0,
        left / 3600,
        left / 60 % 60,
        left % 60,
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown is rounded anyway"
)]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
