//! From a patient's chart to how the model stands, over a journal: workloads, hours with their outcome, and the board.

mod world;

use clinical::{
    AlertId, Change, Finding, FindingId, Merge, MergeRole, ReceivedTime, Severity, SiteKey,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use workloads::RiskScore;
use workloads::risk::Pack;
use workloads::risk::watch::{Hour, Row};

use super::*;
use crate::metrics::Metrics;
use crate::stages::WorkloadStage;
use world::World;

const PARTITIONS: u16 = 3;
/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
const HOUR: i64 = 3_600_000_000;

fn at(hour: i64) -> EventTime {
    EventTime::from_micros(MARCH + hour * HOUR)
}

fn key(patient: u8) -> PatientKey {
    PatientKey::from_bytes([patient; 16])
}

fn site() -> SiteKey {
    SiteKey::new([7; 32])
}

fn hour(patient: u8, end: i64) -> Hour {
    let pack = Pack::built_in();
    let value = |place: usize| match (place + usize::from(patient)) % 3 {
        0 => f64::NAN,
        _ => place as f64,
    };
    Hour {
        end: at(end),
        admission: at(0),
        model: pack.version.clone(),
        score: -2.0,
        probability: f64::from(patient) / 100.0,
        row: Row::new((0..pack.reference.len()).map(value)),
    }
}

/// Something that is told of a patient.
#[derive(Clone, Debug)]
enum Tale {
    Hour(i64),
    /// Sepsis since, or no longer.
    Sepsis(i64, bool),
    /// An alert of an hour, which somebody said to be false.
    FalseAlarm(i64),
}

fn finding(patient: u8, onset: i64, asserted: bool) -> Finding {
    Finding {
        id: FindingId::derive(&[&[patient], &onset.to_be_bytes()]),
        workload: TRUTH.into(),
        rule: "singer-2016 1.0.0".into(),
        patient: key(patient),
        condition: TRUTH.into(),
        as_of: at(onset),
        known_at: ReceivedTime::from_micros(at(onset).micros()),
        revision: 1,
        replaces: None,
        state: match asserted {
            true => FindingState::Asserted,
            false => FindingState::Retracted("corrected".into()),
        },
        severity: Severity::High,
        score: None,
        summary: "sepsis".into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: None,
        backfill: false,
    }
}

fn false_alarm(patient: u8, from: i64) -> Alert {
    let received = |hour| ReceivedTime::from_micros(at(hour).micros());
    Alert {
        id: AlertId::derive(&[&[patient], &from.to_be_bytes()]),
        patient: key(patient),
        condition: WORKLOAD.into(),
        episode: 1,
        revision: 2,
        severity: Severity::Medium,
        state: AlertState::Resolved,
        reason: "sepsis risk is high".into(),
        rule: "sepsis-risk-trees 1.0.0".into(),
        as_of: at(from),
        known_at: received(from),
        opened_at: received(from),
        finding: FindingId::derive(&[b"alert"]),
        evidence: Vec::new(),
        history: vec![Change {
            at: received(from + 1),
            by: Actor::Person("ward-4".into()),
            to: AlertState::Resolved,
            severity: Severity::Medium,
            why: format!("{FALSE_ALARM}: he coughs").into(),
        }],
    }
}

impl World {
    fn tell(&self, patient: u8, tale: &Tale) {
        let finding_type = wire::FINDING_CONTENT_TYPE;
        match *tale {
            Tale::Hour(end) => {
                let told = HourTold::of(key(patient), &hour(patient, end), None);
                let kind = HourTold::CONTENT_TYPE;
                self.write(topics::RISK_HOUR, patient, at(end), kind, told.to_json());
            }
            Tale::Sepsis(onset, asserted) => {
                let json = wire::finding_to_json(&finding(patient, onset, asserted));
                self.write(topics::RISK_HOUR, patient, at(onset), finding_type, json);
            }
            Tale::FalseAlarm(from) => {
                let json = wire::alert_to_json(&false_alarm(patient, from));
                let kind = wire::ALERT_CONTENT_TYPE;
                self.write(topics::CARE_ALERT, patient, at(from), kind, json);
            }
        }
    }

    fn merge(&self, hour: i64, retired: u8, survivor: u8) {
        let merge = identity::write_merge(&Merge {
            role: MergeRole::Retired,
            other: key(survivor),
        });
        self.write(
            topics::RISK_HOUR,
            retired,
            at(hour),
            identity::MERGE_JSON,
            merge,
        );
    }
}

impl World {
    /// A stay of a patient, and a pulse at the beginning of each hour.
    fn chart(&self, patient: u8, hours: std::ops::Range<i64>) {
        let fhir = |hour: i64, resource: &Value| {
            let json = resource.to_string().into_bytes();
            let kind = mapping::event::FHIR_JSON;
            self.write(topics::PATIENT_STREAM, patient, at(hour), kind, json);
        };
        fhir(
            hours.start,
            &json!({"resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
                "period": {"start": at(hours.start).to_string()}}),
        );
        for hour in hours {
            self.tick(topics::PATIENT_STREAM, hour);
            fhir(
                hour,
                &json!({"resourceType": "Observation", "id": format!("hr-{hour}"), "status": "final",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                    "effectiveDateTime": at(hour).to_string(),
                    "valueQuantity": {"value": 80 + hour, "unit": "/min"}}),
            );
        }
    }

    /// Runs the workloads as a site has them that watches the learned risk.
    fn conclude(&self) {
        let mut config = crate::config::defaults();
        config.workloads.enabled.insert(WORKLOAD);
        config.workloads.risk_watched = true;
        let stage = crate::pipeline::workload_stage(&config, &Arc::<Metrics>::default());
        self.run(&WorkloadStage::spec(PARTITIONS), stage);
    }
}

#[test]
fn a_merge_in_the_patient_stream_takes_the_hours_with_it() {
    let world = World::new();
    world.chart(1, 0..3);
    world.tick(topics::PATIENT_STREAM, 3);
    for (patient, role, other) in [(1, MergeRole::Retired, 2), (2, MergeRole::Survivor, 1)] {
        let other = key(other);
        let merge = identity::write_merge(&Merge { role, other });
        let kind = identity::MERGE_JSON;
        world.write(topics::PATIENT_STREAM, patient, at(3), kind, merge);
    }
    // What is handed over comes behind what stands on the stream already.
    world.conclude();
    for hour in 4..6 {
        world.tick(topics::PATIENT_STREAM, hour);
    }
    world.conclude();
    world.watch(90);
    let outcomes = world.outcomes();
    let stays = key(2).to_string();
    assert!(
        outcomes.keys().all(|(patient, _)| *patient == stays),
        "{outcomes:?}"
    );
    let ends: Vec<_> = outcomes.keys().map(|(_, end)| end.clone()).collect();
    let each: Vec<_> = (1..=5).map(|hour| at(hour).to_string()).collect();
    assert_eq!(ends, each, "before the merge and after it");
}

#[test]
fn from_a_chart_to_hours_to_outcomes_to_how_the_model_stands() {
    let world = World::new();
    world.chart(1, 0..6);
    world.tick(topics::PATIENT_STREAM, 6);
    world.conclude();
    let hours = world.told(topics::RISK_HOUR);
    let ends: Vec<_> = hours
        .iter()
        .map(|of| of["end"].as_str().unwrap().to_owned())
        .collect();
    let each: Vec<_> = (1..=6).map(|hour| at(hour).to_string()).collect();
    assert_eq!(ends, each);
    // Of the last hour the outcome cannot be known yet.
    world.watch(4 + 78 + 1);
    let outcomes = world.outcomes();
    assert_eq!(outcomes.len(), 5);
    assert!(
        outcomes
            .values()
            .all(|of| *of == json!({"septic": false, "by": "horizon", "alerted": false}))
    );
    let status = world.status();
    assert_eq!(status["inputs"]["hours"], 6);
    assert_eq!(status["quality"]["hours"], 5);
    assert_eq!(status["challenger"]["learned"], 5);
    assert_eq!(status["inUse"], "model");
    assert!(status["drifting"].as_array().unwrap().is_empty());
}

#[test]
fn an_outcome_follows_what_is_said_of_sepsis_and_what_a_person_said_stands_beside_it() {
    let world = World::new();
    for end in 1..=4 {
        world.tell(1, &Tale::Hour(end));
    }
    world.tell(1, &Tale::FalseAlarm(2));
    world.tell(1, &Tale::Sepsis(9, true));
    world.watch(4 + 78 + 2);
    let told = |world: &World| {
        let outcomes = world.outcomes();
        let told = outcomes.values().map(|of| {
            let said = of["feedback"].as_str().unwrap_or("-").to_owned();
            (of["septic"].as_bool().unwrap(), said)
        });
        told.collect::<Vec<_>>()
    };
    let (none, alarm) = ("-".to_owned(), "false-alarm".to_owned());
    let expected = [
        (false, &none),
        (false, &alarm),
        (true, &alarm),
        (true, &none),
    ];
    assert_eq!(
        told(&world),
        expected.map(|(septic, said)| (septic, said.clone()))
    );
    let status = world.status();
    assert_eq!(status["quality"]["septic"], 2);
    assert_eq!(
        status["said"],
        json!({"alerted": 2, "alertedSeptic": 1, "accepted": 0, "falseAlarm": 2})
    );
    // The onset is taken back: so are the labels, and what was counted of them.
    world.tell(1, &Tale::Sepsis(9, false));
    let mut later = finding(1, 9, false);
    later.known_at = ReceivedTime::from_micros(at(90).micros());
    let json = wire::finding_to_json(&later);
    world.write(
        topics::RISK_HOUR,
        1,
        at(90),
        wire::FINDING_CONTENT_TYPE,
        json,
    );
    world.watch(95);
    assert!(told(&world).iter().all(|(septic, _)| !septic));
    let status = world.status();
    assert_eq!(
        (&status["quality"]["hours"], &status["quality"]["septic"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(status["challenger"]["learned"], 4, "it learned once");
}

#[test]
fn hours_go_on_under_the_identity_that_stays() {
    let world = World::new();
    world.tell(1, &Tale::Hour(1));
    world.tell(2, &Tale::Hour(2));
    world.merge(3, 1, 2);
    // What is taken back of the retired identity is said again of the other one.
    let mut gone = finding(1, 5, true);
    gone.state = FindingState::Retracted(MERGED.into());
    let json = wire::finding_to_json(&gone);
    world.write(
        topics::RISK_HOUR,
        1,
        at(4),
        wire::FINDING_CONTENT_TYPE,
        json,
    );
    world.tell(2, &Tale::Sepsis(5, true));
    world.watch(90);
    let whose: Vec<_> = world.outcomes().into_keys().collect();
    let stays = key(2).to_string();
    assert_eq!(
        whose,
        [
            (stays.clone(), at(1).to_string()),
            (stays, at(2).to_string())
        ]
    );
    assert!(world.outcomes().values().all(|of| of["septic"] == true));
}

#[test]
fn operators_are_told_of_a_drift_as_of_nobody() {
    let world = World::new();
    let pack = Pack::built_in();
    let glucose = pack
        .model
        .features()
        .position(|of| of == "Glucose.last")
        .unwrap();
    for patient in 1..=12 {
        let mut hour = hour(patient, 1);
        let mut values = vec![f64::NAN; pack.reference.len()];
        values[glucose] = 7.0;
        hour.row = Row::new(values);
        let told = HourTold::of(key(patient), &hour, None);
        world.write(
            topics::RISK_HOUR,
            patient,
            at(1),
            HourTold::CONTENT_TYPE,
            told.to_json(),
        );
    }
    world.watch(3);
    let told: Vec<_> = world
        .records(topics::ALERT_STREAM)
        .iter()
        .map(|record| wire::finding_from_json(record.value.as_deref().unwrap()).unwrap())
        .collect();
    let said: Vec<_> = told
        .iter()
        .map(|of| (&*of.condition, of.severity))
        .collect();
    assert_eq!(
        said,
        [
            ("model-drift/missing", Severity::Medium),
            ("model-drift/units", Severity::High)
        ]
    );
    let model = site().unassigned("model", WORKLOAD.as_bytes());
    assert!(told.iter().all(|of| of.patient == model));
    assert!(told[1].summary.contains("glucose"), "{}", told[1].summary);
    let status = world.status();
    assert_eq!(status["drifting"].as_array().map(Vec::len), Some(2));
    assert_eq!(status["inputs"]["units"][0]["variable"], "glucose");
    assert!(crate::views::is_of_a_model(&told[0].condition));
}

#[test]
fn a_label_that_is_revised_after_a_merge_replaces_the_one_before() {
    let world = World::new();
    world.tell(1, &Tale::Hour(1));
    world.watch(81);
    world.merge(82, 1, 2);
    let onset = finding(2, 5, true);
    let json = wire::finding_to_json(&onset);
    let kind = wire::FINDING_CONTENT_TYPE;
    world.write(topics::RISK_HOUR, 2, at(83), kind, json);
    world.watch(90);
    let outcomes = world.outcomes();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    assert!(outcomes.values().all(|of| of["septic"] == true));
    let quality = &world.status()["quality"];
    assert_eq!(
        (&quality["hours"], &quality["septic"]),
        (&json!(1), &json!(1))
    );
}

/// What is told of three patients, in any order.
fn tales() -> impl Strategy<Value = Vec<(u8, Tale)>> {
    let hours = proptest::collection::btree_set((1_u8..4, 1_i64..12), 1..12);
    let onsets = proptest::collection::btree_set((1_u8..4, 0_i64..20), 0..3);
    let alarms = proptest::collection::btree_set((1_u8..4, 1_i64..12), 0..2);
    (hours, onsets, alarms).prop_flat_map(|(hours, onsets, alarms)| {
        let hours = hours.into_iter().map(|(of, end)| (of, Tale::Hour(end)));
        let onsets = onsets
            .into_iter()
            .map(|(of, at)| (of, Tale::Sepsis(at, true)));
        let alarms = alarms
            .into_iter()
            .map(|(of, at)| (of, Tale::FalseAlarm(at)));
        let all: Vec<_> = hours.chain(onsets).chain(alarms).collect();
        Just(all).prop_shuffle()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_outcomes_and_standing(tales in tales()) {
        let (one, other) = (World::new(), World::new());
        for (patient, tale) in &tales {
            one.tell(*patient, tale);
        }
        let mut sorted = tales;
        // The hours of a patient come in order; all else may come before them, or behind.
        sorted.sort_by_key(|(patient, tale)| match tale {
            Tale::Hour(end) => (1, *end, *patient),
            Tale::Sepsis(at, _) | Tale::FalseAlarm(at) => (2, *at, *patient),
        });
        for (patient, tale) in &sorted {
            other.tell(*patient, tale);
        }
        for world in [&one, &other] {
            world.watch(12 + 78 + 3);
        }
        prop_assert_eq!(one.outcomes(), other.outcomes());
        let mut standing = [one.status(), other.status()];
        for status in &mut standing {
            // Of hours that come out of their order only the later ones are counted as read.
            status.as_object_mut().unwrap().remove("inputs");
            status.as_object_mut().unwrap().remove("since");
        }
        let [one, other] = standing;
        prop_assert_eq!(one, other);
    }
}

#[test]
fn the_gauges_of_a_partition_that_is_given_up_are_shown_no_more() {
    let world = World::new();
    world.tell(1, &Tale::Hour(1));
    let metrics = Arc::<Metrics>::default();
    world.watch_by(3, &metrics);
    let shown = || {
        let text = metrics.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        ["pulsewire_risk_drift{", "pulsewire_risk_quality{"]
            .map(|gauge| lines.clone().any(|line| line.starts_with(gauge)))
    };
    assert_eq!(shown(), [true; 2]);
    RiskBoardStage::new(RiskScore::Model, "", site(), &metrics).give_up();
    assert_eq!(shown(), [false; 2]);
}
