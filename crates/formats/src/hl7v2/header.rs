//! What the MSH segment says about a message.

use std::borrow::Cow;

use super::element::Field;
use super::segment::Segment;
use super::timestamp::{Timestamp, TimestampError};

/// A view of the MSH segment.
#[derive(Debug, Clone, Copy)]
pub struct Header<'m> {
    segment: Segment<'m>,
}

impl<'m> Header<'m> {
    pub(super) fn new(segment: Segment<'m>) -> Self {
        Self { segment }
    }

    /// Returns the whole segment.
    #[must_use]
    pub fn segment(&self) -> Segment<'m> {
        self.segment
    }

    /// Returns the sending application, MSH-3.
    #[must_use]
    pub fn sending_application(&self) -> Field<'m> {
        self.segment.field(3)
    }

    /// Returns the sending facility, MSH-4.
    #[must_use]
    pub fn sending_facility(&self) -> Field<'m> {
        self.segment.field(4)
    }

    /// Returns the receiving application, MSH-5.
    #[must_use]
    pub fn receiving_application(&self) -> Field<'m> {
        self.segment.field(5)
    }

    /// Returns the receiving facility, MSH-6.
    #[must_use]
    pub fn receiving_facility(&self) -> Field<'m> {
        self.segment.field(6)
    }

    /// Returns when the message was made, MSH-7; nothing if it does not say.
    #[must_use]
    pub fn time(&self) -> Option<Result<Timestamp, TimestampError>> {
        let time = self.segment.field(7).component(1);
        time.is_valued().then(|| Timestamp::parse(time.raw()))
    }

    /// Returns the message type, MSH-9.1, such as `ADT`.
    #[must_use]
    pub fn message_type(&self) -> Cow<'m, str> {
        self.text(9, 1)
    }

    /// Returns the trigger event, MSH-9.2, such as `A01`.
    #[must_use]
    pub fn trigger_event(&self) -> Cow<'m, str> {
        self.text(9, 2)
    }

    /// Returns the message structure, MSH-9.3, such as `ADT_A01`; empty if the sender leaves it out.
    #[must_use]
    pub fn structure(&self) -> Cow<'m, str> {
        self.text(9, 3)
    }

    /// Returns the control id, MSH-10, whose bytes an acknowledgement repeats.
    #[must_use]
    pub fn control_id(&self) -> Field<'m> {
        self.segment.field(10)
    }

    /// Returns the processing id, MSH-11.1: `P`, `T` or `D`.
    #[must_use]
    pub fn processing_id(&self) -> Cow<'m, str> {
        self.text(11, 1)
    }

    /// Returns the HL7 version, MSH-12.1, such as `2.5.1`.
    #[must_use]
    pub fn version(&self) -> Cow<'m, str> {
        self.text(12, 1)
    }

    /// Returns when a commit acknowledgement is wanted, MSH-15: `AL`, `NE`, `ER` or `SU`.
    #[must_use]
    pub fn accept_acknowledgment_type(&self) -> Cow<'m, str> {
        self.text(15, 1)
    }

    /// Returns when an application acknowledgement is wanted, MSH-16: `AL`, `NE`, `ER` or `SU`.
    #[must_use]
    pub fn application_acknowledgment_type(&self) -> Cow<'m, str> {
        self.text(16, 1)
    }

    /// Returns the declared character sets, MSH-18, as sent.
    #[must_use]
    pub fn character_set(&self) -> Field<'m> {
        self.segment.field(18)
    }

    fn text(&self, field: usize, component: usize) -> Cow<'m, str> {
        match self.segment.field(field).component(component).text() {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }
}
