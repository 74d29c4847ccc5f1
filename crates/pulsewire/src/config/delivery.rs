//! Ways to reach somebody: `[delivery.NAME]`, and `[heartbeat]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clinical::Severity;

use super::reader::Reader;
use super::{Address, CA, SHORTEST};

/// The channel that there is without being named; the others say what kind they are.
const OWN: &str = "console";
/// What only a webhook has.
const OF_WEBHOOKS: [&str; 3] = ["url", "ca", "timeout"];

/// A way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) kind: ChannelKind,
    pub(crate) from_severity: Severity,
    pub(crate) retry_first: Duration,
    pub(crate) retry_longest: Duration,
    pub(crate) give_up_after: Duration,
}

/// How a channel carries news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    /// A line on the program's own output.
    Console,
    /// A POST of the alert as JSON.
    Webhook {
        url: String,
        ca: Option<PathBuf>,
        timeout: Duration,
    },
}

/// Where it is told that all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    pub(crate) url: String,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) every: Duration,
}

/// Reads `[delivery.NAME]` of each that is enabled.
pub(super) fn read(reader: &mut Reader<'_>) -> BTreeMap<String, Channel> {
    let names = reader.named("delivery").into_iter();
    let channels: BTreeMap<_, _> = names
        .filter_map(|name| Some((name.clone(), channel(reader, &name)?)))
        .collect();
    if channels.is_empty() {
        let what = "leaves no channel: alerts are raised, and nobody is told of them";
        let hint = "add [delivery.NAME] with kind = \"webhook\" and a url, or leave the console on";
        reader.warn("delivery.console", "enabled", what, hint);
    }
    channels
}

fn channel(reader: &mut Reader<'_>, name: &str) -> Option<Channel> {
    let at = format!("delivery.{name}");
    let kind = kind(reader, &at, name);
    let channel = Channel {
        kind,
        from_severity: reader.severity(&at, "from_severity"),
        retry_first: reader.duration_from(&at, "retry_first", SHORTEST),
        retry_longest: reader.duration(&at, "retry_longest"),
        give_up_after: reader.duration(&at, "give_up_after"),
    };
    if channel.retry_first > channel.retry_longest && !reader.is_refused(&at) {
        let hint =
            "the waits between tries grow from the first to the longest: make that one longer";
        reader.refuse(&at, "retry_longest", "is less than retry_first", hint);
    }
    reader.switch(&at, "enabled").then_some(channel)
}

/// How it carries news: said, since one that is taken for another reaches nobody.
fn kind(reader: &mut Reader<'_>, at: &str, name: &str) -> ChannelKind {
    let url = reader.text(at, "url");
    let ca = reader.file(at, "ca", CA);
    let timeout = reader.duration_from(at, "timeout", SHORTEST);
    let word = reader.one_of(at, "kind", &["console", "webhook"]);
    if name != OWN && !reader.is_written(at, "kind") {
        let hint = "give kind = \"webhook\" to post to its url, or kind = \"console\" for a line on the program's own output";
        reader.refuse(at, "kind", "is not said", hint);
        return ChannelKind::Console;
    }
    if word == "console" {
        for key in OF_WEBHOOKS {
            if reader.is_changed(at, key) {
                let hint =
                    "leave it out, or give kind = \"webhook\" in a [delivery.NAME] of its own";
                reader.refuse(at, key, "is for a webhook, and this is the console", hint);
            }
        }
        return ChannelKind::Console;
    }
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        let hint = "such as \"https://pager.example/alerts\"";
        reader.refuse(at, "url", "is no http or https address", hint);
    }
    ChannelKind::Webhook { url, ca, timeout }
}

/// Reads `[heartbeat]`; nothing where nobody wants to know.
pub(super) fn heartbeat(reader: &mut Reader<'_>) -> Option<Heartbeat> {
    let at = "heartbeat";
    let heartbeat = Heartbeat {
        url: reader.text(at, "url"),
        ca: reader.file(at, "ca", CA),
        every: reader.duration_from(at, "every", SHORTEST),
    };
    match Address::parse(&heartbeat.url) {
        None if heartbeat.url.is_empty() => return None,
        None => {
            let hint = "such as \"https://watch.example/pulsewire\", or empty for none";
            reader.refuse(at, "url", "is no http or https address", hint);
        }
        Some(address) if address.has_user => {
            let hint = "let the receiver know us by its path: addresses stand in logs";
            reader.refuse(at, "url", "holds a user", hint);
        }
        Some(_) => {}
    }
    Some(heartbeat)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::config::parse;

    fn check(text: &str, expected: Expect) {
        let told: Vec<_> = match parse(text) {
            Ok(config) => config.warnings.iter().map(ToString::to_string).collect(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        };
        expected.assert_eq(&told.join("\n"));
    }

    #[test]
    fn a_channel_says_what_it_is() {
        check(
            "[delivery.pager]\nurl = \"http://127.0.0.1:9/x\"\n[delivery.none]\nfrom_severity = \"high\"\n",
            expect![[r#"
                line 1: delivery.pager.kind is not said
                    hint: give kind = "webhook" to post to its url, or kind = "console" for a line on the program's own output
                line 3: delivery.none.kind is not said
                    hint: give kind = "webhook" to post to its url, or kind = "console" for a line on the program's own output"#]],
        );
        check("[delivery.second]\nkind = \"console\"\n", expect![""]);
    }

    #[test]
    fn what_is_for_a_webhook_is_refused_of_the_console() {
        check(
            "[delivery.console]\nurl = \"http://127.0.0.1:9/x\"\n[delivery.second]\nkind = \"console\"\nca = \"\"\ntimeout = \"9s\"\n",
            expect![[r#"
                line 2: delivery.console.url is for a webhook, and this is the console
                    hint: leave it out, or give kind = "webhook" in a [delivery.NAME] of its own
                line 6: delivery.second.timeout is for a webhook, and this is the console
                    hint: leave it out, or give kind = "webhook" in a [delivery.NAME] of its own"#]],
        );
    }

    #[test]
    fn a_site_whose_alerts_reach_nobody_is_told_so() {
        check(
            "[delivery.console]\nenabled = false\n",
            expect![[r#"
            line 2: delivery.console.enabled leaves no channel: alerts are raised, and nobody is told of them
                hint: add [delivery.NAME] with kind = "webhook" and a url, or leave the console on"#]],
        );
        check(
            "[delivery.console]\nenabled = false\n[delivery.pager]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/x\"\n",
            expect![""],
        );
    }

    #[test]
    fn the_first_wait_is_no_longer_than_the_longest() {
        let with = |waits: &str| format!("[delivery.console]\n{waits}\n");
        check(
            &with("retry_first = \"10m\"\nretry_longest = \"1s\""),
            expect![[r#"
                line 3: delivery.console.retry_longest is less than retry_first
                    hint: the waits between tries grow from the first to the longest: make that one longer"#]],
        );
        check(
            &with("retry_first = \"1s\"\nretry_longest = \"1s\""),
            expect![""],
        );
    }
}
