//! Messages of a made-up hospital: vital signs that come late, results that are corrected, identities that are merged.
//!
//! The same length gives the same bytes. Its time is years ahead of any clock, so that what a process says of its own time
//! changes nothing.

use clinical::{MessageId, PatientKey, ReceivedTime};
use journal::{Record, TopicPartition, partition_for};

use crate::instance::{PARTITIONS, site_key};

/// When it begins: 2030-01-01.
const BEGIN_S: i64 = 1_893_456_000;
/// Each patient is heard of about this often.
const EACH_S: i64 = 20 * 60;
/// So many messages are of one patient.
const EACH: usize = 40;
/// Vital signs: LOINC code, unit, and the value of somebody well, unwell and ill.
const VITALS: [(&str, &str, [&str; 3]); 5] = [
    ("9279-1", "/min", ["16", "22", "26"]),
    ("59408-5", "%", ["97", "94", "91"]),
    ("8480-6", "mm[Hg]", ["128", "108", "98"]),
    ("8867-4", "/min", ["78", "96", "118"]),
    ("8310-5", "Cel", ["36.8", "38.2", "38.9"]),
];
/// Potassium that is as it should be, high, and critical both ways.
const POTASSIUM: [&str; 5] = ["4.1", "4.6", "5.4", "6.9", "2.3"];

/// Which identities the messages name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identities {
    /// One for each patient.
    One,
    /// For some patients a second one, which goes into the first.
    Merged,
}

/// A deterministic source of chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let end_wide = u64::try_from(end).expect("it is small");
        usize::try_from((mixed ^ (mixed >> 31)) % end_wide).expect("it is below a usize")
    }

    fn minutes(&mut self) -> i64 {
        let (from, to) = match self.below(100) {
            0..50 => (1, 15),
            50..83 => (15, 60),
            83..95 => (60, 120),
            _ => (120, 300),
        };
        let more = i64::try_from(self.below(to - from)).expect("it is small");
        i64::try_from(from).expect("it is small") + more
    }
}

/// A patient, as far as messages follow from one another.
#[derive(Clone, Default)]
struct Patient {
    course: usize,
    /// The last order and when its specimen was taken.
    order: Option<(String, i64)>,
    admitted: bool,
    merged: bool,
}

/// The hospital.
pub(crate) struct Hospital {
    chance: Chance,
    identities: Identities,
    patients: Vec<Patient>,
    step_micros: i64,
    sent: i64,
}

impl Hospital {
    /// One that sends about so many messages.
    pub(crate) fn new(messages: usize, identities: Identities) -> Self {
        let patients = (messages / EACH).clamp(24, 2_000);
        let count = i64::try_from(patients).expect("they are few");
        Self {
            chance: Chance(17),
            identities,
            patients: vec![Patient::default(); patients],
            step_micros: EACH_S * 1_000_000 / count,
            sent: 0,
        }
    }

    /// The next messages, as raw records where intake puts them.
    pub(crate) fn messages(&mut self, count: usize) -> Vec<(TopicPartition, Record)> {
        (0..count).map(|_| self.message()).collect()
    }

    /// A critical result for a patient of each partition, who is known by nothing else: once it is concluded from, so is
    /// all that came before it on that partition. Gives the patients with them.
    pub(crate) fn marks(&mut self, round: u32) -> (Vec<PatientKey>, Vec<(TopicPartition, Record)>) {
        let mark = |partition| {
            let names = (0..).map(|number| format!("mark-{round}-{number}"));
            let mut keys = names.map(|name| (site_key().patient("EAST", &name), name));
            keys.find(|(key, _)| partition_for(key.as_bytes(), PARTITIONS) == partition)
                .expect("some name leads to every partition")
        };
        let marks: Vec<_> = (0..PARTITIONS).map(mark).collect();
        let keys = marks.iter().map(|(key, _)| *key).collect();
        let messages = marks.iter().map(|(_, name)| {
            let at = self.now();
            let control = self.control();
            let text = potassium(name, (&control, at), (name, at), ("6.9", "F"));
            self.record("oru", name, text)
        });
        (keys, messages.collect())
    }

    fn now(&mut self) -> i64 {
        self.sent += 1;
        BEGIN_S * 1_000_000 + self.sent * self.step_micros
    }

    fn control(&self) -> String {
        format!("C{:07}", self.sent)
    }

    fn message(&mut self) -> (TopicPartition, Record) {
        let at = self.now();
        let who = self.chance.below(self.patients.len());
        let first = format!("p{who}");
        let has_second = self.identities == Identities::Merged && who.is_multiple_of(4);
        let second = has_second && self.chance.below(10) == 0;
        let name = if second { format!("q{who}") } else { first };
        match self.chance.below(100) {
            0..10 => self.movement(at, who, &name),
            10..25 => self.result(at, who, &name),
            25..30 => self.correction(at, who, &name),
            30..33 if has_second && !self.patients[who].merged => self.merge(at, who),
            _ => self.vitals(at, who, &name),
        }
    }

    fn vitals(&mut self, at: i64, who: usize, name: &str) -> (TopicPartition, Record) {
        if self.chance.below(8) == 0 {
            self.patients[who].course = self.chance.below(3);
        }
        let course = self.patients[who].course;
        let control = self.control();
        let taken = at - self.chance.minutes() * 60_000_000;
        let time = hl7(taken);
        let mut text = header("ORU^R01^ORU_R01", &control, at) + &person(name);
        text += &format!("OBR|1|{control}^TEST|{control}^MON|85353-1^Vital signs^LN|||{time}\r");
        for (number, (code, unit, values)) in (1..).zip(VITALS) {
            let value = values[course];
            text += &format!("OBX|{number}|NM|{code}^^LN||{value}|{unit}|||||F|||{time}\r");
        }
        self.record("oru", name, text)
    }

    fn result(&mut self, at: i64, who: usize, name: &str) -> (TopicPartition, Record) {
        let control = self.control();
        let taken = at - self.chance.minutes() * 60_000_000;
        let order = format!("L{}", self.sent);
        self.patients[who].order = Some((order.clone(), taken));
        let value = POTASSIUM[self.chance.below(POTASSIUM.len())];
        let text = potassium(name, (&control, at), (&order, taken), (value, "F"));
        self.record("oru", name, text)
    }

    fn correction(&mut self, at: i64, who: usize, name: &str) -> (TopicPartition, Record) {
        let Some((order, taken)) = self.patients[who].order.clone() else {
            return self.result(at, who, name);
        };
        let control = self.control();
        let value = POTASSIUM[self.chance.below(POTASSIUM.len())];
        let text = potassium(name, (&control, at), (&order, taken), (value, "C"));
        self.record("oru", name, text)
    }

    fn movement(&mut self, at: i64, who: usize, name: &str) -> (TopicPartition, Record) {
        let event = match (self.patients[who].admitted, self.chance.below(4)) {
            (false, _) => "A01",
            (true, 0) => "A03",
            (true, _) => "A08",
        };
        self.patients[who].admitted = event != "A03";
        let control = self.control();
        let time = hl7(at);
        let kind = format!("ADT^{event}^ADT_A01");
        let text = header(&kind, &control, at)
            + &format!("EVN|{event}|{time}\r")
            + &person(name)
            + &format!(
                "PV1|1|I|4W^412^A||||||||||||||||V{name}^^^EAST^VN{}{time}\r",
                "|".repeat(25)
            );
        self.record("adt", name, text)
    }

    fn merge(&mut self, at: i64, who: usize) -> (TopicPartition, Record) {
        self.patients[who].merged = true;
        let control = self.control();
        let name = format!("p{who}");
        let text = header("ADT^A40^ADT_A39", &control, at)
            + &format!("EVN|A40|{}\r", hl7(at))
            + &person(&name)
            + &format!("MRG|q{who}^^^EAST^MR\r");
        self.record("adt", &name, text)
    }

    /// A message as intake keeps it, received now.
    fn record(&self, kind: &str, name: &str, text: String) -> (TopicPartition, Record) {
        let received_time = BEGIN_S * 1_000_000 + self.sent * self.step_micros;
        let key = site_key().patient("EAST", name);
        let id = MessageId::derive(&[text.as_bytes()]).to_string();
        let header = |name: &str, value: &str| (name.into(), value.as_bytes().into());
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time: received_time,
            received_time,
            seal: 0,
            headers: vec![
                header("content-type", "x-application/hl7-v2+er7"),
                header("source-system", "default"),
                header("message-id", &id),
            ],
            value: Some(text.into_bytes().into()),
        };
        let partition = partition_for(key.as_bytes(), PARTITIONS);
        let topic = format!("healthcare.hl7v2.{kind}");
        (TopicPartition::new(topic, partition), record)
    }
}

fn hl7(micros: i64) -> String {
    let text = ReceivedTime::from_micros(micros).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{digits}+0000")
}

fn header(kind: &str, control: &str, at: i64) -> String {
    format!(
        "MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|{}||{kind}|{control}|P|2.5.1|||||||UNICODE UTF-8\r",
        hl7(at)
    )
}

fn person(name: &str) -> String {
    format!("PID|1||{name}^^^EAST^MR||Testperson^{name}||19500601|F\r")
}

fn potassium(
    name: &str,
    (control, at): (&str, i64),
    (order, taken): (&str, i64),
    (value, status): (&str, &str),
) -> String {
    let (taken, told) = (hl7(taken), hl7(at));
    let order = format!("{order}^TEST|{order}^LAB|2823-3^Potassium^LN");
    let value = format!("2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1||||{status}");
    header("ORU^R01^ORU_R01", control, at)
        + &person(name)
        + &format!("OBR|1|{order}|||{taken}|||||||||||||||{told}||CH|{status}\r")
        + &format!("OBX|1|NM|{value}|||{taken}\r")
}
