//! Files of text, packed or not, one after the other, with how much of all of them was read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use formats::csv::{Decoder, Dialect, Event, Row};

use super::{Unreadable, share};

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// Files that are read together.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: u64,
    read: Rc<Cell<u64>>,
}

impl Texts {
    pub(super) fn new(files: &[PathBuf]) -> Result<Self, Unreadable> {
        let mut bytes = 0;
        for file in files {
            let told = |error| Unreadable::new(file, error, "name a file that can be read");
            bytes += file.metadata().map_err(told)?.len();
        }
        Ok(Self {
            bytes,
            read: Rc::default(),
        })
    }

    /// Gives how much of all was read.
    pub(super) fn share(&self) -> f64 {
        share(self.read.get(), self.bytes)
    }

    /// Opens one of them.
    pub(super) fn open(&self, path: &Path) -> Result<BufReader<Box<dyn Read>>, Unreadable> {
        let told = |error| Unreadable::new(path, error, "name a file that can be read");
        let counted = Counted {
            file: File::open(path).map_err(told)?,
            read: Rc::clone(&self.read),
        };
        let text: Box<dyn Read> = match path.extension().is_some_and(|ending| ending == "gz") {
            true => Box::new(MultiGzDecoder::new(counted)),
            false => Box::new(counted),
        };
        Ok(BufReader::with_capacity(READ_BYTES, text))
    }

    /// Goes through the rows of one of them as long as they are wanted.
    pub(super) fn rows<E: From<Unreadable>>(
        &self,
        path: &Path,
        dialect: Dialect,
        mut take: impl FnMut(Row<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let hint = "give it as it was published, whole";
        let told = |error: io::Error| Unreadable::new(path, error, hint);
        let mut taken = |event: Event<'_>| match event {
            Event::Row(row) => take(row),
            Event::Bad(place, fault) => {
                let what = format!("line {}: {fault}", place.line);
                Err(Unreadable::new(path, what, hint).into())
            }
        };
        let mut text = self.open(path)?;
        let mut decoder = Decoder::new(dialect);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let length = text.read(&mut buffer).map_err(told)?;
            decoder.push(buffer.get(..length).unwrap_or_default());
            while let Some(event) = decoder.next_event() {
                if !taken(event)? {
                    return Ok(());
                }
            }
            if length == 0 {
                break;
            }
        }
        if let Some(event) = decoder.finish() {
            taken(event)?;
        }
        Ok(())
    }
}

/// A file that tells how much of it was read.
struct Counted {
    file: File,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}
