//! DiagnosticReport: what belongs together, and how far it has come.

use super::{ConceptView, ReferenceView, ResourceView};
use crate::fhir::read::{Malformed, Raw};

/// A DiagnosticReport.
#[derive(Clone, Debug)]
pub struct DiagnosticReportView<'a>(ResourceView<'a>);

impl<'a> DiagnosticReportView<'a> {
    /// Splits a DiagnosticReport.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        ResourceView::read(bytes).map(Self)
    }

    /// Gives the elements that all resources have.
    pub const fn resource(&self) -> &ResourceView<'a> {
        &self.0
    }

    /// Gives what was asked for.
    pub fn code(&self) -> Option<ConceptView<'a>> {
        self.0.concept("code")
    }

    /// Goes through the observations in it.
    pub fn results(&self) -> impl Iterator<Item = Result<ReferenceView<'a>, Malformed>> {
        let items = self.0.get("result").map(Raw::items);
        let items = items.into_iter().flatten();
        items.map(|item| item.and_then(ReferenceView::read))
    }
}
