//! The station of models: all hours that a learned risk scored to how its model stands, and to operators where it drifts.
//!
//! What it reads is keyed by model, so all patients come to one task. What it tells is about a model and about nobody.

use std::sync::Arc;

use clinical::{
    EventTime, Finding, FindingId, FindingState, PatientKey, ReceivedTime, Severity, SiteKey,
};
use journal::{Headers, Record};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::RiskScore;
use workloads::risk::Pack;
use workloads::risk::watch::{Board, CONDITION, Drift, News, WATCHER};

use super::super::{findings, header, spec, text};
use super::WORKLOAD;
use super::told::{HourTold, StatusTold};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// The rule and its version.
const RULE: &str = "model-watch 1.0.0";
/// Who looks has one timer.
const LOOK: &[u8] = b"look";

/// Watches a model.
pub(crate) struct RiskBoardStage {
    pack: Pack,
    /// What scores hours for alerts, and who approved that where it is not the model.
    in_use: (RiskScore, String),
    site: SiteKey,
    metrics: Arc<Metrics>,
}

/// A model's board, shared with the state before a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State(Arc<Board>);

impl RiskBoardStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "risk-board";

    /// Takes what scores hours for alerts, and who approved that.
    pub(crate) fn new(
        score: RiskScore,
        approved_by: &str,
        site: SiteKey,
        metrics: &Arc<Metrics>,
    ) -> Self {
        Self {
            pack: Pack::built_in(),
            in_use: (score, approved_by.to_owned()),
            site,
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let outputs = [topics::RISK_STATUS, topics::ALERT_STREAM];
        spec(
            Self::NAME,
            partitions,
            vec![topics::RISK_EXAMPLE.into()],
            outputs.map(Into::into).into(),
        )
    }

    fn take(&self, state: &mut State, json: &[u8]) -> Result<(), StepError> {
        let unreadable = || {
            let detail = "the record is no hour as this version, or an earlier one, tells it";
            StepError::new("unreadable", detail)
        };
        let told = HourTold::from_json(json).ok_or_else(unreadable)?;
        let patient = told.key().ok_or_else(unreadable)?;
        let board = Arc::make_mut(&mut state.0);
        if told.outcome.is_some() {
            let example = told.example().ok_or_else(unreadable)?;
            board.take_example(&self.pack, patient, &example);
        } else {
            let hour = told.hour().ok_or_else(unreadable)?;
            board.take_hour(&self.pack, patient, &hour);
        }
        Ok(())
    }

    /// Looks at all there is, and tells what is new and how the model stands.
    fn look(&self, state: &mut State, at: EventTime, cx: &mut Context<'_>) {
        let board = Arc::make_mut(&mut state.0);
        for news in board.look(&self.pack, at) {
            self.publish(&news, cx);
        }
        let standing = board.standing(&self.pack, at);
        let (score, by) = (self.in_use.0, &self.in_use.1);
        let told = StatusTold::of(WORKLOAD, &standing, score, by);
        self.metrics.risk.show(&told);
        let record = Record {
            key: cx.key().into(),
            event_time: at.micros().min(cx.received()),
            received_time: cx.received(),
            seal: 0,
            headers: vec![header("content-type", StatusTold::CONTENT_TYPE)],
            value: Some(told.to_json().into()),
        };
        cx.emit(topics::RISK_STATUS, record);
    }

    fn publish(&self, news: &News, cx: &mut Context<'_>) {
        let key = self.site.unassigned("model", WORKLOAD.as_bytes());
        let finding = finding(news, key, ReceivedTime::from_micros(cx.received()));
        findings::publish(&finding, &Headers::new(), cx);
        if !cx.is_repeating() {
            tracing::warn!(model = WORKLOAD, "{}", finding.summary);
            let labels = ReasonLabels {
                stage: Self::NAME,
                reason: format!("{} {}", finding.condition, finding.severity.word()),
            };
            self.metrics.findings.get_or_create(&labels).inc();
        }
    }
}

/// What is told of a drift, as a finding under the pseudonym of the model.
fn finding(news: &News, key: PatientKey, known_at: ReceivedTime) -> Finding {
    let condition = format!("{CONDITION}/{}", news.drift.word());
    let severity = match (news.begins, news.drift) {
        (false, _) => Severity::None,
        (true, Drift::Units) => Severity::High,
        (true, Drift::Inputs | Drift::Missing | Drift::Calibration) => Severity::Medium,
    };
    let what = match news.drift {
        Drift::Inputs => "what it reads is no longer distributed as in training",
        Drift::Missing => "what it reads is missing more or less often than in training",
        Drift::Units => "what it reads comes in another unit",
        Drift::Calibration => "what it foresees no longer comes as often",
    };
    let summary = match news.begins {
        true => format!("The model of {WORKLOAD} drifts: {what}: {}", news.words),
        false if news.words.is_empty() => {
            format!("The model of {WORKLOAD} no longer drifts, of which was said: {what}")
        }
        false => format!(
            "Another model of {WORKLOAD}, {}: what may have been said of the one before is over: {what}",
            news.words
        ),
    };
    let parts: [&[u8]; 5] = [
        WATCHER.as_bytes(),
        key.as_bytes(),
        condition.as_bytes(),
        &news.at.micros().to_be_bytes(),
        severity.word().as_bytes(),
    ];
    Finding {
        id: FindingId::derive(&parts),
        workload: WATCHER.into(),
        rule: RULE.into(),
        patient: key,
        condition: condition.into(),
        as_of: news.at,
        known_at,
        revision: 1,
        replaces: None,
        state: FindingState::Asserted,
        severity,
        score: None,
        summary: summary.into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: None,
        backfill: false,
    }
}

impl Processor for RiskBoardStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let watermark = EventTime::from_micros(cx.watermark());
        match input {
            Input::Record { record, .. } => {
                if text(&record, "content-type") != Some(HourTold::WATCHED) {
                    return Ok(());
                }
                self.take(state, record.value.unwrap_or_default())?;
                cx.set_timer(LOOK, Board::wake(watermark).micros());
            }
            Input::Timer { at, .. } => {
                let at = EventTime::from_micros(at);
                self.look(state, at, cx);
                cx.set_timer(LOOK, Board::wake(at.max(watermark)).micros());
            }
        }
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.0.encode(out)
    }

    fn give_up(&self) {
        self.metrics.risk.clear();
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let board = Board::decode(&self.pack, bytes);
        let board =
            board.map_err(|error| StepError::new("undecodable-state", error.to_string()))?;
        Ok(State(Arc::new(board)))
    }
}
