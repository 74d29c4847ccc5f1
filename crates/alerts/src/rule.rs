//! The names that rules sign with in an alert's history.

/// A finding reached the threshold, so an alert was opened.
pub const RAISED: &str = "finding reached the alert threshold";
/// The finding became more severe.
pub const ESCALATED: &str = "finding became more severe";
/// A workload that keeps repeats to itself told of it anew: it is much worse, or so again.
pub const AGAIN: &str = "finding that is told anew";
/// The finding became less severe and stayed so.
pub const DOWNGRADED: &str = "finding became less severe";
/// A newer or corrected finding took the place of the reason.
pub const UPDATED: &str = "newer or corrected finding";
/// A late finding told of something more severe than is so now.
pub const RETROSPECTIVE: &str = "late finding of what was";
/// The finding fell below the threshold and stayed there.
pub const FELL: &str = "finding fell below the alert threshold";
/// Every finding that the alert rested on was taken back or corrected.
pub const TAKEN_BACK: &str = "reason was taken back";
/// The patient's identity was retired; the surviving one has its own alert.
pub const MERGED: &str = "merged into another identity";
/// Nobody acknowledged the alert before its deadline.
pub const OVERDUE: &str = "not acknowledged in time";

/// What somebody was told they repeated: it stands in the history as theirs.
pub const READ_BACK: &str = "repeated what was told";

/// The team already does what the alert asks for: it is kept open, and nobody is told.
pub const HELD_ACTING: &str = "held back: the team already acts";
/// Another alert of the patient was told, which is no less severe: both are one thread.
pub const HELD_ROLLED_UP: &str = "held back: told with another alert of the patient";
/// The budget of alerts has no room for it yet, and more severe ones come first.
pub const HELD_BUDGET: &str = "held back: waits for room in the budget of alerts";
/// What held the alert back is over, and the alert is not.
pub const RELEASED: &str = "no longer held back";

/// All that the finding rests on is history that was loaded: it is kept, and nobody is told.
pub const BACKFILLED: &str = "loaded history";

/// The reason that a workload gives when it takes back the findings of a retired identity.
pub const MERGED_REASON: &str = "merged";
