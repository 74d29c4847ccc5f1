//! What the published logic says where its words let one expect something else.

use serde_json::{Value, json};
use workloads::measures::{Change, Measure, MeasurementPeriod};

use super::boundaries::{found, office};
use super::cases;
use super::made::{
    Followed, change, change_by, condition, given, patient, pressure, result, sets, visit,
};

fn clinical_status(code: &str) -> Value {
    json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]})
}

#[test]
fn a_condition_that_is_neither_active_nor_over_counts_for_nothing() {
    let diabetes = condition("d", "diabetes", "2025-02-01");
    let mut unsaid = diabetes.clone();
    unsaid
        .as_object_mut()
        .map(|members| members.remove("clinicalStatus"));
    let mut inactive = diabetes.clone();
    inactive["clinicalStatus"] = clinical_status("inactive");
    let mut over = inactive.clone();
    over["abatementDateTime"] = "2025-03-01".into();
    for (diabetes, wanted) in [
        (diabetes, true),
        (unsaid, false),
        (inactive, false),
        (over, true),
    ] {
        let all = [patient("1965-05-05", "female"), office(), diabetes];
        assert_eq!(found(Measure::Cms122, &all).0, wanted, "{all:?}");
    }
}

#[test]
fn the_numerator_of_a_ratio_does_not_know_of_the_exclusions() {
    let at = |time: &str| format!("2025-04-0{time}Z");
    let glucose =
        |id: &str, time: &str, value: &str| result(id, "glucose", &at(time), value, "mg/dL");
    let stay = [
        patient("1965-05-05", "female"),
        visit("s", "inpatient", &at("1T08:00:00"), &at("5T08:00:00")),
        glucose("first", "1T08:00:00", "601"),
    ];
    assert_eq!(found(Measure::Cms871, &stay), (true, true, false));
    let harmed = [stay.as_slice(), &[glucose("later", "3T08:00:00", "301")]].concat();
    assert_eq!(found(Measure::Cms871, &harmed), (true, true, true));
}

/// Lets it be told, and a time come.
fn followed(measure: Measure, changes: impl IntoIterator<Item = Change>, until: &str) -> Followed {
    let mut ann = Followed::new(&[measure], None);
    for change in changes {
        ann.take("2025-01-05T00:00:00Z", change);
    }
    ann.conclude(until, None);
    ann
}

#[test]
fn what_was_done_before_new_year_counts_for_the_stay_that_goes_on() {
    let stay = [
        patient("1965-05-05", "female"),
        visit(
            "e",
            "inpatient",
            "2024-12-30T08:00:00Z",
            "2025-01-03T08:00:00Z",
        ),
        given("m", "insulin", "2024-12-31T08:00:00Z"),
        result("g", "glucose", "2024-12-31T12:00:00Z", "39", "mg/dL"),
    ];
    let year = MeasurementPeriod::of_year(2025, 0).expect("there is such a year");
    for until in ["2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"] {
        let told = (1..).zip(&stay).map(|(place, of)| change(of, place));
        let ann = followed(Measure::Cms816, told, until);
        let counted = Measure::Cms816.evaluate(&ann.state, year).populations();
        assert_eq!(counted.numerator, 1, "in {until}");
        assert_eq!(ann.findings.len(), 1, "in {until}");
    }
}

#[test]
fn a_diagnosis_of_long_ago_that_a_visit_names_is_kept() {
    let mut visit = visit("e", "ed", "2025-01-02T08:00:00Z", "2025-01-02T09:00:00Z");
    let billing = "http://terminology.hl7.org/CodeSystem/diagnosis-role";
    visit["diagnosis"] = json!([{"condition": {"reference": "Condition/a"}, "rank": 1,
        "use": {"coding": [{"system": billing, "code": "billing"}]}}]);
    let mut anxiety = condition("a", "anxiety", "2011-01-01");
    anxiety["clinicalStatus"] = clinical_status("inactive");
    let mut sets = sets();
    assert!(sets.add("2.16.840.1.113762.1.4.1046.285", "urn:test", "anxiety"));
    let all = [patient("1965-05-05", "female"), anxiety, visit];
    let told = (1..)
        .zip(&all)
        .map(|(place, of)| change_by(&sets, of, place));
    let ann = followed(Measure::Cms1264, told, "2025-06-01T00:00:00Z");
    let year = MeasurementPeriod::of_year(2025, 0).expect("there is such a year");
    let found = Measure::Cms1264.evaluate(&ann.state, year);
    let strata: Vec<_> = found.episodes.iter().map(|visit| visit.stratum).collect();
    assert_eq!(strata, [Some(4)]);
}

#[test]
fn an_age_of_abatement_says_nothing_before_the_birth_date_is_known() {
    let mut hypertension = condition("h", "hypertension", "2011-01-01");
    hypertension["clinicalStatus"] = clinical_status("resolved");
    hypertension["abatementAge"] = json!({"value": 60, "code": "a"});
    let all = [hypertension, office(), patient("1965-05-05", "female")];
    let told = (1..).zip(&all).map(|(place, of)| change(of, place));
    let ann = followed(Measure::Cms165, told, "2025-06-01T00:00:00Z");
    let year = MeasurementPeriod::of_year(2025, 0).expect("there is such a year");
    let counted = Measure::Cms165.evaluate(&ann.state, year).populations();
    assert_eq!(counted.initial_population, 1);
}

#[test]
fn what_is_dropped_of_a_published_case_no_year_that_is_told_asks_for() {
    let folder = match cases::folder() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let sets = cases::value_sets(&folder);
    for measure in Measure::ALL {
        for case in cases::cases(&folder, measure, &sets) {
            let changes = cases::changes(&case.facts);
            let wanted = measure.evaluate(&cases::state(changes.clone()), case.period);
            let backwards = changes.iter().rev().cloned().collect();
            for order in [changes, backwards] {
                let (now, later) = (case.period.year(), case.period.year() + 1);
                let mut ann = Followed::new(&[measure], None);
                for change in order {
                    ann.take(&format!("{now}-12-31T12:00:00Z"), change);
                }
                ann.conclude(&format!("{later}-12-31T12:00:00Z"), None);
                let found = measure.evaluate(&ann.state, case.period);
                assert_eq!(found, wanted, "{}", measure.word());
            }
        }
    }
}

#[test]
fn a_date_is_compared_as_far_as_it_is_written() {
    // The logic compares days of diabetes, and moments of hypertension with the first half of the year.
    for (measure, kind, onset, wanted) in [
        (Measure::Cms122, "diabetes", "2025-12-31", true),
        (Measure::Cms122, "diabetes", "2025", false),
        (Measure::Cms122, "diabetes", "2024", true),
        (Measure::Cms165, "hypertension", "2025-06-30", false),
        (Measure::Cms165, "hypertension", "2025-06-29", true),
        (
            Measure::Cms165,
            "hypertension",
            "2025-06-30T23:59:59Z",
            true,
        ),
    ] {
        let all = [
            patient("1965-05-05", "female"),
            office(),
            condition("c", kind, onset),
        ];
        assert_eq!(found(measure, &all).0, wanted, "{kind} since {onset}");
    }
}

#[test]
fn a_part_of_a_pressure_that_is_said_twice_is_one() {
    let ann = [
        patient("1965-05-05", "female"),
        office(),
        condition("h", "hypertension", "2020"),
    ];
    let mut reading = pressure("p", "2025-05-01T08:00:00Z", 120, 70);
    let systolic = reading["component"][0].clone();
    for (again, wanted) in [(120, true), (121, false)] {
        let mut part = systolic.clone();
        part["valueQuantity"]["value"] = again.into();
        let parts = reading["component"].as_array_mut();
        parts.expect("it has parts").splice(2.., [part]);
        let all = [ann.as_slice(), &[reading.clone()]].concat();
        assert_eq!(found(Measure::Cms165, &all).2, wanted, "{again}");
    }
}
