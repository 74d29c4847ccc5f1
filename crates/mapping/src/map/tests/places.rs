//! Notes and specimens in the places that the standard has for them, and in those that senders use.

use super::orders::{made, text};

/// Gives the texts of the notes of the resources of a type.
fn notes(event: &str, segments: &str, resource: &str) -> Vec<String> {
    let element = match resource {
        "DiagnosticReport" => "conclusion",
        _ => "note",
    };
    let all = made(event, segments, resource);
    all.iter().map(|one| text(one, element)).collect()
}

#[test]
fn a_note_is_of_the_order_or_result_that_it_stands_behind() {
    let obr = "OBR|1|P1^A|F1^L|K^K^L\r";
    let obx = "OBX|1|NM|2823-3^K^LN||6.9|mmol/L|||||F\r";
    let note = |words: &str| format!("NTE|1|L|{words}\r");
    let oul = [
        "SPM|1|S1&A||BLD\r",
        obr,
        "ORC|RE|P1^A|F1^L\r",
        &note("of order"),
        "TQ1|1||||||20260301\r",
        &note("timed"),
        obx,
        "TCD|K^K^L\r",
        &note("HAEMOLYSED"),
        "SID|LOT1\r",
        &note("of lot"),
        &obr.replace("P1", "P2").replace("F1", "F2"),
        obx,
    ]
    .concat();
    let oru = [
        "ORC|RE|P1^A|F1^L\r",
        &note("of order"),
        obr,
        "TQ1|1||||||20260301\r",
        &note("timed"),
        obx,
        &note("HAEMOLYSED"),
        "ZXX|1\r",
        &note("of lot"),
        &obr.replace("P1", "P2").replace("F1", "F2"),
        obx,
        "SPM|1|S1&A||BLD\r",
        &note("of tube"),
    ]
    .concat();
    for (event, segments) in [("OUL^R22^OUL_R22", &oul), ("ORU^R01^ORU_R01", &oru)] {
        let results = notes(event, segments, "Observation");
        assert_eq!(
            results,
            [r#"[{"text":"HAEMOLYSED"},{"text":"of lot"}]"#, ""],
            "{event}"
        );
        let reports = notes(event, segments, "DiagnosticReport");
        assert_eq!(reports, [r#""of order\ntimed""#, ""], "{event}");
        let requests = notes(event, segments, "ServiceRequest");
        assert_eq!(
            requests,
            [r#"[{"text":"of order"},{"text":"timed"}]"#, ""],
            "{event}"
        );
    }
    let tubes = notes("ORU^R01^ORU_R01", &oru, "Specimen");
    assert!(
        tubes.contains(&r#"[{"text":"of tube"}]"#.to_owned()),
        "{tubes:?}"
    );
    let drug = "ORC|NW|1^A\rNTE|1|L|with food\rRXE||D^d^L|5||mg\r";
    let drugs = notes("RDE^O11^RDE_O11", drug, "MedicationRequest");
    assert_eq!(drugs, [r#"[{"text":"with food"}]"#]);
}

#[test]
fn a_specimen_of_analysers_is_that_of_spm_alone() {
    let obr = "OBR|1|P1^A|F1^L|K^K^L|||20260301080000|||||||20260301081000\rORC|RE|P1^A|F1^L\r";
    let obx = "OBX|1|NM|2823-3^K^LN||6.9|mmol/L|||||F\r";
    let spm = |number: u8| format!("SPM|{number}|S{number}&A||BLD\rSAC|||C{number}\r");
    let (one, two) = (spm(1), spm(2));
    for (event, segments, count) in [
        ("OUL^R22^OUL_R22", [&*one, obr, obx, ""], 1),
        ("OUL^R23^OUL_R23", [&*one, obr, obx, ""], 1),
        ("OUL^R24^OUL_R24", [obr, &*one, obx, ""], 1),
        ("OUL^R24^OUL_R24", [obr, obx, &*one, &*two], 2),
    ] {
        let segments = segments.concat();
        let specimens = made(event, &segments, "Specimen");
        assert_eq!(specimens.len(), count, "{event}");
        for resource in ["DiagnosticReport", "ServiceRequest"] {
            let all = made(event, &segments, resource);
            assert_eq!(all.len(), 1, "{event}");
            let referred = text(&all[0], "specimen");
            for specimen in &specimens {
                assert!(referred.contains(&*specimen.id), "{event} {referred}");
            }
        }
        let results = made(event, &segments, "Observation");
        let referred = text(&results[0], "specimen");
        // Of two, nobody says which one was measured.
        assert_eq!(referred.is_empty(), count == 2, "{event} {referred}");
    }
}
