//! What has no room in the budget of alerts is held back, the least severe first.

use clinical::{CommandKind, PatientKey, Severity};

use super::fixture::{Story, now, patient, policy};
use super::stories_of_holding::{ask, found};
use crate::budget::{self, Grant, Report};
use crate::{Effects, Input, Now, Policy};

/// A patient and the pool, with what they tell one another.
struct Ward {
    story: Story,
    pool: crate::State,
}

impl Ward {
    fn new(budget: u32) -> Self {
        let story = Story::new(Policy { budget, ..policy() });
        let pool = crate::State::default();
        Self { story, pool }
    }

    fn report(&mut self, from: PatientKey, report: Report, at: i64) -> Vec<Grant> {
        let mut effects = Effects::default();
        let now = Now {
            patient: budget::key(),
            ..now(at)
        };
        let input = Input::Report {
            patient: from,
            report,
        };
        let alerts = &self.story.alerts;
        alerts
            .step(&mut self.pool, input, now, &mut effects)
            .expect("a report can be taken");
        let bytes = self.pool.encode();
        assert_eq!(crate::State::decode(&bytes).as_ref(), Ok(&self.pool));
        effects.grants
    }

    /// Takes a finding, and what follows from it until nothing is left to do; gives who was told of what.
    fn find(&mut self, condition: &str, severity: Severity, at: i64) -> Vec<String> {
        let found = found(condition, severity, at);
        let effects = self.story.step(Some(Input::Finding(&found)), now(at));
        let bytes = self.story.state.encode();
        let decoded = crate::State::decode(&bytes);
        assert_eq!(decoded.as_ref(), Ok(&self.story.state));
        self.follow(effects, at)
    }

    fn follow(&mut self, mut effects: Effects, at: i64) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let news = effects.deliveries.iter();
            told.extend(news.map(|of| format!("{} {}", of.kind.word(), of.alert.condition)));
            let mut grants = Vec::new();
            for report in effects.reports {
                grants.extend(self.report(patient(), report, at));
            }
            let Some(grant) = grants.first() else {
                return told;
            };
            effects = self.story.step(Some(Input::Room(grant.alert)), now(at));
        }
    }

    fn held(&self) -> Vec<&str> {
        let open = self.story.state.open_alerts();
        let held = open.filter(|alert| crate::held_because(alert).is_some());
        held.map(|alert| &*alert.condition).collect()
    }
}

#[test]
fn what_is_held_back_for_want_of_room_is_told_when_there_is_some() {
    // A patient-day leaves room for one.
    let mut ward = Ward::new(100);
    assert_eq!(
        ward.find("sepsis-screen", Severity::Medium, 1),
        ["raised sepsis-screen"]
    );
    assert!(ward.find("kidney-injury", Severity::High, 2).is_empty());
    assert!(ward.find("deterioration", Severity::Medium, 3).is_empty());
    assert_eq!(ward.held(), ["deterioration", "kidney-injury"]);
    // What is critical asks for no room.
    let critical = ward.find("critical-result/potassium", Severity::Critical, 4);
    assert_eq!(
        critical,
        [
            "raised critical-result/potassium",
            "raised critical-result/potassium"
        ]
    );
    // Three patients more: room for four, of which two are told; the most severe that waits is first.
    let mut told = Vec::new();
    for number in 1..4 {
        let other = PatientKey::from_bytes([number; 16]);
        for grant in ward.report(other, Report::PatientDay, 5) {
            let effects = ward.story.step(Some(Input::Room(grant.alert)), now(5));
            told.extend(ward.follow(effects, 5));
        }
    }
    assert_eq!(told, ["raised kidney-injury", "raised kidney-injury"]);
    assert_eq!(ward.held(), ["deterioration"]);
    assert_eq!(
        ward.pool
            .pool()
            .map(|pool| (pool.patient_days(), pool.told())),
        Some((4, 3))
    );
    // What becomes critical waits for nothing.
    let worse = ward.find("deterioration", Severity::Critical, 6);
    assert_eq!(worse, ["raised deterioration", "raised deterioration"]);
    assert!(ward.held().is_empty());
}

#[test]
fn what_ended_while_it_waited_is_told_to_nobody() {
    let mut ward = Ward::new(100);
    ward.find("sepsis-screen", Severity::Medium, 1);
    ward.find("kidney-injury", Severity::High, 2);
    let effects = ask(&mut ward.story, CommandKind::Resolve, "kidney-injury", 3);
    assert!(effects.deliveries.is_empty());
    assert!(matches!(effects.reports[..], [Report::Ended { .. }]));
    assert!(ward.follow(effects, 3).is_empty());
    for number in 1..4 {
        let other = PatientKey::from_bytes([number; 16]);
        assert!(ward.report(other, Report::PatientDay, 5).is_empty());
    }
}

#[test]
fn what_becomes_less_severe_while_it_waits_waits_as_that() {
    let mut story = Story::new(Policy {
        budget: 40,
        ..policy()
    });
    let mut asked = Vec::new();
    for (severity, at) in [
        (Severity::High, 540),
        (Severity::Medium, 550),
        (Severity::Medium, 560),
    ] {
        let finding = found("deterioration", severity, at);
        let effects = story.step(Some(Input::Finding(&finding)), now(at));
        asked.extend(
            effects
                .reports
                .into_iter()
                .filter_map(|report| match report {
                    Report::Asks { severity, .. } => Some(severity),
                    Report::PatientDay | Report::Told | Report::Ended { .. } => None,
                }),
        );
    }
    assert_eq!(asked, [Severity::High, Severity::Medium]);
}
