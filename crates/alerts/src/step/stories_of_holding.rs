//! What is held back: the team acts already, or another alert of the patient was told.

use std::time::Duration;

use clinical::{Command, CommandKind, Finding, Severity};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::fixture::{Story, finding, now, patient, policy};
use crate::{Effects, Input, Policy, rule};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn acting() -> Policy {
    Policy {
        acting_for: 4 * HOUR,
        ..policy()
    }
}

fn rolling_up() -> Policy {
    Policy {
        roll_up_within: HOUR,
        ..policy()
    }
}

pub(super) fn found(condition: &str, severity: Severity, at: i64) -> Finding {
    let mut found = finding(condition, at, at, 1);
    found.condition = condition.into();
    found.severity = severity;
    found.summary = condition.into();
    found
}

/// Tells a story in lines: minutes, and `CONDITION SEVERITY`, `acknowledges CONDITION`, `resolves CONDITION` or `waits`.
pub(super) fn check(policy: Policy, story: &str, expect: &Expect) {
    let mut patient = Story::new(policy);
    let mut told = String::new();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at: i64 = words[0].parse().expect("a line begins with its minute");
        let effects = match words[1..] {
            ["waits"] => patient.step(None, now(at)),
            ["acknowledges", of] => ask(&mut patient, CommandKind::Acknowledge, of, at),
            ["resolves", of] => ask(&mut patient, CommandKind::Resolve, of, at),
            [condition, severity] => {
                let severity = Severity::parse(severity).expect("a severity");
                let found = found(condition, severity, at);
                patient.step(Some(Input::Finding(&found)), now(at))
            }
            _ => panic!("not a line of a story: {line}"),
        };
        told.push_str(line);
        told.push('\n');
        print(&mut told, &effects);
    }
    expect.assert_eq(&told);
}

pub(super) fn ask(story: &mut Story, kind: CommandKind, of: &str, at: i64) -> Effects {
    let open = story.state.open_alerts();
    let alert = open
        .filter(|alert| &*alert.condition == of)
        .map(|alert| alert.id)
        .last();
    let command = Command {
        alert: alert.unwrap_or_default(),
        patient: patient(),
        kind,
        by: "ward-4".into(),
        at: now(at).received,
        note: "seen".into(),
        read_back_by: "".into(),
    };
    story.step(Some(Input::Command(&command)), now(at))
}

fn print(told: &mut String, effects: &Effects) {
    for alert in &effects.alerts {
        let change = alert.history.last().expect("a revision has a step");
        let by = match &change.by {
            clinical::Actor::Person(name) | clinical::Actor::Rule(name) => name,
        };
        let (condition, severity) = (&alert.condition, alert.severity.word());
        told.push_str(&format!(
            "  {condition} {severity} {}: {by}: {}\n",
            alert.state.word(),
            change.why
        ));
    }
    for delivery in &effects.deliveries {
        let (channel, kind) = (&delivery.channel, delivery.kind.word());
        told.push_str(&format!(
            "  -> {channel}: {kind} {}\n",
            delivery.alert.condition
        ));
    }
}

#[test]
fn what_the_team_treats_is_held_back_until_that_is_over() {
    check(
        acting(),
        "
        0 team-action/antimicrobial none
        10 sepsis-screen high
        20 critical-result/potassium high
        239 waits
        240 waits
    ",
        &expect![[r#"
            0 team-action/antimicrobial none
            10 sepsis-screen high
              sepsis-screen high open: finding reached the alert threshold: sepsis-screen
              sepsis-screen high open: held back: the team already acts: antimicrobial since 2026-03-01T00:00:00Z
            20 critical-result/potassium high
              critical-result/potassium high open: finding reached the alert threshold: critical-result/potassium
              -> list: raised critical-result/potassium
              -> pager: raised critical-result/potassium
            239 waits
              critical-result/potassium high open: not acknowledged in time: not acknowledged by 2026-03-01T00:35:00Z
              -> list: escalated critical-result/potassium
              -> pager: escalated critical-result/potassium
            240 waits
              sepsis-screen high open: no longer held back: sepsis-screen
              -> list: raised sepsis-screen
              -> pager: raised sepsis-screen
        "#]],
    );
}

#[test]
fn what_becomes_more_severe_breaks_through_and_what_is_critical_is_never_held() {
    check(
        acting(),
        "
        0 team-action/antimicrobial none
        10 sepsis-screen medium
        20 sepsis-screen high
        30 sepsis-3 critical
    ",
        &expect![[r#"
            0 team-action/antimicrobial none
            10 sepsis-screen medium
              sepsis-screen medium open: finding reached the alert threshold: sepsis-screen
              sepsis-screen medium open: held back: the team already acts: antimicrobial since 2026-03-01T00:00:00Z
            20 sepsis-screen high
              sepsis-screen high open: finding became more severe: sepsis-screen
              -> list: raised sepsis-screen
              -> pager: raised sepsis-screen
            30 sepsis-3 critical
              sepsis-3 critical open: finding reached the alert threshold: sepsis-3
              -> list: raised sepsis-3
              -> pager: raised sepsis-3
        "#]],
    );
}

#[test]
fn an_acknowledged_alert_answers_others_of_its_concern_that_are_no_more_severe() {
    check(
        acting(),
        "
        0 sepsis-screen medium
        5 acknowledges sepsis-screen
        10 sepsis-3 medium
        20 severe-sepsis-sep-1 high
        30 deterioration medium
        40 resolves sepsis-screen
    ",
        &expect![[r#"
            0 sepsis-screen medium
              sepsis-screen medium open: finding reached the alert threshold: sepsis-screen
              -> list: raised sepsis-screen
            5 acknowledges sepsis-screen
              sepsis-screen medium acknowledged: ward-4: seen
            10 sepsis-3 medium
              sepsis-3 medium open: finding reached the alert threshold: sepsis-3
              sepsis-3 medium open: held back: the team already acts: sepsis-screen was acknowledged at 2026-03-01T00:05:00Z
            20 severe-sepsis-sep-1 high
              severe-sepsis-sep-1 high open: finding reached the alert threshold: severe-sepsis-sep-1
              -> list: raised severe-sepsis-sep-1
              -> pager: raised severe-sepsis-sep-1
            30 deterioration medium
              deterioration medium open: finding reached the alert threshold: deterioration
              -> list: raised deterioration
            40 resolves sepsis-screen
              severe-sepsis-sep-1 high open: not acknowledged in time: not acknowledged by 2026-03-01T00:35:00Z
              sepsis-screen medium resolved: ward-4: seen
              sepsis-3 medium open: no longer held back: sepsis-3
              -> list: escalated severe-sepsis-sep-1
              -> pager: escalated severe-sepsis-sep-1
              -> list: resolved sepsis-screen
              -> list: raised sepsis-3
        "#]],
    );
}

#[test]
fn an_alert_that_nobody_takes_is_not_told_again_while_the_team_acts() {
    check(
        acting(),
        "
        0 sepsis-screen medium
        30 team-action/antimicrobial none
        60 waits
        269 waits
        270 waits
    ",
        &expect![[r#"
            0 sepsis-screen medium
              sepsis-screen medium open: finding reached the alert threshold: sepsis-screen
              -> list: raised sepsis-screen
            30 team-action/antimicrobial none
            60 waits
              sepsis-screen medium open: held back: the team already acts: antimicrobial since 2026-03-01T00:30:00Z
            269 waits
            270 waits
              sepsis-screen medium open: no longer held back: sepsis-screen
              -> list: escalated sepsis-screen
        "#]],
    );
}

#[test]
fn what_is_held_back_later_was_told_all_the_same() {
    let mut story = Story::new(acting());
    let screen = found("sepsis-screen", Severity::Medium, 0);
    let acts = found("team-action/antimicrobial", Severity::None, 30);
    for (found, at) in [(screen, 0), (acts, 30)] {
        story.step(Some(Input::Finding(&found)), now(at));
    }
    story.step(None, now(60));
    let alert = story.state.open_alerts().next().expect("it is open");
    assert!(crate::held_because(alert).is_some() && crate::was_told(alert));
}

#[test]
fn several_alerts_of_a_patient_are_one_thread() {
    check(
        rolling_up(),
        "
        0 sepsis-screen high
        10 deterioration medium
        20 kidney-injury high
        30 acknowledges sepsis-screen
        40 septic-shock critical
    ",
        &expect![[r#"
            0 sepsis-screen high
              sepsis-screen high open: finding reached the alert threshold: sepsis-screen
              -> list: raised sepsis-screen
              -> pager: raised sepsis-screen
            10 deterioration medium
              deterioration medium open: finding reached the alert threshold: deterioration
              deterioration medium open: held back: told with another alert of the patient: sepsis-screen was told at 2026-03-01T00:00:00Z
            20 kidney-injury high
              sepsis-screen high open: not acknowledged in time: not acknowledged by 2026-03-01T00:15:00Z
              kidney-injury high open: finding reached the alert threshold: kidney-injury
              kidney-injury high open: held back: told with another alert of the patient: sepsis-screen was told at 2026-03-01T00:20:00Z
              -> list: escalated sepsis-screen
              -> pager: escalated sepsis-screen
            30 acknowledges sepsis-screen
              sepsis-screen high acknowledged: ward-4: seen
              deterioration medium acknowledged: ward-4: with sepsis-screen
              kidney-injury high acknowledged: ward-4: with sepsis-screen
            40 septic-shock critical
              septic-shock critical open: finding reached the alert threshold: septic-shock
              -> list: raised septic-shock
              -> pager: raised septic-shock
        "#]],
    );
}

#[test]
fn what_was_told_with_another_is_told_when_that_is_over_and_it_is_not() {
    check(
        rolling_up(),
        "
        0 sepsis-screen high
        10 deterioration medium
        20 resolves sepsis-screen
    ",
        &expect![[r#"
            0 sepsis-screen high
              sepsis-screen high open: finding reached the alert threshold: sepsis-screen
              -> list: raised sepsis-screen
              -> pager: raised sepsis-screen
            10 deterioration medium
              deterioration medium open: finding reached the alert threshold: deterioration
              deterioration medium open: held back: told with another alert of the patient: sepsis-screen was told at 2026-03-01T00:00:00Z
            20 resolves sepsis-screen
              sepsis-screen high open: not acknowledged in time: not acknowledged by 2026-03-01T00:15:00Z
              sepsis-screen high resolved: ward-4: seen
              deterioration medium open: no longer held back: deterioration
              -> list: escalated sepsis-screen
              -> pager: escalated sepsis-screen
              -> list: resolved sepsis-screen
              -> pager: resolved sepsis-screen
              -> list: raised deterioration
        "#]],
    );
}

#[test]
fn after_the_time_of_a_thread_the_next_is_told() {
    check(
        rolling_up(),
        "
        0 sepsis-screen high
        1 acknowledges sepsis-screen
        60 deterioration medium
    ",
        &expect![[r#"
            0 sepsis-screen high
              sepsis-screen high open: finding reached the alert threshold: sepsis-screen
              -> list: raised sepsis-screen
              -> pager: raised sepsis-screen
            1 acknowledges sepsis-screen
              sepsis-screen high acknowledged: ward-4: seen
            60 deterioration medium
              deterioration medium open: finding reached the alert threshold: deterioration
              -> list: raised deterioration
        "#]],
    );
}

#[test]
fn without_settings_nothing_is_held_back() {
    let told = |policy: Policy| {
        let mut patient = Story::new(policy);
        let mut told = 0;
        for (condition, at) in [
            ("team-action/antimicrobial", 0),
            ("sepsis-screen", 1),
            ("deterioration", 2),
        ] {
            let severity = if at == 0 {
                Severity::None
            } else {
                Severity::Medium
            };
            let found = found(condition, severity, at);
            told += patient
                .step(Some(Input::Finding(&found)), now(at))
                .deliveries
                .len();
        }
        told
    };
    assert_eq!(told(policy()), 2);
    assert_eq!(told(acting()), 1);
    assert_eq!(told(rolling_up()), 1);
}

proptest! {
    #[test]
    fn what_is_held_back_is_never_critical_and_not_forgotten(
        acts in prop::collection::vec((0..4_usize, prop::sample::select(&Severity::ALL[..]), 0..40_i64), 1..40)
    ) {
        let conditions = ["sepsis-screen", "sepsis-3", "deterioration", "team-action/antimicrobial"];
        let mut story = Story::new(Policy { roll_up_within: HOUR, ..acting() });
        let mut at = 0;
        for (which, severity, minutes) in acts {
            at += minutes + 1;
            let condition = conditions[which];
            let severity = if which == 3 { Severity::None } else { severity };
            let found = found(condition, severity, at);
            story.step(Some(Input::Finding(&found)), now(at));
            for alert in story.state.open_alerts() {
                let is_held = crate::held_because(alert).is_some();
                prop_assert!(!is_held || alert.severity < Severity::Critical);
                prop_assert!(is_held || crate::was_told(alert));
            }
            // Something told, or something that the team does, stands behind each.
            let open: Vec<_> = story.state.open_alerts().collect();
            let held = open.iter().filter(|alert| crate::held_because(alert).is_some());
            for alert in held {
                let because = crate::held_because(alert).expect("it is held");
                let is_with = because.by == clinical::Actor::Rule(rule::HELD_ROLLED_UP.into());
                let leads = |other: &&&clinical::Alert| {
                    other.severity >= alert.severity && crate::held_because(other).is_none()
                };
                prop_assert!(!is_with || open.iter().any(|other| leads(&other)));
            }
            let bytes = story.state.encode();
            let decoded = crate::State::decode(&bytes);
            prop_assert_eq!(decoded.as_ref(), Ok(&story.state));
        }
        // When nobody acts any more and a day has passed, what is open was told.
        story.step(None, now(at + 5 * 60));
        for alert in story.state.open_alerts() {
            let because = crate::held_because(alert).map(|because| because.by.clone());
            prop_assert_ne!(because, Some(clinical::Actor::Rule(rule::HELD_ACTING.into())));
        }
    }
}
