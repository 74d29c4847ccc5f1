//! Ways in: certificates, passwords and tokens against brokers that ask for them, and being turned away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

/// No longer than this may it take to be turned away.
const TURNED_AWAY_AFTER: Duration = Duration::from_secs(10);
/// A token that nobody has signed, which the tests' brokers take: `{"alg":"none"}` and
/// `{"sub":"pulsewire","exp":4102444800}`, in base64.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwdWxzZXdpcmUiLCJleHAiOjQxMDI0NDQ4MDB9.";
/// When it ends.
const TOKEN_ENDS_MS: i64 = 4_102_444_800_000;

/// What `listeners.toml` says, each setting by its table and name.
struct Listeners(BTreeMap<String, String>);

impl Listeners {
    fn find() -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's brokers are no setting of the product"
        )]
        let dir = std::env::var("PULSEWIRE_KAFKA_DIR").ok();
        let Some(dir) = dir else {
            eprintln!("skipped: PULSEWIRE_KAFKA_DIR names no folder of brokers");
            return None;
        };
        let path = Path::new(&dir).join("listeners.toml");
        let text = std::fs::read_to_string(path).expect("the brokers' folder has it");
        let (mut settings, mut table) = (BTreeMap::new(), "");
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_end_matches(']');
            } else if let Some((name, value)) = line.split_once(" = ") {
                let value = value.trim_matches(['"', '\'']).to_owned();
                settings.insert(format!("{table}.{name}"), value);
            }
        }
        Some(Self(settings))
    }

    fn get(&self, name: &str) -> String {
        let value = self.0.get(name);
        value.expect("the brokers' folder says it").clone()
    }

    fn tls(&self, table: &str) -> Security {
        Security::Tls {
            ca: Some(self.get(&format!("{table}.ca_file")).into()),
            identity: None,
        }
    }

    /// With a client certificate.
    fn by_certificate(&self) -> KafkaConfig {
        KafkaConfig {
            security: Security::Tls {
                ca: Some(self.get("ssl.ca_file").into()),
                identity: Some((
                    self.get("ssl.certificate_file").into(),
                    self.get("ssl.key_file").into(),
                )),
            },
            ..config(&self.get("ssl.bootstrap"), "certificate")
        }
    }

    fn by_login(&self, login: Login) -> KafkaConfig {
        KafkaConfig {
            security: self.tls("sasl_ssl"),
            login,
            ..config(&self.get("sasl_ssl.bootstrap"), "login")
        }
    }

    fn scram(&self, password: &str) -> Login {
        Login::Scram {
            user: self.get("sasl_ssl.user"),
            password: password.to_owned(),
        }
    }

    fn plain(&self, password: &str) -> Login {
        Login::Plain {
            user: self.get("sasl_ssl.user"),
            password: password.to_owned(),
        }
    }

    fn password(&self) -> String {
        self.get("sasl_ssl.password")
    }

    fn without_protection(&self, prefix: &str) -> KafkaJournal {
        let config = KafkaConfig {
            prefix: prefix.to_owned(),
            ..KafkaConfig::plaintext(self.get("plaintext.bootstrap"))
        };
        KafkaJournal::open(config).expect("the brokers answer")
    }
}

fn oauth() -> Login {
    Login::OAuth(Arc::new(|| {
        Ok(Token {
            token: TOKEN.to_owned(),
            principal: "pulsewire".to_owned(),
            expires_ms: TOKEN_ENDS_MS,
        })
    }))
}

/// Writes one record, a transaction with a position, and reads all of it back.
fn works(journal: &KafkaJournal) {
    journal
        .append(one("way", 0, b"one"))
        .expect("it is written");
    let group: Group = "stage".into();
    let transaction = Write {
        records: vec![
            (at("way", 0), value(b"two")),
            (at("way", 0), value(b"three")),
        ],
        offsets: vec![(group.clone(), at("way", 0), 1)],
    };
    journal.append(transaction).expect("it is committed");
    let read = all(journal, &at("way", 0));
    assert_eq!(read, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    let committed = journal.committed(&group).expect("the group is known");
    assert_eq!(committed, [(at("way", 0), 1)].into());
    let member = journal.join("stage", &["way".into()], &[]);
    let member = member.expect("a member is opened");
    let assigned = (0..100).find_map(|_| {
        let change = member.poll(Duration::from_millis(100));
        change.expect("the group takes it in")
    });
    assert_eq!(assigned, Some(Change::Assigned(vec![0])));
    let task = member.task(0).expect("the partition is ours");
    task.append(one("way", 0, b"four"))
        .expect("it is committed");
}

#[test]
fn certificates_and_passwords_open_everything() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    let password = listeners.password();
    for config in [
        listeners.by_certificate(),
        listeners.by_login(listeners.scram(&password)),
        listeners.by_login(listeners.plain(&password)),
    ] {
        let journal = KafkaJournal::open(config).expect("we are known");
        journal.ensure_topic(&topic("way", 1)).expect("it is made");
        works(&journal);
    }
}

#[test]
fn tokens_open_everything_but_making_topics() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    let config = listeners.by_login(oauth());
    let made_by_another = listeners.without_protection(&config.prefix);
    made_by_another
        .ensure_topic(&topic("way", 1))
        .expect("it is made");
    let journal = KafkaJournal::open(config).expect("we are known");
    journal.ensure_topic(&topic("way", 1)).expect("it is there");
    works(&journal);
    let nobody = journal.members("nobody").expect("the brokers answer");
    assert_eq!(nobody.members, []);
    let survey = journal.survey().expect("the brokers answer");
    assert!(
        survey.brokers >= 1 && survey.topics.len() == 1,
        "{survey:?}"
    );
    let error = journal
        .ensure_topic(&topic("other", 1))
        .expect_err("it is not there")
        .to_string();
    assert!(error.contains("make all topics beforehand"), "{error}");
}

/// How opening fails, without what differs from run to run.
fn check(config: KafkaConfig, hint: &str, cause: &str) {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let error = KafkaJournal::open(config).expect_err("nobody may come in so");
        tell.send(error).expect("it is waited for");
    });
    let error = told
        .recv_timeout(TURNED_AWAY_AFTER)
        .expect("it does not hang");
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    let error = error.to_string();
    assert!(error.contains(hint), "{error}");
    assert!(error.contains(cause), "{error}");
    assert!(!error.contains("wrong-password"), "{error}");
}

#[test]
fn a_wrong_password_is_told_at_once() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    for login in [
        listeners.scram("wrong-password"),
        listeners.plain("wrong-password"),
    ] {
        let config = listeners.by_login(login);
        check(config, "check kafka.login", "Authentication failed");
    }
}

#[test]
fn a_transaction_is_turned_away_at_once_and_says_why() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    let config = listeners.by_login(listeners.plain("wrong-password"));
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let (id, prefix) = ("stage.0".to_owned(), Prefix("".into()));
        let opened = Transactions::open(&config, prefix, id, AfterFailure::Stop);
        let error = opened.err().expect("nobody may come in so");
        tell.send(error).expect("it is waited for");
    });
    let error = told
        .recv_timeout(TURNED_AWAY_AFTER)
        .expect("it does not hang")
        .to_string();
    for part in ["stage.0", "Authentication failed", "check kafka.login"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_token_that_cannot_be_had_is_told_with_the_reason() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    let nobody = Login::OAuth(Arc::new(|| Err("the login server is away".to_owned())));
    let config = listeners.by_login(nobody);
    check(config, "check kafka.login", "the login server is away");
}

#[test]
fn certificates_that_do_not_fit_are_told_at_once() {
    let Some(listeners) = Listeners::find() else {
        return;
    };
    let good = listeners.by_certificate();
    let with = |ca: Option<PathBuf>, identity| KafkaConfig {
        security: Security::Tls { ca, identity },
        ..good.clone()
    };
    let hint = "kafka.tls";
    let nobody_we_trust = with(None, None);
    check(nobody_we_trust, hint, "verify");
    let authority = PathBuf::from(listeners.get("ssl.ca_file"));
    let without_our_own = with(Some(authority.clone()), None);
    check(without_our_own, hint, "certificate");
    let no_file = with(Some(authority.with_file_name("nowhere.pem")), None);
    check(no_file, hint, "ssl.ca.location");
}
