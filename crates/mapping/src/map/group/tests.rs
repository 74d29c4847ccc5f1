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
