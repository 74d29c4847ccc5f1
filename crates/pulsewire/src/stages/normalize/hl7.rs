//! HL7 v2: whom a message is about, what it becomes for them, and what of it nothing translates.

use clinical::MessageId;
use formats::hl7v2::Message;
use journal::Record;
use mapping::identity::{self, PartsTooLong, Subjects};
use mapping::normalize::{Input as Given, RawInfo, State};
use mapping::source::Readable;
use stream::{Context, StepError};

use super::{NormalizeStage, headers};
use crate::intake::sources::Source;
use crate::stages::patient;
use crate::topics;
use crate::unmapped;

impl NormalizeStage {
    /// Finds out whom a message is about, and takes it in or sends it on to where it belongs.
    pub(super) fn message(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let source = self.sources.named(raw.source);
        let readable = source.mapping.readable(raw.bytes);
        let message = readable.message();
        let subjects = identity::subjects(&message, &source.mapping);
        if let Some(lacking) = identity::lacking(&message, &source.mapping, &subjects) {
            return Err(StepError::new(lacking.code(), lacking.to_string()));
        }
        let Some(about) = subjects.patient() else {
            return match subjects {
                Subjects::Several(_) => self.divide(&readable, source, raw, cx),
                _ => self.step(state, &Given::Nobody { raw: *raw }, cx),
            };
        };
        let key = about.key(&self.site);
        if key != raw.addressed {
            self.send_on(key, raw, cx);
            return Ok(());
        }
        let mapped = self.map(state, (&message, source, raw), cx);
        let given = match &subjects {
            Subjects::Merge { retired, .. } => Given::Merge {
                raw: *raw,
                drafts: &mapped.drafts,
                retired: retired.key(&self.site),
                identifiers: &mapped.retired_identifiers,
            },
            _ => Given::Message {
                raw: *raw,
                drafts: &mapped.drafts,
            },
        };
        if self.take_in(state, &given, cx)? {
            self.tell_unmapped(source, &mapped, &message, raw, cx);
        }
        Ok(())
    }

    fn map(
        &self,
        state: &State,
        (message, source, raw): (&Message<'_>, &Source, &RawInfo<'_>),
        cx: &Context<'_>,
    ) -> mapping::map::Mapped {
        let received = raw.received_time;
        let mut mapped = mapping::map::map(message, &source.mapping, &self.site, received);
        state.recognize(&mut mapped.drafts, &mapped.others);
        // What was known under an identity that is the same patient's keeps its id.
        for kin in patient(cx)
            .into_iter()
            .flat_map(|key| state.kin(key, raw.addressed))
        {
            let as_kin = mapping::map::map_as(message, &source.mapping, &self.site, received, kin);
            state.adopt(&mut mapped.drafts, &as_kin);
        }
        if !cx.is_repeating() {
            let fields = &self.metrics.unmapped_fields;
            let count = |segment: &str, field, _| fields.add(&source.name, (segment, field), 1);
            mapped.coverage.each_unmapped(message, count);
        }
        mapped
    }

    /// Writes down the codes that nothing translates, so that they are counted and listed wherever the journal is read.
    ///
    /// The record is nobody's: what it says is about the sender.
    fn tell_unmapped(
        &self,
        source: &Source,
        mapped: &mapping::map::Mapped,
        message: &Message<'_>,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) {
        let codes = mapped.unmapped_codes(message);
        if codes.is_empty() {
            return;
        }
        if !cx.is_repeating() {
            for code in &codes {
                let count = u64::from(code.count);
                let counts = &self.metrics.unmapped_codes;
                counts.add(&source.name, code.segment_and_field(), count);
            }
        }
        let record = Record {
            event_time: raw.message_time.micros(),
            received_time: cx.received(),
            headers: headers(raw, unmapped::CONTENT_TYPE),
            value: Some(unmapped::write(&codes).into()),
            ..Record::default()
        };
        cx.emit(topics::UNMAPPED, record);
    }

    /// Gives each patient of a message of several their own part of it.
    fn divide(
        &self,
        readable: &Readable<'_>,
        source: &Source,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let parts = identity::split(&readable.message())
            .map_err(|error| StepError::new(PartsTooLong::CODE, error.to_string()))?;
        for (number, part) in (0_u32..).zip(parts) {
            let part = readable.as_sent(part);
            let readable = source.mapping.readable(&part);
            let key = match identity::subjects(&readable.message(), &source.mapping) {
                Subjects::One(one) => one.key(&self.site),
                Subjects::Merge { survivor, .. } => survivor.key(&self.site),
                // A part that names nobody stays under the message's own key and is refused there.
                Subjects::None => raw.addressed,
                // Or it would be divided again and again.
                Subjects::Several(_) => {
                    let detail = "a part of a message of several patients names several again: have each sent in a message of its own";
                    return Err(StepError::new("several-patients", detail));
                }
            };
            let message_id = MessageId::derive(&[raw.message_id.as_bytes(), &number.to_be_bytes()]);
            let part = RawInfo {
                message_id,
                bytes: &part,
                ..*raw
            };
            self.send_on(key, &part, cx);
        }
        Ok(())
    }
}
