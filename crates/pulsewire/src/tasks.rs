//! The one spawner: everything that runs is known here, so that stopping waits for it.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the file that the ban points to"
)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How long stopping waits for connections and pages to end by themselves.
const GRACE: Duration = Duration::from_secs(10);

/// How often a resting thread looks at the word to stop.
const STEP: Duration = Duration::from_millis(100);

/// How far behind those who answer senders a station stands: there is always more to work on, and a sender waits. 19 is the farthest.
const STATION_NICE: i32 = 7;

/// How far behind a thread stands that can wait for stations, too.
const BACKGROUND_NICE: i32 = 14;

/// What has more bytes is worked on where it holds up no connection.
const LONG_BYTES: usize = 64 << 10;

/// What runs, and the word to stop.
#[derive(Clone)]
pub(crate) struct Tasks {
    stop: Stop,
    sender: Arc<watch::Sender<bool>>,
    handle: tokio::runtime::Handle,
    threads: Arc<Mutex<Vec<Thread>>>,
    futures: Arc<Mutex<tokio::task::JoinSet<()>>>,
    faults: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A thread by its name.
type Thread = (&'static str, JoinHandle<()>);

/// Tells whether to stop, and lets one wait for it.
#[derive(Clone)]
pub(crate) struct Stop {
    flag: Arc<AtomicBool>,
    receiver: watch::Receiver<bool>,
}

impl Stop {
    /// Whether to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    /// Waits this long on a thread of its own, or until asked to stop.
    pub(crate) fn rest(&self, span: Duration) {
        let began = Instant::now();
        while let Some(left) = span
            .checked_sub(began.elapsed())
            .filter(|left| !left.is_zero())
        {
            if self.is_asked() {
                return;
            }
            std::thread::park_timeout(left.min(STEP));
        }
    }

    /// Returns when asked to stop.
    pub(crate) async fn asked(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        drop(self.receiver.wait_for(|stop| *stop).await);
    }

    /// Waits this long, or until asked to stop; tells whether to go on.
    pub(crate) async fn sleep(&mut self, span: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(span) => true,
            () = self.asked() => false,
        }
    }
}

impl Tasks {
    /// Starts with nothing running, on a runtime.
    pub(crate) fn new(handle: tokio::runtime::Handle) -> Self {
        let (sender, receiver) = watch::channel(false);
        let stop = Stop {
            flag: Arc::new(AtomicBool::new(false)),
            receiver,
        };
        Self {
            stop,
            sender: Arc::new(sender),
            handle,
            threads: Arc::default(),
            futures: Arc::default(),
            faults: Arc::default(),
        }
    }

    /// Notes what keeps a part from its work, or that nothing does; says whether that is news.
    pub(crate) fn note(&self, name: &str, fault: Option<String>) -> bool {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(name.to_owned(), fault).is_none(),
            None => faults.remove(name).is_some(),
        }
    }

    /// What keeps parts from their work.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.values().cloned().collect()
    }

    /// Gives the word to listen for.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// The runtime, for threads that wait for what runs on it.
    pub(crate) fn runtime(&self) -> tokio::runtime::Handle {
        self.handle.clone()
    }

    /// Runs a future; it should end soon after [`Stop::asked`].
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let mut futures = self.futures.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended are let go, so that the set holds what runs and no more.
        while futures.try_join_next().is_some() {}
        futures.spawn_on(future, &self.handle);
    }

    /// Runs a thread; it must end soon after [`Stop::is_asked`] tells so.
    pub(crate) fn thread(
        &self,
        name: &'static str,
        run: impl FnOnce(Stop) + Send + 'static,
    ) -> std::io::Result<()> {
        let stop = self.stop();
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || run(stop))?;
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, thread));
        Ok(())
    }

    /// Runs a thread that works on what was taken in: senders have the processor before it.
    pub(crate) fn station(
        &self,
        name: &'static str,
        run: impl FnOnce(Stop) + Send + 'static,
    ) -> std::io::Result<()> {
        self.thread(name, move |stop| {
            stand_behind(STATION_NICE);
            run(stop);
        })
    }

    /// Runs a thread that can wait: senders and stations have the processor before it.
    pub(crate) fn background(
        &self,
        name: &'static str,
        run: impl FnOnce(Stop) + Send + 'static,
    ) -> std::io::Result<()> {
        self.thread(name, move |stop| {
            stand_behind(BACKGROUND_NICE);
            run(stop);
        })
    }

    /// The threads that have ended though nobody asked them to: a defect, and work that is not done.
    pub(crate) fn ended_early(&self) -> Vec<&'static str> {
        if self.stop.is_asked() {
            return Vec::new();
        }
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = threads.iter().filter(|(_, thread)| thread.is_finished());
        ended.map(|(name, _)| *name).collect()
    }

    /// Asks everything to stop and waits for it.
    pub(crate) async fn stop_all(&self) {
        self.stop.flag.store(true, Ordering::Release);
        self.sender.send_replace(true);
        let mut futures =
            std::mem::take(&mut *self.futures.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = tokio::time::timeout(GRACE, async {
            while futures.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            tracing::warn!(
                still_running = futures.len(),
                "connections did not end in time and are cut"
            );
            futures.shutdown().await;
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for (name, thread) in threads {
            if thread.join().is_err() {
                tracing::error!(name, "a thread ended in a panic");
            }
        }
    }
}

/// Does what starts threads of its own that work for stations: they stand where stations do.
pub(crate) fn as_station<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let working = scope.spawn(|| {
            stand_behind(STATION_NICE);
            work()
        });
        working
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Lets others have the processor before this thread, and before those it will start.
fn stand_behind(nice: i32) {
    let this = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(this, nice) {
        tracing::debug!(nice, %error, "a thread that can wait does not");
    }
}

/// Works on what is long without holding up the connections that this thread serves.
pub(crate) fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    match bytes > LONG_BYTES {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_is_news_once_and_so_is_its_end() {
        let tasks = Tasks::new(tokio::runtime::Handle::current());
        let told = |fault: Option<&str>| tasks.note("resends", fault.map(Into::into));
        assert_eq!(
            [told(None), told(Some("full")), told(Some("poisoned"))],
            [false, true, false]
        );
        assert_eq!(tasks.faults(), ["poisoned"]);
        assert_eq!([told(None), told(None)], [true, false]);
        assert!(tasks.faults().is_empty());
    }
}
