//! Merges across keys, with the split topic between them.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use super::*;

fn retire(into: PatientKey, raw: RawInfo<'_>) -> Input<'_> {
    let notice = Notice::Retire { into };
    Input::Notice { raw, notice }
}

fn kept(by: PatientKey, raw: RawInfo<'_>) -> Input<'_> {
    let notice = Notice::Kept { by };
    Input::Notice { raw, notice }
}

/// All patients, and what they send each other.
#[derive(Default)]
struct World {
    states: BTreeMap<PatientKey, State>,
    said: String,
    /// By which message each visit stands, as it was told.
    shows: Vec<Shows>,
}

impl World {
    /// Sends a message and everything that follows from it.
    fn send(&mut self, key: PatientKey, input: &Input<'_>, drafts: &[Draft]) {
        let retired = match input {
            Input::Merge { retired, .. } => Some(*retired),
            _ => None,
        };
        let mut splits = VecDeque::from(self.step(key, input));
        while let Some((key, bytes)) = splits.pop_front() {
            let split = split::Split::decode(&bytes).unwrap();
            let raw = split.raw;
            let input = match (split.notice, retired) {
                (Some(notice), _) => Input::Notice { raw, notice },
                (None, Some(retired)) => Input::Merge {
                    raw,
                    drafts,
                    retired,
                    identifiers: b"",
                },
                (None, None) => Input::Message { raw, drafts },
            };
            splits.extend(self.step(key, &input));
        }
    }

    fn step(&mut self, key: PatientKey, input: &Input<'_>) -> Vec<(PatientKey, Vec<u8>)> {
        let state = self.states.entry(key).or_default();
        let before = state.clone();
        let outputs = Normalizer::default().step(key, state, input);
        for line in show(&outputs).lines() {
            self.said += &format!("{}: {line}\n", name(key));
        }
        let Ok(outputs) = outputs else {
            assert_eq!(*state, before, "a refusal changes nothing");
            return Vec::new();
        };
        let shows = outputs.records.iter().filter_map(|record| match record {
            Output::Resource { shows, .. } => *shows,
            _ => None,
        });
        self.shows.extend(shows);
        let split = |record| match record {
            Output::Split { key, bytes } => Some((key, bytes)),
            _ => None,
        };
        outputs.records.into_iter().filter_map(split).collect()
    }

    fn message(&mut self, key: PatientKey, id: &str, drafts: &[Draft]) {
        let raw = raw(key, id, 1);
        self.send(key, &Input::Message { raw, drafts }, drafts);
    }

    fn merge(&mut self, survivor: PatientKey, retired: PatientKey, id: &str) {
        let input = Input::Merge {
            raw: raw(survivor, id, 2),
            drafts: &[],
            retired,
            identifiers: b"",
        };
        self.send(survivor, &input, &[]);
    }

    fn check(&mut self, expected: Expect) {
        expected.assert_eq(&std::mem::take(&mut self.said));
    }
}

fn person(key: PatientKey, elements: &[&str]) -> Draft {
    draft("Patient", &key.to_string(), Effect::State, elements)
}

#[test]
fn a_visit_that_a_merge_moves_stands_by_what_was_said_of_it_before() {
    let mut world = World::default();
    let subject = format!("subject={{\"reference\":\"Patient/{B}\"}}");
    let stay = ["status=\"arrived\"", &subject];
    let stay = draft("Encounter", "e9", Effect::State, &stay);
    world.message(B, "2", &[stay]);
    world.merge(A, B, "3");
    let said: Vec<_> = world.shows.iter().map(|shows| shows.said).collect();
    assert_eq!(said, [raw(B, "2", 1).message_time; 2]);
}

#[test]
fn a_merge_reaches_both_keys_and_the_survivor_keeps_everything() {
    let mut world = World::default();
    world.message(
        A,
        "1",
        &[person(
            A,
            &["identifier=[{\"value\":\"1\"}]", "gender=\"female\""],
        )],
    );
    let stay = draft(
        "Encounter",
        "e9",
        Effect::State,
        &[
            "status=\"arrived\"",
            &format!("subject={{\"reference\":\"Patient/{B}\"}}"),
        ],
    );
    world.message(
        B,
        "2",
        &[
            person(
                B,
                &[
                    "identifier=[{\"use\":\"usual\",\"value\":\"2\"}]",
                    "birthDate=\"1954\"",
                ],
            ),
            stay,
        ],
    );
    world.check(expect![[r#"
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"identifier":[{"value":"1"}],"gender":"female"}
        B: {"resourceType":"Patient","id":"B","meta":{"versionId":"1"},"identifier":[{"use":"usual","value":"2"}],"birthDate":"1954"}
        B: {"resourceType":"Encounter","id":"e9","meta":{"versionId":"1"},"status":"arrived","subject":{"reference":"Patient/B"}}
    "#]]);
    world.merge(A, B, "3");
    world.check(expect![[r#"
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"identifier":[{"value":"1"}],"active":true,"gender":"female","link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
        A: Survivor of B
        A: retire to B
        B: {"resourceType":"Patient","id":"B","meta":{"versionId":"2"},"identifier":[{"use":"usual","value":"2"}],"active":false,"birthDate":"1954","link":[{"other":{"reference":"Patient/A"},"type":"replaced-by"}]}
        B: Retired of A
        B: handover to A
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"identifier":[{"value":"1"},{"use":"old","value":"2"}],"active":true,"gender":"female","birthDate":"1954","link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
        A: {"resourceType":"Encounter","id":"e9","meta":{"versionId":"2"},"status":"arrived","subject":{"reference":"Patient/A"}}
        A: earlier: {"resourceType":"Encounter","id":"e9","meta":{"versionId":"2"},"status":"arrived","subject":{"reference":"Patient/A"}}
    "#]]);
}

#[test]
fn what_still_arrives_for_the_retired_identity_belongs_to_the_survivor() {
    let mut world = World::default();
    let identified =
        |key, value: &str| person(key, &[&format!("identifier=[{{\"value\":\"{value}\"}}]")]);
    world.message(
        A,
        "1",
        &[identified(A, "1"), person(A, &["gender=\"female\""])],
    );
    world.message(B, "2", &[identified(B, "2")]);
    world.merge(A, B, "3");
    world.said.clear();
    // The survivor's own words stand; only what was not known is taken over.
    world.message(
        B,
        "4",
        &[person(
            B,
            &["gender=\"male\"", "telecom=[{\"value\":\"5\"}]"],
        )],
    );
    world.check(expect![[r#"
        B: message to A
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"5"},"identifier":[{"value":"1"},{"use":"old","value":"2"}],"active":true,"telecom":[{"value":"5"}],"gender":"female","link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
    "#]]);
    // A message that had arrived for the retired identity before is a resend at the survivor.
    world.message(B, "2", &[person(B, &["birthDate=\"1900\""])]);
    world.check(expect![[r#"
        B: message to A
        A: (1 resent)
    "#]]);
    // An update of the survivor keeps the old identifiers.
    world.message(
        A,
        "5",
        &[person(
            A,
            &["identifier=[{\"value\":\"1\"},{\"value\":\"3\"}]"],
        )],
    );
    world.check(expect![[r#"
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"6"},"identifier":[{"value":"1"},{"value":"3"},{"use":"old","value":"2"}],"active":true,"telecom":[{"value":"5"}],"gender":"female","link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
    "#]]);
}

#[test]
fn identifiers_of_the_merge_message_are_kept_as_old_ones_once() {
    let mut world = World::default();
    let known = [person(
        B,
        &["identifier=[{\"use\":\"official\",\"value\":\"2\"}]"],
    )];
    world.message(B, "1", &known);
    world.said.clear();
    let input = Input::Merge {
        raw: raw(A, "2", 2),
        drafts: &[],
        retired: B,
        identifiers: br#"[{"value":"2"},{"value":"22"}]"#,
    };
    world.send(A, &input, &[]);
    world.check(expect![[r#"
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"identifier":[{"use":"old","value":"2"},{"use":"old","value":"22"}],"active":true,"link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
        A: Survivor of B
        A: retire to B
        B: {"resourceType":"Patient","id":"B","meta":{"versionId":"2"},"identifier":[{"use":"official","value":"2"}],"active":false,"link":[{"other":{"reference":"Patient/A"},"type":"replaced-by"}]}
        B: Retired of A
        B: handover to A
        A: (1 unchanged)
    "#]]);
}

#[test]
fn repeats_change_nothing() {
    let mut world = World::default();
    world.merge(A, B, "1");
    world.said.clear();
    let before = world.states.clone();
    world.merge(A, B, "1");
    world.check(expect![[r#"
        A: (1 resent)
    "#]]);
    assert_eq!(world.states, before);
    world.merge(A, B, "2");
    world.check(expect![[""]]);
    world.step(B, &retire(A, raw(A, "1", 2)));
    world.check(expect![[""]]);
}

#[test]
fn chains_are_followed() {
    let mut world = World::default();
    world.message(C, "0", &[person(C, &["gender=\"male\""])]);
    world.merge(B, C, "1");
    world.merge(A, B, "2");
    world.said.clear();
    world.message(C, "3", &[person(C, &["birthDate=\"1954\""])]);
    world.check(expect![[r#"
        C: message to B
        B: message to A
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"active":true,"gender":"male","birthDate":"1954","link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
    "#]]);
    // The survivor of a later merge is itself retired: its own survivor takes the other in.
    let mut world = World::default();
    world.merge(A, B, "1");
    world.said.clear();
    world.merge(B, C, "2");
    world.check(expect![[r#"
        B: message to A
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"active":true,"link":[{"other":{"reference":"Patient/B"},"type":"replaces"},{"other":{"reference":"Patient/C"},"type":"replaces"}]}
        A: Survivor of C
        A: retire to C
        C: {"resourceType":"Patient","id":"C","meta":{"versionId":"1"},"active":false,"link":[{"other":{"reference":"Patient/A"},"type":"replaced-by"}]}
        C: Retired of A
        C: handover to A
    "#]]);
    assert_eq!(world.states[&C].merged_into(), Some(A));
}

#[test]
fn cycles_and_self_merges_are_refused() {
    let mut world = World::default();
    world.merge(A, A, "0");
    world.merge(A, B, "1");
    world.said.clear();
    world.merge(B, A, "2");
    world.merge(B, B, "3");
    world.check(expect![[r#"
        B: refused: merge-cycle: the message merges an identity into one that was merged into it before: ask the source which of the two stays
        B: refused: self-merge: the message merges an identity into itself: PID-3 and MRG-1 name the same patient
    "#]]);
    world.merge(B, C, "4");
    world.said.clear();
    world.merge(C, A, "5");
    world.merge(C, B, "6");
    world.check(expect![[r#"
        C: refused: merge-cycle: the message merges an identity into one that was merged into it before: ask the source which of the two stays
        C: message to A
    "#]]);
}

#[test]
fn an_identity_that_went_elsewhere_does_not_go_twice() {
    let mut world = World::default();
    world.merge(A, B, "1");
    world.said.clear();
    world.merge(C, B, "2");
    world.check(expect![[r#"
        C: {"resourceType":"Patient","id":"C","meta":{"versionId":"1"},"active":true,"link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
        C: Survivor of B
        C: retire to B
        B: kept to C
        B: refused: already-merged: the identity was merged into another one before: undo that merge at the source, or merge the two survivors
        C: {"resourceType":"Patient","id":"C","meta":{"versionId":"2"},"active":true}
    "#]]);
}

/// Two identities that each took the other in before either heard of it.
fn crossed() -> World {
    let mut world = World::default();
    for (survivor, retired, id) in [(A, B, "1"), (B, A, "2")] {
        let input = Input::Merge {
            raw: raw(survivor, id, 2),
            drafts: &[],
            retired,
            identifiers: b"",
        };
        world.step(survivor, &input);
    }
    world.said.clear();
    world
}

#[test]
fn two_that_take_each_other_in_at_once_agree_in_the_end() {
    let (one, other) = (raw(A, "1", 2), raw(B, "2", 2));
    let mut world = crossed();
    world.step(B, &retire(A, one));
    world.step(A, &retire(B, other));
    world.step(A, &kept(B, one));
    world.step(B, &kept(A, other));
    for state in world.states.values() {
        assert_eq!((state.merged_into, &state.absorbed), (None, &vec![]));
    }
    let mut world = crossed();
    world.send(B, &retire(A, one), &[]);
    world.send(A, &retire(B, other), &[]);
    assert_eq!(world.states[&A].merged_into, Some(B));
    assert_eq!(world.states[&B].merged_into, None);
    assert_eq!(world.states[&B].absorbed, [A]);
    world.check(expect![[r#"
        B: kept to A
        B: refused: merge-cycle: the message merges an identity into one that was merged into it before: ask the source which of the two stays
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"active":true}
        A: {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"active":false,"link":[{"other":{"reference":"Patient/B"},"type":"replaced-by"}]}
        A: Retired of B
        A: handover to B
        B: (1 unchanged)
    "#]]);
}

#[test]
fn workloads_hear_of_both_sides() {
    let mut states = (State::default(), State::default());
    let input = Input::Merge {
        raw: raw(A, "1", 2),
        drafts: &[],
        retired: B,
        identifiers: b"",
    };
    let survivor = Normalizer::default()
        .step(A, &mut states.0, &input)
        .unwrap();
    let input = retire(A, raw(A, "1", 2));
    let retired = Normalizer::default()
        .step(B, &mut states.1, &input)
        .unwrap();
    let merge = |outputs: &Outputs| {
        outputs.records.iter().find_map(|record| match record {
            Output::Merge {
                merge, event_id, ..
            } => Some((merge.role, merge.other, *event_id)),
            _ => None,
        })
    };
    let (survivor, retired) = (merge(&survivor).unwrap(), merge(&retired).unwrap());
    assert_eq!((survivor.0, survivor.1), (MergeRole::Survivor, B));
    assert_eq!((retired.0, retired.1), (MergeRole::Retired, A));
    assert_ne!(survivor.2, retired.2);
}
