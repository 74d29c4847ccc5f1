//! What people are shown of a status.

use expect_test::{Expect, expect};

use super::*;

fn member(client: &str, id: &str, partitions: &[u16]) -> MemberStatus {
    MemberStatus {
        id: id.to_owned(),
        client: client.to_owned(),
        host: "10.0.0.7".to_owned(),
        partitions: partitions.to_vec(),
    }
}

fn position(partition: u16, lag: u64) -> crate::control::status::PositionStatus {
    crate::control::status::PositionStatus {
        topic: "in".to_owned(),
        partition,
        committed: Some(5),
        end: 5 + lag,
        lag,
    }
}

fn group(name: &str, members: Vec<MemberStatus>) -> GroupStatus {
    GroupStatus {
        name: name.to_owned(),
        role: name.to_owned(),
        state: if members.is_empty() { "Empty" } else { STABLE }.to_owned(),
        members,
        lag: Some(7),
        positions: vec![position(0, 3), position(1, 4)],
        unknown: Vec::new(),
    }
}

fn station(name: &str) -> StationStatus {
    StationStatus {
        name: name.to_owned(),
        partitions: vec![0, 1],
        records: 1_234,
        lag: Some(0),
        watermark: Some("2026-03-01T11:59:58Z".to_owned()),
        recovering: false,
        left_to_restore: 0,
        failing: false,
        resting: 0,
        cause: String::new(),
    }
}

fn status(stations: Vec<StationStatus>, groups: Vec<GroupStatus>) -> Status {
    Status {
        version: "1.2.3".to_owned(),
        process: 99,
        roles: vec!["normalize".to_owned(), "workloads".to_owned()],
        engine: EngineStatus::Kafka {
            brokers: "kafka-1:9092".to_owned(),
            prefix: "north.".to_owned(),
            instance: Some("a".to_owned()),
            transaction_protocol: "TV1".to_owned(),
        },
        started: "2026-03-01T11:00:00Z".to_owned(),
        now: "2026-03-01T12:00:00Z".to_owned(),
        troubles: Vec::new(),
        stations,
        groups,
    }
}

fn check(status: &Status, well: bool, expected: &Expect) {
    let mut out = Vec::new();
    process(status, "127.0.0.1:8080", &mut out).unwrap();
    stations(status, &mut out).unwrap();
    groups(&status.groups, &mut out).unwrap();
    expected.assert_eq(&String::from_utf8(out).unwrap());
    assert_eq!(is_well(status), well);
}

#[test]
fn a_site_that_is_well_is_a_short_table() {
    let members = vec![
        member("north.a", "north.a-1f2e", &[0]),
        member("north.b", "north.b-9c8d", &[1]),
    ];
    let shown = status(
        vec![station("normalize")],
        vec![group("normalize", members)],
    );
    check(
        &shown,
        true,
        &expect![[r#"
        Pulsewire 1.2.3 at 127.0.0.1:8080: process 99, up 60 min
          roles    normalize, workloads
          journal  on Apache Kafka at kafka-1:9092, prefix north., instance a, transactions by TV1

        station                partitions      records        lag  watermark  state
        normalize                     0-1         1234          0    2 s ago  running

        group                member                           host               partitions        lag
        normalize            north.a                          10.0.0.7                    0          3
                             north.b                          10.0.0.7                    1          4
    "#]],
    );
}

#[test]
fn what_is_not_well_says_what_it_is() {
    let restoring = StationStatus {
        recovering: true,
        left_to_restore: 812,
        lag: Some(812),
        watermark: None,
        ..station("normalize")
    };
    let failing = StationStatus {
        failing: true,
        cause: "the disk is full".to_owned(),
        ..station("workloads")
    };
    let idle = StationStatus {
        partitions: Vec::new(),
        ..station("alerts")
    };
    let alike = vec![
        member("pulsewire", "pulsewire-0a1b-2c3d", &[]),
        member("pulsewire", "pulsewire-4e5f-6a7b", &[0, 1]),
    ];
    let sharing = GroupStatus {
        state: "PreparingRebalance".to_owned(),
        ..group("normalize", alike)
    };
    let away = GroupStatus {
        lag: None,
        positions: Vec::new(),
        unknown: vec!["the brokers are away".to_owned()],
        ..group("workloads", Vec::new())
    };
    let alone = group("alerts", Vec::new());
    let shown = status(vec![restoring, failing, idle], vec![sharing, away, alone]);
    check(
        &shown,
        false,
        &expect![[r#"
        Pulsewire 1.2.3 at 127.0.0.1:8080: process 99, up 60 min
          roles    normalize, workloads
          journal  on Apache Kafka at kafka-1:9092, prefix north., instance a, transactions by TV1

        station                partitions      records        lag  watermark  state
        normalize                     0-1         1234        812          -  restoring, 812 records left
        workloads                     0-1         1234          0    2 s ago  failing: the disk is full
        alerts                       none         1234          0    2 s ago  waiting for partitions

        group                member                           host               partitions        lag
        normalize            pulsewire 2c3d                   10.0.0.7                 none          0
                             pulsewire 6a7b                   10.0.0.7                  0-1          7
                             the partitions are being shared out anew (PreparingRebalance)
        workloads            not known: the brokers are away
        alerts               nobody: start a process with the role alerts; 7 records wait
    "#]],
    );
}

#[test]
fn restoring_is_no_failure_but_work_that_nobody_does_is() {
    let restoring = StationStatus {
        recovering: true,
        ..station("normalize")
    };
    assert!(is_well(&status(vec![restoring], Vec::new())));
    let undone = group("alerts", Vec::new());
    assert!(!is_well(&status(Vec::new(), vec![undone])));
    let mut troubled = status(Vec::new(), Vec::new());
    troubled.troubles.push("The disk is full.".to_owned());
    assert!(!is_well(&troubled));
}
