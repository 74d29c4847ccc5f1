//! Rows of extracts to FHIR R4 by a mapping file: a table of elements and the columns they come from, without code.
//!
//! How an element is written follows from its type in FHIR, so a mapping says only where it comes from. A row makes all its
//! resources or none: what is wrong with it is told by column, and holds nothing of what stands there.

mod plan;

mod codes;

mod columns;

mod build;

mod condition;

mod write;

mod value;

mod moment;

use std::borrow::Cow;
use std::fmt;

use clinical::{MessageId, SiteKey};
use formats::csv::Dialect;
use formats::fhir::validate::{IssueCode, Severity, validate};
use formats::hl7v2::Charset;

use crate::source::Zone;
use build::Made;
pub use codes::codes;
use columns::Columns;
pub use plan::{ConditionPlan, Decimal, ElementPlan, Layout, Plan, ResourcePlan, Unknown};

/// A mistake in a mapping file, or an extract that does not fit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the mapping file, such as `resource 1 (Observation), valueQuantity`.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
    /// Whether the extract has a column twice that the mapping uses.
    pub is_column_twice: bool,
}

impl Problem {
    fn new(place: &str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            what: what.into(),
            hint: hint.into(),
            is_column_twice: false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.what, self.hint)
    }
}

/// A mapping file that means something.
#[derive(Clone, Debug)]
pub struct Extract {
    plan: Plan,
    dialect: Dialect,
    charset: Charset,
    zone: Option<Zone>,
}

/// A mapping on the columns of one extract.
#[derive(Clone, Debug)]
pub struct Bound {
    makes: Vec<Made>,
    columns: Vec<String>,
    charset: Charset,
    empty: Vec<String>,
}

/// What is known of a row beside what stands in it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The source's name: ids are its.
    pub source: &'a str,
    /// The site's key: ids are pseudonyms.
    pub site: &'a SiteKey,
    /// How many rows before this one say exactly the same; only asked for where [`Bound::counts_equal_rows`].
    pub equal_before: u32,
}

/// A resource that a row makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub resource_type: Box<str>,
    /// Its id: the same whenever the row says so again.
    pub id: Box<str>,
    /// It, as JSON.
    pub json: Vec<u8>,
}

/// Why a row makes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name that reports use; it never changes.
    pub code: &'static str,
    /// The column, where it is one column's.
    pub column: Option<Box<str>>,
    /// What to do.
    pub hint: &'static str,
}

impl Extract {
    /// Takes a mapping file; all its mistakes are told together.
    ///
    /// # Errors
    /// When it cannot mean anything.
    pub fn new(plan: Plan) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let place = "[extract]";
        let mut byte = |name: &str, text: &str| match (text, text.as_bytes()) {
            ("tab", _) => Some(b'\t'),
            (_, [byte]) if !byte.is_ascii_alphanumeric() && !matches!(byte, b'\r' | b'\n') => {
                Some(*byte)
            }
            _ => {
                let what = format!("{name} is not one character");
                let hint = "such as \",\", \";\", \"|\" or \"tab\"";
                problems.push(Problem::new(place, what, hint));
                None
            }
        };
        let delimiter = byte("delimiter", &plan.extract.delimiter);
        let quote = match plan.extract.quote.as_str() {
            "" => Some(None),
            text => byte("quote", text).map(Some),
        };
        if delimiter.is_some() && quote == Some(delimiter) {
            let what = "delimiter and quote are the same";
            problems.push(Problem::new(place, what, "no row could be read by them"));
        }
        let is_split = delimiter == Some(b',') && quote == Some(None);
        if is_split && plan.extract.decimal == Decimal::Comma {
            let what = "numbers with a comma would be taken apart by the delimiter";
            let hint = "name a quote, or another delimiter";
            problems.push(Problem::new(place, what, hint));
        }
        let charset = Charset::from_name(&plan.extract.encoding)
            .filter(|charset| !charset.may_hold_separators());
        if charset.is_none() {
            let hint = "such as \"UTF-8\", \"8859/1\" (which is read as windows-1252) or another of HL7 table 0211 whose letters hold no commas";
            problems.push(Problem::new(place, "encoding is none that is read", hint));
        }
        let zone = match plan.extract.zone.as_deref().map(Zone::parse).transpose() {
            Ok(zone) => zone,
            Err(error) => {
                let what = error.to_string();
                problems.push(Problem::new(
                    place,
                    what,
                    "or leave it out for the source's zone",
                ));
                None
            }
        };
        let dialect = Dialect {
            delimiter: delimiter.unwrap_or_default(),
            quote: quote.flatten(),
        };
        let columns = match plan.extract.columns.as_slice() {
            [] => Columns::Any,
            named => Columns::Named(named),
        };
        let zone_or_utc = zone.as_ref().unwrap_or(&Zone::UTC);
        if let Err(more) = build::build(&plan, &columns, zone_or_utc) {
            problems.extend(more);
        }
        match charset {
            Some(charset) if problems.is_empty() => Ok(Self {
                plan,
                dialect,
                charset,
                zone,
            }),
            _ => Err(problems),
        }
    }

    /// Gives what takes its rows apart.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Tells whether the first row names the columns.
    pub const fn has_header(&self) -> bool {
        self.plan.extract.columns.is_empty()
    }

    /// Finds the columns in the header that an extract has, as it was sent; where it has none, give no fields.
    ///
    /// # Errors
    /// When the mapping asks for a column that is not there, or is there twice.
    pub fn bind<'h>(
        &self,
        header: impl IntoIterator<Item = &'h [u8]>,
        source_zone: &Zone,
    ) -> Result<Bound, Vec<Problem>> {
        let columns: Vec<String> = if self.has_header() {
            let names = header.into_iter().map(|field| self.charset.decode(field));
            names.map(|name| name.trim().to_owned()).collect()
        } else {
            self.plan.extract.columns.clone()
        };
        let zone = self.zone.as_ref().unwrap_or(source_zone);
        let makes = build::build(&self.plan, &Columns::Named(&columns), zone)?;
        Ok(Bound {
            makes,
            columns,
            charset: self.charset,
            empty: self.plan.extract.empty.clone(),
        })
    }
}

impl Bound {
    /// Tells whether rows that say the same are told apart by their number: where a resource has no columns that name it.
    pub fn counts_equal_rows(&self) -> bool {
        self.makes.iter().any(Made::is_named_by_row)
    }

    /// Gives the name of what a row says: the same for rows that say the same.
    pub fn row_name<'r>(fields: impl IntoIterator<Item = &'r [u8]>) -> MessageId {
        let fields: Vec<&[u8]> = fields.into_iter().collect();
        MessageId::derive(&fields)
    }

    /// Makes the resources of a row, or says why not.
    ///
    /// # Errors
    /// When any of them cannot be made: all that is wrong with the row.
    pub fn row<'r>(
        &self,
        fields: impl IntoIterator<Item = &'r [u8]>,
        about: &About<'_>,
    ) -> Result<Vec<Resource>, Vec<Refusal>> {
        let raw: Vec<&[u8]> = fields.into_iter().collect();
        if raw.len() != self.columns.len() {
            return Err(vec![Refusal {
                code: "field-count",
                column: None,
                hint: "give each row as many fields as there are columns",
            }]);
        }
        let mut refusals = Vec::new();
        let mut texts: Vec<Cow<'_, str>> = Vec::with_capacity(raw.len());
        for (number, field) in raw.iter().enumerate() {
            match self.charset.decode_exactly(field) {
                Some(text) => texts.push(text),
                None => {
                    texts.push(Cow::Borrowed(""));
                    refusals.push(self.refusal(
                        number,
                        "not-in-charset",
                        "name the character set of the file as encoding in [extract]",
                    ));
                }
            }
        }
        let field = |number: usize| -> Option<&str> {
            let text = texts.get(number)?.trim();
            let is_empty = text.is_empty() || self.empty.iter().any(|empty| empty == text);
            (!is_empty).then_some(text)
        };
        let name = Self::row_name(raw.iter().copied());
        let row = write::RowText {
            field: &field,
            about,
            name,
        };
        let mut made = Vec::with_capacity(self.makes.len());
        for resource in &self.makes {
            made.extend(resource.write(&row, &mut |column, code, hint| {
                refusals.push(match column {
                    Some(column) => self.refusal(column, code, hint),
                    None => Refusal {
                        code,
                        column: None,
                        hint,
                    },
                });
            }));
        }
        if refusals.is_empty() {
            refusals.extend(made.iter().filter_map(invalid));
        }
        match refusals.is_empty() {
            true => Ok(made),
            false => Err(refusals),
        }
    }

    fn refusal(&self, column: usize, code: &'static str, hint: &'static str) -> Refusal {
        Refusal {
            code,
            column: self.columns.get(column).map(|name| name.as_str().into()),
            hint,
        }
    }
}

/// Says why a resource is not written: what is made here is valid FHIR, or nothing.
fn invalid(resource: &Resource) -> Option<Refusal> {
    let issues = validate(&resource.json);
    let wrong = issues
        .iter()
        .find(|issue| issue.severity > Severity::Warning)?;
    let (code, hint) = match wrong.code {
        IssueCode::Required => (
            "element-missing",
            "FHIR asks for an element that this row has nothing for: give it a value, or say in `when` which rows make what asks for it",
        ),
        IssueCode::Value | IssueCode::Structure => (
            "value-not-allowed",
            "FHIR does not allow a value as it stands there: look at control characters, blanks in codes and addresses, and base64",
        ),
        _ => (
            "not-valid",
            "FHIR does not allow what this row says together: say in `when` what goes with what, and see `pulsewire validate` for the rule",
        ),
    };
    Some(Refusal {
        code,
        column: None,
        hint,
    })
}

#[cfg(test)]
mod tests;
