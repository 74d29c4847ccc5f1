//! Logic in which something may be unknown, as Clinical Quality Language 1.5 defines it.

/// True, false, or unknown.
pub(super) type Truth = Option<bool>;

/// Both: false where either is false, whatever the other is.
pub(super) fn both(one: Truth, other: Truth) -> Truth {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

/// Whether it is known to be true: a population takes nobody on an unknown.
pub(super) fn holds(truth: Truth) -> bool {
    truth == Some(true)
}
