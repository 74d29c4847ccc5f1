//! Whatever is admitted, reported, merged, moved and cancelled, every reference leads to a resource.

use proptest::prelude::*;
use serde_json::Value;

use super::hospital::Hospital;

/// One message: event, patient, other patient, visit.
type Step = (usize, u8, u8, u8);

const EVENTS: [&str; 18] = [
    "A01", "A02", "A03", "A08", "A11", "A12", "A13", "A23", "A24", "A37", "A40", "A42", "A45",
    "A47", "A41", "A44", "R01", "R01",
];

fn message((event, patient, other, visit): Step) -> (&'static str, String) {
    let event = EVENTS[event];
    let account = format!("{}ACC{visit}", "|".repeat(13));
    let person = format!("PID|||{patient}^^^H^MR||Doe^P{patient}{account}");
    let stay = format!("PV1||I|W{other}^{visit}||||{other}^Doctor||||||||||||V{visit}");
    let text = match event {
        "A24" | "A37" => format!("{person} / PV1||N / PID|||{other}^^^H^MR / PV1||N"),
        "A40" | "A47" => format!("{person} / MRG|{other}^^^H^MR"),
        "A41" | "A44" => format!("{person} / MRG|{other}^^^H^MR||ACC{other}"),
        "A42" => format!("{person} / MRG|{patient}^^^H^MR||||V{other} / {stay}"),
        "A45" => format!("{person} / MRG|{other}^^^H^MR||||V{visit} / {stay}"),
        "R01" => format!(
            "{person} / {stay} / OBR|1||F{visit}|BMP|||202603010000 / OBX|1|NM|K||{other}.1|mmol/L|||||F"
        ),
        _ => format!("{person} / {stay}"),
    };
    (event, text)
}

fn references<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "reference" => out.push(text),
                    _ => references(member, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

fn run(steps: &[Step]) -> Hospital {
    let mut hospital = Hospital::new();
    for (minute, step) in steps.iter().enumerate() {
        let (event, text) = message(*step);
        hospital.send(event, minute, &text);
    }
    hospital
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_reference_dangles(
        steps in prop::collection::vec((0_usize..18, 1_u8..5, 1_u8..5, 1_u8..4), 1..24)
    ) {
        let hospital = run(&steps);
        for (name, resource) in &hospital.current {
            let mut found = Vec::new();
            references(resource, &mut found);
            for reference in found {
                prop_assert!(hospital.current.contains_key(reference), "{} refers to {}", name, reference);
            }
            // Who was replaced says by whom, and that one says so too.
            for link in resource["link"].as_array().into_iter().flatten() {
                let other = &hospital.current[link["other"]["reference"].as_str().unwrap()];
                let back = match link["type"].as_str() {
                    Some("replaces") => "replaced-by",
                    Some("replaced-by") => continue,
                    _ => continue,
                };
                let links = other["link"].as_array().cloned().unwrap_or_default();
                prop_assert!(links.iter().any(|link| link["type"] == back), "{} and {}", name, other);
            }
        }
        // The last message once more, under another control id a minute later, makes nothing new.
        let (event, text) = message(*steps.last().unwrap());
        let names: Vec<String> = hospital.current.keys().cloned().collect();
        let mut again = hospital;
        again.send(event, steps.len(), &text);
        let added: Vec<&String> = again
            .current
            .keys()
            .filter(|name| !names.contains(name) && !name.starts_with("Provenance/"))
            .collect();
        prop_assert!(added.is_empty(), "{:?}", added);
    }
}
