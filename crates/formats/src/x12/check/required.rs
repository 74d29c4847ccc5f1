//! Looks whether loops have what their guide requires, and not more than it allows.

use std::sync::LazyLock;

use super::{FAULTS_MAX, SegmentFault};
use crate::x12::loops::tables::{TABLES, lines};
use crate::x12::{Loop, Tree};

/// What stands in a loop.
struct Rule {
    guide: &'static str,
    kept_in: &'static str,
    what: What,
    least: usize,
    /// Nothing where there may be any number.
    most: Option<usize>,
}

enum What {
    Segment(&'static str),
    Loop(&'static str),
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rows = lines::<6>(include_str!("../../../data/x12/required.tsv"));
    rows.map(|[guide, kept_in, what, least, most, _]| Rule {
        guide,
        kept_in,
        what: match what.split_once(':') {
            Some((_, id)) => What::Loop(id),
            None => What::Segment(what),
        },
        least: least.parse().unwrap_or_default(),
        most: most.parse().ok(),
    })
    .collect()
});

/// Adds what is missing and what is too much to what is wrong with the segments of a set.
pub(super) fn add(tree: &Tree<'_, '_>, mut faults: Vec<SegmentFault>) -> Vec<SegmentFault> {
    let guide = tree.guide().name();
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.guide == guide).collect();
    let mut found = Vec::new();
    for of in tree.every() {
        for rule in rules.iter().filter(|rule| rule.kept_in == of.id()) {
            rule.look(tree, of, &mut found);
        }
        if found.len() >= FAULTS_MAX {
            break;
        }
    }
    for fault in found {
        let same = |one: &&mut SegmentFault| one.place == fault.place && one.code == "8";
        match faults
            .iter_mut()
            .find(same)
            .filter(|_| fault.code != MISSING)
        {
            Some(known) => known.code = fault.code,
            None => faults.push(fault),
        }
    }
    faults.sort_by_key(|fault| fault.place);
    faults.truncate(FAULTS_MAX);
    faults
}

const MISSING: &str = "3";
const LOOP_TOO_MANY: &str = "4";
const ONCE_TOO_OFTEN: &str = "5";

impl Rule {
    fn look(&self, tree: &Tree<'_, '_>, of: Loop<'_, '_, '_>, found: &mut Vec<SegmentFault>) {
        let name = |place: usize| tree.segment(place).map_or(&b""[..], |one| one.name());
        let (places, segment, kept_in, code): (Vec<usize>, _, _, _) = match self.what {
            What::Segment(segment) => {
                let own = of
                    .places()
                    .filter(|place| name(*place) == segment.as_bytes());
                (own.collect(), segment, of.id(), ONCE_TOO_OFTEN)
            }
            What::Loop(id) => {
                let below = of.children().filter(|child| child.id() == id);
                let first = below.filter_map(|child| child.places().next());
                let begins = TABLES.begin(tree.guide(), id);
                (first.collect(), begins, id, LOOP_TOO_MANY)
            }
        };
        let fault = |place: usize, code| SegmentFault {
            name: segment.into(),
            place: place + 1,
            kept_in,
            code,
            elements: Vec::new(),
        };
        if places.len() < self.least {
            found.push(fault(behind(tree, of), MISSING));
        }
        let most = self.most.unwrap_or(places.len());
        found.extend(places.iter().skip(most).map(|place| fault(*place, code)));
    }
}

/// The place behind the segments that a loop begins with, where what is missing should have stood at the latest.
fn behind(tree: &Tree<'_, '_>, of: Loop<'_, '_, '_>) -> usize {
    let below = of
        .children()
        .filter_map(|child| child.places().next())
        .min();
    let is_end = |place: usize| tree.segment(place).is_none_or(|one| one.name() == b"SE");
    let own = of
        .places()
        .filter(|place| below.is_none_or(|below| *place < below));
    let last = own.filter(|place| !is_end(*place)).last();
    last.map_or(0, |last| last + 1)
}
