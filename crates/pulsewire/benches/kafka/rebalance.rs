//! Three processes under steady load: how long a partition gives no finding when one leaves, comes, or is killed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clinical::ReceivedTime;

use crate::fleet::{Fleet, PARTITIONS, SESSION};
use crate::load;
use crate::messages::{Messages, since_epoch};
use crate::senders::Senders;
use crate::setting::now;
use crate::watch::Watch;

/// How many processes share the partitions.
const INSTANCES: usize = 3;
/// Messages a second, each a critical result: enough that a partition is seldom silent for long by itself.
const RATE: f64 = 150.0;
/// Connections of all senders.
const CONNECTIONS: u64 = 24;
/// Patients that are known before, where nothing else is asked for.
const PATIENTS: u64 = 10_000;
/// The load is looked at for so long before the first change and after each.
const QUIET: Duration = Duration::from_secs(8);
/// After a change every partition goes on within this.
const PATIENCE: Duration = Duration::from_secs(90);
/// The longest that the load lasts.
const LOAD_ENDS: Duration = Duration::from_secs(900);
/// What the log says of each stage when partitions are its own.
const ASSIGNED: &str = "these partitions are this process's now";
/// The stage whose findings are looked at.
const STAGE: &str = "workloads";

/// Measures and prints.
pub(crate) fn measure(brokers: &str, patients: Option<u64>) {
    let patients = patients.unwrap_or(PATIENTS);
    println!(
        "\nthe longest time without a finding of a partition: {INSTANCES} processes, {PARTITIONS} partitions, {RATE} messages/s, {patients} patients known before, session timeout {} s",
        SESSION.as_secs()
    );
    for named in [false, true] {
        println!(
            "  {} kafka.instance",
            if named { "with" } else { "without" }
        );
        of_fleet(brokers, named, patients);
    }
}

fn of_fleet(brokers: &str, named: bool, patients: u64) {
    let mut fleet = Fleet::new(brokers, INSTANCES, named);
    for number in 0..INSTANCES {
        fleet.start(number);
    }
    fleet.wait_until_whole();
    let messages = Messages::new();
    make_known(&fleet, &messages, patients);
    let first = since_epoch() - Duration::from_secs(3600);
    let senders = Senders::new(&messages, RATE, CONNECTIONS, 1, first);
    let doors = fleet.doors.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| senders.run(&doors, LOAD_ENDS, patients));
        let mut looking = Looking {
            watch: Watch::begin(brokers, &fleet.prefix),
            senders: &senders,
            last: INSTANCES - 1,
        };
        looking.steps(&mut fleet, named);
        senders.end();
        let critical = senders.critical();
        let missing = looking.watch.wait_for(critical.keys(), PATIENCE);
        println!(
            "    {} messages acknowledged in all, {missing} of their findings missing in the end",
            critical.len()
        );
    });
}

/// Sends a set of vitals of each patient, and waits until all is done.
pub(crate) fn make_known(fleet: &Fleet, messages: &Messages, patients: u64) {
    let doors = fleet.doors.lock().unwrap().clone();
    std::thread::scope(|scope| {
        for (sender, door) in (0..CONNECTIONS).zip(doors.iter().cycle()) {
            scope.spawn(move || {
                let mut stream = std::net::TcpStream::connect(door).unwrap();
                stream.set_nodelay(true).unwrap();
                for number in (sender..patients).step_by(CONNECTIONS as usize) {
                    let frame = messages.frame_among(number, patients);
                    load::exchange(&mut stream, &frame);
                }
            });
        }
    });
    fleet.wait_until_done(patients);
}

struct Looking<'l, 's> {
    watch: Watch,
    senders: &'l Senders<'s>,
    /// The instance that comes and goes.
    last: usize,
}

impl Looking<'_, '_> {
    fn steps(&mut self, fleet: &mut Fleet, named: bool) {
        let last = self.last;
        self.step("nothing happens", fleet, |_| ());
        if named {
            self.step("one is stopped and back at once", fleet, |fleet| {
                fleet.stop(last);
                fleet.start(last);
            });
            self.step("one is killed and back at once", fleet, |fleet| {
                fleet.kill(last);
                fleet.start(last);
            });
            return;
        }
        self.step("one leaves (SIGTERM)", fleet, |fleet| fleet.stop(last));
        self.step("one joins", fleet, |fleet| fleet.start(last));
        self.step("one is killed (SIGKILL)", fleet, |fleet| fleet.kill(last));
        self.step("one joins", fleet, |fleet| fleet.start(last));
    }

    /// Lets something happen under load, and tells what it cost.
    fn step(&self, what: &str, fleet: &mut Fleet, change: impl FnOnce(&mut Fleet)) {
        std::thread::sleep(QUIET);
        let (began, wall) = (Instant::now(), now());
        change(fleet);
        let changed = began.elapsed();
        let resumed = self.wait_until_resumed(began + changed);
        std::thread::sleep(QUIET);
        let silences = self.silences(began, Instant::now());
        let longest = silences.iter().max().copied().unwrap_or_default();
        let median = silences.get(silences.len() / 2).copied();
        let moved = last_assigned(fleet, wall);
        println!(
            "    {what:<32} longest {:>6.2} s, median partition {:>5.2} s; the change itself {:>5.2} s{}{}",
            longest.as_secs_f64(),
            median.unwrap_or_default().as_secs_f64(),
            changed.as_secs_f64(),
            moved.map_or_else(String::new, |at| format!(
                "; partitions were last given out after {at:.2} s"
            )),
            if resumed {
                ""
            } else {
                "; NOT ALL PARTITIONS WENT ON"
            }
        );
    }

    /// Waits until each partition has given the finding of a message that was due since; tells whether they all did.
    fn wait_until_resumed(&self, since: Instant) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let critical = self.senders.critical();
            let came = self.watch.came();
            let mut resumed: Vec<u16> = came
                .iter()
                .filter(|(key, _)| critical.get(*key).is_some_and(|sent| sent.due >= since))
                .map(|(_, came)| came.partition)
                .collect();
            resumed.sort_unstable();
            resumed.dedup();
            if resumed.len() == usize::from(PARTITIONS) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        false
    }

    /// The longest time between two findings of each partition, of those that ended since; the shortest first.
    fn silences(&self, since: Instant, until: Instant) -> Vec<Duration> {
        let mut of: BTreeMap<u16, Vec<Instant>> =
            (0..PARTITIONS).map(|one| (one, Vec::new())).collect();
        for came in self.watch.came().values() {
            of.entry(came.partition).or_default().push(came.at);
        }
        let mut longest: Vec<Duration> = of
            .into_values()
            .map(|mut times| {
                times.push(until);
                times.sort_unstable();
                let pairs = times.iter().zip(times.iter().skip(1));
                let ended = pairs.filter(|(_, after)| (since..=until).contains(after));
                let lasted = ended.map(|(before, after)| *after - *before);
                lasted.max().unwrap_or_default()
            })
            .collect();
        longest.sort_unstable();
        longest
    }
}

/// When partitions were given to a stage for the last time since then, in seconds after it.
fn last_assigned(fleet: &Fleet, since: ReceivedTime) -> Option<f64> {
    let logs = (0..INSTANCES).map(|number| fleet.site(number).log());
    let logs: Vec<String> = logs.collect();
    let lines = logs.iter().flat_map(|log| log.lines());
    let of_stage = lines.filter(|line| line.contains(ASSIGNED) && line.contains(STAGE));
    let times = of_stage.filter_map(|line| ReceivedTime::parse(line.split_whitespace().next()?));
    let last = times.map(ReceivedTime::micros).max()?;
    let after = last - since.micros();
    (after > 0).then(|| Duration::from_micros(after.unsigned_abs()).as_secs_f64())
}
