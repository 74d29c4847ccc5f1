//! What flagged results are, in words: the chart's own fields have no room for an analyte that no parameter stands for.

/// The most that are kept of a patient, far more than a laboratory calls about in three days; beyond it the one that came first goes.
pub(crate) const MAX_WORDS: usize = 256;

/// What results are in words, each by the hash of its FHIR id, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<(u64, Box<str>)>);

impl Words {
    /// Takes in what a result is; of two versions the later one stands.
    pub(crate) fn put(&mut self, resource: u64, words: Box<str>) {
        self.0.retain(|(held, _)| *held != resource);
        if self.0.len() >= MAX_WORDS {
            self.0.remove(0);
        }
        self.0.push((resource, words));
    }

    /// Gives what a result is.
    pub(crate) fn of(&self, resource: u64) -> Option<&str> {
        let mut held = self.0.iter();
        let (_, words) = held.find(|(held, _)| *held == resource)?;
        Some(words)
    }

    /// Drops what is no longer kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u64) -> bool) {
        self.0.retain(|(resource, _)| is_kept(*resource));
    }

    /// Gives all of them, the first that came first.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &str)> {
        self.0.iter().map(|(resource, words)| (*resource, &**words))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
