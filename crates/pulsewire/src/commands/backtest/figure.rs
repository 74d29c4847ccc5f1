//! Plots of a report as SVG, each with the table that it is drawn from.

use std::fmt::Write as _;

use backtest::Expected;

/// The width that plots are drawn in.
const WIDTH: f64 = 720.0;
/// The height of a bar with the room around it.
const ROW: f64 = 30.0;
/// Where bars begin: left of it are their names.
const BARS_FROM: f64 = 190.0;
/// Where the longest bar ends: right of it is room for its number.
const BARS_TO: f64 = 630.0;
/// The side of the square that probabilities are drawn in.
const SQUARE: f64 = 320.0;
/// The room around it, for words.
const MARGIN: f64 = 56.0;

/// One bar.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) shown: String,
}

/// What a figure is called and says.
pub(super) struct Caption {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// What the names of bars are, and what their numbers are.
    pub(super) columns: (&'static str, &'static str),
}

/// Draws bars with their names and numbers.
pub(super) fn bars(caption: &Caption, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    let mut svg = String::new();
    for (place, bar) in bars.iter().enumerate() {
        let top = row(place);
        let length = bar.value / most * (BARS_TO - BARS_FROM);
        push(
            &mut svg,
            format_args!(
                "<text x=\"{:.0}\" y=\"{:.0}\" class=\"name\">{}</text>\
                 <rect x=\"{BARS_FROM:.0}\" y=\"{:.0}\" width=\"{:.1}\" height=\"18\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\">{}</text>",
                BARS_FROM - 10.0,
                top + 19.0,
                escaped(&bar.name),
                top + 6.0,
                length.max(1.0),
                BARS_FROM + length.max(1.0) + 8.0,
                top + 19.0,
                escaped(&bar.shown),
            ),
        );
    }
    let rows: Vec<[String; 2]> = bars
        .iter()
        .map(|bar| [bar.name.clone(), bar.shown.clone()])
        .collect();
    let (what, number) = caption.columns;
    figure(
        caption,
        (WIDTH, row(bars.len()) + 6.0),
        &svg,
        &table(&[what, number], &rows),
    )
}

/// Draws what was expected against what came to be: on the line from corner to corner both are the same.
pub(super) fn reliability(caption: &Caption, bins: &[Expected]) -> String {
    let numbers = bins.iter().flat_map(|bin| [bin.expected, bin.observed]);
    let most = numbers.fold(0.0, f64::max).clamp(0.01, 1.0);
    let x = |value: f64| MARGIN + value / most * SQUARE;
    let y = |value: f64| 12.0 + SQUARE - value / most * SQUARE;
    let mut svg = format!(
        "<path class=\"axis\" d=\"M{x0:.0} {y1:.0}V{y0:.0}H{x1:.0}\"/>\
         <path class=\"guide\" d=\"M{x0:.0} {y0:.0}L{x1:.0} {y1:.0}\"/>\
         <text x=\"{x0:.0}\" y=\"{below:.0}\">0</text>\
         <text x=\"{x1:.0}\" y=\"{below:.0}\" class=\"name\">{most:.3} expected</text>\
         <text x=\"{left:.0}\" y=\"{top:.0}\" class=\"name\">{most:.3}</text>",
        x0 = x(0.0),
        x1 = x(most),
        y0 = y(0.0),
        y1 = y(most),
        below = y(0.0) + 20.0,
        left = MARGIN - 8.0,
        top = y(most) + 5.0,
    );
    for bin in bins {
        let (x, y) = (x(bin.expected), y(bin.observed));
        let title = format!(
            "expected {:.4}, observed {:.4}, {} hours",
            bin.expected, bin.observed, bin.hours
        );
        push(
            &mut svg,
            format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"><title>{title}</title></circle>"
            ),
        );
    }
    let rows: Vec<[String; 3]> = bins
        .iter()
        .map(|bin| {
            let [expected, observed] = [bin.expected, bin.observed].map(|it| format!("{it:.4}"));
            [bin.hours.to_string(), expected, observed]
        })
        .collect();
    let size = (2.0f64.mul_add(MARGIN, SQUARE) + 60.0, SQUARE + 44.0);
    let behind = table(&["hours", "expected", "observed"], &rows);
    figure(caption, size, &svg, &behind)
}

/// A table of words; the first column names its row.
pub(super) fn table<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> String {
    let mut html = String::from("<table><thead><tr>");
    for cell in head {
        push(
            &mut html,
            format_args!("<th scope=\"col\">{}</th>", escaped(cell)),
        );
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            match place {
                0 => push(&mut html, format_args!("<th scope=\"row\">{cell}</th>")),
                _ => push(&mut html, format_args!("<td>{cell}</td>")),
            }
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    html
}

/// Text as it may stand in HTML and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn figure(caption: &Caption, (width, height): (f64, f64), svg: &str, behind: &str) -> String {
    let Caption {
        id, title, text, ..
    } = caption;
    format!(
        "<figure><h2 id=\"{id}\">{title}</h2><p id=\"{id}-says\">{text}</p>\
         <svg role=\"img\" aria-labelledby=\"{id}\" aria-describedby=\"{id}-says\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         style=\"max-width:{width:.0}px\">{svg}</svg>\
         <details><summary>The same as a table<span class=\"away\">: {title}</span></summary>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">{behind}</div></details></figure>\n"
    )
}

fn push(to: &mut String, what: std::fmt::Arguments<'_>) {
    to.write_fmt(what)
        .expect("a string takes whatever is written to it");
}

#[expect(clippy::cast_precision_loss, reason = "a plot has few rows")]
fn row(place: usize) -> f64 {
    place as f64 * ROW
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTION: Caption = Caption {
        id: "units",
        title: "Alerts by unit",
        text: "For a hundred patient-days.",
        columns: ("unit", "alerts"),
    };

    #[test]
    fn what_data_say_cannot_become_markup() {
        let bar = Bar {
            name: "<b>4 West</b> & \"more\"".into(),
            value: 3.0,
            shown: "3".into(),
        };
        let html = bars(&CAPTION, &[bar]);
        assert!(!html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;b&gt;4 West&lt;/b&gt; &amp; &quot;more&quot;"));
        assert!(html.contains("<th scope=\"row\">&lt;b&gt;4 West"));
    }

    #[test]
    fn the_longest_bar_fills_its_room_and_nothing_is_drawn_of_no_number() {
        let bar = |value: f64| Bar {
            name: String::new(),
            value,
            shown: value.to_string(),
        };
        let html = bars(&CAPTION, &[bar(8.0), bar(2.0), bar(0.0)]);
        for width in ["width=\"440.0\"", "width=\"110.0\"", "width=\"1.0\""] {
            assert!(html.contains(width), "{width} in {html}");
        }
        assert!(!bars(&CAPTION, &[bar(0.0)]).contains("NaN"));
    }

    #[test]
    fn probabilities_that_hold_lie_on_the_line() {
        let bin = Expected {
            hours: 10,
            expected: 0.5,
            observed: 0.5,
        };
        let html = reliability(&CAPTION, &[bin]);
        assert!(html.contains("cx=\"376.0\" cy=\"12.0\""), "{html}");
    }
}
