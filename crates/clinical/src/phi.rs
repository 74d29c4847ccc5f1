//! What identifies a person opens only with a permit, and making a permit writes the audit record.

use std::fmt;

use crate::{PatientKey, ReceivedTime};

/// A value that identifies a person. It prints as `Phi(…)`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Closes a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Opens it.
    pub fn open(&self, _permit: &Permit) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phi(…)")
    }
}

/// One access to what identifies a person, as the audit keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub who: String,
    /// To do what, such as `view patient page`.
    pub purpose: &'static str,
    /// Whose data; nothing where it is of many.
    pub patient: Option<PatientKey>,
    /// When.
    pub at: ReceivedTime,
}

/// Where accesses are written down.
pub trait Audit {
    /// Keeps the record of an access; the access goes on only if this succeeds.
    ///
    /// # Errors
    /// When the record could not be kept.
    fn record(&self, access: &Access) -> Result<(), AuditError>;
}

/// The audit record could not be kept, so nothing may be opened.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the audit record could not be kept, so nothing is shown: {0}")]
pub struct AuditError(pub String);

/// The right to open [`Phi`] values, for one access.
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// Gives a permit after the access was written down.
    ///
    /// # Errors
    /// When the audit record could not be kept.
    pub fn issue(audit: &dyn Audit, access: &Access) -> Result<Self, AuditError> {
        audit.record(access)?;
        Ok(Self(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;
    impl Audit for Broken {
        fn record(&self, _access: &Access) -> Result<(), AuditError> {
            Err(AuditError("disk full".into()))
        }
    }

    #[test]
    fn no_record_no_permit() {
        let access = Access {
            who: "operator".into(),
            purpose: "test",
            patient: None,
            at: ReceivedTime::default(),
        };
        assert!(Permit::issue(&Broken, &access).is_err());
    }

    #[test]
    fn a_closed_value_does_not_print() {
        assert_eq!(format!("{:?}", Phi::new("Ann")), "Phi(…)");
    }
}
