//! The command line: what each verb answers, and the exit codes that scripts rely on.

use std::path::{Path, PathBuf};

use expect_test::expect;

use crate::message::{admission, header, lines};
use crate::platform::{Site, complained, run, said};
use crate::sender::Sender;

/// Every verb.
const VERBS: [&str; 24] = [
    "demo",
    "run",
    "check",
    "explain",
    "map",
    "send",
    "backfill",
    "backtest",
    "workload",
    "topics",
    "tail",
    "redrive",
    "resume",
    "state",
    "status",
    "sources",
    "alerts",
    "risk",
    "care-gaps",
    "validate",
    "schema",
    "doctor",
    "completions",
    "help",
];

/// A file with this content, in a folder that goes with the test.
fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[test]
fn every_verb_helps_and_the_help_names_every_verb() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = said(&help);
    let (_, after) = text.split_once("Commands:\n").unwrap();
    let listed: Vec<&str> = after
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, VERBS);
    assert!(text.contains("not a medical device"));
    for verb in VERBS.iter().filter(|verb| **verb != "help") {
        let help = run(&[verb, "--help"]);
        assert_eq!(help.status.code(), Some(0), "{verb}");
        assert!(
            said(&help).contains(&format!("Usage: pulsewire {verb}")),
            "{}",
            said(&help)
        );
        assert_eq!(complained(&help), "");
    }
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
    assert_eq!(run(&["send"]).status.code(), Some(2));
    assert_eq!(run(&["--version"]).status.code(), Some(0));
}

#[test]
fn check_tells_every_mistake_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let valid = file(
        folder.path(),
        "valid.toml",
        b"[journal]\ndirectory = \"/var/lib/pulsewire\"\n",
    );
    let checked = run(&["check", &valid]);
    assert_eq!(
        (checked.status.code(), said(&checked)),
        (Some(0), format!("{valid} is valid\n"))
    );

    let wrong = file(folder.path(), "wrong.toml", b"[journal]\npartitions = 0\nretention = \"soon\"\n[intake.mllp]\nframe_size = \"64GiB\"\nlissten = \"x\"\n[delivery.pager]\nkind = \"webhook\"\n");
    let checked = run(&["check", &wrong]);
    assert_eq!(
        (checked.status.code(), said(&checked)),
        (Some(3), String::new())
    );
    expect![[r#"
        the configuration has 5 mistake(s)
          line 2: journal.partitions is not what it should be
            hint: give a number from 1 to 512
          line 3: journal.retention is not what it should be
            hint: give a duration of at least "1h", in ms, s, m, h or d
          line 5: intake.mllp.frame_size is not what it should be
            hint: give a size from 1 KiB to 32 MiB
          line 6: there is no setting `intake.mllp.lissten`
            hint: did you mean `listen`?
          line 7: delivery.pager.url is no http or https address
            hint: such as "https://pager.example/alerts"
    "#]]
    .assert_eq(&complained(&checked));

    let missing = run(&["run", "--config", "/nowhere/site.toml"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(
        complained(&missing).contains("cannot be read"),
        "{}",
        complained(&missing)
    );
}

#[test]
fn the_printed_defaults_are_a_valid_configuration() {
    let defaults = run(&["check", "--defaults"]);
    assert_eq!(defaults.status.code(), Some(0));
    assert_eq!(said(&defaults), include_str!("../../src/defaults.toml"));
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "defaults.toml", &defaults.stdout);
    assert_eq!(run(&["check", &path]).status.code(), Some(0));
}

#[test]
fn map_prints_a_bundle_a_message_and_says_which_cannot_be_mapped() {
    let testdata =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hl7v2/a40-merge.hl7");
    let mapped = run(&["map", &testdata.display().to_string()]);
    assert_eq!(mapped.status.code(), Some(0), "{}", complained(&mapped));
    let bundle: serde_json::Value = serde_json::from_str(&said(&mapped)).unwrap();
    let types: Vec<&str> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["resource"]["resourceType"].as_str().unwrap())
        .collect();
    expect![[r#""Bundle" ["MessageHeader", "Provenance", "Provenance", "Patient", "Organization", "Patient", "Provenance"]"#]]
        .assert_eq(&format!("{} {types:?}", bundle["resourceType"]));
    let again = run(&["map", &testdata.display().to_string()]);
    assert_eq!(
        said(&again),
        said(&mapped),
        "the same message gives the same bytes"
    );

    let coverage = run(&["map", "--coverage", &testdata.display().to_string()]);
    assert_eq!(coverage.status.code(), Some(0));
    assert!(
        said(&coverage)
            .lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
    let first = format!(
        r#"{{"message":"{}, message 1","path":"MSH[1]-1","#,
        testdata.display()
    );
    assert!(said(&coverage).starts_with(&first), "{}", said(&coverage));
    assert!(said(&coverage).contains("MRG"), "{}", said(&coverage));

    let folder = tempfile::tempdir().unwrap();
    let broken = file(folder.path(), "broken.hl7", &lines(&[&header("", "B")]));
    let empty = file(folder.path(), "empty.hl7", b"");
    let json = file(
        folder.path(),
        "patient.json",
        br#"{"resourceType":"Patient"}"#,
    );
    let refused = run(&["map", &broken, &empty, &json]);
    assert_eq!(refused.status.code(), Some(1));
    let place = format!("{}/", folder.path().display());
    expect![[r#"
        broken.hl7, message 1: segment 1, field 9, byte 55: MSH-9 is empty; send the message type, such as ADT^A01 (message-type-missing)
        empty.hl7: there is no message in it
        patient.json, message 1: byte 0: no MSH segment; send a message that starts with MSH (no-header)
          hint: FHIR resources as JSON become messages with --to hl7v2
        error: of 3 message(s) or file(s) nothing could be mapped
          hint: each is named above
    "#]].assert_eq(&complained(&refused).replace(&place, ""));
    let explained = run(&["map", "--to", "hl7v2", "--explain", &json]);
    assert_eq!(explained.status.code(), Some(1));
    expect![[r#"
        error: --coverage, --explain and --site-key are about messages that come in
          hint: leave them out with --to hl7v2, which names what it does not carry anyway
    "#]]
    .assert_eq(&complained(&explained));
}

#[test]
fn topics_and_tail_read_beside_the_running_platform_and_show_no_content() {
    let site = Site::default();
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&admission("31337", "A1"));
    platform.wait_until_idle();
    let topics = site.command(&["topics", "--json"]);
    assert_eq!(topics.status.code(), Some(0), "{}", complained(&topics));
    let adt = said(&topics)
        .lines()
        .find(|line| line.contains("\"healthcare.hl7v2.adt\""))
        .map(str::to_owned);
    expect![[r#"{"topic":"healthcare.hl7v2.adt","partitions":2,"records":1,"kept":1}"#]]
        .assert_eq(&adt.unwrap_or_default());

    let tail = site.command(&["tail", "healthcare.fhir.patient"]);
    assert_eq!(tail.status.code(), Some(0), "{}", complained(&tail));
    assert!(
        said(&tail).contains("resource: Patient/"),
        "{}",
        said(&tail)
    );
    assert!(
        said(&tail).contains("raw: healthcare.hl7v2.adt/"),
        "{}",
        said(&tail)
    );
    assert!(
        !said(&tail).contains("31337") && !said(&tail).contains("Testperson"),
        "{}",
        said(&tail)
    );
    let unknown = site.command(&["tail", "healthcare.nothing"]);
    assert_eq!(unknown.status.code(), Some(1));
    expect![[r#"
        error: there is no topic healthcare.nothing
          hint: `pulsewire topics --all` lists them
    "#]]
    .assert_eq(&complained(&unknown));
}

#[test]
fn doctor_looks_at_the_machine_and_verifies_every_record() {
    let site = Site::default();
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&admission("1", "A1"));
    platform.wait_until_idle();
    assert!(platform.stop().success());
    let looked = site.command(&["doctor", "--verify"]);
    assert_eq!(looked.status.code(), Some(0), "{}", said(&looked));
    let text = said(&looked);
    for part in [
        "good      configuration",
        "durable write",
        "can be read, and by nobody else",
        "all as they were written",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
}

#[test]
fn state_is_shown_verified_and_deleted_only_while_nothing_runs() {
    let site = Site::default();
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&admission("1", "A1"));
    platform.wait_until_idle();
    let busy = site.command(&["state"]);
    assert_eq!(busy.status.code(), Some(4), "{}", complained(&busy));
    assert!(platform.stop().success());
    for arguments in [
        &["state"][..],
        &["state", "--verify"],
        &["state", "--delete"],
        &["state", "--verify"],
    ] {
        let done = site.command(arguments);
        assert_eq!(
            done.status.code(),
            Some(0),
            "{arguments:?}: {}{}",
            said(&done),
            complained(&done)
        );
    }
}

#[test]
fn a_second_process_on_a_directory_says_which_has_it() {
    let site = Site::default();
    let platform = site.start();
    let second = site.command(&["run"]);
    assert_eq!(second.status.code(), Some(4), "{}", complained(&second));
    assert!(
        complained(&second).contains(&platform.id().to_string()),
        "{}",
        complained(&second)
    );
    Sender::to(platform.mllp).accepted(&admission("1", "A1"));
}

#[test]
fn an_address_in_use_is_named_before_anything_is_made() {
    let mut site = Site::default();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    site.set(
        "intake.mllp",
        "listen",
        &format!("\"{}\"", taken.local_addr().unwrap()),
    );
    let refused = site.command(&["run"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        complained(&refused).contains("choose another address for intake.mllp.listen"),
        "{}",
        complained(&refused)
    );
    assert!(
        !site.data().exists(),
        "a start that cannot succeed changes nothing"
    );
}

#[test]
fn completions_are_a_script_that_a_shell_reads() {
    let script = run(&["completions", "bash"]);
    assert_eq!(script.status.code(), Some(0));
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "completions", &script.stdout);
    let read = std::process::Command::new("bash")
        .args(["-n", &path])
        .output();
    assert!(read.is_ok_and(|read| read.status.success()));
    assert!(said(&script).contains("_pulsewire()"));
    assert_eq!(run(&["completions", "nonsense"]).status.code(), Some(2));
}

#[test]
fn send_says_what_came_back_and_fails_when_nobody_is_there() {
    let site = Site::default();
    let platform = site.start();
    let two = [admission("1", "A1"), admission("2", "A2")].concat();
    let path = file(site.folder(), "two.hl7", &two);
    let to = format!("mllp://{}", platform.mllp);
    let sent = run(&[
        "send",
        &path,
        "--to",
        &to,
        "--repeat",
        "3",
        "--connections",
        "2",
    ]);
    assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
    let head: Vec<String> = said(&sent).lines().take(4).map(str::to_owned).collect();
    expect![[r#"
        sent          6
        acknowledged  AA 6
        not its own   0 (MSA-2 is not the MSH-10 sent)
        no answer     0"#]]
    .assert_eq(&head.join("\n"));
    assert_eq!(
        platform.frames("Accepted"),
        6,
        "a repetition has control ids of its own"
    );
    platform.kill();
    let alone = run(&["send", &path, "--to", &to]);
    assert_eq!(alone.status.code(), Some(1));
    assert_eq!(
        run(&["send", &path, "--to", "http://x:1"]).status.code(),
        Some(1)
    );
    assert_eq!(
        run(&["send", "/nowhere", "--to", &to]).status.code(),
        Some(1)
    );
}

#[test]
fn resources_in_files_are_held_against_the_standard() {
    let folder = tempfile::tempdir().unwrap();
    let right = r#"{"resourceType":"Patient","gender":"female"}"#;
    let wrong = r#"{"resourceType":"Patient","gender":"F"}"#;
    let one = file(folder.path(), "one.json", right.as_bytes());
    let lines = file(
        folder.path(),
        "lines.ndjson",
        format!("{right}\n{wrong}\n\n").as_bytes(),
    );
    let fine = run(&["validate", &one]);
    assert_eq!(fine.status.code(), Some(0));
    assert_eq!(
        said(&fine),
        "1 resource(s), 0 not valid, 0 more with warnings\n"
    );
    let told = run(&["validate", &one, &lines]);
    assert_eq!(told.status.code(), Some(1));
    expect![[r#"
        FILE:2: error code-invalid at byte 35, Patient.gender: write one of the codes of administrative-gender: female, male, other, unknown
        3 resource(s), 1 not valid, 0 more with warnings
    "#]].assert_eq(&said(&told).replace(&lines, "FILE"));
    let outcomes = said(&run(&["validate", "--json", &lines]));
    assert_eq!(outcomes.lines().count(), 2);
    let again = file(folder.path(), "outcomes.ndjson", outcomes.as_bytes());
    assert_eq!(
        run(&["validate", &again]).status.code(),
        Some(0),
        "{outcomes}"
    );
    let missing = run(&["validate", "nowhere.json"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(complained(&missing).contains("hint: name files with FHIR"));
}

#[test]
fn the_tests_of_a_workload_are_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let all = run(&["workload", "test"]);
    assert_eq!(all.status.code(), Some(0), "{}", said(&all));
    assert!(
        said(&all).contains("pass  critical-potassium") && said(&all).contains(" passed, 0 failed")
    );
    let one = said(&run(&["workload", "test", "sepsis"]));
    assert!(
        one.contains("pass  sepsis-late-vital") && !one.contains("critical-bounds"),
        "{one}"
    );
    for (pack, story) in [
        ("claims", "pass  claim-paid"),
        ("emergency", "pass  emergency-room"),
        ("provider-integrity", "pass  provider-impossible-day"),
    ] {
        assert!(said(&run(&["workload", "test", pack])).contains(story));
    }
    let none = run(&["workload", "test", "provider-peers"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(complained(&none).contains("hint: scenarios tell of patients one at a time"));
    let story = "Tests: critical-results\n10:00 lab ann potassium 6.4 mmol/L\n  expect finding critical-result/potassium ann severity low\n";
    file(folder.path(), "own.scenario", story.as_bytes());
    let dir = folder.path().display().to_string();
    let wrong = run(&["workload", "test", "critical-results", "--dir", &dir]);
    assert_eq!(wrong.status.code(), Some(1));
    let words = said(&wrong);
    for part in [
        "line 2: 10:00 lab ann potassium 6.4 mmol/L",
        "      - finding critical-result/potassium ann severity low",
        "      + finding critical-result/potassium ann at 10:00 revision 1 severity critical",
        "1 failed",
    ] {
        assert!(words.contains(part), "no {part} in:\n{words}");
    }
    // With the ranges of the site it is no longer critical, and nothing else is expected.
    let ranges = file(
        folder.path(),
        "ranges.tsv",
        b"potassium\tmmol/L\t18y-\t<2.0\t>8.0\t0.5\tour own\n",
    );
    let site = format!("[workloads.critical-results]\nranges = \"{ranges}\"\n");
    let site = file(folder.path(), "site.toml", site.as_bytes());
    let own = said(&run(&[
        "workload", "test", "--dir", &dir, "--config", &site, "--json",
    ]));
    let last: serde_json::Value = serde_json::from_str(own.lines().last().unwrap()).unwrap();
    assert_eq!(last["differences"][0]["came"], serde_json::json!([]));
    file(folder.path(), "bad.scenario", b"10:00 vitalz ann\n");
    let bad = said(&run(&["workload", "test", "--dir", &dir]));
    assert!(
        bad.contains("line 1: \"vitalz\" is not a verb of scenarios"),
        "{bad}"
    );
}

#[test]
fn a_workload_shows_what_must_be_known_to_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let site = b"[workloads.septic-shock]\nenabled = true\n[workloads.sepsis]\nenabled = false\n";
    let site = file(folder.path(), "site.toml", site);
    let listed = said(&run(&["workload", "list", "--config", &site]));
    let runs = |name: &str| {
        let line = listed
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        line.unwrap().get(68..).unwrap().to_owned()
    };
    assert_eq!(runs("deterioration"), "yes");
    assert_eq!(runs("septic-shock"), "yes");
    // What others rest on runs, and what it said before can still be taken back.
    assert_eq!(runs("sepsis-3"), "yes, told to nobody");
    assert_eq!(runs("sepsis"), "yes, told to nobody");
    assert_eq!(runs("organ-failure-2"), "no");
    let shown = run(&["workload", "show", "deterioration"]);
    let told = said(&shown);
    assert!(
        told.contains("rule           news2 1.0.0\n") && told.contains("late by up to  8 h\n"),
        "{told}"
    );
    let json = said(&run(&["workload", "show", "sepsis-3", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(
        json["lateItems"]
            .as_str()
            .is_some_and(|words| !words.is_empty())
    );
    let wrong = run(&["workload", "show", "weather"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(complained(&wrong).contains("give one of deterioration"));
}
