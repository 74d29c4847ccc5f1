//! Two names under one number are two, so that nobody is merged with somebody else by a sender's slip.

use std::collections::BTreeMap;

use crate::map::piece::Piece;

/// The people that a message names by their numbers.
#[derive(Debug, Default)]
pub(crate) struct People(BTreeMap<String, Vec<Name>>);

/// What tells people apart, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    family: String,
    given: String,
}

impl Name {
    fn of(data_type: &str, piece: Piece<'_>) -> Option<Self> {
        let text = |number: usize| {
            let part = piece.part(number).map(Piece::first);
            part.and_then(Piece::text)
                .unwrap_or_default()
                .to_uppercase()
        };
        match data_type {
            "XCN" | "CNN" => Some(Self {
                family: text(2),
                given: text(3),
            }),
            "XON" => Some(Self {
                family: String::new(),
                given: text(1),
            }),
            _ => None,
        }
    }

    /// Says whether it may be the same person's: what is left out and what is shortened tells nobody apart.
    fn may_be(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.given.as_str(), other.given.as_str());
        (self.family == other.family || self.family.is_empty() || other.family.is_empty())
            && (ours.starts_with(theirs) || theirs.starts_with(ours))
    }
}

impl People {
    /// Gives what to add to the number of a person or an organization: nothing for the first whom the message names by it, and for all who
    /// may be the same.
    pub(super) fn tell_apart(
        &mut self,
        data_type: &str,
        (authority, value): (&str, &str),
        piece: Piece<'_>,
    ) -> String {
        let Some(name) = Name::of(data_type, piece) else {
            return String::new();
        };
        let number = format!("{data_type}|{authority}|{value}");
        let known = self.0.entry(number).or_default();
        let found = known.iter_mut().enumerate();
        let (index, name) = match found.into_iter().find(|(_, known)| known.may_be(&name)) {
            Some((index, known)) => {
                if known.family.is_empty() {
                    known.family = name.family;
                }
                if known.given.is_empty() {
                    known.given = name.given;
                }
                (index, known.clone())
            }
            None => {
                known.push(name.clone());
                (known.len() - 1, name)
            }
        };
        match index {
            0 => String::new(),
            _ => format!("|{}|{}", name.family, name.given),
        }
    }
}
