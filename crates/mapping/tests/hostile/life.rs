//! What real senders get wrong about identity and order: merges, resends, corrections, cancels.

use serde_json::{Value, json};

use crate::world::World;
use crate::{PANEL, PERSON, at, message};

/// A merge of `retired` into `survivor`.
fn merge(n: u32, survivor: &str, retired: &str) -> String {
    let survivor = format!("PID|1||{survivor}^^^H^MR");
    let retired = format!("MRG|{retired}^^^H^MR");
    message(
        n,
        "ADT^A40^ADT_A39",
        &["EVN|A40|20260301", &survivor, &retired],
    )
}

fn person(n: u32, number: &str) -> String {
    let person = format!("PID|1||{number}^^^H^MR||Doe^Jo||19500601|F");
    message(n, "ADT^A28", &[&person])
}

/// The links of every patient of the world: active or not, and how many of each kind.
fn links(world: &World) -> Vec<String> {
    let patients = world.all("Patient").into_iter();
    let mut shown: Vec<String> = patients
        .map(|patient| {
            let links = at(patient, "link").as_array().cloned().unwrap_or_default();
            let kinds = links
                .iter()
                .map(|link| at(link, "type").as_str().unwrap_or_default().to_owned());
            let mut kinds: Vec<String> = kinds.collect();
            kinds.sort();
            let is_active = at(patient, "active") != &json!(false);
            format!("active {is_active} {}", kinds.join(" "))
        })
        .collect();
    shown.sort();
    shown
}

/// Every reference to a patient leads to one that is there.
fn assert_nothing_dangles(world: &World) {
    let known: Vec<String> = world
        .all("Patient")
        .iter()
        .map(|patient| format!("Patient/{}", at(patient, "id").as_str().unwrap_or_default()))
        .collect();
    for (name, value) in world.stands() {
        let text = value.to_string();
        for reference in text.split("\"Patient/").skip(1) {
            let id = reference.split('"').next().unwrap_or_default();
            assert!(
                known.contains(&format!("Patient/{id}")),
                "{name} refers to {id}"
            );
        }
    }
}

#[test]
fn defect_16_merges_into_oneself_twice_both_ways_in_pairs_in_chains_and_of_the_unknown() {
    let selfish = World::after(&[person(1, "A"), merge(2, "A", "A")]);
    assert_eq!(selfish.refused, ["self-merge"]);

    let once = World::after(&[person(1, "A"), person(2, "B"), merge(3, "A", "B")]);
    let twice = World::after(&[
        person(1, "A"),
        person(2, "B"),
        merge(3, "A", "B"),
        merge(4, "A", "B"),
    ]);
    assert_eq!(
        links(&once),
        ["active false replaced-by", "active true replaces"]
    );
    assert_eq!(links(&twice), links(&once));
    assert_eq!(twice.refused, [""; 0]);

    let inverse = World::after(&[
        person(1, "A"),
        person(2, "B"),
        merge(3, "A", "B"),
        merge(4, "B", "A"),
    ]);
    assert_eq!(inverse.refused, ["merge-cycle"]);
    assert_eq!(links(&inverse), links(&once));

    let pairs = message(
        5,
        "ADT^A40^ADT_A39",
        &[
            "EVN|A40|20260301",
            "PID|1||A^^^H^MR",
            "MRG|B^^^H^MR",
            "PID|1||C^^^H^MR",
            "MRG|D^^^H^MR",
        ],
    );
    let pairs = World::after(&[
        person(1, "A"),
        person(2, "B"),
        person(3, "C"),
        person(4, "D"),
        pairs,
    ]);
    assert_eq!(
        links(&pairs),
        [
            "active false replaced-by",
            "active false replaced-by",
            "active true replaces",
            "active true replaces"
        ]
    );

    let chain = World::after(&[
        person(1, "A"),
        person(2, "B"),
        person(3, "C"),
        merge(4, "B", "A"),
        merge(5, "C", "B"),
        person(6, "A"),
    ]);
    let last = chain
        .all("Patient")
        .into_iter()
        .filter(|one| at(one, "active") != &json!(false));
    assert_eq!(last.count(), 1, "{:?}", links(&chain));

    let unknown = World::after(&[person(1, "A"), merge(2, "A", "NEVER-SEEN")]);
    assert_eq!(unknown.refused, [""; 0]);
    for world in [&once, &twice, &inverse, &pairs, &chain, &unknown] {
        assert_nothing_dangles(world);
    }
}

/// A result of the same test of the same order, with its status.
fn version(n: u32, value: &str, status: &str) -> String {
    let panel = format!(
        "OBR|1|O1^A|F1^L|24323-8^Panel^LN|||20260301090000+0100|||||||||||||||2026030109{n:02}00+0100|||{status}"
    );
    let value =
        format!("OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|||||{status}|||20260301090000+0100");
    message(n, "ORU^R01^ORU_R01", &[PERSON, &panel, &value])
}

#[test]
fn defect_17_messages_that_come_again_or_out_of_order_end_in_the_same() {
    let (first, second, third) = (
        version(1, "5.9", "P"),
        version(2, "4.9", "F"),
        version(3, "4.8", "C"),
    );
    let straight = World::after(&[&first, &second, &third]);
    let resent = World::after(&[&first, &second, &second, &first, &third, &third]);
    assert_eq!((resent.resent, resent.stands()), (3, straight.stands()));
    for order in [
        [&first, &third, &second],
        [&third, &second, &first],
        [&second, &first, &third],
    ] {
        let world = World::after(&order);
        assert_eq!(
            world.one("Observation").pointer("/valueQuantity/value"),
            Some(&json!(4.8))
        );
        assert_eq!(at(world.one("Observation"), "status"), "corrected");
        assert_eq!(world.all("DiagnosticReport").len(), 1);
    }
}

#[test]
fn defect_18_corrections_withdrawals_and_cancels_change_what_they_are_about() {
    let status = |world: &World, resource: &str| at(world.one(resource), "status").clone();
    let corrected = World::after(&[version(1, "6.9", "F"), version(2, "4.9", "C")]);
    assert_eq!(status(&corrected, "Observation"), "corrected");
    for (sent, wanted) in [
        ("D", "entered-in-error"),
        ("W", "entered-in-error"),
        ("X", "cancelled"),
    ] {
        let world = World::after(&[version(1, "6.9", "F"), version(2, "", sent)]);
        assert_eq!(status(&world, "Observation"), wanted, "{sent}");
    }
    let visit = "PV1|1|I|4W||||||||||||||||V1^^^H^VN|||||||||||||||||||||||||20260301";
    let stay = |n: u32, event: &str, pv1: &str| {
        message(
            n,
            &format!("ADT^{event}"),
            &[&format!("EVN|{event}|202603010900{n:02}"), PERSON, pv1],
        )
    };
    let cancelled = World::after(&[stay(1, "A01", visit), stay(2, "A11", visit)]);
    assert_eq!(status(&cancelled, "Encounter"), "cancelled");
    let gone = format!("{visit}|20260301095000");
    let back = World::after(&[
        stay(1, "A01", visit),
        stay(2, "A03", &gone),
        stay(3, "A13", visit),
    ]);
    assert_eq!(status(&back, "Encounter"), "in-progress");
    assert_eq!(at(back.one("Encounter"), "period.end"), &Value::Null);
}

#[test]
fn hostile_b14_what_comes_for_a_retired_identity_is_the_survivors_and_a_cycle_is_refused() {
    let result = |n: u32, patient: &str| {
        let person = format!("PID|1||{patient}^^^H^MR");
        let value = "OBX|1|NM|2823-3^Potassium^LN||4.9|mmol/L|||||F";
        message(n, "ORU^R01^ORU_R01", &[&person, PANEL, value])
    };
    let mut world = World::after(&[
        person(1, "A"),
        person(2, "B"),
        merge(3, "A", "B"),
        result(4, "B"),
    ]);
    let survivor = world
        .all("Patient")
        .into_iter()
        .find(|patient| at(patient, "active") != &json!(false))
        .and_then(|patient| at(patient, "id").as_str())
        .map(|id| format!("Patient/{id}"));
    let subject = at(world.one("Observation"), "subject.reference").as_str();
    assert_eq!(subject.map(str::to_owned), survivor);
    assert_nothing_dangles(&world);
    let before = links(&world);
    world.take(merge(5, "B", "A").as_bytes());
    assert_eq!(world.refused, ["merge-cycle"]);
    assert_eq!(links(&world), before);
    // To take a link back (A37) names two persons: each keeps what is theirs, and nothing is lost.
    let unlink = message(
        6,
        "ADT^A37^ADT_A37",
        &["EVN|A37|20260301", "PID|1||C^^^H^MR", "PID|2||D^^^H^MR"],
    );
    world.take(unlink.as_bytes());
    assert_eq!(world.all("Patient").len(), 4);
    assert_nothing_dangles(&world);
}

#[test]
fn hostile_b15_corrections_before_results_cancels_before_orders_and_tenfold_duplicates() {
    let (first, last) = (version(1, "6.9", "F"), version(2, "4.9", "C"));
    let order = |n: u32, control: &str| {
        let status = if control == "CA" { "CA" } else { "IP" };
        let order = format!("ORC|{control}|O9^A|F9^L||{status}");
        let panel = "OBR|1|O9^A|F9^L|24323-8^Panel^LN";
        message(n, "ORM^O01^ORM_O01", &[PERSON, &order, panel])
    };
    let visit = "PV1|1|I|4W||||||||||||||||V1^^^H^VN";
    let stay = |n: u32, event: &str| {
        let told = format!("EVN|{event}|2026030109{n:02}00");
        message(n, &format!("ADT^{event}"), &[&told, PERSON, visit])
    };
    let all = [
        first,
        last,
        order(3, "NW"),
        order(4, "CA"),
        stay(5, "A01"),
        stay(6, "A11"),
    ];
    let straight = World::after(&all);
    let status = |world: &World, resource: &str| {
        let all = world.all(resource).into_iter();
        all.map(|one| at(one, "status").to_string())
            .collect::<Vec<_>>()
    };
    let kinds = [
        "Observation",
        "Encounter",
        "DiagnosticReport",
        "ServiceRequest",
    ];
    assert_eq!(status(&straight, "Observation"), ["\"corrected\""]);
    assert_eq!(status(&straight, "Encounter"), ["\"cancelled\""]);
    let mut backwards = all.to_vec();
    backwards.reverse();
    let mut tenfold = Vec::new();
    for round in 0..60 {
        // Two senders: one forwards, one backwards.
        tenfold.push(all[round % all.len()].clone());
        tenfold.push(all[all.len() - 1 - round % all.len()].clone());
    }
    for messages in [backwards, tenfold] {
        let world = World::after(&messages);
        for kind in kinds {
            assert_eq!(status(&world, kind), status(&straight, kind), "{kind}");
        }
        assert_eq!(world.stands().len(), straight.stands().len());
    }
}
