//! The site's secret: given by file, or made at the first start beside the journal.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clinical::SiteKey;

/// The secret's length in bytes.
const LENGTH: usize = 32;
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
    #[error("the site key {path} can be read by others (mode {mode:o}); run `chmod 600 {path}`", path = path.display())]
    Mode { path: PathBuf, mode: u32 },
}

/// Reads the site key, or makes one where none is named and none was made before.
pub(crate) fn load(named: Option<&Path>, directory: &Path) -> Result<SiteKey, Error> {
    let beside = directory.join("site.key");
    let path = named.unwrap_or(&beside);
    match read(path) {
        Err(Error::Io { source, .. })
            if source.kind() == ErrorKind::NotFound && named.is_none() =>
        {
            make(path)
        }
        other => other,
    }
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
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut secret = [0; LENGTH];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut secret))
        .map_err(io)?;
    // Written aside, synced and renamed: a crash leaves no half of a key.
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&aside)
        .map_err(io)?;
    file.write_all(&secret)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    std::fs::rename(&aside, path).map_err(io)?;
    if let Some(parent) = path.parent() {
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(io)?;
    }
    Ok(SiteKey::new(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = load(None, dir.path()).unwrap().patient("A", "1");
        assert_eq!(load(None, dir.path()).unwrap().patient("A", "1"), first);
        let mode = std::fs::metadata(dir.path().join("site.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn a_named_key_that_is_missing_short_or_open_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        assert!(matches!(
            load(Some(&path), dir.path()),
            Err(Error::Io { .. })
        ));
        std::fs::write(&path, [1; 31]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            load(Some(&path), dir.path()),
            Err(Error::Mode { .. })
        ));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            load(Some(&path), dir.path()),
            Err(Error::Length { found: 31, .. })
        ));
    }
}
