//! From acknowledgement to finding, on schedules that no answer changes; first the rate that can be kept up.

use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::load;
use crate::messages::{Messages, since_epoch};
use crate::senders::Senders;
use crate::table;
use crate::watch::Watch;

/// Connections, as of a hospital's interface engines.
const CONNECTIONS: u64 = 32;
/// One message in so many is a critical result.
const CRITICAL_EVERY: u64 = 10;
/// How long each schedule is, where nothing else is asked for, in seconds.
const LASTING_SECONDS: u64 = 30;
/// More than can be sent: whoever fills sends as fast as the answers come.
const FILLING_RATE: f64 = 20_000.0;
/// A rate that a large hospital does not reach.
const STATED_RATE: f64 = 500.0;
/// What else is tried, of what the stations keep up with when there is always more.
const SHARES: [f64; 3] = [0.5, 0.7, 0.85];
/// All that was sent comes out within this.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the goal is for.
const GOAL: Duration = Duration::from_secs(1);

/// Measures and prints.
pub(crate) fn measure(brokers: &str, seconds: Option<u64>) {
    let lasting = Duration::from_secs(seconds.unwrap_or(LASTING_SECONDS));
    let mut fleet = Fleet::new(brokers, 1, false);
    fleet.start(0);
    fleet.wait_until_whole();
    let messages = Messages::new();
    let mut run = Run {
        watch: Watch::begin(brokers, &fleet.prefix),
        fleet: &fleet,
        messages: &messages,
        first: since_epoch() - Duration::from_secs(3600),
        number: 0,
    };
    println!(
        "\nfrom a message's due time to its finding: one process with every role, {CONNECTIONS} connections, 1 message in {CRITICAL_EVERY} critical, {} s each",
        lasting.as_secs()
    );
    // The first time, brokers are only being compiled.
    run.fill("as it starts", lasting);
    let kept_up = run.fill("warm", lasting);
    let rates = SHARES.map(|share| (kept_up * share).round());
    for rate in std::iter::once(STATED_RATE).chain(rates) {
        run.open(rate, lasting);
    }
    println!("  peak memory {:.0} MB", fleet.peak_bytes(0) as f64 / 1e6);
}

struct Run<'r> {
    watch: Watch,
    fleet: &'r Fleet,
    messages: &'r Messages,
    first: Duration,
    /// The number of the next message.
    number: u64,
}

impl<'r> Run<'r> {
    /// How many messages a second come out at the far end when more than that come in.
    fn fill(&mut self, what: &str, lasting: Duration) -> f64 {
        let senders = self.senders(FILLING_RATE);
        let (began, cpu) = (Instant::now(), self.fleet.cpu_seconds(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(lasting);
                senders.end();
            });
            senders.run(&self.fleet.doors, lasting * 2, self.number);
        });
        self.number += (lasting.as_secs_f64() * 2.0 * FILLING_RATE) as u64;
        let sent = senders.acknowledged().len() as f64;
        let taking = began.elapsed().as_secs_f64();
        let missing = self.watch.wait_for(senders.critical().keys(), PATIENCE);
        assert_eq!(missing, 0, "findings did not come");
        let all = began.elapsed().as_secs_f64();
        println!(
            "  filled, {what}: {sent} messages taken in {taking:.1} s, all findings there after {all:.1} s: {:.0} messages/s; {:.2} ms of processor a message",
            sent / all,
            (self.fleet.cpu_seconds(0) - cpu) * 1e3 / sent
        );
        sent / all
    }

    /// Sends at a rate and tells how long it takes.
    fn open(&mut self, rate: f64, lasting: Duration) {
        let senders = self.senders(rate);
        let (began, cpu) = (Instant::now(), self.fleet.cpu_seconds(0));
        senders.run(&self.fleet.doors, lasting, self.number);
        self.number += (lasting.as_secs_f64() * rate) as u64 + 1;
        let sending = began.elapsed();
        let critical = senders.critical();
        let missing = self.watch.wait_for(critical.keys(), PATIENCE);
        let came = self.watch.came();
        let [mut acks, mut findings, mut whole] = [(); 3].map(|()| load::histogram());
        let nanos = |from: Instant, to: Instant| {
            u64::try_from(to.saturating_duration_since(from).as_nanos()).unwrap()
        };
        for (due, acknowledged) in senders.acknowledged() {
            acks.saturating_record(nanos(due, acknowledged));
        }
        for (key, sent) in &critical {
            if let Some(came) = came.get(key) {
                findings.saturating_record(nanos(sent.acknowledged, came.at));
                whole.saturating_record(nanos(sent.due, came.at));
            }
        }
        let p99 = Duration::from_nanos(findings.value_at_quantile(0.99));
        println!(
            "  at {rate:.0} messages/s: {} sent in {:.1} s, {} findings, {missing} missing; {:.0} % of one processor; p99 under 1 s: {}",
            acks.len(),
            sending.as_secs_f64(),
            findings.len(),
            (self.fleet.cpu_seconds(0) - cpu) * 100.0 / began.elapsed().as_secs_f64(),
            if p99 < GOAL { "yes" } else { "NO" },
        );
        table::latency("due to acknowledged", &acks);
        table::latency("acknowledged to finding", &findings);
        table::latency("due to finding", &whole);
    }

    fn senders(&self, rate: f64) -> Senders<'r> {
        Senders::new(self.messages, rate, CONNECTIONS, CRITICAL_EVERY, self.first)
    }
}
