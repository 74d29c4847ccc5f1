//! A way down through a resource, past arrays, to the values at its end.

use formats::fhir::read::Raw;

/// A way down through a resource.
#[derive(Debug)]
pub(super) struct Path {
    steps: Vec<&'static str>,
    mark: Option<char>,
}

impl Path {
    /// Reads paths with spaces between them; none for `-`.
    pub(super) fn all(text: &'static str) -> Vec<Self> {
        let paths = text.split_ascii_whitespace().filter(|path| *path != "-");
        paths.map(Self::parse).collect()
    }

    fn parse(text: &'static str) -> Self {
        let plain = text.trim_end_matches(['?', '~']);
        Self {
            steps: plain.split('.').collect(),
            mark: text.chars().last().filter(|mark| matches!(mark, '?' | '~')),
        }
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> &[&'static str] {
        &self.steps
    }

    /// Says whether only what says itself that it is a Patient is meant.
    pub(super) fn is_named(&self) -> bool {
        self.mark == Some('?')
    }

    /// Says whether what stands there may lie ahead.
    pub(super) fn may_lie_ahead(&self) -> bool {
        self.mark == Some('~')
    }

    /// Shows each value at its end.
    pub(super) fn each<'a>(&self, resource: Raw<'a>, see: &mut impl FnMut(Raw<'a>)) {
        walk(resource, &self.steps, see);
    }

    /// Gives the first value at its end.
    pub(super) fn first<'a>(&self, resource: Raw<'a>) -> Option<Raw<'a>> {
        let mut first = None;
        self.each(resource, &mut |found| {
            first.get_or_insert(found);
        });
        first
    }
}

fn walk<'a>(value: Raw<'a>, steps: &[&str], see: &mut impl FnMut(Raw<'a>)) {
    if value.as_bytes().first() == Some(&b'[') {
        for item in value.items().map_while(Result::ok) {
            walk(item, steps, see);
        }
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        return see(value);
    };
    if let Ok(Some(next)) = value.get(step) {
        walk(next, rest, see);
    }
}
