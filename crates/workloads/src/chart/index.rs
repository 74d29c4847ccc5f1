//! What a chart may have entries of, so that it need not be gone through to find that it has none.

use super::{Entry, read};
use crate::Parameter;

/// Which resources and parameters stand in a chart. It may name one that does not; who looks for it finds nothing then.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Of each entry half of the name of its resource, in no order: a patient's are read at once, which no search is.
    resources: Vec<u32>,
    /// A bit for each parameter, by its number.
    parameters: u128,
}

const _: () = assert!(Parameter::MOST <= 128, "each parameter has a bit");

impl Index {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.add(entry);
        }
        index
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        self.resources.push(half(entry.resource));
        self.parameters |= bit(entry.parameter);
    }

    pub(super) fn remove(&mut self, entry: &Entry) {
        let own = half(entry.resource);
        if let Some(place) = self.resources.iter().position(|held| *held == own) {
            self.resources.swap_remove(place);
        }
    }

    pub(super) fn may_have_resource(&self, resource: u64) -> bool {
        self.resources.contains(&half(resource))
    }

    pub(super) fn may_have(&self, parameter: Parameter) -> bool {
        self.parameters & bit(parameter) != 0
    }
}

/// Gives half of the name of a resource, the same of its end.
fn half(resource: u64) -> u32 {
    u32::try_from(read::end_of(resource) >> 32).unwrap_or(u32::MAX)
}

fn bit(parameter: Parameter) -> u128 {
    1 << parameter.number()
}
