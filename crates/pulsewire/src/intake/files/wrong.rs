//! What is wrong in a folder that is watched: told once for each file by its name, a trouble while it lasts, and tried again more and
//! more rarely.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::tasks::Tasks;

/// How long what went wrong rests at first; twice as long after each time that follows.
const REST: Duration = Duration::from_secs(1);
/// It rests no longer than this.
const REST_LONGEST: Duration = Duration::from_secs(60);
/// So many files are named in a trouble; of others there is the count.
const NAMED_MAX: usize = 5;

/// What stands in the way of one file, or of the folder.
#[derive(Debug)]
struct Wrong {
    what: String,
    times: u32,
    /// When it is tried again.
    due: Duration,
}

/// What is wrong with the files of a folder; the folder itself has no name.
pub(super) struct Wrongs {
    files: String,
    /// Where what is wrong is told.
    tasks: Tasks,
    all: BTreeMap<String, Wrong>,
}

impl Wrongs {
    pub(super) fn of(files: &str, tasks: Tasks) -> Self {
        let files = files.to_owned();
        let all = BTreeMap::new();
        Self { files, tasks, all }
    }

    /// Whether a file is to be tried, again or for the first time.
    pub(super) fn is_due(&self, name: &str, now: Duration) -> bool {
        self.all.get(name).is_none_or(|wrong| wrong.due <= now)
    }

    /// Notes what is wrong with a file, and logs it where it is news.
    pub(super) fn note(&mut self, name: &str, what: String, now: Duration) {
        let before = self.all.get(name);
        if before.is_none_or(|before| before.what != what) {
            tracing::error!(
                files = self.files,
                file = name,
                what,
                "what is in a folder is not taken in; it is tried again"
            );
        }
        let times = before.map_or(0, |before| before.times).saturating_add(1);
        let doubled = 1_u32.checked_shl(times - 1).unwrap_or(u32::MAX);
        let due = now.saturating_add(REST.saturating_mul(doubled).min(REST_LONGEST));
        let wrong = Wrong { what, times, due };
        self.all.insert(name.to_owned(), wrong);
    }

    /// Nothing is wrong with a file any more.
    pub(super) fn clear(&mut self, name: &str) {
        self.all.remove(name);
    }

    /// Forgets what is no longer there, and says what is wrong to whoever asks how the process is.
    pub(super) fn tell(&mut self, is_there: impl Fn(&str) -> bool) {
        self.all.retain(|name, _| is_there(name));
        let named = self.all.iter().take(NAMED_MAX);
        let named = named.map(|(name, wrong)| match name.is_empty() {
            true => wrong.what.clone(),
            false => format!("{name:?}: {}", wrong.what),
        });
        let named: Vec<String> = named.collect();
        let more = match self.all.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let files = &self.files;
        let fault = (!named.is_empty()).then(|| {
            format!(
                "Of [files.{files}] is not taken in: {}{more}.",
                named.join("; ")
            )
        });
        let was_news = self.tasks.note(&format!("files {files}"), fault);
        if was_news && self.all.is_empty() {
            tracing::info!(
                files,
                "nothing is wrong with the files of a folder any more"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wrong_is_told_while_it_lasts_and_tried_more_and_more_rarely() {
        let tasks = Tasks::new(tokio::runtime::Handle::current());
        let mut wrongs = Wrongs::of("lab", tasks.clone());
        let at = Duration::from_secs;
        assert!(wrongs.is_due("a.hl7", at(0)));
        let mut now = at(0);
        for rest in [1, 2, 4, 8, 16, 32, 60, 60] {
            wrongs.note("a.hl7", "no".into(), now);
            assert!(!wrongs.is_due("a.hl7", now + at(rest) - Duration::from_millis(1)));
            now += at(rest);
            assert!(wrongs.is_due("a.hl7", now), "{rest}");
        }
        assert!(
            wrongs.is_due("b.hl7", at(0)),
            "another one waits for nobody"
        );
        for number in 1..=NAMED_MAX {
            wrongs.note(&format!("b{number}"), "never".into(), now);
        }
        wrongs.tell(|_| true);
        let told = tasks.faults().concat();
        assert!(
            told.starts_with("Of [files.lab] is not taken in: \"a.hl7\": no; \"b1\": never; "),
            "{told}"
        );
        assert!(told.ends_with("; and 1 more."), "{told}");
        wrongs.clear("b1");
        wrongs.tell(|name| name == "a.hl7");
        assert_eq!(
            tasks.faults(),
            ["Of [files.lab] is not taken in: \"a.hl7\": no."]
        );
        wrongs.tell(|_| false);
        assert!(tasks.faults().is_empty());
    }
}
