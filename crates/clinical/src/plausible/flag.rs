//! Why a measurement is doubted, in codes that stay the same in every version.

/// Why a measurement is doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No such value exists: below nothing, or above all of something.
    ImpossibleValue,
    /// No survivor is known to have had it.
    ImplausibleValue,
    /// A zero that only a sensor measures which is off or loose.
    ZeroValue,
    /// Nobody has said what its unit means.
    UnknownUnit,
    /// It has no unit, and needs one.
    MissingUnit,
    /// Its unit is of something else.
    UnfitUnit,
    /// It is words, or digits that cannot be read as one number (`12,5`, `NaN`).
    UnparsedValue,
    /// It speaks of a time that has not come.
    FromFuture,
    /// It speaks of a time before the patient was born.
    BeforeBirth,
    /// It speaks of a time before anybody living was born.
    TooLongAgo,
    /// It was released before it was measured.
    IssuedBefore,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ImpossibleValue,
        Self::ImplausibleValue,
        Self::ZeroValue,
        Self::UnknownUnit,
        Self::MissingUnit,
        Self::UnfitUnit,
        Self::UnparsedValue,
        Self::FromFuture,
        Self::BeforeBirth,
        Self::TooLongAgo,
        Self::IssuedBefore,
    ];

    /// Gives its code, which is also the name of its rule.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ImpossibleValue => "impossible-value",
            Self::ImplausibleValue => "implausible-value",
            Self::ZeroValue => "zero-value",
            Self::UnknownUnit => "unknown-unit",
            Self::MissingUnit => "missing-unit",
            Self::UnfitUnit => "unfit-unit",
            Self::UnparsedValue => "unparsed-value",
            Self::FromFuture => "from-future",
            Self::BeforeBirth => "before-birth",
            Self::TooLongAgo => "too-long-ago",
            Self::IssuedBefore => "issued-before-effective",
        }
    }

    /// Reads its code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Says what is wrong and what to do about it, without anything that identifies a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ImpossibleValue => "the value cannot exist: check the device and its unit",
            Self::ImplausibleValue => {
                "no living patient has this value: check the device and its unit"
            }
            Self::ZeroValue => {
                "zero is what a sensor says that measures nothing: check that it is attached"
            }
            Self::UnknownUnit => {
                "the unit is not known: map it to a UCUM code at the source or in the mapping tables"
            }
            Self::MissingUnit => "there is no unit: have the source send one in UCUM",
            Self::UnfitUnit => {
                "the unit is of something else: check the code and the unit that the source sends"
            }
            Self::UnparsedValue => {
                "the value cannot be read as a number: have the source send digits with a decimal point"
            }
            Self::FromFuture => {
                "the time has not come: set the source's clock or its time zone right"
            }
            Self::BeforeBirth => {
                "the time is before the patient's birth: check the time and the birth date"
            }
            Self::TooLongAgo => {
                "the time is before anybody living was born: set the source's clock right"
            }
            Self::IssuedBefore => "it was released before it was measured: check both clocks",
        }
    }

    /// Says whether it is about the time, which all parts of a measurement have in common.
    pub const fn is_about_time(self) -> bool {
        matches!(
            self,
            Self::FromFuture | Self::BeforeBirth | Self::TooLongAgo | Self::IssuedBefore
        )
    }

    /// Says whether a value that is doubted for this may still be scored: only where what is doubted is not what a score rests
    /// on, so that two clocks which disagree do not hide a patient who deteriorates.
    pub const fn allows_scoring(self) -> bool {
        matches!(self, Self::IssuedBefore)
    }
}

/// A doubt about a measurement, or about one part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The doubt.
    pub reason: Reason,
    /// The LOINC code of the component it is about; empty where it is about the whole, or the value itself.
    pub part: Box<str>,
}

impl Flag {
    /// Doubts the whole.
    pub fn whole(reason: Reason) -> Self {
        Self {
            reason,
            part: "".into(),
        }
    }
}

/// Gives the flags as a header says them: `zero-value,unknown-unit@8462-4`.
pub fn flags_to_header(flags: &[Flag]) -> String {
    let words = flags.iter().map(|flag| match &*flag.part {
        "" => flag.reason.code().to_owned(),
        part => format!("{}@{part}", flag.reason.code()),
    });
    words.collect::<Vec<_>>().join(",")
}

/// Reads the flags from a header; a code of a newer version is passed over.
pub fn flags_from_header(header: &str) -> Vec<Flag> {
    let words = header.split(',').map(str::trim);
    words
        .filter_map(|word| {
            let (code, part) = word.split_once('@').unwrap_or((word, ""));
            Some(Flag {
                reason: Reason::parse(code)?,
                part: part.into(),
            })
        })
        .collect()
}
