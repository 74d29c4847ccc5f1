//! A table of codes in a file of its own: CSV with the columns `from`, `system`, `code` and `display`.

use std::collections::BTreeMap;

use formats::csv::{Decoder, Dialect, Event};

use super::Problem;

/// The columns of a table of codes.
const COLUMNS: [&str; 4] = ["from", "system", "code", "display"];

/// Reads a table of codes, as `[codes.NAME]` of a mapping file has it.
///
/// # Errors
/// When a row is none.
pub fn codes(bytes: &[u8]) -> Result<BTreeMap<String, String>, Problem> {
    let mut decoder = Decoder::new(Dialect::COMMAS);
    decoder.push(bytes);
    let mut table = BTreeMap::new();
    let mut has_header = false;
    loop {
        let event = match decoder.has_event() {
            true => decoder.next_event(),
            false => decoder.finish(),
        };
        let row = match event {
            None if !has_header => return Err(wrong(1)),
            None => return Ok(table),
            Some(Event::Bad(place, fault)) => {
                let at = format!("line {}", place.line);
                return Err(Problem::new(&at, fault.as_str(), fault.to_string()));
            }
            Some(Event::Row(row)) => row,
        };
        let fields: Vec<_> = row
            .fields()
            .map(|field| String::from_utf8_lossy(field.trim_ascii()))
            .collect();
        let [from, system, code, display] = fields.as_slice() else {
            return Err(wrong(row.place.line));
        };
        if !has_header {
            has_header = true;
            if fields != COLUMNS {
                return Err(wrong(row.place.line));
            }
            continue;
        }
        if from.is_empty() || code.is_empty() || system.contains('|') || code.contains('|') {
            return Err(wrong(row.place.line));
        }
        table.insert(from.to_string(), format!("{system}|{code}|{display}"));
    }
}

fn wrong(line: u64) -> Problem {
    let what = "it is no row of a table of codes";
    let hint = "write from,system,code,display into the first line, and a code into each after it";
    Problem::new(&format!("line {line}"), what, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_its_mistakes_are_told() {
        let read =
            codes(b"from,system,code,display\nK,http://loinc.org,2823-3,\"Potassium, serum\"\n")
                .unwrap();
        assert_eq!(read["K"], "http://loinc.org|2823-3|Potassium, serum");
        for (text, line) in [
            ("", "line 1"),
            ("a,b\n", "line 1"),
            ("from,system,code,display\nK,,,\n", "line 2"),
            ("from,system,code,display\nK,\"a\"b,c,d\n", "line 2"),
        ] {
            assert_eq!(codes(text.as_bytes()).unwrap_err().place, line, "{text}");
        }
    }
}
