//! `schema check`: holds the schemas of this program against those that others read by.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use schema::compatibility::{Language, Policy, Schema};
use serde::Serialize;

use super::super::Failure;
use super::{ending, failed, opened};
use crate::config::Config;
use crate::registry::{self, Ask, Client, Ours, ours, sentences};

/// Check whether the schemas of this program would break readers
///
/// Without --against it asks the configured registry, as a start does. Nothing is registered. Exits with 1 if a change would
/// break somebody, and names the change and the readers.
#[derive(Args)]
pub(super) struct Check {
    /// Another registry's address, or a folder that `pulsewire schema export` wrote
    #[arg(long, value_name = "URL|DIR")]
    against: Option<String>,
    /// As JSON, one subject a line
    #[arg(long)]
    json: bool,
}

/// How it stands with a subject.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Unchanged,
    New,
    Compatible,
    Breaks,
}

#[derive(Serialize)]
struct Line<'l> {
    subject: &'l str,
    verdict: Verdict,
    breaks: &'l [String],
}

impl Check {
    pub(super) fn run(&self, config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
        let mut counts = [0_usize; 4];
        let is_address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
        let registry: Option<Box<dyn Ask>> = match self.against.as_deref() {
            None => Some(opened(config)?),
            Some(url) if is_address(url) => {
                let settings = &config.schema_registry;
                let client = Client::at(url, settings.ca.as_deref(), settings.timeout);
                Some(Box::new(client.map_err(failed)?))
            }
            Some(_) => None,
        };
        let folder = Path::new(self.against.as_deref().unwrap_or_default());
        if registry.is_none() && !folder.is_dir() {
            return Err(Failure::new(
                format!("{} is no folder and no address", folder.display()),
                "name the address of a registry, or a folder that `pulsewire schema export` wrote",
            ));
        }
        if registry.is_none() && !ours().iter().any(|one| file_of(folder, one).is_some()) {
            return Err(Failure::new(
                format!("{} holds no schema of what is published", folder.display()),
                "name a folder that `pulsewire schema export` of the running version wrote",
            ));
        }
        for one in ours() {
            let (verdict, breaks) = match &registry {
                Some(registry) => in_registry(&**registry, &one)?,
                None => in_folder(folder, config, &one)?,
            };
            if let Some(count) = counts.get_mut(verdict as usize) {
                *count += 1;
            }
            self.tell(&one.subject, verdict, &breaks, out)?;
        }
        let [unchanged, new, compatible, broken] = counts;
        if !self.json {
            writeln!(
                out,
                "{unchanged} unchanged, {new} new, {compatible} changed without breaking anybody, {broken} would break readers"
            )?;
        }
        if broken > 0 {
            return Err(Failure::Said);
        }
        Ok(())
    }

    fn tell(
        &self,
        subject: &str,
        verdict: Verdict,
        breaks: &[String],
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if self.json {
            let line = Line {
                subject,
                verdict,
                breaks,
            };
            let line = serde_json::to_string(&line).expect("words always make JSON");
            writeln!(out, "{line}")?;
            return Ok(());
        }
        match verdict {
            Verdict::Unchanged | Verdict::New => {}
            Verdict::Compatible => writeln!(out, "{subject} changed and breaks nobody")?,
            Verdict::Breaks => {
                writeln!(out, "{subject} would break readers")?;
                for line in breaks {
                    writeln!(out, "  {line}")?;
                }
            }
        }
        Ok(())
    }
}

fn in_registry(registry: &dyn Ask, one: &Ours) -> Result<(Verdict, Vec<String>), Failure> {
    if registry
        .lookup(&one.subject, &one.schema)
        .map_err(failed)?
        .is_some()
    {
        return Ok((Verdict::Unchanged, Vec::new()));
    }
    if registry.versions(&one.subject).map_err(failed)?.is_empty() {
        return Ok((Verdict::New, Vec::new()));
    }
    let breaks = registry::breaks(registry, &one.subject, &one.schema).map_err(failed)?;
    Ok((verdict(&breaks), breaks))
}

/// The file in a folder that has a subject's schema.
fn file_of(folder: &Path, one: &Ours) -> Option<(Language, PathBuf)> {
    Language::ALL.into_iter().find_map(|language| {
        let path = folder.join(format!("{}.{}", one.subject, ending(language)));
        path.is_file().then_some((language, path))
    })
}

fn in_folder(
    folder: &Path,
    config: &Config,
    one: &Ours,
) -> Result<(Verdict, Vec<String>), Failure> {
    let Some((language, path)) = file_of(folder, one) else {
        return Ok((Verdict::New, Vec::new()));
    };
    let text = std::fs::read_to_string(&path)?;
    let earlier = Schema::parse(language, text.trim_end()).map_err(|error| {
        Failure::new(
            format!("{}: {error}", path.display()),
            "write the folder anew with the version that is running",
        )
    })?;
    if earlier.language() == one.schema.language() && earlier.canonical() == one.schema.canonical()
    {
        return Ok((Verdict::Unchanged, Vec::new()));
    }
    let mode = config.schema_registry.compatibility;
    let breaks = sentences(mode, Policy::Lenient, &one.schema, &[(1, earlier)]);
    Ok((verdict(&breaks), breaks))
}

const fn verdict(breaks: &[String]) -> Verdict {
    if breaks.is_empty() {
        Verdict::Compatible
    } else {
        Verdict::Breaks
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_folder_without_any_schema_is_no_proof() {
        let folder = tempfile::tempdir().expect("there is room");
        let check = Check {
            against: Some(folder.path().display().to_string()),
            json: false,
        };
        let mut out = Vec::new();
        let told = check.run(&crate::config::defaults(), &mut out);
        assert!(
            matches!(told, Err(Failure::Other { what, .. }) if what.contains("holds no schema"))
        );
        assert!(out.is_empty());
    }

    #[test]
    fn a_change_that_breaks_readers_is_named_and_fails() {
        let folder = tempfile::tempdir().expect("there is room");
        for one in ours() {
            let name = format!("{}.{}", one.subject, ending(one.schema.language()));
            std::fs::write(folder.path().join(name), one.schema.text()).expect("there is room");
        }
        let check = Check {
            against: Some(folder.path().display().to_string()),
            json: false,
        };
        let config = crate::config::defaults();
        let mut out = Vec::new();
        assert!(check.run(&config, &mut out).is_ok());
        let path = folder.path().join("healthcare.fhir.patient-value.json");
        let text = std::fs::read_to_string(&path).expect("it was written");
        let mut earlier: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        earlier["properties"]["gender"] = serde_json::json!({"type": "integer"});
        std::fs::write(&path, earlier.to_string()).expect("there is room");
        let mut out = Vec::new();
        assert!(matches!(check.run(&config, &mut out), Err(Failure::Said)));
        let told = String::from_utf8(out).expect("it is text");
        let told: Vec<&str> = told.lines().take(2).collect();
        expect![[r"
            healthcare.fhir.patient-value would break readers
              TYPE_CHANGED breaks readers with the new schema, of records written before: #/properties/gender: the new schema does not take the type that version 1 allows (integer and string)"]]
        .assert_eq(&told.join("\n"));
    }
}
