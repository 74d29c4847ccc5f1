//! What is counted: one place for the names, so that metrics, pages and `status` tell the same.

mod by_field;
mod risk;

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clinical::ReceivedTime;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use by_field::ByField;

use crate::intake::keep::Way;

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

/// From whom, and of which kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SubscriptionLabels {
    pub(crate) source: String,
    pub(crate) kind: &'static str,
}

/// From whom, by which way, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct WayLabels {
    pub(crate) source: String,
    pub(crate) way: &'static str,
    pub(crate) outcome: Outcome,
}

/// From whom, and which kind of message; empty for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SignalLabels {
    pub(crate) source: String,
    pub(crate) signal: String,
}

/// Whose certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CertificateLabels {
    /// The source that showed it; empty for our own.
    pub(crate) source: String,
    /// By which way.
    pub(crate) way: &'static str,
}

/// In which department.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct UnitLabel {
    pub(crate) unit: String,
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

/// Of which resource type, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct InvalidLabels {
    pub(crate) resource: String,
    pub(crate) outcome: &'static str,
}

/// From which source, by which rule something was doubted, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PlausibilityLabels {
    pub(crate) source: String,
    pub(crate) rule: &'static str,
    pub(crate) outcome: &'static str,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    pub(crate) frames: Family<FrameLabels, Counter>,
    pub(crate) frame_bytes: Family<SourceLabel, Counter>,
    pub(crate) received: Family<WayLabels, Counter>,
    pub(crate) subscription_notifications: Family<SubscriptionLabels, Counter>,
    pub(crate) subscription_events: Family<SubscriptionLabels, Counter>,
    pub(crate) subscription_missing: Family<SourceLabel, Gauge>,
    pub(crate) skipped_bytes: Counter,
    pub(crate) collisions: Family<SourceLabel, Counter>,
    pub(crate) last_seen: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    pub(crate) source_quiet: Family<SignalLabels, Gauge>,
    pub(crate) source_usual: Family<SignalLabels, Gauge>,
    pub(crate) risk: risk::RiskMetrics,
    pub(crate) source_lag: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    pub(crate) source_clock_offset: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    pub(crate) certificate_expiry: Family<CertificateLabels, Gauge<f64, AtomicU64>>,
    pub(crate) heartbeats: Family<ReasonLabels, Counter>,
    pub(crate) connections: Gauge,
    pub(crate) timeouts: Family<ReasonLabels, Counter>,
    pub(crate) refusals_delayed: Counter,
    pub(crate) acknowledged: Histogram,
    pub(crate) stage_records: Family<StageLabel, Counter>,
    pub(crate) stage_lag: Family<StageLabel, Gauge>,
    pub(crate) stage_resting: Family<StageLabel, Gauge>,
    pub(crate) stage_keys: Family<StageLabel, Gauge>,
    pub(crate) quarantined: Family<StageLabel, Counter>,
    pub(crate) late: Family<StageLabel, Counter>,
    pub(crate) normalized: Family<ReasonLabels, Counter>,
    pub(crate) invalid: Family<InvalidLabels, Counter>,
    pub(crate) implausible: Family<PlausibilityLabels, Counter>,
    pub(crate) unbalanced: Family<PlausibilityLabels, Counter>,
    pub(crate) unmapped_fields: ByField,
    pub(crate) unmapped_codes: ByField,
    pub(crate) findings: Family<ReasonLabels, Counter>,
    /// Crowding of emergency departments.
    pub(crate) nedocs: Family<UnitLabel, Gauge<f64, AtomicU64>>,
    pub(crate) alerts: Family<ReasonLabels, Counter>,
    pub(crate) deliveries: Family<DeliveryLabels, Counter>,
    pub(crate) raised: Histogram,
    pub(crate) disk_free: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.000_1, 2.0, 18));
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("pulsewire")),
            frames: Family::default(),
            frame_bytes: Family::default(),
            received: Family::default(),
            subscription_notifications: Family::default(),
            subscription_events: Family::default(),
            subscription_missing: Family::default(),
            skipped_bytes: Counter::default(),
            collisions: Family::default(),
            last_seen: Family::default(),
            source_quiet: Family::default(),
            source_usual: Family::default(),
            risk: risk::RiskMetrics::default(),
            source_lag: Family::default(),
            source_clock_offset: Family::default(),
            certificate_expiry: Family::default(),
            heartbeats: Family::default(),
            connections: Gauge::default(),
            timeouts: Family::default(),
            refusals_delayed: Counter::default(),
            acknowledged: seconds(),
            stage_records: Family::default(),
            stage_lag: Family::default(),
            stage_resting: Family::default(),
            stage_keys: Family::default(),
            quarantined: Family::default(),
            late: Family::default(),
            normalized: Family::default(),
            invalid: Family::default(),
            implausible: Family::default(),
            unbalanced: Family::default(),
            unmapped_fields: ByField::default(),
            unmapped_codes: ByField::default(),
            findings: Family::default(),
            nedocs: Family::default(),
            alerts: Family::default(),
            deliveries: Family::default(),
            raised: seconds(),
            disk_free: Gauge::default(),
        };
        metrics.register_intake();
        metrics.register_subscriptions();
        metrics.register_sources();
        metrics.register_stations();
        metrics.register_news();
        metrics.register_normalize();
        metrics
    }
}

impl Metrics {
    fn register_subscriptions(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        r.register(
            "intake_subscription_notifications",
            "Notifications of subscriptions, by source and kind",
            self.subscription_notifications.clone(),
        );
        r.register(
            "intake_subscription_events",
            "Events of subscriptions, by source and what became of them",
            self.subscription_events.clone(),
        );
        r.register(
            "intake_subscription_events_missing",
            "Events of subscriptions that were told of and have not come",
            self.subscription_missing.clone(),
        );
    }

    fn register_intake(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        r.register(
            "intake_frames",
            "Frames received, by how they ended",
            self.frames.clone(),
        );
        r.register(
            "intake_frame_bytes",
            "Bytes of frames received",
            self.frame_bytes.clone(),
        );
        r.register(
            "intake_received",
            "What came in by other ways than MLLP, by way and how it ended",
            self.received.clone(),
        );
        r.register(
            "intake_skipped_bytes",
            "Bytes outside any frame",
            self.skipped_bytes.clone(),
        );
        r.register(
            "intake_control_id_collisions",
            "Control ids that came again with another body",
            self.collisions.clone(),
        );
        r.register(
            "intake_last_seen_timestamp_seconds",
            "When a source was last heard",
            self.last_seen.clone(),
        );
        r.register(
            "intake_connections",
            "Connections open now",
            self.connections.clone(),
        );
        r.register(
            "intake_connections_closed",
            "Connections that we closed, by the reason",
            self.timeouts.clone(),
        );
        r.register(
            "intake_refusals_delayed",
            "Refusals that waited since their address had much refused",
            self.refusals_delayed.clone(),
        );
        let help = "From a message's last byte in to its durable acknowledgement";
        r.register_with_unit(
            "intake_acknowledged",
            help,
            Unit::Seconds,
            self.acknowledged.clone(),
        );
        r.register(
            "journal_disk_free_bytes",
            "Free space where the journal is",
            self.disk_free.clone(),
        );
    }

    fn register_sources(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        self.risk.register(r);
        r.register(
            "source_quiet",
            "1 where a source, or a signal of it, is silent for longer than is likely",
            self.source_quiet.clone(),
        );
        r.register(
            "source_usual_messages_per_hour",
            "About how many messages are usual at this hour of the week",
            self.source_usual.clone(),
        );
        r.register(
            "source_lag_seconds",
            "From when the newest message was made to when it came",
            self.source_lag.clone(),
        );
        r.register(
            "source_clock_offset_seconds",
            "How far the clock of a sender by MLLP is behind ours; less than nothing where it is ahead",
            self.source_clock_offset.clone(),
        );
        r.register(
            "source_certificate_expiry_timestamp_seconds",
            "When the certificate runs out that a source showed last, or our own where there is no source",
            self.certificate_expiry.clone(),
        );
        r.register(
            "heartbeats",
            "Heartbeats, by what became of them",
            self.heartbeats.clone(),
        );
    }

    fn register_stations(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        r.register(
            "stage_records",
            "Records stepped, by station",
            self.stage_records.clone(),
        );
        r.register(
            "stage_lag_records",
            "Records not yet stepped, by station",
            self.stage_lag.clone(),
        );
        r.register(
            "stage_resting_partitions",
            "Partitions that rest instead of filling the quarantine, by station",
            self.stage_resting.clone(),
        );
        r.register(
            "stage_resident_keys",
            "Patients whose state is in memory, by station",
            self.stage_keys.clone(),
        );
        r.register(
            "stage_quarantined",
            "Records that could not be used, by station",
            self.quarantined.clone(),
        );
        r.register(
            "stage_late",
            "Records that came after their window, by station",
            self.late.clone(),
        );
    }

    fn register_news(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        r.register(
            "workloads_findings",
            "Findings, by workload and severity",
            self.findings.clone(),
        );
        r.register(
            "emergency_nedocs",
            "Crowding of an emergency department by the score NEDOCS, as of the minute",
            self.nedocs.clone(),
        );
        r.register(
            "alerts_changes",
            "Changes of alerts, by condition and state",
            self.alerts.clone(),
        );
        r.register(
            "delivery_attempts",
            "Tries to bring news, by channel and outcome",
            self.deliveries.clone(),
        );
        let help =
            "From the acceptance of the causing message to the news of a new alert at its receiver";
        r.register_with_unit("delivery_raised", help, Unit::Seconds, self.raised.clone());
    }

    fn register_normalize(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        r.register(
            "normalize_messages",
            "Messages normalized, by what became of them",
            self.normalized.clone(),
        );
        r.register(
            "normalize_invalid_resources",
            "Resources that are not valid FHIR R4, by type and what became of them",
            self.invalid.clone(),
        );
        r.register(
            "normalize_implausible_measurements",
            "Measurements that cannot be true, by source, rule and what became of them",
            self.implausible.clone(),
        );
        r.register(
            "normalize_unbalanced_remittances",
            "Remittances that do not add up, by source, rule and what became of them",
            self.unbalanced.clone(),
        );
        r.register(
            "unmapped_fields",
            "Populated fields without a place in FHIR, by source and field",
            self.unmapped_fields.family.clone(),
        );
        r.register(
            "unmapped_codes",
            "Codes that nothing translates, by source and field",
            self.unmapped_codes.family.clone(),
        );
    }

    /// Writes all of it as OpenMetrics text, which Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if prometheus_client::encoding::text::encode(&mut text, &registry).is_err() {
            // Writing to a string does not fail; if the library does, a scraper sees an incomplete text.
            text.push_str("# incomplete\n");
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

    /// Counts the end of one thing that came by a way.
    pub(crate) fn received(&self, source: &str, way: Way, outcome: Outcome) {
        self.received
            .get_or_create(&WayLabels {
                source: source.to_owned(),
                way: way.name(),
                outcome,
            })
            .inc();
    }

    /// Notes when a certificate runs out; without a source it is our own.
    pub(crate) fn certificate(&self, source: &str, way: &'static str, expires: ReceivedTime) {
        let labels = CertificateLabels {
            source: source.to_owned(),
            way,
        };
        let micros = u64::try_from(expires.micros()).unwrap_or(0);
        let seconds = Duration::from_micros(micros).as_secs_f64();
        self.certificate_expiry.get_or_create(&labels).set(seconds);
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
