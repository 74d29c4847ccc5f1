//! Settings of librdkafka that `[kafka.override]` must not touch, with what to do instead.

/// Settings that a promise rests on, or that have a place of their own here; an alias stands beside its setting's name.
pub(super) const KEPT: [(&str, &str); 53] = [
    ("acks", EXACTLY_ONCE),
    ("allow.auto.create.topics", EXACTLY_ONCE),
    ("auto.commit.enable", EXACTLY_ONCE),
    ("auto.commit.interval.ms", EXACTLY_ONCE),
    ("auto.offset.reset", EXACTLY_ONCE),
    ("bootstrap.servers", "set kafka.brokers"),
    ("check.crcs", EXACTLY_ONCE),
    ("delivery.report.only.error", EXACTLY_ONCE),
    ("delivery.timeout.ms", WRITE_TIMEOUT),
    ("enable.auto.commit", EXACTLY_ONCE),
    ("enable.auto.offset.store", EXACTLY_ONCE),
    ("enable.gapless.guarantee", EXACTLY_ONCE),
    ("enable.idempotence", EXACTLY_ONCE),
    ("enable.partition.eof", EXACTLY_ONCE),
    ("enable.sasl.oauthbearer.unsecure.jwt", LOGIN),
    ("enable.ssl.certificate.verification", VERIFIED),
    ("enabled_events", EXACTLY_ONCE),
    ("group.id", "set kafka.prefix"),
    ("group.instance.id", "set kafka.instance"),
    ("group.protocol", EXACTLY_ONCE),
    ("group.protocol.type", EXACTLY_ONCE),
    ("group.remote.assignor", EXACTLY_ONCE),
    ("isolation.level", EXACTLY_ONCE),
    ("max.in.flight", EXACTLY_ONCE),
    ("max.in.flight.requests.per.connection", EXACTLY_ONCE),
    ("max.poll.interval.ms", EXACTLY_ONCE),
    ("message.send.max.retries", EXACTLY_ONCE),
    ("message.timeout.ms", WRITE_TIMEOUT),
    ("metadata.broker.list", "set kafka.brokers"),
    ("msg_order_cmp", EXACTLY_ONCE),
    ("offset.store.method", EXACTLY_ONCE),
    ("offset.store.path", EXACTLY_ONCE),
    ("partition.assignment.strategy", EXACTLY_ONCE),
    ("partitioner", EXACTLY_ONCE),
    (
        "plugin.library.paths",
        "leave it out: the program loads no code of others",
    ),
    ("produce.offset.report", EXACTLY_ONCE),
    ("queuing.strategy", EXACTLY_ONCE),
    ("request.required.acks", EXACTLY_ONCE),
    ("retries", EXACTLY_ONCE),
    ("sasl.mechanism", LOGIN),
    ("sasl.mechanisms", LOGIN),
    ("sasl.password", SECRET),
    ("sasl.username", LOGIN),
    ("security.protocol", "set kafka.tls and kafka.login"),
    ("session.timeout.ms", "set kafka.session_timeout"),
    ("ssl.certificate.verify_cb", VERIFIED),
    ("ssl.endpoint.identification.algorithm", VERIFIED),
    ("ssl.key.password", SECRET),
    ("ssl.key.pem", SECRET),
    ("ssl.keystore.password", SECRET),
    ("ssl_key", SECRET),
    ("transaction.timeout.ms", EXACTLY_ONCE),
    ("transactional.id", "set kafka.prefix"),
];
/// All settings of tokens: several hold secrets, and tokens are asked for by the program itself.
pub(super) const KEPT_UNDER: &str = "sasl.oauthbearer.";

const EXACTLY_ONCE: &str = "leave it out: exactly-once rests on the value it has";
const SECRET: &str = "leave it out: secrets stand in files of their own, see kafka.login";
const LOGIN: &str = "leave it out: set what kafka.login has for it";
const VERIFIED: &str =
    "leave it out: brokers are always verified; name their authority in kafka.tls.ca";
const WRITE_TIMEOUT: &str = "set kafka.write_timeout";

/// What to do instead of setting this; nothing where it may be set.
pub(super) fn instead(name: &str) -> Option<&'static str> {
    if name.starts_with(KEPT_UNDER) {
        return Some(SECRET);
    }
    let found = KEPT.iter().find(|(kept, _)| *kept == name);
    found.map(|(_, hint)| *hint)
}
