//! Bundle: several resources in one.

use super::ResourceView;
use crate::fhir::read::{Malformed, Raw};

/// A Bundle.
#[derive(Clone, Debug)]
pub struct BundleView<'a>(ResourceView<'a>);

impl<'a> BundleView<'a> {
    /// Splits a Bundle.
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

    /// Goes through the resources in it.
    pub fn resources(&self) -> impl Iterator<Item = Result<ResourceView<'a>, Malformed>> {
        let items = self.0.get("entry").map(Raw::items);
        items.into_iter().flatten().filter_map(|item| {
            let resource = item.and_then(|entry| entry.get("resource"));
            resource
                .and_then(|raw| raw.map(ResourceView::split).transpose())
                .transpose()
        })
    }
}
