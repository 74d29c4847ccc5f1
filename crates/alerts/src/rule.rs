//! The names that rules sign with in an alert's history.

/// A finding reached the threshold, so an alert was opened.
pub const RAISED: &str = "finding reached the alert threshold";
/// The finding became more severe.
pub const ESCALATED: &str = "finding became more severe";
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

/// All that the finding rests on is history that was loaded: it is kept, and nobody is told.
pub const BACKFILLED: &str = "loaded history";

/// The reason that a workload gives when it takes back the findings of a retired identity.
pub const MERGED_REASON: &str = "merged";
