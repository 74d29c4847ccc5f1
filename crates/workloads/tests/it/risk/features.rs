//! The features of stays streamed hour by hour, beside those of the training script.

use std::path::Path;

use clinical::EventTime;
use workloads::risk::{Course, Features, Person, Reading, Variable};

use super::{data, script};

const ADMISSION: EventTime = EventTime::from_micros(1_772_359_200_000_000);
const HOUR: i64 = 3_600_000_000;

/// Streams the rows of stays, and gives the features after each, in order.
fn streamed(table: &str, names: &[&str], mut take: impl FnMut(usize, &[f64])) {
    let features =
        Features::parse(names.iter().copied()).expect("the file is as the script writes it");
    let header: Vec<&str> = table
        .lines()
        .next()
        .expect("the file is as the script writes it")
        .trim_start_matches("# ")
        .split('\t')
        .collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|other| *other == name)
            .expect("the file is as the script writes it")
    };
    let variables: Vec<_> = Variable::all()
        .iter()
        .map(|variable| (variable, column(variable.word)))
        .collect();
    let [years, sex, before, hours] = ["Age", "Gender", "HospAdmTime", "ICULOS"].map(column);
    let (mut stay, mut course, mut row) = ("", Course::new(ADMISSION), Vec::new());
    for (place, line) in table.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split('\t').collect();
        if cells[0] != stay {
            (stay, course) = (cells[0], Course::new(ADMISSION));
        }
        let number = |column: usize| cells[column].parse::<f64>().ok();
        let micros = |hours: f64| {
            (hours * 3.6e9)
                .round()
                .to_string()
                .parse::<i64>()
                .expect("the file is as the script writes it")
        };
        let hour = micros(number(hours).expect("the file is as the script writes it")) / HOUR - 1;
        let person = Person {
            age_years: number(years),
            male: number(sex).map(|sex| sex > 0.5),
            hospital_admission: number(before)
                .map(|hours| EventTime::from_micros(ADMISSION.micros() + micros(hours))),
        };
        for (variable, column) in &variables {
            if let Some(value) = number(*column) {
                // Some minute of the hour, as charting has it.
                let minute =
                    i64::try_from(*column).expect("the file is as the script writes it") % 60;
                let at =
                    EventTime::from_micros(ADMISSION.micros() + hour * HOUR + minute * 60_000_000);
                course.take(&Reading {
                    variable,
                    at,
                    value,
                });
            }
        }
        course.forget(hour);
        course.features(&features, &person, hour, &mut row);
        take(place, &row);
    }
}

fn same(found: f64, expected: f64) -> bool {
    found.is_nan() && expected.is_nan()
        || (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn features_of_invented_stays_are_those_of_the_script() {
    let expected = data("features.tsv");
    let mut lines = expected.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').skip(1).collect();
    let mut due: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    due.reverse();
    let mut compared = 0;
    streamed(&data("stays.tsv"), &names, |place, row| {
        if due
            .last()
            .is_some_and(|cells| cells[0] == place.to_string())
        {
            let cells = due.pop().unwrap();
            for ((name, found), cell) in names.iter().zip(row).zip(&cells[1..]) {
                let expected = cell.parse().unwrap_or(f64::NAN);
                assert!(
                    same(*found, expected),
                    "row {place}, {name}: {found} is not {expected}"
                );
                compared += 1;
            }
        }
    });
    assert!(due.is_empty());
    println!("sepsis risk: {compared} of {compared} features of invented rows are the script's");
}

#[test]
fn features_of_real_stays_are_those_of_the_script() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/risk-sample");
    let shared = super::shared().join("clinical-data/physionet2019/setB_train.csv.gz");
    if !shared.exists() {
        println!(
            "skipped: {} is not there; set PULSEWIRE_SHARED to the shared data",
            shared.display()
        );
        return;
    }
    let (data, folder_name) = (shared.display().to_string(), folder.display().to_string());
    let said = match script(&["--data", &data, "sample", &folder_name, "--stays", "300"]) {
        Ok(said) => said,
        Err(skipped) => return println!("{skipped}"),
    };
    let names = std::fs::read_to_string(folder.join("names.txt")).unwrap();
    let names: Vec<&str> = names.lines().collect();
    let expected = std::fs::read(folder.join("features.f64")).unwrap();
    let mut expected = expected
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
    let mut compared = 0;
    streamed(
        &std::fs::read_to_string(folder.join("stays.tsv")).unwrap(),
        &names,
        |place, row| {
            for (name, found) in names.iter().zip(row) {
                let expected = expected.next().unwrap();
                assert!(
                    same(*found, expected),
                    "row {place}, {name}: {found} is not {expected}"
                );
                compared += 1;
            }
        },
    );
    assert!(expected.next().is_none() && compared > 1_000_000);
    println!(
        "sepsis risk: {compared} of {compared} features of real rows are the script's ({})",
        said.trim()
    );
}
