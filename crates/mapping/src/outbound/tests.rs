//! What messages come of resources, that they are read back as meant, and that nothing hostile gets out of its field.

use expect_test::{Expect, expect};
use formats::hl7v2::{self, ack};
use proptest::prelude::*;

use super::*;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:1.2.3","value":"4711","assigner":{"display":"HOSP"}}],"name":[{"use":"official","family":"Novak","given":["Ada","Maria","Eva"]}],"gender":"female","birthDate":"1984-02"}"#;

fn at() -> EventTime {
    EventTime::parse("2026-03-01T10:00:00Z").unwrap()
}

/// Shows the messages after their headers, and the issues.
fn shown(resources: &[&str]) -> String {
    let bytes: Vec<_> = resources.iter().map(|text| text.as_bytes()).collect();
    let sent = match to_v2(&bytes, &Outbound::default(), at()) {
        Ok(sent) => sent,
        Err(refusal) => return refusal.to_string(),
    };
    let mut out = String::new();
    for message in &sent.messages {
        let parsed = hl7v2::parse(&message.bytes);
        assert_eq!(
            parsed.issues(),
            &[],
            "{}",
            String::from_utf8_lossy(&message.bytes)
        );
        let text = String::from_utf8_lossy(&message.bytes).replace('\r', "\n");
        out.push_str(text.split_once('\n').map_or("", |(_, rest)| rest));
    }
    for issue in &sent.issues {
        out.push_str(&format!(
            "{} {} {}\n",
            issue.code.word(),
            issue.resource,
            issue.path
        ));
    }
    out
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(resources: &[&str], expected: Expect) {
    expected.assert_eq(&shown(resources));
}

/// What OBX-2 to OBX-6 are of a value.
#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check_value(member: &str, expected: Expect) {
    let text = format!(
        r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/p"}},{member}}}"#
    );
    let all = shown(&[PATIENT, &text]);
    let lines = all.lines().filter(|line| {
        line.starts_with("OBX") || line.starts_with("NTE") || line.contains("Observation/")
    });
    let lines: Vec<_> = lines
        .map(|line| line.replace("OBX|1|", "").replace("|^x^^^^^^^x|", " "))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_report_becomes_an_order_with_its_results() {
    let report = r#"{"resourceType":"DiagnosticReport","id":"r","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}]},"value":"F-1","system":"urn:oid:1.9","assigner":{"display":"LAB"}}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"CH","display":"Chemistry"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"24323-8","display":"CMP"}]},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},"effectiveDateTime":"2026-03-01T08:00:00+01:00","issued":"2026-03-01T09:10:11.120+01:00","performer":[{"reference":"Practitioner/d"}],"result":[{"reference":"Observation/k"},{"reference":"Observation/bp"}],"conclusion":"Repeat.\nSoon."}"#;
    let potassium = r#"{"resourceType":"Observation","id":"k","status":"corrected","code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium"},{"system":"urn:pulsewire:lab:L","code":"K"}],"text":"Kalium"},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},"effectiveDateTime":"2026-03-01T08:00:00+01:00","issued":"2026-03-01T09:10:11.120+01:00","performer":[{"reference":"Organization/o"}],"valueQuantity":{"value":6.90,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"},"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"HH","display":"Critical high"}]}],"note":[{"text":"Called | to ward"}],"referenceRange":[{"low":{"value":3.5,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"},"high":{"value":5.1,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}}],"focus":[{"reference":"Device/1"}]}"#;
    let pressure = r#"{"resourceType":"Observation","id":"bp","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"code":"mm[Hg]","system":"http://unitsofmeasure.org"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"code":"mm[Hg]","system":"http://unitsofmeasure.org"}}]}"#;
    let encounter = r#"{"resourceType":"Encounter","id":"e","identifier":[{"value":"V1"}],"status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"reference":"Patient/p"},"period":{"start":"2026-02-28"}}"#;
    let doctor = r#"{"resourceType":"Practitioner","id":"d","identifier":[{"value":"77","system":"http://hl7.org/fhir/sid/us-npi"}],"name":[{"family":"Ito","given":["Ken"]}]}"#;
    let organization = r#"{"resourceType":"Organization","id":"o","identifier":[{"value":"11D","system":"urn:oid:2.16.840.1.113883.4.7"}],"name":"Lab"}"#;
    check(
        &[
            PATIENT,
            report,
            potassium,
            pressure,
            encounter,
            doctor,
            organization,
        ],
        expect![[r#"
            PID|1||4711^^^HOSP&1.2.3&ISO^MR||Novak^Ada^Maria Eva^^^^L||198402|F
            PV1|1|I|||||||||||||||||V1|||||||||||||||||||||||||20260228
            OBR|1||F-1^LAB^1.9^ISO|24323-8^CMP^LN|||20260301080000+0100|||||||||||||||20260301091011.120+0100||CH|F|||||||||77&Ito&Ken&&&&&&&http://hl7.org/fhir/sid/us-npi&URI
            NTE|1||Repeat.\.br\Soon.
            OBX|1|NM|2823-3^Potassium^LN^K^^L^^^Kalium||6.90|mmol/L^mmol/l^UCUM|3.5-5.1|HH|||C|||20260301080000+0100|||||||||Lab^^^^^&2.16.840.1.113883.4.7&ISO^^^^11D
            NTE|1||Called \F\ to ward
            OBX|2||85354-9^^LN|1|||||||F
            OBX|3|NM|8480-6^^LN|1.1|120|mm[Hg]^^UCUM|||||F
            OBX|4|NM|8462-4^^LN|1.2|80|mm[Hg]^^UCUM|||||F
            not-carried Observation/k focus.reference
        "#]],
    );
}

#[test]
fn an_order_and_its_specimen_go_out_with_the_results() {
    let report = r##"{"resourceType":"DiagnosticReport","id":"r","contained":[{"resourceType":"Specimen","id":"s","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}]},"value":"S-1"}],"status":"available","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0487","code":"BLD"}]},"subject":{"reference":"Patient/p"},"collection":{"collectedDateTime":"2026-03-01T07:00:00Z"}}],"status":"cancelled","code":{"text":"CBC"},"subject":{"reference":"Patient/p"},"basedOn":[{"reference":"ServiceRequest/q"}],"performer":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/event-performerFunction","valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"TRANS"}]}}],"reference":"PractitionerRole/t"}],"specimen":[{"reference":"#s"}],"result":[{"reference":"Observation/a"}]}"##;
    let request = r#"{"resourceType":"ServiceRequest","id":"q","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"PLAC"}]},"value":"P-1"}],"status":"active","intent":"order","priority":"stat","code":{"text":"CBC"},"subject":{"reference":"Patient/p"},"authoredOn":"2026-02-28","requester":{"reference":"PractitionerRole/t"}}"#;
    let result = r#"{"resourceType":"Observation","id":"a","status":"cancelled","_status":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/alternate-codes","valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0085","code":"X"}]}}]},"code":{"text":"Hb"},"subject":{"reference":"Patient/p"},"basedOn":[{"reference":"ServiceRequest/q"}]}"#;
    let role = r#"{"resourceType":"PractitionerRole","id":"t","practitioner":{"reference":"https://ehr/fhir/Practitioner/d/_history/3"}}"#;
    let doctor = r#"{"resourceType":"Practitioner","id":"d","name":[{"family":"Ito"}]}"#;
    check(
        &[PATIENT, report, request, result, role, doctor],
        expect![[r#"
            PID|1||4711^^^HOSP&1.2.3&ISO^MR||Novak^Ada^Maria Eva^^^^L||198402|F
            ORC|RE|P-1|||IP||||20260228|||^Ito
            OBR|1|P-1||^CBC^^^^^^^CBC|S|||||||||||^Ito|||||||||X||||||||||&Ito
            OBX|1||^Hb^^^^^^^Hb||||||||X
            SPM|1|^S-1||BLD^^HL70487|||||||||||||20260301070000+0000|||Y
        "#]],
    );
}

#[test]
fn a_result_of_no_report_stands_for_itself() {
    let panel = r#"{"resourceType":"Observation","id":"a","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"text":"Vitals"},"subject":{"reference":"Patient/p"},"hasMember":[{"reference":"Observation/b"},{"reference":"Observation/c"}]}"#;
    let member = |id: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"preliminary","code":{{"text":"{id}"}},"subject":{{"reference":"Patient/p"}},"valueInteger":7}}"#
        )
    };
    check(
        &[PATIENT, panel, &member("b"), &member("c"), &member("d")],
        expect![[r#"
            PID|1||4711^^^HOSP&1.2.3&ISO^MR||Novak^Ada^Maria Eva^^^^L||198402|F
            OBR|1|||^Vitals^^^^^^^Vitals||||||||||||||||||||NRS|F
            OBX|1||^Vitals^^^^^^^Vitals|1|||||||F
            OBX|2|NM|^b^^^^^^^b|1.1|7||||||P
            OBX|3|NM|^c^^^^^^^c|1.2|7||||||P
            OBR|2|||^d^^^^^^^d|||||||||||||||||||||P
            OBX|1|NM|^d^^^^^^^d||7||||||P
        "#]],
    );
}

#[test]
fn a_value_is_of_the_type_that_holds_it() {
    check_value(
        r#""valueQuantity":{"value":9.60,"unit":"mg"}"#,
        expect!["NM |9.60|mg|||||F"],
    );
    check_value(
        r#""valueQuantity":{"value":0.10,"comparator":"<","unit":"mg/L","system":"http://unitsofmeasure.org","code":"mg/L"}"#,
        expect!["SN |<^0.10|mg/L^^UCUM|||||F"],
    );
    check_value(
        r#""valueQuantity":{"value":1e5}"#,
        expect!["ST |1e5||||||F"],
    );
    check_value(
        r#""valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"1"},{"system":"urn:oid:1.2","code":"2"},{"system":"http://x.org/y","code":"3"},{"code":"4"}],"text":"t"}"#,
        expect![[r#"
            CWE |1^^SCT^2^^1.2^^^t^3^^http://x.org/y||||||F
            NTE|1||Value: t, [1 http://snomed.info/sct], [2 urn:oid:1.2], [3 http://x.org/y], [4]"#]],
    );
    check_value(r#""valueString":"neg""#, expect!["ST |neg||||||F"]);
    check_value(
        r#""valueString":"a\nb""#,
        expect![[r#"FT |a\.br\b||||||F"#]],
    );
}

#[test]
fn what_is_no_text_keeps_its_type() {
    check_value(r#""valueInteger":5"#, expect!["NM |5||||||F"]);
    check_value(
        r#""valueBoolean":true"#,
        expect!["CWE |Y^Yes^HL70136||||||F"],
    );
    check_value(r#""valueDateTime":"2026-03""#, expect!["DT |202603||||||F"]);
    check_value(
        r#""valueDateTime":"2026-03-01T10:11:12.123456-05:00""#,
        expect![[r#"
            TS |20260301101112.1234-0500||||||F
            time-shortened Observation/o "#]],
    );
    check_value(r#""valueTime":"10:11:12""#, expect!["TM |101112||||||F"]);
    check_value(
        r#""valuePeriod":{"start":"2026-03-01","end":"2026-03-02T00:00:00Z"}"#,
        expect!["DR |20260301^20260302000000+0000||||||F"],
    );
    check_value(
        r#""valueRange":{"low":{"value":10},"high":{"value":20,"unit":"mg"}}"#,
        expect!["ST |low 10, high 20 mg||||||F"],
    );
    check_value(
        r#""valueRange":{"low":{"value":10,"unit":"mg"}}"#,
        expect!["NR |10|mg|||||F"],
    );
    check_value(
        r#""valueRange":{"low":{"value":-10,"unit":"mg"},"high":{"value":20,"unit":"mg"}}"#,
        expect!["SN |^-10^-^20|mg|||||F"],
    );
    check_value(
        r#""valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}"#,
        expect!["SN |^1^:^128||||||F"],
    );
    check_value(
        r#""valueRatio":{"numerator":{"value":5,"unit":"mg"},"denominator":{"value":2,"unit":"mL"}}"#,
        expect!["ST |numerator 5 mg, denominator 2 mL||||||F"],
    );
}

#[test]
fn what_hl7_cannot_hold_is_said_in_words() {
    check_value(
        r#""valueSampledData":{"origin":{"value":0,"unit":"mV"},"period":10,"dimensions":1,"data":"1 E -3.5"}"#,
        expect![[r#"
            NA |1^^-3.5|mV|||||F
            NTE|1||Milliseconds between samples: 10"#]],
    );
    check_value(
        r#""valueSampledData":{"origin":{"value":2048},"period":10,"factor":1.6,"dimensions":1,"data":"1 2"}"#,
        expect!["ST |origin 2048, period 10, factor 1.6, dimensions 1, data 1 2||||||F"],
    );
    check_value(
        r#""dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-asked"}]}"#,
        expect![" |||||||N"],
    );
    check_value(
        r#""dataAbsentReason":{"text":"clotted"}"#,
        expect![[r#"
         |||||||F
        NTE|1||Absent because: clotted"#]],
    );
}

#[test]
fn a_notice_becomes_a_document() {
    let notice = r#"{"resourceType":"Communication","id":"n","meta":{"versionId":"2"},"identifier":[{"system":"urn:oid:1.5","value":"A-1"}],"status":"completed","priority":"urgent","subject":{"reference":"Patient/p"},"topic":{"text":"Critical potassium"},"sent":"2026-03-01T09:30:00Z","recipient":[{"reference":"Practitioner/d","display":"Ken Ito"},{"reference":"Group/g","display":"ICU"}],"sender":{"display":"Pulsewire"},"payload":[{"contentString":"Potassium 6.9 mmol/L.\nPlease look."},{"contentReference":{"reference":"Observation/k"}},{"contentAttachment":{"contentType":"application/pdf","data":"AAEC","title":"ECG"}}]}"#;
    let potassium = r#"{"resourceType":"Observation","id":"k","status":"final","code":{"text":"Potassium"},"subject":{"reference":"Patient/p"},"valueQuantity":{"value":6.9}}"#;
    check(
        &[PATIENT, notice, potassium],
        expect![[r#"
        EVN||20260301100000+0000
        PID|1||4711^^^HOSP&1.2.3&ISO^MR||Novak^Ada^Maria Eva^^^^L||198402|F
        PV1|1|N
        TXA|1|NOTIFICATION|TX|20260301093000+0000|^Pulsewire|20260301093000+0000|||^Pulsewire|||A-1^^1.5^ISO|||||DO||AV||||^Ken Ito
        OBX|1|FT|^Critical potassium^^^^^^^Critical potassium||Potassium 6.9 mmol/L.\.br\Please look.||||||F|||20260301093000+0000
        NTE|1||Attachment: ECG
        NTE|2||Priority: urgent
        NTE|3||Recipient: ICU
        OBX|2|ED|^Critical potassium^^^^^^^Critical potassium||^AP^pdf^Base64^AAEC||||||F|||20260301093000+0000
        OBX|3|NM|^Potassium^^^^^^^Potassium||6.9||||||F
    "#]],
    );
}

#[test]
fn a_report_that_is_its_document_becomes_a_document() {
    let report = r#"{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"18748-4"}]},"subject":{"identifier":{"value":"9"},"display":"Jo Doe"},"issued":"2026-03-01T09:30:00Z","presentedForm":[{"contentType":"text/html; charset=utf-8","url":"https://pacs/1"}]}"#;
    check(
        &[report],
        expect![[r#"
        EVN||20260301100000+0000
        PID|1||9||Jo Doe
        PV1|1|N
        TXA|1|NOTIFICATION|AP|||20260301093000+0000||||||r|||||AU||AV
        OBX|1|RP|18748-4^^LN||https://pacs/1^^TEXT^html||||||F
        NTE|1||Content type: text/html; charset=utf-8
    "#]],
    );
}

#[test]
fn what_cannot_be_sent_says_what_to_do() {
    check(
        &["{"],
        expect![
            "resource 1: the resource is not JSON: a closing bracket expected, 0 bytes before its end"
        ],
    );
    check(
        &[PATIENT, "{}"],
        expect!["resource 2 has no resourceType: give FHIR R4 resources or bundles of them"],
    );
    check(
        &[PATIENT],
        expect![
            "there is nothing to send: give an Observation, a DiagnosticReport or a Communication"
        ],
    );
    let lonely =
        r#"{"resourceType":"Observation","id":"o","status":"unknown","code":{"text":"x"}}"#;
    let stranger = r#"{"resourceType":"Condition","id":"c"}"#;
    check(
        &[lonely, stranger],
        expect![[r#"
        PID|1
        OBR|1|||^x^^^^^^^x|||||||||||||||||||||R
        OBX|1||^x^^^^^^^x||||||||R
        resource-not-carried Condition/c 
        no-patient Observation/o subject
    "#]],
    );
}

#[test]
fn the_header_names_sender_receiver_and_the_versions_of_what_is_sent() {
    let result = |version: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","meta":{{"versionId":"{version}"}},"status":"final","code":{{"text":"x"}}}}"#
        )
    };
    let outbound = Outbound {
        sending_facility: "H^1.2^ISO".into(),
        receiving_application: "EHR".into(),
        processing_id: "T".into(),
        version: "2.6".into(),
        ..Outbound::default()
    };
    let send = |version: &str, at: &str| {
        let at = EventTime::parse(at).unwrap();
        let sent = to_v2(&[result(version).as_bytes()], &outbound, at).unwrap();
        let first = sent.messages.into_iter().next().unwrap();
        (first.control_id, String::from_utf8(first.bytes).unwrap())
    };
    let (control_id, message) = send("1", "2026-03-01T10:00:00.25Z");
    let header = message.split('\r').next().unwrap_or_default();
    expect![[r#"MSH|^~\&|PULSEWIRE|H^1.2^ISO|EHR||20260301100000.25+0000||ORU^R01^ORU_R01|07a34d1c7285e94440f2|T|2.6||||||UNICODE UTF-8"#]].assert_eq(header);
    assert_eq!(send("1", "2026-03-02T10:00:00Z").0, control_id);
    assert_ne!(send("2", "2026-03-01T10:00:00.25Z").0, control_id);
}

#[test]
fn a_message_is_acknowledged_under_its_control_id() {
    let result = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}"#;
    let notice = r#"{"resourceType":"Communication","id":"n","status":"completed"}"#;
    let resources = [PATIENT.as_bytes(), result.as_bytes(), notice.as_bytes()];
    let sent = to_v2(&resources, &Outbound::default(), at()).unwrap();
    assert_eq!(
        to_v2(&resources, &Outbound::default(), at()).as_ref(),
        Ok(&sent)
    );
    assert_eq!(sent.messages.len(), 2);
    for outgoing in &sent.messages {
        let message = hl7v2::parse(&outgoing.bytes);
        assert_eq!(message.first_error(), None);
        let code = ack::code(message.header().as_ref(), ack::Outcome::Accepted).unwrap();
        let answer = ack::write(
            &message,
            &ack::Reply {
                code,
                control_id: "1",
                time: "20260301",
                faults: &[],
            },
        );
        let answer = hl7v2::parse(&answer);
        let answer = ack::read(&answer).unwrap();
        assert_eq!(answer.code, ack::Code::ApplicationAccept);
        assert_eq!(answer.control_id, outgoing.control_id.as_bytes());
    }
}

/// Makes a result with a text wherever text is, and gives the texts that are read back.
fn through(text: &str) -> Vec<String> {
    let json = String::from_utf8(formats::fhir::json::string(text)).unwrap();
    let result = format!(
        r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"coding":[{{"code":"c","display":{json}}}]}},"valueString":{json},"note":[{{"text":{json}}}],"referenceRange":[{{"text":{json}}}]}}"#
    );
    let sent = to_v2(&[result.as_bytes()], &Outbound::default(), at()).unwrap();
    let [message] = sent.messages.as_slice() else {
        panic!("one message");
    };
    let parsed = hl7v2::parse(&message.bytes);
    assert_eq!(parsed.issues(), &[]);
    let names: Vec<_> = parsed
        .segments()
        .map(|segment| segment.name().to_owned())
        .collect();
    assert_eq!(names.concat(), b"MSHPIDOBROBXNTE");
    let field = |name: &[u8], number: usize| parsed.segment(name).unwrap().field(number);
    vec![
        field(b"OBX", 3).component(2).text().into_owned(),
        field(b"OBX", 5).text().into_owned(),
        field(b"OBX", 7).text().into_owned(),
        field(b"NTE", 3).text().into_owned(),
    ]
}

#[test]
fn hostile_text_stays_in_its_field() {
    for text in [
        "|^~\\&",
        "\\F\\ \\.br\\ \\X0D\\",
        "a\r\nMSH|^~\\&|EVIL\rb",
        "\"\"",
        "\u{b}x\u{1c}\r",
        "\u{0}\t\u{7f}",
        "Jos\u{e9} \u{6f22}\u{5b57} \u{1f9ea}",
        " both ends ",
    ] {
        assert_eq!(through(text), [text; 4], "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_back_as_it_was(text in "[|^~\\\\&\"\\x00-\\x1f a-c.brXFST0-9]{1,40}|\\PC{1,300}") {
        prop_assert_eq!(through(&text), vec![text; 4]);
    }

    #[test]
    fn whatever_the_resource_holds_the_message_is_one(
        kind in prop::sample::select(vec!["Observation", "DiagnosticReport", "Communication"]),
        name in prop::sample::select(vec![
            "code", "status", "subject", "encounter", "performer", "valueQuantity", "valueRange", "component", "hasMember", "result",
            "payload", "presentedForm", "note", "identifier", "effectiveDateTime", "referenceRange", "specimen", "basedOn", "recipient",
        ]),
        inner in prop::sample::select(vec![
            "1", "true", "null", "\"a|b\"", "[]", "{}", "[[]]", "[null]", "{\"coding\":[{\"code\":1}]}", "[{\"reference\":\"#x\"}]",
            "[{\"reference\":\"Observation/o\"}]", "{\"value\":1,\"low\":{\"value\":-1}}", "[{\"data\":\"A\",\"contentString\":\"t\"}]",
        ]),
    ) {
        let text = format!(r#"{{"resourceType":"{kind}","id":"o","{name}":{inner}}}"#);
        if let Ok(sent) = to_v2(&[text.as_bytes()], &Outbound::default(), at()) {
            for message in &sent.messages {
                let parsed = hl7v2::parse(&message.bytes);
                prop_assert!(parsed.issues().is_empty());
            }
        }
    }
}
