//! How much work the comparison of two schemas may be: a small schema can ask for more than any machine does.

/// So many steps go into one comparison; a step is about the cost of looking at one keyword.
pub(super) const STEPS_MAX: usize = 2_000_000;
/// A difference costs so many steps, and one more for every so many bytes of what it says.
const DIFFERENCE_STEPS: usize = 8;
const DIFFERENCE_BYTES_A_STEP: usize = 16;
/// A text that is looked at costs one step more for every so many bytes.
const TEXT_BYTES_A_STEP: usize = 64;

/// What is left of the steps of a comparison.
#[derive(Debug)]
pub(super) struct Work {
    left: usize,
    over: bool,
}

impl Work {
    pub(super) const fn new(steps: usize) -> Self {
        Self {
            left: steps,
            over: false,
        }
    }

    /// Takes steps; `false` once there were not enough, and then for ever.
    pub(super) const fn take(&mut self, steps: usize) -> bool {
        match self.left.checked_sub(steps) {
            Some(left) if !self.over => self.left = left,
            _ => self.over = true,
        }
        !self.over
    }

    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    #[cfg(test)]
    pub(super) const fn left(&self) -> usize {
        self.left
    }
}

/// The steps of telling a difference with so many bytes.
pub(super) const fn of_difference(bytes: usize) -> usize {
    DIFFERENCE_STEPS.saturating_add(bytes / DIFFERENCE_BYTES_A_STEP)
}

/// The steps of looking at a text.
pub(super) const fn of_text(text: &str) -> usize {
    1_usize.saturating_add(text.len() / TEXT_BYTES_A_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_after_the_last_step_and_not_before() {
        for (steps, enough) in [
            (STEPS_MAX - 1, true),
            (STEPS_MAX, true),
            (STEPS_MAX + 1, false),
        ] {
            let mut work = Work::new(STEPS_MAX);
            assert_eq!(work.take(steps), enough, "{steps}");
            assert_eq!(work.is_over(), !enough, "{steps}");
            assert_eq!(work.take(0), enough, "what is over stays so");
        }
    }
}
