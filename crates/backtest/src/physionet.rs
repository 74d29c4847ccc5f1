//! The rows of the PhysioNet/CinC Challenge 2019: one an hour of a stay in intensive care, as events and an outcome.
//!
//! An hour's values are known at its end. The label is on from six hours before onset (Reyna MA et al. Crit Care Med
//! 2020;48:210-217), and only the outcome is made of it.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use clinical::{
    Code, Decimal, Event, EventId, EventTime, Fact, Observation, ObservationStatus, Origin,
    PatientKey, Person, Quantity, ReceivedTime, Value,
};

use crate::{History, Outcome, Stay};

/// How long before onset the label is on.
const LABEL_AHEAD: Duration = Duration::from_secs(6 * 60 * 60);
const HOUR_US: i64 = 60 * 60 * 1_000_000;
/// The challenge hides when its stays were: all of them begin here, 2100-01-01.
const BEGIN_US: i64 = 4_102_444_800_000_000;

const COLUMNS: &str = include_str!("../data/physionet2019.tsv");

/// Why rows cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The header lacks a column.
    #[error(
        "the header has no column `{0}`: give the challenge's own columns, with the patient's as `pid`"
    )]
    Column(&'static str),
    /// A field is not what its column holds.
    #[error(
        "row {row}: `{field}` is no number: columns hold numbers, or nothing where nothing was measured"
    )]
    Number {
        /// The row, counted from 1, the header included.
        row: u64,
        /// What stands there.
        field: Box<str>,
    },
    /// A row does not say which hour it is.
    #[error("row {row} has no whole number in ICULOS: each row says which hour of the stay it is")]
    Hour {
        /// The row, counted from 1, the header included.
        row: u64,
    },
    /// A patient's rows are not one after the other, or not by the hour.
    #[error(
        "row {row} {what}: rows of a stay stand together, by the hour; put them so, as by `(head -n 1 FILE; tail -n +2 FILE | sort -t, -k{patient},{patient} -k{hour},{hour}n) > SORTED`"
    )]
    Order {
        /// The row, counted from 1, the header included.
        row: u64,
        /// What is wrong with it.
        what: &'static str,
        /// The number of the column `pid`, counted from 1.
        patient: usize,
        /// The number of the column `ICULOS`, counted from 1.
        hour: usize,
    },
    /// A row has fewer fields than the header.
    #[error("row {row} has fewer fields than the header: was the file cut off?")]
    Short {
        /// The row, counted from 1, the header included.
        row: u64,
    },
}

/// What a column is.
#[derive(Clone, Copy, Debug)]
struct Column {
    place: usize,
    code: &'static str,
    unit: &'static str,
    factor: Decimal,
}

/// Makes histories of rows, one after the other.
#[derive(Debug, Default)]
pub struct Stays {
    header: Option<Header>,
    rows: Vec<Row>,
    /// Whose rows are over.
    ended: BTreeSet<PatientKey>,
}

/// A row with its number in the file.
type Row = (u64, Vec<Box<str>>);

impl Stays {
    /// Takes the next row, the header first; gives the history that ended before it, where one did.
    ///
    /// # Errors
    /// When the header lacks a column, a field is no number, a row is short, or rows are not in order.
    pub fn take(&mut self, number: u64, fields: Vec<Box<str>>) -> Result<Option<History>, Error> {
        let Some(header) = &self.header else {
            self.header = Some(Header::read(&fields)?);
            return Ok(None);
        };
        let row = (number, fields);
        let patient = header.patient(&row)?;
        let stay = match self.rows.last() {
            Some(last) if header.patient(last)? != patient => {
                self.ended.insert(key(header.patient(last)?));
                header.stay(&self.rows)?
            }
            Some(last) if header.hour(&row)? < header.hour(last)? => {
                return Err(header.order(number, "is of an earlier hour than the one before it"));
            }
            _ => None,
        };
        if self.ended.contains(&key(patient)) {
            return Err(header.order(number, "is of a stay whose rows were over"));
        }
        if stay.is_some() {
            self.rows.clear();
        }
        self.rows.push(row);
        Ok(stay)
    }

    /// Gives the last patient's history.
    ///
    /// # Errors
    /// When a field is no number, or a row is short.
    pub fn finish(self) -> Result<Option<History>, Error> {
        match &self.header {
            Some(header) => header.stay(&self.rows),
            None => Ok(None),
        }
    }
}

/// Where everything stands in a row.
#[derive(Clone, Debug)]
struct Header {
    columns: Vec<Column>,
    patient: usize,
    age: usize,
    gender: usize,
    units: [usize; 2],
    hour: usize,
    admitted: Option<usize>,
    label: usize,
}

impl Header {
    fn read(fields: &[Box<str>]) -> Result<Self, Error> {
        let find = |name: &'static str| {
            let place = fields.iter().position(|field| **field == *name);
            place.ok_or(Error::Column(name))
        };
        let rows = COLUMNS.lines().filter(|line| !line.starts_with('#'));
        let columns = rows.filter_map(|line| {
            let mut fields = line.split('\t');
            let mut next = || fields.next().expect("the table has five fields a row");
            let (name, code, unit, factor, needed) = (next(), next(), next(), next(), next());
            let place = match find(name) {
                Ok(place) => place,
                Err(_) if needed == "no" => return None,
                Err(error) => return Some(Err(error)),
            };
            Some(Ok(Column {
                place,
                code,
                unit,
                factor: Decimal::from_str(factor).expect("the table's factors are numbers"),
            }))
        });
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            patient: find("pid")?,
            age: find("Age")?,
            gender: find("Gender")?,
            units: [find("Unit1")?, find("Unit2")?],
            hour: find("ICULOS")?,
            admitted: find("HospAdmTime").ok(),
            label: find("SepsisLabel")?,
        })
    }

    fn order(&self, row: u64, what: &'static str) -> Error {
        Error::Order {
            row,
            what,
            patient: self.patient + 1,
            hour: self.hour + 1,
        }
    }

    fn patient<'r>(&self, (number, fields): &'r Row) -> Result<&'r str, Error> {
        let name = fields
            .get(self.patient)
            .ok_or(Error::Short { row: *number })?;
        Ok(name)
    }

    /// Makes a stay of the rows of one patient.
    fn stay(&self, rows: &[Row]) -> Result<Option<History>, Error> {
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let patient = key(self.patient(first)?);
        // The first row tells of the hour before it was known.
        let began = at(self.hour(first)? - 1);
        let unit = self.unit(first)?.map(|unit| (began, unit));
        let mut stay = Stay {
            units: unit.into_iter().collect(),
            began,
            ended: at(0),
            admitted: self.admitted(first)?,
            outcome: Outcome::Without,
            minutes_east: None,
        };
        let mut events = vec![self.person(first, patient)?];
        for row in rows {
            let now = at(self.hour(row)?);
            stay.ended = now;
            let label = number(row, self.label)?;
            if stay.outcome == Outcome::Without && label.is_some_and(|label| label > Decimal::ZERO)
            {
                stay.outcome = Outcome::Onset(now.plus(LABEL_AHEAD));
            }
            for column in &self.columns {
                if let Some(value) = number(row, column.place)? {
                    events.push(measured(patient, column, value, now));
                }
            }
        }
        Ok(Some(History {
            patient,
            events,
            stays: vec![stay],
        }))
    }

    fn hour(&self, row: &Row) -> Result<i64, Error> {
        let hour = number(row, self.hour)?;
        let hour = hour.and_then(|hour| i64::try_from(hour).ok());
        hour.ok_or(Error::Hour { row: row.0 })
    }

    /// When the hospital admitted the patient: so many hours before intensive care, as a negative number.
    fn admitted(&self, row: &Row) -> Result<Option<EventTime>, Error> {
        let Some(place) = self.admitted else {
            return Ok(None);
        };
        let hours = number(row, place)?;
        let micros = hours.and_then(|hours| hours.checked_mul(Decimal::from(HOUR_US)));
        let micros = micros.and_then(|micros| i64::try_from(micros.trunc()).ok());
        Ok(micros.map(|micros| EventTime::from_micros(BEGIN_US.saturating_add(micros))))
    }

    fn unit(&self, row: &Row) -> Result<Option<Box<str>>, Error> {
        for (place, name) in self.units.into_iter().zip(["MICU", "SICU"]) {
            if number(row, place)?.is_some_and(|flag| flag > Decimal::ZERO) {
                return Ok(Some(name.into()));
            }
        }
        Ok(None)
    }

    fn person(&self, row: &Row, patient: PatientKey) -> Result<Event, Error> {
        let age = number(row, self.age)?.and_then(|age| i32::try_from(age.trunc()).ok());
        let gender = number(row, self.gender)?;
        let person = Person {
            // So that everybody is as old as the data say when the stay begins.
            birth_date: age.map(|age| format!("{}", 2100 - age).into()),
            gender: gender.map(|gender| if gender.is_zero() { "female" } else { "male" }.into()),
            deceased: false,
        };
        Ok(event(patient, &[b"person"], at(0), Fact::Person(person)))
    }
}

fn at(hour: i64) -> EventTime {
    EventTime::from_micros(BEGIN_US.saturating_add(hour.saturating_mul(HOUR_US)))
}

fn key(name: &str) -> PatientKey {
    PatientKey::derive(&[b"physionet2019", name.as_bytes()])
}

fn number((number, fields): &Row, place: usize) -> Result<Option<Decimal>, Error> {
    let row = *number;
    let field = fields.get(place).ok_or(Error::Short { row })?.trim();
    if field.is_empty() || field == "NaN" {
        return Ok(None);
    }
    let value = Decimal::from_str(field);
    value.map(Some).map_err(|_| Error::Number {
        row,
        field: field.into(),
    })
}

fn measured(patient: PatientKey, column: &Column, value: Decimal, now: EventTime) -> Event {
    let resource = format!("{}-{}", column.code, now.micros());
    let fact = Fact::Observation(Observation {
        resource: resource.as_str().into(),
        codes: vec![Code::loinc(column.code)],
        value: Some(Value::Quantity(Quantity {
            comparator: None,
            value: value * column.factor,
            unit: column.unit.into(),
        })),
        components: Vec::new(),
        status: ObservationStatus::Final,
        interpretation: Vec::new(),
        notes: Vec::new(),
        flags: Vec::new(),
        device: None,
    });
    event(patient, &[resource.as_bytes()], now, fact)
}

fn event(patient: PatientKey, name: &[&[u8]], now: EventTime, fact: Fact) -> Event {
    let parts: Vec<&[u8]> = [&patient.as_bytes()[..]]
        .into_iter()
        .chain(name.iter().copied())
        .collect();
    Event {
        id: EventId::derive(&parts),
        patient,
        at: now,
        recorded: None,
        received: ReceivedTime::from_micros(now.micros()),
        origin: Origin::default(),
        backfill: false,
        fact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with these columns set in the rows of one patient, hour by hour.
    fn stays(rows: &[(&str, &[(&str, &str)])]) -> Result<Vec<History>, Error> {
        let names: Vec<&str> = COLUMNS
            .lines()
            .filter_map(|line| line.split('\t').next())
            .filter(|name| !name.starts_with('#'))
            .chain([
                "pid",
                "Age",
                "Gender",
                "Unit1",
                "Unit2",
                "ICULOS",
                "SepsisLabel",
            ])
            .collect();
        let mut stays = Stays::default();
        let mut all = Vec::new();
        let header = names.iter().map(|name| (*name).into()).collect();
        all.extend(stays.take(1, header)?);
        for (number, (patient, set)) in (2..).zip(rows) {
            let field = |name: &&str| match *name {
                "pid" => (*patient).into(),
                name => set
                    .iter()
                    .find(|(of, _)| *of == name)
                    .map_or("", |(_, value)| value)
                    .into(),
            };
            all.extend(stays.take(number, names.iter().map(field).collect())?);
        }
        all.extend(stays.finish()?);
        Ok(all)
    }

    #[test]
    fn rows_become_stays_with_their_outcome() {
        let stays = stays(&[
            (
                "a",
                &[
                    ("ICULOS", "1"),
                    ("HR", "80"),
                    ("Age", "64.5"),
                    ("Gender", "0"),
                    ("Unit2", "1"),
                ],
            ),
            (
                "a",
                &[("ICULOS", "2"), ("FiO2", "0.4"), ("SepsisLabel", "1")],
            ),
            (
                "b",
                &[("ICULOS", "5"), ("Temp", "NaN"), ("SepsisLabel", "0")],
            ),
        ])
        .unwrap();
        let [first, second] = stays.as_slice() else {
            panic!("two patients are two histories");
        };
        let stay = &first.stays[0];
        assert_eq!(stay.unit(at(1)), Some("SICU"));
        assert_eq!((stay.began, stay.ended), (at(0), at(2)));
        // The label of the second hour says that onset is six hours later.
        assert_eq!(stay.outcome, Outcome::Onset(at(8)));
        let values: Vec<String> = first
            .events
            .iter()
            .filter_map(|event| {
                let Fact::Observation(observation) = &event.fact else {
                    return None;
                };
                observation.value.as_ref()
            })
            .map(|value| format!("{value:?}"))
            .collect();
        assert_eq!(values.len(), 2);
        assert!(
            values.iter().any(|value| value.contains("40.0")),
            "{values:?}"
        );
        let stay = &second.stays[0];
        assert_eq!((stay.unit(at(4)), stay.outcome), (None, Outcome::Without));
        assert_eq!(
            (stay.began, stay.ended, second.events.len()),
            (at(4), at(5), 1)
        );
    }

    #[test]
    fn rows_that_are_not_in_order_are_refused() {
        let row = |patient, hour| (patient, [("ICULOS", hour)]);
        let told = |rows: &[(&'static str, [(&str, &str); 1])]| {
            let rows: Vec<_> = rows.iter().map(|(name, set)| (*name, &set[..])).collect();
            stays(&rows)
        };
        assert_eq!(
            told(&[row("a", "1"), row("a", "2"), row("b", "1")])
                .unwrap()
                .len(),
            2
        );
        let again = told(&[row("a", "1"), row("b", "1"), row("a", "2")]).unwrap_err();
        assert!(matches!(again, Error::Order { row: 4, .. }), "{again}");
        assert!(again.to_string().contains("| sort -t, -k"), "{again}");
        let falls = told(&[row("a", "2"), row("a", "1")]).unwrap_err();
        assert!(matches!(falls, Error::Order { row: 3, .. }), "{falls}");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_row() {
        let wrong = stays(&[("a", &[("ICULOS", "1"), ("HR", "fast")])]);
        let field = "fast".into();
        assert_eq!(wrong.unwrap_err(), Error::Number { row: 2, field });
        let wrong = stays(&[("a", &[("HR", "80")])]);
        assert_eq!(wrong.unwrap_err(), Error::Hour { row: 2 });
        let wrong = Stays::default().take(1, vec!["HR".into()]);
        assert!(matches!(wrong, Err(Error::Column(_))));
    }
}
