//! What the budget of alerts is told, and what it answers, as records.

use alerts::Input;
use alerts::budget::{Grant, Report};
use clinical::{AlertId, PatientKey, Severity};
use serde::{Deserialize, Serialize};
use stream::StepError;

/// The content type of these records.
pub(super) const CONTENT_TYPE: &str = "application/vnd.pulsewire.alert-budget+json";
const VERSION: u8 = 1;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Told {
    version: u8,
    kind: Kind,
    patient: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alert: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    PatientDay,
    Told,
    Asks,
    Ended,
    Room,
}

impl Told {
    fn new(
        kind: Kind,
        patient: PatientKey,
        alert: Option<AlertId>,
        severity: Option<Severity>,
    ) -> Self {
        Self {
            version: VERSION,
            kind,
            patient: patient.to_string(),
            alert: alert.map(|alert| alert.to_string()),
            severity: severity.map(|severity| severity.word().to_owned()),
        }
    }

    /// What a patient's step reports.
    pub(super) fn of(patient: PatientKey, report: Report) -> Self {
        match report {
            Report::PatientDay => Self::new(Kind::PatientDay, patient, None, None),
            Report::Told => Self::new(Kind::Told, patient, None, None),
            Report::Asks { alert, severity } => {
                Self::new(Kind::Asks, patient, Some(alert), Some(severity))
            }
            Report::Ended { alert } => Self::new(Kind::Ended, patient, Some(alert), None),
        }
    }

    /// What the budget answers.
    pub(super) fn room(grant: Grant) -> Self {
        Self::new(Kind::Room, grant.patient, Some(grant.alert), None)
    }

    /// What it asks of the step; nothing where it does not say all of that.
    pub(super) fn asked(&self) -> Option<Input<'static>> {
        let patient = PatientKey::parse(&self.patient)?;
        let alert = || AlertId::parse(self.alert.as_deref()?);
        let report = match self.kind {
            Kind::Room => return alert().map(Input::Room),
            Kind::PatientDay => Report::PatientDay,
            Kind::Told => Report::Told,
            Kind::Asks => Report::Asks {
                alert: alert()?,
                severity: Severity::parse(self.severity.as_deref()?)?,
            },
            Kind::Ended => Report::Ended { alert: alert()? },
        };
        Some(Input::Report { patient, report })
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text and numbers are JSON")
    }

    pub(super) fn read(json: &[u8]) -> Result<Self, StepError> {
        let told: Self = serde_json::from_slice(json)
            .map_err(|error| StepError::new("unreadable", error.to_string()))?;
        if told.version > VERSION {
            let detail = "a newer program wrote it: upgrade this one";
            return Err(StepError::new("unreadable", detail.to_owned()));
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_is_as_its_schema_says() {
        let (patient, alert) = (
            PatientKey::from_bytes([1; 16]),
            AlertId::from_bytes([2; 16]),
        );
        let severity = Severity::High;
        let reports = [
            Report::PatientDay,
            Report::Told,
            Report::Asks { alert, severity },
            Report::Ended { alert },
        ];
        for report in reports {
            let told = Told::of(patient, report);
            assert_eq!(Told::read(&told.to_json()).ok(), Some(told.clone()));
            let asked = told.asked();
            assert!(
                matches!(asked, Some(Input::Report { patient: of, report: read }) if of == patient && read == report)
            );
        }
        let room = Told::room(Grant { patient, alert });
        assert!(matches!(room.asked(), Some(Input::Room(of)) if of == alert));
        assert_eq!(
            String::from_utf8(room.to_json()).unwrap(),
            r#"{"version":1,"kind":"room","patient":"01010101010101010101010101010101","alert":"02020202020202020202020202020202"}"#
        );
        assert!(Told::read(b"{}").is_err());
        let newer = String::from_utf8(room.to_json())
            .unwrap()
            .replace(":1,", ":2,");
        assert!(Told::read(newer.as_bytes()).is_err());
    }
}
