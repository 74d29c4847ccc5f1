//! The servers that are measured, each a process of its own: the platform as it is shipped, and the floor.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The unit of the processor times that Linux tells, which is the same everywhere.
const TICKS_PER_SECOND: u64 = 100;

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The least that keeps its word.
    Floor,
    /// Messages are taken and kept; nothing is made of them.
    Intake,
    /// All of it.
    Platform,
    /// Resources are taken and kept; nothing is made of them.
    Door,
    /// All of it, and resources are taken over HTTP.
    Fhir,
}

impl Kind {
    const fn has_fhir(self) -> bool {
        matches!(self, Self::Door | Self::Fhir)
    }
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    pub(crate) mllp: SocketAddr,
    fhir: Option<SocketAddr>,
    control: Option<SocketAddr>,
    pub(crate) output: Option<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts one on a folder, with settings beside the usual ones.
    pub(crate) fn start(kind: Kind, folder: &Path, settings: &str) -> Self {
        Self::start_on(
            SocketAddr::from(([127, 0, 0, 1], 0)),
            kind,
            folder,
            settings,
        )
    }

    /// Starts one that takes messages at an address, so that a sender can be there before it tells its addresses.
    pub(crate) fn start_on(listen: SocketAddr, kind: Kind, folder: &Path, settings: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut command = match kind {
            Kind::Floor => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg("floor").arg(folder);
                command
            }
            Kind::Intake | Kind::Platform | Kind::Door | Kind::Fhir => {
                let file = folder.join("bench.toml");
                let http = if kind.has_fhir() { "127.0.0.1:0" } else { "" };
                std::fs::write(&file, config(folder, listen, http, settings)).unwrap();
                let mut command = Command::new(env!("CARGO_BIN_EXE_pulsewire"));
                command.arg("run").arg("--config").arg(file);
                if matches!(kind, Kind::Intake | Kind::Door) {
                    command.arg("--intake-only");
                }
                command
            }
        };
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mllp = address(&mut output, "mllp://");
        let fhir = kind.has_fhir().then(|| address(&mut output, "http://"));
        let control = (kind != Kind::Floor).then(|| address(&mut output, "http://"));
        Self {
            child,
            mllp,
            fhir,
            control,
            output: Some(output),
        }
    }

    /// Where it takes resources.
    pub(crate) fn fhir(&self) -> SocketAddr {
        self.fhir.unwrap()
    }

    /// The time on a processor that it has had so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// The sum of a metric over its labels that have this text in them.
    pub(crate) fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.metrics();
        let lines = text
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label));
        lines
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .sum()
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.control.unwrap()).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// How many raw messages have been normalized.
    pub(crate) fn normalized(&self) -> u64 {
        self.metric("pulsewire_stage_records_total", "normalize")
    }

    /// Waits until so many raw messages are normalized and every station has read all there is.
    pub(crate) fn wait_until_done(&self, messages: u64) {
        let mut quiet = 0;
        while quiet < 3 {
            std::thread::sleep(Duration::from_millis(40));
            let done = self.normalized() >= messages
                && self.metric("pulsewire_stage_lag_records", "") == 0;
            quiet = if done { quiet + 1 } else { 0 };
        }
    }

    /// How much it has written to files so far, in bytes.
    pub(crate) fn written(&self) -> u64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap();
        let line = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes: "));
        line.unwrap().parse().unwrap()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn config(folder: &Path, listen: SocketAddr, http: &str, settings: &str) -> String {
    let data = folder.join("data");
    format!(
        "[journal]\ndirectory = '{}'\n[intake.mllp]\nlisten = '{listen}'\nconnections_per_address = 4096\n\
         [intake.http]\nlisten = '{http}'\nconnections_per_address = 4096\n[control]\nlisten = '127.0.0.1:0'\n[log]\nlevel = 'error'\n{settings}",
        data.display()
    )
}

fn address(output: &mut impl BufRead, scheme: &str) -> SocketAddr {
    loop {
        let mut line = String::new();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "the server ended before it told {scheme}"
        );
        if let Some((_, rest)) = line.split_once(scheme) {
            let rest = rest.trim().trim_end_matches("/fhir");
            return rest.trim_end_matches('/').parse().unwrap();
        }
    }
}
