//! `cargo xtask conformance`: how far our mapping agrees with what others expect of the same messages, element by element,
//! and our workloads with the cases published for them.

mod pairs;

mod whistle;

mod json;

mod node;

mod resources;

mod alignment;

mod comparison;

mod differences;

mod origin;

mod report;

mod oracles;

mod scores;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{Failed, root};
use comparison::Element;
use differences::Differences;
use origin::Origins;
use pairs::{Corpus, Pair};
use report::{Finding, Report};

const FLOOR: &str = "xtask/data/conformance/floor.tsv";

/// What the command was asked for.
#[derive(Default)]
struct Wish<'a> {
    corpus: Option<&'a str>,
    list: bool,
    classes: bool,
    filter: &'a str,
}

/// Prints the tables of agreement, and with `--list` or `--classes` what disagrees.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failed> {
    let wish = read(arguments)?;
    let Some(shared) = shared() else {
        return Ok(());
    };
    let differences = Differences::load()?;
    for corpus in Corpus::ALL {
        if wish.corpus.is_some_and(|wanted| wanted != corpus.name()) {
            continue;
        }
        let report = measure(corpus, &shared, &differences)?.only(wish.filter);
        println!("{}", report.table());
        if wish.classes {
            println!("{}", report.classes());
        }
        if wish.list {
            println!("{}", report.list());
        }
    }
    if wish.corpus.is_none() {
        for row in differences.unused() {
            println!("{row}");
        }
        oracles::run(&shared)?;
        scores::print()?;
    }
    Ok(())
}

/// Fails when a corpus agrees less than it did.
pub(crate) fn gate() -> Result<(), Failed> {
    println!("── conformance");
    let Some(shared) = shared() else {
        return Ok(());
    };
    let differences = Differences::load()?;
    let mut fallen = Vec::new();
    for (name, floor) in floors()? {
        let corpus = Corpus::ALL
            .into_iter()
            .find(|corpus| corpus.name() == name)
            .ok_or_else(|| Failed(format!("{FLOOR}: no corpus is named `{name}`")))?;
        let share = measure(corpus, &shared, &differences)?.agreed_percent();
        println!("{name}: {share:.2} % agreed, at least {floor} %");
        if share < floor {
            fallen.push(name);
        }
    }
    if fallen.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!(
            "less agrees than before in {}; see `cargo xtask conformance --list`",
            fallen.join(", ")
        )))
    }
}

fn read<'a>(arguments: &[&'a str]) -> Result<Wish<'a>, Failed> {
    let mut wish = Wish::default();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--list" => wish.list = true,
            "--classes" => wish.classes = true,
            "--corpus" => {
                let names = Corpus::ALL.map(Corpus::name);
                let given = rest.next().copied();
                wish.corpus = given.filter(|name| names.contains(name));
                if wish.corpus.is_none() {
                    let names = names.join(", ");
                    return Err(Failed(format!("--corpus takes one of {names}")));
                }
            }
            word if word.starts_with("--") => {
                let hint = "it takes --corpus NAME, --list, --classes and a FILTER";
                return Err(Failed(format!("conformance has no `{word}`; {hint}")));
            }
            filter => wish.filter = filter,
        }
    }
    Ok(wish)
}

/// The shared corpora, if they are there.
#[expect(
    clippy::disallowed_methods,
    reason = "where the corpora are is a setting of the dev loop"
)]
fn shared() -> Option<PathBuf> {
    let shared = match std::env::var("PULSEWIRE_SHARED") {
        Ok(given) => PathBuf::from(given),
        Err(_) => root().join("../shared"),
    };
    if shared.join("corpora").is_dir() {
        return Some(shared);
    }
    println!("no corpora in {}; set PULSEWIRE_SHARED", shared.display());
    None
}

fn floors() -> Result<Vec<(String, f64)>, Failed> {
    let path = root().join(FLOOR);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    let rows = text.lines().skip(1).enumerate().map(|(number, row)| {
        let floor = row.split_once('\t');
        let floor = floor.and_then(|(name, share)| Some((name.to_owned(), share.parse().ok()?)));
        let line = number + 2;
        floor.ok_or_else(|| {
            Failed(format!(
                "{FLOOR}:{line}: write a corpus, a tab and a number"
            ))
        })
    });
    rows.collect()
}

/// Maps all messages of a corpus and compares.
fn measure(corpus: Corpus, shared: &Path, differences: &Differences) -> Result<Report, Failed> {
    let mut left_out = Vec::new();
    let pairs = pairs::of(corpus, &shared.join("corpora"), &mut left_out)?;
    let lines = bundles(&pairs)?;
    let mut findings = Vec::new();
    for (pair, line) in pairs.iter().zip(&lines) {
        let failed = |error: String| Failed(format!("{}: {error}", pair.name));
        let expected = resources::read(&json::read(&pair.expected).map_err(failed)?);
        let ours = resources::read(&json::read(line).map_err(failed)?);
        if ours.is_empty() {
            left_out.push(format!("{}: the message is mapped to nothing", pair.name));
        }
        let origins = Origins::of(&std::fs::read(&pair.message).unwrap_or_default());
        let elements = comparison::elements(&expected, &ours).into_iter();
        findings.extend(elements.map(|element: Element| {
            let reason = differences.reason(corpus.name(), &element);
            Finding {
                file: pair.name.clone(),
                origin: origins.fields(&element.expected),
                element,
                reason,
            }
        }));
    }
    Ok(Report::new(corpus.name(), pairs.len(), left_out, findings))
}

/// Runs the mapping over the messages; gives one line of JSON for each.
fn bundles(pairs: &[Pair]) -> Result<Vec<String>, Failed> {
    let failed = |error: std::io::Error| Failed(format!("the mapping cannot be run: {error}"));
    let paths: Vec<String> = pairs
        .iter()
        .map(|pair| format!("{}\n", pair.message.display()))
        .collect();
    let folder = root().join("target/conformance");
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let list = folder.join("messages");
    std::fs::write(&list, paths.concat()).map_err(failed)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "-p", "mapping", "--example", "bundles"])
        .current_dir(root())
        .stdin(File::open(&list).map_err(failed)?)
        .output()
        .map_err(failed)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if !output.status.success() || lines.len() != pairs.len() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        let (answered, asked, status) = (lines.len(), pairs.len(), output.status);
        return Err(Failed(format!(
            "the mapping answered {answered} of {asked} messages ({status})"
        )));
    }
    let panics = lines.iter().filter(|line| *line == "null").count();
    if panics > 0 {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let first = stderr
            .lines()
            .skip_while(|line| !line.contains("panicked at"));
        let first: Vec<&str> = first.take(4).collect();
        eprintln!("{panics} messages make the mapping panic; the first:");
        eprintln!("{}", first.join("\n"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
