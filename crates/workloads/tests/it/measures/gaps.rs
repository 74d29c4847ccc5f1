//! A gap is closed by what comes late, opens again when that is taken back, and is closed for good in the end.

use expect_test::expect;
use serde_json::Value;
use workloads::measures::{GapStatus, Measure, Source};

use super::made::{
    Followed, change, condition, patient, pressure, procedure, result, taken_back, visit,
};

#[test]
fn a_gap_opens_closes_opens_again_and_is_closed_by_a_claim() {
    let mut ann = Followed::new(&[Measure::Cms130], None);
    assert_eq!(
        ann.take(
            "2025-02-01T00:00:00Z",
            change(&patient("1965-05-05", "male"), 1)
        ),
        ""
    );
    let office = visit(
        "v",
        "office",
        "2025-01-20T10:00:00Z",
        "2025-01-20T10:20:00Z",
    );
    let open = ann.take("2025-02-01T00:00:00Z", change(&office, 2));
    expect!["care-gap/cms130 r1 Low: colorectal cancer screening 2025: open []"].assert_eq(&open);
    let colonoscopy = procedure("c", "colonoscopy", "2020-06-01T09:00:00Z");
    let closed = ann.take("2025-03-01T00:00:00Z", change(&colonoscopy, 3));
    expect!["care-gap/cms130 r2 None: colorectal cancer screening 2025: closed, not yet final [Colonoscopy  2020-06-01T09:00:00Z]"].assert_eq(&closed);
    let again = ann.take("2025-03-02T00:00:00Z", change(&colonoscopy, 4));
    assert_eq!(again, "", "the same again says nothing new");
    let reversed = ann.take("2025-04-01T00:00:00Z", taken_back(&colonoscopy, 5));
    expect!["care-gap/cms130 r3 Low: colorectal cancer screening 2025: open again []"]
        .assert_eq(&reversed);
    let gaps: Vec<_> = ann.state.gaps().map(|gap| (gap.year, gap.status)).collect();
    assert_eq!(gaps, [(2025, GapStatus::Reopened)]);
    let mut claimed = change(&colonoscopy, 6);
    claimed.source = Source::Claim;
    let closed = ann.take("2025-05-01T00:00:00Z", claimed);
    expect!["care-gap/cms130 r4 None: colorectal cancer screening 2025: closed [Colonoscopy  2020-06-01T09:00:00Z]"].assert_eq(&closed);
    let early = ann.take("2025-05-02T00:00:00Z", taken_back(&colonoscopy, 3));
    assert_eq!(early, "", "an older version changes nothing");
    let gone = ann.take("2025-06-01T00:00:00Z", taken_back(&office, 7));
    expect!["retracted care-gap/cms130 r5 None: taken back: the measure no longer asks it []"]
        .assert_eq(&gone);
}

/// What is said of a patient with diabetes and hypertension in a year, and when.
fn year_of_results() -> Vec<(&'static str, Value)> {
    vec![
        ("2025-01-10T00:00:00Z", patient("1960-01-01", "female")),
        (
            "2025-01-10T00:00:00Z",
            visit(
                "v",
                "office",
                "2025-01-09T10:00:00Z",
                "2025-01-09T10:20:00Z",
            ),
        ),
        (
            "2025-01-10T00:00:00Z",
            condition("d", "diabetes", "2015-01-01"),
        ),
        (
            "2025-01-10T00:00:00Z",
            condition("h", "hypertension", "2015-01-01"),
        ),
        (
            "2025-03-01T00:00:00Z",
            result("a", "a1c", "2025-02-28T08:00:00Z", "8.9", "%"),
        ),
        (
            "2025-04-01T00:00:00Z",
            pressure("b", "2025-03-31T08:00:00Z", 138, 91),
        ),
        (
            "2025-04-02T00:00:00Z",
            pressure("c", "2025-03-31T18:00:00Z", 142, 88),
        ),
        (
            "2025-09-01T00:00:00Z",
            result("e", "a1c", "2025-08-30T08:00:00Z", "9.1", "%"),
        ),
        (
            "2025-10-01T00:00:00Z",
            result("e", "a1c", "2025-08-30T08:00:00Z", "9.0", "%"),
        ),
    ]
}

#[test]
fn what_a_newer_result_may_undo_is_final_only_when_the_year_has_settled() {
    let mut ann = Followed::new(&[Measure::Cms122, Measure::Cms165], Some(90));
    let mut told = Vec::new();
    for (received, (now, resource)) in (1..).zip(&year_of_results()) {
        told.push(ann.take(now, change(resource, received)));
    }
    expect![[r#"

        --

        --
        care-gap/cms122 r1 Low: glycemic status 2025: open []
        --
        care-gap/cms165 r1 Low: blood pressure control 2025: open []
        --
        care-gap/cms122 r2 None: glycemic status 2025: closed, not yet final [HbA1c Laboratory Test 8.9 % 2025-02-28T08:00:00Z]
        --
        care-gap/cms165 r2 Low: blood pressure control 2025: open [Blood pressure 138 mm[Hg] / 91 mm[Hg] 2025-03-31T08:00:00Z]
        --
        care-gap/cms165 r3 None: blood pressure control 2025: closed, not yet final [Blood pressure 142 mm[Hg] / 88 mm[Hg] 2025-03-31T18:00:00Z; Blood pressure 138 mm[Hg] / 91 mm[Hg] 2025-03-31T08:00:00Z]
        --
        care-gap/cms122 r3 Low: glycemic status 2025: open again [HbA1c Laboratory Test 9.1 % 2025-08-30T08:00:00Z]
        --
        care-gap/cms122 r4 None: glycemic status 2025: closed, not yet final [HbA1c Laboratory Test 9.0 % 2025-08-30T08:00:00Z]"#]].assert_eq(&told.join("\n--\n"));
    let settled = [
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
        "2026-03-31T23:59:59Z",
        "2026-04-01T00:00:00Z",
    ];
    let told = settled.map(|now| ann.conclude(now, None));
    expect![[r#"

        --

        --

        --
        care-gap/cms122 r5 None: glycemic status 2025: closed [HbA1c Laboratory Test 9.0 % 2025-08-30T08:00:00Z]
        care-gap/cms165 r4 None: blood pressure control 2025: closed [Blood pressure 142 mm[Hg] / 88 mm[Hg] 2025-03-31T18:00:00Z; Blood pressure 138 mm[Hg] / 91 mm[Hg] 2025-03-31T08:00:00Z]"#]].assert_eq(&told.join("\n--\n"));
}
