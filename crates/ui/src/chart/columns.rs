//! Counts in spans of time as columns, each with a part of it set apart.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Room, TOP_PX, axis, fixed};
use crate::stamp::Clock;

/// The share of its span that a column fills.
const FILLED: f64 = 0.8;

/// What columns are drawn from.
pub(crate) struct ColumnsPlot<'a> {
    pub(crate) clock: &'a Clock,
    /// What they say, for who does not see them.
    pub(crate) label: String,
    /// How long each is.
    pub(crate) each_us: i64,
    pub(crate) height_px: f64,
    /// Oldest first, one after the other.
    pub(crate) columns: Vec<Column>,
}

/// A count in a span of time.
pub(crate) struct Column {
    pub(crate) from_us: i64,
    pub(crate) whole: u64,
    pub(crate) part: u64,
    pub(crate) title: String,
}

/// Columns, ready to be written.
#[derive(Template)]
#[template(path = "part/columns.html")]
pub(crate) struct Columns {
    label: String,
    height: String,
    top: String,
    bottom: String,
    width: String,
    hours: Vec<(String, String)>,
    levels: Vec<(String, String)>,
    columns: Vec<Placed>,
}

impl HtmlSafe for Columns {}

struct Placed {
    x: String,
    whole: (String, String),
    part: Option<(String, String)>,
    title: String,
}

impl ColumnsPlot<'_> {
    /// Works out where everything goes.
    pub(crate) fn draw(self) -> Columns {
        let from_us = self.columns.first().map_or(0, |column| column.from_us);
        let last = self.columns.last().map_or(0, |column| column.from_us);
        let highest = self.columns.iter().map(|column| column.whole).max();
        let room = Room {
            from_us,
            to_us: last.saturating_add(self.each_us).max(from_us + 1),
            low: 0.0,
            high: real(highest.unwrap_or_default()).max(1.0),
            top: TOP_PX,
            bottom: TOP_PX + self.height_px,
        };
        let bar = |count: u64| {
            let y = room.y(real(count));
            (fixed(y), fixed(room.bottom - y))
        };
        let gap = room.across(from_us + self.each_us) * (1.0 - FILLED) / 2.0;
        let per_cent = |share: f64| format!("{:.2}%", share * 100.0);
        let shown = self.columns.into_iter().filter(|column| column.whole > 0);
        let columns = shown.map(|column| Placed {
            x: per_cent(room.across(column.from_us) + gap),
            whole: bar(column.whole),
            part: (column.part > 0).then(|| bar(column.part)),
            title: column.title,
        });
        let hours = axis::times(self.clock, room.from_us, room.to_us);
        // Half a thing is not counted.
        let levels = axis::levels(room.low, room.high).filter(|(level, _)| level.fract() == 0.0);
        Columns {
            columns: columns.collect(),
            label: self.label,
            height: fixed(room.bottom + 22.0),
            top: fixed(room.top),
            bottom: fixed(room.bottom),
            width: per_cent(room.across(from_us + self.each_us) * FILLED),
            hours: hours.map(|(at, said)| (room.per_cent(at), said)).collect(),
            levels: levels
                .map(|(value, _)| (fixed(room.y(value)), format!("{value:.0}")))
                .collect(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is drawn is rounded anyway"
)]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;
    const FROM_US: i64 = 1_795_219_200 * 1_000_000;

    fn drawn(counts: &[(u64, u64)]) -> String {
        let clock = Clock::new(FROM_US, "UTC");
        let columns = (0..).zip(counts).map(|(hour, (whole, part))| Column {
            from_us: FROM_US + hour * HOUR_US,
            whole: *whole,
            part: *part,
            title: format!("hour {hour}: <{whole}>"),
        });
        let plot = ColumnsPlot {
            clock: &clock,
            label: "Findings <by> hour".to_owned(),
            each_us: HOUR_US,
            height_px: 80.0,
            columns: columns.collect(),
        };
        plot.draw()
            .render()
            .expect("writing to a string does not fail")
    }

    #[test]
    fn each_count_is_a_column_with_its_part_and_nothing_is_none() {
        expect![[r#"
            <svg class="chart" width="100%" height="116.0" role="img" aria-label="Findings &#60;by&#62; hour">
            <title>Findings &#60;by&#62; hour</title>
            <line class="level" x1="0" x2="100%" y1="94.0" y2="94.0"/><text class="level-word" x="-6" y="94.0" dy="0.35em" text-anchor="end">0</text>
            <line class="level" x1="0" x2="100%" y1="78.0" y2="78.0"/><text class="level-word" x="-6" y="78.0" dy="0.35em" text-anchor="end">2</text>
            <line class="level" x1="0" x2="100%" y1="62.0" y2="62.0"/><text class="level-word" x="-6" y="62.0" dy="0.35em" text-anchor="end">4</text>
            <line class="level" x1="0" x2="100%" y1="46.0" y2="46.0"/><text class="level-word" x="-6" y="46.0" dy="0.35em" text-anchor="end">6</text>
            <line class="level" x1="0" x2="100%" y1="30.0" y2="30.0"/><text class="level-word" x="-6" y="30.0" dy="0.35em" text-anchor="end">8</text>
            <line class="level" x1="0" x2="100%" y1="14.0" y2="14.0"/><text class="level-word" x="-6" y="14.0" dy="0.35em" text-anchor="end">10</text>
            <line class="hour" x1="0.00%" x2="0.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="0.00%" y="94.0" dy="1.35em" text-anchor="middle">21 Nov</text>
            <line class="hour" x1="25.00%" x2="25.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="25.00%" y="94.0" dy="1.35em" text-anchor="middle">01:00</text>
            <line class="hour" x1="50.00%" x2="50.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="50.00%" y="94.0" dy="1.35em" text-anchor="middle">02:00</text>
            <line class="hour" x1="75.00%" x2="75.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="75.00%" y="94.0" dy="1.35em" text-anchor="middle">03:00</text>
            <line class="hour" x1="100.00%" x2="100.00%" y1="14.0" y2="94.0"/><text class="hour-word" x="100.00%" y="94.0" dy="1.35em" text-anchor="middle">04:00</text>
            <g><title>hour 0: &#60;4&#62;</title><rect class="column" x="2.50%" y="62.0" width="20.00%" height="32.0"/></g>
            <g><title>hour 2: &#60;10&#62;</title><rect class="column" x="52.50%" y="14.0" width="20.00%" height="80.0"/><rect class="column-part" x="52.50%" y="70.0" width="20.00%" height="24.0"/></g>
            <g><title>hour 3: &#60;1&#62;</title><rect class="column" x="77.50%" y="86.0" width="20.00%" height="8.0"/><rect class="column-part" x="77.50%" y="86.0" width="20.00%" height="8.0"/></g>
            </svg>"#]].assert_eq(&drawn(&[(4, 0), (0, 0), (10, 3), (1, 1)]));
    }

    #[test]
    fn without_any_count_there_are_no_columns_and_no_halves() {
        let html = drawn(&[(0, 0), (0, 0)]);
        assert!(!html.contains("<rect") && !html.contains("0.5"));
        assert!(!drawn(&[]).contains("NaN"));
    }
}
