//! Which unit a place of an export is of: beds and rooms are parts of a ward, by `Location.partOf`.

use std::collections::BTreeMap;

use clinical::{EventTime, PatientKey};
use serde_json::Value;

/// Places are no deeper within each other than this; what goes round in a circle ends here.
const DEEPEST: usize = 8;
/// What lies within a unit: codes of location-physical-type.
const WITHIN: [&str; 5] = ["bd", "ro", "ve", "ca", "rd"];

/// Places, and who was where since when.
#[derive(Debug, Default)]
pub(super) struct Places {
    known: BTreeMap<Box<str>, Place>,
    stayed: Vec<(PatientKey, EventTime, Seen)>,
}

#[derive(Debug)]
struct Place {
    name: Box<str>,
    part_of: Option<Box<str>>,
    is_within: bool,
}

/// A place as a visit names it.
#[derive(Debug)]
struct Seen {
    id: Box<str>,
    display: Box<str>,
}

impl Places {
    /// Takes in a Location.
    pub(super) fn location(&mut self, bytes: &[u8]) {
        let Ok(place) = serde_json::from_slice::<Value>(bytes) else {
            return;
        };
        let codings = place["physicalType"]["coding"].as_array();
        let mut codes = codings.into_iter().flatten();
        let known = Place {
            name: text(&place["name"]),
            part_of: place["partOf"]["reference"].as_str().map(id_of),
            is_within: codes.any(|one| WITHIN.iter().any(|code| one["code"] == **code)),
        };
        self.known.insert(text(&place["id"]), known);
    }

    /// Takes in where somebody was in a visit; a place without a time of its own is since the visit began.
    pub(super) fn visit(&mut self, patient: PatientKey, began: EventTime, bytes: &[u8]) {
        let Ok(visit) = serde_json::from_slice::<Value>(bytes) else {
            return;
        };
        for item in visit["location"].as_array().into_iter().flatten() {
            // A place that is planned or kept is none where somebody was.
            if matches!(item["status"].as_str(), Some("planned" | "reserved")) {
                continue;
            }
            let since = item["period"]["start"].as_str().and_then(EventTime::parse);
            let seen = Seen {
                id: item["location"]["reference"]
                    .as_str()
                    .map(id_of)
                    .unwrap_or_default(),
                display: text(&item["location"]["display"]),
            };
            self.stayed.push((patient, since.unwrap_or(began), seen));
        }
    }

    /// Gives who was in which unit since when.
    pub(super) fn units(&self) -> impl Iterator<Item = (PatientKey, EventTime, Box<str>)> {
        let named = self.stayed.iter();
        let named = named.map(|(who, since, seen)| (*who, *since, self.unit(seen)));
        named.filter(|(.., unit)| !unit.is_empty())
    }

    /// Goes up from a bed to the ward that it is part of; a place of which nothing is known is called as the visit calls it.
    fn unit(&self, seen: &Seen) -> Box<str> {
        let mut id = &seen.id;
        for _ in 0..DEEPEST {
            let Some(place) = self.known.get(id) else {
                break;
            };
            match &place.part_of {
                Some(above) if place.is_within && self.known.contains_key(above) => id = above,
                _ if place.name.is_empty() => break,
                _ => return place.name.clone(),
            }
        }
        seen.display
            .split(" / ")
            .next()
            .unwrap_or_default()
            .trim()
            .into()
    }
}

fn text(value: &Value) -> Box<str> {
    value.as_str().unwrap_or_default().into()
}

/// The id that a reference ends with.
fn id_of(reference: &str) -> Box<str> {
    reference
        .rsplit(['/', ':'])
        .next()
        .unwrap_or(reference)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bed_is_of_its_ward_and_a_circle_ends() {
        let mut places = Places::default();
        for (id, kind, above) in [
            ("bed", "bd", "room"),
            ("room", "ro", "ward"),
            ("ward", "wa", "wing"),
            ("x", "ro", "y"),
            ("y", "ro", "x"),
        ] {
            let place = format!(
                r#"{{"id":"{id}","name":"The {id}","physicalType":{{"coding":[{{"code":"{kind}"}}]}},"partOf":{{"reference":"Location/{above}"}}}}"#
            );
            places.location(place.as_bytes());
        }
        let at = |id: &str, more: &str| {
            format!(
                r#"{{"location":{{"reference":"Location/{id}","display":"4 West / 12"}}{more}}}"#
            )
        };
        let visit = format!(
            r#"{{"location":[{},{},{},{}]}}"#,
            at("bed", r#","status":"completed""#),
            at("none", r#","period":{"start":"2026-03-02T12:00:00Z"}"#),
            at("ward", r#","status":"planned""#),
            at("x", "")
        );
        let began = EventTime::parse("2026-03-02T08:00:00Z").unwrap();
        places.visit(PatientKey::default(), began, visit.as_bytes());
        let units: Vec<_> = places
            .units()
            .map(|(_, at, unit)| (at.to_string(), unit))
            .collect();
        let said: Vec<(&str, &str)> = units
            .iter()
            .map(|(at, unit)| (at.get(11..16).unwrap_or_default(), &**unit))
            .collect();
        assert_eq!(
            said,
            [
                ("08:00", "The ward"),
                ("12:00", "4 West"),
                ("08:00", "4 West")
            ]
        );
    }
}
