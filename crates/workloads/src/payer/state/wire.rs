//! The stored form of a member's state: versioned, and readable for ever.

use clinical::payer::{Document, DocumentKind, ServiceLine, Standing, Stated, Trace, Way};
use clinical::{Decimal, EventId, EventTime, FindingId, Origin, PatientKey, ReceivedTime};

use super::super::ledger::Told;
use super::{Held, Line, State};
use crate::DecodeError;

/// The version that is written. The second one says who gave a service, and what was told of whom; the third what a member owes;
/// in the fourth a remittance that was sent twice is one; the fifth has the numbers of services, and says what ends a membership;
/// the sixth says who gave those numbers, and of which product a coverage is; the seventh by which way requests for
/// authorization and remittances came, and which number a payer gave a claim.
const VERSION: u8 = 7;

/// By which way a document came, and whether it is history, as one byte; before the seventh version no way was known.
const FLAGS: [(Way, bool); 10] = {
    let mut all = [(Way::Unknown, false); 10];
    let mut place = 0;
    while place < all.len() {
        all[place] = (Way::ALL[place / 2], place % 2 == 1);
        place += 1;
    }
    all
};

/// Whether a version says what names the product of a coverage, or which number a payer gave a claim.
const fn has_product(kind: DocumentKind, version: u8) -> bool {
    matches!(
        (kind, version),
        (DocumentKind::Coverage, 6..) | (DocumentKind::Remittance, 7..)
    )
}

impl State {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the state at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        let mut to = Out(out);
        to.0.push(VERSION);
        to.0.push(u8::from(self.retired.is_some()) | u8::from(self.pending) << 1);
        if let Some(retired) = self.retired {
            to.0.extend_from_slice(retired.as_bytes());
        }
        to.optional(self.wake.map(EventTime::micros));
        to.optional(self.floor.map(EventTime::micros));
        to.list(&self.documents, Out::held);
        to.list(&self.lines, Out::line);
        to.list(&self.told, Out::told);
        true
    }

    /// Reads a stored state.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((version, rest)) = bytes.split_first() else {
            return Ok(Self::default());
        };
        if *version > VERSION {
            return Err(DecodeError::Version(*version));
        }
        let mut from = In(rest, *version);
        let state = from.state().filter(|_| from.0.is_empty());
        let state = state.ok_or(DecodeError::Damaged)?;
        Ok(match *version {
            ..4 => state.put_again().with_ended_memberships(),
            4 => state.with_ended_memberships(),
            _ => state,
        })
    }
}

/// Bytes that are being written.
pub(crate) struct Out<'o>(pub(crate) &'o mut Vec<u8>);

impl Out<'_> {
    pub(crate) fn unsigned(&mut self, mut value: u128) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.0.push(low & 0x7f);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    pub(crate) fn signed(&mut self, value: i64) {
        let value = i128::from(value);
        self.unsigned((value << 1 ^ value >> 127).cast_unsigned());
    }

    fn optional(&mut self, value: Option<i64>) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            self.signed(value);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u128);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn decimal(&mut self, value: Option<Decimal>) {
        let Some(value) = value else {
            self.0.push(0);
            return;
        };
        let scale = u8::try_from(value.scale()).expect("a decimal has at most 28 places");
        self.0.push(scale + 1);
        let mantissa = value.mantissa();
        self.unsigned(mantissa.unsigned_abs() << 1 | u128::from(mantissa < 0));
    }

    fn stated(&mut self, stated: Option<Stated>) {
        let (kind, value) = match stated {
            None => (0, 0),
            Some(Stated::Day(day)) => (1, i64::from(day)),
            Some(Stated::Moment(moment)) => (2, moment.micros()),
        };
        self.0.push(kind);
        if kind > 0 {
            self.signed(value);
        }
    }

    pub(crate) fn list<T>(&mut self, items: &[T], write: fn(&mut Self, &T)) {
        self.unsigned(items.len() as u128);
        for item in items {
            write(self, item);
        }
    }

    pub(crate) fn link(&mut self, link: &u64) {
        self.0.extend(link.to_be_bytes());
    }

    fn trace(&mut self, trace: &Trace) {
        self.link(&trace.number);
        self.link(&trace.by);
    }

    fn place<T: PartialEq>(&mut self, list: &[T], item: &T) {
        let place = list.iter().position(|known| known == item);
        let place = place.and_then(|place| u8::try_from(place).ok());
        self.0
            .push(place.expect("the list has every value of the type"));
    }

    fn held(&mut self, held: &Held) {
        self.document(&held.document);
        self.signed(held.known.micros());
        self.signed(held.known.micros().wrapping_sub(held.first_known.micros()));
        self.0.extend_from_slice(held.event.as_bytes());
        self.unsigned(u128::from(held.origin.partition));
        self.unsigned(u128::from(held.origin.offset));
        self.place(&FLAGS, &(held.document.way, held.backfill));
    }

    fn document(&mut self, document: &Document) {
        self.place(&DocumentKind::ALL, &document.kind);
        self.place(&Standing::ALL, &document.standing);
        self.link(&document.resource);
        self.stated(document.created);
        self.optional(document.from.map(i64::from));
        self.optional(document.until.map(i64::from));
        self.link(&document.insurer);
        self.link(&document.provider);
        self.list(&document.links, Self::link);
        self.list(&document.replaces, Self::link);
        if has_product(document.kind, VERSION) {
            self.link(&document.product);
        }
        self.text(&document.code);
        self.stated(document.deadline);
        let amounts = [
            document.charge,
            document.paid,
            document.adjusted,
            document.owed,
        ];
        for amount in amounts {
            self.decimal(amount);
        }
        self.list(&document.lines, Self::service);
    }

    fn service(&mut self, line: &ServiceLine) {
        self.unsigned(u128::from(line.number));
        for text in [&line.code, &line.modifiers, &line.place, &line.action] {
            self.text(text);
        }
        self.optional(line.day.map(i64::from));
        for amount in [line.units, line.charge, line.paid, line.adjusted] {
            self.decimal(amount);
        }
        self.0.push(u8::from(line.has_reason));
        self.given(line);
    }

    /// Who gave a service, when and where: of most documents nothing.
    fn given(&mut self, line: &ServiceLine) {
        let has = [
            line.until.is_some(),
            line.renderer != 0,
            !line.specialty.is_empty(),
            line.is_minutes,
            !line.traces.is_empty(),
        ];
        let flags = has
            .iter()
            .rev()
            .fold(0, |all, one| all << 1 | u8::from(*one));
        self.0.push(flags);
        if let Some(until) = line.until {
            self.signed(i64::from(until));
        }
        if line.renderer != 0 {
            self.link(&line.renderer);
        }
        if !line.specialty.is_empty() {
            self.text(&line.specialty);
        }
        if !line.traces.is_empty() {
            self.list(&line.traces, Self::trace);
        }
    }

    pub(crate) fn line(&mut self, line: &Line) {
        self.0.extend([line.workload, u8::from(line.asserted)]);
        self.text(&line.condition);
        self.signed(line.as_of.micros());
        self.unsigned(u128::from(line.revision));
        self.0.extend_from_slice(line.finding.as_bytes());
        self.link(&line.digest);
    }

    fn told(&mut self, told: &Told) {
        self.link(&told.provider);
        self.signed(i64::from(told.week));
        self.text(&told.case);
        self.signed(told.at.micros());
        self.link(&told.digest);
    }
}

/// What is left of the bytes, and their version.
pub(crate) struct In<'i>(pub(crate) &'i [u8], pub(crate) u8);

impl<'i> In<'i> {
    fn state(&mut self) -> Option<State> {
        let flags = self.byte()?;
        let retired = match flags & 1 {
            0 => None,
            _ => Some(PatientKey::from_slice(self.take(16)?)?),
        };
        Some(State {
            retired,
            pending: flags & 2 != 0,
            wake: self.optional()?.map(EventTime::from_micros),
            floor: self.optional()?.map(EventTime::from_micros),
            documents: self.list(Self::held)?,
            lines: self.list(Self::line)?,
            told: match self.1 {
                1 => Vec::new(),
                _ => self.list(Self::told)?,
            },
        })
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'i [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn unsigned(&mut self) -> Option<u128> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        let half = (value >> 1).cast_signed();
        i64::try_from(if value & 1 == 0 { half } else { !half }).ok()
    }

    fn optional(&mut self) -> Option<Option<i64>> {
        match self.byte()? {
            0 => Some(None),
            _ => self.signed().map(Some),
        }
    }

    fn day(&mut self) -> Option<Option<i32>> {
        let day = self.optional()?.map(i32::try_from);
        day.transpose().ok()
    }

    pub(crate) fn text(&mut self) -> Option<Box<str>> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        Some(std::str::from_utf8(self.take(length)?).ok()?.into())
    }

    pub(crate) fn decimal(&mut self) -> Option<Option<Decimal>> {
        let Some(scale) = self.byte()?.checked_sub(1) else {
            return Some(None);
        };
        let value = self.unsigned()?;
        let amount = (value >> 1).cast_signed();
        let mantissa = if value & 1 == 0 { amount } else { -amount };
        let amount = Decimal::try_from_i128_with_scale(mantissa, u32::from(scale));
        amount.ok().map(Some)
    }

    fn stated(&mut self) -> Option<Option<Stated>> {
        Some(match self.byte()? {
            0 => None,
            1 => Some(Stated::Day(i32::try_from(self.signed()?).ok()?)),
            2 => Some(Stated::Moment(EventTime::from_micros(self.signed()?))),
            _ => return None,
        })
    }

    pub(crate) fn list<T>(&mut self, read: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.unsigned()?).ok()?;
        // Each item has a byte at least: a count that cannot be reserves no room.
        if count > self.0.len() {
            return None;
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(crate) fn link(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    fn trace(&mut self) -> Option<Trace> {
        let number = self.link()?;
        let by = match self.1 {
            ..6 => 0,
            _ => self.link()?,
        };
        Some(Trace { number, by })
    }

    fn held(&mut self) -> Option<Held> {
        let mut document = self.document()?;
        let known = self.signed()?;
        let first_known = ReceivedTime::from_micros(known.wrapping_sub(self.signed()?));
        let event = EventId::from_slice(self.take(16)?)?;
        let origin = Origin {
            partition: u16::try_from(self.unsigned()?).ok()?,
            offset: u64::try_from(self.unsigned()?).ok()?,
        };
        let backfill;
        (document.way, backfill) = *FLAGS.get(usize::from(self.byte()?))?;
        Some(Held {
            document,
            known: ReceivedTime::from_micros(known),
            first_known,
            event,
            origin,
            backfill,
        })
    }

    fn document(&mut self) -> Option<Document> {
        let kind = *DocumentKind::ALL.get(usize::from(self.byte()?))?;
        let standing = *Standing::ALL.get(usize::from(self.byte()?))?;
        Some(Document {
            kind,
            standing,
            resource: self.link()?,
            created: self.stated()?,
            from: self.day()?,
            until: self.day()?,
            insurer: self.link()?,
            provider: self.link()?,
            links: self.list(Self::link)?,
            replaces: self.list(Self::link)?,
            // Before, nothing told what names a product from other numbers.
            product: match has_product(kind, self.1) {
                true => self.link()?,
                false => 0,
            },
            way: Way::Unknown,
            code: self.text()?,
            deadline: self.stated()?,
            charge: self.decimal()?,
            paid: self.decimal()?,
            adjusted: self.decimal()?,
            owed: match self.1 {
                1 | 2 => None,
                _ => self.decimal()?,
            },
            lines: self.list(Self::service)?,
        })
    }

    fn service(&mut self) -> Option<ServiceLine> {
        let line = ServiceLine {
            number: u16::try_from(self.unsigned()?).ok()?,
            code: self.text()?,
            modifiers: self.text()?,
            place: self.text()?,
            action: self.text()?,
            day: self.day()?,
            units: self.decimal()?,
            charge: self.decimal()?,
            paid: self.decimal()?,
            adjusted: self.decimal()?,
            has_reason: self.byte()? != 0,
            ..ServiceLine::default()
        };
        match self.1 {
            1 => Some(line),
            _ => self.given(line),
        }
    }

    fn given(&mut self, mut line: ServiceLine) -> Option<ServiceLine> {
        let flags = self.byte()?;
        let has = |place: u8| flags >> place & 1 == 1;
        if has(0) {
            line.until = Some(i32::try_from(self.signed()?).ok()?);
        }
        if has(1) {
            line.renderer = self.link()?;
        }
        if has(2) {
            line.specialty = self.text()?;
        }
        line.is_minutes = has(3);
        if has(4) {
            line.traces = self.list(Self::trace)?;
        }
        Some(line)
    }

    pub(crate) fn line(&mut self) -> Option<Line> {
        Some(Line {
            workload: self.byte()?,
            asserted: self.byte()? != 0,
            condition: self.text()?,
            as_of: EventTime::from_micros(self.signed()?),
            revision: u32::try_from(self.unsigned()?).ok()?,
            finding: FindingId::from_slice(self.take(16)?)?,
            digest: self.link()?,
        })
    }

    fn told(&mut self) -> Option<Told> {
        Some(Told {
            provider: self.link()?,
            week: i32::try_from(self.signed()?).ok()?,
            case: self.text()?,
            at: EventTime::from_micros(self.signed()?),
            digest: self.link()?,
        })
    }
}
