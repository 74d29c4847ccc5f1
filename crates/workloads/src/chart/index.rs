//! What a chart has entries of, so that it need not be gone through to find that it has none.

use super::{Entry, read};
use crate::Parameter;

/// How often each resource and each parameter stands in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    /// One for each entry, in order.
    resources: Vec<u64>,
    /// By the number of the parameter.
    counts: [u16; Parameter::MOST],
}

impl Default for Index {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            counts: [0; Parameter::MOST],
        }
    }
}

impl Index {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.add(entry);
        }
        index
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        let (Ok(place) | Err(place)) = self.place(entry.resource);
        self.resources.insert(place, read::end_of(entry.resource));
        if let Some(count) = self.count(entry.parameter) {
            *count += 1;
        }
    }

    pub(super) fn remove(&mut self, entry: &Entry) {
        if let Ok(place) = self.place(entry.resource) {
            self.resources.remove(place);
        }
        if let Some(count) = self.count(entry.parameter) {
            *count -= 1;
        }
    }

    pub(super) fn has_resource(&self, resource: u64) -> bool {
        self.place(resource).is_ok()
    }

    pub(super) fn has(&self, parameter: Parameter) -> bool {
        let count = self.counts.get(usize::from(parameter.number()));
        count.is_some_and(|count| *count > 0)
    }

    fn place(&self, resource: u64) -> Result<usize, usize> {
        self.resources.binary_search(&read::end_of(resource))
    }

    fn count(&mut self, parameter: Parameter) -> Option<&mut u16> {
        self.counts.get_mut(usize::from(parameter.number()))
    }
}
