//! One entry of a bundle: its resource, and what is asked to be done with it.

use std::borrow::Cow;

use super::super::read::{Malformed, Raw};
use super::super::reference::{self, Target};
use super::super::refused::Refused;
use super::super::validate::IssueCode;
use super::Kind;

/// An entry of a bundle.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its place in the bundle, from 0.
    pub number: usize,
    /// What others in the bundle call its resource.
    pub full_url: Option<Cow<'a, str>>,
    /// The resource as sent.
    pub resource: Option<Raw<'a>>,
    /// The resource's type; where there is none, the type that the request names.
    pub resource_type: Option<&'static str>,
    /// The resource's id as sent.
    pub id: Option<Cow<'a, str>>,
    /// What is asked to be done.
    pub request: Option<Request<'a>>,
    /// Why it cannot be done.
    pub refused: Option<Refused>,
}

/// What an entry asks to be done; what was not given is empty.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The address, relative to the server's.
    pub url: Cow<'a, str>,
    /// The version that the resource must have, as sent (`W/"3"`).
    pub if_match: Cow<'a, str>,
    /// The version that the resource must not have, as sent.
    pub if_none_match: Cow<'a, str>,
    /// The search that must find nothing for it to be created.
    pub if_none_exist: Cow<'a, str>,
}

impl Request<'_> {
    /// Reads what the address leads to.
    pub fn target(&self) -> Target<'_> {
        Target::parse(&self.url)
    }
}

/// What can be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It is read.
    Get,
    /// Whether it is there is asked.
    Head,
    /// It is created.
    Post,
    /// It is set.
    Put,
    /// It is changed in part.
    Patch,
    /// It is deleted.
    Delete,
}

impl Method {
    const ALL: [(Self, &str); 6] = [
        (Self::Get, "GET"),
        (Self::Head, "HEAD"),
        (Self::Post, "POST"),
        (Self::Put, "PUT"),
        (Self::Patch, "PATCH"),
        (Self::Delete, "DELETE"),
    ];

    /// Gives its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(method, _)| *method == self);
        found.map_or("", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(method, _)| *method)
    }

    /// Gives when its turn is in a transaction.
    pub(super) const fn turn(self) -> u8 {
        match self {
            Self::Delete => 0,
            Self::Post => 1,
            Self::Put | Self::Patch => 2,
            Self::Get | Self::Head => 3,
        }
    }

    const fn sends(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

impl<'a> Entry<'a> {
    /// Reads an entry, and notes in it what its kind of bundle does not allow.
    pub(super) fn read(item: Raw<'a>, number: usize, kind: Kind) -> Self {
        let mut entry = Self {
            number,
            full_url: None,
            resource: None,
            resource_type: None,
            id: None,
            request: None,
            refused: None,
        };
        entry.refused = match entry.fill(item) {
            Ok(None) => entry.judge(kind).err(),
            Ok(Some(refused)) => Some(refused),
            Err(wrong) => Some(entry.wrong(IssueCode::Structure, "", wrong.to_string())),
        };
        entry
    }

    /// Gives what is asked to be done.
    pub fn method(&self) -> Option<Method> {
        self.request.as_ref().map(|request| request.method)
    }

    /// Gives the version that the resource says it is.
    pub(super) fn version(&self) -> Option<Cow<'a, str>> {
        let meta = self.resource?.get("meta").ok()??;
        meta.get("versionId").ok()??.text().ok()
    }

    /// Gives the type and id of the resource that it changes or deletes, where it names one.
    pub fn changes(&self) -> Option<(&'static str, &str)> {
        let request = self.request.as_ref()?;
        if !matches!(request.method, Method::Put | Method::Patch | Method::Delete) {
            return None;
        }
        match request.target() {
            Target::Relative { kind, id } | Target::Absolute { kind, id, .. } => Some((kind, id)),
            _ => None,
        }
    }

    /// Says what is wrong with a part of it.
    pub(super) fn wrong(&self, code: IssueCode, part: &str, text: impl Into<String>) -> Refused {
        let number = self.number;
        Refused::new(code, format!("Bundle.entry[{number}]{part}"), text)
    }

    /// Takes over what is said; gives what cannot be understood.
    fn fill(&mut self, item: Raw<'a>) -> Result<Option<Refused>, Malformed> {
        let mut wrong = None;
        for member in item.members() {
            let (name, value) = member?;
            match name {
                "fullUrl" => self.full_url = Some(value.text()?),
                "resource" => wrong = wrong.or(self.take_resource(value)?),
                "request" => wrong = wrong.or(self.take_request(value)?),
                _ => {}
            }
        }
        Ok(wrong)
    }

    fn take_resource(&mut self, raw: Raw<'a>) -> Result<Option<Refused>, Malformed> {
        self.resource = Some(raw);
        let mut name = Cow::Borrowed("");
        for member in raw.members() {
            match member? {
                ("resourceType", value) => name = value.text()?,
                ("id", value) => self.id = Some(value.text()?),
                _ => {}
            }
        }
        self.resource_type = reference::resource_type(&name);
        if self.resource_type.is_some() {
            return Ok(None);
        }
        let (code, text) = if name.is_empty() {
            let text = "a resource says its resourceType: add it";
            (IssueCode::Required, text)
        } else {
            let text = "the resourceType is none of FHIR R4: look for its right name";
            (IssueCode::NotSupported, text)
        };
        Ok(Some(self.wrong(code, ".resource.resourceType", text)))
    }

    fn take_request(&mut self, raw: Raw<'a>) -> Result<Option<Refused>, Malformed> {
        let mut method = Cow::Borrowed("");
        let mut request = Request {
            method: Method::Get,
            url: Cow::Borrowed(""),
            if_match: Cow::Borrowed(""),
            if_none_match: Cow::Borrowed(""),
            if_none_exist: Cow::Borrowed(""),
        };
        for member in raw.members() {
            let (name, value) = member?;
            match name {
                "method" => method = value.text()?,
                "url" => request.url = value.text()?,
                "ifMatch" => request.if_match = value.text()?,
                "ifNoneMatch" => request.if_none_match = value.text()?,
                "ifNoneExist" => request.if_none_exist = value.text()?,
                _ => {}
            }
        }
        let Some(known) = Method::parse(&method) else {
            let text = "the method is none of GET, HEAD, POST, PUT, PATCH and DELETE: name one";
            return Ok(Some(self.wrong(IssueCode::Value, ".request.method", text)));
        };
        request.method = known;
        self.request = Some(request);
        Ok(None)
    }

    /// Holds the request against the resource.
    fn judge(&mut self, kind: Kind) -> Result<(), Refused> {
        if !kind.has_requests() {
            if self.resource.is_none() && kind != Kind::History {
                let text = "the entry has no resource: put it in, or leave the entry out";
                return Err(self.wrong(IssueCode::Required, ".resource", text));
            }
            self.resource_type = self
                .resource_type
                .or_else(|| self.changes().map(|(kind, _)| kind));
            return Ok(());
        }
        let Some(request) = &self.request else {
            let text = "bdl-3: an entry of a batch or transaction says what to do: add its request";
            return Err(self.wrong(IssueCode::Required, ".request", text));
        };
        let method = request.method;
        if method.sends() && self.resource.is_none() {
            let text = "what is created or changed is sent along: add the resource";
            return Err(self.wrong(IssueCode::Required, ".resource", text));
        }
        if !method.sends() && self.resource.is_some() {
            let text = "what is read or deleted is not sent along: leave the resource out";
            return Err(self.wrong(IssueCode::Invalid, ".resource", text));
        }
        let (named, id) = match request.target() {
            Target::Relative { kind, id } | Target::Absolute { kind, id, .. } => (kind, Some(id)),
            Target::Conditional { kind, .. } | Target::Type { kind } => (kind, None),
            Target::Other(_) if matches!(method, Method::Get | Method::Head | Method::Post) => {
                return Ok(());
            }
            _ => {
                let text = "the url names no resource type of FHIR R4: write it relative to the server, as in Patient/7";
                return Err(self.wrong(IssueCode::Value, ".request.url", text));
            }
        };
        let fits = match (method, request.target()) {
            (Method::Post, target) => matches!(target, Target::Type { .. }),
            (Method::Put | Method::Patch | Method::Delete, target) => {
                !matches!(target, Target::Type { .. })
            }
            _ => true,
        };
        if !fits {
            let text = "what is created is posted to its type, what is changed or deleted is named by its id or a search: change the url";
            return Err(self.wrong(IssueCode::Value, ".request.url", text));
        }
        if method != Method::Patch && self.resource_type.is_some_and(|own| own != named) {
            let text = "the url names another type than the resource is of: make them the same";
            return Err(self.wrong(IssueCode::Invalid, ".request.url", text));
        }
        let is_put = method == Method::Put;
        if is_put && id.is_some() && self.id.as_deref() != id {
            let text = "the url names another id than the resource has: make them the same";
            return Err(self.wrong(IssueCode::Invalid, ".resource.id", text));
        }
        if method == Method::Patch || self.resource_type.is_none() {
            self.resource_type = Some(named);
        }
        Ok(())
    }
}
