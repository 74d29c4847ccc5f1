//! What a set makes grows as the set does, however many things stand below however much that is said above them.

use serde_json::Value;

use super::kept::of_type;
use super::*;

/// The bytes of all resources of a set, of which nothing is lost.
fn size(text: &str) -> usize {
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let found = mapped(text).unwrap();
    assert_eq!(found.coverage.unexplained(&set), 0);
    found.drafts.iter().map(|draft| draft.to_json().len()).sum()
}

/// Four times as much of a set makes four times as much, but for what is told with each.
fn grows_as_it_does(of: impl Fn(usize) -> String) {
    let (some, more) = (size(&of(60)), size(&of(240)));
    assert!(more < some * 5, "{some} bytes, then {more}");
}

const UNKNOWN: &str = "ZZZ*1~";
const BILLING: &str = "BHT*0019*00*B1*20260301*1200*CH~NM1*41*2*SUB*****46*1~NM1*40*2*REC*****46*2~HL*1**20*1~NM1*85*2*CLINIC*****XX*1999996666~";

#[test]
fn claims_below_one_subscriber_repeat_what_is_said_above_them_up_to_a_limit() {
    for [above, of_holder] in [[UNKNOWN, ""], ["NM1*87*2~", ""], ["", UNKNOWN]] {
        grows_as_it_does(|count| {
            let (above, of_holder) = (above.repeat(count), of_holder.repeat(count));
            let claims = "CLM*A1*10***11:B:1*Y*A*Y*Y~".repeat(count);
            let body = format!(
                "{BILLING}{above}HL*2*1*22*0~SBR*P*18~{of_holder}NM1*IL*1*SMITH*JANE****MI*M1~{claims}"
            );
            framed("837", "005010X222A1", &body)
        });
    }
}

#[test]
fn paid_claims_repeat_what_is_said_above_them_up_to_a_limit() {
    for [of_set, of_group] in [["REF*EV*1~", ""], ["", "TS3*1~"]] {
        grows_as_it_does(|count| {
            let (of_set, of_group) = (of_set.repeat(count), of_group.repeat(count));
            let claims = "CLP*A1*1*10*5*0*12*C1~NM1*QC*1*SMITH*JANE****MI*M1~".repeat(count);
            let body = format!(
                "BPR*I*10*C*CHK************20260301~TRN*1*C1*1999999999~{of_set}N1*PR*PAYER*XV*P1~N1*PE*CLINIC*XX*1999996666~LX*1~{of_group}{claims}"
            );
            framed("835", "005010X221A1", &body)
        });
    }
}

#[test]
fn members_answers_and_requests_repeat_what_is_said_above_them_up_to_a_limit() {
    let head = "HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~";
    grows_as_it_does(|count| {
        let members = "INS*Y*18*021*20*A***FT~REF*0F*M1~HD*021**HLT~DTP*348*D8*20260101~";
        let (said, members) = ("QTY*TO*1~".repeat(count), members.repeat(count));
        let body = format!("BGN*00*1*20260301*1200****4~{said}N1*IN*PAYER*FI*2~{members}");
        framed("834", "005010X220A1", &body)
    });
    grows_as_it_does(|count| {
        let answers = "HL*3*2*22*0~TRN*2*T1*9C~NM1*IL*1*SMITH*JANE****MI*M1~EB*1**30~";
        let (above, answers) = ("AAA*Y**42*C~".repeat(count), answers.repeat(count));
        let body = format!(
            "BHT*0022*11*B1*20260301*1319~{UNKNOWN}HL*1**20*1~{above}NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~{answers}"
        );
        framed("271", "005010X279A1", &body)
    });
    grows_as_it_does(|count| {
        let traces = "TRN*2*A1~STC*A2:20*20260301*WQ*10~".repeat(count);
        let body = format!(
            "BHT*0085*08*B1*20260301*1319*TH~{head}HL*2*1*21*1~NM1*41*2*A*****46*1~HL*3*2*19*1~NM1*85*2*CLINIC*****XX*1999996666~HL*4*3*PT~{}NM1*QC*1*SMITH*JANE****MI*M1~{traces}",
            UNKNOWN.repeat(count)
        );
        framed("277", "005010X214", &body)
    });
    grows_as_it_does(|count| {
        let events = "HL*4*3*EV*0~TRN*1*R8*9CLINIC~UM*HS*I*3~".repeat(count);
        let body = format!(
            "BHT*0007*13*B1*20260301*1023~HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*1~{}NM1*IL*1*SMITH*JANE****MI*M1~{events}",
            UNKNOWN.repeat(count)
        );
        framed("278", "005010X217", &body)
    });
}

#[test]
fn a_benefit_of_many_kinds_repeats_its_words_up_to_a_limit() {
    grows_as_it_does(|count| {
        let kinds = vec!["30"; count * 3].join("^");
        let words = format!("MSG*{}~", "a".repeat(count * 100));
        let body = format!(
            "BHT*0022*11*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*0~TRN*2*T1*9C~NM1*IL*1*SMITH*JANE****MI*M1~EB*1**{kinds}~{words}"
        );
        framed("271", "005010X279A1", &body)
    });
}

#[test]
fn what_a_level_says_is_told_with_each_of_its_claims() {
    let claims = "CLM*A1*10***11:B:1*Y*A*Y*Y~".repeat(100);
    let body = format!(
        "{BILLING}HL*2*1*22*0~SBR*P*18~PAT*******01*150~NM1*IL*1*SMITH*JANE****MI*M1~NM1*PR*2*PAYER*****PI*P1~{claims}"
    );
    let all = of_type(&framed("837", "005010X222A1", &body), "Claim");
    assert_eq!(all.len(), 100);
    let [first, .., last]: &[Value] = &all else {
        panic!("there are claims");
    };
    for claim in [first, last] {
        assert!(claim.to_string().contains("PAT*******01*150"));
        for party in ["insurer", "provider"] {
            assert_eq!(claim[party], first[party]);
            assert!(claim[party]["reference"].is_string());
        }
        assert_eq!(claim["insurance"], first["insurance"]);
    }
}
