//! Remittances that do not add up: used and counted, or kept for a person, who may send them through again.

use super::*;
use crate::intake::keep::X12;
use crate::quarantine::REDRIVEN_FROM;

/// A payment of 34 dollars for a claim of 30, all of which was paid.
const REMITTANCE: &[u8] =
    b"ISA*00*          *00*          *ZZ*PAYER          *ZZ*PAYEE          *260301*0900*^*00501*000000905*0*T*:~\
GS*HP*S*R*20260301*0900*7*X*005010X221A1~ST*835*0001~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~\
N1*PR*PAYER~N1*PE*PAYEE*XX*1111111112~LX*1~CLP*C1*1*30*30**12*P1~NM1*QC*1*DOE*JANE****MI*M1~SE*9*0001~\
GE*1*7~IEA*1*000000905~";

/// What becomes of the remittance under these settings.
fn made(settings: &str, redriven: bool) -> String {
    let config = config::parse(settings).unwrap();
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let spec = NormalizeStage::spec(1);
    let journal = journal_for(&[&spec]);
    let mut headers = vec![
        header("message-id", MessageId::derive(&[REMITTANCE]).to_string()),
        header("source-system", "default"),
        header("content-type", X12),
    ];
    headers.extend(redriven.then(|| header(REDRIVEN_FROM, "somewhere/0/0")));
    let at = clinical::ReceivedTime::parse("2026-03-02T00:00:00Z").unwrap();
    let at = at.micros();
    let raw = Record {
        key: (*site.unassigned("default", b"905").as_bytes()).into(),
        event_time: at,
        received_time: at,
        seal: 0,
        headers,
        value: Some(REMITTANCE.into()),
    };
    let write = Write {
        records: vec![(TopicPartition::new(topics::X12_RECEIVED, 0), raw)],
        offsets: Vec::new(),
    };
    journal.append(write).unwrap();
    run(
        &spec,
        NormalizeStage::new(sources, site, Arc::clone(&metrics)),
        &journal,
    );
    let mut lines = Vec::new();
    for record in records(&journal, &topics::quarantine(topics::X12_RECEIVED)) {
        let reason = plausibility::value(&record, stream::REASON_HEADER);
        lines.push(format!("kept: {}", reason.unwrap_or_default()));
    }
    let benefits = records(&journal, &topics::fhir("ExplanationOfBenefit"));
    lines.push(format!("{} explanations of benefit", benefits.len()));
    // What is paid in all is told though there is one member only.
    let payments = records(&journal, &topics::fhir("PaymentReconciliation"));
    assert_eq!(payments.len(), benefits.len());
    let metrics = metrics.text();
    let name = "pulsewire_normalize_unbalanced_remittances_total";
    lines.extend(
        metrics
            .lines()
            .filter(|line| line.starts_with(name))
            .map(str::to_owned),
    );
    lines.join("\n")
}

#[test]
fn a_remittance_that_does_not_add_up_is_counted_or_waits_for_a_person() {
    expect_test::expect![[r#"
        1 explanations of benefit
        pulsewire_normalize_unbalanced_remittances_total{source="default",rule="payment-unbalanced",outcome="flagged"} 1"#]].assert_eq(&made("", false));
    let keeping = "[source.default]\nunbalanced = \"quarantine\"\n";
    expect_test::expect![[r#"
        kept: payment-unbalanced
        0 explanations of benefit
        pulsewire_normalize_unbalanced_remittances_total{source="default",rule="payment-unbalanced",outcome="quarantined"} 1"#]].assert_eq(&made(keeping, false));
    // A person looked at it and sent it through again.
    expect_test::expect!["1 explanations of benefit"].assert_eq(&made(keeping, true));
}
