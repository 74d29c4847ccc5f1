//! What a mapping file of an extract may say, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A mapping file: how an extract is laid out, and which resources a row makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How the file is laid out.
    #[serde(default)]
    pub extract: Layout,
    /// The resources that each row makes.
    #[serde(default)]
    pub resource: Vec<ResourcePlan>,
    /// Tables of codes by name: a code as the extract has it, and what it means.
    #[serde(default)]
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Files with such tables: CSV with the columns `from`, `system`, `code` and `display`.
    #[serde(default)]
    pub code_files: BTreeMap<String, String>,
}

/// How an extract is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layout {
    /// What comes between fields: one character, or `tab`.
    pub delimiter: String,
    /// What stands around fields; empty where nothing is quoted.
    pub quote: String,
    /// The columns, where the first row does not name them.
    pub columns: Vec<String>,
    /// The character set.
    pub encoding: String,
    /// The zone of times without an offset; the source's where nothing is said.
    pub zone: Option<String>,
    /// What means that nothing is known, beside an empty field.
    pub empty: Vec<String>,
    /// What begins the fraction of a number.
    pub decimal: Decimal,
}

/// What begins the fraction of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Decimal {
    /// `4.5`
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `4,5`
    #[serde(rename = ",")]
    Comma,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            delimiter: ",".into(),
            quote: "\"".into(),
            columns: Vec::new(),
            encoding: "UTF-8".into(),
            zone: None,
            empty: Vec::new(),
            decimal: Decimal::Point,
        }
    }
}

/// A resource that a row makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourcePlan {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The columns that name it: rows with the same values in them speak of one resource. Without any, each row is one.
    #[serde(default)]
    pub id: Vec<String>,
    /// When a row makes it: all of these must hold.
    #[serde(default)]
    pub when: Vec<ConditionPlan>,
    /// What is written in it.
    #[serde(default)]
    pub element: Vec<ElementPlan>,
}

/// What is written in one element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ElementPlan {
    /// Where, as FHIR names it in JSON: `valueQuantity`, `name[0].family`.
    pub path: String,
    /// The column it is from.
    pub column: Option<String>,
    /// The columns that name what is referred to, where it takes more than one.
    pub columns: Vec<String>,
    /// What is always written.
    pub fixed: Option<String>,
    /// The system of the code, of the identifier, or of the unit's code.
    pub system: Option<String>,
    /// The words for a code: a column.
    pub display: Option<String>,
    /// The table of codes that says what a value means.
    pub codes: Option<String>,
    /// What is done with a value that is not in the table.
    pub unknown: Unknown,
    /// The unit of a quantity: a column.
    pub unit: Option<String>,
    /// The unit of a quantity where it is always the same.
    pub fixed_unit: Option<String>,
    /// The table that says which UCUM code a unit is.
    pub units: Option<String>,
    /// How a date is written: `%d.%m.%Y %H:%M`, `epoch`, `epoch-ms`, or `minutes` after `anchor`.
    pub format: Option<String>,
    /// The time that `minutes` count from.
    pub anchor: Option<String>,
    /// The type of what is referred to.
    pub to: Option<String>,
    /// Whether a row without it is refused.
    pub required: bool,
    /// When it is written: all of these must hold.
    pub when: Vec<ConditionPlan>,
}

/// What is done with a value that its table of codes has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// The row is refused.
    #[default]
    Refuse,
    /// The value is written as it is, without a system.
    Keep,
    /// Nothing is written.
    LeaveOut,
}

/// Something that a row must have; exactly one of what it may say is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionPlan {
    /// The column that is looked at.
    pub column: String,
    /// It is this.
    pub equals: Option<String>,
    /// It is not this.
    pub not: Option<String>,
    /// It is one of these.
    pub one_of: Vec<String>,
    /// It is there, or is not.
    pub present: Option<bool>,
    /// It is a number, or is not.
    pub number: Option<bool>,
}
