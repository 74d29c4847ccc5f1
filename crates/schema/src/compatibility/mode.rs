//! The modes of compatibility: against which versions, and in which direction, a new schema is checked.

/// Who reads what somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readers {
    /// Who reads by the new schema what was written by an earlier version.
    New,
    /// Who reads by an earlier version what is written by the new schema.
    Old,
}

impl Readers {
    /// Says who they are.
    pub const fn words(self) -> &'static str {
        match self {
            Self::New => "readers with the new schema, of records written before",
            Self::Old => "readers that still have the earlier version",
        }
    }
}

/// Which readers must not break when a schema changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nobody looks.
    None,
    /// The new schema reads what the version before it wrote.
    Backward,
    /// The new schema reads what every earlier version wrote.
    BackwardTransitive,
    /// The version before reads what the new schema writes.
    Forward,
    /// Every earlier version reads what the new schema writes.
    ForwardTransitive,
    /// Both directions, with the version before.
    Full,
    /// Both directions, with every earlier version.
    FullTransitive,
}

impl Mode {
    /// Lists all there are.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    /// Gives its name as registries write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// Reads its name as registries write it, in capitals or not.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// Gives who must not break.
    pub const fn readers(self) -> &'static [Readers] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Readers::New],
            Self::Forward | Self::ForwardTransitive => &[Readers::Old],
            Self::Full | Self::FullTransitive => &[Readers::New, Readers::Old],
        }
    }

    /// Tells whether all earlier versions count, and not only the last.
    pub const fn is_transitive(self) -> bool {
        matches!(
            self,
            Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive
        )
    }
}
