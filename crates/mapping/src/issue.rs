//! What was doubtful in the content of a message, without any of the content.

/// One doubt: what it is and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What it is.
    pub code: IssueCode,
    /// The byte of the message at which it is.
    pub position: usize,
}

/// What can be doubtful about the content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueCode {
    /// OBX-5 is not of the type that OBX-2 says.
    ValueNotOfType,
    /// OBX-2 is empty or names a type that nobody knows.
    ValueTypeUnknown,
    /// A field that should hold a time does not.
    NotATime,
    /// A time that is not as precise as FHIR must have it: to the hour, or to the day for an instant.
    TimeToTheHour,
    /// A field that should hold a number does not.
    NotANumber,
    /// A code that its table does not have.
    CodeUnknown,
    /// A code that decides about the resource is missing.
    CodeMissing,
    /// Nothing says what was observed or reported.
    Uncoded,
    /// What was observed is only known by a code of the sender's own.
    LocalCode,
    /// Nothing says when it was true; the message's time stands in.
    NotDated,
    /// The message has no time; the time it was received stands in.
    MessageNotDated,
    /// Nothing tells the stay from the patient's other stays.
    StayNotIdentified,
    /// The result has no order number; its time tells it from others.
    OrderNotIdentified,
    /// FHIR does not allow it so, without what is missing, or beside what else is said.
    NotFitting,
}

impl IssueCode {
    /// Gives the name that configuration and metrics use; it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ValueNotOfType => "value-not-of-type",
            Self::ValueTypeUnknown => "value-type-unknown",
            Self::NotATime => "not-a-time",
            Self::TimeToTheHour => "time-to-the-hour",
            Self::NotANumber => "not-a-number",
            Self::CodeUnknown => "code-unknown",
            Self::CodeMissing => "code-missing",
            Self::Uncoded => "uncoded",
            Self::LocalCode => "local-code",
            Self::NotDated => "not-dated",
            Self::MessageNotDated => "message-not-dated",
            Self::StayNotIdentified => "stay-not-identified",
            Self::OrderNotIdentified => "order-not-identified",
            Self::NotFitting => "not-fitting",
        }
    }

    /// Says what was done about it and what would help.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::ValueNotOfType => {
                "kept as text; ask the sender to state the type it sends in OBX-2"
            }
            Self::ValueTypeUnknown => "kept as text; ask the sender to fill OBX-2",
            Self::NotATime => "left out; times are YYYY[MM[DD[HHMM[SS]]]][+ZZZZ]",
            Self::TimeToTheHour => {
                "written as the day, or left out where FHIR wants a moment; ask the sender for minutes"
            }
            Self::NotANumber => "left out; numbers are digits with at most one point",
            Self::CodeUnknown => {
                "kept as sent, or `unknown` where FHIR allows nothing else; add it to the code table"
            }
            Self::CodeMissing => "written as `unknown`; ask the sender to fill the field",
            Self::Uncoded => "written as unknown; ask the sender to fill OBX-3 or OBR-4",
            Self::LocalCode => {
                "kept; map it under `codes` of the source so that workloads can use it"
            }
            Self::NotDated => "ask the sender to fill OBX-14 or OBR-7",
            Self::MessageNotDated => "ask the sender to fill MSH-7",
            Self::StayNotIdentified => "ask the sender to fill PV1-19",
            Self::OrderNotIdentified => "ask the sender to fill OBR-3",
            Self::NotFitting => {
                "left out; FHIR allows no end before its beginning, no second value, no part without what it belongs to, and no offset of a time of day"
            }
        }
    }
}
