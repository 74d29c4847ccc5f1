//! One file from its first byte to where it ends: looked at, read in batches, each kept before its place is, and moved.

mod batch;
mod look;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use clinical::{MessageId, ReceivedTime, SiteKey};
use formats::x12;
use mapping::extract::{About, Bound};
use mapping::source::Zone;

use super::answers::{self, Answers};
use super::cut::{At, Content, Cutter, Kind, Unit, WHOLE_BYTES_MAX};
use super::memory::{self, Known, Memory, Progress};
use super::pace::Pace;
use super::report::Report;
use super::{Mapping, ending, listing};
use crate::clock::Stopwatch;
use batch::{Batch, Made};
use look::Looked;

pub(super) use batch::made;

/// So many units are kept in one go, at most, and so many bytes of them; a single one may be larger.
const BATCH_UNITS: usize = 256;
const BATCH_BYTES: usize = 4 << 20;
/// How long to wait until what could not be kept is tried again, or live records have gone first.
const AGAIN: Duration = Duration::from_secs(1);

/// A file that is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) name: &'a str,
    /// The configured name of its source, and the zone of its clock.
    pub(crate) source: &'a str,
    pub(crate) zone: &'a Zone,
    /// Whether an interchange of X12 is refused that is no production data.
    pub(crate) production_only: bool,
    /// None to find out.
    pub(crate) kind: Option<Kind>,
    pub(crate) mapping: Option<&'a Mapping>,
    pub(crate) is_history: bool,
    /// Whether it goes to another folder when it was read.
    pub(crate) moves: bool,
    /// Whether it is read though one of the same content was.
    pub(crate) again: bool,
    /// What its sender is answered, where it is X12 and goes to another folder.
    pub(crate) answers: Answers,
}

/// Something of a file that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Counted from 1.
    pub(crate) row: u64,
    pub(crate) is_history: bool,
    pub(crate) what: What,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Message(Vec<u8>),
    Resource(Vec<u8>),
    X12(Vec<u8>),
}

impl What {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(bytes) | Self::Resource(bytes) | Self::X12(bytes) => bytes,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Message(bytes) | Self::Resource(bytes) | Self::X12(bytes) => bytes,
        }
    }
}

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// One record was kept of it.
    Accepted,
    Known,
    /// A bundle of which so many records were kept, and the types of its entries that are not kept by themselves.
    Several(u64, Vec<&'static str>),
    /// The name of the reason, and what to do.
    Refused(String, String),
}

/// Takes pieces in and ends when they are durable: what became of each, or why all of them are to be tried again.
pub(crate) type Door<'a> = dyn Fn(&str, Vec<Piece>) -> Result<Vec<Outcome>, String> + Sync + 'a;

/// What the reading of a file works with.
pub(crate) struct Work<'a> {
    /// None where nothing is to be kept, and nothing remembered.
    pub(crate) memory: Option<&'a Memory>,
    pub(crate) door: &'a Door<'a>,
    pub(crate) site: &'a SiteKey,
    pub(crate) now: &'a (dyn Fn() -> ReceivedTime + Sync),
    /// Rests; tells whether to go on.
    pub(crate) rest: &'a (dyn Fn(Duration) -> bool + Sync),
    /// How many records live stations have before them.
    pub(crate) lag: &'a (dyn Fn() -> u64 + Sync),
    pub(crate) pace: Pace,
    /// Told after each batch, with the bytes that were read.
    pub(crate) tell: &'a mut dyn FnMut(&Report, u64),
}

/// A file that is being read.
struct Reading {
    cutter: Cutter,
    /// How often the equal rows of this batch came.
    equal: BTreeMap<MessageId, u32>,
    /// What waits for the next batch.
    ahead: Option<Made>,
}

/// How the reading of a file ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is done or has failed, as its report says.
    Ended(Box<Report>),
    /// It was asked to stop; the next reading goes on where this one was.
    Stopped,
}

/// Why a file cannot be read now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error(
        "it was read, and cannot be moved to where it ends, or its report not written there: {0}"
    )]
    Moved(io::Error),
    #[error(transparent)]
    Memory(#[from] memory::Error),
}

impl Work<'_> {
    /// Reads a file from where it was left, to its end.
    pub(crate) fn run(&mut self, job: &Job<'_>) -> Result<Ending, Error> {
        let path = job.folder.join(job.name);
        let looked = Looked::at(job, &path)?;
        let place = path.display().to_string();
        let id = looked.id(job);
        let before = match self.memory {
            Some(memory) => memory.progress(&place)?.filter(|before| before.job == id),
            None => None,
        };
        let is_new = before.is_none();
        let mut progress = before.unwrap_or_else(|| Progress {
            job: id,
            at: At::START,
            report: self.report(job, &looked),
            ends_as: None,
        });
        if progress.ends_as.is_none() {
            let known = match self.memory {
                Some(memory) if is_new && !job.again => memory.known(&progress.job)?,
                _ => None,
            };
            match known {
                Some(known) => {
                    let at = ReceivedTime::from_micros(known.at_micros);
                    progress.report.read_before = Some(at.to_string());
                }
                None if self.read(job, &path, &looked, &place, &mut progress)? => {}
                None => return Ok(Ending::Stopped),
            }
            progress.report.ended = (self.now)().to_string();
        }
        let ended = self.end(job, &place, &mut progress);
        ended.map_err(|error| match error {
            Error::Io(error) => Error::Moved(error),
            other => other,
        })?;
        Ok(Ending::Ended(Box::new(progress.report)))
    }

    fn report(&self, job: &Job<'_>, looked: &Looked) -> Report {
        Report {
            file: job.name.to_owned(),
            source: job.source.to_owned(),
            kind: looked.kind,
            bytes: looked.seen.bytes,
            blake3: looked.blake3.clone(),
            sha256: looked.sha256.clone(),
            backfill: job.is_history,
            began: (self.now)().to_string(),
            ..Report::default()
        }
    }

    /// Reads on; tells whether the file was read, or found to be none that is.
    fn read(
        &mut self,
        job: &Job<'_>,
        path: &Path,
        looked: &Looked,
        place: &str,
        progress: &mut Progress,
    ) -> Result<bool, Error> {
        if looked.seen.bytes == 0 {
            progress.report.fail("empty-file", "there is nothing in it");
            return Ok(true);
        }
        let Some(kind) = looked.kind else {
            let detail = "it is not known what it holds: set kind for this folder";
            progress.report.fail("kind-unknown", detail);
            return Ok(true);
        };
        if kind == Kind::Csv && job.mapping.is_none() {
            let detail = "rows need a mapping file: set mapping for this folder";
            progress.report.fail("mapping-missing", detail);
            return Ok(true);
        }
        let cutter = |at| {
            let mapping = job.mapping.map(|mapping| (&mapping.extract, job.zone));
            let cutter = Cutter::new(listing::open(path)?, kind, at, mapping);
            Ok::<_, io::Error>(cutter.map(|cutter| cutter.taking(job.production_only)))
        };
        if progress.at == At::START
            && let Some(refused) = looked.differs(job, cutter(At::START)?, &mut progress.report)
        {
            progress.report.fail("manifest-differs", refused);
            return Ok(true);
        }
        let ended = match cutter(progress.at)? {
            Ok(cutter) => self.batches(job, cutter, place, progress)?,
            Err(error) => Err(error),
        };
        match ended {
            Ok(is_whole) if !is_whole => return Ok(false),
            Ok(_) => {}
            Err(super::cut::Error::Io(error)) => return Err(error.into()),
            Err(error) => progress.report.fail(error.code(), error.to_string()),
        }
        let now = listing::seen(job.name.to_owned(), &path.symlink_metadata()?);
        if now != looked.seen && progress.report.failed.is_none() {
            let detail = "it changed while it was read: write under another name, and rename it when it is whole";
            progress.report.fail("changed-while-read", detail);
        }
        Ok(true)
    }

    /// Reads batch by batch; tells whether it came to the end.
    fn batches(
        &mut self,
        job: &Job<'_>,
        cutter: Cutter,
        place: &str,
        progress: &mut Progress,
    ) -> Result<Result<bool, super::cut::Error>, Error> {
        let mut reading = Reading {
            cutter,
            equal: BTreeMap::new(),
            ahead: None,
        };
        let doubts_before = progress.report.doubts.clone();
        loop {
            let mut batch = Batch::default();
            let has_more = match self.fill(job, &mut reading, &mut batch, progress)? {
                Ok(has_more) => has_more,
                Err(error) => return Ok(Err(error)),
            };
            let watch = Stopwatch::start();
            let records = batch.pieces.len();
            let Some(outcomes) = self.keep(job, &batch.pieces) else {
                return Ok(Ok(false));
            };
            let took = watch.elapsed();
            let after = batch.after;
            batch.settle(outcomes, &mut progress.report);
            progress.report.doubts = [&doubts_before, reading.cutter.doubts()].concat();
            if let Some(after) = after {
                progress.at = after;
            }
            if let Some(memory) = self.memory {
                let counts: Vec<_> = reading
                    .equal
                    .iter()
                    .map(|(row, count)| (*row, *count))
                    .collect();
                memory.save(place, progress, &counts)?;
                reading.equal.clear();
            }
            (self.tell)(&progress.report, progress.at.end);
            // The last batch rests, too: many small files are no faster than one large one.
            let rest = self.pace.rest(records, took);
            let is_stopped = (has_more || !rest.is_zero()) && !(self.rest)(rest);
            if !has_more {
                return Ok(Ok(true));
            }
            if is_stopped {
                return Ok(Ok(false));
            }
        }
    }

    /// Takes units into a batch; tells whether there may be more.
    fn fill(
        &self,
        job: &Job<'_>,
        reading: &mut Reading,
        batch: &mut Batch,
        progress: &Progress,
    ) -> Result<Result<bool, super::cut::Error>, Error> {
        while batch.units.len() < BATCH_UNITS && batch.bytes < BATCH_BYTES {
            let made = match reading.ahead.take() {
                Some(made) => made,
                None => match reading.cutter.next() {
                    Ok(Some(unit)) => self.made(job, unit, reading, progress)?,
                    Ok(None) => return Ok(Ok(false)),
                    Err(error) => return Ok(Err(error)),
                },
            };
            if !batch.has_room_for(&made) {
                reading.ahead = Some(made);
                break;
            }
            reading.equal.extend(made.equal);
            batch.take(made, job.is_history);
        }
        Ok(Ok(true))
    }

    /// What a unit is made into; of equal rows without a name, with how many there are by then.
    fn made(
        &self,
        job: &Job<'_>,
        unit: Unit,
        reading: &Reading,
        progress: &Progress,
    ) -> Result<Made, Error> {
        let bound = reading.cutter.bound();
        let mut equal = None;
        if let (Some(bound), Content::Row(fields)) = (bound, &unit.content)
            && bound.counts_equal_rows()
        {
            let row = Bound::row_name(fields.iter().map(Vec::as_slice));
            let count = match (reading.equal.get(&row), self.memory) {
                (Some(count), _) => *count,
                (None, Some(memory)) => memory.equal(&progress.job, row)?,
                (None, None) => 0,
            };
            equal = Some((row, count.saturating_add(1)));
        }
        let about = About {
            source: job.source,
            site: self.site,
            equal_before: equal.map_or(0, |(_, count)| count.saturating_sub(1)),
        };
        Ok(Made::of(unit, bound, &about, equal))
    }

    /// Keeps a batch, however long that takes; nothing where it was asked to stop first.
    fn keep(&self, job: &Job<'_>, pieces: &[Piece]) -> Option<Vec<Outcome>> {
        if pieces.is_empty() {
            return Some(Vec::new());
        }
        loop {
            if self.pace.holds((self.lag)()) {
                if !(self.rest)(AGAIN) {
                    return None;
                }
                continue;
            }
            match (self.door)(job.source, pieces.to_vec()) {
                Ok(outcomes) => return Some(outcomes),
                Err(why) => {
                    tracing::warn!(
                        source = job.source,
                        why,
                        "what a file holds could not be kept; it is tried again"
                    );
                    if !(self.rest)(AGAIN) {
                        return None;
                    }
                }
            }
        }
    }

    /// Brings the file to where it ends, such that each step can be done again.
    fn end(&self, job: &Job<'_>, place: &str, progress: &mut Progress) -> Result<(), Error> {
        let is_done = progress.report.failed.is_none();
        debug_assert!(
            progress.report.adds_up(),
            "a row ended in no count, or in two"
        );
        if job.moves {
            let ends_as = match &progress.ends_as {
                Some(name) => name.clone(),
                None => {
                    let name = ending::free_name(job.folder, job.name, is_done)?;
                    progress.ends_as = Some(name.clone());
                    if let Some(memory) = self.memory {
                        memory.save(place, progress, &[])?;
                    }
                    name
                }
            };
            ending::write_report(job.folder, &ends_as, &progress.report)?;
            if is_done && progress.report.kind == Some(Kind::X12) {
                self.answer(job, &ends_as)?;
            }
            self.remember(progress, is_done)?;
            ending::move_file(job.folder, job.name, &ends_as, is_done)?;
        } else {
            self.remember(progress, is_done)?;
        }
        if let Some(memory) = self.memory {
            memory.finish(place, &progress.job)?;
        }
        Ok(())
    }

    /// Writes what the sender of X12 is answered; one who sends the same again gets answers, too.
    fn answer(&self, job: &Job<'_>, ends_as: &str) -> Result<(), Error> {
        let Some(memory) = self.memory.filter(|_| job.answers != Answers::None) else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        match listing::open(&job.folder.join(job.name)) {
            // It was moved before, and that came after its answers.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?.take(WHOLE_BYTES_MAX).read_to_end(&mut bytes)?,
        };
        let mut file = x12::read(&bytes);
        if job.production_only {
            file.refuse_tests();
        }
        let first = memory.numbers(answers::numbers(&file))?;
        let written = answers::compose(&file, job.answers, first, (self.now)());
        Ok(answers::write(job.folder, ends_as, &written)?)
    }

    fn remember(&self, progress: &Progress, is_done: bool) -> Result<(), Error> {
        if let Some(memory) = self.memory
            && is_done
            && progress.report.read_before.is_none()
        {
            let known = Known {
                at_micros: (self.now)().micros(),
                file: progress.report.file.clone(),
            };
            memory.remember(&progress.job, &known)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
