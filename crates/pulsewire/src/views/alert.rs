//! One alert as its page shows it: as it stands, with what its rule said each time and who was told.

use std::collections::BTreeSet;

use clinical::{Alert, Delivery, DeliveryId, DeliveryKind, Finding, ReceivedTime};

use crate::delivery::{Attempt, Ended};

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

/// The channels by which nobody was reached: the last that became of any news there is that it was given up.
pub(crate) fn given_up(deliveries: &[DeliveryView]) -> BTreeSet<&str> {
    let mut channels = BTreeSet::new();
    for view in deliveries {
        match view.attempt.as_ref().map(|attempt| &attempt.ended) {
            Some(Ended::GivenUp { .. }) => {
                channels.insert(&*view.channel);
            }
            Some(Ended::Delivered) => {
                channels.remove(&*view.channel);
            }
            Some(Ended::Failed { .. }) | None => {}
        }
    }
    channels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(channel: &str, ended: Option<Ended>) -> DeliveryView {
        let at = ReceivedTime::from_micros(0);
        let id = DeliveryId::derive(&[channel.as_bytes()]);
        DeliveryView {
            id,
            kind: DeliveryKind::Raised,
            channel: channel.into(),
            at,
            attempt: ended.map(|ended| Attempt {
                delivery: id,
                number: 1,
                first_at: at,
                at,
                ended,
            }),
        }
    }

    #[test]
    fn a_channel_that_gave_up_is_named_until_it_brings_something() {
        let given = || Some(Ended::GivenUp { why: "503".into() });
        let mut all = vec![
            news("console", Some(Ended::Delivered)),
            news("pager", given()),
            news("pager", None),
        ];
        assert!(given_up(&all).into_iter().eq(["pager"]));
        all.push(news("pager", Some(Ended::Delivered)));
        assert!(given_up(&all).is_empty());
        assert!(given_up(&[]).is_empty());
    }
}
