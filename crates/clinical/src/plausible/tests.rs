//! Measurements that can be true, and those that cannot.

use expect_test::{Expect, expect};

use super::*;
use crate::{Code, ObservationStatus, Quantity, Value};

const RECEIVED: &str = "2026-03-01T12:00:00Z";

fn amount(text: &str, unit: &str) -> Value {
    let digits = text.trim_start_matches(['<', '>', '=']);
    match digits.parse() {
        Ok(value) => Value::Quantity(Quantity {
            comparator: crate::Comparator::parse(text.trim_end_matches(digits)),
            value,
            unit: unit.into(),
        }),
        Err(_) => Value::Text(text.into()),
    }
}

fn measured(code: &str, value: Value) -> Observation {
    Observation {
        resource: "o1".into(),
        codes: vec![Code::loinc(code)],
        value: Some(value),
        components: Vec::new(),
        status: ObservationStatus::Final,
        interpretation: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        device: None,
    }
}

fn at(time: &str) -> Circumstances<'_> {
    Circumstances {
        source: "ICU",
        effective: EventTime::parse(time),
        issued: None,
        received: ReceivedTime::parse(RECEIVED).unwrap(),
        birth: Some("1954-02-11"),
    }
}

fn show(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".into(),
        Verdict::Flag(flags) => flags_to_header(flags),
        Verdict::Quarantine(reason) => format!("quarantine: {}", reason.code()),
        Verdict::Reject(reason) => format!("reject: {}", reason.code()),
    }
}

/// Judges lines of code, value and unit.
fn check(lines: &str, expected: &Expect) {
    let judged = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let judged = judged.map(|line| {
        let words: Vec<&str> = line.split(" | ").collect();
        let (code, value) = (words[0], words[1]);
        let unit = words.get(2).copied().unwrap_or_default();
        let verdict = judge(
            &measured(code, amount(value, unit)),
            &at("2026-03-01T11:00:00Z"),
            &Policy::default(),
        );
        format!("{line}: {}\n", show(&verdict))
    });
    expected.assert_eq(&judged.collect::<String>());
}

#[test]
fn each_limit_is_where_the_table_has_it() {
    check(
        "8867-4 | 9.9 | /min
         8867-4 | 10 | /min
         8867-4 | 350 | /min
         8867-4 | 351 | /min
         8867-4 | 601 | /min
         8867-4 | -1 | /min
         59408-5 | 100 | %
         59408-5 | 100.1 | %
         2823-3 | 9.60 | mmol/L
         2823-3 | 31 | mmol/L",
        &expect![[r#"
            8867-4 | 9.9 | /min: implausible-value
            8867-4 | 10 | /min: pass
            8867-4 | 350 | /min: pass
            8867-4 | 351 | /min: implausible-value
            8867-4 | 601 | /min: impossible-value
            8867-4 | -1 | /min: impossible-value
            59408-5 | 100 | %: pass
            59408-5 | 100.1 | %: impossible-value
            2823-3 | 9.60 | mmol/L: pass
            2823-3 | 31 | mmol/L: implausible-value
        "#]],
    );
}

#[test]
fn a_zero_is_a_loose_sensor_or_a_value() {
    check(
        "8867-4 | 0 | /min
         59408-5 | 0 | %
         3150-6 | 0 | %
         6690-2 | 0 | 10*9/L
         8867-4 | <0 | /min",
        &expect![[r#"
            8867-4 | 0 | /min: zero-value
            59408-5 | 0 | %: zero-value
            3150-6 | 0 | %: zero-value
            6690-2 | 0 | 10*9/L: pass
            8867-4 | <0 | /min: pass
        "#]],
    );
}

#[test]
fn every_unit_that_converts_is_judged_and_every_other_is_named() {
    check(
        "8310-5 | 98.6 | [degF]
         8310-5 | 98.6 | Cel
         8310-5 | 310 | K
         2345-7 | 5.5 | mmol/L
         2345-7 | 2.0 | g/L
         2160-0 | 88 | umol/L
         1975-2 | 17.1 | umol/L
         2524-7 | 18 | mg/dL
         3094-0 | 20 | mg/dL
         4548-4 | 53 | mmol/mol
         6690-2 | 12000 | /uL
         2019-8 | 5.3 | kPa
         718-7 | 8.7 | mmol/L
         29463-7 | 150 | [lb_av]
         2823-3 | 4.1 | meq/L
         17861-6 | 4.1 | meq/L
         8867-4 | 72 | mm[Hg]
         8867-4 | 72 |
         2744-1 | 7.35 | ",
        &expect![[r#"
            8310-5 | 98.6 | [degF]: pass
            8310-5 | 98.6 | Cel: implausible-value
            8310-5 | 310 | K: unknown-unit
            2345-7 | 5.5 | mmol/L: pass
            2345-7 | 2.0 | g/L: pass
            2160-0 | 88 | umol/L: pass
            1975-2 | 17.1 | umol/L: pass
            2524-7 | 18 | mg/dL: pass
            3094-0 | 20 | mg/dL: pass
            4548-4 | 53 | mmol/mol: pass
            6690-2 | 12000 | /uL: pass
            2019-8 | 5.3 | kPa: pass
            718-7 | 8.7 | mmol/L: pass
            29463-7 | 150 | [lb_av]: pass
            2823-3 | 4.1 | meq/L: pass
            17861-6 | 4.1 | meq/L: unfit-unit
            8867-4 | 72 | mm[Hg]: unfit-unit
            8867-4 | 72 |: unparsed-value
            2744-1 | 7.35 |: unparsed-value
        "#]],
    );
}

#[test]
fn inspired_oxygen_comes_in_four_forms() {
    check(
        "3150-6 | 0.33
         3150-6 | 33
         3150-6 | 33 | %
         3150-6 | 33%
         3150-6 | room air
         3150-6 | 2
         3150-6 | 4 | L/min
         3150-6 | 101 | %
         3151-8 | 4 | L/min",
        &expect![[r#"
            3150-6 | 0.33: pass
            3150-6 | 33: pass
            3150-6 | 33 | %: pass
            3150-6 | 33%: pass
            3150-6 | room air: pass
            3150-6 | 2: impossible-value
            3150-6 | 4 | L/min: unfit-unit
            3150-6 | 101 | %: impossible-value
            3151-8 | 4 | L/min: pass
        "#]],
    );
}

#[test]
fn what_cannot_be_read_as_a_number_says_so() {
    check(
        "2345-7 | NaN | mg/dL
         2345-7 | 1e999 | mg/dL
         2345-7 | 12,5 | mg/dL
         2345-7 | >500 | mg/dL
         2524-7 | <0.01 | mmol/L
         2345-7 | see note
         99999-9 | see note",
        &expect![[r#"
            2345-7 | NaN | mg/dL: unparsed-value
            2345-7 | 1e999 | mg/dL: unparsed-value
            2345-7 | 12,5 | mg/dL: unparsed-value
            2345-7 | >500 | mg/dL: pass
            2524-7 | <0.01 | mmol/L: pass
            2345-7 | see note: unparsed-value
            99999-9 | see note: pass
        "#]],
    );
}

#[test]
fn each_time_has_its_limit() {
    let judged = |effective: &str, issued: Option<&str>| {
        let given = Circumstances {
            issued: issued.and_then(RecordedTime::parse),
            ..at(effective)
        };
        let pulse = measured("8867-4", amount("72", "/min"));
        show(&judge(&pulse, &given, &Policy::default()))
    };
    assert_eq!(judged("2026-03-01T12:04:59Z", None), "pass");
    assert_eq!(judged("2026-03-01T12:05:00Z", None), "pass");
    let future = judged("2026-03-01T12:05:00.000001Z", None);
    assert_eq!(future, "quarantine: from-future");
    assert_eq!(judged("1954-02-10T10:00:00Z", None), "pass");
    assert_eq!(judged("1954-02-10T09:59:59Z", None), "before-birth");
    let life = Duration::from_secs(u64::from(MAX_AGE_YEARS) * times::YEAR_SECONDS);
    let oldest = EventTime::parse(RECEIVED).unwrap().minus(life);
    let second = Duration::from_secs(1);
    for (at, said) in [
        (oldest.plus(second), "before-birth"),
        (oldest, "before-birth"),
        (oldest.minus(second), "before-birth,too-long-ago"),
    ] {
        assert_eq!(judged(&at.to_string(), None), said, "{at}");
    }
    let issued = Some("2026-03-01T10:00:00Z");
    assert_eq!(judged("2026-03-01T10:05:00Z", issued), "pass");
    let later = judged("2026-03-01T10:05:01Z", issued);
    assert_eq!(later, "issued-before-effective");
}

#[test]
fn a_policy_holds_by_rule_and_by_source() {
    let mut policy = Policy::default();
    policy.by_rule.insert(Reason::ZeroValue, Action::Quarantine);
    let icu = (Reason::ZeroValue, "ICU".into());
    let judged = |policy: &Policy, code: &str| {
        let zero = measured(code, amount("0", "/min"));
        show(&judge(&zero, &at("2026-03-01T11:00:00Z"), policy))
    };
    assert_eq!(judged(&policy, "8867-4"), "quarantine: zero-value");
    assert!(!policy.may_reject("ICU"));
    policy.by_source.insert(icu.clone(), Action::Reject);
    assert!(policy.may_reject("ICU") && !policy.may_reject("Ward"));
    assert_eq!(judged(&policy, "8867-4"), "reject: zero-value");
    // Nothing but general knowledge stands behind the row of potassium's sister, chloride.
    assert_eq!(judged(&policy, "2075-0"), "zero-value");
    policy.by_source.insert(icu, Action::Pass);
    assert_eq!(judged(&policy, "8867-4"), "pass");
}

#[test]
fn a_part_is_named_and_what_is_withdrawn_is_never_held_back() {
    let mut pressure = measured("85354-9", amount("0", "mm[Hg]"));
    pressure.value = None;
    pressure.components = vec![
        (vec![Code::loinc("8480-6")], amount("120", "mm[Hg]")),
        (vec![Code::loinc("8462-4")], amount("0", "mm[Hg]")),
    ];
    let given = at("2026-03-01T11:00:00Z");
    let verdict = judge(&pressure, &given, &Policy::default());
    assert_eq!(show(&verdict), "zero-value@8462-4");
    let Verdict::Flag(flags) = verdict else {
        panic!("it is flagged");
    };
    assert_eq!(flags_from_header(&flags_to_header(&flags)), flags);
    assert_eq!(flags_from_header("of-tomorrow,zero-value@8462-4"), flags);
    pressure.status = ObservationStatus::EnteredInError;
    let future = at("2027-01-01T00:00:00Z");
    assert_eq!(judge(&pressure, &future, &Policy::default()), Verdict::Pass);
}

#[test]
fn every_code_and_action_reads_back() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.code()), Some(reason));
        assert!(reason.words().contains(": "), "{reason:?} says what to do");
    }
    for (action, name) in Action::ALL.into_iter().zip(Action::NAMES) {
        assert_eq!(Action::parse(name), Some(action));
        assert_eq!(action.word(), name);
    }
}
