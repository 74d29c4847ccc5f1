//! Puts a data type's rows among those of a segment, where both write into one object: JSON has each name once.

use super::overlay::Line;

/// Writes out the rows of data types whose elements others write, too.
pub(super) fn write_out(lines: Vec<Line>, rows_of: impl Fn(&str) -> Vec<Line>) -> Vec<Line> {
    let mut all = Vec::with_capacity(lines.len());
    for line in &lines {
        let prefix = fills(line).filter(|prefix| !beside(prefix, &lines).is_empty());
        let inner = prefix.map(|prefix| (prefix, rows_of(cell(line, 2))));
        match inner {
            Some((prefix, rows)) if clashes(&beside(prefix, &lines), &rows) => {
                all.extend(rows.iter().map(|row| inside(line, prefix, row)));
            }
            _ => all.push(line.clone()),
        }
    }
    all
}

/// Gives the elements that other rows write into an object; texts deeper in it say themselves when they stand there, since beside
/// what a message may leave out they would go with it.
fn beside(prefix: &str, lines: &[Line]) -> Vec<&'static str> {
    let inner = |line: &Line| {
        let is_text = cell(line, 0).starts_with(['=', '?']);
        let path = cell(line, 1).strip_prefix(prefix)?.strip_prefix('.');
        path.filter(|path| !is_text || !path.contains(['.', '[']))
    };
    let names = lines.iter().filter_map(inner).map(first);
    names.filter(|name| *name != "*").collect()
}

/// Gives the object that a row's data type writes into: `telecom[PID-13]` of `telecom[PID-13].*`.
fn fills(line: &Line) -> Option<&'static str> {
    let (from, element) = (cell(line, 0), cell(line, 1));
    let is_field = from.contains('-') && !from.contains('.') && from.len() > 1;
    let prefix = element.strip_suffix(".*").unwrap_or(element);
    (is_field && !prefix.ends_with("[]") && cell(line, 2).contains('.')).then_some(prefix)
}

/// Says whether a data type writes one of these elements, too.
fn clashes(beside: &[&str], rows: &[Line]) -> bool {
    let is_plain = |row: &Line| !cell(row, 2).starts_with('@') && cell(row, 1) != "*";
    rows.iter().all(is_plain) && rows.iter().any(|row| beside.contains(&first(cell(row, 1))))
}

/// Gives the first step of a path.
fn first(path: &'static str) -> &'static str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// A row of the data type as one of the segment's table.
fn inside(line: &Line, prefix: &'static str, (place, row): &Line) -> Line {
    let field = cell(line, 0);
    let from = match row.first().copied().unwrap_or_default() {
        "." => field,
        text if text.starts_with(['=', '?']) => text,
        part => kept(format!("{field}.{part}")),
    };
    let own = |number: usize| row.get(number).copied().unwrap_or_default();
    let outer = cell(line, 3);
    let inner = of_field(own(3), field);
    let when = match (outer, inner.as_str()) {
        ("", _) => kept(inner),
        (_, "") => outer,
        _ => kept(both(outer, &inner)),
    };
    let vocabulary = if own(4).is_empty() {
        cell(line, 4)
    } else {
        own(4)
    };
    let element = kept(format!("{prefix}.{}", own(1)));
    (
        *place,
        vec![from, element, own(2), when, vocabulary, own(5)],
    )
}

/// Says of a field's parts what a condition says of parts: `!7 & 3=CP` of PID-13 is `!PID-13.7 & PID-13.3=CP`.
fn of_field(when: &str, field: &str) -> String {
    let term = |term: &str| {
        let term = term.trim();
        let (sign, rest) = match term.strip_prefix('!') {
            Some(rest) => ("!", rest),
            None => ("", term),
        };
        if rest.starts_with(|first: char| first.is_ascii_digit()) {
            format!("{sign}{field}.{rest}")
        } else {
            term.to_owned()
        }
    };
    let terms = |terms: &str| terms.split('&').map(term).collect::<Vec<_>>().join(" & ");
    if when.is_empty() {
        return String::new();
    }
    when.split('|').map(terms).collect::<Vec<_>>().join(" | ")
}

/// Both of two conditions.
fn both(left: &str, right: &str) -> String {
    let pairs = left.split('|').flat_map(|left| {
        let joined = right
            .split('|')
            .map(move |right| format!("{} & {}", left.trim(), right.trim()));
        joined.collect::<Vec<_>>()
    });
    pairs.collect::<Vec<_>>().join(" | ")
}

/// Tables are read once and kept.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn cell(line: &Line, number: usize) -> &'static str {
    line.1.get(number).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::lines;
    use super::*;

    #[test]
    fn rows_that_write_into_one_object_stand_side_by_side() {
        let segment = "TQ1-3\ttiming.*\tRPT.Timing\tTQ1-1 | TQ1-2\t\tr5\nTQ1-7\ttiming.repeat.count\tinteger\t\t\tr6\nTQ1-9\tpriority\tCWE.Coding\t\t\tr7";
        let timing = "1\trepeat.when\tcode\t!2\t0335\tr3\n=x\tcode.text\tstring\t\t\tr4";
        let rows = write_out(lines("segments/x", segment).collect(), |name| {
            let text = if name == "RPT.Timing" { timing } else { "" };
            lines("datatypes/x", text).collect()
        });
        let text: Vec<String> = rows.iter().map(|(_, cells)| cells.join("  ")).collect();
        expect![[r"
            TQ1-3.1  timing.repeat.when  code  TQ1-1 & !TQ1-3.2 | TQ1-2 & !TQ1-3.2  0335  r3
            =x  timing.code.text  string  TQ1-1 | TQ1-2    r4
            TQ1-7  timing.repeat.count  integer      r6
            TQ1-9  priority  CWE.Coding      r7"]]
        .assert_eq(&text.join("\n"));
    }
}
