//! Episodes of continuous glucose monitoring: the published labels, and that no order of arrival decides anything.

mod kept;

use std::collections::BTreeMap;

use clinical::{
    Code, Event, EventId, EventTime, Fact, Finding, FindingState, Observation, ObservationStatus,
    Origin, PatientKey, ReceivedTime, Severity,
};
use proptest::prelude::*;
use workloads::Config;

use crate::engine::Engine;
use crate::events::{event_time, number_or_text, patient, received_time};
use crate::measures::cases::unzipped;
use crate::news2_vectors::shared;
use crate::permutations::standing;

const MINUTE: i64 = 60_000_000;
const PACK: &str = "glucose-episodes";

/// Conditions, and the columns of the labels that say the same.
const COLUMNS: [(&str, &str); 5] = [
    ("glucose-episode/low", "lv1_hypo"),
    ("glucose-episode/very-low", "lv2_hypo"),
    ("glucose-episode/low-extended", "ext_hypo"),
    ("glucose-episode/high", "lv1_hyper"),
    ("glucose-episode/very-high", "lv2_hyper"),
];

/// A value with its unit, or words, that a sensor said at a time.
struct Said<'a> {
    at: EventTime,
    arrives: ReceivedTime,
    number: u64,
    value: &'a str,
    unit: &'a str,
    status: ObservationStatus,
    sensor: Option<&'a str>,
}

fn heard(who: PatientKey, said: &Said<'_>) -> Event {
    let value = number_or_text(said.value, said.unit);
    Event {
        id: EventId::derive(&[b"reading", who.as_bytes(), &said.number.to_be_bytes()]),
        patient: who,
        at: said.at,
        recorded: None,
        received: said.arrives,
        origin: Origin {
            partition: 0,
            offset: said.number,
        },
        backfill: false,
        fact: Fact::Observation(Observation {
            resource: format!("reading/{}/{}", said.at.micros(), said.sensor.unwrap_or("")).into(),
            codes: vec![Code::loinc("99504-3")],
            value: (said.status != ObservationStatus::EnteredInError).then_some(value),
            components: Vec::new(),
            status: said.status,
            interpretation: Vec::new(),
            notes: Vec::new(),
            flags: Vec::new(),
            device: said.sensor.map(Into::into),
        }),
    }
}

/// The rows of a compressed table, by column.
fn table(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let bytes = std::fs::read(path).expect("the folder has all tables");
    let text = String::from_utf8(unzipped(&bytes)).expect("a table is text");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let head: Vec<String> = lines.next().expect("a table has a head").collect();
    lines
        .map(|cells| head.iter().cloned().zip(cells).collect())
        .collect()
}

fn time(text: &str) -> EventTime {
    let text = text.trim_end_matches("+00:00").replace(' ', "T");
    EventTime::parse(&format!("{text}Z")).expect("the tables have times")
}

/// A day's end after the last reading: nothing is said any more.
fn listened(engine: &mut Engine, mut events: Vec<Event>) {
    events.sort_by_key(|event| (event.received, event.at));
    for event in &events {
        engine.take(event);
    }
}

/// Gives the times of the episodes of a condition: the first and the last reading of each.
fn spans(findings: &[Finding], condition: &str, beat: i64) -> Vec<(EventTime, EventTime)> {
    let mut lines = BTreeMap::new();
    for finding in findings.iter().filter(|of| *of.condition == *condition) {
        match finding.state {
            FindingState::Asserted => lines.insert(finding.as_of, finding),
            FindingState::Retracted(_) => lines.remove(&finding.as_of),
        };
    }
    let mut spans: Vec<(EventTime, EventTime)> = Vec::new();
    for (at, finding) in lines {
        if finding.severity != Severity::None {
            spans.push((at, EventTime::from_micros(i64::MAX)));
        } else if let Some(last) = spans.last_mut() {
            // The reading that shows recovery is the last of those that make fifteen minutes; silence is told 45 minutes on.
            let after = if finding.summary.contains("no longer") {
                (15 + beat - 1) / beat * beat
            } else {
                45
            };
            last.1 = EventTime::from_micros(at.micros() - after * MINUTE);
        }
    }
    spans
}

/// The published readings by patient, of sensors whose clocks are so many microseconds ahead.
fn published(folder: &std::path::Path, ahead: i64) -> BTreeMap<String, Vec<Event>> {
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for (number, row) in table(&folder.join("cgm.csv.gz")).iter().enumerate() {
        if row["dropped"] == "0" {
            let who = PatientKey::derive(&[b"virtual", row["id"].as_bytes()]);
            let micros = |column: &str| time(&row[column]).micros() + ahead;
            let said = Said {
                at: EventTime::from_micros(micros("time")),
                arrives: ReceivedTime::from_micros(micros("received")),
                number: number as u64,
                value: &row["cgm"],
                unit: "mg/dL",
                status: ObservationStatus::Final,
                sensor: None,
            };
            events
                .entry(row["id"].clone())
                .or_default()
                .push(heard(who, &said));
        }
    }
    events
}

#[test]
fn episodes_are_those_of_the_published_labels() {
    let folder = shared().join("clinical-data/cgm-simglucose");
    if !folder.join("cgm.csv.gz").exists() {
        println!(
            "skipped: clinical-data/cgm-simglucose is not there; set PULSEWIRE_SHARED to the shared data"
        );
        return;
    }
    let mut labels: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for row in table(&folder.join("iglu_episode_labels.csv.gz")) {
        labels.entry(row["id"].clone()).or_default().push(row);
    }
    let (mut matched, mut total, mut episodes) = (0, 0, 0);
    // The labels are of readings on the minute; a clock at any other phase shows the same.
    for ahead in [0, 100_500_000] {
        (matched, total, episodes) = (0, 0, 0);
        let mut events = published(&folder, ahead);
        for (id, rows) in &labels {
            let mut engine = Engine::swift(Config::of(&[PACK]));
            let heard = events.remove(id).expect("each label has its readings");
            listened(&mut engine, heard);
            for (condition, column) in COLUMNS {
                let spans = spans(&engine.findings, condition, 3);
                episodes += spans.len();
                for row in rows {
                    let at = EventTime::from_micros(time(&row["time"]).micros() + ahead);
                    let ours = spans
                        .iter()
                        .any(|(first, last)| *first <= at && at <= *last);
                    let theirs = row[column] != "0.0";
                    total += 1;
                    matched += usize::from(ours == theirs);
                    assert_eq!(ours, theirs, "{id} {column} at {at}, {ahead} ahead");
                }
            }
        }
    }
    println!("glucose episodes: {matched} of {total} rows, {episodes} episodes");
    assert!(episodes > 0);
}

/// What a sensor says over two hours: a value every five minutes, each said once or more, some wrong and put right.
fn day() -> impl Strategy<Value = Vec<(i64, i64, u8)>> {
    let reading = (0..60i64, prop_oneof![45..85i64, 170..270i64], 0..12u8);
    prop::collection::vec(reading, 1..90)
}

/// The same readings, all accepted within a minute, in some order.
fn events(day: &[(i64, i64, u8)]) -> Vec<Event> {
    let said = day.iter().enumerate().map(|(number, (slot, value, fate))| {
        let status = match fate {
            0 => ObservationStatus::EnteredInError,
            1 => ObservationStatus::Corrected,
            _ => ObservationStatus::Final,
        };
        let arrives = received_time(5 * 60).micros() + number as i64;
        let value = match fate {
            2 => "LOW".to_owned(),
            3 => "HIGH".to_owned(),
            _ => value.to_string(),
        };
        heard(
            patient("ann"),
            &Said {
                at: event_time(slot * 5 + i64::from(fate % 2)),
                arrives: ReceivedTime::from_micros(arrives),
                number: number as u64,
                value: &value,
                unit: "mg/dL",
                status,
                sensor: [None, Some("left"), Some("right")][usize::from(fate % 3)],
            },
        )
    });
    said.collect()
}

fn after(events: impl IntoIterator<Item = Event>) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for event in events {
        engine.take(&event);
    }
    engine.tick(received_time(6 * 60));
    engine.findings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_readings_ends_the_same(day in day(), keys in prop::collection::vec(any::<u32>(), 90)) {
        let events = events(&day);
        let mut shuffled: Vec<(u32, Event)> = keys.into_iter().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let twice = shuffled.into_iter().flat_map(|(_, event)| [event.clone(), event]);
        let (one, other) = (standing(&after(events.clone())), standing(&after(twice)));
        let differ: Vec<_> = one
            .iter()
            .filter(|(key, says)| other.get(*key) != Some(*says))
            .chain(other.iter().filter(|(key, says)| one.get(*key) != Some(*says)))
            .collect();
        prop_assert!(differ.is_empty(), "{differ:#?}");
    }
}

/// Gives what was told, and whether it pages anyone.
fn told(readings: &[(i64, i64, &str, &str)], until: i64) -> Vec<String> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for (number, (at, arrives, value, unit)) in readings.iter().enumerate() {
        let said = Said {
            at: event_time(*at),
            arrives: received_time(*arrives),
            number: number as u64,
            value,
            unit,
            status: ObservationStatus::Final,
            sensor: None,
        };
        engine.take(&heard(patient("ann"), &said));
    }
    engine.tick(received_time(until));
    let told = engine.findings.iter().map(|finding| {
        let minute = (finding.as_of.micros() - event_time(0).micros()) / MINUTE;
        let history = if finding.backfill { " history" } else { "" };
        let state = match finding.state {
            FindingState::Asserted => finding.severity.word(),
            FindingState::Retracted(_) => "retracted",
        };
        format!(
            "{minute} {} {state}{history}: {}",
            finding.condition, finding.summary
        )
    });
    told.collect()
}

#[test]
fn an_episode_is_told_when_it_has_lasted_and_when_it_is_over() {
    let readings: Vec<(i64, i64, &str, &str)> = [
        (0, "4.5"),
        (5, "3.8"),
        (10, "3.8"),
        (15, "3.7"),
        (20, "4.0"),
        (25, "4.1"),
        (30, "4.2"),
    ]
    .iter()
    .map(|(at, value)| (*at, *at + 1, *value, "mmol/L"))
    .collect();
    expect_test::expect![[r#"
        [
            "5 glucose-episode/low medium: interstitial glucose below 3.9 mmol/L, for at least 15 min",
            "30 glucose-episode/low none: interstitial glucose no longer below 3.9 mmol/L, after 15 min",
        ]
    "#]]
    .assert_debug_eq(&told(&readings, 40));
}

#[test]
fn what_is_long_past_when_it_is_heard_pages_nobody() {
    let readings: Vec<(i64, i64, &str, &str)> = [
        (0, 0, "90"),
        (5, 200, "LOW"),
        (10, 200, "50"),
        (15, 200, "50"),
        (20, 200, "90"),
        (25, 200, "90"),
        (30, 200, "90"),
        (200, 201, "90"),
    ]
    .iter()
    .map(|(at, arrives, value)| (*at, *arrives, *value, "mg/dL"))
    .collect();
    expect_test::expect![[r#"
        [
            "5 glucose-episode/low medium history: interstitial glucose below 70 mg/dL, for at least 15 min",
            "5 glucose-episode/very-low high history: interstitial glucose below 54 mg/dL, for at least 15 min",
            "30 glucose-episode/low none history: interstitial glucose no longer below 70 mg/dL, after 15 min",
            "30 glucose-episode/very-low none history: interstitial glucose no longer below 54 mg/dL, after 15 min",
            "50 glucose-signal-lost low: the glucose sensor was not heard for 20 min",
            "200 glucose-signal-lost none history: the glucose sensor is heard again",
        ]
    "#]].assert_debug_eq(&told(&readings, 205));
}

#[test]
fn silence_is_told_and_taken_back_when_the_readings_come_after_all() {
    let readings = [
        (0, 0, "90", "mg/dL"),
        (30, 31, "90", "mg/dL"),
        (10, 32, "90", "mg/dL"),
        (20, 32, "90", "mg/dL"),
    ];
    expect_test::expect![[r#"
        [
            "20 glucose-signal-lost low: the glucose sensor was not heard for 20 min",
            "30 glucose-signal-lost none history: the glucose sensor is heard again",
            "20 glucose-signal-lost retracted: taken back: a value charted late shows otherwise",
            "30 glucose-signal-lost retracted: taken back: a value charted late shows otherwise",
        ]
    "#]]
    .assert_debug_eq(&told(&readings, 45));
}

/// The most that is kept of an active patient.
const ACTIVE_BYTES: usize = 8 * 1024;

#[test]
fn a_day_of_readings_every_five_minutes_is_kept_in_eight_kibibytes() {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for number in 0..288_u64 {
        let minute = 5 * number as i64;
        let value = format!("{}.{}", 60 + number % 140, number % 10);
        let said = Said {
            at: event_time(minute),
            arrives: received_time(minute + 1),
            number,
            value: &value,
            unit: "mg/dL",
            status: ObservationStatus::Final,
            sensor: Some("left"),
        };
        engine.take(&heard(patient("ann"), &said));
    }
    let mut bytes = Vec::new();
    engine.states[&patient("ann")].encode(&mut bytes);
    println!("a sensor every five minutes: {} bytes", bytes.len());
    assert!(bytes.len() <= ACTIVE_BYTES, "{}", bytes.len());
}

/// Gives what two sensors tell: times, values, and who says it.
fn told_by(readings: &[(i64, i64, &str)], until: i64) -> Vec<String> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for (number, (at, value, sensor)) in readings.iter().enumerate() {
        let said = Said {
            at: event_time(*at),
            arrives: received_time(*at),
            number: number as u64,
            value: &value.to_string(),
            unit: "mg/dL",
            status: ObservationStatus::Final,
            sensor: Some(sensor),
        };
        engine.take(&heard(patient("ann"), &said));
    }
    engine.tick(received_time(until));
    let told = engine.findings.iter().map(|finding| {
        let minute = (finding.as_of.micros() - event_time(0).micros()) / MINUTE;
        let severity = finding.severity.word();
        let revision = finding.revision;
        format!("{minute} {severity} {revision}: {}", finding.summary)
    });
    told.collect()
}

/// What two sensors say, every five minutes and two minutes apart.
fn both(left: &[i64], right: &[i64]) -> Vec<(i64, i64, &'static str)> {
    let slots = (0..).map(|slot| 5 * slot);
    let left = slots
        .clone()
        .zip(left)
        .map(|(at, value)| (at, *value, "left"));
    let right = slots
        .zip(right)
        .map(|(at, value)| (at + 2, *value, "right"));
    let mut all: Vec<_> = left.chain(right).collect();
    all.sort_unstable();
    all
}

#[test]
fn two_sensors_that_show_one_episode_tell_it_once() {
    let left = [90, 65, 64, 63, 65, 90, 91, 92, 90, 90];
    let right = [90, 90, 66, 64, 64, 65, 66, 90, 91, 92];
    expect_test::expect![[r#"
        [
            "5 medium 1: interstitial glucose below 70 mg/dL, for at least 15 min",
            "47 none 1: interstitial glucose no longer below 70 mg/dL, after 32 min",
        ]
    "#]]
    .assert_debug_eq(&told_by(&both(&left, &right), 55));
}

#[test]
fn a_sensor_beside_one_that_shows_nothing_is_not_overruled() {
    let left = [90, 65, 64, 63, 65, 64, 63, 90, 91, 92];
    let right = [95; 10];
    let told = told_by(&both(&left, &right), 55);
    assert!(told[0].starts_with("5 medium 1"), "{told:?}");
    assert!(told[1].starts_with("45 none 1"), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_sender_that_names_another_sensor_with_each_reading_is_heard() {
    let low = [90, 53, 52, 51, 52, 53, 90, 91, 92, 93];
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let readings: Vec<_> = (0..)
        .map(|slot| 5 * slot)
        .zip(low.iter().zip(names))
        .map(|(at, (value, sensor))| (at, *value, sensor))
        .collect();
    let told = told_by(&readings, 60);
    assert!(
        told.iter().any(|told| told.starts_with("5 high 1")),
        "{told:?}"
    );
    let same: Vec<_> = readings
        .iter()
        .map(|(at, value, _)| (*at, *value, "a"))
        .collect();
    assert_eq!(told, told_by(&same, 60));
}

#[test]
fn a_low_after_one_that_another_showed_to_be_over_is_told() {
    let left = [90, 65, 64, 63, 65, 90, 91, 92, 90, 65, 64, 63, 62, 61];
    let right = [90, 90, 66, 64, 64];
    // Until the right one is known to be silent it is taken to go on.
    let told = told_by(&both(&left, &right), 70);
    let begun: Vec<_> = told
        .iter()
        .filter(|told| told.contains("medium 1"))
        .collect();
    assert_eq!(begun.len(), 2, "{told:?}");
}

#[test]
fn a_sensor_that_takes_over_goes_on_with_the_episode() {
    let left = [90, 65, 64, 63, 65];
    let right = [95, 95, 95, 95, 95, 65, 64, 63, 65, 64, 90, 91, 92, 93];
    let told = told_by(&both(&left, &right), 75);
    assert!(told[0].starts_with("5 medium 1"), "{told:?}");
    assert!(
        told[1].starts_with("62 none 1: interstitial glucose no longer"),
        "{told:?}"
    );
    assert_eq!(told.len(), 2, "{told:?}");
}
