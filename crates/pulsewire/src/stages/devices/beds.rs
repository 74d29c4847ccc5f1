//! Where somebody lies, by all that was said of a visit: which devices' places, from when to when.
//!
//! Most feeds say where a patient is now and nothing of before. What was said is kept in the order in which it was said, and the
//! times at each place follow from all of it, so that a move that is called off, put right or told late leaves nothing behind.

use formats::device::avro::{Decoder, Encoder};

use super::places::Places;
use super::state::{length, option, optional};

/// So much of what was said of a visit is kept; the oldest goes.
pub(super) const WORDS_MAX: usize = 32;
/// So many places of a visit that were left are taken from one message.
pub(super) const LEFT_MAX: usize = 16;
/// A visit that is over is remembered for so long beyond the time in which samples are bound again, for what is told late of it.
const OVER_KEPT: i64 = 24 * 3_600_000_000;
/// A visit at no devices of which nothing was said for so long is over for all we know.
const UNSPOKEN_KEPT: i64 = 30 * OVER_KEPT;
/// In stored state, where somebody is by a word that undoes the last change of that.
const UNDONE: i64 = 3;
/// So many times at places were told of one visit at most: those that what is kept still speaks of.
const TOLD_MAX: usize = WORDS_MAX * (LEFT_MAX + 1);

/// A time at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) place: Box<str>,
    pub(super) from: i64,
    /// Nothing while it goes on.
    pub(super) to: Option<i64>,
}

/// What a message says of where somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// They are there, since then where it says so; at no place if nothing is said of one, and on leave.
    At { place: Box<str>, from: Option<i64> },
    /// They went; when.
    Over(i64),
    /// The visit never was.
    Never,
}

/// A place that a message names as left, from when to when where it says both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) place: Box<str>,
    pub(super) time: Option<(i64, i64)>,
}

/// What one message said of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// When it was so.
    pub(super) at: i64,
    /// When its sender said so.
    pub(super) said: i64,
    /// What names the message: what it says anew replaces what it said before.
    pub(super) message: u64,
    /// Whether `at` is when the visit began, whatever happened since.
    pub(super) is_begin: bool,
    /// Whether it says that the last change of place never took place.
    pub(super) undoes: bool,
    pub(super) says: Says,
    pub(super) left: Vec<Left>,
}

/// A visit: what was said of it in the order in which it was said, and what of that was told to devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) words: Vec<Word>,
    pub(super) told: Vec<Span>,
}

impl Word {
    /// Of two that were said at one time, the one that came first was first.
    fn order(&self) -> (i64, i64) {
        (self.said, self.at)
    }

    /// When somebody came to where they now are, or went.
    fn moved(&self) -> i64 {
        match self.is_begin {
            true => self.said.max(self.at),
            false => self.first(),
        }
    }

    /// When somebody was there at the latest: what became another's by a merge was said before.
    fn first(&self) -> i64 {
        self.at.min(self.said)
    }
}

impl Stay {
    /// Takes in what was said, and gives what is to be told: a time that never was ends when it began.
    pub(super) fn take(&mut self, word: Word, places: &Places) -> Vec<Span> {
        self.words.retain(|known| known.message != word.message);
        let place = self
            .words
            .partition_point(|known| known.order() <= word.order());
        self.words.insert(place, word);
        let mut now = spans(&self.words);
        now.retain(|span| places.has(&span.place));
        let is_same = |a: &Span, b: &Span| (a.from, &a.place) == (b.from, &b.place);
        let gone = self.told.iter().filter(|old| places.has(&old.place));
        let gone = gone.filter(|old| !now.iter().any(|new| is_same(old, new)));
        let mut news: Vec<Span> = gone
            .filter(|old| old.to != Some(old.from))
            .map(|old| Span {
                to: Some(old.from),
                ..old.clone()
            })
            .collect();
        news.extend(now.iter().filter(|new| !self.told.contains(new)).cloned());
        self.told = now;
        while self.words.len() > WORDS_MAX {
            self.let_go();
        }
        news
    }

    /// When it was last spoken of.
    pub(super) fn newest(&self) -> i64 {
        self.words.last().map_or(i64::MIN, |word| word.said)
    }

    /// Whether somebody lies at devices now, by what was told.
    pub(super) fn is_at_devices(&self) -> bool {
        self.told.iter().any(|span| span.to.is_none())
    }

    /// Until when it is remembered, where samples are bound again for so long; nothing while somebody lies at devices.
    pub(super) fn kept_until(&self, window: i64) -> Option<i64> {
        let last = self.words.last().filter(|_| !self.is_at_devices())?;
        let kept = match last.says {
            Says::At { .. } => UNSPOKEN_KEPT,
            Says::Over(_) | Says::Never => OVER_KEPT,
        };
        Some(last.said.saturating_add(kept).saturating_add(window))
    }

    /// Lets the oldest word go: what was told by it alone stands as it is.
    fn let_go(&mut self) {
        let before = spans(&self.words);
        let gone = self.words.remove(0);
        let first = before.first().map(|span| span.from);
        let is_at = matches!(gone.says, Says::At { .. });
        for (number, next) in self.words.iter_mut().enumerate() {
            let moved = next.moved();
            let Says::At { place, from } = &mut next.says else {
                continue;
            };
            let goes_on = before.first().filter(|span| span.place == *place);
            if let Some(span) = goes_on.filter(|_| number == 0) {
                from.get_or_insert(span.from);
                return;
            }
            // They came from elsewhere, however long ago the visit began.
            if is_at {
                from.get_or_insert(moved);
            }
            break;
        }
        self.told.retain(|span| Some(span.from) != first);
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.count(self.words.len());
        for word in &self.words {
            out.long(word.at);
            out.long(word.said);
            out.long(word.message.cast_signed());
            out.boolean(word.is_begin);
            match &word.says {
                Says::At { place, from } => {
                    out.long(if word.undoes { UNDONE } else { 0 });
                    out.text(place);
                    optional(from.as_ref(), out, |from, out| out.long(*from));
                }
                Says::Over(at) => {
                    out.long(1);
                    out.long(*at);
                }
                Says::Never => out.long(2),
            }
            out.count(word.left.len());
            for left in &word.left {
                out.text(&left.place);
                optional(left.time.as_ref(), out, |(from, to), out| {
                    out.long(*from);
                    out.long(*to);
                });
            }
        }
        out.count(self.told.len());
        for span in &self.told {
            out.text(&span.place);
            out.long(span.from);
            optional(span.to.as_ref(), out, |to, out| out.long(*to));
        }
    }

    pub(super) fn decode(from: &mut Decoder<'_>) -> Option<Self> {
        let mut stay = Self::default();
        for _ in 0..length(from, WORDS_MAX)? {
            let (at, said, message) = (from.long()?, from.long()?, from.long()?);
            let mut word = Word {
                at,
                said,
                message: message.cast_unsigned(),
                is_begin: from.boolean()?,
                undoes: false,
                says: Says::Never,
                left: Vec::new(),
            };
            let says = from.long()?;
            word.undoes = says == UNDONE;
            word.says = match says {
                0 | UNDONE => Says::At {
                    place: from.text()?.into(),
                    from: option(from, Decoder::long)?,
                },
                1 => Says::Over(from.long()?),
                2 => Says::Never,
                _ => return None,
            };
            for _ in 0..length(from, LEFT_MAX)? {
                word.left.push(Left {
                    place: from.text()?.into(),
                    time: option(from, |from| Some((from.long()?, from.long()?)))?,
                });
            }
            stay.words.push(word);
        }
        for _ in 0..length(from, TOLD_MAX)? {
            stay.told.push(Span {
                place: from.text()?.into(),
                from: from.long()?,
                to: option(from, Decoder::long)?,
            });
        }
        Some(stay)
    }

    /// A visit as the first versions of the state knew it: where somebody is, and since when.
    pub(super) fn since(place: Box<str>, from: i64) -> Self {
        let span = Span {
            place,
            from,
            to: None,
        };
        let says = Says::At {
            place: span.place.clone(),
            from: Some(from),
        };
        let word = Word {
            at: from,
            said: from,
            message: 0,
            is_begin: false,
            undoes: false,
            says,
            left: Vec::new(),
        };
        Self {
            words: vec![word],
            told: vec![span],
        }
    }
}

/// A time at a place as it follows from what was said.
struct Lain {
    span: Span,
    /// Whether who said that they came named the place before as left.
    names_before: bool,
    /// Which word stated from when to when it was.
    stated_by: Option<usize>,
}

/// Gives the times at places that follow from what was said.
fn spans(words: &[Word]) -> Vec<Span> {
    let (mut lain, mut stated): (Vec<Lain>, Vec<Span>) = (Vec::new(), Vec::new());
    let mut is_first = true;
    for (number, word) in words.iter().enumerate() {
        state_left((number, &word.left), &mut lain, &mut stated);
        match &word.says {
            Says::Never => {
                lain.clear();
                stated.clear();
            }
            Says::Over(at) => {
                let last = lain.last_mut().map(|last| &mut last.span);
                if let Some(last) = last.filter(|last| last.to.is_none()) {
                    last.to = Some((*at).max(last.from));
                }
            }
            Says::At { place, from } => {
                let heard = match std::mem::take(&mut is_first) {
                    true => word.first(),
                    false => word.moved(),
                };
                let came = match word.undoes {
                    true => take_back(place, &mut lain).unwrap_or(heard),
                    false => heard,
                };
                lie(place, (*from, came), word, &mut lain);
            }
        }
    }
    let lain = lain.into_iter().map(|lain| lain.span);
    lain.chain(stated).collect()
}

/// Takes the times of places that were left from who states them: of the same place, they replace what was stated before.
fn state_left((word, left): (usize, &[Left]), lain: &mut Vec<Lain>, stated: &mut Vec<Span>) {
    let is_timed = |place: &str| {
        let mut timed = left.iter().filter(|left| left.time.is_some());
        timed.any(|left| *left.place == *place)
    };
    stated.retain(|span| !is_timed(&span.place));
    for left in left {
        let Some((from, to)) = left.time else {
            continue;
        };
        let heard = lain.iter_mut().rfind(|Lain { span, .. }| {
            span.place == left.place && span.from <= to && span.to.is_none_or(|end| end >= from)
        });
        let span = Span {
            place: left.place.clone(),
            from,
            to: Some(to),
        };
        match heard {
            Some(known) => (known.span, known.stated_by) = (span, Some(word)),
            None => stated.push(span),
        }
    }
    lain.retain(|lain| lain.stated_by.is_none_or(|by| by == word) || !is_timed(&lain.span.place));
}

/// Takes back that somebody came to where they were last, unless they still are there: it never took place, and they are elsewhere
/// since then.
fn take_back(place: &str, lain: &mut Vec<Lain>) -> Option<i64> {
    let mut gone = lain.pop_if(|last| *last.span.place != *place)?;
    // Whoever was on leave from there meanwhile came there before.
    while let [.., before, leave] = &**lain
        && *leave.span.place != *place
        && leave.span.place.is_empty()
        && before.span.place == gone.span.place
    {
        lain.pop();
        gone = lain.pop()?;
    }
    if let Some(last) = lain.last_mut() {
        (last.span.to, last.stated_by) = (None, None);
    }
    Some(gone.span.from)
}

/// Takes in that somebody is at a place.
fn lie(place: &str, (from, heard): (Option<i64>, i64), word: &Word, lain: &mut Vec<Lain>) {
    let came = from.unwrap_or(heard);
    let is_named = |place: &str| word.left.iter().any(|left| *left.place == *place);
    let before = lain.len().checked_sub(2).and_then(|at| lain.get(at));
    let before = before.map(|before| before.span.clone());
    if let Some(last) = lain.last_mut() {
        if *last.span.place == *place {
            // It goes on, or does so after all.
            (last.span.from, last.span.to) = (from.unwrap_or(last.span.from), None);
            last.stated_by = None;
            return;
        }
        // Who names the places that were left would name this one after a move back; others say nothing of which it was.
        let is_called_off = before.as_ref().is_some_and(|before| {
            let is_so = from.map_or(last.names_before, |from| from == before.from);
            is_so && *before.place == *place
        });
        let is_told_otherwise = word.undoes || is_named(&last.span.place);
        if is_called_off && !last.span.place.is_empty() && !is_told_otherwise {
            lain.pop();
            if let Some(last) = lain.last_mut() {
                (last.span.to, last.stated_by) = (None, None);
            }
            return;
        }
    }
    let names_before = lain.last().is_some_and(|last| is_named(&last.span.place));
    // They are nowhere else from then on, however late that is said.
    for Lain { span, .. } in lain.iter_mut() {
        let end = span.to.map_or(came, |to| to.min(came));
        span.to = Some(end.max(span.from));
    }
    lain.push(Lain {
        span: Span {
            place: place.into(),
            from: came,
            to: None,
        },
        names_before,
        stated_by: None,
    });
}
