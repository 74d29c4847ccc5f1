//! Notices when nothing that comes can be used any more, for a reason that is no record's own: then to go on would only fill
//! the quarantine.

use std::collections::{BTreeMap, VecDeque};

use journal::RecordRef;

/// So many records are looked back at; when more than half of them would have failed, it is enough.
pub const WINDOW_RECORDS: usize = 50;

/// So many senders are told apart; what they are is remembered no longer than the task is open.
const LANES_MAX: usize = 256;

/// When a task is to rest.
///
/// A task that rests stays where it is: the record that it would fail at is tried on a copy of its key's state and is not taken
/// in. What comes out is the same and later, so that it remains a function of the journal.
#[derive(Debug)]
pub struct Breaker {
    /// Whether a reason says that what comes next will fail as well.
    is_systemic: fn(&str) -> bool,
    /// The header that says by whom a record came.
    lane: &'static str,
    /// Of the last records, whether each failed for a systemic reason.
    outcomes: VecDeque<bool>,
    /// Of each sender, whether its newest record failed for one.
    lanes: BTreeMap<Box<[u8]>, bool>,
    resting_for: Option<&'static str>,
    /// Whether everything is to be taken in until something can be used.
    passing: bool,
}

impl Breaker {
    /// Makes one that looks at these reasons; as long as the newest record of any sender was used, nothing rests: one who fails
    /// alone must not hold up the others.
    pub fn new(is_systemic: fn(&str) -> bool, lane: &'static str) -> Self {
        Self {
            is_systemic,
            lane,
            outcomes: VecDeque::with_capacity(WINDOW_RECORDS),
            lanes: BTreeMap::new(),
            resting_for: None,
            passing: false,
        }
    }

    /// Tells whether one more failure would be one too many, so that the next record is to be tried first.
    pub(crate) fn is_at_brink(&self, record: &RecordRef<'_>) -> bool {
        let leaving = (self.outcomes.len() + 1).saturating_sub(WINDOW_RECORDS);
        let failed = self.outcomes.iter().skip(leaving).filter(|one| **one);
        if self.passing || failed.count() < WINDOW_RECORDS / 2 {
            return false;
        }
        let by = record.header(self.lane).unwrap_or_default();
        let mut others = self.lanes.iter().filter(|(lane, _)| &***lane != by);
        others.all(|(_, failed)| *failed)
    }

    /// Forgets what it rested for: the next record shows whether it is over.
    pub(crate) fn try_again(&mut self) {
        self.resting_for = None;
    }

    /// Takes note of how a try ended; tells whether the record is to wait.
    pub(crate) fn tried(&mut self, failed: Option<&'static str>) -> bool {
        self.resting_for = failed.filter(|reason| (self.is_systemic)(reason));
        self.resting_for.is_some()
    }

    /// Takes note of how a record ended that was taken in.
    pub(crate) fn note(&mut self, record: &RecordRef<'_>, failed: Option<&'static str>) {
        let is_failed = failed.is_some_and(|reason| (self.is_systemic)(reason));
        self.passing &= is_failed;
        let lane = record.header(self.lane).unwrap_or_default();
        if let Some(newest) = self.lanes.get_mut(lane) {
            *newest = is_failed;
        } else if self.lanes.len() < LANES_MAX {
            self.lanes.insert(lane.into(), is_failed);
        }
        if self.outcomes.len() == WINDOW_RECORDS {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(is_failed);
    }

    /// Tells the reason to rest, if there is one.
    pub(crate) fn resting_for(&self) -> Option<&'static str> {
        self.resting_for
    }

    /// Lets everything through until something can be used.
    pub(crate) fn pass(&mut self) {
        self.passing = true;
    }
}
