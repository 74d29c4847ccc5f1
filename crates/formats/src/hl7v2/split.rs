//! The parts of a piece, all found in one go: for who reads many of them.

use wide::u8x16;

use super::element::{Component, Element, Repetition, level};
use super::separators::Separators;

/// The parts that are kept; later ones are looked for when asked for.
const KEPT: usize = 32;

const LANES: usize = 16;

const LANES_STEP: u16 = 16;

/// Where the parts of a piece are.
#[derive(Clone, Copy, Debug)]
pub struct Split<'m, Part> {
    whole: Element<'m, Part>,
    separator: u8,
    /// Whether all parts are kept.
    is_complete: bool,
    count: u8,
    /// One bit for each part that has bytes, the first one's lowest.
    sent: u32,
    /// Where the parts end.
    ends: [u16; KEPT],
}

impl<'m> Repetition<'m> {
    /// Finds the components.
    #[must_use]
    pub fn split(&self) -> Split<'m, level::Component> {
        Split::new(self.at_level(), self.separators().component)
    }
}

impl<'m> Component<'m> {
    /// Finds the subcomponents.
    #[must_use]
    pub fn split(&self) -> Split<'m, level::Subcomponent> {
        Split::new(self.at_level(), self.separators().subcomponent)
    }
}

impl<'m, Part> Split<'m, Part> {
    fn new(whole: Element<'m, Part>, separator: u8) -> Self {
        let mut this = Self {
            whole,
            separator,
            is_complete: false,
            count: 0,
            sent: 0,
            ends: [0; KEPT],
        };
        this.find();
        if !this.is_complete {
            this.sent = u32::MAX;
        }
        this
    }

    /// Returns one bit for each part that has bytes, the first one's lowest; all bits where there may be more parts.
    #[inline]
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// Returns the part with this number, counted from 1.
    #[inline]
    #[must_use]
    pub fn part(&self, number: usize) -> Element<'m, Part> {
        let place = number.wrapping_sub(1);
        if place < usize::from(self.count) {
            let at = |place: usize| self.ends.get(place).copied().map_or(0, usize::from);
            let start = if place == 0 { 0 } else { at(place - 1) + 1 };
            return self.whole.slice(start, at(place));
        }
        if self.is_complete {
            let end = self.whole.raw().len();
            self.whole.slice(end, end)
        } else {
            self.whole.part(number, self.separator, Separators::NONE)
        }
    }

    /// Finds the parts of a piece that is not too long.
    fn find(&mut self) {
        let raw = self.whole.raw();
        let Ok(length) = u16::try_from(raw.len()) else {
            return;
        };
        let separator = u8x16::splat(self.separator);
        let (lanes, tail) = raw.as_chunks::<LANES>();
        let mut last = [!self.separator; LANES];
        if let Some(start) = last.get_mut(..tail.len()) {
            start.copy_from_slice(tail);
        }
        let mut base = 0_u16;
        for lane in lanes.iter().chain([&last]) {
            let mut found = u8x16::new(*lane).simd_eq(separator).to_bitmask();
            while found != 0 {
                let place = u16::try_from(found.trailing_zeros()).unwrap_or_default();
                if !self.push(base + place) {
                    return;
                }
                found &= found - 1;
            }
            base = base.saturating_add(LANES_STEP);
        }
        self.is_complete = self.push(length);
    }

    /// Takes in where the next part ends; false where no more are kept.
    #[inline]
    fn push(&mut self, end: u16) -> bool {
        let count = usize::from(self.count);
        let start = match count
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
        {
            Some(before) => before + 1,
            None => 0,
        };
        let Some(slot) = self.ends.get_mut(count) else {
            return false;
        };
        *slot = end;
        self.sent |= u32::from(end > start) << count;
        self.count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::hl7v2;

    #[test]
    fn parts_beyond_those_kept_are_found() {
        let parts: Vec<String> = (1..=40).map(|number| format!("c{number}")).collect();
        let text = format!(
            "MSH|^~\\&|A\rZZZ|{}|{}\r",
            parts.join("^"),
            "x".repeat(70_000) + "^y"
        );
        let message = hl7v2::parse(text.as_bytes());
        let segment = message.segment(b"ZZZ").unwrap();
        let split = segment.field(1).repetition(1).split();
        assert_eq!(split.part(32).raw(), b"c32");
        assert_eq!(split.part(40).raw(), b"c40");
        assert_eq!((split.part(41).raw(), split.sent()), (&b""[..], u32::MAX));
        let long = segment.field(2).repetition(1).split();
        assert_eq!((long.part(2).raw(), long.sent()), (&b"y"[..], u32::MAX));
    }

    proptest! {
        #[test]
        fn each_part_is_the_one_found_alone(text in "[a^&]{0,60}") {
            let text = format!("MSH|^~\\&|A\rZZZ|{text}\r");
            let message = hl7v2::parse(text.as_bytes());
            let segment = message.segment(b"ZZZ").unwrap();
            let repetition = segment.field(1).repetition(1);
            let split = repetition.split();
            for number in 0..45 {
                let (one, other) = (split.part(number), repetition.component(number));
                prop_assert_eq!((one.raw(), one.position()), (other.raw(), other.position()));
                let inner = other.split();
                for number in 1..4 {
                    prop_assert_eq!(inner.part(number).position(), other.subcomponent(number).position());
                }
                if number > 0 && number <= 32 && split.sent() != u32::MAX {
                    prop_assert_eq!(split.sent() & (1 << (number - 1)) != 0, !one.is_empty());
                }
            }
        }
    }
}
