//! Who was on a device at what time, by what was said so far, in whatever order it was said.

use clinical::{PatientKey, SiteKey};

/// So much history is kept of a device; the oldest goes.
pub(super) const BINDINGS_MAX: usize = 64;
/// Who gives pseudonyms: an identifier of this authority is the patient's key itself.
pub(super) const PSEUDONYM: &str = "urn:pulsewire:patient";

/// A patient as a sender names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) authority: Box<str>,
    pub(super) identifier: Box<str>,
}

impl Named {
    /// The patient's key; `authority` gives the identifier where none was said.
    pub(super) fn key(&self, authority: &str, site: &SiteKey) -> PatientKey {
        let own = self
            .is_pseudonym()
            .then(|| PatientKey::parse(&self.identifier));
        let own = own.flatten();
        own.unwrap_or_else(|| site.patient(authority, &self.identifier))
    }

    pub(super) fn is_pseudonym(&self) -> bool {
        &*self.authority == PSEUDONYM
    }
}

/// From when to when somebody, or nobody, was on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) from: i64,
    pub(super) to: Option<i64>,
    pub(super) patient: Option<Named>,
}

impl Binding {
    /// Whether it says that it never was: it ends when it began.
    fn never_was(&self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    /// Whether it is the end of a stay at a bed, which says nothing of who else was put there.
    fn is_end_of_stay(&self) -> bool {
        self.to.is_some() && self.patient.as_ref().is_some_and(Named::is_pseudonym)
    }
}

/// The history of a device, by when each began; of one beginning the last word holds and stands last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bindings(Vec<Binding>);

impl Bindings {
    /// Takes in what is said: of the same beginning, the last word holds. Tells whether anything is new.
    pub(super) fn take(&mut self, said: Binding) -> bool {
        let start = self.0.partition_point(|known| known.from < said.from);
        let end = self.0.partition_point(|known| known.from <= said.from);
        let mut place = end;
        if let Some(known) = (start..end).find(|at| {
            self.0
                .get(*at)
                .is_some_and(|known| known.patient == said.patient)
        }) {
            let is_last = known + 1 == end;
            let same = self.0.get(known) == Some(&said);
            if same && (is_last || said.is_end_of_stay()) {
                return false;
            }
            self.0.remove(known);
            place = if said.is_end_of_stay() {
                known
            } else {
                end - 1
            };
        }
        self.0.insert(place, said);
        if self.0.len() > BINDINGS_MAX {
            self.0.remove(0);
        }
        true
    }

    /// Who was on it then: whoever came last before that, unless they had gone. What never was ends nobody.
    pub(super) fn at(&self, time: i64) -> Option<&Named> {
        let after = self.0.partition_point(|known| known.from <= time);
        let mut before = self.0.get(..after)?.iter().rev();
        let last = before.find(|known| !known.never_was())?;
        let had_gone = last.to.is_some_and(|to| time >= to);
        last.patient.as_ref().filter(|_| !had_gone)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Binding> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: i64, to: Option<i64>, who: Option<&str>) -> Binding {
        Binding {
            from,
            to,
            patient: who.map(|who| Named {
                authority: "H".into(),
                identifier: who.into(),
            }),
        }
    }

    fn at(bindings: &Bindings, time: i64) -> Option<&str> {
        bindings.at(time).map(|named| &*named.identifier)
    }

    #[test]
    fn whoever_comes_next_ends_it_and_a_gap_is_nobodys() {
        let mut bindings = Bindings::default();
        bindings.take(said(10, None, Some("a")));
        bindings.take(said(20, Some(30), Some("b")));
        assert_eq!(
            [9, 10, 19, 20, 29, 30].map(|t| at(&bindings, t)),
            [None, Some("a"), Some("a"), Some("b"), Some("b"), None]
        );
        bindings.take(said(15, None, None));
        assert_eq!(
            [14, 15, 19, 20].map(|t| at(&bindings, t)),
            [Some("a"), None, None, Some("b")]
        );
    }

    #[test]
    fn the_order_in_which_it_is_said_changes_nothing() {
        let all = [
            said(10, None, Some("a")),
            said(20, Some(30), Some("b")),
            said(40, None, None),
        ];
        let of = |order: [usize; 3]| {
            let mut bindings = Bindings::default();
            order.into_iter().for_each(|place| {
                bindings.take(all[place].clone());
            });
            bindings
        };
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(of(order), of([0, 1, 2]));
        }
    }

    #[test]
    fn the_last_word_of_a_beginning_holds() {
        let mut bindings = Bindings::default();
        assert!(bindings.take(said(10, None, Some("a"))));
        assert!(!bindings.take(said(10, None, Some("a"))));
        assert!(bindings.take(said(10, Some(12), Some("a"))));
        assert_eq!([11, 12].map(|t| at(&bindings, t)), [Some("a"), None]);
    }

    #[test]
    fn what_never_was_ends_nobody() {
        let mut bindings = Bindings::default();
        bindings.take(said(10, None, Some("a")));
        bindings.take(said(20, None, Some("b")));
        bindings.take(said(20, Some(20), Some("b")));
        assert_eq!([19, 20, 30].map(|t| at(&bindings, t)), [Some("a"); 3]);
    }

    #[test]
    fn the_end_of_a_stay_says_nothing_of_who_else_came_at_the_same_moment() {
        let stay = |to, who: &str| Binding {
            from: 10,
            to,
            patient: Some(Named {
                authority: PSEUDONYM.into(),
                identifier: who.into(),
            }),
        };
        for wrong in [Some(10), Some(12)] {
            let mut bindings = Bindings::default();
            bindings.take(stay(None, "a"));
            bindings.take(stay(None, "b"));
            assert!(bindings.take(stay(wrong, "a")));
            assert!(!bindings.take(stay(wrong, "a")));
            assert_eq!([10, 30].map(|t| at(&bindings, t)), [Some("b"); 2]);
            bindings.take(stay(Some(20), "b"));
            assert_eq!([19, 20].map(|t| at(&bindings, t)), [Some("b"), None]);
        }
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut bindings = Bindings::default();
        let take = |bindings: &mut Bindings, from| {
            bindings.take(said(from, None, Some("a")));
        };
        let most = i64::try_from(BINDINGS_MAX).unwrap();
        (0..most - 1).for_each(|from| take(&mut bindings, from));
        take(&mut bindings, most - 1);
        assert_eq!(at(&bindings, 0), Some("a"));
        take(&mut bindings, most);
        assert_eq!((at(&bindings, 0), at(&bindings, 1)), (None, Some("a")));
    }
}
