//! The inputs: vitals of many patients in the order of arrival, with the delays of real charting.

use crate::finding::hex;
use crate::instant;
use crate::score::{CODES, CODES_COUNT};
use journal::Record;

/// How much is generated, and from which seed: the same plan gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) records: u64,
    pub(crate) patients: u64,
    pub(crate) seed: u64,
    /// Values are padded to so many bytes.
    pub(crate) value_bytes: usize,
    /// Each patient comes once before any comes again.
    pub(crate) each_first: bool,
}

/// 2026-03-01T00:00:00Z.
const START_MILLIS: i64 = 1_772_323_200_000;
/// A patient's vitals arrive so far apart on average.
const INTERVAL_MILLIS: u64 = 5 * 60 * 1000;
/// After the last vital, time goes on by so much: every gap comes due.
const END_MILLIS: i64 = 2 * 60 * 60 * 1000;
/// One in so many vitals corrects the one before it of the same patient.
const CORRECTION_EVERY: u64 = 200;
/// How long a value is: what a small FHIR Observation takes.
pub(crate) const VALUE_BYTES: usize = 480;

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// How late a vital is charted: share of vitals in thousandths, and minutes.
///
/// The shares are those of intensive-care charting (MIMIC-III demo: chart time to store time of 758,355 rows; median
/// 14 minutes, 17 % over 1 hour, 4.5 % over 2 hours); those stored early count as half a minute.
const DELAYS: [(u64, f64); 8] = [
    (0, 0.5),
    (500, 14.0),
    (510, 15.0),
    (670, 30.0),
    (830, 60.0),
    (955, 120.0),
    (993, 240.0),
    (1000, 480.0),
];

/// What a code's values are like.
struct Kind {
    display: &'static str,
    unit: &'static str,
    /// In hundredths, as all values.
    base: i64,
    step: i64,
    grain: i64,
    max: i64,
}

const fn kind(
    (display, unit): (&'static str, &'static str),
    base: i64,
    step: i64,
    grain: i64,
    max: i64,
) -> Kind {
    Kind {
        display,
        unit,
        base,
        step,
        grain,
        max,
    }
}

const KINDS: [Kind; CODES_COUNT] = [
    kind(("Heart rate", "/min"), 7800, 1500, 100, 25_000),
    kind(("Respiratory rate", "/min"), 1600, 350, 100, 6000),
    kind(("Oxygen saturation", "%"), 9700, 200, 100, 10_000),
    kind(
        ("Systolic blood pressure", "mm[Hg]"),
        12_800,
        2200,
        100,
        30_000,
    ),
    kind(
        ("Diastolic blood pressure", "mm[Hg]"),
        7500,
        1600,
        100,
        20_000,
    ),
    kind(("Body temperature", "Cel"), 3700, 80, 10, 4300),
    kind(
        ("Glasgow coma score total", "{score}"),
        1480,
        100,
        100,
        1500,
    ),
];

/// The patient as the next values see them.
#[derive(Clone, Copy, Debug)]
struct Patient {
    /// How far each code's value is from its base.
    apart: [i64; CODES_COUNT],
    /// The last vital: code and effective time.
    last: Option<(usize, i64)>,
}

/// Gives the vitals one after the other; their received times rise.
#[derive(Debug)]
pub(crate) struct Generator {
    plan: Plan,
    made: u64,
    random: u64,
    patients: Vec<Patient>,
}

impl Generator {
    /// Starts at the first vital.
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            made: 0,
            random: plan.seed,
            patients: (0..plan.patients)
                .map(|number| Patient::new(mix(plan.seed) ^ number))
                .collect(),
        }
    }

    /// Gives the record that ends each partition: without a key, it only moves time.
    pub(crate) fn end(plan: Plan) -> Record {
        let time = (received(plan, plan.records) + END_MILLIS) * 1000;
        Record {
            event_time: time,
            received_time: time,
            ..Record::default()
        }
    }

    /// The SplitMix64 sequence (Steele, Lea, Flood 2014): small, and good enough for inputs.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(GOLDEN);
        mix(self.random)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit
    }

    fn delay_millis(&mut self) -> i64 {
        let (share, fraction) = (self.below(1000), self.below(1000));
        let pairs = DELAYS.iter().zip(DELAYS.iter().skip(1));
        let found = pairs.rev().find(|((from, _), _)| *from <= share);
        let ((from, least), (to, most)) = found.expect("the shares begin at 0");
        let minute_millis =
            |minutes: f64| std::time::Duration::from_secs_f64(minutes * 60.0).as_millis();
        let (least, most) = (minute_millis(*least), minute_millis(*most));
        let part = u128::from((share - from) * 1000 + fraction);
        let millis = least + (most - least) * part / u128::from((to - from) * 1000);
        i64::try_from(millis).expect("delays are hours")
    }
}

impl Iterator for Generator {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.made == self.plan.records {
            return None;
        }
        let received = received(self.plan, self.made);
        let mut number = self.below(self.plan.patients);
        if self.plan.each_first && self.made < self.plan.patients {
            number = self.made;
        }
        self.made += 1;
        let is_correction = self.below(CORRECTION_EVERY) == 0;
        let mut code = usize::try_from(self.below(CODES_COUNT as u64)).expect("few codes");
        let mut effective = received - self.delay_millis();
        let noise = self.random();
        let patient = usize::try_from(number)
            .ok()
            .and_then(|at| self.patients.get_mut(at));
        let patient = patient.expect("below the number of patients");
        let corrects = patient.last.filter(|_| is_correction);
        if let Some(last) = corrects {
            (code, effective) = last;
        }
        patient.last = Some((code, effective));
        let value = patient.next_value(code, noise);
        let key = key_of(self.plan.seed, number);
        let vital = Written {
            number: self.made,
            status: if corrects.is_some() {
                "corrected"
            } else {
                "final"
            },
            key: &key,
            code,
            value,
            effective,
            received,
            value_bytes: self.plan.value_bytes,
        };
        Some(Record {
            key: key.into(),
            event_time: effective * 1000,
            received_time: received * 1000,
            value: Some(vital.to_json().into_bytes().into()),
            ..Record::default()
        })
    }
}

impl Patient {
    /// Starts anywhere within a few steps of the base: some are ill from the first value on.
    fn new(seed: u64) -> Self {
        let mut apart = [0; CODES_COUNT];
        for (code, (apart, kind)) in (1_u64..).zip(apart.iter_mut().zip(&KINDS)) {
            *apart = within(
                mix(seed.wrapping_add(code.wrapping_mul(GOLDEN))),
                kind.step * 3,
            );
        }
        Self { apart, last: None }
    }

    /// Goes a random step, drawn back to the base.
    fn next_value(&mut self, code: usize, noise: u64) -> i64 {
        let kind = KINDS.get(code).expect("a known code");
        let apart = self.apart.get_mut(code).expect("a known code");
        *apart = *apart * 15 / 16 + within(noise, kind.step);
        let value = (kind.base + *apart).clamp(0, kind.max);
        (value + kind.grain / 2) / kind.grain * kind.grain
    }
}

/// A vital that is to be written.
struct Written<'a> {
    number: u64,
    status: &'a str,
    key: &'a [u8],
    code: usize,
    value: i64,
    effective: i64,
    received: i64,
    value_bytes: usize,
}

impl Written<'_> {
    fn to_json(&self) -> String {
        let kind = KINDS.get(self.code).expect("a known code");
        let code = CODES.get(self.code).expect("a known code");
        let (id, status, patient) = (mix(self.number), self.status, hex(self.key));
        let (display, unit, value) = (kind.display, kind.unit, decimal(self.value));
        let effective = instant::format(self.effective);
        let issued = instant::format(self.received);
        let mut json = format!(
            r#"{{"resourceType":"Observation","id":"{id:016x}","status":"{status}","category":"vital-signs","patient":"{patient}","code":"{code}","display":"{display}","value":{value},"unit":"{unit}","effective":"{effective}","issued":"{issued}","performer":"Practitioner/{:04}","device":"bedside monitor, channel {}","note":""#,
            id % 10_000,
            id % 8,
        );
        let text =
            "Taken at rest, the patient lying on the left side; the cuff was changed before. ";
        while json.len() + 2 < self.value_bytes {
            let left = self.value_bytes - 2 - json.len();
            json.extend(text.chars().take(left));
        }
        json.push_str("\"}");
        json
    }
}

/// Gives when a vital is received: all patients together keep to the interval.
fn received(plan: Plan, number: u64) -> i64 {
    let after = u128::from(number) * u128::from(INTERVAL_MILLIS) / u128::from(plan.patients);
    START_MILLIS + i64::try_from(after).expect("a run spans days")
}

/// Gives a number at most `most` from 0.
fn within(noise: u64, most: i64) -> i64 {
    let width = most.unsigned_abs() * 2 + 1;
    i64::try_from(noise % width).expect("steps are small") - most
}

fn key_of(seed: u64, number: u64) -> [u8; 16] {
    let mut key = [0; 16];
    let halves = [mix(seed ^ GOLDEN) ^ number, number ^ GOLDEN].map(|half| mix(half).to_be_bytes());
    key.iter_mut()
        .zip(halves.as_flattened())
        .for_each(|(to, from)| *to = *from);
    key
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn decimal(hundredths: i64) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match (rest, rest % 10) {
        (0, _) => format!("{whole}"),
        (_, 0) => format!("{whole}.{}", rest / 10),
        _ => format!("{whole}.{rest:02}"),
    }
}
