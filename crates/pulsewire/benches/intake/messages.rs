//! The messages that are sent: made here, one in three an admission's update, a laboratory's panel and a monitor's set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clinical::ReceivedTime;
use formats::mllp;

/// Messages are of so many patients, so that state is looked up and not only made.
const PATIENTS: u64 = 20_000;
/// A laboratory's panel: LOINC code, name, value, unit, range.
const PANEL: [(&str, &str, &str, &str, &str); 16] = [
    ("2823-3", "Potassium", "4.1", "mmol/L", "3.5-5.1"),
    ("2951-2", "Sodium", "139", "mmol/L", "136-145"),
    ("2075-0", "Chloride", "103", "mmol/L", "98-107"),
    ("3094-0", "Urea nitrogen", "14", "mg/dL", "7-20"),
    ("2160-0", "Creatinine", "0.9", "mg/dL", "0.6-1.2"),
    ("2345-7", "Glucose", "96", "mg/dL", "70-110"),
    ("17861-6", "Calcium", "9.4", "mg/dL", "8.6-10.3"),
    ("1742-6", "Alanine aminotransferase", "22", "U/L", "7-56"),
    ("1920-8", "Aspartate aminotransferase", "24", "U/L", "10-40"),
    ("1975-2", "Bilirubin.total", "0.7", "mg/dL", "0.1-1.2"),
    ("718-7", "Hemoglobin", "13.8", "g/dL", "12.0-17.5"),
    ("6690-2", "Leukocytes", "7.2", "10*3/uL", "4.5-11.0"),
    ("777-3", "Platelets", "250", "10*3/uL", "150-450"),
    ("4544-3", "Hematocrit", "41", "%", "36-50"),
    ("1988-5", "C reactive protein", "3", "mg/L", "0-5"),
    ("2524-7", "Lactate", "1.1", "mmol/L", "0.5-2.0"),
];
/// A monitor's set, all as it should be.
const VITALS: [(&str, &str, &str, &str); 6] = [
    ("8867-4", "Heart rate", "72", "/min"),
    ("9279-1", "Respiratory rate", "14", "/min"),
    ("59408-5", "Oxygen saturation", "98", "%"),
    ("8480-6", "Systolic blood pressure", "124", "mm[Hg]"),
    ("8462-4", "Diastolic blood pressure", "78", "mm[Hg]"),
    ("8310-5", "Body temperature", "36.8", "Cel"),
];

/// Makes messages that differ from all others of a run.
#[derive(Clone)]
pub(crate) struct Messages {
    run: u64,
    kinds: Vec<Vec<u8>>,
}

impl Messages {
    /// Prepares a run; its times are those of now.
    pub(crate) fn new() -> Self {
        let now = since_epoch();
        let time = hl7(now);
        Self {
            run: u64::try_from(now.as_millis()).unwrap_or_default(),
            kinds: vec![update(&time), panel(&time), set(&time)],
        }
    }

    /// The frame of a message.
    pub(crate) fn frame(&self, number: u64) -> Vec<u8> {
        let kind = usize::try_from(number % 3).unwrap_or_default();
        self.filled(&self.kinds[kind], number, number / 3 % PATIENTS)
    }

    /// The frame of a message of so many different patients, for a state as large as a region's.
    pub(crate) fn frame_among(&self, number: u64, patients: u64) -> Vec<u8> {
        self.filled(&self.kinds[2], number, number % patients)
    }

    /// The frame of a critical result of a patient of its own, taken at this time.
    pub(crate) fn critical(&self, number: u64, taken: &str) -> Vec<u8> {
        let text = [
            header("ORU^R01^ORU_R01", &hl7(since_epoch())),
            person(),
            format!("OBR|1||C@ID@@@@@@@@@|2823-3^Potassium^LN|||{taken}\r"),
            format!("OBX|1|NM|2823-3^Potassium^LN||7.4|mmol/L|3.5-5.1|HH|||F|||{taken}\r"),
        ];
        self.filled(
            text.concat().as_bytes(),
            number,
            PATIENTS + self.run % 1_000_000 * 100_000 + number,
        )
    }

    /// How long they are in the mean.
    pub(crate) fn mean_bytes(&self) -> usize {
        self.kinds.iter().map(Vec::len).sum::<usize>() / self.kinds.len()
    }

    fn filled(&self, template: &[u8], number: u64, patient: u64) -> Vec<u8> {
        let mut frame = mllp::encode(template);
        put(
            &mut frame,
            b"@ID@@@@@@@@@",
            self.run % 1_000_000 * 1_000_000 + number,
        );
        put(&mut frame, b"@PT@@@@@@@@@", patient);
        frame
    }
}

/// Writes a number over every mark, in as many digits.
fn put(frame: &mut [u8], mark: &[u8; 12], number: u64) {
    let digits = format!("{number:012}");
    let mut from = 0;
    while let Some(place) = memchr::memmem::find(&frame[from..], mark) {
        from += place + mark.len();
        frame[from - mark.len()..from].copy_from_slice(&digits.as_bytes()[..mark.len()]);
    }
}

/// The time since 1970.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// A time as HL7 writes it, to the millisecond.
pub(crate) fn hl7(since: Duration) -> String {
    let at =
        ReceivedTime::from_micros(i64::try_from(since.as_millis()).unwrap() * 1000).to_string();
    let (whole, fraction) = at
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((at.trim_end_matches('Z'), "0"));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}.{fraction:0<3}+0000")
}

fn header(kind: &str, time: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|NORTH|PULSEWIRE|NORTH|{time}||{kind}|@ID@@@@@@@@@|P|2.5.1|||||||UNICODE UTF-8\r"
    )
}

fn person() -> String {
    "PID|1||@PT@@@@@@@@@^^^NORTH^MR||Sample^Given^Middle||19610427|F|||12 Harbour Street^^Northtown^^12345^^H||^PRN^PH^^^555^0100\r".to_owned()
}

fn update(time: &str) -> Vec<u8> {
    let mut text = header("ADT^A08^ADT_A01", time);
    text += &format!("EVN|A08|{time}\r");
    text += &person();
    for number in 1..=3 {
        text += &format!(
            "NK1|{number}|Sample^Relative{number}|SPO^Spouse^HL70063|{number} Harbour Street^^Northtown^^12345|^PRN^PH^^^555^020{number}|||||||||||||||||||||||||\r"
        );
    }
    text += &format!(
        "PV1|1|I|4W^412^A^NORTH||||0101^Attending^Ada^^^Dr|0102^Referring^Rue|||||||||||V@PT@@@@@@@@@^^^NORTH^VN{}{time}\r",
        "|".repeat(25)
    );
    for number in 1..=4 {
        text += &format!(
            "AL1|{number}|DA^Drug allergy^HL70127|{number}0001^Substance number {number}^L|MO^Moderate^HL70128|Rash after the second dose, seen by the ward\r"
        );
        text += &format!("DG1|{number}||I10.{number}^Hypertension, stage {number}^I10|||A\r");
    }
    text.into_bytes()
}

fn panel(time: &str) -> Vec<u8> {
    let mut text = header("ORU^R01^ORU_R01", time) + &person();
    text += &format!(
        "PV1|1|I|4W^412^A^NORTH\rORC|RE|P@ID@@@@@@@@@|F@ID@@@@@@@@@\rOBR|1|P@ID@@@@@@@@@|F@ID@@@@@@@@@|24323-8^Comprehensive metabolic panel^LN|||{time}|||||||||0103^Ordering^Olu||||||{time}||LAB|F\r"
    );
    for (number, (code, name, value, unit, range)) in (1..).zip(PANEL) {
        text += &format!(
            "OBX|{number}|NM|{code}^{name}^LN||{value}|{unit}^{unit}^UCUM|{range}|N|||F|||{time}||0104^Technician^Tove\r"
        );
    }
    text += "NTE|1|L|Specimen was received in good condition and processed on the main line without repetition.\r";
    text.into_bytes()
}

fn set(time: &str) -> Vec<u8> {
    let mut text = header("ORU^R01^ORU_R01", time) + &person();
    text += &format!(
        "PV1|1|I|ICU^7^B^NORTH\rOBR|1||M@ID@@@@@@@@@|182777000^Monitoring of patient^SCT|||{time}\r"
    );
    for (number, (code, name, value, unit)) in (1..).zip(VITALS) {
        text += &format!(
            "OBX|{number}|NM|{code}^{name}^LN|1.1.1.{number}|{value}|{unit}^{unit}^UCUM|||||R|||{time}||||MON7^NORTH^0009E70000000007^EUI-64\r"
        );
    }
    text.into_bytes()
}
