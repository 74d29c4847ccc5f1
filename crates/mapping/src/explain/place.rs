//! Where in a message each of its pieces is, by name.

use std::collections::BTreeMap;

use formats::hl7v2::Message;

use crate::map::piece::Piece;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Such as `PID[1]-3[2].1`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Place {
    /// Gives the path without which segment and repetition it is: `PID-3.1`.
    pub(super) fn kind(&self) -> String {
        let mut kind = String::new();
        let mut depth = 0_u32;
        for letter in self.path.chars() {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ if depth == 0 => kind.push(letter),
                _ => {}
            }
        }
        kind
    }
}

/// The pieces of a message by where they begin and end.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<(usize, usize), Place>);

impl Places {
    pub(super) fn get(&self, start: usize, end: usize) -> Option<&Place> {
        self.0.get(&(start, end))
    }

    fn add(&mut self, piece: Piece<'_>, path: &str) {
        if piece.is_blank() {
            return;
        }
        let range = piece.position();
        // What has one part is named by the whole.
        self.0
            .entry((range.start, range.end))
            .or_insert_with(|| Place {
                path: path.to_owned(),
                text: piece.text().unwrap_or_default().into_owned(),
            });
        if !matches!(piece, Piece::Subcomponent(_)) {
            for (number, part) in (1..).zip(piece.parts()) {
                self.add(part, &format!("{path}.{number}"));
            }
        }
    }
}

/// Names all pieces of a message.
pub(super) fn places(message: &Message<'_>) -> Places {
    let mut places = Places::default();
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    for segment in message.segments() {
        let count = counts.entry(segment.name()).or_default();
        *count += 1;
        let name = String::from_utf8_lossy(segment.name());
        for (number, field) in (1..).zip(segment.fields()) {
            let path = format!("{name}[{count}]-{number}");
            for (index, repetition) in (1..).zip(field.repetitions()) {
                let path = match index {
                    1 => path.clone(),
                    _ => format!("{path}[{index}]"),
                };
                places.add(Piece::Repetition(repetition), &path);
            }
        }
    }
    places
}
