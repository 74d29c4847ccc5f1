//! The messages as their senders write them: HL7 v2.5.1, segment by segment.

use clinical::EventTime;
use formats::hl7v2::{Charset, Separators, Writer};

use super::patient::{Bed, Class, Patient, Staff, Stay};

/// The hospital; also the authority that gives record and visit numbers.
pub(super) const FACILITY: &str = "HARBOURSIDE";

/// A system that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Administration,
    Laboratory,
    Monitors,
    Charting,
}

impl Sender {
    pub(super) const COUNT: usize = 4;

    const fn application(self) -> &'static str {
        match self {
            Self::Administration => "PAS",
            Self::Laboratory => "LIS",
            Self::Monitors => "BEDSIDE",
            Self::Charting => "NURSECHART",
        }
    }

    /// Gives the letter that its control ids begin with.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Administration => 'A',
            Self::Laboratory => 'L',
            Self::Monitors => 'M',
            Self::Charting => 'N',
        }
    }
}

/// What the header of a message says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading<'a> {
    pub(super) sender: Sender,
    pub(super) control: &'a str,
    pub(super) at: EventTime,
}

/// Something ordered, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) number: String,
    pub(super) code: (&'static str, &'static str),
    /// The section that answers (HL7 table 0074).
    pub(super) section: &'static str,
    pub(super) status: &'static str,
    pub(super) taken: EventTime,
    pub(super) results: Vec<Reading>,
}

impl Report {
    /// Sets how far the report and all in it have come.
    pub(super) fn set_status(&mut self, status: &'static str) {
        self.status = status;
        self.results
            .iter_mut()
            .for_each(|reading| reading.status = status);
    }
}

/// One result or vital sign.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) code: (&'static str, &'static str),
    pub(super) value: Answer,
    pub(super) unit: &'static str,
    pub(super) range: String,
    pub(super) flag: &'static str,
    pub(super) status: &'static str,
    pub(super) note: &'static str,
    pub(super) by: Option<&'static Staff>,
    pub(super) device: String,
}

/// What a reading says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    None,
    Number(String),
    Coded(&'static str, &'static str),
    Text(&'static str),
}

/// Writes an admission message; `extra` adds what only this event has.
pub(super) fn administration(
    heading: Heading<'_>,
    event: (&str, &str),
    patient: &Patient,
    stay: Option<&Stay>,
    discharged: Option<(EventTime, &str)>,
) -> Writer {
    let mut writer = start(heading, ("ADT", event.0, event.1));
    writer.segment("EVN").field(2).text(&digits(heading.at));
    writer
        .field(6)
        .text(&digits(heading.at))
        .field(7)
        .text(FACILITY);
    person(&mut writer, patient);
    let Some(stay) = stay else {
        writer.segment("PV1").field(1).text("1").field(2).text("N");
        return writer;
    };
    visit(&mut writer, stay);
    if let Some((at, disposition)) = discharged {
        writer.field(36).text(disposition);
        writer
            .field(44)
            .text(&digits(stay.admitted))
            .field(45)
            .text(&digits(at));
    } else {
        writer.field(44).text(&digits(stay.admitted));
    }
    writer
        .segment("ZPV")
        .field(1)
        .text("1")
        .field(2)
        .text("HOUSE&DIET");
    writer.field(3).text(stay.bed.unit.service());
    writer
}

/// Writes the merge of an identity that goes into the patient's own.
pub(super) fn merge(heading: Heading<'_>, survivor: &Patient, retired: &Patient) -> Vec<u8> {
    let mut writer = start(heading, ("ADT", "A40", "ADT_A39"));
    writer.segment("EVN").field(2).text(&digits(heading.at));
    writer.field(6).text(&digits(heading.at));
    person(&mut writer, survivor);
    writer.segment("MRG").field(1);
    identifier(&mut writer, &retired.record_number, "MR");
    writer.finish()
}

/// Writes results; without a patient where a device was never told whose it is.
pub(super) fn results(
    heading: Heading<'_>,
    patient: Option<&Patient>,
    reports: &[Report],
) -> Vec<u8> {
    let mut writer = start(heading, ("ORU", "R01", "ORU_R01"));
    match patient {
        Some(patient) => person(&mut writer, patient),
        None => {
            writer.segment("PID").field(1).text("1");
        }
    }
    if let Some(stay) = patient.and_then(|patient| patient.stay.as_ref()) {
        visit(&mut writer, stay);
    }
    let mut place = 0_usize;
    for (order, report) in reports.iter().enumerate() {
        write_order(&mut writer, order + 1, report, heading.at);
        for reading in &report.results {
            place += 1;
            write_reading(&mut writer, place, reading, report.taken);
        }
    }
    writer.finish()
}

fn start(heading: Heading<'_>, kind: (&str, &str, &str)) -> Writer {
    let mut writer = Writer::new("MSH", Separators::STANDARD, Charset::Utf8);
    writer.field(3).text(heading.sender.application());
    writer
        .field(4)
        .text(FACILITY)
        .field(5)
        .text("PULSEWIRE")
        .field(6)
        .text(FACILITY);
    writer.field(7).text(&digits(heading.at));
    writer
        .field(9)
        .text(kind.0)
        .component(2)
        .text(kind.1)
        .component(3)
        .text(kind.2);
    writer.field(10).text(heading.control).field(11).text("P");
    writer
        .field(12)
        .text("2.5.1")
        .field(18)
        .text("UNICODE UTF-8");
    writer
}

fn person(writer: &mut Writer, patient: &Patient) {
    writer.segment("PID").field(1).text("1").field(3);
    identifier(writer, &patient.record_number, "MR");
    writer
        .field(5)
        .text(&patient.family)
        .component(2)
        .text(patient.given)
        .component(7)
        .text("L");
    writer
        .field(7)
        .text(&patient.born)
        .field(8)
        .text(patient.sex);
    if !patient.street.is_empty() {
        writer
            .field(11)
            .text(&patient.street)
            .component(3)
            .text("Harbourside")
            .component(7)
            .text("H");
    }
    writer.field(13);
    if patient.telephone.is_empty() {
        // The sender says that it has no number, so that the one known before is dropped.
        writer.null();
    } else {
        writer
            .text(&patient.telephone)
            .component(2)
            .text("PRN")
            .component(3)
            .text("PH");
    }
    if let Some(died) = patient.died {
        writer.field(29).text(&digits(died)).field(30).text("Y");
    }
}

fn identifier(writer: &mut Writer, value: &str, kind: &str) {
    writer
        .component(1)
        .text(value)
        .component(4)
        .text(FACILITY)
        .component(5)
        .text(kind);
}

fn visit(writer: &mut Writer, stay: &Stay) {
    let class = match stay.class {
        Class::Emergency => "E",
        Class::Inpatient => "I",
    };
    writer
        .segment("PV1")
        .field(1)
        .text("1")
        .field(2)
        .text(class)
        .field(3);
    bed(writer, stay.bed);
    writer.field(4).text(if stay.class == Class::Emergency {
        "E"
    } else {
        "R"
    });
    if let Some(before) = stay.bed_before {
        writer.field(6);
        bed(writer, before);
    }
    writer.field(7);
    staff(writer, stay.doctor, Some("Dr"));
    writer.field(10).text(stay.bed.unit.service()).field(19);
    identifier(writer, &stay.visit_number, "VN");
}

fn bed(writer: &mut Writer, bed: Bed) {
    let (room, place) = bed.room();
    writer
        .component(1)
        .text(bed.unit.code())
        .component(2)
        .text(&room);
    writer.component(3).text(place).component(4).text(FACILITY);
}

fn staff(writer: &mut Writer, staff: &Staff, title: Option<&str>) {
    writer
        .component(1)
        .text(staff.id)
        .component(2)
        .text(staff.family)
        .component(3)
        .text(staff.given);
    writer
        .component(6)
        .text(title.unwrap_or_default())
        .component(9)
        .text(FACILITY);
}

fn write_order(writer: &mut Writer, place: usize, report: &Report, issued: EventTime) {
    writer.segment("OBR").field(1).text(&place.to_string());
    writer
        .field(2)
        .text(&report.number)
        .component(2)
        .text("ORDERS");
    writer
        .field(3)
        .text(&report.number)
        .component(2)
        .text(report.section);
    writer
        .field(4)
        .text(report.code.0)
        .component(2)
        .text(report.code.1)
        .component(3)
        .text("LN");
    writer
        .field(7)
        .text(&digits(report.taken))
        .field(22)
        .text(&digits(issued));
    writer
        .field(24)
        .text(report.section)
        .field(25)
        .text(report.status);
}

fn write_reading(writer: &mut Writer, place: usize, reading: &Reading, taken: EventTime) {
    let kind = match reading.value {
        Answer::None => "",
        Answer::Number(_) => "NM",
        Answer::Coded(..) => "CWE",
        Answer::Text(_) => "ST",
    };
    writer
        .segment("OBX")
        .field(1)
        .text(&place.to_string())
        .field(2)
        .text(kind);
    writer
        .field(3)
        .text(reading.code.0)
        .component(2)
        .text(reading.code.1)
        .component(3)
        .text("LN");
    writer.field(5);
    match &reading.value {
        Answer::None => {}
        Answer::Number(number) => {
            writer.text(number);
        }
        Answer::Coded(code, words) => {
            writer
                .text(code)
                .component(2)
                .text(words)
                .component(3)
                .text("SCT");
        }
        Answer::Text(text) => {
            writer.text(text);
        }
    }
    if !reading.unit.is_empty() {
        writer.field(6).text(reading.unit).component(3).text("UCUM");
    }
    writer
        .field(7)
        .text(&reading.range)
        .field(8)
        .text(reading.flag);
    writer
        .field(11)
        .text(reading.status)
        .field(14)
        .text(&digits(taken));
    if let Some(by) = reading.by {
        writer.field(16);
        staff(writer, by, None);
    }
    writer.field(18).text(&reading.device);
    if !reading.note.is_empty() {
        writer
            .segment("NTE")
            .field(1)
            .text("1")
            .field(3)
            .text(reading.note);
    }
}

/// Writes a time as HL7 does, to the second, in UTC and saying so.
pub(super) fn digits(at: EventTime) -> String {
    let text = at.to_string();
    let whole: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    format!("{whole}+0000")
}

/// Writes a number that is kept in units of its last digit.
pub(super) fn fixed(value: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    if places == 0 {
        return value.to_string();
    }
    let (whole, rest) = (value / unit, value.abs() % unit);
    let width = usize::try_from(places).unwrap_or_default();
    format!("{whole}.{rest:0width$}")
}
