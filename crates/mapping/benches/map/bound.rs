//! What nothing can be much faster than: four resource types written straight from the fields, without tables, ids of
//! their own, conditions or coverage.

use formats::hl7v2::{Component, Element, Field, Message, Repetition, Segment, Subcomponent};

/// Writes Patient, Encounter, DiagnosticReport and Observation, one a line.
pub(crate) fn write(message: &Message<'_>, out: &mut Vec<u8>) {
    let Some(pid) = message.segment(b"PID") else {
        return;
    };
    let number = pid.field(3).component(1);
    for segment in message.segments() {
        match segment.name() {
            b"PID" => patient(&segment, number, out),
            b"PV1" => encounter(&segment, number, out),
            b"OBR" => report(&segment, number, out),
            b"OBX" => observation(&segment, number, out),
            _ => continue,
        }
        out.push(b'\n');
    }
}

fn patient(pid: &Segment<'_>, number: Component<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"resourceType":"Patient","id":"#);
    string(number, out);
    identifiers(pid.field(3), out);
    out.extend_from_slice(br#","name":[{"family":"#);
    let name = pid.field(5);
    string(name.component(1), out);
    out.extend_from_slice(br#","given":["#);
    string(name.component(2), out);
    out.push(b']');
    out.extend_from_slice(b"}]");
    let mut open: &[u8] = br#","telecom":["#;
    for telecom in pid.field(13).repetitions().filter(|one| !one.is_empty()) {
        out.extend_from_slice(open);
        out.extend_from_slice(br#"{"value":"#);
        let value = telecom.component(1);
        let value = if value.is_empty() {
            telecom.component(4)
        } else {
            value
        };
        string(value, out);
        member(br#","use":"#, telecom.component(2), out);
        out.push(b'}');
        open = b",";
    }
    if open == b"," {
        out.push(b']');
    }
    let gender: &[u8] = match pid.field(8).raw() {
        b"F" => br#","gender":"female""#,
        b"M" => br#","gender":"male""#,
        b"" => b"",
        _ => br#","gender":"unknown""#,
    };
    out.extend_from_slice(gender);
    time(br#","birthDate":"#, pid.field(7).raw(), out);
    let address = pid.field(11);
    out.extend_from_slice(br#","address":[{"line":["#);
    string(address.component(1), out);
    out.push(b']');
    member(br#","city":"#, address.component(3), out);
    member(br#","state":"#, address.component(4), out);
    member(br#","postalCode":"#, address.component(5), out);
    member(br#","country":"#, address.component(6), out);
    out.extend_from_slice(b"}]}");
}

fn encounter(pv1: &Segment<'_>, number: Component<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"resourceType":"Encounter","status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"#);
    let class: &[u8] = match pv1.field(2).raw() {
        b"I" => br#""IMP"}"#,
        b"E" => br#""EMER"}"#,
        _ => br#""AMB"}"#,
    };
    out.extend_from_slice(class);
    identifiers(pv1.field(19), out);
    subject(number, out);
    practitioner(br#","participant":[{"individual":"#, pv1.field(7), out);
    if !pv1.field(7).is_empty() {
        out.extend_from_slice(b"}]");
    }
    let place = pv1.field(3);
    if !place.is_empty() {
        out.extend_from_slice(br#","location":[{"location":{"display":"#);
        string(place.component(1), out);
        out.extend_from_slice(b"}}]");
    }
    out.extend_from_slice(br#","period":{"#);
    time(br#""start":"#, pv1.field(44).raw(), out);
    out.extend_from_slice(b"}}");
}

fn report(obr: &Segment<'_>, number: Component<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"resourceType":"DiagnosticReport""#);
    status(obr.field(25).raw(), out);
    identifiers(obr.field(3), out);
    concept(br#","code":"#, obr.field(4), out);
    subject(number, out);
    time(br#","effectiveDateTime":"#, obr.field(7).raw(), out);
    time(br#","issued":"#, obr.field(22).raw(), out);
    out.push(b'}');
}

fn observation(obx: &Segment<'_>, number: Component<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"resourceType":"Observation""#);
    status(obx.field(11).raw(), out);
    concept(br#","code":"#, obx.field(3), out);
    subject(number, out);
    time(br#","effectiveDateTime":"#, obx.field(14).raw(), out);
    let value = obx.field(5);
    match obx.field(2).raw() {
        b"NM" => {
            out.extend_from_slice(br#","valueQuantity":{"value":"#);
            let is_number = formats::fhir::json::Number::parse(
                std::str::from_utf8(value.raw()).unwrap_or_default(),
            );
            out.extend_from_slice(is_number.map_or(b"0", |number| number.digits().as_bytes()));
            member(br#","unit":"#, obx.field(6).component(1), out);
            out.push(b'}');
        }
        b"CE" | b"CWE" => concept(br#","valueCodeableConcept":"#, value, out),
        _ => member(br#","valueString":"#, value, out),
    }
    if !obx.field(8).is_empty() {
        out.extend_from_slice(br#","interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"#);
        string(obx.field(8).component(1), out);
        out.extend_from_slice(b"}]}]");
    }
    if !obx.field(7).is_empty() {
        out.extend_from_slice(br#","referenceRange":[{"text":"#);
        string(obx.field(7), out);
        out.extend_from_slice(b"}]");
    }
    practitioner(br#","performer":["#, obx.field(16), out);
    if !obx.field(16).is_empty() {
        out.push(b']');
    }
    out.push(b'}');
}

fn identifiers(field: Field<'_>, out: &mut Vec<u8>) {
    if field.is_empty() {
        return;
    }
    let mut open: &[u8] = br#","identifier":["#;
    for one in field.repetitions() {
        out.extend_from_slice(open);
        out.extend_from_slice(br#"{"value":"#);
        string(one.component(1), out);
        let system = authority(&one);
        if !system.is_empty() {
            out.extend_from_slice(br#","system":"urn:oid:"#);
            escaped(system, out);
            out.push(b'"');
        }
        let kind = one.component(5);
        if !kind.is_empty() {
            out.extend_from_slice(br#","type":{"coding":[{"code":"#);
            string(kind, out);
            out.extend_from_slice(b"}]}");
        }
        out.push(b'}');
        open = b",";
    }
    out.push(b']');
}

fn authority<'m>(identifier: &Repetition<'m>) -> Subcomponent<'m> {
    identifier.component(4).subcomponent(2)
}

fn concept(name: &[u8], field: Field<'_>, out: &mut Vec<u8>) {
    if field.is_empty() {
        return;
    }
    out.extend_from_slice(name);
    out.extend_from_slice(br#"{"coding":[{"code":"#);
    coding(field, 1, out);
    if !field.component(4).is_empty() {
        out.extend_from_slice(br#"},{"code":"#);
        coding(field, 4, out);
    }
    out.extend_from_slice(br#"}],"text":"#);
    string(field.component(2), out);
    out.push(b'}');
}

fn coding(field: Field<'_>, first: usize, out: &mut Vec<u8>) {
    string(field.component(first), out);
    member(br#","display":"#, field.component(first + 1), out);
    let system: &[u8] = match field.component(first + 2).raw() {
        b"LN" => br#","system":"http://loinc.org""#,
        b"SCT" => br#","system":"http://snomed.info/sct""#,
        _ => b"",
    };
    out.extend_from_slice(system);
}

fn practitioner(name: &[u8], field: Field<'_>, out: &mut Vec<u8>) {
    if field.is_empty() {
        return;
    }
    out.extend_from_slice(name);
    out.extend_from_slice(br#"{"identifier":{"value":"#);
    string(field.component(1), out);
    out.extend_from_slice(br#"},"display":""#);
    escaped(field.component(3), out);
    out.push(b' ');
    escaped(field.component(2), out);
    out.extend_from_slice(b"\"}");
}

fn subject(number: Component<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#","subject":{"reference":"Patient/"#);
    escaped(number, out);
    out.extend_from_slice(b"\"}");
}

fn status(code: &[u8], out: &mut Vec<u8>) {
    let status: &[u8] = match code {
        b"F" => br#","status":"final""#,
        b"C" => br#","status":"corrected""#,
        b"P" => br#","status":"preliminary""#,
        _ => br#","status":"unknown""#,
    };
    out.extend_from_slice(status);
}

/// Writes `YYYYMMDDHHMMSS` as FHIR does, in UTC.
fn time(name: &[u8], digits: &[u8], out: &mut Vec<u8>) {
    let Some((date, clock)) = digits.split_at_checked(8) else {
        return;
    };
    let [a, b, c, d, e, f, g, h] = date else {
        return;
    };
    out.extend_from_slice(name);
    out.push(b'"');
    out.extend_from_slice(&[*a, *b, *c, *d, b'-', *e, *f, b'-', *g, *h]);
    if let [a, b, c, d, e, f, ..] = clock {
        out.extend_from_slice(&[b'T', *a, *b, b':', *c, *d, b':', *e, *f]);
        out.extend_from_slice(b"+00:00");
    }
    out.push(b'"');
}

fn member<Level>(name: &[u8], text: Element<'_, Level>, out: &mut Vec<u8>) {
    if !text.is_empty() {
        out.extend_from_slice(name);
        string(text, out);
    }
}

fn string<Level>(text: Element<'_, Level>, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

fn escaped<Level>(text: Element<'_, Level>, out: &mut Vec<u8>) {
    let text = text.text();
    let text = text.as_bytes();
    let needs_escape = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    if !text.iter().any(needs_escape) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        if needs_escape(byte) {
            out.extend_from_slice(b"\\u00");
            for nibble in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                out.push(u8::try_from(digit).unwrap_or(b'0'));
            }
        } else {
            out.push(*byte);
        }
    }
}
