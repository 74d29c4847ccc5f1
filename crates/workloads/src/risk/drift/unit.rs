//! Whether a variable began to come in another unit: its median is where a conversion would put it.

/// How a value in one unit becomes one in another: scaled, then moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// What it is multiplied by.
    pub scale: f64,
    /// What is added then.
    pub offset: f64,
}

/// Medians whose quotient is less than this are of one unit: illness moves them as far.
pub const SAME_UNIT: f64 = 1.5;

impl Conversion {
    fn apply(&self, value: f64) -> f64 {
        value * self.scale + self.offset
    }
}

/// Finds the conversion that explains a new median: the old one is not within [`SAME_UNIT`] of it, and converted it is.
/// Of several the one that comes nearest. Medians are of quantities above zero; nothing is said of others.
pub fn unit_shift(was: f64, is: f64, conversions: &[Conversion]) -> Option<Conversion> {
    let distance = |from: f64| (is / from).ln().abs();
    let near = |distance: &f64| *distance < SAME_UNIT.ln();
    if !(was > 0.0 && is > 0.0) || near(&distance(was)) {
        return None;
    }
    conversions
        .iter()
        .map(|conversion| (distance(conversion.apply(was)), conversion))
        .filter(|(distance, _)| near(distance))
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, conversion)| *conversion)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mg/dL of glucose to mmol/L, and a percent to a fraction.
    const CONVERSIONS: [Conversion; 3] = [
        Conversion {
            scale: 1.0 / 18.0156,
            offset: 0.0,
        },
        Conversion {
            scale: 0.01,
            offset: 0.0,
        },
        Conversion {
            scale: 1.8,
            offset: 32.0,
        },
    ];

    #[test]
    fn a_median_in_another_unit_is_found() {
        assert_eq!(unit_shift(126.0, 7.0, &CONVERSIONS), Some(CONVERSIONS[0]));
        assert_eq!(unit_shift(40.0, 0.4, &CONVERSIONS), Some(CONVERSIONS[1]));
        assert_eq!(unit_shift(37.0, 98.6, &CONVERSIONS), Some(CONVERSIONS[2]));
    }

    #[test]
    fn illness_is_no_other_unit() {
        assert_eq!(unit_shift(126.0, 180.0, &CONVERSIONS), None);
        let limit = [Conversion {
            scale: SAME_UNIT,
            offset: 0.0,
        }];
        assert_eq!(unit_shift(100.0, 100.0 * SAME_UNIT, &limit), Some(limit[0]));
        let almost = 100.0 * SAME_UNIT - 0.01;
        assert_eq!(
            unit_shift(
                100.0,
                almost,
                &[Conversion {
                    scale: SAME_UNIT,
                    offset: 0.0
                }]
            ),
            None
        );
        // Far away, but where no conversion leads.
        assert_eq!(unit_shift(126.0, 30.0, &CONVERSIONS), None);
        for (was, is) in [
            (0.0, 7.0),
            (126.0, 0.0),
            (-1.0, 7.0),
            (f64::NAN, 7.0),
            (126.0, f64::NAN),
        ] {
            assert_eq!(unit_shift(was, is, &CONVERSIONS), None);
        }
    }
}
