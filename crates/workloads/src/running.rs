//! The workloads that run at a site, looked up once and not for each event.

use std::time::Duration;

use clinical::EventTime;

use crate::chart::Entry;
use crate::workload::{Condition, WORKLOADS, Workload};
use crate::{Config, Parameter};

/// The workloads that run, in the order of all.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    all: Vec<Runs>,
    /// For each parameter, by its number, the places in `all` of those that read it.
    readers: Vec<Vec<usize>>,
    /// How far back findings of each condition are revised, by its number, whether its workload runs or did.
    revise: Vec<Duration>,
    /// How far back anything is revised.
    pub(crate) longest: Duration,
}

/// A workload that runs, with the windows that hold here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runs {
    /// Its place among all workloads, whether they run or not.
    pub(crate) place: usize,
    pub(crate) workload: &'static Workload,
    /// How late an item may come and still be used.
    pub(crate) late: Duration,
    /// How far back findings are revised.
    pub(crate) revise: Duration,
}

impl Runs {
    /// Says whether what is judged now may still be compared with an entry, however late that came: with a baseline of days ago.
    pub(crate) fn compares_with(&self, entry: &Entry, now: EventTime) -> bool {
        let matters = (self.workload.matters)(entry);
        let matters = matters.filter(|_| self.workload.has_baseline);
        matters.is_some_and(|matters| entry.at >= now.minus(matters))
    }
}

impl Running {
    /// Looks up which workloads a site lets run.
    pub(crate) fn of(config: &Config) -> Self {
        let places = WORKLOADS.iter().enumerate();
        let running = places.filter(|(_, workload)| config.runs(workload));
        let all: Vec<Runs> = running
            .map(|(place, workload)| Runs {
                place,
                workload,
                late: config.late_window(workload),
                revise: config.revise_window(workload),
            })
            .collect();
        let mut readers = vec![Vec::new(); Parameter::MOST];
        for parameter in Parameter::all() {
            let reads = |(_, runs): &(usize, &Runs)| runs.workload.reads.contains(&parameter);
            let of = all.iter().enumerate().filter(reads);
            if let Some(slot) = readers.get_mut(usize::from(parameter.number())) {
                *slot = of.map(|(place, _)| place).collect();
            }
        }
        let window = |number| {
            let condition = Condition::from_number(number);
            condition.map(|condition| config.revise_window(condition.workload()))
        };
        Self {
            revise: (0..=u8::MAX)
                .map(|number| window(number).unwrap_or_default())
                .collect(),
            longest: all.iter().map(|runs| runs.revise).max().unwrap_or_default(),
            all,
            readers,
        }
    }

    /// Goes through them in the order of all.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Runs> {
        self.all.iter()
    }

    /// Gives how far back findings of a condition are revised, whether its workload runs or did.
    pub(crate) fn revise_window(&self, condition: Condition) -> Duration {
        let window = self.revise.get(usize::from(condition.number()));
        window.copied().unwrap_or_default()
    }

    /// Goes through those that read a parameter.
    pub(crate) fn readers(&self, parameter: Parameter) -> impl Iterator<Item = &Runs> {
        let places = self.readers.get(usize::from(parameter.number()));
        let places = places.map_or(&[][..], Vec::as_slice).iter();
        places.filter_map(|place| self.all.get(*place))
    }
}
