//! Reads what files and folders are called, and looks whether they are there.

use std::path::PathBuf;

use super::Reader;

impl Reader<'_> {
    /// A file or folder; nothing where it is empty.
    pub(crate) fn path(&mut self, table: &str, key: &str) -> Option<PathBuf> {
        let text = self.text(table, key);
        self.is_plain(table, key, &text);
        Some(text)
            .filter(|text| !text.is_empty())
            .map(PathBuf::from)
    }

    /// Refuses the name of a variable of the shell: no file and no folder is meant to be called so.
    pub(crate) fn is_plain(&mut self, table: &str, key: &str, text: &str) {
        if text.contains("${") {
            let hint = "write the path itself: a configuration has no variables";
            self.refuse(table, key, "holds a variable, and none is replaced", hint);
        }
    }

    /// A file that there is, where it will be read. One that may not be looked for is not missed: another user may run the platform.
    pub(crate) fn file(&mut self, table: &str, key: &str, hint: &str) -> Option<PathBuf> {
        let path = self.path(table, key)?;
        if self.looks_at_files && matches!(path.try_exists(), Ok(false)) {
            let what = format!("names {}, and there is no such file", path.display());
            self.refuse(table, key, &what, hint);
        }
        Some(path)
    }

    /// A folder. Where it will be looked into, one that is not there is warned of: it may come later, as what is mounted does.
    pub(crate) fn folder(&mut self, table: &str, key: &str) -> Option<PathBuf> {
        let path = self.path(table, key)?;
        if self.looks_at_files && matches!(path.try_exists(), Ok(false)) {
            let what = format!("names {}, and there is no such folder", path.display());
            let hint = "make it, or name another: it is looked for again and again, and not made";
            self.warn(table, key, &what, hint);
        }
        Some(path)
    }
}
