//! A list whose first items go as time passes, while what stands behind them stays where it is.

use std::ops::Deref;

#[derive(Clone, Debug)]
pub(super) struct Sliding<T> {
    room: Vec<T>,
    /// So much of the room is free at its beginning.
    free: usize,
}

impl<T> Default for Sliding<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> Deref for Sliding<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.room.get(self.free..).unwrap_or_default()
    }
}

impl<T> From<Vec<T>> for Sliding<T> {
    fn from(room: Vec<T>) -> Self {
        Self { room, free: 0 }
    }
}

impl<T: Copy> Sliding<T> {
    pub(super) fn insert(&mut self, place: usize, item: T) {
        // What is free at the beginning is used where that is worth moving all.
        let is_full = self.room.len() == self.room.capacity();
        if is_full && self.free > self.len() / 4 {
            self.room.drain(..self.free);
            self.free = 0;
        }
        self.room.insert(self.free + place, item);
    }

    pub(super) fn remove(&mut self, place: usize) -> T {
        let (len, at) = (self.len(), self.free + place);
        if place >= len / 2 {
            return self.room.remove(at);
        }
        // Near the beginning what stands before it moves.
        let before = self.room.get_mut(self.free..=at).unwrap_or_default();
        before.rotate_right(1);
        let item = *before.first().expect("there is one at its place");
        self.free += 1;
        item
    }

    /// Keeps of the first so many those that stay.
    pub(super) fn retain_of_first(&mut self, count: usize, mut stays: impl FnMut(&T) -> bool) {
        let room = self.room.get_mut(self.free..).unwrap_or_default();
        let first = room.get_mut(..count).unwrap_or_default();
        let mut kept = 0;
        for place in 0..first.len() {
            if first.get(place).is_some_and(&mut stays) {
                if kept < place {
                    first.swap(kept, place);
                }
                kept += 1;
            }
        }
        let gone = first.len() - kept;
        if gone > 0 {
            first.copy_within(..kept, gone);
            self.free += gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Insert(prop::sample::Index, u8),
        Remove(prop::sample::Index),
        Retain(prop::sample::Index, u8),
    }

    fn change() -> impl Strategy<Value = Change> {
        let place = any::<prop::sample::Index>;
        prop_oneof![
            4 => (place(), any::<u8>()).prop_map(|(place, item)| Change::Insert(place, item)),
            1 => place().prop_map(Change::Remove),
            1 => (place(), any::<u8>()).prop_map(|(count, least)| Change::Retain(count, least)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_holds_what_a_list_would(changes in prop::collection::vec(change(), 0..200)) {
            let (mut sliding, mut list) = (Sliding::default(), Vec::new());
            for change in changes {
                match change {
                    Change::Insert(place, item) => {
                        let place = place.index(list.len() + 1);
                        sliding.insert(place, item);
                        list.insert(place, item);
                    }
                    Change::Remove(place) if !list.is_empty() => {
                        let place = place.index(list.len());
                        prop_assert_eq!(sliding.remove(place), list.remove(place));
                    }
                    Change::Remove(_) => {}
                    Change::Retain(count, least) => {
                        let rest = list.split_off(count.index(list.len() + 1));
                        sliding.retain_of_first(list.len(), |item| *item >= least);
                        list.retain(|item| *item >= least);
                        list.extend(rest);
                    }
                }
                prop_assert_eq!(&*sliding, &*list);
            }
        }
    }
}
