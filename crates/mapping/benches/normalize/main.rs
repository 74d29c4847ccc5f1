//! What a patient's own state costs: a message taken into what is known, and that written and read, beside mapping the message in the
//! same run. It is a stay in which more is ordered than is kept.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use clinical::{EventTime, MessageId, PatientKey, ReceivedTime, SiteKey};
use mapping::draft::Draft;
use mapping::map::map;
use mapping::normalize::{Input, MAX_GATHERED, Normalizer, RawInfo, State, Way};
use mapping::source::Source;

/// The allocator that the program runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many rounds of messages a stay has: each has an order, its result, a drug and a change of the visit.
const ROUNDS: usize = 2 * MAX_GATHERED;
/// How often the whole stay is taken in.
const PASSES: usize = 15;

/// 2026-03-02T00:00:00Z.
const MIDNIGHT: i64 = 1_772_409_600_000_000;

const PATIENT: PatientKey = PatientKey::from_bytes([0xaa; 16]);

/// Runs over a stay once and gives how long its parts took.
type Spent = [Duration; 4];

fn main() {
    let (source, site) = (Source::new("bench"), SiteKey::new([7; 32]));
    let stay: Vec<String> = (0..ROUNDS).flat_map(messages).collect();
    let mut all: Vec<Spent> = Vec::new();
    let (mut records, mut bytes) = (0, 0);
    for _ in 0..PASSES {
        let (spent, kept) = pass(&stay, &source, &site);
        (records, bytes) = kept;
        all.push(spent);
    }
    println!(
        "{} messages of one patient make {records} records; {bytes} bytes are kept in the end",
        stay.len()
    );
    println!("{:34} {:>10} {:>14}", "", "µs each", "of mapping");
    let names = [
        "parse, map, FHIR JSON",
        "take in",
        "write the state",
        "read the state",
    ];
    let of = |place: usize| {
        let mut spent = all.iter().filter_map(|spent| spent.get(place));
        let mut each: Vec<Duration> = spent.by_ref().copied().collect();
        each.sort();
        let median = each.get(each.len() / 2).copied().unwrap_or_default();
        median.as_secs_f64() / f64::from(u32::try_from(stay.len()).unwrap_or(u32::MAX))
    };
    for (place, name) in names.iter().enumerate() {
        let (own, first) = (of(place), of(0));
        println!(
            "{name:34} {:10.2} {:12.0} %",
            own * 1e6,
            own / first * 100.0
        );
    }
}

fn pass(stay: &[String], source: &Source, site: &SiteKey) -> (Spent, (usize, usize)) {
    let normalizer = Normalizer::default();
    let (mut state, mut kept, mut records) = (State::default(), Vec::new(), 0);
    let mut spent = Spent::default();
    for (at, text) in (1..).zip(stay) {
        let started = Instant::now();
        let drafts = mapped(text, source, site);
        let mapped = Instant::now();
        let raw = raw(text, at);
        let input = Input::Message {
            raw,
            drafts: &drafts,
        };
        let told = normalizer.step(PATIENT, &mut state, &input);
        records += told.map_or(0, |told| black_box(told).records.len());
        let taken = Instant::now();
        kept = state.encode();
        let written = Instant::now();
        black_box(State::decode(&kept)).ok();
        let read = Instant::now();
        let marks = [started, mapped, taken, written, read];
        for (sum, two) in spent.iter_mut().zip(marks.windows(2)) {
            if let [from, to] = two {
                *sum += to.duration_since(*from);
            }
        }
    }
    (spent, (records, kept.len()))
}

fn mapped(text: &str, source: &Source, site: &SiteKey) -> Vec<Draft> {
    let readable = source.readable(text.as_bytes());
    let message = readable.message();
    let mapped = map(&message, source, site, ReceivedTime::from_micros(0));
    for draft in &mapped.drafts {
        black_box(draft.to_json());
    }
    mapped.drafts
}

fn raw(text: &str, minute: i64) -> RawInfo<'_> {
    let micros = MIDNIGHT + minute * 60_000_000;
    RawInfo {
        message_id: MessageId::derive(&[text.as_bytes()]),
        addressed: PATIENT,
        message_time: EventTime::from_micros(micros),
        received_time: ReceivedTime::from_micros(micros),
        topic: "healthcare.hl7v2.adt",
        partition: 0,
        offset: minute.unsigned_abs(),
        source: "bench",
        way: Way::Mllp,
        backfill: false,
        retired: None,
        bytes: text.as_bytes(),
    }
}

/// What is said of one patient in an hour.
fn messages(round: usize) -> [String; 4] {
    let head = |kind: &str| {
        format!(
            "MSH|^~\\&|LAB|H|PW|H|2026030107{:02}||{kind}|{kind}-{round}|P|2.5.1\r\
             PID|1||4711^^^H^MR~99887766^^^SSA^SS||Doe^Jane^Q||19540211|F|||Main St 1^^Town^^12345||^PRN^PH^^^555^1234567\r\
             PV1|1|I|W3^312^1||||1234^Attending^Ann|5678^Referring^Rob|||MED||||7|||1234^Attending^Ann||V-1^^^H^VN\r",
            round % 60
        )
    };
    let order = format!("ORC|NW|P{round}^OE|F{round}^LAB||SC||||20260301||||1234^Attending^Ann\r");
    let request = format!(
        "OBR|1|P{round}^OE|F{round}^LAB|24323-8^Comprehensive panel^LN|||20260301|||||||||1234^Attending^Ann\r"
    );
    let results: String = [
        "2345-7^Glucose",
        "2823-3^Potassium",
        "2951-2^Sodium",
        "2160-0^Creatinine",
    ]
    .iter()
    .zip(1..)
    .map(|(code, at)| {
        format!(
            "OBX|{at}|NM|{code}^LN||{}|mmol/L|||||F|||20260301\r",
            at * 3
        )
    })
    .collect();
    let drug = format!(
        "ORC|NW|D{round}^OE|||||||20260301|||1234^Attending^Ann\r\
         RXE|^^^20260301|1191^Aspirin^RXNORM|75||mg|TAB||||1\r\
         RXR|PO^Oral^HL70162\r\
         TQ1|1|1|Q12H|||||20260301\r"
    );
    [
        format!("{}{order}{request}", head("ORM^O01")),
        format!("{}{order}{request}{results}", head("ORU^R01")),
        format!("{}{drug}", head("RDE^O11")),
        format!("{}DG1|1||I10^Hypertension^I10|||A\r", head("ADT^A08")),
    ]
}
