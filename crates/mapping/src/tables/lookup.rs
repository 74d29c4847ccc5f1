//! Texts found by a hash, faster than by comparing; they are gone through in the order in which they came.

/// Values by text.
#[derive(Debug)]
pub(crate) struct Lookup<V> {
    entries: Vec<(&'static str, V)>,
    /// One more than the place of an entry, or 0; as many as a power of two, at least half of them 0.
    slots: Vec<u32>,
}

impl<V> Default for Lookup<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            slots: Vec::new(),
        }
    }
}

impl<V> Lookup<V> {
    /// Sets a value.
    pub(crate) fn insert(&mut self, key: &'static str, value: V) {
        if let Some(place) = self.place(key)
            && let Some((_, known)) = self.entries.get_mut(place)
        {
            *known = value;
            return;
        }
        self.entries.push((key, value));
        if self.entries.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.entries.len().next_power_of_two() * 4];
            for place in 0..self.entries.len() {
                self.enter(place);
            }
        } else {
            self.enter(self.entries.len() - 1);
        }
    }

    /// Removes a value.
    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.retain(|(known, _)| *known != key);
        self.slots.fill(0);
        for place in 0..self.entries.len() {
            self.enter(place);
        }
    }

    /// Finds a value.
    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        let place = self.place(key)?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// Says whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Says whether there is a value.
    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// Goes through the values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    #[inline]
    fn place(&self, key: &str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(key) & mask;
        loop {
            let place = (*self.slots.get(at)? as usize).checked_sub(1)?;
            if self.entries.get(place)?.0 == key {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    fn enter(&mut self, place: usize) {
        let (Some((key, _)), Some(mask)) =
            (self.entries.get(place), self.slots.len().checked_sub(1))
        else {
            return;
        };
        let mut at = hash(key) & mask;
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = u32::try_from(place + 1).unwrap_or_default();
        }
    }
}

/// Mixes the bytes of a text.
#[inline]
fn hash(key: &str) -> usize {
    let mixed = key.bytes().fold(0_u32, |hash, byte| {
        (hash.rotate_left(5) ^ u32::from(byte)).wrapping_mul(0x9e37_79b9)
    });
    (mixed ^ (mixed >> 15)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_last_is_found() {
        let mut lookup = Lookup::default();
        let keys = [
            "", "a", "b", "ab", "ba", "LN", "SCT", "HL70001", "HL70002", "x",
        ];
        assert_eq!(lookup.get("a"), None);
        for (number, key) in keys.into_iter().enumerate() {
            lookup.insert(key, number);
            lookup.insert(key, number + 100);
        }
        lookup.remove("b");
        for (number, key) in keys.into_iter().enumerate() {
            let expected = (key != "b").then_some(number + 100);
            assert_eq!(lookup.get(key).copied(), expected, "{key}");
        }
        assert!(!lookup.contains_key("c"));
        assert_eq!(lookup.values().count(), keys.len() - 1);
    }
}
