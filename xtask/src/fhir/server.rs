//! The binary under test with a site of its own: started, found by what it prints, and looked at when it has ended.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::failed;
use crate::step::{Failed, Step, root};

/// How often it is looked at, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 1200;
/// What it prints before the address that is wanted.
const SAYS: &str = "FHIR in";
/// So much of its log is shown where something is wrong.
const SHOWN_LINES: usize = 20;

/// The server while it runs.
pub(super) struct Server {
    child: Child,
    home: PathBuf,
    base: String,
}

impl Server {
    /// Builds it and starts it on free ports with an empty folder of its own.
    pub(super) fn start(name: &str) -> Result<Self, Failed> {
        Step::cargo("build the binary", &["build", "-p", "pulsewire", "--quiet"]).run()?;
        let home = root().join("target/fhir").join(name);
        match std::fs::remove_dir_all(&home) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&home, &error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&home).map_err(|error| failed(&home, &error))?;
        let settings = home.join("site.toml");
        std::fs::write(&settings, site(&home)).map_err(|error| failed(&settings, &error))?;
        let open = |name: &str| {
            let path = home.join(name);
            File::create(&path).map_err(|error| failed(&path, &error))
        };
        let child = Command::new(root().join("target/debug/pulsewire"))
            .arg("run")
            .arg("--config")
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(open("out")?)
            .stderr(open("log")?)
            .spawn()
            .map_err(|error| Failed(format!("fhir: the binary does not start: {error}")))?;
        let mut server = Self {
            child,
            home,
            base: String::new(),
        };
        for _ in 0..LOOKS_MAX {
            if let Some(base) = server.said() {
                server.base = base;
                return Ok(server);
            }
            if !matches!(server.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
        Err(server.wrong("it does not come up"))
    }

    /// Where FHIR is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Ends it as an operator would: what was done with it went well only where it ends in order and its log tells of no trouble.
    pub(super) fn end(mut self, done: Result<(), Failed>) -> Result<(), Failed> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = id.map(|id| kill_process(id, Signal::INT));
        if !matches!(asked, Some(Ok(()))) {
            return Err(self.wrong("no signal reaches it"));
        }
        let status = self.child.wait();
        done?;
        let log = std::fs::read_to_string(self.home.join("log")).unwrap_or_default();
        if !status.is_ok_and(|status| status.success()) {
            return Err(self.wrong("it did not end in order"));
        }
        match log.contains("panicked") || log.contains(" ERROR ") || log.contains("\"ERROR\"") {
            true => Err(self.wrong("its log tells of trouble")),
            false => Ok(()),
        }
    }

    fn said(&self) -> Option<String> {
        let out = std::fs::read_to_string(self.home.join("out")).ok()?;
        // A line that is not whole yet may be half an address.
        let (whole, _) = out.rsplit_once('\n')?;
        let mut lines = whole.lines();
        let line = lines.find(|line| line.trim_start().starts_with(SAYS))?;
        let at = line.find("http")?;
        Some(line.get(at..)?.trim().to_owned())
    }

    fn wrong(&self, what: &str) -> Failed {
        let log = std::fs::read_to_string(self.home.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        let last = lines.get(from..).unwrap_or_default().join("\n");
        Failed(format!("fhir: the server: {what}:\n{last}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it ended already, there is nothing left to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Its settings: everything as it comes, but on free ports and beside nothing else.
fn site(home: &std::path::Path) -> String {
    let data = home.join("data");
    let data = data.display();
    let free = "listen = \"127.0.0.1:0\"\n";
    format!(
        "[journal]\ndirectory = \"{data}\"\nwarn_below = \"1MiB\"\nrefuse_below = \"1MiB\"\n\
         [intake.mllp]\n{free}[intake.http]\n{free}[control]\n{free}"
    )
}
