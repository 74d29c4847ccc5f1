//! Feeds through weeks of their life: what is told of them, and what is not.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60 * 1_000_000;
/// A Monday at midnight, as minutes since the epoch.
const MONDAY: i64 = 29_499_840;
const WEEK: i64 = 7 * 24 * 60;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

const RULES: Rules = Rules {
    expected: false,
    quiet_after: Duration::from_secs(15 * 60),
    report_delay: Duration::from_secs(120),
    wait_for_others: None,
};

fn label(hour: i64) -> usize {
    usize::try_from((hour - MONDAY / 60).rem_euclid(168)).unwrap()
}

fn micros_of(minute: i64) -> ReceivedTime {
    ReceivedTime::from_micros((MONDAY + minute) * MINUTE)
}

/// A source with what the loop does around it: the timer, and the minutes that intake tells of.
struct Life {
    state: State,
    rules: Rules,
    is_everything: bool,
    timer: Option<EventTime>,
    watermark: i64,
    anybody: Option<i64>,
    told: Vec<(i64, News)>,
    steps: u32,
}

impl Life {
    fn new(rules: Rules) -> Self {
        Self {
            state: State::default(),
            rules,
            is_everything: false,
            timer: None,
            watermark: i64::MIN,
            anybody: None,
            told: Vec::new(),
            steps: 0,
        }
    }

    fn step(&mut self, input: Input<'_>) {
        let now = Now {
            watermark: EventTime::from_micros(self.watermark),
            hour_of_week: &label,
        };
        // States are read back as they were written: some of them, since there is one for each minute of weeks.
        self.steps += 1;
        if self.steps.is_multiple_of(997) {
            let bytes = self.state.encode();
            assert_eq!(State::decode(&bytes).as_ref(), Ok(&self.state));
        }
        let effects = self.state.step(input, now, self.rules, self.is_everything);
        self.timer = effects.look_at;
        let minute = self.watermark.div_euclid(MINUTE) - MONDAY;
        self.told
            .extend(effects.news.into_iter().map(|news| (minute, news)));
    }

    /// It becomes a time, in minutes from the beginning.
    fn time(&mut self, minute: i64) {
        self.watermark = self.watermark.max(micros_of(minute).micros());
        while let Some(at) = self.timer.take_if(|at| at.micros() <= self.watermark) {
            self.step(Input::Timer(at));
        }
    }

    /// What one process heard in a minute is told when that is over.
    fn minute(&mut self, minute: i64, signals: &[(&str, u64)]) {
        self.time(minute + 1);
        self.tell(minute, signals);
    }

    fn tell(&mut self, minute: i64, signals: &[(&str, u64)]) {
        let heard = signals.iter().any(|(_, count)| *count > 0);
        if heard {
            self.anybody = self.anybody.max(Some(minute));
        }
        self.step(Input::Minute(Minute {
            minute: MONDAY + minute,
            messages: signals.iter().map(|(_, count)| count).sum(),
            signals: if self.is_everything { &[] } else { signals },
            last: heard.then(|| micros_of(minute)),
            anybody: self.anybody.map(micros_of),
        }));
    }

    /// Minutes in which others are heard in any case.
    fn live(
        &mut self,
        minutes: std::ops::Range<i64>,
        sends: impl Fn(i64) -> Vec<(&'static str, u64)>,
    ) {
        for minute in minutes {
            self.anybody = Some(minute);
            self.minute(minute, &sends(minute));
        }
    }

    fn check(&self, expected: &Expect) {
        let lines = self.told.iter().map(|(minute, news)| {
            let (day, hour) = (minute.div_euclid(DAY), minute.rem_euclid(DAY));
            let (hour, minute) = (hour / 60, hour % 60);
            let condition = news.condition();
            format!(
                "day {day} {hour:02}:{minute:02} {condition}: {}\n",
                news.words("lab")
            )
        });
        expected.assert_eq(&lines.collect::<String>());
    }
}

/// From 8 to 17 on working days, once in so many minutes.
fn clinic(minute: i64, every: i64) -> Vec<(&'static str, u64)> {
    let is_open = minute.rem_euclid(WEEK) < 5 * DAY
        && (8 * HOUR..17 * HOUR).contains(&minute.rem_euclid(DAY));
    match is_open && minute % every == 0 {
        true => vec![("ORU", 3)],
        false => Vec::new(),
    }
}

#[test]
fn a_clinic_sleeps_at_night_and_is_missed_by_day_once_and_greeted_once() {
    let mut life = Life::new(RULES);
    // It stops on the fourth Wednesday at 10, and is back on Thursday at 9.
    let (stop, back) = (
        3 * WEEK + 2 * DAY + 10 * HOUR,
        3 * WEEK + 3 * DAY + 9 * HOUR,
    );
    life.live(0..4 * WEEK, |minute| match (stop..back).contains(&minute) {
        true => Vec::new(),
        false => clinic(minute, 2),
    });
    life.check(&expect![[r#"
        day 23 10:21 quiet-feed: Source lab is silent since 2026-02-25T09:58:00Z, for longer than its pauses are
        day 24 09:01 quiet-feed: Source lab is heard again after 23 h
    "#]]);
}

#[test]
fn a_signal_that_stops_is_told_while_its_source_goes_on_and_not_when_all_of_it_stops() {
    let mut life = Life::new(RULES);
    let (adt, all) = (WEEK + 2 * HOUR, WEEK + 8 * HOUR);
    life.live(0..WEEK + 12 * HOUR, |minute| match minute {
        minute if minute >= all => Vec::new(),
        minute if minute >= adt => vec![("ORU", 1)],
        _ => vec![("ADT", 2), ("ORU", 1)],
    });
    life.check(&expect![[r#"
        day 7 02:16 quiet-feed/ADT: Source lab sends no ADT since 2026-02-09T01:59:00Z, and other messages come
        day 7 08:16 quiet-feed: Source lab is silent since 2026-02-09T07:59:00Z, for longer than its pauses are
    "#]]);
}

#[test]
fn where_nobody_is_heard_everything_is_told_and_no_single_source() {
    let mut source = Life::new(RULES);
    let mut everything = Life::new(RULES);
    everything.is_everything = true;
    for minute in 0..WEEK + DAY {
        let is_silent = (WEEK + HOUR..WEEK + 5 * HOUR).contains(&minute);
        let count = u64::from(!is_silent);
        source.minute(minute, &[("ORU", count)]);
        everything.minute(minute, &[("all", count)]);
    }
    source.check(&expect![[""]]);
    everything.check(&expect![[r#"
        day 7 01:16 quiet-feed: Nothing comes from any source since 2026-02-09T00:59:00Z: look at the network and at this system first
        day 7 05:01 quiet-feed: Sources are heard again after 4 h
    "#]]);
    // Where others hear other sources, it is told a while later in any case.
    let mut alone = Life::new(Rules {
        wait_for_others: Some(Duration::from_secs(30 * 60)),
        ..RULES
    });
    for minute in 0..WEEK + 5 * HOUR {
        alone.minute(minute, &[("ORU", u64::from(minute < WEEK + HOUR))]);
    }
    alone.check(&expect![[r#"
        day 7 01:46 quiet-feed: Source lab is silent since 2026-02-09T00:59:00Z, for longer than its pauses are
    "#]]);
}

#[test]
fn what_was_never_heard_is_missed_only_if_it_is_expected() {
    for expected in [false, true] {
        let mut life = Life::new(Rules { expected, ..RULES });
        life.live(0..2 * DAY, |_| Vec::new());
        assert_eq!(life.state.is_blank(), !expected);
        life.live(2 * DAY..2 * DAY + 1, |_| vec![("ORU", 1)]);
        match expected {
            false => life.check(&expect![[""]]),
            true => life.check(&expect![[r#"
        day 0 00:18 quiet-feed: Source lab was never heard, and is expected
        day 2 00:01 quiet-feed: Source lab is heard again
    "#]]),
        }
    }
}

#[test]
fn a_daily_extract_is_missed_after_what_the_site_says() {
    let mut life = Life::new(Rules {
        expected: true,
        quiet_after: Duration::from_secs(26 * 3600),
        ..RULES
    });
    life.live(0..3 * WEEK, |minute| {
        let is_due = minute.rem_euclid(DAY) == 6 * HOUR;
        let is_missing = (16 * DAY..18 * DAY).contains(&minute);
        match is_due && !is_missing {
            true => vec![("CSV", 900)],
            false => Vec::new(),
        }
    });
    life.check(&expect![[r#"
        day 16 08:02 quiet-feed: Source lab is silent since 2026-02-17T06:00:00Z, for longer than its pauses are
        day 18 06:01 quiet-feed: Source lab is heard again after 3 d
    "#]]);
}

#[test]
fn while_nobody_is_there_to_hear_no_silence_counts() {
    let mut life = Life::new(RULES);
    life.live(0..WEEK, |_| vec![("ORU", 1)]);
    // The process is away for five hours; with it back, so is the source, ten minutes later.
    let back = WEEK + 5 * HOUR;
    life.time(back);
    life.live(back..back + 10, |_| Vec::new());
    life.live(back + 10..back + DAY, |_| vec![("ORU", 1)]);
    life.check(&expect![[""]]);
}

#[test]
fn what_nobody_listens_to_any_more_is_not_missed_but_everything_is() {
    let mut source = Life::new(RULES);
    let mut everything = Life::new(RULES);
    everything.is_everything = true;
    source.live(0..WEEK, |_| vec![("ORU", 1)]);
    everything.live(0..WEEK, |_| vec![("all", 1)]);
    // The time goes on, but no process that takes messages in tells of either.
    for minute in WEEK..WEEK + DAY {
        source.time(minute);
        everything.time(minute);
    }
    source.check(&expect![[""]]);
    everything.check(&expect![[r#"
        day 7 01:07 quiet-feed: Nothing comes from any source since 2026-02-08T23:59:00Z: look at the network and at this system first
    "#]]);
    // It is back, and the source is silent, while others are heard.
    source.live(WEEK + DAY..WEEK + DAY + 2 * HOUR, |_| Vec::new());
    source.check(&expect![[r#"
        day 8 00:18 quiet-feed: Source lab is silent since 2026-02-08T23:59:00Z, for longer than its pauses are
    "#]]);
}

#[test]
fn a_feed_that_is_some_days_old_is_known_by_its_other_days() {
    // It began on Monday, never pauses, and stops on Thursday at 10.
    let mut life = Life::new(RULES);
    let stop = 3 * DAY + 10 * HOUR;
    life.live(0..4 * DAY, |minute| match minute < stop {
        true => vec![("ORU", 1)],
        false => Vec::new(),
    });
    life.check(&expect![[r#"
        day 3 10:16 quiet-feed: Source lab is silent since 2026-02-05T09:59:00Z, for longer than its pauses are
    "#]]);
    // After a day nothing is known of any hour: silence could be all there is to it.
    let mut new = Life::new(RULES);
    new.live(0..2 * DAY, |minute| match minute < DAY {
        true => vec![("ORU", 1)],
        false => Vec::new(),
    });
    new.check(&expect![[""]]);
}

#[test]
fn a_source_of_working_days_rests_on_its_first_weekends_and_is_missed_on_a_monday() {
    let mut life = Life::new(RULES);
    // It begins on a Wednesday; from its second Monday on nothing comes.
    let (start, stop) = (2 * DAY, 2 * WEEK);
    life.live(0..2 * WEEK + DAY, |minute| {
        match (start..stop).contains(&minute) {
            true => clinic(minute, 5),
            false => Vec::new(),
        }
    });
    life.check(&expect![[r#"
        day 14 09:55 quiet-feed: Source lab is silent since 2026-02-13T16:55:00Z, for longer than its pauses are
    "#]]);
}

#[test]
fn a_clock_that_is_set_makes_no_silence() {
    // An hour ahead: nobody heard what was to come in it.
    let mut ahead = Life::new(RULES);
    ahead.live(0..WEEK, |_| vec![("ORU", 1)]);
    ahead.time(WEEK + HOUR);
    ahead.live(WEEK + HOUR..WEEK + DAY, |_| vec![("ORU", 1)]);
    ahead.check(&expect![[""]]);
    // An hour back: what is heard in it was so once more, and the time stands still meanwhile.
    let mut back = Life::new(RULES);
    back.live(0..WEEK, |_| vec![("ORU", 1)]);
    back.live(WEEK - HOUR..WEEK + 10, |_| vec![("ORU", 1)]);
    back.live(WEEK + 10..WEEK + 25, |_| Vec::new());
    back.check(&expect![[""]]);
}

#[test]
fn a_silence_that_was_told_is_not_told_again_by_who_takes_its_state_over() {
    let mut life = Life::new(RULES);
    life.live(0..WEEK, |_| vec![("ORU", 1)]);
    life.live(WEEK..WEEK + HOUR, |_| Vec::new());
    assert_eq!(life.told.len(), 1);
    // The process that takes over knows what was written, and is away for as long as that takes.
    life.state = State::decode(&life.state.encode()).unwrap();
    life.timer = None;
    life.live(WEEK + 3 * HOUR..WEEK + 9 * HOUR, |_| Vec::new());
    assert_eq!(life.told.len(), 1);
    life.live(WEEK + 9 * HOUR..WEEK + 10 * HOUR, |_| vec![("ORU", 1)]);
    let kinds: Vec<Kind> = life.told.iter().map(|(_, news)| news.kind).collect();
    assert_eq!(kinds, [Kind::Silent, Kind::Back]);
}

#[test]
fn the_least_silence_is_told_at_its_minute_and_not_before() {
    let mut life = Life::new(RULES);
    life.live(0..WEEK, |_| vec![("ORU", 1)]);
    let last = WEEK - 1;
    // A quarter of an hour, and two minutes in which the last of it may still be told.
    life.live(WEEK..last + 16, |_| Vec::new());
    assert_eq!(life.told.len(), 0);
    life.live(last + 16..last + 17, |_| Vec::new());
    assert_eq!(life.told.len(), 1);
    life.live(last + 17..last + 500, |_| Vec::new());
    assert_eq!(life.told.len(), 1);
}

#[test]
fn more_signals_than_are_looked_after_are_counted_with_their_source() {
    let names: Vec<String> = (0..=SIGNALS_MAX)
        .map(|number| format!("S{number:02}"))
        .collect();
    for (sent, kept) in [
        (SIGNALS_MAX - 1, SIGNALS_MAX - 1),
        (SIGNALS_MAX, SIGNALS_MAX),
        (SIGNALS_MAX + 1, SIGNALS_MAX),
    ] {
        let mut life = Life::new(RULES);
        let signals: Vec<(&str, u64)> = names.iter().take(sent).map(|name| (&**name, 1)).collect();
        life.minute(0, &signals);
        assert_eq!(life.state.signals.len(), kept);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// A feed of any pace that is stopped in its hours is told once, and once more when it is back; nothing else is told.
    #[test]
    fn each_silence_begins_and_ends_once(every in 1_i64..=15, stop in 10 * HOUR..12 * HOUR, weeks in 1_i64..3, hours in 1_i64..30) {
        let mut life = Life::new(RULES);
        let stop = weeks * WEEK + DAY + stop;
        let back = (stop + hours * HOUR..).find(|minute| !clinic(*minute, every).is_empty()).unwrap();
        life.live(0..back + DAY, |minute| match (stop..back).contains(&minute) {
            true => Vec::new(),
            false => clinic(minute, every),
        });
        let kinds: Vec<Kind> = life.told.iter().map(|(_, news)| news.kind).collect();
        prop_assert!(kinds.is_empty() || kinds == [Kind::Silent, Kind::Back], "{:?}", life.told);
        // A day without its source is missed at any of these paces.
        prop_assert!(hours < 24 || !kinds.is_empty(), "every {every} min, {hours} h");
        prop_assert!(life.told.iter().all(|(at, _)| (stop..=back + 1).contains(at)));
    }

    /// Several processes tell of the same minutes, in whatever order and even twice.
    #[test]
    fn the_order_of_processes_does_not_matter(seed in prop::collection::vec(0_u8..4, 300), swap in any::<bool>()) {
        let lives = [false, true].map(|swap_here| {
            let mut life = Life::new(RULES);
            life.live(0..WEEK, |_| vec![("ORU", 2)]);
            for (minute, sends) in (WEEK..).zip(&seed) {
                life.anybody = Some(minute);
                life.time(minute + 1);
                let parts = [u64::from(*sends & 1), u64::from(*sends >> 1)];
                let both = if swap_here { [parts[1], parts[0]] } else { parts };
                for count in both {
                    life.tell(minute, &[("ORU", count)]);
                }
                if swap_here && swap {
                    life.tell(minute, &[("ORU", 0)]);
                }
            }
            life
        });
        let [one, other] = lives;
        prop_assert_eq!(&one.told, &other.told);
        prop_assert_eq!(one.state, other.state);
    }
}

#[test]
fn how_it_stands_is_told_with_what_is_usual() {
    let mut life = Life::new(RULES);
    life.live(0..WEEK + DAY, |minute| clinic(minute, 2));
    let now = Now {
        watermark: EventTime::from_micros(micros_of(WEEK + DAY + 10 * HOUR).micros()),
        hour_of_week: &label,
    };
    let standing = life.state.standing(now);
    let usual: BTreeMap<Option<&str>, Option<u64>> = standing
        .iter()
        .map(|feed| (feed.signal.as_deref(), feed.usual_per_hour))
        .collect();
    assert_eq!(
        usual,
        BTreeMap::from([(None, Some(88)), (Some("ORU"), Some(88))])
    );
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    let mut life = Life::new(RULES);
    life.live(0..200, |_| vec![("ORU", 1)]);
    let bytes = life.state.encode();
    assert!(bytes.len() < 200, "{}", bytes.len());
    for end in 0..bytes.len() {
        assert!(State::decode(&bytes[..end]).is_err());
    }
    let mut newer = bytes;
    newer[0] += 1;
    assert!(State::decode(&newer).is_err());
}
