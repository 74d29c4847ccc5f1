//! What may be configured: `defaults.toml` is the reference, a file holds what differs, and every mistake is told at once.

mod delivery;
mod devices;
mod emergency;
mod holding;
mod http;
mod kafka;
mod mqtt;
mod payer;

mod plausibility;

mod bundle;
mod care_gaps;

mod address;
mod files;
mod packs;
mod secret;
mod source;
mod subscription;
mod together;

mod reader;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clinical::Severity;
use formats::fhir::definition::Definition;
use schema::compatibility::Mode as Compatibility;

pub(crate) use address::Address;
pub(crate) use care_gaps::CareGaps;
pub(crate) use delivery::{Channel, ChannelKind, Heartbeat};
pub(crate) use files::Files;
use holding::Holding;
pub(crate) use http::Http;
pub(crate) use kafka::Kafka;
pub(crate) use mqtt::{Mqtt, MqttTls};
use packs::Workloads;
pub(crate) use reader::Problem;
use reader::Reader;
pub(crate) use secret::secret;
pub(crate) use source::Source;
pub(crate) use subscription::Subscription;
pub(crate) use value::duration;

use crate::roles::Roles;
use crate::stages::{DeviceSettings, Mode, Plausibility, Validation};

/// Every setting with its default, and what it is for.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

/// A wait shorter than this would be none.
const SHORTEST: Duration = Duration::from_millis(100);
/// Records that are kept for less are gone before a stage that was stopped has read them.
const RETENTION_LEAST: Duration = Duration::from_secs(60 * 60);
/// What the place of the data looks like.
const DIRECTORY: &str = "the folder that all is kept in, such as \"/var/lib/pulsewire\"";
/// What to do about a file of ours that there is not.
const PEM: &str = "name the PEM file with the certificate or the key, or leave out both";
/// What to do about a file of authorities that there is not.
const CA: &str = "name the PEM file with the certificates of the authorities, or leave it out";
/// What to do about a file with a secret that there is not.
const SECRET: &str = "name the file that holds it and nothing else, readable by its owner alone";
/// What to do about a site key that there is not.
const SITE_KEY: &str = "restore it from a backup; for a new site make it once: `head -c 32 /dev/urandom > site.key && chmod 600 site.key`";
/// A message is at least and at most so large: a write of the journal holds it and what becomes of it.
const FRAME_SIZE_LEAST: u64 = 1 << 10;
const FRAME_SIZE_MOST: u64 = 32 << 20;

/// What the configuration means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) journal: Journal,
    /// Without it, the journal is on the local disk.
    pub(crate) kafka: Option<Kafka>,
    pub(crate) mllp: Mllp,
    pub(crate) http: Http,
    /// Without it, no device is listened to.
    pub(crate) mqtt: Option<Mqtt>,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) files: BTreeMap<String, Files>,
    pub(crate) validation: Validation,
    pub(crate) plausibility: Plausibility,
    pub(crate) devices: DeviceSettings,
    pub(crate) workloads: Workloads,
    /// Without it, no quality measure is looked at.
    pub(crate) care_gaps: Option<CareGaps>,
    pub(crate) alerts_from: Severity,
    /// What the conditions begin with of which whoever is told must repeat it.
    pub(crate) read_back: Vec<Box<str>>,
    pub(crate) holding: Holding,
    pub(crate) delivery: BTreeMap<String, Channel>,
    /// Where it is told that all is well; nothing where nobody wants to know.
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) schema_registry: SchemaRegistry,
    pub(crate) control_listen: SocketAddr,
    pub(crate) log_level: String,
    /// Only the command line can tell them: processes of one site share a file.
    pub(crate) roles: Roles,
    /// What can be, and is hardly meant.
    pub(crate) warnings: Vec<Problem>,
}

impl Config {
    /// The names of all sources that there are by it, each once.
    pub(crate) fn source_names(&self) -> impl Iterator<Item = &str> {
        let devices = self.mqtt.iter().map(|mqtt| mqtt.source.as_str());
        let own = devices.filter(|name| !self.sources.contains_key(*name));
        self.sources.keys().map(String::as_str).chain(own)
    }

    /// Whether there is a source of this name by it.
    pub(crate) fn has_source(&self, name: &str) -> bool {
        let devices = self.mqtt.as_ref().map(|mqtt| &*mqtt.source);
        self.sources.contains_key(name) || devices == Some(name)
    }
}

/// The journal's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Journal {
    pub(crate) directory: PathBuf,
    pub(crate) partitions: u16,
    pub(crate) segment_size: u64,
    pub(crate) retention: Duration,
    pub(crate) warn_below: u64,
    pub(crate) refuse_below: u64,
    pub(crate) site_key: Option<PathBuf>,
}

/// The MLLP listener's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mllp {
    pub(crate) listen: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) frame_size: usize,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) frame_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) write_timeout: Duration,
    pub(crate) resend_window: Duration,
    pub(crate) tls: Option<Tls>,
}

/// A listener's certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: Option<PathBuf>,
    pub(crate) handshake_timeout: Duration,
}

/// Where schemas are registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaRegistry {
    /// Empty is our own.
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) timeout: Duration,
    pub(crate) retry_for: Duration,
    pub(crate) compatibility: Compatibility,
}

/// Reads a configuration file; all its mistakes are told together.
pub(crate) fn load(path: &Path) -> Result<Config, Vec<Problem>> {
    parse(&read(path)?)
}

/// Reads a configuration file to run by it: what else it names must be there, too.
pub(crate) fn load_to_run(path: &Path) -> Result<Config, Vec<Problem>> {
    parse_looking_at_files(&read(path)?)
}

fn read(path: &Path) -> Result<String, Vec<Problem>> {
    std::fs::read_to_string(path).map_err(|error| {
        vec![Problem {
            line: 0,
            what: format!("{} cannot be read: {error}", path.display()),
            hint: "name a TOML file; `pulsewire check --defaults` prints one to start from".into(),
        }]
    })
}

/// The configuration of an empty file.
pub(crate) fn defaults() -> Config {
    parse("").expect("the defaults are tested to be valid")
}

/// Reads a configuration from text.
pub(crate) fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    understood(Reader::new(DEFAULTS, text)?)
}

fn parse_looking_at_files(text: &str) -> Result<Config, Vec<Problem>> {
    let mut reader = Reader::new(DEFAULTS, text)?;
    reader.look_at_files();
    understood(reader)
}

fn understood(mut reader: Reader<'_>) -> Result<Config, Vec<Problem>> {
    let holding = holding::read(&mut reader);
    let workloads = packs::read(&mut reader, &holding);
    let read_back = holding::read_back(&mut reader, &workloads);
    let mut config = Config {
        journal: journal(&mut reader),
        kafka: kafka::read(&mut reader),
        mllp: mllp(&mut reader),
        http: http::read(&mut reader),
        mqtt: mqtt::read(&mut reader),
        sources: source::read(&mut reader),
        files: watched(&mut reader),
        subscriptions: subscription::read(&mut reader),
        validation: validation(&mut reader),
        plausibility: plausibility::read(&mut reader),
        devices: devices::read(&mut reader),
        workloads,
        care_gaps: care_gaps::read(&mut reader),
        alerts_from: reader.severity("alerts", "from_severity"),
        read_back,
        holding,
        delivery: delivery::read(&mut reader),
        heartbeat: delivery::heartbeat(&mut reader),
        schema_registry: schema_registry(&mut reader),
        control_listen: control(&mut reader),
        log_level: reader.one_of("log", "level", &["error", "warn", "info", "debug"]),
        roles: Roles::all(),
        warnings: Vec::new(),
    };
    together::check(&mut reader, &config);
    config.warnings = reader.finish()?;
    Ok(config)
}

fn journal(reader: &mut Reader<'_>) -> Journal {
    let at = "journal";
    let journal = Journal {
        directory: reader
            .text_as(at, "directory", DIRECTORY, |text| !text.is_empty())
            .into(),
        partitions: reader
            .count(at, "partitions", 1, 512)
            .try_into()
            .unwrap_or(u16::MAX),
        segment_size: reader.size(at, "segment_size"),
        retention: reader.duration_from(at, "retention", RETENTION_LEAST),
        warn_below: reader.size(at, "warn_below"),
        refuse_below: reader.size(at, "refuse_below"),
        site_key: reader.file(at, "site_key", SITE_KEY),
    };
    reader.is_plain(at, "directory", &journal.directory.to_string_lossy());
    if journal.refuse_below > journal.warn_below {
        reader.refuse(
            at,
            "warn_below",
            "is less than refuse_below",
            "warn before refusing: make it the larger one",
        );
    }
    journal
}

/// The pages show names, and whoever reaches them is taken for the operator: only this machine may.
fn control(reader: &mut Reader<'_>) -> SocketAddr {
    let listen = reader.address("control", "listen");
    if !listen.ip().is_loopback() {
        let hint =
            "there is no sign-in yet: keep it on 127.0.0.1 and reach it through an SSH tunnel";
        reader.refuse("control", "listen", "is not on loopback", hint);
    }
    listen
}

fn mllp(reader: &mut Reader<'_>) -> Mllp {
    let at = "intake.mllp";
    let frame_size = reader.size_between(at, "frame_size", FRAME_SIZE_LEAST, FRAME_SIZE_MOST);
    Mllp {
        listen: reader.address(at, "listen"),
        connections: reader.count(at, "connections", 1, 65_536),
        connections_per_address: reader.count(at, "connections_per_address", 1, 65_536),
        frame_size: usize::try_from(frame_size).unwrap_or(usize::MAX),
        first_byte_timeout: reader.duration_from(at, "first_byte_timeout", SHORTEST),
        frame_timeout: reader.duration_from(at, "frame_timeout", SHORTEST),
        idle_timeout: Some(reader.duration(at, "idle_timeout"))
            .filter(|timeout| !timeout.is_zero()),
        write_timeout: reader.duration_from(at, "write_timeout", SHORTEST),
        resend_window: reader.duration_from(at, "resend_window", Duration::from_secs(60)),
        tls: tls(reader, "intake.mllp.tls"),
    }
}

fn tls(reader: &mut Reader<'_>, at: &str) -> Option<Tls> {
    let client_ca = reader.file(at, "client_ca", CA);
    let handshake_timeout = reader.duration(at, "handshake_timeout");
    let certificate = reader.file(at, "certificate", PEM);
    match (certificate, reader.file(at, "key", PEM)) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate,
            key,
            client_ca,
            handshake_timeout,
        }),
        (None, None) if client_ca.is_none() => None,
        _ => {
            let hint = "TLS needs both certificate and key; client_ca only goes with them";
            reader.refuse(at, "certificate", "is only half of what TLS needs", hint);
            None
        }
    }
}

fn watched(reader: &mut Reader<'_>) -> BTreeMap<String, Files> {
    let sources = reader.named("source").into_iter().collect();
    let names = reader.named("files").into_iter();
    let mut all: BTreeMap<String, Files> = BTreeMap::new();
    for name in names {
        let Some(read) = files::read(reader, &name, &sources) else {
            continue;
        };
        if all.values().any(|other| other.directory == read.directory) {
            let hint = "give each folder to one [files.NAME]: what one reads the other would miss";
            reader.refuse(
                &format!("files.{name}"),
                "directory",
                "is that of another",
                hint,
            );
        }
        all.insert(name, read);
    }
    all
}

fn validation(reader: &mut Reader<'_>) -> Validation {
    let mut validation = Validation::default();
    for name in reader.named("validation") {
        let at = format!("validation.{name}");
        let mode = Mode::parse(&reader.one_of(&at, "mode", &Mode::NAMES));
        if name == "default" {
            validation.default = mode;
        } else if Definition::of(&name).is_some_and(Definition::is_resource) {
            validation.by_type.insert(name, mode);
        } else {
            let what = "is for no resource of FHIR R4";
            let hint = "name a resource type as FHIR writes it, such as [validation.Observation]";
            reader.refuse(&at, "mode", what, hint);
        }
    }
    validation
}

fn schema_registry(reader: &mut Reader<'_>) -> SchemaRegistry {
    let at = "schema_registry";
    let modes = Compatibility::ALL.map(|mode| mode.name().to_ascii_lowercase());
    let words: Vec<&str> = modes.iter().map(String::as_str).collect();
    let mode = reader.one_of(at, "compatibility", &words);
    let registry = SchemaRegistry {
        url: reader.text(at, "url"),
        user: reader.text(at, "user"),
        password_file: reader.file(at, "password_file", SECRET),
        ca: reader.file(at, "ca", CA),
        timeout: reader.duration_from(at, "timeout", SHORTEST),
        retry_for: reader.duration(at, "retry_for"),
        compatibility: Compatibility::parse(&mode).unwrap_or(Compatibility::BackwardTransitive),
    };
    let signs_in = !registry.user.is_empty() || registry.password_file.is_some();
    match Address::parse(&registry.url) {
        None if registry.url.is_empty() => {}
        None => {
            let hint = "such as \"https://registry.example\", or empty for Pulsewire's own";
            reader.refuse(at, "url", "is no http or https address", hint);
        }
        Some(address) if address.has_user => {
            let hint = "set user and password_file instead: addresses stand in logs";
            reader.refuse(at, "url", "holds a user", hint);
        }
        Some(address) if signs_in && !address.keeps_secrets() => {
            let hint = "take https; http with a user only goes to this machine";
            let what = "would send the password where everybody on the network can read it";
            reader.refuse(at, "url", what, hint);
        }
        Some(_) => {}
    }
    if registry.user.is_empty() != registry.password_file.is_none() {
        let hint = "a user needs a password_file, and a password_file a user";
        reader.refuse(at, "user", "is only half of what signing in needs", hint);
    }
    registry
}

#[cfg(test)]
mod tests;
