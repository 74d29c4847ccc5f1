//! The verdict over a history: each way in which "exactly once, in order" can fail has a name here.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Answer, Event, Expected, Finding, History, Message, Place};

/// The public topics of resources, one record each; what the patient stream has for all.
const PATIENT_STREAM: &str = "healthcare.patient.stream";

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Anomaly {
    /// Acknowledged, and on no raw topic.
    Lost { control_id: String },
    /// More than once on a raw topic though no write was in doubt meanwhile. A producer that gives one write up begins a new epoch,
    /// and sends again what was on its way: brokers cannot know it. It makes its events once all the same.
    WrittenTooOften { control_id: String, times: usize },
    /// On a raw topic, and nobody sent it.
    NeverSent { control_id: String },
    /// None of the events that a message makes is there.
    WithoutEvents { control_id: String },
    /// Only a part of a message's records is there, or another message's stand between them.
    Torn {
        control_id: String,
        event_id: String,
    },
    /// An event stands on a topic twice.
    EventTwice { topic: String, event_id: String },
    /// An event that one process would not have made.
    EventUnexpected { event_id: String },
    /// A patient's message took effect before one that was sent earlier.
    OutOfOrder { control_id: String, before: String },
    /// A revision of a finding stands there twice.
    FindingTwice { finding: String },
    /// A revision that one process would have made is not there.
    FindingMissing { finding: String },
    /// A revision that one process would not have made.
    FindingUnexpected { finding: String },
    /// A revision says something else than that of one process.
    FindingDiffers { finding: String },
    /// A record was read, or something was made of it, that is not committed.
    AbortedRead { place: Place, by: String },
    /// A sender got neither an acknowledgement nor a word to send again, though nobody was killed or held still.
    Silence { control_id: String },
    /// A record was set aside; nothing of what was sent gives a reason for it.
    SetAside { place: Place, reason: String },
}

/// Finds all that must not be; `quiet` are the phases in which no instance was killed or held still.
pub(crate) fn check(
    history: &History,
    expected: &Expected,
    quiet: &BTreeSet<usize>,
) -> Vec<Anomaly> {
    let mut found = Vec::new();
    let names = Names::of(history);
    on_raw_topics(history, &mut found);
    made_of_messages(history, expected, &names, &mut found);
    published(history, &names, &mut found);
    in_order(history, &names, &mut found);
    concluded(history, expected, &mut found);
    read(history, &mut found);
    answered(history, quiet, &mut found);
    let aside = history.set_aside.iter().map(|one| Anomaly::SetAside {
        place: one.place.clone(),
        reason: one.reason.clone(),
    });
    found.extend(aside);
    found.sort();
    found.dedup();
    found
}

/// The fault in which the message of an anomaly was first sent; none where it is about no message.
pub(crate) fn phase(anomaly: &Anomaly, history: &History) -> Option<usize> {
    let (Anomaly::Lost { control_id }
    | Anomaly::WrittenTooOften { control_id, .. }
    | Anomaly::WithoutEvents { control_id }
    | Anomaly::Torn { control_id, .. }
    | Anomaly::OutOfOrder { control_id, .. }
    | Anomaly::Silence { control_id }) = anomaly
    else {
        return None;
    };
    let mut messages = history.messages.iter();
    let message = messages.find(|message| message.control_id == *control_id)?;
    Some(message.phase())
}

/// Whose a message's id is.
struct Names<'h> {
    by_id: BTreeMap<&'h str, &'h str>,
    messages: BTreeMap<&'h str, &'h Message>,
}

impl<'h> Names<'h> {
    fn of(history: &'h History) -> Self {
        let by_id = history
            .raw
            .iter()
            .map(|raw| (raw.message_id.as_str(), raw.control_id.as_str()));
        let messages = history
            .messages
            .iter()
            .map(|message| (message.control_id.as_str(), message));
        Self {
            by_id: by_id.collect(),
            messages: messages.collect(),
        }
    }

    /// The control id of a message, or what else is known of it.
    fn control_id(&self, message_id: &'h str) -> &'h str {
        self.by_id.get(message_id).copied().unwrap_or(message_id)
    }

    /// Patient and place among the patient's messages.
    fn sent(&self, message_id: &'h str) -> Option<(&'h str, u64)> {
        let message = self.messages.get(self.control_id(message_id))?;
        Some((message.patient.as_str(), message.number))
    }
}

fn on_raw_topics(history: &History, found: &mut Vec<Anomaly>) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for raw in &history.raw {
        *times.entry(&raw.control_id).or_default() += 1;
    }
    let tries = history.messages.iter().flat_map(|message| &message.tries);
    let in_doubt: BTreeSet<usize> = tries
        .filter(|one| one.answer != Answer::Accepted)
        .flat_map(|one| one.phase..=one.until)
        .collect();
    for message in &history.messages {
        let mut phases = message.tries.iter().flat_map(|one| one.phase..=one.until);
        let is_doubtful = phases.any(|phase| in_doubt.contains(&phase));
        let control_id = message.control_id.clone();
        let times = times.remove(message.control_id.as_str()).unwrap_or(0);
        if message.is_acknowledged() && times == 0 {
            found.push(Anomaly::Lost { control_id });
        } else if times > 1 && !is_doubtful {
            found.push(Anomaly::WrittenTooOften { control_id, times });
        }
    }
    let unknown = times.into_keys().map(|control_id| Anomaly::NeverSent {
        control_id: control_id.to_owned(),
    });
    found.extend(unknown);
}

/// Each message on a raw topic made all that it makes, once, and together.
fn made_of_messages(
    history: &History,
    expected: &Expected,
    names: &Names<'_>,
    found: &mut Vec<Anomaly>,
) {
    let seen = by_message(&history.events);
    let wanted = by_message(&expected.events);
    for (message_id, wanted) in &wanted {
        let control_id = names.control_id(message_id).to_owned();
        let Some(seen) = seen.get(message_id) else {
            found.push(Anomaly::WithoutEvents { control_id });
            continue;
        };
        let there: BTreeSet<_> = seen.iter().map(|event| &event.event_id).collect();
        let missing = wanted
            .iter()
            .filter(|event| !there.contains(&event.event_id));
        found.extend(missing.map(|event| Anomaly::Torn {
            control_id: control_id.clone(),
            event_id: event.event_id.clone(),
        }));
    }
    let known: BTreeSet<_> = expected
        .events
        .iter()
        .map(|event| &event.event_id)
        .collect();
    let unexpected = history
        .events
        .iter()
        .filter(|event| !known.contains(&event.event_id));
    found.extend(unexpected.map(|event| Anomaly::EventUnexpected {
        event_id: event.event_id.clone(),
    }));
    twice(&history.events, found);
    together(history, names, found);
}

/// A patient's records of one message follow each other, and only the last says that no more come.
fn together(history: &History, names: &Names<'_>, found: &mut Vec<Anomaly>) {
    for events in by_patient(&history.events).values() {
        let after = events.iter().skip(1).map(Some).chain([None]);
        for (event, next) in events.iter().zip(after) {
            let goes_on = next.is_some_and(|next| next.message_id == event.message_id);
            if event.more != goes_on {
                found.push(Anomaly::Torn {
                    control_id: names.control_id(&event.message_id).to_owned(),
                    event_id: event.event_id.clone(),
                });
            }
        }
    }
}

/// What is committed together stands on all its topics or on none.
fn published(history: &History, names: &Names<'_>, found: &mut Vec<Anomaly>) {
    twice(&history.published, found);
    let public: BTreeSet<_> = history.published.iter().map(|one| &one.event_id).collect();
    let stream: BTreeSet<_> = history.events.iter().map(|one| &one.event_id).collect();
    let alone = history
        .events
        .iter()
        .filter(|event| !public.contains(&event.event_id))
        .chain(
            history
                .published
                .iter()
                .filter(|event| !stream.contains(&event.event_id)),
        );
    found.extend(alone.map(|event| Anomaly::Torn {
        control_id: names.control_id(&event.message_id).to_owned(),
        event_id: event.event_id.clone(),
    }));
}

fn twice(events: &[Event], found: &mut Vec<Anomaly>) {
    let mut once = BTreeSet::new();
    let again = events
        .iter()
        .filter(|event| !once.insert((&event.place.topic, &event.event_id)));
    found.extend(again.map(|event| Anomaly::EventTwice {
        topic: event.place.topic.clone(),
        event_id: event.event_id.clone(),
    }));
}

/// A patient's messages took effect in the order in which they were sent.
fn in_order(history: &History, names: &Names<'_>, found: &mut Vec<Anomaly>) {
    let mut newest: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for event in &history.events {
        let Some((patient, number)) = names.sent(&event.message_id) else {
            continue;
        };
        let control_id = names.control_id(&event.message_id);
        let (before, of) = newest.entry(patient).or_insert((number, control_id));
        if number < *before {
            found.push(Anomaly::OutOfOrder {
                control_id: (*of).to_owned(),
                before: control_id.to_owned(),
            });
        } else {
            (*before, *of) = (number, control_id);
        }
    }
}

/// The findings are those of one process, each once.
fn concluded(history: &History, expected: &Expected, found: &mut Vec<Anomaly>) {
    let name = |finding: &Finding| format!("{} revision {}", finding.id, finding.revision);
    let mut wanted: BTreeMap<String, &Finding> = expected
        .findings
        .iter()
        .map(|finding| (name(finding), finding))
        .collect();
    let mut once = BTreeSet::new();
    for finding in &history.findings {
        let named = name(finding);
        if !once.insert(named.clone()) {
            found.push(Anomaly::FindingTwice { finding: named });
            continue;
        }
        match wanted.remove(&named) {
            None => found.push(Anomaly::FindingUnexpected { finding: named }),
            Some(one) if one.content != finding.content => {
                found.push(Anomaly::FindingDiffers { finding: named });
            }
            Some(_) => {}
        }
    }
    let missing = wanted.into_keys();
    found.extend(missing.map(|finding| Anomaly::FindingMissing { finding }));
}

/// Nothing that is not committed was ever given to a reader, or was what something else was made of.
fn read(history: &History, found: &mut Vec<Anomaly>) {
    let mut check = |place: &Place, by: String| {
        if !history.committed.contains(place) {
            let place = place.clone();
            found.push(Anomaly::AbortedRead { place, by });
        }
    };
    for place in &history.seen {
        let how = match history.aborted.contains(place) {
            true => "a reader of committed records",
            false => "a reader; it is gone since",
        };
        check(place, how.to_owned());
    }
    for event in &history.events {
        check(&event.of, event.place.to_string());
    }
    for finding in &history.findings {
        for of in &finding.of {
            check(of, finding.place.to_string());
        }
    }
}

fn answered(history: &History, quiet: &BTreeSet<usize>, found: &mut Vec<Anomaly>) {
    let unanswered = history.messages.iter().filter(|message| {
        let mut tries = message.tries.iter();
        tries.any(|one| {
            let was_quiet = (one.phase..=one.until).all(|phase| quiet.contains(&phase));
            was_quiet && matches!(one.answer, Answer::Ended | Answer::Silence)
        })
    });
    found.extend(unanswered.map(|message| Anomaly::Silence {
        control_id: message.control_id.clone(),
    }));
}

fn by_message(events: &[Event]) -> BTreeMap<&str, Vec<&Event>> {
    let mut grouped: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events {
        grouped.entry(&event.message_id).or_default().push(event);
    }
    grouped
}

fn by_patient(events: &[Event]) -> BTreeMap<&str, Vec<&Event>> {
    let mut grouped: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    let streamed = events
        .iter()
        .filter(|one| one.place.topic == PATIENT_STREAM);
    for event in streamed {
        grouped.entry(&event.patient).or_default().push(event);
    }
    grouped
}
