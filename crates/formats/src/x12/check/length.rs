//! Looks whether elements are as long as the standard has them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{ElementFault, fault};
use crate::x12::loops::tables::lines;
use crate::x12::segment::{Element, Segment};

/// How long an element may be.
struct Length {
    element: usize,
    /// Of a number its sign and its point do not count.
    is_number: bool,
    least: usize,
    most: usize,
}

static LENGTHS: LazyLock<BTreeMap<&'static [u8], Vec<Length>>> = LazyLock::new(|| {
    let rows = lines::<6>(include_str!("../../../data/x12/lengths.tsv"));
    let mut lengths: BTreeMap<&[u8], Vec<Length>> = BTreeMap::new();
    for [segment, element, _, kind, least, most] in rows {
        let number = |text: &str| text.parse().unwrap_or_default();
        lengths.entry(segment.as_bytes()).or_default().push(Length {
            element: number(element),
            is_number: kind == "number",
            least: number(least),
            most: number(most),
        });
    }
    lengths
});

/// Adds what is too short or too long, but for elements of which something else is wrong.
pub(super) fn look(segment: &Segment<'_>, faults: &mut Vec<ElementFault>) {
    for length in LENGTHS.get(segment.name()).into_iter().flatten() {
        if faults.iter().any(|fault| fault.element == length.element) {
            continue;
        }
        let mut all = segment.element(length.element).repetitions();
        let code = all.find_map(|one| length.code(one));
        faults.extend(code.map(|code| fault(length.element, code)));
    }
}

impl Length {
    fn code(&self, element: Element<'_>) -> Option<&'static str> {
        if element.is_empty() {
            return None;
        }
        let counts = |one: &char| !self.is_number || !matches!(one, '-' | '.');
        let length = element.text().chars().filter(counts).count();
        match (length < self.least, length > self.most) {
            (true, _) => Some("4"),
            (_, true) => Some("5"),
            (false, false) => None,
        }
    }
}
