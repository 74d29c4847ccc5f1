//! Tests of the units and of every factor between them.

use expect_test::{Expect, expect};

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn check(value: &str, from: &str, to: &str, analyte: Analyte, want: Expect) {
    let got = match convert(decimal(value), from, to, analyte) {
        Ok(value) => value.round_dp(4).to_string(),
        Err(error) => error.to_string(),
    };
    want.assert_eq(&got);
}

#[test]
fn every_unit_has_one_row_and_reads_back() {
    for (row, (unit, names)) in NAMES.iter().enumerate() {
        assert_eq!(usize::from(unit.number()), row, "{unit:?}");
        assert_eq!(Unit::from_number(unit.number()), Some(*unit));
        for name in *names {
            assert_eq!(Unit::parse(name), Ok(*unit), "{name}");
        }
        assert_eq!(Some(&unit.code()), names.first());
    }
    assert_eq!(Unit::from_number(200), None);
}

#[test]
fn glucose_meets_the_published_limits_of_both_units() {
    check("70", "mg/dL", "mmol/L", Analyte::Glucose, expect!["3.8855"]);
    check("54", "mg/dL", "mmol/L", Analyte::Glucose, expect!["2.9974"]);
    check(
        "10.0",
        "mmol/L",
        "mg/dL",
        Analyte::Glucose,
        expect!["180.156"],
    );
}

#[test]
fn seconds_are_thousands_of_milliseconds() {
    check("0.0257147", "s", "ms", Analyte::Other, expect!["25.7147"]);
    check("834", "ms", "s", Analyte::Other, expect!["0.834"]);
}

#[test]
fn a_flow_in_millilitres_is_one_in_litres() {
    check("2000", "mL/min", "L/min", Analyte::Other, expect!["2"]);
    check("0.25", "L/min", "ml/min", Analyte::Other, expect!["250"]);
    let none = convert(decimal("2"), "mL/min", "mL", Analyte::Other);
    assert!(none.is_err());
}

#[test]
fn the_other_analytes_have_their_own_factors() {
    check(
        "1",
        "mg/dL",
        "umol/L",
        Analyte::Creatinine,
        expect!["88.42"],
    );
    check("2", "mg/dL", "umol/L", Analyte::Bilirubin, expect!["34.2"]);
    check("18.016", "mg/dL", "mmol/L", Analyte::Lactate, expect!["2"]);
    check(
        "20",
        "mg/dL",
        "mmol/L",
        Analyte::UreaNitrogen,
        expect!["7.14"],
    );
    check("10", "mg/dL", "mmol/L", Analyte::Calcium, expect!["2.4951"]);
    check(
        "1",
        "mmol/L",
        "mg/dL",
        Analyte::Magnesium,
        expect!["2.4305"],
    );
    check(
        "7",
        "%",
        "mmol/mol",
        Analyte::GlycatedHaemoglobin,
        expect!["53.0056"],
    );
    check(
        "53.00565",
        "mmol/mol",
        "%",
        Analyte::GlycatedHaemoglobin,
        expect!["7"],
    );
    check(
        "4.1",
        "meq/L",
        "mmol/L",
        Analyte::MonovalentIon,
        expect!["4.1"],
    );
}

#[test]
fn a_mass_in_any_volume_becomes_moles_where_the_molar_mass_is_known() {
    check("0.25", "g/L", "mg/dL", Analyte::Glucose, expect!["25"]);
    check("5.5", "mmol/L", "g/L", Analyte::Glucose, expect!["0.9909"]);
    check("1.8", "mg/mL", "mg/dL", Analyte::Glucose, expect!["180"]);
    check(
        "12",
        "mg/L",
        "umol/L",
        Analyte::Creatinine,
        expect!["106.104"],
    );
    check("0.1", "g/l", "mmol/L", Analyte::Calcium, expect!["2.4951"]);
    check(
        "1200",
        "ug/dL",
        "mg/dL",
        Analyte::Creatinine,
        expect!["1.2"],
    );
    check(
        "7.4",
        "mval/l",
        "mmol/L",
        Analyte::MonovalentIon,
        expect!["7.4"],
    );
    check("0.4", "1000/µl", "10*9/L", Analyte::Other, expect!["0.4"]);
    check("400", "/nL", "10*9/L", Analyte::Other, expect!["400"]);
    check("2500", "nmol/L", "umol/L", Analyte::Other, expect!["2.5"]);
    check("0.30", "g/L", "mmol/L", Analyte::Urea, expect!["4.9953"]);
    check(
        "0.30",
        "g/L",
        "mmol/L",
        Analyte::UreaNitrogen,
        expect!["g/L cannot become mmol/L for UreaNitrogen: check the unit the sender gives"],
    );
}

#[test]
fn temperature_pressure_and_cells_convert() {
    check("100.4", "[degF]", "Cel", Analyte::Other, expect!["38"]);
    check("38", "Cel", "[degF]", Analyte::Other, expect!["100.4"]);
    check("10", "kPa", "mmHg", Analyte::Other, expect!["75.0062"]);
    check("12000", "/uL", "K/uL", Analyte::Other, expect!["12"]);
    check("7.1", "10*3/uL", "10*9/L", Analyte::Other, expect!["7.1"]);
    check("130", "g/L", "g/dL", Analyte::Other, expect!["13"]);
}

#[test]
fn weights_lengths_and_small_masses_convert() {
    check("150", "[lb_av]", "kg", Analyte::Other, expect!["68.0389"]);
    check("3250", "g", "kg", Analyte::Other, expect!["3.25"]);
    check("70", "[in_i]", "cm", Analyte::Other, expect!["177.8"]);
    check("5", "mg/dL", "mg/L", Analyte::Other, expect!["50"]);
    check("40", "ng/L", "ng/mL", Analyte::Other, expect!["0.04"]);
    check("4.5", "10*12/L", "/uL", Analyte::Other, expect!["4500000"]);
    check(
        "8.7",
        "mmol/L",
        "g/dL",
        Analyte::Haemoglobin,
        expect!["14.0192"],
    );
}

#[test]
fn what_is_not_known_is_refused() {
    check(
        "5",
        "grain/gal",
        "mg/dL",
        Analyte::Glucose,
        expect![[
            r#"unknown unit "grain/gal": map it to a UCUM code at the source or in the mapping tables"#
        ]],
    );
    check(
        "5",
        "meq/L",
        "mmol/L",
        Analyte::Calcium,
        expect!["meq/L cannot become mmol/L for Calcium: check the unit the sender gives"],
    );
    check(
        "5",
        "%",
        "mmol/L",
        Analyte::Other,
        expect!["% cannot become mmol/L for Other: check the unit the sender gives"],
    );
    assert!(Unit::parse("").is_err());
    assert!(Unit::parse("MMHG").is_err());
}

#[test]
fn a_value_in_the_unit_asked_for_keeps_its_digits() {
    let value = convert(decimal("9.60"), "mmol/L", "mmol/l", Analyte::Other);
    assert_eq!(value.map(|v| v.to_string()), Ok("9.60".into()));
}

#[test]
fn a_value_too_large_is_refused_and_not_wrapped() {
    assert_eq!(
        convert_unit(
            Decimal::MAX,
            Unit::ThousandPerMicrolitre,
            Unit::PerMicrolitre,
            Analyte::Other
        ),
        Err(UnitError::TooLarge(Decimal::MAX))
    );
}

#[test]
fn inspired_oxygen_is_read_by_its_size() {
    for (value, unit, fraction) in [
        ("0.21", "", Some("0.21")),
        ("21", "%", Some("0.21")),
        ("20.9", "%", Some("0.209")),
        ("20", "%", Some("0.20")),
        ("19.9", "%", None),
        ("1.0", "", Some("1.0")),
        ("0.4", "%", Some("0.4")),
        ("100", "%", Some("1")),
        ("2", "", None),
        ("0", "%", None),
        ("101", "%", None),
        ("40", "L/min", None),
    ] {
        let got = inspired_oxygen(decimal(value), unit).ok();
        assert_eq!(got, fraction.map(decimal), "{value} {unit}");
    }
}
