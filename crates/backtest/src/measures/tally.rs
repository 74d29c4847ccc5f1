//! What is counted stay by stay, before it is made into shares.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventTime, Severity};

use super::{Bin, Group, Measures, Quartiles};
use crate::gather::moment;
use crate::reliability::Reliability;
use crate::utility;
use crate::{Course, History, Open, Outcome, Stay};

/// An alert so long before onset, or later, is about it; what an alert policy is usually held against.
const WINDOW: Duration = Duration::from_secs(12 * 60 * 60);
/// A probability is that onset is no further ahead, or past.
const FORESIGHT: Duration = Duration::from_secs(6 * 60 * 60);
const HOUR_US: i64 = 60 * 60 * 1_000_000;
const HOURS_A_DAY: f64 = 24.0;
/// The hours of the day shift; the others are the night's.
const DAY: std::ops::Range<i64> = 7..19;
/// Where spans of lead times end, in hours; one more has all that are longer.
const LEADS: [f64; 8] = [1.0, 2.0, 4.0, 6.0, 12.0, 24.0, 48.0, 96.0];
/// Stays with so many alerts or more are counted together.
const MANY_ALERTS: usize = 6;

/// What is counted on the way.
#[derive(Default)]
pub(super) struct Tally {
    measures: Measures,
    with_onset: u64,
    found: u64,
    found_before: u64,
    found_in_window: u64,
    alerted_with_outcome: u64,
    alerts_with_outcome: u64,
    right_alerts: u64,
    leads: Vec<f64>,
    observed: f64,
    best: f64,
    silent: f64,
    reliability: Reliability,
    changes: u64,
    findings: u64,
    revisions: u64,
    by_count: [u64; MANY_ALERTS + 1],
    by_severity: BTreeMap<Severity, u64>,
    groups: BTreeMap<String, Counted>,
}

/// What is counted of a unit or shift.
#[derive(Default)]
struct Counted {
    observed_us: i64,
    alerts: u64,
}

impl Tally {
    pub(super) fn add(&mut self, history: &History, course: &Course) {
        self.measures.patients += 1;
        self.measures.held_back += course.suppressed;
        self.measures.late_facts += course.late;
        self.findings += course.findings;
        self.revisions += course.revisions;
        let is_inside = |alert: &&Open| history.stays.iter().any(|stay| stay.holds(raised(alert)));
        let inside = course.alerts.iter().filter(is_inside).count();
        self.measures.alerts_outside_stays += (course.alerts.len() - inside) as u64;
        for stay in &history.stays {
            let is_of = |alert: &&Open| stay.holds(raised(alert));
            let alerts: Vec<&Open> = course.alerts.iter().filter(is_of).collect();
            self.add_stay(stay, &alerts);
            self.add_outcome(stay, &alerts);
            for (at, probability) in &course.probabilities {
                if stay.holds(*at) && stay.outcome != Outcome::Unknown {
                    let onset = stay.outcome.onset();
                    let comes = onset.is_some_and(|onset| onset.minus(FORESIGHT) <= *at);
                    self.reliability.take(*probability, comes);
                }
            }
        }
    }

    fn add_stay(&mut self, stay: &Stay, alerts: &[&Open]) {
        self.measures.stays += 1;
        self.measures.patient_days += days(stay.began, stay.ended);
        self.measures.alerts += alerts.len() as u64;
        self.measures.stays_alerted += u64::from(!alerts.is_empty());
        self.changes += alerts.iter().map(|alert| alert.changes).sum::<u64>();
        if let Some(count) = self.by_count.get_mut(alerts.len().min(MANY_ALERTS)) {
            *count += 1;
        }
        for alert in alerts {
            *self.by_severity.entry(alert.severity).or_default() += 1;
        }
        self.add_groups(stay, alerts);
    }

    fn add_outcome(&mut self, stay: &Stay, alerts: &[&Open]) {
        if stay.outcome == Outcome::Unknown {
            return;
        }
        self.measures.stays_with_outcome += 1;
        self.alerted_with_outcome += u64::from(!alerts.is_empty());
        self.alerts_with_outcome += alerts.len() as u64;
        if let Some(onset) = stay.outcome.onset() {
            self.with_onset += 1;
            self.add_onset(onset, alerts);
        }
        self.add_utility(stay, alerts);
    }

    fn add_onset(&mut self, onset: EventTime, alerts: &[&Open]) {
        let from = onset.minus(WINDOW);
        let is_right = |alert: &&&Open| (from..=onset).contains(&raised(alert));
        let first = alerts.iter().map(|alert| raised(alert)).min();
        self.found += u64::from(first.is_some());
        self.right_alerts += alerts.iter().filter(is_right).count() as u64;
        let in_window = |alert: &&Open| raised(alert) <= onset && until(alert) >= from;
        self.found_in_window += u64::from(alerts.iter().any(in_window));
        if let Some(lead) = first.and_then(|first| onset.since(first)) {
            self.found_before += 1;
            self.leads.push(lead.as_secs_f64() / 3600.0);
        }
    }

    /// An hour is alerted where an alert is open at its end, which is when its values are known.
    fn add_utility(&mut self, stay: &Stay, alerts: &[&Open]) {
        let onset = stay.outcome.onset();
        let mut at = stay.began.micros() + HOUR_US;
        while at <= stay.ended.micros() {
            let now = EventTime::from_micros(at);
            let is_alert = alerts
                .iter()
                .any(|alert| raised(alert) <= now && now < until(alert));
            #[expect(clippy::cast_precision_loss, reason = "hours of a stay are few")]
            let from_onset = onset.map(|onset| (at - onset.micros()) as f64 / HOUR_US as f64);
            self.observed += utility::of_hour(is_alert, from_onset);
            self.best += utility::of_hour(utility::is_best(from_onset), from_onset);
            self.silent += utility::of_hour(false, from_onset);
            at += HOUR_US;
        }
    }

    fn add_groups(&mut self, stay: &Stay, alerts: &[&Open]) {
        let unit = |at| format!("unit {}", stay.unit(at).unwrap_or("not said"));
        let mut at = stay.began;
        while at < stay.ended {
            let next = EventTime::from_micros(at.micros() + HOUR_US).min(stay.ended);
            let span_us = next.micros() - at.micros();
            self.group(unit(at)).observed_us += span_us;
            if let Some(shift) = shift(stay, at) {
                self.group(shift.to_owned()).observed_us += span_us;
            }
            at = next;
        }
        for alert in alerts {
            self.group(unit(raised(alert))).alerts += 1;
            if let Some(shift) = shift(stay, raised(alert)) {
                self.group(shift.to_owned()).alerts += 1;
            }
        }
    }

    fn group(&mut self, name: String) -> &mut Counted {
        self.groups.entry(name).or_default()
    }

    pub(super) fn finish(self) -> Measures {
        let counted = self.measures;
        let groups = self.groups.into_iter().map(|(name, counted)| {
            let began = EventTime::from_micros(0);
            let patient_days = days(began, EventTime::from_micros(counted.observed_us));
            Group {
                name,
                patient_days,
                alerts: counted.alerts,
                alerts_per_100_patient_days: per_100(counted.alerts, patient_days),
            }
        });
        let scale = self.best - self.silent;
        let is_known = counted.stays_with_outcome > 0;
        let (calibration_error, calibration) = self.reliability.finish();
        Measures {
            stays_with_onset: is_known.then_some(self.with_onset),
            alerts_per_100_patient_days: per_100(counted.alerts, counted.patient_days),
            sensitivity: share(self.found, self.with_onset),
            sensitivity_before_onset: share(self.found_before, self.with_onset),
            sensitivity_in_window: share(self.found_in_window, self.with_onset),
            patient_ppv: share(self.found, self.alerted_with_outcome),
            alert_ppv: share(self.right_alerts, self.alerts_with_outcome),
            lead_bins: lead_bins(&self.leads),
            lead_hours: Quartiles::of(self.leads),
            utility: (scale > 0.0).then(|| (self.observed - self.silent) / scale),
            calibration_error,
            calibration,
            changes_per_alert: share(self.changes, counted.alerts),
            revised_findings: share(self.revisions, self.findings),
            alerts_per_stay: count_bins(&self.by_count),
            severities: severity_bins(&self.by_severity),
            groups: groups.collect(),
            ..counted
        }
    }
}

/// The shift that a moment is in, where the data tell the hour of the day.
fn shift(stay: &Stay, at: EventTime) -> Option<&'static str> {
    let minutes_east = i64::from(stay.minutes_east?);
    let hour = (at.micros() + minutes_east * 60_000_000).div_euclid(HOUR_US);
    Some(match DAY.contains(&hour.rem_euclid(24)) {
        true => "day, 07 to 19",
        false => "night, 19 to 07",
    })
}

fn lead_bins(leads: &[f64]) -> Vec<Bin> {
    if leads.is_empty() {
        return Vec::new();
    }
    let lower = std::iter::once(0.0).chain(LEADS);
    let upper = LEADS.into_iter().chain([f64::INFINITY]);
    let bins = lower.zip(upper).map(|(from, to)| {
        let is_in = |lead: &&f64| (from..to).contains(*lead);
        Bin {
            name: match to.is_finite() {
                true => format!("{from} to {to} h"),
                false => format!("{from} h and more"),
            },
            count: leads.iter().filter(is_in).count() as u64,
        }
    });
    bins.collect()
}

fn count_bins(by_count: &[u64]) -> Vec<Bin> {
    let bins = by_count.iter().enumerate().map(|(alerts, count)| Bin {
        name: match alerts {
            MANY_ALERTS => format!("{alerts} and more"),
            _ => alerts.to_string(),
        },
        count: *count,
    });
    bins.collect()
}

fn severity_bins(by_severity: &BTreeMap<Severity, u64>) -> Vec<Bin> {
    let bins = by_severity.iter().map(|(severity, count)| Bin {
        name: severity.word().to_owned(),
        count: *count,
    });
    bins.collect()
}

fn raised(alert: &Open) -> EventTime {
    moment(alert.from)
}

fn until(alert: &Open) -> EventTime {
    alert.until.map_or(EventTime::from_micros(i64::MAX), moment)
}

fn days(from: EventTime, to: EventTime) -> f64 {
    let span = to.since(from).unwrap_or_default();
    span.as_secs_f64() / 3600.0 / HOURS_A_DAY
}

#[expect(
    clippy::cast_precision_loss,
    reason = "stays and alerts are far fewer than 2^52"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(clippy::cast_precision_loss, reason = "alerts are far fewer than 2^52")]
fn per_100(alerts: u64, patient_days: f64) -> Option<f64> {
    (patient_days > 0.0).then(|| alerts as f64 * 100.0 / patient_days)
}
