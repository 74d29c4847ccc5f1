//! The tables that are read, and the fields of a row by the names of their columns.

use std::str::FromStr;

use clinical::{Decimal, EventTime};

/// A table that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `patients`.
    Patients,
    /// `admissions`.
    Admissions,
    /// `icustays`.
    Stays,
    /// `chartevents`.
    Charted,
    /// `labevents`.
    Laboratory,
    /// `outputevents`.
    Output,
    /// `inputevents`, or `inputevents_mv`.
    Infusions,
    /// `inputevents_cv`.
    OlderInfusions,
    /// `microbiologyevents`.
    Cultures,
    /// `prescriptions`.
    Prescriptions,
}

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The header lacks a column.
    #[error(
        "{table} has no column `{column}`: give the tables with the columns of MIMIC-III or MIMIC-IV"
    )]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A field is not what its column holds.
    #[error(
        "{table}, row {row}: what stands in `{column}` is not {wanted}: was the file changed or cut off?"
    )]
    Field {
        /// The table.
        table: &'static str,
        /// The row, counted from 1, the header included.
        row: u64,
        /// The column.
        column: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
}

/// A column: what we call it, the other name that it has in some editions, and whether a table must have it.
type Column = (&'static str, &'static str, bool);

const SUBJECT: Column = ("subject_id", "", true);
const ITEM: Column = ("itemid", "", true);
const AT: Column = ("charttime", "", true);
const STORED: Column = ("storetime", "", false);
const VALUE: Column = ("value", "", true);
const NUMBER: Column = ("valuenum", "", true);

impl Table {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Patients,
        Self::Admissions,
        Self::Stays,
        Self::Charted,
        Self::Laboratory,
        Self::Output,
        Self::Infusions,
        Self::OlderInfusions,
        Self::Cultures,
        Self::Prescriptions,
    ];

    /// Gives its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patients => "patients",
            Self::Admissions => "admissions",
            Self::Stays => "icustays",
            Self::Charted => "chartevents",
            Self::Laboratory => "labevents",
            Self::Output => "outputevents",
            Self::Infusions => "inputevents",
            Self::OlderInfusions => "inputevents_cv",
            Self::Cultures => "microbiologyevents",
            Self::Prescriptions => "prescriptions",
        }
    }

    /// Finds the table of a name, such as that of its file without endings.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "inputevents_mv" => Self::Infusions.name(),
            name => name,
        };
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Patients => &[
                SUBJECT,
                ("gender", "", true),
                ("dob", "", false),
                ("anchor_year", "", false),
                ("anchor_age", "", false),
            ],
            Self::Admissions => &[SUBJECT, ("admittime", "", true), ("deathtime", "", true)],
            Self::Stays => &[
                SUBJECT,
                ("stay_id", "icustay_id", true),
                ("intime", "", true),
                ("outtime", "", true),
                ("first_careunit", "", true),
            ],
            Self::Charted => &[
                SUBJECT,
                ITEM,
                AT,
                STORED,
                VALUE,
                NUMBER,
                ("error", "", false),
            ],
            Self::Laboratory => &[SUBJECT, ITEM, AT, STORED, VALUE, NUMBER],
            Self::Output => &[SUBJECT, ITEM, AT, STORED, VALUE, ("iserror", "", false)],
            Self::Infusions => &[
                SUBJECT,
                ITEM,
                STORED,
                ("starttime", "", true),
                ("endtime", "", true),
                ("rate", "", true),
                ("rateuom", "", true),
                ("statusdescription", "", true),
            ],
            Self::OlderInfusions => &[
                SUBJECT,
                ITEM,
                AT,
                STORED,
                ("rate", "", true),
                ("stopped", "", true),
            ],
            Self::Cultures => &[
                SUBJECT,
                AT,
                ("chartdate", "", true),
                ("spec_type_desc", "", true),
            ],
            Self::Prescriptions => &[
                SUBJECT,
                ("starttime", "startdate", true),
                ("drug", "", true),
            ],
        }
    }
}

/// Where the columns of a table stand.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    table: Table,
    places: Vec<Option<usize>>,
}

impl Columns {
    pub(super) fn find<'h>(
        table: Table,
        header: impl IntoIterator<Item = &'h [u8]>,
    ) -> Result<Self, Error> {
        let header: Vec<String> = header
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
            .collect();
        let place = |name: &str| header.iter().position(|known| known == name);
        let columns = table.columns().iter();
        let places =
            columns.map(
                |(name, other, is_needed)| match place(name).or_else(|| place(other)) {
                    None if *is_needed => Err(Error::Column {
                        table: table.name(),
                        column: name,
                    }),
                    found => Ok(found),
                },
            );
        Ok(Self {
            table,
            places: places.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn row<'f>(
        &self,
        number: u64,
        fields: impl IntoIterator<Item = &'f [u8]>,
    ) -> Row<'f> {
        let mut found = [""; COLUMNS_MAX];
        for (at, field) in fields.into_iter().enumerate() {
            let slot = self.places.iter().position(|place| *place == Some(at));
            if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
                *slot = std::str::from_utf8(field).unwrap_or_default();
            }
        }
        Row {
            table: self.table,
            number,
            found,
        }
    }
}

/// No table is read for more columns.
const COLUMNS_MAX: usize = 8;

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'f> {
    table: Table,
    number: u64,
    found: [&'f str; COLUMNS_MAX],
}

impl<'f> Row<'f> {
    pub(super) const fn table(&self) -> Table {
        self.table
    }

    /// Gives a field; empty where there is nothing.
    pub(super) fn text(&self, column: &str) -> &'f str {
        let mut columns = self.table.columns().iter();
        let place = columns.position(|(name, ..)| *name == column);
        let found = place.and_then(|place| self.found.get(place));
        found.copied().unwrap_or_default()
    }

    /// Gives a whole number, which must be there.
    pub(super) fn id(&self, column: &'static str) -> Result<i64, Error> {
        let parsed = self.text(column).trim().parse();
        parsed.map_err(|_| self.wrong(column, "a whole number"))
    }

    /// Gives a number, where one is.
    pub(super) fn number(&self, column: &'static str) -> Result<Option<Decimal>, Error> {
        let text = self.text(column).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let value = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text));
        let value = value.map_err(|_| self.wrong(column, "a number"))?;
        Ok(Some(value))
    }

    /// Gives a time such as `2107-03-24 04:35:00`, where one is.
    pub(super) fn time(&self, column: &'static str) -> Result<Option<EventTime>, Error> {
        let text = self.text(column).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
        let at = EventTime::parse(&format!("{day}T{clock}Z"));
        at.map(Some).ok_or_else(|| self.wrong(column, "a time"))
    }

    const fn wrong(&self, column: &'static str, wanted: &'static str) -> Error {
        Error::Field {
            table: self.table.name(),
            row: self.number,
            column,
            wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_has_more_columns_than_a_row_holds() {
        for table in Table::ALL {
            assert!(table.columns().len() <= COLUMNS_MAX, "{table:?}");
            assert_eq!(Table::named(table.name()), Some(table));
        }
        assert_eq!(Table::named("INPUTEVENTS_MV"), Some(Table::Infusions));
        assert_eq!(Table::named("d_items"), None);
    }
}
