//! What came by a connection to a broker and is not acknowledged yet: handed to the journal one after the other, in the order
//! in which it came, and acknowledged in that order.
//!
//! A message that holds several records is written otherwise than a single one where the journal is Kafka (a transaction), and
//! neither waits for the other there: so one goes behind another sort when that is kept.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use formats::mqtt;
use tokio::sync::oneshot;

use super::{Ended, IN_FLIGHT_MAX};
use crate::intake::accept::Intake;
use crate::intake::keep::{Patience, Received, Refusal};

/// What became of a message, once it is known.
type Kept = oneshot::Receiver<Result<(), Refusal>>;

/// All of them.
#[derive(Default)]
pub(super) struct Line {
    /// The last that came, which the journal does not have yet.
    coming: Option<Coming>,
    waiting: VecDeque<Waiting>,
}

struct Coming {
    id: Option<u16>,
    is_several: bool,
    /// Hands it to the journal.
    begin: Pin<Box<dyn Future<Output = Result<Kept, Refusal>> + Send>>,
}

/// A message that waits for the journal, or needs no waiting.
struct Waiting {
    id: Option<u16>,
    is_several: bool,
    kept: Kept,
}

impl Line {
    /// Whether another may come.
    pub(super) fn has_room(&self) -> bool {
        self.coming.is_none() && self.waiting.len() < IN_FLIGHT_MAX
    }

    /// A message comes; there must be room for it.
    pub(super) fn come(&mut self, intake: &Arc<Intake>, id: Option<u16>, received: Vec<Received>) {
        if received.is_empty() {
            return self.pass(id);
        }
        let intake = Arc::clone(intake);
        self.coming = Some(Coming {
            id,
            is_several: received.len() > 1,
            begin: Box::pin(begun(intake, received)),
        });
    }

    /// One comes that is not kept: it is acknowledged in its turn.
    pub(super) fn pass(&mut self, id: Option<u16>) {
        let (told, kept) = oneshot::channel();
        drop(told.send(Ok(())));
        self.waiting.push_back(Waiting {
            id,
            is_several: false,
            kept,
        });
    }

    /// Waits until the next is handed to the journal or the first is kept, for ever where there is none; gives what to tell
    /// the broker, which may be nothing. Nothing is lost when it is dropped and called again.
    pub(super) async fn step(&mut self) -> Result<Vec<u8>, Ended> {
        let Self { coming, waiting } = self;
        let goes = coming.as_ref().is_some_and(|coming| {
            let mut before = waiting.iter();
            before.all(|before| before.is_several == coming.is_several)
        });
        tokio::select! {
            begun = begin(coming), if goes => {
                if let Some(Coming { id, is_several, .. }) = coming.take() {
                    let kept = begun?;
                    waiting.push_back(Waiting { id, is_several, kept });
                }
                Ok(Vec::new())
            }
            kept = front(waiting) => {
                kept?;
                self.acknowledged()
            }
        }
    }

    /// The acknowledgement of the first, and of those behind it that are kept too, in their order.
    fn acknowledged(&mut self) -> Result<Vec<u8>, Ended> {
        let mut bytes = Vec::new();
        let mut push = |front: Option<Waiting>| {
            let id = front.and_then(|front| front.id);
            bytes.extend(id.into_iter().flat_map(mqtt::acknowledge));
        };
        push(self.waiting.pop_front());
        while let Some(next) = self.waiting.front_mut() {
            match next.kept.try_recv() {
                Ok(kept) => kept?,
                Err(oneshot::error::TryRecvError::Empty) => break,
                Err(oneshot::error::TryRecvError::Closed) => return Err(Ended::Stop),
            }
            push(self.waiting.pop_front());
        }
        Ok(bytes)
    }
}

/// Hands a message to the journal; what waits for it is told when it is kept.
async fn begun(intake: Arc<Intake>, received: Vec<Received>) -> Result<Kept, Refusal> {
    let keeping = intake.begin(received, Patience::Wait, |_| {}).await?;
    let (told, kept) = oneshot::channel();
    intake.tasks.spawn(async move {
        // Where the connection has ended, the broker sends it again.
        drop(told.send(keeping.kept().await.map(drop)));
    });
    Ok(kept)
}

async fn begin(coming: &mut Option<Coming>) -> Result<Kept, Refusal> {
    match coming {
        None => std::future::pending().await,
        Some(coming) => (&mut coming.begin).await,
    }
}

/// Waits for the message that must be acknowledged first; for ever where there is none.
async fn front(waiting: &mut VecDeque<Waiting>) -> Result<(), Refusal> {
    match waiting.front_mut() {
        None => std::future::pending().await,
        Some(first) => (&mut first.kept).await.unwrap_or(Err(Refusal::Busy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a message goes to the journal behind one that is not kept yet.
    async fn goes_behind(first: bool, second: bool) -> bool {
        let (told, kept) = oneshot::channel();
        let (_next, nexts) = oneshot::channel();
        let mut line = Line::default();
        line.waiting.push_back(Waiting {
            id: Some(1),
            is_several: first,
            kept,
        });
        line.coming = Some(Coming {
            id: Some(2),
            is_several: second,
            begin: Box::pin(std::future::ready(Ok(nexts))),
        });
        assert!(!line.has_room());
        // As the first is not kept, a step can only be that the second goes.
        let went = tokio::select! {
            biased;
            step = line.step() => step.is_ok_and(|told| told.is_empty()),
            () = std::future::ready(()) => false,
        };
        assert_eq!(line.has_room(), went);
        told.send(Ok(())).unwrap();
        assert_eq!(line.step().await.unwrap(), mqtt::acknowledge(1));
        if !went {
            assert!(line.step().await.unwrap().is_empty());
        }
        assert!(line.has_room());
        went
    }

    #[test]
    fn a_message_goes_to_the_journal_behind_its_sort_and_waits_for_another() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for (first, second) in [(false, false), (true, true), (false, true), (true, false)] {
            let went = runtime.block_on(goes_behind(first, second));
            assert_eq!(went, first == second);
        }
    }
}
