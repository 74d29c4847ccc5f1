//! A real Eclipse Mosquitto for tests and for trying it: from Debian's packages, on loopback, without containers or root.

mod certificates;
mod package;
mod process;

use std::path::{Path, PathBuf};

use crate::step::{Failed, Step, root};
use process::Broker;

/// What the words after `mosquitto` may be.
const USAGE: &str = "\
cargo xtask mosquitto up [--dir DIR] [--port PORT]   starts a broker and leaves it running; TLS with client certificates is on the next port
                      down [--wipe] [--dir DIR]       stops it; --wipe also removes what it holds
                      kill|start [--dir DIR]          ends it at once, and starts it again with what it holds
                      beside COMMAND ARGUMENTS        runs a command beside a broker made for it";

/// The port of the plain listener, unless told otherwise.
const PORT: u16 = 19883;
/// Where the broker lives, unless told otherwise.
const DIR: &str = "target/mosquitto/broker";

/// Does what the words say.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    match words {
        ["up", rest @ ..] => up(&options(rest)?),
        ["down", "--wipe", rest @ ..] => down(&options(rest)?.dir, true),
        ["down", rest @ ..] => down(&options(rest)?.dir, false),
        ["kill", rest @ ..] => Broker::of(&options(rest)?.dir)?.kill(),
        ["start", rest @ ..] => Broker::of(&options(rest)?.dir)?.start(true),
        ["beside", program, rest @ ..] => beside(Step::new("command", *program, rest)),
        _ => Err(Failed(format!("mosquitto: what shall it do?\n{USAGE}"))),
    }
}

/// Runs a step beside a broker of its own, which is gone afterwards; where none can be had, the step runs without and its tests
/// say that they were skipped.
pub(crate) fn beside(step: Step) -> Result<(), Failed> {
    println!("── mosquitto");
    if let Err(Failed(reason)) = package::resolve() {
        println!("skipped: {reason}");
        return step.run();
    }
    let dir = root().join(format!("target/mosquitto/beside-{}", std::process::id()));
    let broker = Broker::make(&dir, process::free_port()?)?;
    broker.start(false)?;
    let done = environment(&broker)?
        .into_iter()
        .fold(step, |step, (name, value)| step.env(name, &value))
        .run();
    broker.kill()?;
    remove(&dir)?;
    done
}

/// What tests find the broker by.
fn environment(broker: &Broker) -> Result<Vec<(&'static str, String)>, Failed> {
    let ours = std::env::current_exe().map_err(|error| {
        Failed(format!(
            "mosquitto: this program is not found again: {error}"
        ))
    })?;
    Ok(vec![
        ("PULSEWIRE_MOSQUITTO", broker.address()),
        (
            "PULSEWIRE_MOSQUITTO_DIR",
            broker.dir().display().to_string(),
        ),
        ("PULSEWIRE_MOSQUITTO_TOOL", ours.display().to_string()),
    ])
}

fn up(options: &Options) -> Result<(), Failed> {
    package::resolve()?;
    let broker = Broker::make(&options.dir, options.port)?;
    broker.start(true)?;
    for (name, value) in environment(&broker)? {
        println!("{name}={value}");
    }
    Ok(())
}

fn down(dir: &Path, wipe: bool) -> Result<(), Failed> {
    Broker::of(dir)?.stop()?;
    if wipe { remove(dir) } else { Ok(()) }
}

fn remove(dir: &Path) -> Result<(), Failed> {
    std::fs::remove_dir_all(dir).map_err(|error| failed(dir, &error))
}

/// An error with the file it is about.
fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("mosquitto: {}: {error}", path.display()))
}

/// Which broker is meant.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    dir: PathBuf,
    port: u16,
}

fn options(words: &[&str]) -> Result<Options, Failed> {
    let mut options = Options {
        dir: root().join(DIR),
        port: PORT,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next();
            value.ok_or_else(|| Failed(format!("mosquitto: {word} needs a value after it")))
        };
        match *word {
            "--dir" => options.dir = root().join(value()?),
            "--port" => {
                let port = value()?.parse().ok();
                // The next one is the listener with TLS.
                let port = port.filter(|port| (1024..u16::MAX).contains(port));
                options.port =
                    port.ok_or_else(|| Failed("mosquitto: --port is from 1024 to 65534".into()))?;
            }
            _ => return Err(Failed(format!("mosquitto: what is {word}?\n{USAGE}"))),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_leaves_room_for_the_next() {
        let port = |text: &str| options(&["--port", text]).ok().map(|options| options.port);
        assert_eq!(
            (port("1023"), port("1024"), port("1025")),
            (None, Some(1024), Some(1025))
        );
        assert_eq!((port("65534"), port("65535")), (Some(65534), None));
        assert!(options(&["--port"]).is_err() && options(&["--what"]).is_err());
    }
}
