//! All stations over a journal: claims of many members to days of few providers, whatever the partitions and the order.

use std::collections::BTreeMap;

use clinical::{EventId, FindingState, Merge, MergeRole, wire};
use expect_test::{Expect, expect};
use journal::{Journal, MemoryJournal, Write, partition_for};
use mapping::event::FHIR_JSON;
use proptest::prelude::*;
use serde_json::{Value, json};
use stream::{MemoryStore, Task};

use super::case::CaseTold;
use super::*;
use crate::stages::tests::journal_of;

const PARTITIONS: u16 = 3;
/// 2026-04-01T00:00:00Z
const APRIL: i64 = 1_775_001_600_000_000;
const MINUTE: i64 = 60 * 1_000_000;

fn key(patient: u8) -> PatientKey {
    PatientKey::from_bytes([patient; 16])
}

fn site() -> SiteKey {
    SiteKey::new([7; 32])
}

/// What a site has set that compares few visits of few.
fn config() -> PayerConfig {
    let mut config = PayerConfig::default();
    (config.ledger.peers, config.ledger.visits) = (Some(3), 1);
    config
}

/// All stations with their journal.
struct World(Arc<MemoryJournal>);

impl World {
    fn new() -> Self {
        let specs = [
            &PayerStage::spec(PARTITIONS),
            &ProviderStage::spec(PARTITIONS),
            &PeerStage::spec(PARTITIONS),
        ];
        Self(journal_of(&specs, PARTITIONS))
    }

    fn append(&self, topic: &str, partition: u16, record: Record) {
        let records = vec![(TopicPartition::new(topic, partition), record)];
        let offsets = Vec::new();
        self.0.append(Write { records, offsets }).unwrap();
    }

    fn write(&self, patient: u8, minute: i64, kind: &str, value: Vec<u8>) {
        let key = key(patient);
        let at = APRIL + minute * MINUTE;
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time: at,
            received_time: at,
            seal: 0,
            headers: vec![
                header("content-type", kind),
                header("event-id", EventId::derive(&[&value]).to_string()),
            ],
            value: Some(value.into()),
        };
        let partition = partition_for(key.as_bytes(), PARTITIONS);
        self.append(topics::PATIENT_STREAM, partition, record);
    }

    fn tell(&self, patient: u8, minute: i64, resource: &Value) {
        let value = resource.to_string().into_bytes();
        self.write(patient, minute, FHIR_JSON, value);
    }

    fn merge(&self, minute: i64, retired: u8, survivor: u8) {
        for (patient, role, other) in [
            (retired, MergeRole::Retired, survivor),
            (survivor, MergeRole::Survivor, retired),
        ] {
            let other = key(other);
            let merge = identity::write_merge(&Merge { role, other });
            self.write(patient, minute, identity::MERGE_JSON, merge);
        }
    }

    /// Tells every partition what time it is.
    fn tick(&self, topic: &str, minute: i64) {
        for partition in 0..PARTITIONS {
            let at = APRIL + minute * MINUTE;
            let record = Record {
                event_time: at,
                received_time: at,
                headers: vec![header("tick", "1")],
                ..Record::default()
            };
            self.append(topic, partition, record);
        }
    }

    fn run_one<P: Processor>(&self, spec: &StageSpec, stage: P) {
        let stage = Arc::new(stage);
        let task = |partition| {
            let journal: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&self.0);
            let (stage, store) = (Arc::clone(&stage), MemoryStore::default());
            Task::open(spec.clone(), partition, stage, journal, store).unwrap()
        };
        let mut tasks: Vec<_> = (0..PARTITIONS).map(task).collect();
        // A handover goes from one partition to another.
        while tasks
            .iter_mut()
            .map(|task| task.run_once(100).unwrap().records)
            .sum::<usize>()
            > 0
        {}
    }

    /// Runs all stations over all that was written, from the beginning, until nothing is left.
    fn run(self) -> Self {
        let (config, metrics) = (config(), Arc::default());
        let stage = PayerStage::new(&config, &site(), &metrics);
        self.run_one(&PayerStage::spec(PARTITIONS), stage);
        let stage = ProviderStage::new(&config, &metrics);
        self.run_one(&ProviderStage::spec(PARTITIONS), stage);
        self.tick(topics::VISIT_MIX, 20 * 24 * 60);
        self.run_one(
            &PeerStage::spec(PARTITIONS),
            PeerStage::new(&config, &metrics),
        );
        for topic in [
            topics::PATIENT_STREAM,
            topics::PROVIDER_WEEK,
            topics::VISIT_MIX,
        ] {
            assert!(self.records(&topics::quarantine(topic)).is_empty());
        }
        self
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let all = (0..PARTITIONS).flat_map(|partition| {
            let at = TopicPartition::new(topic, partition);
            let batch = self.0.read(&at, 0, usize::MAX).unwrap();
            batch
                .iter()
                .map(|read| read.to_record())
                .collect::<Vec<_>>()
        });
        all.filter(|record| record.value.is_some()).collect()
    }

    fn findings(&self) -> Vec<Finding> {
        let records = self.records(topics::ALERT_STREAM).into_iter();
        let read = records.map(|record| {
            let finding = wire::finding_from_json(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(&*record.key, finding.patient.as_bytes());
            finding
        });
        let is_of_providers = |finding: &Finding| finding.workload.starts_with("provider-");
        read.filter(is_of_providers).collect()
    }

    /// The days of providers that are told of in the end.
    fn standing(&self) -> Vec<String> {
        let mut newest = BTreeMap::new();
        for finding in self.findings() {
            newest.insert((finding.patient, finding.condition.clone()), finding);
        }
        let stand = newest.into_values();
        stand
            .filter(|finding| finding.state == FindingState::Asserted)
            .map(|finding| {
                let values = finding.evidence.iter().map(|one| &*one.value);
                let values = values.collect::<Vec<_>>().join(", ");
                format!("{}: {} [{values}]", finding.condition, finding.summary)
            })
            .collect()
    }

    fn check(self, want: Expect) {
        want.assert_eq(&self.run().standing().join("\n"));
    }
}

/// A claim for so many minutes on the second of March, by a number and a practitioner.
fn claim(id: &str, number: &str, doctor: &str, minutes: i64) -> Value {
    json!({"resourceType": "Claim", "id": id, "status": "active", "use": "claim", "created": "2026-03-03T00:00:00Z",
        "identifier": [{"value": number}],
        "careTeam": [{"sequence": 1, "role": {"coding": [{"code": "82"}]}, "provider": {"reference": doctor}}],
        "item": [{"sequence": 1, "productOrService": {"coding": [{"code": "SYN22"}]}, "servicedDate": "2026-03-02",
            "quantity": {"value": minutes}, "net": {"value": minutes}}]})
}

fn changed(mut claim: Value, made: &str, change: impl FnOnce(&mut Value)) -> Value {
    claim["created"] = made.into();
    change(&mut claim);
    claim
}

#[test]
fn claims_of_many_members_make_one_day_of_a_provider() {
    let world = World::new();
    for member in 1..=4 {
        let number = format!("N{member}");
        world.tell(
            member,
            member.into(),
            &claim(&number, &number, "Practitioner/a", 400),
        );
        // Somebody else's minutes are not theirs, and those of a group are nobody's.
        let other = claim(
            &format!("{number}b"),
            &format!("{number}b"),
            "Practitioner/b",
            200,
        );
        world.tell(member, i64::from(member) + 10, &other);
        let group = claim(
            &format!("{number}c"),
            &format!("{number}c"),
            "Organization/c",
            2000,
        );
        world.tell(member, i64::from(member) + 20, &group);
    }
    let world = world.run();
    expect![[r#"impossible-day/2026-03-02: 1600 minutes of services whose time is known by one provider on 2026-03-02, more than a day can have (1440): 4 claims of 4 members, 1600 charged, 1600 of it is not paid: hold that until somebody has looked [400 min in 1 services, 400 min in 1 services, 400 min in 1 services, 400 min in 1 services]"#]]
        .assert_eq(&world.standing().join("\n"));
    let cases = world.records(topics::INTEGRITY_CASE).into_iter();
    let last = cases
        .map(|record| record.value.unwrap())
        .next_back()
        .unwrap();
    let case: CaseTold = serde_json::from_slice(&last).unwrap();
    let found = case.found.unwrap();
    assert_eq!((&*case.kind, case.open), ("impossible-day", true));
    assert_eq!((&*found.minutes, &*found.unpaid), ("1600", "1600"));
    // Nothing names the provider or a member but by a pseudonym.
    let weeks = world.records(topics::PROVIDER_WEEK).into_iter();
    for week in weeks.map(|record| record.value.unwrap()) {
        let week = String::from_utf8_lossy(&week).into_owned();
        assert!(!week.contains("Practitioner"), "{week}");
    }
}

#[test]
fn a_void_that_comes_late_takes_the_day_back() {
    let world = World::new();
    world.tell(1, 0, &claim("a", "A", "Practitioner/a", 900));
    world.tell(1, 1, &claim("b", "B", "Practitioner/a", 900));
    let void = changed(
        claim("c", "C", "Practitioner/a", 900),
        "2026-03-20T00:00:00Z",
        |void| {
            void["status"] = "cancelled".into();
            void["related"] = json!([{"reference": {"value": "B"}}]);
        },
    );
    world.tell(1, 30, &void);
    let world = world.run();
    assert_eq!(world.standing(), [""; 0]);
    assert_eq!(world.findings().len(), 2);
    let cases = world.records(topics::INTEGRITY_CASE).into_iter();
    let open = cases.map(|record| {
        let told: CaseTold = serde_json::from_slice(&record.value.unwrap()).unwrap();
        told.open
    });
    assert_eq!(open.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_member_who_is_merged_takes_their_claims_along() {
    let world = World::new();
    world.tell(1, 0, &claim("a", "A", "Practitioner/a", 900));
    world.tell(2, 1, &claim("b", "B", "Practitioner/a", 900));
    world.merge(5, 2, 3);
    world.check(expect![[r#"impossible-day/2026-03-02: 1800 minutes of services whose time is known by one provider on 2026-03-02, more than a day can have (1440): 2 claims of 2 members, 1800 charged, 1800 of it is not paid: hold that until somebody has looked [900 min in 1 services, 900 min in 1 services]"#]]);
}

#[test]
fn what_no_station_wrote_is_set_aside() {
    let world = World::new();
    let told = |value: &[u8]| Record {
        key: [1; 16].into(),
        event_time: APRIL,
        received_time: APRIL,
        headers: vec![header("content-type", WeekTold::CONTENT_TYPE)],
        value: Some(value.into()),
        ..Record::default()
    };
    world.append(topics::PROVIDER_WEEK, 0, told(b"{}"));
    world.append(
        topics::PROVIDER_WEEK,
        0,
        told(br#"{"version":2,"provider":"","week":"","patient":"","case":""}"#),
    );
    let stage = ProviderStage::new(&PayerConfig::default(), &Arc::default());
    world.run_one(&ProviderStage::spec(PARTITIONS), stage);
    assert_eq!(
        world
            .records(&topics::quarantine(topics::PROVIDER_WEEK))
            .len(),
        2
    );
}

#[test]
fn a_week_that_is_given_up_is_not_judged_by_what_comes_afterwards() {
    let world = World::new();
    let year = 366 * 24 * 60;
    let told = |id: &str, made: &str| changed(claim(id, id, "Practitioner/a", 1000), made, |_| {});
    world.tell(1, 0, &told("a", "2026-03-03T00:00:00Z"));
    // The last day on which the week is revised is the twelfth of April of the year after.
    world.tell(2, year + 9 * 24 * 60, &told("b", "2027-04-01T00:00:00Z"));
    world.tell(3, year + 13 * 24 * 60, &told("c", "2027-04-02T00:00:00Z"));
    let world = world.run();
    let words: Vec<_> = world
        .findings()
        .iter()
        .map(|finding| finding.revision)
        .collect();
    assert_eq!(words, [1, 2]);
}

/// Claims of three members, each with the minute at which it is told in the straight order.
fn story() -> Vec<(u8, Value)> {
    let made = |claim: Value, made: &str, related: &str| {
        changed(claim, made, |claim| {
            claim["related"] = json!([{"reference": {"value": related}}]);
        })
    };
    let mut void = made(
        claim("c2", "C2", "Practitioner/a", 500),
        "2026-03-22T00:00:00Z",
        "C",
    );
    void["status"] = "cancelled".into();
    vec![
        (1, claim("a", "A", "Practitioner/a", 700)),
        (2, claim("b", "B", "Practitioner/a", 900)),
        (3, claim("c", "C", "Practitioner/a", 500)),
        (
            1,
            changed(
                claim("a by another way", "A", "Practitioner/a", 700),
                "2026-03-04T00:00:00Z",
                |_| {},
            ),
        ),
        (
            2,
            made(
                claim("b2", "B2", "Practitioner/a", 300),
                "2026-03-21T00:00:00Z",
                "B",
            ),
        ),
        (3, void),
        (3, claim("d", "D", "Practitioner/a", 100)),
        (1, claim("e", "E", "Practitioner/b", 1200)),
    ]
}

/// Visits of six providers of one specialty: of the last one all are of the highest level, and one of the first is called off.
fn visits() -> Vec<(u8, Value)> {
    let levels = [[3, 3], [3, 3], [3, 2], [3, 4], [2, 4], [5, 5]];
    let mut all: Vec<(u8, Value)> = Vec::new();
    for (provider, levels) in (1..).zip(levels) {
        for level in levels {
            let number = u8::try_from(all.len()).unwrap();
            let name = format!("V{number}");
            let mut claim = claim(&name, &name, &format!("Practitioner/p{provider}"), 1);
            claim["item"][0]["productOrService"]["coding"][0]["code"] =
                format!("SYN3{level}").into();
            claim["careTeam"][0]["qualification"] = json!({"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207Q00000X"}]});
            all.push((1 + number % 4, claim));
        }
    }
    let (member, first) = all[0].clone();
    let void = changed(first, "2026-03-20T00:00:00Z", |void| {
        void["status"] = "cancelled".into();
    });
    all.push((member, void));
    all
}

#[test]
fn visits_of_higher_levels_than_those_of_others_are_told_of() {
    let world = World::new();
    for (minute, (member, claim)) in (0..).zip(visits()) {
        world.tell(member, minute, &claim);
    }
    let world = world.run();
    expect![[r#"visit-levels/207Q00000X/office: visits (office) from 2026-01-19 to 2026-04-19 are of higher levels than those of 5 peers: 2 visits of mean level 5, median of all 3 (deviation 0.25, score 5.4), 2 charged, 2 of it is not paid; to be looked at, not decided by this []"#]]
        .assert_eq(&world.standing().join("\n"));
    let cases = world.records(topics::INTEGRITY_CASE).into_iter();
    let last = cases
        .map(|record| record.value.unwrap())
        .next_back()
        .unwrap();
    let case: CaseTold = serde_json::from_slice(&last).unwrap();
    assert_eq!(
        (&*case.kind, case.open, &case.found),
        ("visit-levels", true, &None)
    );
    let levels = case.levels.unwrap();
    assert_eq!(
        (&levels.visits[..], &*levels.score),
        (&[0, 0, 0, 0, 2][..], "5.4")
    );
}

fn told(order: &[usize]) -> Vec<String> {
    let story: Vec<_> = story().into_iter().chain(visits()).collect();
    let world = World::new();
    for (minute, place) in (0..).zip(order) {
        let (member, claim) = &story[*place];
        world.tell(*member, minute, claim);
    }
    world.run().standing()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_days(
        order in Just((0..21).chain(0..21).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let straight: Vec<usize> = (0..21).collect();
        let straight = told(&straight);
        prop_assert_eq!(straight.len(), 3);
        prop_assert_eq!(told(&order), straight);
    }
}
