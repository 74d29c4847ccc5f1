//! Messages as lists of segments, beside the groups that they fall into.

use expect_test::{Expect, expect};
use formats::hl7v2;

use super::*;

/// Places segments and prints them with their groups; a `+` joins what belongs to the segment before.
fn check(event: &str, names: &str, expected: Expect) {
    let rest = names.replace(' ', "|\r");
    let text = format!("MSH|^~\\&|||||||{event}|1|P|2.5\r{rest}|\r");
    let message = hl7v2::parse(text.as_bytes());
    let tree = Tree::of(&message);
    let mut text = String::new();
    let mut at = 0;
    for placed in &tree.segments {
        if placed.group != at {
            let mut path = Vec::new();
            let mut group = Some(placed.group);
            while let Some(inner) = group.filter(|group| *group != 0) {
                path.push(format!("{}:{inner}", tree.groups[inner].name));
                group = tree.parent(inner);
            }
            path.reverse();
            text.push_str(&format!("\n/{} ", path.join("/")));
            at = placed.group;
        }
        if placed.owner.is_some() {
            text.pop();
            text.push('+');
        }
        text.push_str(&String::from_utf8_lossy(placed.segment.name()));
        text.push(' ');
    }
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn results_belong_to_the_order_before_them() {
    check(
        "ORU^R01",
        "PID PV1 ORC OBR NTE OBX NTE NTE OBX ZXX NTE OBR OBX",
        expect![[r#"
        MSH
        /PATIENT_RESULT:1/PATIENT:2 PID
        /PATIENT_RESULT:1/PATIENT:2/VISIT:3 PV1
        /PATIENT_RESULT:1/ORDER_OBSERVATION:4/COMMON_ORDER:5 ORC
        /PATIENT_RESULT:1/ORDER_OBSERVATION:4 OBR+NTE
        /PATIENT_RESULT:1/ORDER_OBSERVATION:4/OBSERVATION:6 OBX+NTE+NTE
        /PATIENT_RESULT:1/ORDER_OBSERVATION:4/OBSERVATION:7 OBX ZXX+NTE
        /PATIENT_RESULT:1/ORDER_OBSERVATION:8 OBR
        /PATIENT_RESULT:1/ORDER_OBSERVATION:8/OBSERVATION:9 OBX"#]],
    );
}

#[test]
fn results_after_a_specimen_are_the_orders_only_where_it_has_none() {
    check(
        "ORU^R01",
        "PID OBR SPM OBX OBX",
        expect![[r#"
        MSH
        /PATIENT_RESULT:1/PATIENT:2 PID
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3 OBR
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/SPECIMEN:4 SPM
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/OBSERVATION:5 OBX
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/OBSERVATION:6 OBX"#]],
    );
    check(
        "ORU^R01",
        "PID OBR OBX SPM OBX OBR OBX",
        expect![[r#"
        MSH
        /PATIENT_RESULT:1/PATIENT:2 PID
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3 OBR
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/OBSERVATION:4 OBX
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/SPECIMEN:5 SPM
        /PATIENT_RESULT:1/ORDER_OBSERVATION:3/SPECIMEN:5/SPECIMEN_OBSERVATION:6 OBX
        /PATIENT_RESULT:1/ORDER_OBSERVATION:7 OBR
        /PATIENT_RESULT:1/ORDER_OBSERVATION:7/OBSERVATION:8 OBX"#]],
    );
}

#[test]
fn an_orc_before_obr_is_of_that_one_also_where_the_standard_has_it_behind() {
    check(
        "OUL^R22",
        "PID SPM SAC ORC OBR NTE TQ1 OBX ORC OBR OBX OBR ORC OBX",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /SPECIMEN:2 SPM
            /SPECIMEN:2/CONTAINER:3 SAC
            /SPECIMEN:2/ORDER:4/COMMON_ORDER:5 ORC
            /SPECIMEN:2/ORDER:4 OBR+NTE
            /SPECIMEN:2/ORDER:4/TIMING_QTY:6 TQ1
            /SPECIMEN:2/ORDER:4/RESULT:7 OBX
            /SPECIMEN:2/ORDER:8/COMMON_ORDER:9 ORC
            /SPECIMEN:2/ORDER:8 OBR
            /SPECIMEN:2/ORDER:8/RESULT:10 OBX
            /SPECIMEN:2/ORDER:11 OBR
            /SPECIMEN:2/ORDER:11/COMMON_ORDER:12 ORC
            /SPECIMEN:2/ORDER:11/COMMON_ORDER:12/ORDER_DOCUMENT:13 OBX"#]],
    );
    check(
        "OUL^R22",
        "PID SPM ORC NTE TQ1 OBR OBX ORC ZXX OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /SPECIMEN:2 SPM
            /SPECIMEN:2/ORDER:3/COMMON_ORDER:4 ORC+NTE
            /SPECIMEN:2/ORDER:3/TIMING_QTY:5 TQ1
            /SPECIMEN:2/ORDER:3 OBR
            /SPECIMEN:2/ORDER:3/RESULT:6 OBX
            /SPECIMEN:2/ORDER:7/COMMON_ORDER:8 ORC ZXX
            /SPECIMEN:2/ORDER:7 OBR"#]],
    );
}

#[test]
fn results_without_an_order_stay_with_the_patient() {
    check(
        "ORU^R01",
        "PID NTE OBX OBX",
        expect![[r#"
        MSH
        /PATIENT_RESULT:1/PATIENT:2 PID+NTE
        /PATIENT_RESULT:1/PATIENT:2/PATIENT_OBSERVATION:3 OBX
        /PATIENT_RESULT:1/PATIENT:2/PATIENT_OBSERVATION:4 OBX"#]],
    );
}

#[test]
fn orders_need_no_orc() {
    check(
        "ORM^O01",
        "PID OBR NTE OBX OBR DG1 ORC OBR",
        expect![[r#"
        MSH
        /PATIENT:1 PID
        /ORDER:2/ORDER_DETAIL:3 OBR+NTE
        /ORDER:2/ORDER_DETAIL:3/OBSERVATION:4 OBX
        /ORDER:5/ORDER_DETAIL:6 OBR DG1
        /ORDER:7 ORC
        /ORDER:7/ORDER_DETAIL:8 OBR"#]],
    );
}

#[test]
fn what_stands_too_late_or_is_unknown_stays_in_reach() {
    check(
        "ADT^A01",
        "PID OBX NTE PV1 ZPV ROL AL1 NK1 IN1 IN2 IN1 XYZ",
        expect![[r#"
        MSH PID OBX+NTE PV1 ZPV+ROL AL1 NK1
        /INSURANCE:1 IN1 IN2
        /INSURANCE:2 IN1 XYZ"#]],
    );
    check("ZZZ^Z01", "PID OBX NTE", expect!["MSH PID OBX+NTE"]);
}

#[test]
fn medications_and_appointments_have_groups_of_their_own() {
    check(
        "RDE^O11",
        "PID PV1 ORC RXE RXR RXC ORC RXE RXR",
        expect![[r#"
        MSH
        /PATIENT:1 PID
        /PATIENT:1/PATIENT_VISIT:2 PV1
        /ORDER:3 ORC RXE RXR RXC
        /ORDER:4 ORC RXE RXR"#]],
    );
    check(
        "VXU^V04",
        "PID NK1 ORC RXA RXR OBX NTE OBX ORC RXA",
        expect![[r#"
        MSH PID NK1
        /ORDER:1 ORC RXA RXR
        /ORDER:1/OBSERVATION:2 OBX+NTE
        /ORDER:1/OBSERVATION:3 OBX
        /ORDER:4 ORC RXA"#]],
    );
    check(
        "SIU^S12",
        "SCH TQ1 NTE PID PV1 RGS AIS NTE AIG AIL AIP RGS AIS",
        expect![[r#"
        MSH SCH TQ1+NTE
        /PATIENT:1 PID PV1
        /RESOURCES:2 RGS
        /RESOURCES:2/SERVICE:3 AIS+NTE
        /RESOURCES:2/GENERAL_RESOURCE:4 AIG
        /RESOURCES:2/LOCATION_RESOURCE:5 AIL
        /RESOURCES:2/PERSONNEL_RESOURCE:6 AIP
        /RESOURCES:7 RGS
        /RESOURCES:7/SERVICE:8 AIS"#]],
    );
}

#[test]
fn orc_and_obr_after_an_order_begin_the_next() {
    check(
        "OML^O21",
        "PID ORC|NW TQ1 OBR OBX SPM OBX ORC|NW OBR OBX ORC OBR SPM ORC|RE OBR OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /ORDER:2 ORC
            /ORDER:2/TIMING:3 TQ1
            /ORDER:2/OBSERVATION_REQUEST:4 OBR
            /ORDER:2/OBSERVATION_REQUEST:4/OBSERVATION:5 OBX
            /ORDER:2/OBSERVATION_REQUEST:4/SPECIMEN:6 SPM
            /ORDER:2/OBSERVATION_REQUEST:4/SPECIMEN:6/SPECIMEN_OBSERVATION:7 OBX
            /ORDER:8 ORC
            /ORDER:8/OBSERVATION_REQUEST:9 OBR
            /ORDER:8/OBSERVATION_REQUEST:9/OBSERVATION:10 OBX
            /ORDER:11 ORC
            /ORDER:11/OBSERVATION_REQUEST:12 OBR
            /ORDER:11/OBSERVATION_REQUEST:12/SPECIMEN:13 SPM
            /ORDER:14 ORC
            /ORDER:14/OBSERVATION_REQUEST:15 OBR
            /ORDER:16/OBSERVATION_REQUEST:17 OBR"#]],
    );
    check(
        "OMG^O19",
        "PID ORC|NW OBR ORC|NW OBR SPM ORC OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /ORDER:2 ORC OBR
            /ORDER:3 ORC OBR
            /ORDER:3/SPECIMEN:4 SPM
            /ORDER:5 ORC OBR"#]],
    );
}

#[test]
fn the_next_order_begins_beside_specimens_and_containers_too() {
    check(
        "OML^O33",
        "PID SPM ORC|NW OBR ORC|NW OBR SPM ORC OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /SPECIMEN:2 SPM
            /SPECIMEN:2/ORDER:3 ORC
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4 OBR
            /SPECIMEN:2/ORDER:5 ORC
            /SPECIMEN:2/ORDER:5/OBSERVATION_REQUEST:6 OBR
            /SPECIMEN:7 SPM
            /SPECIMEN:7/ORDER:8 ORC
            /SPECIMEN:7/ORDER:8/OBSERVATION_REQUEST:9 OBR"#]],
    );
    check(
        "OML^O35",
        "PID SPM SAC ORC OBR ORC OBR SAC ORC OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /SPECIMEN:2 SPM
            /SPECIMEN:2/SPECIMEN_CONTAINER:3 SAC
            /SPECIMEN:2/SPECIMEN_CONTAINER:3/ORDER:4 ORC
            /SPECIMEN:2/SPECIMEN_CONTAINER:3/ORDER:4/OBSERVATION_REQUEST:5 OBR
            /SPECIMEN:2/SPECIMEN_CONTAINER:3/ORDER:6 ORC
            /SPECIMEN:2/SPECIMEN_CONTAINER:3/ORDER:6/OBSERVATION_REQUEST:7 OBR
            /SPECIMEN:2/SPECIMEN_CONTAINER:8 SAC
            /SPECIMEN:2/SPECIMEN_CONTAINER:8/ORDER:9 ORC
            /SPECIMEN:2/SPECIMEN_CONTAINER:8/ORDER:9/OBSERVATION_REQUEST:10 OBR"#]],
    );
    check(
        "OML^O39",
        "PID ORC OBR ORC OBR",
        expect![[r#"
        MSH
        /PATIENT:1 PID
        /ORDER:2 ORC
        /ORDER:2/OBSERVATION_REQUEST:3 OBR
        /ORDER:4 ORC
        /ORDER:4/OBSERVATION_REQUEST:5 OBR"#]],
    );
    check(
        "OPL^O37",
        "PRT NK1 NK1 PID SPM ORC OBR NK1 PID SPM ORC OBR",
        expect![[r#"
            MSH+PRT
            /ORDER:1 NK1 NK1
            /ORDER:1/PATIENT:2 PID
            /ORDER:1/SPECIMEN:3 SPM
            /ORDER:1/SPECIMEN:3/OBSERVATION_REQUEST:4 ORC OBR
            /ORDER:5 NK1
            /ORDER:5/PATIENT:6 PID
            /ORDER:5/SPECIMEN:7 SPM
            /ORDER:5/SPECIMEN:7/OBSERVATION_REQUEST:8 ORC OBR"#]],
    );
}

#[test]
fn what_says_that_it_is_a_result_of_earlier_belongs_to_the_order() {
    const REPORT: &str = "OBR|||||||||||||||||||||||||F";
    check(
        "OML^O21",
        "PID ORC|NW OBR ORC|PR OBR OBX ORC|PR OBR OBX ORC|NW OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /ORDER:2 ORC
            /ORDER:2/OBSERVATION_REQUEST:3 OBR
            /ORDER:2/OBSERVATION_REQUEST:3/PRIOR_RESULT:4/ORDER_PRIOR:5 ORC OBR
            /ORDER:2/OBSERVATION_REQUEST:3/PRIOR_RESULT:4/ORDER_PRIOR:5/OBSERVATION_PRIOR:6 OBX
            /ORDER:2/OBSERVATION_REQUEST:3/PRIOR_RESULT:4/ORDER_PRIOR:7 ORC OBR
            /ORDER:2/OBSERVATION_REQUEST:3/PRIOR_RESULT:4/ORDER_PRIOR:7/OBSERVATION_PRIOR:8 OBX
            /ORDER:9 ORC
            /ORDER:9/OBSERVATION_REQUEST:10 OBR"#]],
    );
    check(
        "OMG^O19",
        &format!("PID ORC|NW OBR {REPORT} OBX ORC|RE {REPORT} OBX ORC|NW {REPORT} OBX {REPORT}"),
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /ORDER:2 ORC OBR
            /ORDER:2/PRIOR_RESULT:3/ORDER_PRIOR:4 OBR
            /ORDER:2/PRIOR_RESULT:3/ORDER_PRIOR:4/OBSERVATION_PRIOR:5 OBX
            /ORDER:2/PRIOR_RESULT:3/ORDER_PRIOR:6 ORC OBR
            /ORDER:2/PRIOR_RESULT:3/ORDER_PRIOR:6/OBSERVATION_PRIOR:7 OBX
            /ORDER:8 ORC OBR
            /ORDER:8/OBSERVATION:9 OBX
            /ORDER:10 OBR"#]],
    );
    check(
        "OML^O33",
        "PID SPM ORC|NW OBR PID PV1 ORC OBR OBX ORC OBR OBX ORC OBR",
        expect![[r#"
            MSH
            /PATIENT:1 PID
            /SPECIMEN:2 SPM
            /SPECIMEN:2/ORDER:3 ORC
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4 OBR
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/PATIENT_PRIOR:6 PID
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/PATIENT_VISIT_PRIOR:7 PV1
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/ORDER_PRIOR:8 ORC OBR
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/ORDER_PRIOR:8/OBSERVATION_PRIOR:9 OBX
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/ORDER_PRIOR:10 ORC OBR
            /SPECIMEN:2/ORDER:3/OBSERVATION_REQUEST:4/PRIOR_RESULT:5/ORDER_PRIOR:10/OBSERVATION_PRIOR:11 OBX
            /SPECIMEN:2/ORDER:12 ORC
            /SPECIMEN:2/ORDER:12/OBSERVATION_REQUEST:13 OBR"#]],
    );
    check(
        "OPL^O37",
        "PRT NK1 PID SPM ORC OBR NK1 PID OBR ORC OBX NK1 SPM ORC OBR",
        expect![[r#"
            MSH+PRT
            /ORDER:1 NK1
            /ORDER:1/PATIENT:2 PID
            /ORDER:1/SPECIMEN:3 SPM
            /ORDER:1/SPECIMEN:3/OBSERVATION_REQUEST:4 ORC OBR
            /ORDER:1/PRIOR_RESULT:5 NK1
            /ORDER:1/PRIOR_RESULT:5/PATIENT_PRIOR:6 PID
            /ORDER:1/PRIOR_RESULT:5/ORDER_PRIOR:7 OBR ORC
            /ORDER:1/PRIOR_RESULT:5/ORDER_PRIOR:7/OBSERVATION_RESULT_GROUP:8 OBX
            /ORDER:9 NK1
            /ORDER:9/SPECIMEN:10 SPM
            /ORDER:9/SPECIMEN:10/OBSERVATION_REQUEST:11 ORC OBR"#]],
    );
}
