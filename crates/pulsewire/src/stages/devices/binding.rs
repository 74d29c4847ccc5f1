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

/// The history of a device, by when each began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bindings(Vec<Binding>);

impl Bindings {
    /// Takes in what is said: of the same beginning, the last word holds. Tells whether anything is new.
    pub(super) fn take(&mut self, said: Binding) -> bool {
        match self.0.binary_search_by_key(&said.from, |known| known.from) {
            Ok(place) => {
                let Some(known) = self.0.get_mut(place).filter(|known| **known != said) else {
                    return false;
                };
                *known = said;
            }
            Err(place) => self.0.insert(place, said),
        }
        if self.0.len() > BINDINGS_MAX {
            self.0.remove(0);
        }
        true
    }

    /// Who was on it then: whoever came last before that, unless they had gone.
    pub(super) fn at(&self, time: i64) -> Option<&Named> {
        let after = self.0.partition_point(|known| known.from <= time);
        let last = self.0.get(after.checked_sub(1)?)?;
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
