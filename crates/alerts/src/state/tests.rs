//! The bytes of a state: golden, for ever readable, bounded.

use clinical::{AlertState, Finding, FindingId, FindingState, PatientKey, Severity};
use expect_test::{Expect, expect};

use super::*;
use crate::step::fixture::{Story, finding, minute, now, policy};
use crate::{Input, StepError};

fn find(story: &mut Story, as_of: i64, severity: Severity) -> crate::Effects {
    let finding = Finding {
        severity,
        summary: "NEWS2 7".into(),
        ..finding("news2", as_of, as_of, 1)
    };
    story.step(Some(Input::Finding(&finding)), now(as_of))
}

/// An alert that ended and one that is open, with a lower finding after it.
fn lived() -> State {
    let mut story = Story::new(policy());
    for (as_of, severity) in [
        (0, Severity::High),
        (10, Severity::None),
        (20, Severity::None),
        (30, Severity::Critical),
        (40, Severity::Low),
    ] {
        find(&mut story, as_of, severity);
    }
    story.state
}

fn hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes
        .chunks(40)
        .map(line)
        .collect::<Vec<String>>()
        .join("\n")
}

/// Gives back the bytes of lines of digits.
fn unhex(lines: &str) -> Vec<u8> {
    let digits: Vec<u8> = lines.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn the_bytes_of_version_3() {
    let state = lived();
    let bytes = state.encode();
    expect![[r#"
        03010d6465746572696f726174696f6e0201056e657773320580809bece4faa50601030101a278ec
        ffc8f897aa2a8e06e3a6c7c86a0b6e6577733220312e302e300060c326eb4b0600074e4557533220
        37011072657370697261746f72792072617465073235202f6d696e0103000000000000000060c326
        eb4b0600a278ecffc8f897aa2a8e06e3a6c7c86a03b70980989abc040100010080989abc04010001
        0080989abc040104010115fce5a3e4a9aec1964aee749d851de80b6e6577733220312e302e300032
        0d92eb4b0600074e455753322037011072657370697261746f72792072617465073235202f6d696e
        01030000000000000000320d92eb4b060015fce5a3e4a9aec1964aee749d851de803b70980989abc
        0401010100000112b2a1ff7164badd944591380d4e1a83070707070707070707070707070707070d
        6465746572696f726174696f6e02020400074e4557533220370b6e6577733220312e302e3000320d
        92eb4b060000320d92eb4b060000320d92eb4b060015fce5a3e4a9aec1964aee749d851de8011072
        657370697261746f72792072617465073235202f6d696e01030000000000000000320d92eb4b0600
        15fce5a3e4a9aec1964aee749d851de803b7090200320d92eb4b0600002366696e64696e67207265
        61636865642074686520616c657274207468726573686f6c640004074e4557533220370078d0b5eb
        4b060000186e6f742061636b6e6f776c656467656420696e2074696d650004286e6f742061636b6e
        6f776c656467656420627920323032362d30332d30315430303a33353a30305a00320d92eb4b0600
        02046c697374010205706167657201020001001c648cec4b0600000145a82bd0f1869f7a89af45ad
        1c724a8a070707070707070707070707070707070d6465746572696f726174696f6e01030302074e
        4557533220370b6e6577733220312e302e300060c326eb4b06000060c326eb4b06000060c326eb4b
        0600a278ecffc8f897aa2a8e06e3a6c7c86a011072657370697261746f7279207261746507323520
        2f6d696e0103000000000000000060c326eb4b0600a278ecffc8f897aa2a8e06e3a6c7c86a03b709
        030060c326eb4b0600002366696e64696e6720726561636865642074686520616c65727420746872
        6573686f6c640003074e45575332203700ec496eeb4b060000186e6f742061636b6e6f776c656467
        656420696e2074696d650003286e6f742061636b6e6f776c656467656420627920323032362d3033
        2d30315430303a31353a30305a00ec496eeb4b0600002666696e64696e672066656c6c2062656c6f
        772074686520616c657274207468726573686f6c6402031f6e6f6e65206173206f6620323032362d
        30332d30315430303a32303a30305a0060c326eb4b060002046c6973740403057061676572040300
        000100ec496eeb4b060000ec496eeb4b06000001000ce722f24b06000300ec496eeb4b06000000"#]]
    .assert_eq(&hex(&bytes));
    assert_eq!(State::decode(&bytes), Ok(state));
}

#[test]
fn the_bytes_of_version_1_are_still_read() {
    let bytes = unhex(
        "
        01010d6465746572696f726174696f6e02050060c326eb4b0600056e6577733201030101a278ecff
        c8f897aa2a8e06e3a6c7c86a0b6e6577733220312e302e300060c326eb4b0600074e455753322037
        011072657370697261746f72792072617465073235202f6d696e0103000000000000000060c326eb
        4b0600a278ecffc8f897aa2a8e06e3a6c7c86a03b70900a6864aeb4b0600056e6577733201000100
        00ec496eeb4b0600056e657773320100010000320d92eb4b0600056e657773320104010115fce5a3
        e4a9aec1964aee749d851de80b6e6577733220312e302e3000320d92eb4b0600074e455753322037
        011072657370697261746f72792072617465073235202f6d696e01030000000000000000320d92eb
        4b060015fce5a3e4a9aec1964aee749d851de803b7090078d0b5eb4b0600056e6577733201010100
        000112b2a1ff7164badd944591380d4e1a83070707070707070707070707070707070d6465746572
        696f726174696f6e02020400074e4557533220370b6e6577733220312e302e3000320d92eb4b0600
        00320d92eb4b060000320d92eb4b060015fce5a3e4a9aec1964aee749d851de80110726573706972
        61746f72792072617465073235202f6d696e01030000000000000000320d92eb4b060015fce5a3e4
        a9aec1964aee749d851de803b7090200320d92eb4b0600002366696e64696e672072656163686564
        2074686520616c657274207468726573686f6c640004074e4557533220370078d0b5eb4b06000018
        6e6f742061636b6e6f776c656467656420696e2074696d650004286e6f742061636b6e6f776c6564
        67656420627920323032362d30332d30315430303a33353a30305a00320d92eb4b060002046c6973
        74010205706167657201020001001c648cec4b0600000145a82bd0f1869f7a89af45ad1c724a8a07
        0707070707070707070707070707070d6465746572696f726174696f6e01030302074e4557533220
        370b6e6577733220312e302e300060c326eb4b06000060c326eb4b06000060c326eb4b0600a278ec
        ffc8f897aa2a8e06e3a6c7c86a011072657370697261746f72792072617465073235202f6d696e01
        03000000000000000060c326eb4b0600a278ecffc8f897aa2a8e06e3a6c7c86a03b709030060c326
        eb4b0600002366696e64696e6720726561636865642074686520616c657274207468726573686f6c
        640003074e45575332203700ec496eeb4b060000186e6f742061636b6e6f776c656467656420696e
        2074696d650003286e6f742061636b6e6f776c656467656420627920323032362d30332d30315430
        303a31353a30305a00ec496eeb4b0600002666696e64696e672066656c6c2062656c6f7720746865
        20616c657274207468726573686f6c6402031f6e6f6e65206173206f6620323032362d30332d3031
        5430303a32303a30305a0060c326eb4b060002046c6973740403057061676572040300000100ec49
        6eeb4b060000ec496eeb4b06000001000ce722f24b06000300ec496eeb4b0600
        ",
    );
    assert_eq!(State::decode(&bytes), Ok(lived()));
}

#[test]
fn a_patient_never_seen_has_no_bytes() {
    assert_eq!(State::decode(&[]), Ok(State::default()));
    assert!(State::default().is_empty());
}

#[track_caller]
fn check_refused(bytes: &[u8], expect: &Expect) {
    expect.assert_eq(&State::decode(bytes).unwrap_err().to_string());
}

#[test]
fn bytes_that_are_not_a_state_are_refused() {
    let bytes = lived().encode();
    check_refused(
        &[4],
        &expect!["alert state of version 4, and this program reads version 3: upgrade it"],
    );
    check_refused(
        &[1, 1, 200],
        &expect![
            "alert state is damaged at byte 3, where a byte should be; rebuild the state from the journal"
        ],
    );
    check_refused(
        &[1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
        &expect![
            "alert state is damaged at byte 11, where a number of at most 64 bits should be; rebuild the state from the journal"
        ],
    );
    let (what, at) = ("the end", bytes.len());
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        State::decode(&longer),
        Err(DecodeError::Damaged { what, at })
    );
    for length in 1..bytes.len() {
        assert!(State::decode(&bytes[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let mut story = Story::new(policy());
    let mut largest = 0;
    for as_of in 0..2_000 {
        let severity = Severity::ALL[usize::try_from(as_of / 3 % 5).unwrap()];
        find(&mut story, as_of, severity);
        largest = largest.max(story.state.encode().len());
    }
    let course = story.state.conditions.values().next().unwrap();
    assert_eq!(course.lines.all().count(), crate::lines::MAX_LINES);
    let bases = course.lines.all();
    let bases = bases.filter_map(|(_, line)| line.basis.as_ref());
    let evident = bases.filter(|basis| !basis.evidence.is_empty()).count();
    let most = crate::lines::MAX_EVIDENT;
    assert!((most..=most + 1).contains(&evident), "{evident}");
    assert!(course.ended.len() <= crate::course::MAX_ENDED);
    assert!(largest < 256 * 1024, "{largest} bytes");
}

#[test]
fn an_alert_whose_earlier_reason_is_forgotten_is_not_called_wrong() {
    let mut story = Story::new(policy());
    find(&mut story, 0, Severity::High);
    find(&mut story, 1, Severity::High);
    let limit = i64::try_from(crate::lines::MAX_LINES).unwrap();
    for as_of in 2..=limit {
        find(&mut story, as_of, Severity::None);
    }
    let taken_back = Finding {
        state: FindingState::Retracted("entered-in-error".into()),
        ..finding("news2", 1, limit, 2)
    };
    let effects = story.step(Some(Input::Finding(&taken_back)), now(limit));
    assert_eq!(effects.alerts, []);
}

#[test]
fn what_claims_tell_of_is_news_however_long_ago_it_was() {
    let month = 30 * 24 * 60;
    for (condition, raised) in [("impossible-day/2026-03-01", 1), ("deterioration", 0)] {
        let mut story = Story::new(policy());
        let late = Finding {
            condition: condition.into(),
            severity: Severity::High,
            ..finding("provider-integrity", 0, month, 1)
        };
        let effects = story.step(Some(Input::Finding(&late)), now(month));
        assert_eq!(effects.alerts.len(), raised, "{condition}");
        let taken_back = Finding {
            state: FindingState::Retracted("no-longer-so".into()),
            revision: 2,
            ..late
        };
        let ended = story.step(Some(Input::Finding(&taken_back)), now(month + 9 * 24 * 60));
        let last = ended.alerts.last().map(|alert| alert.state);
        assert_eq!(last, (raised > 0).then_some(AlertState::Retracted));
        assert_eq!(story.state.open_alerts().count(), 0);
    }
}

#[test]
fn what_is_kept_for_a_while_goes_by_a_timer() {
    let mut story = Story::new(policy());
    find(&mut story, 0, Severity::Low);
    find(&mut story, 60, Severity::None);
    assert_eq!(story.timers.len(), 1, "{:?}", story.timers);
    let day = 24 * 60;
    story.step(None, now(8 * day - 1));
    assert!(!story.state.is_empty());
    story.step(None, now(8 * day));
    assert!(story.state.is_empty() && story.timers.is_empty());
}

#[test]
fn an_alert_names_its_finding_where_the_evidence_is_no_longer_kept() {
    let mut story = Story::new(policy());
    let last = 2 + i64::try_from(crate::lines::MAX_EVIDENT).unwrap();
    for as_of in 0..=last {
        let finding = Finding {
            severity: Severity::High,
            summary: "NEWS2 7, high: temperature 38,9 °C (1), respiratory rate 26 /min (3)".into(),
            ..finding("news2", as_of, as_of, 1)
        };
        story.step(Some(Input::Finding(&finding)), now(as_of));
    }
    let mut alert = None;
    for as_of in (1..=last).rev() {
        let taken_back = Finding {
            state: FindingState::Retracted("entered-in-error".into()),
            ..finding("news2", as_of, last, 2)
        };
        let effects = story.step(Some(Input::Finding(&taken_back)), now(last));
        alert = effects.alerts.into_iter().next_back().or(alert);
    }
    let alert = alert.unwrap();
    assert_eq!(alert.finding, finding("news2", 0, 0, 1).id);
    assert!(alert.evidence.is_empty() && alert.state.is_active());
    assert_eq!(&*alert.reason, "NEWS2 7, high: temperature 38,9 °C (1), …");
}

#[test]
fn a_week_later_only_the_number_of_the_last_alert_is_left() {
    let mut story = Story::new(policy());
    find(&mut story, 0, Severity::High);
    let week = 7 * 24 * 60;
    story.step(None, now(2 * week));
    let open = |story: &Story| story.state.open_alerts().count();
    assert_eq!(open(&story), 1, "an open alert is never forgotten");
    find(&mut story, 2 * week, Severity::None);
    assert_eq!(open(&story), 1, "nor followed down at once");
    story.step(None, now(2 * week + 60));
    assert_eq!(open(&story), 0);
    let left = story.state.prune(minute(4 * week));
    assert_eq!(left, None);
    let course = story.state.conditions.values().next().unwrap();
    assert!(course.lines.newest().is_none() && course.ended.is_empty());
    let raised = find(&mut story, 4 * week, Severity::High);
    assert_eq!(raised.alerts.last().map(|alert| alert.episode), Some(2));
}

#[test]
fn what_is_not_for_this_patient_or_stage_changes_nothing() {
    let mut story = Story::new(policy());
    find(&mut story, 0, Severity::High);
    let before = story.state.clone();
    let mut effects = crate::Effects::default();
    let stranger = Finding {
        patient: PatientKey::from_bytes([8; 16]),
        id: FindingId::from_bytes([8; 16]),
        ..finding("news2", 5, 5, 1)
    };
    let mut refused = |input: Input<'_>| {
        let error = story
            .alerts
            .step(&mut story.state, input, now(5), &mut effects)
            .unwrap_err();
        error.to_string()
    };
    expect!["a record about patient 08080808080808080808080808080808 came under the key of 07070707070707070707070707070707; check what wrote it"].assert_eq(&refused(Input::Finding(&stranger)));
    expect!["timer `sleep/deterioration` is unknown; was the state written by a newer version?"]
        .assert_eq(&refused(Input::Timer {
            tag: b"sleep/deterioration",
            at: minute(5),
        }));
    assert_eq!((story.state, effects), (before, crate::Effects::default()));
}

#[test]
fn conditions_beyond_the_limit_are_refused() {
    let mut story = Story::new(policy());
    let mut last = Ok(());
    for number in 0..=crate::step::MAX_CONDITIONS {
        assert_eq!(last, Ok(()), "refused at {number}");
        let finding = Finding {
            condition: format!("condition-{number}").into(),
            ..finding("news2", 0, 0, 1)
        };
        let mut effects = crate::Effects::default();
        let input = Input::Finding(&finding);
        last = story
            .alerts
            .step(&mut story.state, input, now(0), &mut effects);
    }
    assert!(matches!(last, Err(StepError::TooManyConditions { .. })));
}
