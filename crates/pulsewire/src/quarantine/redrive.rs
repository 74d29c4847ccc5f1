//! Sends records in quarantine through again: the original record, once more, on the topic that it came by.

use std::sync::PoisonError;
use std::time::Duration;

use clinical::ReceivedTime;
use journal::Record;
use serde::{Deserialize, Serialize};

use super::attempt::{self, Attempt};
use super::list::{self, Filter, Place};
use super::original::{Original, original, quarantined};
use super::reason::{ReasonCode, Redrive};
use super::rehearsal::Verdict;
use super::{ATTEMPT, Desk, Error, REDRIVEN_FROM};
use crate::clock::Stopwatch;
use crate::control::{AuditTopic, OPERATOR};
use crate::views::QuarantineView;

/// One request sends at most this many.
pub(crate) const SENT_MAX: usize = 100;
/// No faster than this many a second, whoever asks: live messages go first.
const RATE_MAX: u32 = 200;
/// The longest name of a person that is kept.
pub(crate) const WHO_MAX: usize = 100;

/// What is to be sent through again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Request {
    /// These records, by their places; without any, those that the filter takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// Received then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// Received earlier than then: with the `at` of the first answer, what fails again is not sent twice in one go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// Those behind this place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<usize>,
    /// All there are, where nothing else says which.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
    /// Only tells what would become of them.
    pub(crate) dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<String>,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) records: Vec<Sent>,
    /// The place to go on after; nothing where there are no more.
    #[serde(default)]
    pub(crate) next: Option<String>,
    /// When it was done.
    pub(crate) at: String,
}

/// What came of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    /// The record in quarantine.
    pub(crate) place: String,
    pub(crate) reason: String,
    pub(crate) source: String,
    pub(crate) outcome: Outcome,
    /// Why, or what would become of it; may be empty.
    pub(crate) why: String,
    /// Where it was or would be written; empty where it was passed over.
    pub(crate) to: String,
    /// The how manyth time it is sent through again.
    pub(crate) attempt: u32,
}

/// How it ended for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It was sent through again.
    Redriven,
    /// It was passed over.
    Skipped,
    /// It would be used.
    WouldBeUsed,
    /// It would lead to nothing: it was used before.
    WouldChangeNothing,
    /// It would be set aside again.
    WouldFail,
    /// What would become of it cannot be told here.
    NotTried,
}

/// Records in quarantine, and the place behind which there are more.
type Wanted = (Vec<(QuarantineView, Record)>, Option<Place>);

/// A record that is to be sent, with all that is said of it.
struct Ready {
    original: Original,
    attempt: Attempt,
    stage: String,
}

impl Request {
    /// The records that it is about, where it names none.
    fn filter(&self) -> Filter {
        Filter {
            reason: self.reason.clone(),
            source: self.source.clone(),
            topic: self.topic.clone(),
            since: self.since.as_deref().and_then(ReceivedTime::parse),
            before: self.before.as_deref().and_then(ReceivedTime::parse),
        }
    }

    /// Whether it says which records it is about: that all are meant is said, too.
    pub(crate) fn says_which(&self) -> bool {
        let filter = Filter {
            before: None,
            ..self.filter()
        };
        self.all || !self.places.is_empty() || filter != Filter::default()
    }

    /// Who asks, as it is kept.
    pub(crate) fn who(&self) -> String {
        let given = self.who.as_deref().unwrap_or_default().trim();
        let who: String = given
            .chars()
            .filter(|letter| !letter.is_control())
            .take(WHO_MAX)
            .collect();
        match who.is_empty() {
            true => OPERATOR.to_owned(),
            false => who,
        }
    }

    fn words(&self) -> String {
        match self.places.as_slice() {
            [] => self.filter().words(),
            [one] => format!("at={one}"),
            places => format!("{} places", places.len()),
        }
    }
}

impl Desk {
    /// Does what is asked, or tells what would come of it.
    pub(crate) fn redrive(&self, request: &Request) -> Result<Answer, Error> {
        let _alone = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, next) = self.wanted(request)?;
        let attempts = attempt::all(&*self.journal, self.config.journal.partitions)?;
        let (now, who) = (self.clock.now(), request.who());
        let mut answer = Answer {
            records: Vec::with_capacity(found.len()),
            next: next.map(|place| place.to_string()),
            at: now.to_string(),
        };
        let mut ready = Vec::new();
        for (view, copy) in found {
            let place = view.place().to_string();
            let mut sent = Sent {
                reason: view.reason.clone(),
                source: view.source.clone(),
                outcome: Outcome::Skipped,
                why: String::new(),
                to: String::new(),
                attempt: view.attempt,
                place,
            };
            match self.ready(&view, copy, attempts.get(&sent.place), (now, &who))? {
                Err(why) => sent.why = why,
                Ok(one) => {
                    sent.to.clone_from(&one.attempt.to);
                    sent.attempt = one.attempt.number;
                    ready.push((answer.records.len(), one));
                }
            }
            answer.records.push(sent);
        }
        if request.dry_run {
            for (number, one) in &ready {
                if let Some(sent) = answer.records.get_mut(*number) {
                    (sent.outcome, sent.why) = self.tried(one);
                }
            }
        } else if !ready.is_empty() {
            self.send(ready, request, now, &mut answer)?;
        }
        Ok(answer)
    }

    /// The records that a request is about, and where there are more.
    fn wanted(&self, request: &Request) -> Result<Wanted, Error> {
        let max = request.max.unwrap_or(SENT_MAX).clamp(1, SENT_MAX);
        if !request.places.is_empty() {
            let places = request.places.iter().take(max).map(|text| {
                let place = Place::parse(text).ok_or_else(|| Error::NotThere(text.clone()))?;
                quarantined(&*self.journal, &place)
            });
            return Ok((places.collect::<Result<_, _>>()?, None));
        }
        let after = request.after.as_deref().and_then(Place::parse);
        let filter = request.filter();
        filter.check(&*self.journal).map_err(Error::NotKnown)?;
        let page = list::page(&*self.journal, &filter, after.as_ref(), max)?;
        let found = page.records.into_iter();
        let found = found.map(|view| quarantined(&*self.journal, &view.place()));
        Ok((found.collect::<Result<_, _>>()?, page.next))
    }

    /// Makes ready what is to be sent, or says why it is passed over.
    fn ready(
        &self,
        view: &QuarantineView,
        copy: Record,
        before: Option<&Attempt>,
        (now, who): (ReceivedTime, &str),
    ) -> Result<Result<Ready, String>, Error> {
        if let Some(before) = before.filter(|before| before.settles(view)) {
            let how = if before.edited {
                "a corrected copy was sent"
            } else {
                "it was sent"
            };
            let why = format!(
                "{how} through again at {} by {}; had that failed, it would be a record of its own here",
                before.at, before.who
            );
            return Ok(Err(why));
        }
        if let Some(known) = ReasonCode::parse(&view.reason)
            && known.redrive == Redrive::No
        {
            return Ok(Err(known.advice.to_owned()));
        }
        if let Some(why) = attempt::unusable_as_it_is(view) {
            return Ok(Err(why.to_owned()));
        }
        let original = match original(&*self.journal, view, copy)? {
            Ok(original) => original.received(now),
            Err(why) => return Ok(Err(why)),
        };
        let attempt = Attempt {
            quarantined: view.place().to_string(),
            to: format!("{}/{}", original.to.topic, original.to.partition),
            number: view.attempt.saturating_add(1),
            edited: false,
            who: who.to_owned(),
            at: now.to_string(),
        };
        Ok(Ok(Ready {
            original,
            attempt,
            stage: view.stage.clone(),
        }))
    }

    fn tried(&self, one: &Ready) -> (Outcome, String) {
        let Original { to, record } = &one.original;
        match self.rehearse(&one.stage, to, record) {
            Verdict::Used(records) => (Outcome::WouldBeUsed, format!("{records} records")),
            Verdict::Nothing => {
                let why = "it was used before, or says nothing new";
                (Outcome::WouldChangeNothing, why.to_owned())
            }
            Verdict::Fails { reason, detail } => {
                (Outcome::WouldFail, format!("{reason}: {detail}"))
            }
            Verdict::Unknown(why) => (Outcome::NotTried, why),
        }
    }

    /// Writes each record with the word that it was sent.
    fn send(
        &self,
        ready: Vec<(usize, Ready)>,
        request: &Request,
        now: ReceivedTime,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        let partitions = self.config.journal.partitions;
        let audit = AuditTopic {
            journal: &*self.journal,
            partitions,
        };
        let purpose = format!(
            "redrive {} from quarantine ({})",
            ready.len(),
            request.words()
        );
        audit.note(&request.who(), &purpose, now)?;
        let watch = Stopwatch::start();
        for (sent, (number, one)) in (0_u32..).zip(ready) {
            pace(watch, sent);
            let place = one.attempt.quarantined.clone();
            let times = one.attempt.number.to_string();
            let Original { to, mut record } = one.original;
            for (name, value) in [(REDRIVEN_FROM, place), (ATTEMPT, times)] {
                record
                    .headers
                    .push((name.into(), value.into_bytes().into()));
            }
            self.write((to, record), one.attempt.record(now, partitions))?;
            if let Some(sent) = answer.records.get_mut(number) {
                sent.outcome = Outcome::Redriven;
            }
        }
        Ok(())
    }
}

/// Waits until so many may have been sent.
fn pace(watch: Stopwatch, sent: u32) {
    let due = Duration::from_secs(1) * sent / RATE_MAX;
    while let Some(left) = due
        .checked_sub(watch.elapsed())
        .filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests;
