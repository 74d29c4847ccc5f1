//! Messages that are kept as JSON of their fields, written back as HL7 v2.

use serde_json::{Map, Value};

/// Segments and groups in the order in which they stand beside each other: JSON objects do not keep it.
const ORDER: [&str; 45] = [
    "MSH",
    "EVN",
    "PID",
    "PID_1",
    "PD1",
    "PD1_1",
    "MRG",
    "NK1",
    "PV1",
    "PV1_1",
    "PV2",
    "PID_2",
    "PD1_2",
    "PV1_2",
    "SCH",
    "COMMON_ORDER",
    "ORC",
    "OBR",
    "RXE",
    "RXA",
    "RXR",
    "RGS",
    "AIS",
    "AIG",
    "AIP",
    "OBX",
    "NTE",
    "PATIENT_RESULT",
    "PATIENT",
    "VISIT",
    "PATIENT_VISIT",
    "AL1",
    "DG1",
    "GT1",
    "INSURANCE",
    "IN1",
    "IN2",
    "RESOURCES",
    "SERVICE",
    "GENERAL_RESOURCE",
    "PERSONNEL_RESOURCE",
    "ORDER",
    "ORDER_OBSERVATION",
    "OBSERVATION_REQUEST",
    "ADMINISTRATION",
];
/// Comes after all of [`ORDER`].
const LAST: &str = "OBSERVATION";
/// What joins the parts of a field: repetitions, components, subcomponents.
const SEPARATORS: [char; 3] = ['~', '^', '&'];

/// Writes the message; or says why it cannot be written without guessing.
pub(super) fn message(json: &str) -> Result<String, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let structures = value.as_object().ok_or("it is no object")?;
    let [(_, Value::Object(segments))] = &structures.iter().collect::<Vec<_>>()[..] else {
        return Err("it is not one message".into());
    };
    let mut text = String::new();
    group(segments, &mut text)?;
    Ok(text)
}

fn group(members: &Map<String, Value>, text: &mut String) -> Result<(), String> {
    let mut ordered = Vec::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let known = ORDER.iter().chain([&LAST]).position(|known| known == name);
        let place = known.ok_or_else(|| format!("the place of {name} is not known"))?;
        ordered.push((place, value));
    }
    ordered.sort_by_key(|(place, _)| *place);
    for (_, value) in ordered {
        for member in each(value) {
            let Value::Object(member) = member else {
                continue;
            };
            match member.get("0") {
                Some(Value::String(name)) => segment(name, member, text)?,
                _ => group(member, text)?,
            }
        }
    }
    Ok(())
}

fn segment(name: &str, fields: &Map<String, Value>, text: &mut String) -> Result<(), String> {
    text.push_str(name);
    let is_header = name == "MSH";
    if is_header {
        text.push_str("|^~\\&");
    }
    let first = if is_header { 3 } else { 1 };
    for number in first..=last(fields)? {
        text.push('|');
        let Some(field) = fields.get(&number.to_string()) else {
            continue;
        };
        for (place, repetition) in each(field).iter().enumerate() {
            if place > 0 {
                text.push('~');
            }
            part(repetition, &SEPARATORS[1..], text)?;
        }
    }
    text.push('\r');
    Ok(())
}

fn part(value: &Value, separators: &[char], text: &mut String) -> Result<(), String> {
    match (value, separators) {
        (Value::Null, _) => {}
        (Value::String(string), _) => escape(string, text),
        (Value::Object(parts), [separator, rest @ ..]) => {
            for number in 1..=last(parts)? {
                if number > 1 {
                    text.push(*separator);
                }
                if let Some(value) = parts.get(&number.to_string()) {
                    part(value, rest, text)?;
                }
            }
        }
        _ => return Err(format!("{value} is deeper than a subcomponent")),
    }
    Ok(())
}

/// Gives the number of the last part that holds something.
fn last(parts: &Map<String, Value>) -> Result<usize, String> {
    let mut last = 0;
    for (number, _) in parts.iter().filter(|(_, value)| !value.is_null()) {
        let number: usize = number
            .parse()
            .map_err(|_| format!("{number} is no number of a field"))?;
        last = last.max(number);
    }
    Ok(last)
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

fn escape(value: &str, text: &mut String) {
    for letter in value.chars() {
        match letter {
            '|' => text.push_str("\\F\\"),
            '^' => text.push_str("\\S\\"),
            '&' => text.push_str("\\T\\"),
            '~' => text.push_str("\\R\\"),
            '\\' => text.push_str("\\E\\"),
            '\r' | '\n' => text.push_str("\\.br\\"),
            letter => text.push(letter),
        }
    }
}
