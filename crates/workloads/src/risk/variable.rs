//! What the model may read: the rows that the training script reads, too.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../../../../models/sepsis-risk/variables.tsv");

static VARIABLES: LazyLock<Vec<Variable>> = LazyLock::new(|| {
    let lines = TABLE.lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .zip(0..)
        .map(|(line, place)| row(place, line).expect("every row is a variable, as a test shows"))
        .collect()
});

/// Whether a variable is charted at the bedside or comes from a laboratory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A vital sign.
    Vital,
    /// A laboratory result, or a setting charted with them.
    Laboratory,
}

/// Something that is measured, with the unit and limits of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its word in the names of features.
    pub word: &'static str,
    /// Where it comes from.
    pub kind: Kind,
    /// The least value that is used.
    pub least: f64,
    /// The greatest value that is used.
    pub most: f64,
    /// The unit of its values, as UCUM writes it.
    pub unit: &'static str,
    /// LOINC codes of the same quantity.
    pub loinc: Vec<&'static str>,
    /// Its name for a clinician.
    pub name: &'static str,
    place: usize,
}

impl Variable {
    /// Gives all variables.
    pub fn all() -> &'static [Self] {
        &VARIABLES
    }

    /// Finds the variable of a word.
    pub fn find(word: &str) -> Option<&'static Self> {
        Self::all().iter().find(|variable| variable.word == word)
    }

    /// Finds the variable that a LOINC code measures.
    pub fn of_loinc(code: &str) -> Option<&'static Self> {
        Self::all()
            .iter()
            .find(|variable| variable.loinc.contains(&code))
    }

    /// Says whether a value is within its limits; what is not, is not used.
    pub fn is_usable(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }

    /// Gives its place among all.
    pub(super) const fn place(&self) -> usize {
        self.place
    }
}

fn row(place: usize, line: &'static str) -> Option<Variable> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [word, kind, least, most, unit, loinc, name] = cells.as_slice() else {
        return None;
    };
    Some(Variable {
        word,
        kind: match *kind {
            "vital" => Kind::Vital,
            "laboratory" => Kind::Laboratory,
            _ => return None,
        },
        least: least.parse().ok()?,
        most: most.parse().ok()?,
        unit,
        loinc: loinc.split(',').collect(),
        name,
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_back_and_no_code_means_two_things() {
        assert_eq!(Variable::all().len(), 34);
        for (place, variable) in Variable::all().iter().enumerate() {
            assert_eq!(
                Variable::find(variable.word).map(Variable::place),
                Some(place)
            );
            assert!(variable.least < variable.most, "{}", variable.word);
            for code in &variable.loinc {
                assert_eq!(Variable::of_loinc(code), Some(variable), "{code}");
            }
        }
    }

    #[test]
    fn a_value_is_used_up_to_its_limits_and_not_beyond() {
        let saturation = Variable::find("O2Sat").unwrap();
        for (value, used) in [(19.9, false), (20.0, true), (100.0, true), (100.1, false)] {
            assert_eq!(saturation.is_usable(value), used, "{value}");
        }
        assert!(!saturation.is_usable(f64::NAN));
    }
}
