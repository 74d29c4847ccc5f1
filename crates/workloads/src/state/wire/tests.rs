//! Tests of the stored form; the bytes of every version stay readable.

use clinical::{Decimal, EventId};

use super::super::MAX_STAYS;
use super::*;
use crate::workload::WORKLOADS;

fn entry(parameter: Parameter, at: i64, reading: Reading) -> Entry {
    Entry {
        parameter,
        at: EventTime::from_micros(at),
        known: ReceivedTime::from_micros(at.saturating_add(5)),
        event: EventId::from_bytes([7; 16]),
        origin: Origin {
            partition: 3,
            offset: 900,
        },
        resource: 0x0102_0304_0506_0708,
        reading,
        marks: 5,
        sensor: 0,
    }
}

fn number(value: Decimal, unit: Unit, comparator: Option<Comparator>) -> Reading {
    Reading::Number {
        value,
        unit,
        comparator,
    }
}

/// A state with one of everything.
fn full() -> State {
    let entries = vec![
        entry(
            Parameter::Temperature,
            -10,
            number(Decimal::new(-381, 1), Unit::Celsius, None),
        ),
        entry(
            Parameter::Glucose,
            60,
            number(
                Decimal::new(25, 0),
                Unit::MillimolePerLitre,
                Some(Comparator::Greater),
            ),
        ),
        entry(Parameter::Oxygen, 60, Reading::Coded(1)),
        entry(Parameter::Potassium, 70, Reading::Unusable(Unusable::Unit)),
        entry(
            Parameter::Pulse,
            i64::MAX,
            Reading::Withdrawn(Withdrawal::EnteredInError),
        ),
    ];
    State {
        chart: Chart::new(entries, Some(EventTime::from_micros(-99))),
        lines: vec![Line {
            as_of: EventTime::from_micros(60),
            condition: Condition::CriticalResult(Parameter::Glucose),
            revision: 300,
            finding: FindingId::from_bytes([9; 16]),
            digest: u64::MAX,
            asserted: true,
            note: 4,
        }],
        person: PersonFacts {
            known: ReceivedTime::from_micros(1),
            born: Some((1954, 2, 11)),
            male: None,
            deceased: true,
        },
        stays: vec![Stay {
            resource: 1,
            known: ReceivedTime::from_micros(2),
            watched: true,
            start: EventTime::from_micros(3),
            end: Some(EventTime::from_micros(4)),
            pulse: None,
        }],
        retired: Some(PatientKey::from_bytes([1; 16])),
        pending: Some(Touched {
            from: Some(EventTime::from_micros(6)),
            everything: Some(Reason::PersonChanged),
            parameters: smallvec::smallvec![(Parameter::Pulse, Reason::LateData)],
            event: Some(EventId::from_bytes([5; 16])),
        }),
        wakes: wakes(&[(1, 8)]),
    }
}

/// Timers of some workloads by their place.
fn wakes(set: &[(usize, i64)]) -> [Option<EventTime>; WORKLOADS.len()] {
    let mut wakes = [None; WORKLOADS.len()];
    for (place, at) in set {
        wakes[*place] = Some(EventTime::from_micros(*at));
    }
    wakes
}

/// A state with something that only the newest version can say.
fn newest() -> State {
    let mut state = full();
    let rate = number(
        Decimal::new(25, 2),
        Unit::MicrogramPerKilogramPerMinute,
        None,
    );
    let more = [
        entry(Parameter::Norepinephrine, i64::MAX, rate),
        entry(Parameter::RespiratorySupport, i64::MAX, Reading::Coded(1)),
    ];
    state.chart = Chart::new([state.chart.entries(), &more].concat(), state.chart.floor);
    state.lines.push(Line {
        as_of: EventTime::from_micros(61),
        condition: Condition::OrganFailure,
        ..state.lines[0]
    });
    state.wakes = wakes(&[(1, 8), (3, 9)]);
    state.stays[0].pulse = Some(EventTime::from_micros(5));
    state
}

#[test]
fn what_is_new_is_written_as_new_and_reads_back() {
    let mut bytes = Vec::new();
    assert!(newest().encode(&mut bytes));
    assert_eq!(bytes.first(), Some(&3));
    assert_eq!(State::decode(&bytes), Ok(newest()));
}

#[test]
fn sensors_are_told_apart_from_the_fourth_version_on() {
    let mut state = newest();
    let heard = |at: i64, sensor: u32| Entry {
        sensor,
        ..entry(
            Parameter::InterstitialGlucose,
            at,
            number(Decimal::new(64, 0), Unit::MilligramPerDecilitre, None),
        )
    };
    let (rest, [_, last]) = state
        .chart
        .entries()
        .split_last_chunk()
        .expect("it has two");
    let other = Entry {
        sensor: u32::MAX,
        ..heard(71, 7)
    };
    let more = [heard(70, 0), heard(71, 7), heard(72, 7), *last, other];
    state.chart = Chart::new([rest, &more].concat(), state.chart.floor);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert_eq!(bytes.first(), Some(&4));
    assert_eq!(State::decode(&bytes), Ok(state));
    for length in 1..bytes.len() {
        assert_eq!(State::decode(&bytes[..length]), Err(DecodeError::Damaged));
    }
}

#[test]
fn flagged_results_are_kept_with_their_words_from_the_sixth_version_on() {
    let mut state = newest();
    let flagged = Entry {
        sensor: 9,
        ..entry(Parameter::FlaggedResult, i64::MAX, Reading::Coded(2))
    };
    let entries = [state.chart.entries(), &[flagged]].concat();
    state.chart = Chart::new(entries, state.chart.floor);
    state.chart.words.put(7, "Digoxin 4.1 ng/mL".into());
    state
        .chart
        .words
        .put(6, "Gram stain: Kokken in Häufchen".into());
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert_eq!(bytes.first(), Some(&6));
    assert_eq!(State::decode(&bytes), Ok(state));
    for length in 1..bytes.len() {
        assert_eq!(State::decode(&bytes[..length]), Err(DecodeError::Damaged));
    }
}

/// The state above as version 1 wrote it.
const VERSION_1: &str = "\
    010701010101010101010101010101010101c5010105050505050505050505050505050505010c020104010302c41e02\
    0b0100000000000000010104060108000110000506a0130a03880e070707070707070707070707070707070102030405\
    06070801fb050dac8c010a0007070707070707070707070707070707010203040506070860073202b700070707070707\
    0707070707070707070701020304050607080109bc140a00070707070707070707070707070707070102030405060708\
    0004bcf2feffffffffffffff0100000707070707070707070707070707070701020304050607080401781dac02090909\
    09090909090909090909090909ffffffffffffffff09";

#[test]
fn version_1_can_be_read() {
    let mut bytes = Vec::new();
    assert!(full().encode(&mut bytes));
    // While version 1 is what is written; afterwards only reading it counts.
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digits, VERSION_1);
    assert_eq!(State::decode(&bytes), Ok(full()));
}

#[test]
fn more_stays_than_were_kept_before_are_of_the_newest_version() {
    for (count, version) in [(8, 3), (9, 5), (MAX_STAYS, 5)] {
        let mut state = newest();
        let stay = state.stays[0];
        state.stays = vec![stay; count];
        let mut bytes = Vec::new();
        assert!(state.encode(&mut bytes));
        assert_eq!(
            (bytes.first(), State::decode(&bytes)),
            (Some(&version), Ok(state))
        );
    }
}

#[test]
fn nothing_is_written_of_nothing() {
    let mut bytes = Vec::new();
    assert!(!State::default().encode(&mut bytes));
    assert_eq!(State::decode(&bytes), Ok(State::default()));
}

#[test]
fn damage_is_found_and_never_a_panic() {
    let mut bytes = Vec::new();
    full().encode(&mut bytes);
    for length in 1..bytes.len() {
        assert_eq!(
            State::decode(&bytes[..length]),
            Err(DecodeError::Damaged),
            "cut at {length}"
        );
    }
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0xff;
        // Whatever it says, it says it without a panic; the first byte is the version.
        let read = State::decode(&damaged);
        assert!(place > 0 || read == Err(DecodeError::Version(0xfe)));
    }
    bytes.push(0);
    assert_eq!(State::decode(&bytes), Err(DecodeError::Damaged));
}
