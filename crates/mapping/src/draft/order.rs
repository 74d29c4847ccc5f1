//! The numbers that an order has, and how a resource is called that is named by one of them.

use clinical::{EventId, PatientKey};

use crate::map::link;
use crate::tables::resources::ID_PARTS_MAX;

/// Whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// Of whoever ordered (ORC-2, OBR-2).
    Placer,
    /// Of whoever fulfils it (ORC-3, OBR-3).
    Filler,
}

impl Number {
    /// Finds what a field of ORC or OBR has.
    pub(crate) const fn of_field(field: usize) -> Option<Self> {
        match field {
            2 => Some(Self::Placer),
            3 => Some(Self::Filler),
            _ => None,
        }
    }

    /// Gives what stands before it in an id.
    const fn field(self) -> u8 {
        match self {
            Self::Placer => 2,
            Self::Filler => 3,
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Placer => Self::Filler,
            Self::Filler => Self::Placer,
        }
    }
}

/// The numbers of an order as a message has them; empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) placer: Box<[u8]>,
    pub(crate) filler: Box<[u8]>,
}

impl Numbers {
    pub(crate) fn get(&self, number: Number) -> &[u8] {
        match number {
            Number::Placer => &self.placer,
            Number::Filler => &self.filler,
        }
    }

    /// Takes over those that another has.
    pub(crate) fn take(&mut self, other: &Self) {
        for (own, said) in [
            (&mut self.placer, &other.placer),
            (&mut self.filler, &other.filler),
        ] {
            if !said.is_empty() {
                own.clone_from(said);
            }
        }
    }

    /// Says whether there are both.
    pub(crate) fn are_both(&self) -> bool {
        !self.placer.is_empty() && !self.filler.is_empty()
    }
}

/// What names a resource by an order's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) numbers: Numbers,
    /// The number that it is named by here.
    pub(crate) by: Number,
    /// The one that it is named by where both are said.
    pub(crate) preferred: Number,
    pub(crate) patient: PatientKey,
    pub(crate) table: &'static str,
    /// What names it beside the number, one after the other, and where each ends.
    pub(crate) names: Box<[u8]>,
    pub(crate) ends: [usize; ID_PARTS_MAX],
    /// How many parts there are, the number among them.
    pub(crate) count: usize,
    /// Which of those with the same names in its message it is.
    pub(crate) ordinal: u32,
    /// The status of a drug that ORC says.
    pub(crate) drug: Option<&'static str>,
}

impl Order {
    /// Derives the id that the resource has by another number.
    pub(crate) fn id_by(&self, number: Number, raw: &[u8]) -> String {
        let mut numbered = vec![number.field()];
        numbered.extend_from_slice(raw);
        let ordinal = self.ordinal.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![self.patient.as_bytes(), self.table.as_bytes(), &numbered];
        let mut start = 0;
        for end in self.ends.iter().take(self.count).skip(1) {
            parts.push(self.names.get(start..*end).unwrap_or_default());
            start = *end;
        }
        if self.ordinal > 0 {
            parts.push(&ordinal);
        }
        link::hex(EventId::derive(&parts).as_bytes())
    }
}
