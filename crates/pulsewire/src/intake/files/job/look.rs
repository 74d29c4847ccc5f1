//! What a file is, found out before any of it is used: its hashes, what it holds, and whether that is as its manifest says.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clinical::MessageId;
use sha2::{Digest, Sha256};

use super::super::cut::{self, Cutter, Kind};
use super::super::listing;
use super::super::manifest::{Found, MANIFEST_BYTES_MAX, Manifest};
use super::super::report::{Report, Verdict};
use super::super::watch::{MANIFEST, Seen};
use super::{Error, Job};

/// How much of a file tells what it holds.
const HEAD_BYTES: usize = 64 * 1024;

/// What was found out about a file before any of it is used.
pub(super) struct Looked {
    pub(super) seen: Seen,
    pub(super) kind: Option<Kind>,
    pub(super) blake3: String,
    pub(super) sha256: Option<String>,
    manifest: Option<Result<Manifest, String>>,
}

impl Looked {
    /// Reads a file once, for its hashes and for what it holds, and its manifest.
    pub(super) fn at(job: &Job<'_>, path: &Path) -> Result<Self, Error> {
        let mut file = listing::open(path)?;
        let seen = listing::seen(job.name.to_owned(), &file.metadata()?);
        let manifest = manifest(&path.with_file_name(format!("{}{MANIFEST}", job.name)))?;
        let asks_sha256 = matches!(&manifest, Some(Ok(manifest)) if manifest.sha256.is_some());
        let mut blake3 = blake3::Hasher::new();
        let mut sha256 = asks_sha256.then(Sha256::new);
        let mut head = Vec::new();
        let mut buffer = vec![0; HEAD_BYTES];
        loop {
            let read = file.read(&mut buffer)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            if head.is_empty() {
                head.extend_from_slice(bytes);
            }
            blake3.update(bytes);
            if let Some(sha256) = &mut sha256 {
                sha256.update(bytes);
            }
        }
        let kind = match (job.kind, job.mapping) {
            (Some(kind), _) => Some(kind),
            (None, Some(_)) => Some(Kind::Csv),
            (None, None) => Kind::guess(job.name, &head),
        };
        Ok(Self {
            seen,
            kind,
            blake3: blake3.finalize().to_hex().to_string(),
            sha256: sha256.map(|sha256| hex(&sha256.finalize())),
            manifest,
        })
    }

    /// Says what is not as the manifest has it, before any row is used.
    pub(super) fn differs(
        &self,
        job: &Job<'_>,
        cutter: Result<Cutter, cut::Error>,
        report: &mut Report,
    ) -> Option<String> {
        let manifest = match self.manifest.as_ref()? {
            Ok(manifest) => manifest,
            Err(wrong) => {
                report.manifest = Verdict::Differs;
                return Some(wrong.clone());
            }
        };
        let rows = match (manifest.rows, cutter) {
            (Some(_), Ok(mut cutter)) => {
                let mut rows = 0;
                // What cannot be read is told when it is used.
                while let Ok(Some(_)) = cutter.next() {
                    rows += 1;
                }
                Some(rows)
            }
            _ => None,
        };
        let found = Found {
            name: job.name,
            rows,
            bytes: self.seen.bytes,
            sha256: self.sha256.as_deref(),
            blake3: &self.blake3,
        };
        let differs = manifest.differs(&found);
        report.manifest = match differs {
            None => Verdict::Agrees,
            Some(_) => Verdict::Differs,
        };
        differs
    }

    /// The name of a file's reading: its content, whose it is, and what is made of it.
    pub(super) fn id(&self, job: &Job<'_>) -> String {
        let kind = self.kind.map_or("", Kind::name);
        let mapping = job.mapping.map_or("", |mapping| &mapping.hash);
        let parts = [&*self.blake3, job.source, kind, mapping];
        MessageId::derive(&parts.map(str::as_bytes)).to_string()
    }
}

pub(super) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifest(path: &Path) -> Result<Option<Result<Manifest, String>>, Error> {
    let file: File = match listing::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Ok(Some(Err(format!(
            "the manifest is longer than {MANIFEST_BYTES_MAX} bytes"
        ))));
    }
    Ok(Some(Manifest::read(&bytes)))
}
