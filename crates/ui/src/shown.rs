//! Which rows of a long list are shown, and the way to the others: plain links, so that nothing is out of reach.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::number;

/// The part of a list that one page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    page: u64,
    total: u64,
}

impl Shown {
    /// So many rows are on a page.
    pub const ROWS: u64 = 200;

    /// The page that is wanted, counted from 1, of so many rows; the nearest one that there is.
    pub fn new(wanted: u64, total: u64) -> Self {
        let last = total.div_ceil(Self::ROWS).max(1);
        Self {
            page: wanted.clamp(1, last),
            total,
        }
    }

    /// The page, counted from 1.
    pub const fn page(self) -> u64 {
        self.page
    }

    /// Takes what is on the page of all rows.
    pub fn of<T>(self, rows: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        let rows_a_page = usize::try_from(Self::ROWS).unwrap_or(usize::MAX);
        let before = usize::try_from(self.before()).unwrap_or(usize::MAX);
        rows.into_iter().skip(before).take(rows_a_page)
    }

    /// How the page is named in an address; the first is not.
    pub(crate) fn query(self) -> Option<String> {
        Self::named(self.page)
    }

    fn named(page: u64) -> Option<String> {
        (page > 1).then(|| page.to_string())
    }

    const fn before(self) -> u64 {
        (self.page - 1) * Self::ROWS
    }

    fn last(self) -> u64 {
        self.total.min(self.before() + Self::ROWS)
    }

    /// The line under the list; `to` says where a page is.
    pub(crate) fn line(self, id: &'static str, to: impl Fn(Option<&str>) -> String) -> Pages {
        let link = |page: u64| to(Self::named(page).as_deref());
        Pages {
            id,
            shown: self,
            earlier: (self.page > 1).then(|| link(self.page - 1)),
            later: (self.last() < self.total).then(|| link(self.page + 1)),
        }
    }
}

/// What is shown of how many, and where the others are; nothing where all are shown.
#[derive(Template)]
#[template(path = "part/pages.html")]
pub(crate) struct Pages {
    id: &'static str,
    shown: Shown,
    earlier: Option<String>,
    later: Option<String>,
}

impl HtmlSafe for Pages {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_page() {
        for total in [0, 1, 199, 200, 201, 400, 401] {
            let mut seen = Vec::new();
            let pages = Shown::new(u64::MAX, total).page();
            for page in 1..=pages {
                seen.extend(Shown::new(page, total).of(0..total));
            }
            assert!(seen.into_iter().eq(0..total), "{total}");
        }
    }

    #[test]
    fn a_page_that_there_is_not_is_the_nearest() {
        assert_eq!(Shown::new(0, 500).page(), 1);
        assert_eq!(Shown::new(4, 500).page(), 3);
        assert_eq!(Shown::new(7, 0).page(), 1);
    }
}
