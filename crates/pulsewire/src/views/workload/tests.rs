//! What is counted of rule packs, in whatever order it is read.

use clinical::{
    Code, EventId, EventTime, FindingId, Observation, Origin, Quantity, Severity, System, Value,
};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_000_000;

/// A moment so many minutes before now.
fn ago(minutes: i64) -> i64 {
    (NOW - minutes) * MINUTE_MICROS
}

fn now() -> ReceivedTime {
    ReceivedTime::from_micros(ago(0))
}

fn packs() -> Packs {
    let mut packs = Packs::default();
    packs.read_by(Workloads::new(workloads::Config::default()));
    packs
}

fn breaths(received: i64, at: i64, status: ObservationStatus) -> Event {
    let code = Code {
        system: System::Loinc,
        code: "9279-1".into(),
        display: "".into(),
    };
    let quantity = Quantity {
        value: "18".parse().unwrap(),
        comparator: None,
        unit: "/min".into(),
    };
    Event {
        id: EventId::derive(&[&received.to_be_bytes(), &at.to_be_bytes()]),
        patient: PatientKey::from_bytes([1; 16]),
        at: EventTime::from_micros(ago(at)),
        recorded: None,
        received: ReceivedTime::from_micros(ago(received)),
        origin: Origin::default(),
        backfill: false,
        fact: Fact::Observation(Observation {
            resource: "breaths".into(),
            codes: vec![code],
            value: Some(Value::Quantity(quantity)),
            components: Vec::new(),
            status,
            interpretation: Vec::new(),
            notes: Vec::new(),
            flags: Vec::new(),
            device: None,
        }),
    }
}

fn finding(known: i64, patient: u8, revision: u32, retracted: bool) -> Finding {
    Finding {
        id: FindingId::derive(&[&known.to_be_bytes(), &[patient]]),
        workload: "deterioration".into(),
        rule: "news2 1.0.0".into(),
        patient: PatientKey::from_bytes([patient; 16]),
        condition: "deterioration".into(),
        as_of: EventTime::from_micros(ago(known + 5)),
        known_at: ReceivedTime::from_micros(ago(known)),
        revision,
        replaces: None,
        state: match retracted {
            true => FindingState::Retracted("corrected".into()),
            false => FindingState::Asserted,
        },
        severity: Severity::Low,
        score: None,
        summary: "".into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: None,
        backfill: false,
    }
}

#[test]
fn what_is_read_counts_for_those_who_read_it() {
    let mut packs = packs();
    packs.take_event(&breaths(10, 20, ObservationStatus::Final));
    packs.take_event(&breaths(5, 40, ObservationStatus::Corrected));
    packs.take_late("deterioration sepsis", ReceivedTime::from_micros(ago(5)));
    let view = packs.of("deterioration").unwrap();
    let hour = view.last_hour(now());
    let expected = Counts {
        items: 2,
        late: 1,
        corrected: 1,
        too_late: 1,
        ..Counts::default()
    };
    assert_eq!(hour, expected);
    assert_eq!(packs.of("sepsis").unwrap().last_hour(now()).items, 2);
    // It reads no breaths; and what does not run reads nothing.
    assert!(packs.of("critical-results").is_none());
    assert!(packs.of("organ-failure").is_none());
}

#[test]
fn history_is_no_news() {
    let mut packs = packs();
    packs.take_event(&Event {
        backfill: true,
        ..breaths(10, 20, ObservationStatus::Final)
    });
    assert!(packs.of("deterioration").is_none());
    packs.take_finding(
        &Finding {
            backfill: true,
            ..finding(10, 1, 1, false)
        },
        (0, 0),
    );
    let view = packs.of("deterioration").unwrap();
    let day = view.last_day(now());
    assert_eq!((day.findings(), day.history), (0, 1));
    assert_eq!(view.patients_last_day(now()), (0, false));
    assert!(view.latest(now()).next().is_none());
}

#[test]
fn revisions_are_told_apart_and_findings_have_their_hour() {
    let mut packs = packs();
    for (offset, (known, patient, revision, retracted)) in (0..).zip([
        (30, 1, 1, false),
        (20, 1, 2, false),
        (10, 1, 3, true),
        (200, 2, 1, false),
    ]) {
        let finding = finding(known, patient, revision, retracted);
        packs.take_finding(&finding, (0, offset));
    }
    let view = packs.of("deterioration").unwrap();
    let day = view.last_day(now());
    let counted = (day.first, day.revised, day.revised_again, day.taken_back);
    assert_eq!(counted, (2, 1, 1, 1));
    assert_eq!(view.patients_last_hour(now()), (1, false));
    assert_eq!(view.patients_last_day(now()), (2, false));
    let hours = view.hours(now());
    assert_eq!(hours.len(), 48);
    let counted: u64 = hours.iter().map(|(_, of)| of.findings()).sum();
    assert_eq!(counted, 4);
    let newest: Vec<_> = view.latest(now()).map(|latest| latest.offset).collect();
    assert_eq!(newest, [2, 1, 0, 3]);
}

#[test]
fn what_there_is_no_room_for_is_said() {
    let mut view = PackView::default();
    for number in 0..PATIENTS_MAX as u64 + PATIENTS_MAX as u64 / 10 + 1 {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let at = minute(ago(30)) + i64::from(number > 1_000);
        view.patients.insert(PatientKey::from_bytes(key), at);
    }
    view.forget(NOW);
    let most = PATIENTS_MAX as u64;
    assert_eq!(view.patients_last_hour(now()), (most, true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Partitions are read beside each other, and after a start in another order than before.
    #[test]
    fn any_order_of_reading_counts_the_same(
        told in prop::collection::vec((0..6_000i64, 0..4u8, 0..5u32), 1..80),
        keys in prop::collection::vec(any::<u32>(), 80),
    ) {
        let taken = |order: &[usize]| {
            let mut packs = packs();
            for at in order {
                let (minutes, patient, what) = told[*at];
                match what {
                    0 => packs.take_event(&breaths(minutes, minutes + 30, ObservationStatus::Final)),
                    1 => packs.take_late("deterioration", ReceivedTime::from_micros(ago(minutes))),
                    revision => {
                        let finding = finding(minutes, patient, revision - 1, revision == 4);
                        packs.take_finding(&finding, (0, *at as u64));
                    }
                }
            }
            let nothing = PackView::default();
            let view = packs.of("deterioration").unwrap_or(&nothing);
            let newest = ReceivedTime::from_micros(packs.newest * MINUTE_MICROS);
            let latest: Vec<u64> = view.latest(newest).map(|one| one.offset).collect();
            let whole: Vec<Counts> = view.hours(newest).into_iter().map(|(_, of)| of).collect();
            (whole, view.last_day(newest), view.patients_last_day(newest), view.last_hour(newest), latest)
        };
        let mut order: Vec<usize> = (0..told.len()).collect();
        let one = taken(&order);
        order.sort_by_key(|at| keys[*at]);
        prop_assert_eq!(one, taken(&order));
    }
}
