//! What the station concludes of what intake tells, up to the alert that it opens and closes.

use std::sync::Arc;

use alerts::Alerts;
use clinical::{Alert, wire};
use expect_test::expect;
use journal::{Journal, MemoryJournal, Record, TopicPartition, Write};
use stream::{MemoryStore, Processor, StageSpec, Task};

use super::*;
use crate::intake::activity::{Activity, Frame, Sort};
use crate::stages::AlertStage;
use crate::stages::tests::journal_of;

const MINUTE_US: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60;
/// A Monday at midnight in UTC.
const MONDAY: i64 = 29_499_840;

fn at(minute: i64) -> ReceivedTime {
    ReceivedTime::from_micros((MONDAY + minute) * MINUTE_US)
}

fn run(spec: StageSpec, processor: impl Processor, journal: &Arc<MemoryJournal>) {
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(journal);
    let store = MemoryStore::default();
    let mut task = Task::open(spec, 0, Arc::new(processor), shared, store).unwrap();
    while task.run_once(1_000).unwrap().records > 0 {}
    task.flush().unwrap();
}

fn records(journal: &MemoryJournal, topic: &str) -> Vec<Record> {
    let batch = journal.read(&TopicPartition::new(topic, 0), 0, usize::MAX);
    batch.unwrap().iter().map(|read| read.to_record()).collect()
}

fn stage(settings: &str) -> SourcesStage {
    let config = config::parse(settings).unwrap();
    let site = SiteKey::new([7; 32]);
    SourcesStage::new(&config.sources, false, site, Arc::default())
}

/// What intake writes of a life in minutes, which says what comes from whom in each.
fn tell(journal: &MemoryJournal, minutes: i64, sends: impl Fn(i64) -> Vec<(&'static str, Sort)>) {
    let known = ["lab", "default"].map(Arc::from).into_iter();
    let activity = Activity::new(known, "one".to_owned());
    for minute in 0..minutes {
        for (source, sort) in sends(minute) {
            let frame = Frame {
                way: "mllp",
                signals: &["ORU"],
                answer: "AA",
                bytes: 100,
                at: at(minute),
                event_time: None,
                sort,
            };
            activity.heard(source, &frame);
        }
        let told = activity.take(at(minute + 1), false);
        let records = told
            .iter()
            .map(|one| one.record(at(minute + 1), 1))
            .collect();
        let offsets = Vec::new();
        journal.append(Write { records, offsets }).unwrap();
    }
}

fn summaries(journal: &MemoryJournal) -> String {
    let findings = records(journal, topics::ALERT_STREAM);
    let findings = findings.iter().map(|record| {
        let finding = wire::finding_from_json(record.value.as_deref().unwrap()).unwrap();
        assert_eq!(&*record.key, finding.patient.as_bytes());
        format!("{} {}\n", finding.severity.word(), finding.summary)
    });
    findings.collect()
}

const LAB: &str = "[source.lab]\nsending_application = \"LAB\"\n";

#[test]
fn a_silent_source_opens_one_alert_and_closes_it_when_it_is_back() {
    let (sources, alerts) = (SourcesStage::spec(1), AlertStage::spec(1));
    let journal = journal_of(&[&sources, &alerts], 1);
    // The lab is silent on Wednesday from 10 to 12; others go on.
    let (stop, back) = (2 * DAY + 10 * 60, 2 * DAY + 12 * 60);
    tell(&journal, 3 * DAY, |minute| {
        match (stop..back).contains(&minute) {
            true => vec![("default", Sort::New)],
            false => vec![("lab", Sort::New), ("default", Sort::New)],
        }
    });
    run(sources, stage(LAB), &journal);
    expect![[r#"
        high Source lab is silent since 2026-02-04T09:59:00Z, for longer than its pauses are
        none Source lab is heard again after 2 h
    "#]]
    .assert_eq(&summaries(&journal));
    let quarantined = topics::quarantine(topics::SOURCE_ACTIVITY);
    assert_eq!(records(&journal, &quarantined).len(), 0);

    let processor = AlertStage {
        alerts: Alerts::new(alerts::Policy::default()),
        metrics: Arc::default(),
    };
    run(alerts, processor, &journal);
    let changes = records(&journal, topics::CARE_ALERT);
    let alerts = changes.iter().map(|record| {
        let alert: Alert = wire::alert_from_json(record.value.as_deref().unwrap()).unwrap();
        assert_eq!(&*alert.condition, "quiet-feed");
        alert.state.word()
    });
    let mut states: Vec<&str> = alerts.collect();
    states.dedup();
    assert_eq!(states, ["open", "resolved"]);

    let of_lab = records(&journal, topics::SOURCE_STATUS)
        .into_iter()
        .filter_map(|record| {
            let status = Status::from_json(record.value.as_deref()?)?;
            (status.source == "lab").then_some(status.feeds)
        });
    let silences: Vec<bool> = of_lab.map(|feeds| feeds[0].quiet_since.is_some()).collect();
    assert!(silences.iter().any(|is_silent| *is_silent));
    assert_eq!(silences.last(), Some(&false));
}

#[test]
fn history_is_no_sign_of_life() {
    let spec = SourcesStage::spec(1);
    let journal = journal_of(&[&spec], 1);
    let stop = 2 * DAY + 10 * 60;
    tell(&journal, stop + 60, |minute| match minute < stop {
        true => vec![("lab", Sort::New), ("default", Sort::New)],
        false => vec![
            ("lab", Sort::Backfill),
            ("lab", Sort::Other),
            ("default", Sort::New),
        ],
    });
    run(spec, stage(LAB), &journal);
    expect![[r#"
        high Source lab is silent since 2026-02-04T09:59:00Z, for longer than its pauses are
    "#]]
    .assert_eq(&summaries(&journal));
}

#[test]
fn everything_that_is_silent_is_told_once_for_all() {
    let spec = SourcesStage::spec(1);
    let journal = journal_of(&[&spec], 1);
    let stop = 2 * DAY + 10 * 60;
    tell(&journal, stop + 60, |minute| match minute < stop {
        true => vec![("lab", Sort::New), ("default", Sort::New)],
        false => Vec::new(),
    });
    run(spec, stage(LAB), &journal);
    expect![[r#"
        critical Nothing comes from any source since 2026-02-04T09:59:00Z: look at the network and at this system first
    "#]].assert_eq(&summaries(&journal));
}

#[test]
fn only_what_is_expected_is_missed_before_it_was_ever_heard() {
    for expected in [false, true] {
        let spec = SourcesStage::spec(1);
        let journal = journal_of(&[&spec], 1);
        tell(&journal, 60, |_| Vec::new());
        run(
            spec,
            stage(&format!("{LAB}expected = {expected}\n")),
            &journal,
        );
        let told = summaries(&journal);
        match expected {
            true => expect![[r#"
        medium Source lab was never heard, and is expected
    "#]]
            .assert_eq(&told),
            false => assert_eq!(told, ""),
        }
    }
}

#[test]
fn what_is_no_activity_goes_to_quarantine() {
    let spec = SourcesStage::spec(1);
    let journal = journal_of(&[&spec], 1);
    for value in [&b"no JSON"[..], b"{\"version\":2}"] {
        let record = Record {
            key: (*b"lab").into(),
            value: Some(value.into()),
            ..Record::default()
        };
        let to = TopicPartition::new(topics::SOURCE_ACTIVITY, 0);
        let write = Write {
            records: vec![(to, record)],
            offsets: Vec::new(),
        };
        journal.append(write).unwrap();
    }
    run(spec, stage(LAB), &journal);
    let quarantined = topics::quarantine(topics::SOURCE_ACTIVITY);
    assert_eq!(records(&journal, &quarantined).len(), 2);
}
