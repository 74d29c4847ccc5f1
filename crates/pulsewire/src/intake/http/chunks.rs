//! A body as it comes, part by part.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};

use super::body::{Spent, unreadable};
use crate::intake::fhir::Refusal;

/// What is still to come of a body.
pub(super) struct Chunks {
    body: Body,
    spent: Spent,
}

impl Chunks {
    pub(super) fn of(body: Body, spent: &Spent) -> Self {
        let spent = spent.clone();
        Self { body, spent }
    }

    /// The next part; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(unreadable()),
                // What is no data is a trailer, and nobody asks for those.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.spent.add(data.len());
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
