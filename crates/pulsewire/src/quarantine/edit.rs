//! A corrected copy of a record in quarantine: a new record beside it, with who made it; the first one stays.

use std::sync::PoisonError;

use clinical::MessageId;
use journal::{Record, TopicPartition, partition_for};
use mapping::normalize::split::Split;

use super::attempt::{self, Attempt};
use super::list::Place;
use super::original::{Original, original, quarantined};
use super::reason::{ReasonCode, Redrive};
use super::{ATTEMPT, Desk, EDITED_BY, EDITED_FROM, Error};
use crate::control::AuditTopic;
use crate::intake::accept::CONTENT_TYPE as HL7;
use crate::intake::resend::{CONTROL_KEY, MESSAGE_ID};
use crate::topics;

/// The longest text that is taken from a form.
pub(crate) const EDITED_BYTES_MAX: usize = 1 << 20;

/// What can be corrected: the text of a message, and where it would go.
pub(crate) struct Editable {
    pub(crate) text: String,
    source: String,
    content_type: String,
    bytes: Vec<u8>,
    original: Original,
}

impl Desk {
    /// Gives the text of a record in quarantine as a person can correct it; whoever asks has a permit.
    pub(crate) fn editable(&self, place: &Place) -> Result<Editable, Error> {
        let (view, copy) = quarantined(&*self.journal, place)?;
        let not = |why: &str| Error::NotEditable(why.to_owned());
        let never = ReasonCode::parse(&view.reason).filter(|known| known.redrive == Redrive::No);
        if let Some(known) = never {
            return Err(not(known.advice));
        }
        let original = original(&*self.journal, &view, copy)?.map_err(Error::NotEditable)?;
        let mut content_type = original.header("content-type");
        let mut bytes = original
            .record
            .value
            .as_deref()
            .unwrap_or_default()
            .to_vec();
        if &*original.to.topic == topics::PATIENT_SPLIT {
            // What stands for one patient of a message of several can be corrected as the message that it is.
            match Split::decode(&bytes) {
                Ok(Split { raw, notice: None }) => {
                    content_type = HL7.to_owned();
                    bytes = raw.bytes.to_vec();
                }
                _ => return Err(not("it is a record between stations, not a message")),
            }
        } else if !original.to.topic.ends_with(".received")
            && !original.to.topic.starts_with("healthcare.hl7v2.")
        {
            return Err(not(
                "it was made by a station: correct the message that it is of",
            ));
        }
        let source = original.header("source-system");
        let text = match is_hl7(&content_type) {
            true => {
                let readable = self.sources.named(&source).mapping.readable(&bytes);
                let text = String::from_utf8_lossy(readable.message().bytes()).into_owned();
                text.replace("\r\n", "\n").replace('\r', "\n")
            }
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Ok(Editable {
            text,
            source,
            content_type,
            bytes,
            original,
        })
    }

    /// Writes a corrected copy where the first one came by, as intake would have; gives the topic.
    pub(crate) fn edit(&self, place: &Place, text: &str, who: &str) -> Result<String, Error> {
        let _alone = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let partitions = self.config.journal.partitions;
        let before = attempt::all(&*self.journal, partitions)?;
        let (view, _) = quarantined(&*self.journal, place)?;
        let before = before.get(&place.to_string());
        if let Some(before) = before.filter(|before| before.settles(&view)) {
            let why = format!(
                "it was sent through again at {} by {}",
                before.at, before.who
            );
            return Err(Error::NotEditable(why));
        }
        let editable = self.editable(place)?;
        let now = self.clock.now();
        let (to, mut record) = match is_hl7(&editable.content_type) {
            true => self.message(&editable, text)?,
            false => self.other(&editable, text),
        };
        record.received_time = now.micros();
        let number = view.attempt.saturating_add(1);
        for (name, value) in [
            (EDITED_FROM, place.to_string()),
            (EDITED_BY, who.to_owned()),
            (ATTEMPT, number.to_string()),
        ] {
            record
                .headers
                .push((name.into(), value.into_bytes().into()));
        }
        let attempt = Attempt {
            quarantined: place.to_string(),
            to: format!("{}/{}", to.topic, to.partition),
            number,
            edited: true,
            who: who.to_owned(),
            at: now.to_string(),
        };
        let audit = AuditTopic {
            journal: &*self.journal,
            partitions,
        };
        audit.note(who, &format!("send a corrected copy of {place}"), now)?;
        let topic = to.topic.to_string();
        self.write((to, record), attempt.record(now, partitions))?;
        Ok(topic)
    }

    /// An HL7 v2 message as intake would keep it.
    fn message(&self, editable: &Editable, text: &str) -> Result<(TopicPartition, Record), Error> {
        let source = self.sources.named(&editable.source);
        let segments: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let mut sent = segments.join("\r").into_bytes();
        sent.push(b'\r');
        let bytes = source.mapping.readable(&editable.bytes).as_sent(sent);
        let readable = source.mapping.readable(&bytes);
        let message = readable.message();
        if let Some(issue) = message.first_error() {
            return Err(Error::NotEditable(format!(
                "no sender could send this: {issue}"
            )));
        }
        let header = message.header();
        let control = header
            .as_ref()
            .map_or(&b""[..], |header| header.control_id().raw());
        let kind = header
            .as_ref()
            .map(|header| header.message_type().into_owned());
        let id = MessageId::derive(&[
            source.name.as_bytes(),
            control,
            blake3::hash(&bytes).as_bytes(),
        ]);
        let control = self.site.unassigned(&source.name, control);
        let key = self
            .sources
            .key(&message, source, &self.site)
            .unwrap_or(control);
        let at = TopicPartition::new(
            topics::hl7(&kind.unwrap_or_default()),
            partition_for(key.as_bytes(), self.config.journal.partitions),
        );
        let now = self.clock.now().micros();
        let event_time = self.sources.time(&message, source).unwrap_or(now);
        let mut headers = named(&editable.original, id);
        headers.insert(0, ("content-type".into(), HL7.as_bytes().into()));
        headers.push((CONTROL_KEY.into(), control.to_string().into_bytes().into()));
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time,
            headers,
            value: Some(bytes.into()),
            ..Record::default()
        };
        Ok((at, record))
    }

    /// Any other content, under the key that it had: normalize finds out whose it is.
    fn other(&self, editable: &Editable, text: &str) -> (TopicPartition, Record) {
        let Original { to, record } = &editable.original;
        let bytes = text.as_bytes();
        let id = MessageId::derive(&[
            editable.source.as_bytes(),
            editable.original.header(MESSAGE_ID).as_bytes(),
            blake3::hash(bytes).as_bytes(),
        ]);
        let kept = record
            .headers
            .iter()
            .filter(|(name, _)| !OF_ITS_NAME.contains(&&**name));
        let mut headers: journal::Headers = kept.cloned().collect();
        headers.extend(named(&editable.original, id));
        let record = Record {
            headers,
            value: Some(bytes.into()),
            ..record.clone()
        };
        (to.clone(), record)
    }
}

/// What says of a record which message it is.
const OF_ITS_NAME: [&str; 3] = [MESSAGE_ID, "source-system", "traceparent"];

/// The same for a corrected copy.
fn named(original: &Original, id: MessageId) -> journal::Headers {
    let id = id.to_string();
    let span = id.get(..16).unwrap_or_default();
    let traceparent = format!("00-{id}-{span}-01");
    let source = original.header("source-system");
    [
        ("source-system", source),
        (MESSAGE_ID, id.clone()),
        ("traceparent", traceparent),
    ]
    .map(|(name, value)| (name.into(), value.into_bytes().into()))
    .into()
}

fn is_hl7(content_type: &str) -> bool {
    // A message that intake kept before it said so has none.
    content_type == HL7 || content_type.is_empty()
}
