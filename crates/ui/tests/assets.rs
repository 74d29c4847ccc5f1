//! What holds for style and scripts: few lines, no foreign address, and colours that can be read.

use ui::Asset;

/// The most lines of script of our own.
const OWN_SCRIPT_LINES_MAX: usize = 300;
/// The least contrast of text. Source: WCAG 2.2, success criterion 1.4.3, level AA.
const TEXT_CONTRAST_MIN: f64 = 4.5;
/// The least contrast of controls and signs. Source: WCAG 2.2, success criterion 1.4.11, level AA.
const SIGN_CONTRAST_MIN: f64 = 3.0;

fn asset(name: &str) -> &'static Asset {
    let start = format!("/assets/{name}.");
    let mut assets = ui::assets().iter();
    assets
        .find(|asset| asset.path.starts_with(&start))
        .unwrap_or_else(|| panic!("no asset {name}"))
}

fn text(name: &str) -> &'static str {
    std::str::from_utf8(asset(name).bytes).expect("our assets are UTF-8")
}

#[test]
fn names_follow_content_and_types_are_known() {
    for asset in ui::assets() {
        let parts: Vec<_> = asset.path.split('.').collect();
        assert_eq!(parts.len(), 3, "{}", asset.path);
        assert_eq!(parts[1].len(), 16, "{}", asset.path);
        assert!(!asset.bytes.is_empty(), "{}", asset.path);
        let known = [
            "text/css; charset=utf-8",
            "text/javascript; charset=utf-8",
            "image/svg+xml",
        ];
        assert!(
            known.contains(&asset.content_type),
            "{}",
            asset.content_type
        );
    }
}

#[test]
fn our_own_script_stays_small() {
    let lines = ["app.", "chart", "keyboard"].map(|name| {
        let own = ui::assets().iter().filter(|asset| {
            asset.path.starts_with(&format!("/assets/{name}")) && asset.path.ends_with(".js")
        });
        own.map(|asset| asset.bytes.iter().filter(|byte| **byte == b'\n').count())
            .sum::<usize>()
    });
    assert!(lines.iter().all(|count| *count > 0), "{lines:?}");
    assert!(
        lines.iter().sum::<usize>() <= OWN_SCRIPT_LINES_MAX,
        "{lines:?}"
    );
}

#[test]
fn style_refers_to_nothing_elsewhere() {
    let css = text("app");
    for foreign in ["url(", "@import", "http:", "https:", "data:"] {
        assert!(!css.contains(foreign), "{foreign}");
    }
}

/// Gives a colour token for the light and the dark theme.
fn token(name: &str) -> [[f64; 3]; 2] {
    let css = text("app");
    let start = format!("--{name}: light-dark(");
    let (_, after) = css
        .split_once(&start)
        .unwrap_or_else(|| panic!("no token {name}"));
    let (pair, _) = after.split_once(')').expect("a token is closed");
    let mut colours = pair.split(", ").map(|colour| {
        let bits = u32::from_str_radix(colour.trim_start_matches('#'), 16);
        let [_, parts @ ..] = bits.expect("a colour is hexadecimal").to_be_bytes();
        parts.map(|part| f64::from(part) / 255.0)
    });
    [(); 2].map(|()| colours.next().expect("a token has two colours"))
}

/// Gives the relative luminance, as WCAG 2.2 defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |part: f64| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn check_contrast(front: &str, back: &str, least: f64) {
    for (theme, (front_colour, back_colour)) in ["light", "dark"]
        .iter()
        .zip(token(front).into_iter().zip(token(back)))
    {
        let (a, b) = (luminance(front_colour), luminance(back_colour));
        let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        assert!(ratio >= least, "{front} on {back}, {theme}: {ratio:.2}");
    }
}

#[test]
fn text_can_be_read_in_both_themes() {
    for back in ["paper", "surface", "sunk"] {
        for front in [
            "ink", "soft", "accent", "critical", "high", "medium", "low", "good", "quiet",
        ] {
            check_contrast(front, back, TEXT_CONTRAST_MIN);
        }
    }
    check_contrast("on-accent", "accent", TEXT_CONTRAST_MIN);
    check_contrast("on-critical", "critical-fill", TEXT_CONTRAST_MIN);
}

#[test]
fn controls_and_curves_can_be_seen_in_both_themes() {
    for front in ["edge", "curve"] {
        check_contrast(front, "surface", SIGN_CONTRAST_MIN);
    }
}
