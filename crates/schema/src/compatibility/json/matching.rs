//! Which parts of two combinations belong together: as many pairs as there can be.

use super::super::Difference;
use super::super::work::Work;

/// What each row differs in from each column; nothing where they do not go together.
pub(super) type Pairs = [Vec<Option<Vec<Difference>>>];

/// As many pairs as there can be, each row and column in one at most, rather those that differ in little; gives the
/// row of each column, or nothing where it would be too much work.
pub(super) fn matching(
    pairs: &Pairs,
    columns: usize,
    work: &mut Work,
) -> Option<Vec<Option<usize>>> {
    let orders: Vec<Vec<usize>> = (0..)
        .zip(pairs)
        .map(|(row, found)| order(row, found))
        .collect();
    let mut rows_of = vec![None; columns];
    for row in 0..pairs.len() {
        if !work.take(columns) {
            return None;
        }
        place(row, &orders, &mut rows_of, work)?;
    }
    Some(rows_of)
}

/// The columns that go with a row, those that differ least first, and its own place before others.
fn order(row: usize, found: &[Option<Vec<Difference>>]) -> Vec<usize> {
    let with_count = (0..).zip(found);
    let mut columns: Vec<(usize, bool, usize)> = with_count
        .filter_map(|(column, found)| Some((found.as_ref()?.len(), column != row, column)))
        .collect();
    columns.sort_unstable();
    columns.into_iter().map(|(_, _, column)| column).collect()
}

/// A row that looks for a column, and how many of its columns it has tried.
struct Seeker {
    row: usize,
    tried: usize,
}

/// Finds a column for a row and moves others away where they can go elsewhere. Rows that must move wait in a list of
/// their own and not on the stack: there may be as many as a schema has parts.
fn place(
    row: usize,
    orders: &[Vec<usize>],
    rows_of: &mut [Option<usize>],
    work: &mut Work,
) -> Option<()> {
    let mut seen = vec![false; rows_of.len()];
    let mut waiting = vec![Seeker { row, tried: 0 }];
    while let Some(seeker) = waiting.last_mut() {
        if !work.take(1) {
            return None;
        }
        let next = orders
            .get(seeker.row)
            .and_then(|columns| columns.get(seeker.tried));
        let Some(column) = next.copied() else {
            waiting.pop();
            continue;
        };
        seeker.tried = seeker.tried.saturating_add(1);
        let Some(visited) = seen.get_mut(column).filter(|visited| !**visited) else {
            continue;
        };
        *visited = true;
        match rows_of.get(column).copied().flatten() {
            Some(holder) => waiting.push(Seeker {
                row: holder,
                tried: 0,
            }),
            None => {
                settle(&waiting, orders, rows_of);
                return Some(());
            }
        }
    }
    Some(())
}

/// Each row that waits gets the column it tried last.
fn settle(waiting: &[Seeker], orders: &[Vec<usize>], rows_of: &mut [Option<usize>]) {
    for seeker in waiting {
        let columns = orders.get(seeker.row);
        let last = columns.and_then(|columns| columns.get(seeker.tried.checked_sub(1)?));
        if let Some(slot) = last.and_then(|column| rows_of.get_mut(*column)) {
            *slot = Some(seeker.row);
        }
    }
}
