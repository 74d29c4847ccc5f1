//! The columns of an extract, as a mapping file names them.

use super::Problem;

/// The columns that a mapping may name.
pub(super) enum Columns<'c> {
    /// Any: the extract is not known yet.
    Any,
    Named(&'c [String]),
}

impl Columns<'_> {
    pub(super) fn find(&self, name: &str, at: &str) -> Result<usize, Problem> {
        let Self::Named(names) = self else {
            return match name {
                "" => Err(Problem::new(
                    at,
                    "a column has no name",
                    "give the name that stands in the header",
                )),
                _ => Ok(0),
            };
        };
        let places = |is_it: &dyn Fn(&str) -> bool| {
            let mut places = (0..).zip(names.iter()).filter(|(_, known)| is_it(known));
            let first = places.next().map(|(place, _)| place);
            first.map(|first| (first, places.next().is_some()))
        };
        let exact = places(&|known| known == name);
        match exact.or_else(|| places(&|known| known.eq_ignore_ascii_case(name))) {
            Some((place, false)) => Ok(place),
            Some((_, true)) => {
                let what = format!("the extract has the column `{name}` twice");
                let hint = "have each column sent under a name of its own";
                Err(Problem {
                    is_column_twice: true,
                    ..Problem::new(at, what, hint)
                })
            }
            None => {
                let what = format!("the extract has no column `{name}`");
                let hint = "name one that stands in its header, or have it sent";
                Err(Problem::new(at, what, hint))
            }
        }
    }
}
