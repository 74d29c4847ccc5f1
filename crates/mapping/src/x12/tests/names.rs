//! That the same thing has the same id in whatever file and order it comes, and two things have two.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::kept::{claims, of_type, paid};
use super::*;

/// The ids of a type's resources, by a word that only one of them says.
fn ids<'w>(text: &str, kind: &str, words: &[&'w str]) -> BTreeMap<&'w str, String> {
    let all = of_type(text, kind);
    let of = |word: &str| {
        let mut found = all.iter().filter(|one| one.to_string().contains(word));
        let one = found.next().expect("one says so");
        assert!(found.next().is_none(), "several say {word}");
        one["id"].as_str().expect("it has an id").to_owned()
    };
    words.iter().map(|word| (*word, of(word))).collect()
}

/// Asserts that things have ids of their own, the same in any order and alone.
fn check_ids(parts: &[(&str, &str)], kind: &str, whole: impl Fn(&str) -> String, is_alone: bool) {
    let words: Vec<&str> = parts.iter().map(|(word, _)| *word).collect();
    let joined = |parts: &[(&str, &str)]| parts.iter().map(|(_, part)| *part).collect::<String>();
    let straight = ids(&whole(&joined(parts)), kind, &words);
    let distinct: BTreeSet<&String> = straight.values().collect();
    assert_eq!(distinct.len(), parts.len(), "{straight:?}");
    let mut turned = parts.to_vec();
    turned.reverse();
    assert_eq!(ids(&whole(&joined(&turned)), kind, &words), straight);
    for (word, part) in parts.iter().filter(|_| is_alone) {
        assert_eq!(ids(&whole(part), kind, &[word])[word], straight[word]);
    }
}

fn enrolled(products: &str) -> String {
    let body = format!(
        "BGN*00*12456*20260301*1200****2~N1*P5*ACME*FI*999888777~N1*IN*PAYER*FI*P1~INS*Y*18*001*20*A~REF*0F*M1~NM1*IL*1*DOE*JO~{products}"
    );
    framed("834", "005010X220A1", &body)
}

const LAST_YEAR: (&str, &str) = (
    "2025-12-31",
    "HD*024**HLT*GOLD*EMP~DTP*348*D8*20250101~DTP*349*D8*20251231~",
);
const THIS_YEAR: (&str, &str) = (
    "20260102",
    "HD*021**HLT*GOLD*EMP~DTP*348*D8*20260101~DTP*303*D8*20260102~",
);
const FAMILY: (&str, &str) = (
    "2026-11-30",
    "HD*021**HLT*GOLD*FAM~DTP*348*D8*20260101~DTP*349*D8*20261130~",
);
const ENDED: (&str, &str) = ("2026-06-30", "HD*024**HLT*GOLD*EMP~DTP*349*D8*20260630~");

#[test]
fn coverages_of_one_product_are_told_apart_by_their_first_day_and_level() {
    let all = [LAST_YEAR, THIS_YEAR, FAMILY, ENDED];
    check_ids(&all, "Coverage", enrolled, true);
    // One that is told again with more said of it is the same.
    let changed = THIS_YEAR.1.replace("021", "001") + "DTP*349*D8*20260930~";
    let id = |text: &str| ids(&enrolled(text), "Coverage", &["20260102"])["20260102"].clone();
    assert_eq!(id(&changed), id(THIS_YEAR.1));
}

#[test]
fn what_is_said_of_a_product_without_its_first_day_names_all_of_it() {
    let all = of_type(
        &enrolled(&[LAST_YEAR.1, THIS_YEAR.1, ENDED.1].concat()),
        "Coverage",
    );
    let of = |place: usize| &all[place]["identifier"][0];
    assert_eq!(of(0)["system"], "urn:pulsewire:x12:product");
    assert_eq!([of(0), of(1)], [of(2), of(2)]);
    assert_eq!(of(2)["value"], all[2]["id"]);
    let [member] = of_type(&enrolled(""), "Coverage").try_into().unwrap();
    assert_eq!(
        member["identifier"][0]["system"],
        "urn:pulsewire:x12:membership"
    );
}

#[test]
fn claims_of_one_number_are_told_apart_by_their_days_and_by_what_they_change() {
    let on = |day: &str| {
        format!("CLM*A1*10***11:B:1*Y*A*Y*Y~LX*1~SV1*HC:99213*10*UN*1~DTP*472*D8*{day}~")
    };
    let of = |frequency: &str, original: &str| {
        format!(
            "CLM*A1*10***11:B:{frequency}*Y*A*Y*Y~REF*F8*{original}~LX*1~SV1*HC:99213*10*UN*1~DTP*472*D8*20260204~"
        )
    };
    let (first, second, third) = (on("20260202"), on("20260203"), on("20260204"));
    let (replaced, again, void) = (of("7", "ICN1"), of("7", "ICN2"), of("8", "ICN1"));
    let all = [("2026-02-02", first.as_str()), ("2026-02-03", &second)];
    check_ids(&all, "Claim", claims, true);
    let of_one = |text: &str| {
        let [one] = of_type(&claims(text), "Claim").try_into().unwrap();
        let one: Value = one;
        one["id"].as_str().unwrap().to_owned()
    };
    let ids: BTreeSet<String> = [&third, &replaced, &again, &void]
        .map(|one| of_one(one))
        .into();
    assert_eq!(ids.len(), 4);
    // A correction that is sent again is the same one, whatever day it is corrected to.
    assert_eq!(
        of_one(&replaced.replace("20260204", "20260205")),
        of_one(&replaced)
    );
}

#[test]
fn a_claim_that_says_no_day_and_changes_nothing_is_named_by_its_number() {
    let text = claims("CLM*A1*10***11:B:1*Y*A*Y*Y~");
    let [one] = of_type(&text, "Claim").try_into().unwrap();
    assert_eq!(one["id"], "b2a8fd0aa05ff39ac133956daeacb4d3");
}

#[test]
fn claims_that_only_their_charge_tells_apart_have_the_same_ids_in_any_order() {
    let all = [
        ("\"value\":10}", "CLM*A1*10***11:B:1*Y*A*Y*Y~"),
        ("\"value\":20}", "CLM*A1*20***11:B:1*Y*A*Y*Y~"),
    ];
    check_ids(&all, "Claim", claims, false);
    // Where nothing tells them apart there are two all the same.
    assert_eq!(of_type(&claims(&all[0].1.repeat(2)), "Claim").len(), 2);
}

#[test]
fn payments_of_one_claim_in_one_remittance_are_told_apart_by_day_and_amounts() {
    let of = |day: &str, charge: &str| {
        format!(
            "CLP*A1*1*{charge}*{charge}**12*C1~NM1*QC*1*SMITH*JANE****MI*M1~DTM*232*{day}~SVC*HC:99213*{charge}*{charge}~"
        )
    };
    let (first, second) = (of("20260202", "30"), of("20260203", "30"));
    let all = [("2026-02-02", first.as_str()), ("2026-02-03", &second)];
    check_ids(&all, "ExplanationOfBenefit", paid, false);
}

#[test]
fn acknowledgements_of_claims_of_one_number_are_told_apart_by_their_days() {
    let answered = |claims: &str| {
        let body = format!(
            "BHT*0085*08*B1*20260301*1319*TH~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*41*2*CLINIC*****46*S1~\
            HL*3*2*19*1~NM1*85*2*CLINIC*****XX*1999996666~HL*4*3*PT~NM1*QC*1*SMITH*JANE****MI*M1~{claims}"
        );
        framed("277", "005010X214", &body)
    };
    let of = |day: &str| format!("TRN*2*A1~STC*A2:20*20260301*WQ*10~DTP*472*D8*{day}~");
    let (first, second) = (of("20260202"), of("20260203"));
    let all = [("2026-02-02", first.as_str()), ("2026-02-03", &second)];
    check_ids(&all, "Task", answered, true);
}

#[test]
fn the_order_of_traces_changes_no_id() {
    let asked = |traces: &str| {
        let body = format!(
            "BHT*0022*13*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*0~{traces}\
            NM1*IL*1*SMITH*JANE****MI*M1~EQ*30~"
        );
        let text = framed("270", "005010X279A1", &body);
        let [one] = of_type(&text, "CoverageEligibilityRequest")
            .try_into()
            .unwrap();
        let one: Value = one;
        one["id"].as_str().unwrap().to_owned()
    };
    let own = "TRN*1*T9*9CLINIC~";
    let house = "TRN*1*H3*9HOUSE~";
    assert_eq!(asked(&[own, house].concat()), asked(&[house, own].concat()));
    assert_ne!(asked(own), asked(house));
}

fn reviewed(kind: &str, services: &str) -> String {
    let body = format!(
        "BHT*0007*{kind}*B1*20260301*1023~HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~\
        HL*3*2*22*1~NM1*IL*1*SMITH*JANE****MI*M1~HL*4*3*EV*1~TRN*1*R8*9CLINIC~UM*HS*I*3~{services}"
    );
    framed("278", "005010X217", &body)
}

#[test]
fn a_service_of_a_request_and_of_its_answer_has_its_trace() {
    let trace = |value: &Value, system: &str| {
        let extensions = value["extension"].as_array().unwrap().clone();
        let ends = |one: &&Value| one["url"].as_str().unwrap().ends_with(system);
        extensions.iter().find(ends).cloned().unwrap()
    };
    let asked = reviewed(
        "13",
        "HL*5*4*SS*0~TRN*1*S1*9CLINIC~UM*HS*3*3~SV1*HC:1*1*UN*1~HL*6*4*SS*0~TRN*1*S2*9CLINIC*MORE~SV1*HC:2*1*UN*1~",
    );
    let [request] = of_type(&asked, "Claim").try_into().unwrap();
    let request: Value = request;
    let [first, second] = [0, 1].map(|place| request["item"][place].clone());
    let named = trace(&first, "itemTraceNumber");
    assert_eq!(named["valueIdentifier"]["value"], "S1");
    assert_eq!(named["valueIdentifier"]["assigner"]["display"], "9CLINIC");
    let kind = trace(&first, "certificationType");
    assert_eq!(kind["valueCodeableConcept"]["coding"][0]["code"], "3");
    assert_eq!(
        trace(&second, "itemTraceNumber")["valueIdentifier"]["value"],
        "S2"
    );
    let department = &trace(&second, "itemTraceNumber")["valueIdentifier"]["extension"][0];
    assert_eq!(department["valueString"], "MORE");
    assert!(!request.to_string().contains("TRN*1*S"));
    let answered = reviewed(
        "11",
        "HL*5*4*SS*0~TRN*2*S2*9CLINIC~HCR*A1*N1~SV1*HC:2*1*UN*1~HL*6*4*SS*0~TRN*2*S1*9CLINIC~SV1*HC:1*1*UN*1~",
    );
    let [answer] = of_type(&answered, "ClaimResponse").try_into().unwrap();
    let answer: Value = answer;
    assert_eq!(
        trace(&answer["item"][0], "itemTraceNumber")["valueIdentifier"]["value"],
        "S2"
    );
    assert!(answer.to_string().contains("TRN*2*S1*9CLINIC"));
}

#[test]
fn what_an_amount_says_beside_it_is_no_second_value() {
    let text = claims("CLM*A1*10***11:B:1*Y*A*Y*Y~AMT*F5*7**EXTRA~");
    let [claim] = of_type(&text, "Claim").try_into().unwrap();
    let claim: Value = claim;
    let all = claim["supportingInfo"].as_array().unwrap();
    let amount = all
        .iter()
        .find(|one| one["code"]["coding"][0]["code"] == "F5");
    let amount = amount.unwrap();
    assert_eq!(amount["valueQuantity"]["value"], 7);
    assert_eq!(amount.get("valueString"), None);
    assert_eq!(amount["extension"][0]["valueString"], "AMT*F5*7**EXTRA");
}
