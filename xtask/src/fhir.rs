//! FHIR over HTTP as others see it: the running server against its own OpenAPI document, and used by clients that know nothing of it.

mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python;
use crate::step::{Failed, Step, root};
use server::Server;

/// What the words after `fhir` may be.
const USAGE: &str = "\
cargo xtask fhir                          both of these
                 fuzz [EXAMPLES [SEED]]   what is answered is what the OpenAPI document says, as schemathesis finds
                 clients                  fhirclient and fhirpy of PyPI and fhir-kit-client of npm write and read";

/// So many requests of each kind are made up, and of which seed.
const EXAMPLES: &str = "40";
const SEED: &str = "1";
/// Where our parts of it are, and where what is brought goes.
const DATA: &str = "xtask/data/fhir";
const HOME: &str = "target/fhir";
/// The clients in Python, as they are told.
const IN_PYTHON: [(&str, &str); 2] = [
    ("fhirclient", "use_fhirclient.py"),
    ("fhirpy", "use_fhirpy.py"),
];
/// The client in JavaScript, beside the files that bring it.
const IN_JAVASCRIPT: &str = "use_fhir_kit_client.mjs";
const BROUGHT_BY: [&str; 2] = ["package.json", "package-lock.json"];

/// Does what the words say.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    match words {
        [] => {
            fuzz(EXAMPLES, SEED)?;
            clients()
        }
        ["fuzz"] => fuzz(EXAMPLES, SEED),
        ["fuzz", examples] => fuzz(examples, SEED),
        ["fuzz", examples, seed] => fuzz(examples, seed),
        ["clients"] => clients(),
        _ => Err(Failed(format!("fhir: what shall it do?\n{USAGE}"))),
    }
}

/// Asks everything that the OpenAPI document has, rightly and wrongly, and holds the answers against it.
fn fuzz(examples: &str, seed: &str) -> Result<(), Failed> {
    let python = python()?;
    let server = Server::start("fuzz")?;
    let settings = data("schemathesis.toml");
    let document = format!("{}/openapi.json", server.base());
    let done = Step::new(
        "the OpenAPI document, by schemathesis",
        python.with_file_name("schemathesis"),
        &["--config-file", &settings, "run", &document],
    )
    .arguments(&["--max-examples", examples, "--seed", seed])
    .env("SCHEMATHESIS_HOOKS", "hooks")
    .env("PYTHONPATH", &data(""))
    .env("PYTHONDONTWRITEBYTECODE", "1")
    .within(HOME)
    .run();
    server.end(done)
}

/// Lets each client do what clients do, against a server that knows none of them.
fn clients() -> Result<(), Failed> {
    let python = python()?;
    let node = node()?;
    let server = Server::start("clients")?;
    let mut done = Ok(());
    for (name, script) in IN_PYTHON {
        let step = Step::new(name, &python, &[&data(script), server.base()]);
        done = done.and_then(|()| step.env("PYTHONDONTWRITEBYTECODE", "1").run());
    }
    let script = node.join(IN_JAVASCRIPT).display().to_string();
    let step = Step::new("fhir-kit-client", "node", &[&script, server.base()]);
    server.end(done.and_then(|()| step.run()))
}

fn data(name: &str) -> String {
    root().join(DATA).join(name).display().to_string()
}

fn python() -> Result<PathBuf, Failed> {
    let python = python::environment("xtask/data/fhir/requirements.txt", "target/fhir/python");
    python.map_err(|why| Failed(format!("fhir: {why}")))
}

/// The folder in which the client in JavaScript is, brought at the first call.
fn node() -> Result<PathBuf, Failed> {
    if Command::new("node").arg("--version").output().is_err() {
        return Err(Failed(
            "fhir: Node.js 20 or later is needed: install it".into(),
        ));
    }
    let home = root().join(HOME).join("node");
    std::fs::create_dir_all(&home).map_err(|error| failed(&home, &error))?;
    let mut is_here = home.join("node_modules").exists();
    for name in BROUGHT_BY {
        is_here &= !copied(name, &home)?;
    }
    copied(IN_JAVASCRIPT, &home)?;
    if !is_here {
        println!("installing the npm packages of {DATA}/package-lock.json");
        let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        Step::new("npm ci", "npm", &arguments)
            .within("target/fhir/node")
            .run()?;
    }
    Ok(home)
}

/// Copies a file of ours, and says whether that changed anything.
fn copied(name: &str, home: &Path) -> Result<bool, Failed> {
    let (from, to) = (PathBuf::from(data(name)), home.join(name));
    let text = std::fs::read(&from).map_err(|error| failed(&from, &error))?;
    if std::fs::read(&to).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    std::fs::write(&to, text).map_err(|error| failed(&to, &error))?;
    Ok(true)
}

/// An error with the file it is about.
fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("fhir: {}: {error}", path.display()))
}
