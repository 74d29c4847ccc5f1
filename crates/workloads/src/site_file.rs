//! Files that a site writes: one row a line, remarks behind `#`, and at least one row.

/// What is wrong with a file without a row, and what to do instead.
pub(crate) const NO_ROW: &str = "the file ends and has no row: write one, or leave the setting out where Pulsewire's own are meant";

/// Gives the rows of a file with their lines, counted from 1. A byte order mark, empty lines and those that begin with `#` are none.
pub fn site_rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    lines
        .map(|(place, row)| (place + 1, row))
        .filter(|(_, row)| !row.trim().is_empty() && !row.starts_with('#'))
}

/// Gives the line where a row was missed, and why, in a file that has none: it would silence what it is about.
pub fn without_rows(text: &str) -> Option<(usize, &'static str)> {
    let is_empty = site_rows(text).next().is_none();
    is_empty.then(|| (text.lines().count().max(1), NO_ROW))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_remarks_are_no_rows_and_lines_are_counted_all() {
        let rows: Vec<_> = site_rows("\u{feff}# words\n\none\n  \ntwo").collect();
        assert_eq!(rows, [(3, "one"), (5, "two")]);
        assert_eq!(without_rows("\u{feff}one"), None);
        assert_eq!(without_rows(""), Some((1, NO_ROW)));
        assert_eq!(without_rows("# words\n# more\n"), Some((2, NO_ROW)));
    }
}
