//! Opening a directory: replays the commit files over the segments, cuts a torn tail, refuses any other damage.
//!
//! It reads the commit files and the headers of the segments, not the records before the checkpoint: the time it
//! takes does not grow with what is kept. Those records are checked when they are read.

use crate::appender::Appender;
use crate::catalog::Catalog;
use crate::checkpoint::{self, Checkpoint, Failure, Kept};
use crate::commit_file::{self, CommitFile, Recorded};
use crate::entry::{Entry, Kind, WriteBody, topic};
use crate::files::Files;
use crate::record::{Check, Parsed, parse};
use crate::segment::{TOPICS, base_of, cannot, check_header, dir_of, path_of};
use crate::storage::{Mode, Storage};
use crate::{Error, Offset, Options, TopicPartition};
use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Records that wait to be written to segments are written at this size during recovery.
const REPLAY_BYTES_MAX: usize = 8 << 20;

/// A directory that is ready to be written to.
pub(crate) struct Opened {
    pub(crate) catalog: Catalog,
    pub(crate) appender: Appender,
    pub(crate) commit_file: CommitFile,
}

/// Opens a directory that is locked, making a journal in it when there is none.
pub(crate) fn open(
    storage: &Arc<dyn Storage>,
    dir: &Path,
    options: &Options,
) -> Result<Opened, Error> {
    let found = match checkpoint::read(&**storage, dir)? {
        Some(found) => found,
        None => create(&**storage, dir, options)?,
    };
    let (id, oldest, sequence) = (found.id, found.generation, found.sequence);
    cut_segments(&**storage, dir, &found)?;
    let files = Files::new(
        Arc::clone(storage),
        dir,
        id,
        Mode::Write,
        options.open_files,
    );
    let mut catalog = Catalog::from_checkpoint(found);
    let mut appender = Appender::new(Arc::new(files), options.segment_bytes, &catalog);

    let mut recorded = Vec::new();
    for path in &commit_file::paths(dir) {
        recorded.push(Recorded::read(&**storage, path, id, oldest)?);
    }
    let generation = recorded
        .iter()
        .map(Recorded::generation)
        .max()
        .unwrap_or(oldest)
        .saturating_add(1);
    let next = replay(&recorded, sequence, &mut appender, &mut catalog)?;
    for one in &recorded {
        one.check_nothing_follows(next)?;
    }
    remove_left_over(&**storage, dir, &catalog)?;
    settle(&appender.files, &mut catalog, generation)?;
    for one in &recorded {
        if one.size() != options.commit_bytes {
            commit_file::create(&**storage, one.path(), id, options.commit_bytes)
                .map_err(|error| cannot("preallocate", one.path(), error))?;
        }
    }
    drop(recorded);
    let commit_file = CommitFile::open(&**storage, dir, options.commit_bytes, generation)?;
    Ok(Opened {
        catalog,
        appender,
        commit_file,
    })
}

fn create(storage: &dyn Storage, dir: &Path, options: &Options) -> Result<Checkpoint, Error> {
    let commit_files = commit_file::paths(dir);
    let topics = storage
        .list(&dir.join(TOPICS))
        .map_err(|error| cannot("list", dir, error))?;
    let mut lost = !topics.is_empty();
    for path in &commit_files {
        lost = lost || commit_file::has_entries(storage, path)?;
    }
    if lost {
        let what = "the checkpoint is missing beside the other files of a journal";
        return Err(Error::damaged(&checkpoint::path_of(dir), 0, what));
    }
    let id = new_id();
    for path in &commit_files {
        commit_file::create(storage, path, id, options.commit_bytes)
            .map_err(|error| cannot("preallocate", path, error))?;
    }
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        storage
            .sync_dir(parent)
            .map_err(|error| cannot("sync", parent, error))?;
    }
    let created = Checkpoint {
        id,
        generation: 1,
        ..Checkpoint::default()
    };
    write_checkpoint(storage, dir, &created)?;
    Ok(created)
}

/// Makes up an id: it only has to differ from those of other journals.
fn new_id() -> [u8; 16] {
    let halves =
        [0_u8, 1].map(|half| std::hash::RandomState::new().hash_one((half, std::process::id())));
    let [low, high] = halves.map(u128::from);
    (low | high.wrapping_shl(64)).to_le_bytes()
}

fn write_checkpoint(
    storage: &dyn Storage,
    dir: &Path,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    checkpoint::write(storage, dir, checkpoint).map_err(|failure| match failure {
        Failure::Postponed(error) | Failure::Fatal(error) => error,
    })
}

/// Checks each segment's header and length, and cuts what came after the checkpoint: it is replayed.
fn cut_segments(storage: &dyn Storage, dir: &Path, checkpoint: &Checkpoint) -> Result<(), Error> {
    for (name, kept) in &checkpoint.partitions {
        let known: BTreeSet<Offset> = kept.segments.iter().map(|(base, _, _)| *base).collect();
        let dir_path = dir_of(dir, name);
        let present = storage
            .list(&dir_path)
            .map_err(|error| cannot("list", &dir_path, error))?;
        for base in present.iter().filter_map(|file| base_of(file)) {
            let path = path_of(dir, name, base);
            if known.contains(&base) {
                continue;
            }
            if base >= kept.start && base < kept.end {
                return Err(Error::damaged(
                    &path,
                    0,
                    "the checkpoint knows no segment of this offset",
                ));
            }
        }
        cut_partition(storage, dir, checkpoint.id, name, kept)?;
    }
    Ok(())
}

fn cut_partition(
    storage: &dyn Storage,
    dir: &Path,
    id: [u8; 16],
    name: &TopicPartition,
    kept: &Kept,
) -> Result<(), Error> {
    for (number, (base, length, _)) in kept.segments.iter().enumerate() {
        let path = path_of(dir, name, *base);
        let file = match storage.open(&path, Mode::Write) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::damaged(&path, 0, "this segment is missing"));
            }
            Err(error) => return Err(cannot("open", &path, error)),
        };
        check_header(&*file, &path, id, name, *base)?;
        let found = file
            .len()
            .map_err(|error| cannot("measure", &path, error))?;
        if found < *length {
            let what = format!("it ends here, but {length} bytes of it were durable");
            return Err(Error::damaged(&path, found, what));
        }
        if found > *length {
            if number.saturating_add(1) < kept.segments.len() {
                let what = "it goes on here, though a later segment had begun";
                return Err(Error::damaged(&path, *length, what));
            }
            // Durable before anything follows: a cut that the power undoes would look like damage later.
            file.set_len(*length)
                .and_then(|()| file.sync())
                .map_err(|error| cannot("cut", &path, error))?;
        }
    }
    Ok(())
}

/// Adds the entries after the checkpoint to their segments and gives the number of the next entry.
fn replay(
    recorded: &[Recorded],
    sequence: u64,
    appender: &mut Appender,
    catalog: &mut Catalog,
) -> Result<u64, Error> {
    let mut ordered: Vec<_> = recorded
        .iter()
        .filter_map(|one| Some((one.run?, one)))
        .collect();
    ordered.sort_by_key(|((first, _), _)| *first);
    let mut next = sequence.saturating_add(1);
    for ((first, last), one) in ordered {
        if last < next {
            continue;
        }
        if first > next {
            let what = format!(
                "it begins with entry {first}, but entry {next} is due: an earlier commit file is damaged or missing"
            );
            return Err(one.damaged(commit_file::COMMIT_HEADER_BYTES, what));
        }
        for (position, entry) in one.entries() {
            if entry.place.sequence < next {
                continue;
            }
            replay_entry(&entry, appender).map_err(|what| one.damaged(position, what))?;
            next = entry.place.sequence.saturating_add(1);
            if appender.pending_bytes() > REPLAY_BYTES_MAX {
                write_pending(appender, catalog, next)?;
            }
        }
    }
    write_pending(appender, catalog, next)?;
    Ok(next)
}

fn write_pending(appender: &mut Appender, catalog: &mut Catalog, next: u64) -> Result<(), Error> {
    appender
        .write()
        .map_err(|error| Error::io("cannot write segments while recovering", error))?;
    appender.publish(catalog, next.saturating_sub(1));
    Ok(())
}

fn replay_entry(entry: &Entry<'_>, appender: &mut Appender) -> Result<(), String> {
    if entry.kind == Some(Kind::Topic) {
        let spec = topic(&mut crate::bytes::Fields(entry.body))
            .ok_or("a topic whose lengths do not add up")?;
        appender
            .check_topic(&spec)
            .map_err(|error| error.to_string())?;
        appender.add_topic(spec);
        return Ok(());
    }
    let body = WriteBody::parse(entry.body).ok_or("a write whose lengths do not add up")?;
    let mut slots = Vec::new();
    for (topic, partition) in &body.partitions {
        let name = TopicPartition::new(*topic, *partition);
        slots.push(appender.find(&name).map_err(|error| error.to_string())?);
    }
    let slot_of = |number: usize| {
        slots
            .get(number)
            .copied()
            .ok_or("a partition that was not named")
    };
    for (number, stored) in &body.records {
        let Parsed::Record(record, _) = parse(stored, Check::Verified) else {
            return Err("a record whose checksum does not match".to_owned());
        };
        let slot = slot_of(*number)?;
        let due = appender.next_offset(slot);
        if record.offset != due {
            let name = appender.name(slot);
            return Err(format!(
                "offset {} of {} {}, but {due} is due",
                record.offset, name.topic, name.partition
            ));
        }
        appender.push(slot, stored, due, record.received_time);
    }
    for (group, number, offset) in &body.offsets {
        appender.push_offset((*group).into(), slot_of(*number)?, *offset);
    }
    Ok(())
}

/// Removes segments that an interrupted recovery or roll left; refuses what no topic of this journal accounts for.
fn remove_left_over(storage: &dyn Storage, dir: &Path, catalog: &Catalog) -> Result<(), Error> {
    let topics = dir.join(TOPICS);
    let list = |path: &Path| {
        storage
            .list(path)
            .map_err(|error| cannot("list", path, error))
    };
    for topic in list(&topics)? {
        for number in list(&topics.join(&topic))? {
            let place = topics.join(&topic).join(&number);
            let name = number
                .parse()
                .map(|number| TopicPartition::new(topic.as_str(), number));
            let known = name.ok().and_then(|name| catalog.partitions.get(&name));
            for file in list(&place)? {
                let Some(base) = base_of(&file) else { continue };
                let path = place.join(&file);
                let Some(partition) = known else {
                    return Err(Error::damaged(
                        &path,
                        0,
                        "the journal knows no such topic and partition",
                    ));
                };
                if partition.segments.iter().all(|one| one.base != base) {
                    storage
                        .remove(&path)
                        .and_then(|()| storage.sync_dir(&place))
                        .map_err(|error| cannot("remove", &path, error))?;
                }
            }
        }
    }
    Ok(())
}

/// Makes what was replayed durable in the segments, so that the commit files can be used anew.
fn settle(files: &Files, catalog: &mut Catalog, generation: u64) -> Result<(), Error> {
    let (dirty, grown) = (
        std::mem::take(&mut catalog.dirty),
        std::mem::take(&mut catalog.grown),
    );
    sync_segments(files, &dirty, &grown)?;
    write_checkpoint(
        &*files.storage,
        &files.dir,
        &catalog.checkpoint(files.id, generation),
    )
}

/// Makes segments and the names of new ones durable; gives how many syncs it took.
pub(crate) fn sync_segments(
    files: &Files,
    dirty: &BTreeSet<(TopicPartition, Offset)>,
    grown: &BTreeSet<TopicPartition>,
) -> Result<u64, Error> {
    let mut syncs = 0_u64;
    for (name, base) in dirty {
        let file = files.get(name, *base)?;
        file.sync()
            .map_err(|error| cannot("sync", &path_of(&files.dir, name, *base), error))?;
        syncs = syncs.saturating_add(1);
    }
    let mut dirs = BTreeSet::new();
    for name in grown {
        let dir = dir_of(&files.dir, name);
        let inside = dir
            .ancestors()
            .take_while(|dir| dir.starts_with(&files.dir));
        dirs.extend(inside.map(Path::to_owned));
    }
    for dir in &dirs {
        files
            .storage
            .sync_dir(dir)
            .map_err(|error| cannot("sync", dir, error))?;
        syncs = syncs.saturating_add(1);
    }
    Ok(syncs)
}
