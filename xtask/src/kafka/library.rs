//! Apache Kafka itself: its jars, brought by Maven once, and Java to run them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step::{Failed, root};

/// What is wanted, as Maven reads it.
const POM: &str = "xtask/data/kafka/pom.xml";
/// How the broker and the tools log.
const LOG_SETTINGS: &str = "xtask/data/kafka/log4j2.properties";
/// Where the jars go.
const LIBRARY: &str = "target/kafka/lib";
/// Holds the text of the pom by which the jars came.
const STAMP: &str = "pom.xml";
/// What to do where Java or Maven is missing.
const INSTALL: &str =
    "install Java 17 or later and Maven (on Debian: apt-get install openjdk-17-jre-headless maven)";

/// Brings the jars if they are not there yet.
pub(crate) fn resolve() -> Result<(), Failed> {
    let missing = |what: &str| Failed(format!("kafka needs {what}: {INSTALL}"));
    if !starts("java", "-version") {
        return Err(missing("Java"));
    }
    let pom = root().join(POM);
    let wanted = std::fs::read(&pom).map_err(|error| failed(&pom, &error))?;
    let library = root().join(LIBRARY);
    let is_here = || std::fs::read(library.join(STAMP)).is_ok_and(|stamp| stamp == wanted);
    if is_here() {
        return Ok(());
    }
    if !starts("mvn", "-version") {
        return Err(missing("Maven"));
    }
    println!("bringing Apache Kafka by Maven, once");
    let fresh = library.with_extension(std::process::id().to_string());
    if let Err(error) = copy_dependencies(&pom, &fresh) {
        remove(&fresh)?;
        return Err(error);
    }
    let stamp = fresh.join(STAMP);
    std::fs::write(&stamp, &wanted).map_err(|error| failed(&stamp, &error))?;
    let moved = replace(&fresh, &library);
    match moved {
        Err(_) if is_here() => remove(&fresh),
        moved => moved.map_err(|error| failed(&library, &error)),
    }
}

/// Java about to run one of Kafka's classes; `level` says what is worth logging.
pub(crate) fn java(class: &str, level: &str, options: &[&str]) -> Command {
    let mut command = Command::new("java");
    command
        .args(options)
        .arg(format!("-Dkafka.log.level={level}"))
        .arg(format!(
            "-Dlog4j2.configurationFile={}",
            root().join(LOG_SETTINGS).display()
        ))
        .arg("-cp")
        .arg(root().join(LIBRARY).join("*"))
        .arg(class);
    command
}

/// Removes a folder and all in it, if it is there.
pub(crate) fn remove(dir: &Path) -> Result<(), Failed> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(dir, &error)),
        _ => Ok(()),
    }
}

/// An error with the file it is about.
pub(crate) fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("kafka: {}: {error}", path.display()))
}

fn starts(program: &str, argument: &str) -> bool {
    let tried = Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

fn copy_dependencies(pom: &Path, to: &Path) -> Result<(), Failed> {
    let directory = format!("-DoutputDirectory={}", to.display());
    let words: [&OsStr; 7] = [
        "-B".as_ref(),
        "-q".as_ref(),
        "-f".as_ref(),
        pom.as_ref(),
        "dependency:copy-dependencies".as_ref(),
        "-DincludeScope=runtime".as_ref(),
        directory.as_ref(),
    ];
    let status = Command::new("mvn")
        .args(words)
        .status()
        .map_err(|error| Failed(format!("kafka: mvn does not start: {error}; {INSTALL}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failed(format!(
        "kafka: Maven could not bring the jars of {} ({status}): see above; it must reach Maven Central or a mirror",
        pom.display()
    )))
}

fn replace(fresh: &Path, library: &PathBuf) -> std::io::Result<()> {
    if library.exists() {
        std::fs::remove_dir_all(library)?;
    }
    std::fs::rename(fresh, library)
}
