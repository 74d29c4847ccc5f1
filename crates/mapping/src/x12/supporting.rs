//! What a claim says beside its items: each such segment is an entry of supporting information, as it was sent.

use formats::fhir::json;
use formats::x12::Segment;

use super::member;
use super::page::{KEPT, Page, as_kept};
use super::tables;
use super::value;

/// The entries of supporting information so far.
#[derive(Debug, Default)]
pub(super) struct Supporting {
    pub(super) entries: Vec<Vec<u8>>,
}

impl Supporting {
    /// Adds a segment; gives its number for items that refer to it.
    pub(super) fn add(&mut self, page: &mut Page<'_>, segment: &Segment<'_>) -> usize {
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        let (element, kind) = tables::segment(&name);
        let qualifier = member::text(segment, 1);
        let mut timing = Vec::new();
        let mut is_day = false;
        let mut words = String::new();
        let mut quantity = Vec::new();
        match kind {
            "span" => {
                if let Some(span) = page.span(segment, "supportingInfo.timing") {
                    (timing, is_day) = span.choice();
                }
            }
            "date" => {
                let day = page.day(segment.element(2), "supportingInfo.timing");
                (timing, is_day) = (json::string(&day), true);
            }
            "amount" | "count" if segment.element(3).is_empty() => {
                let digits = page.number(segment.element(2), "supportingInfo.value");
                let unit = if kind == "amount" { "USD" } else { "" };
                quantity = value::quantity(&digits, unit);
            }
            _ => {}
        }
        if timing.is_empty() && quantity.is_empty() {
            words = String::from_utf8_lossy(segment.raw()).into_owned();
        }
        // A day, an amount or a count is all that its value has.
        let has_value = words.is_empty();
        if has_value {
            page.mark_each(segment, 1..=2, "supportingInfo");
        }
        // An entry has one value: what an amount's segment says beside it stands in an extension.
        let mut kept = Vec::new();
        if !has_value || page.has_left(segment) {
            let text = String::from_utf8_lossy(segment.raw()).into_owned();
            page.mark_all(segment, "supportingInfo");
            if quantity.is_empty() {
                words = text;
            } else {
                kept.push(text);
            }
        }
        let number = self.entries.len() + 1;
        let (category, system) = (value::concept(KEPT, &name, ""), value::system(element));
        self.entries.push(json::object(|entry| {
            entry
                .raw("extension", &as_kept(&kept))
                .integer("sequence", number as u64)
                .raw("category", &category);
            if !element.is_empty() && !qualifier.is_empty() {
                entry.raw("code", &value::concept(&system, &qualifier, ""));
            }
            let name = if is_day { "timingDate" } else { "timingPeriod" };
            entry
                .raw(name, &timing)
                .string("valueString", &words)
                .raw("valueQuantity", &quantity);
        }));
        number
    }

    /// Adds words under a code; gives their number.
    pub(super) fn add_words(&mut self, category: &[u8], code: &[u8], words: &str) -> usize {
        let number = self.entries.len() + 1;
        self.entries.push(json::object(|entry| {
            entry
                .integer("sequence", number as u64)
                .raw("category", category)
                .raw("code", code)
                .string("valueString", words);
        }));
        number
    }
}
