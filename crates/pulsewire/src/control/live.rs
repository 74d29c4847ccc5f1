//! A page that stays up to date: one stream of server-sent events, at most two a second, only when something changed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use clinical::Permit;
use tokio::sync::mpsc;

use super::page::{Form, Page, Refused, permit, render};
use super::{Control, respond};

/// How often a stream may send.
const PACE: Duration = Duration::from_millis(500);
/// After so many quiet paces a beat is sent, so that the page knows that we are there: ten seconds, of which the script lets two pass.
const QUIET_PACES: u32 = 20;
/// A beat. A comment or an event without data would not reach the script (HTML Living Standard, 9.2.6).
const BEAT: &[u8] = b"event: beat\ndata: 1\n\n";
/// The overview, the sources, the workloads, the authorizations and the departments show what changes without a record: they are sent after so many paces in any case.
const RATE_PACES: u32 = 4;

/// After so many shows of a page with names a new audit record is written.
const SHOWS_A_PERMIT: u32 = 1_000;

/// Events on their way to a browser.
struct Events(mpsc::Receiver<Bytes>);

impl futures_core::Stream for Events {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// Answers with a stream that goes on until the browser leaves or it is time to stop.
pub(super) async fn stream(control: Arc<Control>, page: Page, headers: HeaderMap) -> Response {
    let Some(name) = page.live_name() else {
        return respond::refusal(&control, &headers, 404, "This page has nothing live.");
    };
    if control.places.live.available_permits() == 0 {
        return respond::plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many live pages are open\n",
        );
    }
    let (sender, receiver) = mpsc::channel(2);
    let tasks = control.tasks.clone();
    tasks.spawn(send(control, page, name, headers, sender));
    respond::with(
        StatusCode::OK,
        "text/event-stream",
        Body::from_stream(Events(receiver)),
    )
}

async fn send(
    control: Arc<Control>,
    page: Page,
    name: &'static str,
    headers: HeaderMap,
    sender: mpsc::Sender<Bytes>,
) {
    let Ok(_place) = control.places.live.try_acquire() else {
        return;
    };
    let mut stop = control.tasks.stop();
    let mut sight = Sight {
        page,
        headers,
        permit: None,
        shows: 0,
    };
    let (mut shown, mut quiet) = (0, 0);
    while stop.sleep(PACE).await && !sender.is_closed() {
        let version = control.views.read().version;
        let has_rates = matches!(
            sight.page,
            Page::Overview
                | Page::Sources
                | Page::Workloads
                | Page::Workload(_)
                | Page::Authorizations
                | Page::Emergency
        );
        let due = has_rates && quiet >= RATE_PACES;
        let event = if version == shown && !due {
            quiet += 1;
            if !u32::is_multiple_of(quiet, QUIET_PACES) {
                continue;
            }
            Bytes::from_static(BEAT)
        } else {
            (shown, quiet) = (version, 0);
            let Some(html) = sight.show(&control).await else {
                return;
            };
            Bytes::from(event(name, version, &html))
        };
        // A browser that does not read any more must not keep us from stopping.
        let taken = tokio::select! {
            taken = sender.send(event) => taken.is_ok(),
            () = stop.asked() => false,
        };
        if !taken {
            return;
        }
    }
}

/// One viewer of one page: the audit has one record of them, and another after a while.
struct Sight {
    page: Page,
    headers: HeaderMap,
    permit: Option<Arc<Permit>>,
    shows: u32,
}

impl Sight {
    async fn show(&mut self, control: &Arc<Control>) -> Option<String> {
        let anew = self.permit.is_none() || self.shows.is_multiple_of(SHOWS_A_PERMIT);
        self.shows = self.shows.wrapping_add(1);
        let known = self.permit.clone().filter(|_| !anew);
        let frame = respond::frame(control, &self.headers, "/");
        let (control, page) = (Arc::clone(control), self.page.clone());
        let made = tokio::task::spawn_blocking(move || {
            let permit = match known {
                Some(permit) => Some(permit),
                None => permit(&control, &page)?.map(Arc::new),
            };
            let html = render(&control, &page, Form::Live, &frame, permit.as_deref())?;
            Ok::<_, Refused>((html, permit))
        });
        let (html, permit) = made.await.ok()?.ok()?;
        self.permit = permit;
        Some(html)
    }
}

/// One event: its number is the version of what it shows.
fn event(name: &str, version: u64, html: &str) -> String {
    let mut event = format!("id: {version}\nevent: {name}\n");
    for line in html.lines() {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_an_event_with_data() {
        let beat = std::str::from_utf8(BEAT).expect("it is words");
        let has = |field: &str| {
            let mut lines = beat.lines();
            lines.any(|line| {
                line.strip_prefix(field)
                    .is_some_and(|rest| !rest.is_empty())
            })
        };
        assert!(has("event: ") && has("data: ") && beat.ends_with("\n\n"));
    }

    #[test]
    fn an_event_has_a_data_line_for_each_line() {
        assert_eq!(
            event("alerts", 7, "<p>\n</p>"),
            "id: 7\nevent: alerts\ndata: <p>\ndata: </p>\n\n"
        );
    }
}
