//! The same result by HL7 v2 and by FHIR is one event.

use proptest::prelude::*;

use super::*;
use crate::normalize::way::{CONTENT_WINDOW, MAX_CONTENTS};

const CODE: &str = r#"code={"coding":[{"system":"http://loinc.org","code":"2823-3"}]}"#;
const AT: &str = r#"effectiveDateTime="2026-03-01T09:00:00Z""#;

/// Potassium as HL7 v2 says it.
fn by_hl7(id: &str, status: &str, value: &str) -> Draft {
    let status = format!("status=\"{status}\"");
    let value = format!(r#"valueQuantity={{"value":{value},"unit":"mmol/L"}}"#);
    draft(
        "Observation",
        id,
        Effect::State,
        &[&status, CODE, AT, &value],
    )
}

/// The same as FHIR says it: another id, other digits, the unit in UCUM, and more beside it.
fn by_fhir(id: &str, status: &str, value: &str) -> Draft {
    let status = format!("status=\"{status}\"");
    let at = r#"effectiveDateTime="2026-03-01T10:00:00.000+01:00""#;
    let value = format!(r#"valueQuantity={{"value":{value}0,"code":"mmol/L"}}"#);
    let more = r#"performer=[{"display":"Laboratory"}]"#;
    draft(
        "Observation",
        id,
        Effect::State,
        &[&status, CODE, at, &value, more],
    )
}

struct Story {
    state: State,
    sent: u32,
}

impl Story {
    fn new() -> Self {
        Self {
            state: State::default(),
            sent: 0,
        }
    }

    fn send(&mut self, way: Way, minute: i64, drafts: &[Draft]) -> Outputs {
        self.sent += 1;
        let name = format!("{way:?}{}", self.sent);
        let input = Input::Message {
            raw: RawInfo {
                way,
                ..raw(A, &name, minute)
            },
            drafts,
        };
        Normalizer::default()
            .step(A, &mut self.state, &input)
            .unwrap()
    }
}

/// Gives what was written: ids, statuses and values.
fn written(outputs: &Outputs) -> Vec<String> {
    let records = outputs.records.iter();
    records
        .map(|record| {
            let Output::Resource { json, .. } = record else {
                panic!("results alone are sent");
            };
            let json: serde_json::Value = serde_json::from_slice(json).unwrap();
            let value = json["valueQuantity"]["value"].to_string();
            format!("{} {} {value}", json["id"], json["status"])
        })
        .collect()
}

#[test]
fn what_another_way_said_before_is_no_event_and_is_counted() {
    for (first, second) in [(Way::Mllp, Way::Http), (Way::Http, Way::Mllp)] {
        let mut story = Story::new();
        let by = |way, status: &str, value: &str| match way {
            Way::Mllp => by_hl7("h1", status, value),
            _ => by_fhir("f1", status, value),
        };
        let raised = story.send(first, 1, &[by(first, "final", "9.6")]);
        assert_eq!(raised.records.len(), 1);
        let again = story.send(second, 2, &[by(second, "final", "9.6")]);
        assert_eq!(again.records, []);
        assert_eq!(again.duplicates_across_ways, 1);
        // The same way twice stays as it was before there were others.
        let twice = story.send(second, 3, &[by(second, "final", "9.6")]);
        assert_eq!((twice.records.len(), twice.unchanged), (0, 1));
        // A correction by either way changes the one resource.
        let corrected = story.send(second, 4, &[by(second, "corrected", "4.6")]);
        let id = if first == Way::Mllp { "h1" } else { "f1" };
        let shown = written(&corrected).join("");
        assert!(
            shown.starts_with(&format!("\"{id}\" \"corrected\" 4.6")),
            "{shown}"
        );
        let last = story.send(first, 5, &[by(first, "corrected", "4.6")]);
        assert_eq!((last.records.len(), last.duplicates_across_ways), (0, 1));
    }
}

#[test]
fn a_status_is_news_and_a_value_that_differs_is_another_result() {
    let mut story = Story::new();
    story.send(Way::Mllp, 1, &[by_hl7("h1", "preliminary", "9.6")]);
    let done = story.send(Way::Http, 2, &[by_fhir("f1", "final", "9.6")]);
    assert_eq!(written(&done), ["\"h1\" \"final\" 9.6"]);
    let other = story.send(Way::Http, 3, &[by_fhir("f2", "final", "4.1")]);
    assert_eq!(written(&other), ["\"f2\" \"final\" 4.1"]);
}

#[test]
fn two_results_that_say_the_same_find_one_another_in_pairs() {
    let mut story = Story::new();
    let both = [by_hl7("h1", "final", "9.6"), by_hl7("h2", "final", "9.6")];
    assert_eq!(story.send(Way::Mllp, 1, &both).records.len(), 2);
    let three = ["f1", "f2", "f3"].map(|id| by_fhir(id, "final", "9.6"));
    let told = story.send(Way::Http, 2, &three);
    assert_eq!(told.duplicates_across_ways, 2);
    assert_eq!(written(&told), ["\"f3\" \"final\" 9.6"]);
}

#[test]
fn a_report_leads_to_the_results_as_they_are_called_here() {
    let mut story = Story::new();
    story.send(Way::Mllp, 1, &[by_hl7("h1", "final", "9.6")]);
    let report = draft(
        "DiagnosticReport",
        "r1",
        Effect::State,
        &[
            "status=\"final\"",
            r#"result=[{"reference":"Observation/f1"},{"reference":"Observation/f2"}]"#,
        ],
    );
    let told = story.send(
        Way::Http,
        2,
        &[report.clone(), by_fhir("f1", "final", "9.6")],
    );
    let shown = show(&Ok(told));
    assert!(
        shown.contains(r#"{"reference":"Observation/h1"},{"reference":"Observation/f2"}"#),
        "{shown}"
    );
}

#[test]
fn what_is_withdrawn_by_either_way_is_withdrawn_once() {
    let mut story = Story::new();
    story.send(Way::Mllp, 1, &[by_hl7("h1", "final", "9.6")]);
    story.send(Way::Http, 2, &[by_fhir("f1", "final", "9.6")]);
    let gone = draft("Observation", "f1", Effect::Delete, &[]);
    let told = story.send(Way::Http, 3, &[gone]);
    let shown = show(&Ok(told));
    assert!(
        shown.contains(r#""id":"h1""#) && shown.contains("entered-in-error"),
        "{shown}"
    );
    let again = story.send(
        Way::Mllp,
        4,
        &[draft("Observation", "h1", Effect::Delete, &[])],
    );
    assert_eq!((again.records.len(), again.unchanged), (0, 1));
}

/// What FHIR says of a result that it was asked to delete.
fn taken_back(id: &str) -> Draft {
    draft("Observation", id, Effect::TakeBack, &[])
}

#[test]
fn what_one_way_takes_back_stands_as_long_as_the_other_says_it() {
    for first in [Way::Mllp, Way::Http] {
        let mut story = Story::new();
        let by = |way, status: &str| match way {
            Way::Mllp => by_hl7("h1", status, "7.8"),
            _ => by_fhir("f1", status, "7.8"),
        };
        let second = if first == Way::Mllp {
            Way::Http
        } else {
            Way::Mllp
        };
        story.send(first, 1, &[by(first, "preliminary")]);
        story.send(second, 2, &[by(second, "preliminary")]);
        // A status is news, and takes nothing away from who said the same before.
        story.send(Way::Http, 3, &[by(Way::Http, "final")]);
        let told = story.send(Way::Http, 4, &[taken_back("f1")]);
        assert_eq!((told.records.len(), told.unchanged), (0, 1), "{first:?}");
        let again = story.send(Way::Http, 5, &[taken_back("f1")]);
        assert_eq!((again.records.len(), again.unchanged), (0, 1), "{first:?}");
        // Told anew under another name, it is the same result as before.
        let anew = story.send(Way::Http, 6, &[by_fhir("f2", "final", "7.8")]);
        assert_eq!(anew.records, [], "{first:?}");
        story.send(Way::Http, 7, &[taken_back("f2")]);
        // The laboratory says of its own that it was wrong: that is of the result.
        let wrong = draft("Observation", "h1", Effect::Delete, &[]);
        let told = written(&story.send(Way::Mllp, 8, &[wrong])).join("");
        assert!(told.contains("entered-in-error"), "{told}");
    }
}

#[test]
fn what_all_who_said_it_took_back_is_gone_and_a_correction_is_of_whoever_made_it() {
    let mut story = Story::new();
    story.send(Way::Http, 1, &[by_fhir("f1", "final", "7.8")]);
    story.send(Way::File, 2, &[by_fhir("x1", "final", "7.8")]);
    assert_eq!(story.send(Way::Http, 3, &[taken_back("f1")]).records, []);
    let gone = written(&story.send(Way::File, 4, &[taken_back("x1")])).join("");
    assert!(gone.starts_with("\"f1\" \"entered-in-error\""), "{gone}");

    let mut story = Story::new();
    story.send(Way::Mllp, 1, &[by_hl7("h1", "final", "7.8")]);
    story.send(Way::Http, 2, &[by_fhir("f1", "final", "7.8")]);
    story.send(Way::Mllp, 3, &[by_hl7("h1", "corrected", "4.8")]);
    assert_eq!(story.send(Way::Http, 4, &[taken_back("f1")]).records, []);
    story.send(Way::Http, 5, &[by_fhir("f1", "corrected", "4.9")]);
    let gone = written(&story.send(Way::Http, 6, &[taken_back("f1")])).join("");
    assert!(gone.starts_with("\"h1\" \"entered-in-error\""), "{gone}");
}

#[test]
fn a_report_that_one_way_takes_back_stands_as_long_as_the_other_says_it() {
    let report = |id: &str, text: &str| {
        let conclusion = format!("conclusion=\"{text}\"");
        let named = r#"identifier=[{"system":"s","value":"1"}]"#;
        let said = ["status=\"final\"", named, &conclusion];
        draft("DiagnosticReport", id, Effect::State, &said)
    };
    let mut story = Story::new();
    story.send(Way::Mllp, 1, &[report("h1", "one")]);
    story.send(Way::Http, 2, &[report("f1", "other words")]);
    let gone = draft("DiagnosticReport", "f1", Effect::TakeBack, &[]);
    assert_eq!(story.send(Way::Http, 3, &[gone]).records, []);
}

#[test]
fn after_the_window_it_is_another_result() {
    let window = i64::try_from(CONTENT_WINDOW.as_secs() / 60).unwrap();
    for (minutes, events) in [(window - 1, 0), (window, 0), (window + 1, 1)] {
        let mut story = Story::new();
        story.send(Way::Mllp, 0, &[by_hl7("h1", "final", "9.6")]);
        let told = story.send(Way::Http, minutes, &[by_fhir("f1", "final", "9.6")]);
        assert_eq!(told.records.len(), events, "{minutes}");
    }
}

#[test]
fn the_oldest_content_is_forgotten_first() {
    let most = i64::try_from(MAX_CONTENTS).unwrap();
    for (known, events) in [(most - 1, 0), (most, 0), (most + 1, 1)] {
        let mut story = Story::new();
        story.send(Way::Mllp, 0, &[by_hl7("h0", "final", "0.1")]);
        let others: Vec<Draft> = (1..known)
            .map(|number| by_hl7(&format!("h{number}"), "final", &format!("{number}.5")))
            .collect();
        story.send(Way::Mllp, 1, &others);
        let told = story.send(Way::Http, 2, &[by_fhir("f0", "final", "0.1")]);
        assert_eq!(told.records.len(), events, "{known}");
    }
}

/// The versions of one result, each with its minute.
const VERSIONS: [(&str, &str, i64); 4] = [
    ("preliminary", "9.6", 10),
    ("final", "9.6", 20),
    ("corrected", "4.6", 30),
    ("corrected", "4.7", 40),
];

proptest! {
    #[test]
    fn any_interleaving_gives_one_event_for_each_content(
        by_fhir_next in prop::collection::vec(any::<bool>(), 0..12),
        resends in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut story = Story::new();
        let (mut hl7, mut fhir) = (0, 0);
        let mut events = Vec::new();
        let mut choices = by_fhir_next.into_iter().chain(std::iter::repeat(true));
        while hl7 + fhir < 2 * VERSIONS.len() {
            let choice = choices.next().unwrap_or(true);
            let way = if (choice && fhir < VERSIONS.len()) || hl7 == VERSIONS.len() {
                Way::Http
            } else {
                Way::Mllp
            };
            let sent = hl7 + fhir;
            let (next, skew) = if way == Way::Http { (&mut fhir, 3) } else { (&mut hl7, 0) };
            let (status, value, minute) = VERSIONS[*next];
            *next += 1;
            let draft = match way {
                Way::Http => by_fhir("f1", status, value),
                _ => by_hl7("h1", status, value),
            };
            for _ in 0..=usize::from(resends[sent]) {
                let outputs = story.send(way, minute + skew, std::slice::from_ref(&draft));
                events.extend(written(&outputs));
            }
        }
        let ids: std::collections::BTreeSet<&str> =
            events.iter().filter_map(|event| event.split(' ').next()).collect();
        prop_assert_eq!(ids.len(), 1, "{:?}", events);
        let said: Vec<&str> = events.iter().filter_map(|event| event.split_once(' ')).map(|(_, said)| said).collect();
        let mut once = said.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(said.len(), once.len(), "{:?}", events);
        prop_assert!(said.last().unwrap().starts_with("\"corrected\" 4.7"), "{:?}", events);
    }
}
