//! Rows however they are cut, odd ones, and every limit.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// What a file holds, read in chunks of so many bytes.
fn read(dialect: Dialect, bytes: &[u8], chunk: usize) -> Vec<(Place, Result<Vec<String>, Fault>)> {
    fn owned(event: Event<'_>) -> (Place, Result<Vec<String>, Fault>) {
        match event {
            Event::Row(row) => {
                let fields = row.fields().map(String::from_utf8_lossy);
                (
                    row.place,
                    Ok(fields.map(|field| field.into_owned()).collect()),
                )
            }
            Event::Bad(place, fault) => (place, Err(fault)),
        }
    }
    let mut decoder = Decoder::new(dialect);
    let mut found = Vec::new();
    for part in bytes.chunks(chunk) {
        decoder.push(part);
        while let Some(event) = decoder.next_event() {
            found.push(owned(event));
        }
    }
    while let Some(event) = decoder.finish() {
        found.push(owned(event));
    }
    found
}

fn check(text: &str, expected: Expect) {
    let all = read(Dialect::COMMAS, text.as_bytes(), text.len().max(1));
    for chunk in 1..7 {
        assert_eq!(
            read(Dialect::COMMAS, text.as_bytes(), chunk),
            all,
            "in chunks of {chunk}"
        );
    }
    let lines = all.iter().map(|(place, row)| {
        let what = match row {
            Ok(fields) => format!("{fields:?}"),
            Err(fault) => fault.as_str().to_owned(),
        };
        format!(
            "{} line {} end {}: {what}\n",
            place.number, place.line, place.end
        )
    });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn fields_are_quoted_or_not_and_lines_end_in_any_way() {
    check(
        "\u{feff}id,name\r\n1,\"a \"\"b\"\", c\"\r\n\r\n2,\"two\nlines\"\n3,\r4,5\" tube",
        expect![[r#"
            1 line 1 end 12: ["id", "name"]
            2 line 2 end 28: ["1", "a \"b\", c"]
            3 line 4 end 44: ["2", "two\nlines"]
            4 line 6 end 47: ["3", ""]
            5 line 7 end 56: ["4", "5\" tube"]
        "#]],
    );
    check("", expect![""]);
    check("\n\r\n\r", expect![""]);
    check(
        "\"\"",
        expect![[r#"
        1 line 1 end 2: [""]
    "#]],
    );
}

#[test]
fn a_bad_row_is_told_and_the_next_one_is_read() {
    check(
        "a,\"b\"c,\"d\ne\"\n1,2\n3,\"4\n5,6\n",
        expect![[r#"
            1 line 1 end 13: text-after-quote
            2 line 3 end 17: ["1", "2"]
            3 line 4 end 26: quote-not-closed
        "#]],
    );
}

#[test]
fn a_row_says_how_many_lines_it_goes_over_and_those_after_it_stay_where_they_are() {
    let lines = |text: &str| {
        let found = read(Dialect::COMMAS, text.as_bytes(), 3);
        let lines = found.iter().map(|(place, row)| {
            let what = row.as_ref().map_or_else(|fault| fault.as_str(), |_| "row");
            (place.line, place.next_line - place.line, what)
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(lines("1,2"), [(1, 1, "row")]);
    // The quote of the first row is closed by the one that opens a field two lines on.
    assert_eq!(
        lines("1,\"2\n3,4\n5,\"6\"\n7,8\n"),
        [(1, 3, "text-after-quote"), (4, 1, "row")]
    );
    for text in ["1,\"2\n3,4\n", "1,\"2\n3,4"] {
        assert_eq!(lines(text), [(1, 2, "quote-not-closed")], "{text:?}");
    }
}

#[test]
fn a_row_and_its_fields_have_limits() {
    let row = |length: usize| {
        let text = ["a,", &"x".repeat(length - 1), "\n1,2\n"].concat();
        let found = read(Dialect::COMMAS, text.as_bytes(), 64 << 10);
        assert_eq!(found[1].1, Ok(vec!["1".to_owned(), "2".to_owned()]));
        found[0]
            .1
            .as_ref()
            .map(Vec::len)
            .map_err(|fault| fault.as_str())
    };
    assert_eq!(row(ROW_BYTES_MAX - 1), Ok(2));
    assert_eq!(row(ROW_BYTES_MAX), Ok(2));
    assert_eq!(row(ROW_BYTES_MAX + 1), Err("row-too-long"));
    let fields = |count: usize| {
        let found = read(Dialect::COMMAS, vec![b','; count - 1].as_slice(), 4096);
        found[0]
            .1
            .as_ref()
            .map(Vec::len)
            .map_err(|fault| fault.as_str())
    };
    assert_eq!(fields(FIELDS_MAX - 1), Ok(FIELDS_MAX - 1));
    assert_eq!(fields(FIELDS_MAX), Ok(FIELDS_MAX));
    assert_eq!(fields(FIELDS_MAX + 1), Err("too-many-fields"));
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut decoder = Decoder::new(Dialect::COMMAS);
    let chunk = vec![b'x'; 64 << 10];
    // A gibibyte of one line.
    for _ in 0..(1 << 30) / chunk.len() {
        decoder.push(&chunk);
        assert_eq!(decoder.next_event(), None);
    }
    assert!(
        decoder.text.capacity() <= 2 * ROW_BYTES_MAX,
        "{}",
        decoder.text.capacity()
    );
    assert!(decoder.buffer.capacity() <= 4 * chunk.len());
    decoder.push(b"\n1,2\n");
    let first = decoder.next_event();
    assert!(
        matches!(first, Some(Event::Bad(_, Fault::TooLong { .. }))),
        "{first:?}"
    );
    assert!(matches!(decoder.next_event(), Some(Event::Row(row)) if row.len() == 2));
}

#[test]
fn tabs_and_no_quotes_are_read_as_said() {
    let dialect = Dialect {
        delimiter: b'\t',
        quote: None,
    };
    let found = read(dialect, b"a\t\"b\"\n\"c\td\n", 3);
    let rows: Vec<_> = found.into_iter().map(|(_, row)| row.unwrap()).collect();
    assert_eq!(rows, [["a", "\"b\""], ["\"c", "d"]]);
}

/// A field as RFC 4180 writes it.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a,\"\r\né ]{0,6}", 1..5), 0..6), chunk in 1_usize..9) {
        let text: String = rows.iter().map(|row| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\r\n").collect();
        let found: Vec<_> = read(Dialect::COMMAS, text.as_bytes(), chunk).into_iter().map(|(_, row)| row.unwrap()).collect();
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn any_bytes_are_read_and_the_rest_after_any_row_gives_the_same(bytes in prop::collection::vec(prop::sample::select(b"a,\"\r\n\xff".to_vec()), 0..40), chunk in 1_usize..9) {
        let all = read(Dialect::COMMAS, &bytes, chunk);
        for (place, _) in &all {
            let mut decoder = Decoder::resume(Dialect::COMMAS, *place);
            decoder.push(&bytes[usize::try_from(place.end).unwrap()..]);
            let mut rest = Vec::new();
            while let Some(event) = decoder.next_event() {
                rest.push(match event { Event::Row(row) => row.place, Event::Bad(place, _) => place });
            }
            if let Some(event) = decoder.finish() {
                rest.push(match event { Event::Row(row) => row.place, Event::Bad(place, _) => place });
            }
            let expected: Vec<_> = all.iter().map(|(place, _)| *place).filter(|other| other.number > place.number).collect();
            prop_assert_eq!(rest, expected);
        }
    }
}
