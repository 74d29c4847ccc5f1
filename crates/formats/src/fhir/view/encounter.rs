//! Encounter: a stay or visit.

use std::borrow::Cow;

use super::{CodingView, PeriodView, ReferenceView, ResourceView};
use crate::fhir::read::{Malformed, Raw};

/// An Encounter.
#[derive(Clone, Debug)]
pub struct EncounterView<'a>(ResourceView<'a>);

impl<'a> EncounterView<'a> {
    /// Splits an Encounter.
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

    /// Reads where it takes place.
    ///
    /// # Errors
    /// When it is no coding.
    pub fn class(&self) -> Result<Option<CodingView<'a>>, Malformed> {
        self.0.get("class").map(CodingView::read).transpose()
    }

    /// Reads when it began and ended.
    ///
    /// # Errors
    /// When it is no span of time.
    pub fn period(&self) -> Result<PeriodView<'a>, Malformed> {
        let period = self.0.get("period").map(PeriodView::read).transpose()?;
        Ok(period.unwrap_or_default())
    }

    /// Reads where the patient is: the active location, or else the first that is neither over nor to come.
    ///
    /// # Errors
    /// When the locations are no array of locations.
    pub fn current_location(&self) -> Result<Option<ReferenceView<'a>>, Malformed> {
        let mut unsaid = None;
        for item in self.0.get("location").map(Raw::items).into_iter().flatten() {
            let (mut place, mut status) = (None, Cow::default());
            for member in item?.members() {
                let (name, value) = member?;
                match name {
                    "location" => place = Some(ReferenceView::read(value)?),
                    "status" => status = value.text()?,
                    _ => {}
                }
            }
            match status.as_ref() {
                "active" => return Ok(place),
                "" if unsaid.is_none() => unsaid = place,
                _ => {}
            }
        }
        Ok(unsaid)
    }
}
