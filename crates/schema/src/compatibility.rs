//! Whether a change of a schema breaks who reads or wrote by another version.
