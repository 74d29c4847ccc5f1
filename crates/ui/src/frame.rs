//! What every page carries: the header, the way around, the notice of what this is not, and the clock.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::assets;
use crate::number;
use crate::stamp::{Clock, Stamp};

/// The line that every page carries.
pub const NOTICE: &str = "Secondary notification, not a primary alarm, not a medical device.";

/// What every page carries.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The moment the page is made, in microseconds since the epoch.
    pub now_us: i64,
    /// The site's zone by its IANA name; unknown ones are UTC.
    pub zone: String,
    /// The site's name.
    pub site: String,
    /// The version of the build.
    pub version: String,
    /// Who is looking.
    pub viewer: String,
    /// The path and query of this page, to come back to after a form.
    pub path: String,
    /// The colours chosen, as kept in the cookie `theme`.
    pub theme: Theme,
    /// The token that forms send back.
    pub csrf: String,
    /// What everybody must know now, such as a journal that has stopped.
    pub alarms: Vec<String>,
}

impl Frame {
    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.now_us, &self.zone)
    }
}

/// The colours of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the viewer's system has them.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the word for it; any other word is the system's choice.
    pub fn parse(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.word() == word)
            .unwrap_or_default()
    }
}

/// Where a page belongs in the way around.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Alerts,
    Patients,
    Emergency,
    Authorizations,
    CareGaps,
    Workloads,
    Sources,
    Quarantine,
    Codes,
    Elsewhere,
}

impl Place {
    const LINKED: [(Self, &'static str, &'static str); 10] = [
        (Self::Overview, "/", "Overview"),
        (Self::Alerts, "/alerts", "Alerts"),
        (Self::Patients, "/patients", "Patients"),
        (Self::Emergency, "/ed", "Emergency"),
        (Self::Authorizations, "/authorizations", "Authorizations"),
        (Self::CareGaps, "/care-gaps", "Care gaps"),
        (Self::Workloads, "/workloads", "Workloads"),
        (Self::Sources, "/sources", "Sources"),
        (Self::Quarantine, "/quarantine", "Quarantine"),
        (Self::Codes, "/codes", "Codes"),
    ];
}

/// Makes a page of its title and body.
pub(crate) fn page(frame: &Frame, place: Place, title: &str, body: &str) -> String {
    let clock = frame.clock();
    render(&Page {
        made: clock.stamp(frame.now_us),
        clock,
        frame,
        place,
        title,
        body,
    })
}

/// Makes the element that keeps a fragment live.
pub(crate) fn live(id: &str, path: &str, body: &str) -> String {
    render(&Live { id, path, body })
}

/// Makes the element that a fragment takes the place of, and that does not change by itself.
pub(crate) fn still(id: &str, body: &str) -> String {
    render(&Still { id, body })
}

/// The address of a page that shows what is chosen of each.
pub(crate) fn filtered<const N: usize>(path: &str, chosen: [(&str, Option<&str>); N]) -> String {
    let chosen = chosen.into_iter();
    let parts: Vec<String> = chosen
        .filter_map(|(name, value)| Some(format!("{name}={}", query(value?))))
        .collect();
    match parts.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", parts.join("&")),
    }
}

/// Writes text so that it can stand in a query.
fn query(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                safe.push(char::from(byte));
            }
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    safe
}

/// Renders a template into text.
pub(crate) fn render(template: &impl Template) -> String {
    template
        .render()
        .expect("writing text to a string does not fail")
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    frame: &'a Frame,
    clock: Clock,
    made: Stamp,
    place: Place,
    title: &'a str,
    body: &'a str,
}

impl Page<'_> {
    fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }
}

#[derive(Template)]
#[template(path = "part/live.html")]
struct Live<'a> {
    id: &'a str,
    path: &'a str,
    body: &'a str,
}

#[derive(Template)]
#[template(path = "part/still.html")]
struct Still<'a> {
    id: &'a str,
    body: &'a str,
}

/// A link, where there is somewhere to go.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "part/link.html")]
pub struct Link {
    /// The words.
    pub text: String,
    /// The address; words alone where there is none.
    pub href: Option<String>,
}

impl HtmlSafe for Link {}

impl Link {
    /// Makes a link to an address.
    pub fn to(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: Some(href.into()),
        }
    }

    /// Makes words that lead nowhere.
    pub fn words(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: None,
        }
    }
}

/// One of several views of a page, as a link that says which one is shown.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) text: String,
    pub(crate) href: String,
    pub(crate) count: Option<String>,
    pub(crate) current: bool,
}

impl Choice {
    /// All, and each of what is counted; `to` says where each leads.
    pub(crate) fn of_counts(
        counts: &[(String, u64)],
        chosen: Option<&str>,
        to: impl Fn(Option<&str>) -> String,
    ) -> Vec<Self> {
        let all = Self {
            text: "All".to_owned(),
            href: to(None),
            count: Some(number::count(
                counts.iter().map(|(_, count)| count).sum::<u64>(),
            )),
            current: chosen.is_none(),
        };
        let each = counts.iter().map(|(name, count)| Self {
            text: name.clone(),
            href: to(Some(name)),
            count: Some(number::count(*count)),
            current: chosen == Some(name),
        });
        std::iter::once(all).chain(each).collect()
    }
}

/// The views of a page that can be chosen.
#[derive(Template)]
#[template(path = "part/choices.html")]
pub(crate) struct Choices<'a> {
    pub(crate) label: &'a str,
    /// What their ids begin with: a page may have several.
    pub(crate) name: &'a str,
    pub(crate) target: &'a str,
    pub(crate) choices: Vec<Choice>,
}

impl HtmlSafe for Choices<'_> {}
