//! The real binary, started on a directory of its own, with what the tests ask of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use journal::{EmbeddedJournal, Journal as _};
use tempfile::TempDir;

use crate::kept::{Kept, records};
use crate::setting::{PATIENCE, wait_at_most, wait_for};

/// Partitions are few, so that a start is quick; two are enough to see that keys are spread.
pub(crate) const PARTITIONS: u16 = 2;

/// A data directory and a configuration that outlive the processes started on them.
pub(crate) struct Site {
    folder: TempDir,
    data: PathBuf,
    settings: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for Site {
    fn default() -> Self {
        Self::at(
            tempfile::tempdir().expect("the system has room for a temporary folder"),
            None,
        )
    }
}

impl Site {
    /// A site whose data are elsewhere than beside its configuration.
    pub(crate) fn with_data(data: &Path) -> Self {
        Self::at(
            tempfile::tempdir().expect("the system has room for a temporary folder"),
            Some(data),
        )
    }

    fn at(folder: TempDir, data: Option<&Path>) -> Self {
        let data = data.map_or_else(|| folder.path().join("data"), Path::to_owned);
        let mut site = Self {
            folder,
            data: data.clone(),
            settings: BTreeMap::new(),
        };
        site.set("journal", "directory", &quoted(&data.display().to_string()));
        site.set("journal", "partitions", &PARTITIONS.to_string());
        // The disk of a developer may be nearly full, and that is another test's business.
        site.set("journal", "refuse_below", "\"1MiB\"")
            .set("journal", "warn_below", "\"1MiB\"");
        site.set("intake.mllp", "listen", "\"127.0.0.1:0\"");
        site.set("intake.http", "listen", "\"127.0.0.1:0\"");
        site.set("control", "listen", "\"127.0.0.1:0\"");
        site.set("log", "level", "\"info\"");
        site
    }

    /// Settings as TOML has them; they hold from the next start on.
    pub(crate) fn set(&mut self, table: &str, key: &str, value: &str) -> &mut Self {
        self.settings
            .entry(table.to_owned())
            .or_default()
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// A folder for whatever a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its data are.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Writes the configuration and gives its path.
    pub(crate) fn config(&self) -> PathBuf {
        let mut text = String::new();
        for (table, keys) in &self.settings {
            text.push_str(&format!("[{table}]\n"));
            for (key, value) in keys {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        let path = self.folder.path().join("site.toml");
        std::fs::write(&path, text).expect("the temporary folder can be written");
        path
    }

    /// Starts the platform and waits until it takes messages.
    pub(crate) fn start(&self) -> Platform {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulsewire"));
        command.arg("run").arg("--config").arg(self.config());
        Platform::start(command, &self.folder.path().join("log"))
    }

    /// Starts it with only these roles, of which intake is one.
    pub(crate) fn start_as(&self, roles: &str) -> Platform {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulsewire"));
        command.arg("run").arg("--config").arg(self.config());
        command.args(["--roles", roles]);
        Platform::start(command, &self.folder.path().join("log"))
    }

    /// Starts the platform and kills it so soon after, whether or not it takes messages by then.
    pub(crate) fn start_and_kill(&self, lived: Duration) {
        let config = self.config();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulsewire"));
        command.arg("run").arg("--config").arg(config);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .expect("the binary was built with these tests");
        let ended = wait_at_most(lived, || child.try_wait().expect("it is our child"));
        assert_eq!(ended, None, "it ended by itself");
        child.kill().expect("it is ours to kill");
        child.wait().expect("it was just killed");
    }

    /// Starts the platform with so many files that it may open.
    pub(crate) fn start_with_open_files(&self, limit: u64) -> Platform {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!(
            "ulimit -n {limit}; exec \"$0\" run --config \"$1\""
        ));
        command
            .arg(env!("CARGO_BIN_EXE_pulsewire"))
            .arg(self.config());
        Platform::start(command, &self.folder.path().join("log"))
    }

    /// Starts the platform with so much memory of its own as it may ask for; or nothing, with a printed reason, where the system
    /// sets no such limit.
    pub(crate) fn start_with_memory(&self, bytes: u64) -> Option<Platform> {
        let limit = format!("ulimit -d {}", bytes >> 10);
        let can = Command::new("sh").args(["-c", &limit]).output().ok()?;
        if !can.status.success() {
            println!("skipped: the shell cannot limit memory here: {limit}");
            return None;
        }
        let mut command = Command::new("sh");
        let run = format!("{limit}; exec \"$0\" run --config \"$1\"");
        command.arg("-c").arg(run);
        command
            .arg(env!("CARGO_BIN_EXE_pulsewire"))
            .arg(self.config());
        Some(Platform::start(command, &self.folder.path().join("log")))
    }

    /// What the processes of this site have logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Runs a command on this site to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let config = self.config().display().to_string();
        run(&[arguments, &["--config", &config]].concat())
    }

    /// All records of a topic, partition by partition.
    pub(crate) fn records(&self, topic: &str) -> Vec<Kept> {
        records(&self.data, topic)
    }

    /// All records of all topics whose names begin so, in the order in which they were committed.
    pub(crate) fn records_of_all(&self, beginning: &str) -> Vec<(String, Kept)> {
        let journal = EmbeddedJournal::open_read_only(&self.data().join("journal"))
            .expect("the journal can be read");
        let topics = journal
            .topics()
            .into_iter()
            .filter(|topic| topic.name.starts_with(beginning));
        let mut all: Vec<(String, Kept)> = topics
            .flat_map(|topic| {
                let name = topic.name.to_string();
                self.records(&name)
                    .into_iter()
                    .map(move |kept| (name.clone(), kept))
            })
            .collect();
        all.sort_by_key(|(_, kept)| (kept.sequence, kept.partition, kept.offset));
        all
    }
}

/// Words as TOML has them.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_pulsewire"))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    output.expect("the binary was built with these tests")
}

/// What a command said on its standard output.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command complained about.
pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A count as a number without a point.
fn whole(count: f64) -> u64 {
    format!("{count:.0}")
        .parse()
        .expect("a count is a whole number")
}

/// A running process; dropping it kills it, and only it.
pub(crate) struct Platform {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    log: PathBuf,
    pub(crate) mllp: SocketAddr,
    pub(crate) pages: SocketAddr,
}

impl Drop for Platform {
    fn drop(&mut self) {
        // It may have ended already; either way nothing of it is left.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let newest: Vec<&str> = log.lines().rev().take(30).collect();
            println!(
                "the newest of the log:\n{}",
                newest.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
    }
}

impl Platform {
    /// Starts the binary and reads the addresses that it prints.
    fn start(mut command: Command, log: &Path) -> Self {
        let errors = File::options()
            .append(true)
            .create(true)
            .open(log)
            .expect("the temporary folder can be written");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut child = command
            .spawn()
            .expect("the binary was built with these tests");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let out = child.stdout.take().expect("its output is piped");
        let kept = Arc::clone(&lines);
        // It ends with the process, whose output it reads.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                kept.lock().expect("nobody panics with it").push(line);
            }
        });
        let find = |what: &str| {
            let lines = lines.lock().expect("nobody panics with it");
            let line = lines
                .iter()
                .find(|line| line.trim_start().starts_with(what))?;
            line.rsplit_once("://")?
                .1
                .trim_end_matches('/')
                .parse::<SocketAddr>()
                .ok()
        };
        let found = wait_at_most(PATIENCE, || match (find("HL7 v2 in"), find("pages")) {
            (Some(mllp), Some(pages)) => Some(Some((mllp, pages))),
            _ if child.try_wait().ok().flatten().is_some() => Some(None),
            _ => None,
        });
        let Some(Some((mllp, pages))) = found else {
            let log = std::fs::read_to_string(log).unwrap_or_default();
            drop(child.kill());
            panic!("the platform did not start: {:?}\n{log}", child.wait());
        };
        Self {
            child,
            lines,
            log: log.to_owned(),
            mllp,
            pages,
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it takes FHIR over HTTP.
    pub(crate) fn fhir(&self) -> SocketAddr {
        let printed = self.printed();
        let line = printed
            .iter()
            .find_map(|line| line.trim_start().strip_prefix("FHIR in"));
        let address = line.and_then(|line| line.rsplit_once("://"));
        let address = address.and_then(|(_, rest)| rest.trim_end_matches("/fhir").parse().ok());
        address.expect("it printed where it takes FHIR")
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// Kills it without warning, as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is ours to kill");
        self.child.wait().expect("it was just killed");
    }

    /// Asks it to stop, without waiting.
    pub(crate) fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -\"$1\" \"$0\"", &id, name])
            .status();
        assert!(sent.expect("there is a shell").success());
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.ended()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        wait_for("the process to end", || {
            self.child.try_wait().expect("it is our child")
        })
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Asks for a page: its status and its body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.pages
        );
        let answer = self.http(request.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (
            status.expect("an answer begins with its status"),
            body.to_owned(),
        )
    }

    /// Sends a form as a page of this start does.
    pub(crate) fn post_form(&self, path: &str, fields: &str) {
        let (_, page) = self.get("/alerts");
        let (_, after) = page
            .split_once("name=\"csrf\" value=\"")
            .expect("a page has a token");
        let body = format!(
            "{fields}&csrf={}",
            after.split('"').next().unwrap_or_default()
        );
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            self.pages,
            body.len()
        );
        let answer = self.http(format!("{head}{body}").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    }

    fn http(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.pages).expect("the pages are served");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("the time is not zero");
        stream.write_all(request).expect("a request is taken");
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .expect("an answer comes and ends");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Everything it counts, by name with labels.
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect()
    }

    /// The sum of the counters whose names hold all these words.
    pub(crate) fn count(&self, words: &[&str]) -> u64 {
        let metrics = self.metrics();
        let chosen = metrics
            .iter()
            .filter(|(name, _)| words.iter().all(|word| name.contains(word)));
        let sum = chosen.fold(0.0, |sum, (_, value)| sum + value);
        whole(sum)
    }

    /// How many senders are connected.
    pub(crate) fn connections(&self) -> u64 {
        whole(self.metrics()["pulsewire_intake_connections"])
    }

    /// How many frames ended so.
    pub(crate) fn frames(&self, outcome: &str) -> u64 {
        self.count(&[
            "pulsewire_intake_frames_total{",
            &format!("outcome=\"{outcome}\""),
        ])
    }

    /// How many connections were closed for this reason.
    pub(crate) fn closed(&self, reason: &str) -> u64 {
        self.count(&[
            "pulsewire_intake_connections_closed_total{",
            &format!("reason=\"{reason}\""),
        ])
    }

    /// Waits until every station has done what there is to do; ticks come on, so it looks at the raw side.
    pub(crate) fn wait_until_idle(&self) {
        let mut quiet = 0;
        let mut before = (0, 0);
        wait_for("the stations to be idle", || {
            let lag = self.count(&["pulsewire_stage_lag_records{"]);
            let seen = (
                self.count(&["pulsewire_normalize_messages_total{"]),
                self.count(&["pulsewire_workloads_findings_total{"]),
            );
            quiet = if lag <= 4 * u64::from(PARTITIONS) && seen == before {
                quiet + 1
            } else {
                0
            };
            before = seen;
            (quiet >= 25).then_some(())
        });
    }
}
