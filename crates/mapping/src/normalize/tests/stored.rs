//! The bytes that a patient's state is stored as: every released version is read for ever.

use super::*;

#[test]
fn state_bytes_of_version_3_are_read_for_ever() {
    let mut state = State::default();
    let drafts = [
        patient(&["gender=\"male\""]),
        visit(Effect::State, &["status=\"arrived\"", "location=[\"a\"]"]),
        visit(Effect::State, &["status=\"finished\"", "location=[\"b\"]"]),
        result(&["status=\"final\""]),
        draft(
            "Observation",
            "o2",
            Effect::State,
            &[
                "status=\"final\"",
                "effectiveDateTime=\"2026-03-01T09:00:00Z\"",
                "valueInteger=7",
            ],
        ),
    ];
    let input = Input::Merge {
        raw: raw(A, "m", 1),
        drafts: &drafts,
        retired: B,
        identifiers: b"",
    };
    Normalizer::default().step(A, &mut state, &input).unwrap();
    let hex: String = state
        .encode()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    expect!["030000000100000000039387000118e90e8a32469b010000002061616161616161616161616161616161616161616161616161616161616161610000000200000000039387000000000300000006616374697665000000047472756580000000000000000000000667656e64657200000006226d616c65220000000003938700000000046c696e6b000000565b7b226f74686572223a7b227265666572656e6365223a2250617469656e742f6262626262626262626262626262626262626262626262626262626262626262227d2c2274797065223a227265706c61636573227d5d00000000039387000000000100000002653100000002000000000393870000000002000000067374617475730000000a2266696e6973686564220000000003938700000000086c6f636174696f6e000000055b2262225d000000000393870000000001000000055b2261225d000000092261727269766564220000000000000002129550e1033463680000000003938700020814e6c86a203e33000000010000000003938700000000000000000000995e3a35da720d2000000000039387000212a20e01fe94253e000000010000000003938700004914156084b610a30000000001bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0000000000000000000000014c719a1c6464b2bc8b41f0e187c123e0000000026f320000000000000100000000000393870000000000"].assert_eq(&hex);
    assert_eq!(State::decode(&state.encode()), Ok(state.clone()));
    let bytes = state.encode();
    for end in 0..bytes.len() {
        assert!(State::decode(&bytes[..end]).is_err(), "{end}");
    }
}

/// What a patient's state was encoded to before visits could have another id.
const VERSION_1: &str = "010000000100000000039387000118e90e8a32469b01000000206161616161616161616161616161616161616161616161616161616161616161000000020000000003938700000000020000000667656e64657200000006226d616c65220000000003938700000000046c696e6b000000565b7b226f74686572223a7b227265666572656e6365223a2250617469656e742f6262626262626262626262626262626262626262626262626262626262626262227d2c2274797065223a227265706c61636573227d5d00000000039387000000000100000002653100000002000000000393870000000002000000067374617475730000000a2266696e6973686564220000000003938700000000086c6f636174696f6e000000055b2262225d000000000393870000000001000000055b2261225d0000000922617272697665642200000001129550e1033463680000000003938700020814e6c86a203e330000000100000000039387000000000001bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn read(hex: &str) -> State {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    let state = State::decode(&bytes).unwrap();
    assert_eq!(State::decode(&state.encode()), Ok(state.clone()));
    for end in 0..bytes.len() {
        assert!(State::decode(&bytes[..end]).is_err(), "{end}");
    }
    state
}

#[test]
fn state_bytes_of_version_1_are_read_for_ever() {
    let state = read(VERSION_1);
    assert_eq!((state.encounters.len(), state.renamed.len()), (1, 0));
    assert_eq!(state.absorbed, [B]);
}

/// What a patient's state was encoded to before ways were told apart.
const VERSION_2: &str = "020000000100000000039387000118e90e8a32469b010000002061616161616161616161616161616161616161616161616161616161616161610000000200000000039387000000000300000006616374697665000000047472756580000000000000000000000667656e64657200000006226d616c65220000000003938700000000046c696e6b000000565b7b226f74686572223a7b227265666572656e6365223a2250617469656e742f6262626262626262626262626262626262626262626262626262626262626262227d2c2274797065223a227265706c61636573227d5d00000000039387000000000100000002653100000002000000000393870000000002000000067374617475730000000a2266696e6973686564220000000003938700000000086c6f636174696f6e000000055b2262225d000000000393870000000001000000055b2261225d000000092261727269766564220000000000000001129550e1033463680000000003938700020814e6c86a203e330000000100000000039387000000000001bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0000000000000000";

#[test]
fn state_bytes_of_version_2_are_read_for_ever() {
    let state = read(VERSION_2);
    assert_eq!(state.absorbed, [B]);
    let version = state.versions.values().next().unwrap();
    assert_eq!((version.way, version.said), (Way::Mllp, 0));
    assert_eq!(state.contents, crate::normalize::way::Contents::default());
}

#[test]
fn a_quiet_patient_is_small() {
    let mut state = State::default();
    let drafts = [
        patient(&["gender=\"male\""]),
        visit(Effect::State, &["status=\"planned\""]),
    ];
    let input = Input::Message {
        raw: raw(A, "m", 0),
        drafts: &drafts,
    };
    Normalizer::default().step(A, &mut state, &input).unwrap();
    assert!(state.encode().len() < 256, "{}", state.encode().len());
}
