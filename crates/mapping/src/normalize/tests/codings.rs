//! Results whose code is in two codings, whichever comes first.

use super::hospital::Hospital;
use super::life::ANN;

/// A report of the filler's number F1 with results: code, value, status.
fn report(results: &[(&str, &str, &str)]) -> String {
    let lines = results.iter().map(|(code, value, status)| {
        format!(" / OBX|1|NM|{code}||{value}|mmol/L|||||{status}|||20260301")
    });
    let lines: String = lines.collect();
    format!("{ANN} / OBR|1||F1|BMP|||202603010000{lines}")
}

const LOCAL_FIRST: &str = "K^Potassium^L^2823-3^K^LN";
const LOINC_FIRST: &str = "2823-3^K^LN^K^Potassium^L";

#[test]
fn a_correction_with_the_codings_swapped_is_the_same_result() {
    for (before, after) in [(LOCAL_FIRST, LOINC_FIRST), (LOINC_FIRST, LOCAL_FIRST)] {
        let mut hospital = Hospital::new();
        hospital.send("R01", 0, &report(&[(before, "7.1", "F")]));
        let id = hospital.all("Observation")[0]["id"].clone();
        hospital.send("R01", 1, &report(&[(after, "4.1", "C")]));
        let results = hospital.all("Observation");
        assert_eq!(results.len(), 1, "{before}");
        assert_eq!(results[0]["id"], id);
        assert_eq!(results[0]["status"], "corrected");
        assert_eq!(results[0]["valueQuantity"]["value"], 4.1);
        // The report refers to it.
        let reference = format!("Observation/{}", id.as_str().unwrap());
        let report = &hospital.all("DiagnosticReport")[0];
        assert_eq!(report["result"][0]["reference"], reference);
        hospital.send("R01", 2, &self::report(&[(after, "4.2", "C")]));
        assert_eq!(hospital.all("Observation").len(), 1);
    }
}

#[test]
fn results_of_one_message_stay_apart_whatever_their_second_coding() {
    let mut hospital = Hospital::new();
    hospital.send(
        "R01",
        0,
        &report(&[("GLU^Glucose^L^2345-7^G^LN", "5", "F")]),
    );
    let both = [
        ("2345-7^G^LN^GLU^Glucose^L", "5.5", "F"),
        ("2339-0^G^LN^GLU^Glucose^L", "6", "F"),
    ];
    hospital.send("R01", 1, &report(&both));
    let values: Vec<_> = hospital
        .all("Observation")
        .iter()
        .map(|one| one["valueQuantity"]["value"].to_string())
        .collect();
    assert!(
        values.contains(&"5.5".to_owned()) && values.contains(&"6".to_owned()),
        "{values:?}"
    );
    // A code of its own is never another's second one.
    let mut hospital = Hospital::new();
    hospital.send("R01", 0, &report(&[("A^a^L", "1", "F")]));
    hospital.send(
        "R01",
        1,
        &report(&[("A^a^L", "2", "F"), ("B^b^L^A^a^L", "3", "F")]),
    );
    assert_eq!(hospital.all("Observation").len(), 2);
}
