//! Where in a message an expected value may come from: the fields that hold the same text.

use std::collections::BTreeMap;

/// So many fields are named for a value.
const FIELDS_SHOWN: usize = 4;
/// A time has at least so many digits: a year, a month and a day.
const DAY_DIGITS: usize = 8;

/// The fields of a message by their texts.
pub(super) struct Origins(BTreeMap<String, Vec<String>>);

impl Origins {
    /// Reads a message; this is a help for the eye, so escapes and character sets are left as they are.
    pub(super) fn of(message: &[u8]) -> Self {
        let text = String::from_utf8_lossy(message);
        let mut origins = Self(BTreeMap::new());
        for segment in text.split(['\r', '\n']) {
            let mut fields = segment.split('|');
            let name = fields.next().unwrap_or_default();
            let first = if name == "MSH" { 2 } else { 1 };
            for (number, field) in (first..).zip(fields) {
                if name != "MSH" || number > 2 {
                    origins.field(&format!("{name}-{number}"), field);
                }
            }
        }
        origins
    }

    fn field(&mut self, place: &str, field: &str) {
        for repetition in field.split('~') {
            let has_components = repetition.contains('^');
            for (part, component) in (1..).zip(repetition.split('^')) {
                let place = if has_components {
                    format!("{place}.{part}")
                } else {
                    place.to_owned()
                };
                let has_parts = component.contains('&');
                for (inner, leaf) in (1..).zip(component.split('&')) {
                    let place = if has_parts {
                        format!("{place}.{inner}")
                    } else {
                        place.clone()
                    };
                    self.leaf(place, leaf);
                }
            }
        }
    }

    fn leaf(&mut self, place: String, text: &str) {
        if text.is_empty() {
            return;
        }
        let places = self.0.entry(key(text)).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }

    /// Names the fields that hold a value; nothing where none does.
    pub(super) fn fields(&self, value: &str) -> String {
        let value = value.trim_matches('"');
        let value = ["urn:oid:", "urn:uuid:"]
            .iter()
            .find_map(|start| value.strip_prefix(start))
            .unwrap_or(value);
        let Some(places) = self.0.get(&key(value)) else {
            return String::new();
        };
        let shown: Vec<&str> = places
            .iter()
            .take(FIELDS_SHOWN)
            .map(String::as_str)
            .collect();
        let more = if places.len() > FIELDS_SHOWN {
            " …"
        } else {
            ""
        };
        format!("{}{more}", shown.join(" "))
    }
}

/// Makes a time in HL7 and the same in FHIR one text: its digits without the offset.
fn key(text: &str) -> String {
    let is_fhir = text.get(4..5) == Some("-") && text.get(..4).is_some_and(is_digits);
    let local = if is_fhir {
        let time = text.split_once('T').map_or("", |(_, time)| time);
        let time = time.split(['+', '-', 'Z']).next().unwrap_or_default();
        let date = text.split('T').next().unwrap_or_default();
        format!("{date}{time}").replace(['-', ':'], "")
    } else {
        let time = text.split(['+', '-']).next().unwrap_or_default();
        time.to_owned()
    };
    let digits = local.split('.').next().unwrap_or_default();
    if digits.len() >= DAY_DIGITS && is_digits(digits) {
        return local;
    }
    text.to_owned()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
