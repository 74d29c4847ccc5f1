//! The stored form of a board: versioned, and readable for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::EventTime;

use super::super::challenger::{Challenger, Standardised};
use super::super::inputs::{Day, Inputs, MAX_PATIENTS};
use super::super::window::{Judged, MAX_JUDGED, Name, Window};
use super::super::wire::{
    feedback_number, name, number, read_feedback, read_name, read_number, read_versioned,
};
use super::{Board, Drift, MAX_WAITING};
use crate::DecodeError;
use crate::risk::{MAX_FEATURES, Pack};
use crate::state::wire::{Bytes, optional, signed, unsigned};

const VERSION: u8 = 1;
/// The same, of a model that succeeds another of whose drift nobody has said yet that it is over.
const SUCCEEDS: u8 = 2;
/// The most days that are read; what is written is cut to the window by the hour.
const MAX_DAYS: usize = 4_096;
/// The most magnitudes of a day: of each variable all that are above zero.
const MAX_MAGNITUDES: usize = 64 << 16;

impl Board {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the board at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        out.push(if self.succeeds { SUCCEEDS } else { VERSION });
        name(out, &self.model);
        optional(out, self.since.map(EventTime::micros));
        write_inputs(out, &self.inputs);
        unsigned(out, self.waiting.len() as u128);
        for (of, (row, judged)) in &self.waiting {
            write_judged(out, *of, judged);
            unsigned(out, row.0.len() as u128);
            row.0
                .iter()
                .for_each(|step| out.extend_from_slice(&step.to_be_bytes()));
        }
        unsigned(out, self.window.0.len() as u128);
        for (of, judged) in &self.window.0 {
            write_judged(out, *of, judged);
        }
        unsigned(out, u128::from(self.challenger.learned));
        unsigned(out, self.challenger.sums.len() as u128);
        let sums = self.challenger.sums.iter().flatten();
        sums.for_each(|sum| number(out, *sum));
        let (count, sums) = self.calibration.sums();
        unsigned(out, u128::from(count));
        sums.iter().for_each(|sum| number(out, *sum));
        for drift in Drift::ALL {
            optional(out, self.drifting.get(&drift).map(|at| at.micros()));
        }
        true
    }

    /// Reads a stored board. One that was of another model than the pack's begins anew.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(pack: &Pack, bytes: &[u8]) -> Result<Self, DecodeError> {
        // The bins of another model are not known here.
        if let Some((&(VERSION | SUCCEEDS), rest)) = bytes.split_first()
            && read_name(&mut Bytes(rest)).is_some_and(|model| model != pack.version)
        {
            return Ok(Self {
                succeeds: true,
                ..Self::default()
            });
        }
        let version = bytes
            .first()
            .copied()
            .filter(|version| *version == SUCCEEDS);
        let mut board =
            read_versioned(bytes, version.unwrap_or(VERSION), |bytes| read(pack, bytes))?;
        board.succeeds = version.is_some();
        Ok(board)
    }
}

fn read(pack: &Pack, bytes: &mut Bytes<'_>) -> Option<Board> {
    let mut board = Board {
        model: read_name(bytes)?,
        since: bytes.optional()?.map(EventTime::from_micros),
        inputs: read_inputs(pack, bytes)?,
        ..Board::default()
    };
    for _ in 0..bytes.length(MAX_WAITING)? {
        let (of, judged) = read_judged(bytes)?;
        let mut row = Vec::new();
        for _ in 0..bytes.length(MAX_FEATURES)? {
            row.push(i16::from_be_bytes(bytes.take(2)?.try_into().ok()?));
        }
        board.waiting.insert(of, (Standardised(row.into()), judged));
    }
    let mut window = Window::default();
    for _ in 0..bytes.length(MAX_JUDGED)? {
        let (of, judged) = read_judged(bytes)?;
        window.0.insert(of, judged);
    }
    board.window = window;
    let learned = u64::try_from(bytes.unsigned()?).ok()?;
    let mut sums = Vec::new();
    for _ in 0..bytes.length(2 * MAX_FEATURES + 1)? {
        sums.push([read_number(bytes)?, read_number(bytes)?]);
    }
    board.challenger = Challenger { learned, sums };
    let count = u64::try_from(bytes.unsigned()?).ok()?;
    let sums = [
        read_number(bytes)?,
        read_number(bytes)?,
        read_number(bytes)?,
    ];
    board.calibration = board.calibration.resume((count, sums));
    for drift in Drift::ALL {
        let since = bytes.optional()?.map(EventTime::from_micros);
        board.drifting.extend(since.map(|since| (drift, since)));
    }
    Some(board)
}

fn write_inputs(out: &mut Vec<u8>, inputs: &Inputs) {
    unsigned(out, inputs.days.len() as u128);
    for (number, day) in &inputs.days {
        signed(out, *number);
        unsigned(out, u128::from(day.hours));
        let counts = day.counts.iter().flat_map(|of| of.counts());
        counts.for_each(|count| unsigned(out, u128::from(*count)));
        unsigned(out, day.magnitudes.len() as u128);
        for ((place, magnitude), count) in &day.magnitudes {
            unsigned(out, u128::from(*place));
            unsigned(out, u128::from(*magnitude));
            unsigned(out, u128::from(*count));
        }
    }
    unsigned(out, inputs.patients.len() as u128);
    for (patient, last) in &inputs.patients {
        out.extend_from_slice(&patient.to_be_bytes());
        signed(out, last.micros());
    }
}

fn read_inputs(pack: &Pack, bytes: &mut Bytes<'_>) -> Option<Inputs> {
    let mut inputs = Inputs::default();
    for _ in 0..bytes.length(MAX_DAYS)? {
        let number = bytes.signed()?;
        inputs.days.insert(number, Arc::new(read_day(pack, bytes)?));
    }
    for _ in 0..bytes.length(MAX_PATIENTS)? {
        let patient = bytes.eight()?;
        let last = EventTime::from_micros(bytes.signed()?);
        inputs.patients.insert(patient, last);
    }
    Some(inputs)
}

fn read_day(pack: &Pack, bytes: &mut Bytes<'_>) -> Option<Day> {
    let count = |bytes: &mut Bytes<'_>| u64::try_from(bytes.unsigned()?).ok();
    let short = |bytes: &mut Bytes<'_>| u16::try_from(bytes.unsigned()?).ok();
    let hours = count(bytes)?;
    let mut counts = Vec::with_capacity(pack.reference.len());
    for of in &pack.reference {
        let bins = of.histogram().counts().len();
        let counted: Option<Vec<u64>> = (0..bins).map(|_| count(bytes)).collect();
        counts.push(of.counted(counted?)?);
    }
    let mut magnitudes = BTreeMap::new();
    for _ in 0..bytes.length(MAX_MAGNITUDES)? {
        let of = (short(bytes)?, short(bytes)?);
        magnitudes.insert(of, count(bytes)?);
    }
    Some(Day {
        hours,
        counts,
        magnitudes,
    })
}

fn write_judged(out: &mut Vec<u8>, (end, of): Name, judged: &Judged) {
    signed(out, end.micros());
    out.extend_from_slice(&of.to_be_bytes());
    unsigned(out, u128::from(judged.revision));
    out.push(u8::from(judged.septic));
    out.push(u8::from(judged.alerted));
    out.push(feedback_number(judged.feedback));
    number(out, judged.champion);
    out.push(u8::from(judged.challenger.is_some()));
    if let Some(said) = judged.challenger {
        number(out, said);
    }
}

fn read_judged(bytes: &mut Bytes<'_>) -> Option<(Name, Judged)> {
    let of = (EventTime::from_micros(bytes.signed()?), bytes.eight()?);
    let judged = Judged {
        revision: u32::try_from(bytes.unsigned()?).ok()?,
        septic: bytes.byte()? != 0,
        alerted: bytes.byte()? != 0,
        feedback: read_feedback(bytes.byte()?)?,
        champion: read_number(bytes)?,
        challenger: match bytes.byte()? {
            0 => None,
            _ => Some(read_number(bytes)?),
        },
    };
    Some((of, judged))
}
