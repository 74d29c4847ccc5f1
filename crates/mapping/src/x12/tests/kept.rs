//! That nothing is lost, whatever else a set says, and that two things of one name stay two.

use serde_json::Value;

use super::*;

const KEPT: &str = "urn:pulsewire:x12:segment";

/// The resources of a type, of a set that loses nothing.
pub(super) fn of_type(text: &str, kind: &str) -> Vec<Value> {
    let all = resources(text);
    let values = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    values
        .filter(|value| value["resourceType"] == kind)
        .collect()
}

/// The segments that a resource keeps as they were sent.
fn kept(resource: &Value) -> Vec<&str> {
    let all = resource["extension"].as_array().into_iter().flatten();
    let ours = all.filter(|one| one["url"] == KEPT);
    ours.filter_map(|one| one["valueString"].as_str()).collect()
}

const HEAD: &str = "BHT*0019*00*77*20260301*1023*CH~NM1*41*2*BILLING*****46*S1~NM1*40*2*PAYER*****46*P1~HL*1**20*1~\
    NM1*85*2*CLINIC*****XX*1999996666~N3*1 SEA ST~N4*MIAMI*FL*33111*US*CR*7*DC~HL*2*1*22*0~SBR*P*18*******CI~\
    NM1*IL*1*SMITH*JANE****MI*M1~DMG*D8*19730501*F**B~NM1*PR*2*PAYER*****PI*P1~";

pub(super) fn claims(of: &str) -> String {
    framed("837", "005010X222A1", &format!("{HEAD}{of}"))
}

#[test]
fn what_no_element_takes_stands_with_whom_it_is_said_of() {
    let text =
        claims("CLM*A1*10***11:B:1*Y*A*Y*Y~HI*ABK:E119~LX*1~SV1*HC:99213*10*UN*1***1~TRN*1*STRAY~");
    let [patient] = of_type(&text, "Patient").try_into().unwrap();
    assert_eq!(kept(&patient), ["DMG*D8*19730501*F**B"]);
    let organizations = of_type(&text, "Organization");
    let clinic = organizations.iter().find(|one| one["name"] == "CLINIC");
    assert_eq!(kept(clinic.unwrap()), ["N4*MIAMI*FL*33111*US*CR*7*DC"]);
}

#[test]
fn what_is_left_of_a_claim_stands_with_that_claim() {
    let text = claims(
        "CLM*A1*10***11:B:1*Y*A*Y*Y~LX*1~SV1*ER:99213*10*UN*1~CLM*A2*10***11:B:1*Y*A*Y*Y~LX*1~SV1*ZZ:X*10*UN*1~ZZZ*9~",
    );
    let [first, second] = of_type(&text, "Claim").try_into().unwrap();
    let said = |claim: &Value, word: &str| claim.to_string().contains(word);
    assert!(said(&first, "ER:99213") && !said(&first, "ZZZ*9"));
    assert!(said(&second, "ZZ:X") && said(&second, "ZZZ*9"));
}

#[test]
fn two_claims_of_one_number_are_two() {
    let text = claims("CLM*A1*10***11:B:1*Y*A*Y*Y~CLM*A1*20***11:B:1*Y*A*Y*Y~");
    let totals: Vec<_> = of_type(&text, "Claim")
        .iter()
        .map(|claim| claim["total"]["value"].to_string())
        .collect();
    assert_eq!(totals, ["10", "20"]);
}

#[test]
fn what_stands_with_nothing_is_refused() {
    let body =
        "BHT*0019*00*77*20260301*1023*CH~NM1*41*2*BILLING*****46*S1~NM1*40*2*PAYER*****46*P1~";
    let refused = mapped(&framed("837", "005010X222A1", body)).unwrap_err();
    assert_eq!(refused.code(), "nothing-mapped");
}

pub(super) fn paid(claims: &str) -> String {
    let body = format!(
        "BPR*I*0*H*NON************20260301~TRN*1*T1*1999999999~N1*PR*PAYER*XV*P1~N1*PE*CLINIC*XX*1999996666~LX*1~{claims}"
    );
    framed("835", "005010X221A1", &body)
}

#[test]
fn an_estimate_and_what_is_passed_on_are_no_decisions() {
    let of = |state: &str| {
        let text = paid(&format!(
            "CLP*A1*{state}*100*0**12*C1~NM1*QC*1*SMITH*JANE****MI*M1~"
        ));
        let [one] = of_type(&text, "ExplanationOfBenefit").try_into().unwrap();
        ["use", "outcome"].map(|name| one[name].as_str().unwrap().to_owned())
    };
    assert_eq!(of("1"), ["claim", "complete"]);
    assert_eq!(of("25"), ["predetermination", "complete"]);
    assert_eq!(of("23"), ["claim", "queued"]);
}

#[test]
fn a_service_may_go_on_for_days() {
    let text = paid(
        "CLP*A1*1*30*30**12*C1~NM1*QC*1*SMITH*JANE****MI*M1~SVC*HC:A*10*10~DTM*150*20260201~DTM*151*20260203~\
        SVC*HC:B*10*10~DTM*472*20260204~SVC*HC:C*10*10~",
    );
    let [one] = of_type(&text, "ExplanationOfBenefit").try_into().unwrap();
    assert_eq!(one["item"][0]["servicedPeriod"]["start"], "2026-02-01");
    assert_eq!(one["item"][0]["servicedPeriod"]["end"], "2026-02-03");
    assert_eq!(one["item"][1]["servicedDate"], "2026-02-04");
    assert_eq!(one["item"][2].get("servicedDate"), None);
}

fn enrolled(of: &str) -> Vec<Value> {
    let body = format!(
        "BGN*00*12456*20260301*1200****2~N1*P5*ACME*FI*999888777~N1*IN*PAYER*FI*P1~INS*Y*18*021*20*A~REF*0F*M1~\
        DTP*336*D8*20100101~DTP*303*D8*20260215~DTP*356*D8*20260301~NM1*IL*1*DOE*JO~{of}"
    );
    of_type(&framed("834", "005010X220A1", &body), "Coverage")
}

#[test]
fn a_coverage_begins_with_its_own_day_and_not_with_the_employment() {
    let [own] = enrolled("HD*021**HLT~DTP*303*D8*20260216~DTP*348*D8*20260401~")
        .try_into()
        .unwrap();
    assert_eq!(own["period"]["start"], "2026-04-01");
    let others = kept(&own);
    assert!(others.contains(&"DTP*303*D8*20260216") && others.contains(&"DTP*336*D8*20100101"));
    let [of_member] = enrolled("").try_into().unwrap();
    assert_eq!(of_member["period"]["start"], "2026-03-01");
}

#[test]
fn the_day_of_a_change_is_not_the_day_on_which_a_coverage_began() {
    let of = |change: &str| {
        let body = format!(
            "BGN*00*12456*20260301*1200****2~N1*P5*ACME*FI*999888777~N1*IN*PAYER*FI*P1~INS*Y*18*{change}*20*A~REF*0F*M1~NM1*IL*1*DOE*JO~\
            HD*{change}**HLT~DTP*303*D8*20260331~"
        );
        let [one] = of_type(&framed("834", "005010X220A1", &body), "Coverage")
            .try_into()
            .unwrap();
        one["period"]["start"].as_str().map(str::to_owned)
    };
    assert_eq!(of("021").as_deref(), Some("2026-03-31"));
    assert_eq!([of("001"), of("024")], [None, None]);
}

#[test]
fn a_product_that_is_ended_and_begun_anew_is_two_coverages() {
    let all = enrolled(
        "HD*024**HLT*GOLD*EMP~DTP*348*D8*20250101~DTP*349*D8*20260331~HD*021**HLT*GOLD*FAM~DTP*348*D8*20260401~",
    );
    let starts: Vec<_> = all.iter().map(|one| &one["period"]["start"]).collect();
    assert_eq!(starts, ["2025-01-01", "2026-04-01"]);
}

#[test]
fn an_answer_on_benefits_holds_for_its_term_and_names_what_it_answers() {
    let body = "BHT*0022*11*77*20260301*1023~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~\
        HL*3*2*22*0~TRN*1*OWN*9PAYER~TRN*2*ASKED*9CLINIC~NM1*IL*1*SMITH*JANE****MI*M1~DTP*346*D8*20260101~DTP*347*D8*20261231~\
        EB*1**30~EB*R**30~LS*2120~NM1*PRP*2*OTHER PAYER*****PI*P9~LE*2120~";
    let text = framed("271", "005010X279A1", body);
    let [answer] = of_type(&text, "CoverageEligibilityResponse")
        .try_into()
        .unwrap();
    assert_eq!(answer["request"]["identifier"]["value"], "ASKED");
    let term = &answer["insurance"][0]["benefitPeriod"];
    assert_eq!(
        (&term["start"], &term["end"]),
        (&"2026-01-01".into(), &"2026-12-31".into())
    );
    assert_eq!(answer.get("servicedDate"), None);
    assert!(kept(&answer).contains(&"NM1*PRP*2*OTHER PAYER*****PI*P9"));
}

#[test]
fn a_number_of_a_provider_is_no_specialty() {
    let of = |kind: &str| {
        let text = claims(&format!(
            "CLM*A1*10***11:B:1*Y*A*Y*Y~NM1*82*1*DOC*JO****XX*1888887777~PRV*PE*{kind}*207Q00000X~"
        ));
        let [claim] = of_type(&text, "Claim").try_into().unwrap();
        claim["careTeam"][0].get("qualification").is_some()
    };
    assert!(of("PXC") && !of("HPI"));
}

#[test]
fn an_answer_of_which_a_part_is_put_off_is_not_complete() {
    let of = |last: &str| {
        let body = format!(
            "BHT*0007*11*B1*20260301*1023*18~HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~\
            HL*3*2*22*1~NM1*IL*1*SMITH*JANE****MI*M1~HL*4*3*EV*1~TRN*2*R7*9CLINIC~UM*HS*I*3~HL*5*4*SS*0~HCR*A1*N1~SV1*HC:1*1*UN*1~\
            HL*6*4*SS*0~HCR*{last}**0V^1N~SV1*HC:2*1*UN*1~"
        );
        let text = framed("278", "005010X217", &body);
        let [answer] = of_type(&text, "ClaimResponse").try_into().unwrap();
        answer["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        [of("A1"), of("A3"), of("A4")],
        ["complete", "complete", "partial"]
    );
}

#[test]
fn an_emergency_is_urgent_and_a_request_names_the_one_that_it_calls_off() {
    let of = |level: &str| {
        let body = format!(
            "BHT*0007*13*B1*20260301*1023~HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~\
            HL*3*2*22*1~NM1*IL*1*SMITH*JANE****MI*M1~HL*4*3*EV*0~TRN*1*R8*9CLINIC~UM*HS*3*3***{level}~REF*BB*N1~"
        );
        let text = framed("278", "005010X217", &body);
        let [request] = of_type(&text, "Claim").try_into().unwrap();
        assert_eq!(request["related"][0]["reference"]["value"], "N1");
        assert_eq!(request["status"], "cancelled");
        request["priority"]["coding"][0]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!([of("03"), of("U"), of("E")], ["stat", "stat", "normal"]);
}

#[test]
fn a_place_that_was_not_taken_apart_is_no_code_of_places() {
    for (place, code) in [("11:B:1", Some("11")), ("11>B>1", None)] {
        let text = claims(&format!(
            "CLM*A1*10***{place}*Y*A*Y*Y~LX*1~SV1*HC:99213*10*UN*1~"
        ));
        let told = &of_type(&text, "Claim")[0]["item"][0]["locationCodeableConcept"];
        assert_eq!(told["coding"][0]["code"].as_str(), code, "{told}");
        let words = code.is_none().then_some(place);
        assert_eq!(told["text"].as_str(), words, "{told}");
    }
}

#[test]
fn what_is_no_answer_is_a_request() {
    for (purpose, kind, status) in [
        ("13", "I", "active"),
        ("01", "I", "active"),
        ("01", "3", "cancelled"),
        ("36", "I", "active"),
    ] {
        let body = format!(
            "BHT*0007*{purpose}*B1*20260301*1023~HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~\
            HL*3*2*22*1~NM1*IL*1*SMITH*JANE****MI*M1~HL*4*3*EV*0~TRN*1*R8*9CLINIC~UM*HS*{kind}*3~"
        );
        let text = framed("278", "005010X217", &body);
        let [request] = of_type(&text, "Claim").try_into().unwrap();
        assert_eq!(request["status"], status, "{purpose} {kind}");
    }
}

#[test]
fn an_answer_on_a_claim_names_it_by_the_number_of_its_provider() {
    for numbers in ["REF*1K*C1~REF*EJ*A1~", "REF*EJ*A1~REF*1K*C1~"] {
        let body = format!(
            "BHT*0010*08*B1*20260301*0900*DG~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*41*2*CLINIC*****46*S1~HL*3*2*19*1~\
            NM1*1P*2*CLINIC*****XX*1999996666~HL*4*3*22*0~NM1*IL*1*SMITH*JANE****MI*M1~TRN*2*Q1~STC*F2:88*20260301**100~{numbers}"
        );
        let text = framed("277", "005010X212", &body);
        let [answer] = of_type(&text, "Task").try_into().unwrap();
        assert_eq!(answer["focus"]["identifier"]["value"], "A1");
        let document = crate::payer::document(answer.to_string().as_bytes());
        let links = document.unwrap().unwrap().links;
        for number in ["A1", "C1"] {
            assert!(links.contains(&clinical::payer::link(number)), "{number}");
        }
    }
}

#[test]
fn a_subscriber_has_the_subscribers_number_and_a_dependent_does_not() {
    for (is_subscriber, has) in [("Y", true), ("N", false)] {
        let body = format!(
            "BGN*00*12456*20260301*1200****2~N1*P5*ACME*FI*999888777~N1*IN*PAYER*FI*P1~INS*{is_subscriber}*18*001*20*A~REF*0F*M1~\
            NM1*IL*1*DOE*JO****34*103229876~HD*021**HLT~"
        );
        let [patient] = of_type(&framed("834", "005010X220A1", &body), "Patient")
            .try_into()
            .unwrap();
        let patient: Value = patient;
        let all = patient["identifier"].as_array().unwrap();
        assert_eq!(all[0]["value"], "103229876");
        assert_eq!(all.iter().any(|one| one["value"] == "M1"), has);
    }
}

#[test]
fn a_claim_of_a_hospitals_inpatient_says_so() {
    let stay = |place: &str| {
        let text = claims(&format!(
            "CLM*A1*10***{place}**A*Y*Y~DTP*434*RD8*20260301-20260308~"
        ));
        let [claim] = of_type(&text, "Claim").try_into().unwrap();
        let claim: Value = claim;
        let document = crate::payer::document(claim.to_string().as_bytes());
        *document.unwrap().unwrap().code == *clinical::payer::HOSPITAL_STAY
    };
    assert!(stay("11:A:1") && stay("11:A:4"));
    assert!(!stay("13:A:1") && !stay("11:B:1") && !stay("21:A:1"));
}

#[test]
fn answers_to_claims_of_one_number_are_given_out_one_by_one() {
    let one = |number: &str, name: &str| {
        format!("CLP*{number}*1*10*10**12*C1~NM1*QC*1*SMITH*{name}****MI*M1~")
    };
    let text = paid(&[one("A1", "TED"), one("A2", "JANE"), one("A1", "TED")].concat());
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let parts = split(&set, &Source::new("payer")).unwrap();
    let answers: Vec<_> = parts.iter().filter(|part| part.claim.is_some()).collect();
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|part| part.patient.is_some()));
    let claims = answers.iter().map(|part| {
        let text = String::from_utf8_lossy(&part.bytes);
        text.matches("CLP*").count()
    });
    assert_eq!(claims.collect::<Vec<_>>(), [2, 1]);
}
