//! An application as a process of its own: what it says, and what it has cost so far.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// The unit of the processor times that Linux tells, which is the same everywhere.
const TICKS_PER_SECOND: f64 = 100.0;
/// Lines that wait to be read; an application says little.
const LINES_MAX: usize = 1024;
/// It ends by itself within this.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A process that ends with this.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<(Instant, String)>,
    pub(crate) began: Instant,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Result<Self, String> {
        let began = Instant::now();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{command:?} does not start: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("its output is not to be had")?;
        let (said, lines) = sync_channel(LINES_MAX);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if said.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            input,
            lines,
            began,
        })
    }

    /// Waits for a line that begins so; gives the rest and how long after its start it was said.
    pub(crate) fn wait_for(
        &self,
        begins: &str,
        at_most: Duration,
    ) -> Result<(String, Duration), String> {
        let until = Instant::now() + at_most;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let said = self.lines.recv_timeout(left);
            let (at, line) = said.map_err(|_| format!("it did not say `{begins}`"))?;
            if let Some(rest) = line.strip_prefix(begins) {
                return Ok((rest.trim().to_owned(), at - self.began));
            }
        }
    }

    /// The seconds on a processor that it has had so far, all its threads together.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, String> {
        let stat = self.proc("stat")?;
        let (_, fields) = stat.rsplit_once(')').ok_or("its times are not told")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks = ticks.filter_map(|field| field.parse::<f64>().ok());
        Ok(ticks.sum::<f64>() / TICKS_PER_SECOND)
    }

    /// The most memory that it has had so far, and what it has now, in bytes.
    pub(crate) fn memory_bytes(&self) -> Result<(u64, u64), String> {
        let status = self.proc("status")?;
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number.and_then(|number| number.parse::<u64>().ok())
        };
        let kib = value("VmHWM:").zip(value("VmRSS:"));
        let (peak, now) = kib.ok_or("its memory is not told: it has ended")?;
        Ok((peak * 1024, now * 1024))
    }

    /// Says so where it has ended already.
    pub(crate) fn check_runs(&mut self) -> Result<(), String> {
        let ended = self.child.try_wait().map_err(|error| error.to_string())?;
        ended.map_or(Ok(()), |status| {
            Err(format!("it ended by itself: {status}"))
        })
    }

    fn proc(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }

    /// Lets it end by itself: its input ends.
    pub(crate) fn end(mut self) -> Result<String, String> {
        self.input = None;
        let said = self.wait_for("ended", ENDS_WITHIN)?;
        let until = Instant::now() + ENDS_WITHIN;
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(said.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It fails only where it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
