//! `doctor`: looks at the machine and the data directory and says what will be trouble.

#[cfg(feature = "kafka")]
mod brokers;

use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use journal::EmbeddedJournal;

use super::{Configured, Failure};
use crate::clock::Stopwatch;
use crate::config::{self, Config};
use crate::intake::open_files;
use crate::site_key;

/// So many syncs are timed.
const SYNCS: u64 = 64;
/// What each writes: a message of ordinary size.
const SYNC_BYTES: usize = 4096;
/// A sync that takes longer than this will be felt by every sender.
const SYNC_SLOW: Duration = Duration::from_millis(20);
/// Fewer open files than docs/operating.md asks for are soon used up by connections and segments.
const OPEN_FILES_FEW: usize = 65_536;

/// What --verify does on Apache Kafka.
#[cfg(feature = "kafka")]
const NOT_READ: &str =
    "not read: --verify reads a journal on this machine, not one on Apache Kafka";
#[cfg(feature = "kafka")]
const READ_BY_BROKERS: &str =
    "leave --verify out: brokers and readers check each record's sum when it is copied or read";

/// Look at this machine and the data directory for trouble
///
/// Checks the configuration, the addresses, the disk (how long a durable write takes), limits, the site key and, with
/// --verify, every record in a journal on this machine. On Apache Kafka it looks at the brokers and how they keep the topics. Exits with 1 if something is wrong.
#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    configured: Configured,
    /// Read every record in the journal and check it; the platform must not be running
    #[arg(long)]
    verify: bool,
}

enum Verdict {
    Good(String),
    Doubtful(String, &'static str),
    Bad(String, &'static str),
}

impl Doctor {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let directory = &config.journal.directory;
        let mut bad = false;
        let mut tell = |what: &str, verdict: Verdict| -> io::Result<()> {
            match verdict {
                Verdict::Good(found) => writeln!(out, "good      {what:<18} {found}"),
                Verdict::Doubtful(found, hint) => {
                    writeln!(out, "doubtful  {what:<18} {found}\n          hint: {hint}")
                }
                Verdict::Bad(found, hint) => {
                    bad = true;
                    writeln!(out, "bad       {what:<18} {found}\n          hint: {hint}")
                }
            }
        };
        tell("configuration", Verdict::Good("valid".into()))?;
        tell("open files", open_files())?;
        tell("MLLP address", address(config.mllp.listen))?;
        if let Some(listen) = config.http.listen {
            tell("FHIR address", address(listen))?;
        }
        tell("pages address", address(config.control_listen))?;
        tell("data directory", writable(directory))?;
        #[cfg(feature = "kafka")]
        if let Some(kafka) = &config.kafka {
            tell("site key", named_key(&config))?;
            for (what, verdict) in brokers::verdicts(&config, kafka) {
                tell(what, verdict)?;
            }
            if self.verify {
                tell(
                    "records",
                    Verdict::Doubtful(NOT_READ.into(), READ_BY_BROKERS),
                )?;
            }
            return if bad { Err(Failure::Said) } else { Ok(()) };
        }
        if directory.is_dir() {
            tell("free space", free_space(directory, &config.journal))?;
            tell("durable write", sync_probe(directory))?;
            tell("site key", key(&config))?;
            tell("journal", journal(&directory.join("journal"), self.verify))?;
        }
        if bad { Err(Failure::Said) } else { Ok(()) }
    }
}

fn open_files() -> Verdict {
    match open_files::limit() {
        Some(limit) if limit < OPEN_FILES_FEW => Verdict::Doubtful(
            format!("at most {limit}"),
            "each connection and each open segment takes one: run `ulimit -n 65536` before the start",
        ),
        Some(limit) => Verdict::Good(format!("at most {limit}")),
        None => Verdict::Good("not limited, or not known".into()),
    }
}

fn address(listen: SocketAddr) -> Verdict {
    match TcpListener::bind(listen) {
        Ok(_) => Verdict::Good(format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Verdict::Doubtful(
            format!("{listen} is in use"),
            "by a running platform, or by something else: choose another address then",
        ),
        Err(error) => Verdict::Bad(
            format!("{listen}: {error}"),
            "choose an address of this machine, and a port that may be used",
        ),
    }
}

/// Whether this user may write where the data are.
pub(super) fn probe(directory: &Path) -> io::Result<()> {
    let probe = directory.join(".doctor");
    std::fs::create_dir_all(directory)?;
    File::create(&probe)?;
    std::fs::remove_file(&probe)
}

fn writable(directory: &Path) -> Verdict {
    match probe(directory) {
        Ok(()) => Verdict::Good(format!("{} can be written", directory.display())),
        Err(error) => Verdict::Bad(
            format!("{}: {error}", directory.display()),
            "give this user a directory of its own on a local disk",
        ),
    }
}

/// What is free where the data are, beside what the journal warns and refuses below.
fn free_space(directory: &Path, journal: &config::Journal) -> Verdict {
    let answer = match rustix::fs::statvfs(directory) {
        Ok(answer) => answer,
        Err(error) => {
            return Verdict::Doubtful(
                format!("{}: {error}", directory.display()),
                "look at the disk: the system does not tell how full it is",
            );
        }
    };
    room(answer.f_bavail.saturating_mul(answer.f_frsize), journal)
}

fn room(free: u64, journal: &config::Journal) -> Verdict {
    let found =
        |name: &str, limit: u64| format!("{} MiB, and {name} is {} MiB", free >> 20, limit >> 20);
    if free < journal.refuse_below {
        let hint = "senders would be refused: make room, or take a larger disk";
        Verdict::Bad(found("refuse_below", journal.refuse_below), hint)
    } else if free < journal.warn_below {
        let hint = "it is getting full: make room, or shorten journal.retention";
        Verdict::Doubtful(found("warn_below", journal.warn_below), hint)
    } else {
        Verdict::Good(found("warn_below", journal.warn_below))
    }
}

/// Times durable writes as the journal makes them: into a file that has its size already.
fn sync_probe(directory: &Path) -> Verdict {
    match times(&directory.join(".doctor-sync")) {
        Ok(times) => {
            let at = |share: usize| {
                times
                    .get(times.len() * share / 100)
                    .copied()
                    .unwrap_or_default()
            };
            let found = format!(
                "{} µs half of the time, {} µs at worst of {SYNCS}",
                at(50).as_micros(),
                at(99).as_micros()
            );
            if at(50) > SYNC_SLOW {
                Verdict::Doubtful(
                    found,
                    "every acknowledgement waits for one: use a disk with power-loss protection",
                )
            } else {
                Verdict::Good(found)
            }
        }
        Err(error) => Verdict::Bad(
            error.to_string(),
            "the journal cannot promise anything on this disk",
        ),
    }
}

fn times(path: &Path) -> io::Result<Vec<Duration>> {
    let file = File::create(path)?;
    let block = vec![0x5a; SYNC_BYTES];
    for n in 0..SYNCS {
        file.write_all_at(&block, n * SYNC_BYTES as u64)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for n in 0..SYNCS {
        let watch = Stopwatch::start();
        file.write_all_at(&block, n * SYNC_BYTES as u64)?;
        file.sync_data()?;
        times.push(watch.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times)
}

/// The site key where processes share a journal: all of them need the same one.
#[cfg(feature = "kafka")]
fn named_key(config: &Config) -> Verdict {
    match config.journal.site_key {
        Some(_) => key(config),
        None => Verdict::Bad(
            "journal.site_key names no file".into(),
            "give every process the same file: each would make its own pseudonyms without it",
        ),
    }
}

fn key(config: &Config) -> Verdict {
    let named = config.journal.site_key.as_deref();
    let beside = config.journal.directory.join("site.key");
    if named.is_none() && !beside.exists() {
        if config.journal.directory.join("journal").is_dir() {
            return Verdict::Bad(
                format!("{} is missing, and there is a journal", beside.display()),
                "restore it from a backup: a start is refused, since another key would give every patient another pseudonym",
            );
        }
        return Verdict::Good("none yet: it is made at the first start".into());
    }
    match site_key::load(named, &config.journal.directory) {
        Ok(_) => Verdict::Good("can be read, and by nobody else".into()),
        Err(error) => Verdict::Bad(
            error.to_string(),
            "without it no patient has the same pseudonym as before",
        ),
    }
}

fn journal(directory: &Path, verify: bool) -> Verdict {
    if !directory.is_dir() {
        return Verdict::Good("none yet: it is made at the first start".into());
    }
    if !verify {
        return match EmbeddedJournal::open_read_only(directory) {
            Ok(journal) => {
                let topics = journal::Journal::topics(&journal).len();
                Verdict::Good(format!("{topics} topics; --verify reads every record"))
            }
            Err(error) => Verdict::Bad(error.to_string(), "see the message"),
        };
    }
    let opened = EmbeddedJournal::open(directory, &journal::Options::default());
    match opened.and_then(|journal| journal.verify()) {
        Ok(found) => Verdict::Good(format!(
            "{} records in {} partitions, all as they were written",
            found.records, found.partitions
        )),
        Err(error) => Verdict::Bad(error.to_string(), "see the message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Good(_) => "good",
            Verdict::Doubtful(..) => "doubtful",
            Verdict::Bad(..) => "bad",
        }
    }

    #[test]
    fn free_space_is_held_against_what_the_journal_warns_and_refuses_below() {
        let journal = config::defaults().journal;
        let free = [
            journal.refuse_below - 1,
            journal.refuse_below,
            journal.warn_below - 1,
            journal.warn_below,
        ];
        let words = free.map(|free| word(&room(free, &journal)));
        assert_eq!(words, ["bad", "doubtful", "doubtful", "good"]);
    }

    #[test]
    fn a_site_key_that_is_missing_beside_a_journal_is_bad() {
        let folder = tempfile::tempdir().expect("there is room");
        let mut config = config::defaults();
        config.journal.directory = folder.path().to_owned();
        assert_eq!(word(&key(&config)), "good", "it is made at the first start");
        std::fs::create_dir(folder.path().join("journal")).expect("there is room");
        assert_eq!(word(&key(&config)), "bad");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().expect("there is room");
        assert!(probe(&folder.path().join("data")).is_ok());
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("there is room");
        assert!(probe(&file.join("data")).is_err());
    }
}
