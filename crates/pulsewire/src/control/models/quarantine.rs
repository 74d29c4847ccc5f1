//! Quarantine: the list by reason, and one record raw and parsed side by side.

use std::collections::BTreeMap;

use clinical::Permit;
use formats::hl7v2::{self, Severity};
use journal::Record;
use ui::{ParsedField, ParsedSegment, QuarantineList, QuarantineRow, Quarantined};

use crate::control::Control;
use crate::control::page::Refused;
use crate::explain;
use crate::views::{QuarantineView, advice};

/// So many records are listed.
const LISTED: usize = 200;
/// So many fields of a segment are shown beside the raw text.
const FIELDS_SHOWN: usize = 60;

/// The list, newest first.
pub(in crate::control) fn list(control: &Control, wanted: Option<&str>) -> QuarantineList {
    let views = control.views.read();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for view in &views.quarantine {
        *counts.entry(view.reason.clone()).or_default() += 1;
    }
    let chosen = views
        .quarantine
        .iter()
        .filter(|view| wanted.is_none_or(|wanted| view.reason == wanted));
    QuarantineList {
        code: wanted.map(str::to_owned),
        counts: counts.into_iter().collect(),
        rows: chosen.take(LISTED).map(row).collect(),
        more: None,
    }
}

fn row(view: &QuarantineView) -> QuarantineRow {
    QuarantineRow {
        id: view.id(),
        received_us: view.received.micros(),
        source: view.source.clone(),
        kind: view.at.topic.trim_end_matches(".quarantine").to_owned(),
        control_id: String::new(),
        code: view.reason.clone(),
        reason: words(&view.reason),
    }
}

/// A reason code as words.
fn words(code: &str) -> String {
    let words = code.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// One record.
pub(in crate::control) fn one(
    control: &Control,
    id: &str,
    _permit: &Permit,
) -> Result<Quarantined, Refused> {
    let missing = Refused::missing("There is no such record in quarantine.");
    let view = control
        .views
        .read()
        .quarantine
        .iter()
        .find(|view| view.id() == id)
        .cloned()
        .ok_or(missing)?;
    let unreadable = || Refused {
        status: 500,
        what: "The record cannot be read from the journal. The log says why.",
    };
    let read = |at: &journal::TopicPartition, offset| {
        explain::read(&*control.journal, at, offset).map_err(|error| {
            tracing::error!(%error, "a quarantined record cannot be read");
            unreadable()
        })
    };
    let record = read(&view.at, view.offset)?;
    let raw = record.as_ref().and_then(content);
    Ok(Quarantined {
        row: with_header(row(&view), raw.as_deref()),
        detail: view.detail.clone(),
        advice: advice(&view.reason).to_owned(),
        command: None,
        origin: format!("{}/{}/{}", view.at.topic, view.at.partition, view.offset),
        raw_origin: Some(view.origin.clone()).filter(|origin| !origin.is_empty()),
        parsed: raw
            .as_deref()
            .filter(|raw| !raw.starts_with(b"{"))
            .map(parsed)
            .unwrap_or_default(),
        raw,
    })
}

/// What the message's own header says of it.
fn with_header(mut row: QuarantineRow, raw: Option<&[u8]>) -> QuarantineRow {
    let message = hl7v2::parse(raw.unwrap_or_default());
    if let Some(header) = message.header() {
        row.kind = format!("{}^{}", header.message_type(), header.trigger_event());
        row.control_id = header.control_id().text().into_owned();
    }
    row
}

fn content(record: &Record) -> Option<Vec<u8>> {
    record.value.as_deref().map(<[u8]>::to_vec)
}

fn parsed(raw: &[u8]) -> Vec<ParsedSegment> {
    let message = hl7v2::parse(raw);
    let segments = message.segments().map(|segment| {
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        let problem = |field: usize| {
            let number = u32::try_from(segment.number()).ok();
            let found = message.issues().iter().find(|issue| {
                issue.severity() == Severity::Error
                    && issue.segment == number
                    && issue.field == u32::try_from(field).ok()
            });
            found.map(ToString::to_string)
        };
        let fields =
            (1..)
                .zip(segment.fields())
                .take(FIELDS_SHOWN)
                .filter_map(|(number, field)| {
                    let problem = problem(number);
                    (!field.is_empty() || problem.is_some()).then(|| ParsedField {
                        place: format!("{name}-{number}"),
                        name: String::new(),
                        value: field.text().into_owned(),
                        problem,
                    })
                });
        let fields = fields.collect();
        ParsedSegment {
            title: String::new(),
            fields,
            name,
        }
    });
    segments.collect()
}
