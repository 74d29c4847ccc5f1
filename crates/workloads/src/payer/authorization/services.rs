//! Which services a request is for, and which of them an answer speaks of: by their traces where they have some, else by their places.

use std::collections::{BTreeMap, BTreeSet};

use clinical::payer::{Link, ServiceLine};

/// The services of a request for a decision, each by one number whatever place it has in later requests and in answers.
#[derive(Debug, Default)]
pub(super) struct Services {
    /// Those that are asked for now.
    asked: BTreeSet<u16>,
    /// Those that were asked for once, and no longer are.
    dropped: BTreeSet<u16>,
    traced: BTreeMap<Link, u16>,
    /// The number of the service at each place of the request that was made last.
    places: BTreeMap<u16, u16>,
}

impl Services {
    /// Takes in what is asked for now, and says whether something else no longer is. A request that names no service leaves
    /// them as they are.
    pub(super) fn ask(&mut self, lines: &[ServiceLine]) -> bool {
        if lines.iter().all(|line| line.number == 0) {
            return false;
        }
        let before = std::mem::take(&mut self.asked);
        let shared = shared(lines);
        self.places.clear();
        for line in lines.iter().filter(|line| line.number > 0) {
            let known = self.known(line, &shared);
            let number = known.unwrap_or_else(|| self.free(line, &before, &shared));
            for trace in own(line, &shared) {
                self.traced.insert(trace, number);
            }
            self.places.insert(line.number, number);
            self.asked.insert(number);
        }
        self.dropped.extend(&before);
        self.dropped.retain(|number| !self.asked.contains(number));
        !before.is_subset(&self.asked)
    }

    /// The numbers of the services that an answer speaks of, 0 where it speaks of the whole. Where one is known by its trace no
    /// other is taken for it by its place: that one is none that was asked for.
    pub(super) fn of(&self, lines: &[ServiceLine]) -> Vec<u16> {
        let shared = shared(lines);
        let known: Vec<Option<u16>> = lines.iter().map(|line| self.known(line, &shared)).collect();
        let number = |(line, traced): (&ServiceLine, &Option<u16>)| {
            let at_place = self.places.get(&line.number).copied();
            match (line.number, *traced, at_place) {
                (0, ..) => 0,
                (_, Some(number), _) => number,
                (place, None, Some(number)) if known.contains(&Some(number)) => u16::MAX - place,
                (_, None, Some(number)) => number,
                (place, None, None) => place,
            }
        };
        lines.iter().zip(&known).map(number).collect()
    }

    /// Whether something is no longer asked for.
    pub(super) fn is_dropped(&self, number: u16) -> bool {
        self.dropped.contains(&number)
    }

    /// Goes through what is asked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = u16> {
        self.asked.iter().copied()
    }

    fn known(&self, line: &ServiceLine, shared: &BTreeSet<Link>) -> Option<u16> {
        own(line, shared).find_map(|trace| self.traced.get(&trace).copied())
    }

    /// The number of a service that was not asked for before: its place, unless that is the number of another one.
    fn free(&self, line: &ServiceLine, before: &BTreeSet<u16>, shared: &BTreeSet<Link>) -> u16 {
        let is_traced = self.traced.values().any(|known| *known == line.number);
        let is_other = is_traced && own(line, shared).next().is_some();
        if !is_other && !self.asked.contains(&line.number) {
            return line.number;
        }
        let all = self.traced.values().chain(before).chain(&self.asked);
        let last = all.chain([&line.number]).max().copied();
        last.unwrap_or_default().saturating_add(1)
    }
}

/// The traces that several services of one document have: they name none of them.
fn shared(lines: &[ServiceLine]) -> BTreeSet<Link> {
    let mut seen = BTreeSet::new();
    let all = lines.iter().flat_map(|line| line.traces.iter().copied());
    all.filter(|trace| !seen.insert(*trace)).collect()
}

/// The traces that a service has for itself.
fn own(line: &ServiceLine, shared: &BTreeSet<Link>) -> impl Iterator<Item = Link> {
    let all = line.traces.iter().copied();
    all.filter(|trace| !shared.contains(trace))
}
