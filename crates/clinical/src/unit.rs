//! Units: what they are called and the exact factors between them.
