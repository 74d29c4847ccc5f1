//! The commits of a task: at most one on its way, the next one gathering meanwhile.

use crate::TaskError;
use journal::{Committed, Error, Journal, Write};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// The commit on its way, if there is one.
///
/// Dropping it waits for the journal's answer: a task that is opened after it must see what became of it.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    on_its_way: Option<Receiver<Result<Committed, Error>>>,
    made: u64,
}

impl Commits {
    /// Counts the commits that were made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// Tells whether nothing is on its way; takes note of an answer that has come.
    pub(crate) fn is_free(&mut self) -> Result<bool, TaskError> {
        let Some(answer) = &self.on_its_way else {
            return Ok(true);
        };
        match answer.try_recv() {
            Err(TryRecvError::Empty) => Ok(false),
            Err(TryRecvError::Disconnected) => self.note(Err(Error::Closed)),
            Ok(result) => self.note(result),
        }
    }

    /// Waits until nothing is on its way.
    pub(crate) fn wait(&mut self) -> Result<(), TaskError> {
        let Some(answer) = &self.on_its_way else {
            return Ok(());
        };
        let result = answer.recv().unwrap_or(Err(Error::Closed));
        self.note(result).map(|_| ())
    }

    /// Sends a commit off, after the one before it is made.
    pub(crate) fn submit(&mut self, journal: &dyn Journal, write: Write) -> Result<(), TaskError> {
        self.wait()?;
        let (sender, receiver) = sync_channel(1);
        // The receiver outlives the call: `Drop` waits for it.
        journal.submit(write, Box::new(move |result| drop(sender.send(result))));
        self.on_its_way = Some(receiver);
        Ok(())
    }

    fn note(&mut self, result: Result<Committed, Error>) -> Result<bool, TaskError> {
        self.on_its_way = None;
        result?;
        self.made += 1;
        Ok(true)
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        // An error changes nothing any more: the next task starts from what the journal holds.
        drop(self.wait());
    }
}
