//! The one loop: poll, fire due timers, step, commit.
