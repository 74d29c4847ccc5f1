//! Subjects, versions and ids, as a function of the records that say what was registered.
