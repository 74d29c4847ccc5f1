//! Counters by source and field: a sender who invents fields does not make new series without end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// So many fields of a source are counted by name; what comes after is counted together.
pub(crate) const FIELDS_A_SOURCE_MAX: usize = 100;
/// The name of what comes after.
const OTHER: &str = "other";

/// From whom, and where in the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FieldLabels {
    source: String,
    field: String,
}

/// A counter for each source and field.
#[derive(Default)]
pub(crate) struct ByField {
    pub(crate) family: Family<FieldLabels, Counter>,
    /// Found once: looking a counter up by its labels is too much for every field of every message.
    known: Mutex<BTreeMap<String, Vec<Known>>>,
}

struct Known {
    segment: String,
    field: usize,
    counter: Counter,
}

impl ByField {
    /// Counts some of a source at a field, such as 3 of `OBX`.
    pub(crate) fn add(&self, source: &str, (segment, field): (&str, usize), count: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(source) {
            known.insert(source.to_owned(), Vec::new());
        }
        let Some(fields) = known.get_mut(source) else {
            return;
        };
        let place =
            fields.binary_search_by(|other| (&*other.segment, other.field).cmp(&(segment, field)));
        let counter = match place {
            Ok(index) => fields.get(index).map(|known| known.counter.clone()),
            Err(index) if fields.len() < FIELDS_A_SOURCE_MAX => {
                let counter = self.counter(source, &format!("{segment}-{field}"));
                let known = Known {
                    segment: segment.to_owned(),
                    field,
                    counter: counter.clone(),
                };
                fields.insert(index, known);
                Some(counter)
            }
            Err(_) => None,
        };
        counter
            .unwrap_or_else(|| self.counter(source, OTHER))
            .inc_by(count);
    }

    fn counter(&self, source: &str, field: &str) -> Counter {
        let labels = FieldLabels {
            source: source.to_owned(),
            field: field.to_owned(),
        };
        self.family.get_or_create(&labels).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_fields_of_a_source_are_counted_by_name() {
        let counts = ByField::default();
        for field in (1..=FIELDS_A_SOURCE_MAX + 1).chain([1]) {
            counts.add("lab", ("ZZZ", field), 2);
        }
        counts.add("ward", ("ZZZ", 1), 1);
        let count = |source: &str, field: &str| counts.counter(source, field).get();
        assert_eq!(count("lab", "ZZZ-1"), 4);
        assert_eq!(count("lab", &format!("ZZZ-{FIELDS_A_SOURCE_MAX}")), 2);
        assert_eq!(count("lab", &format!("ZZZ-{}", FIELDS_A_SOURCE_MAX + 1)), 0);
        assert_eq!(count("lab", OTHER), 2);
        assert_eq!(count("ward", "ZZZ-1"), 1);
    }
}
