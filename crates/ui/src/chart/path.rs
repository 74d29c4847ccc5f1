//! Curves as path data, thinned so that no pixel column is drawn twice.

use super::{CURVE_POINTS_MAX, Curve, CurveShape, Room, fixed};

const SPARK_WIDTH: f64 = 100.0;
const SPARK_HEIGHT: f64 = 24.0;

/// Writes a curve as path data.
pub(super) fn write(curve: &Curve, room: &Room) -> String {
    let shown = curve.points.iter().filter(|(at, _)| room.shows(*at));
    let shown: Vec<_> = shown.copied().collect();
    let mut data = String::new();
    let mut open = false;
    for (at, value) in thin(&shown) {
        let x = room.x(at);
        let Some(value) = value else {
            if open && curve.shape == CurveShape::Step {
                data.push_str(&format!("H{x}"));
            }
            open = false;
            continue;
        };
        let y = fixed(room.y(value));
        match (open, curve.shape) {
            (false, _) => data.push_str(&format!("M{x} {y}")),
            (true, CurveShape::Line) => data.push_str(&format!("L{x} {y}")),
            (true, CurveShape::Step) => data.push_str(&format!("H{x}V{y}")),
        }
        open = true;
    }
    if open && curve.shape == CurveShape::Step {
        data.push_str(&format!("H{}", room.x(room.to_us)));
    }
    data
}

/// Thins points to at most [`CURVE_POINTS_MAX`]: of each stretch the least and the greatest, so that no peak is lost.
fn thin(points: &[(i64, Option<f64>)]) -> Vec<(i64, Option<f64>)> {
    if points.len() <= CURVE_POINTS_MAX {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(CURVE_POINTS_MAX / 2);
    let mut kept = Vec::with_capacity(CURVE_POINTS_MAX);
    for part in points.chunks(stretch) {
        let valued = || part.iter().filter(|(_, value)| value.is_some());
        let by_value = |a: &&(i64, Option<f64>), b: &&(i64, Option<f64>)| {
            let value = |point: &(i64, Option<f64>)| point.1.unwrap_or(f64::NAN);
            value(a).total_cmp(&value(b))
        };
        let (Some(least), Some(greatest)) = (valued().min_by(by_value), valued().max_by(by_value))
        else {
            kept.extend(part.first());
            continue;
        };
        if least.0 == greatest.0 {
            kept.push(*least);
        } else if least.0 < greatest.0 {
            kept.extend([*least, *greatest]);
        } else {
            kept.extend([*greatest, *least]);
        }
    }
    kept
}

/// Gives the line of a spark and the area under it.
#[expect(
    clippy::cast_precision_loss,
    reason = "a spark has far fewer than 2^52 values"
)]
pub(super) fn spark(values: &[f64]) -> (String, String) {
    let high = values.iter().copied().filter(|value| value.is_finite());
    let high = high.fold(f64::EPSILON, f64::max);
    let last = values.len().saturating_sub(1).max(1) as f64;
    let mut line = String::new();
    for (index, value) in values.iter().enumerate() {
        let x = fixed(index as f64 / last * SPARK_WIDTH);
        let share = (value / high).clamp(0.0, 1.0);
        let share = if share.is_finite() { share } else { 0.0 };
        let y = fixed(SPARK_HEIGHT - 1.5 - share * (SPARK_HEIGHT - 3.0));
        let command = if index == 0 { 'M' } else { 'L' };
        line.push_str(&format!("{command}{x} {y}"));
    }
    if values.is_empty() {
        return (line, String::new());
    }
    let area = format!("{line}V{SPARK_HEIGHT:.1}H0.0Z");
    (line, area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_every_peak_and_the_order() {
        let flat = |index| if index == 7_777 { 99.0 } else { 1.0 };
        let points: Vec<_> = (0..20_000).map(|at| (at, Some(flat(at)))).collect();
        let kept = thin(&points);
        assert!(kept.len() <= CURVE_POINTS_MAX, "{}", kept.len());
        assert!(kept.contains(&(7_777, Some(99.0))));
        assert!(kept.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn few_points_stay_as_they_are_and_gaps_survive_thinning() {
        let points = [(1, Some(2.0)), (2, None)];
        assert_eq!(thin(&points), points);
        let gap: Vec<_> = (0..2_000)
            .map(|at| (at, (!(500..=1_500).contains(&at)).then_some(1.0)))
            .collect();
        assert!(thin(&gap).iter().any(|(_, value)| value.is_none()));
    }

    #[test]
    fn a_spark_of_nothing_is_nothing() {
        assert_eq!(spark(&[]), (String::new(), String::new()));
        assert_eq!(spark(&[0.0, f64::NAN]).0, "M0.0 22.5L100.0 22.5");
        assert_eq!(spark(&[1.0, 2.0]).0, "M0.0 12.0L100.0 1.5");
    }
}
