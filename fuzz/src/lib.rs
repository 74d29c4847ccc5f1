//! What fuzzing starts from: messages of the corpora, and the ways in which they are damaged.
#![forbid(unsafe_code)]

mod damage;
mod seeds;

pub use damage::{Damage, PIECES};
pub use seeds::{Pieces, seeds};

use bolero::TypeGenerator;

/// A seed and what is done to it, one after the other.
#[derive(Clone, Debug, TypeGenerator)]
pub struct Recipe {
    seed: u16,
    count: u8,
    damages: Vec<Damage>,
}

/// So many damages are done at most: a message that is nothing but damage is refused at the door.
const DAMAGES_MAX: u8 = 12;

impl Recipe {
    /// Makes the input.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let seeds = seeds();
        let chosen = usize::from(self.seed) % seeds.len().max(1);
        let mut bytes = seeds.get(chosen).cloned().unwrap_or_default();
        let count = usize::from(self.count % DAMAGES_MAX);
        for damage in self.damages.iter().take(count) {
            damage.apply(&mut bytes, seeds);
        }
        bytes
    }
}
