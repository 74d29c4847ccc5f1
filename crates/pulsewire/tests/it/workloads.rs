//! The pages of rule packs on the running platform: what they read, concluded and revised, and a finding with what it rests on.

use serde_json::Value;

use crate::message::{Potassium, minutes_ago, potassium};
use crate::platform::{Platform, Site};
use crate::sender::Sender;
use crate::setting::wait_for;

fn result(id: &str, order: &str, (taken, value, status): (u64, &str, &str)) -> Vec<u8> {
    potassium(&Potassium {
        patient: "ada",
        control_id: id,
        order,
        taken: &minutes_ago(taken),
        value,
        status,
    })
}

/// What is told of a rule pack.
fn told(platform: &Platform, name: &str) -> Value {
    let (code, json) = platform.get(&format!("/status/workloads?name={name}"));
    assert_eq!(code, 200);
    let all: Value = serde_json::from_str(&json).expect("it is JSON");
    all["workloads"][0].clone()
}

/// The address behind the first link in a page whose words begin so.
fn link(page: &str, words: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{words}"))?;
    let (_, path) = before.rsplit_once("href=\"")?;
    Some(path.to_owned())
}

#[test]
fn a_workload_tells_what_it_read_concluded_and_revised_and_each_finding_is_explained() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&result("NOW", "1", (0, "4.1", "F")));
    sender.accepted(&result("HIGH", "2", (20, "6.9", "F")));
    let path = wait_for("the finding is listed", || {
        let (code, page) = platform.get("/workloads/critical-results");
        assert_eq!(code, 200);
        link(&page, "potassium 6.9")
    });
    let (code, page) = platform.get(&path);
    assert_eq!(code, 200);
    for said in [
        "6.9 mmol/L",
        "patient stream",
        "Testperson",
        "pulsewire explain",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The laboratory corrects it, and one comes after all windows.
    sender.accepted(&result("CORRECTED", "2", (20, "4.9", "C")));
    sender.accepted(&result("PAST", "3", (4 * 24 * 60, "6.9", "F")));
    let told = wait_for("all of it is counted", || {
        let told = told(&platform, "critical-results");
        let (day, all) = (&told["lastDay"], ["items", "tooLate", "takenBack"]);
        let counted = all.map(|what| day[what].as_u64().unwrap_or_default());
        // With the critical value goes what was said of the one after it: that it is critical no longer.
        (counted == [4, 1, 2]).then_some(told)
    });
    let day = &told["lastDay"];
    assert_eq!(
        (&day["late"], &day["corrected"]),
        (&3.into(), &1.into()),
        "{day}"
    );
    assert_eq!(day["revisedFirstTime"], 2, "{day}");
    assert_eq!(told["patientsLastHour"]["count"], 1);
    assert_eq!(
        (&told["runs"], &told["station"]),
        (&"on".into(), &"workloads".into())
    );
    let hours = told["hours"].as_array().expect("the hours are listed");
    assert_eq!(hours.len(), 48);
    let read: u64 = hours.iter().filter_map(|hour| hour["items"].as_u64()).sum();
    assert_eq!(read, 4);
    let (_, page) = platform.get(&path);
    assert!(page.contains("<strong>retracted:</strong>"), "{page}");
    let audit = site.records("healthcare.audit");
    let looked = audit.iter().filter(|kept| {
        String::from_utf8_lossy(kept.bytes()).contains("\"purpose\":\"view finding\"")
    });
    assert_eq!(looked.count(), 2);
}

#[test]
fn every_rule_pack_has_a_page_that_shows_what_the_site_set() {
    let mut site = Site::default();
    site.set("workloads.deterioration", "complete_within", "\"30m\"")
        .set("workloads.sepsis-3", "enabled", "true");
    let platform = site.start();
    let (code, list) = platform.get("/workloads");
    assert_eq!(code, 200);
    let (code, json) = platform.get("/status/workloads");
    assert_eq!(code, 200);
    let all: Value = serde_json::from_str(&json).expect("it is JSON");
    let packs = all["workloads"].as_array().expect("they are listed");
    assert_eq!(packs.len(), 32);
    for pack in packs {
        let path = format!(
            "/workloads/{}",
            pack["name"].as_str().expect("it has a name")
        );
        assert!(list.contains(&format!("href=\"{path}\"")), "{path}");
        let (code, page) = platform.get(&path);
        assert_eq!(code, 200, "{path}");
        assert!(page.contains("What it is") && page.contains("Settings here"));
    }
    let (_, page) = platform.get("/workloads/deterioration");
    assert!(page.contains("<strong>30m</strong>"), "{page}");
    assert_eq!(
        told(&platform, "organ-failure")["runs"],
        "on, told to nobody"
    );
    let (_, page) = platform.get("/workloads/sepsis-3");
    assert!(page.contains("href=\"/workloads/organ-failure\""), "{page}");
    for nowhere in [
        "/workloads/none",
        "/findings/0:0",
        "/findings/9999:0",
        "/findings/x",
    ] {
        assert_eq!(platform.get(nowhere).0, 404, "{nowhere}");
    }
}
