//! The station of units: the visits of each emergency department to how it stands, minute by minute.
//!
//! What it reads is keyed by unit, so all visits of a unit come to one task, each whole in its newest form: whatever the
//! partition of a patient, a visit is counted once and as it now stands.

use std::sync::Arc;

use clinical::EventTime;
use journal::Record;
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::throughput::{Board, Department};

use super::super::{header, spec, text};
use super::told::{UnitTold, VisitTold, number};
use crate::metrics::{Metrics, UnitLabel};
use crate::topics;

/// Who looks at a unit has one timer.
const MINUTE: &[u8] = b"minute";
const MINUTE_US: i64 = 60 * 1_000_000;

/// Counts.
pub(crate) struct EmergencyUnitStage {
    department: Department,
    metrics: Arc<Metrics>,
}

/// A unit's visits, shared with the state before a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(Arc<Board>);

impl EmergencyUnitStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "emergency-units";

    /// Takes what a site says of its departments.
    pub(crate) fn new(department: &Department, metrics: &Arc<Metrics>) -> Self {
        Self {
            department: department.clone(),
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let (inputs, outputs) = (vec![topics::ED_VISIT.into()], vec![topics::ED_UNIT.into()]);
        spec(Self::NAME, partitions, inputs, outputs)
    }

    /// Shows how crowded a unit is among the metrics; what nobody looks at any more is not shown.
    fn show(&self, unit: String, score: Option<f64>, cx: &Context<'_>) {
        if cx.is_repeating() {
            return;
        }
        let labels = UnitLabel { unit };
        match score {
            Some(score) => _ = self.metrics.nedocs.get_or_create(&labels).set(score),
            None => _ = self.metrics.nedocs.remove(&labels),
        }
    }

    fn tell(&self, unit: &str, board: &Board, at: EventTime, cx: &mut Context<'_>) {
        let beds = self.department.beds.get(unit).copied();
        let state = board.unit(unit, at, beds);
        let score = state.nedocs.and_then(number);
        self.show(unit.to_owned(), score, cx);
        let record = Record {
            key: cx.key().into(),
            event_time: at.micros(),
            received_time: cx.received(),
            seal: 0,
            headers: vec![header("content-type", UnitTold::CONTENT_TYPE)],
            value: Some(UnitTold::of(unit, &state).to_json().into()),
        };
        cx.emit(topics::ED_UNIT, record);
    }
}

/// The first whole minute after both.
fn next_minute(at: i64, watermark: i64) -> i64 {
    let after = at.max(watermark).div_euclid(MINUTE_US);
    after.saturating_add(1).saturating_mul(MINUTE_US)
}

fn take(state: &mut State, unit: &str, json: &[u8]) -> Result<(), StepError> {
    let unreadable = || {
        let detail =
            "the record is not what this version, or an earlier one, tells of a visit in this unit";
        StepError::new("unreadable", detail)
    };
    let told = VisitTold::from_json(json).ok_or_else(unreadable)?;
    let key = told
        .key()
        .filter(|_| told.unit == unit)
        .ok_or_else(unreadable)?;
    let board = Arc::make_mut(&mut state.0);
    match told.gone {
        true => board.remove(key),
        false => board.put(key, told.standing()),
    }
    Ok(())
}

impl Processor for EmergencyUnitStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let unit = String::from_utf8_lossy(cx.key()).into_owned();
        match input {
            Input::Record { record, .. } => {
                if text(&record, "content-type") != Some(VisitTold::CONTENT_TYPE) {
                    return Ok(());
                }
                take(state, &unit, record.value.unwrap_or_default())?;
                cx.set_timer(MINUTE, next_minute(i64::MIN, cx.watermark()));
            }
            Input::Timer { at, .. } => {
                let now = EventTime::from_micros(at);
                self.tell(&unit, &state.0, now, cx);
                if state.0.has_expired(now) {
                    Arc::make_mut(&mut state.0).expire(now);
                }
                match state.0.is_quiet(now) {
                    true => self.show(unit, None, cx),
                    false => cx.set_timer(MINUTE, next_minute(at, cx.watermark())),
                }
            }
        }
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.0.encode(out)
    }

    fn give_up(&self) {
        self.metrics.nedocs.clear();
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let board = Board::decode(bytes);
        let board =
            board.map_err(|error| StepError::new("undecodable-state", error.to_string()))?;
        Ok(State(Arc::new(board)))
    }
}
