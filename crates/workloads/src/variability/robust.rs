//! Medians and what rests on them: a few wrong values do not move it.

/// The middle of values; of an even number what lies half-way between the two, rounded towards zero.
pub(super) fn median(values: &mut [i64]) -> Option<i64> {
    let half = values.len() / 2;
    let is_odd = values.len() % 2 == 1;
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable(half);
    let upper = *upper;
    let lower = below.iter().max().copied().filter(|_| !is_odd);
    Some(lower.map_or(upper, |lower| lower.midpoint(upper)))
}

/// The median of how far values are from their median.
pub(super) fn deviation(values: &[i64], median: i64) -> Option<i64> {
    let mut distances: Vec<i64> = values.iter().map(|value| (value - median).abs()).collect();
    self::median(&mut distances)
}

/// An hour in microseconds, the clock of the points.
const HOUR: i128 = 3_600_000_000;

/// The slope an hour by Theil and Sen: the median of the slopes of all pairs. Points are a time in microseconds and a value.
pub(super) fn slope(points: &[(i64, i64)]) -> Option<i64> {
    let mut slopes = Vec::new();
    for (place, (at, value)) in points.iter().enumerate() {
        for (then, other) in points.iter().skip(place + 1).filter(|(then, _)| then != at) {
            let rise = i128::from(other - value) * HOUR;
            slopes.extend(i64::try_from(rise.div_euclid(i128::from(then - at))));
        }
    }
    median(&mut slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn a_median_is_the_middle_of_values() {
        for (values, middle) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![9, 1], Some(5)),
            (vec![3, 1, 2], Some(2)),
            (vec![4, 1, 100, 2], Some(3)),
            (vec![-1, -2], Some(-1)),
        ] {
            let mut given = values.clone();
            assert_eq!(median(&mut given), middle, "{values:?}");
        }
        assert_eq!(deviation(&[1, 1, 2, 2, 4, 6, 9], 2), Some(1));
    }

    #[test]
    fn one_wrong_value_does_not_move_a_slope() {
        let falling: Vec<(i64, i64)> = (0..13).map(|n| (n * 5 * MINUTE, 9_000 - 50 * n)).collect();
        assert_eq!(slope(&falling), Some(-600));
        let mut with_artefact = falling.clone();
        with_artefact[6].1 = 30_000;
        assert_eq!(slope(&with_artefact), Some(-600));
        assert_eq!(slope(&falling[..1]), None);
        assert_eq!(slope(&[(0, 1), (0, 5)]), None);
    }
}
