//! How Apache Kafka is reached: what `[kafka]` may say, and what the journal is told of it.

mod kept;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::{Address, CA, PEM, SECRET};

/// A shorter session ends while a process only waits for its disk.
const SESSION_LEAST: Duration = Duration::from_secs(1);
/// A member counts as gone after a minute without a poll: a longer session would never be used.
const SESSION_MOST: Duration = Duration::from_secs(60);
/// A shorter one fails whenever a partition changes its leader.
const WRITE_LEAST: Duration = Duration::from_secs(1);
/// Senders have given up long before.
const WRITE_MOST: Duration = Duration::from_secs(300);
/// More copies than a cluster for this has brokers.
const REPLICATION_MOST: usize = 32;
/// A prefix and a topic's own name stay under the 249 characters that Apache Kafka takes.
const NAME_MOST: usize = 64;

/// How Apache Kafka is reached and used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kafka {
    pub(crate) brokers: String,
    pub(crate) prefix: String,
    pub(crate) instance: Option<String>,
    pub(crate) replication: u16,
    pub(crate) min_insync: u16,
    pub(crate) write_timeout: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) tls: Option<Tls>,
    pub(crate) login: Login,
    pub(crate) overrides: BTreeMap<String, String>,
}

/// What connections to brokers are protected with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) ca: Option<PathBuf>,
    /// Our certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// Who we are to the brokers; secrets are read from their files when they are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// Nobody, or whom the certificate names.
    None,
    /// SASL PLAIN.
    Plain {
        user: String,
        password_file: PathBuf,
    },
    /// SASL SCRAM-SHA-512.
    Scram {
        user: String,
        password_file: PathBuf,
    },
    /// SASL OAUTHBEARER with tokens by client credentials.
    OAuth {
        token_url: String,
        client_id: String,
        client_secret_file: PathBuf,
        scope: Option<String>,
        ca: Option<PathBuf>,
    },
}

/// Reads `[kafka]`; nothing where it names no brokers.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Kafka> {
    let at = "kafka";
    let brokers = brokers(reader);
    let replication = reader.count(at, "replication", 1, REPLICATION_MOST);
    let min_insync = reader.count(at, "min_insync", 1, REPLICATION_MOST);
    if min_insync > replication {
        let hint = "no record could ever be written: make it less than replication, such as 2 of 3";
        reader.refuse(at, "min_insync", "is more than replication", hint);
    }
    let tls = tls(reader);
    let login = login(reader, tls.is_some());
    let kafka = Kafka {
        prefix: name(reader, "prefix"),
        instance: Some(name(reader, "instance")).filter(|name| !name.is_empty()),
        replication: u16::try_from(replication).unwrap_or(u16::MAX),
        min_insync: u16::try_from(min_insync).unwrap_or(u16::MAX),
        write_timeout: reader.duration_between(at, "write_timeout", WRITE_LEAST, WRITE_MOST),
        session_timeout: reader.duration_between(
            at,
            "session_timeout",
            SESSION_LEAST,
            SESSION_MOST,
        ),
        tls,
        login,
        overrides: overrides(reader),
        brokers,
    };
    if !kafka.brokers.is_empty() {
        if cfg!(not(feature = "kafka")) {
            let hint = "take a build with the feature `kafka`, or leave it empty: the journal is on the local disk then";
            let what = "cannot be used: this program was built without Kafka";
            reader.refuse(at, "brokers", what, hint);
        }
        return Some(kafka);
    }
    if kafka.tls.is_some() || kafka.login != Login::None {
        let hint = "name them, or leave out [kafka.tls] and [kafka.login]: the journal would be on the local disk";
        let what = "names no brokers that the rest of [kafka] could be for";
        reader.refuse(at, "brokers", what, hint);
    }
    None
}

fn brokers(reader: &mut Reader<'_>) -> String {
    let brokers = reader.text("kafka", "brokers");
    if brokers.trim().is_empty() {
        return String::new();
    }
    let each: Vec<&str> = brokers.split(',').map(str::trim).collect();
    if let Some(wrong) = each.iter().find(|broker| !is_broker(broker)) {
        let what = format!("names `{wrong}`, which is no host:port");
        let hint = "such as \"kafka-1.example:9093,kafka-2.example:9093\"";
        reader.refuse("kafka", "brokers", &what, hint);
    }
    each.join(",")
}

fn is_broker(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let bare = host.starts_with('[') == host.ends_with(']')
            && (host.starts_with('[') || !host.contains(':'));
        let plain = !host.contains(|c: char| c.is_whitespace() || c == '/');
        !host.is_empty() && bare && plain && port.parse().is_ok_and(|port: u16| port > 0)
    })
}

/// A part of names on the brokers.
fn name(reader: &mut Reader<'_>, key: &str) -> String {
    let name = reader.text("kafka", key);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.len() > NAME_MOST || !name.chars().all(fits) {
        let hint =
            "take up to 64 letters, digits, dots, dashes and underscores, such as \"north.\"";
        reader.refuse("kafka", key, "cannot be a part of a topic's name", hint);
    }
    name
}

fn tls(reader: &mut Reader<'_>) -> Option<Tls> {
    let at = "kafka.tls";
    let enabled = reader.switch(at, "enabled");
    let ca = reader.file(at, "ca", CA);
    let certificate = reader.file(at, "certificate", PEM);
    let key = reader.file(at, "key", PEM);
    if certificate.is_some() != key.is_some() {
        let hint =
            "a certificate goes with its key: give both, or neither where the brokers do not ask";
        reader.refuse(at, "certificate", "is only half of what is needed", hint);
    }
    if !enabled && (ca.is_some() || certificate.is_some()) {
        let hint = "set it to true, or leave the certificates out";
        reader.refuse(
            at,
            "enabled",
            "is false, though there are certificates",
            hint,
        );
    }
    enabled.then(|| Tls {
        ca,
        identity: certificate.zip(key),
    })
}

fn login(reader: &mut Reader<'_>, encrypted: bool) -> Login {
    let at = "kafka.login";
    let mechanism = reader.one_of(at, "mechanism", &["", "plain", "scram-sha-512", "oauth"]);
    let user = reader.text(at, "user");
    let password = reader.file(at, "password_file", SECRET);
    let token_url = reader.text(at, "token_url");
    let client_id = reader.text(at, "client_id");
    let secret = reader.file(at, "client_secret_file", SECRET);
    let scope = reader.text(at, "scope");
    let ca = reader.file(at, "ca", CA);
    if !encrypted && matches!(mechanism.as_str(), "plain" | "oauth") {
        let hint =
            "set kafka.tls.enabled = true, or take scram-sha-512, which does not show the password";
        let what = "would send its secret where everybody on the network can read it";
        reader.refuse(at, "mechanism", what, hint);
    }
    match mechanism.as_str() {
        "plain" | "scram-sha-512" => {
            needed(reader, &mechanism, "user", user.is_empty());
            needed(reader, &mechanism, "password_file", password.is_none());
            let password_file = password.unwrap_or_default();
            if mechanism == "plain" {
                Login::Plain {
                    user,
                    password_file,
                }
            } else {
                Login::Scram {
                    user,
                    password_file,
                }
            }
        }
        "oauth" => {
            let address = Address::parse(&token_url);
            if !address.is_some_and(|it| it.keeps_secrets() && !it.has_user) {
                let hint =
                    "such as \"https://login.example/oauth2/token\"; http only goes to 127.0.0.1";
                reader.refuse(at, "token_url", "is no https address", hint);
            }
            needed(reader, &mechanism, "client_id", client_id.is_empty());
            needed(reader, &mechanism, "client_secret_file", secret.is_none());
            Login::OAuth {
                token_url,
                client_id,
                client_secret_file: secret.unwrap_or_default(),
                scope: Some(scope).filter(|scope| !scope.is_empty()),
                ca,
            }
        }
        _ => Login::None,
    }
}

fn needed(reader: &mut Reader<'_>, mechanism: &str, key: &str, missing: bool) {
    if missing {
        let what = format!("is empty, and {mechanism} needs it");
        let hint = "`pulsewire check --defaults` says what stands there";
        reader.refuse("kafka.login", key, &what, hint);
    }
}

fn overrides(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let overrides = reader.free();
    for (name, value) in &overrides {
        if let Some(hint) = kept::instead(name) {
            reader.refuse_free(name, &format!("must not set `{name}`"), hint);
        } else if let Some(why) = fault(name, value) {
            let what = format!("sets `{name}`, which Kafka's client does not take: {why}");
            reader.refuse_free(
                name,
                &what,
                "librdkafka's CONFIGURATION.md lists its settings",
            );
        }
    }
    overrides
}

#[cfg(feature = "kafka")]
fn fault(name: &str, value: &str) -> Option<String> {
    journal::kafka::setting_fault(name, value)
}

/// Without the client nobody knows.
#[cfg(not(feature = "kafka"))]
const fn fault(_: &str, _: &str) -> Option<String> {
    None
}

#[cfg(feature = "kafka")]
mod journal_config;

#[cfg(test)]
mod tests;
