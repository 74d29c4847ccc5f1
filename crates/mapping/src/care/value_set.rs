//! The codes of a FHIR ValueSet, as terminology services give it.

use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::bundle::BundleView;
use formats::fhir::view::{CodingView, ResourceView};

/// The codes of a value set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSetCodes {
    /// What names it: the last part of its URL, such as an OID.
    pub identifier: Box<str>,
    /// Its codes: system and code.
    pub codes: Vec<(Box<str>, Box<str>)>,
}

/// Reads a ValueSet: its expansion, or where it has none, the codes that it lists itself.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn value_set(bytes: &[u8]) -> Result<ValueSetCodes, Malformed> {
    codes_of(&ResourceView::read(bytes)?)
}

/// Reads a ValueSet, or all that are in a Bundle.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn value_sets(bytes: &[u8]) -> Result<Vec<ValueSetCodes>, Malformed> {
    let bundle = BundleView::read(bytes)?;
    if bundle.resource().resource_type()? != "Bundle" {
        return Ok(vec![codes_of(bundle.resource())?]);
    }
    let mut found = Vec::new();
    for resource in bundle.resources() {
        let resource = resource?;
        if resource.resource_type()? == "ValueSet" {
            found.push(codes_of(&resource)?);
        }
    }
    Ok(found)
}

fn codes_of(resource: &ResourceView<'_>) -> Result<ValueSetCodes, Malformed> {
    let url = resource.text("url")?.unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    let mut found = ValueSetCodes {
        identifier: name.split('|').next().unwrap_or_default().into(),
        codes: Vec::new(),
    };
    if let Some(expansion) = resource.get("expansion") {
        if let Some(contains) = expansion.get("contains")? {
            expand(contains, &mut found.codes)?;
        }
        return Ok(found);
    }
    let compose = resource.get("compose");
    let include = compose.map_or(Ok(None), |compose| compose.get("include"))?;
    for group in include.map(Raw::items).into_iter().flatten() {
        let group = group?;
        let system = group.get("system")?.map(Raw::text).transpose()?;
        let system = system.unwrap_or_default();
        for concept in group.get("concept")?.map(Raw::items).into_iter().flatten() {
            let code = CodingView::read(concept?)?.code;
            found.codes.push((system.as_ref().into(), code.into()));
        }
    }
    Ok(found)
}

/// Reads what an expansion contains, which may stand in each other; the reader bounds how deep.
fn expand(contains: Raw<'_>, codes: &mut Vec<(Box<str>, Box<str>)>) -> Result<(), Malformed> {
    for item in contains.items() {
        let item = item?;
        let coding = CodingView::read(item)?;
        if !coding.code.is_empty() {
            codes.push((coding.system.into(), coding.code.into()));
        }
        if let Some(inner) = item.get("contains")? {
            expand(inner, codes)?;
        }
    }
    Ok(())
}
