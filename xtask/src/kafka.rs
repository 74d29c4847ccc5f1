//! Real brokers for tests and for trying it: Apache Kafka from Maven, on loopback, without containers.

mod broker;
mod cluster;
mod credentials;
mod library;
mod options;
mod probe;
mod properties;
mod slot;
mod storage;

pub(crate) use cluster::Cluster;
use options::Options;

use crate::python;
use crate::step::{Failed, Step};

/// Confluent's Python client, by which the tests read what we publish, and where it is.
const CLIENT: &str = "xtask/data/kafka/requirements.txt";
const CLIENT_HOME: &str = "target/kafka/python";

/// What the words after `kafka` may be.
const USAGE: &str = "\
cargo xtask kafka up [--brokers 1|3] [--dir DIR] [--port PORT]   starts brokers and leaves them running
                  down [--wipe] [--dir DIR]                      stops them; --wipe also removes what they hold
                  status [--dir DIR]
                  kill|start|pause|resume N [--dir DIR]          for one broker, from 1
                  tool CLASS ARGUMENTS                           runs one of Kafka's own tools
                  beside COMMAND ARGUMENTS                       runs a command beside a broker made for it";

/// Does what the words say.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    match words {
        ["up", rest @ ..] => up(rest),
        ["down", "--wipe", rest @ ..] => down(rest, true),
        ["down", rest @ ..] => down(rest, false),
        ["status", rest @ ..] => status(rest),
        ["kill", number, rest @ ..] => one(number, rest, Cluster::kill),
        ["start", number, rest @ ..] => one(number, rest, Cluster::start),
        ["pause", number, rest @ ..] => one(number, rest, Cluster::pause),
        ["resume", number, rest @ ..] => one(number, rest, Cluster::resume),
        ["tool", class, rest @ ..] => tool(class, rest),
        ["beside", program, rest @ ..] => beside(Step::new("command", *program, rest)),
        _ => Err(Failed(format!("kafka: what shall it do?\n{USAGE}"))),
    }
}

/// Runs a step beside a broker of its own, which is gone afterwards, with what it takes to read there by other people's clients.
pub(crate) fn beside(step: Step) -> Result<(), Failed> {
    println!("── broker");
    let python = python::environment(CLIENT, CLIENT_HOME);
    let cluster = Cluster::start_new(1)?;
    let ours = std::env::current_exe()
        .map_err(|error| Failed(format!("kafka: this program is not found again: {error}")))?;
    let step = step
        .env("PULSEWIRE_KAFKA", &cluster.bootstrap())
        .env("PULSEWIRE_KAFKA_DIR", &cluster.dir().display().to_string())
        .env("PULSEWIRE_KAFKA_TOOL", &ours.display().to_string());
    match python {
        Ok(python) => step.env("PULSEWIRE_PYTHON", &python.display().to_string()),
        Err(why) => {
            println!("tests with the Python client are left out: {why}");
            step
        }
    }
    .run()
}

fn up(words: &[&str]) -> Result<(), Failed> {
    let options = Options::parse(words, &Options::default())?;
    let before = Cluster::of(&options.dir).map_or_else(|_| Vec::new(), |made| made.running());
    let cluster = Cluster::start_kept(&options)?;
    for number in options.numbers() {
        let how = if before.contains(&number) {
            "ran already"
        } else {
            "started"
        };
        println!("broker {number} {how}");
    }
    println!(
        "PULSEWIRE_KAFKA={}\nPULSEWIRE_KAFKA_DIR={}",
        cluster.bootstrap(),
        cluster.dir().display()
    );
    Ok(())
}

fn down(words: &[&str], wipe: bool) -> Result<(), Failed> {
    let cluster = Cluster::of(&options::dir(words)?)?;
    let stopped = cluster.stop()?;
    println!("{stopped} of {} brokers stopped", cluster.size());
    if wipe {
        library::remove(cluster.dir())?;
    }
    Ok(())
}

fn status(words: &[&str]) -> Result<(), Failed> {
    let cluster = Cluster::of(&options::dir(words)?)?;
    let running = cluster.running();
    for number in 1..=cluster.size() {
        let how = if running.contains(&number) {
            "runs"
        } else {
            "is down"
        };
        println!("broker {number} {how}");
    }
    println!("PULSEWIRE_KAFKA={}", cluster.bootstrap());
    Ok(())
}

/// Does something to one broker.
fn one(
    number: &str,
    words: &[&str],
    what: impl Fn(&Cluster, u16) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let number = number
        .parse()
        .map_err(|_| Failed(format!("kafka: `{number}` is no number of a broker")))?;
    what(&Cluster::of(&options::dir(words)?)?, number)
}

fn tool(class: &str, words: &[&str]) -> Result<(), Failed> {
    library::resolve()?;
    let status = library::java(class, "WARN", &[])
        .args(words)
        .status()
        .map_err(|error| Failed(format!("kafka: Java does not start: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failed(format!("kafka: {class}: {status}")))
}
