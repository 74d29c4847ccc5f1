//! Messages as senders write them, made for these tests.

use std::time::Duration;

use clinical::ReceivedTime;

use crate::setting::now;

/// A time as HL7 writes it, so many minutes ago.
pub(crate) fn minutes_ago(minutes: u64) -> String {
    hl7(now().minus(Duration::from_secs(60 * minutes)))
}

fn hl7(at: ReceivedTime) -> String {
    let digits: String = at
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    format!("{digits}+0000")
}

/// Segments as a message has them.
pub(crate) fn lines(segments: &[&str]) -> Vec<u8> {
    segments
        .iter()
        .flat_map(|segment| [segment.as_bytes(), b"\r"])
        .flatten()
        .copied()
        .collect()
}

/// The first segment of a message.
pub(crate) fn header(kind: &str, control_id: &str) -> String {
    format!(
        "MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|{}||{kind}|{control_id}|P|2.5.1|||||||UNICODE UTF-8",
        minutes_ago(0)
    )
}

/// Who a patient is.
pub(crate) fn person(number: &str) -> String {
    format!("PID|1||{number}^^^EAST^MR||Testperson^{number}||19500601|F")
}

/// Somebody was admitted.
pub(crate) fn admission(number: &str, control_id: &str) -> Vec<u8> {
    let event = format!("EVN|A01|{}", minutes_ago(30));
    let visit = format!(
        "PV1|1|I|4W^412^A||||||||||||||||V{number}^^^EAST^VN{}{}",
        "|".repeat(25),
        minutes_ago(30)
    );
    lines(&[
        &header("ADT^A01^ADT_A01", control_id),
        &event,
        &person(number),
        &visit,
    ])
}

/// One identity goes into another.
pub(crate) fn merge(survivor: &str, retired: &str, control_id: &str) -> Vec<u8> {
    let event = format!("EVN|A40|{}", minutes_ago(0));
    let gone = format!("MRG|{retired}^^^EAST^MR");
    lines(&[
        &header("ADT^A40^ADT_A39", control_id),
        &event,
        &person(survivor),
        &gone,
    ])
}

/// A laboratory's result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Potassium<'r> {
    pub(crate) patient: &'r str,
    pub(crate) control_id: &'r str,
    /// The laboratory's number of the order, which a correction repeats.
    pub(crate) order: &'r str,
    pub(crate) taken: &'r str,
    pub(crate) value: &'r str,
    /// OBX-11: `F` final, `C` corrected.
    pub(crate) status: &'r str,
}

/// A potassium in mmol/L.
pub(crate) fn potassium(result: &Potassium<'_>) -> Vec<u8> {
    let Potassium {
        patient,
        control_id,
        order,
        taken,
        value,
        status,
    } = result;
    let panel = format!(
        "OBR|1|{order}^TEST|{order}^LAB|2823-3^Potassium^LN|||{taken}|||||||||||||||{}||CH|{status}",
        minutes_ago(0)
    );
    let value =
        format!("OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1||||{status}|||{taken}");
    lines(&[
        &header("ORU^R01^ORU_R01", control_id),
        &person(patient),
        &panel,
        &value,
    ])
}

/// A set of vital signs that scores high, or one that does not.
pub(crate) fn vitals(patient: &str, control_id: &str, taken: &str, ill: bool) -> Vec<u8> {
    let values = if ill {
        [
            ("9279-1", "26", "/min"),
            ("59408-5", "91", "%"),
            ("8480-6", "98", "mm[Hg]"),
            ("8867-4", "118", "/min"),
            ("8310-5", "38.4", "Cel"),
        ]
    } else {
        [
            ("9279-1", "16", "/min"),
            ("59408-5", "97", "%"),
            ("8480-6", "128", "mm[Hg]"),
            ("8867-4", "78", "/min"),
            ("8310-5", "36.8", "Cel"),
        ]
    };
    let mut segments = vec![
        header("ORU^R01^ORU_R01", control_id),
        person(patient),
        format!("OBR|1|{control_id}^TEST|{control_id}^MON|85353-1^Vital signs^LN|||{taken}"),
    ];
    for (number, (code, value, unit)) in (1..).zip(values) {
        segments.push(format!(
            "OBX|{number}|NM|{code}^^LN||{value}|{unit}|||||F|||{taken}"
        ));
    }
    lines(&segments.iter().map(String::as_str).collect::<Vec<_>>())
}
