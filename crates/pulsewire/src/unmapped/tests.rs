//! What is told of codes that nothing translates, and that what is told can be used.

use expect_test::expect;
use journal::{MemoryJournal, Record, TopicPartition, TopicSpec, Write};

use super::*;

fn code(field: &str, system: &str, code: &str, text: &str, count: u32) -> UnmappedCode {
    UnmappedCode {
        field: field.to_owned(),
        system: system.to_owned(),
        code: code.to_owned(),
        text: text.to_owned(),
        count,
    }
}

fn record(number: i64, source: &str, codes: &[UnmappedCode]) -> Record {
    let header = |name: &str, value: String| (name.into(), value.into_bytes().into());
    Record {
        received_time: number * 60_000_000,
        headers: vec![
            header("source-system", source.to_owned()),
            header("message-id", format!("message {number}")),
            header("raw", format!("healthcare.hl7v2.oru/0/{number}")),
        ],
        value: Some(write(codes).into()),
        ..Record::default()
    }
}

fn journal(records: Vec<Record>) -> MemoryJournal {
    let journal = MemoryJournal::new();
    let topic = TopicSpec {
        name: topics::UNMAPPED.into(),
        partitions: 1,
        retention: None,
        retention_bytes: None,
        compacted: false,
    };
    journal.ensure_topic(&topic).unwrap();
    let at = TopicPartition::new(topics::UNMAPPED, 0);
    let records = records.into_iter().map(|record| (at.clone(), record));
    journal
        .append(Write {
            records: records.collect(),
            offsets: Vec::new(),
        })
        .unwrap();
    journal
}

#[test]
fn codes_are_added_up_by_source_field_system_and_code() {
    let potassium = |text, count| code("OBX-3", "L", "K", text, count);
    let journal = journal(vec![
        record(1, "lab", &[potassium("Potassium", 2)]),
        record(
            3,
            "lab",
            &[potassium("Kalium", 1), code("OBX-3", "", "", "Blood", 1)],
        ),
        record(2, "lab", &[potassium("K+", 1)]),
        record(2, "ward", &[potassium("K+", 9)]),
    ]);
    let all = Unmapped::of(&journal, 1).unwrap();
    let line = |(code, seen): &(&Code, &Seen)| {
        format!(
            "{} × {} {} {:?} {:?} {:?} from {} to {} in {} at {}\n",
            seen.count,
            code.source,
            code.field,
            code.system,
            code.code,
            seen.text,
            seen.first,
            seen.last,
            seen.message,
            seen.place
        )
    };
    expect![[r#"
        9 × ward OBX-3 "L" "K" "K+" from 1970-01-01T00:02:00Z to 1970-01-01T00:02:00Z in message 2 at healthcare.hl7v2.oru/0/2
        4 × lab OBX-3 "L" "K" "Kalium" from 1970-01-01T00:01:00Z to 1970-01-01T00:03:00Z in message 3 at healthcare.hl7v2.oru/0/3
        1 × lab OBX-3 "" "Blood" "Blood" from 1970-01-01T00:03:00Z to 1970-01-01T00:03:00Z in message 3 at healthcare.hl7v2.oru/0/3
    "#]].assert_eq(&all.rows(None, None).iter().map(line).collect::<String>());
    assert_eq!(all.rows(Some("lab"), None).len(), 2);
    assert_eq!(all.rows(Some("lab"), Some("OBR-4")).len(), 0);
}

#[test]
fn a_journal_of_an_earlier_version_has_none() {
    let none = Unmapped::of(&MemoryJournal::new(), 4).unwrap();
    assert_eq!(none, Unmapped::default());
}

#[test]
fn the_codes_seen_last_are_kept() {
    let rows = (0..CODES_MAX + CODES_MAX / 10 + 1).map(|number| {
        let name = format!("C{number}");
        record(
            i64::try_from(number).unwrap(),
            "lab",
            &[code("OBX-3", "", &name, "", 1)],
        )
    });
    let all = Unmapped::of(&journal(rows.collect()), 1).unwrap();
    let rows = all.rows(None, None);
    assert_eq!(rows.len(), CODES_MAX);
    let oldest = rows.iter().map(|(_, seen)| seen.first).min();
    let first = i64::try_from(CODES_MAX / 10 + 1).unwrap() * 60_000_000;
    assert_eq!(oldest, Some(ReceivedTime::from_micros(first)));
}

#[test]
fn a_rule_that_was_filled_in_is_a_configuration() {
    let code = |source: &str, field: &str, system: &str, code: &str| Code {
        source: source.to_owned(),
        field: field.to_owned(),
        system: system.to_owned(),
        code: code.to_owned(),
    };
    expect![[r#"
        [[source.lab.codes]]
        where = "OBX-3"
        from = "L|K"
        system = "http://loinc.org"
        code = ""
        display = ""
    "#]]
    .assert_eq(&configuration(&code("lab", "OBX-3", "L", "K"), false));
    for code in [
        code("lab", "OBX-3", "L", "K"),
        code("lab east", "PID-11.7", "", "\"x\\y\u{7}é"),
        code("default", "OBR-4", "", "K"),
    ] {
        let rule = configuration(&code, false)
            .replace("system = \"\"", "system = \"urn:x\"")
            .replace("code = \"\"", "code = \"1\"");
        let sender = "sending_application = \"LIS\"\n";
        let table = format!("[source.{}]\n{sender}{rule}", key(&code.source));
        let config = crate::config::parse(&table).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!(config.sources[&code.source].codes.len(), 1);
    }
}
