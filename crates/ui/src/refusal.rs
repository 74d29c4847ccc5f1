//! The page that says that there is no page, and what to do.

use askama::Template;

use crate::frame::{self, Frame, Place, render};

/// Why a page cannot be shown.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status: 403, 404, 500 and the like.
    pub status: u16,
    /// What happened, in one sentence; may be empty.
    pub what: String,
    /// The name under which the log has more; may be empty.
    pub reference: String,
}

/// Makes the page that says why there is no page.
pub fn refusal_page(frame: &Frame, refusal: &Refusal) -> String {
    let (title, hint) = words(refusal.status);
    let body = render(&Body {
        refusal,
        title,
        hint,
    });
    frame::page(frame, Place::Elsewhere, title, &body)
}

fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => (
            "The request could not be read",
            "Go back, correct what you sent, and send it again.",
        ),
        403 => (
            "You may not see this",
            "Ask whoever administers Pulsewire here for access, or reload the page before you send the form again.",
        ),
        404 => (
            "There is no such page",
            "It may have been merged, expired or mistyped. Start from the overview.",
        ),
        409 => (
            "Somebody else was faster",
            "Reload the page to see how things stand now.",
        ),
        503 => (
            "Not ready yet",
            "Pulsewire is starting or stopping. Reload in a moment.",
        ),
        _ => (
            "Something went wrong here",
            "Messages are still taken in and kept. Reload; if it happens again, look into the log.",
        ),
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Body<'a> {
    refusal: &'a Refusal,
    title: &'a str,
    hint: &'a str,
}
