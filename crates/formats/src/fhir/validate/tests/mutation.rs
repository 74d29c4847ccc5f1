//! A valid resource that is broken in one known way is told in the right place with the right code.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{IssueCode, validate};

/// Resources with something of everything.
fn resources() -> [Value; 4] {
    let patient = json!({
        "resourceType": "Patient", "id": "p1", "active": true,
        "identifier": [{"use": "usual", "system": "urn:oid:1.2.3", "value": "1", "assigner": {"display": "x"}}],
        "name": [{"family": "Doe", "given": ["Jane", "Q"], "period": {"start": "2001", "end": "2002-03"}}],
        "birthDate": "1970-02-28", "deceasedDateTime": "2020-01-01T10:00:00+01:00", "multipleBirthInteger": 2,
        "telecom": [{"system": "phone", "value": "1", "rank": 1}],
        "contact": [{"relationship": [{"text": "mother"}], "name": {"text": "x"}, "gender": "female"}],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}, "preferred": false}],
    });
    let observation = json!({
        "resourceType": "Observation", "status": "final", "issued": "2020-01-01T10:00:00Z",
        "category": [{"coding": [{"system": "http://a", "code": "b", "userSelected": true}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "pressure"},
        "subject": {"reference": "Patient/p1"}, "effectivePeriod": {"start": "2020-01-01", "end": "2020-01-02"},
        "component": [
            {"code": {"text": "systolic"}, "valueQuantity": {"value": 120.0, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
            {"code": {"text": "diastolic"}, "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
             "referenceRange": [{"low": {"value": 60}, "high": {"value": 90}}]},
        ],
    });
    let prescription = json!({
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "aspirin"}, "subject": {"reference": "Patient/p1"},
        "dosageInstruction": [{"sequence": 1, "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1.5, "unit": "mg"}}]}],
    });
    let bundle = json!({
        "resourceType": "Bundle", "type": "collection", "timestamp": "2020-01-01T10:00:00Z",
        "entry": [
            {"fullUrl": "http://a/Patient/p1", "resource": patient},
            {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "resource": observation},
        ],
    });
    [patient, observation, prescription, bundle]
}

/// Where a value is: as a JSON pointer, as a path, and whether it stands in an array.
#[derive(Clone, Debug)]
struct Place {
    pointer: String,
    path: String,
    in_array: bool,
}

fn places(value: &Value, place: Place, found: &mut Vec<Place>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "resourceType") {
                let pointer = format!("{}/{name}", place.pointer);
                let path = format!("{}.{name}", place.path);
                places(
                    value,
                    Place {
                        pointer,
                        path,
                        in_array: false,
                    },
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                let pointer = format!("{}/{number}", place.pointer);
                let path = format!("{}[{number}]", place.path);
                places(
                    value,
                    Place {
                        pointer,
                        path,
                        in_array: true,
                    },
                    found,
                );
            }
        }
        _ => {}
    }
    found.push(place);
}

/// A way to break a value: what becomes of it, and what is told of it where it can be broken so.
type Break = fn(&mut Value, &Place) -> Option<(IssueCode, &'static str)>;

const BREAKS: [Break; 8] = [
    |value, _| {
        value
            .as_object_mut()?
            .insert("colour".to_owned(), json!("red"));
        Some((IssueCode::Structure, ".colour"))
    },
    |value, _| {
        // Of a resource, it is missed what it is.
        let is_resource = value.as_object()?.contains_key("resourceType");
        *value = json!({});
        Some(match is_resource {
            true => (IssueCode::Required, ".resourceType"),
            false => (IssueCode::Invariant, ""),
        })
    },
    |value, _| {
        value.as_array()?;
        *value = json!([]);
        Some((IssueCode::Structure, ""))
    },
    |value, place| {
        let wraps = !place.in_array && !value.is_array();
        *value = json!([value.clone()]);
        wraps.then_some((IssueCode::Structure, ""))
    },
    |value, _| {
        *value = value.as_array()?.first()?.clone();
        Some((IssueCode::Structure, ""))
    },
    |value, place| {
        *value = Value::Null;
        (!place.in_array).then_some((IssueCode::Structure, ""))
    },
    |value, _| {
        value.as_str()?;
        *value = json!(1);
        Some((IssueCode::Value, ""))
    },
    |value, _| {
        value.as_number()?;
        *value = json!("words");
        Some((IssueCode::Value, ""))
    },
];

#[test]
fn what_is_broken_here_was_valid() {
    for resource in resources() {
        assert_eq!(validate(resource.to_string().as_bytes()), [], "{resource}");
    }
}

#[test]
fn what_is_required_is_missed() {
    for (number, at, element) in [
        (1, "", "status"),
        (1, "", "code"),
        (1, "/component/0", "code"),
        (2, "", "intent"),
        (2, "", "subject"),
        (3, "/entry/1/resource", "status"),
        (0, "/communication/0", "language"),
    ] {
        let mut resource = resources()[number].clone();
        let object = resource.pointer_mut(at).and_then(Value::as_object_mut);
        object
            .and_then(|object| object.remove(element))
            .expect("it was there");
        let issues = validate(resource.to_string().as_bytes());
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!(issues[0].code, IssueCode::Required);
        assert!(
            issues[0].path.ends_with(&format!(".{element}")),
            "{issues:?}"
        );
    }
}

proptest! {
    #[test]
    fn one_break_is_told_where_it_is(number in 0..4_usize, pick in any::<prop::sample::Index>(), way in 0..BREAKS.len()) {
        let mut resource = resources()[number].clone();
        let mut found = Vec::new();
        let path = resource["resourceType"].as_str().unwrap_or_default().to_owned();
        places(&resource, Place { pointer: String::new(), path, in_array: false }, &mut found);
        found.retain(|place| !place.pointer.is_empty());
        let place = pick.get(&found);
        let value = resource.pointer_mut(&place.pointer).expect("it is there");
        let Some((code, tail)) = BREAKS[way](value, place) else {
            return Ok(());
        };
        let issues = validate(resource.to_string().as_bytes());
        let path = format!("{}{tail}", place.path);
        let told = issues.iter().any(|issue| issue.path == path && issue.code == code);
        prop_assert!(told, "{path} {code:?} is not among {issues:?} of {resource}");
    }
}
