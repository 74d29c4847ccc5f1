//! A visit as it now stands, and what its messages do to it.

use clinical::{EventTime, ReceivedTime};
use formats::fhir::read::Raw;

use super::super::bytes::{Decoder, Encoder};
use super::super::splice::{as_old, without_items_of, without_members};
use super::statements::Statements;
use super::{DEFAULT, MAX_EARLIER_LOCATIONS, Snapshot};
use crate::draft::{Draft, Effect};

/// The version of stored state since which a visit keeps what was said of it.
const WITH_STATEMENTS: u8 = 4;

/// A visit, with what a cancellation brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::normalize) struct Stay {
    pub(in crate::normalize) snapshot: Snapshot,
    /// Where the patient was before, the last one last.
    earlier_locations: Vec<Box<[u8]>>,
    /// The status before the visit ended.
    status_before_end: Option<Box<[u8]>>,
    /// Who took part before that last changed.
    earlier_participants: Option<Box<[u8]>>,
    /// What was said of it lately.
    pub(super) statements: Statements,
}

impl Stay {
    pub(in crate::normalize) fn new(id: &str) -> Self {
        Self {
            snapshot: Snapshot::new(id),
            earlier_locations: Vec::new(),
            status_before_end: None,
            earlier_participants: None,
            statements: Statements::default(),
        }
    }

    /// Gives how it stands, without what was said of it.
    pub(super) fn standing(&self) -> Self {
        Self {
            snapshot: self.snapshot.clone(),
            earlier_locations: self.earlier_locations.clone(),
            status_before_end: self.status_before_end.clone(),
            earlier_participants: self.earlier_participants.clone(),
            statements: Statements::default(),
        }
    }

    /// Takes how it stands for all that was said: it was changed by something else than a statement.
    pub(in crate::normalize) fn settle(&mut self) {
        self.statements = Statements::default();
    }

    /// Takes what reached us before a time for all that was known before.
    pub(in crate::normalize) fn forget(&mut self, oldest: ReceivedTime) {
        self.statements.forget(oldest, &self.snapshot.id);
    }

    /// Rewrites every element, such as what refers to a patient that has a new key.
    pub(in crate::normalize) fn rewrite(&mut self, rewrite: impl Fn(&[u8]) -> Vec<u8>) {
        self.snapshot.rewrite(&rewrite);
        self.statements.rewrite(&self.snapshot.id, &rewrite);
    }

    /// Takes over what a message says and does, after all that was said before.
    pub(super) fn apply(&mut self, draft: &Draft, said: EventTime) {
        let before = |name| self.snapshot.get(name).map(Box::<[u8]>::from);
        let (location, status) = (before("location"), before("status"));
        let participants = before("participant");
        let participants_said = self.snapshot.said("participant").unwrap_or(DEFAULT);
        let location_said = self.snapshot.said("location").unwrap_or(DEFAULT);
        let status_said = self.snapshot.said("status").unwrap_or(DEFAULT);
        let had_end = self.has_end();
        self.snapshot.apply(draft, said);
        if said < status_said && !had_end {
            self.stay_open(said);
        }
        match draft.effect {
            Effect::State | Effect::Whole | Effect::Mention | Effect::CancelLeave => {
                self.keep_what_was(location, status, participants);
            }
            Effect::CancelPlan => self.cancel_plan(status, said),
            Effect::CancelPlannedTransfer if said >= location_said => {
                let location = self.snapshot.get("location").unwrap_or_default();
                let kept = without_items_of(location, "status", b"\"planned\"");
                self.snapshot.set("location", &kept, said);
            }
            Effect::CancelAttending if said >= participants_said => {
                self.attend_again(participants, said);
            }
            Effect::CancelAdmit if said >= status_said => {
                self.snapshot.set("status", b"\"cancelled\"", said);
            }
            Effect::CancelTransfer if said >= location_said => self.go_back(location, said),
            Effect::CancelDischarge if said >= status_said => self.go_on(said),
            Effect::Delete => {
                self.snapshot.set("status", b"\"entered-in-error\"", said);
            }
            // A cancellation that is older than what was said since cancels nothing.
            Effect::CancelAdmit
            | Effect::CancelTransfer
            | Effect::CancelPlannedTransfer
            | Effect::CancelDischarge
            | Effect::CancelAttending => {}
            // Said of persons, and of visits that are no longer here.
            Effect::Link
            | Effect::Unlink
            | Effect::Superseded
            | Effect::Moved
            | Effect::TakeBack => {}
        }
    }

    pub(in crate::normalize) fn encode(&self, out: &mut Encoder) {
        self.encode_standing(out);
        self.statements.encode(out);
    }

    pub(in crate::normalize) fn decode(fields: &mut Decoder<'_>, version: u8) -> Option<Self> {
        let mut read = Self::decode_standing(fields, version)?;
        if version >= WITH_STATEMENTS {
            read.statements = Statements::decode(fields, &read.snapshot.id, version)?;
        }
        Some(read)
    }

    /// Writes how it stands.
    pub(super) fn encode_standing(&self, out: &mut Encoder) {
        self.snapshot.encode(out);
        out.count(self.earlier_locations.len());
        for location in &self.earlier_locations {
            out.bytes(location);
        }
        out.bytes(self.status_before_end.as_deref().unwrap_or_default());
        out.bytes(self.earlier_participants.as_deref().unwrap_or_default());
    }

    pub(super) fn decode_standing(fields: &mut Decoder<'_>, version: u8) -> Option<Self> {
        let valued = |bytes: &[u8]| Some(bytes).filter(|b| !b.is_empty()).map(Box::from);
        Some(Self {
            snapshot: Snapshot::decode(fields)?,
            earlier_locations: fields.list(|f| f.bytes().map(Box::from))?,
            status_before_end: valued(fields.bytes()?),
            earlier_participants: match version {
                0 | 1 => None,
                _ => valued(fields.bytes()?),
            },
            statements: Statements::default(),
        })
    }

    /// Takes over what another number's visit knew, which is this one; what this one said itself stands.
    pub(in crate::normalize) fn absorb(&mut self, other: &Self) {
        self.follow(other);
        let identifiers = other.snapshot.get("identifier").unwrap_or_default();
        // One that moved whole keeps its number; one that got another has the earlier one as an old one.
        let keeps = self.snapshot.get("identifier").is_none();
        if keeps && let Some(said) = other.snapshot.said("identifier") {
            self.snapshot.set("identifier", identifiers, said);
        }
        let identifiers = as_old(if keeps { b"" } else { identifiers });
        let had_end = self.has_end();
        self.snapshot.absorb_stay(&other.snapshot);
        if !had_end {
            self.stay_open(DEFAULT);
        }
        self.snapshot.add_old(&identifiers);
        if self.earlier_locations.is_empty() {
            self.earlier_locations.clone_from(&other.earlier_locations);
        }
        let fill = |own: &mut Option<Box<[u8]>>, other: &Option<Box<[u8]>>| {
            if own.is_none() {
                own.clone_from(other);
            }
        };
        fill(&mut self.status_before_end, &other.status_before_end);
        fill(&mut self.earlier_participants, &other.earlier_participants);
    }

    fn keep_what_was(
        &mut self,
        location: Option<Box<[u8]>>,
        status: Option<Box<[u8]>>,
        participants: Option<Box<[u8]>>,
    ) {
        if participants.is_some() && self.snapshot.get("participant") != participants.as_deref() {
            self.earlier_participants = participants;
        }
        if let Some(location) = location
            && self.snapshot.get("location") != Some(&location)
        {
            self.earlier_locations.push(location);
            let over = self
                .earlier_locations
                .len()
                .saturating_sub(MAX_EARLIER_LOCATIONS);
            self.earlier_locations.drain(..over);
        }
        let ended = self.snapshot.get("status") == Some(b"\"finished\"");
        if ended && status.as_deref() != Some(b"\"finished\"") {
            self.status_before_end = status;
        }
    }

    /// Cancels a visit that has not begun; one that has goes on as it was.
    fn cancel_plan(&mut self, status: Option<Box<[u8]>>, said: EventTime) {
        let begun = status.filter(|status| {
            !matches!(
                &**status,
                b"\"planned\"" | b"\"unknown\"" | b"\"cancelled\""
            )
        });
        if let Some(status) = begun {
            self.snapshot.set("status", &status, said);
        }
    }

    /// Brings back who attended before, unless the message names others.
    fn attend_again(&mut self, cancelled: Option<Box<[u8]>>, said: EventTime) {
        let earlier = self.earlier_participants.take();
        if self.snapshot.get("participant") == cancelled.as_deref()
            && let Some(earlier) = earlier
        {
            self.snapshot.set("participant", &earlier, said);
        }
    }

    /// Brings back the location before a transfer that is cancelled, unless the message names another.
    fn go_back(&mut self, cancelled: Option<Box<[u8]>>, said: EventTime) {
        let earlier = self.earlier_locations.pop();
        let named = self.snapshot.get("location").map(Box::<[u8]>::from);
        if named == cancelled
            && let Some(earlier) = earlier
        {
            self.snapshot.set("location", &earlier, said);
        }
    }

    fn has_end(&self) -> bool {
        let period = self.snapshot.get("period").unwrap_or_default();
        Raw::read(period).is_ok_and(|period| matches!(period.get("end"), Ok(Some(_))))
    }

    /// An older message gives no end to a visit that is said to go on since.
    fn stay_open(&mut self, said: EventTime) {
        let goes_on = self.snapshot.get("status") == Some(b"\"in-progress\"");
        if goes_on && self.has_end() {
            let period = self.snapshot.get("period").unwrap_or_default();
            let open = without_members(period, &["end"]);
            self.snapshot.force("period", &open, said);
        }
    }

    /// Takes back the end of a visit.
    fn go_on(&mut self, said: EventTime) {
        let status = self.status_before_end.take();
        let status = status.as_deref().unwrap_or(b"\"in-progress\"");
        self.snapshot.set("status", status, said);
        self.snapshot.remove_parts("period", &["end"], said);
        let discharge = ["destination", "dischargeDisposition"];
        self.snapshot
            .remove_parts("hospitalization", &discharge, said);
    }
}
