//! The sources station: what intake tells of each source, to findings about those that are silent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alerts::quiet::{EVERYTHING, Effects, Input as Heard, Minute, Now, Rules, State};
use clinical::{EventTime, ReceivedTime, SiteKey, wire};
use journal::Record;
use mapping::source::Zone;
use serde::{Deserialize, Serialize};
use stream::{Context, Input, Processor, StageSpec, StepError};

use super::{header, record};
use crate::config;
use crate::intake::activity::Told;
use crate::metrics::{Metrics, ReasonLabels, SignalLabels};
use crate::topics;

/// The version of its shape.
const STATUS_VERSION: u32 = 1;
/// How long after a minute what was heard in it stands on the topic, at the latest.
const REPORT_DELAY: Duration = Duration::from_secs(2 * 60);
/// Where other processes hear other sources, a silent one waits so long for all of them to be silent.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(30 * 60);
/// Who looks again has one timer.
const LOOK: &[u8] = b"look";

/// Learns what each source is used to send and misses what does not come.
pub(crate) struct SourcesStage {
    sources: BTreeMap<String, (Rules, Zone)>,
    otherwise: (Rules, Zone),
    site: SiteKey,
    metrics: Arc<Metrics>,
}

/// How a source stands, as it is written once an hour and with every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) version: u32,
    pub(crate) source: String,
    pub(crate) at: String,
    /// The source as a whole first.
    pub(crate) feeds: Vec<Feed>,
}

/// How one feed stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feed {
    /// Nothing for the source as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quiet_since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) usual_per_hour: Option<u64>,
}

impl Status {
    /// What its record is called.
    pub(crate) const CONTENT_TYPE: &str = "application/vnd.pulsewire.source-status+json";

    /// Reads it; nothing where it is of a newer version or none at all.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let status: Self = serde_json::from_slice(json).ok()?;
        (status.version <= STATUS_VERSION).then_some(status)
    }
}

impl SourcesStage {
    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        super::spec(
            "sources",
            partitions,
            vec![topics::SOURCE_ACTIVITY.into()],
            vec![topics::ALERT_STREAM.into(), topics::SOURCE_STATUS.into()],
        )
    }

    /// Takes what is configured; `is_shared` where other processes may hear other sources.
    pub(crate) fn new(
        configured: &BTreeMap<String, config::Source>,
        is_shared: bool,
        site: SiteKey,
        metrics: Arc<Metrics>,
    ) -> Self {
        let wait_for_others = is_shared.then_some(WAIT_FOR_OTHERS);
        let rules = |source: &config::Source| Rules {
            expected: source.expected,
            quiet_after: source.quiet_after,
            report_delay: REPORT_DELAY,
            wait_for_others,
        };
        // A zone that is none stops the start elsewhere.
        let zone = |source: &config::Source| Zone::parse(&source.zone).unwrap_or(Zone::UTC);
        let sources: BTreeMap<_, _> = configured
            .iter()
            .map(|(name, source)| (name.clone(), (rules(source), zone(source))))
            .collect();
        let default = sources.get("default");
        let (rules, zone) = default.expect("the defaults have a default source").clone();
        let otherwise = Rules {
            expected: false,
            ..rules
        };
        Self {
            sources,
            otherwise: (otherwise, zone),
            site,
            metrics,
        }
    }

    fn emit(
        &self,
        name: &str,
        state: &State,
        now: Now<'_>,
        effects: &Effects,
        cx: &mut Context<'_>,
    ) {
        let key = self.site.unassigned("source", name.as_bytes());
        for news in &effects.news {
            let finding = news.finding(name, key, ReceivedTime::from_micros(cx.received()));
            let headers = vec![
                header("content-type", wire::FINDING_CONTENT_TYPE),
                header("finding", finding.id.to_string()),
            ];
            let json = wire::finding_to_json(&finding);
            let record = record(key, finding.as_of.micros(), cx, headers, json);
            cx.emit(topics::ALERT_STREAM, record);
            if !cx.is_repeating() {
                tracing::warn!(source = name, "{}", finding.summary);
                let labels = ReasonLabels {
                    stage: "sources",
                    reason: format!("{} {}", finding.condition, finding.severity.word()),
                };
                self.metrics.findings.get_or_create(&labels).inc();
            }
        }
        if !effects.news.is_empty() || effects.is_new_hour {
            let status = self.status(name, state, now);
            let json = serde_json::to_vec(&status).expect("words and numbers always make JSON");
            let record = Record {
                key: cx.key().into(),
                event_time: now.watermark.micros(),
                received_time: cx.received(),
                seal: 0,
                headers: vec![header("content-type", Status::CONTENT_TYPE)],
                value: Some(json.into()),
            };
            cx.emit(topics::SOURCE_STATUS, record);
        }
        cx.cancel_timer(LOOK);
        if let Some(at) = effects.look_at {
            cx.set_timer(LOOK, at.micros());
        }
    }

    fn status(&self, name: &str, state: &State, now: Now<'_>) -> Status {
        let time = |at: Option<ReceivedTime>| at.map(|at| at.to_string());
        let feeds = state.standing(now).into_iter();
        let feeds = feeds.map(|feed| {
            let labels = SignalLabels {
                source: name.to_owned(),
                signal: feed.signal.as_deref().unwrap_or_default().to_owned(),
            };
            let quiet = self.metrics.source_quiet.get_or_create(&labels);
            quiet.set(i64::from(feed.quiet_since.is_some()));
            if let Some(usual) = feed.usual_per_hour {
                let gauge = self.metrics.source_usual.get_or_create(&labels);
                gauge.set(i64::try_from(usual).unwrap_or(i64::MAX));
            }
            Feed {
                signal: feed.signal.map(String::from),
                last: time(feed.last),
                quiet_since: time(feed.quiet_since),
                usual_per_hour: feed.usual_per_hour,
            }
        });
        Status {
            version: STATUS_VERSION,
            source: name.to_owned(),
            at: now.watermark.to_string(),
            feeds: feeds.collect(),
        }
    }
}

/// Reads what a record says and steps on it.
fn hear(
    state: &mut State,
    json: &[u8],
    now: Now<'_>,
    rules: Rules,
    is_everything: bool,
) -> Result<Effects, StepError> {
    let unreadable = || {
        let detail =
            "the record is not what intake of this version, or an earlier one, tells of a source";
        StepError::new("unreadable", detail)
    };
    let told = Told::from_json(json).ok_or_else(unreadable)?;
    let time = |text: &Option<String>| text.as_deref().and_then(ReceivedTime::parse);
    let signals: Vec<(&str, u64)> = told
        .signals
        .iter()
        .map(|one| (&*one.signal, one.messages))
        .collect();
    let heard = Heard::Minute(Minute {
        minute: told.minute().ok_or_else(unreadable)?,
        messages: told.messages,
        signals: &signals,
        last: time(&told.last),
        anybody: time(&told.anybody),
    });
    Ok(state.step(heard, now, rules, is_everything))
}

impl Processor for SourcesStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let name = std::str::from_utf8(cx.key()).map_err(|_| {
            StepError::new(
                "not-a-source",
                "the record's key is not the name of a source",
            )
        })?;
        let name = name.to_owned();
        let is_everything = name == EVERYTHING;
        let (rules, zone) = self.sources.get(&name).unwrap_or(&self.otherwise);
        let hour_of_week = |hour: i64| zone.hour_of_week(hour);
        let now = Now {
            watermark: EventTime::from_micros(cx.watermark()),
            hour_of_week: &hour_of_week,
        };
        let effects = match input {
            Input::Record { record, .. } => {
                let json = record.value.unwrap_or_default();
                hear(state, json, now, *rules, is_everything)?
            }
            Input::Timer { at, .. } => {
                let due = Heard::Timer(EventTime::from_micros(at));
                state.step(due, now, *rules, is_everything)
            }
        };
        self.emit(&name, state, now, &effects, cx);
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        if state.is_blank() {
            return false;
        }
        out.extend_from_slice(&state.encode());
        true
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        State::decode(bytes).map_err(|error| StepError::new("undecodable-state", error.to_string()))
    }
}

#[cfg(test)]
mod tests;
