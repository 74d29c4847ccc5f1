//! Style, scripts and icon, embedded and named by their content so that they can be cached for ever.

use std::sync::LazyLock;

/// One file that pages refer to.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its path, with the hash of its content in it.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";

const FILES: [(&str, &str, &[u8]); 7] = [
    ("app.css", STYLE, include_bytes!("../assets/app.css")),
    ("htmx.js", SCRIPT, include_bytes!("../assets/htmx.min.js")),
    (
        "htmx-sse.js",
        SCRIPT,
        include_bytes!("../assets/htmx-sse.min.js"),
    ),
    ("app.js", SCRIPT, include_bytes!("../assets/app.js")),
    ("chart.js", SCRIPT, include_bytes!("../assets/chart.js")),
    (
        "keyboard.js",
        SCRIPT,
        include_bytes!("../assets/keyboard.js"),
    ),
    ("icon.svg", ICON, include_bytes!("../assets/icon.svg")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(name, content_type, bytes): (&str, _, _)| {
        let (stem, ending) = name.split_once('.').unwrap_or((name, "bin"));
        Asset {
            path: format!("/assets/{stem}.{:016x}.{ending}", hash(bytes)),
            content_type,
            bytes,
        }
    };
    FILES.into_iter().map(asset).collect()
});

/// Gives every file that pages refer to.
pub fn assets() -> &'static [Asset] {
    &ASSETS
}

/// Gives the path of a file by its plain name.
pub(crate) fn path(name: &str) -> &'static str {
    let known = FILES.iter().position(|(file, ..)| *file == name);
    known
        .and_then(|index| ASSETS.get(index))
        .map(|asset| asset.path.as_str())
        .expect("pages refer only to files in the list")
}

/// Hashes content with FNV-1a, 64 bits: enough to tell one build's file from another's.
fn hash(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}
