//! The workload as a processor of ours: a vital changes its patient's chart; a finding says when the score's band changes.

use crate::chart::Chart;
use crate::finding::Finding;
use crate::score::{self, CODES};
use crate::vital::Vital;
use journal::Record;
use stream::{Context, Input, Processor, StepError};

/// The input topic.
pub(crate) const VITALS: &str = "bench.vitals";
/// The output topic.
pub(crate) const FINDINGS: &str = "bench.findings";

/// Without any vital for so long, a patient has a gap.
const GAP_MILLIS: i64 = 60 * 60 * 1000;
/// The name of the timer of it, and of what it finds.
const GAP: &str = "gap";

/// Keeps the charts.
#[derive(Debug)]
pub(crate) struct Charting;

impl Processor for Charting {
    type State = Chart;

    fn step(
        &self,
        chart: &mut Chart,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Record { record, .. } => {
                let vital = Vital::parse(record.value.unwrap_or_default());
                take(chart, vital.ok_or_else(unreadable)?, cx);
            }
            Input::Timer { .. } => find_gap(chart, cx),
        }
        Ok(())
    }

    fn encode(&self, chart: &Chart, out: &mut Vec<u8>) -> bool {
        chart.encode(out);
        true
    }

    fn decode(&self, bytes: &[u8]) -> Result<Chart, StepError> {
        Chart::decode(bytes)
            .ok_or_else(|| StepError::new("unknown-version", "a chart of another version"))
    }
}

fn take(chart: &mut Chart, vital: Vital, cx: &mut Context<'_>) {
    if chart.take(vital) {
        cx.set_timer(GAP.as_bytes(), (chart.last + GAP_MILLIS) * 1000);
    }
    let score = score::of(chart);
    let band = score::band_of(score);
    let previous = std::mem::replace(&mut chart.band, band);
    if vital.corrected || band != previous {
        let finding = Finding {
            key: cx.key(),
            kind: if vital.corrected {
                "correction"
            } else {
                "score"
            },
            code: CODES.get(vital.code).expect("a vital has a known code"),
            effective: vital.effective,
            score,
            band,
            previous,
        };
        emit(finding.to_json(), vital.effective, cx);
    }
}

fn find_gap(chart: &Chart, cx: &mut Context<'_>) {
    let finding = Finding {
        key: cx.key(),
        kind: GAP,
        code: GAP,
        effective: chart.last,
        score: score::of(chart),
        band: chart.band,
        previous: chart.band,
    };
    emit(finding.to_json(), chart.last, cx);
}

fn emit(finding: String, effective: i64, cx: &mut Context<'_>) {
    let record = Record {
        key: cx.key().into(),
        event_time: effective * 1000,
        received_time: cx.received(),
        value: Some(finding.into_bytes().into()),
        ..Record::default()
    };
    cx.emit(FINDINGS, record);
}

fn unreadable() -> StepError {
    StepError::new(
        "not-a-vital",
        "the value is not a vital sign of a known code",
    )
}
