//! Which configured sender a message is from, and what that says about its patient and its time.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use clinical::{PatientKey, SiteKey};
use formats::hl7v2::{Charset, Header, Message};
use mapping::identity::{Subjects, subjects};
use mapping::source::{self, Zone};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use crate::config;
use crate::metrics::{FrameLabels, Metrics, Outcome, SourceLabel};

/// The name of the source that all messages have that no other names.
const DEFAULT: &str = "default";

/// HL7 table 0103: production, neither training (`T`) nor debugging (`D`).
const PRODUCTION: &str = "P";
/// Why a message is not taken that is none of production.
pub(crate) const NOT_PRODUCTION: &str = "not-production";
/// What is told to its sender.
pub(crate) const NOT_PRODUCTION_TEXT: &str = "MSH-11 is not P, and only production data is taken from this source: send P, or set processing = \"any\" for the source";

/// One configured sender.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) mapping: source::Source,
    application: String,
    facility: String,
    /// Whether a remittance of it that does not add up waits for a person.
    pub(crate) keeps_unbalanced: bool,
    /// Whether nothing is taken but what says that it is production data.
    pub(crate) production_only: bool,
    counted: OnceLock<Counted>,
}

/// What is counted of a sender, found once: looking it up by its name is too much for every message.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) accepted: Counter,
    pub(crate) frame_bytes: Counter,
    pub(crate) last_seen: Gauge<f64, AtomicU64>,
}

/// All configured senders.
#[derive(Debug)]
pub(crate) struct Sources {
    named: Vec<Source>,
    default: Source,
}

/// A setting of a sender that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("source.{name}: {what}")]
pub(crate) struct Error {
    name: String,
    what: String,
}

impl Sources {
    /// Takes in what is configured.
    pub(crate) fn new(configured: &BTreeMap<String, config::Source>) -> Result<Self, Error> {
        let mut named = Vec::new();
        let mut default = None;
        for (name, config) in configured {
            let source = Source::new(name, config).map_err(|what| Error {
                name: name.clone(),
                what,
            })?;
            if name == DEFAULT {
                default = Some(source);
            } else {
                named.push(source);
            }
        }
        // The one that says more about its messages is asked first.
        named.sort_by_key(|source: &Source| {
            std::cmp::Reverse(
                u8::from(!source.application.is_empty()) + u8::from(!source.facility.is_empty()),
            )
        });
        Ok(Self {
            named,
            default: default.expect("the defaults have a default source"),
        })
    }

    /// The sender of a message, by MSH-3 and MSH-4.
    pub(crate) fn of(&self, header: Option<&Header<'_>>) -> &Source {
        let Some(header) = header.filter(|_| !self.named.is_empty()) else {
            return &self.default;
        };
        let application = header.sending_application().component(1).text();
        let facility = header.sending_facility().component(1).text();
        let matches = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let named = self.named.iter().find(|source| {
            source.is_found_in_messages()
                && matches(&source.application, &application)
                && matches(&source.facility, &facility)
        });
        named.unwrap_or(&self.default)
    }

    /// The sender of this name, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&Source> {
        self.all().find(|source| &*source.name == name)
    }

    /// The sender of this name, for records that carry it.
    pub(crate) fn named(&self, name: &str) -> &Source {
        self.named
            .iter()
            .find(|source| &*source.name == name)
            .unwrap_or(&self.default)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Source> {
        self.named.iter().chain([&self.default])
    }

    /// The pseudonym of a message's one patient; nothing where it has none or several.
    pub(crate) fn key(
        &self,
        message: &Message<'_>,
        source: &Source,
        site: &SiteKey,
    ) -> Option<PatientKey> {
        match subjects(message, &source.mapping) {
            // A merge goes with the survivor's other messages, in their order.
            Subjects::One(patient)
            | Subjects::Merge {
                survivor: patient, ..
            } => Some(patient.key(site)),
            _ => None,
        }
    }

    /// When a message was made (MSH-7), in microseconds since the epoch; nothing where it does not say.
    pub(crate) fn time(&self, message: &Message<'_>, source: &Source) -> Option<i64> {
        mapping::map::message_time(message, &source.mapping).map(clinical::EventTime::micros)
    }
}

impl Source {
    /// Its counters.
    pub(crate) fn counted(&self, metrics: &Metrics) -> &Counted {
        self.counted.get_or_init(|| {
            let source = self.name.to_string();
            let frames = FrameLabels {
                source: source.clone(),
                outcome: Outcome::Accepted,
            };
            let label = SourceLabel { source };
            Counted {
                accepted: metrics.frames.get_or_create(&frames).clone(),
                frame_bytes: metrics.frame_bytes.get_or_create(&label).clone(),
                last_seen: metrics.last_seen.get_or_create(&label).clone(),
            }
        })
    }

    /// Whether its messages are known by what they say; or else only by who brings them.
    fn is_found_in_messages(&self) -> bool {
        !self.application.is_empty() || !self.facility.is_empty()
    }

    /// Whether a message that was read as UTF-8, or as MSH-18 says, was read as this sender means it.
    pub(crate) fn is_read_as(&self, plain: &Message<'_>) -> bool {
        self.mapping.charset == Charset::Utf8 && !plain.charset().may_hold_separators()
    }

    /// Makes an answer to a message, in the bytes that its sender reads.
    pub(crate) fn answer(
        &self,
        bytes: &[u8],
        make: impl FnOnce(&Message<'_>) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let readable = self.mapping.readable(bytes);
        make(&readable.message()).map(|answer| readable.as_sent(answer))
    }

    /// Whether it takes a message: all of them, or only what MSH-11 says is production data.
    pub(crate) fn takes(&self, message: &Message<'_>) -> bool {
        let header = message.header();
        !self.production_only || header.is_some_and(|header| header.processing_id() == PRODUCTION)
    }

    fn new(name: &str, config: &config::Source) -> Result<Self, String> {
        let mut mapping = source::Source::new(name);
        mapping.zone = Zone::parse(&config.zone).map_err(|error| error.to_string())?;
        mapping.charset = Charset::from_name(&config.charset).ok_or_else(|| {
            format!(
                "`{}` is no character set of HL7 table 0211, such as \"8859/1\" or \"UTF-8\"",
                config.charset
            )
        })?;
        mapping.authority = Some(config.assigning_authority.as_str())
            .filter(|text| !text.is_empty())
            .map(Into::into);
        for (called, name) in &config.authorities {
            let (called, name): (Box<str>, Box<str>) =
                (called.as_str().into(), name.as_str().into());
            // Only a URI can stand for the authority in FHIR.
            if called.contains(':') {
                mapping
                    .authorities
                    .insert(Box::clone(&name), Box::clone(&called));
            }
            mapping.preferred.push(Box::clone(&name));
            mapping.aliases.insert(called, name);
        }
        mapping.codes = config.codes.clone();
        Ok(Self {
            name: name.into(),
            mapping,
            application: config.sending_application.clone(),
            facility: config.sending_facility.clone(),
            keeps_unbalanced: config.keeps_unbalanced,
            production_only: config.production_only,
            counted: OnceLock::new(),
        })
    }
}
