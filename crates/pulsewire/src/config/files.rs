//! The folders that are watched.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::intake::files::{Answers, Kind, Ready};

/// Reads faster than this are none that is kept to.
const RATE_MOST: usize = 1_000_000;

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) directory: PathBuf,
    /// The configured name of who writes into it.
    pub(crate) source: String,
    /// None to find out from each file.
    pub(crate) kind: Option<Kind>,
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) ready: Ready,
    pub(crate) settle: Duration,
    pub(crate) is_history: bool,
    /// Records a second; none for as fast as can be.
    pub(crate) rate: Option<u32>,
    /// What senders of X12 are answered.
    pub(crate) answers: Answers,
}

/// Reads `[files.NAME]`; `sources` are the names that there are.
pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    sources: &BTreeSet<String>,
) -> Option<Files> {
    let at = format!("files.{name}");
    let directory = reader.folder(&at, "directory");
    let kinds: Vec<&str> = Kind::NAMES.iter().map(|(name, _)| *name).collect();
    let words = [&["auto"], kinds.as_slice()].concat();
    let kind = Kind::parse(&reader.one_of(&at, "kind", &words));
    let ready = match reader
        .one_of(&at, "ready", &["settled", "marker", "manifest"])
        .as_str()
    {
        "marker" => Ready::Marker,
        "manifest" => Ready::Manifest,
        _ => Ready::Settled,
    };
    let rate = reader.count(&at, "rate", 0, RATE_MOST);
    let files = Files {
        directory: directory.clone().unwrap_or_default(),
        source: reader.text(&at, "source"),
        kind,
        mapping: reader.path(&at, "mapping"),
        ready,
        settle: reader.duration(&at, "settle"),
        is_history: reader.switch(&at, "backfill"),
        rate: u32::try_from(rate).ok().filter(|rate| *rate > 0),
        answers: answers(&reader.one_of(&at, "answers", &Answers::NAMES.map(|(name, _)| name))),
    };
    if directory.is_none() {
        // The default is for what others do not say.
        if name != "default" {
            let hint = "name the folder that files are written into";
            reader.refuse(&at, "directory", "is not said", hint);
        }
        return None;
    }
    if !sources.contains(&files.source) {
        let hint = "name a [source.NAME], so that it is known whose the files are";
        reader.refuse(&at, "source", "is no source", hint);
    }
    if files.kind == Some(Kind::Csv) && files.mapping.is_none() {
        let hint = "give mapping, the file that says what rows become: docs/files.md";
        reader.refuse(&at, "kind", "cannot be read without a mapping", hint);
    }
    if files.kind.is_some_and(|kind| kind != Kind::Csv) && files.mapping.is_some() {
        reader.refuse(
            &at,
            "mapping",
            "is for rows of csv",
            "leave it out, or set kind = \"csv\"",
        );
    }
    if let Some(mapping) = &files.mapping
        && let Err(mistakes) = crate::intake::files::Mapping::load(mapping)
    {
        for mistake in mistakes {
            reader.refuse(&at, "mapping", "cannot be used", &mistake);
        }
    }
    Some(files)
}

fn answers(word: &str) -> Answers {
    let found = Answers::NAMES.iter().find(|(name, _)| *name == word);
    found.map_or(Answers::All, |(_, answers)| *answers)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::parse;

    #[test]
    fn a_folder_says_where_it_is_and_whose() {
        let config =
            parse("[files.labs]\ndirectory = \"/drop/labs\"\nbackfill = true\nrate = 50\n")
                .unwrap();
        assert_eq!(config.files.keys().collect::<Vec<_>>(), ["labs"]);
        let labs = &config.files["labs"];
        assert_eq!(
            (labs.source.as_str(), labs.kind, labs.rate),
            ("default", None, Some(50))
        );
        assert_eq!(
            (labs.settle, labs.ready),
            (Duration::from_secs(5), Ready::Settled)
        );
        assert!(parse("").unwrap().files.is_empty());
    }

    #[test]
    fn mistakes_of_a_folder_are_told() {
        let text = "[files.a]\nkind = \"csv\"\n[files.b]\ndirectory = \"/b\"\nsource = \"nobody\"\nkind = \"csv\"\n\
                    [files.c]\ndirectory = \"/c\"\nkind = \"hl7\"\nmapping = \"/nowhere.toml\"\n\
                    [files.d]\ndirectory = \"/c\"\nanswers = \"some\"\n";
        let problems = parse(text).unwrap_err();
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        expect![[r#"
            line 1: files.a.directory is not said
                hint: name the folder that files are written into
            line 5: files.b.source is no source
                hint: name a [source.NAME], so that it is known whose the files are
            line 6: files.b.kind cannot be read without a mapping
                hint: give mapping, the file that says what rows become: docs/files.md
            line 10: files.c.mapping is for rows of csv
                hint: leave it out, or set kind = "csv"
            line 10: files.c.mapping cannot be used
                hint: /nowhere.toml: No such file or directory (os error 2)
            line 12: files.d.directory is that of another
                hint: give each folder to one [files.NAME]: what one reads the other would miss
            line 13: files.d.answers is not what it should be
                hint: give one of "all", "asked", "none""#]]
        .assert_eq(&told.join("\n"));
    }
}
