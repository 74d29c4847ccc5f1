//! The faults, each by its name: what is done to instances and brokers while messages come in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::brokers::{BROKERS, Brokers};
use crate::fleet::{Fleet, INSTANCES, PARTITIONS, PREFIX, SESSION_MS};
use crate::load::Field;
use crate::run::SENDERS;
use crate::setting::{now, wait_at_most, wait_for};
use crate::watch::{PATIENCE, Watch};

/// A broker that is gone is missed by the others after nine seconds; it stays away for longer.
const BROKER_AWAY: Duration = Duration::from_secs(20);
/// How long a broker is held still.
const BROKER_STILL: Duration = Duration::from_secs(10);
/// An instance is killed so often at moments that hit each phase of a transaction by number.
const KILLS: u64 = 8;
/// It is killed so long after it does work again, at most.
const LONGEST_MS: u64 = 1_500;
/// What a zombie still has in its hands comes out within this.
const AFTERMATH: Duration = Duration::from_secs(3);

/// Where the messages that are sent come first.
const SENT_TO: [&str; 2] = ["healthcare.hl7v2.adt", "healthcare.hl7v2.oru"];

/// What is done, and whether all instances run undisturbed meanwhile, so that every message must be answered.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) is_quiet: bool,
    inflict: fn(&mut Scene<'_, '_>),
}

/// All of them.
pub(crate) const FAULTS: [Fault; 10] = [
    Fault {
        name: "an instance is killed",
        is_quiet: false,
        inflict: instance_killed,
    },
    Fault {
        name: "a zombie goes on after it was replaced",
        is_quiet: false,
        inflict: zombie,
    },
    Fault {
        name: "all instances are restarted in turn",
        is_quiet: false,
        inflict: rolling_restart,
    },
    Fault {
        name: "a broker is killed and comes back",
        is_quiet: true,
        inflict: broker_killed,
    },
    Fault {
        name: "instances are killed at random moments",
        is_quiet: false,
        inflict: killed_at_random,
    },
    Fault {
        name: "an instance dies with an open transaction",
        is_quiet: false,
        inflict: open_transaction,
    },
    Fault {
        name: "leaders move from broker to broker",
        is_quiet: true,
        inflict: leaders_move,
    },
    Fault {
        name: "a broker is held still for ten seconds",
        is_quiet: true,
        inflict: broker_still,
    },
    Fault {
        name: "two of three brokers are gone",
        is_quiet: true,
        inflict: no_majority,
    },
    Fault {
        name: "fewer brokers have a record than must",
        is_quiet: true,
        inflict: not_enough_replicas,
    },
];

/// The faults of a short run: the first ones of all.
pub(crate) const SHORT: usize = 4;

/// Everything that a fault may touch or ask.
pub(crate) struct Scene<'s, 'f> {
    pub(crate) brokers: &'s Brokers,
    pub(crate) fleet: &'s mut Fleet<'f>,
    pub(crate) field: &'f Field,
    pub(crate) watch: &'s Watch,
    pub(crate) chance: Chance,
    pub(crate) phase: usize,
}

/// Numbers that look random and are the same for the same seed (Marsaglia's xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    /// Begins anew.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) is_quiet: bool,
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    /// The longest time in which a partition brought no finding.
    pub(crate) longest_silence: Duration,
    pub(crate) took: Duration,
}

impl Scene<'_, '_> {
    /// Does it, and waits until findings come from every partition again.
    pub(crate) fn inflict(&mut self, fault: &Fault) -> Outcome {
        self.field.begin(self.phase);
        let began = now().micros();
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::SeqCst);
        let before = (count(&self.field.sent), count(&self.field.acknowledged));
        (fault.inflict)(self);
        self.wait_until_resumed(fault.name);
        self.brokers.wait_until_whole();
        let ended = now().micros();
        Outcome {
            name: fault.name,
            is_quiet: fault.is_quiet,
            sent: count(&self.field.sent) - before.0,
            acknowledged: count(&self.field.acknowledged) - before.1,
            longest_silence: self.watch.longest_silence(PARTITIONS, began, ended),
            took: Duration::from_micros(u64::try_from(ended - began).unwrap_or(0)),
        }
    }

    /// Waits until every partition has a finding of a message that was accepted from now on.
    pub(crate) fn wait_until_resumed(&mut self, after: &str) {
        let resumed = self.watch.resumed(PARTITIONS, now().micros());
        let fallen = self.fleet.fallen();
        assert!(
            resumed.is_ok() && fallen.is_empty(),
            "after \"{after}\": {resumed:?}, ended by themselves: {fallen:?}\n{}",
            self.fleet.last_words()
        );
    }

    fn any_instance(&mut self) -> usize {
        let count = u64::try_from(INSTANCES).expect("instances are few");
        usize::try_from(self.chance.below(count)).expect("instances are few")
    }

    fn any_broker(&mut self) -> u16 {
        let number = self.chance.below(u64::from(BROKERS));
        u16::try_from(number).expect("brokers are few") + 1
    }
}

/// Lets time go by.
fn let_pass(span: Duration) {
    let never = wait_at_most(span, || None::<()>);
    assert_eq!(never, None);
}

fn instance_killed(scene: &mut Scene<'_, '_>) {
    let one = scene.any_instance();
    scene.fleet.kill(one);
    scene.wait_until_resumed("one of three is gone");
    scene.fleet.start(one);
}

fn zombie(scene: &mut Scene<'_, '_>) {
    let one = scene.any_instance();
    scene.fleet.pause(one);
    let_pass(Duration::from_millis(SESSION_MS));
    scene.wait_until_resumed("one of three is held still");
    scene.fleet.resume(one);
    let_pass(AFTERMATH);
}

fn rolling_restart(scene: &mut Scene<'_, '_>) {
    for one in 0..INSTANCES {
        scene.fleet.stop(one);
        scene.fleet.start(one);
        scene.wait_until_resumed("one of three was restarted");
    }
}

fn broker_killed(scene: &mut Scene<'_, '_>) {
    let one = scene.any_broker();
    scene.brokers.kill(one);
    let_pass(BROKER_AWAY);
    scene.wait_until_resumed("one of three brokers is gone");
    scene.brokers.start(one);
}

fn killed_at_random(scene: &mut Scene<'_, '_>) {
    for _ in 0..KILLS {
        let before = scene.field.acknowledged.load(Ordering::SeqCst);
        wait_for("the load to go on", || {
            let now = scene.field.acknowledged.load(Ordering::SeqCst);
            (now > before).then_some(())
        });
        let_pass(Duration::from_millis(scene.chance.below(LONGEST_MS)));
        let one = scene.any_instance();
        scene.fleet.kill(one);
        scene.fleet.start(one);
    }
}

fn open_transaction(scene: &mut Scene<'_, '_>) {
    let one = scene.any_instance();
    scene.fleet.pause(one);
    scene.wait_until_resumed("one of three is held still");
    scene.fleet.kill(one);
    scene.fleet.start(one);
}

fn leaders_move(scene: &mut Scene<'_, '_>) {
    for one in 1..=BROKERS {
        scene.brokers.kill(one);
        scene.brokers.start(one);
        scene.brokers.wait_until_whole();
    }
}

fn broker_still(scene: &mut Scene<'_, '_>) {
    let one = scene.any_broker();
    scene.brokers.pause(one);
    let_pass(BROKER_STILL);
    scene.brokers.resume(one);
}

/// Nothing may be acknowledged that one broker alone has, and nobody is left waiting.
fn no_majority(scene: &mut Scene<'_, '_>) {
    let stays = scene.any_broker();
    let gone: Vec<u16> = (1..=BROKERS).filter(|one| *one != stays).collect();
    for one in &gone {
        scene.brokers.kill(*one);
    }
    all_are_told(scene);
    for one in &gone {
        scene.brokers.start(*one);
    }
}

/// Brokers agree, and say that too few of them would have the record.
fn not_enough_replicas(scene: &mut Scene<'_, '_>) {
    let topics = SENT_TO.map(|topic| format!("{PREFIX}{topic}"));
    for topic in &topics {
        scene.brokers.require(topic, BROKERS);
    }
    let gone = scene.any_broker();
    scene.brokers.kill(gone);
    for topic in &topics {
        scene.brokers.wait_until_refused(topic);
    }
    scene.field.forget_told();
    all_are_told(scene);
    for topic in &topics {
        scene.brokers.require(topic, BROKERS - 1);
    }
    scene.brokers.start(gone);
}

/// Waits until every sender was told to send again.
fn all_are_told(scene: &Scene<'_, '_>) {
    let (field, phase) = (scene.field, scene.phase);
    let told = wait_at_most(PATIENCE, || {
        let told = field.told(phase);
        (told.len() >= SENDERS).then_some(told)
    });
    let words = told.unwrap_or_else(|| {
        let told = field.told(phase);
        panic!("not every sender was told to send again: {told:?}")
    });
    let first = words.values().next().map_or("", String::as_str);
    println!("  senders were told: {first}");
}
