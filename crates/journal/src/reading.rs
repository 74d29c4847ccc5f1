//! Reading records: where the catalog says that they are, checked, and never anything else.

use crate::bytes::u64_of;
use crate::catalog::{Catalog, Located};
use crate::checkpoint::Kept;
use crate::files::Files;
use crate::index::{Place, scan};
use crate::record::Batch;
use crate::segment::{SEGMENT_HEADER_BYTES, Wanted, cannot, check_header, dir_of, path_of, read};
use crate::shared::Shared;
use crate::{Error, Offset, TopicPartition};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What is read at once to check everything.
const VERIFY_BYTES: usize = 1 << 20;

/// What records are read from: a catalog and the files that it names.
pub(crate) trait Source {
    fn files(&self) -> &Files;
    fn catalog(&self) -> RwLockReadGuard<'_, Catalog>;
    fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog>;
}

impl Source for Shared {
    fn files(&self) -> &Files {
        &self.files
    }

    fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.catalog()
    }

    fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.catalog_mut()
    }
}

impl Source for (Files, RwLock<Catalog>) {
    fn files(&self) -> &Files {
        &self.0
    }

    fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.1
            .read()
            .expect("nothing panics while it changes the catalog")
    }

    fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.1
            .write()
            .expect("nothing panics while it changes the catalog")
    }
}

/// Reads records from where the catalog says that they are.
pub(crate) fn read_from(
    source: &dyn Source,
    from: &TopicPartition,
    offset: Offset,
    max_bytes: usize,
) -> Result<Batch, Error> {
    let located = source.catalog().locate(from, offset)?;
    let Located::In {
        base,
        length,
        place,
    } = located
    else {
        return Ok(Batch::default());
    };
    let files = source.files();
    let file = files
        .get(from, base)
        .map_err(|error| gone(source, from, offset, error))?;
    let path = path_of(&files.dir, from, base);
    let position = match place {
        Place::At(position) => position,
        Place::Unknown(gap) => {
            let marks = scan(&*file, gap).map_err(|error| cannot("read", &path, error))?;
            source.catalog_mut().fill_index(from, base, gap, &marks);
            let known = marks.iter().rev().find(|(mark, _)| *mark <= offset);
            known.map_or(gap.position, |(_, position)| *position)
        }
    };
    let stretch = read(
        &*file,
        Wanted {
            path: &path,
            position,
            length,
            offset,
            max_bytes,
        },
    )?;
    Ok(Batch::verified(stretch.bytes, stretch.first, stretch.count))
}

/// Tells a segment that retention has just removed from one that is missing.
fn gone(source: &dyn Source, from: &TopicPartition, offset: Offset, error: Error) -> Error {
    match source.catalog().locate(from, offset) {
        Ok(_) => error,
        Err(outside) => outside,
    }
}

/// What [`crate::EmbeddedJournal::verify`] has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Partitions.
    pub partitions: u64,
    /// Records.
    pub records: u64,
}

/// Reads every record that is kept and checks it.
pub(crate) fn verify(source: &dyn Source) -> Result<Verified, Error> {
    let now = source.catalog().checkpoint(source.files().id, 0);
    let mut verified = Verified::default();
    for (name, kept) in now.partitions {
        let records = verify_partition(source, &name, kept)?;
        verified.partitions = verified.partitions.saturating_add(1);
        verified.records = verified.records.saturating_add(records);
    }
    Ok(verified)
}

fn verify_partition(source: &dyn Source, name: &TopicPartition, kept: Kept) -> Result<u64, Error> {
    let mut kept = kept;
    loop {
        let result = verify_kept(source.files(), name, &kept);
        let now = source.catalog().kept(name)?;
        if result.is_ok() || now.start == kept.start {
            return result;
        }
        // Retention has removed a segment meanwhile.
        kept = now;
    }
}

/// Reads every record of every segment and checks it.
fn verify_kept(files: &Files, name: &TopicPartition, kept: &Kept) -> Result<u64, Error> {
    let mut due = kept.start;
    for (base, length, _) in &kept.segments {
        let path = path_of(&files.dir, name, *base);
        let file = files.get(name, *base)?;
        check_header(&*file, &path, files.id, name, *base)?;
        if *base != due {
            let what = format!("it begins with offset {base}, but {due} is due");
            return Err(Error::damaged(&path, 0, what));
        }
        let mut position = SEGMENT_HEADER_BYTES;
        while position < *length {
            let wanted = Wanted {
                path: &path,
                position,
                length: *length,
                offset: due,
                max_bytes: VERIFY_BYTES,
            };
            let stretch = read(&*file, wanted)?;
            position = position.saturating_add(u64_of(stretch.bytes.len()));
            due = due.saturating_add(u64_of(stretch.count));
        }
    }
    if due != kept.end {
        let dir = dir_of(&files.dir, name);
        let what = format!("its segments end with offset {due}, not {}", kept.end);
        return Err(Error::damaged(&dir, 0, what));
    }
    Ok(due.saturating_sub(kept.start))
}
