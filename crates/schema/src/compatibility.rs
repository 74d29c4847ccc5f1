//! Whether a change of a schema breaks who reads or wrote by another version.
//!
//! A reader breaks when a record that is valid by the schema it was written with is not valid, or cannot be resolved,
//! by the schema it is read with. [`differences`] tells how two schemas differ in that direction, and [`check`] asks
//! it in the directions and against the versions that a [`Mode`] names.

mod avro;
mod json;

mod canonical;
mod kind;
mod mode;
mod work;

pub use kind::Kind;
pub use mode::{Mode, Readers};

use serde_json::Value;

use work::{STEPS_MAX, Work};

/// The largest schema that is taken, in bytes.
pub const SCHEMA_BYTES_MAX: usize = 1 << 20;

/// The language a schema is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Apache Avro.
    Avro,
    /// JSON Schema, draft-07 or 2020-12.
    Json,
}

impl Language {
    /// Lists all there are.
    pub const ALL: [Self; 2] = [Self::Json, Self::Avro];

    /// Gives its name as registries write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
        }
    }

    /// Reads its name as registries write it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// Whether what a schema allows without naming it counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// A property that an open schema does not name may have been written in any form.
    #[default]
    Strict,
    /// Nothing was written that a schema does not name.
    Lenient,
}

impl Policy {
    /// Gives its name as registries write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Lenient => "LENIENT",
        }
    }

    /// Reads its name as registries write it.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Strict, Self::Lenient]
            .into_iter()
            .find(|known| known.name() == name)
    }
}

/// Why a text is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The text is larger than is taken.
    #[error("the schema has {bytes} bytes, over the limit of {SCHEMA_BYTES_MAX}: split it")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    NotJson(String),
    /// The text is JSON but says something that no schema says.
    #[error("{path}: {what}")]
    Meaning {
        /// Where in the schema.
        path: String,
        /// What is wrong there.
        what: String,
    },
}

impl Invalid {
    fn at(path: &[String], what: impl Into<String>) -> Self {
        Self::Meaning {
            path: pointer(path),
            what: what.into(),
        }
    }
}

/// A schema that was read and makes sense.
#[derive(Clone, Debug)]
pub struct Schema {
    text: String,
    canonical: String,
    tree: Tree,
}

#[derive(Clone, Debug)]
enum Tree {
    Json(Value),
    Avro(avro::Avro),
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// When the text is too large, is not JSON, or is no schema of the language.
    pub fn parse(language: Language, text: &str) -> Result<Self, Invalid> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(Invalid::TooLarge { bytes: text.len() });
        }
        let value = match (serde_json::from_str(text), language) {
            (Ok(value), _) => value,
            // The name of a primitive type is a schema, and some send it without quotes.
            (Err(_), Language::Avro) if avro::is_primitive(text.trim()) => {
                Value::String(text.trim().to_owned())
            }
            (Err(error), _) => return Err(Invalid::NotJson(error.to_string())),
        };
        let canonical = canonical::text(&value);
        let tree = match language {
            Language::Json => {
                json::check(&value)?;
                Tree::Json(value)
            }
            Language::Avro => Tree::Avro(avro::Avro::parse(&value)?),
        };
        Ok(Self {
            text: text.to_owned(),
            canonical,
            tree,
        })
    }

    /// Gives the language it is written in.
    pub const fn language(&self) -> Language {
        match self.tree {
            Tree::Json(_) => Language::Json,
            Tree::Avro(_) => Language::Avro,
        }
    }

    /// Gives the text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text without spaces and with its keys in order: two schemas with the same one are one schema.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// One difference between what was written and what is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Where, as a JSON pointer into the schemas.
    pub path: String,
    /// What sort of difference it is.
    pub kind: Kind,
    /// What exactly differs, where the kind and the path do not say it all.
    pub detail: String,
}

/// A schema that is to be read beside others of its subject.
#[derive(Clone, Copy, Debug)]
pub struct Version<'s> {
    /// Its number.
    pub number: u32,
    /// The schema.
    pub schema: &'s Schema,
}

/// A difference that breaks somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The earlier version that does not go together with the new schema.
    pub version: u32,
    /// Who breaks.
    pub readers: Readers,
    /// By what.
    pub difference: Difference,
}

impl Break {
    /// Says in a sentence who breaks by what.
    pub fn sentence(&self) -> String {
        let earlier = format!("version {}", self.version);
        let (reader, writer) = match self.readers {
            Readers::New => ("the new schema", earlier.as_str()),
            Readers::Old => (earlier.as_str(), "the new schema"),
        };
        let detail = &self.difference.detail;
        let words = self.difference.kind.words(reader, writer);
        let more = if detail.is_empty() {
            String::new()
        } else {
            format!(" ({detail})")
        };
        format!("{}: {words}{more}", self.difference.path)
    }
}

/// Lists how what a reader takes differs from what a writer may have written, in the order of the schemas.
pub fn differences(writer: &Schema, reader: &Schema, policy: Policy) -> Vec<Difference> {
    within(writer, reader, policy, &mut Work::new(STEPS_MAX))
}

/// The same in no more than so much work; what is not compared for want of it breaks.
fn within(writer: &Schema, reader: &Schema, policy: Policy, work: &mut Work) -> Vec<Difference> {
    match (&writer.tree, &reader.tree) {
        (Tree::Json(writer), Tree::Json(reader)) => json::differences(writer, reader, policy, work),
        (Tree::Avro(writer), Tree::Avro(reader)) => avro::differences(writer, reader, work),
        _ => vec![Difference {
            path: "#".to_owned(),
            kind: kind::TYPE_CHANGED,
            detail: format!(
                "{} and {}",
                writer.language().name(),
                reader.language().name()
            ),
        }],
    }
}

/// Lists what a new schema breaks beside earlier versions, given in the order of their numbers.
pub fn check(mode: Mode, policy: Policy, new: &Schema, earlier: &[Version<'_>]) -> Vec<Break> {
    let skipped = if mode.is_transitive() {
        0
    } else {
        earlier.len().saturating_sub(1)
    };
    let mut breaks = Vec::new();
    for version in earlier.iter().skip(skipped) {
        for readers in mode.readers() {
            let found = match readers {
                Readers::New => differences(version.schema, new, policy),
                Readers::Old => differences(new, version.schema, policy),
            };
            let broken = found
                .into_iter()
                .filter(|difference| difference.kind.breaks(policy));
            breaks.extend(broken.map(|difference| Break {
                version: version.number,
                readers: *readers,
                difference,
            }));
        }
    }
    breaks
}

/// A place in a schema as registries write it.
fn pointer(path: &[String]) -> String {
    let mut text = "#".to_owned();
    for step in path {
        text.push('/');
        text.push_str(step);
    }
    text
}

#[cfg(test)]
mod tests;
