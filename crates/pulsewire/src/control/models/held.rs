//! What is held back of alerts, and how many are told for 100 patient-days, for scripts.

use clinical::ReceivedTime;
use serde::{Deserialize, Serialize};

use super::alert::held_words;
use crate::control::Control;
use crate::views::{Views, is_of_a_model};

/// What is told and what is held back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertsTold {
    pub(crate) now: String,
    /// The first day that is counted; nothing where nothing was concluded.
    pub(crate) since: Option<String>,
    /// Days on which something was concluded of a patient.
    pub(crate) patient_days: u64,
    /// Alerts that somebody was told of.
    pub(crate) told: u64,
    pub(crate) per_hundred_patient_days: Option<f64>,
    /// Nothing where no bound is set.
    pub(crate) budget: Option<u32>,
    /// What is held back now, most severe first.
    pub(crate) held: Vec<Held>,
}

/// An alert that is held back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Held {
    pub(crate) alert: String,
    /// The pseudonym.
    pub(crate) patient: String,
    pub(crate) condition: String,
    pub(crate) severity: String,
    pub(crate) since: String,
    pub(crate) why: String,
}

/// Says what is told and what is held back.
pub(in crate::control) fn told(control: &Control) -> AlertsTold {
    let views = control.views.read();
    let budget = Some(control.config.holding.budget).filter(|budget| *budget > 0);
    of(&views, budget, control.clock.now())
}

fn of(views: &Views, budget: Option<u32>, now: ReceivedTime) -> AlertsTold {
    let since = views.patient_days.since();
    let counted = views.alerts.values().filter(|view| {
        since.is_some_and(|since| view.alert.opened_at >= since)
            && !view.alert.condition.starts_with(alerts::quiet::CONDITION)
            && !is_of_a_model(&view.alert.condition)
            && alerts::was_told(&view.alert)
    });
    let (told, patient_days) = (counted.count() as u64, views.patient_days.count());
    let mut held: Vec<_> = views
        .alerts
        .values()
        .filter_map(|view| Some((&view.alert, alerts::held_because(&view.alert)?)))
        .collect();
    held.sort_by_key(|(alert, _)| (std::cmp::Reverse(alert.severity), alert.opened_at));
    AlertsTold {
        now: now.to_string(),
        since: since.map(|since| since.to_string()),
        patient_days,
        told,
        per_hundred_patient_days: rate(told, patient_days),
        budget,
        held: held
            .into_iter()
            .map(|(alert, because)| Held {
                alert: alert.id.to_string(),
                patient: alert.patient.to_string(),
                condition: alert.condition.to_string(),
                severity: alert.severity.word().to_owned(),
                since: because.at.to_string(),
                why: held_words(because),
            })
            .collect(),
    }
}

/// Gives how many there are for 100, to a tenth.
fn rate(told: u64, patient_days: u64) -> Option<f64> {
    let tenths = (told * 1_000 + patient_days / 2).checked_div(patient_days)?;
    Some(f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_for_a_hundred_patient_days() {
        assert_eq!(rate(3, 40), Some(7.5));
        assert_eq!(rate(1, 3), Some(33.3));
        assert_eq!(rate(0, 0), None);
    }

    #[test]
    fn without_anything_concluded_there_is_nothing_to_tell() {
        let told = of(&Views::default(), Some(5), ReceivedTime::from_micros(0));
        assert_eq!((told.patient_days, told.told, told.budget), (0, 0, Some(5)));
        assert!(told.since.is_none() && told.held.is_empty());
    }
}
