//! The utility of the PhysioNet/CinC Challenge 2019: what an open alert is worth at each hour before and after onset.
//!
//! Reyna MA et al. Crit Care Med 2020;48:210-217: an alert is worth most six hours before onset, nothing from three hours after
//! it, and costs a little where there is no sepsis; silence costs the more, the later it is.

/// The first hour before onset at which an alert is worth anything.
const EARLIEST: f64 = -12.0;
/// The hour at which it is worth most.
const BEST: f64 = -6.0;
/// The last hour at which it matters.
const LATEST: f64 = 3.0;
/// What the best alert is worth.
const MOST: f64 = 1.0;
/// What silence in the last hour costs.
const MISSED: f64 = -2.0;
/// What an alert without sepsis, or long before it, costs.
const FALSE: f64 = -0.05;

/// What one hour is worth, by its distance from onset in hours, where there is one.
pub(crate) fn of_hour(is_alert: bool, from_onset: Option<f64>) -> f64 {
    let Some(hour) = from_onset else {
        return if is_alert { FALSE } else { 0.0 };
    };
    match (is_alert, hour) {
        (_, hour) if hour > LATEST => 0.0,
        (true, hour) if hour <= BEST => (MOST * (hour - EARLIEST) / (BEST - EARLIEST)).max(FALSE),
        (true, hour) => MOST * (LATEST - hour) / (LATEST - BEST),
        (false, hour) if hour <= BEST => 0.0,
        (false, hour) => MISSED * (hour - BEST) / (LATEST - BEST),
    }
}

/// Whether whoever knew everything would have an alert open in an hour.
pub(crate) fn is_best(from_onset: Option<f64>) -> bool {
    from_onset.is_some_and(|hour| (EARLIEST..=LATEST).contains(&hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_worth_what_is_published() {
        let both = |hour| (of_hour(true, Some(hour)), of_hour(false, Some(hour)));
        let worth = [-14.0, -13.0, -12.0, -9.0, -6.0, -1.5, 3.0, 4.0].map(both);
        let published = [
            (-0.05, 0.0),
            (-0.05, 0.0),
            (0.0, 0.0),
            (0.5, 0.0),
            (1.0, 0.0),
            (0.5, -1.0),
            (0.0, -2.0),
            (0.0, 0.0),
        ];
        assert_eq!(worth, published);
        assert_eq!((of_hour(true, None), of_hour(false, None)), (-0.05, 0.0));
    }
}
