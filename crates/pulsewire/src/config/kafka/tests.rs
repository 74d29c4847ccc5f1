//! What a person who writes `[kafka]` sees, and what the journal gets of it.

use expect_test::{Expect, expect};

use super::*;
use crate::config::reader::Problem;
use crate::config::{DEFAULTS, defaults, parse};

fn check(text: &str, expected: Expect) {
    let told = match parse(text) {
        Ok(config) => match config.kafka {
            None => "the local disk".to_owned(),
            Some(kafka) => format!("{} {:?} {:?}", kafka.brokers, kafka.tls, kafka.login),
        },
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    };
    expected.assert_eq(&told);
}

#[test]
fn nothing_said_is_the_local_disk() {
    assert_eq!(defaults().kafka, None);
    let text = "[kafka]\nprefix = \"north.\"\ninstance = \"one\"\n";
    check(text, expect!["the local disk"]);
}

#[test]
fn brokers_are_hosts_with_ports() {
    let with = |brokers: &str| format!("[kafka]\nbrokers = \"{brokers}\"\n");
    check(
        &with("a.example:9092, [::1]:1"),
        expect!["a.example:9092,[::1]:1 None None"],
    );
    for wrong in [
        "a",
        "a:",
        ":9092",
        "a:0",
        "a:65536",
        "a:1,",
        "::1:1",
        "kafka://a:1",
    ] {
        let told = parse(&with(wrong)).expect_err(wrong);
        assert!(told[0].what.contains("which is no host:port"), "{wrong}");
    }
}

#[test]
fn a_name_is_taken_up_to_its_limit() {
    for key in ["prefix", "instance"] {
        let with = |name: &str| parse(&format!("[kafka]\n{key} = \"{name}\"\n"));
        assert!(with(&"n".repeat(NAME_MOST)).is_ok());
        assert!(with("North-1_a.").is_ok());
        for wrong in [&"n".repeat(NAME_MOST + 1), "no rth", "a/b", "é"] {
            assert!(with(wrong).is_err(), "{key} {wrong}");
        }
    }
}

#[test]
fn limits_hold_at_below_and_above() {
    let takes = |setting: &str| parse(&format!("[kafka]\n{setting}\n")).is_ok();
    assert!(takes("session_timeout = \"1s\""));
    assert!(takes("session_timeout = \"60s\""));
    assert!(!takes("session_timeout = \"999ms\""));
    assert!(!takes("session_timeout = \"61s\""));
    assert!(takes("write_timeout = \"1s\""));
    assert!(takes("write_timeout = \"300s\""));
    assert!(!takes("write_timeout = \"999ms\""));
    assert!(!takes("write_timeout = \"301s\""));
    assert!(takes("replication = 2"));
    assert!(takes("replication = 32"));
    assert!(!takes("replication = 33"));
    assert!(!takes("replication = 1"), "two of one cannot be in sync");
    assert!(takes("replication = 1\nmin_insync = 1"));
    assert!(!takes("min_insync = 0"));
}

#[test]
fn mistakes_are_told_together_with_what_to_do() {
    check(
        "[kafka]\nbroker = \"a:1\"\nmin_insync = 4\n\n[kafka.tls]\nca = \"ca.pem\"\nkey = \"key.pem\"\n\n\
         [kafka.login]\nmechanism = \"plain\"\nuser = \"u\"\n",
        expect![[r#"
            line 1: kafka.brokers names no brokers that the rest of [kafka] could be for
                hint: name them, or leave out [kafka.tls] and [kafka.login]: the journal would be on the local disk
            line 2: there is no setting `kafka.broker`
                hint: did you mean `brokers`?
            line 3: kafka.min_insync is more than replication
                hint: no record could ever be written: make it less than replication, such as 2 of 3
            line 5: kafka.tls.certificate is only half of what is needed
                hint: a certificate goes with its key: give both, or neither where the brokers do not ask
            line 5: kafka.tls.enabled is false, though there are certificates
                hint: set it to true, or leave the certificates out
            line 9: kafka.login.password_file is empty, and plain needs it
                hint: `pulsewire check --defaults` says what stands there
            line 10: kafka.login.mechanism would send its secret where everybody on the network can read it
                hint: set kafka.tls.enabled = true, or take scram-sha-512, which does not show the password"#]],
    );
    check(
        "[kafka]\nbrokers = \"a:1\"\n[kafka.login]\nmechanism = \"oauth\"\ntoken_url = \"http://login.example/token\"\n",
        expect![[r#"
            line 3: kafka.login.client_id is empty, and oauth needs it
                hint: `pulsewire check --defaults` says what stands there
            line 3: kafka.login.client_secret_file is empty, and oauth needs it
                hint: `pulsewire check --defaults` says what stands there
            line 4: kafka.login.mechanism would send its secret where everybody on the network can read it
                hint: set kafka.tls.enabled = true, or take scram-sha-512, which does not show the password
            line 5: kafka.login.token_url is no https address
                hint: such as "https://login.example/oauth2/token"; http only goes to 127.0.0.1"#]],
    );
    check(
        "[kafka.login]\nmechanism = \"gssapi\"\n",
        expect![[r#"
        line 2: kafka.login.mechanism is not what it should be
            hint: give one of "", "plain", "scram-sha-512", "oauth""#]],
    );
}

#[test]
fn a_client_secret_goes_only_where_nobody_reads_it() {
    let with = |url: &str| {
        let text = format!(
            "[kafka]\nbrokers = \"a:1\"\n[kafka.tls]\nenabled = true\n[kafka.login]\nmechanism = \"oauth\"\n\
             client_id = \"c\"\nclient_secret_file = \"s\"\ntoken_url = \"{url}\"\n"
        );
        parse(&text).is_ok()
    };
    assert!(with("https://login.example/token"));
    assert!(with("http://127.0.0.1:9/token"));
    for url in [
        "http://127.0.0.1:x@login.example/",
        "http://127.0.0.1:9@login.example/",
        "https://user:password@login.example/",
        "http://login.example/",
        "https://",
    ] {
        assert!(!with(url), "{url}");
    }
}

#[test]
fn settings_of_librdkafka_stand_by_their_own_names() {
    let text = "[kafka]\nbrokers = \"a:1\"\n[kafka.override]\n\"socket.timeout.ms\" = \"20000\"\nclient.rack = \"north\"\n";
    let kafka = parse(text).expect("it is valid").kafka;
    let overrides = kafka.expect("there are brokers").overrides;
    assert_eq!(
        overrides.into_iter().collect::<Vec<_>>(),
        [
            ("client.rack".to_owned(), "north".to_owned()),
            ("socket.timeout.ms".to_owned(), "20000".to_owned())
        ]
    );
    check(
        "[kafka.override]\nenable.idempotence = \"false\"\n\"sasl.password\" = \"x\"\nlinger.ms = 5\nssl.ca.location = \"probe\"\n",
        expect![[r#"
            line 2: kafka.override must not set `enable.idempotence`
                hint: leave it out: exactly-once rests on the value it has
            line 3: kafka.override must not set `sasl.password`
                hint: leave it out: secrets stand in files of their own, see kafka.login
            line 4: kafka.override.linger.ms is not what it should be
                hint: give words in quotes, numbers too"#]],
    );
    for (name, _) in kept::KEPT {
        assert!(!may_be_set(name), "{name}");
    }
}

fn may_be_set(name: &str) -> bool {
    let problems = parse(&format!("[kafka.override]\n\"{name}\" = \"x\"\n"));
    let problems = problems.err().unwrap_or_default();
    let is_kept = |problem: &Problem| problem.what.contains("must not set");
    !problems.iter().any(is_kept)
}

/// Settings of librdkafka that have a second name (CONFIGURATION.md of librdkafka 2.12.1).
const ALIASES: [(&str, &str); 12] = [
    ("metadata.broker.list", "bootstrap.servers"),
    ("max.in.flight.requests.per.connection", "max.in.flight"),
    ("sasl.mechanisms", "sasl.mechanism"),
    (
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.credentials.client.id",
    ),
    (
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.client.credentials.client.secret",
    ),
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("message.send.max.retries", "retries"),
    ("compression.codec", "compression.type"),
    ("request.required.acks", "acks"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("auto.commit.enable", "enable.auto.commit"),
];

#[test]
fn a_setting_is_kept_under_each_of_its_names() {
    for (name, alias) in ALIASES {
        assert_eq!(may_be_set(name), may_be_set(alias), "{name} and {alias}");
    }
    for name in [
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.assertion.private.key.pem",
        "ssl.endpoint.identification.algorithm",
        "enable.sasl.oauthbearer.unsecure.jwt",
        "max.in.flight",
    ] {
        assert!(!may_be_set(name), "{name}");
    }
    assert!(may_be_set("fetch.message.max.bytes") && may_be_set("linger.ms"));
}

#[test]
fn what_is_kept_from_overriding_is_listed_once_in_order() {
    assert!(kept::KEPT.is_sorted_by(|(one, _), (other, _)| one < other));
    assert!(DEFAULTS.contains(&format!("\n[{}]\n", super::super::reader::FREE)));
}

#[cfg(feature = "kafka")]
#[test]
fn every_example_of_the_guide_is_valid() {
    let guide = include_str!("../../../../../docs/kafka.md");
    let blocks: Vec<&str> = guide
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let config = parse(block).unwrap_or_else(|wrong| panic!("{wrong:?} in\n{block}"));
        assert!(config.kafka.is_some(), "{block}");
    }
}

#[cfg(feature = "kafka")]
mod told {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::time::Duration;

    use journal::kafka::{Login as As, Security};

    use super::*;

    /// Settings with a password in a file of this content and mode.
    fn with_password(folder: &tempfile::TempDir, content: &str, mode: u32) -> Kafka {
        let path = folder.path().join("password");
        std::fs::write(&path, content).expect("the folder is ours");
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, mode).expect("the file is ours");
        let text = format!(
            "[kafka]\nbrokers = \"a:1\"\nprefix = \"n.\"\ninstance = \"one\"\n[kafka.tls]\nenabled = true\nca = \"ca.pem\"\n\
             [kafka.login]\nmechanism = \"scram-sha-512\"\nuser = \"u\"\npassword_file = {path:?}\n"
        );
        let config = parse(&text).expect("it is valid");
        config.kafka.expect("there are brokers")
    }

    #[test]
    fn the_journal_is_told_what_was_written() {
        let folder = tempfile::tempdir().expect("there is room");
        let kafka = with_password(&folder, " pass word\r\n", 0o600);
        let told = kafka.journal_config().expect("the password is there");
        assert_eq!(told.brokers, "a:1");
        assert_eq!(told.prefix, "n.");
        assert_eq!(told.instance.as_deref(), Some("one"));
        assert_eq!((told.replication, told.min_insync), (3, 2));
        assert_eq!(told.write_timeout, Duration::from_secs(10));
        assert_eq!(told.session_timeout, Duration::from_secs(10));
        let tls = Security::Tls {
            ca: Some(PathBuf::from("ca.pem")),
            identity: None,
        };
        assert_eq!(told.security, tls);
        let As::Scram { user, password } = told.login else {
            panic!("another login than was written");
        };
        assert_eq!((user.as_str(), password.as_str()), ("u", " pass word"));
        assert!(!format!("{kafka:?}").contains("pass word"));
    }

    #[test]
    fn a_password_file_that_cannot_be_used_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().expect("there is room");
        let told = |kafka: &Kafka| {
            let told = kafka.journal_config().expect_err("there is no password");
            told.replace(&folder.path().display().to_string(), "")
        };
        let open = with_password(&folder, "x\n", 0o640);
        expect!["/password can be read by others (mode 640): run `chmod 600 /password`"]
            .assert_eq(&told(&open));
        let empty = with_password(&folder, "\n", 0o600);
        expect!["/password is empty: put the secret into it"].assert_eq(&told(&empty));
        std::fs::remove_file(folder.path().join("password")).expect("it was there");
        expect!["/password cannot be read: No such file or directory (os error 2)"]
            .assert_eq(&told(&empty));
    }
}

#[test]
#[cfg(feature = "kafka")]
fn what_its_client_does_not_take_is_refused() {
    let text = "[kafka]\nbrokers = \"k:9092\"\n[kafka.override]\n\"no.such.setting\" = \"1\"\n\"socket.timeout.ms\" = \"soon\"\n\"linger.ms\" = \"5\"\n";
    let problems = parse(text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let [first, second] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(
        first.starts_with("line 4: kafka.override sets `no.such.setting`"),
        "{first}"
    );
    assert!(
        second.starts_with("line 5: kafka.override sets `socket.timeout.ms`"),
        "{second}"
    );
}
