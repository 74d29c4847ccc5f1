//! Quarantine: the list by reason, and one record raw and parsed side by side.

use std::collections::BTreeMap;

use clinical::{Permit, ReceivedTime};
use formats::hl7v2::{self, Severity};
use journal::Record;
use ui::{
    AttemptRow, Link, ParsedField, ParsedSegment, QuarantineForms, QuarantineList, QuarantineRow,
    Quarantined, Shown,
};

use crate::control::Control;
use crate::control::page::Refused;
use crate::explain;
use crate::quarantine::attempt::{Attempt, unusable_as_it_is};
use crate::quarantine::list::Place;
use crate::quarantine::reason::{ReasonCode, Redrive, advice};
use crate::views::{QuarantineView, Views};

/// So many fields of a segment are shown beside the raw text.
const FIELDS_SHOWN: usize = 60;
/// So many earlier attempts are shown.
const ATTEMPTS_SHOWN: usize = 20;

/// The list, newest first.
pub(in crate::control) fn list(
    control: &Control,
    wanted: Option<&str>,
    source: Option<&str>,
    page: u64,
) -> QuarantineList {
    let views = control.views.read();
    let count = |of: &dyn Fn(&QuarantineView) -> &String| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for view in &views.quarantine {
            *counts.entry(of(view).clone()).or_default() += 1;
        }
        counts.into_iter().collect()
    };
    let chosen = views.quarantine.iter().filter(|view| {
        wanted.is_none_or(|wanted| view.reason == wanted)
            && source.is_none_or(|source| view.source == source)
    });
    let chosen: Vec<_> = chosen.collect();
    let shown = Shown::new(page, chosen.len() as u64);
    QuarantineList {
        code: wanted.map(str::to_owned),
        counts: count(&|view| &view.reason),
        source: source.map(str::to_owned),
        sources: count(&|view| &view.source),
        rows: shown.of(chosen).map(|view| row(view, &views)).collect(),
        shown,
    }
}

fn row(view: &QuarantineView, views: &Views) -> QuarantineRow {
    QuarantineRow {
        id: view.id(),
        received_us: view.received.micros(),
        source: view.source.clone(),
        kind: view.at.topic.trim_end_matches(".quarantine").to_owned(),
        control_id: String::new(),
        code: view.reason.clone(),
        reason: words(&view.reason),
        redriven: views.is_settled(view),
    }
}

/// A reason as words.
fn words(code: &str) -> String {
    let known = ReasonCode::parse(code).map(|known| known.what.to_owned());
    let words = known.unwrap_or_else(|| code.replace('-', " "));
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
    let (view, row, attempts) = {
        let views = control.views.read();
        let view = views.quarantine.iter().find(|view| view.id() == id);
        let view = view
            .cloned()
            .ok_or(Refused::missing("There is no such record in quarantine."))?;
        let (row, attempts) = (row(&view, &views), attempts(&view, &views));
        (view, row, attempts)
    };
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
    let forms = forms(control, &view, row.redriven);
    Ok(Quarantined {
        row: with_header(row, raw.as_deref()),
        detail: view.detail.clone(),
        advice: advice(&view.reason).to_owned(),
        command: forms
            .as_ref()
            .filter(|forms| forms.redrive)
            .map(|_| format!("pulsewire redrive --at {}", view.place())),
        origin: view.place().to_string(),
        raw_origin: Some(view.origin.clone()).filter(|origin| !origin.is_empty()),
        parsed: raw.as_deref().map(parsed).unwrap_or_default(),
        raw,
        attempts,
        forms,
    })
}

/// What can be done with it: nothing more once it was sent through again and could be used.
fn forms(control: &Control, view: &QuarantineView, redriven: bool) -> Option<QuarantineForms> {
    let known = ReasonCode::parse(&view.reason).map_or(Redrive::Yes, |known| known.redrive);
    if redriven || known == Redrive::No || Place::parse(&view.origin).is_none() {
        return None;
    }
    let editable = control.desk.editable(&view.place());
    Some(QuarantineForms {
        redrive: unusable_as_it_is(view).is_none(),
        text: editable.ok().map(|editable| editable.text),
    })
}

/// How often it was sent through again: what led to it, first time first, and what it led to.
fn attempts(view: &QuarantineView, views: &Views) -> Vec<AttemptRow> {
    let mut rows = Vec::new();
    let mut before = view.before().to_owned();
    let mut result = Link::words("failed again: this record");
    while let Some(attempt) = views.redriven.get(&before)
        && rows.len() < ATTEMPTS_SHOWN
    {
        rows.push(attempt_row(attempt, result));
        let id = before.replace('/', ":");
        result = Link::to("failed again", format!("/quarantine/{id}"));
        let earlier = views.quarantine.iter().find(|other| other.id() == id);
        before = earlier.map_or_else(String::new, |earlier| earlier.before().to_owned());
    }
    rows.reverse();
    let place = view.place().to_string();
    if let Some(attempt) = views.redriven.get(&place) {
        let after = views
            .quarantine
            .iter()
            .find(|other| other.before() == place);
        let result = after.map_or_else(
            || match attempt.settles(view) {
                true => Link::words("not in quarantine again"),
                false => Link::words("it changed nothing"),
            },
            |after| Link::to("failed again", format!("/quarantine/{}", after.id())),
        );
        rows.push(attempt_row(attempt, result));
    }
    rows
}

fn attempt_row(attempt: &Attempt, result: Link) -> AttemptRow {
    let at = ReceivedTime::parse(&attempt.at);
    AttemptRow {
        at_us: at.map_or(0, ReceivedTime::micros),
        who: attempt.who.clone(),
        what: match attempt.edited {
            true => "a corrected copy".to_owned(),
            false => "as it was".to_owned(),
        },
        result,
    }
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

/// What can be read of it: the fields of segments, or the elements of a resource.
fn parsed(raw: &[u8]) -> Vec<ParsedSegment> {
    if raw.starts_with(b"{") {
        return resource(raw).into_iter().collect();
    }
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

fn resource(raw: &[u8]) -> Option<ParsedSegment> {
    let resource: serde_json::Value = serde_json::from_slice(raw).ok()?;
    let elements = resource.as_object()?;
    let fields = elements.iter().take(FIELDS_SHOWN);
    let field = |(name, value): (&String, &serde_json::Value)| ParsedField {
        place: name.clone(),
        name: String::new(),
        value: value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
        problem: None,
    };
    Some(ParsedSegment {
        name: resource["resourceType"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        title: String::new(),
        fields: fields.map(field).collect(),
    })
}
