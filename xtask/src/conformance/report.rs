//! The table of agreement, the list of what disagrees, and its classes.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::comparison::{Element, Ours};
use super::differences::Reason;

/// So many of the pairs that were left out are named.
const LEFT_OUT_SHOWN: usize = 5;

/// An expected element of a file.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// The pair's name.
    pub(super) file: String,
    /// The fields of the message that hold what is expected.
    pub(super) origin: String,
    /// What is expected and what we have.
    pub(super) element: Element,
    /// Why it differs on purpose, if it does.
    pub(super) reason: Option<Reason>,
}

/// What was found in a corpus.
pub(super) struct Report {
    corpus: &'static str,
    pairs: usize,
    left_out: Vec<String>,
    findings: Vec<Finding>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    expected: u32,
    theirs: u32,
    agreed: u32,
    otherwise: u32,
}

impl Count {
    fn add(&mut self, finding: &Finding) {
        self.expected += 1;
        match &finding.reason {
            Some(Reason::Theirs(_)) => self.theirs += 1,
            Some(Reason::Otherwise(_)) => self.otherwise += 1,
            None => self.agreed += u32::from(finding.element.ours == Ours::Same),
        }
    }

    /// Gives the share that agrees of what the message says.
    fn agreed_percent(&self) -> f64 {
        percent(self.agreed, self.expected - self.theirs)
    }

    fn row(&self, name: &str) -> String {
        let Self {
            expected,
            theirs,
            agreed,
            otherwise,
        } = *self;
        let disagreed = expected - theirs - agreed - otherwise;
        let share = self.agreed_percent();
        let explained = percent(expected - disagreed, expected);
        format!(
            "{name:<26}{expected:>9}{theirs:>8}{agreed:>8}{otherwise:>11}{disagreed:>11}{share:>10.2}{explained:>12.2}\n"
        )
    }
}

impl Report {
    /// Takes what was found.
    pub(super) fn new(
        corpus: &'static str,
        pairs: usize,
        left_out: Vec<String>,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            corpus,
            pairs,
            left_out,
            findings,
        }
    }

    /// Keeps what has a text in its file's name or its path.
    pub(super) fn only(mut self, filter: &str) -> Self {
        self.findings.retain(|finding| {
            finding.file.contains(filter) || finding.element.full_path().contains(filter)
        });
        self
    }

    /// Gives how much of what is expected of the messages is the same, in percent.
    pub(super) fn agreed_percent(&self) -> f64 {
        let mut all = Count::default();
        self.findings.iter().for_each(|finding| all.add(finding));
        all.agreed_percent()
    }

    /// Writes the table by type of resource.
    pub(super) fn table(&self) -> String {
        let mut kinds: BTreeMap<&str, Count> = BTreeMap::new();
        let mut all = Count::default();
        for finding in &self.findings {
            let path = finding.element.path.as_str();
            let kind = path.split('.').next().unwrap_or(path);
            kinds.entry(kind).or_default().add(finding);
            all.add(finding);
        }
        let mut text = format!("{}: {} pairs\n", self.corpus, self.pairs);
        for reason in self.left_out.iter().take(LEFT_OUT_SHOWN) {
            writeln!(text, "  left out: {reason}").expect("a string takes all");
        }
        if let Some(more) = self.left_out.len().checked_sub(LEFT_OUT_SHOWN + 1) {
            writeln!(text, "  left out: {} more", more + 1).expect("a string takes all");
        }
        text.push_str(
            "resource                   expected  theirs  agreed  otherwise  disagreed  agreed %  explained %\n",
        );
        for (kind, count) in &kinds {
            text.push_str(&count.row(kind));
        }
        text.push_str(&all.row("all"));
        let is_anywhere = |finding: &&Finding| finding.element.is_anywhere;
        let anywhere = self.findings.iter().filter(is_anywhere);
        let anywhere = anywhere.fold(0, |sum, _| sum + 1);
        let share = percent(anywhere, all.expected);
        writeln!(
            text,
            "the same path and value in any resource: {anywhere} ({share:.2} % of the expected)"
        )
        .expect("a string takes all");
        let mut hidden = Count::default();
        let is_hidden = |finding: &&Finding| finding.element.whose.contains("extension(");
        let of_hidden = self.findings.iter().filter(is_hidden);
        of_hidden.for_each(|finding| hidden.add(finding));
        text.push_str(&hidden.row("only a private extension's"));
        let mut standard = Count::default();
        let shown = self.findings.iter().filter(|finding| !is_hidden(finding));
        shown.for_each(|finding| standard.add(finding));
        text.push_str(&standard.row("all but those"));
        text
    }

    /// Lists what disagrees: file, path, expected, ours, and the fields that hold what is expected; with tabs between.
    pub(super) fn list(&self) -> String {
        let lines = self.disagreed().map(|finding| {
            let Element { expected, ours, .. } = &finding.element;
            let path = finding.element.full_path();
            let (corpus, file, ours) = (self.corpus, &finding.file, ours.text());
            let elsewhere = if finding.element.is_anywhere {
                "\tanother resource has it"
            } else {
                ""
            };
            let origin = &finding.origin;
            format!(
                "{corpus}/{file}\t{path}\texpected {expected}\tours {ours}\t{origin}{elsewhere}\n"
            )
        });
        lines.collect()
    }

    /// Lists the paths that disagree and how, the most frequent first, each with an example.
    pub(super) fn classes(&self) -> String {
        let mut classes: BTreeMap<(String, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in self.disagreed() {
            let how = match finding.element.ours {
                Ours::Other(_) => "differs",
                Ours::NoResource => "no resource",
                _ => "missing",
            };
            let class = (finding.element.full_path(), how);
            classes.entry(class).or_default().push(finding);
        }
        let mut classes: Vec<_> = classes.into_iter().collect();
        classes.sort_by_key(|(_, findings)| std::cmp::Reverse(findings.len()));
        let lines = classes.into_iter().map(|((path, how), findings)| {
            let example = findings.first().map_or(String::new(), |finding| {
                let Element { expected, ours, .. } = &finding.element;
                let (file, origin, ours) = (&finding.file, &finding.origin, ours.text());
                format!("{expected}\tours {ours}\t{file}\t{origin}")
            });
            format!("{:>5}\t{path}\t{how}\t{example}\n", findings.len())
        });
        lines.collect()
    }

    fn disagreed(&self) -> impl Iterator<Item = &Finding> {
        let differs =
            |finding: &&Finding| finding.element.ours != Ours::Same && finding.reason.is_none();
        self.findings.iter().filter(differs)
    }
}

fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    100.0 * f64::from(part) / f64::from(whole)
}
