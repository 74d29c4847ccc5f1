//! Answers to claims: they go by way of the key of the claim that they answer, which knows whose claim it is.

use clinical::{EventTime, PatientKey};
use mapping::normalize::split::Split;
use mapping::normalize::{Notice, RawInfo, State, Whose, claim_unknown};
use mapping::x12::ClaimName;
use stream::{Context, StepError};

use super::NormalizeStage;
use crate::metrics::ReasonLabels;
use crate::stages::patient;

/// The timer at which something of a claim is over.
const OVER: &[u8] = b"claim";

impl NormalizeStage {
    /// Sends an answer on to whoever has the claim that it is about. Where nobody is known to have it, one that names a member goes
    /// to them, and another is kept until that claim comes.
    pub(super) fn answer(
        &self,
        state: &mut State,
        (claim, member): (&ClaimName, Option<PatientKey>),
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        if let Some(member) = member {
            let holder = state.holder(claim.payer(), member);
            if holder.is_some() {
                self.count_answer("answer by its claim", cx);
            }
            // What is addressed to its claim, and is elsewhere, was there.
            let split = Split {
                raw: *raw,
                notice: None,
            };
            self.emit_split(holder.unwrap_or(member), split.encode(), raw, cx);
            return Ok(());
        }
        let whose = state.whose(claim.payer(), raw);
        let whose = whose
            .map_err(|refusal| StepError::new(refusal.reason.code(), refusal.detail.to_string()))?;
        let what = match whose {
            Whose::Patient(key) => {
                self.send_on(key, raw, cx);
                "answer by its claim"
            }
            Whose::Waits => "answer that waits for its claim",
        };
        self.count_answer(what, cx);
        look_again(state, cx);
        Ok(())
    }

    fn count_answer(&self, what: &str, cx: &Context<'_>) {
        if !cx.is_repeating() {
            let label = ReasonLabels {
                stage: "normalize",
                reason: what.to_owned(),
            };
            self.metrics.normalized.get_or_create(&label).inc();
        }
    }

    /// Says to the keys of claims that they are this patient's, each once.
    pub(super) fn tell_of_claims(
        &self,
        state: &mut State,
        claims: Vec<ClaimName>,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        // What came for an identity that has gone is told by the one that stays.
        if state.merged_into().is_some() {
            return Ok(());
        }
        let by = patient(cx)?;
        for claim in claims {
            let key = claim.key(&self.site);
            if !state.claims(key, raw.received_time) {
                continue;
            }
            let raw = RawInfo { bytes: b"", ..*raw };
            let notice = Notice::Claimed {
                by,
                payer: claim.payer(),
            };
            let notice = Some(notice);
            self.emit_split(key, Split { raw, notice }.encode(), &raw, cx);
        }
        Ok(())
    }

    /// Lets go of what is over: an answer whose claim did not come is kept for a person to look at.
    pub(super) fn claims_over(
        &self,
        state: &mut State,
        at: i64,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let key = patient(cx)?;
        for split in state.end_of_claims(EventTime::from_micros(at)) {
            let split = Split::decode(&split)
                .map_err(|error| StepError::new("unreadable-split", error.to_string()))?;
            self.set_aside(key, &claim_unknown(), &split.raw, cx);
        }
        look_again(state, cx);
        Ok(())
    }
}

/// Sets the timer for when something of a claim is over next.
pub(super) fn look_again(state: &State, cx: &mut Context<'_>) {
    if let Some(at) = state.claim_is_over() {
        cx.set_timer(OVER, at.micros());
    }
}
