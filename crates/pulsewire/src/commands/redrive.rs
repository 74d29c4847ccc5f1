//! `redrive`: lists what is in quarantine, and sends it through again.

mod way;

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use clinical::ReceivedTime;

use super::{Configured, Failure, reading};
use crate::clock::Stopwatch;
use crate::control::OPERATOR;
use crate::quarantine::list::{self, Filter, PAGE_MAX, Place};
use crate::quarantine::reason::ReasonCode;
use crate::quarantine::redrive::{Answer, Outcome, Request, SENT_MAX};
use way::Way;

/// So many signs has the bar that shows how far it is.
const BAR: u64 = 30;

/// List what is in quarantine, or send it through again
///
/// Writes the original records once more to the topics that they came by, through the running process or, where none runs, by
/// itself. Before that it tells what would become of each: the step that failed, on a copy of the state. A record that was sent
/// through again is passed over the next time; if it fails again, that is a new record in quarantine.
#[derive(Args)]
pub(crate) struct Redrive {
    #[command(flatten)]
    configured: Configured,
    /// Only list, with counts by reason and source
    #[arg(long)]
    list: bool,
    /// Those with this reason code, such as from-future
    #[arg(long)]
    reason: Option<String>,
    /// Those of this source
    #[arg(long)]
    source: Option<String>,
    /// Those of this topic
    #[arg(long)]
    topic: Option<String>,
    /// Those received then or later, such as 2026-03-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// This one, as topic/partition/offset; more than once for several
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["reason", "source", "topic", "since"])]
    at: Vec<String>,
    /// All there are, where nothing else says which
    #[arg(long)]
    all: bool,
    /// Only tell what would become of them
    #[arg(long)]
    dry_run: bool,
    /// Send without asking, and without trying first
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// At most so many a second
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200), value_name = "N")]
    rate: u32,
    /// At most so many
    #[arg(long, default_value_t = 1000, value_name = "N")]
    max: usize,
    /// Who does it, for the audit
    #[arg(long)]
    who: Option<String>,
    /// Where the running process has its pages, where that is not control.listen
    #[arg(long, value_name = "ADDRESS")]
    process: Option<String>,
    /// As JSON, one record a line
    #[arg(long)]
    json: bool,
}

impl Redrive {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let filter = self.filter()?;
        let config = self.configured.load()?;
        if self.list {
            let journal = reading::journal(&config)?;
            let hint = "--list without it shows what there is";
            let known = filter.check(&*journal);
            known.map_err(|why| Failure::new(why, hint))?;
            return self.print_list(&*journal, &filter, out);
        }
        if filter == Filter::default() && self.at.is_empty() && !self.all {
            let hint = "name --reason, --source, --topic, --since or --at, or say --all; --list shows what there is";
            return Err(Failure::new("nothing says which records to send", hint));
        }
        let process = self.process.clone();
        let address = process.unwrap_or_else(|| config.control_listen.to_string());
        let way = Way::open(config, &address)?;
        if !self.yes {
            let tried = self.go_through(&way, true, out)?;
            let would = total(&tried) - tried.get(&Outcome::Skipped).copied().unwrap_or(0);
            if self.dry_run || would == 0 {
                return Ok(());
            }
            self.ask(would, out)?;
        }
        self.go_through(&way, false, out).map(drop)
    }

    fn filter(&self) -> Result<Filter, Failure> {
        let since = self.since.as_deref().map(|text| {
            ReceivedTime::parse(text).ok_or_else(|| {
                let hint = "give one such as 2026-03-01T09:00:00Z";
                Failure::new(format!("{text} is no time"), hint)
            })
        });
        if let Some(reason) = &self.reason
            && ReasonCode::parse(reason).is_none()
        {
            let hint = "docs/quarantine.md has all of them, and --list those there are";
            return Err(Failure::new(format!("there is no reason {reason}"), hint));
        }
        let wrong = self.at.iter().find(|place| Place::parse(place).is_none());
        if let Some(wrong) = wrong {
            let hint = "a place is topic/partition/offset, as --list gives it";
            return Err(Failure::new(format!("{wrong} is no place"), hint));
        }
        Ok(Filter {
            reason: self.reason.clone(),
            source: self.source.clone(),
            topic: self.topic.clone(),
            since: since.transpose()?,
            before: None,
        })
    }

    /// Prints how many there are of what, and each of them without what it holds.
    fn print_list(
        &self,
        journal: &dyn journal::Journal,
        filter: &Filter,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if !self.json {
            let counts = list::counts(journal, filter)?;
            writeln!(
                out,
                "{:>8}  {:<24} {:<20} what to do",
                "count", "reason", "source"
            )?;
            for ((reason, source), count) in &counts.by_reason_and_source {
                let advice = crate::quarantine::reason::advice(reason);
                writeln!(out, "{count:>8}  {reason:<24} {source:<20} {advice}")?;
            }
            if !counts.is_complete {
                writeln!(out, "there are more than were counted")?;
            }
            writeln!(out)?;
        }
        let (mut after, mut left) = (None, self.max);
        while left > 0 {
            let page = list::page(journal, filter, after.as_ref(), left.min(PAGE_MAX))?;
            left = left.saturating_sub(page.records.len());
            for view in &page.records {
                if self.json {
                    let line = serde_json::json!({
                        "place": view.place().to_string(),
                        "reason": view.reason,
                        "source": view.source,
                        "received": view.received.to_string(),
                        "detail": view.detail,
                        "origin": view.origin,
                        "attempt": view.attempt,
                    });
                    writeln!(out, "{line}")?;
                    continue;
                }
                let again = match view.attempt {
                    0 => String::new(),
                    times => format!(" (sent through again {times} times)"),
                };
                let (place, at) = (view.place(), view.received);
                writeln!(
                    out,
                    "{place}  {}  {}  {at}{again}",
                    view.reason, view.source
                )?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
        writeln!(std::io::stderr(), "there may be more: raise --max")?;
        Ok(())
    }

    /// Asks a person at a terminal; a script must have said so before.
    fn ask(&self, would: u64, out: &mut dyn Write) -> Result<(), Failure> {
        let nothing = || {
            Failure::new(
                "nothing was sent through again",
                "--yes sends without asking",
            )
        };
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Err(nothing());
        }
        write!(out, "Send {would} records through again? [y/N] ")?;
        out.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(nothing()),
        }
    }

    /// Goes through all that is wanted, request by request, and counts how it ended.
    fn go_through(
        &self,
        way: &Way,
        dry_run: bool,
        out: &mut dyn Write,
    ) -> Result<BTreeMap<Outcome, u64>, Failure> {
        let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
        let mut reasons: BTreeMap<(Outcome, String), u64> = BTreeMap::new();
        let mut request = Request {
            reason: self.reason.clone(),
            source: self.source.clone(),
            topic: self.topic.clone(),
            since: self.since.clone(),
            all: self.all,
            dry_run,
            who: Some(self.who.clone().unwrap_or_else(|| OPERATOR.to_owned())),
            ..Request::default()
        };
        let each = match dry_run {
            true => SENT_MAX,
            false => SENT_MAX.min(usize::try_from(self.rate).unwrap_or(SENT_MAX)),
        };
        let bar = Bar::new(dry_run);
        let (watch, mut left, mut places) = (Stopwatch::start(), self.max, self.at.as_slice());
        while left > 0 {
            let (now, later) = places.split_at(places.len().min(each));
            (request.places, places) = (now.to_vec(), later);
            request.max = Some(each.min(left));
            let answer = way.redrive(&request)?;
            left = left.saturating_sub(answer.records.len());
            self.print(&answer, out)?;
            for sent in &answer.records {
                *counts.entry(sent.outcome).or_default() += 1;
                *reasons
                    .entry((sent.outcome, sent.reason.clone()))
                    .or_default() += 1;
            }
            let done = total(&counts);
            bar.show(done, self.max as u64)?;
            request.before.get_or_insert(answer.at);
            request.after = answer.next;
            if request.after.is_none() && places.is_empty() {
                break;
            }
            if !dry_run {
                pace(
                    watch,
                    counts.get(&Outcome::Redriven).copied().unwrap_or(0),
                    self.rate,
                );
            }
        }
        bar.end()?;
        if !self.json {
            for ((outcome, reason), count) in &reasons {
                writeln!(out, "{count:>8}  {:<22} {reason}", words(*outcome))?;
            }
            if reasons.is_empty() {
                writeln!(out, "no such record is in quarantine")?;
            }
        }
        Ok(counts)
    }

    fn print(&self, answer: &Answer, out: &mut dyn Write) -> Result<(), Failure> {
        for sent in &answer.records {
            if self.json {
                let line = serde_json::to_string(sent).expect("words and numbers always make JSON");
                writeln!(out, "{line}")?;
            } else {
                let why = match sent.why.is_empty() {
                    true => String::new(),
                    false => format!(": {}", sent.why),
                };
                writeln!(out, "{}  {}{why}", sent.place, words(sent.outcome))?;
            }
        }
        Ok(())
    }
}

/// Shows on a terminal how far it is.
struct Bar {
    is_shown: bool,
    what: &'static str,
}

impl Bar {
    fn new(dry_run: bool) -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            what: if dry_run { "tried" } else { "sent" },
        }
    }

    fn show(&self, done: u64, of: u64) -> Result<(), Failure> {
        if !self.is_shown {
            return Ok(());
        }
        let filled = (done * BAR).checked_div(of).unwrap_or(BAR).min(BAR);
        let filled = usize::try_from(filled).unwrap_or(0);
        let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
        let mut to = std::io::stderr();
        write!(
            to,
            "\r[{}{}] {done} {}",
            "#".repeat(filled),
            " ".repeat(rest),
            self.what
        )?;
        Ok(to.flush()?)
    }

    fn end(&self) -> Result<(), Failure> {
        if self.is_shown {
            writeln!(std::io::stderr())?;
        }
        Ok(())
    }
}

fn total(counts: &BTreeMap<Outcome, u64>) -> u64 {
    counts.values().sum()
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Redriven => "sent through again",
        Outcome::Skipped => "passed over",
        Outcome::WouldBeUsed => "would be used",
        Outcome::WouldChangeNothing => "would change nothing",
        Outcome::WouldFail => "would fail again",
        Outcome::NotTried => "cannot be tried here",
    }
}

/// Waits until so many may have been sent.
fn pace(watch: Stopwatch, sent: u64, rate: u32) {
    let sent = u32::try_from(sent).unwrap_or(u32::MAX);
    let due = Duration::from_secs(1).saturating_mul(sent) / rate;
    while let Some(left) = due
        .checked_sub(watch.elapsed())
        .filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}
