//! The FHIR servers whose subscriptions come, and how they are asked for what was missed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::{Address, CA, SECRET, SHORTEST};

/// How the server of a source is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// Its base address; empty where it is not asked.
    pub(crate) server: String,
    /// Other addresses by which it names its resources.
    pub(crate) bases: Vec<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) timeout: Duration,
    pub(crate) queries: Vec<String>,
    pub(crate) retry: Duration,
}

/// Reads `[subscription.NAME]` of each source that has one.
pub(super) fn read(reader: &mut Reader<'_>) -> BTreeMap<String, Subscription> {
    let sources = reader.named("source");
    let names = reader.named("subscription").into_iter();
    names
        .map(|name| {
            let at = format!("subscription.{name}");
            let subscription = one(reader, &at);
            if !sources.contains(&name) {
                let what = format!("is of [source.{name}], which there is not");
                let hint = format!(
                    "add [source.{name}], or give the table the name of the source that sends"
                );
                reader.refuse(&at, "server", &what, &hint);
            }
            (name, subscription)
        })
        .collect()
}

fn one(reader: &mut Reader<'_>, at: &str) -> Subscription {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
    let (queries, bases) = (reader.text(at, "queries"), reader.text(at, "bases"));
    let subscription = Subscription {
        server: reader.text(at, "server"),
        token_file: reader.file(at, "token_file", SECRET),
        ca: reader.file(at, "ca", CA),
        timeout: reader.duration_from(at, "timeout", SHORTEST),
        bases: words(bases),
        queries: words(queries),
        retry: reader.duration_from(at, "retry", SHORTEST),
    };
    match Address::parse(&subscription.server) {
        None if subscription.server.is_empty() => {}
        None => {
            let hint = "such as \"https://ehr.example/fhir/r4\", or empty where it is not asked";
            reader.refuse(at, "server", "is no http or https address", hint);
        }
        Some(address) if address.has_user => {
            let hint = "set token_file instead: addresses stand in logs";
            reader.refuse(at, "server", "holds a user", hint);
        }
        Some(address) if subscription.token_file.is_some() && !address.keeps_secrets() => {
            let hint = "take https; http with a token only goes to this machine";
            let what = "would send the token where everybody on the network can read it";
            reader.refuse(at, "server", what, hint);
        }
        Some(_) => {}
    }
    let is_address = |base: &String| Address::parse(base).is_some();
    if !subscription.bases.iter().all(is_address) {
        let hint = "such as \"http://ehr.internal/fhir/r4\", separated by blanks";
        reader.refuse(at, "bases", "holds what is no http or https address", hint);
    }
    let is_elsewhere = |query: &String| query.contains("://") || query.starts_with('/');
    if subscription.queries.iter().any(is_elsewhere) {
        let hint =
            "queries begin with a resource type, such as \"Observation?category=laboratory\"";
        reader.refuse(at, "queries", "holds an address", hint);
    }
    subscription
}
