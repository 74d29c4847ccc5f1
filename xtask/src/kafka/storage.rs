//! Makes the folder of a cluster: settings, certificates, and storage formatted for each broker.

use std::path::Path;
use std::process::{Child, Stdio};

use super::broker::Broker;
use super::credentials::Credentials;
use super::library::{failed, java, remove};
use super::options::Options;
use super::properties;
use crate::step::Failed;

/// What a cluster was made with; written last, so that a folder without it is a cluster half made.
const MADE_WITH: &str = "options";
/// Names the cluster: any 16 bytes, in base64 for addresses.
const CLUSTER_ID: &str = "cHVsc2V3aXJlLXRlc3RzLQ";

/// Makes a cluster in the folder of the options, unless it was made with just these.
pub(crate) fn make(options: &Options) -> Result<(), Failed> {
    match made_with(&options.dir)? {
        Some(made) if made == *options => return Ok(()),
        Some(made) => {
            return Err(Failed(format!(
                "kafka: {} was made with {}: say so, give another --dir, or take it down with --wipe",
                options.dir.display(),
                made.words().trim()
            )));
        }
        None => {}
    }
    for number in options.numbers() {
        let dir = options.dir.join(format!("broker-{number}"));
        remove(&dir)?;
        std::fs::create_dir_all(&dir).map_err(|error| failed(&dir, &error))?;
    }
    let credentials = Credentials::create(options)?;
    format(options, &credentials)?;
    let path = options.dir.join(MADE_WITH);
    std::fs::write(&path, options.words()).map_err(|error| failed(&path, &error))
}

/// What the cluster in a folder was made with, if one was.
pub(crate) fn made_with(dir: &Path) -> Result<Option<Options>, Failed> {
    let Ok(text) = std::fs::read_to_string(dir.join(MADE_WITH)) else {
        return Ok(None);
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let usual = Options {
        dir: dir.to_owned(),
        ..Options::default()
    };
    Options::parse(&words, &usual).map(Some)
}

/// All brokers at once, since most of it is Java starting.
fn format(options: &Options, credentials: &Credentials) -> Result<(), Failed> {
    let mut started = Vec::new();
    for number in options.numbers() {
        let properties = Broker::new(&options.dir, number).properties();
        std::fs::write(
            &properties,
            properties::render(options, number, credentials),
        )
        .map_err(|error| failed(&properties, &error))?;
        started.push(format_one(&properties, credentials)?);
    }
    for child in started {
        let output = child
            .wait_with_output()
            .map_err(|error| Failed(format!("kafka: formatting: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failed(format!("kafka: formatting failed:\n{said}")));
        }
    }
    Ok(())
}

fn format_one(properties: &Path, credentials: &Credentials) -> Result<Child, Failed> {
    let Credentials { user, password } = credentials;
    java("kafka.tools.StorageTool", "WARN", &[])
        .args(["format", "--cluster-id", CLUSTER_ID, "--config"])
        .arg(properties)
        .arg("--add-scram")
        .arg(format!("SCRAM-SHA-512=[name={user},password={password}]"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failed(format!("kafka: Java does not start: {error}")))
}
