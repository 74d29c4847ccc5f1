//! The split of a message of several patients or merges: each gets a message of its own.

use std::collections::BTreeSet;

use formats::hl7v2::{Message, Repetition, Segment};

use super::kind::Kind;
use super::{LINKS, merges, named_authority, trigger};

/// The parts of a message together have at most so many bytes, or one message could fill the memory: what comes before the first
/// PID stands in each of them. What a message of the greatest length says, its parts can say twice over.
pub const PARTS_BYTES_MAX: usize = 2 * formats::limits::MESSAGE_BYTES_MOST;

/// The parts of a message would be far longer than the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the message would become {bytes} bytes in parts, one for each patient; at most {PARTS_BYTES_MAX} are made: send fewer patients in one message"
)]
pub struct PartsTooLong {
    /// How many bytes they would have.
    pub bytes: usize,
}

impl PartsTooLong {
    /// The code of the reason, which stays the same in every version.
    pub const CODE: &'static str = "parts-too-long";
}

/// Gives each patient of a message a message of their own: the header segments and the patient's group.
///
/// A second MRG under one PID begins a message of its own, too, and so does a second record number in MRG-1: each part names one
/// merge. Of two persons that are linked (A24, A37), each one's message names the other in an MRG.
///
/// # Errors
/// When the parts together would have more than [`PARTS_BYTES_MAX`].
pub fn split(message: &Message<'_>) -> Result<Vec<Vec<u8>>, PartsTooLong> {
    let bytes = parts_bytes(message);
    if bytes > PARTS_BYTES_MAX {
        return Err(PartsTooLong { bytes });
    }
    let mut messages = parts(message);
    let mut people = message.segments_named(b"PID");
    if LINKS.contains(&trigger(message))
        && let [one, other] = messages.as_mut_slice()
        && let (Some(first), Some(second)) = (people.next(), people.next())
    {
        one.extend(named_by_mrg(&second, message));
        other.extend(named_by_mrg(&first, message));
    }
    Ok(messages)
}

/// Says how many bytes [`parts`] would give, without making them.
pub(super) fn parts_bytes(message: &Message<'_>) -> usize {
    let (mut shared, mut group, mut total) = (0_usize, 0_usize, 0_usize);
    let (mut person, mut merges) = (None, false);
    for segment in message.segments() {
        let mut line = segment.raw().len() + 1;
        match segment.name() {
            b"PID" => {
                total = total.saturating_add(shared);
                group = shared;
                (person, merges) = (Some(segment), false);
            }
            b"MRG" => {
                if std::mem::replace(&mut merges, true) {
                    total = total.saturating_add(group);
                }
                let own = lines(&segment, person.as_ref(), message);
                let again = group.saturating_mul(own.len() - 1);
                line = own.iter().map(|line| line.len() + 1).sum();
                total = total.saturating_add(again);
            }
            _ => {}
        }
        group += if merges { 0 } else { line };
        if person.is_some() {
            total = total.saturating_add(line);
        } else {
            shared += line;
        }
    }
    total
}

/// Gives the record numbers of MRG-1 (MR, PI) that are none of the patient's own: each is of an identity that goes.
pub(super) fn records<'m>(merge: &Segment<'m>, person: &Segment<'m>) -> Vec<Repetition<'m>> {
    let name = |one: &Repetition<'m>| {
        let value = one.component(1).text().trim().to_owned();
        (value, named_authority(one))
    };
    let own = person.field(3);
    let mut known: BTreeSet<_> = own.repetitions().map(|one| name(&one)).collect();
    let is_record = |one: &Repetition<'m>| {
        let kind = Kind::of(one.component(5).text().trim());
        one.component(1).is_valued() && matches!(kind, Some(Kind::Record | Kind::Internal))
    };
    let field = merge.field(1);
    let records = field.repetitions().filter(is_record);
    records.filter(|one| known.insert(name(one))).collect()
}

/// Gives an MRG segment as the parts of a message have it: one for each record number in MRG-1, the first with all else that it says.
fn lines(merge: &Segment<'_>, person: Option<&Segment<'_>>, message: &Message<'_>) -> Vec<Vec<u8>> {
    let records = match person.filter(|_| merges(message)) {
        Some(person) => records(merge, person),
        None => Vec::new(),
    };
    let others = records.get(1..).unwrap_or_default();
    if others.is_empty() {
        return vec![merge.raw().to_vec()];
    }
    let separators = message.separators();
    let line = |numbers: &[u8], rest: &[u8]| {
        let mut line = b"MRG".to_vec();
        line.push(separators.field);
        line.extend_from_slice(numbers);
        line.extend_from_slice(rest);
        line
    };
    let moved: BTreeSet<usize> = others.iter().map(|one| one.position().start).collect();
    let field = merge.field(1);
    let stays = field.repetitions();
    let stays = stays.filter(|one| !moved.contains(&one.position().start));
    let stays: Vec<&[u8]> = stays.map(|one| one.raw()).collect();
    let before = b"MRG|".len() + field.raw().len();
    let rest = merge.raw().get(before..).unwrap_or_default();
    let first = line(&stays.join(&separators.repetition), rest);
    let others = others.iter().map(|one| line(one.raw(), b""));
    std::iter::once(first).chain(others).collect()
}

/// Names a person of a PID segment as MRG does: identifiers, account, older identifier and name.
fn named_by_mrg(person: &Segment<'_>, message: &Message<'_>) -> Vec<u8> {
    let between = message.separators().field;
    let mut line = b"MRG".to_vec();
    for number in [Some(3), None, Some(18), Some(2), None, None, Some(5)] {
        line.push(between);
        let field = number.map(|number| person.field(number));
        line.extend_from_slice(field.map_or(b"", |field| field.raw()));
    }
    line.push(b'\r');
    line
}

fn parts(message: &Message<'_>) -> Vec<Vec<u8>> {
    let mut shared: Vec<u8> = Vec::new();
    let mut group: Vec<u8> = Vec::new();
    let (mut person, mut merges) = (None, false);
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for segment in message.segments() {
        if segment.name() == b"PID" {
            messages.push(shared.clone());
            group.clone_from(&shared);
            (person, merges) = (Some(segment), false);
        }
        let lines = match segment.name() {
            b"MRG" => lines(&segment, person.as_ref(), message),
            _ => vec![segment.raw().to_vec()],
        };
        for mut line in lines {
            if segment.name() == b"MRG" && std::mem::replace(&mut merges, true) {
                messages.push(group.clone());
            }
            line.push(b'\r');
            if !merges {
                group.extend_from_slice(&line);
            }
            let last = messages.last_mut().unwrap_or(&mut shared);
            last.extend_from_slice(&line);
        }
    }
    messages
}
