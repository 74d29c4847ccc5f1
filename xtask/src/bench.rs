//! The benchmarks, one after the other; each prints its own table of ratios measured in one run.

use crate::kafka::Cluster;
use crate::step::{Failed, Step};

/// Crates with benchmarks, and their names.
const BENCHES: [(&str, &str); 11] = [
    ("formats", "hl7v2"),
    ("formats", "fhir"),
    ("mapping", "map"),
    ("mapping", "heap"),
    ("mapping", "normalize"),
    ("journal", "journal"),
    ("stream", "loop"),
    ("workloads", "measures"),
    ("workloads", "scores"),
    ("workloads", "risk"),
    ("pulsewire", "intake"),
];
/// The Java application that our stage is held against.
const JAVA: &str = "benches/kafka/pom.xml";
/// What the words after `bench` may be.
const USAGE: &str = "\
cargo xtask bench                    those that need nothing else; some minutes
cargo xtask bench kafka [--short]    those on real brokers, beside Kafka Streams; half an hour, or a few minutes
                                     and figures that say little";

/// A part of the benchmarks on brokers: what it is called, the package, what to ask for, and what to for a short one.
type Part = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// Each has brokers of its own, so that none reads what another wrote.
const PARTS: [Part; 5] = [
    (
        "side by side with Kafka Streams",
        "stream",
        &["beside"],
        &["200000", "10000", "2"],
    ),
    (
        "a million patients",
        "stream",
        &["million"],
        &["150000", "100000", "3"],
    ),
    ("latency", "pulsewire", &["latency"], &["5"]),
    ("rebalance", "pulsewire", &["rebalance"], &["500"]),
    ("restore", "pulsewire", &["restore"], &["1000"]),
];

/// Runs them all, or those on brokers.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    match words {
        [] => all(),
        ["kafka"] => kafka(false),
        ["kafka", "--short"] => kafka(true),
        _ => Err(Failed(format!("bench: what shall be measured?\n{USAGE}"))),
    }
}

fn all() -> Result<(), Failed> {
    for (package, bench) in BENCHES {
        println!("\n{package}/{bench}");
        Step::cargo(
            "benchmark",
            &["bench", "--quiet", "-p", package, "--bench", bench],
        )
        .run()?;
    }
    Ok(())
}

fn kafka(short: bool) -> Result<(), Failed> {
    let words = ["-q", "-B", "-f", JAVA, "package"];
    Step::new("Java application", "mvn", &words).run()?;
    for (name, package, ask, ask_short) in PARTS {
        println!("── broker for: {name}");
        let cluster = Cluster::start_new(1)?;
        let bootstrap = cluster.bootstrap();
        let mut words = vec![
            "bench",
            "--quiet",
            "-p",
            package,
            "--features",
            "kafka",
            "--bench",
            "kafka",
            "--",
        ];
        words.extend(ask);
        // The platform's own takes its brokers from the environment, as its tests do.
        if package == "stream" {
            words.push(&bootstrap);
        }
        if short {
            words.extend(ask_short);
        }
        Step::cargo(name, &words)
            .env("PULSEWIRE_KAFKA", &bootstrap)
            .env("PULSEWIRE_KAFKA_DIR", &cluster.dir().display().to_string())
            .run()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_unknown_is_said() {
        let error = run(&["kafka", "--fast"]).expect_err("there is no such word");
        expect![[r#"
            bench: what shall be measured?
            cargo xtask bench                    those that need nothing else; some minutes
            cargo xtask bench kafka [--short]    those on real brokers, beside Kafka Streams; half an hour, or a few minutes
                                                 and figures that say little"#]]
        .assert_eq(&error.to_string());
    }
}
