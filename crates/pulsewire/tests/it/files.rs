//! Files dropped into a folder that is watched, and history that is brought in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::message::{Potassium, admission, minutes_ago, potassium};
use crate::platform::{Platform, Site, complained, quoted, run, said};
use crate::setting::wait_for;

const ADT: &str = "healthcare.hl7v2.adt";

/// A site that watches a folder in which only files with their markers are read.
fn watching() -> (Site, PathBuf) {
    let mut site = Site::default();
    let folder = site.folder().join("drop");
    std::fs::create_dir(&folder).unwrap();
    site.set(
        "files.feed",
        "directory",
        &quoted(&folder.display().to_string()),
    );
    site.set("files.feed", "ready", "\"marker\"");
    (site, folder)
}

/// Puts a file into a folder, and then what says that it is whole.
fn drop_in(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
    std::fs::write(folder.join(format!("{name}.done")), b"").unwrap();
}

/// The report of a file, once it has ended.
fn report(folder: &Path, ended: &str, name: &str) -> Value {
    let file = folder.join(ended).join(name);
    wait_for("the file to be moved", || file.exists().then_some(()));
    let report = std::fs::read(folder.join(ended).join(format!("{name}.report.json"))).unwrap();
    serde_json::from_slice(&report).unwrap()
}

fn messages(count: usize) -> Vec<Vec<u8>> {
    let one = |number| admission(&format!("{number}"), &format!("F{number}"));
    (0..count).map(one).collect()
}

/// The ids of the messages that were kept, and how many records there are.
fn kept(site: &Site) -> (usize, usize) {
    let records = site.records(ADT);
    let ids: BTreeSet<String> = records
        .iter()
        .map(|kept| kept.header("message-id"))
        .collect();
    (ids.len(), records.len())
}

#[test]
fn two_messages_of_a_batch_are_kept_and_the_third_is_refused_and_told() {
    let (site, folder) = watching();
    let _platform: Platform = site.start();
    let batch = [
        b"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r",
        &admission("1", "M1")[..],
        &admission("2", "M2"),
        b"MSH|^~\\&|LAB\rPID|||3\r",
        b"BTS|3\rFTS|1\r",
    ];
    drop_in(&folder, "night.hl7", &batch.concat());
    // Not with a marker of its own: it is left alone.
    std::fs::write(folder.join("half.hl7"), b"MSH|^~\\&|LA").unwrap();
    let report = report(&folder, "done", "night.hl7");
    assert_eq!(report["rows"], 3, "{report}");
    assert_eq!(report["accepted"], 2, "{report}");
    assert_eq!(report["refused"], 1, "{report}");
    assert_eq!(report["refusals"][0]["row"], 3, "{report}");
    assert_eq!(report["doubts"], serde_json::json!([]), "{report}");
    let records = site.records(ADT);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|kept| kept.header("way") == "file"));
    assert!(folder.join("half.hl7").exists());
    // Again, under another name: nothing is read.
    drop_in(&folder, "again.hl7", &batch.concat());
    let again = self::report(&folder, "done", "again.hl7");
    assert_eq!(
        (&again["rows"], again["readBefore"].is_string()),
        (&Value::from(0), true)
    );
    assert_eq!(kept(&site), (2, 2));
}

#[test]
fn what_cannot_be_taken_in_is_told_by_its_name_and_holds_up_nothing_else() {
    let (site, folder) = watching();
    let platform = site.start();
    let name = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    // Not UTF-8; too long for the name of its report; with something else in the place of its manifest.
    let long = format!("{}.hl7", "n".repeat(236));
    let wrong = [
        name(b"latin\xfc.hl7"),
        long.clone().into(),
        "led.hl7".into(),
    ];
    for (number, file) in wrong.iter().enumerate() {
        let message = admission(&format!("1{number}"), &format!("W{number}"));
        std::fs::write(folder.join(file), message).unwrap();
        let mut marker = file.clone();
        marker.push(".done");
        std::fs::write(folder.join(marker), b"").unwrap();
    }
    let link = folder.join("led.hl7.manifest");
    std::os::unix::fs::symlink("/dev/null", &link).unwrap();
    drop_in(&folder, "other.hl7", &admission("2", "W9"));
    report(&folder, "done", "other.hl7");
    let told = [
        "latin\u{fffd}.hl7\\\": its name is not UTF-8",
        "led.hl7\\\": the file cannot be read",
        "n.hl7\\\": it was read, and cannot be moved",
    ];
    wait_for("all of it to be told", || {
        let (_, ready) = platform.get("/ready");
        told.iter().all(|words| ready.contains(words)).then_some(())
    });
    let once = |words: &str| site.log().matches(words).count();
    for words in ["latin\u{fffd}.hl7", "led.hl7", "nnn.hl7"] {
        assert_eq!(once(words), 1, "{words}: {}", site.log());
    }
    // Each can be put right.
    std::fs::remove_file(link).unwrap();
    std::fs::rename(folder.join(&long), folder.join("short.hl7")).unwrap();
    std::fs::rename(folder.join(&wrong[0]), folder.join("latin.hl7")).unwrap();
    for name in ["short.hl7", "latin.hl7"] {
        std::fs::write(folder.join(format!("{name}.done")), b"").unwrap();
    }
    for name in ["led.hl7", "short.hl7", "latin.hl7"] {
        report(&folder, "done", name);
    }
    wait_for("nothing to be told", || {
        let (_, ready) = platform.get("/ready");
        (!ready.contains("[files.feed]")).then_some(())
    });
    assert_eq!(kept(&site), (4, 4));
}

#[test]
fn a_folder_that_is_not_there_is_told_and_not_made() {
    let (mut site, folder) = watching();
    let missing = folder.join("mnt/labs");
    let place = quoted(&missing.display().to_string());
    site.set("files.feed", "directory", &place);
    let platform = site.start();
    wait_for("it to be told", || {
        let (_, ready) = platform.get("/ready");
        ready
            .contains("mnt/labs is no folder that is there")
            .then_some(())
    });
    assert!(!folder.join("mnt").exists());
    let checked = run(&["check", &site.config().display().to_string()]);
    assert!(
        said(&checked).contains("files.feed.directory names"),
        "{}",
        said(&checked)
    );
    std::fs::create_dir_all(&missing).unwrap();
    drop_in(&missing, "a.hl7", &admission("1", "D1"));
    report(&missing, "done", "a.hl7");
}

#[test]
fn a_file_is_gone_on_with_after_the_process_was_killed() {
    let (mut site, folder) = watching();
    // So slow that it is killed in the middle.
    site.set("files.feed", "rate", "400");
    let platform = site.start();
    let count = 1200;
    drop_in(&folder, "many.hl7", &messages(count).concat());
    wait_for("some of it to be kept", || {
        (kept(&site).0 > 0).then_some(())
    });
    platform.kill();
    assert!(
        kept(&site).0 < count,
        "it was killed too late to tell anything"
    );
    site.set("files.feed", "rate", "0");
    let _platform = site.start();
    let report = report(&folder, "done", "many.hl7");
    assert_eq!(report["rows"], count, "{report}");
    assert_eq!(kept(&site), (count, count));
}

#[test]
fn history_is_brought_in_beside_a_process_and_without_one() {
    let site = Site::default();
    let archive = site.folder().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let messages = messages(5);
    std::fs::write(archive.join("a.hl7"), messages[..3].concat()).unwrap();
    let path = archive.display().to_string();
    let backfill = |more: &[&str]| {
        let output = site.command(&[&["backfill", &path, "--json"], more].concat());
        let told: Value = serde_json::from_str(&said(&output))
            .unwrap_or_else(|_| panic!("{}", complained(&output)));
        told
    };
    let dry = backfill(&["--dry-run"]);
    assert_eq!(dry["total"]["accepted"], 3, "{dry}");
    assert!(!site.data().join("journal").exists());
    let alone = backfill(&[]);
    assert_eq!(alone["total"]["accepted"], 3, "{alone}");
    assert_eq!(kept(&site), (3, 3));
    assert!(
        site.records(ADT)
            .iter()
            .all(|kept| kept.header("backfill") == "1")
    );
    assert!(archive.join("a.hl7").exists());
    std::fs::write(archive.join("b.hl7"), messages.concat()).unwrap();
    let _platform = site.start();
    let beside = backfill(&[]);
    // The first file is known, and so are three messages of the second.
    assert_eq!(beside["filesEnded"], 2, "{beside}");
    assert_eq!(beside["total"]["accepted"], 2, "{beside}");
    assert_eq!(beside["total"]["alreadyKnown"], 3, "{beside}");
    assert_eq!(kept(&site), (5, 5));
}

#[test]
fn a_mapping_says_what_rows_become() {
    let extracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/extracts");
    let inside = |name: &str| extracts.join(name).display().to_string();
    let output = run(&[
        "map",
        &inside("labs.csv"),
        "--mapping",
        &inside("labs.toml"),
    ]);
    assert_eq!(said(&output).lines().count(), 3, "{}", complained(&output));
    assert!(
        complained(&output).contains("row 4, value: not-a-number"),
        "{}",
        complained(&output)
    );
}

#[test]
fn resources_are_kept_once_though_the_process_was_killed_while_it_read_them() {
    let (mut site, folder) = watching();
    site.set("files.feed", "rate", "300");
    let platform = site.start();
    // Each is stated twice, and the second time otherwise.
    let line = |number: usize, version: &str| {
        format!(
            "{{\"resourceType\":\"Organization\",\"id\":\"o{number}\",\"name\":\"{version}\"}}\n"
        )
    };
    let count = 500;
    let lines = |version| {
        (0..count)
            .map(move |number| line(number, version))
            .collect::<String>()
    };
    drop_in(
        &folder,
        "all.ndjson",
        (lines("old") + &lines("new")).as_bytes(),
    );
    let kept = || site_records(&site, "healthcare.fhir.received");
    wait_for("some of it to be kept", || {
        (kept().len() > 300).then_some(())
    });
    platform.kill();
    assert!(
        kept().len() < 2 * count,
        "it was killed too late to tell anything"
    );
    site.set("files.feed", "rate", "0");
    let _platform = site.start();
    let report = report(&folder, "done", "all.ndjson");
    assert_eq!(report["rows"], 2 * count, "{report}");
    assert_eq!(report["refused"], 0, "{report}");
    let bodies: BTreeSet<String> = site_records(&site, "healthcare.fhir.received")
        .into_iter()
        .collect();
    assert_eq!(bodies.len(), 2 * count);
    assert_eq!(
        site_records(&site, "healthcare.fhir.received").len(),
        2 * count
    );
}

/// What the records of a topic hold.
fn site_records(site: &Site, topic: &str) -> Vec<String> {
    let records = site.records(topic).into_iter();
    records
        .map(|kept| String::from_utf8_lossy(kept.bytes()).into_owned())
        .collect()
}

#[test]
fn history_is_marked_from_the_raw_record_to_the_alert_and_pages_nobody() {
    let mut site = Site::default();
    site.set("delivery.pager", "kind", "\"console\"");
    let taken = minutes_ago(3);
    let result = potassium(&Potassium {
        patient: "7",
        control_id: "H1",
        order: "O1",
        taken: &taken,
        value: "6.9",
        status: "F",
    });
    let file = site.folder().join("night.hl7");
    std::fs::write(&file, &result).unwrap();
    let output = site.command(&["backfill", &file.display().to_string()]);
    assert!(output.status.success(), "{}", complained(&output));
    let platform = site.start();
    wait_for("the alert", || {
        let alerts = site.records("healthcare.events.care-alert");
        (!alerts.is_empty()).then_some(())
    });
    platform.wait_until_idle();
    assert!(platform.stop().success());
    for topic in [
        "healthcare.hl7v2.oru",
        "healthcare.fhir.observation",
        "healthcare.alert.stream",
        "healthcare.events.care-alert",
    ] {
        let mut records = site.records(topic);
        // Not those that only say how late it is.
        records.retain(|kept| !kept.header("message-id").is_empty());
        assert!(!records.is_empty(), "{topic}");
        assert!(
            records.iter().all(|kept| kept.header("backfill") == "1"),
            "{topic}"
        );
    }
    assert_eq!(site.records("healthcare.alert.delivery").len(), 0);
}

#[test]
fn a_link_in_a_folder_is_left_alone() {
    let (site, folder) = watching();
    let secret = site.folder().join("secret.hl7");
    std::fs::write(&secret, admission("1", "M1")).unwrap();
    std::os::unix::fs::symlink(&secret, folder.join("link.hl7")).unwrap();
    std::fs::write(folder.join("link.hl7.done"), b"").unwrap();
    std::fs::write(folder.join("half.hl7.part"), admission("2", "M2")).unwrap();
    std::fs::write(folder.join("half.hl7.part.done"), b"").unwrap();
    let _platform = site.start();
    drop_in(&folder, "real.hl7", &admission("3", "M3"));
    report(&folder, "done", "real.hl7");
    assert_eq!(kept(&site), (1, 1));
    assert!(
        folder
            .join("link.hl7")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    assert!(folder.join("half.hl7.part").exists());
}
