//! What is known of a patient's stay, by the hour: readings come late, twice and corrected, and the features follow.

use clinical::EventTime;

use super::feature::{Feature, Features, LOOKBACK_HOURS};
use super::variable::{Kind, Variable};

const HOUR_MICROS: i64 = 3_600_000_000;

/// A value of a variable, in the variable's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What was measured.
    pub variable: &'static Variable,
    /// When it was true.
    pub at: EventTime,
    /// What was read.
    pub value: f64,
}

/// Who the patient is, as far as the model asks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Person {
    /// Age in years.
    pub age_years: Option<f64>,
    /// Whether the patient is a man.
    pub male: Option<bool>,
    /// When the hospital admitted the patient; the stay may be a later part of it.
    pub hospital_admission: Option<EventTime>,
}

/// A stay as it is known, hour by hour from its admission.
///
/// It is the same whatever order the readings came in. Hours are counted from 0; an hour's value is the median of its
/// readings, as in the data that the model is trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    admission: EventTime,
    series: Vec<Series>,
}

/// The readings of one variable.
#[derive(Clone, Debug, Default, PartialEq)]
struct Series {
    /// In the order of time and value.
    readings: Vec<(EventTime, f64)>,
    /// The hours with a reading, and their medians.
    hours: Vec<(i64, f64)>,
}

impl Course {
    /// Begins a stay of which nothing is known yet.
    pub fn new(admission: EventTime) -> Self {
        Self {
            admission,
            series: vec![Series::default(); Variable::all().len()],
        }
    }

    /// Gives the hour in which a moment lies.
    pub const fn hour(&self, at: EventTime) -> i64 {
        hour(self.admission, at)
    }

    /// Gives the moment at which an hour ends, and its features are as known.
    pub const fn end(&self, hour: i64) -> EventTime {
        let micros = hour.saturating_add(1).saturating_mul(HOUR_MICROS);
        EventTime::from_micros(self.admission.micros().saturating_add(micros))
    }

    /// Takes a reading in, and gives the first hour whose features may be others now; nothing where the value is beyond
    /// the variable's limits and not used.
    pub fn take(&mut self, reading: &Reading) -> Option<i64> {
        if !reading.variable.is_usable(reading.value) {
            return None;
        }
        let hour = self.hour(reading.at);
        let series = self.series.get_mut(reading.variable.place())?;
        let place = series.place(reading);
        series.readings.insert(place, (reading.at, reading.value));
        self.summarise(reading.variable, hour);
        Some(hour)
    }

    /// Takes a reading back that was wrong, and gives the first hour whose features may be others now.
    pub fn withdraw(&mut self, reading: &Reading) -> Option<i64> {
        let hour = self.hour(reading.at);
        let series = self.series.get_mut(reading.variable.place())?;
        let place = series.place(reading);
        let (at, value) = *series.readings.get(place)?;
        if at != reading.at || value.total_cmp(&reading.value).is_ne() {
            return None;
        }
        series.readings.remove(place);
        self.summarise(reading.variable, hour);
        Some(hour)
    }

    /// Forgets what no hour from this one on can use.
    pub fn forget(&mut self, first: i64) {
        let oldest = first.saturating_sub(LOOKBACK_HOURS - 1);
        let admission = self.admission;
        for series in &mut self.series {
            series
                .readings
                .retain(|(at, _)| self::hour(admission, *at) >= oldest);
            series.hours.retain(|(hour, _)| *hour >= oldest);
        }
    }

    /// Gives the number of readings that are held.
    pub fn len(&self) -> usize {
        self.series.iter().map(|series| series.readings.len()).sum()
    }

    /// Says whether no reading is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Computes features as known at the end of an hour into a row, in place of what it held.
    pub fn features(&self, features: &Features, person: &Person, hour: i64, row: &mut Vec<f64>) {
        row.clear();
        let known = |series| Series::between(series, hour.saturating_sub(LOOKBACK_HOURS), hour);
        let mut known = Known {
            course: self,
            held: self.series.iter().map(known).collect(),
            person,
            hour,
            window: None,
        };
        row.extend(features.iter().map(|feature| known.feature(feature)));
    }

    fn summarise(&mut self, variable: &Variable, hour: i64) {
        let admission = self.admission;
        let Some(series) = self.series.get_mut(variable.place()) else {
            return;
        };
        let readings = &series.readings;
        let from = readings.partition_point(|(at, _)| self::hour(admission, *at) < hour);
        let to = readings.partition_point(|(at, _)| self::hour(admission, *at) <= hour);
        let mut values: Vec<f64> = readings
            .get(from..to)
            .unwrap_or(&[])
            .iter()
            .map(|(_, value)| *value)
            .collect();
        let place = series.hours.partition_point(|(other, _)| *other < hour);
        let held = series
            .hours
            .get(place)
            .is_some_and(|(other, _)| *other == hour);
        match (median(&mut values), held) {
            (Some(median), true) => series.hours[place].1 = median,
            (Some(median), false) => series.hours.insert(place, (hour, median)),
            (None, true) => {
                series.hours.remove(place);
            }
            (None, false) => {}
        }
    }
}

impl Series {
    fn place(&self, reading: &Reading) -> usize {
        self.readings.partition_point(|(at, value)| {
            at.cmp(&reading.at)
                .then(value.total_cmp(&reading.value))
                .is_lt()
        })
    }

    /// Gives the hours after one and up to another.
    fn between(&self, after: i64, until: i64) -> &[(i64, f64)] {
        let from = self.hours.partition_point(|(hour, _)| *hour <= after);
        let to = self.hours.partition_point(|(hour, _)| *hour <= until);
        self.hours.get(from..to).unwrap_or(&[])
    }
}

const fn hour(admission: EventTime, at: EventTime) -> i64 {
    at.micros()
        .saturating_sub(admission.micros())
        .div_euclid(HOUR_MICROS)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

/// Mean, least and greatest of some hours.
#[derive(Clone, Copy)]
struct Window {
    place: usize,
    hours: i64,
    mean: f64,
    least: f64,
    most: f64,
}

/// The course at one hour.
struct Known<'a> {
    course: &'a Course,
    /// The hours of each variable that are looked back.
    held: Vec<&'a [(i64, f64)]>,
    person: &'a Person,
    hour: i64,
    /// The window that was asked for last: mean, least and greatest are asked for one after the other.
    window: Option<Window>,
}

impl Known<'_> {
    fn feature(&mut self, feature: &Feature) -> f64 {
        match *feature {
            Feature::Last(variable) => self.last(variable),
            Feature::Age(variable) => {
                let last = self.held(variable).last();
                last.map_or(f64::NAN, |(hour, _)| count(self.hour - hour))
            }
            Feature::Step(variable) => {
                let held = self.held(variable);
                let earlier = held
                    .iter()
                    .rev()
                    .nth(1)
                    .map_or(f64::NAN, |(_, value)| *value);
                self.last(variable) - earlier
            }
            Feature::Change(variable, hours) => {
                let held = self.held(variable);
                let then = self.hour - hours;
                let earlier = held.iter().rev().find(|(hour, _)| *hour <= then);
                self.last(variable) - earlier.map_or(f64::NAN, |(_, value)| *value)
            }
            Feature::Mean(variable, hours) => self.window(variable, hours).mean,
            Feature::Least(variable, hours) => self.window(variable, hours).least,
            Feature::Most(variable, hours) => self.window(variable, hours).most,
            Feature::Off(variable, hours) => {
                self.last(variable) - self.window(variable, hours).mean
            }
            Feature::Measured(variable, hours) => length(self.within(variable, hours)),
            Feature::AllMeasured(kind, hours) => self.of_kind(kind, hours).map(length).sum(),
            Feature::Kinds(kind, hours) => {
                let measured = self.of_kind(kind, hours).filter(|hours| !hours.is_empty());
                measured.map(|_| 1.0).sum()
            }
            Feature::Quotient(above, below) => self.quotient(above, below),
            Feature::Difference(first, second) => self.last(first) - self.last(second),
            Feature::Years => self.person.age_years.unwrap_or(f64::NAN),
            Feature::Male => self.person.male.map_or(f64::NAN, f64::from),
            Feature::Hour => count(self.hour + 1),
            Feature::BeforeStay => self.before_stay(),
            Feature::SinceHospital => count(self.hour + 1) - self.before_stay(),
        }
    }

    /// Gives the hours that are looked back with a value.
    fn held(&self, variable: &Variable) -> &[(i64, f64)] {
        self.held.get(variable.place()).copied().unwrap_or(&[])
    }

    /// Gives the hours with a value among the last ones.
    fn within(&self, variable: &Variable, hours: i64) -> &[(i64, f64)] {
        let held = self.held(variable);
        let first = held.partition_point(|(hour, _)| *hour <= self.hour - hours);
        held.get(first..).unwrap_or(&[])
    }

    fn last(&self, variable: &Variable) -> f64 {
        self.held(variable)
            .last()
            .map_or(f64::NAN, |(_, value)| *value)
    }

    fn quotient(&self, above: &Variable, below: &Variable) -> f64 {
        let below = self.last(below);
        if below == 0.0 {
            f64::NAN
        } else {
            self.last(above) / below
        }
    }

    fn of_kind(&self, kind: Kind, hours: i64) -> impl Iterator<Item = &[(i64, f64)]> {
        let variables = Variable::all()
            .iter()
            .filter(move |variable| variable.kind == kind);
        variables.map(move |variable| self.within(variable, hours))
    }

    fn window(&mut self, variable: &Variable, hours: i64) -> Window {
        let place = variable.place();
        if let Some(window) = self
            .window
            .filter(|held| (held.place, held.hours) == (place, hours))
        {
            return window;
        }
        let held = self.within(variable, hours);
        // Oldest first: sums round by their order.
        let sum: f64 = held.iter().fold(0.0, |sum, (_, value)| sum + value);
        let values = || held.iter().map(|(_, value)| *value);
        let window = Window {
            place,
            hours,
            mean: if held.is_empty() {
                f64::NAN
            } else {
                sum / length(held)
            },
            least: values().reduce(f64::min).unwrap_or(f64::NAN),
            most: values().reduce(f64::max).unwrap_or(f64::NAN),
        };
        self.window = Some(window);
        window
    }

    fn before_stay(&self) -> f64 {
        let hospital = self.person.hospital_admission;
        hospital.map_or(f64::NAN, |hospital| {
            let micros = hospital
                .micros()
                .saturating_sub(self.course.admission.micros());
            count(micros) / count(HOUR_MICROS)
        })
    }
}

/// Gives a count as a number; none here comes near to what a double cannot hold.
const fn count(number: i64) -> f64 {
    number as f64
}

const fn length<T>(items: &[T]) -> f64 {
    items.len() as f64
}

#[cfg(test)]
mod tests;
