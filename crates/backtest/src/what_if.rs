//! What would change a finding: its history is played again with one value left out, or with the least other value that matters.
//!
//! Nothing is known here of any rule: what is said of a value is what the workload itself concludes from another one.

use clinical::{
    Decimal, Event, EventId, Fact, Finding, ObservationStatus, Quantity, Severity, Value,
};

use crate::replay::{Error, Replay};
use crate::{History, Player};

/// No more values of a finding are tried, the first first.
const INPUTS_MAX: usize = 24;
/// Steps of the last digit double up to this many doublings: 1023 steps away.
const DOUBLINGS_MAX: u32 = 10;

/// What a finding would be with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// What it is, as the finding's evidence names it.
    pub what: Box<str>,
    /// The event that said the value.
    pub event: EventId,
    /// The value as used.
    pub value: Box<str>,
    /// What would be there instead.
    pub instead: Instead,
    /// What would be said then.
    pub then: Then,
}

/// What stands in the place of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Nothing.
    Nothing,
    /// Another value, in the unit that the source wrote; it is the nearest one on its side that changes the finding.
    Value(Box<str>),
}

/// What is said with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing of this condition at this time.
    Nothing,
    /// Something else.
    Said {
        /// How much it matters.
        severity: Severity,
        /// The score, where the workload has one.
        score: Option<i32>,
        /// In words.
        summary: Box<str>,
    },
}

impl Then {
    fn of(finding: Option<&Finding>) -> Self {
        finding.map_or(Self::Nothing, |finding| Self::Said {
            severity: finding.severity,
            score: finding.score,
            summary: finding.summary.clone(),
        })
    }

    /// Whether it is another answer: how grave it is decides what is done about it, and else the score.
    fn differs(&self, from: &Self) -> bool {
        match (self, from) {
            (Self::Nothing, Self::Nothing) => false,
            (
                Self::Said { severity, .. },
                Self::Said {
                    severity: other, ..
                },
            ) => severity != other,
            (Self::Nothing, Self::Said { .. }) | (Self::Said { .. }, Self::Nothing) => true,
        }
    }
}

impl Player {
    /// Says what would change a finding of this workload, as far as it was known when the finding was made; nothing where
    /// the history does not give it again, such as after retention, or under other settings.
    ///
    /// # Errors
    /// When something of the history cannot be used.
    pub fn what_if(
        &self,
        history: &History,
        finding: &Finding,
    ) -> Result<Option<Vec<Alternative>>, Error> {
        let known = |event: &&Event| event.received <= finding.known_at;
        let events: Vec<Event> = history.events.iter().filter(known).cloned().collect();
        let asked = Asked {
            player: self,
            events,
            finding,
        };
        let now = Then::of(Some(finding));
        let again = asked.then(&Replay::new(self), 0, None)?;
        if again.is_none_or(|again| again.differs(&now)) {
            return Ok(None);
        }
        let mut found = Vec::new();
        for evidence in finding.evidence.iter().take(INPUTS_MAX) {
            let Some((place, event)) = asked.event(evidence.event) else {
                continue;
            };
            let (before, from) = asked.before(place)?;
            let mut add = |instead, then: Then| {
                found.push(Alternative {
                    what: evidence.what.clone(),
                    event: evidence.event,
                    value: evidence.value.clone(),
                    instead,
                    then,
                });
            };
            if let Some(left_out) = without(event)
                && let Some(then) = asked.then(&before, from, Some((place, left_out)))?
                && then.differs(&now)
            {
                add(Instead::Nothing, then);
            }
            let Some(quantity) = quantity(event, &evidence.value) else {
                continue;
            };
            for sign in [Decimal::NEGATIVE_ONE, Decimal::ONE] {
                let tried = Tried {
                    asked: &asked,
                    before: &before,
                    from,
                    place,
                    quantity,
                    step: sign * Decimal::new(1, quantity.value.scale()),
                };
                if let Some((value, then)) = tried.least(&now)? {
                    add(Instead::Value(value.into()), then);
                }
            }
        }
        Ok(Some(found))
    }
}

/// A finding that is asked about, with what was known when it was made.
struct Asked<'a> {
    player: &'a Player,
    events: Vec<Event>,
    finding: &'a Finding,
}

impl<'a> Asked<'a> {
    fn event(&self, id: EventId) -> Option<(usize, &Event)> {
        let mut all = self.events.iter().enumerate();
        all.find(|(_, event)| event.id == id)
    }

    /// Plays up to the moment in which an event became known; gives where that moment begins.
    fn before(&self, place: usize) -> Result<(Replay<'a>, usize), Error> {
        let mut replay = Replay::new(self.player);
        let mut from = 0;
        for moment in self.moments(0) {
            if from + moment.len() > place {
                break;
            }
            replay.take(moment)?;
            from += moment.len();
        }
        Ok((replay, from))
    }

    fn moments(&self, from: usize) -> impl Iterator<Item = &[Event]> {
        let events = self.events.get(from..).unwrap_or_default();
        events.chunk_by(|one, next| one.received == next.received)
    }

    /// Plays on from there with one event in the place of another; nothing where it cannot be used, and says nothing then.
    fn then(
        &self,
        before: &Replay<'a>,
        from: usize,
        other: Option<(usize, Event)>,
    ) -> Result<Option<Then>, Error> {
        let mut replay = before.clone();
        let mut at = from;
        for moment in self.moments(from) {
            match &other {
                Some((place, event)) if (at..at + moment.len()).contains(place) => {
                    let mut changed = moment.to_vec();
                    if let Some(slot) = changed.get_mut(place - at) {
                        slot.clone_from(event);
                    }
                    replay.take(&changed)?;
                }
                _ => replay.take(moment)?,
            }
            at += moment.len();
        }
        replay.pass(self.finding.known_at)?;
        if let Some((_, event)) = &other
            && replay.unusable.contains(&event.id)
        {
            return Ok(None);
        }
        let Finding {
            patient,
            condition,
            as_of,
            ..
        } = self.finding;
        let line = (*patient, condition.clone(), *as_of);
        Ok(Some(Then::of(replay.standing.get(&line))))
    }
}

/// One value that others are tried for, on one side of it.
struct Tried<'t, 'a> {
    asked: &'t Asked<'a>,
    before: &'t Replay<'a>,
    from: usize,
    place: usize,
    quantity: &'t Quantity,
    /// One of its last digit, up or down.
    step: Decimal,
}

impl Tried<'_, '_> {
    /// Finds the nearest value that changes the answer: further and further until one does, then between.
    fn least(&self, now: &Then) -> Result<Option<(String, Then)>, Error> {
        let mut same: i64 = 0;
        for doubling in 0..=DOUBLINGS_MAX {
            let steps = 1_i64 << doubling;
            let Some(then) = self.at(steps)? else {
                return Ok(None);
            };
            if !then.differs(now) {
                same = steps;
                continue;
            }
            let (mut other, mut found) = (steps, then);
            while other - same > 1 {
                let middle = same + (other - same) / 2;
                match self.at(middle)? {
                    Some(then) if then.differs(now) => (other, found) = (middle, then),
                    _ => same = middle,
                }
            }
            return Ok(self.value(other).map(|value| {
                let unit = &self.quantity.unit;
                (format!("{value} {unit}").trim_end().to_owned(), found)
            }));
        }
        Ok(None)
    }

    /// What is said so many steps away; nothing where no such value can be.
    fn at(&self, steps: i64) -> Result<Option<Then>, Error> {
        let Some(value) = self.value(steps) else {
            return Ok(None);
        };
        let Some(event) = self.asked.events.get(self.place) else {
            return Ok(None);
        };
        let event = with(event, self.quantity, value);
        self.asked
            .then(self.before, self.from, Some((self.place, event)))
    }

    fn value(&self, steps: i64) -> Option<Decimal> {
        let away = self.step.checked_mul(Decimal::from(steps))?;
        let value = self.quantity.value.checked_add(away)?;
        (!value.is_sign_negative()).then_some(value)
    }
}

/// The event, as if it had never been said.
fn without(event: &Event) -> Option<Event> {
    let mut event = event.clone();
    match &mut event.fact {
        Fact::Observation(observation) => observation.status = ObservationStatus::EnteredInError,
        Fact::Order(order) => order.active = false,
        Fact::Problem(problem) => problem.active = false,
        Fact::Encounter(_) | Fact::Person(_) | Fact::Merge(_) | Fact::Handover { .. } => {
            return None;
        }
    }
    Some(event)
}

/// The quantity that a value in evidence was: the only one, or that of a panel with the same number.
fn quantity<'e>(event: &'e Event, said: &str) -> Option<&'e Quantity> {
    let Fact::Observation(observation) = &event.fact else {
        return None;
    };
    let parts = observation.components.iter().map(|(_, value)| value);
    let all: Vec<&Quantity> = observation
        .value
        .iter()
        .chain(parts)
        .filter_map(|value| match value {
            Value::Quantity(quantity) => Some(quantity),
            Value::Coded(_) | Value::Text(_) => None,
        })
        .collect();
    let number = said
        .split(' ')
        .next()
        .and_then(|word| word.parse::<Decimal>().ok());
    match all.as_slice() {
        [one] => Some(one),
        several => several
            .iter()
            .copied()
            .find(|quantity| Some(quantity.value) == number),
    }
}

/// The event with another value for one of its quantities.
fn with(event: &Event, quantity: &Quantity, value: Decimal) -> Event {
    let mut event = event.clone();
    if let Fact::Observation(observation) = &mut event.fact {
        let parts = observation.components.iter_mut().map(|(_, value)| value);
        let all = observation.value.iter_mut().chain(parts);
        let same = all.filter_map(|part| match part {
            Value::Quantity(part) if part == quantity => Some(part),
            Value::Quantity(_) | Value::Coded(_) | Value::Text(_) => None,
        });
        same.for_each(|part| part.value = value);
    }
    event
}

#[cfg(test)]
mod tests;
