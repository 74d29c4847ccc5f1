//! SOFA-2 on either side of every limit of its table.

use std::collections::BTreeMap;

use crate::scores::{last, run};

/// What is charted at which minute, and what it scores.
type Case = (&'static [(i64, &'static str, &'static str)], i32);

const LABORATORY: [Case; 24] = [
    (&[(0, "bilirubin", "1.2")], 0),
    (&[(0, "bilirubin", "1.3")], 1),
    (&[(0, "bilirubin", "3.0")], 1),
    (&[(0, "bilirubin", "3.1")], 2),
    (&[(0, "bilirubin", "6.0")], 2),
    (&[(0, "bilirubin", "6.1")], 3),
    (&[(0, "bilirubin", "12.0")], 3),
    (&[(0, "bilirubin", "12.1")], 4),
    (&[(0, "bilirubin", "150")], 4),
    (&[(0, "bilirubin", ">12.0")], 4),
    (&[(0, "platelets", "<10")], 4),
    (&[(0, "platelets", "<=80")], 3),
    (&[(0, "platelets", "151")], 0),
    (&[(0, "platelets", "150")], 1),
    (&[(0, "platelets", "101")], 1),
    (&[(0, "platelets", "100")], 2),
    (&[(0, "platelets", "81")], 2),
    (&[(0, "platelets", "80")], 3),
    (&[(0, "platelets", "51")], 3),
    (&[(0, "platelets", "50")], 4),
    (&[(0, "map", "70")], 0),
    (&[(0, "map", "69")], 1),
    // µmol/L: 1.2 mg/dL is 106.1.
    (&[(0, "creatinine", "106")], 0),
    (&[(0, "creatinine", "107")], 1),
];

const BRAIN: [Case; 12] = [
    (&[(0, "gcs", "15")], 0),
    (&[(0, "gcs", "14")], 1),
    (&[(0, "gcs", "13")], 1),
    (&[(0, "gcs", "12")], 2),
    (&[(0, "gcs", "9")], 2),
    (&[(0, "gcs", "8")], 3),
    (&[(0, "gcs", "6")], 3),
    (&[(0, "gcs", "5")], 4),
    // Where speech cannot be judged the motor response stands alone.
    (
        &[(0, "eye", "1"), (0, "verbal", "1T"), (0, "motor", "6")],
        0,
    ),
    (
        &[(0, "eye", "1"), (0, "verbal", "1T"), (0, "motor", "5")],
        1,
    ),
    (&[(0, "motor", "3")], 3),
    (&[(0, "eye", "1"), (0, "verbal", "1"), (0, "motor", "6")], 3),
];

const LUNGS: [Case; 16] = [
    (&[(0, "fio2", "100"), (5, "pao2", "301")], 0),
    (&[(0, "fio2", "100"), (5, "pao2", "300")], 1),
    (&[(0, "fio2", "100"), (5, "pao2", "226")], 1),
    (&[(0, "fio2", "100"), (5, "pao2", "225")], 2),
    // Without support it is two at most.
    (&[(0, "fio2", "100"), (5, "pao2", "70")], 2),
    (
        &[
            (0, "support", "oxygen device"),
            (0, "fio2", "100"),
            (5, "pao2", "70"),
        ],
        2,
    ),
    (
        &[
            (0, "support", "high-flow nasal oxygen"),
            (0, "fio2", "100"),
            (5, "pao2", "151"),
        ],
        2,
    ),
    (
        &[
            (0, "support", "high-flow nasal oxygen"),
            (0, "fio2", "100"),
            (5, "pao2", "150"),
        ],
        3,
    ),
    (
        &[
            (0, "support", "ventilator"),
            (0, "fio2", "100"),
            (5, "pao2", "76"),
        ],
        3,
    ),
    (
        &[
            (0, "support", "non-invasive ventilation"),
            (0, "fio2", "100"),
            (5, "pao2", "75"),
        ],
        4,
    ),
    (&[(0, "machine", "respiratory ecmo")], 4),
    // The saturation speaks where no gas was taken, and only below 98 %.
    (&[(0, "fio2", "30"), (5, "spo2", "91")], 0),
    (&[(0, "fio2", "30"), (5, "spo2", "90")], 1),
    (&[(0, "fio2", "40"), (5, "spo2", "98")], 0),
    (&[(0, "fio2", "40"), (5, "spo2", "97")], 2),
    (
        &[
            (0, "support", "ventilator"),
            (0, "fio2", "80"),
            (5, "spo2", "96"),
        ],
        4,
    ),
];

const CIRCULATION: [Case; 15] = [
    // A drug counts when it has run for an hour: 60 is the end of the first one, 61 is in the second.
    (
        &[
            (0, "map", "75"),
            (1, "norepinephrine", "0.1"),
            (30, "map", "75"),
        ],
        0,
    ),
    (&[(0, "norepinephrine", "0.2"), (61, "map", "75")], 2),
    (&[(0, "norepinephrine", "0.21"), (61, "map", "75")], 3),
    (&[(0, "norepinephrine", "0.4"), (61, "map", "75")], 3),
    (&[(0, "norepinephrine", "0.41"), (61, "map", "75")], 4),
    (
        &[
            (0, "norepinephrine", "0.1"),
            (0, "epinephrine", "0.1"),
            (61, "map", "75"),
        ],
        2,
    ),
    (
        &[
            (0, "norepinephrine", "0.1"),
            (0, "epinephrine", "0.11"),
            (61, "map", "75"),
        ],
        3,
    ),
    (
        &[
            (0, "norepinephrine", "0.2"),
            (0, "vasopressin", "0.03"),
            (61, "map", "75"),
        ],
        3,
    ),
    (
        &[
            (0, "norepinephrine", "0.21"),
            (0, "vasopressin", "0.03"),
            (61, "map", "75"),
        ],
        4,
    ),
    (&[(0, "vasopressin", "0.03"), (61, "map", "75")], 2),
    (&[(0, "dopamine", "20"), (61, "map", "75")], 2),
    (&[(0, "dopamine", "20.1"), (61, "map", "75")], 3),
    (&[(0, "dopamine", "40.1"), (61, "map", "75")], 4),
    (&[(0, "machine", "circulatory pump")], 4),
    (
        &[
            (0, "norepinephrine", "0.5"),
            (30, "norepinephrine", "0"),
            (61, "map", "69"),
        ],
        1,
    ),
];

const KIDNEYS: [Case; 9] = [
    (&[(0, "creatinine", "177")], 2),
    (&[(0, "creatinine", "310")], 3),
    (&[(0, "creatinine", "900")], 3),
    (&[(0, "kidney", "dialysis")], 4),
    (&[(0, "creatinine", "177"), (5, "potassium", "5.9")], 2),
    (&[(0, "creatinine", "177"), (5, "potassium", "6.0")], 4),
    (&[(0, "potassium", "6.5")], 0),
    (
        &[
            (0, "creatinine", "177"),
            (5, "ph", "7.20"),
            (5, "bicarbonate", "12"),
        ],
        4,
    ),
    (
        &[
            (0, "creatinine", "177"),
            (5, "ph", "7.21"),
            (5, "bicarbonate", "12"),
        ],
        2,
    ),
];

/// Gives the worst score that stands in the end.
fn worst(charted: &[(i64, &'static str, &'static str)]) -> i32 {
    let findings = run("organ-failure-2", charted);
    let standing: BTreeMap<_, _> = findings.iter().map(|of| (of.as_of, of.score)).collect();
    standing.into_values().flatten().max().unwrap_or(0)
}

#[test]
fn sofa_2_scores_at_every_limit() {
    let cases = LABORATORY
        .iter()
        .chain(&BRAIN)
        .chain(&LUNGS)
        .chain(&CIRCULATION)
        .chain(&KIDNEYS);
    let mut total = 0;
    for (charted, wanted) in cases {
        total += 1;
        assert_eq!(worst(charted), *wanted, "{charted:?}");
    }
    println!("SOFA-2 at its limits: {total} of {total} cases");
}

#[test]
fn little_urine_scores_by_how_long_it_lasts() {
    // 80 kg: 39 mL in an hour is just below 0.5 mL/kg/h, 23 mL just below 0.3.
    for (hours, amount, wanted) in [
        (4, "39", 0),
        (5, "39", 1),
        (5, "40", 0),
        (11, "39", 2),
        (22, "23", 3),
        (22, "24", 2),
        (11, "0", 3),
    ] {
        let mut charted = vec![(0, "weight", "80")];
        charted.extend((0..hours).map(|hour| (60 * hour + 30, "urine", amount)));
        assert_eq!(worst(&charted), wanted, "{hours} h of {amount} mL");
    }
}

#[test]
fn a_finding_says_which_score_it_is() {
    let findings = run("organ-failure-2", &[(0, "platelets", "80")]);
    let said = last(&findings, "organ-failure-2").map(|of| of.summary.to_string());
    assert_eq!(
        said.as_deref(),
        Some("SOFA-2 3: coagulation 3 (1 of 6 organs measured)")
    );
}

#[test]
fn of_two_results_of_one_time_the_worse_one_says_whether_the_kidneys_need_dialysis() {
    let of_one_time: [&[(&str, &str)]; 4] = [
        &[
            ("creatinine", "177"),
            ("potassium", "7.2"),
            ("potassium", "4.1"),
        ],
        &[
            ("creatinine", "177"),
            ("creatinine", "60"),
            ("potassium", "7.2"),
        ],
        &[
            ("creatinine", "177"),
            ("ph", "7.1"),
            ("ph", "7.4"),
            ("bicarbonate", "11"),
        ],
        &[
            ("creatinine", "177"),
            ("ph", "7.1"),
            ("bicarbonate", "30"),
            ("bicarbonate", "11"),
        ],
    ];
    for results in of_one_time {
        // Where results stand is decided by their names, which turning changes.
        for turned in 0..results.len() {
            for hours in [0, 90] {
                let turn = results.iter().cycle().skip(turned).take(results.len());
                let mut charted: Vec<_> = turn.map(|(what, said)| (5, *what, *said)).collect();
                charted.push((hours, "gcs", "15"));
                charted.sort_by_key(|(at, ..)| *at);
                let findings = run("organ-failure-2", &charted);
                let told = last(&findings, "organ-failure-2").unwrap();
                assert_eq!(told.score, Some(4), "{charted:?}");
            }
        }
    }
}
