//! One alert as its page shows it: as it stands, with what its rule said each time and who was told.

use clinical::{Alert, Delivery, DeliveryId, DeliveryKind, Finding, ReceivedTime};

use crate::delivery::Attempt;

/// So many revisions of the reason are kept.
const FINDINGS_MAX: usize = 50;

/// An alert with the findings behind it.
pub(crate) struct AlertView {
    pub(crate) alert: Alert,
    /// What its rule said, oldest first.
    pub(crate) findings: Vec<Finding>,
}

impl AlertView {
    pub(crate) fn new(alert: Alert, first: Option<Finding>) -> Self {
        Self {
            alert,
            findings: first.into_iter().collect(),
        }
    }

    /// Takes in what the rule says anew, while somebody may still have to act.
    pub(crate) fn take_finding(&mut self, finding: &Finding) {
        if self.alert.state.is_active() {
            if self.findings.len() == FINDINGS_MAX {
                self.findings.remove(0);
            }
            self.findings.push(finding.clone());
        }
    }
}

/// One piece of news, and how far it came.
pub(crate) struct DeliveryView {
    pub(crate) id: DeliveryId,
    pub(crate) kind: DeliveryKind,
    pub(crate) channel: Box<str>,
    pub(crate) at: ReceivedTime,
    pub(crate) attempt: Option<Attempt>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id,
            kind: delivery.kind,
            channel: delivery.channel.clone(),
            at: delivery.at,
            attempt: None,
        }
    }
}
