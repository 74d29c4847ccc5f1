//! HL7 v2: a lossless parser that fails on no input, acknowledgements, batches, and a writer.
//!
//! ```
//! use formats::hl7v2;
//!
//! let message = hl7v2::parse(b"MSH|^~\\&|LAB|H1|||20260101||ORU^R01|7|P|2.5\rOBX|1|NM|8867-4^Heart rate^LN||72\r");
//! let rate = message.segment(b"OBX").map(|segment| segment.field(5).text().into_owned());
//! assert_eq!(rate.as_deref(), Some("72"));
//! assert!(message.issues().is_empty());
//! ```
#![deny(clippy::indexing_slicing)]

mod message;

mod envelope;

mod separators;

mod index;

mod segment;

mod element;

mod split;

mod escape;

mod charset;

mod issue;

mod path;

mod header;

mod timestamp;

mod writer;

pub mod ack;

pub mod batch;

pub use charset::Charset;
pub use element::{Component, Element, Field, Parts, Repetition, Subcomponent, Value, level};
pub use header::Header;
pub use issue::{Issue, IssueCode, Severity};
pub use message::{CharsetRule, Message, Options, Parser, parse};
pub use path::{Path, PathError};
pub use segment::Segment;
pub use separators::Separators;
pub use split::Split;
pub use timestamp::{Precision, Timestamp, TimestampError};
pub use writer::Writer;

#[cfg(test)]
mod tests;
