//! History played to a workload: what is measured, and what a wrong file or name is told.

use std::fmt::Write as _;

use std::path::Path;

use serde_json::Value;

use crate::message::{Potassium, admission, minutes_ago, potassium};
use crate::platform::{Site, complained, run, said};
use crate::sender::Sender;
use crate::setting::{corpora, wait_for};

/// The columns of the challenge that are read, and the patient's.
const HEADER: &str = "pid,HR,O2Sat,Temp,SBP,MAP,DBP,Resp,FiO2,pH,PaCO2,HCO3,Creatinine,Bilirubin_total,Platelets,WBC,Lactate,Potassium,Glucose,Calcium,Magnesium,Hgb,Hct,PTT,Fibrinogen,Age,Gender,Unit1,Unit2,ICULOS,SepsisLabel\n";

/// Three patients: one ill ten hours before onset, one who has it without a sign, one who is well.
fn rows() -> String {
    let mut rows = HEADER.to_owned();
    for (patient, ill_from, label_from) in [("a", 3, 7), ("b", 99, 5), ("c", 99, 99)] {
        for hour in 1..=24 {
            let vitals = match hour >= ill_from {
                true => "135,88,39.5,85,,,28",
                false => "80,97,37.0,120,,,16",
            };
            let label = u8::from(hour >= label_from);
            let none = ",".repeat(16);
            writeln!(rows, "{patient},{vitals},{none},70,1,1,0,{hour},{label}").unwrap();
        }
    }
    rows
}

#[test]
fn what_a_workload_would_have_raised_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, rows()).unwrap();
    let path = path.display().to_string();
    let played = run(&["backtest", "deterioration", "--data", &path]);
    assert_eq!(played.status.code(), Some(0), "{}", complained(&played));
    let told = said(&played);
    for line in [
        "patients                             3",
        "stays                                3",
        "patient-days                         3.0",
        "stays with onset                     2",
        "stays alerted                        1",
        "sensitivity at any time              0.500",
        "sensitivity before onset             0.500",
        "patients alerted who have it         1.000",
        "first alert before onset, median     10.0 h (quarters at 10.0 and 10.0)",
        "unit MICU                            1 alerts in 3.0 patient-days, 33.333 per 100",
    ] {
        assert!(told.lines().any(|found| found == line), "{line} in\n{told}");
    }
    let played = run(&[
        "backtest",
        "deterioration",
        "--data",
        &path,
        "--stays",
        "1",
        "--json",
    ]);
    let json: Value = serde_json::from_str(&said(&played)).unwrap();
    assert_eq!(
        (json["stays"].as_u64(), json["alerts"].as_u64()),
        (Some(1), Some(1))
    );
    let played = run(&["backtest", "deterioration", "--data", &path, "--stays", "0"]);
    assert_eq!(played.status.code(), Some(2));
    assert!(complained(&played).contains("give a number from 1 on"));
}

#[test]
fn the_rule_that_a_site_lets_score_the_risk_is_what_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let rows_path = folder.path().join("rows.csv");
    std::fs::write(&rows_path, rows()).unwrap();
    let config = folder.path().join("site.toml");
    let set = "[workloads.sepsis-risk]\nscore = \"rule\"\napproved_by = \"A. Okafor\"\n";
    std::fs::write(&config, set).unwrap();
    let (data, config) = (rows_path.to_str().unwrap(), config.to_str().unwrap());
    let by_rule = measured(&["sepsis-risk", "--data", data, "-c", config]);
    assert!(
        by_rule["rule"].as_str().unwrap().contains("NEWS2"),
        "{by_rule}"
    );
    // Only the first patient has a NEWS2 of 7 or more.
    assert_eq!(
        (&by_rule["stays"], &by_rule["alerts"]),
        (&3.into(), &1.into())
    );
    assert_eq!(by_rule["calibration_error"], Value::Null);
    let by_model = measured(&["sepsis-risk", "--data", data]);
    assert!(
        by_model["rule"]
            .as_str()
            .unwrap()
            .starts_with("sepsis-risk ")
    );
    let shown = said(&run(&["workload", "-c", config, "show", "sepsis-risk"]));
    let line = "scored by      the rule in place of the model, approved by A. Okafor";
    assert!(shown.lines().any(|found| found == line), "{shown}");
}

#[test]
fn a_wrong_name_or_file_is_told_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, "pid,HR\na,80\n").unwrap();
    let path = path.display().to_string();
    let played = run(&["backtest", "weather", "--data", &path]);
    assert_eq!(played.status.code(), Some(1));
    let words = complained(&played);
    assert!(
        words.contains("there is no workload `weather`") && words.contains("deterioration"),
        "{words}"
    );
    let played = run(&["backtest", "deterioration", "--data", &path]);
    assert_eq!(played.status.code(), Some(1));
    assert!(
        complained(&played).contains("the header has no column"),
        "{}",
        complained(&played)
    );
}

/// Plays to a workload and gives what was measured.
fn measured(arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["backtest"].iter().chain(arguments).copied().collect();
    let played = run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(played.status.code(), Some(0), "{}", complained(&played));
    serde_json::from_str(&said(&played)).unwrap()
}

#[test]
fn files_of_one_patient_each_are_measured_as_one_file_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("rows.csv");
    std::fs::write(&all, rows()).unwrap();
    let each = folder.path().join("each");
    std::fs::create_dir(&each).unwrap();
    let head = HEADER.trim_start_matches("pid,").replace(',', "|");
    for patient in ["a", "b", "c"] {
        let own = |line: &&str| line.starts_with(&format!("{patient},"));
        let lines = rows();
        let lines = lines.lines().filter(own);
        let body: String = lines
            .map(|line| {
                line.replacen(&format!("{patient},"), "", 1)
                    .replace(',', "|")
                    + "\n"
            })
            .collect();
        std::fs::write(each.join(format!("{patient}.psv")), head.clone() + &body).unwrap();
    }
    let of = |path: &Path| measured(&["deterioration", "--data", path.to_str().unwrap()]);
    assert_eq!(of(&all), of(&each));
}

/// Two patients: one whose vital signs were stored two hours after they were true, and one who is well.
fn resources(folder: &Path) {
    let vital = |id: &str,
                 patient: &str,
                 code: &str,
                 value: f64,
                 unit: &str,
                 hour: u32,
                 stored: u32| {
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2026-03-02T{hour:02}:00:00Z","valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}},"meta":{{"lastUpdated":"2026-03-02T{stored:02}:00:00Z"}}}}"#
        )
    };
    let set = |patient: &str, hour: u32, stored: u32, values: [f64; 5]| {
        let codes = ["9279-1", "59408-5", "8480-6", "8867-4", "8310-5"];
        let units = ["/min", "%", "mm[Hg]", "/min", "Cel"];
        let all = codes.into_iter().zip(units).zip(values);
        all.map(|((code, unit), value)| {
            let id = format!("{patient}-{code}-{hour}");
            vital(&id, patient, code, value, unit, hour, stored) + "\n"
        })
        .collect::<String>()
    };
    let ill = set("a", 10, 12, [28.0, 88.0, 85.0, 135.0, 39.5]);
    let well = set("b", 10, 10, [14.0, 98.0, 120.0, 70.0, 37.0]);
    std::fs::write(folder.join("Observation.000.ndjson"), ill + &well).unwrap();
    let mut patients = String::new();
    let mut visits = String::new();
    for id in ["a", "b"] {
        writeln!(patients, r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1950-01-01","gender":"female","deceasedDateTime":"2026-04-01T00:00:00Z"}}"#).unwrap();
        writeln!(visits, r#"{{"resourceType":"Encounter","id":"v{id}","status":"finished","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/{id}"}},"period":{{"start":"2026-03-02T08:00:00Z","end":"2026-03-03T08:00:00Z"}},"location":[{{"location":{{"display":"4 West / 1"}}}}]}}"#).unwrap();
    }
    std::fs::write(folder.join("Patient.ndjson"), patients).unwrap();
    std::fs::write(folder.join("Encounter.ndjson"), visits).unwrap();
    std::fs::write(
        folder.join("Condition.ndjson"),
        "{\"resourceType\":\"Condition\"}\n",
    )
    .unwrap();
}

#[test]
fn resources_are_known_when_they_were_stored_and_outcomes_are_what_a_workload_says() {
    let folder = tempfile::tempdir().unwrap();
    resources(folder.path());
    let data = folder.path().to_str().unwrap();
    let told = measured(&["deterioration", "--data", data]);
    assert_eq!(
        (
            &told["data"],
            &told["stays"],
            &told["patient_days"],
            &told["alerts"]
        ),
        (&"fhir".into(), &2.into(), &2.0.into(), &1.into())
    );
    // Nobody says what became of them.
    for unknown in [
        "outcomes",
        "stays_with_onset",
        "sensitivity",
        "patient_ppv",
        "utility",
    ] {
        assert_eq!(told[unknown], Value::Null, "{unknown}");
    }
    let groups = told["groups"].as_array().unwrap();
    let unit = groups
        .iter()
        .find(|group| group["name"] == "unit 4 West")
        .unwrap();
    assert_eq!(unit["alerts_per_100_patient_days"], 50.0);
    // By itself it is found when it is known, two hours after it was so.
    let labelled = measured(&["deterioration", "--data", data, "--label", "deterioration"]);
    assert_eq!(labelled["stays_with_onset"], 1);
    assert_eq!(labelled["sensitivity"], 1.0);
    assert_eq!(labelled["sensitivity_before_onset"], 0.0);
    let at_once = measured(&[
        "deterioration",
        "--data",
        data,
        "--label",
        "deterioration",
        "--at-once",
    ]);
    assert_eq!(at_once["sensitivity_before_onset"], 1.0);
    let words = said(&run(&["backtest", "deterioration", "--data", data]));
    for line in [
        "sensitivity at any time              not known",
        "The data do not say what became of the patients: --label sepsis-3 lets a workload say it.",
    ] {
        assert!(
            words.lines().any(|found| found == line),
            "{line} in\n{words}"
        );
    }
}

#[test]
fn a_bed_is_counted_with_the_ward_that_it_is_part_of() {
    let folder = tempfile::tempdir().unwrap();
    resources(folder.path());
    let path = folder.path().join("Encounter.ndjson");
    let visits = std::fs::read_to_string(&path).unwrap();
    let named = r#"{"location":{"display":"4 West / 1"}}"#;
    let bed = r#"{"location":{"reference":"Location/b1","display":"Bed 1"},"status":"completed"}"#;
    std::fs::write(&path, visits.replace(named, bed)).unwrap();
    let places = r#"{"resourceType":"Location","id":"b1","name":"Bed 1","physicalType":{"coding":[{"code":"bd"}]},"partOf":{"reference":"Location/w"}}
{"resourceType":"Location","id":"w","name":"5 East","physicalType":{"coding":[{"code":"wa"}]}}
"#;
    std::fs::write(folder.path().join("Location.ndjson"), places).unwrap();
    let told = measured(&["deterioration", "--data", folder.path().to_str().unwrap()]);
    let units: Vec<&str> = (told["groups"].as_array().unwrap().iter())
        .filter_map(|group| group["name"].as_str()?.strip_prefix("unit "))
        .collect();
    assert_eq!(units, ["5 East"], "{told}");
}

#[test]
fn the_settings_of_the_site_are_those_of_the_backtest() {
    let folder = tempfile::tempdir().unwrap();
    resources(folder.path());
    let data = folder.path().to_str().unwrap();
    let config = folder.path().join("site.toml");
    std::fs::write(&config, "[alerts]\nfrom_severity = \"critical\"\n").unwrap();
    let told = measured(&[
        "deterioration",
        "--data",
        data,
        "-c",
        config.to_str().unwrap(),
    ]);
    assert_eq!(told["alerts"], 0);
}

#[test]
fn a_report_is_written_whole_in_itself() {
    let folder = tempfile::tempdir().unwrap();
    resources(folder.path());
    let data = folder.path().to_str().unwrap();
    let report = folder.path().join("report.html");
    let path = report.to_str().unwrap();
    measured(&["deterioration", "--data", data, "--html", path]);
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(page.contains("<h1>Backtest of deterioration</h1>") && page.contains("4 West"));
    let nowhere = folder.path().join("none/report.html");
    let path = nowhere.to_str().unwrap();
    let played = run(&["backtest", "deterioration", "--data", data, "--html", path]);
    assert_eq!(played.status.code(), Some(1));
    assert!(complained(&played).contains("name a file that can be written"));
}

#[test]
fn a_journal_is_played_beside_the_process_that_has_it_and_without_one() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("77", "A1"));
    let taken = minutes_ago(10);
    sender.accepted(&potassium(&Potassium {
        patient: "77",
        control_id: "K1",
        order: "9",
        taken: &taken,
        value: "6.9",
        status: "F",
    }));
    let data = site.data().to_str().unwrap().to_owned();
    let of = |name: &str| run(&["backtest", name, "--data", &data, "--json"]);
    let told = wait_for("the event of the result", || {
        let told: Value = serde_json::from_str(&said(&of("critical-results"))).ok()?;
        (told["alerts"] == 1 || told["alerts_outside_stays"] == 1).then_some(told)
    });
    assert_eq!(
        (&told["data"], &told["patients"]),
        (&"journal".into(), &1.into())
    );
    platform.stop();
    let again: Value = serde_json::from_str(&said(&of("critical-results"))).unwrap();
    assert_eq!(again["patients"], 1);
    assert!(said(&of("deterioration")).contains("\"alerts\":0"));
}

#[test]
fn what_holds_no_history_is_told_what_would() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let of = |more: &[&str]| {
        let played = run(&[&["backtest", "deterioration", "--data", data], more].concat());
        assert_eq!(played.status.code(), Some(1));
        complained(&played)
    };
    assert!(of(&[]).contains("holds no history that is known"));
    assert!(of(&["--kind", "mimic"]).contains("has no table icustays"));
    assert!(of(&["--kind", "journal"]).contains("holds no journal"));
    std::fs::write(
        folder.path().join("Observation.ndjson"),
        "{\"resourceType\":\n",
    )
    .unwrap();
    let words = of(&[]);
    let none = "holds no stay of a patient (1 facts left out)";
    assert!(words.contains(none), "{words}");
    std::fs::remove_file(folder.path().join("Observation.ndjson")).unwrap();
    std::fs::write(folder.path().join("rows.csv"), HEADER).unwrap();
    let words = of(&[]);
    assert!(words.contains("holds no stay of a patient"), "{words}");
    let played = run(&["backtest", "claims", "--data", data]);
    let words = complained(&played);
    assert!(
        words.contains("`claims` has no history to run on"),
        "{words}"
    );
}

#[test]
fn a_line_that_cannot_be_read_is_counted_and_the_others_are_played() {
    let folder = tempfile::tempdir().unwrap();
    resources(folder.path());
    let data = folder.path().to_str().unwrap();
    let whole = measured(&["deterioration", "--data", data]);
    let path = folder.path().join("Observation.000.ndjson");
    let good = std::fs::read_to_string(&path).unwrap();
    let wrong = format!("\u{feff}{{\"resourceType\":\nno JSON\n{{}}\n{good}");
    std::fs::write(&path, wrong).unwrap();
    let patients = folder.path().join("Patient.ndjson");
    let marked = format!("\u{feff}{}", std::fs::read_to_string(&patients).unwrap());
    std::fs::write(&patients, marked).unwrap();
    let mut told = measured(&["deterioration", "--data", data]);
    assert_eq!(told["facts_left_out"], 3);
    told["facts_left_out"] = 0.into();
    assert_eq!(told, whole);
}

/// The shared histories, each with what it is played to and what labels it.
const SHARED: [(&str, &str, &[&str]); 3] = [
    ("physionet2019", "deterioration", &["--stays", "20"]),
    (
        "mimic3-demo/raw",
        "critical-results",
        &["--label", "sepsis-3-mimic"],
    ),
    ("clinosim-us1500", "critical-results", &[]),
];

#[test]
fn shared_histories_of_every_kind_are_played() {
    let Some(corpora) = corpora() else {
        return;
    };
    let mut told = String::new();
    for (folder, workload, more) in SHARED {
        let data = corpora.parent().unwrap().join("clinical-data").join(folder);
        let data = data.to_str().unwrap();
        let measured = measured(&[&[workload, "--data", data], more].concat());
        let of = |name: &str| measured[name].clone();
        writeln!(
            told,
            "{}: {} patients, {} stays, {} with onset, {} alerts, {} left out",
            of("data"),
            of("patients"),
            of("stays"),
            of("stays_with_onset"),
            of("alerts"),
            of("facts_left_out")
        )
        .unwrap();
    }
    expect_test::expect![[r#"
        "physionet": 20 patients, 20 stays, 2 with onset, 43 alerts, 0 left out
        "mimic": 100 patients, 136 stays, 77 with onset, 159 alerts, 0 left out
        "fhir": 344 patients, 406 stays, null with onset, 70 alerts, 0 left out
    "#]]
    .assert_eq(&told);
}
