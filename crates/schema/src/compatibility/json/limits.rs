//! Limits of strings and numbers, and how two limits of the same sort differ.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::super::kind::{self, Kind};
use super::Walk;

impl Walk<'_> {
    pub(super) fn strings(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) {
        self.limit("maxLength", written, read, kind::MAX_LENGTH);
        self.limit("minLength", written, read, kind::MIN_LENGTH);
        let kind = match (written.get("pattern"), read.get("pattern")) {
            (None, Some(_)) => kind::PATTERN_ADDED,
            (Some(_), None) => kind::PATTERN_REMOVED,
            (written, read) if written != read => kind::PATTERN_CHANGED,
            _ => return,
        };
        self.add_under("pattern", kind, String::new());
    }

    pub(super) fn numbers(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) {
        self.limit("maximum", written, read, kind::MAXIMUM);
        self.limit("minimum", written, read, kind::MINIMUM);
        self.limit("exclusiveMaximum", written, read, kind::EXCLUSIVE_MAXIMUM);
        self.limit("exclusiveMinimum", written, read, kind::EXCLUSIVE_MINIMUM);
        let of = |keywords: &Map<String, Value>| keywords.get("multipleOf").and_then(Value::as_f64);
        let kind = match (of(written), of(read)) {
            (None, None) => return,
            (None, Some(_)) => kind::MULTIPLE_OF_ADDED,
            (Some(_), None) => kind::MULTIPLE_OF_REMOVED,
            (Some(written), Some(read)) => match written.total_cmp(&read) {
                Ordering::Equal => return,
                _ if divides(read, written) => kind::MULTIPLE_OF_REDUCED,
                _ if divides(written, read) => kind::MULTIPLE_OF_EXPANDED,
                _ => kind::MULTIPLE_OF_CHANGED,
            },
        };
        self.add_under("multipleOf", kind, String::new());
    }

    /// A keyword whose value is a number: added, removed, increased or decreased.
    pub(super) fn limit(
        &mut self,
        keyword: &str,
        written: &Map<String, Value>,
        read: &Map<String, Value>,
        [added, removed, increased, decreased]: [Kind; 4],
    ) {
        let of = |keywords: &Map<String, Value>| keywords.get(keyword).and_then(Value::as_f64);
        let (kind, detail) = match (of(written), of(read)) {
            (None, None) => return,
            (None, Some(read)) => (added, format!("{read}")),
            (Some(written), None) => (removed, format!("{written}")),
            (Some(written), Some(read)) => match written.total_cmp(&read) {
                Ordering::Equal => return,
                Ordering::Less => (increased, format!("{written} and {read}")),
                Ordering::Greater => (decreased, format!("{written} and {read}")),
            },
        };
        self.add_under(keyword, kind, detail);
    }
}

/// Whether a number is a whole multiple of another, as far as binary fractions tell.
fn divides(divisor: f64, number: f64) -> bool {
    const NEARLY: f64 = 1e-9;
    let times = number / divisor;
    times.is_finite() && (times - times.round()).abs() < NEARLY && times.round().abs() >= 1.0
}
