//! What the views find in resources.

use super::bundle::BundleView;
use super::encounter::EncounterView;
use super::observation::{ObservationView, ValueView};
use super::patient::PatientView;
use super::report::DiagnosticReportView;

#[test]
fn an_observation_shows_its_value_and_its_words() {
    let json = br#"{"resourceType":"Observation","id":"o1","status":"final",
        "code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"K"}],"text":"Potassium"},
        "effectiveDateTime":"2026-03-01T10:00:00+01:00",
        "valueQuantity":{"value":9.60,"comparator":"<","unit":"mmol/l","code":"mmol/L"},
        "interpretation":[{"coding":[{"code":"PANIC"},{"code":"HH"}],"text":"Panic"},{"text":"worse"}],
        "note":[{"text":"haemolysed"},{"text":"called \"Ann\""}]}"#;
    let view = ObservationView::read(json).unwrap();
    assert_eq!(view.resource().id().unwrap(), "o1");
    let code = view.code().unwrap();
    let codings: Vec<_> = code.codings().unwrap().map(Result::unwrap).collect();
    assert_eq!(codings[0].code, "2823-3");
    assert_eq!(code.text().unwrap(), "Potassium");
    let Some(ValueView::Quantity(quantity)) = view.value().unwrap() else {
        panic!("a quantity was sent");
    };
    assert_eq!(quantity.value.unwrap().digits(), "9.60");
    assert_eq!(quantity.unit_or_code(), "mmol/L");
    assert_eq!(quantity.comparator, "<");
    assert_eq!(view.interpretation().unwrap(), ["PANIC", "HH", "worse"]);
    let notes: Vec<_> = view.notes().map(Result::unwrap).collect();
    assert_eq!(notes, ["haemolysed", "called \"Ann\""]);
    assert_eq!(
        view.effective().unwrap().unwrap(),
        "2026-03-01T10:00:00+01:00"
    );
}

#[test]
fn a_panel_shows_its_parts() {
    let json = br#"{"component":[{"code":{"text":"a"},"valueInteger":3},{"code":{"text":"b"},"valueRange":{"low":{"value":1}}}]}"#;
    let view = ObservationView::read(json).unwrap();
    let parts: Vec<_> = view.components().map(Result::unwrap).collect();
    assert!(matches!(&parts[0].value, Some(ValueView::Integer(n)) if n.digits() == "3"));
    assert!(
        matches!(&parts[1].value, Some(ValueView::Range { low, high }) if low.value.is_some() && high.value.is_none())
    );
    assert_eq!(view.value().unwrap(), None);
}

#[test]
fn an_encounter_shows_the_active_location() {
    let json = br#"{"class":{"code":"IMP"},"period":{"start":"2026-03-01T10:00:00Z"},"location":[
        {"location":{"display":"3 East"},"status":"completed"},
        {"location":{"display":"4 West"},"status":"active"}]}"#;
    let view = EncounterView::read(json).unwrap();
    assert_eq!(view.class().unwrap().unwrap().code, "IMP");
    assert_eq!(view.current_location().unwrap().unwrap().display, "4 West");
    assert_eq!(view.period().unwrap().start, "2026-03-01T10:00:00Z");
}

#[test]
fn a_patient_is_alive_unless_said() {
    let deceased = |json: &[u8]| PatientView::read(json).unwrap().is_deceased().unwrap();
    assert!(!deceased(br"{}"));
    assert!(!deceased(br#"{"deceasedBoolean":false}"#));
    assert!(deceased(br#"{"deceasedBoolean":true}"#));
    assert!(deceased(br#"{"deceasedDateTime":"2026"}"#));
}

#[test]
fn a_bundle_shows_its_resources() {
    let json = br#"{"resourceType":"Bundle","entry":[{"fullUrl":"x"},{"resource":{"resourceType":"DiagnosticReport","id":"r","result":[{"reference":"Observation/o1"}]}}]}"#;
    let bundle = BundleView::read(json).unwrap();
    let all: Vec<_> = bundle.resources().map(Result::unwrap).collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].resource_type().unwrap(), "DiagnosticReport");
    let report = DiagnosticReportView::read(
        br#"{"code":{"text":"CBC"},"result":[{"reference":"Observation/o1"}]}"#,
    )
    .unwrap();
    assert_eq!(
        report.results().next().unwrap().unwrap().reference,
        "Observation/o1"
    );
}

#[test]
fn a_wrong_type_is_an_error_and_no_panic() {
    assert!(ObservationView::read(b"[]").is_err());
    assert!(ObservationView::read(b"{\"a\":").is_err());
    let view = ObservationView::read(br#"{"valueQuantity":3,"note":{},"interpretation":"x"}"#);
    let view = view.unwrap();
    assert!(view.value().is_err());
    assert!(view.notes().next().unwrap().is_err());
    assert!(view.interpretation().is_err());
}
