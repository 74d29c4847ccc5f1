//! Processes with some of the roles, which need not take messages.

use std::fs::{File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use clinical::SiteKey;

use crate::platform::{Site, quoted};
use crate::setting::{PATIENCE, wait_at_most};

/// Enough that each of three instances has some of them.
pub(crate) const PARTITIONS: u16 = 6;
/// The secret of a site whose patients are made up.
const SECRET: [u8; 32] = [7; 32];

/// The key of all sites here.
pub(crate) fn site_key() -> SiteKey {
    SiteKey::new(SECRET)
}

/// A site with that key, and a folder of its own.
pub(crate) fn site() -> Site {
    let mut site = Site::default();
    let key = site.folder().join("shared.key");
    std::fs::write(&key, SECRET).expect("the temporary folder can be written");
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("it is ours");
    site.set("journal", "site_key", &quoted(&key.display().to_string()))
        .set("journal", "partitions", &PARTITIONS.to_string());
    site
}

/// A running process; dropping it kills it, and only it.
pub(crate) struct Instance {
    child: Child,
}

impl Instance {
    /// Starts a process with these roles, and waits until it says that it runs.
    pub(crate) fn start(site: &Site, roles: &str) -> Self {
        let log = File::options()
            .append(true)
            .create(true)
            .open(site.folder().join("log"))
            .expect("the temporary folder can be written");
        let out = site.folder().join(format!("out-{roles}"));
        let printed = File::create(&out).expect("the temporary folder can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_pulsewire"))
            .args(["run", "--roles", roles, "--config"])
            .arg(site.config())
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(log)
            .spawn()
            .expect("the binary was built with these tests");
        let mut instance = Self { child };
        let runs = wait_at_most(PATIENCE, || {
            let mut text = String::new();
            let read = File::open(&out).and_then(|mut file| file.read_to_string(&mut text));
            read.expect("what it prints can be read");
            let ended = instance.child.try_wait().expect("it is our child");
            (text.contains("is running") || ended.is_some()).then_some(ended)
        });
        assert_eq!(runs, Some(None), "it did not start:\n{}", site.log());
        instance
    }

    /// Ends it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is ours to kill");
        self.child.wait().expect("it was just killed");
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &id])
            .status();
        assert!(sent.expect("there is a shell").success());
        let ended = wait_at_most(PATIENCE, || self.child.try_wait().expect("it is our child"));
        let ended = ended.expect("a process that is asked to stop does");
        assert!(ended.success(), "it ended with {ended}");
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may have ended already; either way nothing of it is left.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
