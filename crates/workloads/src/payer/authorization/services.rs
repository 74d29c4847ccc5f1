//! Which services a request is for, and which of them an answer speaks of: by their traces where they have some, else by their places.

use std::collections::{BTreeMap, BTreeSet};

use clinical::payer::{Link, ServiceLine, Trace};

/// The services of a request for a decision, each by one number whatever place it has in later requests and in answers.
#[derive(Debug, Default)]
pub(super) struct Services {
    /// Those that are asked for now.
    asked: BTreeSet<u16>,
    /// Those that were asked for once, and no longer are.
    dropped: BTreeSet<u16>,
    traced: BTreeMap<Trace, u16>,
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
        let names = Names::of(lines);
        self.places.clear();
        let lines = lines.iter().filter(|line| line.number > 0);
        // What is known first: no other service takes its number.
        let known = lines.map(|line| {
            let known = self.known(line, &names);
            (line, known.filter(|number| self.asked.insert(*number)))
        });
        let known: Vec<_> = known.collect();
        for (line, known) in known {
            let number = known.unwrap_or_else(|| self.free(line, &before, &names));
            for trace in names.own(line) {
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
        let names = Names::of(lines);
        let known: Vec<Option<u16>> = lines.iter().map(|line| self.known(line, &names)).collect();
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

    fn known(&self, line: &ServiceLine, names: &Names) -> Option<u16> {
        names.own(line).find_map(|trace| {
            let exact = self.traced.get(&trace).copied();
            exact.or_else(|| self.numbered(trace).filter(|_| names.is_alone(trace)))
        })
    }

    /// The service that a number alone names: where either of two does not say who gave it, and no other service has it.
    fn numbered(&self, trace: Trace) -> Option<u16> {
        let by = |by: Link| Trace { by, ..trace };
        let of_number = self.traced.range(by(Link::MIN)..=by(Link::MAX));
        let mut fitting = of_number
            .filter(|(known, _)| trace.by == 0 || known.by == 0)
            .map(|(_, number)| *number);
        let first = fitting.next()?;
        fitting.all(|number| number == first).then_some(first)
    }

    /// The number of a service that was not asked for before: its place, unless that is the number of another one.
    fn free(&self, line: &ServiceLine, before: &BTreeSet<u16>, names: &Names) -> u16 {
        let is_traced = self.traced.values().any(|known| *known == line.number);
        let is_other = is_traced && names.own(line).next().is_some();
        if !is_other && !self.asked.contains(&line.number) {
            return line.number;
        }
        let all = self.traced.values().chain(before).chain(&self.asked);
        let last = all.chain([&line.number]).max().copied();
        last.unwrap_or_default().saturating_add(1)
    }
}

/// How many services of one document have each trace, and how many each number, whoever gave it.
#[derive(Default)]
struct Names {
    traces: BTreeMap<Trace, usize>,
    numbers: BTreeMap<Link, usize>,
}

impl Names {
    fn of(lines: &[ServiceLine]) -> Self {
        let mut names = Self::default();
        for line in lines {
            for trace in &line.traces {
                *names.traces.entry(*trace).or_default() += 1;
            }
            let numbers: BTreeSet<Link> = line.traces.iter().map(|trace| trace.number).collect();
            for number in numbers {
                *names.numbers.entry(number).or_default() += 1;
            }
        }
        names
    }

    /// The traces that a service has for itself: those that several have name none of them.
    fn own(&self, line: &ServiceLine) -> impl Iterator<Item = Trace> {
        let all = line.traces.iter().copied();
        all.filter(|trace| match trace.by {
            0 => self.is_alone(*trace),
            _ => self.traces.get(trace) == Some(&1),
        })
    }

    /// Whether no other service has the number, whoever gave it.
    fn is_alone(&self, trace: Trace) -> bool {
        self.numbers.get(&trace.number) == Some(&1)
    }
}
