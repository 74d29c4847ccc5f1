//! Instances of the platform that share the work on brokers, each a process on a directory of its own.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::platform::{Platform, Site, quoted};
use crate::setting::now;

/// As in the settings of whoever sets none.
pub(crate) const PARTITIONS: u16 = 12;
/// How long a killed instance keeps its partitions, as in the settings of whoever sets none.
pub(crate) const SESSION: Duration = Duration::from_secs(10);
/// The secret of a site that has no patients.
const SITE_KEY: [u8; 32] = [7; 32];
/// An instance is as it is waited for within this.
const PATIENCE: Duration = Duration::from_secs(400);
/// How often it is asked.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What has not changed for so many looks is done.
const QUIET_LOOKS: u32 = 50;
/// The unit of the processor times that Linux tells, which is the same everywhere.
const TICKS_PER_SECOND: f64 = 100.0;

/// Where messages are taken now: an address for each instance that runs.
pub(crate) type Doors = Arc<Mutex<Vec<SocketAddr>>>;

/// A site of one or more instances, with a prefix of its own on the brokers.
pub(crate) struct Fleet {
    sites: Vec<Site>,
    running: Vec<Option<Platform>>,
    pub(crate) doors: Doors,
    pub(crate) prefix: String,
}

impl Fleet {
    /// Makes the configurations; none runs yet.
    pub(crate) fn new(brokers: &str, instances: usize, named: bool) -> Self {
        let prefix = format!("bench-{}.", now().micros());
        let sites = (0..instances).map(|number| {
            let mut site = site();
            site.set("kafka", "brokers", &quoted(brokers))
                .set("kafka", "prefix", &quoted(&prefix))
                .set("kafka", "replication", "1")
                .set("kafka", "min_insync", "1");
            if named {
                let name = format!("instance-{number}");
                site.set("kafka", "instance", &quoted(&name));
            }
            site
        });
        Self {
            sites: sites.collect(),
            running: (0..instances).map(|_| None).collect(),
            doors: Doors::default(),
            prefix,
        }
    }

    /// Starts one and waits until it takes messages.
    pub(crate) fn start(&mut self, number: usize) {
        self.running[number] = Some(self.sites[number].start());
        self.tell_doors();
    }

    /// Ends one without warning.
    pub(crate) fn kill(&mut self, number: usize) {
        let platform = self.running[number].take().unwrap();
        self.tell_doors();
        platform.kill();
    }

    /// Asks one to leave, and waits until it has.
    pub(crate) fn stop(&mut self, number: usize) {
        let platform = self.running[number].take().unwrap();
        self.tell_doors();
        assert!(platform.stop().success(), "it ended in an error");
    }

    fn tell_doors(&self) {
        let running = self.running.iter().flatten();
        *self.doors.lock().unwrap() = running.map(|platform| platform.mllp).collect();
    }

    /// One that runs.
    pub(crate) fn instance(&self, number: usize) -> &Platform {
        self.running[number].as_ref().unwrap()
    }

    /// Its site, whether it runs or not.
    pub(crate) fn site(&self, number: usize) -> &Site {
        &self.sites[number]
    }

    /// The seconds on a processor that one has had so far.
    pub(crate) fn cpu_seconds(&self, number: usize) -> f64 {
        let stat = proc(self.instance(number), "stat");
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2);
        ticks
            .map(|field| field.parse::<f64>().unwrap())
            .sum::<f64>()
            / TICKS_PER_SECOND
    }

    /// The most memory that one has had so far, in bytes.
    pub(crate) fn peak_bytes(&self, number: usize) -> u64 {
        let status = proc(self.instance(number), "status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kib = line.split_whitespace().next().unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }

    /// Waits until the stations of every instance that runs have their partitions, and their states whole.
    pub(crate) fn wait_until_whole(&self) {
        let began = Instant::now();
        while !self.running.iter().flatten().all(is_whole) {
            assert!(began.elapsed() < PATIENCE, "it is never whole");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until so many messages are normalized and no station takes in anything more: what is written last in a
    /// transaction counts as lag, so that this says less.
    pub(crate) fn wait_until_done(&self, messages: u64) {
        let began = Instant::now();
        let (mut quiet, mut before) = (0, 0);
        while quiet < QUIET_LOOKS {
            assert!(began.elapsed() < PATIENCE, "it is never done");
            std::thread::sleep(LOOK_EVERY);
            let sum = |words: &[&str]| -> u64 {
                let running = self.running.iter().flatten();
                running.map(|platform| platform.count(words)).sum()
            };
            let taken = sum(&["pulsewire_stage_records_total{"]);
            let normalized = sum(&["pulsewire_stage_records_total{", "normalize"]);
            let is_quiet = normalized >= messages && taken == before;
            quiet = if is_quiet { quiet + 1 } else { 0 };
            before = taken;
        }
    }
}

/// Whether every station of an instance has partitions and their states.
fn is_whole(platform: &Platform) -> bool {
    let (_, status) = platform.get("/status");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let stations = status["stations"].as_array().unwrap();
    let whole = |station: &serde_json::Value| {
        let partitions = station["partitions"].as_array().unwrap();
        !partitions.is_empty() && station["recovering"] == false
    };
    !stations.is_empty() && stations.iter().all(whole)
}

fn site() -> Site {
    let mut site = Site::default();
    let key = site.folder().join("shared.key");
    std::fs::write(&key, SITE_KEY).unwrap();
    let owner = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&key, owner).unwrap();
    site.set("journal", "site_key", &quoted(&key.display().to_string()))
        .set("journal", "partitions", &PARTITIONS.to_string())
        .set("intake.mllp", "connections_per_address", "4096")
        .set("delivery.console", "enabled", "false");
    site
}

fn proc(platform: &Platform, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{file}", platform.id())).unwrap()
}
