//! Three instances of the real binary that share the work: started, killed, held still, asked to leave.

use std::os::unix::fs::PermissionsExt as _;

use crate::brokers::Brokers;
use crate::load::Field;
use crate::platform::{Platform, Site, quoted};

/// How many instances there are.
pub(crate) const INSTANCES: usize = 3;
/// Enough that each has some, and that taking over moves some of them only.
pub(crate) const PARTITIONS: u16 = 6;
/// What stands before the names of topics, groups and transactional ids.
pub(crate) const PREFIX: &str = "chaos-";
/// An instance that is silent for so long loses its partitions.
pub(crate) const SESSION_MS: u64 = 4_000;
/// Long enough for a change of leaders of one topic, short enough to be waited for.
const WRITE_TIMEOUT: &str = "6s";
/// The secret of a site that has no patients.
const SITE_KEY: [u8; 32] = [7; 32];

/// Instances, each on a directory of its own.
pub(crate) struct Fleet<'f> {
    sites: Vec<Site>,
    running: Vec<Option<Platform>>,
    field: &'f Field,
}

impl<'f> Fleet<'f> {
    /// Makes their configurations; none runs yet.
    pub(crate) fn new(brokers: &Brokers, field: &'f Field) -> Self {
        let sites = (0..INSTANCES).map(|number| {
            let mut site = site();
            let table = "kafka";
            site.set(table, "brokers", &quoted(&brokers.bootstrap));
            site.set(table, "prefix", &quoted(PREFIX));
            site.set(table, "instance", &quoted(&format!("instance-{number}")));
            site.set(table, "replication", "3")
                .set(table, "min_insync", "2");
            site.set(
                table,
                "session_timeout",
                &quoted(&format!("{SESSION_MS}ms")),
            );
            site.set(table, "write_timeout", &quoted(WRITE_TIMEOUT));
            site
        });
        Self {
            sites: sites.collect(),
            running: (0..INSTANCES).map(|_| None).collect(),
            field,
        }
    }

    /// Starts one and waits until it takes messages.
    pub(crate) fn start(&mut self, number: usize) {
        let platform = self.sites[number].start();
        self.field.open(number, Some(platform.mllp));
        self.running[number] = Some(platform);
    }

    /// Ends one without warning.
    pub(crate) fn kill(&mut self, number: usize) {
        self.field.open(number, None);
        self.take(number).kill();
    }

    /// Asks one to leave, and waits until it has.
    pub(crate) fn stop(&mut self, number: usize) {
        self.field.open(number, None);
        let status = self.take(number).stop();
        assert!(status.success(), "instance {number} ended with {status}");
    }

    /// Holds one still: its sockets stay open and nothing comes out.
    pub(crate) fn pause(&self, number: usize) {
        self.running(number).signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self, number: usize) {
        self.running(number).signal("CONT");
    }

    /// Those that have ended by themselves, with the last of what they logged.
    pub(crate) fn fallen(&mut self) -> Vec<String> {
        let mut fallen = Vec::new();
        for (number, platform) in self.running.iter_mut().enumerate() {
            if platform.as_mut().is_some_and(|one| !one.is_alive()) {
                fallen.push(format!("instance {number}:\n{}", tail(&self.sites[number])));
            }
        }
        fallen
    }

    /// What each that runs says of itself, and the last that it has logged.
    pub(crate) fn last_words(&self) -> String {
        let each = self.sites.iter().zip(&self.running).enumerate();
        let words = each.map(|(number, (site, running))| {
            let status = running.as_ref().map(|one| one.get("/status").1);
            let status = status.unwrap_or_default();
            format!("instance {number}: {status}\n{}", tail(site))
        });
        words.collect::<Vec<_>>().join("\n")
    }

    fn running(&self, number: usize) -> &Platform {
        self.running[number].as_ref().expect("it was started")
    }

    fn take(&mut self, number: usize) -> Platform {
        self.running[number].take().expect("it was started")
    }
}

/// A site with as many partitions and the same key as all others.
pub(crate) fn site() -> Site {
    let mut site = Site::default();
    let key = site.folder().join("shared.key");
    std::fs::write(&key, SITE_KEY).expect("the temporary folder can be written");
    let owner = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&key, owner).expect("it is ours");
    site.set("journal", "site_key", &quoted(&key.display().to_string()));
    site.set("journal", "partitions", &PARTITIONS.to_string());
    site
}

/// The site's key, to know which partition a patient is on.
pub(crate) fn site_key() -> clinical::SiteKey {
    clinical::SiteKey::new(SITE_KEY)
}

fn tail(site: &Site) -> String {
    let log = site.log();
    let own = log
        .lines()
        .rev()
        .filter(|line| !line.contains(" librdkafka: "));
    let lines: Vec<&str> = own.take(25).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
