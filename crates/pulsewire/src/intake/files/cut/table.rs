//! The rows of a CSV file under its header.

use std::fs::File;
use std::io;

use formats::csv::{Decoder, Event, Place};
use mapping::extract::Bound;
use mapping::source::Zone;

use super::{At, Chunks, Content, Error, Unit};
use crate::intake::files::Extract;

/// The rows of a file.
pub(in crate::intake::files) struct Table {
    decoder: Decoder,
    chunks: Chunks,
    bound: Bound,
    /// Rows before the first one of content.
    heads: u64,
    has_ended: bool,
}

impl Table {
    /// Reads the header, which every reading of the file begins with, and goes to where the rows go on.
    pub(super) fn new(file: File, extract: &Extract, zone: &Zone, at: At) -> Result<Self, Error> {
        let mut decoder = Decoder::new(extract.dialect());
        let mut chunks = Chunks::new(file.try_clone()?, 0)?;
        let heads = u64::from(extract.has_header());
        let bound = match extract.has_header() {
            false => extract.bind([], zone).map_err(Error::Columns)?,
            true => match next(&mut decoder, &mut chunks, &mut false)? {
                Some(Event::Row(row)) => {
                    extract.bind(row.fields(), zone).map_err(Error::Columns)?
                }
                _ => return Err(Error::NoHeader),
            },
        };
        if at.number > 0 || heads == 0 {
            let after = Place {
                number: at.number + if at.number > 0 { heads } else { 0 },
                line: at.next_line,
                next_line: at.next_line,
                end: at.end,
            };
            decoder = Decoder::resume(extract.dialect(), after);
            chunks = Chunks::new(file, at.end)?;
        }
        Ok(Self {
            decoder,
            chunks,
            bound,
            heads,
            has_ended: false,
        })
    }

    pub(super) const fn bound(&self) -> &Bound {
        &self.bound
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Unit>> {
        let event = next(&mut self.decoder, &mut self.chunks, &mut self.has_ended)?;
        let Some(event) = event else {
            return Ok(None);
        };
        let (place, content) = match event {
            Event::Row(row) => (
                row.place,
                Content::Row(row.fields().map(<[u8]>::to_vec).collect()),
            ),
            Event::Bad(place, fault) => (place, Content::Bad(fault.as_str(), fault.to_string())),
        };
        let after = At {
            number: place.number - self.heads,
            next_line: place.next_line,
            end: place.end,
            ..At::START
        };
        Ok(Some(Unit {
            after,
            line: place.line,
            content,
        }))
    }
}

/// The next row of a file; nothing at the end.
fn next<'d>(
    decoder: &'d mut Decoder,
    chunks: &mut Chunks,
    has_ended: &mut bool,
) -> io::Result<Option<Event<'d>>> {
    while !decoder.has_event() {
        if *has_ended {
            return Ok(decoder.finish());
        }
        let more = chunks.next()?;
        *has_ended = more.is_empty();
        decoder.push(more);
    }
    Ok(decoder.next_event())
}
