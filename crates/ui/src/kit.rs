//! Every component in both themes, for a person and a browser test to look at.

use crate::frame::{self, Frame, Place};

/// Makes the page of components.
pub fn kit_page(frame: &Frame) -> String {
    frame::page(frame, Place::Elsewhere, "Components", "")
}
