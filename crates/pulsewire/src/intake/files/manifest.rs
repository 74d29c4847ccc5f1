//! What a sender says that a file holds, in `NAME.manifest` beside it, and whether that is so.

use serde::Deserialize;

/// The most bytes of a manifest.
pub(super) const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// What a sender says that a file holds; what is not said is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Manifest {
    /// The file's name.
    pub(super) file: Option<String>,
    /// How many rows, messages, resources or transaction sets; a header is none.
    pub(super) rows: Option<u64>,
    pub(super) bytes: Option<u64>,
    /// In hexadecimal digits.
    pub(super) sha256: Option<String>,
    pub(super) blake3: Option<String>,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'f> {
    pub(super) name: &'f str,
    /// None where nobody counted them.
    pub(super) rows: Option<u64>,
    pub(super) bytes: u64,
    pub(super) sha256: Option<&'f str>,
    pub(super) blake3: &'f str,
}

impl Manifest {
    /// Reads one; says what is wrong where it is none.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|error| {
            format!(
                "the manifest cannot be read at line {}, column {}: write {{\"file\": …, \"rows\": …, \"sha256\": …}}",
                error.line(),
                error.column()
            )
        })?;
        if read == Self::default() {
            return Err("the manifest says nothing: give rows, bytes, sha256 or blake3".into());
        }
        Ok(read)
    }

    /// Says what is not as the manifest has it.
    pub(super) fn differs(&self, found: &Found<'_>) -> Option<String> {
        if let Some(name) = self.file.as_deref().filter(|name| *name != found.name) {
            return Some(format!("the manifest is of another file: {name}"));
        }
        let numbers = [
            ("bytes", self.bytes, Some(found.bytes)),
            ("rows", self.rows, found.rows),
        ];
        for (what, said, found) in numbers {
            if let (Some(said), Some(found)) = (said, found)
                && said != found
            {
                return Some(format!("the manifest says {said} {what}, {found} came"));
            }
        }
        let hashes = [
            ("sha256", &self.sha256, found.sha256),
            ("blake3", &self.blake3, Some(found.blake3)),
        ];
        for (what, said, found) in hashes {
            if let (Some(said), Some(found)) = (said, found)
                && !said.eq_ignore_ascii_case(found)
            {
                return Some(format!(
                    "the {what} of the manifest is not that of the file"
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: Found<'_> = Found {
        name: "a.csv",
        rows: Some(3),
        bytes: 20,
        sha256: Some("ab01"),
        blake3: "cd02",
    };

    #[test]
    fn a_manifest_is_held_against_what_came() {
        for (text, differs) in [
            (r#"{"rows": 3}"#, None),
            (
                r#"{"file": "a.csv", "rows": 3, "bytes": 20, "sha256": "AB01", "blake3": "cd02"}"#,
                None,
            ),
            (r#"{"rows": 4}"#, Some("the manifest says 4 rows, 3 came")),
            (
                r#"{"bytes": 19}"#,
                Some("the manifest says 19 bytes, 20 came"),
            ),
            (
                r#"{"file": "b.csv"}"#,
                Some("the manifest is of another file: b.csv"),
            ),
            (
                r#"{"sha256": "ff"}"#,
                Some("the sha256 of the manifest is not that of the file"),
            ),
            (
                r#"{"blake3": "ff"}"#,
                Some("the blake3 of the manifest is not that of the file"),
            ),
        ] {
            let manifest = Manifest::read(text.as_bytes()).unwrap();
            assert_eq!(manifest.differs(&FOUND).as_deref(), differs, "{text}");
        }
    }

    #[test]
    fn one_that_cannot_be_read_says_so() {
        for text in ["", "{", "[]", "{}", r#"{"row": 3}"#, r#"{"rows": -1}"#] {
            let told = Manifest::read(text.as_bytes()).unwrap_err();
            assert!(told.starts_with("the manifest "), "{told}");
        }
    }
}
