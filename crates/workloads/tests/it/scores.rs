//! Scores against published cases, and at every limit of their tables.

use clinical::{Code, Fact, Finding, System};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{self, Place, event, number, number_or_text, received_time};
use crate::news2_vectors::shared;

/// Codes and units of what the cases name.
fn code(what: &str) -> (Code, &'static str) {
    let (loinc, unit) = match what {
        "rr" => ("9279-1", "/min"),
        "spo2" => ("59408-5", "%"),
        "sbp" => ("8480-6", "mm[Hg]"),
        "pulse" => ("8867-4", "/min"),
        "temp" => ("8310-5", "Cel"),
        "consciousness" => ("80288-4", ""),
        "fio2" => ("3150-6", "%"),
        "pao2" => ("2703-7", "mm[Hg]"),
        "gcs" => ("9269-2", "{score}"),
        "bilirubin" => ("1975-2", "mg/dL"),
        "platelets" => ("777-3", "10*9/L"),
        "creatinine" => ("14682-9", "umol/L"),
        "urine" => ("9187-6", "mL"),
        "map" => ("8478-0", "mm[Hg]"),
        "eye" => ("9267-6", "{score}"),
        "verbal" => ("9270-0", "{score}"),
        "motor" => ("9268-4", "{score}"),
        "weight" => ("29463-7", "kg"),
        "potassium" => ("2823-3", "mmol/L"),
        "ph" => ("2744-1", ""),
        "bicarbonate" => ("1963-8", "mmol/L"),
        "lactate" => ("2524-7", "mmol/L"),
        "support" => return (local("respiratory-support"), ""),
        "machine" => return (local("circulatory-support"), ""),
        "kidney" => return (local("kidney-replacement"), ""),
        drug => {
            let (atc, unit) = match drug {
                "dopamine" => ("C01CA04", "ug/kg/min"),
                "norepinephrine" => ("C01CA03", "ug/kg/min"),
                "epinephrine" => ("C01CA24", "ug/kg/min"),
                "vasopressin" => ("H01BA01", "[IU]/min"),
                _ => ("C01CA07", "ug/kg/min"),
            };
            let code = Code {
                system: System::Other("http://www.whocc.no/atc".into()),
                code: atc.into(),
                display: "".into(),
            };
            return (code, unit);
        }
    };
    (Code::loinc(loinc), unit)
}

fn local(code: &str) -> Code {
    Code {
        system: System::Other("urn:pulsewire:code".into()),
        code: code.into(),
        display: "".into(),
    }
}

/// What is charted, in its usual unit where none is given.
pub(crate) fn observed(n: usize, what: &str, said: &str, unit: &str) -> Fact {
    let (code, usual) = code(what);
    let unit = if unit.is_empty() { usual } else { unit };
    events::observed(&n.to_string(), code, number_or_text(said, unit))
}

/// Runs what was charted, each at a minute, and gives what was found.
pub(crate) fn run(pack: &'static str, charted: &[(i64, &str, &str)]) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&[pack]));
    for (n, (at, what, said)) in charted.iter().enumerate() {
        let place = Place {
            at: *at,
            arrives: *at,
            offset: n as u64,
        };
        let fact = observed(n, what, said, "");
        engine.take(&event("ann", place, 0, fact));
    }
    engine.tick(received_time(charted.last().map_or(0, |last| last.0) + 1));
    engine.findings
}

pub(crate) fn last<'a>(findings: &'a [Finding], condition: &str) -> Option<&'a Finding> {
    let mut of = findings.iter().filter(|of| *of.condition == *condition);
    of.next_back()
}

/// A value on either side of each limit, and what it scores.
const MEWS_LIMITS: [(&str, &str, i32); 33] = [
    ("sbp", "70", 3),
    ("sbp", "71", 2),
    ("sbp", "80", 2),
    ("sbp", "81", 1),
    ("sbp", "100", 1),
    ("sbp", "101", 0),
    ("sbp", "199", 0),
    ("sbp", "200", 2),
    ("pulse", "39", 2),
    ("pulse", "40", 1),
    ("pulse", "50", 1),
    ("pulse", "51", 0),
    ("pulse", "100", 0),
    ("pulse", "101", 1),
    ("pulse", "110", 1),
    ("pulse", "111", 2),
    ("pulse", "129", 2),
    ("pulse", "130", 3),
    ("rr", "8", 2),
    ("rr", "9", 0),
    ("rr", "14", 0),
    ("rr", "15", 1),
    ("rr", "20", 1),
    ("rr", "21", 2),
    ("rr", "29", 2),
    ("rr", "30", 3),
    ("temp", "34.9", 2),
    ("temp", "35.0", 0),
    ("temp", "38.4", 0),
    ("temp", "38.5", 2),
    ("consciousness", "voice", 1),
    ("consciousness", "pain", 2),
    ("consciousness", "unresponsive", 3),
];

#[test]
fn mews_scores_at_every_limit() {
    let usual = [
        ("sbp", "120"),
        ("pulse", "80"),
        ("rr", "12"),
        ("temp", "37.0"),
        ("consciousness", "alert"),
    ];
    let mut cases = vec![
        (
            vec![
                ("sbp", "90"),
                ("pulse", "80"),
                ("rr", "20"),
                ("temp", "37.9"),
                ("consciousness", "voice"),
            ],
            3,
        ),
        (
            vec![
                ("sbp", "70"),
                ("pulse", "120"),
                ("rr", "30"),
                ("temp", "39.0"),
                ("consciousness", "pain"),
            ],
            12,
        ),
        (
            vec![
                ("sbp", "120"),
                ("pulse", "97"),
                ("rr", "12"),
                ("temp", "37.6"),
                ("consciousness", "alert"),
            ],
            0,
        ),
    ];
    for (what, said, points) in MEWS_LIMITS {
        let set = usual.iter().map(|(of, usual)| {
            if *of == what {
                (what, said)
            } else {
                (*of, *usual)
            }
        });
        cases.push((set.collect(), points));
    }
    for (set, wanted) in &cases {
        let charted: Vec<_> = set.iter().map(|(what, said)| (0, *what, *said)).collect();
        let findings = run("bedside-scores", &charted);
        assert_eq!(
            last(&findings, "mews").and_then(|of| of.score),
            Some(*wanted),
            "{set:?}"
        );
    }
    println!("MEWS: {0} of {0} cases", cases.len());
}

#[test]
fn the_shock_index_is_of_one_moment() {
    let says = |charted: &[(i64, &str, &str)]| {
        last(&run("bedside-scores", charted), "shock-index")
            .map(|of| (of.summary.to_string(), of.severity.word()))
    };
    let of = |text: &str, word: &'static str| Some((text.to_owned(), word));
    assert_eq!(
        says(&[(0, "pulse", "89"), (0, "sbp", "100")]),
        of("shock index 0.89", "none")
    );
    assert_eq!(
        says(&[(0, "pulse", "90"), (0, "sbp", "100")]),
        of("shock index 0.90", "low")
    );
    // What is shown is rounded, what is judged is not.
    assert_eq!(
        says(&[(0, "pulse", "100"), (0, "sbp", "60")]),
        of("shock index 1.67", "medium")
    );
    assert_eq!(
        says(&[(0, "pulse", "179"), (0, "sbp", "200")]),
        of("shock index 0.90", "none")
    );
    assert_eq!(
        says(&[(0, "pulse", "110"), (10, "sbp", "110")]),
        of("shock index 1.00", "medium")
    );
    assert_eq!(says(&[(0, "pulse", "110"), (11, "sbp", "110")]), None);
}

#[test]
fn the_rox_index_is_judged_by_how_long_oxygen_flows() {
    let says = |minutes: i64, saturation: &str, fraction: &str, rate: &str| {
        let charted = [
            (0, "support", "high-flow nasal oxygen"),
            (minutes, "spo2", saturation),
            (minutes, "fio2", fraction),
            (minutes, "rr", rate),
        ];
        last(&run("bedside-scores", &charted), "rox-index")
            .map(|of| (of.summary.to_string(), of.severity.word()))
    };
    let words = |of: Option<(String, &'static str)>| of.map(|of| of.1);
    // 85 / 0.6 / 29 is 4.885, which is shown as 4.89.
    assert!(says(720, "85", "60", "29").is_some_and(|of| of.0.contains("4.89")));
    // 90 / 0.6 / 53 is 2.83, and so on.
    assert_eq!(words(says(119, "90", "60", "53")), Some("none"));
    assert_eq!(words(says(120, "90", "60", "53")), Some("high"));
    assert_eq!(words(says(120, "90", "60", "52")), Some("low"));
    assert_eq!(words(says(360, "90", "60", "44")), Some("high"));
    assert_eq!(words(says(360, "90", "60", "43")), Some("low"));
    assert_eq!(words(says(720, "93", "80", "30")), Some("low"));
    assert_eq!(words(says(720, "92", "80", "30")), Some("high"));
    // 4.88 is reached exactly: 97.6 / 0.8 / 25.
    assert_eq!(words(says(720, "97.6", "80", "25")), Some("none"));
    assert!(says(720, "97.6", "80", "25").is_some_and(|of| of.0.contains("4.88")));
}

#[test]
fn oxygenation_has_the_bands_of_berlin() {
    let says = |pressure: &str, fraction: &str, support: &str| {
        let charted = [
            (0, "support", support),
            (30, "fio2", fraction),
            (60, "pao2", pressure),
            (120, "support", support),
        ];
        last(&run("bedside-scores", &charted), "oxygenation").map(|of| of.severity.word())
    };
    for (pressure, fraction, wanted) in [
        ("50", "50", "high"),
        ("101", "100", "medium"),
        ("100", "50", "medium"),
        ("201", "100", "low"),
        ("150", "50", "low"),
        ("301", "100", "none"),
    ] {
        assert_eq!(
            says(pressure, fraction, "ventilator"),
            Some(wanted),
            "{pressure}/{fraction}"
        );
    }
    assert_eq!(says("50", "50", "oxygen device"), None);
}

/// What the published cases of SOFA name, and what it is here.
const NAMES: [(&str, &str); 6] = [
    ("gt0007", "gcs"),
    ("gt0010", "bilirubin"),
    ("gt0012", "pao2"),
    ("gt0013", "fio2"),
    ("gt0015", "creatinine"),
    ("gt0017", "platelets"),
];

#[test]
fn sofa_scores_as_in_the_published_cases() {
    let path = shared().join("clinical-data/gdl2-score-vectors/SOFA.v1.test.yml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "skipped: {} is not there; set PULSEWIRE_SHARED to the shared data",
            path.display()
        );
        return;
    };
    let (mut matched, mut total) = (0, 0);
    for case in text.split("- id:").skip(1) {
        total += 1;
        let Some((input, expected)) = case.split_once("expected_output:") else {
            continue;
        };
        let wanted = expected
            .lines()
            .find_map(|line| line.trim().strip_prefix("gt0033|Total score: "))
            .and_then(|score| score.parse::<i32>().ok());
        let charted = charted(input);
        let found = run(
            "organ-failure",
            &charted
                .iter()
                .map(|(at, what, said)| (*at, *what, said.as_str()))
                .collect::<Vec<_>>(),
        );
        let score = last(&found, "organ-failure").map_or(Some(0), |of| of.score);
        if score == wanted {
            matched += 1;
        } else {
            println!(
                "{}: {score:?}, published {wanted:?}",
                input.lines().next().unwrap_or_default()
            );
        }
    }
    // One of them takes a ratio of 100 for one below 100, which is what it calls it.
    println!(
        "SOFA, published cases: {matched} of {total}; at a ratio of exactly 100 the table says below 100"
    );
    assert_eq!((matched, total), (14, 15));
}

/// Charts a case: gases are taken under a ventilator, as the cases have it.
fn charted(input: &str) -> Vec<(i64, &'static str, String)> {
    let mut charted = vec![(0, "support", "ventilator".to_owned())];
    for line in input.lines().map(str::trim) {
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        let digits = value.split([',', '|']).next().unwrap_or_default();
        let name = key.split('|').next().unwrap_or_default();
        if let Some((_, what)) = NAMES.iter().find(|(known, _)| *known == name) {
            charted.push((30, *what, digits.to_owned()));
        } else if key.contains("MAP or admin") {
            let (what, said) = match digits {
                "1" => ("map", "69"),
                "2" => ("dobutamine", "3"),
                "3" => ("dopamine", "6"),
                "4" => ("norepinephrine", "0.2"),
                _ => continue,
            };
            // A drug counts when it has run for an hour.
            let at = if what == "map" { 30 } else { -31 };
            charted.push((at, what, said.to_owned()));
        } else if key.to_lowercase().contains("urine") {
            // A day of it: it has been collected since the day before.
            charted.push((-1_350, "urine", "0".to_owned()));
            charted.push((30, "urine", digits.to_owned()));
        }
    }
    charted.sort_by_key(|(at, what, _)| (*at, *what == "pao2"));
    charted.push((60, "support", "ventilator".to_owned()));
    charted
}

#[test]
fn a_drug_counts_for_the_circulation_once_it_has_run_for_an_hour() {
    for (begun, over, wanted) in [
        (0, None, 4),
        (1, None, 0),
        (10, Some(75), 4),
        (10, Some(65), 0),
    ] {
        let mut charted = vec![(begun, "norepinephrine", "0.2"), (59, "map", "75")];
        charted.extend(over.map(|at| (at, "norepinephrine", "0")));
        charted.extend(over.map(|_| (119, "map", "75")));
        for pack in ["organ-failure", "organ-failure-2"] {
            let told = crate::permutations::standing(&run(pack, &charted));
            let score = told.last_key_value().and_then(|(_, (_, score, ..))| *score);
            // The table of 2025 asks for more than 0.2 for a third point.
            let wanted = if pack == "organ-failure" {
                wanted
            } else {
                wanted / 2
            };
            assert_eq!(score, Some(wanted), "{pack} {begun} {over:?}");
        }
    }
}

/// Two values of one time, and what is told when they are charted in either order.
fn either_way(
    pack: &'static str,
    condition: &str,
    values: [&str; 2],
    rest: Charted<'_>,
) -> Vec<String> {
    let [one, other] = values;
    let told = |first: &str, second: &str| {
        let (what, beside) = rest;
        let mut charted = vec![(0, what, first), (0, what, second)];
        charted.extend(beside);
        let findings = run(pack, &charted);
        last(&findings, condition).map_or(String::new(), |of| of.summary.to_string())
    };
    vec![told(one, other), told(other, one)]
}

/// What the two values are of, and what is charted beside them.
type Charted<'a> = (&'a str, &'a [(i64, &'a str, &'a str)]);

#[test]
fn of_several_values_of_one_time_the_worst_is_scored() {
    let rest = [
        (0, "rr", "16"),
        (0, "temp", "37.0"),
        (0, "consciousness", "alert"),
        (0, "sbp", "120"),
    ];
    let mews = |values| either_way("bedside-scores", "mews", values, ("pulse", &rest));
    assert_eq!(mews(["130", "60"]), ["MEWS 4"; 2]);
    assert_eq!(mews(["38", "60"]), ["MEWS 3"; 2]);
    let index = either_way(
        "bedside-scores",
        "shock-index",
        ["130", "60"],
        ("pulse", &rest),
    );
    assert_eq!(index, ["shock index 1.08"; 2]);
    let flow = [
        (-60, "support", "high-flow nasal oxygen"),
        (0, "spo2", "92"),
        (0, "rr", "25"),
    ];
    let rox = either_way("bedside-scores", "rox-index", ["30", "60"], ("fio2", &flow));
    assert!(
        rox.iter().all(|told| told.starts_with("ROX index 6.13")),
        "{rox:?}"
    );
    let ventilator = [
        (0, "fio2", "50"),
        (-60, "support", "ventilator"),
        (60, "support", "ventilator"),
    ];
    let gases = either_way(
        "bedside-scores",
        "oxygenation",
        ["120", "60"],
        ("pao2", &ventilator),
    );
    assert!(
        gases
            .iter()
            .all(|told| told.starts_with("PaO2/FiO2 120 mmHg")),
        "{gases:?}"
    );
    // A flow of nothing is charted beside the fraction that a patient breathes.
    let air = either_way(
        "deterioration",
        "deterioration",
        ["21", "40"],
        ("fio2", &[(0, "sbp", "85")]),
    );
    assert!(
        air.iter().all(|told| told.contains("on oxygen (2)")),
        "{air:?}"
    );
}

#[test]
fn a_day_of_urine_is_forgotten_two_days_later_though_nothing_else_comes() {
    let mut engine = Engine::of(workloads::Config::of(&["organ-failure-mimic"]));
    let place = Place {
        at: 0,
        arrives: 0,
        offset: 0,
    };
    let fact = events::observed("urine", Code::loinc("9187-6"), number("0", "mL"));
    engine.take(&event("ann", place, 0, fact));
    for hour in 1..60 {
        engine.tick(received_time(60 * hour));
    }
    let scores: Vec<_> = engine.findings.iter().map(|of| of.score).collect();
    assert_eq!(scores, [Some(4), Some(0)]);
}
