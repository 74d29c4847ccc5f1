//! The commits of a task: at most one on its way, the next one gathering meanwhile.

use crate::changelog::acknowledge;
use crate::{StoreBatch, TaskError};
use journal::{Committed, Error, Journal, Write};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// The commit on its way, if there is one.
///
/// Dropping it waits for the journal's answer: a task that is opened after it must see what became of it.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    on_its_way: Option<OnItsWay>,
    /// What may be written to the store by now: the journal has it.
    made_changes: Option<StoreBatch>,
    made: u64,
}

#[derive(Debug)]
struct OnItsWay {
    answer: Receiver<Result<Committed, Error>>,
    changes: Option<StoreBatch>,
}

impl Commits {
    /// Counts the commits that were made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// Hands out the changes of the last commit, once it is made.
    pub(crate) fn take_made_changes(&mut self) -> Option<StoreBatch> {
        self.made_changes.take()
    }

    /// Tells whether nothing is on its way; takes note of an answer that has come.
    pub(crate) fn is_free(&mut self) -> Result<bool, TaskError> {
        let Some(commit) = &self.on_its_way else {
            return Ok(true);
        };
        match commit.answer.try_recv() {
            Err(TryRecvError::Empty) => Ok(false),
            Err(TryRecvError::Disconnected) => self.note(Err(Error::Closed)),
            Ok(result) => self.note(result),
        }
    }

    /// Waits until nothing is on its way.
    pub(crate) fn wait(&mut self) -> Result<(), TaskError> {
        let Some(commit) = &self.on_its_way else {
            return Ok(());
        };
        let result = commit.answer.recv().unwrap_or(Err(Error::Closed));
        self.note(result).map(|_| ())
    }

    /// Sends a commit off, after the one before it is made; `changes` may be written to the store once it is made.
    pub(crate) fn submit(
        &mut self,
        journal: &dyn Journal,
        write: Write,
        changes: Option<StoreBatch>,
    ) -> Result<(), TaskError> {
        self.wait()?;
        assert!(
            self.made_changes.is_none(),
            "changes go to the store in their order"
        );
        let (sender, answer) = sync_channel(1);
        // The receiver outlives the call: `Drop` waits for it.
        journal.submit(write, Box::new(move |result| drop(sender.send(result))));
        self.on_its_way = Some(OnItsWay { answer, changes });
        Ok(())
    }

    fn note(&mut self, result: Result<Committed, Error>) -> Result<bool, TaskError> {
        let changes = self.on_its_way.take().and_then(|commit| commit.changes);
        let offsets = result?;
        self.made += 1;
        self.made_changes = changes.map(|mut changes| {
            acknowledge(&mut changes, &offsets);
            changes
        });
        Ok(true)
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        // An error changes nothing any more: the next task starts from what the journal holds.
        drop(self.wait());
    }
}
