//! The site's secret: given by file, or made at the first start beside the journal.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clinical::{ReceivedTime, SiteKey};
use journal::{Journal, Record, TopicPartition, Write};

use crate::topics;

/// The secret's length in bytes.
const LENGTH: usize = 32;
/// The file beside the journal that says which key its pseudonyms are derived from.
const FINGERPRINT: &str = "site.key.fingerprint";
/// So much is read at once of what processes have written down of their keys.
const READ_BYTES: usize = 64 << 10;
/// Only the owner reads and writes it.
const MODE: u32 = 0o600;

/// Why there is no site key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the site key {path} cannot be used: {source}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the site key {path} has {found} bytes instead of {LENGTH}; restore it from a backup: another key would give every patient another pseudonym"
    )]
    Length { path: PathBuf, found: usize },
    #[error("the site key {path} is missing, and this journal holds pseudonyms derived from it; restore it from a backup: another key would give every patient another pseudonym", path = path.display())]
    Lost { path: PathBuf },
    #[error("the site key {path} is not the one that this journal's pseudonyms are derived from; name the right file in journal.site_key", path = path.display())]
    Another { path: PathBuf },
    #[error(
        "several processes share one journal, and no site key is named that is the same for all: make one once (`head -c 32 /dev/urandom > site.key && chmod 600 site.key`), copy it to every machine and name it in journal.site_key"
    )]
    Unnamed,
    #[error(
        "the site key that journal.site_key names has the fingerprint {ours}, and the pseudonyms on these brokers are derived from one with {theirs}: two keys would give each patient two pseudonyms; name a copy of the site's key, or another kafka.prefix for another site"
    )]
    Disagreed { ours: String, theirs: String },
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error("the site key {path} can be read by others (mode {mode:o}); run `chmod 600 {path}`", path = path.display())]
    Mode { path: PathBuf, mode: u32 },
}

/// Reads the site key and checks that it is the one that this directory's pseudonyms are derived from.
pub(crate) fn load(named: Option<&Path>, directory: &Path) -> Result<SiteKey, Error> {
    let path = named.map_or_else(|| directory.join("site.key"), Path::to_owned);
    let key = read(&path)?;
    let known = match std::fs::read_to_string(directory.join(FINGERPRINT)) {
        Ok(known) => known,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(key),
        Err(source) => {
            return Err(Error::Io {
                path: directory.join(FINGERPRINT),
                source,
            });
        }
    };
    if known.trim() == fingerprint(&key) {
        Ok(key)
    } else {
        Err(Error::Another { path })
    }
}

/// Reads the site key; where none is named, none was made before and nothing is kept yet, makes one.
pub(crate) fn load_or_make(
    named: Option<&Path>,
    directory: &Path,
    nothing_kept: bool,
) -> Result<SiteKey, Error> {
    let key = match load(named, directory) {
        Err(Error::Io { path, source })
            if source.kind() == ErrorKind::NotFound && named.is_none() =>
        {
            if !nothing_kept {
                return Err(Error::Lost { path });
            }
            make(&path)?
        }
        other => other?,
    };
    let path = directory.join(FINGERPRINT);
    if !path.exists() {
        write(&path, fingerprint(&key).as_bytes())?;
    }
    Ok(key)
}

/// Checks that all processes that share a journal derive pseudonyms from one key: the first to start writes its fingerprint
/// down, and whoever has another one is refused.
pub(crate) fn agree(journal: &dyn Journal, key: &SiteKey, now: ReceivedTime) -> Result<(), Error> {
    let ours = fingerprint(key);
    let mut first = first_fingerprint(journal)?;
    if first.is_none() {
        let record = Record {
            // Of its own for each key: what came second must not replace what came first.
            key: ours.as_bytes().into(),
            event_time: now.micros(),
            received_time: now.micros(),
            headers: vec![("content-type".into(), (*b"text/plain").into())],
            value: Some(ours.as_bytes().into()),
            ..Record::default()
        };
        journal.append(Write {
            records: vec![(TopicPartition::new(topics::SITE, 0), record)],
            offsets: Vec::new(),
        })?;
        // Another process may have been quicker.
        first = first_fingerprint(journal)?;
    }
    match first {
        Some(theirs) if theirs != ours => Err(Error::Disagreed { ours, theirs }),
        _ => Ok(()),
    }
}

/// The fingerprint that was written down first.
fn first_fingerprint(journal: &dyn Journal) -> Result<Option<String>, Error> {
    let at = TopicPartition::new(topics::SITE, 0);
    let bounds = journal.bounds(std::slice::from_ref(&at))?;
    let Some(mut bounds) = bounds.first().copied() else {
        return Ok(None);
    };
    while bounds.start < bounds.end {
        let batch = journal.read(&at, bounds.start, READ_BYTES)?;
        if let Some(found) = batch.iter().find_map(|record| record.value) {
            return Ok(Some(String::from_utf8_lossy(found).into_owned()));
        }
        let Some(next) = batch.next_offset() else {
            break;
        };
        bounds.start = next;
    }
    Ok(None)
}

/// What tells one key from another without telling anything of it.
fn fingerprint(key: &SiteKey) -> String {
    key.unassigned("site-key", b"fingerprint").to_string()
}

fn read(path: &Path) -> Result<SiteKey, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let mut secret = Vec::new();
    file.read_to_end(&mut secret).map_err(io)?;
    let secret = <[u8; LENGTH]>::try_from(secret.as_slice()).map_err(|_| Error::Length {
        path: path.to_owned(),
        found: secret.len(),
    })?;
    Ok(SiteKey::new(secret))
}

fn make(path: &Path) -> Result<SiteKey, Error> {
    let mut secret = [0; LENGTH];
    let random = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut secret));
    random.map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    write(path, &secret)?;
    Ok(SiteKey::new(secret))
}

/// Written aside, synced and renamed: a crash leaves no half of a file.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let aside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&aside)
        .map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    std::fs::rename(&aside, path).map_err(io)?;
    if let Some(parent) = path.parent() {
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(io)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn it_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_make(None, dir.path(), true)
            .unwrap()
            .patient("A", "1");
        assert_eq!(
            load_or_make(None, dir.path(), false)
                .unwrap()
                .patient("A", "1"),
            first
        );
        let mode = std::fs::metadata(dir.path().join("site.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn a_lost_key_is_not_replaced_and_another_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        load_or_make(None, dir.path(), true).unwrap();
        std::fs::remove_file(dir.path().join("site.key")).unwrap();
        assert!(matches!(
            load_or_make(None, dir.path(), false),
            Err(Error::Lost { .. })
        ));
        write(&dir.path().join("site.key"), &[7; LENGTH]).unwrap();
        assert!(matches!(
            load_or_make(None, dir.path(), false),
            Err(Error::Another { .. })
        ));
    }

    #[test]
    fn who_starts_first_says_which_key_it_is() {
        let journal = journal::MemoryJournal::new();
        for spec in topics::shared(1) {
            journal.ensure_topic(&spec).unwrap();
        }
        let now = ReceivedTime::from_micros(1);
        let agree = |secret| agree(&journal, &SiteKey::new([secret; LENGTH]), now);
        agree(1).unwrap();
        agree(1).unwrap();
        let error = agree(2).unwrap_err().to_string();
        assert!(error.contains("journal.site_key"), "{error}");
        let at = [TopicPartition::new(topics::SITE, 0)];
        assert_eq!(journal.bounds(&at).unwrap()[0].end, 1, "it is said once");
        agree(1).unwrap();
    }

    #[test]
    fn a_named_key_that_is_missing_short_or_open_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        assert!(matches!(
            load_or_make(Some(&path), dir.path(), true),
            Err(Error::Io { .. })
        ));
        std::fs::write(&path, [1; 31]).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            load(Some(&path), dir.path()),
            Err(Error::Mode { .. })
        ));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            load(Some(&path), dir.path()),
            Err(Error::Length { found: 31, .. })
        ));
    }
}
