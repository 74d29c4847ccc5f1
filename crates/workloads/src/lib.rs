//! Events to findings; deterministic, one state per patient, told the time.
