//! How a visit to an emergency department stands, as the board of its unit takes it.

use clinical::ReceivedTime;

use super::visit::{Visit, VisitKey};

/// How a visit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The visit.
    pub key: VisitKey,
    /// The unit whose board it is on.
    pub unit: Box<str>,
    /// Where in that unit the patient is, or was last.
    pub place: Box<str>,
    /// Whether that is a place to wait.
    pub is_waiting: bool,
    /// How urgent it is, from 1, where that was said.
    pub acuity: Option<u8>,
    /// When that could be known; never before what was told of it earlier.
    pub known: ReceivedTime,
    /// Its milestones.
    pub visit: Visit,
}
