//! What payers' documents say of their members.

use super::*;

const NUMBER: &str = r#"{"type":{"coding":[{"code":"MB"}]},"value":"W1"}"#;
const SOCIAL: &str = r#"{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"}"#;
const OTHER_SOCIAL: &str = r#"{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"2"}"#;

fn of_some(effect: Effect, elements: &[&str]) -> Draft {
    let mut said = draft("Patient", &A.to_string(), effect, elements);
    said.is_of_some = true;
    said
}

/// A document with an identifier and a name.
fn document(effect: Effect, identifier: &str, name: &str) -> Draft {
    let identifier = format!("identifier=[{identifier}]");
    of_some(effect, &[&identifier, name])
}

const GUS: &str = r#"name=[{"family":"Gray","given":["Gus"]}]"#;

fn said(identifier: &str) -> Draft {
    document(Effect::State, identifier, GUS)
}

fn answered(name: &str) -> Draft {
    document(Effect::Mention, NUMBER, name)
}

#[test]
fn identifiers_of_other_kinds_stand_in_whatever_order_they_are_said() {
    let both = r#""identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"},{"type":{"coding":[{"code":"MB"}]},"value":"W1"}]"#;
    let stands = |messages: &[(i64, Draft)]| {
        let mut state = State::default();
        let mut last = String::new();
        for (at, (minute, draft)) in messages.iter().enumerate() {
            let raw = RawInfo {
                received_time: ReceivedTime::from_micros(1_000 * 60_000_000),
                ..raw(A, &at.to_string(), *minute)
            };
            let drafts = std::slice::from_ref(draft);
            let outputs =
                Normalizer::default().step(A, &mut state, &Input::Message { raw, drafts });
            last = show(&outputs);
        }
        last
    };
    let later = stands(&[(1, said(SOCIAL)), (2, said(NUMBER))]);
    assert!(later.contains(both), "{later}");
    let again = stands(&[(1, said(SOCIAL)), (2, said(NUMBER)), (3, said(SOCIAL))]);
    assert_eq!(again, "(1 unchanged)\n");
    let late = stands(&[(2, said(NUMBER)), (1, said(SOCIAL))]);
    assert!(
        late.contains("\"W1\"") && late.contains("\"ssn\""),
        "{late}"
    );
    // Of one kind what was said last stands.
    let corrected = stands(&[(1, said(SOCIAL)), (2, said(OTHER_SOCIAL))]);
    assert!(corrected.contains(r#""value":"2""#) && !corrected.contains(r#""value":"1""#));
    assert_eq!(
        stands(&[(2, said(OTHER_SOCIAL)), (1, said(SOCIAL))]),
        "(1 unchanged)\n"
    );
}

#[test]
fn an_answer_renames_nobody() {
    let gil = r#"name=[{"family":"GRAY","given":["GIL"]}]"#;
    let same = r#"name=[{"family":"GRAY","given":["GUS A"]}]"#;
    let born = |day: &str| {
        let birth = format!("birthDate=\"{day}\"");
        let elements = [GUS, &birth, r#"gender="male""#];
        of_some(Effect::Mention, &elements)
    };
    check(
        &[
            (1, said(SOCIAL)),
            (2, answered(gil)),
            (3, answered(same)),
            (4, born("1970-01-01")),
            (5, born("2015-05-05")),
            (6, document(Effect::State, SOCIAL, gil)),
        ],
        expect![[r#"
            {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"}],"name":[{"family":"Gray","given":["Gus"]}]}
            (1 unchanged)
            {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"},{"type":{"coding":[{"code":"MB"}]},"value":"W1"}],"name":[{"family":"Gray","given":["Gus"]}]}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"},{"type":{"coding":[{"code":"MB"}]},"value":"W1"}],"name":[{"family":"Gray","given":["Gus"]}],"gender":"male","birthDate":"1970-01-01"}
            (1 unchanged)
            {"resourceType":"Patient","id":"A","meta":{"versionId":"4"},"identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"ssn","value":"1"},{"type":{"coding":[{"code":"MB"}]},"value":"W1"}],"name":[{"family":"GRAY","given":["GIL"]}],"gender":"male","birthDate":"1970-01-01"}
        "#]],
    );
}
