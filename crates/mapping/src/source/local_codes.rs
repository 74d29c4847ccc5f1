//! What a sender's own codes mean: by where they stand, their coding system, and the code.

use std::fmt;

/// So many codes of one sender are taken in: the largest laboratories have some ten thousand tests.
pub const LOCAL_CODES_MAX: usize = 50_000;

/// What a sender's own code means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCode {
    /// The system's URI.
    pub system: Box<str>,
    /// The code in it.
    pub code: Box<str>,
    /// The words for it; may be empty.
    pub display: Box<str>,
}

/// Where a code stands for a rule to speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// In any coded field.
    #[default]
    Anywhere,
    /// In a field whose codes are those of an HL7 table, by its four digits.
    Table(Box<str>),
    /// In one field, by its segment and number.
    Field(Box<str>, usize),
}

/// One of a sender's own codes, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRule {
    /// Where the code stands.
    pub place: Where,
    /// The sender's name of its coding system; any where nothing is said.
    pub system: Option<Box<str>>,
    /// The code as sent.
    pub from: Box<str>,
    /// What it means.
    pub to: LocalCode,
}

/// The place in a message at which a code was met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing<'a> {
    /// The segment's name.
    pub segment: &'a str,
    /// The field's number.
    pub field: usize,
    /// The HL7 table that its codes are of, if any.
    pub table: Option<&'a str>,
}

/// A sender's own codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalCodes {
    /// By the code as sent.
    rules: Vec<LocalRule>,
}

/// A row that says nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct LocalCodeError {
    /// The line, counted from 1; 0 where it is not of a file.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl LocalCodeError {
    fn new(problem: impl Into<String>, hint: &'static str) -> Self {
        Self {
            line: 0,
            problem: problem.into(),
            hint,
        }
    }
}

impl Where {
    /// Reads `OBX-3`, `0078`, or `*` or nothing for anywhere.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, LocalCodeError> {
        let is_table = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        if matches!(text, "" | "*") {
            return Ok(Self::Anywhere);
        }
        if is_table(text) {
            return Ok(Self::Table(text.into()));
        }
        let field = text.split_once('-').and_then(|(segment, field)| {
            let named = segment.len() == 3
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let number = field.parse().ok().filter(|number| *number > 0)?;
            named.then(|| Self::Field(segment.into(), number))
        });
        field.ok_or_else(|| {
            LocalCodeError::new(
                format!("`{text}` is no place of a code"),
                "name a field such as OBX-3, an HL7 table such as 0078, or * for any coded field",
            )
        })
    }

    fn speaks_of(&self, at: Standing<'_>) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Table(table) => at.table == Some(table),
            Self::Field(segment, field) => &**segment == at.segment && *field == at.field,
        }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => f.write_str("*"),
            Self::Table(table) => f.write_str(table),
            Self::Field(segment, field) => write!(f, "{segment}-{field}"),
        }
    }
}

impl LocalRule {
    /// Makes a rule of what a row says; `from` is a code, or the sender's coding system and a code as `L|GLU`.
    ///
    /// # Errors
    /// When a part is missing or cannot be.
    pub fn new(place: &str, from: &str, to: LocalCode) -> Result<Self, LocalCodeError> {
        let place = Where::parse(place)?;
        let (system, from) = match from.split_once('|') {
            Some((system, from)) => (Some(system.trim().into()), from.trim()),
            None => (None, from.trim()),
        };
        if from.is_empty() {
            return Err(LocalCodeError::new(
                "the code as sent is missing",
                "give it as from: GLU, or with the sender's coding system as L|GLU",
            ));
        }
        if !to.system.contains(':') || to.system.contains(char::is_whitespace) {
            return Err(LocalCodeError::new(
                format!("`{}` is no URI of a coding system", to.system),
                "give the system's URI, such as http://loinc.org or http://snomed.info/sct",
            ));
        }
        if to.code.is_empty() {
            return Err(LocalCodeError::new(
                format!("what `{from}` means is missing"),
                "give the code that it has in the system",
            ));
        }
        Ok(Self {
            place,
            system,
            from: from.into(),
            to,
        })
    }

    /// How particular it is: a field says more than a table, and that more than nothing.
    fn rank(&self) -> (u8, bool) {
        let place = match self.place {
            Where::Anywhere => 0,
            Where::Table(_) => 1,
            Where::Field(..) => 2,
        };
        (place, self.system.is_some())
    }
}

impl LocalCodes {
    /// Takes in what a code means wherever it stands; `L|GLU` speaks of one coding system only. A later one replaces it.
    pub fn insert(&mut self, from: Box<str>, to: LocalCode) {
        let (system, from) = match from.split_once('|') {
            Some((system, code)) => (Some(system.into()), code.into()),
            None => (None, from),
        };
        let rule = LocalRule {
            place: Where::Anywhere,
            system,
            from,
            to,
        };
        match self.place(&rule) {
            Ok(index) => {
                if let Some(slot) = self.rules.get_mut(index) {
                    *slot = rule;
                }
            }
            Err(index) => self.rules.insert(index, rule),
        }
    }

    /// Takes in many rules.
    ///
    /// # Errors
    /// When two speak of the same code at the same place, or there are too many: with the number of the rule.
    pub fn from_rules(mut rules: Vec<LocalRule>) -> Result<Self, (usize, LocalCodeError)> {
        if rules.len() > LOCAL_CODES_MAX {
            let problem = format!("there are more than {LOCAL_CODES_MAX} codes");
            return Err((
                LOCAL_CODES_MAX,
                LocalCodeError::new(problem, "leave out what the sender does not send"),
            ));
        }
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by(|a, b| rules.get(*a).map(key).cmp(&rules.get(*b).map(key)));
        for pair in order.windows(2) {
            let [first, second] = pair else { continue };
            if let (Some(one), Some(other)) = (rules.get(*first), rules.get(*second))
                && key(one) == key(other)
            {
                let problem = format!("`{}` has a meaning at {} already", one.from, one.place);
                return Err((
                    *second,
                    LocalCodeError::new(problem, "leave one of the two rows"),
                ));
            }
        }
        rules.sort_by(|a, b| key(a).cmp(&key(b)));
        Ok(Self { rules })
    }

    /// Reads a table: where, from, system, code and display, separated by tabs; lines with `#` are comments.
    ///
    /// # Errors
    /// All mistakes, each with its line.
    pub fn read(text: &str) -> Result<Self, Vec<LocalCodeError>> {
        let mut rules = Vec::new();
        let mut lines = Vec::new();
        let mut mistakes = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match row(line) {
                Ok(rule) => {
                    rules.push(rule);
                    lines.push(number);
                }
                Err(error) => mistakes.push(LocalCodeError {
                    line: number,
                    ..error
                }),
            }
        }
        let codes = Self::from_rules(rules);
        match codes {
            Ok(codes) if mistakes.is_empty() => Ok(codes),
            Ok(_) => Err(mistakes),
            Err((index, error)) => {
                let line = lines.get(index).copied().unwrap_or_default();
                mistakes.push(LocalCodeError { line, ..error });
                Err(mistakes)
            }
        }
    }

    /// Says whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Counts them.
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Finds what a code means: the rule that says most about where it stands wins.
    pub fn find(&self, at: Standing<'_>, system: &str, code: &str) -> Option<&LocalCode> {
        if self.rules.is_empty() {
            return None;
        }
        let start = self.rules.partition_point(|rule| &*rule.from < code);
        let rules = self.rules.get(start..)?;
        let same = rules.iter().take_while(|rule| &*rule.from == code);
        let fits = |rule: &&LocalRule| {
            rule.place.speaks_of(at) && rule.system.as_deref().is_none_or(|known| known == system)
        };
        same.filter(fits)
            .max_by_key(|rule| rule.rank())
            .map(|rule| &rule.to)
    }

    fn place(&self, rule: &LocalRule) -> Result<usize, usize> {
        self.rules
            .binary_search_by(|known| key(known).cmp(&key(rule)))
    }
}

fn key(rule: &LocalRule) -> (&str, &Where, Option<&str>) {
    (&rule.from, &rule.place, rule.system.as_deref())
}

fn row(line: &str) -> Result<LocalRule, LocalCodeError> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [place, from, system, code, rest @ ..] = cells.as_slice() else {
        return Err(LocalCodeError::new(
            format!("the row has {} of 5 cells", cells.len()),
            "write where, from, system, code and display, separated by tabs",
        ));
    };
    let to = LocalCode {
        system: (*system).into(),
        code: (*code).into(),
        display: rest.first().copied().unwrap_or_default().into(),
    };
    LocalRule::new(place, from, to)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const TABLE: &str = "# where\tfrom\tsystem\tcode\tdisplay\n\
        *\tK\thttp://loinc.org\t1\tanywhere\n\
        *\tL|K\thttp://loinc.org\t2\tanywhere in L\n\
        0078\tK\thttp://loinc.org\t3\tin the table\n\
        OBX-3\tK\thttp://loinc.org\t4\tin the field\n\
        OBX-3\tL|K\thttp://loinc.org\t5\n";

    fn found(segment: &str, field: usize, table: Option<&str>, system: &str) -> String {
        let codes = LocalCodes::read(TABLE).unwrap();
        let at = Standing {
            segment,
            field,
            table,
        };
        assert_eq!(codes.find(at, system, "NA"), None);
        let code = codes.find(at, system, "K");
        code.map_or_else(String::new, |to| to.code.to_string())
    }

    #[test]
    fn the_rule_that_says_most_wins() {
        assert_eq!(found("OBR", 4, None, ""), "1");
        assert_eq!(found("OBR", 4, None, "L"), "2");
        assert_eq!(found("OBX", 8, Some("0078"), "L"), "3");
        assert_eq!(found("OBX", 3, Some("0078"), ""), "4");
        assert_eq!(found("OBX", 3, None, "L"), "5");
    }

    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
    fn check(table: &str, expected: Expect) {
        let told = match LocalCodes::read(table) {
            Ok(codes) => format!("{} code(s)", codes.len()),
            Err(mistakes) => mistakes
                .iter()
                .map(|mistake| {
                    format!(
                        "line {}: {mistake}\n  hint: {}\n",
                        mistake.line, mistake.hint
                    )
                })
                .collect(),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn every_mistake_of_a_table_is_told_with_its_line() {
        check(TABLE, expect!["5 code(s)"]);
        check("", expect!["0 code(s)"]);
        check(
            "OBX-3\tK\thttp://loinc.org\n\
             potassium\tK\thttp://loinc.org\t2823-3\n\
             *\t\thttp://loinc.org\t2823-3\n\
             *\tK\tLN\t2823-3\n\
             *\tNA\thttp://loinc.org\t\n\
             *\tGLU\thttp://loinc.org\t2345-7\n\
             # the same again\n\
             *\tGLU\thttp://loinc.org\t2339-0\n",
            expect![[r#"
                line 1: the row has 3 of 5 cells
                  hint: write where, from, system, code and display, separated by tabs
                line 2: `potassium` is no place of a code
                  hint: name a field such as OBX-3, an HL7 table such as 0078, or * for any coded field
                line 3: the code as sent is missing
                  hint: give it as from: GLU, or with the sender's coding system as L|GLU
                line 4: `LN` is no URI of a coding system
                  hint: give the system's URI, such as http://loinc.org or http://snomed.info/sct
                line 5: what `NA` means is missing
                  hint: give the code that it has in the system
                line 8: `GLU` has a meaning at * already
                  hint: leave one of the two rows
            "#]],
        );
    }

    #[test]
    fn codes_have_a_limit() {
        let table = |count: usize| -> String {
            let row = |number| format!("*\tC{number}\thttp://loinc.org\t{number}\n");
            (0..count).map(row).collect()
        };
        for (count, fits) in [
            (LOCAL_CODES_MAX - 1, true),
            (LOCAL_CODES_MAX, true),
            (LOCAL_CODES_MAX + 1, false),
        ] {
            assert_eq!(LocalCodes::read(&table(count)).is_ok(), fits, "{count}");
        }
    }
}
