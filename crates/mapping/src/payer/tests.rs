//! What is read of documents of payers, and of the shared ones what their authors say of them.

use std::collections::BTreeMap;

use clinical::payer::{DocumentKind, Standing, Stated, Trace, link};
use clinical::{Decimal, EventId, Origin, PatientKey, ReceivedTime, RecordedTime};
use expect_test::expect;
use serde_json::Value;

use super::*;

fn read(json: &str) -> Document {
    document(json.as_bytes()).unwrap().unwrap()
}

#[test]
fn a_request_and_its_answer_share_a_number() {
    let request = read(
        r#"{"resourceType":"Claim","id":"1","use":"preauthorization","status":"active","created":"2026-03-02T09:00:00Z",
        "identifier":[{"value":"T1"}],"priority":{"coding":[{"code":"stat"}]},"type":{"coding":[{"code":"pharmacy"}]},
        "insurer":{"reference":"Organization/9"},"item":[{"sequence":1,"productOrService":{"coding":[{"code":"99213"}]}}]}"#,
    );
    assert_eq!(request.kind, DocumentKind::AuthorizationRequest);
    assert_eq!(&*request.code, "pharmacy stat ");
    let answer = read(
        r#"{"resourceType":"ClaimResponse","id":"2","use":"preauthorization","outcome":"complete","created":"2026-03-03",
        "identifier":[{"value":"T1"}],"insurer":{"reference":"https://payer.example/fhir/Organization/9"},
        "item":[{"itemSequence":1,"adjudication":[{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"A3"}]},
        "reason":{"coding":[{"code":"0V"}]}}]}]}"#,
    );
    assert_eq!(answer.kind, DocumentKind::AuthorizationAnswer);
    assert!(answer.links.contains(&link("T1")) && request.links.contains(&link("T1")));
    assert_eq!(answer.insurer, request.insurer);
    assert!(matches!(answer.created, Some(Stated::Day(_))));
    assert_eq!(
        (&*answer.lines[0].action, answer.lines[0].has_reason),
        ("A3", true)
    );
}

#[test]
fn a_question_after_a_request_is_no_request() {
    let inquiry = br#"{"resourceType":"Claim","use":"preauthorization",
        "meta":{"profile":["http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claim-inquiry"]}}"#;
    assert_eq!(document(inquiry).unwrap(), None);
}

#[test]
fn sums_are_read_and_none_is_made_of_unknown_categories() {
    let eob = |category: &str| {
        read(&format!(
            r#"{{"resourceType":"ExplanationOfBenefit","id":"1","status":"active","claim":{{"identifier":{{"value":"C1"}}}},
            "total":[{{"category":{{"coding":[{{"code":"submitted"}}]}},"amount":{{"value":100.00}}}}],
            "payment":{{"amount":{{"value":60}}}},
            "adjudication":[{{"category":{{"coding":[{category}]}},"amount":{{"value":40}}}}]}}"#
        ))
    };
    let ours =
        eob(r#"{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"CO"}"#);
    let sums = (ours.charge, ours.paid, ours.adjusted);
    let number = |value: i64| Some(Decimal::from(value));
    assert_eq!(sums, (number(100), number(60), number(40)));
    assert!(ours.links.contains(&link("C1")));
    assert_eq!(eob(r#"{"code":"noncovered"}"#).adjusted, None);
}

#[test]
fn the_totals_of_a_benefit_say_what_was_taken_off_and_it_names_its_claim_by_the_account() {
    let eob = |totals: &[(&str, u32)]| {
        let total = |(code, value): &(&str, u32)| serde_json::json!({"category": {"coding": [{"code": code}]}, "amount": {"value": value}});
        let totals: Vec<Value> = totals.iter().map(total).collect();
        read(
            &serde_json::json!({"resourceType": "ExplanationOfBenefit", "id": "1", "status": "active", "total": totals,
            "identifier": [{"value": "B9"}, {"type": {"coding": [{"code": "uc"}]}, "value": "ICN1"}],
            "supportingInfo": [{"category": {"coding": [{"code": "patientaccountnumber"}]}, "valueString": "C1"}]})
            .to_string(),
        )
    };
    let told = eob(&[
        ("submitted", 200),
        ("benefit", 150),
        ("discount", 40),
        ("memberliability", 10),
    ]);
    let amounts = (told.charge, told.paid, told.adjusted, told.owed);
    let [charge, paid, off, owed] = [200, 150, 50, 10].map(|one| Some(Decimal::from(one)));
    assert_eq!(amounts, (charge, paid, off, owed));
    assert!(told.links.contains(&link("C1")));
    assert_eq!(
        (told.way, told.product),
        (Way::ExplanationOfBenefit, link("ICN1"))
    );
    let parts = [
        ("submitted", 200),
        ("benefit", 150),
        ("discount", 40),
        ("copay", 4),
        ("deductible", 6),
    ];
    assert_eq!(eob(&parts).adjusted, off);
    // What the plan does not cover may be a part of what the member owes.
    let unclear = [
        ("submitted", 200),
        ("benefit", 150),
        ("noncovered", 10),
        ("memberliability", 10),
    ];
    assert_eq!(eob(&unclear).adjusted, None);
}

#[test]
fn what_x12_tells_is_known_by_its_elements() {
    let paid = read(
        r#"{"resourceType":"ExplanationOfBenefit","id":"1","status":"active",
        "identifier":[{"system":"https://codesystem.x12.org/005010/127","value":"ICN1"}]}"#,
    );
    assert_eq!((paid.way, paid.product), (Way::X12, link("ICN1")));
    let asked = |kind: &str| {
        let sub = format!(
            r#"{{"coding":[{{"system":"https://codesystem.x12.org/005010/{kind}","code":"HS"}}]}}"#
        );
        let claim = format!(
            r#"{{"resourceType":"Claim","id":"1","use":"preauthorization","subType":{sub}}}"#
        );
        read(&claim).way
    };
    assert_eq!((asked("1525"), asked("1")), (Way::X12, Way::Claim));
}

#[test]
fn what_the_member_owes_is_told_from_what_is_denied() {
    let answer = |more: &str| {
        let answer = read(&format!(
            r#"{{"resourceType":"ExplanationOfBenefit","id":"1","status":"active","use":"claim","outcome":"complete",{more}}}"#
        ));
        (
            answer.code.to_string(),
            answer.paid.map(|paid| paid.to_string()),
            answer.owed.map(|owed| owed.to_string()),
        )
    };
    let said = |code: &str, paid: Option<&str>, owed: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        (code.to_owned(), own(paid), own(owed))
    };
    let totals = |totals: &[(&str, &str)]| {
        let totals = totals.iter().map(|(category, value)| {
            format!(
                r#"{{"category":{{"coding":[{{"code":"{category}"}}]}},"amount":{{"value":{value}}}}}"#
            )
        });
        let totals: Vec<_> = totals.collect();
        answer(&format!(r#""total":[{}]"#, totals.join(",")))
    };
    let deductible = [("benefit", "0"), ("deductible", "139.86"), ("copay", "0")];
    let owes = said("complete", Some("0"), Some("139.86"));
    assert_eq!(totals(&deductible), owes);
    let stated = [("benefit", "0"), ("memberliability", "139.86")];
    assert_eq!(totals(&stated), owes);
    let by_whom = [("paidtoprovider", "40"), ("paidtopatient", "2")];
    assert_eq!(totals(&by_whom), said("complete", Some("42"), None));
    let adjusted = |group: &str| {
        answer(&format!(
            r#""adjudication":[{{"category":{{"coding":[{{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"{group}"}}]}},"amount":{{"value":40}}}}]"#
        ))
    };
    assert_eq!(adjusted("PR"), said("complete", None, Some("40")));
    assert_eq!(adjusted("CO"), said("complete", None, None));
    let denied = |system: &str, code: &str| {
        answer(&format!(
            r#""adjudication":[{{"category":{{"coding":[{{"code":"benefitpaymentstatus"}}]}},"reason":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}]"#
        ))
        .0
    };
    let payment = r#""payment":{"type":{"coding":[{"code":"denied"}]}}"#;
    assert_eq!(answer(payment).0, "denied");
    let of_items = r#""item":[{"sequence":1,"adjudication":[
        {"category":{"coding":[{"code":"benefit"}]},"amount":{"value":150}},
        {"category":{"coding":[{"code":"copay"}]},"amount":{"value":20}}]}]"#;
    assert_eq!(answer(of_items), said("complete", Some("150"), Some("20")));
    let nothing_but_adjusted = r#""total":[{"category":{"coding":[{"code":"deductible"}]},"amount":{"value":0}}],
        "adjudication":[{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"PR"}]},"amount":{"value":40}}]"#;
    assert_eq!(answer(nothing_but_adjusted).2, Some("40".into()));
    let carin = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBPayerAdjudicationStatus";
    assert_eq!(denied(carin, "denied"), "denied");
    assert_eq!(denied(carin, "paid"), "complete");
    let x12 = "https://codesystem.x12.org/005010/1029";
    assert_eq!([denied(x12, "4"), denied(x12, "1")], ["denied", "complete"]);
}

#[test]
fn what_a_capitation_covers_is_no_denial() {
    let of = |reason: &str| {
        let json = format!(
            r#"{{"resourceType":"ExplanationOfBenefit","id":"1","status":"active","use":"claim","outcome":"complete","item":[{{"sequence":1,"adjudication":[
            {{"category":{{"coding":[{{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"CO"}}]}},"reason":{{"coding":[{{"code":"{reason}"}}]}},"amount":{{"value":40}}}}]}}]}}"#
        );
        read(&json).code.into_string()
    };
    assert_eq!([of("24"), of("45")], ["capitated", "complete"]);
}

#[test]
fn whichever_version_is_referred_to_it_is_the_same() {
    let of = |to: &str| {
        let json = format!(
            r#"{{"resourceType":"ClaimResponse","id":"2","use":"preauthorization","insurer":{{"reference":"{to}"}}}}"#
        );
        read(&json).insurer
    };
    let plain = of("Organization/9");
    assert_eq!(
        of("https://payer.example/fhir/Organization/9/_history/3"),
        plain
    );
    assert_eq!(of("Organization/9/_history/1"), plain);
}

#[test]
fn an_adjustment_and_a_correction_name_what_they_stand_in_place_of() {
    let of = |resource_type: &str, relationship: &str| {
        let json = format!(
            r#"{{"resourceType":"{resource_type}","id":"2","use":"claim","related":[{{"relationship":{{"coding":[{{"code":"{relationship}"}}]}},"reference":{{"value":"C1"}}}}]}}"#
        );
        read(&json).replaces
    };
    assert_eq!(of("ExplanationOfBenefit", "prior"), [link("C1")]);
    assert_eq!(of("ExplanationOfBenefit", "replaced"), [0; 0]);
    assert_eq!(of("Claim", "prior"), [link("C1")]);
    // What belongs together is of other services.
    assert_eq!(of("ExplanationOfBenefit", "associated"), [0; 0]);
    assert_eq!(of("Claim", "associated"), [0; 0]);
}

#[test]
fn who_sent_a_coverage_says_when_it_was_said() {
    let of = |bytes: &'static [u8]| {
        let envelope = Envelope {
            key: PatientKey::default(),
            content_type: FHIR_JSON,
            event_id: EventId::default(),
            event_time: EventTime::default(),
            recorded: RecordedTime::parse("2026-03-01T12:00:00Z"),
            received_time: ReceivedTime::default(),
            origin: Origin::default(),
            plausibility: "",
            backfill: false,
            bytes,
        };
        match payer_event(&envelope).unwrap().unwrap().fact {
            PayerFact::Document(document) => document.created,
            other => panic!("{other:?}"),
        }
    };
    let said = stated("2026-03-01T12:00:00Z");
    assert_eq!(of(br#"{"resourceType":"Coverage","id":"1"}"#), said);
    assert_eq!(of(br#"{"resourceType":"Patient","id":"1"}"#), None);
}

#[test]
fn an_answer_that_a_plan_is_over_speaks_of_no_day_of_it() {
    let of = |inforce: bool| {
        let json = format!(
            r#"{{"resourceType":"CoverageEligibilityResponse","id":"1","status":"active","outcome":"complete","insurance":[{{"inforce":{inforce},"benefitPeriod":{{"end":"2026-05-31"}}}}]}}"#
        );
        let document = read(&json);
        (document.code.into_string(), document.until.is_some())
    };
    assert_eq!(of(true), ("active".to_owned(), true));
    assert_eq!(of(false), ("inactive".to_owned(), false));
}

#[test]
fn an_answer_may_name_its_request_as_in_its_bundle() {
    let answer = read(
        r#"{"resourceType":"ClaimResponse","id":"2","use":"preauthorization","request":{"reference":"urn:uuid:7583-98"}}"#,
    );
    assert!(answer.links.contains(&link("Claim/7583-98")));
}

#[test]
fn what_is_taken_of_a_batch_is_no_claim() {
    let of = |status: &str, more: &str| {
        let json = format!(
            r#"{{"resourceType":"Task","id":"1","status":"{status}","code":{{"coding":[{{"code":"status"}}]}}{more}}}"#
        );
        document(json.as_bytes()).unwrap().is_some()
    };
    assert!(!of("received", ""));
    assert!(of("received", r#","for":{"reference":"Patient/1"}"#));
    assert!(of("rejected", ""));
}

#[test]
fn an_estimate_is_no_answer_to_a_claim() {
    let estimate = br#"{"resourceType":"ExplanationOfBenefit","id":"1","use":"predetermination"}"#;
    assert_eq!(document(estimate).unwrap(), None);
}

#[test]
fn what_was_entered_in_error_is_withdrawn_and_what_was_called_off_is_not() {
    let standing = |status: &str| {
        read(&format!(
            r#"{{"resourceType":"Claim","id":"1","use":"claim","status":"{status}"}}"#
        ))
        .standing
    };
    assert_eq!(standing("active"), Standing::Active);
    assert_eq!(standing("cancelled"), Standing::Cancelled);
    assert_eq!(standing("entered-in-error"), Standing::Withdrawn);
}

#[test]
fn a_coverage_is_named_by_its_numbers_and_not_by_that_of_its_member() {
    let of = |identifiers: &str| {
        let json = format!(
            r#"{{"resourceType":"Coverage","id":"1","status":"cancelled","subscriberId":"M1","identifier":[{identifiers}],"period":{{"end":"2026-02-28"}}}}"#
        );
        let document = read(&json);
        let is_named = [0, link("P1")].contains(&document.product);
        assert!(is_named);
        let own = document.product != 0;
        (document.code.into_string(), document.replaces, own)
    };
    let kind = r#""type":{"coding":[{"code":"MB"}]}"#;
    assert_eq!(
        of(r#"{"value":"P1"}"#),
        (String::new(), vec![link("P1")], false)
    );
    assert_eq!(of(r#"{"value":"M1"}"#), (String::new(), Vec::new(), false));
    assert_eq!(
        of(&format!(r#"{{"value":"X",{kind}}}"#)),
        (String::new(), Vec::new(), false)
    );
    let mut both = vec![link("P1"), link("Coverage/P1")];
    both.sort_unstable();
    let product = of(r#"{"system":"urn:pulsewire:x12:product","value":"P1"}"#);
    assert_eq!(product, (String::new(), both, true));
    let membership = of(r#"{"system":"urn:pulsewire:x12:membership","value":"P1"}"#);
    assert_eq!(
        membership,
        (EVERY_PRODUCT.to_owned(), vec![link("P1")], true)
    );
}

#[test]
fn a_service_is_traced_and_what_is_called_off_is_not_asked_for() {
    const PAS: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition";
    let trace = format!(
        r#"{{"url":"{PAS}/extension-itemTraceNumber","valueIdentifier":{{"value":"S1"}}}}"#
    );
    let kind = |code: &str| {
        format!(
            r#"{{"url":"{PAS}/extension-certificationType","valueCodeableConcept":{{"coding":[{{"code":"{code}"}}]}}}}"#
        )
    };
    let request = |extension: &str, items: &str| {
        read(&format!(
            r#"{{"resourceType":"Claim","id":"1","use":"preauthorization","status":"active","extension":[{extension}],"item":[{items}]}}"#
        ))
    };
    let items = format!(
        r#"{{"sequence":1,"extension":[{trace},{}]}},{{"sequence":2,"extension":[{}]}},
        {{"sequence":3,"modifierExtension":[{{"url":"{PAS}/modifierextension-infoCancelled","valueBoolean":true}}]}},
        {{"sequence":4,"modifierExtension":[{{"url":"{PAS}/modifierextension-infoCancelled","valueBoolean":false}}]}}"#,
        kind("I"),
        kind("3")
    );
    let asked = request("", &items);
    let numbers: Vec<_> = asked.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 4]);
    assert_eq!(asked.lines[0].traces, [traced("")]);
    assert_eq!(asked.standing, Standing::Active);
    assert_eq!(request(&kind("3"), &items).standing, Standing::Cancelled);
    let called_off = format!(r#"{{"sequence":2,"extension":[{}]}}"#, kind("3"));
    assert_eq!(request("", &called_off).standing, Standing::Cancelled);
    assert_eq!(request("", "").standing, Standing::Active);
    let answer = read(&format!(
        r#"{{"resourceType":"ClaimResponse","id":"2","use":"preauthorization","item":[{{"itemSequence":1,"extension":[{trace}],
        "adjudication":[{{"category":{{"coding":[{{"system":"https://codesystem.x12.org/005010/306","code":"A3"}}]}}}}]}}]}}"#
    ));
    assert_eq!(answer.lines[0].traces, [traced("")]);
}

/// The trace `S1` by who gave it.
fn traced(by: &str) -> Trace {
    Trace {
        number: link("S1"),
        by: link(by),
    }
}

#[test]
fn a_trace_says_who_gave_it() {
    const PAS: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition";
    let of = |identifiers: &[String]| {
        let each = |identifier: &String| {
            format!(r#"{{"url":"{PAS}/extension-itemTraceNumber","valueIdentifier":{identifier}}}"#)
        };
        let all: Vec<_> = identifiers.iter().map(each).collect();
        let all = all.join(",");
        let asked = read(&format!(
            r#"{{"resourceType":"Claim","id":"1","use":"preauthorization","status":"active","item":[{{"sequence":1,"extension":[{all}]}}]}}"#
        ));
        asked.lines[0].traces.clone()
    };
    let one = |rest: &str| of(&[format!(r#"{{"value":"S1"{rest}}}"#)]);
    // A system says what kind of number it is.
    assert_eq!(one(r#","system":"urn:traces""#), [traced("")]);
    assert_eq!(one(r#","assigner":{"display":"9A"}"#), [traced("9A")]);
    let by_number = r#","assigner":{"display":"Clinic","identifier":{"value":"9A"}}"#;
    assert_eq!(one(by_number), [traced("9A")]);
    assert_eq!(
        one(r#","assigner":{"reference":"Organization/1"}"#),
        [traced("Organization/1")]
    );
    let part = format!(
        r#","assigner":{{"display":"9A"}},"extension":[{{"url":"{PAS}/extension-identifierSubDepartment","valueString":"D1"}}]"#
    );
    assert_eq!(one(&part), [traced("9A|D1")]);
    // One that is said again takes no room of another; of more than eight those that are sent first count.
    let mut all: Vec<_> = (0..9).map(|_| r#"{"value":"T"}"#.to_owned()).collect();
    all.extend((0..9).map(|number| format!(r#"{{"value":"{number}"}}"#)));
    let numbers: Vec<_> = of(&all).iter().map(|trace| trace.number).collect();
    let expected = ["T", "0", "1", "2", "3", "4", "5", "6"].map(link);
    assert_eq!(numbers, expected);
}

/// All claims and answers in a file, in bundles and in the texts that a test kit keeps them in.
fn within(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let kind = members.get("resourceType").and_then(Value::as_str);
            if matches!(kind, Some("Claim" | "ClaimResponse")) {
                found.push(value.to_string());
            }
            members.values().for_each(|value| within(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| within(value, found)),
        Value::String(text) if text.contains("\"resourceType\"") => {
            if let Ok(value) = serde_json::from_str(text) {
                within(&value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_shared_bundles_are_read_as_their_authors_made_them() {
    let Some(shared) = crate::map::corpus::shared() else {
        println!("no shared files here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let folder = std::fs::read_dir(shared.join("clinical-data/davinci-pas"));
    for file in folder.into_iter().flatten().flatten() {
        // Others are templates.
        if file.path().extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read(file.path()).unwrap();
        let value = serde_json::from_slice(&text).unwrap();
        let mut found = Vec::new();
        within(&value, &mut found);
        for json in found {
            let Some(document) = document(json.as_bytes()).unwrap() else {
                *counts.entry("no request".to_owned()).or_default() += 1;
                continue;
            };
            let actions: Vec<_> = document.lines.iter().map(|line| &*line.action).collect();
            let code = match document.kind {
                DocumentKind::AuthorizationAnswer => &*document.code,
                _ => "",
            };
            let what = [document.kind.word(), code, &actions.join(" ")].join("|");
            *counts.entry(what.trim_end().to_owned()).or_default() += 1;
        }
    }
    let shown: Vec<_> = counts
        .iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    expect![[r#"
        9 authorization answer|complete|A1
        4 authorization answer|complete|A1 A1
        1 authorization answer|complete|A3
        2 authorization answer|complete|A3 A1
        1 authorization answer|complete|A4
        1 authorization answer|complete|A6
        1 authorization answer|complete|A6 A6
        1 authorization answer|complete|DENIEDCODE A1
        1 authorization answer|error|
        1 authorization answer|queued|A4
        1 authorization answer|queued|A4 A4
        2 authorization answer|queued|PENDEDCODE
        18 authorization request||
        1 no request"#]]
    .assert_eq(&shown.join("\n"));
}
