//! The services that are claimed: of each claim as it was sent last, and as long as it stands.

use clinical::payer::{Day, DocumentKind, HOSPITAL_STAY, Link, ServiceLine, Standing};

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

    /// Who gave it, or else whom its claim names.
    pub(super) const fn provider(&self) -> Link {
        match self.line.renderer {
            0 => self.held.document.provider,
            renderer => renderer,
        }
    }

    pub(super) fn modifiers(&self) -> impl Iterator<Item = &'a str> {
        self.line.modifiers.split(',')
    }
}

/// Finds the claims that stand of stays in a hospital.
pub(super) fn claimed_stays<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Held> {
    let cases = cases(&view.documents, &[DocumentKind::Claim]);
    let claims = cases.into_iter().filter_map(|case| case.claim());
    claims.filter(|held| {
        held.document.standing == Standing::Active && *held.document.code == *HOSPITAL_STAY
    })
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
