//! Comma-separated values with quotes, as the guide's spreadsheets are saved.

/// Reads all records; a cell is trimmed, and its line breaks are spaces.
pub(super) fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(plain(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(plain(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            letter => cell.push(letter),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(plain(&mut cell));
        records.push(record);
    }
    records
}

fn plain(cell: &mut String) -> String {
    let cell = std::mem::take(cell);
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_cell_keeps_commas_quotes_and_lines() {
        let records = records("a,\"b, \"\"c\"\"\nd\",e\r\nf,,\n");
        assert_eq!(records, [vec!["a", "b, \"c\" d", "e"], vec!["f", "", ""]]);
    }
}
