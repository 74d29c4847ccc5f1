//! Clinical stories from a sender's socket to what a person sees, and back to the bytes.

use crate::message::{
    Potassium, admission, header, lines, merge, minutes_ago, person, potassium, vitals,
};
use crate::platform::{Platform, Site, complained, said};
use crate::sender::Sender;
use crate::setting::wait_for;

/// The addresses of the alerts on the page, in its order.
fn listed(platform: &Platform, state: &str) -> Vec<String> {
    let (status, page) = platform.get(&format!("/alerts?state={state}"));
    assert_eq!(status, 200);
    let mut ids: Vec<String> = Vec::new();
    for part in page.split("/alerts/").skip(1) {
        let id: String = part.chars().take_while(char::is_ascii_hexdigit).collect();
        if id.len() == 32 && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// An alert's finding says what it rests on, and what would have changed it.
fn explains_its_finding(site: &Site, alert: &str) {
    let json = said(&site.command(&["explain", alert, "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let finding = json["alert"]["finding"].as_str().unwrap();
    let explained = said(&site.command(&["explain", finding]));
    for part in [
        "says      potassium 6.9 mmol/L, critically high",
        "rule      critical-ranges 1.0.0 (critical-results)",
        "0 h 00 min before",
        "healthcare.patient.stream/",
        "revision 1 known",
        "without it, nothing would be said",
        "with 6.2 mmol/L, nothing would be said",
        "  potassium below 2.8 or above 6.2 mmol/L, ages 18y- is critical; source: reference laboratory list",
    ] {
        assert!(explained.contains(part), "no {part} in:\n{explained}");
    }
    let json = said(&site.command(&["explain", finding, "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let lower = &json["whatWouldChangeIt"][1];
    assert_eq!(
        (&lower["instead"], &lower["then"]),
        (&"6.2 mmol/L".into(), &serde_json::Value::Null)
    );
}

#[test]
fn a_critical_potassium_is_an_alert_that_explains_itself_down_to_the_bytes() {
    let site = Site::default();
    let platform = site.start();
    let taken = minutes_ago(10);
    let message = potassium(&Potassium {
        patient: "77",
        control_id: "K1",
        order: "9",
        taken: &taken,
        value: "6.9",
        status: "F",
    });
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("77", "A1"));
    sender.accepted(&message);
    let alert = wait_for("the alert on the page", || listed(&platform, "open").pop());
    wait_for("the line on the console", || {
        let line = platform
            .printed()
            .into_iter()
            .find(|line| line.starts_with("ALERT raised"))?;
        assert!(line.contains("critical") && line.contains(&alert), "{line}");
        Some(())
    });
    let (status, page) = platform.get(&format!("/alerts/{alert}"));
    assert_eq!(status, 200);
    assert!(page.contains("potassium 6.9 mmol/L"), "{page}");

    let explained = site.command(&["explain", &alert]);
    assert!(explained.status.success(), "{}", complained(&explained));
    let text = said(&explained);
    for part in [
        "critical-result/potassium",
        "severity  critical",
        "6.9",
        "healthcare.patient.stream/",
        "healthcare.hl7v2.oru/",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(
        !text.contains("Testperson"),
        "the bytes are shown only when asked for:\n{text}"
    );
    let content = said(&site.command(&["explain", &alert, "--content"]));
    let sent = String::from_utf8(message).unwrap().replace('\r', "\n");
    assert!(
        content.contains(sent.trim_end()),
        "not the bytes sent:\n{content}"
    );
    explains_its_finding(&site, &alert);
    let nothing = site.command(&["explain", "00000000000000000000000000000000"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        complained(&nothing).contains("there is no alert or finding"),
        "{}",
        complained(&nothing)
    );
}

#[test]
fn a_merge_moves_alerts_to_the_identity_that_stays() {
    let site = Site::default();
    let platform = site.start();
    let taken = minutes_ago(10);
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("ann", "A1"));
    sender.accepted(&admission("john", "A2"));
    sender.accepted(&potassium(&Potassium {
        patient: "john",
        control_id: "K1",
        order: "1",
        taken: &taken,
        value: "6.9",
        status: "F",
    }));
    let first = wait_for("the alert", || listed(&platform, "open").pop());
    let retired = site.records("healthcare.events.care-alert")[0]
        .record
        .key
        .clone();
    sender.accepted(&merge("ann", "john", "M1"));
    wait_for("it to end", || {
        listed(&platform, "resolved").contains(&first).then_some(())
    });
    let second = wait_for("the survivor's", || listed(&platform, "open").pop());
    assert_ne!(first, second);
    // What still arrives for the identity that went is the survivor's: a correction ends the alert.
    sender.accepted(&potassium(&Potassium {
        patient: "john",
        control_id: "K2",
        order: "1",
        taken: &taken,
        value: "4.4",
        status: "C",
    }));
    wait_for("the correction to reach it", || {
        listed(&platform, "retracted")
            .contains(&second)
            .then_some(())
    });
    platform.wait_until_idle();
    let keys: std::collections::BTreeSet<_> = site
        .records("healthcare.events.care-alert")
        .into_iter()
        .map(|kept| kept.record.key)
        .collect();
    assert_eq!(keys.len(), 2);
    assert!(keys.contains(&retired));
    assert_eq!(listed(&platform, "open"), Vec::<String>::new());
}

#[test]
fn hostile_b14_merges_that_contradict_each_other_are_in_quarantine() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&merge("a", "a", "SELF"));
    sender.accepted(&merge("a", "b", "AB"));
    platform.wait_until_idle();
    sender.accepted(&merge("b", "a", "BA"));
    let reasons = wait_for("both to be set aside", || {
        let all = site
            .records_of_all("healthcare.")
            .into_iter()
            .filter(|(topic, _)| topic.ends_with(".quarantine"));
        let reasons: Vec<String> = all.map(|(_, kept)| kept.header("reason")).collect();
        (reasons.len() >= 2).then_some(reasons)
    });
    assert!(reasons.contains(&"self-merge".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"merge-cycle".to_owned()), "{reasons:?}");
}

#[test]
fn hostile_b16_results_of_the_unknown_the_discharged_and_the_dead_are_kept_and_considered() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let told = |event: &str, patient: &str, rest: &str| {
        let kind = format!("ADT^{event}^ADT_{event}");
        let id = format!("{event}{patient}");
        let event = format!("EVN|{event}|{}", minutes_ago(20));
        lines(&[
            &header(&kind, &id),
            &event,
            &format!("{}{rest}", person(patient)),
        ])
    };
    sender.accepted(&admission("gone", "A1"));
    let mut discharge = told("A03", "gone", "");
    discharge.extend_from_slice(b"PV1|1|I|4W^412^A||||||||||||||||Vgone^^^EAST^VN\r");
    sender.accepted(&discharge);
    sender.accepted(&told(
        "A08",
        "dead",
        &format!("{}20260101|Y", "|".repeat(21)),
    ));
    for patient in ["unknown", "gone", "dead"] {
        sender.accepted(&potassium(&Potassium {
            patient,
            control_id: patient,
            order: patient,
            taken: &minutes_ago(10),
            value: "6.9",
            status: "F",
        }));
    }
    wait_for("an alert for each", || {
        (listed(&platform, "open").len() == 3).then_some(())
    });
    platform.wait_until_idle();
    assert_eq!(site.records("healthcare.fhir.observation").len(), 3);
    let quarantined = site.records_of_all("healthcare.").into_iter();
    let quarantined = quarantined.filter(|(topic, _)| topic.ends_with(".quarantine"));
    assert_eq!(quarantined.count(), 0);
}

#[test]
fn what_cannot_be_used_is_in_quarantine_with_its_reason() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let future = String::from_utf8(admission("1", "FUTURE")).unwrap();
    let now = future.split('|').nth(6).unwrap().to_owned();
    sender.accepted(future.replacen(&now, "20990101000000+0000", 1).as_bytes());
    sender.accepted(&lines(&[
        &header("ORU^R01", "NOBODY"),
        "OBR|1|||2823-3^Potassium^LN",
        "OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|||||F",
    ]));
    for reason in ["from-future", "no-patient"] {
        let row = wait_for(reason, || {
            let (_, page) = platform.get(&format!("/quarantine?reason={reason}"));
            page.split("/quarantine/")
                .skip(1)
                .find(|part| part.starts_with("healthcare."))
                .map(|part| part.split('"').next().unwrap().to_owned())
        });
        let (status, page) = platform.get(&format!("/quarantine/{row}"));
        assert_eq!(status, 200);
        assert!(
            page.contains("MSH"),
            "the message is beside the reason:\n{page}"
        );
    }
    assert_eq!(site.records("healthcare.events.care-alert").len(), 0);
}

#[test]
fn vital_signs_that_score_high_are_an_alert_that_a_person_acknowledges_and_resolves() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("5", "A1"));
    sender.accepted(&vitals("5", "V1", &minutes_ago(5), true));
    let alert = wait_for("the alert", || listed(&platform, "open").pop());
    platform.post_form(&format!("/alerts/{alert}/acknowledge"), "who=Nurse+Ada");
    wait_for("it to be acknowledged", || {
        listed(&platform, "acknowledged")
            .contains(&alert)
            .then_some(())
    });
    platform.post_form(
        &format!("/alerts/{alert}/resolve"),
        "who=Nurse+Ada&why=seen",
    );
    wait_for("it to be resolved", || {
        listed(&platform, "resolved").contains(&alert).then_some(())
    });
    let history = said(&site.command(&["explain", &alert]));
    assert!(
        history.contains("Nurse Ada") && history.contains("seen"),
        "{history}"
    );
}

#[test]
fn an_alert_that_was_a_false_alarm_is_over_with_these_words() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("6", "A1"));
    sender.accepted(&vitals("6", "V1", &minutes_ago(5), true));
    let alert = wait_for("the alert", || listed(&platform, "open").pop());
    let (_, page) = platform.get(&format!("/alerts/{alert}"));
    let dismiss = format!("/alerts/{alert}/dismiss");
    assert!(
        page.contains(&format!("formaction=\"{dismiss}\"")),
        "{page}"
    );
    platform.post_form(&dismiss, "who=Nurse+Ada&why=the+cuff+was+loose");
    wait_for("it to be over", || {
        listed(&platform, "resolved").contains(&alert).then_some(())
    });
    let history = said(&site.command(&["explain", &alert]));
    assert!(
        history.contains("Nurse Ada") && history.contains("false alarm: the cuff was loose"),
        "{history}"
    );
}
