//! Another schema registry, from Maven and on loopback: the tests that ours passes are run against it, too.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::step::{Failed, Step, root};

/// What is wanted, as Maven reads it.
const POM: &str = "xtask/data/registry/pom.xml";
/// Where it is unpacked.
const DIR: &str = "target/registry";
/// Holds the text of the pom by which it came.
const STAMP: &str = "pom.xml";
/// Where its interface is, as Confluent's registry has it.
const INTERFACE: &str = "/apis/ccompat/v7";
/// How often it is asked whether it is up, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOKS_MAX: u32 = 480;
/// An answer that takes longer is none.
const TIMEOUT: Duration = Duration::from_secs(2);
/// So much of its log is shown where it does not come up.
const SHOWN_LINES: usize = 20;
/// What to do where Java or Maven is missing.
const INSTALL: &str =
    "install Java 17 or later and Maven (on Debian: apt-get install openjdk-17-jre-headless maven)";

/// Runs the registry's tests against ours and against the other one.
pub(crate) fn run() -> Result<(), Failed> {
    resolve()?;
    println!("── another schema registry");
    let other = Other::start()?;
    Step::cargo(
        "the registry's tests, against both",
        &["test", "-p", "pulsewire", "--lib", "--quiet", "registry::"],
    )
    .env("PULSEWIRE_REGISTRY", &other.url())
    .run()
}

/// The other registry while it runs; it ends with this.
struct Other {
    child: Child,
    port: u16,
}

impl Other {
    fn start() -> Result<Self, Failed> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|door| door.local_addr());
        let port = free.map_err(|error| failed("a free port", &error))?.port();
        let log = root().join(DIR).join("log");
        let file = File::create(&log).map_err(|error| failed("its log", &error))?;
        let again = file
            .try_clone()
            .map_err(|error| failed("its log", &error))?;
        let child = Command::new("java")
            .args([
                "-Xmx512m",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dapicurio.rest.deletion.group.enabled=true",
                "-Dapicurio.rest.deletion.artifact.enabled=true",
                "-Dapicurio.rest.deletion.artifact-version.enabled=true",
            ])
            .arg(format!("-Dquarkus.http.port={port}"))
            .arg("-jar")
            .arg(program()?)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(again)
            .spawn()
            .map_err(|error| {
                Failed(format!("registry: Java does not start: {error}; {INSTALL}"))
            })?;
        let mut other = Self { child, port };
        for _ in 0..LOOKS_MAX {
            if other.answers() {
                return Ok(other);
            }
            if !matches!(other.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines
            .get(lines.len().saturating_sub(SHOWN_LINES)..)
            .unwrap_or_default();
        Err(Failed(format!(
            "registry: it does not come up:\n{}",
            last.join("\n")
        )))
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}{INTERFACE}", self.port)
    }

    fn answers(&self) -> bool {
        let ask = || -> io::Result<String> {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            let request = format!(
                "GET {INTERFACE}/subjects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It keeps everything in memory: there is nothing to be lost.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Its jar, whose name has the version in it.
fn program() -> Result<PathBuf, Failed> {
    let dir = root().join(DIR).join("app");
    let files = std::fs::read_dir(&dir).map_err(|error| failed("its folder", &error))?;
    let mut files = files.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    files
        .find(|path| path.to_string_lossy().ends_with("-runner.jar"))
        .ok_or_else(|| Failed(format!("registry: {} holds no program", dir.display())))
}

/// Brings it if it is not there yet.
fn resolve() -> Result<(), Failed> {
    let wanted = std::fs::read(root().join(POM)).map_err(|error| failed(POM, &error))?;
    let dir = root().join(DIR);
    let stamp = dir.join(STAMP);
    if std::fs::read(&stamp).is_ok_and(|kept| kept == wanted) {
        return Ok(());
    }
    println!("bringing Apicurio Registry by Maven, once");
    remove(&dir)?;
    let status = Command::new("mvn")
        .args(["-B", "-q", "-f", POM, "dependency:unpack"])
        .arg(format!("-DoutputDirectory={}", dir.join("app").display()))
        .current_dir(root())
        .status()
        .map_err(|error| Failed(format!("registry: mvn does not start: {error}; {INSTALL}")))?;
    if !status.success() {
        return Err(Failed(format!(
            "registry: Maven could not bring what {POM} names ({status}): it must reach Maven Central or a mirror"
        )));
    }
    std::fs::write(&stamp, wanted).map_err(|error| failed("its stamp", &error))
}

fn remove(dir: &Path) -> Result<(), Failed> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("its folder", &error)),
        _ => Ok(()),
    }
}

fn failed(what: &str, error: &io::Error) -> Failed {
    Failed(format!("registry: {what}: {error}"))
}
