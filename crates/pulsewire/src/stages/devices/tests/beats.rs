//! Stories of times between beats: five minutes of them are one Observation of their variability, or none.

use super::*;

const RR: &str = "MDC_ECG_TIME_PD_RR_GL";
const SECOND: i64 = 1_000_000;

/// Beats from a time on for so many seconds, whose intervals in milliseconds come again and again.
fn beats(world: &World, (from, seconds): (i64, i64), intervals: &[i64]) -> Series {
    let mut at = from;
    let mut samples = Vec::new();
    for milliseconds in intervals.iter().cycle() {
        at += milliseconds * 1_000;
        if at >= from + seconds * SECOND {
            break;
        }
        samples.push((at, *milliseconds));
    }
    Series {
        unit: "ms".into(),
        ..world.series(RR, &samples)
    }
}

/// What was told, as JSON.
fn told(world: &World) -> Vec<serde_json::Value> {
    let records = world.read(topics::FHIR_RECEIVED);
    let told = records.iter().map(|record| {
        let bytes = record.value.as_deref().unwrap();
        let invalid = formats::fhir::validate::validate(bytes);
        assert_eq!(format!("{invalid:?}"), "[]");
        serde_json::from_slice(bytes).unwrap()
    });
    told.collect()
}

fn statuses(world: &World) -> Vec<(String, String)> {
    let each = told(world).into_iter().map(|json| {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (text(&json["effectiveDateTime"]), text(&json["status"]))
    });
    each.collect()
}

#[test]
fn five_minutes_of_beats_are_told_by_their_variability() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    let series = beats(&world, (0, 300), &[790, 810]);
    world.says(5 * MINUTE, None, vec![series]);
    world.passes(6 * MINUTE);
    let [json] = &told(&world)[..] else {
        panic!("one is told")
    };
    assert_eq!(json["code"]["coding"][0]["code"], "80404-7");
    assert_eq!(json["effectiveDateTime"], "2026-03-01T09:05:00Z");
    // So workloads see it.
    let record = &world.read(topics::FHIR_RECEIVED)[0];
    let seen = mapping::event::observation(record.value.as_deref().unwrap()).unwrap();
    assert_eq!((seen.codes.len(), &*seen.codes[0].code), (1, "80404-7"));
    assert_eq!(seen.components.len(), 4);
    assert_eq!(seen.device.as_deref(), Some("bed-12"));
    let value = |of: &serde_json::Value| {
        let quantity = &of["valueQuantity"];
        format!(
            "{} {}",
            quantity["value"],
            quantity["code"].as_str().unwrap()
        )
    };
    assert_eq!(value(json), "10.01332 ms");
    let beside = json["component"].as_array().unwrap().iter();
    let beside: Vec<String> = beside
        .map(|one| {
            let code = one["code"]["coding"][0]["code"].as_str().unwrap();
            format!("{code} {}", value(one))
        })
        .collect();
    assert_eq!(
        beside,
        [
            "rr-mean 799.97333 ms",
            "rr-rmssd 20.0 ms",
            "rr-pnn50 0.0 %",
            "rr-valid 100.0 %"
        ]
    );
    assert_eq!(
        json["method"]["text"],
        "variability of 375 samples in 300 s"
    );
}

#[test]
fn beats_that_do_not_fill_their_window_are_not_told() {
    let heard = |seconds: i64| {
        let mut world = World::new();
        world.associates(0, Some("7"), -MINUTE);
        let series = beats(&world, (0, seconds), &[790, 810]);
        world.says(5 * MINUTE, None, vec![series]);
        world.passes(6 * MINUTE);
        told(&world).len()
    };
    assert_eq!([239, 241].map(heard), [0, 1]);
}

#[test]
fn what_comes_later_amends_a_window_or_takes_it_back() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    let series = beats(&world, (0, 250), &[790, 810]);
    world.says(5 * MINUTE, None, vec![series]);
    world.passes(6 * MINUTE);
    let series = beats(&world, (250 * SECOND, 49), &[790, 810]);
    world.says(7 * MINUTE, None, vec![series]);
    world.passes(9 * MINUTE);
    // Half a minute in which every other beat is ectopic, and then all of it.
    let at = |status: &str| ("2026-03-01T09:05:00Z".to_owned(), status.to_owned());
    assert_eq!(statuses(&world), [at("final"), at("amended")]);
    let series = beats(&world, (SECOND / 10, 299), &[300, 1_300]);
    world.says(10 * MINUTE, None, vec![series]);
    world.passes(12 * MINUTE);
    assert_eq!(statuses(&world)[2..], [at("entered-in-error")]);
}

#[test]
fn a_window_of_two_patients_is_of_neither_unless_one_fills_it() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    world.associates(2 * MINUTE, Some("8"), 2 * MINUTE);
    let series = beats(&world, (0, 600), &[790, 810]);
    world.says(10 * MINUTE, None, vec![series]);
    world.passes(11 * MINUTE);
    let [json] = &told(&world)[..] else {
        panic!("one is told")
    };
    assert_eq!(json["subject"]["identifier"]["value"], "8");
    assert_eq!(json["effectiveDateTime"], "2026-03-01T09:10:00Z");
}

#[test]
fn what_was_told_beside_a_value_is_kept() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    let settings = config::defaults().devices;
    let mut state = State::default();
    let packet = |series: Series, received_at: i64| Packet {
        device: "bed-12".into(),
        received_at,
        message: None,
        presence: None,
        series: vec![series],
    };
    let series = beats(&world, (0, 300), &[790, 810]);
    let (zero, patient) = (world.zero, Some(("H", "7")));
    let named = patient.map(|(authority, identifier)| Named {
        authority: authority.into(),
        identifier: identifier.into(),
    });
    state.associate(
        Binding {
            from: zero,
            to: None,
            patient: named,
        },
        zero,
    );
    state.take(&packet(series, zero + 5 * MINUTE), &settings);
    let written = |state: &State| {
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        assert_eq!(State::decode(&bytes).as_ref(), Some(state));
        for end in 0..bytes.len() {
            assert_eq!(State::decode(&bytes[..end]), None);
        }
    };
    written(&state);
    assert_eq!(
        state.conclude(zero + 6 * MINUTE, &settings).summaries.len(),
        1
    );
    written(&state);
}
