//! X12 transaction sets to the claims, coverages and answers that they state.

use std::collections::BTreeSet;

use clinical::{MessageId, PatientKey};
use formats::x12::{self, Set};
use mapping::identity::Subjects;
use mapping::normalize::{Input as Given, RawInfo, State};
use mapping::x12::{Refusal, SplitError, balance, map, map_as, split, subjects};
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

    /// Takes in a transaction set as it was sent: beside one member's it may say what is paid in all, and of several who are
    /// not named each has a part of their own.
    pub(super) fn set_as_sent(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let file = x12::read(raw.bytes);
        let mut sets = file.sets();
        if let (Some(set), None) = (sets.next(), sets.next()) {
            let is_of_one = matches!(subjects(&set, &source.mapping), Subjects::One(_));
            let has_payment = set.kind().raw() == b"835";
            let is_several = || split(&set, &source.mapping).is_ok_and(|parts| parts.len() > 1);
            if (!is_of_one || has_payment) && is_several() {
                return self.divide_set(&set, source, raw, cx);
            }
        }
        self.transaction_set(state, raw, cx)
    }

    /// Takes in one transaction set: what one member's says, or for each member their own part of it.
    pub(super) fn transaction_set(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let file = x12::read(raw.bytes);
        let mut sets = file.sets();
        let (Some(set), None) = (sets.next(), sets.next()) else {
            let detail = "a record holds one transaction set in its envelope: keep each by itself";
            return Err(StepError::new(UNREADABLE, detail));
        };
        if let Subjects::Several(_) = subjects(&set, &source.mapping) {
            return self.divide_set(&set, source, raw, cx);
        }
        let mapped = map(&set, &source.mapping, &self.site, raw.received_time);
        let refused = |refusal: Refusal| StepError::new(refusal.code(), refusal.to_string());
        let mut mapped = mapped.map_err(refused)?;
        let is_of_member = mapped.subjects.patient().is_some();
        if is_of_member && mapped.key != raw.addressed {
            self.send_on(mapped.key, raw, cx);
            return Ok(());
        }
        // What was known under an identity that is the same patient's keeps its id.
        for kin in state.kin(patient(cx)?, raw.addressed) {
            let as_kin = map_as(&set, &source.mapping, raw.received_time, kin);
            state.adopt(&mut mapped.drafts, &as_kin.map_err(refused)?);
        }
        let given = Given::Message {
            raw: RawInfo {
                message_time: mapped.made,
                ..*raw
            },
            drafts: &mapped.drafts,
        };
        self.step(state, &given, cx)
    }

    /// Gives each member of a set their own part of it.
    fn divide_set(
        &self,
        set: &Set<'_, '_>,
        source: &Source,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let parts = split(set, &source.mapping).map_err(|error| {
            let code = match &error {
                SplitError::Refused(refusal) => refusal.code(),
                SplitError::TooLong(_) => mapping::identity::PartsTooLong::CODE,
            };
            StepError::new(code, error.to_string())
        })?;
        for (number, part) in (0_u32..).zip(parts) {
            let unnamed = |number: u32| {
                let own = [raw.message_id.as_bytes(), &number.to_be_bytes()[..]].concat();
                self.site.unassigned(&source.name, &own)
            };
            let key: PatientKey = match &part.patient {
                Some(patient) => patient.key(&self.site),
                None => unnamed(number),
            };
            let message_id = MessageId::derive(&[raw.message_id.as_bytes(), &number.to_be_bytes()]);
            let raw = RawInfo {
                message_id,
                bytes: &part.bytes,
                ..*raw
            };
            self.send_on(key, &raw, cx);
        }
        Ok(())
    }
}
