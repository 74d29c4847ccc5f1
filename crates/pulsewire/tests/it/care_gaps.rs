//! Care gaps of the running platform: FHIR over HTTP to the gap that closes and opens again, on the topic, the page and the command.

use std::time::Duration;

use serde_json::{Value, json};

use crate::message::{header, lines};
use crate::platform::{Platform, Site, complained, quoted, run, said};
use crate::rest::Rest;
use crate::sender::Sender;
use crate::setting::{now, wait_for};

const TOPIC: &str = "healthcare.events.risk-gap-identified";
/// The value sets that measures name, as the project lists them.
const TABLE: &str = include_str!("../../../workloads/data/value_sets.tsv");

/// Gives a site each value set with one code, which is its name, in a system of its own and in LOINC.
fn with_value_sets(site: &mut Site) {
    let folder = site.folder().join("value-sets");
    std::fs::create_dir(&folder).expect("the temporary folder can be written");
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let cells = rows.filter_map(|row| {
        row.split_once('\t')?
            .1
            .split_once('\t')
            .map(|(oid, _)| (row, oid))
    });
    let lines = cells
        .filter(|(_, oid)| !oid.contains('|'))
        .map(|(row, oid)| {
            let name = row.split('\t').next().unwrap_or_default();
            format!("{oid}\turn:sets\t{name}\n{oid}\thttp://loinc.org\t{name}\n")
        });
    std::fs::write(folder.join("all.tsv"), lines.collect::<String>())
        .expect("the temporary folder can be written");
    site.set("workloads.care-gaps", "enabled", "true")
        .set("workloads.care-gaps", "measures", "\"cms130\"")
        .set(
            "workloads.care-gaps",
            "value_sets",
            &quoted(&folder.display().to_string()),
        );
}

fn concept(name: &str) -> Value {
    json!({"coding": [{"system": "urn:sets", "code": name}]})
}

/// What was said of the gap, oldest first.
fn gaps(site: &Site) -> Vec<Value> {
    let records = site.records(TOPIC);
    let read = |bytes: &[u8]| serde_json::from_slice(bytes).expect("a record is JSON");
    records.iter().map(|kept| read(kept.bytes())).collect()
}

fn wait_for_status(site: &Site, status: &str) -> Value {
    wait_for(status, || {
        gaps(site).pop().filter(|gap| gap["status"] == status)
    })
}

/// Looks at the work list, as the page and as the command show it.
fn page_and_command(platform: &Platform) {
    let page = wait_for("the page", || {
        let (code, page) = platform.get("/care-gaps?measure=cms130");
        assert_eq!(code, 200);
        page.contains("revision 3").then_some(page)
    });
    assert!(page.contains("colorectal cancer screening"), "{page}");
    let (_, others) = platform.get("/care-gaps?measure=cms130&status=closed");
    assert!(others.contains("No care gaps here."), "{others}");
    let at = platform.pages.to_string();
    let listed = run(&["care-gaps", "--at", &at, "--status", "reopened"]);
    assert_eq!(listed.status.code(), Some(0), "{}", complained(&listed));
    assert!(
        said(&listed).contains("cms130") && said(&listed).contains("1 in all"),
        "{}",
        said(&listed)
    );
    assert!(!said(&listed).contains("Gapley"));
    let none = run(&["care-gaps", "--at", &at, "--measure", "cms122", "--json"]);
    let none: Value = serde_json::from_str(&said(&none)).expect("one object");
    assert_eq!(none["gaps"], json!([]));
    assert_eq!(
        run(&["care-gaps", "--at", &at, "--measure", "cms9"])
            .status
            .code(),
        Some(2)
    );
}

/// Registers somebody who is 60 in a year and was at the office just now.
fn of_sixty(rest: &Rest, year: i32, system: &str) -> String {
    let ann = json!({"resourceType": "Patient", "birthDate": format!("{}-05-05", year - 60), "gender": "male",
        "name": [{"family": "Gapley"}], "identifier": [{"system": system, "value": "77"}]});
    let ann = rest.post("/Patient", &ann).id();
    let subject = json!({"reference": format!("Patient/{ann}")});
    let ended = now().minus(Duration::from_secs(60)).to_string();
    let visit = json!({"resourceType": "Encounter", "status": "finished", "type": [concept("OfficeVisit")], "subject": subject,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, "period": {"start": ended, "end": ended}});
    let answer = rest.post("/Encounter", &visit);
    assert_eq!(answer.status, 202, "{answer:?}");
    ann
}

#[test]
fn a_gap_is_closed_by_a_result_of_hl7_v2() {
    let mut site = Site::default();
    with_value_sets(&mut site);
    let mrn = "http://east.example/mrn";
    site.set(
        "source.default",
        "authorities",
        &format!("[\"{mrn} = EAST\"]"),
    );
    let platform = site.start();
    let today = now().to_string();
    let year = today.get(..4).expect("a time begins with its year");
    let sixty = year.parse().expect("a year is a number");
    of_sixty(&Rest(platform.fhir()), sixty, mrn);
    wait_for_status(&site, "open");
    let result = |section: &str, id: &str| {
        lines(&[
            &header("ORU^R01^ORU_R01", id),
            "PID|1||77^^^EAST^MR||Gapley^Sam",
            &format!(
                "OBR|1|P{id}|F{id}|FOBT^Occult blood^L|||{year}0101080000|||||||||||||||||{section}|F"
            ),
            "OBX|1|ST|FecalOccultBloodTest^Occult blood^LN||negative||||||F",
        ])
    };
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&result("RAD", "IMAGE"));
    platform.wait_until_idle();
    assert_eq!(gaps(&site).len(), 1, "radiology is no laboratory");
    sender.accepted(&result("", "BLOOD"));
    let closed = wait_for_status(&site, "provisionally-closed");
    assert_eq!(
        closed["finding"]["evidence"][0]["what"],
        "Fecal Occult Blood Test (FOBT)"
    );
    assert!(platform.stop().success());
}

#[test]
fn a_gap_is_closed_by_what_is_done_and_opens_again_when_that_is_taken_back() {
    let mut site = Site::default();
    with_value_sets(&mut site);
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let today = now().to_string();
    let year = today.get(..4).and_then(|year| year.parse::<i32>().ok());
    let year = year.expect("a time begins with its year");
    let ann = of_sixty(&rest, year, "http://east.example/mrn");
    let subject = json!({"reference": format!("Patient/{ann}")});
    let open = wait_for_status(&site, "open");
    assert_eq!(open["measure"], "cms130");
    assert_eq!(open["finding"]["revision"], 1);
    let done = json!({"resourceType": "Procedure", "status": "completed", "code": concept("Colonoscopy"), "subject": subject,
        "performedDateTime": format!("{}-06-01", year - 3)});
    let answer = rest.post("/Procedure", &done);
    assert_eq!(answer.status, 202, "{answer:?}");
    let closed = wait_for_status(&site, "provisionally-closed");
    assert_eq!(closed["finding"]["evidence"][0]["what"], "Colonoscopy");
    assert_eq!(closed["finding"]["replaces"], open["finding"]["id"]);
    let place = format!("/Procedure/{}", answer.id());
    assert_eq!(rest.ask("DELETE", &place, &[], b"").status, 202);
    let reopened = wait_for_status(&site, "reopened");
    assert_eq!(reopened["finding"]["revision"], 3);
    assert_eq!(reopened["finding"]["evidence"], json!([]));

    page_and_command(&platform);

    // What was said is the same after a start that makes everything anew.
    let before = gaps(&site);
    assert!(platform.stop().success());
    let deleted = site.command(&["state", "--delete"]);
    assert!(deleted.status.success(), "{}", complained(&deleted));
    let platform = site.start();
    wait_for("the page after a start", || {
        let (_, page) = platform.get("/care-gaps");
        page.contains("revision 3").then_some(())
    });
    assert_eq!(gaps(&site), before);
    assert!(platform.stop().success());
    let verified = site.command(&["state", "--verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    assert!(said(&verified).contains("care-gaps"), "{}", said(&verified));
}

#[test]
fn a_site_without_its_value_sets_does_not_start_and_hears_which_are_missing() {
    let mut site = Site::default();
    with_value_sets(&mut site);
    let folder = site.folder().join("value-sets");
    std::fs::write(folder.join("all.tsv"), "").expect("the temporary folder can be written");
    let checked = run(&["check", &site.config().display().to_string()]);
    assert_eq!(checked.status.code(), Some(3));
    let complaint = complained(&checked);
    assert!(
        complaint.contains("Office Visit (2.16.840.1.113883.3.464.1003.101.12.1001)"),
        "{complaint}"
    );
}
