//! What the stations make of a message between them.

mod balance;
mod budget;
mod claims;
mod identities;
mod overtaken;
mod payer;
mod plausibility;

use std::sync::Arc;

use clinical::{FindingState, MessageId, SiteKey, wire};
use formats::hl7v2;
use journal::{Journal, MemoryJournal, Record, TopicPartition, TopicSpec, Write};
use stream::{MemoryStore, Processor, StageSpec, Task};

use super::*;
use crate::config;
use crate::intake::sources::Sources;
use crate::metrics::Metrics;
use crate::pipeline::workload_stage;
use crate::topics;

/// Seven vital signs of a patient who is seriously ill.
const VITALS: &[u8] =
    b"MSH|^~\\&|MON|H|||20260301100000+0000||ORU^R01|1|P|2.5\rPID|||7^^^H^MR||||19500601\r\
OBR|1||V1|85353-1^Vital signs^LN|||20260301095900+0000\r\
OBX|1|NM|9279-1^RR^LN||26|/min|||||F\rOBX|2|NM|59408-5^SpO2^LN||91|%|||||F\r\
OBX|3|NM|3151-8^O2^LN||2|L/min|||||F\rOBX|4|NM|8480-6^BP^LN||98|mm[Hg]|||||F\r\
OBX|5|NM|8867-4^Pulse^LN||118|/min|||||F\rOBX|6|ST|80288-4^ACVPU^LN||confused||||||F\r\
OBX|7|NM|8310-5^Temperature^LN||38.4|Cel|||||F\r";

/// Runs a stage over all there is to read.
fn run(spec: &StageSpec, processor: impl Processor, journal: &Arc<MemoryJournal>) {
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(journal);
    let store = MemoryStore::default();
    let mut task = Task::open(spec.clone(), 0, Arc::new(processor), shared, store).unwrap();
    while task.run_once(100).unwrap().records > 0 {}
    task.flush().unwrap();
}

fn records(journal: &MemoryJournal, topic: &str) -> Vec<Record> {
    let batch = journal.read(&TopicPartition::new(topic, 0), 0, usize::MAX);
    let batch = batch.unwrap();
    batch.iter().map(|read| read.to_record()).collect()
}

/// A journal with the topics that stages need, of one partition each.
fn journal_for(specs: &[&StageSpec]) -> Arc<MemoryJournal> {
    journal_of(specs, 1)
}

/// A journal with the topics that stages need, and what is beside those they read.
pub(crate) fn journal_of(specs: &[&StageSpec], partitions: u16) -> Arc<MemoryJournal> {
    let journal = Arc::new(MemoryJournal::new());
    for spec in specs {
        ensure(&journal, spec, partitions);
    }
    journal
}

/// Makes the topics that a stage needs, and what is beside those it reads.
pub(crate) fn ensure(journal: &MemoryJournal, spec: &StageSpec, partitions: u16) {
    let sides = spec.inputs.iter();
    let sides = sides.flat_map(|topic| [topics::quarantine(topic), topics::late(topic)]);
    let own = spec.inputs.iter().chain(&spec.outputs).cloned();
    for name in own.chain(sides) {
        let topic = TopicSpec {
            name,
            partitions,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&topic).unwrap();
    }
}

/// Puts a message where intake would.
pub(crate) fn append(
    journal: &MemoryJournal,
    bytes: &'static [u8],
    sources: &Sources,
    site: &SiteKey,
) {
    append_with(journal, (bytes, Headers::new()), sources, site);
}

/// Puts a message where intake would, with more headers.
fn append_with(
    journal: &MemoryJournal,
    (bytes, more): (&'static [u8], Headers),
    sources: &Sources,
    site: &SiteKey,
) {
    let message = hl7v2::parse(bytes);
    let source = sources.of(message.header().as_ref());
    let key = sources.key(&message, source, site).unwrap();
    let at = sources.time(&message, source).unwrap();
    let id = MessageId::derive(&[bytes]).to_string();
    let raw = Record {
        key: (*key.as_bytes()).into(),
        event_time: at,
        received_time: at,
        seal: 0,
        headers: with(
            &more,
            vec![
                header("message-id", id),
                header("source-system", &*source.name),
            ],
        ),
        value: Some(bytes.into()),
    };
    let to = TopicPartition::new(topics::hl7("ORU"), 0);
    journal
        .append(Write {
            records: vec![(to, raw)],
            offsets: Vec::new(),
        })
        .unwrap();
}

#[test]
fn a_set_of_vital_signs_is_concluded_from_once() {
    let config = config::defaults();
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let (normalize, workloads) = (NormalizeStage::spec(1), WorkloadStage::spec(1));
    let journal = journal_for(&[&normalize, &workloads]);
    append(&journal, VITALS, &sources, &site);

    run(
        &normalize,
        NormalizeStage::new(sources, site, Arc::clone(&metrics)),
        &journal,
    );
    let streamed = records(&journal, topics::PATIENT_STREAM);
    let is_marked = |record: &Record| record.headers.iter().any(|(name, _)| &**name == MORE);
    let (last, others) = streamed.split_last().unwrap();
    assert!(!is_marked(last) && others.iter().all(is_marked));
    let public = records(&journal, &topics::fhir("Observation"));
    assert_eq!((public.len(), public.iter().any(is_marked)), (7, false));

    run(&workloads, workload_stage(&config, &metrics), &journal);
    let findings: Vec<String> = records(&journal, topics::ALERT_STREAM)
        .iter()
        .map(|record| wire::finding_from_json(record.value.as_deref().unwrap()).unwrap())
        .filter(|finding| finding.state == FindingState::Asserted)
        .map(|finding| {
            format!(
                "{} {}: {}",
                finding.revision, finding.condition, finding.summary
            )
        })
        .collect();
    expect_test::expect!["1 deterioration: NEWS2 16, high: respiratory rate 26/min (3), SpO2 91% (3), on oxygen (2), systolic pressure 98 mmHg (2), pulse 118/min (2), consciousness confused (3), temperature 38.4 °C (1); next set within 30 min"].assert_eq(&findings.join("\n"));
}

#[test]
fn codes_that_nothing_translates_are_told_until_the_source_says_what_they_mean() {
    const LOCAL: &[u8] = b"MSH|^~\\&|LIS|H|||20260301100000+0000||ORU^R01|1|P|2.5\rPID|||7^^^H^MR\r\
        OBR|1||9|24323-8^Panel^LN\rOBX|1|NM|K^Potassium^L||5||||||F\rOBX|2|NM|2345-7^Glucose^LN||5||||||F\r";
    let told = |config: &str| {
        let config = config::parse(config).unwrap();
        let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
        let sources = Arc::new(Sources::new(&config.sources).unwrap());
        let spec = NormalizeStage::spec(1);
        let journal = journal_for(&[&spec]);
        append(&journal, LOCAL, &sources, &site);
        let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
        run(&spec, stage, &journal);
        let records = records(&journal, topics::UNMAPPED);
        let values = records.iter().map(|record| {
            assert!(record.key.is_empty(), "it is nobody's");
            String::from_utf8_lossy(record.value.as_deref().unwrap()).into_owned()
        });
        let metrics = metrics.text();
        let counted = metrics
            .lines()
            .filter(|line| line.starts_with("pulsewire_unmapped_codes_total"))
            .map(str::to_owned);
        values.chain(counted).collect::<Vec<_>>().join("\n")
    };
    expect_test::expect![[r#"
        {"codes":[{"field":"OBX-3","system":"L","code":"K","text":"Potassium","count":1}]}
        pulsewire_unmapped_codes_total{source="default",field="OBX-3"} 1"#]]
    .assert_eq(&told(""));
    let rule = "[[source.default.codes]]\nwhere = \"OBX-3\"\nfrom = \"L|K\"\nsystem = \"http://loinc.org\"\ncode = \"2823-3\"\n";
    assert_eq!(told(rule), "");
}

#[test]
fn a_resource_that_is_not_valid_is_marked_or_kept_and_the_others_of_its_message_go_on() {
    /// The site's own rule for the second code gives no valid code.
    const RULE: &str = "[[source.default.codes]]\nwhere = \"OBX-3\"\nfrom = \"L|K\"\nsystem = \"urn:lab\"\ncode = \"K  2\"\n";
    const RESULTS: &[u8] = b"MSH|^~\\&|LIS|H|||20260301100000+0000||ORU^R01|1|P|2.5\rPID|||7^^^H^MR||Doe^Jane\r\
        OBR|1||9|24323-8^Panel^LN\rOBX|1|NM|2345-7^Glucose^LN||5||||||F\rOBX|2|NM|K^Potassium^L||5||||||F\r";
    let made = |mode: &str| {
        let validation = format!("[validation.Observation]\nmode = \"{mode}\"\n{RULE}");
        let config = config::parse(&validation).unwrap();
        let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
        let sources = Arc::new(Sources::new(&config.sources).unwrap());
        let spec = NormalizeStage::spec(1);
        let journal = journal_for(&[&spec]);
        append(&journal, RESULTS, &sources, &site);
        let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
        run(&spec, stage.validating(&config.validation), &journal);
        let header = |record: &Record, name: &str| {
            let found = record.headers.iter().find(|(own, _)| &**own == name);
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let observations = records(&journal, &topics::fhir("Observation"));
        let patients = records(&journal, &topics::fhir("Patient")).len();
        let kept = records(&journal, &topics::quarantine(topics::PATIENT_STREAM));
        let last = records(&journal, topics::PATIENT_STREAM).pop();
        assert!(
            last.is_some_and(|last| header(&last, MORE).is_none()),
            "the message ends"
        );
        let metrics = metrics.text();
        let counted = metrics
            .lines()
            .filter(|line| line.starts_with("pulsewire_normalize_invalid"));
        format!(
            "patients {patients}, observations {}, marked {:?}, kept {:?} {:?} {}\n{}",
            observations.len(),
            observations
                .iter()
                .find_map(|record| header(record, validation::VALIDATION_HEADER)),
            kept.iter()
                .map(|record| header(record, "reason"))
                .collect::<Vec<_>>(),
            kept.iter()
                .filter_map(|record| header(record, "detail"))
                .map(|detail| detail.contains("code.coding[0].code"))
                .collect::<Vec<_>>(),
            kept.iter().all(|record| record
                .value
                .as_deref()
                .is_some_and(|json| json.starts_with(b"{\"resourceType\":\"Observation\""))),
            counted.collect::<Vec<_>>().join("\n"),
        )
    };
    expect_test::expect![[r#"
        patients 1, observations 2, marked None, kept [] [] true
    "#]]
    .assert_eq(&made("off"));
    expect_test::expect![[r#"
        patients 1, observations 2, marked Some("Observation.code.coding[0].code value"), kept [] [] true
        pulsewire_normalize_invalid_resources_total{resource="Observation",outcome="published"} 1"#]]
    .assert_eq(&made("warn"));
    expect_test::expect![[r#"
        patients 1, observations 1, marked None, kept [Some("invalid-resource")] [true] true
        pulsewire_normalize_invalid_resources_total{resource="Observation",outcome="quarantined"} 1"#]].assert_eq(&made("reject"));
}

fn own<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    let found = record.headers.iter().find(|(own, _)| &**own == name);
    found.map(|(_, value)| std::str::from_utf8(value).unwrap())
}

#[test]
fn a_resource_says_which_schema_it_is_written_by_where_one_is_registered() {
    let config = config::defaults();
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let spec = NormalizeStage::spec(1);
    let journal = journal_for(&[&spec]);
    append(&journal, VITALS, &sources, &site);
    let schemas = [(topics::fhir("Observation"), 1_234_567)].into_iter();
    let stage = NormalizeStage::new(sources, site, metrics).written_by(&schemas.collect());
    run(&spec, stage, &journal);
    let ids = |topic: &str| {
        let records = records(&journal, topic);
        assert!(!records.is_empty(), "{topic}");
        let ids = records
            .iter()
            .map(|record| own(record, "schema-id").map(str::to_owned));
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    let registered = Some("1234567".to_owned());
    assert_eq!(ids(&topics::fhir("Observation")), [registered].into());
    assert_eq!(ids(&topics::fhir("Patient")), [None].into());
    assert_eq!(ids(topics::PATIENT_STREAM), [None].into());
}

#[test]
fn what_a_message_leads_to_names_it_and_what_the_time_leads_to_does_not() {
    let mut config = config::defaults();
    config.alerts_from = clinical::Severity::Low;
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let (normalize, workloads, alerts) = (
        NormalizeStage::spec(1),
        WorkloadStage::spec(1),
        AlertStage::spec(1),
    );
    let journal = journal_for(&[&normalize, &workloads, &alerts]);
    append(&journal, VITALS, &sources, &site);
    let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
    run(&normalize, stage, &journal);
    run(&workloads, workload_stage(&config, &metrics), &journal);
    let alert_stage = || AlertStage {
        alerts: ::alerts::Alerts::new(crate::pipeline::policy(&config)),
        metrics: Arc::clone(&metrics),
    };
    run(&alerts, alert_stage(), &journal);
    let message = MessageId::derive(&[VITALS]).to_string();
    for topic in [topics::ALERT_STREAM, topics::CARE_ALERT, topics::DELIVERY] {
        let records = records(&journal, topic);
        assert!(!records.is_empty(), "{topic}");
        for record in records {
            assert_eq!(own(&record, "message-id"), Some(&*message), "{topic}");
            assert_eq!(own(&record, "source-system"), Some("default"), "{topic}");
            let trace = own(&record, "traceparent").unwrap();
            assert!(trace.contains(&*message), "{topic}: {trace}");
        }
    }
    // A day passes without anybody's answer.
    let before = records(&journal, topics::CARE_ALERT).len();
    let day_after = 1_772_445_600_000_000;
    let tick = Record {
        event_time: day_after,
        received_time: day_after,
        headers: vec![header("tick", "1")],
        ..Record::default()
    };
    let to = TopicPartition::new(topics::ALERT_STREAM, 0);
    let write = Write {
        records: vec![(to, tick)],
        offsets: Vec::new(),
    };
    journal.append(write).unwrap();
    run(&alerts, alert_stage(), &journal);
    let all = records(&journal, topics::CARE_ALERT);
    let by_time = all.get(before..).unwrap_or_default();
    assert!(!by_time.is_empty(), "something was due");
    for record in by_time {
        assert_eq!(own(record, "message-id"), None);
    }
}
