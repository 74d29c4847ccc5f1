//! What an episode is, by small cases; the published labels are compared in the integration tests.

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000_000;
/// Rules of a limit without and with hysteresis.
const RULES: &str = "\
1\tlow\tglucose\tmg/dL\t<70\t>=15\t>=70\t>=15\t45\tregular\tmedium\ta test
2\tfast\tpulse\t/min\t>130\t>=10\t<=110\t>=5\t20\tas-charted\thigh\ta test
";

fn rule(name: &str) -> Rule {
    let rules = parse_rules(RULES).expect("the rules of the tests are rules");
    let mut rules = rules.into_iter();
    rules
        .find(|rule| *rule.name == *name)
        .expect("the rule is among them")
}

/// Minutes and values to readings.
fn readings(said: &[(i64, i64)]) -> Vec<Reading> {
    said.iter()
        .map(|(minute, value)| Reading {
            at: EventTime::from_micros(minute * MINUTE),
            value: Decimal::from(*value),
        })
        .collect()
}

/// Every five minutes from the start on.
fn every_five(values: &[i64]) -> Vec<(i64, i64)> {
    (0..).step_by(5).zip(values.iter().copied()).collect()
}

/// Shows episodes as start, confirmation, last minute, extreme and end.
fn check(name: &str, said: &[(i64, i64)], want: &[&str]) {
    let minute = |at: EventTime| at.micros() / MINUTE;
    let shown: Vec<String> = episodes(&rule(name), None, &readings(said))
        .iter()
        .map(|episode| {
            format!(
                "{} {} {} {} {:?}",
                minute(episode.start),
                minute(episode.confirmed),
                minute(episode.last),
                episode.extreme.value,
                episode.end.map(|end| match end {
                    End::Recovered(at) => minute(at),
                    End::Silence => -1,
                })
            )
        })
        .collect();
    assert_eq!(shown, want, "{said:?}");
}

#[test]
fn fifteen_minutes_are_three_readings_of_five() {
    check("low", &every_five(&[80, 69, 68, 80, 80, 80]), &[]);
    check(
        "low",
        &every_five(&[80, 69, 68, 67, 80, 80, 80, 80]),
        &["5 15 15 67 Some(30)"],
    );
    check(
        "low",
        &every_five(&[80, 69, 68, 67, 80, 80]),
        &["5 15 25 67 None"],
    );
}

#[test]
fn the_limit_itself_is_not_low() {
    check("low", &every_five(&[70, 70, 70, 70, 70]), &[]);
    check(
        "low",
        &every_five(&[70, 69, 69, 69, 70, 70, 70]),
        &["5 15 15 69 Some(30)"],
    );
}

#[test]
fn a_short_recovery_ends_nothing() {
    check(
        "low",
        &every_five(&[69, 69, 69, 80, 80, 60, 80, 80, 80]),
        &["0 10 25 60 Some(40)"],
    );
}

#[test]
fn a_gap_is_bridged_up_to_its_limit() {
    let around = |gap: i64| {
        [
            (0, 69),
            (5, 69),
            (5 + gap, 69),
            (10 + gap, 69),
            (15 + gap, 69),
        ]
    };
    check("low", &around(44), &["0 9 59 69 None"]);
    check("low", &around(45), &["0 10 60 69 None"]);
    // What comes after it is an episode of its own.
    check("low", &around(46), &["51 61 61 69 None"]);
}

#[test]
fn silence_ends_an_episode_and_is_not_counted_as_more_of_it() {
    check(
        "low",
        &[(0, 69), (5, 69), (10, 69), (100, 69), (105, 69)],
        &["0 10 10 69 Some(-1)"],
    );
}

#[test]
fn with_hysteresis_what_lies_between_neither_begins_nor_ends() {
    check("fast", &[(0, 120), (5, 120), (15, 120)], &[]);
    check(
        "fast",
        &[
            (0, 131),
            (6, 140),
            (11, 131),
            (15, 120),
            (20, 110),
            (24, 112),
            (28, 110),
            (34, 100),
        ],
        &["0 11 24 140 Some(34)"],
    );
}

#[test]
fn what_is_charted_stands_for_its_own_time_alone() {
    check("fast", &[(0, 131), (9, 131)], &[]);
    check("fast", &[(0, 131), (10, 131)], &["0 10 10 131 None"]);
    check("fast", &[(0, 131), (21, 131)], &[]);
}

#[test]
fn an_episode_from_before_goes_on_and_ends() {
    let before = Some(EventTime::from_micros(-60 * MINUTE));
    let found = episodes(
        &rule("fast"),
        before,
        &readings(&[(0, 120), (2, 100), (7, 100)]),
    );
    let want = End::Recovered(EventTime::from_micros(7 * MINUTE));
    assert_eq!(found.first().map(|episode| episode.start), before);
    assert_eq!(found.first().and_then(|episode| episode.end), Some(want));
}

/// Shows the episodes of readings that were heard at seconds of the clock, in seconds from the first: start, when it
/// had lasted long enough, and when it was over; and how long it lasted in minutes.
fn by_seconds(begin: i64, said: &[(i64, i64)]) -> Vec<(i64, i64, Option<i64>, u64)> {
    const SECOND: i64 = 1_000_000;
    let readings = said.iter().map(|(second, value)| Reading {
        at: EventTime::from_micros((begin + second) * SECOND),
        value: Decimal::from(*value),
    });
    let readings: Vec<Reading> = readings.collect();
    let second = |at: EventTime| at.micros() / SECOND - begin;
    let rule = rule("low");
    let found = episodes(&rule, None, &readings).into_iter();
    let shown = found.map(|episode| {
        let over = episode.end.map(|end| match end {
            End::Recovered(at) => second(at),
            End::Silence => -1,
        });
        let lasted = rule.lasted(&episode).as_secs() / 60;
        (
            second(episode.start),
            second(episode.confirmed),
            over,
            lasted,
        )
    });
    shown.collect()
}

/// Readings every five minutes, in seconds.
fn in_seconds(values: &[i64]) -> Vec<(i64, i64)> {
    (0..).step_by(300).zip(values.iter().copied()).collect()
}

#[test]
fn three_low_readings_of_five_minutes_are_an_episode_at_any_phase_of_the_clock() {
    let said = in_seconds(&[90, 69, 69, 69, 80, 80, 80, 80]);
    for phase in [0, 1, 58, 60, 120, 150, 240, 299] {
        let told = by_seconds(1_800_000_000 + phase, &said);
        assert_eq!(told, [(300, 900, Some(1_800), 15)], "{phase} s");
    }
}

#[test]
fn a_clock_a_few_seconds_off_its_beat_decides_nothing() {
    let off = [-2, 3, 1, -4, 2, -1, 0, 4];
    let said: Vec<_> = in_seconds(&[90, 69, 69, 69, 80, 80, 80, 80])
        .into_iter()
        .zip(off)
        .map(|((at, value), off)| (at + off, value))
        .collect();
    assert_eq!(by_seconds(77, &said), [(303, 896, Some(1_800), 15)]);
    // What stood a minute less than two beats is as long as it stood.
    let early = [
        (0, 90),
        (300, 69),
        (540, 69),
        (840, 69),
        (1_200, 80),
        (1_500, 80),
        (1_800, 80),
    ];
    assert_eq!(by_seconds(77, &early), [(300, 840, Some(1_800), 15)]);
    assert_eq!(by_seconds(77, &early[..4]), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_phase_of_the_clock_moves_what_is_found_and_changes_nothing(
        phase in 0..100_000i64,
        said in prop::collection::vec((1..9_000i64, 0..4u8, 60..80i64), 1..60),
    ) {
        let mut at = 0;
        let said: Vec<_> = said
            .into_iter()
            .map(|(apart, how, value)| {
                // Most come by the beat, some after what was not heard, some at any time.
                at += match how {
                    0 => apart,
                    1 => apart / 300 * 300 + 300,
                    _ => 300,
                };
                (at, value)
            })
            .collect();
        prop_assert_eq!(by_seconds(0, &said), by_seconds(phase, &said));
    }
}

#[test]
fn the_beat_is_the_usual_time_between_readings() {
    let beat = |said: &[(i64, i64)]| sampling::step_of(&readings(said)).as_secs() / 60;
    assert_eq!(beat(&[]), 1);
    assert_eq!(beat(&[(0, 1), (3, 1), (6, 1), (50, 1), (53, 1)]), 3);
    assert_eq!(beat(&[(0, 1), (60, 1), (120, 1)]), 15);
}

#[test]
fn between_readings_lies_a_line() {
    let even = sampling::filled(
        &readings(&[(1, 10), (6, 20), (16, 24), (24, 0), (31, 7), (80, 0)]),
        Duration::from_secs(300),
        Duration::from_secs(45 * 60),
    );
    let between = readings(&[
        (1, 10),
        (6, 20),
        (11, 22),
        (16, 24),
        (20, 12),
        (24, 0),
        (31, 7),
        (80, 0),
    ]);
    assert_eq!(even, between);
}

#[test]
fn a_row_that_is_no_rule_is_told_with_its_line() {
    let with = |column: usize, said: &str| {
        let row = "1\tlow\tglucose\tmg/dL\t<70\t>=15\t>=70\t>=15\t45\tregular\tmedium\ta test";
        let mut cells: Vec<&str> = row.split('\t').collect();
        cells[column] = said;
        parse_rules(&format!("# words\n{}\n", cells.join("\t"))).map_err(|error| error.to_string())
    };
    assert!(with(4, "<=69").is_ok());
    for (column, said, want) in [
        (0, "0", "line 2: number `0`: write 1 to 99"),
        (0, "100", "line 2: number `100`: write 1 to 99"),
        (
            1,
            "Low",
            "line 2: name `Low`: write small letters, digits and hyphens",
        ),
        (
            2,
            "culture",
            "line 2: parameter `culture`: write the name of a measured parameter",
        ),
        (3, "mm[Hg]", "line 2: `glucose` is not measured in `mmHg`"),
        (
            4,
            "70",
            "line 2: begins `70`: write <, <=, > or >= and a number, such as >130",
        ),
        (
            4,
            "<=70",
            "line 2: a value can be at most 70 and at least 70: let `ends` be on the other side of `begins`, with no value on both",
        ),
        (
            6,
            "<80",
            "line 2: a value can be below 70 and below 80: let `ends` be on the other side of `begins`, with no value on both",
        ),
        (
            5,
            ">=121",
            "line 2: lasts `>=121`: write >= or > and whole minutes of at most 120",
        ),
        (8, "0", "line 2: gap `0`: write minutes from 1 to 120"),
        (
            9,
            "even",
            "line 2: sampling `even`: write regular or as-charted",
        ),
        (
            10,
            "bad",
            "line 2: severity `bad`: write none, low, medium, high or critical",
        ),
        (
            11,
            " ",
            "line 2: source ` `: write where the rule comes from",
        ),
    ] {
        assert_eq!(with(column, said).unwrap_err(), want);
    }
    assert!(parse_rules("1\tlow").is_err());
    let empty = parse_rules("# words\n").unwrap_err().to_string();
    assert!(
        empty.starts_with("line 1: the file ends and has no row"),
        "{empty}"
    );
    assert!(parse_rules(&format!("\u{feff}{RULES}")).is_ok());
}

#[test]
fn two_rules_have_two_numbers() {
    let twice = |second: &str| {
        let first = RULES.lines().next().expect("there are two rules");
        parse_rules(&format!("{first}\n{second}\n")).map_err(|error| error.to_string())
    };
    let row = |number: &str, name: &str, unit: &str| {
        format!("{number}\t{name}\tglucose\t{unit}\t<3\t>=15\t>=3\t>=15\t45\tregular\tlow\ta test")
    };
    assert!(twice(&row("1", "low", "mmol/L")).is_ok());
    assert!(twice(&row("1", "low", "mg/dL")).is_err());
    assert!(twice(&row("1", "other", "mmol/L")).is_err());
    assert!(twice(&row("2", "low", "mmol/L")).is_err());
}
