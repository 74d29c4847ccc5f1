//! What a feed is used to send: in how many minutes of each hour of the week it comes, over the last weeks.

/// The hours of a week.
pub const WEEK_HOURS: usize = 168;
/// So often at most is a feed that is well to be called silent.
pub const FALSE_ALARMS_PER_YEAR: u64 = 1;
/// So many weeks are remembered.
const WEEKS: u32 = 4;
/// From so many weeks on an hour of the week speaks for itself; before, the same hour of other days of its kind speaks with it.
const OWN_WEEKS: usize = 3;
/// So many of them together say something.
const SAMPLES_LEAST: usize = 2;
const WEEKS_A_YEAR: u64 = 52;

/// The minutes of an hour that are told apart, rounded down; a sample is a place in here.
const LEVELS: [u8; 15] = [0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 33, 41, 50, 58];
/// A sample that was not taken.
const UNKNOWN: u16 = 0xf;
const NONE_KNOWN: u16 = u16::MAX;

/// How unlikely a silent minute is in an hour with so many minutes that are not: −1000·ln(1 − n/61), rounded down.
const MILLINATS: [i64; 61] = [
    0, 16, 33, 50, 67, 85, 103, 121, 140, 159, 179, 198, 219, 239, 260, 282, 304, 326, 349, 373,
    397, 421, 447, 473, 499, 527, 555, 584, 614, 645, 676, 709, 743, 778, 815, 852, 891, 932, 975,
    1019, 1066, 1115, 1166, 1220, 1277, 1338, 1402, 1471, 1545, 1625, 1712, 1808, 1913, 2031, 2164,
    2319, 2501, 2724, 3012, 3417, 4110,
];
/// ln 2, rounded up, in the same unit.
const DOUBLING_MILLINATS: i64 = 694;

/// What is known of each hour of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    /// Four samples of four bits, the newest lowest.
    pub(crate) samples: Vec<u16>,
    /// About how many messages, as [`small`] writes it.
    pub(crate) volumes: Vec<u8>,
    /// In how many minutes each hour is heard at least: found anew whenever something was learned.
    usual: Vec<u8>,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            samples: vec![NONE_KNOWN; WEEK_HOURS],
            volumes: vec![0; WEEK_HOURS],
            usual: vec![0; WEEK_HOURS],
        }
    }
}

impl Hours {
    /// Takes what was kept.
    pub(crate) fn of(samples: Vec<u16>, volumes: Vec<u8>) -> Self {
        let mut hours = Self {
            samples,
            volumes,
            usual: Vec::new(),
        };
        hours.usual = hours.find_usual();
        hours
    }

    /// Takes in how an hour of the week was this time.
    pub(crate) fn learn(&mut self, label: usize, minutes: u32, messages: u64) {
        let level = LEVELS
            .iter()
            .rposition(|least| u32::from(*least) <= minutes);
        let level = u16::try_from(level.unwrap_or_default()).unwrap_or_default();
        if let (Some(samples), Some(volume)) =
            (self.samples.get_mut(label), self.volumes.get_mut(label))
        {
            let is_first = *samples == NONE_KNOWN;
            *samples = *samples << 4 | level;
            let before = large(*volume);
            *volume = small(match is_first {
                true => messages,
                // A quarter of what is new: the last weeks count, and none alone.
                false => (before * 3 + messages).div_ceil(4),
            });
            self.usual = self.find_usual();
        }
    }

    /// Says whether each hour of the week was met.
    pub(crate) fn is_week_known(&self) -> bool {
        self.samples.iter().all(|samples| *samples != NONE_KNOWN)
    }

    /// Gives about how many messages an hour of the week has.
    pub(crate) fn volume(&self, label: usize) -> Option<u64> {
        let is_known = self.samples.get(label).is_some_and(|it| *it != NONE_KNOWN);
        self.volumes
            .get(label)
            .filter(|_| is_known)
            .map(|it| large(*it))
    }

    /// Gives when a silence since a minute is too long, as a minute; nothing where a fortnight of it would not be.
    pub(crate) fn due(&self, since: i64, hour_of_week: &dyn Fn(i64) -> usize) -> Option<i64> {
        let a_week: u64 = self.usual.iter().map(|minutes| u64::from(*minutes)).sum();
        if a_week == 0 {
            return None;
        }
        let mut left = budget(a_week);
        let mut minute = since;
        for _ in 0..2 * WEEK_HOURS {
            let hour = minute.div_euclid(60);
            let end = (hour + 1) * 60;
            let minutes = self
                .usual
                .get(hour_of_week(hour))
                .copied()
                .unwrap_or_default();
            let each = MILLINATS
                .get(usize::from(minutes))
                .copied()
                .unwrap_or_default();
            let all = each * (end - minute);
            if all >= left {
                return Some(minute + (left + each - 1) / each);
            }
            left -= all;
            minute = end;
        }
        None
    }

    /// Gives in how many minutes each hour is heard at least, as far as that is known. An hour counts as no busier than those
    /// beside it: where a day begins or ends within an hour, its messages are not spread over it.
    fn find_usual(&self) -> Vec<u8> {
        let each: Vec<u8> = (0..WEEK_HOURS).map(|label| self.estimate(label)).collect();
        let at = |label: usize| each.get(label % WEEK_HOURS).copied().unwrap_or_default();
        let least = |label: usize| at(label + WEEK_HOURS - 1).min(at(label)).min(at(label + 1));
        (0..WEEK_HOURS).map(least).collect()
    }

    /// A low guess for one hour: the median less the median deviation, or where it was met too seldom, the least that the same
    /// hour of other days of its kind had.
    fn estimate(&self, label: usize) -> u8 {
        let mut own = self.known(label);
        if own.len() >= OWN_WEEKS {
            let median = lower_median(&mut own);
            let mut off: Vec<u8> = own.iter().map(|one| one.abs_diff(median)).collect();
            return median.saturating_sub(lower_median(&mut off));
        }
        let (day, hour) = (label / 24, label % 24);
        let is_weekend = |day: usize| day >= 5;
        let alike = (0..7).filter(|other| *other != day && is_weekend(*other) == is_weekend(day));
        let newest = alike.filter_map(|other| self.known(other * 24 + hour).first().copied());
        let samples: Vec<u8> = own.into_iter().chain(newest).collect();
        if samples.len() < SAMPLES_LEAST {
            return 0;
        }
        samples.into_iter().min().unwrap_or_default()
    }

    /// The samples of an hour, newest first.
    fn known(&self, label: usize) -> Vec<u8> {
        let samples = self.samples.get(label).copied().unwrap_or(NONE_KNOWN);
        let levels = (0..WEEKS).map(|week| samples >> (4 * week) & UNKNOWN);
        levels
            .filter_map(|level| LEVELS.get(usize::from(level)).copied())
            .collect()
    }
}

/// How unlikely a silence must be: there are as many as minutes that are heard, and one in a year may be told wrongly.
fn budget(minutes_a_week: u64) -> i64 {
    let looks = (minutes_a_week * WEEKS_A_YEAR / FALSE_ALARMS_PER_YEAR).max(1);
    i64::from(looks.ilog2() + 1) * DOUBLING_MILLINATS
}

/// The middle one; of an even number the lower of the two.
fn lower_median(values: &mut [u8]) -> u8 {
    values.sort_unstable();
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}

/// A number in one byte, to an eighth: 16 steps up to 15, then eight a doubling.
fn small(value: u64) -> u8 {
    if value < 16 {
        return u8::try_from(value).unwrap_or_default();
    }
    let doublings = value.ilog2() - 3;
    let steps = (value >> doublings) & 7;
    u8::try_from(u64::from(doublings) * 8 + 8 + steps).unwrap_or(u8::MAX)
}

fn large(byte: u8) -> u64 {
    if byte < 16 {
        return byte.into();
    }
    let (doublings, steps) = (u32::from(byte - 8) / 8, u64::from(byte % 8));
    (8 + steps) << doublings.min(55)
}

/// Whether samples can have been taken: the newest are known, and behind one that is not, none is.
pub(crate) fn is_sample(samples: u16) -> bool {
    let unknown = (0..WEEKS).map(|week| samples >> (4 * week) & UNKNOWN == UNKNOWN);
    unknown.is_sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_logarithm_that_it_says() {
        for (minutes, millinats) in (0_u32..).zip(MILLINATS) {
            let exact = -1000.0 * (1.0 - f64::from(minutes) / 61.0).ln();
            let given = f64::from(i32::try_from(millinats).unwrap());
            assert!((exact - given).abs() < 1.5, "{minutes}: {exact} {given}");
        }
    }

    #[test]
    fn a_number_keeps_its_size_in_a_byte() {
        for value in (0..16).chain([17, 100, 999, 65_535, 1_000_000_007]) {
            let kept = large(small(value));
            assert!(kept <= value && value - kept <= value / 8, "{value} {kept}");
        }
        assert!(large(u8::MAX) > 1_000_000_000);
    }

    #[test]
    fn an_hour_speaks_for_itself_from_its_third_week_and_one_bad_week_changes_little() {
        let mut hours = Hours::default();
        assert_eq!(hours.estimate(10), 0);
        hours.learn(10, 30, 300);
        assert_eq!(hours.estimate(10), 0);
        hours.learn(34, 21, 210);
        assert_eq!(hours.estimate(10), 20);
        assert_eq!(hours.estimate(58), 20);
        // Days of the other kind say nothing of it.
        assert_eq!(hours.estimate(5 * 24 + 10), 0);
        for minutes in [30, 0, 31] {
            hours.learn(10, minutes, 300);
        }
        assert_eq!(hours.estimate(10), 26);
        assert_eq!(hours.volume(10), Some(288));
        assert_eq!(hours.volume(11), None);
    }
}
