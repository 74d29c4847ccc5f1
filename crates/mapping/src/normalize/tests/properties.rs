//! What holds for any order of messages.

use proptest::prelude::*;

use super::*;

/// Six messages that set and delete what they will, each at its own minute, and two visits and results among them.
fn messages() -> Vec<(&'static str, i64, Draft)> {
    vec![
        ("m1", 1, patient(&["gender=\"male\"", "birthDate=\"1950\""])),
        ("m2", 2, patient(&["gender=\"female\"", "active?true"])),
        (
            "m3",
            3,
            patient(&["birthDate-", "name=[{\"family\":\"Doe\"}]"]),
        ),
        ("m4", 4, patient(&["name=[{\"family\":\"Roe\"}]"])),
        (
            "m5",
            5,
            result(&["status=\"preliminary\"", "valueInteger=1"]),
        ),
        ("m6", 6, result(&["status=\"final\"", "valueInteger=2"])),
        (
            "m7",
            7,
            draft("Observation", "o2", Effect::State, &["status=\"final\""]),
        ),
        ("m8", 8, draft("Observation", "o2", Effect::Delete, &[])),
    ]
}

fn run(order: &[usize]) -> (State, Vec<Output>) {
    let all = messages();
    let mut state = State::default();
    let mut written = Vec::new();
    for at in order {
        let (id, minute, draft) = &all[*at];
        let mut raw = raw(A, id, *minute);
        raw.received_time = ReceivedTime::from_micros(1_000 * 60_000_000);
        let input = Input::Message {
            raw,
            drafts: std::slice::from_ref(draft),
        };
        written.extend(
            Normalizer::default()
                .step(A, &mut state, &input)
                .unwrap()
                .records,
        );
    }
    (state, written)
}

/// Keeps the first of each.
fn once(order: &[usize]) -> Vec<usize> {
    let mut seen = Vec::new();
    for at in order {
        if !seen.contains(at) {
            seen.push(*at);
        }
    }
    seen
}

/// What the patient and the results now are, versions aside.
fn stands((state, _): &(State, Vec<Output>)) -> (Vec<u8>, Vec<(u64, u8, u64)>) {
    let patient = state.patient.clone().map(|mut snapshot| {
        snapshot.version = 0;
        snapshot.to_json("Patient")
    });
    let versions = state.versions.iter();
    let results = versions.map(|(name, v)| (*name, v.rank, v.content));
    (patient.unwrap_or_default(), results.collect())
}

proptest! {
    #[test]
    fn duplicates_change_nothing(order in prop::collection::vec(0_usize..8, 0..40)) {
        prop_assert_eq!(run(&order), run(&once(&order)));
    }

    #[test]
    fn any_order_ends_the_same(order in Just((0_usize..8).collect::<Vec<_>>()).prop_shuffle()) {
        prop_assert_eq!(stands(&run(&order)), stands(&run(&(0..8).collect::<Vec<_>>())));
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(state) = State::decode(&bytes) {
            prop_assert!(State::decode(&state.encode()).is_ok());
        }
        if let Ok(split) = split::Split::decode(&bytes) {
            prop_assert_eq!(split.encode(), bytes);
        }
    }
}
