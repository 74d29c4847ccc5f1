//! Charts as SVG: lines, steps, bands, dots and flags over time, sparks and bars.
//!
//! Across, everything is placed in per cent, so that a chart fills its place and its words keep their size; downwards in pixels.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::mark::Mark;
use crate::stamp::Clock;

mod axis;
mod columns;
mod path;

pub(crate) use columns::{Column, Columns, ColumnsPlot};

/// How many points a curve has at most.
const CURVE_POINTS_MAX: usize = 600;
/// How many dots are drawn at most for values that have nothing to say but themselves.
const PLAIN_DOTS_MAX: usize = 200;
/// The width of the coordinates that paths are written in.
const PATH_WIDTH: f64 = 1000.0;
/// The room above the plot, for flags.
const TOP_PX: f64 = 14.0;

/// What a chart is drawn from.
pub(crate) struct Plot<'a> {
    pub(crate) clock: &'a Clock,
    /// What the chart says, for who does not see it.
    pub(crate) label: String,
    pub(crate) from_us: i64,
    pub(crate) to_us: i64,
    /// The range shown at least.
    pub(crate) scale: (f64, f64),
    pub(crate) height_px: f64,
    pub(crate) bands: Vec<Band>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) dots: Vec<Dot>,
    pub(crate) flags: Vec<Flag>,
}

/// A range of values that means something.
pub(crate) struct Band {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) tone: &'static str,
    pub(crate) title: String,
}

/// Values over time; where there is none the curve is broken.
pub(crate) struct Curve {
    pub(crate) points: Vec<(i64, Option<f64>)>,
    pub(crate) shape: CurveShape,
    pub(crate) tone: &'static str,
}

/// How values are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CurveShape {
    /// Straight from one to the next.
    Line,
    /// Each holds until the next.
    Step,
}

/// One value as a sign of its own.
pub(crate) struct Dot {
    pub(crate) at_us: i64,
    pub(crate) value: f64,
    pub(crate) sign: DotSign,
    pub(crate) title: String,
}

/// How a value is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DotSign {
    /// A disc.
    Plain,
    /// A ring.
    Late,
    /// A diamond.
    Corrected,
    /// A cross.
    Withdrawn,
}

/// Something that happened, above the plot.
pub(crate) struct Flag {
    pub(crate) at_us: i64,
    pub(crate) mark: Mark,
    pub(crate) title: String,
    pub(crate) href: Option<String>,
}

/// A chart, ready to be written.
#[derive(Template)]
#[template(path = "part/chart.html")]
pub(crate) struct Chart {
    label: String,
    height: String,
    top: String,
    bottom: String,
    plot_height: String,
    bands: Vec<PlacedBand>,
    hours: Vec<(String, String)>,
    levels: Vec<(String, String)>,
    curves: Vec<(String, &'static str)>,
    dots: Vec<PlacedDot>,
    flags: Vec<PlacedFlag>,
}

impl HtmlSafe for Chart {}

struct PlacedBand {
    y: String,
    height: String,
    tone: &'static str,
    title: String,
}

struct PlacedDot {
    x: String,
    y: String,
    sign: DotSign,
    title: String,
}

struct PlacedFlag {
    x: String,
    mark: Mark,
    title: String,
    href: Option<String>,
}

impl Plot<'_> {
    /// Works out where everything goes.
    pub(crate) fn draw(self) -> Chart {
        let room = Room::of(&self);
        let bands = self.bands.iter().map(|band| {
            let (top, bottom) = (room.y(band.high), room.y(band.low));
            PlacedBand {
                y: fixed(top),
                height: fixed(bottom - top),
                tone: band.tone,
                title: band.title.clone(),
            }
        });
        let curves = self.curves.iter();
        let curves = curves.map(|curve| (path::write(curve, &room), curve.tone));
        let hours = axis::times(self.clock, self.from_us, self.to_us);
        let levels = axis::levels(room.low, room.high);
        let plain = |dot: &&Dot| dot.sign == DotSign::Plain;
        let crowded = self.dots.iter().filter(plain).count() > PLAIN_DOTS_MAX;
        let dots = self
            .dots
            .iter()
            .filter(|dot| room.shows(dot.at_us) && !(crowded && dot.sign == DotSign::Plain));
        Chart {
            height: fixed(room.bottom + 22.0),
            top: fixed(room.top),
            bottom: fixed(room.bottom),
            plot_height: fixed(room.bottom - room.top),
            bands: bands.collect(),
            hours: hours.map(|(at, said)| (room.per_cent(at), said)).collect(),
            levels: levels
                .map(|(value, said)| (fixed(room.y(value)), said))
                .collect(),
            curves: curves.collect(),
            dots: dots
                .map(|dot| PlacedDot {
                    x: room.per_cent(dot.at_us),
                    y: fixed(room.y(dot.value)),
                    sign: dot.sign,
                    title: dot.title.clone(),
                })
                .collect(),
            flags: self
                .flags
                .iter()
                .filter(|flag| room.shows(flag.at_us))
                .map(|flag| PlacedFlag {
                    x: room.per_cent(flag.at_us),
                    mark: flag.mark,
                    title: flag.title.clone(),
                    href: flag.href.clone(),
                })
                .collect(),
            label: self.label,
        }
    }
}

/// The room that values are placed in.
struct Room {
    from_us: i64,
    to_us: i64,
    low: f64,
    high: f64,
    top: f64,
    bottom: f64,
}

impl Room {
    fn of(plot: &Plot<'_>) -> Self {
        let shows = |at: i64| at >= plot.from_us && at <= plot.to_us;
        let curves = plot.curves.iter().flat_map(|curve| &curve.points);
        let curves = curves.filter_map(|(at, value)| Some((*at, (*value)?)));
        let dots = plot.dots.iter().map(|dot| (dot.at_us, dot.value));
        let (mut low, mut high) = plot.scale;
        for (at, value) in curves.chain(dots) {
            if shows(at) && value.is_finite() {
                low = low.min(value);
                high = high.max(value);
            }
        }
        if high <= low {
            high = low + 1.0;
        }
        Self {
            from_us: plot.from_us,
            to_us: plot.to_us.max(plot.from_us + 1),
            low,
            high,
            top: TOP_PX,
            bottom: TOP_PX + plot.height_px,
        }
    }

    fn shows(&self, at_us: i64) -> bool {
        at_us >= self.from_us && at_us <= self.to_us
    }

    /// Gives how far across a moment is, from 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window of days in microseconds is far below 2^53"
    )]
    fn across(&self, at_us: i64) -> f64 {
        let whole = self.to_us.saturating_sub(self.from_us);
        at_us.saturating_sub(self.from_us) as f64 / whole as f64
    }

    fn per_cent(&self, at_us: i64) -> String {
        format!("{:.2}%", (self.across(at_us) * 100.0).clamp(0.0, 100.0))
    }

    fn x(&self, at_us: i64) -> String {
        fixed((self.across(at_us) * PATH_WIDTH).clamp(0.0, PATH_WIDTH))
    }

    fn y(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value } else { self.low };
        let up = (value - self.low) / (self.high - self.low);
        self.bottom - up.clamp(0.0, 1.0) * (self.bottom - self.top)
    }
}

/// Writes a coordinate the same way everywhere.
fn fixed(value: f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" {
        "0.0".to_owned()
    } else {
        text
    }
}

/// A small curve without axes.
#[derive(Template)]
#[template(path = "part/spark.html")]
pub(crate) struct Spark {
    label: String,
    line: String,
    area: String,
}

impl HtmlSafe for Spark {}

impl Spark {
    pub(crate) fn new(values: &[f64], label: &str) -> Self {
        let (line, area) = path::spark(values);
        Self {
            label: label.to_owned(),
            line,
            area,
        }
    }
}

/// A part of a whole as a bar.
#[derive(Template)]
#[template(path = "part/bar.html")]
pub(crate) struct Bar {
    label: String,
    share: String,
    tone: &'static str,
}

impl HtmlSafe for Bar {}

impl Bar {
    pub(crate) fn new(part: u64, whole: u64, tone: &'static str, label: &str) -> Self {
        let part = u128::from(part.min(whole));
        let tenths = (part * 1000).checked_div(u128::from(whole)).unwrap_or(0);
        Self {
            label: label.to_owned(),
            share: format!("{}.{}%", tenths / 10, tenths % 10),
            tone,
        }
    }
}

#[cfg(test)]
mod tests;
