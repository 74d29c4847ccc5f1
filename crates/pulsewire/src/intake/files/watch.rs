//! Decides which files of a folder are ready, from what is seen of it: one that is still being written never is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a name ends with while its file is written, whatever the case of its letters.
const UNFINISHED: [&str; 8] = [
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".crdownload",
    ".swp",
    "~",
];
/// What stands behind a file's name in that of its manifest.
pub(crate) const MANIFEST: &str = ".manifest";
/// What stands behind a file's name in that of an empty file which says that it is whole.
pub(crate) const DONE: &str = ".done";

/// What stands behind a file's name in that of its report.
pub(crate) const REPORT: &str = ".report.json";

/// What makes a file ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// It did not change for so long, or its marker or manifest is there.
    Settled,
    /// Only its marker.
    Marker,
    /// Only its manifest.
    Manifest,
}

/// A file as it is seen in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// When it was changed, in nanoseconds since the epoch.
    pub(crate) modified: i128,
}

/// What was seen of a folder so far.
#[derive(Debug)]
pub(crate) struct Watch {
    ready: Ready,
    settle: Duration,
    /// Each file as it was seen last, and since when it has been so.
    known: BTreeMap<String, (Seen, Duration)>,
}

impl Watch {
    pub(crate) fn new(ready: Ready, settle: Duration) -> Self {
        Self {
            ready,
            settle,
            known: BTreeMap::new(),
        }
    }

    /// Takes in what a folder holds at a time, and gives what is ready, the oldest first.
    ///
    /// Times count from any beginning: only how long something stays as it is matters, so that a clock that is set or a
    /// file that keeps its old date changes nothing.
    pub(crate) fn step(&mut self, listing: &[Seen], now: Duration) -> Vec<Seen> {
        let names: BTreeSet<&str> = listing.iter().map(|seen| seen.name.as_str()).collect();
        let mut known = BTreeMap::new();
        let mut ready = Vec::new();
        for seen in listing.iter().filter(|seen| is_content(&seen.name)) {
            let before = self.known.remove(&seen.name);
            let since = match before {
                Some((before, since)) if before == *seen => since,
                _ => now,
            };
            let beside = |suffix: &str| names.contains(format!("{}{suffix}", seen.name).as_str());
            let is_ready = match self.ready {
                Ready::Marker => beside(DONE),
                Ready::Manifest => beside(MANIFEST),
                Ready::Settled => beside(DONE) || now.saturating_sub(since) >= self.settle,
            };
            if is_ready {
                ready.push(seen.clone());
            }
            known.insert(seen.name.clone(), (seen.clone(), since));
        }
        self.known = known;
        ready.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
        ready
    }

    /// How many files were seen.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.known.len()
    }
}

/// Tells whether a name is one of a file to read: not one that is being written, a marker or a manifest.
pub(crate) fn is_content(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_unfinished = UNFINISHED.iter().any(|suffix| lower.ends_with(suffix));
    let companions = [MANIFEST, DONE, REPORT];
    let is_companion = companions.iter().any(|suffix| lower.ends_with(suffix));
    !name.starts_with('.') && !is_unfinished && !is_companion
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, bytes: u64, modified: i128) -> Seen {
        Seen {
            name: name.into(),
            bytes,
            modified,
        }
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ready(watch: &mut Watch, listing: &[Seen], now: u64) -> Vec<String> {
        let ready = watch.step(listing, at(now)).into_iter();
        ready.map(|seen| seen.name).collect()
    }

    #[test]
    fn a_file_that_is_still_written_is_left_alone() {
        let mut watch = Watch::new(Ready::Settled, at(5));
        assert_eq!(ready(&mut watch, &[seen("a.csv", 10, 1)], 0), [""; 0]);
        // It grows, and settling begins anew.
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 2)], 4), [""; 0]);
        // As long, but written over.
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 3)], 8), [""; 0]);
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 3)], 12), [""; 0]);
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 3)], 13), ["a.csv"]);
        // It went away and came again: it may be another one.
        assert_eq!(ready(&mut watch, &[], 14), [""; 0]);
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 3)], 15), [""; 0]);
        assert_eq!(ready(&mut watch, &[seen("a.csv", 20, 3)], 20), ["a.csv"]);
    }

    #[test]
    fn settling_is_exact() {
        let mut watch = Watch::new(Ready::Settled, Duration::from_millis(5000));
        let file = [seen("a.csv", 1, 1)];
        assert!(watch.step(&file, Duration::ZERO).is_empty());
        assert!(watch.step(&file, Duration::from_millis(4999)).is_empty());
        assert_eq!(watch.step(&file, Duration::from_millis(5000)).len(), 1);
    }

    #[test]
    fn names_of_what_is_being_written_are_never_read() {
        let mut watch = Watch::new(Ready::Settled, Duration::ZERO);
        let listing: Vec<Seen> = [
            ".hidden",
            "a.csv.part",
            "a.csv.FILEPART",
            "a.tmp",
            "a.partial",
            "a.csv~",
            ".a.csv.swp",
            "a.csv.manifest",
            "a.csv.done",
            "a.csv.report.json",
            "a.crdownload",
            "a.temp",
        ]
        .map(|name| seen(name, 1, 1))
        .into();
        assert_eq!(ready(&mut watch, &listing, 0), [""; 0]);
        assert_eq!(ready(&mut watch, &listing, 99), [""; 0]);
        assert_eq!(watch.waiting(), 0);
    }

    #[test]
    fn a_marker_makes_a_file_ready_at_once_and_may_be_asked_for() {
        let both = [
            seen("b.csv", 9, 1),
            seen("a.csv", 9, 1),
            seen("a.csv.done", 0, 1),
        ];
        let mut watch = Watch::new(Ready::Settled, at(5));
        assert_eq!(ready(&mut watch, &both, 0), ["a.csv"]);
        let mut watch = Watch::new(Ready::Marker, at(5));
        assert_eq!(ready(&mut watch, &both, 0), ["a.csv"]);
        assert_eq!(ready(&mut watch, &both, 99), ["a.csv"]);
        assert_eq!(watch.waiting(), 2);
        let mut watch = Watch::new(Ready::Manifest, at(5));
        assert_eq!(ready(&mut watch, &both, 99), [""; 0]);
        let with = [seen("b.csv", 9, 1), seen("b.csv.manifest", 40, 1)];
        assert_eq!(ready(&mut watch, &with, 99), ["b.csv"]);
    }

    #[test]
    fn the_oldest_file_comes_first() {
        let mut watch = Watch::new(Ready::Settled, Duration::ZERO);
        let listing = [seen("c", 1, 5), seen("b", 1, 9), seen("a", 1, 9)];
        assert_eq!(ready(&mut watch, &listing, 0), ["c", "a", "b"]);
    }
}
