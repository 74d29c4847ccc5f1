//! What records are keyed by.

/// What a record is keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The patient's pseudonym, 16 bytes; of a message of no patient or of several, the control key of its message.
    Patient,
    /// The device's pseudonym, 16 bytes.
    Device,
    /// The subscription's pseudonym, 16 bytes.
    Subscription,
    /// The id of the message, 16 bytes.
    Message,
    /// A place in the journal.
    Place,
    /// The configured name of a source.
    Source,
    /// The provider's pseudonym, 16 bytes.
    Provider,
    /// The pseudonym of a provider and a week, 16 bytes.
    ProviderWeek,
    /// A specialty and a family of visits.
    Specialty,
    /// The name of a unit of the hospital.
    Unit,
    /// The name of the workload whose model it is about.
    Model,
    /// Nothing.
    None,
    /// Bytes of a stage's own.
    State,
    /// A subject of the schema registry, and what is said of it.
    Subject,
    /// The fingerprint of a site key.
    Fingerprint,
}

impl Key {
    /// Says what it is.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Patient => {
                "The patient's pseudonym: 16 bytes of HMAC-SHA256 under the site key over assigning authority and identifier; where a message names no patient or several, over its source and control id. All that concerns a patient is on one partition (murmur2 of the key), in order."
            }
            Self::Device => {
                "The device's pseudonym: 16 bytes of HMAC-SHA256 under the site key over source and device id. All that concerns a device is on one partition (murmur2 of the key), in order."
            }
            Self::Subscription => {
                "The subscription's pseudonym: 16 bytes of HMAC-SHA256 under the site key over source and subscription."
            }
            Self::Message => "The id of the message: 16 bytes.",
            Self::Place => "topic/partition/offset of the record in quarantine.",
            Self::Source => {
                "The configured name of the source; * for all of them together. All that concerns a source is on one partition."
            }
            Self::Provider => {
                "The provider's pseudonym: 16 bytes of HMAC-SHA256 under the site key over what claims name them by."
            }
            Self::ProviderWeek => {
                "The pseudonym of a provider and a week: 16 bytes of HMAC-SHA256 under the site key. All claims of a provider's week are on one partition."
            }
            Self::Specialty => {
                "The specialty (NUCC taxonomy), a space and the family of visits. All that is compared is on one partition."
            }
            Self::Unit => {
                "The unit as its sender names it. All that concerns a unit is on one partition."
            }
            Self::Model => {
                "The workload whose learned model it is about. All that concerns a model is on one partition."
            }
            Self::None => "No key: it says nothing of whom it came from.",
            Self::State => "A key of the stage's own encoding.",
            Self::Subject => "What is said, of which subject and version, as JSON.",
            Self::Fingerprint => "The same as the value.",
        }
    }
}
