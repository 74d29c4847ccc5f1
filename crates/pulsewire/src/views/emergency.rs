//! Who is in which emergency department, as the board shows it: the newest of each visit.

use std::collections::BTreeMap;

use journal::RecordRef;
use workloads::throughput::{Board, MAX_VISITS, VisitKey};

use crate::stages::VisitTold;

/// All visits, of all departments.
#[derive(Default)]
pub(crate) struct Departments {
    board: Board,
    told: BTreeMap<VisitKey, VisitTold>,
}

impl Departments {
    /// Takes a record in. Those of one visit may come in another order when the topic is read anew: it is on as many
    /// partitions as the visit was in units.
    pub(crate) fn take_in(&mut self, record: &RecordRef<'_>) {
        let told = record.value.and_then(VisitTold::from_json);
        let Some((key, told)) = told.and_then(|told| Some((told.key()?, told))) else {
            return;
        };
        let held = self.told.get(&key);
        if held.is_some_and(|held| held.known() > told.known()) {
            return;
        }
        if !told.gone {
            self.board.put(key, told.standing());
            self.told.insert(key, told);
        } else if held.is_some_and(|held| held.unit == told.unit) {
            self.board.remove(key);
            self.told.remove(&key);
        }
        if self.told.len() > MAX_VISITS {
            let board = &self.board;
            self.told.retain(|key, _| board.visit(*key).is_some());
        }
    }

    /// Gives the visits, to be counted.
    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// Gives what was told of a visit.
    pub(crate) fn told(&self, key: VisitKey) -> Option<&VisitTold> {
        self.told.get(&key)
    }
}
