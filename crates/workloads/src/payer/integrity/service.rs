//! The services that are claimed: of each claim as it was sent last, and as long as it stands.

use clinical::payer::{Day, DocumentKind, Link, ServiceLine, Standing};

use super::super::case::cases;
use super::super::rule::View;
use super::super::state::Held;

/// A service of a claim that stands.
pub(super) struct Service<'a> {
    /// The name of its claim with all that belongs to it.
    pub(super) case: String,
    pub(super) held: &'a Held,
    pub(super) line: &'a ServiceLine,
    pub(super) day: Day,
}

impl<'a> Service<'a> {
    pub(super) fn code(&self) -> &'a str {
        &self.line.code
    }

    pub(super) const fn provider(&self) -> Link {
        self.held.document.provider
    }

    pub(super) fn modifiers(&self) -> impl Iterator<Item = &'a str> {
        self.line.modifiers.split(',')
    }
}

/// Finds them, in the order of claims and lines.
pub(super) fn services<'a>(view: &View<'a>) -> Vec<Service<'a>> {
    let mut all = Vec::new();
    for case in cases(&view.documents, &[DocumentKind::Claim]) {
        let name = case.name();
        let Some(held) = case.claim() else {
            continue;
        };
        if held.document.standing != Standing::Active {
            continue;
        }
        for line in &held.document.lines {
            if let Some(day) = line.day.or(held.document.from) {
                all.push(Service {
                    case: name.clone(),
                    held,
                    line,
                    day,
                });
            }
        }
    }
    all
}
