//! How learned models stand, as gauges: what drifts, and how right the model and its challenger were.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use workloads::risk::watch::Drift;

use crate::stages::{QualityTold, RiskStatus};

/// Of which workload's model, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DriftLabels {
    workload: String,
    drift: &'static str,
}

/// Of which workload, who foresaw it, and by which measure.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QualityLabels {
    workload: String,
    of: &'static str,
    measure: &'static str,
}

/// The gauges of learned models.
#[derive(Default)]
pub(crate) struct RiskMetrics {
    drift: Family<DriftLabels, Gauge>,
    quality: Family<QualityLabels, Gauge<f64, AtomicU64>>,
}

impl RiskMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "risk_drift",
            "1 where what a learned model reads or foresees drifts",
            self.drift.clone(),
        );
        registry.register(
            "risk_quality",
            "How right a learned model, and the challenger beside it, were about the newest hours whose outcome is known",
            self.quality.clone(),
        );
    }

    /// Shows how a model stands.
    pub(crate) fn show(&self, told: &RiskStatus) {
        for drift in Drift::ALL {
            let labels = DriftLabels {
                workload: told.workload.clone(),
                drift: drift.word(),
            };
            let stands = told.drifting.iter().any(|of| of.drift == drift.word());
            self.drift.get_or_create(&labels).set(i64::from(stands));
        }
        for (of, quality) in [
            ("model", &told.quality),
            ("model-beside-challenger", &told.challenger.model),
            ("challenger", &told.challenger.challenger),
        ] {
            self.measure(&told.workload, of, quality);
        }
    }

    /// Shows nothing any more: the models are another process's to show.
    pub(crate) fn clear(&self) {
        self.drift.clear();
        self.quality.clear();
    }

    fn measure(&self, workload: &str, of: &'static str, quality: &QualityTold) {
        let measures = [
            ("hours", Some(quality.hours as f64)),
            ("septic-hours", Some(quality.septic as f64)),
            ("auroc", quality.auroc),
            ("brier", quality.brier),
            ("calibration-error", quality.calibration_error),
            ("observed-over-expected", quality.observed_over_expected),
        ];
        for (measure, value) in measures {
            let labels = QualityLabels {
                workload: workload.to_owned(),
                of,
                measure,
            };
            // What was known of another model says nothing of this one.
            match value {
                Some(value) => _ = self.quality.get_or_create(&labels).set(value),
                None => _ = self.quality.remove(&labels),
            }
        }
    }
}
