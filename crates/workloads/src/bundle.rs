//! The bundle of SEP-1: when severe sepsis and septic shock presented, by every way to say so, and what was due since.

mod clock;
mod evidence;
mod presentation;
mod shock;

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::config::{TimeZero, hours};
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};
pub(crate) use clock::element_word;
use clock::{Clock, Status};
pub(crate) use evidence::shown;
use presentation::{Candidate, Presentation, Timeline};
use shock::{Shock, ShockCandidate};

/// How far back it is concluded.
pub(crate) const WINDOW: Duration = hours(48);
/// The criteria are met together where they are within this time of one another (SEP-1).
const TOGETHER: Duration = hours(6);
/// A presentation is a new one after this time without another: the measure asks for the first of a stay.
const NEW_AFTER: Duration = hours(72);
/// A shock so long after the presentation is still of it.
const SHOCK_WITHIN: Duration = hours(24);
/// How far back what is concluded rests on what was charted.
pub(crate) const LOOKS_BACK: Duration = hours(24 + 72 + 6);
/// So much longer is kept: whether ventilation is new, and since when urine was collected.
const BESIDE: Duration = hours(10);

pub(crate) const READS: &[Parameter] = &[
    Parameter::SepsisNote,
    Parameter::Culture,
    Parameter::BloodCulture,
    Parameter::Antimicrobial,
    Parameter::Temperature,
    Parameter::Pulse,
    Parameter::RespiratoryRate,
    Parameter::WhiteCells,
    Parameter::Bands,
    Parameter::SystolicPressure,
    Parameter::MeanPressure,
    Parameter::RespiratorySupport,
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Weight,
    Parameter::Bilirubin,
    Parameter::Platelets,
    Parameter::Inr,
    Parameter::Aptt,
    Parameter::Lactate,
    Parameter::Crystalloid,
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
];

/// Says how long an entry matters when it is no longer among the newest.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    let counts = evidence::may_count(entry);
    counts.then_some(LOOKS_BACK + BESIDE)
}

/// Says when severe sepsis and septic shock presented, and how each element of the bundle stands.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    let timeline = Timeline::read(view);
    concluded
        .conclusions
        .extend(timeline.sirs.iter().map(inflammation));
    concluded
        .conclusions
        .extend(timeline.candidates.iter().map(candidate));
    for presentation in &timeline.presentations {
        tell(view, presentation, &mut concluded);
    }
    concluded
        .conclusions
        .retain(|conclusion| conclusion.as_of >= view.frozen);
    // Of two presentations of one day a shock may be the same: it is told once.
    let mut told = Vec::new();
    concluded.conclusions.retain(|conclusion| {
        let key = (conclusion.as_of, conclusion.condition);
        let is_new = !told.contains(&key);
        told.push(key);
        is_new
    });
    concluded
}

fn tell(view: &View<'_>, presentation: &Presentation<'_>, concluded: &mut Concluded) {
    let age = view.person.age_years(presentation.at);
    if age.is_some_and(|age| age < view.config.sepsis.least_age_years) {
        return;
    }
    let shock = Shock::find(view, presentation);
    let told = &mut concluded.conclusions;
    told.push(severe(view, presentation));
    told.extend(shock.candidates.iter().map(shock_candidate));
    told.extend(shock.first().map(|first| septic_shock(presentation, first)));
    for clock in clock::clocks(view, presentation, &shock) {
        if presentation.at >= view.frozen
            && let Some(wake) = clock.wake(view)
        {
            concluded.wake = Some(concluded.wake.map_or(wake, |held| held.min(wake)));
        }
        concluded
            .conclusions
            .push(element(view, presentation, clock));
    }
}

fn said(condition: Condition, as_of: EventTime, severity: Severity, summary: String) -> Conclusion {
    Conclusion {
        condition,
        as_of,
        severity,
        score: None,
        summary,
        evidence: Vec::new(),
        missing: Vec::new(),
        history: false,
        note: 1,
    }
}

/// Two criteria of SIRS in the words of SEP-1, where there were none for as long as they are taken together.
fn inflammation((at, met): &(EventTime, Vec<&Entry>)) -> Conclusion {
    let summary = format!("SIRS by SEP-1: {} of 4 within 6 h", met.len());
    Conclusion {
        score: i32::try_from(met.len()).ok(),
        evidence: met.iter().map(|entry| proof(entry)).collect(),
        ..said(Condition::SirsSep1, *at, Severity::None, summary)
    }
}

fn ways(ways: &[TimeZero]) -> String {
    let words: Vec<&str> = ways
        .iter()
        .map(|way| match way {
            TimeZero::Documented => "documentation",
            TimeZero::Criteria => "criteria with an infection that is documented",
            TimeZero::Orders => "criteria with an infection that orders suggest",
        })
        .collect();
    words.join(", and by ")
}

fn candidate(candidate: &Candidate<'_>) -> Conclusion {
    let summary = format!(
        "severe sepsis may have presented: by {}",
        ways(&candidate.ways)
    );
    Conclusion {
        evidence: candidate
            .evidence
            .iter()
            .map(|entry| proof(entry))
            .collect(),
        ..said(
            Condition::SevereSepsisCandidate,
            candidate.at,
            Severity::None,
            summary,
        )
    }
}

fn severe(view: &View<'_>, presentation: &Presentation<'_>) -> Conclusion {
    let fever = if view.config.bundle.fever.is_none() {
        "; fever not counted: its limit is not set"
    } else {
        ""
    };
    let age = if view.person.age_years(presentation.at).is_none() {
        "; age not known, taken for an adult"
    } else {
        ""
    };
    let summary = format!(
        "severe sepsis presented: by {}{fever}{age}",
        ways(&presentation.ways)
    );
    Conclusion {
        evidence: presentation
            .evidence
            .iter()
            .map(|entry| proof(entry))
            .collect(),
        ..said(
            Condition::SevereSepsis,
            presentation.at,
            Severity::High,
            summary,
        )
    }
}

fn shock_candidate(candidate: &ShockCandidate<'_>) -> Conclusion {
    let summary = format!("septic shock may have presented: {}", candidate.because());
    Conclusion {
        evidence: candidate
            .evidence
            .iter()
            .map(|entry| proof(entry))
            .collect(),
        ..said(
            Condition::SepticShockCandidate,
            candidate.at,
            Severity::None,
            summary,
        )
    }
}

fn septic_shock(presentation: &Presentation<'_>, first: &ShockCandidate<'_>) -> Conclusion {
    let summary = format!(
        "septic shock presented: {}, in severe sepsis since {}",
        first.because(),
        presentation.at
    );
    Conclusion {
        evidence: first.evidence.iter().map(|entry| proof(entry)).collect(),
        ..said(
            Condition::SepticShockSep1,
            first.at,
            Severity::Critical,
            summary,
        )
    }
}

fn element(view: &View<'_>, presentation: &Presentation<'_>, clock: Clock<'_>) -> Conclusion {
    let status = clock.status(view.watermark, view.config.bundle.at_risk);
    let severity = match status {
        Status::Running | Status::Met | Status::NotRequired => Severity::None,
        Status::AtRisk => Severity::Medium,
        Status::Missed => Severity::High,
    };
    let history = status == Status::Missed && clock.is_retrospective();
    let missing = clock.missing.map(|parameter| Missing {
        parameter,
        last: None,
        why: None,
    });
    Conclusion {
        evidence: clock.evidence.iter().map(|entry| proof(entry)).collect(),
        missing: missing.into_iter().collect(),
        history,
        ..said(
            Condition::BundleElement(clock.place),
            presentation.at,
            severity,
            clock.summary(status, history),
        )
    }
}

fn proof(entry: &Entry) -> Proof {
    Proof {
        entry: *entry,
        value: shown(entry),
        points: None,
    }
}
