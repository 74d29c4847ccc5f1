//! Critical results, whose workload keeps repeats to itself, as stories: each finding of one is news.

use std::time::Duration;

use clinical::{CommandKind, DeliveryKind, Severity};
use expect_test::expect;

use super::fixture::{Story, finding as fixture_finding, now, policy};
use super::stories_of_holding::{ask, check, found};
use crate::{Input, Policy};

const POTASSIUM: &str = "critical-result/potassium";

#[test]
fn a_critical_result_that_is_told_anew_is_told_to_everybody_and_asked_for_again() {
    check(
        policy(),
        "
        540 critical-result/potassium critical
        542 acknowledges critical-result/potassium
        780 critical-result/potassium critical
        782 resolves critical-result/potassium
        900 critical-result/potassium critical
        901 acknowledges critical-result/potassium
        910 deterioration critical
        912 acknowledges deterioration
        930 deterioration critical
    ",
        &expect![[r#"
            540 critical-result/potassium critical
              critical-result/potassium critical open: finding reached the alert threshold: critical-result/potassium
              -> list: raised critical-result/potassium
              -> pager: raised critical-result/potassium
            542 acknowledges critical-result/potassium
              critical-result/potassium critical acknowledged: ward-4: seen
            780 critical-result/potassium critical
              critical-result/potassium critical acknowledged: newer or corrected finding: critical-result/potassium
              critical-result/potassium critical open: finding that is told anew: critical-result/potassium
              -> list: escalated critical-result/potassium
              -> pager: escalated critical-result/potassium
            782 resolves critical-result/potassium
              critical-result/potassium critical resolved: ward-4: seen
              -> list: resolved critical-result/potassium
              -> pager: resolved critical-result/potassium
            900 critical-result/potassium critical
              critical-result/potassium critical open: finding reached the alert threshold: critical-result/potassium
              -> list: raised critical-result/potassium
              -> pager: raised critical-result/potassium
            901 acknowledges critical-result/potassium
              critical-result/potassium critical acknowledged: ward-4: seen
            910 deterioration critical
              deterioration critical open: finding reached the alert threshold: deterioration
              -> list: raised deterioration
              -> pager: raised deterioration
            912 acknowledges deterioration
              deterioration critical acknowledged: ward-4: seen
            930 deterioration critical
              deterioration critical acknowledged: newer or corrected finding: deterioration
        "#]],
    );
}

#[test]
fn what_becomes_known_at_once_is_told_once() {
    let mut story = Story::new(policy());
    let told: Vec<usize> = [540, 600]
        .map(|at| {
            let found = found(POTASSIUM, Severity::Critical, at);
            let effects = story.step(Some(Input::Finding(&found)), now(610));
            effects.deliveries.len()
        })
        .into();
    assert_eq!(told, [2, 0]);
}

#[test]
fn what_somebody_took_and_did_not_repeat_is_told_once_more_though_the_team_acts() {
    check(
        Policy {
            acting_for: Duration::from_secs(4 * 60 * 60),
            read_back: vec!["sepsis-3".into()],
            ..policy()
        },
        "
        540 sepsis-3 high
        541 team-action/antimicrobial none
        545 acknowledges sepsis-3
        556 waits
    ",
        &expect![[r#"
            540 sepsis-3 high
              sepsis-3 high open: finding reached the alert threshold: sepsis-3
              -> list: raised sepsis-3
              -> pager: raised sepsis-3
            541 team-action/antimicrobial none
            545 acknowledges sepsis-3
              sepsis-3 high acknowledged: ward-4: seen
            556 waits
              sepsis-3 high open: not acknowledged in time: not read back by 2026-03-01T09:15:00Z
              -> list: escalated sepsis-3
              -> pager: escalated sepsis-3
        "#]],
    );
}

/// A finding of one time, in a revision.
fn again(condition: &str, severity: Severity, at: i64, revision: u32) -> clinical::Finding {
    let mut finding = found(condition, severity, at);
    let revised = fixture_finding(condition, at, at, revision);
    (finding.id, finding.revision) = (revised.id, revision);
    finding
}

#[test]
fn a_correction_that_makes_a_later_result_critical_is_told() {
    let mut story = Story::new(policy());
    let mut take = |severity, at, revision, now_at| {
        let finding = again(POTASSIUM, severity, at, revision);
        let effects = story.step(Some(Input::Finding(&finding)), now(now_at));
        effects.deliveries.len()
    };
    assert_eq!(take(Severity::Critical, 540, 1, 540), 2);
    assert_eq!(take(Severity::High, 541, 1, 541), 0);
    assert_eq!(take(Severity::Critical, 541, 2, 542), 2);
    assert_eq!(take(Severity::Critical, 541, 3, 543), 0, "it was critical");
}

#[test]
fn a_visit_that_is_over_is_resolved_and_told_at_once_where_it_goes_on() {
    let mut story = Story::new(policy());
    let mut take = |severity, revision, at| {
        let finding = again("care-visit/1", severity, 540, revision);
        let effects = story.step(Some(Input::Finding(&finding)), now(at));
        effects
            .deliveries
            .iter()
            .map(|of| of.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(take(Severity::Medium, 1, 540), [DeliveryKind::Raised]);
    assert_eq!(take(Severity::None, 2, 550), [DeliveryKind::Resolved]);
    assert_eq!(take(Severity::Medium, 3, 560), [DeliveryKind::Raised]);
    // Who was told of the first visit was told rightly.
    assert_eq!(take(Severity::None, 4, 570), [DeliveryKind::Resolved]);
}

#[test]
fn what_came_before_a_reminder_and_is_read_after_it_is_told() {
    let mut story = Story::new(policy());
    let mut told = |input: Option<Input<'_>>, at| {
        let effects = story.step(input, now(at));
        effects.deliveries.len()
    };
    let first = found(POTASSIUM, Severity::Critical, 540);
    assert_eq!(told(Some(Input::Finding(&first)), 540), 2);
    assert_eq!(told(None, 600), 2, "nobody took it");
    let next = found(POTASSIUM, Severity::Critical, 580);
    assert_eq!(told(Some(Input::Finding(&next)), 599), 2);
}

#[test]
fn who_closes_what_became_less_severe_closes_what_it_was_before() {
    let mut story = Story::new(policy());
    for (severity, at) in [
        (Severity::High, 540),
        (Severity::Medium, 600),
        (Severity::Medium, 605),
    ] {
        let finding = found("deterioration", severity, at);
        story.step(Some(Input::Finding(&finding)), now(at));
    }
    ask(&mut story, CommandKind::Resolve, "deterioration", 610);
    let earlier = found("deterioration", Severity::None, 500);
    let effects = story.step(Some(Input::Finding(&earlier)), now(620));
    assert_eq!(effects.deliveries, []);
    assert_eq!(story.state.open_alerts().count(), 0);
}

/// A patient's potassium, by what is told of each: the words of the alert's newest step for each channel.
struct Potassium(Story);

impl Potassium {
    /// Takes a revision of what was found of a time; nothing is said of one that is taken back.
    fn take(&mut self, said: &str, at: i64, revision: u32, now_at: i64) -> Vec<String> {
        let mut finding = again(POTASSIUM, Severity::Critical, at, revision);
        finding.summary = said.into();
        match said {
            "" => finding.state = clinical::FindingState::Retracted("entered-in-error".into()),
            "normal" => finding.severity = Severity::None,
            _ => {}
        }
        // Whoever took nothing meanwhile was asked again.
        self.0.step(None, now(now_at));
        let effects = self.0.step(Some(Input::Finding(&finding)), now(now_at));
        let pages = effects.deliveries.iter();
        let pages = pages.filter(|page| &*page.channel == "pager");
        let words = |page: &clinical::Delivery| {
            let why = page.alert.history.last().map(|step| step.why.clone());
            format!("{} {}", page.kind.word(), why.unwrap_or_default())
        };
        pages.map(words).collect()
    }
}

#[test]
fn a_correction_from_one_critical_value_to_another_is_told() {
    let mut potassium = Potassium(Story::new(policy()));
    assert_eq!(potassium.take("2.1", 540, 1, 541), ["raised 2.1"]);
    assert_eq!(
        potassium.take("7.4", 540, 2, 560),
        ["escalated finding as of 2026-03-01T09:00:00Z corrected; now 7.4"]
    );
    assert_eq!(potassium.take("7.4", 540, 3, 570), [""; 0], "nothing else");
}

#[test]
fn who_was_told_anew_of_what_is_taken_back_is_told_what_stands() {
    let mut potassium = Potassium(Story::new(policy()));
    assert_eq!(potassium.take("2.1", 540, 1, 541), ["raised 2.1"]);
    assert_eq!(potassium.take("7.4", 600, 1, 601), ["escalated 7.4"]);
    assert_eq!(
        potassium.take("", 600, 2, 620),
        ["escalated finding as of 2026-03-01T10:00:00Z taken back: entered-in-error; now 2.1"]
    );
    assert_eq!(potassium.take("2.0", 530, 1, 630), [""; 0], "it is older");
    assert_eq!(
        potassium.take("normal", 540, 2, 640),
        ["escalated finding as of 2026-03-01T09:00:00Z corrected: normal; now 2.0"]
    );
}

#[test]
fn who_closed_an_alert_hears_that_the_last_that_they_were_told_was_wrong() {
    for said in ["", "normal"] {
        let mut potassium = Potassium(Story::new(policy()));
        potassium.take("2.1", 540, 1, 541);
        potassium.take("7.4", 600, 1, 601);
        ask(&mut potassium.0, CommandKind::Resolve, POTASSIUM, 610);
        let told = potassium.take(said, 600, 2, 620);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("retracted finding as of 2026-03-01T10:00:00Z"));
        assert_eq!(potassium.take("", 540, 2, 630), [""; 0], "they know");
    }
}

#[test]
fn a_corrected_value_is_told_though_a_person_closed_what_it_was() {
    let mut potassium = Potassium(Story::new(policy()));
    potassium.take("2.1", 540, 1, 541);
    potassium.take("2.0", 550, 1, 551);
    ask(&mut potassium.0, CommandKind::Resolve, POTASSIUM, 560);
    assert_eq!(potassium.take("2.2", 540, 2, 570), [""; 0], "it is older");
    assert_eq!(potassium.take("2.0", 550, 2, 580), [""; 0], "it is known");
    assert_eq!(potassium.take("7.4", 550, 3, 590), ["raised 7.4"]);
    assert_eq!(
        potassium.take("", 550, 4, 600),
        [
            "retracted finding as of 2026-03-01T09:10:00Z taken back: entered-in-error; nothing stands"
        ],
        "what was closed before stays closed"
    );
}
