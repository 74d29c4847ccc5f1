//! The properties file of one broker, and of the clients of its listeners.

use std::fmt::Write as _;
use std::path::Path;

use super::credentials::{self, Credentials};
use super::options::{Listener, Options};

/// Settings that are the same everywhere: topics are made on purpose, groups begin at once, and internal topics are
/// small.
const ALWAYS: &str = "\
auto.create.topics.enable=false
delete.topic.enable=true
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
share.coordinator.state.topic.num.partitions=8
";

/// What a broker is told.
pub(crate) fn render(options: &Options, broker: u16, credentials: &Credentials) -> String {
    let mut text = String::from("process.roles=broker,controller\n");
    let mut line = |key: &str, value: &str| {
        writeln!(text, "{key}={value}").expect("a string takes all that is written");
    };
    let clients = listeners(options, broker, &Listener::FOR_CLIENTS);
    let all = listeners(options, broker, &Listener::ALL);
    line("node.id", &broker.to_string());
    line("controller.quorum.voters", &voters(options));
    line("controller.listener.names", Listener::Controller.name());
    line("inter.broker.listener.name", Listener::Plain.name());
    line("listeners", &all);
    line("advertised.listeners", &clients);
    line("listener.security.protocol.map", &protocols());
    let data = options.dir.join(format!("broker-{broker}/data"));
    line("log.dirs", &data.display().to_string());
    replication(options.brokers, &mut line);
    security(&options.dir, credentials, &mut line);
    text + ALWAYS
}

/// Three brokers keep three copies and need two; one keeps one.
fn replication(brokers: u16, line: &mut impl FnMut(&str, &str)) {
    let copies = brokers.to_string();
    let needed = if brokers == 1 { "1" } else { "2" };
    line("default.replication.factor", &copies);
    line("min.insync.replicas", needed);
    line("offsets.topic.replication.factor", &copies);
    for topic in ["transaction.state.log", "share.coordinator.state.topic"] {
        line(&format!("{topic}.replication.factor"), &copies);
        line(&format!("{topic}.min.isr"), needed);
    }
}

/// Tokens are checked for their form only: whoever can reach loopback may make one.
fn security(dir: &Path, credentials: &Credentials, line: &mut impl FnMut(&str, &str)) {
    let modules = "org.apache.kafka.common.security";
    let file = |name: &str| dir.join(name).display().to_string();
    let name = &credentials.user;
    let password = &credentials.password;
    line("ssl.keystore.type", "PEM");
    line("ssl.keystore.location", &file(credentials::SERVER));
    line("ssl.truststore.type", "PEM");
    line("ssl.truststore.location", &file(credentials::AUTHORITY));
    line("listener.name.ssl.ssl.client.auth", "required");
    line("sasl.enabled.mechanisms", "SCRAM-SHA-512,PLAIN,OAUTHBEARER");
    let mut login = |mechanism: &str, module: &str| {
        let key = format!("listener.name.sasl_ssl.{mechanism}.sasl.jaas.config");
        line(&key, &format!("{modules}.{module};"));
    };
    login("scram-sha-512", "scram.ScramLoginModule required");
    login(
        "plain",
        &format!("plain.PlainLoginModule required user_{name}=\"{password}\""),
    );
    login(
        "oauthbearer",
        "oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\"",
    );
}

fn voters(options: &Options) -> String {
    let voters = options.numbers().map(|broker| {
        let port = options.port_of(broker, Listener::Controller);
        format!("{broker}@127.0.0.1:{port}")
    });
    voters.collect::<Vec<_>>().join(",")
}

fn listeners(options: &Options, broker: u16, which: &[Listener]) -> String {
    let addresses = which.iter().map(|listener| {
        let port = options.port_of(broker, *listener);
        format!("{}://127.0.0.1:{port}", listener.name())
    });
    addresses.collect::<Vec<_>>().join(",")
}

fn protocols() -> String {
    let protocols = Listener::ALL.iter().map(|listener| {
        let protocol = match listener {
            Listener::Controller => Listener::Plain.name(),
            other => other.name(),
        };
        format!("{}:{protocol}", listener.name())
    });
    protocols.collect::<Vec<_>>().join(",")
}

impl Listener {
    /// Kafka's name of it; for clients also the protocol's.
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAINTEXT",
            Self::SaslTls => "SASL_SSL",
            Self::MutualTls => "SSL",
            Self::Controller => "CONTROLLER",
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::step::root;

    fn check(brokers: u16, broker: u16, expected: Expect) {
        let options = Options {
            brokers,
            dir: "/k".into(),
            port: 19_092,
        };
        let credentials = Credentials {
            user: "pulsewire".into(),
            password: "secret".into(),
        };
        expected.assert_eq(&render(&options, broker, &credentials));
    }

    #[test]
    fn one_broker_keeps_one_copy() {
        check(
            1,
            1,
            expect![[r#"
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@127.0.0.1:19095
            controller.listener.names=CONTROLLER
            inter.broker.listener.name=PLAINTEXT
            listeners=PLAINTEXT://127.0.0.1:19092,SASL_SSL://127.0.0.1:19093,SSL://127.0.0.1:19094,CONTROLLER://127.0.0.1:19095
            advertised.listeners=PLAINTEXT://127.0.0.1:19092,SASL_SSL://127.0.0.1:19093,SSL://127.0.0.1:19094
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
            log.dirs=/k/broker-1/data
            default.replication.factor=1
            min.insync.replicas=1
            offsets.topic.replication.factor=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            ssl.keystore.type=PEM
            ssl.keystore.location=/k/tls/server.pem
            ssl.truststore.type=PEM
            ssl.truststore.location=/k/tls/ca.pem
            listener.name.ssl.ssl.client.auth=required
            sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN,OAUTHBEARER
            listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
            listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_pulsewire="secret";
            listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
            auto.create.topics.enable=false
            delete.topic.enable=true
            group.initial.rebalance.delay.ms=0
            group.min.session.timeout.ms=1000
            offsets.topic.num.partitions=8
            transaction.state.log.num.partitions=8
            share.coordinator.state.topic.num.partitions=8
        "#]],
        );
    }

    #[test]
    fn three_brokers_agree_with_each_other() {
        check(
            3,
            2,
            expect![[r#"
            process.roles=broker,controller
            node.id=2
            controller.quorum.voters=1@127.0.0.1:19095,2@127.0.0.1:19105,3@127.0.0.1:19115
            controller.listener.names=CONTROLLER
            inter.broker.listener.name=PLAINTEXT
            listeners=PLAINTEXT://127.0.0.1:19102,SASL_SSL://127.0.0.1:19103,SSL://127.0.0.1:19104,CONTROLLER://127.0.0.1:19105
            advertised.listeners=PLAINTEXT://127.0.0.1:19102,SASL_SSL://127.0.0.1:19103,SSL://127.0.0.1:19104
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
            log.dirs=/k/broker-2/data
            default.replication.factor=3
            min.insync.replicas=2
            offsets.topic.replication.factor=3
            transaction.state.log.replication.factor=3
            transaction.state.log.min.isr=2
            share.coordinator.state.topic.replication.factor=3
            share.coordinator.state.topic.min.isr=2
            ssl.keystore.type=PEM
            ssl.keystore.location=/k/tls/server.pem
            ssl.truststore.type=PEM
            ssl.truststore.location=/k/tls/ca.pem
            listener.name.ssl.ssl.client.auth=required
            sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN,OAUTHBEARER
            listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
            listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_pulsewire="secret";
            listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
            auto.create.topics.enable=false
            delete.topic.enable=true
            group.initial.rebalance.delay.ms=0
            group.min.session.timeout.ms=1000
            offsets.topic.num.partitions=8
            transaction.state.log.num.partitions=8
            share.coordinator.state.topic.num.partitions=8
        "#]],
        );
    }

    #[test]
    fn containers_have_the_same_settings() {
        let compose = std::fs::read_to_string(root().join("compose.yaml")).expect("it is there");
        let mut same = String::from(ALWAYS);
        replication(3, &mut |key, value| {
            writeln!(same, "{key}={value}").expect("a string takes all that is written");
        });
        for line in same.lines() {
            let (key, value) = line.split_once('=').expect("a key and a value");
            let variable = key.replace('.', "_").to_uppercase();
            let plain = format!("  KAFKA_{variable}: {value}\n");
            let quoted = format!("  KAFKA_{variable}: \"{value}\"\n");
            assert!(
                compose.contains(&plain) || compose.contains(&quoted),
                "compose.yaml lacks{plain}"
            );
        }
    }

    #[test]
    fn containers_have_the_same_version() {
        let read = |file| std::fs::read_to_string(root().join(file)).expect("it is there");
        let pom = read("xtask/data/kafka/pom.xml");
        let (_, version) = pom
            .split_once("<kafka.version>")
            .expect("it names a version");
        let (version, _) = version.split_once('<').expect("the element ends");
        let image = format!("image: apache/kafka:{version}\n");
        assert!(read("compose.yaml").contains(&image), "no {image}");
    }
}
