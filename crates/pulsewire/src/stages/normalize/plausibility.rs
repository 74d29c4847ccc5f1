//! Whether a measurement that normalize publishes can be true, and what is done with one that cannot.

use clinical::plausible::{Circumstances, Policy, Reason, Verdict, judge};
use mapping::normalize::{Output, RawInfo, State};

use crate::metrics::{Metrics, PlausibilityLabels};
use crate::stages::validation;

/// Stands on a published measurement that is doubted: why.
pub(crate) const PLAUSIBILITY_HEADER: &str = "plausibility";

/// What a site does with measurements that cannot be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plausibility {
    pub(crate) policy: Policy,
}

/// What is to be written, and what was found of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) output: Output,
    pub(super) valid: validation::Verdict,
    pub(super) plausible: Verdict,
}

impl Judged {
    /// Says whether it goes to quarantine instead of to the stream.
    pub(super) const fn is_kept(&self) -> bool {
        matches!(self.valid, validation::Verdict::Keep(_))
            || matches!(self.plausible, Verdict::Quarantine(_) | Verdict::Reject(_))
    }
}

impl Plausibility {
    /// Looks at all measurements among what is to be written.
    pub(super) fn judged(
        &self,
        outputs: Vec<(Output, validation::Verdict)>,
        raw: &RawInfo<'_>,
        state: &State,
    ) -> Vec<Judged> {
        let judged = outputs.into_iter().map(|(output, valid)| Judged {
            plausible: self.judge(&output, raw, state),
            output,
            valid,
        });
        judged.collect()
    }

    fn judge(&self, output: &Output, raw: &RawInfo<'_>, state: &State) -> Verdict {
        let Output::Resource {
            resource_type,
            json,
            event_time,
            recorded,
            ..
        } = output
        else {
            return Verdict::Pass;
        };
        if &**resource_type != "Observation" {
            return Verdict::Pass;
        }
        // What cannot be read is what validation speaks of.
        let Ok(observation) = mapping::event::observation(json) else {
            return Verdict::Pass;
        };
        let given = Circumstances {
            source: raw.source,
            effective: Some(*event_time),
            issued: *recorded,
            received: raw.received_time,
            birth: state.birth_date(),
        };
        judge(&observation, &given, &self.policy)
    }

    /// Why a measurement is refused at a door that can still refuse; what cannot be read is what validation speaks of.
    pub(crate) fn rejected(&self, json: &[u8], given: &Circumstances<'_>) -> Option<Reason> {
        let observation = mapping::event::observation(json).ok()?;
        match judge(&observation, given, &self.policy) {
            Verdict::Reject(reason) => Some(reason),
            Verdict::Pass | Verdict::Flag(_) | Verdict::Quarantine(_) => None,
        }
    }

    /// Counts what was refused.
    pub(crate) fn count_refused(reason: Reason, source: &str, metrics: &Metrics) {
        let label = PlausibilityLabels {
            source: source.to_owned(),
            rule: reason.code(),
            outcome: "refused",
        };
        metrics.implausible.get_or_create(&label).inc();
    }

    /// Counts what was doubted.
    pub(super) fn count(judged: &[Judged], source: &str, metrics: &Metrics) {
        let count = |reason: Reason, outcome| {
            let label = PlausibilityLabels {
                source: source.to_owned(),
                rule: reason.code(),
                outcome,
            };
            metrics.implausible.get_or_create(&label).inc();
        };
        for judged in judged {
            match &judged.plausible {
                Verdict::Pass => {}
                Verdict::Flag(flags) => flags.iter().for_each(|flag| count(flag.reason, "flagged")),
                Verdict::Quarantine(reason) | Verdict::Reject(reason) => {
                    count(*reason, "quarantined");
                }
            }
        }
    }
}
