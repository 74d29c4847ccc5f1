//! The stored form of a state: versioned, compact, and readable for ever.

mod bytes;
mod version;

use clinical::unit::Unit;
use clinical::{
    Comparator, Decimal, EventId, EventTime, FindingId, Origin, PatientKey, ReceivedTime,
};

use super::{Line, State};
use crate::Parameter;
use crate::chart::{
    BACKFILLED, Chart, Entry, MAX_ENTRIES, MAX_WORDS, Reading, Unusable, Withdrawal, Words,
};
use crate::person::{PersonFacts, Stay};
use crate::touched::{Reason, Touched};
use crate::workload::Condition;
pub(crate) use bytes::{Bytes, optional, signed, unsigned};
use version::{FIRST_WORKLOADS, VERSION, VERSION_1, VERSION_3, version, wakes};

/// Stored bytes that are no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A newer program wrote it.
    #[error(
        "patient state of version {0} was written by a newer program: run that one, or rebuild the state from the journal"
    )]
    Version(u8),
    /// It ends early, goes on too long, or holds what cannot be.
    #[error("patient state is damaged: rebuild it from the journal")]
    Damaged,
}

impl State {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the state at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        let version = version(self);
        out.push(version);
        let flags = u8::from(self.retired.is_some())
            | u8::from(self.chart.floor.is_some()) << 1
            | u8::from(self.pending.is_some()) << 2;
        out.push(flags);
        if let Some(retired) = self.retired {
            out.extend_from_slice(retired.as_bytes());
        }
        if let Some(floor) = self.chart.floor {
            signed(out, floor.micros());
        }
        if let Some(pending) = &self.pending {
            touched(out, pending);
        }
        person(out, &self.person);
        unsigned(out, self.stays.len() as u128);
        for stay in &self.stays {
            self::stay(out, stay);
        }
        if version >= VERSION_3 {
            unsigned(out, self.wakes.len() as u128);
        }
        for wake in self.wakes.iter().take(wakes(version)) {
            optional(out, wake.map(EventTime::micros));
        }
        unsigned(out, self.chart.entries().len() as u128);
        let mut last = Last::default();
        for entry in self.chart.entries() {
            last.write(out, entry);
        }
        if version >= VERSION {
            words(out, &self.chart.words);
        }
        unsigned(out, self.lines.len() as u128);
        let mut at = 0;
        for line in &self.lines {
            self::line(out, line, &mut at);
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
            Some(version @ VERSION_1..=VERSION) => read(&mut bytes, version)
                .filter(|_| bytes.0.is_empty())
                .ok_or(DecodeError::Damaged),
            Some(other) => Err(DecodeError::Version(other)),
        }
    }
}

fn read(bytes: &mut Bytes<'_>, version: u8) -> Option<State> {
    let mut state = State::default();
    let flags = bytes.byte()?;
    if flags & 1 != 0 {
        state.retired = PatientKey::from_slice(bytes.take(16)?);
    }
    let floor = if flags & 2 != 0 {
        Some(EventTime::from_micros(bytes.signed()?))
    } else {
        None
    };
    if flags & 4 != 0 {
        state.pending = Some(bytes.touched()?);
    }
    state.person = bytes.person()?;
    for _ in 0..bytes.length(super::MAX_STAYS)? {
        state.stays.push(bytes.stay()?);
    }
    let stored = if version >= VERSION_3 {
        bytes.length(state.wakes.len())?
    } else {
        FIRST_WORKLOADS
    };
    for wake in state.wakes.iter_mut().take(stored) {
        *wake = bytes.optional()?.map(EventTime::from_micros);
    }
    let mut last = Last::default();
    let mut entries = Vec::new();
    for _ in 0..bytes.length(MAX_ENTRIES)? {
        entries.push(last.read(bytes)?);
    }
    state.chart = Chart::new(entries, floor);
    if version >= VERSION {
        for _ in 0..bytes.length(MAX_WORDS)? {
            let resource = bytes.eight()?;
            let length = bytes.length(MAX_WORDS_BYTES)?;
            let words = std::str::from_utf8(bytes.take(length)?).ok()?;
            state.chart.words.put(resource, words.into());
        }
    }
    let mut at = 0;
    for _ in 0..bytes.length(MAX_LINES)? {
        state.lines.push(bytes.line(&mut at)?);
    }
    Some(state)
}

/// The most bytes that the words of one result have: far more than are kept of a name and a value.
const MAX_WORDS_BYTES: usize = 4096;

fn words(out: &mut Vec<u8>, words: &Words) {
    unsigned(out, words.iter().len() as u128);
    for (resource, words) in words.iter() {
        out.extend(resource.to_be_bytes());
        unsigned(out, words.len() as u128);
        out.extend(words.as_bytes());
    }
}

/// The most lines that are read: one for each entry there can be, and the conditions of each.
const MAX_LINES: usize = 4 * MAX_ENTRIES;

/// What the entry before it had, since most of it is the same in the next.
#[derive(Default)]
struct Last {
    at: i64,
    known: i64,
    origin: Origin,
    sensor: u32,
}

const SAME_AT: u8 = 1;
const SAME_KNOWN: u8 = 2;
const SAME_PARTITION: u8 = 4;
const KIND: u8 = 0b1_1000;
const OWN_UNIT: u8 = 0;
const OTHER_UNIT: u8 = 0b0_1000;
const CODED: u8 = 0b1_0000;
const WITHOUT_VALUE: u8 = 0b1_1000;
const MARKS_SHIFT: u8 = 5;
/// Stands beside the parameter's number, since the other marks leave it no room.
const HISTORY: u8 = 0x80;
/// Stands in the place of a parameter where another sensor speaks from here on.
const SENSOR: u8 = 0x7f;

impl Last {
    fn write(&mut self, out: &mut Vec<u8>, entry: &Entry) {
        let kind = match entry.reading {
            Reading::Number { unit, .. } if own_unit(entry.parameter) == Some(unit) => OWN_UNIT,
            Reading::Number { .. } => OTHER_UNIT,
            Reading::Coded(_) => CODED,
            Reading::Unusable(_) | Reading::Withdrawn(_) => WITHOUT_VALUE,
        };
        let flag = |same: bool, flag: u8| if same { flag } else { 0 };
        let flags = flag(entry.at.micros() == self.at, SAME_AT)
            | flag(entry.known.micros() == self.known, SAME_KNOWN)
            | flag(
                entry.origin.partition == self.origin.partition,
                SAME_PARTITION,
            )
            | kind
            | entry.marks << MARKS_SHIFT;
        if entry.parameter.is_told_apart() && entry.sensor != self.sensor {
            self.sensor = entry.sensor;
            out.push(SENSOR);
            out.extend(entry.sensor.to_be_bytes());
        }
        let history = flag(entry.is(BACKFILLED), HISTORY);
        out.extend([entry.parameter.number() | history, flags]);
        if flags & SAME_AT == 0 {
            signed(out, entry.at.micros().wrapping_sub(self.at));
        }
        if flags & SAME_KNOWN == 0 {
            signed(out, entry.known.micros().wrapping_sub(entry.at.micros()));
        }
        if flags & SAME_PARTITION == 0 {
            unsigned(out, u128::from(entry.origin.partition));
        }
        signed(
            out,
            entry
                .origin
                .offset
                .cast_signed()
                .wrapping_sub(self.origin.offset.cast_signed()),
        );
        out.extend_from_slice(entry.event.as_bytes());
        out.extend(entry.resource.to_be_bytes());
        reading(out, &entry.reading, kind);
        (self.at, self.known, self.origin) =
            (entry.at.micros(), entry.known.micros(), entry.origin);
    }

    fn read(&mut self, bytes: &mut Bytes<'_>) -> Option<Entry> {
        let mut head = bytes.byte()?;
        if head == SENSOR {
            self.sensor = u32::from_be_bytes(bytes.take(4)?.try_into().ok()?);
            head = bytes.byte()?;
        }
        let parameter = Parameter::from_number(head & !HISTORY)?;
        let history = if head & HISTORY == 0 { 0 } else { BACKFILLED };
        let flags = bytes.byte()?;
        if flags & SAME_AT == 0 {
            self.at = self.at.wrapping_add(bytes.signed()?);
        }
        if flags & SAME_KNOWN == 0 {
            self.known = self.at.wrapping_add(bytes.signed()?);
        }
        if flags & SAME_PARTITION == 0 {
            self.origin.partition = u16::try_from(bytes.unsigned()?).ok()?;
        }
        self.origin.offset = self
            .origin
            .offset
            .cast_signed()
            .wrapping_add(bytes.signed()?)
            .cast_unsigned();
        Some(Entry {
            parameter,
            at: EventTime::from_micros(self.at),
            known: ReceivedTime::from_micros(self.known),
            event: EventId::from_slice(bytes.take(16)?)?,
            origin: self.origin,
            resource: bytes.eight()?,
            reading: bytes.reading(flags & KIND, parameter)?,
            marks: flags >> MARKS_SHIFT | history,
            sensor: self.sensor * u32::from(parameter.is_told_apart()),
        })
    }
}

fn own_unit(parameter: Parameter) -> Option<Unit> {
    parameter.numeric().map(|number| number.unit)
}

const COMPARATORS: [Option<Comparator>; 5] = [
    None,
    Some(Comparator::Less),
    Some(Comparator::LessOrEqual),
    Some(Comparator::Greater),
    Some(Comparator::GreaterOrEqual),
];
const WITHOUT: [Reading; 6] = [
    Reading::Unusable(Unusable::Unit),
    Reading::Unusable(Unusable::Words),
    Reading::Unusable(Unusable::Implausible),
    Reading::Withdrawn(Withdrawal::Cancelled),
    Reading::Withdrawn(Withdrawal::EnteredInError),
    Reading::Unusable(Unusable::Time),
];
const SCALE_BITS: u8 = 5;

fn place<T: PartialEq>(list: &[T], item: &T) -> u8 {
    list.iter()
        .position(|known| known == item)
        .and_then(|place| u8::try_from(place).ok())
        .expect("the list has every value of the type")
}

fn reading(out: &mut Vec<u8>, reading: &Reading, kind: u8) {
    match reading {
        Reading::Number {
            value,
            unit,
            comparator,
        } => {
            let scale = u8::try_from(value.scale()).expect("a decimal has at most 28 places");
            out.push(scale | place(&COMPARATORS, comparator) << SCALE_BITS);
            if kind == OTHER_UNIT {
                out.push(unit.number());
            }
            let mantissa = value.mantissa();
            unsigned(out, mantissa.unsigned_abs() << 1 | u128::from(mantissa < 0));
        }
        Reading::Coded(code) => out.push(*code),
        Reading::Unusable(_) | Reading::Withdrawn(_) => out.push(place(&WITHOUT, reading)),
    }
}

fn touched(out: &mut Vec<u8>, touched: &Touched) {
    out.push(u8::from(touched.event.is_some()));
    if let Some(event) = &touched.event {
        out.extend_from_slice(event.as_bytes());
    }
    optional(out, touched.from.map(EventTime::micros));
    let reason = |reason: Reason| place(&Reason::ALL, &reason);
    out.push(touched.everything.map_or(NO_REASON, reason));
    unsigned(out, touched.parameters.len() as u128);
    for (parameter, why) in &touched.parameters {
        out.extend([parameter.number(), reason(*why)]);
    }
}

/// Stands where nothing touched everything.
const NO_REASON: u8 = 0xff;

fn person(out: &mut Vec<u8>, person: &PersonFacts) {
    let (year, month, day) = person.born.unwrap_or((0, 0, 0));
    let flags = [
        person.deceased,
        person.born.is_some(),
        person.male.is_some(),
        person.male == Some(true),
    ];
    let set = (0..).zip(flags).filter(|(_, is)| *is);
    out.push(set.fold(0, |sum, (place, _)| sum | 1 << place));
    signed(out, person.known.micros());
    signed(out, i64::from(year));
    out.extend([month.cast_unsigned(), day.cast_unsigned()]);
}

fn stay(out: &mut Vec<u8>, stay: &Stay) {
    out.extend(stay.resource.to_be_bytes());
    out.push(u8::from(stay.watched) | u8::from(stay.pulse.is_some()) << 1);
    signed(out, stay.known.micros());
    signed(out, stay.start.micros());
    optional(out, stay.end.map(EventTime::micros));
    if let Some(pulse) = stay.pulse {
        signed(out, pulse.micros());
    }
}

fn line(out: &mut Vec<u8>, line: &Line, at: &mut i64) {
    signed(out, line.as_of.micros().wrapping_sub(*at));
    *at = line.as_of.micros();
    out.push(line.condition.number());
    unsigned(out, u128::from(line.revision));
    out.extend_from_slice(line.finding.as_bytes());
    out.extend(line.digest.to_be_bytes());
    out.push(u8::from(line.asserted) | (line.note << 1));
}

impl Bytes<'_> {
    fn reading(&mut self, kind: u8, parameter: Parameter) -> Option<Reading> {
        match kind {
            CODED => Some(Reading::Coded(self.byte()?)),
            WITHOUT_VALUE => WITHOUT.get(usize::from(self.byte()?)).copied(),
            _ => {
                let head = self.byte()?;
                let unit = if kind == OTHER_UNIT {
                    Unit::from_number(self.byte()?)?
                } else {
                    own_unit(parameter)?
                };
                let folded = self.unsigned()?;
                let size = i128::try_from(folded >> 1).ok()?;
                let mantissa = if folded & 1 == 1 { -size } else { size };
                let scale = u32::from(head & ((1 << SCALE_BITS) - 1));
                let value = Decimal::try_from_i128_with_scale(mantissa, scale).ok()?;
                let comparator = *COMPARATORS.get(usize::from(head >> SCALE_BITS))?;
                Some(Reading::Number {
                    value,
                    unit,
                    comparator,
                })
            }
        }
    }

    fn touched(&mut self) -> Option<Touched> {
        let event = match self.byte()? {
            0 => None,
            _ => Some(EventId::from_slice(self.take(16)?)?),
        };
        let from = self.optional()?.map(EventTime::from_micros);
        let everything = match self.byte()? {
            NO_REASON => None,
            number => Some(*Reason::ALL.get(usize::from(number))?),
        };
        let mut parameters = Vec::new();
        for _ in 0..self.length(Parameter::all().count())? {
            let parameter = Parameter::from_number(self.byte()?)?;
            parameters.push((parameter, *Reason::ALL.get(usize::from(self.byte()?))?));
        }
        Some(Touched {
            from,
            everything,
            parameters: parameters.into(),
            event,
        })
    }

    fn person(&mut self) -> Option<PersonFacts> {
        let flags = self.byte()?;
        let known = ReceivedTime::from_micros(self.signed()?);
        let year = i16::try_from(self.signed()?).ok()?;
        let (month, day) = (self.byte()?.cast_signed(), self.byte()?.cast_signed());
        let born = (flags & 2 != 0).then_some((year, month, day));
        Some(PersonFacts {
            known,
            born,
            male: (flags & 4 != 0).then_some(flags & 8 != 0),
            deceased: flags & 1 != 0,
        })
    }

    fn stay(&mut self) -> Option<Stay> {
        let resource = self.eight()?;
        let flags = self.byte()?;
        let mut stay = Stay {
            resource,
            watched: flags & 1 != 0,
            known: ReceivedTime::from_micros(self.signed()?),
            start: EventTime::from_micros(self.signed()?),
            end: self.optional()?.map(EventTime::from_micros),
            pulse: None,
        };
        if flags & 2 != 0 {
            stay.pulse = Some(EventTime::from_micros(self.signed()?));
        }
        Some(stay)
    }

    fn line(&mut self, at: &mut i64) -> Option<Line> {
        *at = at.wrapping_add(self.signed()?);
        let condition = Condition::from_number(self.byte()?)?;
        let revision = u32::try_from(self.unsigned()?).ok()?;
        let finding = FindingId::from_slice(self.take(16)?)?;
        let digest = self.eight()?;
        let flags = self.byte()?;
        Some(Line {
            as_of: EventTime::from_micros(*at),
            condition,
            revision,
            finding,
            digest,
            asserted: flags & 1 != 0,
            note: flags >> 1,
        })
    }
}

#[cfg(test)]
mod tests;
