//! Several processes on three brokers under load, with one fault after the other; then the verdict of a checker.

use crate::kafka::Cluster;
use crate::step::{Failed, Step, root};

/// The brokers that a run has: one can be away, and two cannot.
const BROKERS: u16 = 3;
/// What the words after `chaos` may be.
const USAGE: &str = "cargo xtask chaos kafka [--minutes N] [--seed S]";

/// How long, and in which order.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    minutes: String,
    seed: Option<String>,
}

/// For so many minutes with the optimized binary; without a number some faults, once each, in the build that tests have.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    let asked = parse(words)?;
    let build: &[&str] = match asked.minutes.as_str() {
        "0" => &[],
        _ => &["--release"],
    };
    chaos(&asked, build)
}

fn chaos(asked: &Asked, build: &[&str]) -> Result<(), Failed> {
    println!("── brokers");
    let cluster = Cluster::start_new(BROKERS)?;
    let ours = std::env::current_exe()
        .map_err(|error| Failed(format!("chaos: this program is not found again: {error}")))?;
    let history = root().join("target/kafka/chaos.jsonl");
    let mut arguments = vec!["test", "--quiet", "-p", "pulsewire", "--test", "chaos"];
    arguments.extend(build);
    arguments.extend(["--", "whatever_fails", "--nocapture"]);
    let mut step = Step::cargo("chaos", &arguments)
        .env("PULSEWIRE_KAFKA", &cluster.bootstrap())
        .env("PULSEWIRE_KAFKA_DIR", &cluster.dir().display().to_string())
        .env("PULSEWIRE_XTASK", &ours.display().to_string())
        .env("PULSEWIRE_CHAOS_HISTORY", &history.display().to_string())
        .env("PULSEWIRE_CHAOS_MINUTES", &asked.minutes);
    if let Some(seed) = &asked.seed {
        step = step.env("PULSEWIRE_CHAOS_SEED", seed);
    }
    step.run()
}

fn parse(words: &[&str]) -> Result<Asked, Failed> {
    let ["kafka", rest @ ..] = words else {
        return Err(Failed(format!("chaos: on what?\n{USAGE}")));
    };
    let mut asked = Asked {
        minutes: "0".to_owned(),
        seed: None,
    };
    for pair in rest.chunks(2) {
        match pair {
            ["--minutes", minutes] => asked.minutes = number(minutes)?,
            ["--seed", seed] => asked.seed = Some(number(seed)?),
            other => {
                let other = other.join(" ");
                return Err(Failed(format!(
                    "chaos: `{other}` is not understood\n{USAGE}"
                )));
            }
        }
    }
    Ok(asked)
}

fn number(word: &str) -> Result<String, Failed> {
    let number: u32 = word
        .parse()
        .map_err(|_| Failed(format!("chaos: `{word}` is no number\n{USAGE}")))?;
    Ok(number.to_string())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(words: &[&str], expected: Expect) {
        let seen = match parse(words) {
            Ok(asked) => format!("{asked:?}"),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&seen);
    }

    #[test]
    fn minutes_and_seed_are_read() {
        check(
            &["kafka", "--minutes", "20", "--seed", "7"],
            expect![[r#"Asked { minutes: "20", seed: Some("7") }"#]],
        );
        check(
            &["kafka"],
            expect![[r#"Asked { minutes: "0", seed: None }"#]],
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        check(
            &[],
            expect![[r#"
            chaos: on what?
            cargo xtask chaos kafka [--minutes N] [--seed S]"#]],
        );
        check(
            &["kafka", "--minutes", "soon"],
            expect![[r#"
            chaos: `soon` is no number
            cargo xtask chaos kafka [--minutes N] [--seed S]"#]],
        );
        check(
            &["kafka", "--minutes"],
            expect![[r#"
            chaos: `--minutes` is not understood
            cargo xtask chaos kafka [--minutes N] [--seed S]"#]],
        );
    }
}
