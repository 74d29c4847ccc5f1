//! One raw message, and what became of each of its fields.

use clinical::{PatientKey, Permit};
use formats::hl7v2;
use journal::{Record, TopicPartition};
use mapping::coverage::{Line, Outcome};
use ui::{Covered, CoveredField, CoveredSegment, Link, Message};

use crate::control::Control;
use crate::control::page::Refused;
use crate::explain;

/// What begins the name of every topic that holds raw messages.
const RAW_TOPICS: &str = "healthcare.hl7v2.";
/// So many fields are shown; the raw text shows all of them.
const FIELDS_SHOWN: usize = 5_000;

/// The page of a message by its place, `topic/partition/offset`.
pub(super) fn link(place: &str) -> Link {
    match explain::parse(place) {
        Some((at, offset)) if at.topic.starts_with(RAW_TOPICS) => Link::to(
            place,
            format!("/messages/{}:{}:{offset}", at.topic, at.partition),
        ),
        _ => Link::words(place),
    }
}

/// Whose message it is, as far as intake could tell.
pub(in crate::control) fn patient(
    control: &Control,
    id: &str,
) -> Result<Option<PatientKey>, Refused> {
    let (_, record) = find(control, id)?;
    Ok(PatientKey::from_slice(&record.key))
}

/// One message.
pub(in crate::control) fn one(
    control: &Control,
    id: &str,
    wanted: Option<Covered>,
    _permit: &Permit,
) -> Result<Message, Refused> {
    let (origin, record) = find(control, id)?;
    let reports = explain::coverage(&record, &control.sources);
    let several = reports.len() > 1;
    let mut counts = Covered::ALL.map(|covered| (covered, 0));
    let mut segments: Vec<CoveredSegment> = Vec::new();
    let lines = (1..)
        .zip(&reports)
        .flat_map(|(part, report)| report.lines.iter().map(move |line| (part, line)));
    for (part, line) in lines.take(FIELDS_SHOWN) {
        let field = field(line);
        for (_, count) in counts
            .iter_mut()
            .filter(|(known, _)| *known == field.covered)
        {
            *count += 1;
        }
        if wanted.is_some_and(|wanted| wanted != field.covered) {
            continue;
        }
        let name = line.path.split('-').next().unwrap_or_default();
        let name = if several {
            format!("{name}, patient {part}")
        } else {
            name.to_owned()
        };
        match segments.last_mut().filter(|last| last.name == name) {
            Some(segment) => segment.fields.push(field),
            None => segments.push(CoveredSegment {
                name,
                fields: vec![field],
            }),
        }
    }
    let raw = record.value.as_deref().unwrap_or_default().to_vec();
    let message = hl7v2::parse(&raw);
    let header = message.header();
    let words = |name: &str| {
        let found = record.headers.iter().find(|(known, _)| &**known == name);
        found.map_or_else(String::new, |(_, value)| {
            String::from_utf8_lossy(value).into_owned()
        })
    };
    Ok(Message {
        id: id.to_owned(),
        kind: header.map_or_else(String::new, |header| {
            format!("{}^{}", header.message_type(), header.trigger_event())
        }),
        source: words("source-system"),
        control_id: header.map_or_else(String::new, |header| {
            header.control_id().text().into_owned()
        }),
        received_us: record.received_time,
        origin,
        covered: wanted,
        counts: counts.into(),
        segments,
        raw: raw.clone(),
    })
}

fn field(line: &Line) -> CoveredField {
    let (covered, element) = match &line.outcome {
        Outcome::Mapped { element, .. } => (Covered::Mapped, element.clone()),
        Outcome::Ignored { .. } => (Covered::Ignored, String::new()),
        Outcome::Unmapped { .. } => (Covered::Unmapped, String::new()),
    };
    let why = match line.outcome.why() {
        why if why.is_empty() && covered == Covered::Unmapped => {
            "no table reads it: please tell us".to_owned()
        }
        why => why,
    };
    CoveredField {
        place: place(&line.path),
        value: line.text.clone(),
        covered,
        element,
        why,
    }
}

/// A path without the number of its segment, which the table's caption says: `PID[1]-3[2].4` is `PID-3[2].4`.
fn place(path: &str) -> String {
    match path.split_once('-') {
        Some((segment, rest)) => {
            let name = segment.split('[').next().unwrap_or_default();
            format!("{name}-{rest}")
        }
        None => path.to_owned(),
    }
}

fn find(control: &Control, id: &str) -> Result<(String, Record), Refused> {
    let missing = || Refused::missing("There is no such message, or retention has removed it.");
    let place = id.replace(':', "/");
    let (at, offset): (TopicPartition, u64) = explain::parse(&place).ok_or_else(missing)?;
    if !at.topic.starts_with(RAW_TOPICS) {
        return Err(missing());
    }
    let read = explain::read(&*control.journal, &at, offset).map_err(|error| {
        tracing::error!(%error, "a message cannot be read");
        Refused {
            status: 500,
            what: "The message cannot be read from the journal. The log says why.",
        }
    })?;
    Ok((place, read.ok_or_else(missing)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_raw_messages_have_a_page() {
        let href = |place: &str| link(place).href;
        assert_eq!(
            href("healthcare.hl7v2.oru/7/12").as_deref(),
            Some("/messages/healthcare.hl7v2.oru:7:12")
        );
        assert_eq!(href("healthcare.patient.stream/7/12"), None);
        assert_eq!(href("nowhere"), None);
    }

    #[test]
    fn a_place_is_told_beside_its_segment() {
        assert_eq!(place("PID[1]-3[2].4"), "PID-3[2].4");
        assert_eq!(place("OBX[12]-5"), "OBX-5");
    }
}
