//! The table files by folder and name, the guide's and ours of one table together.

use std::collections::BTreeMap;

use super::files::FILES;
use super::overlay::File;

/// Segments in the order in which messages have them; others follow.
const ORDER: &str = "PID PD1 NK1 PV1 PV2 ORC OBR OBX MRG NTE EVN MSH";

/// The guide's file and ours of one table.
pub(super) type Pair = (Option<File>, Option<File>);

/// Gives the files of a folder, the guide's and ours of one name together.
pub(super) fn pairs(folder: &str) -> BTreeMap<&'static str, Pair> {
    let mut pairs: BTreeMap<&'static str, Pair> = BTreeMap::new();
    for (file, text) in FILES.iter().copied() {
        if let Some(name) = strip(file, folder) {
            pairs.entry(name).or_default().1 = Some((file, text));
        } else if let Some(name) = file
            .strip_prefix("guide/")
            .and_then(|own| strip(own, folder))
        {
            pairs.entry(name).or_default().0 = Some((file, text));
        }
    }
    pairs
}

/// Gives tables in the order in which messages have their segments.
pub(super) fn in_order(pairs: BTreeMap<&'static str, Pair>) -> Vec<(&'static str, Pair)> {
    let mut all: Vec<_> = pairs.into_iter().collect();
    let place = |name: &str| {
        let known = ORDER
            .split(' ')
            .position(|segment| name.starts_with(segment));
        known.unwrap_or(usize::MAX)
    };
    all.sort_by_key(|(name, _)| place(name));
    all
}

fn strip(file: &'static str, folder: &str) -> Option<&'static str> {
    file.strip_prefix(folder)?.strip_suffix(".tsv")
}
