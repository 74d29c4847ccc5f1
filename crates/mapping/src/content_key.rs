//! By what the same result is known again, whichever way it came: HL7 v2, FHIR, a device or a file.

use clinical::plausible::analyte;
use clinical::unit::{Unit, in_base_unit, measured};
use clinical::{Code, EventId, EventTime, Observation, Quantity, System, Value};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::ResourceView;
use formats::fhir::view::observation::ObservationView;

use crate::event::observation_of;
use crate::fhir::is_understood;

/// What a resource says, as far as two ways would say it alike.
///
/// Of an Observation: what was observed, when that was true, the value and the parts. The time is that of the specimen where there
/// is one, since that is when a result is true. Of a report or an order: the identifiers that its source gave it. The status is no
/// part of it: the same result is first preliminary and then final. Whose it is, is none either.
///
/// There is none where the resource does not say enough (no value, no moment, no identifier), or is not understood.
pub fn content_key(resource: &[u8]) -> Option<[u8; 16]> {
    if !is_understood(resource) {
        return None;
    }
    let view = ResourceView::read(resource).ok()?;
    let kind = view.resource_type().ok()?;
    let mut words = match kind.as_ref() {
        "Observation" => of_observation(view).ok()??,
        "DiagnosticReport" | "ServiceRequest" => of_identifiers(&view).ok()??,
        _ => return None,
    };
    words.insert(0, kind.into_owned());
    let parts: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
    Some(*EventId::derive(&parts).as_bytes())
}

fn of_observation(view: ResourceView<'_>) -> Result<Option<Vec<String>>, Malformed> {
    let view = ObservationView::of(view);
    let effective = view.effective()?;
    // A date alone is no moment: two results of one day would be taken for one.
    let Some(at) = effective.as_deref().and_then(EventTime::parse) else {
        return Ok(None);
    };
    let observation = observation_of(view)?;
    if observation.value.is_none() && observation.components.is_empty() {
        return Ok(None);
    }
    Ok(Some(words_of(&observation, at)))
}

fn words_of(observation: &Observation, at: EventTime) -> Vec<String> {
    let mut words = vec![at.micros().to_string(), concept(&observation.codes)];
    let whole = observation.value.as_ref();
    words.push(
        whole
            .map(|whole| value(whole, &observation.codes))
            .unwrap_or_default(),
    );
    let parts = observation.components.iter();
    let mut parts: Vec<String> = parts
        .map(|(codes, part)| format!("{}={}", concept(codes), value(part, codes)))
        .collect();
    parts.sort_unstable();
    words.extend(parts);
    words
}

/// Writes a concept by its standard codes; where it has none, by all that it has.
fn concept(codes: &[Code]) -> String {
    let of = |system: &System| {
        let codes = codes.iter().filter(|code| code.system == *system);
        codes.collect::<Vec<_>>()
    };
    let standard = [System::Loinc, System::Snomed, System::RxNorm];
    let chosen = standard.iter().map(of).find(|codes| !codes.is_empty());
    let chosen = chosen.unwrap_or_else(|| codes.iter().collect());
    let mut words: Vec<String> = chosen
        .into_iter()
        .map(|code| match &*code.code {
            "" => code.display.trim().to_lowercase(),
            known => format!("{}|{known}", code.system.uri()),
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

fn value(value: &Value, of: &[Code]) -> String {
    match value {
        Value::Quantity(quantity) => amount(quantity, of),
        Value::Coded(codes) => concept(codes),
        // One way sends `>500` as words, the other as a bound.
        Value::Text(text) => Quantity::parse(text)
            .map_or_else(|| text.trim().to_owned(), |quantity| amount(&quantity, of)),
    }
}

/// Writes an amount without the zeros behind it, in the unit in which all of its dimension are compared where its own is known.
fn amount(quantity: &Quantity, of: &[Code]) -> String {
    let sign = quantity.comparator.map_or("", clinical::Comparator::code);
    let (value, unit) = match measured(quantity.value, &quantity.unit) {
        Ok((value, unit)) => {
            let (value, unit) = in_base_unit(value, unit, analyte(of));
            (value, unit.code())
        }
        Err(_) => (quantity.value, quantity.unit.trim()),
    };
    // A ratio, a pH or a score has no unit, or the one that says so.
    let unit = if unit == Unit::One.code() { "" } else { unit };
    format!("{sign}{} {unit}", value.normalize())
}

fn of_identifiers(view: &ResourceView<'_>) -> Result<Option<Vec<String>>, Malformed> {
    let mut words = Vec::new();
    for item in view.get("identifier").into_iter().flat_map(Raw::items) {
        let item = item?;
        let text = |name| item.get(name)?.map(Raw::text).transpose();
        let Some(value) = text("value")? else {
            continue;
        };
        let system = text("system")?.unwrap_or_default();
        words.push(format!("{system}|{value}"));
    }
    words.sort_unstable();
    words.dedup();
    Ok((!words.is_empty()).then_some(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POTASSIUM: &str = r#"{"resourceType":"Observation","id":"o1","status":"final",
        "code":{"coding":[{"system":"http://loinc.org","code":"2823-3"},{"system":"urn:lab","code":"K"}]},
        "effectiveDateTime":"2026-03-01T10:00:00+01:00",
        "valueQuantity":{"value":9.60,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}}"#;

    fn of(from: &str, to: &str) -> Option<[u8; 16]> {
        assert!(POTASSIUM.contains(from), "{from}");
        content_key(POTASSIUM.replace(from, to).as_bytes())
    }

    #[test]
    fn the_same_said_otherwise_has_the_same_key() {
        let known = content_key(POTASSIUM.as_bytes());
        assert!(known.is_some());
        for (from, to) in [
            ("9.60", "9.6"),
            ("10:00:00+01:00", "09:00:00Z"),
            (r#""o1""#, r#""other""#),
            ("final", "preliminary"),
            (r#","code":"mmol/L""#, ""),
            ("urn:lab", "urn:other"),
        ] {
            assert_eq!(of(from, to), known, "{from} → {to}");
        }
    }

    #[test]
    fn the_same_amount_in_another_unit_has_the_same_key() {
        let amount = |value: &str, unit: &str| {
            format!(r#""valueQuantity":{{"value":{value},"unit":"{unit}"}}"#)
        };
        let of_potassium = r#""valueQuantity":{"value":9.60,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}"#;
        for (code, one, other) in [
            ("2823-3", ("5.1", "mmol/L"), ("5100", "umol/L")),
            ("2823-3", ("5.1", "mmol/L"), ("5.10", "mEq/L")),
            ("718-7", ("14", "g/dL"), ("140", "g/L")),
            ("718-7", ("14", "g/dL"), ("14000.0", "mg/dL")),
            ("6690-2", ("12.5", "10*3/uL"), ("12500", "/uL")),
            ("8310-5", ("38", "Cel"), ("100.4", "[degF]")),
            ("no-such", ("40", "ng/L"), ("0.04", "ug/L")),
        ] {
            let key = |(value, unit)| {
                let said = POTASSIUM.replace("2823-3", code);
                let said = said.replace(of_potassium, &amount(value, unit));
                content_key(said.as_bytes()).unwrap()
            };
            assert_eq!(key(one), key(other), "{one:?} {other:?}");
            assert_ne!(key(one), key((one.0, "mg/L")), "{one:?} {other:?}");
        }
        let bound = of(of_potassium, r#""valueString":"> 9600 umol/L""#);
        assert_eq!(bound, of(of_potassium, r#""valueString":">9.6 mmol/L""#));
    }

    #[test]
    fn whatever_a_clinician_would_tell_apart_has_another_key() {
        let known = content_key(POTASSIUM.as_bytes());
        for (from, to) in [
            ("9.60", "9.61"),
            ("10:00:00+01:00", "10:00:00Z"),
            ("2823-3", "2951-2"),
            (r#""code":"mmol/L""#, r#""code":"mg/dL""#),
            ("9.60", r#"9.60,"comparator":"<""#),
        ] {
            let other = of(from, to);
            assert!(other.is_some() && other != known, "{from} → {to}");
        }
    }

    #[test]
    fn what_does_not_say_enough_has_none() {
        assert_eq!(of("2026-03-01T10:00:00+01:00", "2026-03-01"), None);
        assert_eq!(of("valueQuantity", "referenceRange"), None);
        assert_eq!(of("Observation", "Specimen"), None);
        assert_eq!(content_key(b"{"), None);
        let report = r#"{"resourceType":"DiagnosticReport","id":"r1"}"#;
        assert_eq!(content_key(report.as_bytes()), None);
    }

    #[test]
    fn parts_and_identifiers_come_in_any_order() {
        let part = |code: &str, value: &str| {
            format!(
                r#"{{"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"valueQuantity":{{"value":{value},"unit":"mmHg"}}}}"#
            )
        };
        let pressure = |parts: [String; 2]| {
            let json = format!(
                r#"{{"resourceType":"Observation","code":{{"text":"BP"}},"effectiveDateTime":"2026-03-01T09:00:00Z","component":[{}]}}"#,
                parts.join(",")
            );
            content_key(json.as_bytes()).unwrap()
        };
        let (high, low) = (part("8480-6", "120"), part("8462-4", "80"));
        let bracketed = high.replace("mmHg", "mm[Hg]");
        let known = pressure([high, low.clone()]);
        assert_eq!(known, pressure([low.clone(), bracketed]));
        assert_ne!(known, pressure([low, part("8480-6", "121")]));
        let report = |identifiers: &str| {
            let json =
                format!(r#"{{"resourceType":"DiagnosticReport","identifier":[{identifiers}]}}"#);
            content_key(json.as_bytes())
        };
        let (a, b) = (
            r#"{"system":"s","value":"1"}"#,
            r#"{"value":"2","use":"old"}"#,
        );
        assert_eq!(report(&format!("{a},{b}")), report(&format!("{b},{a}")));
        assert_ne!(report(a), report(b));
    }

    #[test]
    fn words_that_are_a_bound_are_the_bound() {
        let quantity = r#""valueQuantity":{"value":9.60,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}"#;
        let bound = r#""valueQuantity":{"value":9.60,"comparator":">","unit":"mmol/L"}"#;
        let words = r#""valueString":"> 9.6 mmol/l""#;
        assert_eq!(of(quantity, bound), of(quantity, words));
        assert_ne!(
            of(quantity, words),
            of(quantity, r#""valueString":"9.6 mmol/l""#)
        );
    }
}
