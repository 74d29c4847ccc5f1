//! The state of a source as versioned bytes.

use super::State;
use super::feed::{Due, Feed, Open, Quiet};
use super::hours::{Hours, WEEK_HOURS, is_sample};
use crate::DecodeError;
use crate::bytes::{Reader, Writer};

/// The version that is written; every earlier one is read.
const VERSION: u8 = 1;

type Decoded<T> = Result<T, DecodeError>;

impl State {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Gives the state's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.byte(VERSION);
        to.option(self.first, Writer::signed);
        to.signed(self.told);
        to.option(self.resumed, Writer::signed);
        to.option(self.anybody, Writer::signed);
        to.list(self.observed.iter(), |to, (hour, minutes)| {
            to.signed(*hour);
            to.number(*minutes);
        });
        to.signed(self.closed);
        write(&mut to, &self.whole);
        to.list(self.signals.iter(), |to, (name, feed)| {
            to.text(name);
            write(to, feed);
        });
        to.into_bytes()
    }

    /// Reads the bytes of this or an earlier version.
    ///
    /// # Errors
    /// When they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader::new(bytes);
        let found = from.byte()?;
        if found != VERSION {
            return Err(DecodeError::Version { found });
        }
        let state = Self {
            first: from.option(Reader::signed)?,
            told: from.signed()?,
            resumed: from.option(Reader::signed)?,
            anybody: from.option(Reader::signed)?,
            observed: from.list(|from| Ok((from.signed()?, from.number()?)))?,
            closed: from.signed()?,
            whole: read(&mut from)?,
            signals: from.list(|from| Ok((from.text()?, read(from)?)))?,
        };
        from.finish()?;
        Ok(state)
    }
}

fn write(to: &mut Writer, feed: &Feed) {
    to.option(feed.last, Writer::signed);
    to.list(feed.open.iter(), |to, (hour, open)| {
        to.signed(*hour);
        to.number(open.minutes);
        to.number(open.messages);
    });
    to.option(feed.quiet, |to, quiet| {
        to.option(quiet.last, Writer::signed);
    });
    to.option(feed.due, |to, due| {
        to.signed(due.since);
        to.signed(due.at);
    });
    // Hours that are alike one after the other stand once.
    let pairs = feed.hours.samples.iter().zip(&feed.hours.volumes);
    let pairs: Vec<_> = pairs.collect();
    let runs: Vec<_> = pairs.chunk_by(|a, b| a == b).collect();
    to.list(runs.into_iter(), |to, run| {
        to.length(run.len());
        if let Some((samples, volume)) = run.first() {
            to.number(u64::from(**samples));
            to.byte(**volume);
        }
    });
}

fn read(from: &mut Reader<'_>) -> Decoded<Feed> {
    let last = from.option(Reader::signed)?;
    let open = from.list(|from| {
        let hour = from.signed()?;
        let (minutes, messages) = (from.number()?, from.number()?);
        Ok((hour, Open { minutes, messages }))
    })?;
    let quiet = from.option(|from| {
        let last = from.option(Reader::signed)?;
        Ok(Quiet { last })
    })?;
    let due = from.option(|from| {
        let (since, at) = (from.signed()?, from.signed()?);
        Ok(Due { since, at })
    })?;
    let (mut samples, mut volumes) = (Vec::new(), Vec::new());
    let runs = from.narrow::<usize>()?;
    for _ in 0..runs {
        let (length, sample, volume): (usize, u16, u8) =
            (from.narrow()?, from.narrow()?, from.byte()?);
        if length > WEEK_HOURS - samples.len() || !is_sample(sample) {
            return Err(from.damaged("the hours of a week"));
        }
        samples.extend(std::iter::repeat_n(sample, length));
        volumes.extend(std::iter::repeat_n(volume, length));
    }
    if samples.len() != WEEK_HOURS {
        return Err(from.damaged("the hours of a week"));
    }
    let hours = Hours::of(samples, volumes);
    Ok(Feed {
        last,
        hours,
        open,
        quiet,
        due,
    })
}
