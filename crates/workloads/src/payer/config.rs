//! What a site may set for payer workloads.

use jiff::tz::TimeZone;

use super::edits::Edits;
use super::ledger::LedgerConfig;

/// What a site may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerConfig {
    /// What kind of payer decides, by the words of `authorization_clocks.tsv`; none is without a clock.
    pub kind: Box<str>,
    /// Where days begin and end.
    pub zone: TimeZone,
    /// From when a request's clock goes.
    pub receipt: Receipt,
    /// Services that are not claimed together, and units that are not likely.
    pub edits: Edits,
    /// What days of providers are held against.
    pub ledger: LedgerConfig,
    /// The panels whose members' visits are told of: system, `|` and code of a Flag, and what the site calls it.
    pub panels: Vec<(Box<str>, Box<str>)>,
    /// How many days after an emergency visit somebody should have seen a member of a panel; nothing looks where there is none.
    pub seen_after_emergency: Option<u16>,
    /// The same of a stay.
    pub seen_after_stay: Option<u16>,
}

/// From when a request's clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// From when this platform accepted it, which is the payer's receipt where the payer runs it. History that was loaded
    /// counts by what it states.
    Received,
    /// From when the request says that it was made.
    Stated,
}

impl Receipt {
    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "received" => Some(Self::Received),
            "stated" => Some(Self::Stated),
            _ => None,
        }
    }
}

impl PayerConfig {
    /// Takes a kind of payer and the IANA name of its zone; nothing where there is no such zone.
    pub fn new(kind: &str, zone: &str) -> Option<Self> {
        Some(Self {
            kind: kind.into(),
            zone: TimeZone::get(zone).ok()?,
            ..Self::default()
        })
    }
}

impl Default for PayerConfig {
    fn default() -> Self {
        Self {
            kind: "medicare-advantage".into(),
            zone: TimeZone::UTC,
            receipt: Receipt::Received,
            edits: Edits::default(),
            ledger: LedgerConfig::default(),
            panels: Vec::new(),
            seen_after_emergency: None,
            seen_after_stay: None,
        }
    }
}
