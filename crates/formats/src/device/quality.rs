//! What a device says of a value, as bits.

/// What a device says of a value: the bits of MeasurementStatus in ISO/IEEE 11073-10201 as 1 << n, and above them what other
/// formats say; 0 where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quality(pub u32);

impl Quality {
    /// The value is wrong.
    pub const INVALID: Self = Self(1);
    /// The value may be wrong.
    pub const QUESTIONABLE: Self = Self(1 << 1);
    /// There is no value.
    pub const NOT_AVAILABLE: Self = Self(1 << 2);
    /// The sensor is being calibrated.
    pub const CALIBRATING: Self = Self(1 << 3);
    /// The value is of a test.
    pub const TEST: Self = Self(1 << 4);
    /// The value is of a demonstration.
    pub const DEMONSTRATION: Self = Self(1 << 5);
    /// A person looked at the value.
    pub const VALIDATED: Self = Self(1 << 8);
    /// The value is a first estimate.
    pub const EARLY: Self = Self(1 << 9);
    /// It is above what the sensor can measure.
    pub const ABOVE: Self = Self(1 << 16);
    /// It is below what the sensor can measure.
    pub const BELOW: Self = Self(1 << 17);
    /// A lead or probe is off.
    pub const LEAD_OFF: Self = Self(1 << 18);
    /// The battery is low.
    pub const BATTERY: Self = Self(1 << 19);

    /// What keeps a value from being taken for a vital sign.
    const TECHNICAL: u32 = Self::INVALID.0
        | Self::QUESTIONABLE.0
        | Self::NOT_AVAILABLE.0
        | Self::CALIBRATING.0
        | Self::TEST.0
        | Self::DEMONSTRATION.0
        | Self::ABOVE.0
        | Self::BELOW.0
        | Self::LEAD_OFF.0;

    /// Each bit that has a word, with the words that formats use for it; ours is the first.
    const WORDS: [(Self, &'static [&'static str]); 12] = [
        (Self::INVALID, &["invalid", "INV"]),
        (Self::QUESTIONABLE, &["questionable", "QUES"]),
        (
            Self::NOT_AVAILABLE,
            &["not-available", "NAV", "unavailable"],
        ),
        (Self::CALIBRATING, &["calibrating", "CALB", "calibration"]),
        (Self::TEST, &["test", "TEST"]),
        (Self::DEMONSTRATION, &["demonstration", "DEMO"]),
        (Self::VALIDATED, &["validated", "VAL"]),
        (Self::EARLY, &["early", "EARLY"]),
        (Self::ABOVE, &["above-range", "OUT-HIGH"]),
        (Self::BELOW, &["below-range", "OUT-LOW"]),
        (Self::LEAD_OFF, &["lead-off", "probe-off", "leads-off"]),
        (Self::BATTERY, &["battery-low", "battery"]),
    ];

    /// Gives both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all of another's bits are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Tells whether the value says nothing about a patient.
    pub const fn is_technical(self) -> bool {
        self.0 & Self::TECHNICAL != 0
    }

    /// Reads a word; nothing where it is unknown. `good` and `ok` set no bit.
    pub fn parse(word: &str) -> Option<Self> {
        if matches!(word, "good" | "ok" | "OK" | "valid") {
            return Some(Self::default());
        }
        let of = |known: &&str| known.eq_ignore_ascii_case(word);
        let found = Self::WORDS.iter().find(|(_, words)| words.iter().any(of));
        found.map(|(bit, _)| *bit)
    }

    /// Gives the words of the bits that are set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let set = Self::WORDS
            .into_iter()
            .filter(move |(bit, _)| self.has(*bit));
        set.filter_map(|(_, words)| words.first().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_has_a_word_that_is_read_back() {
        for (bit, words) in Quality::WORDS {
            assert!(words.iter().all(|word| Quality::parse(word) == Some(bit)));
            assert_eq!(bit.words().next(), words.first().copied());
        }
        assert_eq!(Quality::parse("splendid"), None);
        assert_eq!(Quality::parse("good"), Some(Quality::default()));
    }

    #[test]
    fn what_a_person_validated_is_no_technical_matter() {
        assert!(
            !Quality::VALIDATED
                .and(Quality::EARLY)
                .and(Quality::BATTERY)
                .is_technical()
        );
        assert!(Quality::VALIDATED.and(Quality::LEAD_OFF).is_technical());
    }
}
