//! References inside a bundle: from what its sender called things to the ids that they have here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::links::{self, Link};
use super::super::reference::{Target, unversioned};
use super::super::refused::Refused;
use super::super::validate::IssueCode;
use super::{Bundle, Entry, Kind, Method};

/// A reference by a search (`Patient?identifier=…`) that somebody must answer before the transaction can be carried out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The reference as sent.
    pub text: String,
    /// The resource type.
    pub kind: &'static str,
    /// The search, behind the question mark.
    pub query: String,
    /// The first entry that asks it.
    pub entry: usize,
}

/// What the things in a bundle are called here.
#[derive(Clone, Default)]
pub struct Links {
    /// By what others in the bundle call it; nothing for what only a batch creates.
    names: BTreeMap<String, Option<String>>,
    /// What was found for each [`Question`], by its text.
    answers: BTreeMap<String, String>,
}

impl Links {
    /// Notes the one resource that a question finds, such as `Patient/7`.
    pub fn answer(&mut self, question: &Question, found: impl Into<String>) {
        self.answers.insert(question.text.clone(), found.into());
    }
}

impl<'a> Bundle<'a> {
    /// Gives the references by a search, each once; only transactions have them.
    ///
    /// # Errors
    /// When a resource cannot be read.
    pub fn questions(&self) -> Result<Vec<Question>, Refused> {
        let mut found: BTreeMap<String, Question> = BTreeMap::new();
        if self.kind != Kind::Transaction {
            return Ok(Vec::new());
        }
        for entry in &self.entries {
            let Some(resource) = entry.resource else {
                continue;
            };
            links::each(resource.as_bytes(), |link| {
                let Link::Reference(text) = link else { return };
                if let Target::Conditional { kind, query } = Target::parse(text) {
                    let question = || Question {
                        text: text.to_owned(),
                        kind,
                        query: query.to_owned(),
                        entry: entry.number,
                    };
                    found.entry(text.to_owned()).or_insert_with(question);
                }
            })?;
        }
        Ok(found.into_values().collect())
    }

    /// Takes the id that each entry's resource has here, in the order of the entries; nothing for those that have none.
    pub fn links(&self, ids: &[Option<String>]) -> Links {
        let mut links = Links::default();
        for entry in &self.entries {
            let Some(url) = entry.full_url.as_deref().filter(|url| !url.is_empty()) else {
                continue;
            };
            let id = ids.get(entry.number).and_then(Option::as_deref);
            let Some((kind, id)) = entry.resource_type.zip(id) else {
                continue;
            };
            // What a batch creates is not there yet for the others of the batch.
            let created = self.kind == Kind::Batch && entry.method() == Some(Method::Post);
            let name = (!created).then(|| format!("{kind}/{id}"));
            links.names.insert(url.to_owned(), name);
        }
        links
    }

    /// Gives an entry's resource with all references into the bundle, and by a search, as they are called here, and under
    /// its id where one is given.
    ///
    /// # Errors
    /// When it has no resource; when a transaction refers to what neither it holds nor a search found; when an entry of a batch
    /// refers to what another creates or nobody names.
    pub fn resolved(
        &self,
        entry: &Entry<'a>,
        links: &Links,
        id: Option<&str>,
    ) -> Result<Vec<u8>, Refused> {
        let Some(resource) = entry.resource else {
            let text = "the entry has no resource: put it in, or leave the entry out";
            return Err(entry.wrong(IssueCode::Required, ".resource", text));
        };
        let full_url = entry.full_url.as_deref().unwrap_or_default();
        let base = match Target::parse(full_url) {
            Target::Absolute { base, .. } => base,
            _ => "",
        };
        let mut wrong = None;
        let out = links::relinked(resource.as_bytes(), |link| {
            match self.named(links, base, link) {
                Ok(name) => name,
                Err(refused) => {
                    wrong.get_or_insert(refused);
                    None
                }
            }
        });
        let out =
            out.map_err(|refused| entry.wrong(refused.code, ".resource", refused.diagnostics))?;
        if let Some((code, text)) = wrong {
            return Err(entry.wrong(code, ".resource", text));
        }
        match id {
            Some(id) => links::with_id(&out, id),
            None => Ok(out.into_owned()),
        }
    }

    /// Gives the name here of what something leads to; nothing where it keeps the one it has.
    fn named(
        &self,
        links: &Links,
        base: &str,
        link: Link<'_>,
    ) -> Result<Option<String>, (IssueCode, &'static str)> {
        let (text, is_reference) = match link {
            Link::Reference(text) => (text, true),
            // The url of a definition is its name everywhere, and may be its fullUrl, too.
            Link::Address(text) if text.starts_with("urn:") => (text, false),
            Link::Address(_) => return Ok(None),
        };
        let target = Target::parse(text);
        let whole: Cow<'_, str> = match target {
            Target::Relative { kind, id } if !base.is_empty() => {
                Cow::Owned(format!("{base}/{kind}/{id}"))
            }
            Target::Conditional { .. } if is_reference && self.kind == Kind::Transaction => {
                let answer = links.answers.get(text).cloned();
                return answer.map(Some).ok_or((
                    IssueCode::NotFound,
                    "a reference by a search finds nothing: create what it looks for first",
                ));
            }
            _ => Cow::Borrowed(unversioned(text)),
        };
        match links.names.get(&*whole) {
            Some(Some(name)) => Ok(Some(name.clone())),
            Some(None) if is_reference => Err((
                IssueCode::Invalid,
                "an entry of a batch refers to what another of its entries creates: send them as a transaction",
            )),
            None if is_reference
                && self.kind.has_requests()
                && matches!(target, Target::Urn(_)) =>
            {
                Err((
                    IssueCode::NotFound,
                    "a reference leads to a fullUrl that no entry of the bundle has: put the entry in",
                ))
            }
            _ => Ok(None),
        }
    }
}
