//! The elements of the bundle: what is due by when, and whether it was done.

use std::time::Duration;

use clinical::{Decimal, EventTime, ReceivedTime};

use super::NEW_AFTER;
use super::evidence::{charted, is_beyond, shown};
use super::presentation::Presentation;
use super::shock::{FLUID, FLUID_WITHIN, LACTATE_WITHIN, Shock, fluids, lactate_known};
use crate::Parameter;
use crate::chart::Entry;
use crate::chart::read::{
    CARE_DECLINED, COMFORT_CARE, DONE, POSITIVE, REASSESSED, RESULTED, TRANSFERRED_IN,
};
use crate::config::hours;
use crate::limit::{Limit, tenths};
use crate::organ::weight;
use crate::workload::View;

/// The elements, in the order of their places.
const ELEMENTS: [(&str, &str); 7] = [
    ("initial-lactate", "initial lactate"),
    ("blood-cultures", "blood cultures before antibiotics"),
    ("antibiotics", "antibiotics"),
    ("repeat-lactate", "repeat lactate"),
    ("crystalloid", "crystalloid of 30 mL/kg"),
    ("vasopressors", "vasopressors"),
    ("reassessment", "reassessment of volume and perfusion"),
];
const INITIAL_LACTATE: u8 = 0;
const BLOOD_CULTURES: u8 = 1;
const ANTIBIOTICS: u8 = 2;
const REPEAT_LACTATE: u8 = 3;
const CRYSTALLOID: u8 = 4;
const VASOPRESSORS: u8 = 5;
const REASSESSMENT: u8 = 6;

/// What is due within three hours, and within six (SEP-1).
const THREE_HOURS: Duration = hours(3);
const SIX_HOURS: Duration = hours(6);
/// Antibiotics count so long before the presentation (EHI table SEP1_AUTOPOP_ANTIBIO); a culture so long before the
/// presentation, or before these antibiotics (EHI table SEP1_AUTOPOP_BLD_CULT).
const ANTIBIOTICS_BEFORE: Duration = hours(24);
const CULTURES_BEFORE: Duration = hours(24);
/// A lactate above this, mmol/L, is to be repeated (SEP-1).
const REPEATED: Limit = Limit::Above(tenths(20));

/// Gives the one word of an element.
pub(crate) fn element_word(place: u8) -> &'static str {
    ELEMENTS
        .get(usize::from(place))
        .map_or("unknown", |(word, _)| word)
}

/// How an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    AtRisk,
    Met,
    Missed,
    NotRequired,
}

/// An element with its deadline.
#[derive(Debug)]
pub(super) struct Clock<'a> {
    pub(super) place: u8,
    /// By when it is to be done; nothing where it is not asked for.
    due: Option<EventTime>,
    /// What was done in time.
    met: bool,
    /// Why it is not asked for, or what was done.
    words: String,
    pub(super) evidence: Vec<&'a Entry>,
    /// What is not known.
    pub(super) missing: Option<Parameter>,
    /// When it could be known that it is asked for, where more than the presentation says so.
    asked: Option<ReceivedTime>,
    /// When it could be known that severe sepsis presented.
    presented: Option<ReceivedTime>,
}

/// Says how every element of the bundle stands.
pub(super) fn clocks<'a>(
    view: &View<'a>,
    presentation: &Presentation<'a>,
    shock: &Shock<'a>,
) -> Vec<Clock<'a>> {
    let at = presentation.at;
    let mut clocks = vec![
        initial_lactate(view, at, shock),
        blood_cultures(view, at),
        antibiotics(view, at),
        repeat_lactate(view, at, shock),
        crystalloid(view, shock),
        vasopressors(view, shock),
        reassessment(view, shock),
    ];
    if let Some(exempt) = exemption(view, at) {
        for clock in &mut clocks {
            clock.due = None;
            clock.words = shown(exempt);
            clock.evidence = vec![exempt];
            clock.missing = None;
        }
    }
    let presented = presentation.known(view);
    for clock in &mut clocks {
        clock.presented = presented;
    }
    for clock in clocks.iter_mut().filter(|clock| !clock.met) {
        if let Some(left) = clock.due.and_then(|due| left_before(view, at, due)) {
            clock.due = None;
            clock.words = format!("the patient left at {left}");
        }
    }
    clocks
}

impl<'a> Clock<'a> {
    fn not_required(place: u8, why: &str) -> Self {
        Self {
            place,
            due: None,
            met: false,
            words: why.into(),
            evidence: Vec::new(),
            missing: None,
            asked: None,
            presented: None,
        }
    }

    /// An element that was done in time, or is not yet.
    fn of(place: u8, due: EventTime, done: Option<&'a Entry>) -> Self {
        let met = done.is_some_and(|entry| entry.at <= due);
        Self {
            place,
            due: Some(due),
            met,
            words: done.map_or_else(String::new, |entry| {
                format!("{} at {}", shown(entry), entry.at)
            }),
            evidence: done.into_iter().collect(),
            missing: None,
            asked: None,
            presented: None,
        }
    }

    pub(super) fn status(&self, watermark: EventTime, at_risk: Duration) -> Status {
        match self.due {
            None => Status::NotRequired,
            Some(_) if self.met => Status::Met,
            Some(due) if watermark > due => Status::Missed,
            Some(due) if watermark >= due.minus(at_risk) => Status::AtRisk,
            Some(_) => Status::Running,
        }
    }

    /// Gives when time alone changes how it stands.
    pub(super) fn wake(&self, view: &View<'_>) -> Option<EventTime> {
        let due = self.due.filter(|_| !self.met)?;
        let risk = due.minus(view.config.bundle.at_risk);
        let over = due.plus(Duration::from_micros(1));
        [risk, over].into_iter().find(|at| *at > view.watermark)
    }

    /// Says whether the deadline was over before anybody could know of it.
    pub(super) fn is_retrospective(&self) -> bool {
        self.is_over_before(self.presented.max(self.asked))
    }

    fn is_over_before(&self, known: Option<ReceivedTime>) -> bool {
        self.due
            .zip(known)
            .is_some_and(|(due, known)| known.micros() > due.micros())
    }

    pub(super) fn summary(&self, status: Status, retrospective: bool) -> String {
        let what = ELEMENTS
            .get(usize::from(self.place))
            .map_or("unknown", |(_, words)| words);
        let words = &self.words;
        let (open, close) = if words.is_empty() {
            ("", "")
        } else {
            ("; ", words.as_str())
        };
        let due = self.due.unwrap_or_default();
        match status {
            Status::NotRequired => format!("{what}: not required, {words}"),
            Status::Met => format!("{what}: met, {words}"),
            Status::Running => format!("{what}: running, due by {due}{open}{close}"),
            Status::AtRisk => format!("{what}: at risk, due by {due}{open}{close}"),
            Status::Missed if retrospective => {
                let late = match self.is_over_before(self.presented) {
                    true => "sepsis",
                    false => "what asks for it",
                };
                format!(
                    "{what}: missed, was due by {due}; seen in retrospect, since {late} was known only after that{open}{close}"
                )
            }
            Status::Missed => format!("{what}: missed, was due by {due}{open}{close}"),
        }
    }
}

fn initial_lactate<'a>(view: &View<'a>, at: EventTime, shock: &Shock<'a>) -> Clock<'a> {
    let due = at.plus(LACTATE_WITHIN);
    let late = charted(view.chart, Parameter::Lactate, due, due.plus(NEW_AFTER)).next();
    Clock::of(INITIAL_LACTATE, due, shock.lactate.or(late))
}

fn first_antibiotic<'a>(view: &View<'a>, at: EventTime, until: EventTime) -> Option<&'a Entry> {
    let from = at.minus(ANTIBIOTICS_BEFORE);
    charted(view.chart, Parameter::Antimicrobial, from, until)
        .find(|entry| entry.code() == Some(DONE))
}

fn blood_cultures<'a>(view: &View<'a>, at: EventTime) -> Clock<'a> {
    let due = at.plus(THREE_HOURS);
    let antibiotic = first_antibiotic(view, at, due);
    let since = antibiotic
        .map_or(at, |of| of.at.min(at))
        .minus(CULTURES_BEFORE);
    let taken = |until| {
        charted(view.chart, Parameter::BloodCulture, since, until)
            .find(|entry| matches!(entry.code(), Some(DONE | RESULTED | POSITIVE)))
    };
    let before = taken(antibiotic.map_or(due, |of| of.at.min(due)));
    let Some(antibiotic) = antibiotic.filter(|_| before.is_none()) else {
        return Clock::of(
            BLOOD_CULTURES,
            due,
            before.or_else(|| taken(due.plus(NEW_AFTER))),
        );
    };
    let mut clock = Clock::of(BLOOD_CULTURES, due, None);
    let after = taken(due.plus(NEW_AFTER));
    clock.words = match after {
        Some(culture) => format!(
            "{} at {}, after the antimicrobial of {}",
            shown(culture),
            culture.at,
            antibiotic.at
        ),
        None => format!("antimicrobial given at {} without one", antibiotic.at),
    };
    clock.evidence = std::iter::once(antibiotic).chain(after).collect();
    clock
}

fn antibiotics<'a>(view: &View<'a>, at: EventTime) -> Clock<'a> {
    let due = at.plus(THREE_HOURS);
    let given = first_antibiotic(view, at, due.plus(NEW_AFTER));
    Clock::of(ANTIBIOTICS, due, given)
}

fn repeat_lactate<'a>(view: &View<'a>, at: EventTime, shock: &Shock<'a>) -> Clock<'a> {
    let Some(first) = shock.lactate else {
        return Clock::not_required(REPEAT_LACTATE, "no initial lactate is known");
    };
    if !is_beyond(first, REPEATED) {
        let mut clock =
            Clock::not_required(REPEAT_LACTATE, "the initial one is not above 2 mmol/L");
        clock.evidence.push(first);
        return clock;
    }
    let due = at.plus(SIX_HOURS);
    // One before the presentation repeats nothing that was found at it.
    let after = first.at.max(at).plus(Duration::from_micros(1));
    let again = charted(view.chart, Parameter::Lactate, after, due.plus(NEW_AFTER)).next();
    let mut clock = Clock::of(REPEAT_LACTATE, due, again);
    clock.evidence.insert(0, first);
    clock.asked = Some(lactate_known(view.chart, at, first, REPEATED));
    clock
}

fn crystalloid<'a>(view: &View<'a>, shock: &Shock<'a>) -> Clock<'a> {
    let Some(asked) = shock.fluid_asked else {
        return Clock::not_required(CRYSTALLOID, "no hypotension and no shock");
    };
    let due = asked.at.plus(FLUID_WITHIN);
    let given: Vec<&Entry> = fluids(view.chart, asked.at).collect();
    let mut clock = Clock::of(CRYSTALLOID, due, given.first().copied());
    let why = std::iter::once(asked.why);
    clock.evidence = why.chain(given.iter().copied()).collect();
    clock.asked = Some(asked.known);
    let amount: Decimal = given.iter().filter_map(|entry| entry.number()).sum();
    let weight = weight(view.chart, asked.at);
    clock.missing = weight.is_none().then_some(Parameter::Weight);
    if let Some(first) = given.first() {
        let target = weight.map_or_else(
            || "weight not known".into(),
            |weight| format!("of {} mL", (weight * FLUID).normalize()),
        );
        let given = amount.normalize();
        clock.words = format!("begun at {}, {given} mL so far, {target}", first.at);
    }
    clock
}

fn vasopressors<'a>(view: &View<'a>, shock: &Shock<'a>) -> Clock<'a> {
    let (Some(low), Some(presented)) = (shock.persistent, shock.first()) else {
        return Clock::not_required(VASOPRESSORS, "no hypotension after fluid");
    };
    let due = presented.at.plus(SIX_HOURS);
    let runs = |entry: &&Entry| entry.is_running() && entry.parameter != Parameter::Dobutamine;
    let already = VASOPRESSOR_DRUGS
        .iter()
        .find_map(|drug| view.chart.running(*drug, presented.at));
    let started = view
        .chart
        .between(presented.at, due.plus(NEW_AFTER))
        .find(|entry| VASOPRESSOR_DRUGS.contains(&entry.parameter) && runs(entry));
    let mut clock = Clock::of(VASOPRESSORS, due, already.or(started));
    clock.evidence.insert(0, low.entry);
    clock.asked = Some(low.any.max(presented.known));
    clock
}

/// The drugs that keep the pressure up.
const VASOPRESSOR_DRUGS: [Parameter; 5] = [
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
];

fn reassessment<'a>(view: &View<'a>, shock: &Shock<'a>) -> Clock<'a> {
    let Some(presented) = shock.first() else {
        return Clock::not_required(REASSESSMENT, "no shock");
    };
    let due = presented.at.plus(SIX_HOURS);
    let asked = shock.fluid_asked.map_or(presented.at, |asked| asked.at);
    // What was assessed before the fluid says nothing of what the fluid did.
    let fluid = fluids(view.chart, asked).next();
    let from = fluid.map_or(presented.at, |fluid| fluid.at);
    let done = charted(view.chart, Parameter::SepsisNote, from, due.plus(NEW_AFTER))
        .find(|entry| entry.code() == Some(REASSESSED));
    let mut clock = Clock::of(REASSESSMENT, due, done);
    clock
        .evidence
        .splice(0..0, presented.evidence.iter().copied());
    clock.asked = Some(presented.known);
    clock
}

/// Finds what exempts from the whole bundle: comfort care, care that was declined, a transfer.
fn exemption<'a>(view: &View<'a>, at: EventTime) -> Option<&'a Entry> {
    let (from, until) = (at.minus(NEW_AFTER), at.plus(SIX_HOURS));
    charted(view.chart, Parameter::SepsisNote, from, until).find(|entry| {
        matches!(
            entry.code(),
            Some(COMFORT_CARE | CARE_DECLINED | TRANSFERRED_IN)
        )
    })
}

/// Gives when the patient left, where that was before something was due.
fn left_before(view: &View<'_>, at: EventTime, due: EventTime) -> Option<EventTime> {
    let stays = || view.stays.iter().filter(|stay| stay.watched);
    let left = stays()
        .filter(|stay| stay.start <= at)
        .filter_map(|stay| stay.end)
        .filter(|end| at <= *end && *end < due)
        .max()?;
    let stayed = stays().any(|stay| stay.start < due && stay.end.is_none_or(|end| end > left));
    (!stayed).then_some(left)
}
