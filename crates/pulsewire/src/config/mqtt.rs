//! The broker whose topics devices publish to.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::{Address, CA, PEM, SECRET, SHORTEST};

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mqtt {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_version_5: bool,
    pub(crate) client_id: String,
    pub(crate) topics: Vec<String>,
    pub(crate) status_topics: Vec<String>,
    pub(crate) source: String,
    pub(crate) user: String,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) session_expiry: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) retry_longest: Duration,
    pub(crate) tls: Option<MqttTls>,
}

/// How the broker is known, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MqttTls {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
}

/// Reads `[intake.mqtt]`; nothing where no broker is named.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Mqtt> {
    let at = "intake.mqtt";
    let broker = reader.text(at, "broker");
    let topics = reader.words(at, "topics");
    let version = reader.one_of(at, "version", &["3.1.1", "5"]);
    let (ca, certificate) = files(reader);
    let mut mqtt = Mqtt {
        host: String::new(),
        port: 0,
        is_version_5: version == "5",
        client_id: reader.text(at, "client_id"),
        topics,
        status_topics: reader.words(at, "status_topics"),
        source: reader.text(at, "source"),
        user: reader.text(at, "user"),
        password_file: reader.file(at, "password_file", SECRET),
        session_expiry: reader.duration(at, "session_expiry"),
        keep_alive: reader.duration_from(at, "keep_alive", Duration::from_secs(1)),
        retry_longest: reader.duration_from(at, "retry_longest", SHORTEST),
        tls: None,
    };
    if broker.is_empty() {
        return None;
    }
    let Some((host, port, tls)) = address(&broker) else {
        let hint = "such as \"mqtts://broker.example:8883\", or mqtt:// and port 1883 without TLS";
        reader.refuse(at, "broker", "is no address of a broker", hint);
        return None;
    };
    (mqtt.host, mqtt.port) = (host, port);
    mqtt.tls = tls.then_some(MqttTls { ca, certificate });
    let signs_in_openly = !mqtt.user.is_empty() && !tls && !stays_here(&mqtt.host);
    if signs_in_openly {
        let hint = "take mqtts; mqtt with a user only goes to this machine";
        reader.refuse(
            at,
            "broker",
            "would send the password where everybody on the network can read it",
            hint,
        );
    }
    if mqtt.topics.is_empty() && mqtt.status_topics.is_empty() {
        reader.refuse(
            at,
            "topics",
            "is empty",
            "name what devices publish to, such as \"devices/+/measurements\"",
        );
    }
    let names_device = |filter: &String| filter.split('/').any(|level| level == "+");
    if !mqtt.topics.iter().all(names_device) {
        let what = "holds a filter without a + that is the device's id: each message has to name its device";
        let hint = "write a + where the device's id stands, such as \"devices/+/measurements\"";
        reader.warn(at, "topics", what, hint);
    }
    if !mqtt.status_topics.iter().all(names_device) {
        let what = "holds a filter without a + that is the device's id";
        let hint = "write a + where the device's id stands, such as \"devices/+/status\"";
        reader.refuse(at, "status_topics", what, hint);
    }
    if mqtt.client_id.is_empty() {
        reader.refuse(
            at,
            "client_id",
            "is empty",
            "the broker keeps the session under it: choose one and keep it",
        );
    }
    Some(mqtt)
}

/// The authority's file, and ours with its key.
fn files(reader: &mut Reader<'_>) -> (Option<PathBuf>, Option<(PathBuf, PathBuf)>) {
    let at = "intake.mqtt.tls";
    let certificate = match (
        reader.file(at, "certificate", PEM),
        reader.file(at, "key", PEM),
    ) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            let hint = "a certificate needs its key, and a key its certificate";
            reader.refuse(at, "certificate", "is only half of what is needed", hint);
            None
        }
    };
    (reader.file(at, "ca", CA), certificate)
}

fn stays_here(host: &str) -> bool {
    Address::parse(&format!("http://{host}")).is_some_and(|address| address.loopback)
}

fn address(broker: &str) -> Option<(String, u16, bool)> {
    let (tls, rest) = match broker.split_once("://")? {
        ("mqtt", rest) => (false, rest),
        ("mqtts", rest) => (true, rest),
        _ => return None,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (rest, if tls { 8883 } else { 1883 }),
    };
    let is_host = !host.is_empty() && !host.contains(['/', '@']);
    is_host.then(|| (host.trim_matches(['[', ']']).to_owned(), port, tls))
}
