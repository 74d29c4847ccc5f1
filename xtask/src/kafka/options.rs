//! What a person may say of the brokers wanted: how many, where, on which ports.

use std::path::{Path, PathBuf};

use crate::step::{Failed, root};

/// The port of the first broker's plain listener, unless told otherwise.
const PORT: u16 = 19092;
/// So many ports belong to one broker; not all are used.
const PORTS_OF_A_BROKER: u16 = 10;
/// Where the brokers live, unless told otherwise.
const DIR: &str = "target/kafka/cluster";
/// Which brokers are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// One, or three for fault tests.
    pub(crate) brokers: u16,
    /// Where all their files are: an absolute path.
    pub(crate) dir: PathBuf,
    /// The port of the first one's plain listener.
    pub(crate) port: u16,
}

/// The listeners of a broker, in the order of their ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    /// Neither encrypted nor authenticated.
    Plain,
    /// TLS, and a user by SCRAM, PLAIN or OAUTHBEARER.
    SaslTls,
    /// TLS, and a client certificate.
    MutualTls,
    /// What the brokers agree by.
    Controller,
}

impl Listener {
    /// Those whom clients may reach.
    pub(crate) const FOR_CLIENTS: [Self; 3] = [Self::Plain, Self::SaslTls, Self::MutualTls];
    /// All of a broker.
    pub(crate) const ALL: [Self; 4] = [
        Self::Plain,
        Self::SaslTls,
        Self::MutualTls,
        Self::Controller,
    ];
}

impl Options {
    /// Reads the words after the command; what is not said is as in `usual`.
    pub(crate) fn parse(words: &[&str], usual: &Self) -> Result<Self, Failed> {
        let mut options = usual.clone();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| Failed(format!("kafka: {word} needs a value after it")))
            };
            match *word {
                "--brokers" => options.brokers = brokers(value()?)?,
                "--dir" => options.dir = root().join(value()?),
                "--port" => options.port = port(value()?)?,
                _ => {
                    return Err(Failed(format!(
                        "kafka has no `{word}`; there are --brokers 1|3, --dir DIR and --port PORT"
                    )));
                }
            }
        }
        Ok(options)
    }

    /// The words that `parse` would read, without the folder.
    pub(crate) fn words(&self) -> String {
        format!("--brokers {} --port {}\n", self.brokers, self.port)
    }

    /// The brokers' numbers, which are their node ids too.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u16> + use<> {
        1..=self.brokers
    }

    /// Where a listener of a broker is.
    pub(crate) fn port_of(&self, broker: u16, listener: Listener) -> u16 {
        self.port + (broker - 1) * PORTS_OF_A_BROKER + listener as u16
    }

    /// All ports that the brokers may take.
    pub(crate) fn ports(&self) -> std::ops::Range<u16> {
        self.port..self.port + self.brokers * PORTS_OF_A_BROKER
    }

    /// All brokers' addresses of a listener, as clients want them.
    pub(crate) fn bootstrap(&self, listener: Listener) -> String {
        let all = self
            .numbers()
            .map(|broker| format!("127.0.0.1:{}", self.port_of(broker, listener)));
        all.collect::<Vec<_>>().join(",")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            brokers: 1,
            dir: root().join(DIR),
            port: PORT,
        }
    }
}

/// The folder named among the words, or the usual one.
pub(crate) fn dir(words: &[&str]) -> Result<PathBuf, Failed> {
    match words {
        [] => Ok(Options::default().dir),
        ["--dir", dir] => Ok(root().join(Path::new(dir))),
        _ => Err(Failed(format!(
            "kafka: `{}` is not understood; only --dir DIR may follow",
            words.join(" ")
        ))),
    }
}

fn brokers(word: &str) -> Result<u16, Failed> {
    match word {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err(Failed(format!(
            "kafka: `{word}` brokers are not offered; 1 serves most, 3 is for fault tests"
        ))),
    }
}

/// Ports that need no privilege, with room for three brokers above.
fn port(word: &str) -> Result<u16, Failed> {
    let highest = u16::MAX - 3 * PORTS_OF_A_BROKER;
    word.parse()
        .ok()
        .filter(|port| (1024..=highest).contains(port))
        .ok_or_else(|| {
            Failed(format!(
                "kafka: `{word}` is no port between 1024 and {highest}"
            ))
        })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(words: &[&str], expected: Expect) {
        let seen = match Options::parse(words, &Options::default()) {
            Ok(options) => {
                let dir = options.dir.strip_prefix(root()).unwrap_or(&options.dir);
                format!(
                    "{} in {}: {}, certificates {}",
                    options.brokers,
                    dir.display(),
                    options.bootstrap(Listener::Plain),
                    options.bootstrap(Listener::MutualTls)
                )
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&seen);
    }

    #[test]
    fn nothing_said_is_one_broker() {
        check(
            &[],
            expect!["1 in target/kafka/cluster: 127.0.0.1:19092, certificates 127.0.0.1:19094"],
        );
    }

    #[test]
    fn three_brokers_have_ports_of_their_own() {
        check(
            &["--brokers", "3", "--port", "20000", "--dir", "/var/k"],
            expect![
                "3 in /var/k: 127.0.0.1:20000,127.0.0.1:20010,127.0.0.1:20020, certificates 127.0.0.1:20002,127.0.0.1:20012,127.0.0.1:20022"
            ],
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        check(
            &["--brokers", "2"],
            expect!["kafka: `2` brokers are not offered; 1 serves most, 3 is for fault tests"],
        );
        check(
            &["--brokers"],
            expect!["kafka: --brokers needs a value after it"],
        );
        check(
            &["--port", "80"],
            expect!["kafka: `80` is no port between 1024 and 65505"],
        );
        check(
            &["--port", "1024"],
            expect!["1 in target/kafka/cluster: 127.0.0.1:1024, certificates 127.0.0.1:1026"],
        );
        check(
            &["--port", "65505"],
            expect!["1 in target/kafka/cluster: 127.0.0.1:65505, certificates 127.0.0.1:65507"],
        );
        check(
            &["--port", "65506"],
            expect!["kafka: `65506` is no port between 1024 and 65505"],
        );
        check(
            &["--broker", "3"],
            expect!["kafka has no `--broker`; there are --brokers 1|3, --dir DIR and --port PORT"],
        );
    }

    #[test]
    fn its_words_are_read_again() {
        let options = Options {
            brokers: 3,
            port: 20_000,
            ..Options::default()
        };
        let text = options.words();
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = Options::parse(&words, &Options::default()).expect("its own words");
        assert_eq!(read, options);
    }
}
