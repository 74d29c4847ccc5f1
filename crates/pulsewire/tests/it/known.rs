//! A patient's page as it was known at a moment: what was corrected later stands as it was believed, and so do alerts.

use crate::message::{Potassium, minutes_ago, potassium};
use crate::platform::{Platform, Site};
use crate::sender::Sender;
use crate::setting::{now, wait_for};

fn result(id: &str, value: &str, status: &str) -> Vec<u8> {
    potassium(&Potassium {
        patient: "ada",
        control_id: id,
        order: "1",
        taken: &minutes_ago(20),
        value,
        status,
    })
}

/// The page of the only patient, once there is one.
fn patient(platform: &Platform) -> String {
    wait_for("the patient is listed", || {
        let (_, page) = platform.get("/patients");
        let (_, rest) = page.split_once("href=\"/patients/")?;
        let (key, _) = rest.split_once('"')?;
        Some(format!("/patients/{key}"))
    })
}

#[test]
fn what_was_believed_is_shown_as_it_was_and_what_stands_now_tells_of_it() {
    let site = Site::default();
    let platform = site.start();
    let before = now();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&result("HIGH", "6.9", "F"));
    let path = patient(&platform);
    wait_for("the alert", || {
        let (_, page) = platform.get(&path);
        (page.contains("6.9 mmol/L") && page.contains("\"word\">open<")).then_some(())
    });
    platform.wait_until_idle();
    let believed = now();
    sender.accepted(&result("CORRECTED", "4.9", "C"));
    let page = wait_for("the correction", || {
        let (_, page) = platform.get(&path);
        (page.contains("before 6.9 mmol/L") && page.contains("\"word\">retracted<")).then_some(page)
    });
    assert!(
        page.contains("4.9 mmol/L") && page.contains("corrected"),
        "{page}"
    );
    assert!(page.contains(">late, 2"), "{page}");
    let (code, then) = platform.get(&format!("{path}?known={believed}"));
    assert_eq!(code, 200);
    assert!(then.contains("<strong>As it was known</strong>"), "{then}");
    assert!(
        then.contains("6.9 mmol/L") && !then.contains("4.9 mmol/L"),
        "{then}"
    );
    assert!(
        then.contains("\"word\">open<") && !then.contains("retracted"),
        "{then}"
    );
    assert!(
        then.contains("Testperson") && !then.contains("Not all of it"),
        "{then}"
    );
    let (code, nothing) = platform.get(&format!("{path}?known={before}"));
    assert_eq!(code, 200);
    assert!(
        !nothing.contains("6.9 mmol/L") && !nothing.contains("Testperson"),
        "{nothing}"
    );
    assert_eq!(platform.get(&format!("{path}?known=yesterday")).0, 400);
    assert_eq!(
        platform
            .get(&format!("/patients/{}?known={believed}", "0".repeat(32)))
            .0,
        404
    );
    let audit = site.records("healthcare.audit");
    let looked = audit.iter().filter(|kept| {
        String::from_utf8_lossy(kept.bytes()).contains("view patient as it was known")
    });
    assert_eq!(looked.count(), 4);
}
