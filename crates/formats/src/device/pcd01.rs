//! What a device said in an HL7 v2 message of IHE's profile PCD-01 (ORU^R01 with codes of 11073), as reports.

use crate::hl7v2::{Message, Segment, Timestamp};

use super::{
    Code, Decimal, Quality, Reason, Report, Sample, Series, Unreadable, moment, name, nomenclature,
    put,
};

/// What a message holds for us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// What each device measured.
    pub reports: Vec<Report>,
    /// How many OBX segments hold something else than a number of a known time, such as settings, texts and arrays.
    pub others: usize,
}

/// Where the message stands while it is read.
#[derive(Default)]
struct Place<'m> {
    order: Option<Segment<'m>>,
    /// The device that the whole group is of, from its top-level OBX.
    device: Option<Box<str>>,
}

/// Gives the offset of a time of the sender's clock, in minutes.
pub type Offsets<'o> = &'o dyn Fn(&Timestamp) -> i16;

/// Reads the numbers of a message, device by device.
///
/// # Errors
/// When a number is of no named device.
pub fn read(message: &Message<'_>, offset: Offsets<'_>) -> Result<Measured, Unreadable> {
    let mut measured = Measured::default();
    let mut place = Place::default();
    let segments: Vec<Segment<'_>> = message.segments().collect();
    for (number, segment) in segments.iter().enumerate() {
        match segment.name() {
            b"OBR" => {
                place = Place {
                    order: Some(*segment),
                    device: None,
                }
            }
            b"OBX" => {
                let after = segments.get(number + 1..).unwrap_or_default();
                take(
                    segment,
                    participation(after),
                    &mut place,
                    offset,
                    &mut measured,
                )?;
            }
            _ => {}
        }
    }
    Ok(measured)
}

/// The device of the PRT segments that follow an OBX (PRT-10).
fn participation(after: &[Segment<'_>]) -> Option<Box<str>> {
    let own = after
        .iter()
        .take_while(|segment| matches!(segment.name(), b"PRT" | b"NTE"));
    let ids = own.filter(|segment| segment.name() == b"PRT");
    ids.map(|segment| segment.field(10).component(1).text())
        .find(|id| !id.is_empty())
        .map(|id| (*id).into())
}

fn take<'m>(
    segment: &Segment<'m>,
    participation: Option<Box<str>>,
    place: &mut Place<'m>,
    offset: Offsets<'_>,
    measured: &mut Measured,
) -> Result<(), Unreadable> {
    let told = segment.field(18).component(1).text();
    let told = Some(told)
        .filter(|id| !id.is_empty())
        .map(|id| (*id).into());
    let own: Option<Box<str>> = told.or(participation);
    let containment = segment.field(4).component(1).text();
    let is_number = segment.field(2).text() == "NM" && !segment.field(3).is_empty();
    let at = taken_at(segment, place.order.as_ref(), offset);
    let (true, Some(at)) = (is_number, at) else {
        if own.is_some() {
            place.device = own;
        }
        measured.others += 1;
        return Ok(());
    };
    let device = own
        .or_else(|| place.device.clone())
        .or_else(|| by_order(place.order.as_ref()));
    let Some(device) = device.filter(|device| !device.is_empty()) else {
        let what = "a value is of no named device: give OBX-18, PRT-10 or OBR-3";
        return Err(Unreadable::new(Reason::NoDevice, what));
    };
    let code = code(segment);
    let unit = segment.field(6);
    let (number, reference) = (unit.component(1).text(), unit.component(2).text());
    let ucum = nomenclature::unit(&number);
    let unit = if ucum == number {
        nomenclature::unit(&reference)
    } else {
        ucum
    };
    let unit = if unit == reference && !number.is_empty() && !reference.starts_with("MDC_") {
        number.clone()
    } else {
        unit
    };
    let series = Series {
        channel: name(&containment, "OBX-4")?,
        unit: name(&unit, "OBX-6")?,
        waveform: false,
        code,
        samples: Vec::new(),
    };
    let value = Decimal::parse(segment.field(5).text().trim());
    let mut quality = quality(segment);
    if value.is_none() {
        quality = quality.and(Quality::NOT_AVAILABLE);
    }
    let sample = Sample {
        at: Some(at),
        value,
        quality,
        sequence: 0,
    };
    put(
        report_of(measured, name(&device, "OBX-18")?),
        series,
        sample,
    )
}

/// The report of a device, which is made where there is none.
fn report_of(measured: &mut Measured, device: Box<str>) -> &mut Report {
    let known = measured
        .reports
        .iter()
        .position(|report| report.device == device);
    let place = known.unwrap_or_else(|| {
        measured.reports.push(Report {
            device,
            ..Report::default()
        });
        measured.reports.len() - 1
    });
    measured
        .reports
        .get_mut(place)
        .expect("it was found or pushed")
}

fn by_order(order: Option<&Segment<'_>>) -> Option<Box<str>> {
    // EI: the device's name stands as the id, or as the namespace of a number.
    let filler = order?.field(3);
    let id = filler.component(3).text();
    let id = if id.is_empty() {
        filler.component(1).text()
    } else {
        id
    };
    Some((*id).into())
}

fn taken_at(
    segment: &Segment<'_>,
    order: Option<&Segment<'_>>,
    offset: Offsets<'_>,
) -> Option<i64> {
    let of = |raw: &[u8]| {
        let time = Timestamp::parse(raw).ok()?;
        moment::of(&time, offset(&time))
    };
    let own = segment.field(14);
    match own.is_empty() {
        false => of(own.component(1).raw()),
        true => of(order?.field(7).component(1).raw()),
    }
}

fn code(segment: &Segment<'_>) -> Code {
    let field = segment.field(3);
    let (code, words, system) = (
        field.component(1).text(),
        field.component(2).text(),
        field.component(3).text(),
    );
    // Some senders put the reference id where the number belongs.
    let code = if code.is_empty() { words } else { code };
    match system.is_empty() {
        true => Code::parse(&code),
        false => Code::of(&system, &code),
    }
}

/// What OBX-8 and OBX-11 say of a value.
fn quality(segment: &Segment<'_>) -> Quality {
    let flags = segment.field(8);
    let said = flags
        .repetitions()
        .filter_map(|flag| Quality::parse(&flag.component(1).text()));
    let said = said.fold(Quality::default(), Quality::and);
    match &*segment.field(11).text() {
        "X" => said.and(Quality::NOT_AVAILABLE),
        "D" | "W" => said.and(Quality::INVALID),
        "P" | "S" => said.and(Quality::EARLY),
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hl7v2;

    fn message(segments: &[&str]) -> String {
        let header = "MSH|^~\\&|MONITOR^ACDE48234567ABCD^EUI-64||||20260301100500+0100||ORU^R01^ORU_R01|1|P|2.6\r";
        let order = "OBR|1|1^MON|A1^MON^ACDE48234567ABCD^EUI-64|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||20260301100000+0100\r";
        format!("{header}{order}{}\r", segments.join("\r"))
    }

    fn measured(segments: &[&str]) -> Measured {
        read(&hl7v2::parse(message(segments).as_bytes()), &|_| 0).expect("measurements")
    }

    #[test]
    fn values_are_of_the_device_of_their_group() {
        let told = measured(&[
            "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON216^^ACDE48A7478835^EUI-64",
            "OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.3|88|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
            "OBX|3|NM|150344^MDC_TEMP^MDC|1.1.1.2|36.80|268192^MDC_DIM_DEGC^MDC|||||R|||20260301090001",
            "OBX|4|ST|68165^MDC_ATTR_SYS_TYPE^MDC|1.0.0.1|text||||||R",
        ]);
        assert_eq!(told.others, 2);
        let [report] = &told.reports[..] else {
            panic!("one device")
        };
        assert_eq!(&*report.device, "MON216");
        let values: Vec<_> = report
            .series
            .iter()
            .flat_map(|s| {
                s.samples.iter().map(|v| {
                    (
                        &*s.code.code,
                        &*s.unit,
                        &*s.channel,
                        v.value.map(|v| v.to_string()),
                        v.at,
                    )
                })
            })
            .collect();
        assert_eq!(
            values,
            [
                (
                    "147842",
                    "/min",
                    "1.1.1.3",
                    Some("88".to_owned()),
                    Some(1_772_355_600_000_000)
                ),
                (
                    "150344",
                    "Cel",
                    "1.1.1.2",
                    Some("36.80".to_owned()),
                    Some(1_772_355_601_000_000)
                ),
            ]
        );
    }

    #[test]
    fn a_participation_or_the_order_names_the_device_too() {
        let value =
            "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|97|262688^MDC_DIM_PERCENT^MDC|||||R";
        let participation = "PRT|1|UC||AUTH|||||PUMP7^^0123^EUI-64";
        let of = |segments: &[&str]| measured(segments).reports[0].device.clone();
        assert_eq!(&*of(&[value]), "ACDE48234567ABCD");
        assert_eq!(
            &*of(&[value, &participation.replace("|||||PUMP7", "||||||PUMP7")]),
            "PUMP7"
        );
        assert_eq!(&*of(&[&format!("{value}|||||||OXI9")]), "OXI9");
    }

    #[test]
    fn what_the_device_says_of_a_value_is_kept() {
        let flagged = |flags: &str, status: &str, value: &str| {
            let obx = format!("OBX|1|NM|147842^^MDC|1.1.1.1|{value}|264864||{flags}|||{status}");
            measured(&[&obx]).reports[0].series[0].samples[0]
        };
        assert!(
            flagged("QUES~H", "R", "88")
                .quality
                .has(Quality::QUESTIONABLE)
        );
        assert!(
            flagged("DEMO", "R", "88")
                .quality
                .has(Quality::DEMONSTRATION)
        );
        assert!(flagged("", "X", "").quality.has(Quality::NOT_AVAILABLE));
        assert!(flagged("", "W", "88").quality.has(Quality::INVALID));
        assert!(!flagged("H", "R", "88").quality.is_technical());
    }

    #[test]
    fn a_value_of_no_device_is_refused() {
        let text = message(&["OBX|1|NM|1^^MDC|1.1.1.1|88"])
            .replace("|A1^MON^ACDE48234567ABCD^EUI-64|", "||");
        let refused = read(&hl7v2::parse(text.as_bytes()), &|_| 0).expect_err("no device");
        assert_eq!(refused.reason, Reason::NoDevice);
    }
}
