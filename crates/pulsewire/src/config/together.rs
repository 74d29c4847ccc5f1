//! What settings cannot be together, though each can be alone.

use std::net::SocketAddr;

use super::Config;
use super::reader::Reader;

/// Tells what of a configuration cannot be, or is hardly meant.
pub(super) fn check(reader: &mut Reader<'_>, config: &Config) {
    listeners(reader, config);
    if config.mllp.resend_window > config.journal.retention {
        let what = "is longer than journal.retention: where the memory of what was accepted is made anew, it goes no further back than the journal";
        let hint = "make it no longer than journal.retention";
        reader.warn("intake.mllp", "resend_window", what, hint);
    }
    let mqtt = config.mqtt.as_ref();
    let unnamed = mqtt.filter(|mqtt| !config.sources.contains_key(&mqtt.source));
    if let Some(mqtt) = unnamed.filter(|_| reader.is_changed("intake.mqtt", "source")) {
        let what = format!(
            "names `{}`, and there is no [source.{}]",
            mqtt.source, mqtt.source
        );
        let hint =
            "add the table if the name is meant: without it, what holds for [source.default] holds";
        reader.warn("intake.mqtt", "source", &what, hint);
    }
    let named = config.plausibility.policy.by_source.iter();
    let named: Vec<_> = named
        .filter(|((_, source), _)| !config.has_source(source))
        .map(|((reason, source), action)| (reason.code(), source.clone(), action.word()))
        .collect();
    for (rule, source, action) in named {
        let (at, key) = (format!("plausibility.{rule}"), format!("{action}_sources"));
        let what = format!("names `{source}`, which is no source");
        let hint = "name what stands in [source.NAME], with blanks between them";
        reader.refuse(&at, &key, &what, hint);
    }
    for name in config.care_gaps.iter().flat_map(|gaps| &gaps.claim_sources) {
        if !config.has_source(name) {
            let what = format!("names `{name}`, which is no source");
            let hint = "name what stands in [source.NAME], with blanks between them";
            reader.refuse("workloads.care-gaps", "claim_sources", &what, hint);
        }
    }
}

/// Two listeners need two addresses; with port 0 the system gives each one of its own.
fn listeners(reader: &mut Reader<'_>, config: &Config) {
    let control = ("control", config.control_listen);
    let mllp = ("intake.mllp", config.mllp.listen);
    let http = config.http.listen.map(|listen| ("intake.http", listen));
    let all: Vec<_> = [Some(control), Some(mllp), http]
        .into_iter()
        .flatten()
        .collect();
    for (number, (table, address)) in all.iter().enumerate() {
        let before = all.iter().take(number);
        let Some((other, _)) = before.into_iter().find(|(_, other)| meet(*other, *address)) else {
            continue;
        };
        // Told of the one that was written: the other may be a default.
        let (told, other) = match reader.is_written(table, "listen") {
            true => (*table, *other),
            false => (*other, *table),
        };
        let what = format!("is taken by {other}.listen");
        reader.refuse(told, "listen", &what, "give each its own port");
    }
}

fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (everywhere || one.ip() == other.ip())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::config::{parse, parse_looking_at_files};

    fn check(text: &str, expected: Expect) {
        let told: Vec<_> = match parse_looking_at_files(text) {
            Ok(config) => config
                .warnings
                .iter()
                .map(|warning| format!("warning: {warning}"))
                .collect(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        };
        expected.assert_eq(&told.join("\n"));
    }

    #[test]
    fn two_listeners_need_two_addresses() {
        check(
            "[intake.mllp]\nlisten = \"127.0.0.1:8080\"\n",
            expect![[r#"
                line 2: intake.mllp.listen is taken by control.listen
                    hint: give each its own port"#]],
        );
        check(
            "[intake.mllp]\nlisten = \"0.0.0.0:8090\"\n[control]\nlisten = \"127.0.0.1:8091\"\n",
            expect![[r#"
                line 2: intake.mllp.listen is taken by intake.http.listen
                    hint: give each its own port"#]],
        );
        check(
            "[intake.mllp]\nlisten = \"127.0.0.1:0\"\n[intake.http]\nlisten = \"127.0.0.1:0\"\n[control]\nlisten = \"127.0.0.1:0\"\n",
            expect![""],
        );
    }

    #[test]
    fn what_names_a_source_names_one_that_there_is() {
        check(
            "[plausibility.zero-value]\nflag_sources = \"NOSUCH\"\n[subscription.ehr]\nserver = \"https://ehr.example\"\n",
            expect![[r#"
                line 2: plausibility.zero-value.flag_sources names `NOSUCH`, which is no source
                    hint: name what stands in [source.NAME], with blanks between them
                line 4: subscription.ehr.server is of [source.ehr], which there is not
                    hint: add [source.ehr], or give the table the name of the source that sends"#]],
        );
        check(
            "[intake.mqtt]\nbroker = \"mqtt://127.0.0.1\"\nsource = \"nosuch\"\n[plausibility.zero-value]\nflag_sources = \"nosuch\"\n",
            expect![[r#"
                warning: line 3: intake.mqtt.source names `nosuch`, and there is no [source.nosuch]
                    hint: add the table if the name is meant: without it, what holds for [source.default] holds"#]],
        );
    }

    #[test]
    fn a_filter_says_where_the_device_stands() {
        check(
            "[intake.mqtt]\nbroker = \"mqtt://127.0.0.1\"\ntopics = \"#\"\n",
            expect![[r#"
                warning: line 3: intake.mqtt.topics holds a filter without a + that is the device's id: each message has to name its device
                    hint: write a + where the device's id stands, such as "devices/+/measurements""#]],
        );
        check(
            "[intake.mqtt]\nbroker = \"mqtt://127.0.0.1\"\nstatus_topics = \"status\"\n",
            expect![[r#"
                line 3: intake.mqtt.status_topics holds a filter without a + that is the device's id
                    hint: write a + where the device's id stands, such as "devices/+/status""#]],
        );
    }

    #[test]
    fn what_is_removed_at_once_or_has_no_place_is_refused() {
        check(
            "[journal]\nretention = \"3599s\"\ndirectory = \"\"\n",
            expect![[r#"
                line 2: journal.retention is not what it should be
                    hint: give a duration of at least "1h", in ms, s, m, h or d
                line 3: journal.directory is not what it should be
                    hint: give the folder that all is kept in, such as "/var/lib/pulsewire""#]],
        );
        check("[journal]\nretention = \"7d\"\n", expect![""]);
        check(
            "[journal]\nretention = \"1h\"\n",
            expect![[r#"
            warning: intake.mllp.resend_window is longer than journal.retention: where the memory of what was accepted is made anew, it goes no further back than the journal
                hint: make it no longer than journal.retention"#]],
        );
    }

    #[test]
    fn files_that_there_are_not_are_told() {
        let text = "[journal]\nsite_key = \"/nowhere/site.key\"\n[intake.mllp.tls]\ncertificate = \"/nowhere/a.pem\"\nkey = \"/nowhere/a.key\"\n\
             [delivery.pager]\nkind = \"webhook\"\nurl = \"https://pager.example\"\nca = \"/nowhere/ca.pem\"\n";
        check(
            text,
            expect![[r#"
            line 2: journal.site_key names /nowhere/site.key, and there is no such file
                hint: restore it from a backup; for a new site make it once: `head -c 32 /dev/urandom > site.key && chmod 600 site.key`
            line 4: intake.mllp.tls.certificate names /nowhere/a.pem, and there is no such file
                hint: name the PEM file with the certificate or the key, or leave out both
            line 5: intake.mllp.tls.key names /nowhere/a.key, and there is no such file
                hint: name the PEM file with the certificate or the key, or leave out both
            line 9: delivery.pager.ca names /nowhere/ca.pem, and there is no such file
                hint: name the PEM file with the certificates of the authorities, or leave it out"#]],
        );
        // Who only reads a journal or asks a process needs none of them.
        assert!(parse(text).is_ok());
    }
}
