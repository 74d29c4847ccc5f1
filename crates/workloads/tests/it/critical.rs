//! Critical results: what is told of repeats, of two results of one time, and of what grows for days.

use clinical::{Code, Event, FindingState, MergeRole, Quantity, Value};
use workloads::{Config, critical_ranges};

use crate::engine::Engine;
use crate::events::{Place, event, event_time, merge, observed, patient, received_time, told};

const DAY: i64 = 24 * 60;

fn place(at: i64, arrives: i64, offset: u64) -> Place {
    Place {
        at,
        arrives,
        offset: 10 * offset,
    }
}

/// Gives what is told of steps as stories write them, each with its time and when it arrives.
fn said(config: Config, steps: &[(i64, i64, &str)]) -> Vec<String> {
    let mut engine = Engine::of(config);
    for (offset, (at, arrives, step)) in (1..).zip(steps) {
        let events = told(step, place(*at, *arrives, offset)).expect("a step");
        engine.tick(received_time(*arrives));
        engine.take_message(&events);
    }
    let findings = engine.findings.iter();
    let own = findings.filter(|finding| finding.workload.starts_with("critical-"));
    own.map(|finding| match &finding.state {
        FindingState::Asserted => format!("{} {}", finding.severity.word(), finding.summary),
        FindingState::Retracted(why) => format!("taken back: {why}"),
    })
    .collect()
}

fn of_laboratory(rows: &str) -> Config {
    let mut config = Config::of(&["critical-results"]);
    config.critical.ranges = critical_ranges(rows).expect("rows");
    config
}

#[test]
fn a_repeat_is_compared_in_the_unit_of_the_laboratorys_own_range() {
    let config = of_laboratory("glucose\tmmol/L\t-\t<2.2\t>25.0\t2.8\tours\n");
    let told = said(
        config,
        &[
            (540, 540, "lab ann glucose 26.0 mmol/L"),
            (600, 600, "lab ann glucose 28.7 mmol/L"),
            (660, 660, "lab ann glucose 28.8 mmol/L"),
            (720, 720, "lab ann glucose 700 mg/dL"),
        ],
    );
    assert_eq!(
        told,
        [
            "critical glucose 26.0 mmol/L, critically high",
            "critical glucose 28.8 mmol/L, critically high",
            "critical glucose 700 mg/dL, critically high",
        ]
    );
}

#[test]
fn digits_with_a_comma_are_not_guessed_at_and_not_called_words() {
    let config = Config::of(&["critical-results"]);
    let told = said(config, &[(540, 540, "lab ann potassium 6,9 mmol/L")]);
    let wanted = "potassium cannot be evaluated: the result cannot be read as a number (digits with a decimal point)";
    assert_eq!(told, [format!("none {wanted}")]);
}

/// A potassium of its own, at nine.
fn potassium(resource: &str, value: &str, arrives: i64, offset: u64) -> Event {
    let value = Value::Quantity(Quantity::parse(value).expect("a quantity"));
    let fact = observed(resource, Code::loinc("2823-3"), value);
    event("ann", place(540, arrives, offset), 0, fact)
}

#[test]
fn of_two_results_of_one_time_the_worse_one_is_told() {
    for (first, second) in [("6.4 mmol/L", "8.0 mmol/L"), ("8.0 mmol/L", "6.4 mmol/L")] {
        let mut engine = Engine::of(Config::of(&["critical-results"]));
        engine.take_message(&[
            potassium("a", first, 560, 1),
            potassium("b", second, 560, 2),
        ]);
        let told = engine.findings.last().expect("one is told");
        assert_eq!(&*told.summary, "potassium 8.0 mmol/L, critically high");
        assert_eq!(engine.findings.len(), 1);
    }
}

#[test]
fn what_cannot_be_judged_takes_nothing_back_of_what_is_critical() {
    let told = said(
        Config::of(&["critical-results"]),
        &[
            (540, 540, "lab ann potassium 7.1 mmol/L"),
            (600, 600, "lab ann potassium <8.0 mmol/L"),
            (610, 610, "lab ann potassium 5.0 mg"),
            (660, 660, "lab ann potassium 4.4 mmol/L"),
            (720, 720, "lab ann potassium <8.0 mmol/L"),
        ],
    );
    assert_eq!(
        told,
        [
            "critical potassium 7.1 mmol/L, critically high",
            "none potassium 4.4 mmol/L, no longer critical",
            "none potassium cannot be evaluated: <8.0 mmol/L",
        ]
    );
}

#[test]
fn what_is_flagged_the_other_way_is_told_where_no_range_holds() {
    let told = said(
        Config::of(&["critical-results"]),
        &[
            (0, 0, "person ann born 2020-06-01"),
            (540, 540, "lab ann potassium 6.9 mmol/L flag HH"),
            (600, 600, "lab ann potassium 6.7 mmol/L flag HH"),
            (660, 660, "lab ann potassium 1.9 mmol/L flag LL"),
        ],
    );
    assert_eq!(
        told,
        [
            "high potassium 6.9 mmol/L, critical by the laboratory's own flag",
            "high potassium 1.9 mmol/L, critical by the laboratory's own flag",
        ]
    );
}

#[test]
fn a_culture_that_grows_after_days_is_told_and_can_be_taken_back() {
    let told = said(
        Config::of(&["critical-cultures"]),
        &[
            (540, 540 + 5 * DAY, "culture ann positive"),
            (540, 540 + 6 * DAY, "culture ann negative"),
        ],
    );
    assert_eq!(told, ["critical culture positive", "taken back: late-data"]);
    let late = said(
        Config::of(&["critical-cultures"]),
        &[(540, 541 + 7 * DAY, "culture ann positive")],
    );
    assert_eq!(late, [""; 0]);
}

#[test]
fn a_culture_that_stands_for_days_is_told_once() {
    let told = said(
        Config::of(&["critical-cultures"]),
        &[
            (540, 2 * DAY, "culture ann positive"),
            (3 * DAY, 3 * DAY, "lab ann potassium 4.0 mmol/L"),
            (5 * DAY, 5 * DAY, "lab ann potassium 4.0 mmol/L"),
            (9 * DAY, 9 * DAY, "lab ann potassium 4.0 mmol/L"),
            (15 * DAY, 15 * DAY, "lab ann potassium 4.0 mmol/L"),
        ],
    );
    assert_eq!(told, ["critical culture positive"]);
}

/// A culture of its own, of blood (600-7) or urine (630-4).
fn grown(resource: &str, code: &str, words: &str, (at, arrives): (i64, i64), nth: u64) -> Event {
    let fact = observed(resource, Code::loinc(code), Value::Text(words.into()));
    event("ann", place(at, arrives, nth), 0, fact)
}

/// Gives what is told of cultures, each with when its specimen was taken and when it arrives.
fn said_of(cultures: &[(&str, &str, &str, (i64, i64))]) -> Vec<String> {
    let mut engine = Engine::of(Config::of(&["critical-cultures"]));
    for (nth, (resource, code, words, times)) in (1..).zip(cultures) {
        engine.tick(received_time(times.1));
        engine.take_message(&[grown(resource, code, words, *times, nth)]);
    }
    let findings = engine.findings.iter();
    let told = findings.map(|finding| {
        let at = (finding.as_of.micros() - event_time(0).micros()) / 60_000_000;
        match &finding.state {
            FindingState::Asserted => {
                format!("{at} {} {}", finding.severity.word(), finding.summary)
            }
            FindingState::Retracted(why) => format!("{at} taken back: {why}"),
        }
    });
    told.collect()
}

#[test]
fn what_did_not_grow_in_urine_does_not_end_what_grew_in_blood() {
    let told = said_of(&[
        ("blood", "600-7", "Staphylococcus aureus", (540, 2 * DAY)),
        ("urine", "630-4", "no growth", (720, 2 * DAY + 10)),
        ("second", "600-7", "no growth", (780, 2 * DAY + 20)),
    ]);
    assert_eq!(told, ["540 critical culture positive"]);
    let corrected = said_of(&[
        ("blood", "600-7", "Staphylococcus aureus", (540, 2 * DAY)),
        ("blood", "600-7", "no growth", (540, 3 * DAY)),
    ]);
    assert_eq!(
        corrected,
        ["540 critical culture positive", "540 taken back: late-data"]
    );
}

#[test]
fn what_grows_in_blood_is_no_repeat_of_what_grew_in_urine() {
    let urine = ("urine", "630-4", "positive", (480, 2 * DAY));
    let blood = ("blood", "600-7", "Escherichia coli", (540, 3 * DAY));
    let again = ("blood", "600-7", "Escherichia coli", (540, 3 * DAY + 60));
    assert_eq!(
        said_of(&[urine, blood, again]),
        [
            "480 critical culture positive",
            "540 critical culture positive"
        ]
    );
    let late = ("urine", "630-4", "positive", (480, 4 * DAY));
    assert_eq!(
        said_of(&[blood, late]),
        [
            "540 critical culture positive",
            "480 critical culture positive"
        ]
    );
}

#[test]
fn of_two_cultures_of_one_minute_both_are_told() {
    let urine = ("urine", "630-4", "positive", (540, 2 * DAY));
    let blood = ("blood", "600-7", "Escherichia coli", (540, 3 * DAY));
    let no_growth = ("third", "600-7", "no growth", (540, 3 * DAY + 60));
    let told = said_of(&[urine, blood, no_growth]);
    assert_eq!(
        told,
        [
            "540 critical culture positive",
            "540 critical culture positive; 2 results of this time"
        ]
    );
    let mut engine = Engine::of(Config::of(&["critical-cultures"]));
    engine.take_message(&[
        grown("blood", "600-7", "Escherichia coli", (540, 560), 1),
        grown("urine", "630-4", "positive", (540, 560), 2),
    ]);
    let finding = engine.findings.last().expect("both are told");
    assert_eq!(finding.evidence.len(), 2);
    assert_eq!(
        &*finding.condition,
        format!("critical-result/culture/{}", event_time(540))
    );
}

#[test]
fn a_culture_that_a_full_chart_gave_up_is_not_taken_back() {
    let mut engine = Engine::of(Config::of(&["critical-cultures", "critical-results"]));
    let blood = |resource, at, arrives, nth| {
        grown(resource, "600-7", "Escherichia coli", (at, arrives), nth)
    };
    engine.take(&blood("first", 540, 2 * DAY, 1));
    // As much as a chart holds beside it, of minutes in which all is kept.
    for nth in 0..4_000_u64 {
        let at = 2 * DAY + i64::try_from(nth / 40).expect("minutes");
        let potassium = Value::Quantity(Quantity {
            comparator: None,
            value: 4.into(),
            unit: "mmol/L".into(),
        });
        let fact = observed(
            &format!("potassium-{nth}"),
            Code::loinc("2823-3"),
            potassium,
        );
        engine.take(&event("ann", place(at, at, nth + 2), 0, fact));
    }
    let arrives = 2 * DAY + 120;
    // What was before it is looked at again.
    engine.take(&blood("second", 539, arrives, 5_000));
    let cultures = engine.findings.iter();
    let cultures = cultures.filter(|finding| &*finding.workload == "critical-cultures");
    let taken_back = cultures.filter(|finding| finding.state != FindingState::Asserted);
    assert_eq!(taken_back.count(), 0);
}

#[test]
fn a_critical_result_of_somebody_who_is_said_to_be_dead_is_told() {
    let mut engine = Engine::of(Config::of(&["critical-results", "deterioration"]));
    for (offset, step) in (1..).zip([
        "died ann",
        "lab ann potassium 6.9 mmol/L",
        "vitals ann rr 30",
    ]) {
        let events = told(step, place(540, 540, offset)).expect("a step");
        engine.take_message(&events);
    }
    let told: Vec<_> = engine.findings.iter().map(|of| &*of.condition).collect();
    assert_eq!(told, ["critical-result/potassium"]);
}

#[test]
fn what_another_record_knew_takes_a_repeat_back_and_retires_nobody() {
    let mut engine = Engine::of(Config::of(&["critical-results"]));
    for (offset, (who, at, value)) in (1..).zip([("joe", 540, "6.4"), ("ann", 600, "6.5")]) {
        let step = format!("lab {who} potassium {value} mmol/L");
        let events = told(&step, place(at, at, offset)).expect("a step");
        engine.take_message(&events);
    }
    engine.findings.clear();
    let retired = merge(MergeRole::Retired, "ann");
    engine.take(&event("joe", place(660, 660, 9), 0, retired));
    let told: Vec<_> = engine
        .findings
        .iter()
        .map(|finding| {
            let who = if finding.patient == patient("ann") {
                "ann"
            } else {
                "joe"
            };
            match &finding.state {
                FindingState::Asserted => format!("{who} {}", finding.summary),
                FindingState::Retracted(why) => format!("{who} taken back: {why}"),
            }
        })
        .collect();
    // An alert of whoever is retired ends by the word "merged", and by no other.
    assert_eq!(
        told,
        [
            "joe taken back: merged",
            "ann potassium 6.4 mmol/L, critically high",
            "ann taken back: joined",
        ]
    );
}
