//! What cannot be true on its way through the stations, and history that is loaded.

use super::*;
use crate::intake::keep::{BACKFILL, WAY};
use crate::stages::normalize::plausibility::PLAUSIBILITY_HEADER;

/// A loose sensor and a temperature in a unit that nobody knows, beside a pulse.
const DOUBTED: &[u8] =
    b"MSH|^~\\&|MON|H|||20260301100000+0000||ORU^R01|2|P|2.5\rPID|||7^^^H^MR||||19500601\r\
OBR|1||V2|85353-1^Vital signs^LN|||20260301095900+0000\r\
OBX|1|NM|59408-5^SpO2^LN||0|%|||||F\rOBX|2|NM|8310-5^Temperature^LN||38.4|furlong|||||F\r\
OBX|3|NM|8867-4^Pulse^LN||118|/min|||||F\r";

pub(super) fn value(record: &Record, name: &str) -> Option<String> {
    let found = record.headers.iter().find(|(own, _)| &**own == name);
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

#[test]
fn what_cannot_be_true_is_flagged_or_kept_and_never_scored() {
    let made = |text: &str| {
        let config = config::parse(text).unwrap();
        let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
        let sources = Arc::new(Sources::new(&config.sources).unwrap());
        let (normalize, workloads) = (NormalizeStage::spec(1), WorkloadStage::spec(1));
        let journal = journal_for(&[&normalize, &workloads]);
        append(&journal, DOUBTED, &sources, &site);
        let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
        run(&normalize, stage.doubting(&config.plausibility), &journal);
        run(&workloads, workload_stage(&config, &metrics), &journal);
        let mut lines = Vec::new();
        for record in records(&journal, &topics::fhir("Observation")) {
            lines.extend(value(&record, PLAUSIBILITY_HEADER));
        }
        for record in records(&journal, &topics::quarantine(topics::PATIENT_STREAM)) {
            let reason = value(&record, stream::REASON_HEADER);
            lines.push(format!("kept: {}", reason.unwrap_or_default()));
        }
        for record in records(&journal, topics::ALERT_STREAM) {
            let json = record.value.as_deref().unwrap();
            let finding = wire::finding_from_json(json).unwrap();
            lines.push(format!("{}: {}", finding.condition, finding.summary));
        }
        let metrics = metrics.text();
        let name = "pulsewire_normalize_implausible_measurements_total";
        let counted = metrics.lines().filter(|line| line.starts_with(name));
        lines.extend(counted.map(str::to_owned));
        lines.sort_unstable();
        lines.join("\n")
    };
    expect_test::expect![[r#"
        data-quality/oxygen-saturation/implausible: SpO2 not scored: not a possible value
        data-quality/temperature/unit: temperature not scored: unit not known
        pulsewire_normalize_implausible_measurements_total{source="default",rule="unknown-unit",outcome="flagged"} 1
        pulsewire_normalize_implausible_measurements_total{source="default",rule="zero-value",outcome="flagged"} 1
        unknown-unit
        zero-value"#]].assert_eq(&made(""));
    expect_test::expect![[r#"
        data-quality/temperature/unit: temperature not scored: unit not known
        kept: zero-value
        pulsewire_normalize_implausible_measurements_total{source="default",rule="zero-value",outcome="quarantined"} 1"#]].assert_eq(&made(
        "[plausibility.zero-value]\naction = \"quarantine\"\n[plausibility.unknown-unit]\npass_sources = \"default\"\n",
    ));
}

#[test]
fn loaded_history_pages_nobody() {
    let told = |backfill: bool| {
        let config = config::parse("[delivery.pager]\nkind = \"console\"\n").unwrap();
        let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
        let sources = Arc::new(Sources::new(&config.sources).unwrap());
        let specs = [
            NormalizeStage::spec(1),
            WorkloadStage::spec(1),
            AlertStage::spec(1),
        ];
        let [normalize, workloads, alerts] = &specs;
        let journal = journal_for(&[normalize, workloads, alerts]);
        let mut headers = vec![header(WAY, "file")];
        headers.extend(backfill.then(|| header(BACKFILL, "1")));
        append_with(&journal, (VITALS, headers), &sources, &site);
        let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
        run(normalize, stage, &journal);
        run(workloads, workload_stage(&config, &metrics), &journal);
        let stage = AlertStage {
            alerts: ::alerts::Alerts::new(crate::pipeline::policy(&config)),
            metrics,
        };
        run(alerts, stage, &journal);
        let all = [
            topics::PATIENT_STREAM,
            topics::ALERT_STREAM,
            topics::CARE_ALERT,
        ];
        for record in all.iter().flat_map(|topic| records(&journal, topic)) {
            let marked = value(&record, BACKFILL).is_some();
            assert_eq!(marked, backfill, "{:?}", record.headers);
        }
        let alerts = records(&journal, topics::CARE_ALERT);
        let alerts = alerts.iter().map(|record| {
            let json = record.value.as_deref().unwrap();
            let alert = wire::alert_from_json(json).unwrap();
            let last = alert.history.last().map(|change| change.why.clone());
            format!(
                "{} {}: {}",
                alert.condition,
                alert.state.word(),
                last.unwrap_or_default()
            )
        });
        let alerts: Vec<String> = alerts.collect();
        let deliveries = records(&journal, topics::DELIVERY).len();
        format!("{}\n{deliveries} deliveries", alerts.join("\n"))
    };
    expect_test::expect![[r#"
        deterioration resolved: it rests on history that was loaded; nobody was told
        0 deliveries"#]]
    .assert_eq(&told(true));
    assert!(!told(false).ends_with("\n0 deliveries"));
}
