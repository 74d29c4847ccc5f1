//! A body as it comes, part by part.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};

use super::body::unreadable;
use crate::intake::fhir::Refusal;

/// What is still to come of a body.
pub(super) struct Chunks(Body);

impl Chunks {
    pub(super) fn of(body: Body) -> Self {
        Self(body)
    }

    /// The next part; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = poll_fn(|context| Pin::new(&mut self.0).poll_frame(context)).await;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(unreadable()),
                // What is no data is a trailer, and nobody asks for those.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
