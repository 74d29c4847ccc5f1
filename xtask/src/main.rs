//! The dev loop: `cargo xtask test` is all of CI, `cargo xtask test --fast` what to run before each commit.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to the person at the terminal"
)]

mod bench;
mod chaos;
mod conformance;
mod definitions;
mod e2e;
mod fhir;
mod fuzz;
mod kafka;
mod mosquitto;
mod properties;
mod python;
mod registry;
mod step;
mod tables;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

use step::Step;

const USAGE: &str = "\
cargo xtask COMMAND

  test [--fast]   all of CI: format, lints, tests, documentation, registry, faults, fuzzing, FHIR clients, browser; --fast leaves out what takes long
  bless           accepts new expected values in tests (then read the diff)
  bench [kafka [--short]]
                  prints the table of measured ratios (release build; some minutes); with kafka, of what needs brokers,
                  beside an application of Kafka Streams
  chaos kafka [--minutes N] [--seed S]
                  kills, stops and cuts off instances and brokers under load, and checks that what comes out is exact
  conformance [--corpus NAME] [--classes] [--list] [FILTER]
                  prints how far the mapping agrees with what others expect of the same messages
  e2e             the browser tests alone
  fhir [fuzz [EXAMPLES [SEED]] | clients]
                  the running server against its OpenAPI document by schemathesis, and used by clients of FHIR that others
                  wrote, from PyPI and npm
  fuzz TARGET MINUTES
                  damages messages at random and looks whether anything panics or is lost: framing, parsing, mapping,
                  validation
  kafka up|down|status|kill|start|pause|resume|tool
                  real brokers on loopback, from Maven; `cargo xtask kafka` says more
  mosquitto up|down|kill|start|beside
                  a real MQTT broker on loopback, from Debian's packages; `cargo xtask mosquitto` says more
  properties ROUNDS [SEED]
                  runs the property tests again and again, each time with other values: CI always has the same
  registry        the tests of the schema registry, against ours and against Apicurio Registry, from Maven
  definitions     compiles the definitions of FHIR R4 from the shared corpora
  tables          compiles the mapping tables from the official guide and the dictionary in the shared corpora
  kill-loop N     kills the running binary N times under load and checks that nothing is lost";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test(true),
        ["test", "--fast"] => test(false),
        ["bless"] => kafka::beside(
            Step::cargo(
                "accept expected values",
                &["test", "--workspace", "--quiet"],
            )
            .env("UPDATE_EXPECT", "1"),
        ),
        ["bench", rest @ ..] => bench::run(rest),
        ["chaos", rest @ ..] => chaos::run(rest),
        ["conformance", rest @ ..] => conformance::run(rest),
        ["e2e"] => e2e::run(),
        ["fhir", rest @ ..] => fhir::run(rest),
        ["fuzz", target, minutes] => fuzz::run(target, minutes),
        ["kafka", rest @ ..] => kafka::run(rest),
        ["mosquitto", rest @ ..] => mosquitto::run(rest),
        ["properties", rest @ ..] => properties::run(rest),
        ["registry"] => registry::run(),
        ["definitions"] => definitions::run(),
        ["tables"] => tables::run(),
        ["kill-loop", cycles] => kill_loop(cycles),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All that must hold before something lands on main.
fn test(browser: bool) -> Result<(), step::Failed> {
    Step::cargo("format", &["fmt", "--all", "--check"]).run()?;
    Step::cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
    )
    .run()?;
    let tests = Step::cargo("tests", &["test", "--workspace", "--quiet"]);
    kafka::beside(properties::as_in_ci(tests))?;
    mosquitto::beside(Step::cargo(
        "devices",
        &["test", "-p", "pulsewire", "--test", "it", "--quiet", "mqtt"],
    ))?;
    conformance::gate()?;
    Step::cargo(
        "documentation",
        &["doc", "--workspace", "--no-deps", "--quiet"],
    )
    .env("RUSTDOCFLAGS", "-D warnings")
    .run()?;
    if browser {
        registry::run()?;
        chaos::run(&["kafka"])?;
        fuzz::briefly()?;
        fhir::run(&[])?;
        e2e::run()?;
    }
    println!("\nall of it holds");
    Ok(())
}

fn kill_loop(cycles: &str) -> Result<(), step::Failed> {
    Step::cargo(
        "kill loop",
        &[
            "test",
            "--release",
            "-p",
            "pulsewire",
            "--test",
            "it",
            "--",
            "kill",
            "--nocapture",
        ],
    )
    .env("PULSEWIRE_KILL_CYCLES", cycles)
    .run()
}
