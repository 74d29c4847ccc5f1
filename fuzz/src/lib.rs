//! What fuzzing starts from: messages of the corpora, and the ways in which they are damaged.
#![forbid(unsafe_code)]

mod damage;
mod pieces;
mod seeds;

pub use damage::Damage;
pub use seeds::Kind;

use bolero::TypeGenerator;

/// A seed and what is done to it, one after the other.
#[derive(Clone, Debug, TypeGenerator)]
pub struct Recipe {
    seed: u16,
    count: u8,
    damages: Vec<Damage>,
}

/// So many damages are done at most: what is nothing but damage is refused at the door.
const DAMAGES_MAX: u8 = 12;

impl Recipe {
    /// Makes a message.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.bytes(Kind::messages())
    }

    /// Makes a FHIR resource.
    #[must_use]
    pub fn resource(&self) -> Vec<u8> {
        self.bytes(Kind::resources())
    }

    fn bytes(&self, kind: &Kind) -> Vec<u8> {
        let chosen = usize::from(self.seed) % kind.seeds.len().max(1);
        let mut bytes = kind.seeds.get(chosen).cloned().unwrap_or_default();
        let count = usize::from(self.count % DAMAGES_MAX);
        for damage in self.damages.iter().take(count) {
            damage.apply(&mut bytes, kind);
        }
        bytes
    }
}
