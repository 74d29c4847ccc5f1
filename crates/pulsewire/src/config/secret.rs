//! Secrets in files of their own, which nobody else on the machine may read.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A file with more is no password.
const SECRET_BYTES_MOST: u64 = 64 << 10;

/// Reads a secret: all of a file but the end of its last line.
pub(crate) fn secret(path: &Path) -> Result<String, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{0} can be read by others (mode {mode:o}): run `chmod 600 {0}`",
            path.display()
        ));
    }
    let mut text = String::new();
    (&mut file)
        .take(SECRET_BYTES_MOST + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes > SECRET_BYTES_MOST) {
        return Err(format!(
            "{} is larger than a secret ({SECRET_BYTES_MOST} bytes): put nothing else into it",
            path.display()
        ));
    }
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!(
            "{} is empty: put the secret into it",
            path.display()
        ));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(content: &[u8], mode: u32, expected: Expect) {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("password");
        std::fs::write(&path, content).expect("the folder is ours");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        let told = secret(&path).map(|secret| format!("{} bytes", secret.len()));
        let told = told.unwrap_or_else(|why| why);
        expected.assert_eq(&told.replace(&folder.path().display().to_string(), ""));
    }

    #[test]
    fn a_file_with_a_secret_is_taken_up_to_its_limit() {
        let most = usize::try_from(SECRET_BYTES_MOST).expect("it is small");
        check(b"abc\r\n", 0o600, expect!["3 bytes"]);
        check(&vec![b'x'; most], 0o400, expect!["65536 bytes"]);
        check(
            &vec![b'x'; most + 1],
            0o600,
            expect!["/password is larger than a secret (65536 bytes): put nothing else into it"],
        );
        check(
            b"abc",
            0o604,
            expect!["/password can be read by others (mode 604): run `chmod 600 /password`"],
        );
        check(
            b"\n",
            0o600,
            expect!["/password is empty: put the secret into it"],
        );
    }
}
