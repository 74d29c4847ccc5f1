//! Suspected infection: a culture and an antimicrobial close enough together (Seymour 2016).

use std::time::Duration;

use clinical::EventTime;

use crate::Parameter;
use crate::chart::read::{DONE, DONE_THAT_DAY, ORDERED, POSITIVE, RESULTED};
use crate::chart::{Chart, Entry};
use crate::config::hours;

/// A culture first: the antimicrobial follows within 72 h (Seymour 2016).
const CULTURE_FIRST: Duration = hours(72);
/// An antimicrobial first: the culture follows within 24 h (Seymour 2016).
const ANTIMICROBIAL_FIRST: Duration = hours(24);
/// A new suspicion needs this long without a sign of the one before.
const NEW_AFTER: Duration = hours(72);

/// An infection that somebody suspects.
#[derive(Debug)]
pub(crate) struct Suspicion<'a> {
    /// The earlier of the two acts.
    pub(crate) at: EventTime,
    /// Whether both are there; one alone makes it possible and no more.
    pub(crate) confirmed: bool,
    pub(crate) because: Vec<&'a Entry>,
}

/// Finds every suspicion. Whether one is new depends on the three days before it alone, so that forgetting older acts
/// never makes an old suspicion look new.
pub(crate) fn suspicions(chart: &Chart) -> Vec<Suspicion<'_>> {
    let acts = acts(chart);
    let partners: Vec<Option<&Entry>> = acts.iter().map(|act| partner(act, &acts)).collect();
    let mut found = Vec::new();
    for (act, partner) in acts.iter().zip(&partners) {
        let recent = |paired_only: bool| {
            acts.iter().zip(&partners).any(|(other, its)| {
                other.at < act.at
                    && other.at >= act.at.minus(NEW_AFTER)
                    && (!paired_only || its.is_some())
            })
        };
        match partner.filter(|partner| partner.at >= act.at) {
            Some(partner) if !recent(true) => {
                found.push(Suspicion {
                    at: act.at,
                    confirmed: true,
                    because: vec![*act, partner],
                });
            }
            None if partner.is_none() && !recent(false) => {
                found.push(Suspicion {
                    at: act.at,
                    confirmed: false,
                    because: vec![*act],
                });
            }
            Some(_) | None => {}
        }
    }
    found.dedup_by(|later, earlier| later.at == earlier.at && later.confirmed <= earlier.confirmed);
    found
}

/// Finds every confirmed suspicion, and every culture after the time that is looked at for it which an antimicrobial follows: whoever
/// takes one more and goes on treating suspects that it is not over, or another. Seymour 2016 looked at the first of a stay alone.
pub(crate) fn suspicions_and_renewals(chart: &Chart, looked_at: Duration) -> Vec<Suspicion<'_>> {
    let mut found = suspicions(chart);
    found.retain(|of| of.confirmed);
    let acts = acts(chart);
    let is_looked_at = |at: EventTime| {
        let mut found = found.iter();
        found.any(|of| of.at <= at && at <= of.at.plus(looked_at))
    };
    let cultures = acts
        .iter()
        .filter(|act| act.parameter == Parameter::Culture && !is_looked_at(act.at));
    let renewed = cultures.filter_map(|act| {
        let follows = partner(act, &acts).filter(|partner| partner.at >= act.at)?;
        Some(Suspicion {
            at: act.at,
            confirmed: true,
            because: vec![*act, follows],
        })
    });
    let renewed: Vec<Suspicion<'_>> = renewed.collect();
    found.extend(renewed);
    found.sort_by_key(|of| of.at);
    found
}

/// Gives the cultures and antimicrobials.
fn acts(chart: &Chart) -> Vec<&Entry> {
    let entries = chart.entries().iter();
    entries
        .filter(|entry| entry.parameter.is_order() && entry.is_usable())
        .collect()
}

/// Finds the nearest act of the other kind that makes a pair with this one.
fn partner<'a>(act: &Entry, acts: &[&'a Entry]) -> Option<&'a Entry> {
    acts.iter()
        .copied()
        .filter(|other| other.parameter != act.parameter && makes_pair(act, other))
        .min_by_key(|other| {
            (
                other.at < act.at,
                other.at.micros().abs_diff(act.at.micros()),
            )
        })
}

fn makes_pair(one: &Entry, other: &Entry) -> bool {
    let (culture, antimicrobial) = if one.parameter == Parameter::Culture {
        (one, other)
    } else {
        (other, one)
    };
    match antimicrobial.at.since(culture.at) {
        Some(after) => after <= CULTURE_FIRST,
        None => culture
            .at
            .since(antimicrobial.at)
            .is_some_and(|after| after <= ANTIMICROBIAL_FIRST),
    }
}

/// Writes an act as it is shown.
pub(crate) fn words(entry: &Entry) -> &'static str {
    match (entry.parameter, entry.code()) {
        (Parameter::Culture, Some(ORDERED)) => "culture ordered",
        (Parameter::Culture, Some(DONE | DONE_THAT_DAY)) => "culture collected",
        (Parameter::Culture, Some(RESULTED)) => "culture resulted",
        (Parameter::Culture, Some(POSITIVE)) => "culture positive",
        (Parameter::BloodCulture, Some(ORDERED)) => "blood culture ordered",
        (Parameter::BloodCulture, Some(DONE | DONE_THAT_DAY)) => "blood culture collected",
        (Parameter::BloodCulture, Some(RESULTED)) => "blood culture resulted",
        (Parameter::BloodCulture, Some(POSITIVE)) => "blood culture positive",
        (Parameter::Antimicrobial, Some(ORDERED)) => "antimicrobial ordered",
        (Parameter::Antimicrobial, Some(DONE)) => "antimicrobial given",
        _ => "not known",
    }
}
