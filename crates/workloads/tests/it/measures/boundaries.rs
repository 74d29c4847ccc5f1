//! Each threshold of the measures at, below and above it.

use serde_json::Value;
use workloads::measures::{Measure, MeasureState, MeasurementPeriod, Measures, MeasuresConfig};

use super::made::{change, condition, given, patient, pressure, procedure, result, sets, visit};

/// Says whether a patient is in the initial population, excluded, and in the numerator in 2025.
pub(crate) fn found(measure: Measure, resources: &[Value]) -> (bool, bool, bool) {
    let measures = Measures::new(MeasuresConfig::default(), &sets());
    let mut state = MeasureState::default();
    for (received, resource) in (1..).zip(resources) {
        let taken = measures.take(&mut state, change(resource, received));
        assert!(taken.is_ok());
    }
    let year = MeasurementPeriod::of_year(2025, 0).expect("there is such a year");
    let counted = measure.evaluate(&state, year).populations();
    (
        counted.initial_population > 0,
        counted.denominator_exclusion > 0,
        counted.numerator > 0,
    )
}

pub(crate) fn office() -> Value {
    visit(
        "v",
        "office",
        "2025-03-01T09:00:00Z",
        "2025-03-01T09:20:00Z",
    )
}

#[test]
fn ages_are_counted_at_the_end_of_the_year() {
    for (measure, born, gender, wanted) in [
        (Measure::Cms125, "1974-01-01", "female", false),
        (Measure::Cms125, "1973-12-31", "female", true),
        (Measure::Cms125, "1951-01-01", "female", true),
        (Measure::Cms125, "1950-12-31", "female", false),
        (Measure::Cms125, "1973-12-31", "male", false),
        (Measure::Cms130, "1980-01-01", "male", false),
        (Measure::Cms130, "1979-12-31", "male", true),
        (Measure::Cms130, "1950-01-01", "male", true),
        (Measure::Cms130, "1949-12-31", "male", false),
    ] {
        let found = found(measure, &[patient(born, gender), office()]);
        assert_eq!(found.0, wanted, "{} {born} {gender}", measure.word());
    }
}

#[test]
fn a_screening_counts_as_long_as_the_measure_says() {
    let mut mammogram = result("m", "mammogram", "2023-10-01T00:00:00Z", "1", "%");
    let ann = [patient("1965-05-05", "female"), office()];
    for (at, wanted) in [
        ("2023-09-30T23:59:59Z", false),
        ("2023-10-01T00:00:00Z", true),
        ("2025-12-31T23:59:59Z", true),
        ("2026-01-01T00:00:00Z", false),
    ] {
        mammogram["effectiveDateTime"] = at.into();
        let with = [ann.as_slice(), &[mammogram.clone()]].concat();
        assert_eq!(found(Measure::Cms125, &with).2, wanted, "{at}");
    }
    for (what, at, wanted) in [
        ("colonoscopy", "2015-12-31", false),
        ("colonoscopy", "2016-01-01", true),
        ("colonoscopy", "2025-12-31", true),
        ("colonoscopy", "2026-01-01", false),
    ] {
        let with = [ann.as_slice(), &[procedure("c", what, at)]].concat();
        assert_eq!(found(Measure::Cms130, &with).2, wanted, "{what} {at}");
    }
}

#[test]
fn the_lowest_pressures_of_the_last_day_count_though_of_different_readings() {
    let ann = [
        patient("1965-05-05", "female"),
        office(),
        condition("h", "hypertension", "2025-06-30T23:59:59Z"),
    ];
    let with = |readings: &[(&str, u32, u32)]| {
        let made = readings.iter().enumerate();
        let made = made.map(|(place, (at, systolic, diastolic))| {
            pressure(&format!("b{place}"), at, *systolic, *diastolic)
        });
        let all: Vec<Value> = ann.iter().cloned().chain(made).collect();
        found(Measure::Cms165, &all)
    };
    let (morning, evening) = ("2025-11-01T08:00:00Z", "2025-11-01T20:00:00Z");
    assert_eq!(with(&[]), (true, false, false));
    assert!(with(&[(morning, 139, 89)]).2);
    assert!(!with(&[(morning, 140, 89)]).2);
    assert!(!with(&[(morning, 139, 90)]).2);
    assert!(with(&[(morning, 150, 89), (evening, 139, 99)]).2);
    assert!(!with(&[(morning, 120, 70), ("2025-11-02T08:00:00Z", 140, 70)]).2);
    let mut july = ann.to_vec();
    july[2] = condition("h", "hypertension", "2025-07-01T00:00:00Z");
    assert!(!found(Measure::Cms165, &july).0);
}

#[test]
fn parts_of_a_pressure_count_though_each_is_a_result_of_its_own() {
    let part = |code: &str, value: u32, at: &str| {
        serde_json::json!({"resourceType": "Observation", "id": format!("{code}-{value}"), "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "effectiveDateTime": at, "valueQuantity": {"value": value, "code": "mm[Hg]"}})
    };
    let with = |readings: &[(&str, u32, &str)]| {
        let parts = readings
            .iter()
            .map(|(code, value, at)| part(code, *value, at));
        let mut all = vec![
            patient("1965-05-05", "female"),
            office(),
            condition("h", "hypertension", "2020"),
        ];
        all.extend(parts);
        found(Measure::Cms165, &all).2
    };
    let (systolic, diastolic) = ("8480-6", "8462-4");
    let (day, later) = ("2025-11-01T08:00:00Z", "2025-11-02T08:00:00Z");
    assert!(with(&[(systolic, 139, day), (diastolic, 89, day)]));
    assert!(!with(&[(systolic, 140, day), (diastolic, 89, day)]));
    assert!(!with(&[(systolic, 139, day), (diastolic, 90, day)]));
    assert!(with(&[
        (systolic, 150, day),
        (systolic, 138, day),
        (diastolic, 80, day)
    ]));
    let half = [
        (systolic, 120, day),
        (diastolic, 70, day),
        (systolic, 120, later),
    ];
    assert!(!with(&half), "half a pressure decides nothing");
}

#[test]
fn a_pressure_of_acute_care_does_not_count() {
    let mut stay = visit("s", "other", "2025-11-01T00:00:00Z", "2025-11-02T00:00:00Z");
    let mut reading = pressure("b", "2025-11-01T08:00:00Z", 120, 70);
    reading["encounter"] = serde_json::json!({"reference": "Encounter/s"});
    for (class, wanted) in [
        ("AMB", true),
        ("EMER", false),
        ("IMP", false),
        ("SS", false),
    ] {
        stay["class"]["code"] = class.into();
        let all = [
            patient("1965-05-05", "female"),
            office(),
            condition("h", "hypertension", "2020"),
            stay.clone(),
            reading.clone(),
        ];
        assert_eq!(found(Measure::Cms165, &all).2, wanted, "{class}");
    }
}

#[test]
fn nine_percent_is_not_poor_and_no_result_is() {
    let ann = [
        patient("1965-05-05", "female"),
        office(),
        condition("d", "diabetes", "2020"),
    ];
    for (value, unit, wanted) in [
        ("9.0", "%", false),
        ("9.1", "%", true),
        ("74.9", "mmol/mol", true),
        ("74.8", "mmol/mol", false),
    ] {
        let reading = result("a", "a1c", "2025-05-01T08:00:00Z", value, unit);
        let all = [ann.as_slice(), &[reading]].concat();
        assert_eq!(found(Measure::Cms122, &all).2, wanted, "{value} {unit}");
    }
    let mut empty = result("b", "a1c", "2025-05-01T20:00:00Z", "7", "%");
    empty["valueQuantity"] = Value::Null;
    let low = result("a", "a1c", "2025-05-01T08:00:00Z", "7", "%");
    empty
        .as_object_mut()
        .map(|members| members.remove("valueQuantity"));
    let all = [ann.as_slice(), &[low, empty]].concat();
    assert!(
        found(Measure::Cms122, &all).2,
        "one without a value is lowest"
    );
}

#[test]
fn severe_hypoglycemia_is_below_40_within_a_day_of_the_drug_and_not_corrected_in_5_minutes() {
    let at = |time: &str| format!("2025-04-0{time}Z");
    let stay = visit("s", "inpatient", &at("1T08:00:00"), &at("5T08:00:00"));
    let ann = [
        patient("1965-05-05", "female"),
        stay,
        given("m", "insulin", &at("2T08:00:00")),
    ];
    let low = |time: &str, value: &str| result("g", "glucose", &at(time), value, "mg/dL");
    let again = |time: &str, value: &str| result("r", "glucose", &at(time), value, "mg/dL");
    for (tests, wanted) in [
        (vec![low("3T08:00:00", "39")], true),
        (vec![low("3T08:00:00", "40")], false),
        (vec![low("3T08:00:01", "39")], false),
        (vec![low("2T08:00:00", "39")], true),
        (vec![low("2T07:59:59", "39")], false),
        (
            vec![low("2T09:00:00", "39"), again("2T09:05:00", "81")],
            false,
        ),
        (
            vec![low("2T09:00:00", "39"), again("2T09:05:00", "80")],
            true,
        ),
        (
            vec![low("2T09:00:00", "39"), again("2T09:05:01", "81")],
            true,
        ),
        (
            vec![low("2T09:00:00", "39"), again("2T09:00:00", "81")],
            true,
        ),
    ] {
        let all = [ann.as_slice(), &tests].concat();
        assert_eq!(
            found(Measure::Cms816, &all),
            (true, false, wanted),
            "{tests:?}"
        );
    }
}

#[test]
fn acute_kidney_injury_is_a_doubling_after_two_days() {
    let at = |time: &str| format!("2025-04-0{time}Z");
    let stay = visit("s", "inpatient", &at("1T08:00:00"), &at("9T08:00:00"));
    let creatinine =
        |id: &str, time: &str, value: &str| result(id, "creatinine", &at(time), value, "mg/dL");
    let first = [
        patient("1985-05-05", "female"),
        stay,
        creatinine("a", "1T09:00:00", "0.7"),
        creatinine("b", "2T09:00:00", "0.7"),
    ];
    for (last, wanted) in [
        (creatinine("c", "3T08:00:01", "1.40"), (true, false, true)),
        (creatinine("c", "3T08:00:01", "1.39"), (true, false, false)),
        // At 48 hours to the second it is an increase on arrival as well.
        (creatinine("c", "3T08:00:00", "1.40"), (true, true, false)),
        (creatinine("c", "3T07:59:59", "1.40"), (false, false, false)),
    ] {
        let all = [first.as_slice(), &[last]].concat();
        assert_eq!(found(Measure::Cms832, &all), wanted, "{all:?}");
    }
    for (second, excluded) in [("0.99", false), ("1.00", true)] {
        let mut all = first.to_vec();
        all[3] = creatinine("b", "2T09:00:00", second);
        all.push(creatinine("c", "4T08:00:00", "0.8"));
        assert_eq!(found(Measure::Cms832, &all).1, excluded, "{second}");
    }
}
