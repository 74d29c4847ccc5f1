//! What was said of a visit lately, in the order in which it was said: what was overtaken on its way takes its place.

use clinical::{EventTime, ReceivedTime};

use super::super::Shows;
use super::super::bytes::{Decoder, Encoder};
use super::super::splice::as_old;
use super::super::state::fingerprint;
use super::stay::Stay;
use super::{DEFAULT, Snapshot};
use crate::draft::{Draft, Effect, Element, Part};

/// How many statements of a visit are kept; one that is older than all of them fills what is not known.
pub(in crate::normalize) const MAX_STATEMENTS: usize = 32;
/// How many bytes of what they say are kept.
pub(in crate::normalize) const MAX_STATEMENT_BYTES: usize = 64 * 1024;
/// How many go at once where there are more.
const FOLDED: usize = 8;

/// What is added to the number of what is said of a list where the fields of its entries follow.
const OF_FIELDS: u8 = 3;

/// What drafts of a visit may do, each by its number in stored state.
const EFFECTS: [Effect; 16] = [
    Effect::State,
    Effect::Whole,
    Effect::Mention,
    Effect::CancelAdmit,
    Effect::CancelPlan,
    Effect::CancelTransfer,
    Effect::CancelPlannedTransfer,
    Effect::CancelDischarge,
    Effect::CancelAttending,
    Effect::Superseded,
    Effect::Moved,
    Effect::Link,
    Effect::Unlink,
    Effect::Delete,
    Effect::CancelLeave,
    Effect::TakeBack,
];

/// What one message said of a visit.
#[derive(Clone, Debug)]
pub(in crate::normalize) struct Statement {
    /// Which message said it, and when that reached us.
    pub(in crate::normalize) shows: Shows,
    /// Whether how the visit stood then was told.
    pub(in crate::normalize) told: bool,
    pub(in crate::normalize) draft: Draft,
}

/// How a visit stood at a time, where that is otherwise than it was told.
#[derive(Debug)]
pub(in crate::normalize) struct Moment {
    pub(in crate::normalize) shows: Shows,
    pub(in crate::normalize) at: EventTime,
    pub(in crate::normalize) snapshot: Snapshot,
}

impl Moment {
    fn of(statement: &Statement, stood: &Snapshot, version: u32) -> Self {
        Self {
            shows: statement.shows,
            at: statement.draft.event_time,
            snapshot: Snapshot {
                version,
                ..stood.clone()
            },
        }
    }
}

/// What follows from a statement.
#[derive(Debug)]
pub(in crate::normalize) struct Taken {
    /// How the visit stood.
    pub(in crate::normalize) before: Snapshot,
    /// The statement that the visit now stands by, and its time, where that is not the one taken.
    pub(in crate::normalize) newest: Option<(Shows, EventTime)>,
    pub(in crate::normalize) moments: Vec<Moment>,
}

/// What was said of a visit lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statements {
    /// How the visit stood before them; nothing where nothing was known.
    base: Option<Box<Stay>>,
    /// Each thing that is said of an element, once.
    elements: Vec<u8>,
    /// The statements, with the numbers of what they say of elements.
    statements: Vec<u8>,
    count: usize,
}

impl Statements {
    /// Adds the newest, before which the visit stood like this.
    fn push(&mut self, before: Stay, statement: &Statement) {
        if self.count == 0 {
            let is_known = before != Stay::new(&before.snapshot.id);
            self.base = is_known.then(|| Box::new(before));
        }
        self.add(statement);
    }

    fn add(&mut self, statement: &Statement) {
        let mut out = Encoder(std::mem::take(&mut self.statements));
        let effect = EFFECTS
            .iter()
            .position(|effect| *effect == statement.draft.effect);
        let effect = effect.and_then(|at| u8::try_from(at).ok());
        out.u64(statement.shows.message);
        out.i64(statement.shows.known.micros());
        out.i64(statement.shows.said.micros());
        out.byte(u8::from(statement.shows.backfill));
        out.i64(statement.draft.event_time.micros());
        out.byte(u8::from(statement.told));
        out.byte(effect.expect("every effect is listed above"));
        out.count(statement.draft.elements().count());
        for (name, element) in statement.draft.elements() {
            let parts = statement.draft.parts(name);
            out.count(self.number(name, element, parts));
        }
        self.statements = out.0;
        self.count += 1;
    }

    /// Gives the number of what is said of an element.
    fn number(&mut self, name: &str, element: Element<'_>, parts: &[Part]) -> usize {
        let mut entry = Encoder::default();
        let (says, value) = match element {
            Element::Set(value) => (0, value),
            Element::Default(value) => (1, value),
            Element::Clear => (2, &b""[..]),
        };
        let of_fields = if parts.is_empty() { 0 } else { OF_FIELDS };
        entry.byte(says + of_fields);
        entry.bytes(name.as_bytes());
        entry.bytes(value);
        for part in parts {
            part.encode(&mut entry);
        }
        let (mut known, mut number) = (Decoder(&self.elements), 0);
        while let Some(bytes) = known.bytes() {
            if bytes == entry.0 {
                return number;
            }
            number += 1;
        }
        let mut elements = Encoder(std::mem::take(&mut self.elements));
        elements.bytes(&entry.0);
        self.elements = elements.0;
        number
    }

    /// Gives the statements of the visit with an id.
    fn open(&self, id: &str) -> Option<Vec<Statement>> {
        let mut elements = Vec::new();
        let mut known = Decoder(&self.elements);
        while !known.0.is_empty() {
            let mut entry = Decoder(known.bytes()?);
            let (says, name, value) = (entry.byte()?, entry.text()?, entry.bytes()?);
            let element = match says % OF_FIELDS {
                0 => Element::Set(value),
                1 => Element::Default(value),
                2 => Element::Clear,
                _ => return None,
            };
            let mut parts = Vec::new();
            while (OF_FIELDS..2 * OF_FIELDS).contains(&says) && !entry.0.is_empty() {
                parts.push(Part::decode(&mut entry)?);
            }
            elements.push((name, element, parts));
        }
        let mut fields = Decoder(&self.statements);
        let mut statements = Vec::with_capacity(self.count);
        while !fields.0.is_empty() {
            let mut shows = Shows {
                message: fields.u64()?,
                known: ReceivedTime::from_micros(fields.i64()?),
                said: EventTime::from_micros(fields.i64()?),
                backfill: fields.byte()? != 0,
                undoes: false,
            };
            let at = EventTime::from_micros(fields.i64()?);
            let told = fields.byte()? != 0;
            let effect = *EFFECTS.get(usize::from(fields.byte()?))?;
            shows.undoes = effect.undoes_a_move();
            let stated = fields.list(|fields| {
                let number = usize::try_from(fields.u32()?).ok()?;
                elements.get(number)
            })?;
            let said = stated.iter();
            let said = said.map(|(name, element, _)| ((*name).to_owned().into(), *element));
            let mut draft = Draft::new("Encounter", id, at, said).with_parts(|name| {
                let of_name = stated.iter().find(|(known, ..)| *known == name);
                of_name.map_or(&[], |(.., parts)| parts)
            });
            draft.effect = effect;
            statements.push(Statement { shows, told, draft });
        }
        Some(statements)
    }

    /// Gives what was known before the statements, and them.
    fn taken_apart(&self, id: &str) -> (Option<Stay>, Vec<Statement>) {
        let statements = self.open(id).expect("what was decoded was read once");
        (self.base.as_deref().cloned(), statements)
    }

    fn of(base: Option<Stay>, statements: &[Statement]) -> Self {
        let mut all = Self::default();
        for statement in statements {
            all.add(statement);
        }
        all.base = base.filter(|_| all.count > 0).map(Box::new);
        all
    }

    /// Lets the first of what is over the limits go.
    fn trim(&mut self, id: &str) {
        while self.count > MAX_STATEMENTS || self.elements.len() > MAX_STATEMENT_BYTES {
            self.fold(id, FOLDED);
        }
    }

    /// Makes what was known before of the first statements.
    fn fold(&mut self, id: &str, count: usize) {
        let (base, mut statements) = self.taken_apart(id);
        let mut base = base.unwrap_or_else(|| Stay::new(id));
        for statement in statements.drain(..count.min(self.count)) {
            base.apply(&statement.draft, statement.shows.said);
        }
        *self = Self::of(Some(base), &statements);
    }

    /// Lets go what reached us before a time.
    pub(super) fn forget(&mut self, oldest: ReceivedTime, id: &str) {
        let mut first = Decoder(&self.statements);
        let known = first.u64().and_then(|_| first.i64());
        if known.is_none_or(|known| known >= oldest.micros()) {
            return;
        }
        let (_, statements) = self.taken_apart(id);
        let is_old = |statement: &&Statement| statement.shows.known < oldest;
        self.fold(id, statements.iter().take_while(is_old).count());
    }

    /// Rewrites every element, such as what refers to a patient that has a new key.
    pub(super) fn rewrite(&mut self, id: &str, rewrite: &impl Fn(&[u8]) -> Vec<u8>) {
        let (mut base, mut statements) = self.taken_apart(id);
        if let Some(base) = &mut base {
            base.snapshot.rewrite(rewrite);
        }
        for statement in &mut statements {
            let rewritten = statement.draft.rewritten(id, |_, json| Some(rewrite(json)));
            statement.draft = rewritten;
        }
        *self = Self::of(base, &statements);
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.count(self.count);
        if self.count == 0 {
            return;
        }
        out.byte(u8::from(self.base.is_some()));
        if let Some(base) = &self.base {
            base.encode_standing(out);
        }
        out.bytes(&self.elements);
        out.bytes(&self.statements);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>, id: &str, version: u8) -> Option<Self> {
        let count = usize::try_from(fields.u32()?).ok()?;
        if count == 0 {
            return Some(Self::default());
        }
        let base = match fields.byte()? {
            0 => None,
            _ => Some(Box::new(Stay::decode_standing(fields, version)?)),
        };
        let read = Self {
            base,
            elements: fields.bytes()?.to_vec(),
            statements: fields.bytes()?.to_vec(),
            count,
        };
        (read.open(id)?.len() == count).then_some(read)
    }
}

impl Stay {
    /// Takes over what a message says, at its place among what was said; gives what was otherwise than it was told.
    pub(in crate::normalize) fn take(&mut self, statement: Statement) -> Taken {
        if statement.shows.said < self.snapshot.as_of {
            return self.take_late(statement);
        }
        let before = self.standing();
        let snapshot = before.snapshot.clone();
        self.apply(&statement.draft, statement.shows.said);
        let told = snapshot.version == 0 || !snapshot.says_the_same(&self.snapshot);
        if told || !only_fills(&statement.draft) {
            self.statements
                .push(before, &Statement { told, ..statement });
            self.statements.trim(&self.snapshot.id);
        }
        Taken {
            before: snapshot,
            newest: None,
            moments: Vec::new(),
        }
    }

    /// Takes what was said of another visit, which this one is, for what was said of it before; where much was said of it itself, that
    /// is no more known in its order.
    pub(in crate::normalize) fn follow(&mut self, other: &Self) {
        let id = self.snapshot.id.clone();
        let (base, before) = other.statements.taken_apart(&id);
        let (own_base, own) = self.statements.taken_apart(&id);
        let is_whole = own_base.is_none() && (self.snapshot.version == 0 || !own.is_empty());
        if !is_whole {
            return self.settle();
        }
        let base = base.or_else(|| before.is_empty().then(|| other.standing()));
        let mut base = base.unwrap_or_else(|| Self::new(&id));
        base.snapshot.id = id.clone();
        let number = |stay: &Self| stay.snapshot.get("identifier").map(Box::<[u8]>::from);
        // One that moves whole keeps its number.
        let is_renamed = number(self).is_some_and(|own| Some(own) != number(other));
        if let Some(old) = number(other).filter(|_| is_renamed) {
            base.snapshot.force("identifier", &as_old(&old), DEFAULT);
        }
        let is_gone = |name: &str| name == "partOf" || name == "identifier" && is_renamed;
        let before = before.into_iter().map(|mut one| {
            let rewrite = |name: &str, json: &[u8]| (!is_gone(name)).then(|| json.to_vec());
            one.draft = one.draft.rewritten(&id, rewrite);
            one
        });
        let mut all: Vec<Statement> = before.chain(own).collect();
        all.sort_by_key(|one| one.shows.said);
        self.statements = Statements::of(Some(base), &all);
        self.statements.trim(&id);
    }

    /// Takes in what was said of the same visit where another identity of the patient had it.
    pub(in crate::normalize) fn join(&mut self, other: &Self) {
        self.absorb(other);
        let (base, all) = self.statements.taken_apart(&self.snapshot.id);
        if all.is_empty() {
            return;
        }
        let (_, mut last) = replayed(&self.snapshot.id, base.as_ref(), &all);
        last.snapshot.version = self.snapshot.version;
        last.statements = std::mem::take(&mut self.statements);
        *self = last;
    }

    /// Gives how it stood after each thing that was said of it lately, as another visit that it turned out to be.
    pub(in crate::normalize) fn moments_as(&self, id: &str) -> Vec<Moment> {
        let (base, all) = self.statements.taken_apart(id);
        let (stood, _) = replayed(id, base.as_ref(), &all);
        let version = self.snapshot.version;
        let known = base.as_ref().filter(|base| base.snapshot.as_of > DEFAULT);
        let first = known.zip(all.first()).map(|(base, first)| {
            let said = base.snapshot.as_of;
            let name = fingerprint(&[id.as_bytes(), &said.micros().to_be_bytes()]);
            let shows = Shows {
                message: name,
                said,
                undoes: false,
                ..first.shows
            };
            Moment {
                shows,
                at: said,
                snapshot: Snapshot {
                    version,
                    ..base.snapshot.clone()
                },
            }
        });
        let told = all.iter().zip(&stood);
        let told = told.filter(|(statement, _)| statement.told);
        let told = told.map(|(statement, stood)| Moment::of(statement, stood, version));
        let moments = first.into_iter().chain(told);
        let mut moments: Vec<Moment> = moments.collect();
        for moment in &mut moments {
            moment.snapshot.id = id.into();
        }
        moments
    }

    fn take_late(&mut self, statement: Statement) -> Taken {
        let (id, own) = (self.snapshot.id.clone(), statement.shows);
        let fills = only_fills(&statement.draft);
        let (base, all) = self.statements.taken_apart(&id);
        let mut base = base.or_else(|| all.is_empty().then(|| self.standing()));
        let mut believed = base.as_ref().map(|base| base.snapshot.clone());
        let place = all.partition_point(|one| one.shows.said <= own.said);
        let is_known_before = believed
            .as_ref()
            .is_some_and(|known| own.said < known.as_of);
        let (was, _) = replayed(&id, base.as_ref(), &all);
        let mut all: Vec<_> = all.into_iter().zip(was.into_iter().map(Some)).collect();
        if place > 0 || !is_known_before {
            all.insert(place, (statement, None));
        } else if let Some(base) = &mut base {
            base.apply(&statement.draft, own.said);
        }
        let (mut all, was): (Vec<Statement>, Vec<Option<Snapshot>>) = all.into_iter().unzip();
        let (now, mut last) = replayed(&id, base.as_ref(), &all);
        let before = self.snapshot.clone();
        let is_changed = !before.says_the_same(&last.snapshot);
        let newest = all.len().checked_sub(1).filter(|_| is_changed);
        let mut moments = Vec::new();
        for (at, ((statement, was), now)) in all.iter_mut().zip(was).zip(now).enumerate() {
            if at >= place {
                // Whoever follows the visit is to know that what it now stands by is another's.
                let is_new = was.is_none() && is_changed;
                believed = was.filter(|_| statement.told).or(believed);
                let is_so = believed.is_some_and(|believed| believed.says_the_same(&now));
                let is_newest = newest == Some(at);
                statement.told |= is_new || !is_so || is_newest;
                if (is_new || !is_so) && !is_newest {
                    moments.push(Moment::of(statement, &now, before.version));
                }
            }
            believed = Some(now);
        }
        // What was said since may only have filled what was not known.
        let newest = newest.and_then(|at| all.get(at));
        let newest = newest.filter(|newest| newest.shows != own);
        let newest = newest.map(|newest| (newest.shows, newest.draft.event_time));
        if is_changed || !moments.is_empty() || !fills {
            last.snapshot.version = before.version;
            last.snapshot.as_of = last.snapshot.as_of.max(before.as_of);
            last.statements = Statements::of(base, &all);
            last.statements.trim(&id);
            *self = last;
        }
        Taken {
            before,
            newest,
            moments,
        }
    }
}

/// Gives how a visit stood after each statement, and how it stands.
fn replayed(id: &str, base: Option<&Stay>, all: &[Statement]) -> (Vec<Snapshot>, Stay) {
    let mut stay = base.cloned().unwrap_or_else(|| Stay::new(id));
    let stood = all.iter().map(|statement| {
        stay.apply(&statement.draft, statement.shows.said);
        stay.snapshot.clone()
    });
    (stood.collect(), stay)
}

/// Says whether a draft only fills what is not known: that says nothing of a time.
fn only_fills(draft: &Draft) -> bool {
    matches!(draft.effect, Effect::State | Effect::Mention)
        && draft
            .elements()
            .all(|(_, element)| matches!(element, Element::Default(_)))
}
