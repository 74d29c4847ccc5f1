//! What charts look like as text.

use super::*;
use crate::mark::Severity;
use expect_test::expect;

const HOUR_US: i64 = 3_600_000_000;
const FROM_US: i64 = 1_795_219_200 * 1_000_000;

fn plot(clock: &Clock) -> Plot<'_> {
    Plot {
        clock,
        label: "Pulse <of> \"A\"".to_owned(),
        from_us: FROM_US,
        to_us: FROM_US + 6 * HOUR_US,
        scale: (40.0, 120.0),
        height_px: 80.0,
        bands: vec![],
        curves: vec![],
        dots: vec![],
        flags: vec![],
    }
}

#[test]
fn a_chart_has_a_name_hours_levels_bands_curves_dots_and_flags() {
    let clock = Clock::new(FROM_US, "UTC");
    let mut plot = plot(&clock);
    plot.bands.push(Band {
        low: 51.0,
        high: 90.0,
        tone: "normal",
        title: "51 to 90 scores nothing".to_owned(),
    });
    plot.curves.push(Curve {
        points: vec![
            (FROM_US, Some(80.0)),
            (FROM_US + 3 * HOUR_US, Some(120.0)),
            (FROM_US + 4 * HOUR_US, None),
            (FROM_US + 5 * HOUR_US, Some(100.0)),
        ],
        shape: CurveShape::Line,
        tone: "main",
    });
    plot.dots.push(Dot {
        at_us: FROM_US + 3 * HOUR_US,
        value: 120.0,
        sign: DotSign::Late,
        title: "120 <late>".to_owned(),
    });
    plot.flags.push(Flag {
        at_us: FROM_US + 3 * HOUR_US,
        mark: Severity::High.mark(),
        title: "high".to_owned(),
        href: Some("/alerts/a".to_owned()),
    });
    expect![[r#"
        <svg class="chart" width="100%" height="116.0" role="group" aria-label="Pulse &#60;of&#62; &#34;A&#34;">
        <title>Pulse &#60;of&#62; &#34;A&#34;</title>
        <rect class="band band-normal" x="0" y="44.0" width="100%" height="39.0"><title>51 to 90 scores nothing</title></rect>
        <line class="level" x1="0" x2="100%" y1="94.0" y2="94.0"/><text class="level-word" x="-6" y="94.0" dy="0.35em" text-anchor="end">40</text>
        <line class="level" x1="0" x2="100%" y1="74.0" y2="74.0"/><text class="level-word" x="-6" y="74.0" dy="0.35em" text-anchor="end">60</text>
        <line class="level" x1="0" x2="100%" y1="54.0" y2="54.0"/><text class="level-word" x="-6" y="54.0" dy="0.35em" text-anchor="end">80</text>
        <line class="level" x1="0" x2="100%" y1="34.0" y2="34.0"/><text class="level-word" x="-6" y="34.0" dy="0.35em" text-anchor="end">100</text>
        <line class="level" x1="0" x2="100%" y1="14.0" y2="14.0"/><text class="level-word" x="-6" y="14.0" dy="0.35em" text-anchor="end">120</text>
        <line class="hour" x1="0.00%" x2="0.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="0.00%" y="94.0" dy="1.35em" text-anchor="middle">21 Nov</text>
        <line class="hour" x1="16.67%" x2="16.67%" y1="14.0" y2="94.0"/><text class="hour-word" x="16.67%" y="94.0" dy="1.35em" text-anchor="middle">01:00</text>
        <line class="hour" x1="33.33%" x2="33.33%" y1="14.0" y2="94.0"/><text class="hour-word" x="33.33%" y="94.0" dy="1.35em" text-anchor="middle">02:00</text>
        <line class="hour" x1="50.00%" x2="50.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="50.00%" y="94.0" dy="1.35em" text-anchor="middle">03:00</text>
        <line class="hour" x1="66.67%" x2="66.67%" y1="14.0" y2="94.0"/><text class="hour-word" x="66.67%" y="94.0" dy="1.35em" text-anchor="middle">04:00</text>
        <line class="hour" x1="83.33%" x2="83.33%" y1="14.0" y2="94.0"/><text class="hour-word" x="83.33%" y="94.0" dy="1.35em" text-anchor="middle">05:00</text>
        <line class="hour" x1="100.00%" x2="100.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="100.00%" y="94.0" dy="1.35em" text-anchor="middle">06:00</text>
        <svg class="curves" y="14.0" width="100%" height="80.0" viewBox="0 14.0 1000 80.0" preserveAspectRatio="none" overflow="visible" aria-hidden="true">
        <path class="curve curve-main" d="M0.0 54.0L500.0 14.0M833.3 34.0" vector-effect="non-scaling-stroke"/>
        </svg>
        <circle class="dot dot-late" cx="50.00%" cy="14.0" r="4"><title>120 &#60;late&#62;</title></circle>
        <line class="flag-line tone-high" x1="50.00%" x2="50.00%" y1="14.0" y2="94.0"/>
        <a class="flag" href="/alerts/a" aria-label="high"><title>high</title><svg class="sign tone-high" x="50.00%" y="7" overflow="visible"><rect class="flag-reach" x="-11" y="-9" width="22" height="20"/><path class="solid" d="M0-5.5L5.5 4.5h-11z"/></svg></a>
        </svg>"#]].assert_eq(&plot.draw().to_string());
}

#[test]
fn a_step_holds_until_the_next_and_to_the_end() {
    let clock = Clock::new(FROM_US, "UTC");
    let mut plot = plot(&clock);
    plot.scale = (0.0, 8.0);
    plot.curves.push(Curve {
        points: vec![(FROM_US, Some(2.0)), (FROM_US + 3 * HOUR_US, Some(6.0))],
        shape: CurveShape::Step,
        tone: "main",
    });
    let html = plot.draw().to_string();
    assert!(html.contains("M0.0 74.0H500.0V34.0H1000.0"), "{html}");
}

#[test]
fn values_outside_the_window_are_not_drawn_and_do_not_stretch_the_scale() {
    let clock = Clock::new(FROM_US, "UTC");
    let mut plot = plot(&clock);
    plot.curves.push(Curve {
        points: vec![(FROM_US - 1, Some(900.0)), (FROM_US, Some(80.0))],
        shape: CurveShape::Line,
        tone: "main",
    });
    let html = plot.draw().to_string();
    assert!(html.contains("\"M0.0 54.0\""), "{html}");
}

#[test]
fn a_crowd_of_plain_dots_gives_way_and_those_that_say_something_stay() {
    let clock = Clock::new(FROM_US, "UTC");
    let mut plot = plot(&clock);
    for at in 0..=201 {
        let sign = if at == 7 {
            DotSign::Corrected
        } else {
            DotSign::Plain
        };
        plot.dots.push(Dot {
            at_us: FROM_US + at,
            value: 80.0,
            sign,
            title: format!("value {at}"),
        });
    }
    let chart = plot.draw();
    assert_eq!(chart.dots.len(), 1);
}

#[test]
fn an_impossible_window_and_values_draw_something_sane() {
    let clock = Clock::new(FROM_US, "UTC");
    let mut plot = plot(&clock);
    plot.to_us = plot.from_us;
    plot.scale = (5.0, 5.0);
    plot.curves.push(Curve {
        points: vec![(FROM_US, Some(f64::NAN)), (FROM_US, Some(f64::INFINITY))],
        shape: CurveShape::Line,
        tone: "main",
    });
    let html = plot.draw().to_string();
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
}

#[test]
fn a_bar_never_passes_its_whole() {
    let share = |part, whole| Bar::new(part, whole, "good", "taken").share;
    assert_eq!(share(1, 3), "33.3%");
    assert_eq!(share(9, 3), "100.0%");
    assert_eq!(share(1, 0), "0.0%");
    assert_eq!(share(u64::MAX, u64::MAX), "100.0%");
}
