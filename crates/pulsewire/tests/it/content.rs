//! Frames whose content is broken, strange, too much, or of another time: each is kept, and none makes anything worse.

use crate::kept::Kept;
use crate::message::{Potassium, admission, header, lines, minutes_ago, person, potassium};
use crate::platform::{Platform, Site};
use crate::sender::Sender;
use crate::setting::wait_for;

const REFUSED: &str = "healthcare.hl7v2.refused";

#[test]
fn hostile_a07_a_control_id_with_another_body_is_another_message_and_is_counted() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let first = admission("1", "SAME");
    let second = [&first[..], b"NTE|1||another body\r"].concat();
    sender.accepted(&first);
    sender.accepted(&second);
    assert_eq!(
        platform.count(&["pulsewire_intake_control_id_collisions_total"]),
        1
    );
    let kept: Vec<Vec<u8>> = site
        .records("healthcare.hl7v2.adt")
        .iter()
        .map(|kept| kept.bytes().to_vec())
        .collect();
    assert_eq!(kept, [first, second]);
}

/// What a message with this content is answered, and the reason under which a refused one is kept.
fn verdicts(cases: &[(&str, Vec<u8>)]) -> String {
    let site = Site::default();
    let mut platform = site.start();
    let mut told = String::new();
    for (name, bytes) in cases {
        let answer = Sender::to(platform.mllp).exchange(bytes);
        let number = answer
            .faults
            .first()
            .map(|fault| fault.0.clone())
            .unwrap_or_default();
        told.push_str(&format!(
            "{name}: {} {:?} {number}\n",
            answer.code, answer.control_id
        ));
    }
    let (accepted, refused) = (platform.frames("Accepted"), platform.frames("Refused"));
    assert_eq!(
        accepted + refused,
        cases.len() as u64,
        "each ends in one state"
    );
    let mut kept: Vec<Vec<u8>> = site
        .records_of_all("healthcare.hl7v2.")
        .into_iter()
        .filter(|(topic, _)| !topic.ends_with(".quarantine"))
        .map(|(_, kept)| kept.bytes().to_vec())
        .collect();
    let mut sent: Vec<Vec<u8>> = cases.iter().map(|(_, bytes)| bytes.clone()).collect();
    kept.sort();
    sent.sort();
    assert_eq!(kept, sent, "every frame is kept as it came");
    for refused in site.records(REFUSED) {
        let (reason, detail) = (refused.header("reason"), refused.header("detail"));
        assert!(
            !reason.is_empty() && !detail.is_empty(),
            "{reason}: {detail}"
        );
    }
    assert!(platform.is_alive());
    told
}

#[test]
fn hostile_a08_headers_that_lack_something_or_are_written_strangely_are_accepted_leniently_or_refused()
 {
    let good = String::from_utf8(admission("1", "ID")).unwrap();
    let with = |from: &str, to: &str| good.replacen(from, to, 1).into_bytes();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let told = verdicts(&[
        ("no message type", with("ADT^A01^ADT_A01", "")),
        ("no control id", with("|ID|", "||")),
        ("no version", with("|2.5.1|", "||")),
        ("field separator #", with("MSH|", "MSH#")),
        ("one encoding character", with("|^~\\&|", "|^|")),
        ("six encoding characters", with("|^~\\&|", "|^~\\&#!|")),
        ("separators twice", with("|^~\\&|", "|^^\\&|")),
        ("line feeds", good.replace('\r', "\n").into_bytes()),
        ("both", good.replace('\r', "\r\n").into_bytes()),
        (
            "byte order mark",
            [b"\xEF\xBB\xBF", good.as_bytes()].concat(),
        ),
        ("UTF-16", utf16),
        (
            "Latin-1 called UTF-8",
            [&with("Testperson", "")[..], b"NTE|1||M\xFCller\r"].concat(),
        ),
        ("zero bytes", with("Testperson", "Test\0person")),
        ("no header", b"PID|1||1\r".to_vec()),
        ("nothing", Vec::new()),
    ]);
    expect_test::expect![[r#"
        no message type: AR "ID" 101
        no control id: AR "" 101
        no version: AA "ID" 
        field separator #: AR "" 102
        one encoding character: AA "ID" 
        six encoding characters: AA "ID" 
        separators twice: AR "ID" 102
        line feeds: AA "ID" 
        both: AA "ID" 
        byte order mark: AA "ID" 
        UTF-16: AR "" 102
        Latin-1 called UTF-8: AA "ID" 
        zero bytes: AA "ID" 
        no header: AR "" 100
        nothing: AR "" 100
    "#]]
    .assert_eq(&told);
}

#[test]
fn hostile_a09_a_million_of_anything_meets_a_limit() {
    const MANY: usize = 1_000_000;
    let start = admission("1", "MANY");
    let after = |bytes: &[u8]| [&start[..], bytes].concat();
    let told = verdicts(&[
        ("empty segments", after(&vec![b'\r'; MANY])),
        (
            "repetitions",
            after(format!("NTE|1||{}\r", "~".repeat(MANY)).as_bytes()),
        ),
        (
            "components",
            after(format!("NTE|1||{}\r", "^".repeat(MANY)).as_bytes()),
        ),
        (
            "subcomponents",
            after(format!("NTE|1||{}\r", "&".repeat(MANY)).as_bytes()),
        ),
        (
            "fields",
            after(format!("NTE{}\r", "|".repeat(MANY)).as_bytes()),
        ),
    ]);
    expect_test::expect![[r#"
        empty segments: AR "MANY" 104
        repetitions: AR "MANY" 104
        components: AR "MANY" 104
        subcomponents: AR "MANY" 104
        fields: AR "MANY" 104
    "#]]
    .assert_eq(&told);
}

#[test]
fn hostile_a10_segments_events_and_versions_that_nobody_knows_are_kept_and_used_as_far_as_they_go()
{
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&[&admission("1", "Z")[..], b"ZZZ|1|what^ever\r"].concat());
    sender.accepted(&lines(&[&header("ADT^Z99", "TRIGGER"), &person("1")]));
    sender.accepted(&lines(&[&header("XYZ^Q01", "TYPE"), &person("1")]));
    sender.accepted(&lines(&[&header("ADT^A01", "TRUNCATED"), "PID|1||1^^^EA"]));
    for version in ["2.1", "2.3", "2.9", "9.9"] {
        let message = String::from_utf8(admission("1", &format!("V{version}"))).unwrap();
        sender.accepted(message.replacen("2.5.1", version, 1).as_bytes());
    }
    platform.wait_until_idle();
    assert_eq!(platform.frames("Accepted"), 8);
    assert_eq!(site.records("healthcare.hl7v2.other").len(), 1);
    assert_eq!(accounted(&site), 8, "each was used or is in quarantine");
}

/// How many raw messages the patient stream or a quarantine tells of.
fn accounted(site: &Site) -> usize {
    let stream = site.records("healthcare.patient.stream");
    let mut told: std::collections::BTreeSet<String> = stream
        .iter()
        .map(|kept| kept.header("raw"))
        .filter(|raw| !raw.is_empty())
        .collect();
    let all = site.records_of_all("healthcare.hl7v2.");
    told.extend(
        all.iter()
            .filter(|(topic, _)| topic.ends_with(".quarantine"))
            .map(|(_, kept)| kept.header("origin")),
    );
    told.len()
}

#[test]
fn hostile_a11_two_messages_of_a_batch_are_kept_when_the_third_is_broken_and_the_answer_says_so() {
    let site = Site::default();
    let platform = site.start();
    let broken = lines(&[&header("", "B3"), &person("3")]);
    let batch = [
        b"FHS|^~\\&|TEST\rBHS|^~\\&|TEST\r",
        &admission("1", "B1")[..],
        &admission("2", "B2"),
        &broken,
        b"BTS|3\rFTS|1\r",
    ]
    .concat();
    let mut sender = Sender::to(platform.mllp);
    sender.send(&batch);
    let answer = String::from_utf8(sender.frame().unwrap()).unwrap();
    let said: Vec<&str> = answer
        .split('\r')
        .filter(|line| {
            ["BHS", "MSA", "BTS"]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .collect();
    assert!(said[0].starts_with("BHS|^~\\&|"));
    assert_eq!(
        (said[1], said[2], said[4]),
        ("MSA|AA|B1", "MSA|AA|B2", "BTS|3")
    );
    assert!(
        said[3].starts_with("MSA|AR|B3|MSH-9 is empty"),
        "{}",
        said[3]
    );
    assert_eq!(
        (platform.frames("Accepted"), platform.frames("Refused")),
        (2, 1)
    );
    let refused = site.records(REFUSED);
    assert_eq!((refused.len(), refused[0].bytes()), (1, &broken[..]));
}

#[test]
fn hostile_a12_a_result_that_cannot_be_evaluated_is_never_called_normal() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let taken = minutes_ago(20);
    let values = [
        ("NM", "NaN", "mmol/L", "F"),
        ("NM", "1e999", "mmol/L", "F"),
        ("NM", ">200", "mmol/L", "F"),
        ("NM", "12,5", "mmol/L", "F"),
        ("NM", "<0.01", "mmol/L", "F"),
        ("NM", "", "mmol/L", "X"),
        ("NM", "4.0", "", "F"),
        ("NM", "4.0", "mg/dL", "F"),
        ("ST", "see comment", "mmol/L", "F"),
    ];
    for (number, (kind, value, unit, status)) in (1..).zip(values) {
        let patient = format!("P{number}");
        let panel = format!("OBR|1||{number}^LAB|2823-3^Potassium^LN|||{taken}");
        let value =
            format!("OBX|1|{kind}|2823-3^Potassium^LN||{value}|{unit}|||||{status}|||{taken}");
        sender.accepted(&lines(&[
            &header("ORU^R01^ORU_R01", &format!("R{number}")),
            &person(&patient),
            &panel,
            &value,
        ]));
    }
    platform.wait_until_idle();
    assert_eq!(
        site.records("healthcare.fhir.observation").len(),
        values.len(),
        "each is an event"
    );
    let findings = site
        .records("healthcare.alert.stream")
        .into_iter()
        .filter(|kept| !kept.header("finding").is_empty());
    let mut told: Vec<String> = findings
        .map(|kept| {
            let finding = clinical::wire::finding_from_json(kept.bytes()).unwrap();
            format!("{} {}\n", finding.severity.word(), finding.summary)
        })
        .collect();
    told.sort();
    expect_test::expect![[r#"
        critical potassium <0.01 mmol/L, critically low
        critical potassium >200 mmol/L, critically high
        low potassium not scored: not a number
        low potassium not scored: not a number
        low potassium not scored: not a number
        low potassium not scored: not a number
        low potassium not scored: unit not known
        low potassium not scored: unit not known
        none potassium cannot be evaluated: its unit is not known
        none potassium cannot be evaluated: its unit is not known
        none potassium cannot be evaluated: the result cannot be read as a number (digits with a decimal point)
        none potassium cannot be evaluated: the result cannot be read as a number (digits with a decimal point)
        none potassium cannot be evaluated: the result cannot be read as a number (digits with a decimal point)
        none potassium cannot be evaluated: the result cannot be read as a number (digits with a decimal point)
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn hostile_a13_times_that_cannot_be_are_set_aside_and_move_no_window() {
    let mut site = Site::default();
    site.set("source.default", "zone", "\"Europe/Berlin\"");
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let result = |id: &str, taken: &str, value: &str| {
        potassium(&Potassium {
            patient: "1",
            control_id: id,
            order: id,
            taken,
            value,
            status: "F",
        })
    };
    // The first two are as old or as new as no result can be; the others state no zone, and one of them never was.
    let message = |id: &str, at: &str, value: &str| {
        let text = String::from_utf8(result(id, at, value)).unwrap();
        let now = text.split('|').nth(6).unwrap().to_owned();
        text.replacen(&now, at, 1).into_bytes()
    };
    // What is late is late after something that is not: this one moves the time on.
    sender.accepted(&result("FIRST", &minutes_ago(0), "4.1"));
    sender.accepted(&message("FUTURE", "20990101000000+0000", "6.9"));
    sender.accepted(&message("PAST", "19000101000000+0000", "6.9"));
    sender.accepted(&message("NOZONE", "20260101120000", "6.9"));
    sender.accepted(&message("GAP", "20260329023000", "6.9"));
    sender.accepted(&result("NOW", &minutes_ago(5), "6.9"));
    wait_for("the alert of the one that is now", || {
        alerts(&site).first().cloned()
    });
    platform.wait_until_idle();
    let quarantined = quarantined(&site);
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert_eq!(quarantined[0].header("reason"), "from-future");
    let (_, page) = platform.get("/quarantine");
    assert!(page.contains("from-future"), "{page}");
    assert_eq!(
        alerts(&site).len(),
        1,
        "what is long past is nobody's emergency"
    );
    assert!(
        late(&site).len() >= 3,
        "what came after its window is set aside and not lost"
    );
    assert_eq!(platform.frames("Accepted"), 6);
    lag_is_gone(&platform);
}

fn lag_is_gone(platform: &Platform) {
    wait_for("the stations to catch up", || {
        (platform.count(&["pulsewire_stage_lag_records{"]) <= 8).then_some(())
    });
}

fn alerts(site: &Site) -> Vec<Kept> {
    site.records("healthcare.events.care-alert")
}

fn late(site: &Site) -> Vec<Kept> {
    site.records("healthcare.patient.stream.late")
}

fn quarantined(site: &Site) -> Vec<Kept> {
    site.records_of_all("healthcare.hl7v2.")
        .into_iter()
        .filter(|(topic, _)| topic.ends_with(".quarantine"))
        .map(|(_, kept)| kept)
        .collect()
}
