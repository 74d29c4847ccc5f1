//! The tables that are built in are whole: they load, every decision is used and every one used is there.

use std::collections::BTreeSet;

use super::*;

fn loaded() -> Tables {
    match Tables::load() {
        Ok(tables) => tables,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_tables_load() {
    let tables = loaded();
    for resource in [
        "Patient",
        "Encounter",
        "Observation",
        "DiagnosticReport",
        "Provenance",
    ] {
        assert!(!tables.resource(resource).is_empty(), "{resource}");
    }
    assert!(tables.concept().is_some());
}

#[test]
fn every_decision_is_used_and_given() {
    let tables = loaded();
    let used: BTreeSet<&str> = tables
        .rows
        .iter()
        .filter_map(|row| overlay::decision(row.guide))
        .collect();
    let given: BTreeSet<&str> = tables.decisions.keys().copied().collect();
    assert_eq!(used, given);
    for (key, cells) in &tables.decisions {
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{key}");
    }
}

#[test]
fn every_row_names_where_it_comes_from() {
    for row in loaded().rows {
        let number = row
            .guide
            .strip_prefix('r')
            .and_then(|row| row.parse::<u32>().ok());
        let known = number.is_some() || overlay::decision(row.guide).is_some();
        assert!(known, "{}, line {}: `{}`", row.file, row.line, row.guide);
    }
}

#[test]
fn a_mistake_is_named_with_its_line() {
    let mut tables = Tables::default();
    let check = |tables: &mut Tables, text: &'static str| {
        let layers = Layers::read(Some(("segments/PID.Patient.tsv", text)), None);
        let result = layers.and_then(|layers| tables.read_table(vec![layers], "Patient"));
        result.unwrap_err().to_string()
    };
    expect_test::expect!["segments/PID.Patient.tsv, line 2: no map or rule is called `txt`"]
        .assert_eq(&check(&mut tables, "# rows\nPID-1\tgender\ttxt"));
    expect_test::expect!["segments/PID.Patient.tsv, line 1: a row has from, element and map"]
        .assert_eq(&check(&mut tables, "PID-1\tgender"));
    expect_test::expect![
        "segments/PID.Patient.tsv, line 1: `PID-x` is no field; write `PID-3` or `PID-3.1`"
    ]
    .assert_eq(&check(&mut tables, "PID-x\tgender\tstring"));
    expect_test::expect!["segments/PID.Patient.tsv, line 2: `name` is written as one thing here and as another above: a value, an object, or a list `name[…]`"]
        .assert_eq(&check(&mut tables, "PID-5\tname[]\tstring\nPID-9\tname\tstring"));
}
