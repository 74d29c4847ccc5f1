//! Brokers that belong together: started, disturbed one by one, stopped.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::broker::{Broker, Running};
use super::options::{Listener, Options};
use super::probe::brokers_known;
use super::slot::{Slot, alone_in, is_free};
use super::{library, storage};
use crate::step::Failed;

/// All brokers of a cluster are up by then, on a busy machine too.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How often a broker is asked whether it is up.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// The last of three cannot leave in good order, since nobody is left to agree: after this it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(8);
/// Killing takes no longer.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A cluster; it stops when this is dropped, unless it is kept.
#[derive(Debug)]
pub(crate) struct Cluster {
    options: Options,
    kept: bool,
    _slot: Option<Slot>,
}

impl Cluster {
    /// Starts new brokers in a place of their own, which stop with this process or before.
    pub(crate) fn start_new(brokers: u16) -> Result<Self, Failed> {
        let slot = Slot::take(brokers)?;
        let options = slot.options().clone();
        Self::start_with(options, false, Some(slot))
    }

    /// Starts what does not run yet, to outlive this process and its terminal.
    pub(crate) fn start_kept(options: &Options) -> Result<Self, Failed> {
        let _alone = alone_in(&options.dir)?;
        Self::start_with(options.clone(), true, None)
    }

    /// The cluster of a folder, running or not; dropping this changes nothing.
    pub(crate) fn of(dir: &Path) -> Result<Self, Failed> {
        let options = storage::made_with(dir)?.ok_or_else(|| {
            Failed(format!(
                "kafka: no brokers were made in {}: `cargo xtask kafka up` makes them",
                dir.display()
            ))
        })?;
        Ok(Self {
            options,
            kept: true,
            _slot: None,
        })
    }

    /// The plain listeners.
    pub(crate) fn bootstrap(&self) -> String {
        self.options.bootstrap(Listener::Plain)
    }

    /// The folder with `listeners.toml`.
    pub(crate) fn dir(&self) -> &Path {
        &self.options.dir
    }

    /// How many brokers it has, running or not.
    pub(crate) fn size(&self) -> u16 {
        self.options.brokers
    }

    /// Ends a broker at once, as a power cut would.
    pub(crate) fn kill(&self, number: u16) -> Result<(), Failed> {
        let broker = self.broker(number)?;
        kill(&broker, &self.hold(number)?)
    }

    /// Starts a broker that was killed, and waits until it takes part again.
    pub(crate) fn start(&self, number: u16) -> Result<(), Failed> {
        let broker = self.broker(number)?;
        if broker.running().is_some() {
            return Err(Failed(format!("kafka: broker {number} runs already")));
        }
        self.check_ports(number)?;
        let running = broker.start(self.kept)?;
        // Those that are down cannot be known; this one at least is.
        self.wait_for(&broker, &running, 1, now())
    }

    /// Holds a broker still: its sockets stay open and nothing comes out.
    pub(crate) fn pause(&self, number: u16) -> Result<(), Failed> {
        self.hold(number)?.signal(Signal::STOP)
    }

    /// Lets a paused broker go on.
    pub(crate) fn resume(&self, number: u16) -> Result<(), Failed> {
        self.hold(number)?.signal(Signal::CONT)
    }

    /// Stops all brokers in good order as far as that goes; says how many ran.
    pub(crate) fn stop(&self) -> Result<usize, Failed> {
        let brokers = self
            .options
            .numbers()
            .map(|number| Broker::new(self.dir(), number));
        let running: Vec<_> = brokers
            .filter_map(|broker| broker.running().map(|running| (broker, running)))
            .collect();
        for (_, running) in &running {
            running.signal(Signal::CONT)?;
            running.signal(Signal::TERM)?;
        }
        let began = now();
        for (broker, running) in &running {
            let left = STOP_LIMIT.saturating_sub(began.elapsed());
            if running.ends_within(left) {
                broker.forget()?;
            } else {
                kill(broker, running)?;
            }
        }
        Ok(running.len())
    }

    /// The numbers of those that run.
    pub(crate) fn running(&self) -> Vec<u16> {
        let numbers = self.options.numbers();
        numbers
            .filter(|number| Broker::new(self.dir(), *number).running().is_some())
            .collect()
    }

    /// Returns once every broker knows all the others.
    fn start_with(options: Options, kept: bool, slot: Option<Slot>) -> Result<Self, Failed> {
        library::resolve()?;
        storage::make(&options)?;
        let cluster = Self {
            options,
            kept,
            _slot: slot,
        };
        let mut started = Vec::new();
        let done = cluster.start_missing(&mut started);
        if done.is_err() {
            for (broker, running) in &started {
                kill(broker, running)?;
            }
        }
        done.map(|()| cluster)
    }

    fn start_missing(&self, started: &mut Vec<(Broker, Running)>) -> Result<(), Failed> {
        let mut ran_already = Vec::new();
        for number in self.options.numbers() {
            let broker = self.broker(number)?;
            match broker.running() {
                Some(running) => ran_already.push((broker, running)),
                None => {
                    self.check_ports(number)?;
                    let running = broker.start(self.kept)?;
                    started.push((broker, running));
                }
            }
        }
        let began = now();
        for (broker, running) in started.iter().chain(&ran_already) {
            self.wait_for(broker, running, self.options.brokers.into(), began)?;
        }
        Ok(())
    }

    /// A broker whose plain listener is up may still fail over another port, so they are looked at before.
    fn check_ports(&self, number: u16) -> Result<(), Failed> {
        let ports = Listener::ALL.map(|listener| self.options.port_of(number, listener));
        match ports.into_iter().find(|port| !is_free(*port)) {
            None => Ok(()),
            Some(port) => Err(Failed(format!(
                "kafka: port {port} is in use: give another --port, or end what holds it"
            ))),
        }
    }

    /// Waits until a broker knows so many, or has ended.
    fn wait_for(
        &self,
        broker: &Broker,
        running: &Running,
        known: u32,
        began: Instant,
    ) -> Result<(), Failed> {
        let port = self.options.port_of(broker.number(), Listener::Plain);
        while began.elapsed() < START_LIMIT {
            if brokers_known(port).is_ok_and(|count| count >= known) {
                return Ok(());
            }
            if running.ends_within(ASK_EVERY) {
                return Err(not_up(broker, "ended"));
            }
        }
        Err(not_up(broker, "did not come up in time"))
    }

    fn broker(&self, number: u16) -> Result<Broker, Failed> {
        if (1..=self.size()).contains(&number) {
            return Ok(Broker::new(self.dir(), number));
        }
        Err(Failed(format!(
            "kafka: there is no broker {number}; they count from 1 to {}",
            self.size()
        )))
    }

    fn hold(&self, number: u16) -> Result<Running, Failed> {
        self.broker(number)?
            .running()
            .ok_or_else(|| Failed(format!("kafka: broker {number} does not run")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = self.stop() {
            eprintln!("xtask: {error}");
        }
    }
}

fn kill(broker: &Broker, running: &Running) -> Result<(), Failed> {
    running.signal(Signal::KILL)?;
    if running.ends_within(KILL_LIMIT) {
        return broker.forget();
    }
    Err(Failed(format!(
        "kafka: broker {} cannot be killed",
        broker.number()
    )))
}

fn not_up(broker: &Broker, what: &str) -> Failed {
    Failed(format!(
        "kafka: broker {} {what}; from {}:\n{}",
        broker.number(),
        broker.log().display(),
        broker.last_words()
    ))
}

#[expect(
    clippy::disallowed_methods,
    reason = "waiting for another process has a limit in real time"
)]
fn now() -> Instant {
    Instant::now()
}
