//! The broker as a process: configured, started, killed, found again by its process id.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{certificates, failed, package};
use crate::step::Failed;

/// The broker answers by then, on a busy machine too.
const START_LIMIT: Duration = Duration::from_secs(30);
/// It ends by then.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked at.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Its settings.
const CONFIG: &str = "mosquitto.conf";

/// A broker of a folder, running or not.
pub(super) struct Broker {
    dir: PathBuf,
    port: u16,
}

impl Broker {
    /// Makes a broker in a folder, or finds the one that was made there.
    pub(super) fn make(dir: &Path, port: u16) -> Result<Self, Failed> {
        if dir.join(CONFIG).exists() {
            return Self::of(dir);
        }
        std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
        let broker = Self {
            dir: dir.to_owned(),
            port,
        };
        let files = certificates::make().map_err(|error| {
            Failed(format!("mosquitto: no certificates could be made: {error}"))
        })?;
        for (name, text) in files {
            write(&dir.join(name), &text)?;
        }
        write(&dir.join("port"), &port.to_string())?;
        write(&dir.join(CONFIG), &broker.settings())?;
        Ok(broker)
    }

    /// The broker that was made in a folder.
    pub(super) fn of(dir: &Path) -> Result<Self, Failed> {
        let file = dir.join("port");
        let port = std::fs::read_to_string(&file)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let port = port.ok_or_else(|| {
            let dir = dir.display();
            Failed(format!(
                "mosquitto: no broker was made in {dir}: `cargo xtask mosquitto up` makes one"
            ))
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            port,
        })
    }

    /// Where the plain listener is.
    pub(super) fn address(&self) -> String {
        self.socket().to_string()
    }

    /// Where all that it has is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts it, unless it runs, and waits until it answers.
    pub(super) fn start(&self, apart: bool) -> Result<(), Failed> {
        if self.pid().is_some() {
            return Ok(());
        }
        let log = self.dir.join("broker.log");
        let open = || File::options().create(true).append(true).open(&log);
        let out = open().map_err(|error| failed(&log, &error))?;
        let err = open().map_err(|error| failed(&log, &error))?;
        let mut command = package::command();
        command
            .arg("-c")
            .arg(self.dir.join(CONFIG))
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        if apart {
            command.process_group(0);
        }
        let mut child = command
            .spawn()
            .map_err(|error| Failed(format!("mosquitto does not start: {error}")))?;
        write(&self.pid_file(), &child.id().to_string())?;
        let answers = || TcpStream::connect(self.socket()).is_ok();
        let ended =
            |child: &mut std::process::Child| child.try_wait().is_ok_and(|end| end.is_some());
        let up = until(START_LIMIT, || answers() || ended(&mut child));
        // A child nobody waits for stays in the list of processes.
        let has_ended = ended(&mut child);
        std::thread::spawn(move || drop(child.wait()));
        if !up || has_ended {
            let words = std::fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<&str> = words.lines().rev().take(5).collect();
            return Err(Failed(format!(
                "mosquitto did not come up: {}",
                last.join(" / ")
            )));
        }
        Ok(())
    }

    /// Ends it at once, as a power cut would.
    pub(super) fn kill(&self) -> Result<(), Failed> {
        self.end(Signal::KILL)
    }

    /// Ends it in good order.
    pub(super) fn stop(&self) -> Result<(), Failed> {
        self.end(Signal::TERM)
    }

    fn end(&self, signal: Signal) -> Result<(), Failed> {
        let Some(pid) = self.pid() else {
            return Ok(());
        };
        kill_process(pid, signal)
            .map_err(|error| Failed(format!("mosquitto: no signal reached it: {error}")))?;
        if until(STOP_LIMIT, || self.pid().is_none()) {
            return Ok(());
        }
        Err(Failed("mosquitto does not end".into()))
    }

    /// Its process id, if that process is this broker.
    fn pid(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        let pid = Pid::from_raw(text.trim().parse().ok().filter(|raw| *raw > 0)?)?;
        let command = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        let config = self.dir.join(CONFIG);
        let named = config.as_os_str().as_encoded_bytes();
        let mut words = command.split(|byte| *byte == 0);
        words.any(|word| word == named).then_some(pid)
    }

    fn socket(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.join("broker.pid")
    }

    /// It keeps what is queued when it is stopped in good order; killed, it forgets what it has not written by then.
    fn settings(&self) -> String {
        let file = |name: &str| self.dir.join(name).display().to_string();
        format!(
            "user root\n\
             log_type error\nlog_type warning\nlog_type notice\n\
             persistence true\npersistence_location {}/\n\
             max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 64\nmax_packet_size 300000\n\
             listener {} 127.0.0.1\nallow_anonymous true\n\
             listener {} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n",
            self.dir.display(),
            self.port,
            self.port + 1,
            file(certificates::AUTHORITY),
            file(certificates::SERVER),
            file(certificates::SERVER_KEY),
        )
    }
}

/// A port with the next one free too, as far as can be told.
pub(super) fn free_port() -> Result<u16, Failed> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let found = (0..64).find_map(|_| {
        let first = free(0)?;
        let port = first.local_addr().ok()?.port();
        free(port.checked_add(1)?).map(|_| port)
    });
    found.ok_or_else(|| Failed("mosquitto: no two free ports are beside each other".into()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process is waited for in real time"
)]
fn until(limit: Duration, mut so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !so() {
        if began.elapsed() > limit {
            return false;
        }
        std::thread::park_timeout(ASK_EVERY);
    }
    true
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(path, text).map_err(|error| failed(path, &error))
}
