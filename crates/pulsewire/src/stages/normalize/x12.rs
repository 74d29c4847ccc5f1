//! X12 transaction sets to the claims, coverages and answers that they state.

use std::collections::BTreeSet;

use clinical::{MessageId, PatientKey};
use formats::x12::{self, Set};
use mapping::identity::Subjects;
use mapping::normalize::{Input as Given, RawInfo, State};
use mapping::x12::{Part, Refusal, answered, balance, claims, map, map_as, split, subjects};
use stream::{Context, StepError};

use super::NormalizeStage;
use crate::intake::sources::Source;
use crate::metrics::PlausibilityLabels;
use crate::stages::patient;

/// The reason code of a record that holds no transaction set, or several.
const UNREADABLE: &str = "no-transaction-set";

impl NormalizeStage {
    /// Looks whether a set adds up as a whole, which the parts of its members do not.
    pub(super) fn weigh(&self, raw: &RawInfo<'_>, cx: &Context<'_>) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let file = x12::read(raw.bytes);
        let issues: Vec<_> = file.sets().flat_map(|set| balance(&set)).collect();
        let rules: BTreeSet<_> = issues.iter().map(|issue| issue.code).collect();
        let outcome = match source.keeps_unbalanced {
            true => "quarantined",
            false => "flagged",
        };
        for rule in rules.iter().filter(|_| !cx.is_repeating()) {
            let label = PlausibilityLabels {
                source: source.name.to_string(),
                rule: rule.word(),
                outcome,
            };
            self.metrics.unbalanced.get_or_create(&label).inc();
        }
        match issues.first().filter(|_| source.keeps_unbalanced) {
            None => Ok(()),
            Some(issue) => {
                let detail = format!(
                    "segment {}: what is stated is not what the others add up to",
                    issue.segment
                );
                Err(StepError::new(issue.code.word(), detail))
            }
        }
    }

    /// Takes in a transaction set as it was sent: beside one member's it may say what is paid in all, or how a batch stands, and
    /// of several, named or not, each has a part of their own.
    pub(super) fn set_as_sent(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let file = x12::read(raw.bytes);
        let set = only(&file)?;
        let subjects = subjects(&set, &source.mapping);
        let says_more = matches!(set.kind().raw(), b"835" | b"277");
        if !matches!(subjects, Subjects::One(_)) || says_more {
            match split(&set, &source.mapping) {
                Ok(parts) if parts.len() > 1 || parts.iter().any(is_by_claim) => {
                    self.send_parts(parts, source, raw, cx);
                    return Ok(());
                }
                Err(error) if matches!(subjects, Subjects::Several(_)) => {
                    let code = error.code();
                    return Err(StepError::new(code, error.to_string()));
                }
                Ok(_) | Err(_) => {}
            }
        }
        self.set_of_one(state, &set, raw, cx)
    }

    /// Takes in a transaction set that was divided, or that another key gave on.
    pub(super) fn transaction_set(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let file = x12::read(raw.bytes);
        let set = only(&file)?;
        let source = self.sources.named(raw.source);
        match answered(&set, &source.mapping) {
            // At any other key it is back from there.
            Some(claim)
                if claim.key(&self.site) == raw.addressed && patient(cx)? == raw.addressed =>
            {
                let named = subjects(&set, &source.mapping);
                let member = named.patient().map(|member| member.key(&self.site));
                self.answer(state, (&claim, member), raw, cx)
            }
            _ => self.set_of_one(state, &set, raw, cx),
        }
    }

    /// Takes in what a set says of one member, or of nobody.
    fn set_of_one(
        &self,
        state: &mut State,
        set: &Set<'_, '_>,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let mapped = map(set, &source.mapping, &self.site, raw.received_time);
        let refused = |refusal: Refusal| StepError::new(refusal.code(), refusal.to_string());
        let mut mapped = mapped.map_err(refused)?;
        let is_of_member = mapped.subjects.patient().is_some();
        let claim = answered(set, &source.mapping).map(|claim| claim.key(&self.site));
        let is_by_claim = claim == Some(raw.addressed);
        if is_of_member && !is_by_claim {
            if mapped.key != raw.addressed {
                self.send_on(mapped.key, raw, cx);
                return Ok(());
            }
            // A family may have one number: whoever keeps the claim knows whose it is.
            if let Some(claim) = claim.filter(|claim| !state.has_claim(*claim)) {
                self.send_on(claim, raw, cx);
                return Ok(());
            }
        }
        let mut own = *raw;
        if is_of_member && is_by_claim && state.merged_into().is_none() {
            own.addressed = patient(cx)?;
        }
        let raw = &own;
        // What answers a claim was sent here by whoever knows whose claim it is, whatever number it names.
        if claim.is_some() && (is_by_claim || !is_of_member) {
            let as_known = map_as(set, &source.mapping, raw.received_time, raw.addressed);
            mapped.drafts = as_known.map_err(refused)?;
        }
        // The number that it names is another's.
        if is_by_claim && mapped.key != raw.addressed {
            mapped
                .drafts
                .retain(|draft| draft.resource_type != "Patient");
        }
        // What was known under an identity that is the same patient's keeps its id.
        for kin in state.kin(patient(cx)?, raw.addressed) {
            let as_kin = map_as(set, &source.mapping, raw.received_time, kin);
            state.adopt(&mut mapped.drafts, &as_kin.map_err(refused)?);
        }
        let given = Given::Message {
            raw: RawInfo {
                message_time: mapped.made,
                ..*raw
            },
            drafts: &mapped.drafts,
        };
        self.step(state, &given, cx)?;
        if is_of_member {
            self.tell_of_claims(state, claims(set, &source.mapping), raw, cx)?;
        }
        Ok(())
    }

    /// Gives each member of a set their own part of it.
    fn send_parts(
        &self,
        parts: Vec<Part>,
        source: &Source,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) {
        for (number, part) in (0_u32..).zip(parts) {
            let unnamed = |number: u32| {
                let own = [raw.message_id.as_bytes(), &number.to_be_bytes()[..]].concat();
                self.site.unassigned(&source.name, &own)
            };
            let key: PatientKey = match (&part.patient, &part.claim) {
                (Some(patient), _) => patient.key(&self.site),
                (None, Some(claim)) => claim.key(&self.site),
                (None, None) => unnamed(number),
            };
            let message_id = MessageId::derive(&[raw.message_id.as_bytes(), &number.to_be_bytes()]);
            let raw = RawInfo {
                message_id,
                bytes: &part.bytes,
                ..*raw
            };
            self.send_on(key, &raw, cx);
        }
    }
}

/// Whether only its claim says whose a part is.
const fn is_by_claim(part: &Part) -> bool {
    part.patient.is_none() && part.claim.is_some()
}

/// Gives the one transaction set that a record holds in its envelope.
fn only<'f, 'b>(file: &'f x12::File<'b>) -> Result<Set<'f, 'b>, StepError> {
    let mut sets = file.sets();
    match (sets.next(), sets.next()) {
        (Some(set), None) => Ok(set),
        _ => {
            let detail = "a record holds one transaction set in its envelope: keep each by itself";
            Err(StepError::new(UNREADABLE, detail))
        }
    }
}
