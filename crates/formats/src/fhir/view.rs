//! Resources and data types as views that borrow: a resource is split once, and only what is asked for is read.

use std::borrow::Cow;

use super::json::Number;
use super::read::{Malformed, Raw};

pub mod observation;

pub mod encounter;

pub mod patient;

pub mod report;

pub mod bundle;

/// A resource, split into its top-level elements.
#[derive(Clone, Debug)]
pub struct ResourceView<'a> {
    members: Vec<(&'a str, Raw<'a>)>,
}

impl<'a> ResourceView<'a> {
    /// Splits a resource.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Raw::read_members(bytes).map(|members| Self { members })
    }

    /// Splits a resource that stands in another.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn split(raw: Raw<'a>) -> Result<Self, Malformed> {
        let mut members = Vec::with_capacity(16);
        for member in raw.members() {
            members.push(member?);
        }
        Ok(Self { members })
    }

    /// Gives the top-level elements in the order written.
    pub fn elements(&self) -> impl Iterator<Item = (&'a str, Raw<'a>)> {
        self.members.iter().copied()
    }

    /// Gives a top-level element.
    pub fn get(&self, name: &str) -> Option<Raw<'a>> {
        self.members
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    }

    /// Reads a top-level element that is a text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, Malformed> {
        self.get(name).map(Raw::text).transpose()
    }

    /// Gives a top-level element that is a concept.
    pub fn concept(&self, name: &str) -> Option<ConceptView<'a>> {
        self.get(name).map(ConceptView)
    }

    /// Reads the resource type; empty where there is none.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn resource_type(&self) -> Result<Cow<'a, str>, Malformed> {
        Ok(self.text("resourceType")?.unwrap_or_default())
    }

    /// Reads the id; empty where there is none.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn id(&self) -> Result<Cow<'a, str>, Malformed> {
        Ok(self.text("id")?.unwrap_or_default())
    }

    /// Reads the status; empty where there is none.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn status(&self) -> Result<Cow<'a, str>, Malformed> {
        Ok(self.text("status")?.unwrap_or_default())
    }
}

/// A code in its system; what was not given is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodingView<'a> {
    /// The system's URI.
    pub system: Cow<'a, str>,
    /// The code.
    pub code: Cow<'a, str>,
    /// The words for it.
    pub display: Cow<'a, str>,
}

impl<'a> CodingView<'a> {
    /// Reads a coding.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(raw: Raw<'a>) -> Result<Self, Malformed> {
        let mut coding = Self::default();
        for member in raw.members() {
            let (name, value) = member?;
            match name {
                "system" => coding.system = value.text()?,
                "code" => coding.code = value.text()?,
                "display" => coding.display = value.text()?,
                _ => {}
            }
        }
        Ok(coding)
    }
}

/// A concept in one or more codings, with the sender's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConceptView<'a>(pub Raw<'a>);

impl<'a> ConceptView<'a> {
    /// Reads its codings.
    ///
    /// # Errors
    /// When it is no concept.
    pub fn codings(
        self,
    ) -> Result<impl Iterator<Item = Result<CodingView<'a>, Malformed>>, Malformed> {
        let items = self.0.get("coding")?.map(Raw::items);
        Ok(items
            .into_iter()
            .flatten()
            .map(|item| item.and_then(CodingView::read)))
    }

    /// Reads its words; empty where there are none.
    ///
    /// # Errors
    /// When it is no concept.
    pub fn text(self) -> Result<Cow<'a, str>, Malformed> {
        let text = self.0.get("text")?.map(Raw::text).transpose()?;
        Ok(text.unwrap_or_default())
    }
}

/// A measured amount; what was not given is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuantityView<'a> {
    /// The digits.
    pub value: Option<Number<'a>>,
    /// The bound it is, if it is one.
    pub comparator: Cow<'a, str>,
    /// The unit in words.
    pub unit: Cow<'a, str>,
    /// The unit's code.
    pub code: Cow<'a, str>,
}

impl<'a> QuantityView<'a> {
    /// Reads an amount.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(raw: Raw<'a>) -> Result<Self, Malformed> {
        let mut quantity = Self::default();
        for member in raw.members() {
            let (name, value) = member?;
            match name {
                "value" => quantity.value = Some(value.number()?),
                "comparator" => quantity.comparator = value.text()?,
                "unit" => quantity.unit = value.text()?,
                "code" => quantity.code = value.text()?,
                _ => {}
            }
        }
        Ok(quantity)
    }

    /// Gives the unit's code, or the words for it where it has no code.
    pub fn unit_or_code(&self) -> &str {
        if self.code.is_empty() {
            &self.unit
        } else {
            &self.code
        }
    }
}

/// A span of time, with its ends as FHIR writes dates and times; empty where not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodView<'a> {
    /// When it begins.
    pub start: Cow<'a, str>,
    /// When it ends.
    pub end: Cow<'a, str>,
}

impl<'a> PeriodView<'a> {
    /// Reads a span of time.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(raw: Raw<'a>) -> Result<Self, Malformed> {
        let mut period = Self::default();
        for member in raw.members() {
            let (name, value) = member?;
            match name {
                "start" => period.start = value.text()?,
                "end" => period.end = value.text()?,
                _ => {}
            }
        }
        Ok(period)
    }
}

/// Another resource, or words for one; what was not given is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceView<'a> {
    /// Where it is, such as `Patient/1`.
    pub reference: Cow<'a, str>,
    /// Words for it.
    pub display: Cow<'a, str>,
}

impl<'a> ReferenceView<'a> {
    /// Reads a reference.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(raw: Raw<'a>) -> Result<Self, Malformed> {
        let mut reference = Self::default();
        for member in raw.members() {
            let (name, value) = member?;
            match name {
                "reference" => reference.reference = value.text()?,
                "display" => reference.display = value.text()?,
                _ => {}
            }
        }
        Ok(reference)
    }
}

#[cfg(test)]
mod tests;
