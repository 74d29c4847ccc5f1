//! One broker as a process: started, found again by its process id, signalled, waited for.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::library::{failed, java};
use crate::step::Failed;

/// So much of a broker's log is shown when it does not come up.
const SHOWN_LINES: usize = 30;
/// Small, since several share a machine with what they serve.
const JAVA_OPTIONS: [&str; 3] = ["-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError"];

/// Where a broker keeps things.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    dir: PathBuf,
    number: u16,
}

/// A broker that runs, or ran a moment ago.
#[derive(Debug)]
pub(crate) struct Running(OwnedFd);

impl Broker {
    /// The broker of this number in a cluster's folder.
    pub(crate) fn new(dir: &Path, number: u16) -> Self {
        Self {
            dir: dir.to_owned(),
            number,
        }
    }

    /// Its number, from 1.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Its settings.
    pub(crate) fn properties(&self) -> PathBuf {
        self.dir
            .join(format!("broker-{}/server.properties", self.number))
    }

    /// Its log.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join(format!("broker-{}.log", self.number))
    }

    /// Its process id, if that process is this broker.
    pub(crate) fn pid(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        let raw = text.trim().parse().ok().filter(|raw| *raw > 0)?;
        let pid = Pid::from_raw(raw)?;
        let command = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        let properties = self.properties();
        let named = properties.as_os_str().as_encoded_bytes();
        command
            .split(|byte| *byte == 0)
            .any(|word| word == named)
            .then_some(pid)
    }

    /// Takes hold of its process, so that a signal cannot reach another one that got the same id.
    pub(crate) fn running(&self) -> Option<Running> {
        let held = pidfd_open(self.pid()?, PidfdFlags::empty()).ok()?;
        // Only if the process held is still the broker: the id may have passed to another in between.
        self.pid().map(|_| Running(held))
    }

    /// Starts it. It outlives us, except when the terminal interrupts both.
    pub(crate) fn start(&self, apart: bool) -> Result<Running, Failed> {
        let log = self.log();
        let open = || File::options().create(true).append(true).open(&log);
        let out = open().map_err(|error| failed(&log, &error))?;
        let err = open().map_err(|error| failed(&log, &error))?;
        let mut command = java("kafka.Kafka", "INFO", &JAVA_OPTIONS);
        command
            .arg(self.properties())
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        if apart {
            command.process_group(0);
        }
        let child = command
            .spawn()
            .map_err(|error| Failed(format!("kafka: Java does not start: {error}")))?;
        let pid_file = self.pid_file();
        std::fs::write(&pid_file, child.id().to_string())
            .map_err(|error| failed(&pid_file, &error))?;
        let held = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())
            .map_err(|error| failed(&pid_file, &error.into()))?;
        reap(child);
        Ok(Running(held))
    }

    /// The last error in its log and what follows, else the end.
    pub(crate) fn last_words(&self) -> String {
        let bytes = std::fs::read(self.log()).unwrap_or_default();
        last_words(&String::from_utf8_lossy(&bytes))
    }

    /// Forgets the process that ended.
    pub(crate) fn forget(&self) -> Result<(), Failed> {
        let file = self.pid_file();
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed(&file, &error))
            }
            _ => Ok(()),
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.join(format!("broker-{}.pid", self.number))
    }
}

impl Running {
    /// Sends a signal; a process that ended meanwhile needs none.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Failed> {
        match pidfd_send_signal(&self.0, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(Failed(format!("kafka: no signal reached it: {error}"))),
        }
    }

    /// Waits for its end; says whether it came in time.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        let timeout = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        };
        let mut watched = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut watched, Some(&timeout)).is_ok_and(|ready| ready > 0)
    }
}

fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let error = lines.iter().rposition(|line| line.contains(" ERROR "));
    let from = error.unwrap_or_else(|| lines.len().saturating_sub(SHOWN_LINES));
    let shown = lines.iter().skip(from).take(SHOWN_LINES);
    shown.copied().collect::<Vec<_>>().join("\n")
}

/// Takes note of its end when it comes, since a child nobody waits for stays in the list of processes.
fn reap(mut child: Child) {
    std::thread::spawn(move || {
        drop(child.wait());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_the_error_and_not_the_farewell() {
        let log = "INFO up\n12:00 ERROR port in use\n\tat Socket\nINFO bye\n".to_owned();
        let words = last_words(&(log + &"INFO closing\n".repeat(SHOWN_LINES)));
        assert!(words.starts_with("12:00 ERROR port in use\n\tat Socket\nINFO bye\n"));
        assert_eq!(words.lines().count(), SHOWN_LINES);
        assert_eq!(last_words("INFO one\nINFO two\n"), "INFO one\nINFO two");
    }

    #[test]
    fn a_process_that_is_not_the_broker_is_left_alone() {
        let dir = std::env::temp_dir().join(format!("pulsewire-broker-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let broker = Broker::new(&dir, 1);
        assert!(broker.running().is_none());
        let ours = std::process::id().to_string();
        std::fs::write(dir.join("broker-1.pid"), ours).expect("a file");
        assert!(broker.running().is_none());
        std::fs::write(dir.join("broker-1.pid"), "-4").expect("a file");
        assert!(broker.running().is_none());
        std::fs::remove_dir_all(&dir).expect("it is ours");
    }
}
