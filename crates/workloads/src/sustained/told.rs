//! Episodes as conclusions: when one began, and when it was over.

use std::time::Duration;

use clinical::unit::{self, Unit};
use clinical::{EventTime, Severity};

use super::sensors::{Heard, by_sensor, together};
use super::{Before, End, Episode, Reading, Rule, RuleError, episodes, parse_rules};
use crate::Parameter;
use crate::chart::{Entry, Reading as Charted};
use crate::config::{hours, minutes};
use crate::critical::shown;
use crate::deterioration::span_words;
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

/// The rules that hold where a site has none of its own.
const RULES: &str = include_str!("../../data/sustained_thresholds.tsv");

/// What a rule may read.
pub(crate) const READS: &[Parameter] = &[
    Parameter::RespiratoryRate,
    Parameter::OxygenSaturation,
    Parameter::SystolicPressure,
    Parameter::Pulse,
    Parameter::Temperature,
    Parameter::MeanPressure,
];

/// How late a reading may come.
pub(crate) const WINDOW: Duration = hours(8);
/// How far before a time its readings decide: the longest span that a rule may ask for, and a reading beside it.
pub(crate) const LOOKS_BACK: Duration = minutes(135);
/// An episode of which all could be known only so long after it is history: it pages nobody.
const HISTORY_AFTER: Duration = minutes(30);

/// Stands beside the line by which an episode began, and that by which it was over.
const BEGAN: u8 = 1;
const OVER: u8 = 2;

/// Says how long an entry matters.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    READS.contains(&entry.parameter).then_some(LOOKS_BACK)
}

/// Reads a site's rules of sustained thresholds.
///
/// # Errors
/// When a row is no rule, two contradict each other, or one reads what no rule may read.
pub fn site_rules(text: &str) -> Result<Vec<Rule>, RuleError> {
    let rules = parse_rules(text)?;
    let may_read = |rule: &Rule| READS.contains(&rule.parameter);
    match rules.iter().find(|rule| !may_read(rule)) {
        None => Ok(rules),
        Some(rule) => {
            let known: Vec<&str> = READS.iter().map(|parameter| parameter.word()).collect();
            Err(RuleError {
                line: line_of(text, rule),
                what: format!(
                    "`{}` is not read; it can be {}",
                    rule.parameter.word(),
                    known.join(", ")
                ),
            })
        }
    }
}

/// Finds the line of a rule by its number and name.
fn line_of(text: &str, rule: &Rule) -> usize {
    let begins = format!("{}\t{}\t", rule.number, rule.name);
    let mut rows = crate::site_rows(text);
    let found = rows.find(|(_, row)| row.starts_with(&begins));
    found.map_or(0, |(line, _)| line)
}

/// Reads the rules that are part of the program.
pub(crate) fn own_rules() -> Vec<Rule> {
    site_rules(RULES).expect("every row is a rule, as a test shows")
}

/// Gives the name of the rule of a number.
pub(crate) fn name_of(rules: &[Rule], number: u8) -> String {
    let rule = rules.iter().find(|rule| rule.number == number);
    rule.map_or_else(|| number.to_string(), |rule| rule.name.to_string())
}

/// Says what the site's rules find.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    tell(
        view,
        &view.config.sustained,
        Condition::Sustained,
        &mut concluded,
    );
    concluded
}

/// Says of every rule which episodes there were.
pub(crate) fn tell(
    view: &View<'_>,
    rules: &[Rule],
    condition: fn(u8) -> Condition,
    concluded: &mut Concluded,
) {
    for (place, rule) in rules.iter().enumerate() {
        let is_first = |rule: &Rule| !rules.iter().take(place).any(|of| of.number == rule.number);
        if is_first(rule) {
            let units: Vec<&Rule> = rules.iter().filter(|of| of.number == rule.number).collect();
            told(view, &units, condition(rule.number), concluded);
        }
    }
}

/// Takes the newest version of each time, where a value can be taken from it.
pub(crate) fn read<'a>(view: &View<'a>, parameter: Parameter) -> Vec<&'a Entry> {
    newest(kept(view, parameter))
}

/// Gives what was said since everything is kept that was said: a correction is kept longer than what was said beside it.
fn kept<'a>(view: &View<'a>, parameter: Parameter) -> impl Iterator<Item = &'a Entry> + use<'a> {
    let looked_at = view.frozen.minus(LOOKS_BACK);
    let since = view.chart.floor.map_or(looked_at, |at| at.max(looked_at));
    let latest = EventTime::from_micros(i64::MAX);
    view.chart.of_between(parameter, since, latest)
}

/// Takes the newest version of each time of entries in order of time.
pub(super) fn newest<'a>(said: impl Iterator<Item = &'a Entry>) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> = Vec::new();
    for entry in said.filter(|entry| entry.is_usable()) {
        match entries.last_mut() {
            Some(last) if last.at == entry.at => {
                if (last.known, last.event) < (entry.known, entry.event) {
                    *last = entry;
                }
            }
            Some(_) | None => entries.push(entry),
        }
    }
    entries
}

/// Compares each value with the limits of the unit it came in, where all came in one that has limits of its own.
fn in_unit<'r>(rules: &[&'r Rule], entries: &[&Entry]) -> Option<(&'r Rule, Vec<Reading>)> {
    // What a sensor says in words in place of a value says nothing of its unit.
    let measured = || entries.iter().filter(|entry| entry.number().is_some());
    let is_own = |unit: Unit| measured().all(|entry| unit_of(entry) == Some(unit));
    let own = rules.iter().find(|rule| is_own(rule.unit));
    let rule = own.or(rules.first())?;
    let readings = entries.iter().filter_map(|entry| {
        let number = entry.parameter.numeric()?;
        let value = match entry.reading {
            Charted::Number { value, unit, .. } if unit == rule.unit => value,
            Charted::Number { value, unit, .. } => {
                unit::convert_unit(value, unit, rule.unit, number.analyte).ok()?
            }
            Charted::Coded(_) | Charted::Unusable(_) | Charted::Withdrawn(_) => return None,
        };
        let at = entry.at;
        Some(Reading { at, value })
    });
    Some((rule, readings.collect()))
}

const fn unit_of(entry: &Entry) -> Option<Unit> {
    match entry.reading {
        Charted::Number { unit, .. } => Some(unit),
        Charted::Coded(_) | Charted::Unusable(_) | Charted::Withdrawn(_) => None,
    }
}

fn told(view: &View<'_>, units: &[&Rule], condition: Condition, concluded: &mut Concluded) {
    let Some(parameter) = units.first().map(|rule| rule.parameter) else {
        return;
    };
    let sensors = by_sensor(kept(view, parameter));
    let each: Vec<(&Rule, &[&Entry], Vec<Reading>)> = sensors
        .iter()
        .filter_map(|entries| in_unit(units, entries).map(|(rule, read)| (rule, &**entries, read)))
        .collect();
    let firsts = each.iter().filter_map(|(_, _, readings)| readings.first());
    let Some(first) = firsts.map(|reading| reading.at).min() else {
        return;
    };
    let before = began_before(view, condition, first);
    let mut heard = Vec::new();
    for (rule, entries, readings) in &each {
        let (Some(own), Some(last)) = (readings.first(), readings.last()) else {
            continue;
        };
        // A sensor that was put on later knows nothing of what was before.
        let before = before.filter(|_| own.at <= first.plus(rule.gap));
        let silent = last.at.plus(rule.gap);
        for mut episode in episodes(rule, before, readings) {
            if episode.end.is_none() && view.watermark >= silent {
                episode.end = Some(End::Silence);
            } else if episode.end.is_none() {
                concluded.wake = Some(concluded.wake.map_or(silent, |wake| wake.min(silent)));
            }
            heard.push(Heard {
                rule,
                entries,
                shown: shown_in_time((rule, before), (entries, readings), &episode),
                episode,
            });
        }
    }
    for episode in together(heard) {
        let say = |rule, entries| Say {
            rule,
            condition,
            entries,
            shown: episode.shown,
            is_of_several: sensors.len() > 1,
        };
        let (first, last) = (&episode.first, &episode.last);
        let (first, last) = (say(first.rule, first.entries), say(last.rule, last.entries));
        let whole = episode.whole();
        let until = last.over(&whole).map(|over| over.as_of);
        // Of what began too long ago to be told, and was not, the end is not told either.
        let Some(start) = begins(view, condition, whole.start, until) else {
            continue;
        };
        let own = episode.first.episode;
        let began = first.began(&Episode {
            start,
            // By what it had lasted long enough is not known any more where its beginning is not kept.
            confirmed: if start == own.start {
                own.confirmed
            } else {
                start
            },
            ..own
        });
        let both = [Some(began), last.over(&Episode { start, ..whole })];
        let said = both.into_iter().flatten();
        concluded
            .conclusions
            .extend(said.filter(|said| said.as_of >= view.frozen));
    }
}

/// Finds when an episode is told to begin: what began before all that may still be revised stays as it was told, if it was.
fn begins(
    view: &View<'_>,
    condition: Condition,
    began: EventTime,
    over: Option<EventTime>,
) -> Option<EventTime> {
    if began >= view.frozen {
        return Some(began);
    }
    let mut lines = view.lines.iter();
    let told = lines.find(|line| {
        let is_later = line.as_of >= view.frozen && over.is_none_or(|over| line.as_of < over);
        let is_own = line.condition == condition && line.asserted;
        is_own && is_later && line.note == BEGAN
    });
    began_before(view, condition, view.frozen).or_else(|| told.map(|line| line.as_of))
}

/// Finds since when an episode went on before a time: by what can no longer be revised.
fn began_before(view: &View<'_>, condition: Condition, time: EventTime) -> Option<EventTime> {
    let line = view.lines.iter().rfind(|line| {
        let is_settled = line.as_of < time.min(view.frozen);
        line.condition == condition && line.asserted && is_settled
    })?;
    (line.note == BEGAN).then_some(line.as_of)
}

/// Finds the reading that showed an episode while it went on, by what was known then; nothing where all of it could be known only
/// when it was long past. What is heard late and goes on still is no history: a telephone that was out of reach tells of a low
/// that nobody treated. Nor is what was told in time, and of which an earlier reading comes late.
fn shown_in_time<'a>(
    (rule, before): (&Rule, Before),
    (entries, readings): (&[&'a Entry], &[Reading]),
    episode: &Episode,
) -> Option<&'a Entry> {
    let span = |from: EventTime, until: EventTime| {
        let within = move |entry: &&'a Entry| entry.at >= from && entry.at <= until;
        entries.iter().copied().filter(within)
    };
    if span(episode.start, episode.confirmed).next().is_none() {
        return entries.first().copied();
    }
    let mut going_on = span(episode.confirmed, episode.last);
    going_on.find(|entry| {
        let by = entry.at.plus(HISTORY_AFTER).micros();
        let was_known = |reading: &&Reading| {
            let place = entries.binary_search_by_key(&reading.at, |entry| entry.at);
            let said = place.ok().and_then(|place| entries.get(place));
            said.is_some_and(|said| said.known.micros() <= by)
        };
        entry.known.micros() <= by && {
            let known: Vec<Reading> = readings.iter().filter(was_known).copied().collect();
            let mut shown = episodes(rule, before, &known).into_iter();
            shown.any(|shown| shown.confirmed <= entry.at && shown.last >= entry.at)
        }
    })
}

/// What is said of an episode.
struct Say<'a> {
    rule: &'a Rule,
    condition: Condition,
    entries: &'a [&'a Entry],
    /// The reading that showed it while it went on.
    shown: Option<&'a Entry>,
    /// Whether the patient has several sensors.
    is_of_several: bool,
}

impl Say<'_> {
    fn began(&self, episode: &Episode) -> Conclusion {
        let summary = format!(
            "{} {}, for {}",
            self.rule.parameter.words(),
            with_unit(&self.rule.begins.words(), self.rule.unit),
            self.rule.lasts.words()
        );
        let mut evidence = self.proofs(&[episode.start, episode.confirmed]);
        // What shows that it goes on is new evidence: who was not told is told then.
        let later = self
            .shown
            .filter(|entry| entry.at > episode.confirmed && !evidence.is_empty());
        evidence.extend(later.map(proof));
        Conclusion {
            severity: self.rule.severity,
            summary,
            evidence,
            ..self.conclusion(episode.start, BEGAN)
        }
    }

    fn over(&self, episode: &Episode) -> Option<Conclusion> {
        let words = self.rule.parameter.words();
        let (at, summary) = match episode.end? {
            End::Recovered(at) => {
                let lasted = span_words(self.rule.lasted(episode));
                let begins = with_unit(&self.rule.begins.words(), self.rule.unit);
                (at, format!("{words} no longer {begins}, after {lasted}"))
            }
            End::Silence => {
                let gap = span_words(self.rule.gap);
                let at = episode.last.plus(self.rule.gap);
                let by = match self.is_of_several {
                    true => " by the sensor that showed it",
                    false => "",
                };
                (
                    at,
                    format!("{words} not heard for {gap}{by}: how it goes on is not known"),
                )
            }
        };
        Some(Conclusion {
            summary,
            evidence: self.proofs(&[at]),
            ..self.conclusion(at, OVER)
        })
    }

    fn conclusion(&self, as_of: EventTime, note: u8) -> Conclusion {
        Conclusion {
            condition: self.condition,
            as_of,
            severity: Severity::None,
            score: None,
            summary: String::new(),
            evidence: Vec::new(),
            missing: Vec::new(),
            history: self.shown.is_none(),
            note,
        }
    }

    /// Shows what was read at these times, or last before them.
    fn proofs(&self, times: &[EventTime]) -> Vec<Proof> {
        let mut found: Vec<&Entry> = times
            .iter()
            .filter_map(|at| self.entries.iter().rfind(|entry| entry.at <= *at))
            .copied()
            .collect();
        found.dedup();
        found.into_iter().map(proof).collect()
    }
}

fn proof(entry: &Entry) -> Proof {
    Proof {
        entry: *entry,
        value: shown(entry),
        points: None,
    }
}

/// Writes a limit with its unit as a value is written.
fn with_unit(words: &str, unit: Unit) -> String {
    match unit.to_string().as_str() {
        "" => words.to_owned(),
        unit @ ("%" | "/min") => format!("{words}{unit}"),
        unit => format!("{words} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_rules_can_be_read() {
        assert!(!own_rules().is_empty());
    }

    #[test]
    fn what_no_rule_may_read_is_told_with_its_line() {
        let row = "7\tsweet\tglucose\tmg/dL\t>400\t>=60\t<=300\t>=60\t90\tas-charted\tlow\ta test";
        let told = site_rules(&format!("# words\n{row}\n")).map_err(|error| error.to_string());
        let told = told.expect_err("glucose is not read");
        assert!(told.starts_with("line 2: `glucose` is not read; it can be respiratory-rate, "));
    }
}
