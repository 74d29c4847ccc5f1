//! The watermark of a partition: how far its time has come, by its records alone.

/// A record whose event time is this much after its received time is from the future and moves no watermark.
pub const FUTURE_SKEW_MICROS: i64 = 5 * 60 * 1_000_000;

/// The watermark before the first record.
pub const NO_WATERMARK: i64 = i64::MIN;

/// The greatest time that a partition has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark(pub(crate) i64);

impl Watermark {
    /// Takes in the times of a record.
    pub(crate) fn observe(&mut self, event_time: i64, received_time: i64) {
        let from_the_future = event_time > received_time.saturating_add(FUTURE_SKEW_MICROS);
        if !from_the_future {
            self.0 = self.0.max(event_time.min(received_time));
        }
    }
}

/// Tells whether `event_time` is before the window that ends at `watermark`.
pub(crate) fn is_late(event_time: i64, window_micros: i64, watermark: i64) -> bool {
    event_time < watermark.saturating_sub(window_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_lesser_of_both_times_and_never_goes_back() {
        let mut watermark = Watermark(NO_WATERMARK);
        for (event_time, received_time, expected) in [
            (10, 20, 10),
            (40, 30, 30),
            (5, 50, 30),
            (60 + FUTURE_SKEW_MICROS, 60, 60),
            (71 + FUTURE_SKEW_MICROS, 70, 60),
            (i64::MAX, i64::MAX, i64::MAX),
        ] {
            watermark.observe(event_time, received_time);
            assert_eq!(watermark.0, expected, "{event_time} {received_time}");
        }
    }

    #[test]
    fn the_window_counts_from_the_watermark() {
        assert!(is_late(89, 10, 100));
        assert!(!is_late(90, 10, 100));
        assert!(!is_late(i64::MIN, 10, NO_WATERMARK));
    }
}
