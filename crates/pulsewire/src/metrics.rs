//! What is counted: one place for the names, so that metrics, pages and `status` tell the same.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// How a frame that was received ended; each ends in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    /// Kept durably and acknowledged.
    Accepted,
    /// Known already; it got its first answer again.
    Resent,
    /// Answered with a negative acknowledgement; a copy is kept.
    Refused,
    /// Not taken for want of space or because the journal stopped; the sender was told to try again.
    Deferred,
    /// The connection ended before any acknowledgement.
    Closed,
}

impl Outcome {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Resent,
        Self::Refused,
        Self::Deferred,
        Self::Closed,
    ];
}

/// From whom, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FrameLabels {
    pub(crate) source: String,
    pub(crate) outcome: Outcome,
}

/// From whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SourceLabel {
    pub(crate) source: String,
}

/// At which station.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct StageLabel {
    pub(crate) stage: &'static str,
}

/// At which station, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabels {
    pub(crate) stage: &'static str,
    pub(crate) reason: String,
}

/// By which channel, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct DeliveryLabels {
    pub(crate) channel: String,
    pub(crate) outcome: &'static str,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    pub(crate) frames: Family<FrameLabels, Counter>,
    pub(crate) frame_bytes: Family<SourceLabel, Counter>,
    pub(crate) skipped_bytes: Counter,
    pub(crate) collisions: Family<SourceLabel, Counter>,
    pub(crate) last_seen: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    pub(crate) connections: Gauge,
    pub(crate) timeouts: Family<ReasonLabels, Counter>,
    pub(crate) acknowledged: Histogram,
    pub(crate) stage_records: Family<StageLabel, Counter>,
    pub(crate) stage_lag: Family<StageLabel, Gauge>,
    pub(crate) stage_keys: Family<StageLabel, Gauge>,
    pub(crate) quarantined: Family<ReasonLabels, Counter>,
    pub(crate) late: Family<StageLabel, Counter>,
    pub(crate) normalized: Family<ReasonLabels, Counter>,
    pub(crate) unmapped: Family<SourceLabel, Counter>,
    pub(crate) findings: Family<ReasonLabels, Counter>,
    pub(crate) alerts: Family<ReasonLabels, Counter>,
    pub(crate) deliveries: Family<DeliveryLabels, Counter>,
    pub(crate) raw_to_alert: Histogram,
    pub(crate) disk_free: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pulsewire");
        let r = &mut registry;
        let seconds = |name: &str, help: &str, r: &mut Registry| {
            let histogram = Histogram::new(exponential_buckets(0.000_1, 2.0, 18));
            r.register_with_unit(name, help, Unit::Seconds, histogram.clone());
            histogram
        };
        let acknowledged = seconds(
            "intake_acknowledged",
            "From a message's last byte in to its durable acknowledgement",
            r,
        );
        let raw_to_alert = seconds(
            "alerts_raw_to_alert",
            "From the acceptance of the causing message to its alert in the journal",
            r,
        );
        Self {
            frames: counted(r, "intake_frames", "Frames received, by how they ended"),
            frame_bytes: counted(r, "intake_frame_bytes", "Bytes of frames received"),
            skipped_bytes: counted(r, "intake_skipped_bytes", "Bytes outside any frame"),
            collisions: counted(
                r,
                "intake_control_id_collisions",
                "Control ids that came again with another body",
            ),
            last_seen: counted(
                r,
                "intake_last_seen_timestamp_seconds",
                "When a source was last heard",
            ),
            connections: counted(r, "intake_connections", "Connections open now"),
            timeouts: counted(
                r,
                "intake_timeouts",
                "Connections closed because a time was over, by which",
            ),
            acknowledged,
            stage_records: counted(r, "stage_records", "Records stepped, by station"),
            stage_lag: counted(
                r,
                "stage_lag_records",
                "Records not yet stepped, by station",
            ),
            stage_keys: counted(
                r,
                "stage_resident_keys",
                "Patients whose state is in memory, by station",
            ),
            quarantined: counted(
                r,
                "stage_quarantined",
                "Records that could not be used, by station and reason",
            ),
            late: counted(
                r,
                "stage_late",
                "Records that came after their window, by station",
            ),
            normalized: counted(
                r,
                "normalize_messages",
                "Messages normalized, by what became of them",
            ),
            unmapped: counted(
                r,
                "mapping_unmapped_fields",
                "Populated fields without a place in FHIR, by source",
            ),
            findings: counted(
                r,
                "workloads_findings",
                "Findings, by workload and severity",
            ),
            alerts: counted(
                r,
                "alerts_changes",
                "Changes of alerts, by condition and state",
            ),
            deliveries: counted(
                r,
                "delivery_attempts",
                "Tries to bring news, by channel and outcome",
            ),
            raw_to_alert,
            disk_free: counted(
                r,
                "journal_disk_free_bytes",
                "Free space where the journal is",
            ),
            registry: Mutex::new(registry),
        }
    }
}

impl Metrics {
    /// Writes all of it as OpenMetrics text, which Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let registry = self
            .registry
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if prometheus_client::encoding::text::encode(&mut text, &registry).is_err() {
            // Writing to a string does not fail; if the library does, a scraper sees an incomplete text.
            drop(write!(text, "# incomplete"));
        }
        text
    }

    /// Counts the end of one frame.
    pub(crate) fn frame(&self, source: &str, outcome: Outcome) {
        self.frames
            .get_or_create(&FrameLabels {
                source: source.to_owned(),
                outcome,
            })
            .inc();
    }

    /// How many frames of a source ended so.
    pub(crate) fn frames_of(&self, source: &str, outcome: Outcome) -> u64 {
        self.frames
            .get_or_create(&FrameLabels {
                source: source.to_owned(),
                outcome,
            })
            .get()
    }
}

fn counted<M: Default + Clone + prometheus_client::registry::Metric>(
    registry: &mut Registry,
    name: &str,
    help: &str,
) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}
