//! The stored form of what is kept for measures: versioned, compact, and readable for ever.

use clinical::unit::Unit;
use clinical::{
    Age, AgeUnit, CareClass, CareDetail, CareFact, CareGender, CareStatus, CareValue, Decimal,
    Diagnosis, EventId, EventTime, FindingId, Members, Moment, Origin, PatientKey, Place,
    ReceivedTime, When,
};

use super::Measure;
use super::gap::{GapStatus, Line};
use super::record::{MAX_PARTS, MAX_RECORDS, MeasureState, Record, Source};
use crate::DecodeError;
use crate::state::wire::{Bytes, signed, unsigned};

/// The version that is written; every earlier one will be read as well.
const VERSION: u8 = 1;
/// The most lines that are read: each record may be a visit that each measure counts in each of two years.
const MAX_LINES: usize = 2 * MAX_RECORDS * Measure::ALL.len();

impl MeasureState {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the state at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        out.push(VERSION);
        out.push(u8::from(self.retired.is_some()));
        if let Some(retired) = self.retired {
            out.extend_from_slice(retired.as_bytes());
        }
        out.extend(self.reduced_by.to_be_bytes());
        count(out, self.records.len());
        let mut last = 0;
        for one in &self.records {
            record(out, one, &mut last);
        }
        count(out, self.lines.len());
        for one in &self.lines {
            line(out, one);
        }
        true
    }

    /// Reads a stored state.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut bytes = Bytes(bytes);
        match bytes.byte() {
            None => Ok(Self::default()),
            Some(VERSION) => read(&mut bytes)
                .filter(|_| bytes.0.is_empty())
                .ok_or(DecodeError::Damaged),
            Some(other) => Err(DecodeError::Version(other)),
        }
    }
}

fn read(bytes: &mut Bytes<'_>) -> Option<MeasureState> {
    let retired = match bytes.byte()? {
        0 => None,
        _ => PatientKey::from_slice(bytes.take(16)?),
    };
    let mut state = MeasureState {
        retired,
        reduced_by: bytes.eight()?,
        ..MeasureState::default()
    };
    let mut last = 0;
    for _ in 0..bytes.length(MAX_RECORDS)? {
        state.records.push(bytes.record(&mut last)?);
    }
    for _ in 0..bytes.length(MAX_LINES)? {
        state.lines.push(bytes.gap()?);
    }
    Some(state)
}

fn count(out: &mut Vec<u8>, count: usize) {
    unsigned(out, count as u128);
}

fn place<T: PartialEq>(list: impl IntoIterator<Item = T>, item: &T) -> u8 {
    let place = list.into_iter().position(|known| known == *item);
    place
        .and_then(|place| u8::try_from(place).ok())
        .expect("the list has every value of the type")
}

fn record(out: &mut Vec<u8>, record: &Record, last: &mut i64) {
    let flags = record.kind | u8::from(record.fact.is_some()) << 4;
    out.push(flags | place(Source::ALL, &record.source) << 5);
    out.extend(record.resource.to_be_bytes());
    out.extend_from_slice(record.event.as_bytes());
    signed(out, record.known.micros().wrapping_sub(*last));
    *last = record.known.micros();
    unsigned(out, u128::from(record.origin.partition));
    unsigned(out, u128::from(record.origin.offset));
    if let Some(fact) = &record.fact {
        out.push(place(
            CareStatus::ALL.map(|(status, _)| status),
            &fact.status,
        ));
        members(out, fact.members);
        when(out, fact.when);
        detail(out, &fact.detail);
    }
}

fn members(out: &mut Vec<u8>, members: Members) {
    count(out, members.numbers().count());
    out.extend(members.numbers());
}

/// Times are written as what they are, so that a day stays a day.
fn moment(out: &mut Vec<u8>, moment: Moment) {
    let (kind, value) = match moment {
        Moment::At(at) => {
            // Most times are whole seconds.
            let micros = at.micros();
            match micros % 1_000_000 {
                0 => (0, micros / 1_000_000),
                _ => (1, micros),
            }
        }
        Moment::Day(day) => (2, i64::from(day)),
        Moment::Month(month) => (3, i64::from(month)),
        Moment::Year(year) => (4, i64::from(year)),
    };
    out.push(kind);
    signed(out, value);
}

fn when(out: &mut Vec<u8>, when: When) {
    match when {
        When::Unsaid => out.push(0),
        When::At(at) => {
            out.push(1);
            moment(out, at);
        }
        When::Period(start, end) => {
            out.push(2 + u8::from(start.is_some()) + 2 * u8::from(end.is_some()));
            for end in [start, end].into_iter().flatten() {
                moment(out, end);
            }
        }
        When::Age(from, to) => {
            out.push(6);
            for age in [from, to] {
                out.push(place(AgeUnit::ALL, &age.unit));
                signed(out, i64::from(age.count));
            }
        }
    }
}

fn value(out: &mut Vec<u8>, value: CareValue) {
    match value {
        CareValue::None => out.push(0),
        CareValue::Number(value, unit) => {
            out.extend([1, unit.number()]);
            let scale = u8::try_from(value.scale()).expect("a decimal has at most 28 places");
            out.push(scale);
            let mantissa = value.mantissa();
            unsigned(out, mantissa.unsigned_abs() << 1 | u128::from(mantissa < 0));
        }
        CareValue::Coded(coded) => {
            out.push(2);
            members(out, coded);
        }
        CareValue::Other => out.push(3),
    }
}

fn link(out: &mut Vec<u8>, link: Option<u64>) {
    out.push(u8::from(link.is_some()));
    if let Some(link) = link {
        out.extend(link.to_be_bytes());
    }
}

fn detail(out: &mut Vec<u8>, detail: &CareDetail) {
    match detail {
        CareDetail::Patient { born, gender } => {
            out.push(place(CareGender::ALL, gender) << 1 | u8::from(born.is_some()));
            if let Some(born) = born {
                moment(out, *born);
            }
        }
        CareDetail::Encounter {
            class,
            discharge,
            diagnoses,
            places,
        } => {
            out.push(place(CareClass::ALL.map(|(class, _)| class), class));
            members(out, *discharge);
            count(out, diagnoses.len());
            for diagnosis in diagnoses {
                out.extend(diagnosis.condition.to_be_bytes());
                out.push(u8::from(diagnosis.first));
                members(out, diagnosis.used);
            }
            count(out, places.len());
            for place in places {
                out.extend(place.location.to_be_bytes());
                when(out, place.when);
            }
        }
        CareDetail::Condition {
            active,
            abatement,
            site,
        } => {
            out.push(u8::from(*active));
            when(out, *abatement);
            members(out, *site);
        }
        CareDetail::Observation {
            survey,
            laboratory,
            pressure,
            value: result,
            components,
            encounter,
        } => {
            out.push(u8::from(*survey) | u8::from(*laboratory) << 1 | u8::from(*pressure) << 2);
            value(out, *result);
            count(out, components.len());
            for (part, result) in components {
                members(out, *part);
                value(out, *result);
            }
            link(out, *encounter);
        }
        CareDetail::ServiceRequest { ordered } | CareDetail::DeviceRequest { ordered } => {
            out.push(u8::from(*ordered));
        }
        CareDetail::MedicationRequest {
            ordered,
            medication,
        } => {
            out.push(u8::from(*ordered));
            link(out, *medication);
        }
        CareDetail::MedicationAdministration { medication } => link(out, *medication),
        CareDetail::Procedure | CareDetail::Medication | CareDetail::Location => {}
    }
}

fn line(out: &mut Vec<u8>, line: &Line) {
    out.push(line.measure.number());
    signed(out, i64::from(line.year));
    unsigned(out, u128::from(line.visit));
    signed(out, line.as_of.micros());
    unsigned(out, u128::from(line.revision));
    out.extend_from_slice(line.finding.as_bytes());
    out.extend(line.digest.to_be_bytes());
    out.push(place(GapStatus::ALL, &line.status) | u8::from(line.was_closed) << 4);
}

impl Bytes<'_> {
    fn flag(&mut self) -> Option<bool> {
        Some(self.byte()? & 1 == 1)
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(usize::from(self.byte()?)).copied()
    }

    fn record(&mut self, last: &mut i64) -> Option<Record> {
        let flags = self.byte()?;
        let kind = flags & 0xf;
        let source = *Source::ALL.get(usize::from(flags >> 5))?;
        let resource = self.eight()?;
        let event = EventId::from_slice(self.take(16)?)?;
        *last = last.wrapping_add(self.signed()?);
        let origin = Origin {
            partition: u16::try_from(self.unsigned()?).ok()?,
            offset: u64::try_from(self.unsigned()?).ok()?,
        };
        let fact = if flags >> 4 & 1 == 1 {
            Some(CareFact {
                resource,
                status: self.of(&CareStatus::ALL)?.0,
                members: self.members()?,
                when: self.when()?,
                detail: self.detail(kind)?,
            })
        } else {
            None
        };
        Some(Record {
            kind,
            resource,
            known: ReceivedTime::from_micros(*last),
            event,
            origin,
            source,
            fact,
        })
    }

    fn members(&mut self) -> Option<Members> {
        let mut members = Members::NONE;
        for _ in 0..self.length(usize::from(Members::LISTS))? {
            members = members.and(Members::of(self.byte()?)?);
        }
        Some(members)
    }

    fn moment(&mut self) -> Option<Moment> {
        let kind = self.byte()?;
        let value = self.signed()?;
        let small = || i32::try_from(value).ok();
        Some(match kind {
            0 => Moment::At(EventTime::from_micros(value.checked_mul(1_000_000)?)),
            1 => Moment::At(EventTime::from_micros(value)),
            2 => Moment::Day(small()?),
            3 => Moment::Month(small()?),
            4 => Moment::Year(small()?),
            _ => return None,
        })
    }

    fn when(&mut self) -> Option<When> {
        let kind = self.byte()?;
        Some(match kind {
            0 => When::Unsaid,
            1 => When::At(self.moment()?),
            2..=5 => {
                let start = if kind & 1 == 1 {
                    Some(self.moment()?)
                } else {
                    None
                };
                let end = if kind >= 4 {
                    Some(self.moment()?)
                } else {
                    None
                };
                When::Period(start, end)
            }
            6 => When::Age(self.age()?, self.age()?),
            _ => return None,
        })
    }

    fn age(&mut self) -> Option<Age> {
        let unit = self.of(&AgeUnit::ALL)?;
        let count = i32::try_from(self.signed()?).ok()?;
        Some(Age { count, unit })
    }

    fn value(&mut self) -> Option<CareValue> {
        Some(match self.byte()? {
            0 => CareValue::None,
            1 => {
                let unit = Unit::from_number(self.byte()?)?;
                let scale = u32::from(self.byte()?);
                let folded = self.unsigned()?;
                let size = i128::try_from(folded >> 1).ok()?;
                let mantissa = if folded & 1 == 1 { -size } else { size };
                let value = Decimal::try_from_i128_with_scale(mantissa, scale).ok()?;
                CareValue::Number(value, unit)
            }
            2 => CareValue::Coded(self.members()?),
            3 => CareValue::Other,
            _ => return None,
        })
    }

    fn link(&mut self) -> Option<Option<u64>> {
        Some(match self.byte()? {
            0 => None,
            _ => Some(self.eight()?),
        })
    }

    fn detail(&mut self, kind: u8) -> Option<CareDetail> {
        Some(match kind {
            0 => {
                let flags = self.byte()?;
                let born = if flags & 1 == 1 {
                    Some(self.moment()?)
                } else {
                    None
                };
                let gender = *CareGender::ALL.get(usize::from(flags >> 1))?;
                CareDetail::Patient { born, gender }
            }
            1 => self.encounter()?,
            2 => CareDetail::Condition {
                active: self.flag()?,
                abatement: self.when()?,
                site: self.members()?,
            },
            3 => self.observation()?,
            4 => CareDetail::Procedure,
            5 => CareDetail::ServiceRequest {
                ordered: self.flag()?,
            },
            6 => CareDetail::DeviceRequest {
                ordered: self.flag()?,
            },
            7 => CareDetail::MedicationRequest {
                ordered: self.flag()?,
                medication: self.link()?,
            },
            8 => CareDetail::MedicationAdministration {
                medication: self.link()?,
            },
            9 => CareDetail::Medication,
            10 => CareDetail::Location,
            _ => return None,
        })
    }

    fn encounter(&mut self) -> Option<CareDetail> {
        let class = self.of(&CareClass::ALL)?.0;
        let discharge = self.members()?;
        let mut diagnoses = Vec::new();
        for _ in 0..self.length(MAX_PARTS)? {
            diagnoses.push(Diagnosis {
                condition: self.eight()?,
                first: self.flag()?,
                used: self.members()?,
            });
        }
        let mut places = Vec::new();
        for _ in 0..self.length(MAX_PARTS)? {
            places.push(Place {
                location: self.eight()?,
                when: self.when()?,
            });
        }
        Some(CareDetail::Encounter {
            class,
            discharge,
            diagnoses,
            places,
        })
    }

    fn observation(&mut self) -> Option<CareDetail> {
        let flags = self.byte()?;
        let value = self.value()?;
        let mut components = Vec::new();
        for _ in 0..self.length(MAX_PARTS)? {
            components.push((self.members()?, self.value()?));
        }
        Some(CareDetail::Observation {
            survey: flags & 1 == 1,
            laboratory: flags & 2 == 2,
            pressure: flags & 4 == 4,
            value,
            components,
            encounter: self.link()?,
        })
    }

    fn gap(&mut self) -> Option<Line> {
        let measure = Measure::from_number(self.byte()?)?;
        let year = i16::try_from(self.signed()?).ok()?;
        let visit = u64::try_from(self.unsigned()?).ok()?;
        let as_of = EventTime::from_micros(self.signed()?);
        let revision = u32::try_from(self.unsigned()?).ok()?;
        let finding = FindingId::from_slice(self.take(16)?)?;
        let digest = self.eight()?;
        let flags = self.byte()?;
        Some(Line {
            measure,
            year,
            visit,
            as_of,
            revision,
            finding,
            digest,
            status: *GapStatus::ALL.get(usize::from(flags & 0xf))?,
            was_closed: flags >> 4 & 1 == 1,
        })
    }
}
