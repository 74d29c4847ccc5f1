//! The message structures: which segments a message has, in which groups, and which event has which structure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Place, TableError, lines};

/// The structures as built in.
pub(crate) static STRUCTURES: LazyLock<Structures> =
    LazyLock::new(|| Structures::load().expect("a test loads the structures that are built in"));

const FILE: &str = "guide/structures.tsv";
const EVENTS: &str = "guide/events.tsv";

/// All structures.
#[derive(Debug, Default)]
pub(crate) struct Structures {
    by_name: BTreeMap<&'static str, Structure>,
    /// The structure of an event, by `ADT^A04`.
    by_event: BTreeMap<&'static str, &'static str>,
}

/// A message structure, its segments and groups in order; the first slot is the message itself.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) name: &'static str,
    pub(crate) slots: Vec<Slot>,
}

/// A place for a segment or a group of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    /// The slot after the last one inside it; of a segment, the next slot.
    pub(crate) end: usize,
    pub(crate) is_group: bool,
    pub(crate) repeats: bool,
    pub(crate) optional: bool,
}

impl Structures {
    /// Reads both files.
    pub(crate) fn load() -> Result<Self, TableError> {
        let mut structures = Self::default();
        let text = include_str!("../../data/guide/structures.tsv");
        for (place, cells) in lines(FILE, text) {
            let [name, grammar] = cells.as_slice() else {
                return Err(place.error("a row has a name and a grammar".to_owned()));
            };
            let slots = read(name, grammar, place)?;
            structures.by_name.insert(name, Structure { name, slots });
        }
        let text = include_str!("../../data/guide/events.tsv");
        for (place, cells) in lines(EVENTS, text) {
            let [event, structure] = cells.as_slice() else {
                return Err(place.error("a row has an event and its structure".to_owned()));
            };
            if !structures.by_name.contains_key(structure) {
                return Err(place.error(format!("there is no structure `{structure}` in {FILE}")));
            }
            structures.by_event.insert(event, structure);
        }
        Ok(structures)
    }

    /// Finds the structure of a message: that of its event; of an event nobody knows, the one it says it has; else one
    /// of another event of the same type.
    pub(crate) fn find(&self, kind: &str, event: &str, said: &str) -> Option<&Structure> {
        let by_event = || {
            let key = format!("{kind}^{event}");
            self.by_event.get(key.as_str()).copied()
        };
        let by_type = || {
            let prefix = format!("{kind}^");
            let mut of_type = self.by_event.range(prefix.as_str()..);
            let (found, structure) = of_type.next()?;
            found.starts_with(&prefix).then_some(*structure)
        };
        let said = || self.by_name.get_key_value(said).map(|(name, _)| *name);
        let name = by_event().or_else(said).or_else(by_type)?;
        self.by_name.get(name)
    }
}

/// Reads a grammar such as `MSH PID? ORDER( ORC? OBR NTE* )+`.
fn read(name: &'static str, grammar: &'static str, place: Place) -> Result<Vec<Slot>, TableError> {
    let slot = |name, is_group| Slot {
        name,
        end: 0,
        is_group,
        repeats: false,
        optional: false,
    };
    let mut slots = vec![slot(name, true)];
    let mut open = vec![0];
    for word in grammar.split_ascii_whitespace() {
        if let Some(group) = word.strip_suffix('(') {
            open.push(slots.len());
            slots.push(slot(group, true));
            continue;
        }
        let bare = word.trim_end_matches(['?', '*', '+']);
        let index = if bare == ")" {
            open.pop()
        } else {
            slots.push(slot(bare, false));
            Some(slots.len() - 1)
        };
        let end = slots.len();
        let (Some(index), false) = (index, open.is_empty()) else {
            return Err(place.error("there is a `)` too many".to_owned()));
        };
        if let Some(slot) = slots.get_mut(index) {
            slot.end = end;
            slot.repeats = word.ends_with(['*', '+']);
            slot.optional = word.ends_with(['?', '*']);
        }
    }
    let end = slots.len();
    match (slots.first_mut(), open.len()) {
        (Some(message), 1) => message.end = end,
        _ => return Err(place.error("a `)` is missing".to_owned())),
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_load_and_an_event_has_its_own() {
        let structures = Structures::load().unwrap();
        let find = |kind, event, said| structures.find(kind, event, said).map(|one| one.name);
        assert_eq!(find("ADT", "A04", ""), Some("ADT_A01"));
        assert_eq!(find("ORU", "R01", "ORM_O01"), Some("ORU_R01"));
        assert_eq!(find("ZZZ", "Z01", "ORM_O01"), Some("ORM_O01"));
        assert_eq!(find("ORU", "Z99", ""), Some("ORU_R01"));
        assert_eq!(find("ZZZ", "Z01", "ZZZ"), None);
    }

    #[test]
    fn a_grammar_without_its_bracket_is_a_mistake_with_its_line() {
        let place = Place {
            file: FILE,
            line: 3,
        };
        let error = read("X", "MSH A( PID", place).unwrap_err();
        assert_eq!(
            error.to_string(),
            "guide/structures.tsv, line 3: a `)` is missing"
        );
        assert!(read("X", "MSH )", place).is_err());
    }
}
