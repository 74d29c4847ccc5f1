//! What was measured in each hour, as far as organ failure is judged by it.

use std::time::Duration;

use clinical::{Decimal, EventTime};

use super::coma;
use super::gas::{self, Gas};
use super::infusion::{self, Rates};
use super::sofa::{self, Convention, Part, System};
use super::sofa2::{self, Blood};
use super::stretch::{Span, Stretch};
use super::support::{self, Help};
use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::limit::Points;
use crate::{config, limit};

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

/// Gives the hour that a time belongs to: what is charted on the hour belongs to the one that ends then.
pub(crate) fn hour_of(at: EventTime) -> i64 {
    -(-at.micros()).div_euclid(HOUR)
}

/// Gives when an hour ends.
pub(crate) fn end_of(hour: i64) -> EventTime {
    EventTime::from_micros(hour.saturating_mul(HOUR))
}

/// Gives when an hour begins; the moment itself belongs to the hour before.
pub(crate) fn start_of(hour: i64) -> EventTime {
    end_of(hour - 1)
}

/// The worst of one hour, by organ; the kidneys' urine apart, since only that of a day is judged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hour<'a> {
    pub(crate) parts: [Option<Part<'a>>; 6],
    /// The urine of the hour, and the last entry of it.
    pub(crate) urine: Option<(Decimal, &'a Entry)>,
    /// How many arterial gases were taken.
    pub(crate) gases: usize,
    /// What was known of the blood at its end, where something of it was measured in it.
    pub(crate) blood: Option<Blood<'a>>,
}

/// What the whole pass needs besides the hour.
struct Pass<'a> {
    chart: &'a Chart,
    convention: Convention,
    own: Span,
    rates: Rates<'a>,
    runs: Vec<support::Run>,
    now: EventTime,
    coma_at: Option<EventTime>,
    changed_at: Option<EventTime>,
    gases: Breathing<'a>,
    saturations: Breathing<'a>,
    blood: Blood<'a>,
    machine: Option<&'a Entry>,
}

/// The worst of an hour, with help to breathe and without.
type Breathing<'a> = (Option<Gas<'a>>, Option<Gas<'a>>);

/// More rows of one hour are those of nobody.
const MOST_ROWS: usize = 64;

/// How long a result of the blood is taken for true.
const BLOOD_HOLDS: Duration = config::hours(24);

/// Gives the hours of a stretch, with those before it that are looked at. Of the hour that is not over now, a drug counts that has
/// run long enough by now, and of those to come one that will have where nothing changes.
pub(crate) fn hours<'a>(
    chart: &'a Chart,
    convention: Convention,
    stretch: &Stretch,
    now: EventTime,
) -> Vec<(i64, Hour<'a>)> {
    let (first, last) = (stretch.begin, stretch.last);
    let (start, end) = (start_of(first), end_of(last));
    let mut pass = Pass {
        chart,
        convention,
        own: stretch.own,
        rates: Rates::before(chart, stretch.own, start),
        runs: match convention.help {
            Help::Charted(_) => Vec::new(),
            Help::Runs => support::runs(chart, stretch.own, start, end),
        },
        now,
        coma_at: None,
        changed_at: None,
        gases: (None, None),
        saturations: (None, None),
        blood: if convention.second {
            blood_before(chart, start)
        } else {
            Blood::default()
        },
        machine: chart
            .last(Parameter::CirculatorySupport, start)
            .filter(|_| convention.second),
    };
    let mut entries = chart.between(start, end).peekable();
    let count = usize::try_from(last.saturating_sub(first)).unwrap_or_default();
    let mut found = Vec::with_capacity(count + 1);
    for number in first..=last {
        let mut hour = Hour::default();
        let end = end_of(number);
        // Of most hours that are looked at nothing is known.
        let mut says = pass.machine.is_some() || pass.rates.any();
        while let Some(entry) = entries.next_if(|entry| entry.at <= end) {
            if pass.counts(entry) {
                pass.take(&mut hour, entry, end);
                says = true;
            }
        }
        if !says {
            found.push((number, hour));
            continue;
        }
        let times = match convention.hour_for_each_row {
            true => hour
                .gases
                .max(1)
                .saturating_mul(pass.rates.ways())
                .min(MOST_ROWS),
            false => 1,
        };
        pass.finish(&mut hour, end);
        for _ in 1..times {
            found.push((number, hour.clone()));
        }
        found.push((number, hour));
    }
    found
}

impl<'a> Pass<'a> {
    fn counts(&self, entry: &Entry) -> bool {
        let is_result = matches!(
            entry.parameter,
            Parameter::Platelets | Parameter::Bilirubin | Parameter::Creatinine
        );
        let is_own = is_result || self.own.has(entry.at);
        is_own && (entry.is_usable() || self.convention.silent_coma && coma::is_charted(entry))
    }

    /// Scores a result by its rows; of several of one time by their mean, where that is taken.
    fn result(&self, entry: &'a Entry, rows: Points) -> Option<Part<'a>> {
        let own = match self.convention.table.in_micromoles(entry) {
            Some((rows, unit)) => sofa::scored_in(entry, rows, unit)?,
            None => sofa::scored(entry, rows)?,
        };
        if !self.convention.mean_of_results {
            return Some(own);
        }
        let before = entry.at.minus(Duration::from_micros(1));
        let beside = self.chart.of_between(entry.parameter, before, entry.at);
        let values: Vec<Decimal> = beside.filter_map(Entry::number).collect();
        let sum: Decimal = values.iter().sum();
        let mean = sum.checked_div(Decimal::from(values.len()))?;
        Some(sofa::part(entry, mean, limit::points(rows, mean)))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what SOFA does not ask for is not looked at"
    )]
    fn take(&mut self, hour: &mut Hour<'a>, entry: &'a Entry, end: EventTime) {
        let table = self.convention.table;
        match entry.parameter {
            Parameter::MeanPressure => {
                // Without drugs a pressure says one point at most; drugs are looked at when the hour is over.
                let part = sofa::scored(entry, table.mean_pressure);
                hour.worsen(System::Cardiovascular, part);
            }
            Parameter::Platelets => {
                hour.worsen(System::Coagulation, self.result(entry, table.platelets));
            }
            Parameter::Bilirubin => {
                hour.worsen(System::Liver, self.result(entry, table.bilirubin));
            }
            Parameter::Creatinine => {
                hour.worsen(System::Renal, self.result(entry, table.creatinine));
            }
            Parameter::ComaScale => {
                hour.worsen(System::Nervous, sofa::scored(entry, table.coma));
            }
            Parameter::ComaEye | Parameter::ComaVerbal | Parameter::ComaMotor
                if self.coma_at != Some(entry.at) =>
            {
                self.coma_at = Some(entry.at);
                hour.worsen(System::Nervous, self.coma(entry));
            }
            Parameter::OxygenPressure => {
                hour.gases += 1;
                let helped = self.is_helped(entry.at);
                worsen(&mut self.gases, gas::ratio(self.chart, entry), helped);
            }
            Parameter::UrineOutput => {
                if let Some(amount) = entry.number() {
                    let before = hour.urine.map_or(Decimal::ZERO, |(sum, _)| sum);
                    hour.urine = Some((before + amount, entry));
                }
            }
            parameter if parameter.is_infusion() => {
                if self.convention.drugs_for_an_hour && self.changed_at != Some(entry.at) {
                    // What has run for an hour by now may end or be changed.
                    self.changed_at = Some(entry.at);
                    hour.worsen(System::Cardiovascular, self.drugs(entry.at));
                }
                self.rates.set(entry, end);
            }
            _ => {}
        }
        if self.convention.second {
            self.take_second(hour, entry);
        }
    }

    /// Takes in what only SOFA-2 asks for.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what SOFA-2 does not ask for is not looked at"
    )]
    fn take_second(&mut self, hour: &mut Hour<'a>, entry: &'a Entry) {
        match entry.parameter {
            Parameter::OxygenSaturation if sofa2::is_telling(entry) => {
                let helped = self.is_helped(entry.at);
                worsen(&mut self.saturations, gas::ratio(self.chart, entry), helped);
            }
            Parameter::CirculatorySupport => {
                self.machine = Some(entry);
                hour.machine(entry);
            }
            Parameter::KidneyReplacement => {
                hour.worsen(System::Renal, sofa2::dialysis(entry));
            }
            Parameter::DeliriumDrug => {
                hour.worsen(System::Nervous, Some(sofa2::delirium(entry)));
            }
            _ => {}
        }
        if self.blood.take(entry) {
            hour.blood = Some(self.blood);
        }
    }

    fn coma(&self, entry: &'a Entry) -> Option<Part<'a>> {
        if let (true, Some(motor)) = (
            self.convention.second,
            coma::motor_alone(self.chart, entry.at),
        ) {
            return Some(sofa2::motor(entry, motor));
        }
        let counts = match self.convention.silent_coma {
            true => coma::is_charted,
            false => coma::is_answered,
        };
        let total = coma::total(self.chart, entry.at, self.own.since, counts);
        let points = limit::points(self.convention.table.coma, total);
        Some(sofa::part(entry, total, points))
    }

    /// Says whether the patient was helped to breathe.
    fn is_helped(&self, at: EventTime) -> bool {
        match self.convention.help {
            Help::Charted(kinds) => support::goes_on(self.chart, kinds, at),
            Help::Runs => support::covers(&self.runs, at),
        }
    }

    fn finish(&mut self, hour: &mut Hour<'a>, end: EventTime) {
        let gases = std::mem::take(&mut self.gases);
        if self.convention.second {
            let saturations = std::mem::take(&mut self.saturations);
            hour.worsen(System::Respiration, sofa2::respiration(gases, saturations));
            if let Some(machine) = self.machine {
                hour.machine(machine);
            }
            let holds = |entry: &&Entry| entry.at > end.minus(BLOOD_HOLDS);
            if let Some(blood) = &mut hour.blood {
                *blood = self.blood.only(holds);
            }
        } else {
            let part = sofa::respiration(self.convention, gases.0, gases.1);
            hour.worsen(System::Respiration, part);
        }
        let is_over = end <= self.now || start_of(hour_of(end)) >= self.now;
        let by = if is_over { end } else { self.now };
        hour.worsen(System::Cardiovascular, self.drugs(by));
        self.rates.next_hour();
    }

    /// Scores the drugs that count at a time.
    fn drugs(&self, at: EventTime) -> Option<Part<'a>> {
        let running = if self.convention.drugs_for_an_hour {
            self.rates.for_an_hour(self.chart, at)
        } else {
            let weighed = self.convention.usual_weight;
            let weighed = weighed.map(|usual| infusion::OfStay {
                own: self.own,
                usual,
            });
            self.rates.running(self.chart, weighed)
        };
        if self.convention.second {
            sofa2::circulation(&running)
        } else {
            sofa::circulation(&running)
        }
    }
}

fn blood_before(chart: &Chart, at: EventTime) -> Blood<'_> {
    let mut blood = Blood::default();
    for parameter in Blood::OF {
        if let Some(last) = chart.last(parameter, at) {
            let before = last.at.minus(Duration::from_micros(1));
            let beside = chart.of_between(parameter, before, last.at);
            for entry in beside.filter(|entry| entry.is_usable()) {
                blood.take(entry);
            }
        }
    }
    blood
}

fn worsen<'a>((helped, free): &mut Breathing<'a>, gas: Option<Gas<'a>>, is_helped: bool) {
    let worst = if is_helped { helped } else { free };
    if let Some(gas) = gas
        && worst.as_ref().is_none_or(|held| gas.is_worse(held))
    {
        *worst = Some(gas);
    }
}

impl<'a> Hour<'a> {
    /// Takes a finding of an organ in, if it is the worst so far.
    fn worsen(&mut self, system: System, part: Option<Part<'a>>) {
        let (Some(slot), Some(part)) = (self.parts.get_mut(system as usize), part) else {
            return;
        };
        if slot.as_ref().is_none_or(|held| part.is_worse(held)) {
            *slot = Some(part);
        }
    }

    /// Takes in what a machine that runs says of lungs and circulation.
    fn machine(&mut self, entry: &'a Entry) {
        let (lungs, circulation) = sofa2::machine(entry);
        self.worsen(System::Respiration, lungs);
        self.worsen(System::Cardiovascular, circulation);
    }
}
