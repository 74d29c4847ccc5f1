//! Which acknowledgement a sender gets in original and enhanced mode, and what is taken from one of production data alone.

use crate::message::admission;
use crate::platform::Site;
use crate::sender::Sender;

/// An admission that asks for acknowledgements by MSH-15 and MSH-16.
fn asking(control_id: &str, accept: &str, application: &str) -> Vec<u8> {
    let plain = String::from_utf8(admission("31337", control_id)).unwrap();
    let asks = format!("|2.5.1|||{accept}|{application}|||");
    plain.replacen("|2.5.1|||||||", &asks, 1).into_bytes()
}

#[test]
fn each_sender_gets_the_acknowledgement_that_it_asks_for() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    for (number, (accept, application, code)) in (1..).zip([
        ("NE", "AL", Some("AA")),
        ("AL", "NE", Some("CA")),
        ("AL", "AL", Some("CA")),
        ("NE", "NE", None),
        ("ER", "ER", None),
        ("NE", "SU", Some("AA")),
        ("", "", Some("AA")),
    ]) {
        let message = asking(&format!("M{number}"), accept, application);
        // What is sent again gets the same bytes again.
        let told = [0, 1].map(|_| {
            sender.send(&message);
            code.map(|_| sender.answer().unwrap())
        });
        assert_eq!(told[0], told[1], "{accept} {application}");
        let got = told[0].as_ref().map(|answer| &*answer.code);
        assert_eq!(got, code, "{accept} {application}");
        let of = told[0].as_ref().map(|answer| answer.control_id.clone());
        assert_eq!(of, code.map(|_| format!("M{number}")));
    }
    assert_eq!(platform.frames("Accepted"), 7);
}

#[test]
fn what_is_no_production_data_is_refused_where_only_that_is_taken() {
    let mut site = Site::default();
    site.set("source.lab", "sending_application", "\"LAB\"")
        .set("source.lab", "processing", "\"production\"");
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let message = |application: &str, processing: &str| {
        let control_id = format!("{application}-{}", processing.replace('^', "-"));
        let text = String::from_utf8(admission("31337", &control_id)).unwrap();
        let text = text.replacen("|TEST|", &format!("|{application}|"), 1);
        let text = text.replacen("|P|2.5.1|", &format!("|{processing}|2.5.1|"), 1);
        text.into_bytes()
    };
    for processing in ["T", "D", "T^T", ""] {
        let answer = sender.exchange(&message("LAB", processing));
        assert_eq!(answer.code, "AR", "{processing}");
        let (number, words) = &answer.faults[0];
        assert_eq!(number, "202", "{processing}");
        assert!(words.contains("processing = \"any\""), "{words}");
    }
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 0);
    assert_eq!(sender.exchange(&message("LAB", "P")).code, "AA");
    assert_eq!(sender.exchange(&message("LAB", "P^T")).code, "AA");
    // By default nobody looks.
    assert_eq!(sender.exchange(&message("OTHER", "T")).code, "AA");
    assert_eq!(
        (platform.frames("Refused"), platform.frames("Accepted")),
        (4, 3)
    );
}
