//! How many connections the system has files for: one too many would keep the journal from opening its own.

use journal::limits::OPEN_FILES_MAX;

/// What is open beside connections and the journal: the stores' files, pages, webhooks, the program's own.
const OTHERS: usize = 256;
/// So many connections are taken however few files may be open.
const CONNECTIONS_LEAST: usize = 16;

/// How many files this process may have open; nothing where that is not limited or not known.
pub(crate) fn limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

/// As many connections as are wanted and as there are files for.
pub(super) fn connections(wanted: usize, setting: &str) -> usize {
    let room = room(limit());
    if room < wanted {
        tracing::info!(
            wanted,
            taken = room,
            setting,
            "fewer connections are taken than the setting says, for want of open files: run `ulimit -n 65536` before the start"
        );
    }
    room.min(wanted)
}

fn room(limit: Option<usize>) -> usize {
    limit.map_or(usize::MAX, |limit| {
        limit
            .saturating_sub(OPEN_FILES_MAX + OTHERS)
            .max(CONNECTIONS_LEAST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_journal_its_files() {
        assert_eq!(room(None), usize::MAX);
        assert_eq!(room(Some(65_536)), 65_536 - OPEN_FILES_MAX - OTHERS);
        assert_eq!(room(Some(1_024)), 256);
        assert_eq!(room(Some(64)), CONNECTIONS_LEAST);
    }
}
