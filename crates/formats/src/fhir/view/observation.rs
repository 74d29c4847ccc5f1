//! Observation: what was measured or found.

use std::borrow::Cow;

use super::{ConceptView, PeriodView, QuantityView, ResourceView};
use crate::fhir::json::Number;
use crate::fhir::read::{Malformed, Raw};

/// An Observation.
#[derive(Clone, Debug)]
pub struct ObservationView<'a>(ResourceView<'a>);

/// A result, of whatever type it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueView<'a> {
    /// An amount.
    Quantity(QuantityView<'a>),
    /// A coded answer.
    Concept(ConceptView<'a>),
    /// Words, or a date or time as FHIR writes it.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(Number<'a>),
    /// Yes or no.
    Boolean(bool),
    /// From one amount to another.
    Range {
        /// The least.
        low: QuantityView<'a>,
        /// The greatest.
        high: QuantityView<'a>,
    },
    /// One amount by another.
    Ratio {
        /// What is divided.
        numerator: QuantityView<'a>,
        /// What it is divided by.
        denominator: QuantityView<'a>,
    },
    /// A span of time.
    Period(PeriodView<'a>),
    /// Anything else, such as sampled data, as it lies.
    Other(Raw<'a>),
}

impl<'a> ObservationView<'a> {
    /// Splits an Observation.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        ResourceView::read(bytes).map(Self)
    }

    /// Takes a resource that was split before.
    pub const fn of(resource: ResourceView<'a>) -> Self {
        Self(resource)
    }

    /// Gives the elements that all resources have.
    pub const fn resource(&self) -> &ResourceView<'a> {
        &self.0
    }

    /// Gives what was observed.
    pub fn code(&self) -> Option<ConceptView<'a>> {
        self.0.concept("code")
    }

    /// Reads the result.
    ///
    /// # Errors
    /// When it is not of the type that its name says.
    pub fn value(&self) -> Result<Option<ValueView<'a>>, Malformed> {
        value(self.0.elements().map(Ok))
    }

    /// Reads the parts of a panel.
    ///
    /// # Errors
    /// When they are no array.
    pub fn components(&self) -> impl Iterator<Item = Result<ComponentView<'a>, Malformed>> {
        let items = self.0.get("component").map(Raw::items);
        items.into_iter().flatten().map(|item| {
            let raw = item?;
            Ok(ComponentView {
                code: raw.get("code")?.map(ConceptView),
                value: value(raw.members())?,
            })
        })
    }

    /// Reads the source's own judgements, such as `HH`: the codes of each, or else its words.
    ///
    /// # Errors
    /// When it is no array of concepts.
    pub fn interpretation(&self) -> Result<Vec<Cow<'a, str>>, Malformed> {
        let mut judged = Vec::new();
        for item in self
            .0
            .get("interpretation")
            .into_iter()
            .flat_map(Raw::items)
        {
            let concept = ConceptView(item?);
            let before = judged.len();
            for coding in concept.codings()? {
                judged.extend(Some(coding?.code).filter(|code| !code.is_empty()));
            }
            if judged.len() == before {
                judged.extend(Some(concept.text()?).filter(|text| !text.is_empty()));
            }
        }
        Ok(judged)
    }

    /// Reads what measured it: the device's identifier, else what refers to it.
    ///
    /// # Errors
    /// When it is no reference.
    pub fn device(&self) -> Result<Option<Cow<'a, str>>, Malformed> {
        let Some(raw) = self.0.get("device") else {
            return Ok(None);
        };
        let identifier = raw.get("identifier")?;
        let value = identifier
            .map(|raw| raw.get("value"))
            .transpose()?
            .flatten();
        let told = match value {
            Some(value) => Some(value),
            None => raw.get("reference")?,
        };
        told.map(Raw::text).transpose()
    }

    /// Reads the words beside the value.
    ///
    /// # Errors
    /// When they are no array of notes.
    pub fn notes(&self) -> impl Iterator<Item = Result<Cow<'a, str>, Malformed>> {
        let items = self.0.get("note").map(Raw::items);
        items.into_iter().flatten().filter_map(|item| {
            let text = item.and_then(|note| note.get("text"));
            text.and_then(|text| text.map(Raw::text).transpose())
                .transpose()
        })
    }

    /// Reads when it was true: a moment, or the beginning of a span.
    ///
    /// # Errors
    /// When it is neither.
    pub fn effective(&self) -> Result<Option<Cow<'a, str>>, Malformed> {
        if let Some(at) = self.0.get("effectiveDateTime") {
            return at.text().map(Some);
        }
        if let Some(at) = self.0.get("effectiveInstant") {
            return at.text().map(Some);
        }
        let period = self.0.get("effectivePeriod").map(PeriodView::read);
        Ok(period.transpose()?.map(|period| period.start))
    }
}

/// A part of a panel.
#[derive(Clone, Debug)]
pub struct ComponentView<'a> {
    /// What was observed.
    pub code: Option<ConceptView<'a>>,
    /// The result.
    pub value: Option<ValueView<'a>>,
}

fn value<'a>(
    members: impl Iterator<Item = Result<(&'a str, Raw<'a>), Malformed>>,
) -> Result<Option<ValueView<'a>>, Malformed> {
    for member in members {
        let (name, raw) = member?;
        // `value` alone is no element: each type of it has a name of its own.
        let kind = name.strip_prefix("value");
        let Some(kind) = kind.filter(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase()))
        else {
            continue;
        };
        let amount = |name| {
            let part = raw.get(name)?.map(QuantityView::read).transpose()?;
            Ok(part.unwrap_or_default())
        };
        return Ok(Some(match kind {
            "Quantity" => ValueView::Quantity(QuantityView::read(raw)?),
            "CodeableConcept" => ValueView::Concept(ConceptView(raw)),
            "String" | "DateTime" | "Time" => ValueView::Text(raw.text()?),
            "Integer" => ValueView::Integer(raw.number()?),
            "Boolean" => ValueView::Boolean(raw.boolean()?),
            "Range" => ValueView::Range {
                low: amount("low")?,
                high: amount("high")?,
            },
            "Ratio" => ValueView::Ratio {
                numerator: amount("numerator")?,
                denominator: amount("denominator")?,
            },
            "Period" => ValueView::Period(PeriodView::read(raw)?),
            _ => ValueView::Other(raw),
        }));
    }
    Ok(None)
}
