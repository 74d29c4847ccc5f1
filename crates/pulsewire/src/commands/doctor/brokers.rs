//! What `doctor` looks for on Apache Kafka: brokers that answer, and topics kept as they are configured.

use journal::kafka::{KafkaJournal, Survey, TopicSurvey};
use journal::{TopicSpec, limits};

use super::Verdict;
use crate::config::{Config, Kafka};
use crate::topics;

/// So many topics are named where something is wrong with them.
const NAMED: usize = 3;

/// Looks at the brokers and at every topic of ours.
pub(super) fn verdicts(config: &Config, kafka: &Kafka) -> Vec<(&'static str, Verdict)> {
    let opened = kafka
        .journal_config()
        .and_then(|told| KafkaJournal::open(told).map_err(|error| error.to_string()));
    let survey = opened.and_then(|journal| journal.survey().map_err(|error| error.to_string()));
    match survey {
        Err(why) => {
            let hint = "see the message; [kafka], [kafka.tls] and [kafka.login] say how brokers are reached";
            vec![("brokers", Verdict::Bad(why, hint))]
        }
        Ok(survey) => {
            let mut all = vec![("brokers", brokers(&survey, kafka))];
            all.extend(topics(&survey, config, kafka).map(|verdict| ("topics", verdict)));
            all
        }
    }
}

fn brokers(survey: &Survey, kafka: &Kafka) -> Verdict {
    let found = format!("{} answer, and let us in", survey.brokers);
    match survey.brokers < usize::from(kafka.replication) {
        false => Verdict::Good(found),
        true => Verdict::Bad(
            format!("{found}; kafka.replication is {}", kafka.replication),
            "topics cannot be made: start more brokers, or lower kafka.replication and kafka.min_insync",
        ),
    }
}

/// A rule for a topic: what breaks it, in words, and what to do then.
type Rule<'r> = (
    &'static str,
    &'static str,
    Box<dyn Fn(&TopicSurvey) -> bool + 'r>,
);

fn rules<'r>(config: &Config, kafka: &'r Kafka) -> [Rule<'r>; 7] {
    let partitions = config.journal.partitions;
    let largest = limits::WRITE_BYTES_MAX as u64;
    [
        (
            "have another number of partitions than journal.partitions",
            "set journal.partitions to what they have: it cannot change later",
            Box::new(move |topic| topic.partitions != partitions),
        ),
        (
            "are held by fewer brokers than kafka.replication",
            "give them more replicas with kafka-reassign-partitions",
            Box::new(move |topic| topic.replication < kafka.replication),
        ),
        (
            "have another min.insync.replicas than kafka.min_insync",
            "set min.insync.replicas on them with kafka-configs, or kafka.min_insync to what they have",
            // Who logs in by tokens cannot ask for settings.
            Box::new(move |topic| topic.min_insync.is_some_and(|is| is != kafka.min_insync)),
        ),
        (
            "take smaller batches than we may write",
            "set max.message.bytes on them to 50331648 with kafka-configs; where less is allowed, keep intake.mllp.frame_size well below it",
            Box::new(move |topic| topic.message_bytes_max.is_some_and(|most| most < largest)),
        ),
        (
            "may be led by a broker that misses acknowledged records",
            "set unclean.leader.election.enable to false on them",
            Box::new(|topic| topic.unclean_leaders),
        ),
        (
            "have a partition that no broker leads",
            "bring its brokers back: until then senders are told to send again",
            Box::new(|topic| topic.leaderless > 0),
        ),
        (
            "miss a copy for now",
            "bring the broker back that should hold it",
            Box::new(|topic| topic.under_replicated > 0),
        ),
    ]
}

fn topics(survey: &Survey, config: &Config, kafka: &Kafka) -> impl Iterator<Item = Verdict> {
    let partitions = config.journal.partitions;
    let specs = topics::specs(partitions, config.journal.retention);
    let specs: Vec<TopicSpec> = specs
        .into_iter()
        .chain(topics::shared(partitions))
        .collect();
    let known = |topic: &&TopicSurvey| specs.iter().any(|spec| spec.name == topic.name);
    let ours: Vec<&TopicSurvey> = survey.topics.iter().filter(known).collect();
    let mut found = Vec::new();
    if ours.is_empty() {
        found.push(Verdict::Good(
            "none yet: they are made at the first start".into(),
        ));
    } else if ours.len() < specs.len() {
        let missing = specs.len().saturating_sub(ours.len());
        let what = format!("{missing} of {} are missing", specs.len());
        let hint = "the next start of a process makes them, if this user may";
        found.push(Verdict::Doubtful(what, hint));
    }
    for (what, hint, breaks) in rules(config, kafka) {
        let broken: Vec<_> = ours.iter().filter(|topic| breaks(topic)).collect();
        if broken.is_empty() {
            continue;
        }
        let names = broken.iter().take(NAMED).map(|topic| &*topic.name);
        let names = names.collect::<Vec<_>>().join(", ");
        let words = format!("{} {what} ({names}{})", broken.len(), more(broken.len()));
        found.push(Verdict::Bad(words, hint));
    }
    if found.is_empty() {
        found.push(Verdict::Good(format!(
            "{}, all kept as they are configured",
            ours.len()
        )));
    }
    found.into_iter()
}

fn more(count: usize) -> &'static str {
    if count > NAMED { " and more" } else { "" }
}
