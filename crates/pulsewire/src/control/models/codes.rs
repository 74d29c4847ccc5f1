//! Codes that nothing translates, added up by source and field.

use std::collections::BTreeMap;

use clinical::MessageId;
use ui::{CodeRow, CodeTable, Shown};

use super::message;
use crate::control::Control;
use crate::unmapped::{Code, Seen, configuration};

/// The codes of a choice, the most frequent first.
pub(in crate::control) fn table(
    control: &Control,
    source: Option<&str>,
    field: Option<&str>,
    page: u64,
) -> CodeTable {
    let views = control.views.read();
    let all = views.unmapped.rows(None, None);
    let chosen = views.unmapped.rows(source, field);
    let shown = Shown::new(page, chosen.len() as u64);
    CodeTable {
        source: source.map(str::to_owned),
        field: field.map(str::to_owned),
        sources: counts(&all, |code| &code.source),
        fields: counts(&all, |code| &code.field),
        rows: shown
            .of(&chosen)
            .map(|(code, seen)| row(code, seen))
            .collect(),
        shown,
    }
}

fn counts(all: &[(&Code, &Seen)], name: impl Fn(&Code) -> &String) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
    for (code, seen) in all {
        *counts.entry(name(code)).or_default() += seen.count;
    }
    let mut counts: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| (name.clone(), count))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn row(code: &Code, seen: &Seen) -> CodeRow {
    let parts = [&code.source, &code.field, &code.system, &code.code];
    CodeRow {
        id: MessageId::derive(&parts.map(|part| part.as_bytes())).to_string(),
        source: code.source.clone(),
        field: code.field.clone(),
        system: code.system.clone(),
        code: if seen.is_text {
            String::new()
        } else {
            code.code.clone()
        },
        text: seen.text.clone(),
        count: seen.count,
        first_us: seen.first.micros(),
        last_us: seen.last.micros(),
        example: message::link(&seen.place),
        rule: (!seen.is_text).then(|| configuration(code, seen.is_text)),
    }
}
