//! Batches over the socket, whole and damaged, and messages in the character set of their sender.

use crate::message::{admission, header, lines, person};
use crate::platform::{Platform, Site, complained, run, said};
use crate::sender::Sender;
use crate::setting::wait_for;

/// What a frame is answered, a line each, without the times and ids that are of the moment.
fn answered(platform: &Platform, frame: &[u8]) -> String {
    let mut sender = Sender::to(platform.mllp);
    sender.send(frame);
    let answer = String::from_utf8(sender.frame().expect("a batch is answered")).unwrap();
    let told = answer.split_terminator('\r').map(|line| {
        let fields: Vec<&str> = line.split('|').collect();
        match fields[0] {
            "MSH" => "MSH".to_owned(),
            "FHS" | "BHS" => {
                let rest = fields.get(7..).unwrap_or_default().join("|");
                format!("{}{rest}", fields[..6].join("|"))
            }
            _ => line.to_owned(),
        }
    });
    told.collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn defect_19_each_message_of_a_file_is_answered_by_itself_and_the_file_by_a_file() {
    let site = Site::default();
    let platform = site.start();
    let file = [
        b"FHS|^~\\&|LAB|EAST|PW|EAST|||||F1\rBHS|^~\\&|LAB|EAST|PW|EAST|||||B1\r",
        &admission("1", "M1")[..],
        &admission("2", "M2"),
        b"BTS|2\rBHS|^~\\&|LAB|EAST|PW|EAST|||||B2\r",
        &admission("3", "M3"),
        b"BTS|1\rFTS|2\r",
    ]
    .concat();
    let told = answered(&platform, &file);
    expect_test::expect![[r#"
        FHS|^~\&|PW|EAST|LAB|EAST||||F1
        BHS|^~\&|PW|EAST|LAB|EAST||||B1
        MSH
        MSA|AA|M1
        MSH
        MSA|AA|M2
        BTS|2
        BHS|^~\&|PW|EAST|LAB|EAST||||B2
        MSH
        MSA|AA|M3
        BTS|1
        FTS|2
    "#]]
    .assert_eq(&told);
    assert_eq!(platform.frames("Accepted"), 3);
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 3);
}

#[test]
fn defect_19_a_batch_whose_counts_or_trailers_are_wrong_is_taken_and_told_so() {
    let site = Site::default();
    let platform = site.start();
    let many = [
        b"BHS|^~\\&|LAB\r",
        &admission("1", "C1")[..],
        &admission("2", "C2"),
        b"BTS|5\r",
    ]
    .concat();
    let cut = [b"FHS|^~\\&|LAB\r", &admission("3", "C3")[..]].concat();
    let told = answered(&platform, &many) + &answered(&platform, &cut);
    expect_test::expect![[r#"
        BHS|^~\&|||LAB|
        MSH
        MSA|AA|C1
        MSH
        MSA|AA|C2
        BTS|2|BTS-1 says 5 messages, 2 came; check what was cut off and send the rest
        FHS|^~\&|||LAB|
        BHS|^~\&||||
        MSH
        MSA|AA|C3
        BTS|1
        FTS|1|the file has no FTS; check whether it was cut off
    "#]]
    .assert_eq(&told);
    assert_eq!(platform.frames("Accepted"), 3);
    let log = site.log();
    for reason in ["batch-message-count", "file-trailer-missing"] {
        assert!(log.contains(reason), "{log}");
    }
}

#[test]
fn a_batch_that_asks_for_no_answers_gets_none() {
    let site = Site::default();
    let platform = site.start();
    let quiet = String::from_utf8(admission("1", "Q1")).unwrap();
    // MSH-15 says that nobody waits for a commit.
    let quiet = quiet.replacen("|2.5.1|||||||", "|2.5.1|||NE|NE|||", 1);
    let mut sender = Sender::to(platform.mllp);
    sender.send(&[b"BHS|^~\\&|LAB\r", quiet.as_bytes(), b"BTS|1\r"].concat());
    sender.accepted(&admission("2", "Q2"));
    assert_eq!(platform.frames("Accepted"), 2);
}

/// The key that a patient's message is kept under, and the keys of what is made of it, for a number in bytes of the
/// sender's character set.
fn keys(charset: &str, number: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut site = Site::default();
    site.set("source.default", "charset", &format!("\"{charset}\""));
    let platform = site.start();
    let plain = lines(&[&header("ADT^A08^ADT_A01", "SET"), &person("NUMBER")]);
    let plain = String::from_utf8(plain).unwrap();
    let plain = plain.replace("UNICODE UTF-8", "");
    let (before, after) = plain.split_once("NUMBER").unwrap();
    let message = [before.as_bytes(), number, after.as_bytes()].concat();
    Sender::to(platform.mllp).accepted(&message);
    platform.wait_until_idle();
    let raw = site.records("healthcare.hl7v2.adt");
    assert_eq!(raw[0].bytes(), message, "it is kept as it came");
    let stream = site.records("healthcare.patient.stream").into_iter();
    let made = stream
        .map(|kept| kept.record.key.to_vec())
        .filter(|key| !key.is_empty());
    (raw[0].record.key.to_vec(), made.collect())
}

#[test]
fn defect_07_a_message_is_taken_in_under_the_patient_that_its_senders_character_set_names() {
    // The second byte of the first character is a bar in ASCII: read byte for byte it would end the field.
    for (charset, number) in [
        ("ISO IR14", &b"\x83\x7c7"[..]),
        ("8859/2", b"\xb37"),
        ("8859/1", b"\xc3\xa97"),
    ] {
        let (raw, made) = keys(charset, number);
        assert!(!made.is_empty(), "{charset}: the patient is an event");
        assert!(made.iter().all(|key| *key == raw), "{charset}");
    }
}

#[test]
fn defect_13_a_document_of_megabytes_is_taken_and_delivered_whole() {
    let site = Site::default();
    let platform = site.start();
    let data = "JVBERi0x".repeat(700_000);
    let document = format!("OBX|1|ED|11502-2^Report^LN||^AP^PDF^Base64^{data}||||||F");
    let message = lines(&[
        &header("ORU^R01^ORU_R01", "PDF"),
        &person("1"),
        "OBR|1||F1^LAB|11502-2^Report^LN",
        &document,
    ]);
    Sender::to(platform.mllp).accepted(&message);
    let observed = wait_for("the document to come through", || {
        site.records("healthcare.fhir.observation").pop()
    });
    let json = String::from_utf8_lossy(observed.bytes());
    assert!(json.contains(&data), "the document is whole");
}

#[test]
fn defect_19_files_are_sent_and_mapped_message_by_message_and_what_does_not_add_up_is_told() {
    let site = Site::default();
    let platform = site.start();
    let batch = [
        b"BHS|^~\\&|LAB\r",
        &admission("1", "F1")[..],
        &admission("2", "F2"),
        b"BTS|5\r",
    ]
    .concat();
    let framed = formats::mllp::encode(&batch);
    for (name, bytes, accepted) in [("plain.hl7", &batch, 2), ("framed.hl7", &framed, 2)] {
        let path = site.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        let path = path.display().to_string();
        let sent = run(&["send", &path, "--to", &format!("mllp://{}", platform.mllp)]);
        assert!(
            said(&sent).contains("acknowledged  AA 2"),
            "{}",
            said(&sent)
        );
        assert_eq!(platform.frames("Accepted"), accepted);
        let mapped = run(&["map", &path]);
        assert_eq!(said(&mapped).lines().count(), 2, "a bundle for each");
        for output in [sent, mapped] {
            let told = complained(&output);
            assert!(told.contains("BTS-1 says 5 messages, 2 came"), "{told}");
        }
    }
    assert_eq!(platform.frames("Resent"), 2, "the same messages in a frame");
}
