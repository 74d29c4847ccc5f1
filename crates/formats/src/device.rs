//! What devices at the bedside send: samples in JSON, FHIR and HL7 v2, and the compact packets that they become.

pub mod decimal;

pub mod quality;

pub mod nomenclature;

mod moment;

pub mod avro;

pub mod packet;

pub mod json;

pub mod sampled;

pub mod pcd01;

pub use decimal::Decimal;
pub use nomenclature::{Code, System};
pub use quality::Quality;

/// The most samples that one report may hold.
pub const SAMPLES_MAX: usize = 1 << 20;
/// The most series that one report may hold.
pub const SERIES_MAX: usize = 1 << 12;
/// The longest name of a device, code, unit or channel.
pub const NAME_BYTES_MAX: usize = 256;

/// What one device said in one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The device's id in its site.
    pub device: Box<str>,
    /// The device's own id of this message, by which it is known when it comes again.
    pub id: Option<Box<str>>,
    /// Whether the device says that it is there, where it says so.
    pub presence: Option<Presence>,
    /// What it measured, by code and channel.
    pub series: Vec<Series>,
    /// On whom the device is, where it says so.
    pub association: Option<Association>,
}

impl Report {
    /// Counts the samples.
    pub fn samples(&self) -> usize {
        self.series.iter().map(|series| series.samples.len()).sum()
    }
}

/// Whether a device is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is connected.
    Online,
    /// It is not, as it said itself or as its last will did.
    Offline,
}

impl Presence {
    /// Reads the words that devices use.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "online" | "connected" | "up" | "1" | "true" => Some(Self::Online),
            "offline" | "disconnected" | "down" | "0" | "false" => Some(Self::Offline),
            _ => None,
        }
    }
}

/// The samples of one code and channel, in the order sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What was measured.
    pub code: Code,
    /// Which of several sensors of the device it was: an OBX-4 containment or a name; may be empty.
    pub channel: Box<str>,
    /// The unit in UCUM, or as sent where it is unknown.
    pub unit: Box<str>,
    /// Whether it is a waveform, whose samples mean nothing one by one.
    pub waveform: bool,
    /// The samples.
    pub samples: Vec<Sample>,
}

/// One value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When it was true by the device's clock, in microseconds since 1970 in UTC; nothing where the device has no clock.
    pub at: Option<i64>,
    /// What was measured; nothing where the device has no value.
    pub value: Option<Decimal>,
    /// What the device says of it.
    pub quality: Quality,
    /// Its number in the count of the device, from 1; 0 where the device does not count.
    pub sequence: u64,
}

/// Who is on a device, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// The device's id in its site.
    pub device: Box<str>,
    /// Who gives the patient's identifier.
    pub authority: Box<str>,
    /// The patient's identifier; nothing where the device is on nobody from then on.
    pub identifier: Option<Box<str>>,
    /// Since when, in microseconds since 1970 in UTC.
    pub from: i64,
    /// Until when; nothing while it goes on.
    pub to: Option<i64>,
}

/// Why bytes are no report of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// A stable code.
    pub reason: Reason,
    /// What was found, and what to do; never content.
    pub what: String,
}

/// The codes of [`Unreadable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is not written as it should be.
    Malformed,
    /// It does not say which device it is of.
    NoDevice,
    /// It is of another device than where it came from says.
    OtherDevice,
    /// A sample does not say when it was taken, and nothing else tells it from the same message sent again.
    NoTime,
    /// It does not say what was measured.
    NoCode,
    /// It has more of something than may be.
    TooMuch,
    /// It says nothing.
    Empty,
}

impl Reason {
    /// Gives the code's name, which never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "device-malformed",
            Self::NoDevice => "device-missing",
            Self::OtherDevice => "device-differs",
            Self::NoTime => "device-sample-without-time",
            Self::NoCode => "device-sample-without-code",
            Self::TooMuch => "device-too-much",
            Self::Empty => "device-empty",
        }
    }
}

impl Unreadable {
    pub(crate) fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self {
            reason,
            what: what.into(),
        }
    }
}

impl From<crate::fhir::read::Malformed> for Unreadable {
    fn from(error: crate::fhir::read::Malformed) -> Self {
        Self::new(Reason::Malformed, error.to_string())
    }
}

/// Puts a sample where its series is, which is made where there is none.
fn put(report: &mut Report, of: Series, sample: Sample) -> Result<(), Unreadable> {
    let place = report.series.iter().rposition(|series| {
        series.code == of.code && series.channel == of.channel && series.unit == of.unit
    });
    let place = match place {
        Some(place) => place,
        None if report.series.len() < SERIES_MAX => {
            report.series.push(of);
            report.series.len() - 1
        }
        None => {
            let what = format!("more than {SERIES_MAX} codes in one message: send several");
            return Err(Unreadable::new(Reason::TooMuch, what));
        }
    };
    if let Some(series) = report.series.get_mut(place) {
        series.samples.push(sample);
    }
    Ok(())
}

/// A name that is not too long.
fn name(text: &str, what: &str) -> Result<Box<str>, Unreadable> {
    let text = text.trim();
    if text.len() > NAME_BYTES_MAX {
        let what = format!("{what} is longer than {NAME_BYTES_MAX} bytes: give its id alone");
        return Err(Unreadable::new(Reason::TooMuch, what));
    }
    Ok(text.into())
}
