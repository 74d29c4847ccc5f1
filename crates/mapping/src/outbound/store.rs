//! The resources that are to be sent, and how one finds another.

use std::borrow::Cow;
use std::cell::Cell;

use formats::fhir::read::Raw;

use super::issue::Refusal;
use super::tree::Node;

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Store<'a> {
    pub(super) resources: Vec<Resource<'a>>,
}

/// One resource.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    pub(super) kind: String,
    pub(super) id: String,
    url: Cow<'a, str>,
    raw: &'a [u8],
    pub(super) node: Node<'a>,
    /// Whether a segment has something of it.
    pub(super) used: Cell<bool>,
}

/// What a reference leads to: the resource, and the one that it stands in or is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'s, 'a> {
    pub(super) node: &'s Node<'a>,
    pub(super) owner: &'s Resource<'a>,
}

impl<'a> Store<'a> {
    /// Reads resources and the entries of bundles.
    pub(super) fn read(all: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut resources = Vec::new();
        for (index, bytes) in all.iter().enumerate() {
            let wrong = |cause| Refusal::Malformed { index, cause };
            let raw = Raw::read(bytes).map_err(wrong)?;
            let kind = raw.get("resourceType").map_err(wrong)?;
            let kind = kind.ok_or(Refusal::NoResource { index })?;
            if kind.text().map_err(wrong)? != "Bundle" {
                resources.push(Resource::read(raw, Cow::Borrowed(""), index)?);
                continue;
            }
            let entries = raw.get("entry").map_err(wrong)?.map(Raw::items);
            for entry in entries.into_iter().flatten() {
                let entry = entry.map_err(wrong)?;
                let url = entry.get("fullUrl").map_err(wrong)?.map(Raw::text);
                let url = url.transpose().map_err(wrong)?.unwrap_or_default();
                if let Some(raw) = entry.get("resource").map_err(wrong)? {
                    resources.push(Resource::read(raw, url, index)?);
                }
            }
        }
        Ok(Self { resources })
    }

    /// Finds what a reference of a resource leads to.
    pub(super) fn resolve<'s>(
        &'s self,
        owner: &'s Resource<'a>,
        reference: &Node<'_>,
    ) -> Option<Target<'s, 'a>> {
        let to = reference.word("reference");
        if to.is_empty() {
            return None;
        }
        if let Some(id) = to.strip_prefix('#') {
            let contained = owner.node.get("contained")?.items();
            let node = contained.iter().find(|node| node.word("id") == id)?;
            return Some(Target { node, owner });
        }
        let owner = self.resources.iter().find(|resource| resource.is_at(to))?;
        owner.used.set(true);
        Some(Target {
            node: &owner.node,
            owner,
        })
    }
}

impl<'a> Resource<'a> {
    fn read(raw: Raw<'a>, url: Cow<'a, str>, index: usize) -> Result<Self, Refusal> {
        let bytes = raw.as_bytes();
        let node = Node::read(bytes).map_err(|cause| Refusal::Malformed { index, cause })?;
        let kind = node.word("resourceType").to_owned();
        if kind.is_empty() {
            return Err(Refusal::NoResource { index });
        }
        Ok(Self {
            kind,
            id: node.word("id").to_owned(),
            url,
            raw: bytes,
            node,
            used: Cell::new(false),
        })
    }

    /// Reports whether an address, with or without a version, is its own.
    pub(super) fn is_at(&self, address: &str) -> bool {
        let address = address.split("/_history/").next().unwrap_or(address);
        if !address.is_empty() && self.url == address {
            return true;
        }
        !self.id.is_empty()
            && address
                .strip_suffix(self.id.as_str())
                .and_then(|rest| rest.strip_suffix('/'))
                .and_then(|rest| rest.strip_suffix(self.kind.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }

    /// Gives what tells it from others and from its own other versions.
    pub(super) fn version(&self) -> Vec<u8> {
        let version = self
            .node
            .get("meta")
            .map_or("", |meta| meta.word("versionId"));
        let name = format!("{}/{}/{version}", self.kind, self.id);
        if version.is_empty() {
            [name.as_bytes(), b"\0", self.raw].concat()
        } else {
            name.into_bytes()
        }
    }
}
