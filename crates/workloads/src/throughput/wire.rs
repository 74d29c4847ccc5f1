//! The stored form of a patient's visits and of a unit's board: versioned, compact, and readable for ever.

use clinical::{
    EventId, EventTime, FindingId, Origin, PatientKey, Presence, ReceivedTime, VisitClass,
    VisitPlace, VisitState, VisitStatus,
};

use super::board::{Board, MAX_VISITS};
use super::clock::Clock;
use super::course::{Course, Heard, MAX_SNAPSHOTS};
use super::patient::{Line, MAX_COURSES, MAX_SIGNS, PatientState, Told};
use super::sign::{Says, Sign};
use super::standing::Standing;
use super::visit::{Disposition, Milestone, Said, Visit, VisitKey};
use crate::DecodeError;
use crate::state::wire::{Bytes, optional, signed, unsigned};

/// The version of a board.
const VERSION: u8 = 1;
/// The version of what is known of a patient.
const PATIENT_VERSION: u8 = 2;
/// The version before what was said of a visit named its message and when that was sent.
const PATIENT_VERSION_1: u8 = 1;
/// What was said is history that was loaded.
const BACKFILL: u8 = 1;
/// What was said undoes the last change of place.
const UNDOES: u8 = 2;
/// What says of a sign that the patient is ventilated; lower numbers are milestones.
const VENTILATED: u8 = u8::MAX;

const CLASSES: [VisitClass; 4] = [
    VisitClass::Emergency,
    VisitClass::Inpatient,
    VisitClass::Observation,
    VisitClass::Other,
];
const STATUSES: [VisitStatus; 7] = [
    VisitStatus::Planned,
    VisitStatus::Arrived,
    VisitStatus::Triaged,
    VisitStatus::InProgress,
    VisitStatus::Finished,
    VisitStatus::Cancelled,
    VisitStatus::Unknown,
];
const PRESENCES: [Presence; 3] = [Presence::Here, Presence::Left, Presence::Kept];

impl PatientState {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = PATIENT_VERSION;

    /// Writes the state at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        out.push(PATIENT_VERSION);
        out.push(u8::from(self.retired.is_some()));
        if let Some(retired) = self.retired {
            out.extend_from_slice(retired.as_bytes());
        }
        unsigned(out, self.courses.len() as u128);
        for (visit, course) in &self.courses {
            out.extend_from_slice(&visit.to_be_bytes());
            unsigned(out, course.told.len() as u128);
            for (heard, state) in &course.told {
                write_heard(out, heard);
                write_state(out, state);
            }
        }
        unsigned(out, self.signs.len() as u128);
        for sign in &self.signs {
            write_sign(out, sign);
        }
        unsigned(out, self.told.len() as u128);
        for (visit, told) in &self.told {
            out.extend_from_slice(&visit.to_be_bytes());
            words(out, &told.unit);
            out.extend_from_slice(&told.digest.to_be_bytes());
            signed(out, told.known.micros());
        }
        unsigned(out, self.lines.len() as u128);
        for line in &self.lines {
            write_line(out, line);
        }
        true
    }

    /// Reads a stored state.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let version = bytes.first().copied().unwrap_or_default();
        read_versioned(bytes, &[PATIENT_VERSION, PATIENT_VERSION_1], |bytes| {
            let mut state = Self::default();
            if bytes.byte()? != 0 {
                state.retired = Some(PatientKey::from_slice(bytes.take(16)?)?);
            }
            for _ in 0..bytes.length(MAX_COURSES)? {
                let visit = bytes.eight()?;
                let mut course = Course::default();
                for _ in 0..bytes.length(MAX_SNAPSHOTS)? {
                    course
                        .told
                        .push((read_heard(bytes, version)?, read_state(bytes, visit)?));
                }
                state.courses.insert(visit, course);
            }
            for _ in 0..bytes.length(MAX_SIGNS)? {
                state.signs.push(read_sign(bytes)?);
            }
            for _ in 0..bytes.length(MAX_COURSES)? {
                let visit = bytes.eight()?;
                let told = Told {
                    unit: read_words(bytes)?,
                    digest: bytes.eight()?,
                    known: ReceivedTime::from_micros(bytes.signed()?),
                };
                state.told.insert(visit, told);
            }
            for _ in 0..bytes.length(bytes.0.len())? {
                state.lines.push(read_line(bytes)?);
            }
            Some(state)
        })
    }
}

impl Board {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the board at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        let count = self.visits().count();
        if count == 0 {
            return false;
        }
        out.push(VERSION);
        unsigned(out, count as u128);
        for (key, visit) in self.visits() {
            out.extend_from_slice(&key.0.to_be_bytes());
            write_visit(out, visit);
        }
        true
    }

    /// Reads a stored board.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read_versioned(bytes, &[VERSION], |bytes| {
            let mut board = Self::default();
            for _ in 0..bytes.length(MAX_VISITS)? {
                let key = VisitKey(bytes.eight()?);
                board.put(key, read_visit(bytes)?);
            }
            Some(board)
        })
    }
}

impl Standing {
    /// Gives a number that another standing hardly has.
    pub(super) fn digest(&self) -> u64 {
        let mut bytes = Vec::new();
        words(&mut bytes, &self.unit);
        words(&mut bytes, &self.place);
        bytes.extend([u8::from(self.is_waiting), self.acuity.unwrap_or_default()]);
        write_visit(&mut bytes, &self.visit);
        EventId::derive(&[b"standing", &bytes]).first_eight()
    }
}

fn read_versioned<T: Default>(
    bytes: &[u8],
    versions: &[u8],
    read: impl Fn(&mut Bytes<'_>) -> Option<T>,
) -> Result<T, DecodeError> {
    let mut bytes = Bytes(bytes);
    match bytes.byte() {
        None => Ok(T::default()),
        Some(version) if versions.contains(&version) => read(&mut bytes)
            .filter(|_| bytes.0.is_empty())
            .ok_or(DecodeError::Damaged),
        Some(other) => Err(DecodeError::Version(other)),
    }
}

fn words(out: &mut Vec<u8>, text: &str) {
    unsigned(out, text.len() as u128);
    out.extend_from_slice(text.as_bytes());
}

fn read_words(bytes: &mut Bytes<'_>) -> Option<Box<str>> {
    let length = bytes.length(bytes.0.len())?;
    std::str::from_utf8(bytes.take(length)?).ok().map(Box::from)
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let place = all.iter().position(|known| known == one);
    place
        .and_then(|place| u8::try_from(place).ok())
        .expect("every one is listed above")
}

fn at<T: Copy>(all: &[T], place: u8) -> Option<T> {
    all.get(usize::from(place)).copied()
}

fn moment(out: &mut Vec<u8>, at: Option<EventTime>) {
    optional(out, at.map(EventTime::micros));
}

fn read_moment(bytes: &mut Bytes<'_>) -> Option<Option<EventTime>> {
    Some(bytes.optional()?.map(EventTime::from_micros))
}

fn write_heard(out: &mut Vec<u8>, heard: &Heard) {
    signed(out, heard.at.micros());
    signed(out, heard.known.micros());
    out.extend_from_slice(heard.event.as_bytes());
    unsigned(out, u128::from(heard.origin.partition));
    unsigned(out, u128::from(heard.origin.offset));
    let flags = [(heard.backfill, BACKFILL), (heard.undoes, UNDOES)];
    let flags = flags
        .into_iter()
        .filter_map(|(is, flag)| is.then_some(flag));
    out.push(flags.sum());
    out.extend_from_slice(&heard.message.to_be_bytes());
    signed(out, heard.said.micros());
}

fn read_heard(bytes: &mut Bytes<'_>, version: u8) -> Option<Heard> {
    let mut heard = Heard {
        at: EventTime::from_micros(bytes.signed()?),
        known: ReceivedTime::from_micros(bytes.signed()?),
        event: EventId::from_slice(bytes.take(16)?)?,
        origin: Origin {
            partition: u16::try_from(bytes.unsigned()?).ok()?,
            offset: u64::try_from(bytes.unsigned()?).ok()?,
        },
        backfill: false,
        undoes: false,
        said: EventTime::default(),
        message: 0,
    };
    let flags = bytes.byte()?;
    (heard.backfill, heard.undoes) = (flags & BACKFILL != 0, flags & UNDOES != 0);
    (heard.message, heard.said) = match version {
        // Each was said by a message of its own, and nothing is known of when.
        PATIENT_VERSION_1 => {
            let known = EventTime::from_micros(heard.known.micros());
            (heard.event.first_eight(), known)
        }
        _ => (bytes.eight()?, EventTime::from_micros(bytes.signed()?)),
    };
    Some(heard)
}

fn write_state(out: &mut Vec<u8>, state: &VisitState) {
    out.push(place(&CLASSES, &state.class));
    out.push(place(&STATUSES, &state.status));
    moment(out, state.start);
    moment(out, state.end);
    unsigned(out, state.places.len() as u128);
    for one in &state.places {
        words(out, &one.words);
        out.push(place(&PRESENCES, &one.presence));
        moment(out, one.from);
        moment(out, one.to);
    }
    unsigned(out, state.statuses.len() as u128);
    for (status, since) in &state.statuses {
        out.push(place(&STATUSES, status));
        signed(out, since.micros());
    }
    unsigned(out, state.classes.len() as u128);
    for (class, since) in &state.classes {
        out.push(place(&CLASSES, class));
        signed(out, since.micros());
    }
    words(out, &state.disposition);
}

fn read_state(bytes: &mut Bytes<'_>, visit: u64) -> Option<VisitState> {
    let mut state = VisitState {
        visit,
        class: at(&CLASSES, bytes.byte()?)?,
        status: at(&STATUSES, bytes.byte()?)?,
        start: read_moment(bytes)?,
        end: read_moment(bytes)?,
        places: Vec::new(),
        statuses: Vec::new(),
        classes: Vec::new(),
        disposition: "".into(),
    };
    for _ in 0..bytes.length(bytes.0.len())? {
        state.places.push(VisitPlace {
            words: read_words(bytes)?,
            presence: at(&PRESENCES, bytes.byte()?)?,
            from: read_moment(bytes)?,
            to: read_moment(bytes)?,
        });
    }
    for _ in 0..bytes.length(bytes.0.len())? {
        let status = at(&STATUSES, bytes.byte()?)?;
        state
            .statuses
            .push((status, EventTime::from_micros(bytes.signed()?)));
    }
    for _ in 0..bytes.length(bytes.0.len())? {
        let class = at(&CLASSES, bytes.byte()?)?;
        state
            .classes
            .push((class, EventTime::from_micros(bytes.signed()?)));
    }
    state.disposition = read_words(bytes)?;
    Some(state)
}

fn write_sign(out: &mut Vec<u8>, sign: &Sign) {
    out.extend_from_slice(&sign.resource.to_be_bytes());
    out.push(match sign.says {
        Says::Reached(milestone) => place(&Milestone::ALL, &milestone),
        Says::Ventilated => VENTILATED,
    });
    signed(out, sign.at.micros());
    signed(out, sign.known.micros());
    out.extend_from_slice(sign.event.as_bytes());
    out.extend([u8::from(sign.stands), sign.acuity.unwrap_or_default()]);
}

fn read_sign(bytes: &mut Bytes<'_>) -> Option<Sign> {
    Some(Sign {
        resource: bytes.eight()?,
        says: match bytes.byte()? {
            VENTILATED => Says::Ventilated,
            milestone => Says::Reached(at(&Milestone::ALL, milestone)?),
        },
        at: EventTime::from_micros(bytes.signed()?),
        known: ReceivedTime::from_micros(bytes.signed()?),
        event: EventId::from_slice(bytes.take(16)?)?,
        stands: bytes.byte()? != 0,
        acuity: Some(bytes.byte()?).filter(|acuity| *acuity > 0),
    })
}

fn write_line(out: &mut Vec<u8>, line: &Line) {
    out.extend_from_slice(&line.visit.to_be_bytes());
    out.push(place(&Clock::ALL, &line.clock));
    signed(out, line.as_of.micros());
    unsigned(out, u128::from(line.revision));
    out.extend_from_slice(line.finding.as_bytes());
    out.extend_from_slice(&line.digest.to_be_bytes());
    out.extend([u8::from(line.asserted), u8::from(line.is_end)]);
}

fn read_line(bytes: &mut Bytes<'_>) -> Option<Line> {
    Some(Line {
        visit: bytes.eight()?,
        clock: at(&Clock::ALL, bytes.byte()?)?,
        as_of: EventTime::from_micros(bytes.signed()?),
        revision: u32::try_from(bytes.unsigned()?).ok()?,
        finding: FindingId::from_slice(bytes.take(16)?)?,
        digest: bytes.eight()?,
        asserted: bytes.byte()? != 0,
        is_end: bytes.byte()? != 0,
    })
}

fn write_visit(out: &mut Vec<u8>, visit: &Visit) {
    for milestone in Milestone::ALL {
        moment(out, visit.at(milestone));
    }
    let ended = visit
        .disposition()
        .map(|ended| place(&Disposition::ALL, &ended) + 1);
    out.push(ended.unwrap_or_default());
    words(out, visit.unit());
    let flags = [
        visit.is_observation(),
        visit.is_ventilated(),
        visit.is_cancelled(),
    ];
    out.extend(flags.map(u8::from));
}

fn read_visit(bytes: &mut Bytes<'_>) -> Option<Visit> {
    let mut said = Vec::new();
    for milestone in Milestone::ALL {
        said.push(Said::Reached(milestone, read_moment(bytes)?));
    }
    said.push(Said::Disposition(match bytes.byte()? {
        0 => None,
        ended => Some(at(&Disposition::ALL, ended - 1)?),
    }));
    said.push(Said::Unit(read_words(bytes)?));
    said.push(Said::Observation(bytes.byte()? != 0));
    said.push(Said::Ventilated(bytes.byte()? != 0));
    said.push(Said::Cancelled(bytes.byte()? != 0));
    Some(Visit::of(said))
}
