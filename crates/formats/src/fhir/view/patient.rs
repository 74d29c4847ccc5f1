//! Patient: who it is about.

use std::borrow::Cow;

use super::ResourceView;
use crate::fhir::read::{Malformed, Raw};

/// A Patient.
#[derive(Clone, Debug)]
pub struct PatientView<'a>(ResourceView<'a>);

impl<'a> PatientView<'a> {
    /// Splits a Patient.
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

    /// Reads the birth date as FHIR writes it.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn birth_date(&self) -> Result<Option<Cow<'a, str>>, Malformed> {
        self.0.text("birthDate")
    }

    /// Reads the administrative gender's code.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn gender(&self) -> Result<Option<Cow<'a, str>>, Malformed> {
        self.0.text("gender")
    }

    /// Says whether the patient has died.
    ///
    /// # Errors
    /// When that is said with neither a boolean nor a time.
    pub fn is_deceased(&self) -> Result<bool, Malformed> {
        if let Some(said) = self.0.get("deceasedBoolean") {
            return said.boolean();
        }
        Ok(self.0.text("deceasedDateTime")?.is_some())
    }

    /// Goes through the identifiers.
    pub fn identifiers(&self) -> impl Iterator<Item = Result<Raw<'a>, Malformed>> {
        let items = self.0.get("identifier").map(Raw::items);
        items.into_iter().flatten()
    }
}
