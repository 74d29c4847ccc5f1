//! Why a row of the tables says what it says: the guide's row, or what we decided otherwise and for what reason.

use std::fmt;

use crate::coverage::Outcome;
use crate::tables::TABLES;

/// Where a row of a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The table's file and line.
    pub table: String,
    /// The row of the guide's own table, such as `r12`.
    pub guide_row: Option<&'static str>,
    /// What we decided otherwise, or where the guide says nothing.
    pub decision: Option<Decision>,
}

/// One of our decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its key.
    pub key: &'static str,
    /// What the guide says.
    pub guide: &'static str,
    /// What we do.
    pub ours: &'static str,
    /// Why.
    pub why: &'static str,
}

impl Origin {
    /// Reads what a row says of itself in its last cell: `r12`, `ours:key`, or both.
    pub(crate) fn read(table: String, guide: &'static str) -> Self {
        let mut words = guide.split_whitespace();
        let decision = words.find_map(|word| {
            let key = word.strip_prefix("ours:")?;
            let [guide, ours, why] = TABLES.decisions.get(key)?;
            Some(Decision {
                key,
                guide,
                ours,
                why,
            })
        });
        Self {
            table,
            guide_row: guide
                .split_whitespace()
                .find(|word| word.starts_with('r') && !word.contains(':')),
            decision,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)?;
        if let Some(row) = self.guide_row {
            write!(f, ", row {} of the guide", row.trim_start_matches('r'))?;
        }
        if let Some(Decision { ours, why, .. }) = self.decision {
            write!(f, "; our decision: {ours}, since {why}")?;
        }
        Ok(())
    }
}

impl Outcome {
    /// Says in words why it is so; nothing where nobody knows.
    pub fn why(&self) -> String {
        match self {
            Self::Mapped { guide, table, .. } => Origin::read(table.clone(), guide).to_string(),
            Self::Ignored { reason } => (*reason).to_owned(),
            Self::Unmapped { reason } => reason.unwrap_or_default().to_owned(),
        }
    }
}
