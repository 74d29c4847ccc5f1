//! What devices call what they measure, and what FHIR calls it: ISO/IEEE 11073-10101, LOINC and UCUM, from tables.

use std::borrow::Cow;
use std::sync::OnceLock;

const CODES: &str = include_str!("../../data/device/codes.tsv");
const UNITS: &str = include_str!("../../data/device/units.tsv");

/// What FHIR calls the coding system of ISO/IEEE 11073-10101.
pub const MDC_SYSTEM: &str = "urn:iso:std:iso:11073:10101";
/// What FHIR calls LOINC.
pub const LOINC_SYSTEM: &str = "http://loinc.org";

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// ISO/IEEE 11073-10101.
    Mdc,
    /// LOINC.
    Loinc,
    /// The device's own.
    Local,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// Whose code it is.
    pub system: System,
    /// The code: of [`System::Mdc`] its number where the table has it.
    pub code: Box<str>,
}

/// A row of the table of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Partition * 65536 + code.
    pub number: &'static str,
    /// The reference id, such as `MDC_ECG_HEART_RATE`.
    pub reference: &'static str,
    /// The LOINC code; empty where there is none.
    pub loinc: &'static str,
    /// LOINC's words for it.
    pub words: &'static str,
    /// The usual unit, in UCUM.
    pub unit: &'static str,
    /// Whether it is a waveform.
    pub waveform: bool,
    /// Whether each value is the time since what came before it.
    pub intervals: bool,
    /// Where the row comes from.
    pub source: &'static str,
}

impl Code {
    /// Reads a code without its system: a number or reference id of 11073, a LOINC code, or a name of the device's own.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number || text.starts_with("MDC_") {
            return Self::of(MDC_SYSTEM, text);
        }
        let system = if is_loinc(text) {
            System::Loinc
        } else {
            System::Local
        };
        Self {
            system,
            code: text.into(),
        }
    }

    /// Takes a code with its system, as FHIR or HL7 v2 name it.
    pub fn of(system: &str, code: &str) -> Self {
        let system = match system {
            MDC_SYSTEM | "urn:oid:2.16.840.1.113883.6.24" | "MDC" => System::Mdc,
            LOINC_SYSTEM | "urn:oid:2.16.840.1.113883.6.1" | "LN" => System::Loinc,
            _ => System::Local,
        };
        let known = (system == System::Mdc).then(|| mdc(code)).flatten();
        let code = known.map_or(code, |row| row.number);
        Self {
            system,
            code: code.into(),
        }
    }

    /// Gives what the table knows of it; of a LOINC code, the first row that has it.
    pub fn meaning(&self) -> Option<&'static Meaning> {
        match self.system {
            System::Mdc => mdc(&self.code),
            System::Loinc => rows().iter().find(|row| row.loinc == &*self.code),
            System::Local => None,
        }
    }

    /// Gives FHIR's name of its system; nothing for the device's own.
    pub const fn system_uri(&self) -> Option<&'static str> {
        match self.system {
            System::Mdc => Some(MDC_SYSTEM),
            System::Loinc => Some(LOINC_SYSTEM),
            System::Local => None,
        }
    }
}

/// The unit in UCUM of a number or reference id of 11073; anything else stays as it is.
pub fn unit(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(ucum(text).unwrap_or(text.trim()))
}

/// The unit in UCUM of a number or reference id of 11073, where the table has it.
pub fn ucum(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let found = units()
        .iter()
        .find(|(number, reference, _)| text == *number || text == *reference);
    found.map(|(_, _, ucum)| *ucum)
}

/// Gives a unit as its code in UCUM, where the tables have it as one.
pub fn code_of_ucum(text: &str) -> Option<&'static str> {
    let of_units = units().iter().map(|(_, _, code)| *code);
    let of_codes = rows().iter().map(|row| row.unit);
    of_units.chain(of_codes).find(|code| *code == text)
}

/// All rows of the table of codes.
pub fn rows() -> &'static [Meaning] {
    static ROWS: OnceLock<Vec<Meaning>> = OnceLock::new();
    ROWS.get_or_init(|| lines(CODES).filter_map(meaning).collect())
}

fn units() -> &'static [(&'static str, &'static str, &'static str)] {
    static ROWS: OnceLock<Vec<(&str, &str, &str)>> = OnceLock::new();
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    };
    ROWS.get_or_init(|| lines(UNITS).filter_map(row).collect())
}

fn mdc(code: &str) -> Option<&'static Meaning> {
    rows()
        .iter()
        .find(|row| row.number == code || row.reference == code)
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = table.lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn meaning(line: &'static str) -> Option<Meaning> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [number, reference, loinc, words, unit, sort, source] = cells.try_into().ok()?;
    Some(Meaning {
        number,
        reference,
        loinc,
        words,
        unit,
        waveform: sort == "waveform",
        intervals: sort == "intervals",
        source,
    })
}

/// Digits, a hyphen, and the digit that checks them, by the modulus 10 of LOINC.
fn is_loinc(text: &str) -> bool {
    let Some((digits, [check])) = text.split_once('-').map(|(a, b)| (a, b.as_bytes())) else {
        return false;
    };
    let is_digits = (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let each = digits.bytes().rev().enumerate().map(|(place, digit)| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        match place % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        }
    });
    is_digits && (10 - each.sum::<u32>() % 10) % 10 == u32::from(check.wrapping_sub(b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_once_and_says_where_it_comes_from() {
        assert_eq!(rows().len(), lines(CODES).count());
        assert_eq!(units().len(), lines(UNITS).count());
        for (place, row) in rows().iter().enumerate() {
            assert!(row.source.starts_with("11073-10101 2::"), "{row:?}");
            let number: u32 = row.number.parse().expect("a number");
            let of_partition = number - 2 * 65536;
            assert!(
                row.source.contains(&format!("2::{of_partition}")),
                "{row:?}"
            );
            assert!(row.loinc.is_empty() || is_loinc(row.loinc), "{row:?}");
            assert_eq!(row.loinc.is_empty(), row.words.is_empty(), "{row:?}");
            let twice =
                |other: &Meaning| other.number == row.number || other.reference == row.reference;
            assert!(!rows().iter().skip(place + 1).any(twice), "{row:?}");
        }
        for (number, _, _) in units() {
            assert_eq!(number.parse::<u32>().map(|number| number >> 16), Ok(4));
        }
    }

    #[test]
    fn a_code_is_known_by_any_of_its_names() {
        let heart_rate = Code {
            system: System::Mdc,
            code: "147842".into(),
        };
        assert_eq!(Code::parse("147842"), heart_rate);
        assert_eq!(Code::parse("MDC_ECG_HEART_RATE"), heart_rate);
        assert_eq!(
            Code::of("urn:oid:2.16.840.1.113883.6.24", "147842"),
            heart_rate
        );
        assert_eq!(heart_rate.meaning().map(|row| row.loinc), Some("8867-4"));
        let loinc = Code::parse("8867-4");
        assert_eq!(
            (loinc.system, loinc.meaning().map(|row| row.unit)),
            (System::Loinc, Some("/min"))
        );
    }

    #[test]
    fn what_is_unknown_is_kept_as_it_came() {
        for (text, system) in [
            ("999999", System::Mdc),
            ("MDC_NEVER_SEEN", System::Mdc),
            ("8867-5", System::Local),
            ("Puls", System::Local),
        ] {
            let code = Code::parse(text);
            assert_eq!((code.system, &*code.code), (system, text));
            assert_eq!(code.meaning(), None);
        }
    }

    #[test]
    fn units_become_those_of_ucum() {
        assert_eq!(unit("264864"), "/min");
        assert_eq!(unit("MDC_DIM_MMHG"), "mm[Hg]");
        assert_eq!(unit("mm[Hg]"), "mm[Hg]");
        assert_eq!(unit("MDC_DIM_FURLONG"), "MDC_DIM_FURLONG");
        assert_eq!(code_of_ucum("mm[Hg]"), Some("mm[Hg]"));
        assert_eq!(code_of_ucum("mmHg"), None);
    }
}
