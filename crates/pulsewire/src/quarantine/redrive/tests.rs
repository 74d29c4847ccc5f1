//! What is sent through again, corrected and listed, with normalize behind it.

use std::sync::{Arc, Mutex};

use clinical::{MessageId, SiteKey};
use formats::hl7v2;
use journal::{Journal, MemoryJournal, TopicPartition, Write};
use stream::{MemoryStore, Task};

use super::*;
use crate::clock::Clock;
use crate::config;
use crate::intake::accept::CONTENT_TYPE;
use crate::intake::resend::MESSAGE_ID;
use crate::intake::sources::Sources;
use crate::metrics::Metrics;
use crate::quarantine::EDITED_FROM;
use crate::stages::NormalizeStage;
use crate::topics;

const CONFIG: &str = "[journal]\npartitions = 1\n";
/// It was received in 2020 and says that it is of 2021.
const FROM_FUTURE: &str = "MSH|^~\\&|LIS|H|||20210301100000+0000||ADT^A08|1|P|2.5\rPID|||7^^^H^MR||Test^Ann||19500601|F\r";
const NOBODY: &str = "MSH|^~\\&|LIS|H|||20200101000000+0000||ADT^A08|2|P|2.5\rPID|||\r";

/// A journal, and normalize behind it.
struct Site {
    journal: Arc<MemoryJournal>,
    store: MemoryStore,
    desk: Desk,
}

impl Site {
    fn new() -> Self {
        let config = config::parse(CONFIG).unwrap();
        let journal = Arc::new(MemoryJournal::new());
        for spec in topics::specs(1, Duration::MAX) {
            journal.ensure_topic(&spec).unwrap();
        }
        let desk = Desk {
            journal: Arc::<MemoryJournal>::clone(&journal),
            sources: Arc::new(Sources::new(&config.sources).unwrap()),
            site: SiteKey::new([7; 32]),
            config,
            states: None,
            clock: Clock::system(),
            busy: Mutex::default(),
        };
        Self {
            journal,
            store: MemoryStore::default(),
            desk,
        }
    }

    /// Puts a message where intake would, as received on the first day of 2020, and normalizes it.
    fn receive(&self, message: &str) {
        let parsed = hl7v2::parse(message.as_bytes());
        let source = self.desk.sources.of(parsed.header().as_ref());
        let unassigned = self.desk.site.unassigned(&source.name, b"1");
        let key = self.desk.sources.key(&parsed, source, &self.desk.site);
        let record = Record {
            key: (*key.unwrap_or(unassigned).as_bytes()).into(),
            event_time: self.desk.sources.time(&parsed, source).unwrap(),
            received_time: ReceivedTime::parse("2020-01-01T00:00:00Z")
                .unwrap()
                .micros(),
            headers: vec![
                ("content-type".into(), CONTENT_TYPE.as_bytes().into()),
                ("source-system".into(), source.name.as_bytes().into()),
                (
                    MESSAGE_ID.into(),
                    MessageId::derive(&[message.as_bytes()])
                        .to_string()
                        .into_bytes()
                        .into(),
                ),
            ],
            value: Some(message.as_bytes().into()),
            ..Record::default()
        };
        let write = Write {
            records: vec![(TopicPartition::new(topics::hl7("ADT"), 0), record)],
            offsets: vec![],
        };
        self.journal.append(write).unwrap();
        self.normalize();
    }

    fn normalize(&self) {
        let (sources, site) = (Arc::clone(&self.desk.sources), self.desk.site.clone());
        let stage = NormalizeStage::new(sources, site, Arc::new(Metrics::default()));
        let (spec, store) = (NormalizeStage::spec(1), self.store.clone());
        let journal = Arc::<MemoryJournal>::clone(&self.journal);
        let mut task = Task::open(spec, 0, Arc::new(stage), journal, store).unwrap();
        while task.run_once(100).unwrap().records > 0 {}
        task.flush().unwrap();
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let at = TopicPartition::new(topic, 0);
        let batch = self.journal.read(&at, 0, usize::MAX).unwrap();
        batch.iter().map(|read| read.to_record()).collect()
    }

    fn quarantined(&self) -> Vec<QuarantineView> {
        let page = list::page(&*self.journal, &Filter::default(), None, 500);
        page.unwrap().records
    }

    fn redrive(&self, reason: &str, dry_run: bool) -> Vec<(Outcome, String)> {
        let request = Request {
            reason: Some(reason.to_owned()),
            dry_run,
            ..Request::default()
        };
        let answer = self.desk.redrive(&request).unwrap();
        let each = answer.records.into_iter();
        each.map(|sent| (sent.outcome, sent.why)).collect()
    }
}

fn header(record: &Record, name: &str) -> String {
    let found = record.headers.iter().find(|(known, _)| &**known == name);
    found.map_or_else(String::new, |(_, value)| {
        String::from_utf8_lossy(value).into_owned()
    })
}

#[test]
fn what_can_be_used_by_now_is_tried_sent_once_and_used_once() {
    let site = Site::new();
    site.receive(FROM_FUTURE);
    assert_eq!(site.quarantined()[0].reason, "from-future");
    assert_eq!(
        site.redrive("from-future", true),
        [(Outcome::WouldBeUsed, "6 records".to_owned())]
    );
    assert_eq!(
        site.records("healthcare.hl7v2.adt").len(),
        1,
        "a trial writes nothing"
    );
    assert_eq!(site.redrive("from-future", false)[0].0, Outcome::Redriven);
    site.normalize();
    let raw = site.records("healthcare.hl7v2.adt");
    assert_eq!(raw.len(), 2);
    assert_eq!((&raw[0].key, &raw[0].value), (&raw[1].key, &raw[1].value));
    assert_eq!(header(&raw[0], MESSAGE_ID), header(&raw[1], MESSAGE_ID));
    assert_eq!(
        header(&raw[1], REDRIVEN_FROM),
        "healthcare.hl7v2.adt.quarantine/0/0"
    );
    assert_eq!(
        (
            header(&raw[1], ATTEMPT).as_str(),
            header(&raw[1], "reason").as_str()
        ),
        ("1", "")
    );
    assert_eq!(site.records("healthcare.fhir.patient").len(), 1);
    let audit = site.records(topics::AUDIT);
    let audit = String::from_utf8_lossy(audit[0].value.as_deref().unwrap()).into_owned();
    assert!(
        audit.contains("redrive 1 from quarantine (reason=from-future)"),
        "{audit}"
    );

    let again = site.redrive("from-future", false);
    assert_eq!(again[0].0, Outcome::Skipped);
    assert!(
        again[0].1.starts_with("it was sent through again at "),
        "{again:?}"
    );
    site.normalize();
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 2);
    assert_eq!(
        (
            site.quarantined().len(),
            site.records(topics::REDRIVEN).len()
        ),
        (1, 1)
    );

    // Whoever loses the word that it was sent, and sends it again, has no second event.
    let second = Desk {
        journal: Arc::<MemoryJournal>::clone(&site.journal),
        ..Site::new().desk
    };
    let record = raw[1].clone();
    let at = TopicPartition::new("healthcare.hl7v2.adt", 0);
    second
        .journal
        .append(Write {
            records: vec![(at, record)],
            offsets: vec![],
        })
        .unwrap();
    site.normalize();
    assert_eq!(site.records("healthcare.fhir.patient").len(), 1);
}

#[test]
fn what_fails_again_is_a_new_record_that_counts_its_attempts() {
    let site = Site::new();
    site.receive(NOBODY);
    let tried = site.redrive("no-patient", true);
    assert_eq!(tried[0].0, Outcome::WouldFail);
    assert!(tried[0].1.starts_with("no-patient: "), "{tried:?}");
    for attempt in 1..=2 {
        let outcomes = site.redrive("no-patient", false);
        let sent = outcomes
            .iter()
            .filter(|(outcome, _)| *outcome == Outcome::Redriven);
        assert_eq!(sent.count(), 1, "{outcomes:?}");
        site.normalize();
        let newest = site.quarantined().pop().unwrap();
        assert_eq!(newest.attempt, attempt);
        let before = format!("healthcare.hl7v2.adt.quarantine/0/{}", attempt - 1);
        assert_eq!(newest.redriven_from, before);
    }
}

#[test]
fn one_request_sends_no_more_than_it_may_and_says_where_to_go_on() {
    let site = Site::new();
    for number in 0..=SENT_MAX {
        site.receive(&NOBODY.replace("|2|P", &format!("|{number}|P")));
    }
    for (max, sent) in [
        (SENT_MAX - 1, SENT_MAX - 1),
        (SENT_MAX, SENT_MAX),
        (SENT_MAX + 1, SENT_MAX),
    ] {
        let request = Request {
            max: Some(max),
            dry_run: true,
            ..Request::default()
        };
        let answer = site.desk.redrive(&request).unwrap();
        assert_eq!(answer.records.len(), sent);
        let last = format!("healthcare.hl7v2.adt.quarantine/0/{}", sent - 1);
        assert_eq!(answer.next, Some(last.clone()));
        let rest = site
            .desk
            .redrive(&Request {
                after: Some(last),
                ..request
            })
            .unwrap();
        assert_eq!((rest.records.len(), rest.next), (SENT_MAX + 1 - sent, None));
    }
}

#[test]
fn pages_follow_each_other_and_counts_are_by_reason_and_source() {
    let site = Site::new();
    for number in 0..5 {
        site.receive(&NOBODY.replace("|2|P", &format!("|{number}|P")));
    }
    site.receive(FROM_FUTURE);
    let (mut after, mut places) = (None, Vec::new());
    loop {
        let page = list::page(&*site.journal, &Filter::default(), after.as_ref(), 2).unwrap();
        places.extend(page.records.iter().map(QuarantineView::place));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let all: Vec<Place> = site
        .quarantined()
        .iter()
        .map(QuarantineView::place)
        .collect();
    assert_eq!((places.len(), &places), (6, &all));
    let counts = list::counts(&*site.journal, &Filter::default()).unwrap();
    let counts: Vec<_> = counts.by_reason_and_source.into_iter().collect();
    let key = |reason: &str| (reason.to_owned(), "default".to_owned());
    assert_eq!(counts, [(key("from-future"), 1), (key("no-patient"), 5)]);
    let none = Filter {
        source: Some("elsewhere".to_owned()),
        ..Filter::default()
    };
    assert_eq!(
        list::page(&*site.journal, &none, None, 2)
            .unwrap()
            .records
            .len(),
        0
    );
}

#[test]
fn a_corrected_copy_is_a_new_message_and_the_first_one_stays() {
    let site = Site::new();
    site.receive(NOBODY);
    let place = site.quarantined()[0].place();
    let editable = site.desk.editable(&place).unwrap();
    assert_eq!(editable.text, NOBODY.replace('\r', "\n"));

    let wrong = site
        .desk
        .edit(&place, &editable.text.replace("ADT^A08", ""), "Ada");
    let wrong = wrong.unwrap_err().to_string();
    assert!(wrong.contains("message-type-missing"), "{wrong}");
    let corrected = editable
        .text
        .replace("PID|||", "PID|||7^^^H^MR")
        .replace('\n', "\r\n");
    assert_eq!(
        site.desk.edit(&place, &corrected, "Ada").unwrap(),
        "healthcare.hl7v2.adt"
    );
    site.normalize();
    let raw = site.records("healthcare.hl7v2.adt");
    assert_eq!(raw.len(), 2);
    assert_eq!(header(&raw[1], EDITED_FROM), place.to_string());
    assert_eq!(header(&raw[1], "edited-by"), "Ada");
    assert_ne!(header(&raw[0], MESSAGE_ID), header(&raw[1], MESSAGE_ID));
    assert_ne!(raw[0].key, raw[1].key);
    assert_eq!(site.records("healthcare.fhir.patient").len(), 1);
    assert_eq!(site.quarantined().len(), 1);

    let twice = site
        .desk
        .edit(&place, &corrected, "Ada")
        .unwrap_err()
        .to_string();
    assert!(twice.contains("by Ada"), "{twice}");
    assert_eq!(site.redrive("no-patient", false)[0].0, Outcome::Skipped);
}

/// What normalize sets aside of a result whose unit nobody knows, where the rest of the message is used.
fn of_unknown_unit(site: &Site) -> Place {
    let text = "MSH|^~\\&|LIS|H|||20200101000000+0000||ORU^R01|3|P|2.5\rPID|||7^^^H^MR||Test^Ann||19500601|F\rOBR|1||1^LAB|2823-3^K^LN|||20200101000000+0000\rOBX|1|NM|2823-3^K^LN||4.1|furlong|||||F\r";
    site.receive(text);
    let raw = TopicPartition::new(topics::hl7("ADT"), 0);
    let part = Record {
        key: [1; 16].into(),
        headers: [
            ("reason", "unknown-unit"),
            ("stage", "normalize"),
            ("origin", &format!("{}/0/0", raw.topic)),
            ("source-system", "default"),
        ]
        .map(|(name, value)| (name.into(), value.as_bytes().into()))
        .into(),
        value: Some((*b"{}").into()),
        ..Record::default()
    };
    let at = TopicPartition::new(topics::quarantine(topics::PATIENT_STREAM), 0);
    let write = Write {
        records: vec![(at.clone(), part)],
        offsets: vec![],
    };
    site.journal.append(write).unwrap();
    Place { at, offset: 0 }
}

#[test]
fn what_only_a_corrected_copy_can_help_is_not_sent_as_it_is_and_stays_to_be_corrected() {
    let site = Site::new();
    let place = of_unknown_unit(&site);
    let raw = || site.records("healthcare.hl7v2.adt").len();
    for dry_run in [true, false] {
        let told = site.redrive("unknown-unit", dry_run);
        assert_eq!(told[0].0, Outcome::Skipped);
        assert!(told[0].1.contains("correct a copy"), "{told:?}");
    }
    assert_eq!(raw(), 1);
    // One that an earlier version sent as it was waits for a correction, too.
    let attempt = Attempt {
        quarantined: place.to_string(),
        to: "healthcare.hl7v2.adt/0".to_owned(),
        number: 1,
        edited: false,
        who: "Ada".to_owned(),
        at: "2020-01-02T00:00:00Z".to_owned(),
    };
    let now = ReceivedTime::from_micros(0);
    let records = vec![attempt.record(now, 1)];
    let offsets = vec![];
    site.journal.append(Write { records, offsets }).unwrap();
    assert_eq!(site.redrive("unknown-unit", false)[0].0, Outcome::Skipped);
    let text = site.desk.editable(&place).unwrap().text;
    let corrected = text.replace("furlong", "mmol/L");
    site.desk.edit(&place, &corrected, "Ada").unwrap();
    site.normalize();
    assert_eq!(site.records("healthcare.hl7v2.oru").len(), 1);
    let again = site.desk.edit(&place, &corrected, "Ada").unwrap_err();
    assert!(again.to_string().contains("by Ada"), "{again}");
    let told = site.redrive("unknown-unit", false);
    assert!(told[0].1.contains("a corrected copy was sent"), "{told:?}");
}

#[test]
fn what_nothing_is_set_aside_for_is_a_mistake_that_names_what_there_is() {
    let site = Site::new();
    let asks = |reason: Option<&str>, topic: Option<&str>| {
        let request = Request {
            reason: reason.map(str::to_owned),
            topic: topic.map(str::to_owned),
            ..Request::default()
        };
        site.desk
            .redrive(&request)
            .map_err(|error| error.to_string())
    };
    let wrong = asks(Some("banana"), None).unwrap_err();
    assert!(wrong.contains("unknown-unit"), "{wrong}");
    for topic in ["banana", "healthcare.audit"] {
        let wrong = asks(None, Some(topic)).unwrap_err();
        assert!(wrong.contains(" healthcare.hl7v2.adt,"), "{wrong}");
    }
    for topic in [
        "healthcare.hl7v2.adt",
        "healthcare.hl7v2.adt.quarantine",
        topics::REFUSED,
        topics::PATIENT_STREAM,
    ] {
        assert!(asks(Some("device-malformed"), Some(topic)).is_ok());
    }
}

#[test]
fn what_is_not_there_or_was_refused_is_not_sent() {
    let site = Site::new();
    for place in [
        "nonsense",
        "healthcare.hl7v2.adt/0/0",
        "healthcare.hl7v2.adt.quarantine/0/9",
    ] {
        let request = Request {
            places: vec![place.to_owned()],
            ..Request::default()
        };
        let answer = site.desk.redrive(&request);
        assert!(
            matches!(answer, Err(Error::NotThere(_))),
            "{place}: {answer:?}"
        );
    }
    let refused = Record {
        key: [1; 16].into(),
        headers: vec![("reason".into(), (*b"no-header").into())],
        value: Some((*b"nonsense").into()),
        ..Record::default()
    };
    let at = TopicPartition::new(topics::REFUSED, 0);
    site.journal
        .append(Write {
            records: vec![(at, refused)],
            offsets: vec![],
        })
        .unwrap();
    let outcome = site.redrive("no-header", false);
    assert_eq!(outcome[0].0, Outcome::Skipped);
    assert!(
        outcome[0].1.starts_with("The sender was told so"),
        "{outcome:?}"
    );
}
