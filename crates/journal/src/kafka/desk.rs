//! What waits for a producer of transactions, and who looks that the producer's calls come back.
//!
//! A call of librdkafka that was told how long it may take may still never return: `send_offsets_to_transaction` did while
//! coordinators moved. Its thread cannot be ended. Whoever waits for it is answered, and takes over by a new producer.

use super::client::moment;
use crate::{Committed, Done, Error};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How many transactions wait; who brings another waits above it.
const WAITING_MAX: usize = 64;
/// A call is given up when it lasts longer than it was told to by this.
const SLACK: Duration = Duration::from_secs(5);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where work is put for one thread, with whoever is to be told of its end.
pub(super) struct Desk<W> {
    state: Mutex<State<W>>,
    news: Condvar,
}

struct State<W> {
    waiting: VecDeque<(W, Done)>,
    /// Whoever waits for what is being done.
    current: Option<Done>,
    /// When what is being done is given up.
    until: Option<Instant>,
    is_closed: bool,
    is_stuck: bool,
}

/// What is to be done next.
pub(super) enum Next<W> {
    Work(W),
    Nothing,
    /// Nobody brings anything any more.
    End,
}

impl<W: Send + 'static> Desk<W> {
    /// Makes one that is looked after.
    pub(super) fn new() -> Arc<Self> {
        let desk = Arc::new(Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                current: None,
                until: None,
                is_closed: false,
                is_stuck: false,
            }),
            news: Condvar::new(),
        });
        let watched: Arc<dyn Watched> = Arc::clone(&desk) as _;
        watch(Arc::downgrade(&watched));
        desk
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings work; waits while there is much.
    pub(super) fn put(&self, work: W, done: Done) {
        let mut state = self.state();
        while state.waiting.len() >= WAITING_MAX && !state.is_closed && !state.is_stuck {
            let woken = self.news.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed || state.is_stuck {
            let error = if state.is_stuck {
                stuck()
            } else {
                Error::Closed
            };
            drop(state);
            return done(Err(error));
        }
        state.waiting.push_back((work, done));
        self.news.notify_all();
    }

    /// Takes work, or gives up after a while.
    pub(super) fn take(&self, at_most: Duration) -> Next<W> {
        let mut state = self.state();
        if state.waiting.is_empty() && !state.is_closed {
            let woken = self.news.wait_timeout(state, at_most);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        match state.waiting.pop_front() {
            _ if state.is_stuck => Next::End,
            Some((work, done)) => {
                state.current = Some(done);
                self.news.notify_all();
                Next::Work(work)
            }
            None if state.is_closed => Next::End,
            None => Next::Nothing,
        }
    }

    /// Makes a call that may take so long.
    pub(super) fn watched<T>(&self, at_most: Duration, call: impl FnOnce() -> T) -> T {
        self.state().until = moment().checked_add(at_most.saturating_add(SLACK));
        let result = call();
        self.state().until = None;
        result
    }

    /// Does nothing any more: answers whoever waits.
    pub(super) fn give_up(&self) {
        let mut state = self.state();
        state.is_stuck = true;
        let waiting = std::mem::take(&mut state.waiting);
        let waiting = waiting.into_iter().map(|(_, done)| done);
        let all: Vec<Done> = state.current.take().into_iter().chain(waiting).collect();
        drop(state);
        self.news.notify_all();
        for done in all {
            done(Err(stuck()));
        }
    }

    /// Answers whoever waits, unless that was done already.
    pub(super) fn answer(&self, result: Result<Committed, Error>) {
        let done = self.state().current.take();
        if let Some(done) = done {
            done(result);
        }
    }

    /// What waits is done yet; nothing more is taken.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_all();
    }

    /// Whether a call did not come back: nothing is done here any more.
    pub(super) fn is_stuck(&self) -> bool {
        self.state().is_stuck
    }
}

fn stuck() -> Error {
    Error::Unavailable {
        doing: "a call for a transaction did not come back",
        cause: "another producer takes over".to_owned(),
    }
}

/// What may be overdue.
trait Watched: Send + Sync {
    fn look(&self, now: Instant);
}

impl<W: Send + 'static> Watched for Desk<W> {
    fn look(&self, now: Instant) {
        let is_overdue = self.state().until.is_some_and(|until| now >= until);
        if is_overdue {
            self.give_up();
        }
    }
}

/// Has something looked after as long as it is there, by one thread for all.
fn watch(watched: Weak<dyn Watched>) {
    static WATCHED: OnceLock<Mutex<Vec<Weak<dyn Watched>>>> = OnceLock::new();
    let mut begins = false;
    let all = WATCHED.get_or_init(|| {
        begins = true;
        Mutex::default()
    });
    all.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(watched);
    if begins {
        let thread = std::thread::Builder::new().name("kafka-overdue".to_owned());
        let started = thread.spawn(|| {
            loop {
                std::thread::park_timeout(LOOK_EVERY);
                let there: Vec<_> = {
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    all.retain(|one| one.strong_count() > 0);
                    all.iter().filter_map(Weak::upgrade).collect()
                };
                let now = moment();
                there.iter().for_each(|one| one.look(now));
            }
        });
        drop(started.expect("a process that has threads can have one more"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, sync_channel};

    fn told() -> (Done, Receiver<Result<Committed, Error>>) {
        let (sender, receiver) = sync_channel(1);
        (Box::new(move |result| drop(sender.send(result))), receiver)
    }

    #[test]
    fn what_is_done_in_time_is_answered_once() {
        let desk = Desk::new();
        let (done, answer) = told();
        desk.put("work", done);
        assert!(matches!(desk.take(Duration::ZERO), Next::Work("work")));
        let now = moment();
        desk.watched(Duration::ZERO, || desk.look(now));
        desk.answer(Ok(vec![7]));
        desk.look(now + SLACK + SLACK);
        assert_eq!(answer.recv().expect("it is answered").ok(), Some(vec![7]));
        assert!(!desk.is_stuck());
        desk.close();
        assert!(matches!(desk.take(Duration::ZERO), Next::End));
    }

    #[test]
    fn who_waits_for_a_call_that_does_not_come_back_is_told_with_all_behind() {
        let desk = Desk::new();
        let ((first, of_first), (second, of_second)) = (told(), told());
        desk.put(1, first);
        desk.put(2, second);
        assert!(matches!(desk.take(Duration::ZERO), Next::Work(1)));
        let late = moment() + SLACK + LOOK_EVERY;
        desk.watched(Duration::ZERO, || desk.look(late));
        for answer in [of_first, of_second] {
            let answer = answer.recv().expect("it is answered");
            assert!(matches!(answer, Err(Error::Unavailable { .. })));
        }
        assert!(desk.is_stuck());
        // What comes back after all is nobody's any more, and nothing is done there.
        desk.answer(Ok(vec![7]));
        assert!(matches!(desk.take(Duration::ZERO), Next::End));
        let (late, of_late) = told();
        desk.put(3, late);
        assert!(of_late.recv().expect("it is answered").is_err());
    }

    #[test]
    fn it_is_looked_without_being_asked() {
        let desk = Desk::new();
        let (done, answer) = told();
        desk.put((), done);
        assert!(matches!(desk.take(Duration::ZERO), Next::Work(())));
        desk.state().until = Some(moment());
        assert!(answer.recv().expect("somebody looks").is_err());
    }
}
