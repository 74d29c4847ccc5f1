//! What transaction sets become, whom they are about, and that nothing of them is lost.

mod corpus;

mod kept;

mod names;

mod size;

use clinical::{ReceivedTime, SiteKey};
use expect_test::{Expect, expect};
use formats::fhir::validate::Severity;
use formats::x12;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1200*^*00501*000000905*0*T*:~\n";

/// Puts a set into an envelope with the right counts.
fn framed(kind: &str, guide: &str, body: &str) -> String {
    let count = body.matches('~').count() + 2;
    let group = match kind {
        "270" => "HS",
        "271" => "HB",
        "276" => "HR",
        "277" => "HN",
        "278" => "HI",
        "834" => "BE",
        "835" => "HP",
        _ => "HC",
    };
    format!(
        "{HEADER}GS*{group}*S*R*20260301*1200*7*X*{guide}~\nST*{kind}*0001*{guide}~{body}SE*{count}*0001~\nGE*1*7~\nIEA*1*000000905~\n"
    )
}

fn mapped(text: &str) -> Result<Mapped, Refusal> {
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().expect("there is one");
    let (source, site) = (Source::new("payer"), SiteKey::new([7; 32]));
    map(
        &set,
        &source,
        &site,
        ReceivedTime::from_micros(1_772_000_000_000_000),
    )
}

/// Gives the resources of a set, which must be valid and lose nothing.
fn resources(text: &str) -> String {
    let found = mapped(text).unwrap();
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let report = found.coverage.report(&set);
    let lost: Vec<_> = report
        .lines
        .iter()
        .filter(|line| line.outcome == Outcome::Unmapped)
        .map(|line| line.path.as_str())
        .collect();
    assert_eq!(lost, [""; 0], "lost");
    let mut out = String::new();
    for draft in &found.drafts {
        let json = draft.to_json();
        let issues = formats::fhir::validate::validate(&json);
        let wrong: Vec<_> = issues
            .iter()
            .filter(|one| one.severity >= Severity::Error)
            .collect();
        assert!(
            wrong.is_empty(),
            "{wrong:?} {}",
            String::from_utf8_lossy(&json)
        );
        out.push_str(&String::from_utf8_lossy(&json));
        out.push('\n');
    }
    out
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&resources(text));
}

fn members(text: &str) -> String {
    members_of(text, &Source::new("payer"))
}

fn members_of(text: &str, source: &Source) -> String {
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let parts = split(&set, source).unwrap();
    let mut out = String::new();
    for part in &parts {
        let whom = part.patient.as_ref();
        let whom = whom.map_or("nobody".to_owned(), |one| {
            format!("{}|{}", one.authority, one.value)
        });
        let own = x12::read(&part.bytes);
        assert_eq!(own.issues(), [], "{}", String::from_utf8_lossy(&part.bytes));
        let set = own.sets().next().unwrap();
        assert_eq!(x12::loops(&set).unwrap().issues(), []);
        let of = match subjects(&set, source) {
            Subjects::One(one) => Some(one),
            _ => None,
        };
        assert_eq!(of, part.patient);
        let names: Vec<_> = set
            .segments()
            .iter()
            .map(|one| String::from_utf8_lossy(one.name()))
            .collect();
        out.push_str(&format!("{whom}: {}\n", names.join(" ")));
    }
    out
}

const CLAIMS: &str = "BHT*0019*00*77*20260301*1023*CH~NM1*41*2*BILLING*****46*S1~PER*IC*JERRY*TE*3055552222~NM1*40*2*PAYER*****46*P1~\
    HL*1**20*1~NM1*85*2*CLINIC*****XX*1999996666~N3*1 SEA ST~N4*MIAMI*FL*33111~REF*EI*123456789~\
    HL*2*1*22*1~SBR*P**GRP1*PLAN A*****CI~NM1*IL*1*SMITH*JANE****MI*M1~DMG*D8*19730501*F~NM1*PR*2*PAYER*****PI*P1~\
    CLM*A1*100***11:B:1*Y*A*Y*I~HI*ABK:J0300*ABF:Z2089~LX*1~SV1*HC:99213:25*100*UN*1***1:2~DTP*472*D8*20260225~\
    HL*3*2*23*0~PAT*19~NM1*QC*1*SMITH*TED~DMG*D8*20150501*M~CLM*A2*.5***11:B:1*Y*A*Y*I~HI*ABK:E119~LX*1~SV1*HC:J3301*.50*UN*2***1~DTP*472*RD8*20260225-20260226~\
    HL*4*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JO****MI*M2~NM1*PR*2*PAYER*****PI*P1~CLM*A3*7***11:B:1*Y*A*Y*I~HI*ABK:E119~LX*1~SV1*HC:99213*7*UN*1***1~";

#[test]
fn each_member_of_a_set_gets_their_own() {
    let text = framed("837", "005010X222A1", CLAIMS);
    assert_eq!(mapped(&text).unwrap_err(), Refusal::SeveralMembers);
    expect![[r#"
        P1|M1: ST BHT NM1 PER NM1 HL NM1 N3 N4 REF HL SBR NM1 DMG NM1 CLM HI LX SV1 DTP SE
        P1|M1/TED: ST BHT NM1 PER NM1 HL NM1 N3 N4 REF HL SBR NM1 DMG NM1 HL PAT NM1 DMG CLM HI LX SV1 DTP SE
        P1|M2: ST BHT NM1 PER NM1 HL NM1 N3 N4 REF HL SBR NM1 NM1 CLM HI LX SV1 SE
    "#]].assert_eq(&members(&text));
}

#[test]
fn a_payment_is_told_beside_its_claims() {
    let body = "BPR*I*151.27*C*CHK************20260301~TRN*1*T1*1999999999~N1*PR*PAYER*XV*P1~N1*PE*CLINIC*XX*1999996666~LX*1~\
        CLP*A1*1*200*100*60*12*C1~CAS*CO*45*40~NM1*QC*1*SMITH*JANE****MI*M1~SVC*HC:99213*150*100**2~DTM*472*20260225~CAS*PR*1*50*1*2*10~\
        CLP*A2*2*50*50**12*C2~NM1*QC*1*DOE*JO****MI*M2~CLP*A3*1*1.27*0**12*C3~NM1*QC*1*SMITH*JANE****MI*M1~CAS*OA*23*1.27~PLB*1999996666*20261231*CV:CP*-1.27~";
    let text = framed("835", "005010X221A1", body);
    expect![[r#"
        P1|M1: ST BPR TRN N1 N1 LX CLP CAS NM1 SVC DTM CAS SE
        P1|M2: ST BPR TRN N1 N1 LX CLP NM1 SE
        P1|M1: ST BPR TRN N1 N1 LX CLP NM1 CAS SE
        nobody: ST BPR TRN N1 N1 PLB SE
    "#]]
    .assert_eq(&members(&text));
    let file = x12::read(text.as_bytes());
    let parts = split(&file.sets().next().unwrap(), &Source::new("payer")).unwrap();
    let all: String = parts
        .iter()
        .map(|part| resources(std::str::from_utf8(&part.bytes).unwrap()))
        .collect();
    expect![[r#"
        {"resourceType":"Organization","id":"8e3d390a08fccf1b60626e5cc3da2cbe","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"XV"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}]}
        {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"payor":[{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"}]}
        {"resourceType":"ExplanationOfBenefit","id":"7ff1151ac49f886ac1195d638a153f0b","identifier":[{"system":"https://codesystem.x12.org/005010/127","value":"C1"}],"status":"active","type":{"coding":[{"system":"https://codesystem.x12.org/005010/1032","code":"12"}]},"use":"claim","patient":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"created":"2026-03-01T12:00:00+00:00","insurer":{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"},"provider":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"claim":{"type":"Claim","identifier":{"value":"A1"}},"outcome":"complete","disposition":"processed as primary","precedence":1,"insurance":[{"focal":true,"coverage":{"reference":"Coverage/01b0fae284bc4890cdf7261fe35e1f80"}}],"item":[{"sequence":1,"productOrService":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}]},"servicedDate":"2026-02-25","quantity":{"value":2},"adjudication":[{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}]},"amount":{"value":150,"currency":"USD"}},{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"benefit"}]},"amount":{"value":100,"currency":"USD"}},{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"PR"}],"text":"patient responsibility"},"reason":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-reason-codes","code":"1"}]},"amount":{"value":50,"currency":"USD"},"value":1},{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"PR"}],"text":"patient responsibility"},"reason":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-reason-codes","code":"2"}]},"amount":{"value":10,"currency":"USD"}}]}],"adjudication":[{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"CO"}],"text":"contractual obligation"},"reason":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-reason-codes","code":"45"}]},"amount":{"value":40,"currency":"USD"}},{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/1029","code":"1"}],"text":"processed as primary"}}],"total":[{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}]},"amount":{"value":200,"currency":"USD"}},{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"benefit"}]},"amount":{"value":100,"currency":"USD"}},{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"PR"}],"text":"patient responsibility"},"amount":{"value":60,"currency":"USD"}}],"payment":{"date":"2026-03-01","amount":{"value":100,"currency":"USD"},"identifier":{"value":"T1","assigner":{"display":"1999999999"}}}}
        {"resourceType":"Organization","id":"8e3d390a08fccf1b60626e5cc3da2cbe","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"XV"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"Patient","id":"11719ad5c5b8c83219b007d90d721dd1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M2"}],"name":[{"family":"DOE","given":["JO"]}]}
        {"resourceType":"Coverage","id":"c9280dc8c2aeb0b5ee0b5c88ab519bbd","status":"active","subscriberId":"M2","beneficiary":{"reference":"Patient/11719ad5c5b8c83219b007d90d721dd1"},"payor":[{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"}]}
        {"resourceType":"ExplanationOfBenefit","id":"a2cd675feee12fa189ef218d4f3877f6","identifier":[{"system":"https://codesystem.x12.org/005010/127","value":"C2"}],"status":"active","type":{"coding":[{"system":"https://codesystem.x12.org/005010/1032","code":"12"}]},"use":"claim","patient":{"reference":"Patient/11719ad5c5b8c83219b007d90d721dd1"},"created":"2026-03-01T12:00:00+00:00","insurer":{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"},"provider":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"claim":{"type":"Claim","identifier":{"value":"A2"}},"outcome":"complete","disposition":"processed as secondary","precedence":2,"insurance":[{"focal":true,"coverage":{"reference":"Coverage/c9280dc8c2aeb0b5ee0b5c88ab519bbd"}}],"adjudication":[{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/1029","code":"2"}],"text":"processed as secondary"}}],"total":[{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}]},"amount":{"value":50,"currency":"USD"}},{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"benefit"}]},"amount":{"value":50,"currency":"USD"}}],"payment":{"date":"2026-03-01","amount":{"value":50,"currency":"USD"},"identifier":{"value":"T1","assigner":{"display":"1999999999"}}}}
        {"resourceType":"Organization","id":"8e3d390a08fccf1b60626e5cc3da2cbe","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"XV"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}]}
        {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"payor":[{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"}]}
        {"resourceType":"ExplanationOfBenefit","id":"2ea2ee78f28c8503e8840aa2c81376d4","identifier":[{"system":"https://codesystem.x12.org/005010/127","value":"C3"}],"status":"active","type":{"coding":[{"system":"https://codesystem.x12.org/005010/1032","code":"12"}]},"use":"claim","patient":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"created":"2026-03-01T12:00:00+00:00","insurer":{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"},"provider":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"claim":{"type":"Claim","identifier":{"value":"A3"}},"outcome":"complete","disposition":"processed as primary","precedence":1,"insurance":[{"focal":true,"coverage":{"reference":"Coverage/01b0fae284bc4890cdf7261fe35e1f80"}}],"adjudication":[{"category":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-group-codes","code":"OA"}],"text":"other adjustment"},"reason":{"coding":[{"system":"https://x12.org/codes/claim-adjustment-reason-codes","code":"23"}]},"amount":{"value":1.27,"currency":"USD"}},{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/1029","code":"1"}],"text":"processed as primary"}}],"total":[{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}]},"amount":{"value":1.27,"currency":"USD"}},{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"benefit"}]},"amount":{"value":0,"currency":"USD"}}],"payment":{"date":"2026-03-01","amount":{"value":0,"currency":"USD"},"identifier":{"value":"T1","assigner":{"display":"1999999999"}}}}
        {"resourceType":"Organization","id":"8e3d390a08fccf1b60626e5cc3da2cbe","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"XV"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"PaymentReconciliation","id":"c2511e597e3523c18961e5b1409db965","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"BPR*I*151.27*C*CHK************20260301"}],"status":"active","created":"2026-03-01T12:00:00+00:00","paymentIssuer":{"reference":"Organization/8e3d390a08fccf1b60626e5cc3da2cbe"},"requestor":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"outcome":"complete","paymentDate":"2026-03-01","paymentAmount":{"value":151.27,"currency":"USD"},"paymentIdentifier":{"value":"T1","assigner":{"display":"1999999999"}},"detail":[{"identifier":{"value":"CP"},"type":{"coding":[{"system":"https://codesystem.x12.org/005010/426","code":"CV"}],"text":"adjustment of the provider's balance"},"date":"2026-12-31","payee":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"amount":{"value":1.27,"currency":"USD"}}]}
    "#]].assert_eq(&all);
}

#[test]
fn a_claim_is_mapped() {
    let text = framed("837", "005010X222A1", CLAIMS);
    let file = x12::read(text.as_bytes());
    let parts = split(&file.sets().next().unwrap(), &Source::new("payer")).unwrap();
    check(
        std::str::from_utf8(&parts[1].bytes).unwrap(),
        expect![[r#"
            {"resourceType":"Organization","id":"22f55bb8d5021c8eab8c2ca4d3aa8d8f","identifier":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/66","code":"46"}]},"value":"S1"}],"name":"BILLING","telecom":[{"system":"phone","value":"3055552222"}],"contact":[{"name":{"text":"JERRY"}}]}
            {"resourceType":"Organization","id":"95ab8eaa859c7bf72c52c86354017a95","identifier":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/66","code":"46"}]},"value":"P1"}],"name":"PAYER"}
            {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
            {"resourceType":"Patient","id":"9004a1f79a99720d55b62f429a87aff7","name":[{"family":"SMITH","given":["TED"]}],"gender":"male","birthDate":"2015-05-01"}
            {"resourceType":"RelatedPerson","id":"2c149610eaa3c941e118f6b18963c65d","patient":{"reference":"Patient/9004a1f79a99720d55b62f429a87aff7"},"identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}],"gender":"female","birthDate":"1973-05-01"}
            {"resourceType":"Coverage","id":"7ac4a5a534a69c170012c778cc3f7558","status":"active","type":{"coding":[{"system":"https://codesystem.x12.org/005010/1032","code":"CI"}]},"subscriber":{"reference":"RelatedPerson/2c149610eaa3c941e118f6b18963c65d"},"subscriberId":"M1","beneficiary":{"reference":"Patient/9004a1f79a99720d55b62f429a87aff7"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"child"},{"system":"https://codesystem.x12.org/005010/1069","code":"19"}]},"payor":[{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"}],"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"group"}]},"value":"GRP1","name":"PLAN A"}],"order":1}
            {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"EN"},{"system":"https://codesystem.x12.org/005010/128","code":"EI"}]},"system":"urn:oid:2.16.840.1.113883.4.4","value":"123456789"}],"name":"CLINIC","address":[{"line":["1 SEA ST"],"city":"MIAMI","state":"FL","postalCode":"33111"}]}
            {"resourceType":"Claim","id":"6e2896d81916eef91dc08848cce7d589","identifier":[{"system":"https://codesystem.x12.org/005010/1028","value":"A2"},{"system":"https://codesystem.x12.org/005010/127","value":"77"}],"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"subType":{"coding":[{"system":"https://codesystem.x12.org/005010/640","code":"CH"}]},"use":"claim","patient":{"reference":"Patient/9004a1f79a99720d55b62f429a87aff7"},"created":"2026-03-01T10:23:00+00:00","insurer":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"provider":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},"supportingInfo":[{"sequence":1,"category":{"coding":[{"system":"urn:pulsewire:x12:segment","code":"CLM"}]},"valueString":"CLM*A2*.5***11:B:1*Y*A*Y*I"}],"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9"}]},"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/ex-diagnosistype","code":"principal"}]}]}],"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/7ac4a5a534a69c170012c778cc3f7558"}}],"item":[{"sequence":1,"diagnosisSequence":[1],"productOrService":{"coding":[{"system":"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets","code":"J3301"}]},"servicedPeriod":{"start":"2026-02-25","end":"2026-02-26"},"locationCodeableConcept":{"coding":[{"system":"https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set","code":"11"}]},"quantity":{"value":2,"unit":"UN"},"net":{"value":0.50,"currency":"USD"}}],"total":{"value":0.5,"currency":"USD"}}
        "#]],
    );
}

#[test]
fn a_request_for_review_and_its_answer_name_one_trace() {
    let levels = "HL*1**20*1~NM1*X3*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*1~NM1*IL*1*SMITH*JANE****MI*M1~DMG*D8*19730501*F~HL*4*3*EV*1~TRN*1*R7*9CLINIC~";
    let ask = format!(
        "BHT*0007*13*B1*20260301*1023~{levels}UM*HS*I*1*11:B*****U~DTP*AAH*RD8*20260302-20260401~HI*ABK:M1711~HL*5*4*SS*0~SV1*HC:27447*12000*UN*1~"
    );
    check(
        &framed("278", "005010X217", &ask),
        expect![[r#"
        {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}],"gender":"female","birthDate":"1973-05-01"}
        {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"},{"system":"https://codesystem.x12.org/005010/1069","code":"18"}]},"payor":[{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"}]}
        {"resourceType":"Claim","id":"77dfd442b567e5d57ee3c7c3f7cdd036","identifier":[{"value":"R7","assigner":{"display":"9CLINIC"}}],"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"subType":{"coding":[{"system":"https://codesystem.x12.org/005010/1525","code":"HS"}]},"use":"preauthorization","patient":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"created":"2026-03-01T10:23:00+00:00","insurer":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"provider":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},"supportingInfo":[{"sequence":1,"category":{"coding":[{"system":"urn:pulsewire:x12:segment","code":"UM"}]},"valueString":"UM*HS*I*1*11:B*****U"},{"sequence":2,"category":{"coding":[{"system":"urn:pulsewire:x12:segment","code":"DTP"}]},"code":{"coding":[{"system":"https://codesystem.x12.org/005010/374","code":"AAH"}]},"timingPeriod":{"start":"2026-03-02","end":"2026-04-01"}},{"sequence":3,"category":{"coding":[{"system":"urn:pulsewire:x12:segment","code":"SV1"}]},"valueString":"SV1*HC:27447*12000*UN*1"}],"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"M17.11"}]},"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/ex-diagnosistype","code":"principal"}]}]}],"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/01b0fae284bc4890cdf7261fe35e1f80"}}],"item":[{"sequence":1,"informationSequence":[3],"productOrService":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"27447"}]},"quantity":{"value":1,"unit":"UN"},"net":{"value":12000,"currency":"USD"}}]}
    "#]],
    );
    let levels = levels.replace("TRN*1", "TRN*2");
    let answer = format!(
        "BHT*0007*11*B1*20260301*1023*18~{levels}HCR*A1*AUTH1~DTP*AAH*RD8*20260302-20260401~HL*5*4*SS*0~HCR*A3**0V~SV1*HC:27447*12000*UN*1~"
    );
    check(
        &framed("278", "005010X217", &answer),
        expect![[r#"
            {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
            {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
            {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}],"gender":"female","birthDate":"1973-05-01"}
            {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"},{"system":"https://codesystem.x12.org/005010/1069","code":"18"}]},"payor":[{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"}]}
            {"resourceType":"ClaimResponse","id":"775ca078ec6eb4ca4e4baf5d96961e63","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"SV1*HC:27447*12000*UN*1"},{"url":"urn:pulsewire:x12:segment","valueString":"BHT*0007*11*B1*20260301*1023*18"}],"identifier":[{"value":"R7","assigner":{"display":"9CLINIC"}}],"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"use":"preauthorization","patient":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"created":"2026-03-01T10:23:00+00:00","insurer":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"requestor":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"request":{"type":"Claim","identifier":{"value":"R7"}},"outcome":"complete","disposition":"approved","preAuthRef":"AUTH1","preAuthPeriod":{"start":"2026-03-02","end":"2026-04-01"},"item":[{"itemSequence":1,"adjudication":[{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"A3"}],"text":"not approved"},"reason":{"coding":[{"system":"https://codesystem.x12.org/external/886","code":"0V"}]}}]}],"adjudication":[{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"A1"}],"text":"approved, number AUTH1"}}],"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/01b0fae284bc4890cdf7261fe35e1f80"}}]}
        "#]],
    );
}

#[test]
fn an_answer_on_benefits_says_what_is_in_force() {
    let body = "BHT*0022*11*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*0~TRN*2*T9*9CLINIC~\
        NM1*IL*1*SMITH*JANE****MI*M1~DTP*346*D8*20260101~EB*1**30**GOLD~EB*B**98^33***27*10.00*****Y~EB*A**98*****.2~EB*I**AL~MSG*NOT THIS~";
    check(
        &framed("271", "005010X279A1", body),
        expect![[r#"
            {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
            {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
            {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}]}
            {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"},{"system":"https://codesystem.x12.org/005010/1069","code":"18"}]},"payor":[{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"}]}
            {"resourceType":"CoverageEligibilityResponse","id":"7999e015e3e49ec77712cda020432711","identifier":[{"value":"T9","assigner":{"display":"9CLINIC"}},{"value":"B1"}],"status":"active","purpose":["benefits"],"patient":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"created":"2026-03-01T13:19:00+00:00","requestor":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"request":{"type":"CoverageEligibilityRequest","identifier":{"value":"T9"}},"outcome":"complete","insurer":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"insurance":[{"coverage":{"reference":"Coverage/01b0fae284bc4890cdf7261fe35e1f80"},"inforce":true,"benefitPeriod":{"start":"2026-01-01"},"item":[{"category":{"coding":[{"system":"https://x12.org/codes/service-type-codes","code":"30"}]},"name":"GOLD","benefit":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1390","code":"1"}],"text":"active"}}]},{"category":{"coding":[{"system":"https://x12.org/codes/service-type-codes","code":"98"}]},"network":{"coding":[{"system":"https://codesystem.x12.org/005010/1073","code":"Y"}],"text":"in network"},"term":{"coding":[{"system":"https://codesystem.x12.org/005010/615","code":"27"}]},"benefit":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1390","code":"B"}],"text":"copayment"},"allowedMoney":{"value":10.00,"currency":"USD"}}]},{"category":{"coding":[{"system":"https://x12.org/codes/service-type-codes","code":"33"}]},"network":{"coding":[{"system":"https://codesystem.x12.org/005010/1073","code":"Y"}],"text":"in network"},"term":{"coding":[{"system":"https://codesystem.x12.org/005010/615","code":"27"}]},"benefit":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1390","code":"B"}],"text":"copayment"},"allowedMoney":{"value":10.00,"currency":"USD"}}]},{"category":{"coding":[{"system":"https://x12.org/codes/service-type-codes","code":"98"}]},"benefit":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1390","code":"A"}],"text":"coinsurance"},"allowedString":"0.2 as a fraction"}]},{"category":{"coding":[{"system":"https://x12.org/codes/service-type-codes","code":"AL"}]},"excluded":true,"description":"NOT THIS","benefit":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1390","code":"I"}],"text":"not covered"}}]}]}]}
        "#]],
    );
}

#[test]
fn a_refused_inquiry_says_why() {
    let body = "BHT*0022*11*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*0~NM1*1P*2*CLINIC*****XX*1999996666~AAA*Y**50*N~";
    check(
        &framed("271", "005010X279A1", body),
        expect![[r#"
            {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
            {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
            {"resourceType":"CoverageEligibilityResponse","id":"1e800c71d5c96564392b35c68975e446","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"AAA*Y**50*N"}],"identifier":[{"value":"B1"}],"status":"active","purpose":["benefits"],"patient":{"display":"not stated"},"created":"2026-03-01T13:19:00+00:00","requestor":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"request":{"type":"CoverageEligibilityRequest","identifier":{"value":"B1"}},"outcome":"error","insurer":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"error":[{"code":{"coding":[{"system":"https://codesystem.x12.org/005010/901","code":"50"}],"text":"N"}}]}
        "#]],
    );
}

#[test]
fn an_acknowledged_claim_is_a_task() {
    let body = "BHT*0085*08*B1*20260301*1319*TH~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~TRN*1*B1~DTP*050*D8*20260301~DTP*009*D8*20260301~HL*2*1*21*1~NM1*41*2*CLINIC*****46*S1~TRN*2*B7~STC*A1:19:PR*20260301*WQ*100~QTY*90*1~AMT*YU*100~\
        HL*3*2*19*1~NM1*85*2*CLINIC*****XX*1999996666~HL*4*3*PT~NM1*QC*1*SMITH*JANE****MI*M1~TRN*2*A1~STC*A2:20:PR*20260301*WQ*100~REF*1K*C1~DTP*472*D8*20260225~";
    let text = framed("277", "005010X214", body);
    expect![[r#"
        P1|M1: ST BHT HL NM1 HL NM1 HL NM1 HL NM1 TRN STC REF DTP SE
        nobody: ST BHT HL NM1 TRN DTP DTP HL NM1 TRN STC QTY AMT SE
    "#]]
    .assert_eq(&members(&text));
    let file = x12::read(text.as_bytes());
    let parts = split(&file.sets().next().unwrap(), &Source::new("payer")).unwrap();
    let all: String = parts
        .iter()
        .map(|part| resources(std::str::from_utf8(&part.bytes).unwrap()))
        .collect();
    expect![[r#"
        {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"22f55bb8d5021c8eab8c2ca4d3aa8d8f","identifier":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/66","code":"46"}]},"value":"S1"}],"name":"CLINIC"}
        {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"},{"system":"https://codesystem.x12.org/005010/66","code":"MI"}]},"value":"M1"}],"name":[{"family":"SMITH","given":["JANE"]}]}
        {"resourceType":"Coverage","id":"01b0fae284bc4890cdf7261fe35e1f80","status":"active","subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"},{"system":"https://codesystem.x12.org/005010/1069","code":"18"}]},"payor":[{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"}]}
        {"resourceType":"Organization","id":"b1b76bbca847e13ce7ea83238323d541","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"NPI"},{"system":"https://codesystem.x12.org/005010/66","code":"XX"}]},"system":"http://hl7.org/fhir/sid/us-npi","value":"1999996666"}],"name":"CLINIC"}
        {"resourceType":"Task","id":"b9e9470a8a1b4b89f59f922087331889","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"BHT*0085*08*B1*20260301*1319*TH"}],"groupIdentifier":{"value":"B1"},"identifier":[{"value":"A1"}],"status":"accepted","businessStatus":{"coding":[{"system":"https://x12.org/codes/claim-status-category-codes","code":"A2"},{"system":"https://x12.org/codes/claim-status-codes","code":"20"}],"text":"A2:20:PR"},"intent":"order","code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/financialtaskcode","code":"status"}]},"focus":{"type":"Claim","identifier":{"value":"C1"}},"for":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"lastModified":"2026-03-01T13:19:00+00:00","requester":{"reference":"Organization/b1b76bbca847e13ce7ea83238323d541"},"owner":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"input":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/128","code":"1K"}]},"valueString":"C1"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/374","code":"472"}]},"valueDate":"2026-02-25"}],"output":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1271","code":"STC01"}]},"valueCodeableConcept":{"coding":[{"system":"https://x12.org/codes/claim-status-category-codes","code":"A2"},{"system":"https://x12.org/codes/claim-status-codes","code":"20"}],"text":"A2:20:PR"}},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1251","code":"STC02"}]},"valueDate":"2026-03-01"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"STC03"}]},"valueString":"WQ"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/782","code":"STC04"}]},"valueMoney":{"value":100,"currency":"USD"}}]}
        {"resourceType":"Organization","id":"0cdaade54a056411e58ac47f673631cd","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"XX"},{"system":"https://codesystem.x12.org/005010/66","code":"PI"}]},"value":"P1"}],"name":"PAYER"}
        {"resourceType":"Organization","id":"22f55bb8d5021c8eab8c2ca4d3aa8d8f","identifier":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/66","code":"46"}]},"value":"S1"}],"name":"CLINIC"}
        {"resourceType":"Task","id":"08c8fd15856ff6560d6e517c89df3408","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"BHT*0085*08*B1*20260301*1319*TH"}],"groupIdentifier":{"value":"B1"},"identifier":[{"value":"B1"}],"status":"completed","intent":"order","code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/financialtaskcode","code":"status"}]},"lastModified":"2026-03-01T13:19:00+00:00","requester":{"reference":"Organization/22f55bb8d5021c8eab8c2ca4d3aa8d8f"},"owner":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"input":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/374","code":"050"}]},"valueDate":"2026-03-01"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/374","code":"009"}]},"valueDate":"2026-03-01"}]}
        {"resourceType":"Task","id":"0ad4d507ca5ccf16228e24ec3bead5df","groupIdentifier":{"value":"B1"},"identifier":[{"value":"B7"}],"status":"received","businessStatus":{"coding":[{"system":"https://x12.org/codes/claim-status-category-codes","code":"A1"},{"system":"https://x12.org/codes/claim-status-codes","code":"19"}],"text":"A1:19:PR"},"intent":"order","code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/financialtaskcode","code":"status"}]},"lastModified":"2026-03-01T13:19:00+00:00","requester":{"reference":"Organization/22f55bb8d5021c8eab8c2ca4d3aa8d8f"},"owner":{"reference":"Organization/0cdaade54a056411e58ac47f673631cd"},"input":[{"type":{"text":"segment"},"valueString":"QTY*90*1"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/522","code":"YU"}]},"valueMoney":{"value":100,"currency":"USD"}}],"output":[{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1271","code":"STC01"}]},"valueCodeableConcept":{"coding":[{"system":"https://x12.org/codes/claim-status-category-codes","code":"A1"},{"system":"https://x12.org/codes/claim-status-codes","code":"19"}],"text":"A1:19:PR"}},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/1251","code":"STC02"}]},"valueDate":"2026-03-01"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"STC03"}]},"valueString":"WQ"},{"type":{"coding":[{"system":"https://codesystem.x12.org/005010/782","code":"STC04"}]},"valueMoney":{"value":100,"currency":"USD"}}]}
    "#]].assert_eq(&all);
}

#[test]
fn an_ended_membership_is_cancelled() {
    let body = "BGN*00*12456*20260301*1200****2~N1*P5*ACME*FI*999888777~N1*IN*PAYER*FI*P1~INS*Y*18*024*08*A***TE~REF*0F*M1~REF*1L*G1~DTP*357*D8*20260228~NM1*IL*1*DOE*JO****34*103229876~HD*024**HLT*GOLD*FAM~DTP*349*D8*20260228~";
    check(
        &framed("834", "005010X220A1", body),
        expect![[r#"
            {"resourceType":"Organization","id":"a48d08cb12d3dd6b359ac02329880054","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"EN"},{"system":"https://codesystem.x12.org/005010/66","code":"FI"}]},"system":"urn:oid:2.16.840.1.113883.4.4","value":"999888777"}],"name":"ACME"}
            {"resourceType":"Organization","id":"2e26027db4554b5fe0a79cd7291a55b2","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"EN"},{"system":"https://codesystem.x12.org/005010/66","code":"FI"}]},"system":"urn:oid:2.16.840.1.113883.4.4","value":"P1"}],"name":"PAYER"}
            {"resourceType":"Patient","id":"45ccbb5c596168955608837f59808df1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SS"},{"system":"https://codesystem.x12.org/005010/66","code":"34"}]},"system":"http://hl7.org/fhir/sid/us-ssn","value":"103229876"},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SN"},{"system":"https://codesystem.x12.org/005010/128","code":"0F"}]},"value":"M1"}],"name":[{"family":"DOE","given":["JO"]}]}
            {"resourceType":"Coverage","id":"e6c46fba79760fff1ef373eee3c0c652","extension":[{"url":"urn:pulsewire:x12:segment","valueString":"INS*Y*18*024*08*A***TE"},{"url":"urn:pulsewire:x12:segment","valueString":"DTP*357*D8*20260228"},{"url":"urn:pulsewire:x12:segment","valueString":"BGN*00*12456*20260301*1200****2"}],"identifier":[{"system":"urn:pulsewire:x12:product","value":"e6c46fba79760fff1ef373eee3c0c652"}],"status":"cancelled","type":{"coding":[{"system":"https://codesystem.x12.org/005010/1205","code":"HLT"}]},"policyHolder":{"reference":"Organization/a48d08cb12d3dd6b359ac02329880054"},"subscriberId":"M1","beneficiary":{"reference":"Patient/45ccbb5c596168955608837f59808df1"},"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"},{"system":"https://codesystem.x12.org/005010/1069","code":"18"}]},"period":{"end":"2026-02-28"},"payor":[{"reference":"Organization/2e26027db4554b5fe0a79cd7291a55b2"}],"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"group"}]},"value":"G1"},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"GOLD"},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"class"}]},"value":"FAM"}]}
        "#]],
    );
}

#[test]
fn what_cannot_be_used_is_refused_with_a_code() {
    let code = |text: &str| mapped(text).map(|_| ()).unwrap_err().code();
    let text = framed("837", "005010X222A1", CLAIMS);
    assert_eq!(code(&text.replace("SE*", "SE*1")), "segment-count-differs");
    assert_eq!(code(&text.replace("ST*837", "ST*820")), "set-unknown");
    assert_eq!(
        code(&framed("999", "005010X231A1", "AK1*HC*7~AK9*A*1*1*1~")),
        "set-not-mapped"
    );
    assert_eq!(code(&text), "several-members");
}

#[test]
fn a_dependent_never_shares_the_subscribers_key() {
    let body = |given: &str| {
        let text = CLAIMS.replace("NM1*QC*1*SMITH*TED", &format!("NM1*QC*1*SMITH*{given}"));
        framed("837", "005010X222A1", &text)
    };
    assert!(members(&body("Ted")).contains("P1|M1/TED: "));
    assert!(members(&body("")).contains("nobody: "));
    let mut source = Source::new("payer");
    source
        .aliases
        .insert("P1".into(), "EAST HEALTH PLAN".into());
    let known = members_of(&body("Ted"), &source);
    assert!(known.contains("EAST HEALTH PLAN|M1/TED: "), "{known}");
}

#[test]
fn ids_come_from_what_names_a_thing() {
    let text = framed("837", "005010X222A1", CLAIMS);
    let file = x12::read(text.as_bytes());
    let parts = split(&file.sets().next().unwrap(), &Source::new("payer")).unwrap();
    let ids = |text: &[u8]| {
        let found = mapped(std::str::from_utf8(text).unwrap()).unwrap();
        let ids = found
            .drafts
            .iter()
            .map(|draft| format!("{}/{}", draft.resource_type, draft.id));
        ids.collect::<Vec<_>>()
    };
    let again = String::from_utf8(parts[0].bytes.clone()).unwrap();
    let again = again
        .replace("20260301*1023", "20260302*0800")
        .replace("*0001", "*0009");
    assert_eq!(ids(&parts[0].bytes), ids(again.as_bytes()));
}

#[test]
fn a_set_is_mapped_under_the_key_of_another_identity() {
    let body = "BHT*0022*13*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*0~TRN*1*T9*9CLINIC~\
        NM1*IL*1*SMITH*JANE****MI*M1~EQ*30~";
    let text = framed("270", "005010X279A1", body);
    let own = mapped(&text).unwrap();
    let file = x12::read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let (source, received) = (Source::new("payer"), ReceivedTime::from_micros(0));
    let same = map_as(&set, &source, received, own.key).unwrap();
    assert_eq!(same, own.drafts);
    let key = PatientKey::from_bytes([9; 16]);
    let other = map_as(&set, &source, received, key).unwrap();
    let asked = |drafts: &[Draft]| {
        let mut found = drafts
            .iter()
            .filter(|one| one.resource_type == "CoverageEligibilityRequest");
        found.next().map(|one| one.id.clone())
    };
    assert_ne!(asked(&other), asked(&same));
    assert!(
        other
            .iter()
            .any(|one| one.resource_type == "Patient" && *one.id == key.to_string())
    );
}

#[test]
fn what_is_only_mentioned_replaces_nothing() {
    let body = "BPR*I*50*C*CHK************20260301~TRN*1*T1*1999999999~N1*PR*PAYER*XV*P1~N3*1 MAIN ST~N1*PE*CLINIC*XX*1999996666~LX*1~CLP*A2*2*50*50**12*C2~NM1*QC*1*DOE*JO****MI*M2~";
    let found = mapped(&framed("835", "005010X221A1", body)).unwrap();
    let effects: Vec<_> = found
        .drafts
        .iter()
        .map(|one| format!("{} {:?}", one.resource_type, one.effect))
        .collect();
    let wanted = [
        "Organization State",
        "Organization Mention",
        "Patient Mention",
        "Coverage Mention",
        "ExplanationOfBenefit State",
    ];
    assert_eq!(effects, wanted);
    assert_eq!(found.made.to_string(), "2026-03-01T12:00:00Z");
}

#[test]
fn what_is_asked_of_days_to_come_is_not_from_the_future() {
    let body = "BHT*0022*13*B1*20260301*1319~HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1999996666~HL*3*2*22*0~TRN*1*T9*9CLINIC~\
        NM1*IL*1*SMITH*JANE****MI*M1~DTP*291*D8*20301231~EQ*30~";
    let asked = mapped(&framed("270", "005010X279A1", body)).unwrap();
    let body = "BPR*I*50*C*CHK************20301231~TRN*1*T1*1999999999~N1*PR*PAYER*XV*P1~N1*PE*CLINIC*XX*1999996666~LX*1~CLP*A2*2*50*50**12*C2~NM1*QC*1*DOE*JO****MI*M2~";
    let paid = mapped(&framed("835", "005010X221A1", body)).unwrap();
    for found in [asked, paid] {
        assert!(
            found
                .drafts
                .iter()
                .all(|draft| draft.event_time <= found.made)
        );
    }
}

#[test]
fn what_is_out_of_place_goes_to_no_member() {
    let body = "BPR*I*50*C*CHK************20260301~TRN*1*T1*1999999999~N1*PR*PAYER*XV*P1~LX*1~CLP*A1*1*50*50**12*C1~PLB*1*20261231*CV:CP*-1~\
        NM1*IL*1*SMITH*JANE****MI*M1~CLP*A2*1*50*50**12*C2~";
    let text = framed("835", "005010X221A1", body);
    let file = x12::read(text.as_bytes());
    let source = Source::new("payer");
    let parts = split(&file.sets().next().unwrap(), &source).unwrap();
    assert_eq!(parts.len(), 2);
    for part in &parts {
        let own = x12::read(&part.bytes);
        let whom = subjects(&own.sets().next().unwrap(), &source);
        assert_eq!((part.patient.as_ref(), whom), (None, Subjects::None));
    }
}

proptest! {
    #[test]
    fn any_set_is_mapped_without_panic(
        kind in "(270\\*1\\*005010X279A1|271\\*1\\*005010X279A1|276\\*1|277\\*1|277\\*1\\*005010X214|278\\*1|834\\*1|835\\*1|837\\*1\\*005010X22[234])",
        segments in prop::collection::vec("(HL\\*[0-9]\\*[0-9]\\*(20|21|22|23|19|EV|SS|PT)|NM1\\*(IL|QC|85|PR|03|82)\\*1\\*A\\*B\\*\\*\\*\\*MI\\*[0-9]|CLM\\*[0-9]\\*[0-9.:]*|CLP\\*1\\*1\\*[0-9.]*\\*1|SVC\\*[A-Z0-9:]*\\*1|EB\\*[A-Z0-9^*.]*|EQ\\*30|INS\\*[YN]\\*18|HD\\*021|TRN\\*1\\*[0-9]|STC\\*[A-Z0-9:*]*|HI\\*[A-Z0-9:*]*|LX\\*1|SV[123]\\*[A-Z0-9:*.]*|DTP\\*472\\*D8\\*[0-9]{8}|CAS\\*CO\\*[0-9*]*|PLB\\*1\\*20260101\\*A\\*1|HCR\\*A1|UM\\*HS|SBR\\*P|REF\\*0F\\*[0-9]|AAA\\*N)", 0..40),
    ) {
        let count = segments.len() + 2;
        let text = format!("ST*{kind}~{}~SE*{count}*1~", segments.join("~"));
        let text = if segments.is_empty() { text.replace("~~", "~") } else { text };
        let file = x12::read(text.as_bytes());
        let set = file.sets().next().unwrap();
        let source = Source::new("payer");
        balance(&set);
        let parts = split(&set, &source);
        for part in parts.unwrap_or_default() {
            let own = x12::read(&part.bytes);
            let set = own.sets().next().unwrap();
            prop_assert!(set.refusal().is_none());
            let site = SiteKey::new([7; 32]);
            let found = map(&set, &source, &site, ReceivedTime::from_micros(0));
            let Ok(found) = found else {
                prop_assert!(matches!(found, Err(Refusal::NothingMapped)), "{:?} {}", found, String::from_utf8_lossy(&part.bytes));
                continue;
            };
            prop_assert_eq!(found.coverage.unexplained(&set), 0, "{}", String::from_utf8_lossy(&part.bytes));
            for draft in found.drafts {
                let issues = formats::fhir::validate::validate(&draft.to_json());
                let wrong: Vec<_> = issues.iter().filter(|one| one.severity >= Severity::Error).collect();
                prop_assert!(wrong.is_empty(), "{:?} {}", wrong, String::from_utf8_lossy(&draft.to_json()));
            }
        }
    }
}

#[test]
fn a_benefit_without_its_kind_says_so() {
    let set = "HL*0*0*22~NM1*IL*1*A*B****MI*0~EB*********VS*7~";
    let found = resources(&framed("271", "005010X279A1", set));
    assert!(
        found.contains(r#""benefit":[{"type":{"text":"not stated"},"#),
        "{found}"
    );
}
