//! Whether who was told of an alert repeated what they heard, where a site asks for that.

use clinical::{Alert, AlertState};

use crate::rule;

/// Says whether somebody repeated what they were told since an alert was taken.
pub fn is_read_back(alert: &Alert) -> bool {
    let changes = alert.history.iter().rev();
    let mut since = changes.take_while(|change| change.to == AlertState::Acknowledged);
    since.any(|change| &*change.why == rule::READ_BACK)
}
