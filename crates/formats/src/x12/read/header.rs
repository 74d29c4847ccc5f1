//! The elements of ISA and GS: which values each may have.

use std::sync::LazyLock;

use crate::x12::check::{is_date, is_time};
use crate::x12::segment::Segment;

/// ISA has so many elements.
const ELEMENTS: usize = 16;

/// What an element of ISA may hold.
type Test = fn(&[u8]) -> bool;

/// The elements of ISA that have codes, numbers or times, as the standard has them (I01, I03, I05, I08 to I14).
const VALUES: [(u8, Test); 10] = [
    (1, |text| is_number_to(text, 2, 8)),
    (3, |text| is_number_to(text, 2, 1)),
    (5, is_qualifier),
    (7, is_qualifier),
    (9, |text| is_date(&[b"20", text].concat())),
    (10, |text| text.len() == 4 && is_time(text)),
    (12, |text| VERSIONS.contains(&text)),
    (13, |text| (1..=9).contains(&text.len()) && is_digits(text)),
    (14, |text| matches!(text, b"0" | b"1")),
    (15, |text| matches!(text, b"P" | b"T" | b"I")),
];

/// The versions of the control segments that are read.
const VERSIONS: [&[u8]; 2] = [b"00401", b"00501"];

/// The qualifiers of senders and receivers that are no number (I05).
const QUALIFIERS: [&[u8]; 5] = [b"AM", b"NR", b"SA", b"SN", b"ZZ"];
/// The greatest that is a number.
const QUALIFIER_MAX: u8 = 38;

fn is_qualifier(text: &[u8]) -> bool {
    QUALIFIERS.contains(&text) || (text != b"00" && is_number_to(text, 2, QUALIFIER_MAX))
}

fn is_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// Whether a text is a number of so many digits that is no greater than another.
fn is_number_to(text: &[u8], digits: usize, most: u8) -> bool {
    let number = std::str::from_utf8(text).ok();
    let number = number.and_then(|text| text.parse::<u8>().ok());
    text.len() == digits && is_digits(text) && number.is_some_and(|number| number <= most)
}

/// Gives the elements of an ISA segment whose values none of these can be; nothing where it has not all of its elements.
pub(super) fn wrong_values(header: &Segment<'_>) -> Vec<u8> {
    if header.elements().count() < ELEMENTS {
        return Vec::new();
    }
    let wrong = VALUES.iter().filter(|(element, fits)| {
        let text = header.element(usize::from(*element)).raw();
        !fits(text.trim_ascii_end())
    });
    wrong.map(|(element, _)| *element).collect()
}

/// A row of the table of functional groups.
type GroupRow = (&'static [u8], &'static [u8], Vec<&'static str>);

static GROUPS: LazyLock<Vec<GroupRow>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/x12/groups.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (group, set, guides) = (cell(), cell(), cell());
        (
            group.as_bytes(),
            set.as_bytes(),
            guides.split(' ').collect(),
        )
    });
    rows.collect()
});

/// Whether a functional group (GS01) is one that a transaction set (ST01) stands in; a set that is not known stands in any.
pub(super) fn holds(group: &[u8], set: &[u8]) -> bool {
    let mut rows = GROUPS.iter().filter(|(_, known, _)| *known == set);
    let first = rows.next();
    first.is_none_or(|(name, ..)| *name == group)
}

/// Whether GS08 names no guide, or one that a functional group has, of 005010.
pub(super) fn is_guide(group: &[u8], version: &[u8]) -> bool {
    let Some(guide) = version
        .strip_prefix(b"005010")
        .filter(|one| !one.is_empty())
    else {
        return true;
    };
    let mut rows = GROUPS.iter().filter(|(name, ..)| *name == group).peekable();
    rows.peek().is_none()
        || rows.any(|(.., guides)| {
            let mut guides = guides.iter();
            guides.any(|known| guide.starts_with(known.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_groups_has_its_cells() {
        for (group, set, guides) in GROUPS.iter() {
            assert_eq!((group.len(), set.len()), (2, 3));
            assert!(guides.iter().all(|guide| guide.len() == 4), "{guides:?}");
        }
    }

    #[test]
    fn a_guide_is_that_of_its_group() {
        for (group, version, is) in [
            ("HC", "005010X222A1", true),
            ("HC", "005010", true),
            ("HC", "005010X221A1", false),
            ("HP", "005010X999", false),
            ("PO", "005010X999", true),
            ("HP", "004010X091A1", true),
        ] {
            assert_eq!(
                is_guide(group.as_bytes(), version.as_bytes()),
                is,
                "{group} {version}"
            );
        }
    }
}
