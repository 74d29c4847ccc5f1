//! From a raw score to the probability that held on held-out patients: straight lines between knots that never fall.

use super::table::{TableError, rows};

/// The most knots of a calibration.
pub(super) const MAX_KNOTS: usize = 1_000;

const TABLE: &str = "calibration.tsv";

/// A map from score to probability that never falls.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Score and probability, in the order of scores.
    knots: Vec<(f64, f64)>,
}

impl Calibration {
    /// Reads rows of a score and its probability, both rising.
    ///
    /// # Errors
    /// When a row is not two numbers, falls behind the one before it, or there are none or too many.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut knots: Vec<(f64, f64)> = Vec::new();
        for row in rows(TABLE, text) {
            let knot = (row.number(0, "a score")?, row.share(1, "its probability")?);
            if row.cells.len() != 2 {
                return Err(row.error("write a score, a tab and its probability"));
            }
            if let Some(last) = knots.last()
                && (knot.0 <= last.0 || knot.1 < last.1)
            {
                return Err(row.error(
                    "scores rise and probabilities do not fall: fit it again with train.py",
                ));
            }
            if knots.len() == MAX_KNOTS {
                return Err(row.error(format!(
                    "there are more than {MAX_KNOTS} knots: thin them out"
                )));
            }
            knots.push(knot);
        }
        if knots.is_empty() {
            return Err(TableError {
                table: TABLE,
                line: text.lines().count().max(1),
                problem: "there is no row: fit it with train.py".into(),
            });
        }
        Ok(Self { knots })
    }

    /// Gives the probability of a score: on the line between two knots, and that of the outermost one beyond.
    pub fn probability(&self, score: f64) -> f64 {
        let place = self.knots.partition_point(|(at, _)| *at <= score);
        let after = self.knots.get(place);
        let before = place.checked_sub(1).and_then(|place| self.knots.get(place));
        match (before, after) {
            (Some((low, from)), Some((high, to))) => {
                from + (to - from) * ((score - low) / (high - low))
            }
            (Some((_, only)), None) | (None, Some((_, only))) => *only,
            (None, None) => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_lies_on_the_line_between_knots() {
        let calibration =
            Calibration::parse("# score\tprobability\n-2\t0.01\n0\t0.05\n2\t0.45\n").unwrap();
        for (score, expected) in [
            (-9.0, 0.01),
            (-2.0, 0.01),
            (-1.0, 0.03),
            (0.0, 0.05),
            (1.0, 0.25),
            (9.0, 0.45),
        ] {
            assert!(
                (calibration.probability(score) - expected).abs() < 1e-12,
                "{score}"
            );
        }
    }

    #[test]
    fn what_is_no_calibration_is_refused_with_its_line() {
        for (text, line, word) in [
            ("", 1, "no row"),
            ("1\t0.1\nx\t0.2", 2, "a score"),
            ("1\t1.1", 1, "from 0 to 1"),
            ("1\t0.1\n1\t0.2", 2, "rise"),
            ("1\t0.2\n2\t0.1", 2, "not fall"),
            ("1\t0.2\t3", 1, "a tab"),
            ("1", 1, "probability"),
            ("inf\t0.2", 1, "a score"),
        ] {
            let error = Calibration::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn knots_are_limited() {
        let knots = |count: usize| {
            (0..count)
                .map(|place| format!("{place}\t0.5\n"))
                .collect::<String>()
        };
        assert!(Calibration::parse(&knots(MAX_KNOTS - 1)).is_ok());
        assert!(Calibration::parse(&knots(MAX_KNOTS)).is_ok());
        assert!(Calibration::parse(&knots(MAX_KNOTS + 1)).is_err());
    }
}
