//! Who sends: `[source.NAME]`, and that no two of them are the same to whoever reads their messages.

use std::collections::BTreeMap;
use std::time::Duration;

use formats::hl7v2::Charset;
use mapping::source::{LocalCodes, Zone};

use super::reader::Reader;

/// No silence is told that is shorter than this.
const QUIET_LEAST: Duration = Duration::from_secs(60);

/// What a zone looks like.
const ZONE: &str = "an IANA name such as \"Europe/Berlin\", or an offset such as \"+01:00\"";
/// What a character set looks like.
const CHARSET: &str = "a character set of HL7 table 0211, such as \"8859/1\" or \"UTF-8\"";

/// What is known of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) sending_application: String,
    pub(crate) sending_facility: String,
    pub(crate) zone: String,
    pub(crate) charset: String,
    pub(crate) assigning_authority: String,
    pub(crate) codes: LocalCodes,
    /// Assigning authorities by what else they are called: a system of FHIR identifiers, a payer's number in X12. Of a patient's
    /// identifiers of one type, those of the first come first.
    pub(crate) authorities: Vec<(String, String)>,
    /// Whether a remittance that does not add up waits for a person.
    pub(crate) keeps_unbalanced: bool,
    /// Whether nothing is taken but what says that it is production data.
    pub(crate) production_only: bool,
    /// Whether it is missed even where nothing could be learned of it.
    pub(crate) expected: bool,
    /// No silence is told that is shorter.
    pub(crate) quiet_after: Duration,
}

/// Reads `[source.NAME]` of each that there is.
pub(super) fn read(reader: &mut Reader<'_>) -> BTreeMap<String, Source> {
    let mut all: BTreeMap<String, Source> = BTreeMap::new();
    for name in reader.named("source") {
        let read = one(reader, &name);
        let alike = all.iter().find(|(_, other)| read.is_taken_for(other));
        if let Some((other, _)) = alike {
            let what = format!(
                "is that of [source.{other}], and so is sending_facility: all messages would be taken for those of `{other}`"
            );
            let hint = "tell them apart by sending_application (MSH-3) or sending_facility (MSH-4)";
            let at = format!("source.{name}");
            reader.refuse(&at, "sending_application", &what, hint);
        }
        all.insert(name, read);
    }
    all
}

impl Source {
    /// Whether messages say the same of both; who says nothing is known by name alone.
    fn is_taken_for(&self, other: &Self) -> bool {
        let said = |source: &Self| {
            (
                source.sending_application.clone(),
                source.sending_facility.clone(),
            )
        };
        said(self) == said(other) && said(self) != Default::default()
    }
}

fn one(reader: &mut Reader<'_>, name: &str) -> Source {
    let at = format!("source.{name}");
    if name == alerts::quiet::EVERYTHING {
        let what = "is of a source without a name";
        let hint = "give it another name: all sources together are told of under this one";
        reader.refuse(&at, "sending_application", what, hint);
    }
    Source {
        sending_application: reader.text(&at, "sending_application"),
        sending_facility: reader.text(&at, "sending_facility"),
        zone: reader.text_as(&at, "zone", ZONE, |text| Zone::parse(text).is_ok()),
        charset: reader.text_as(&at, "charset", CHARSET, |text| {
            Charset::from_name(text).is_some()
        }),
        assigning_authority: reader.text(&at, "assigning_authority"),
        codes: reader.codes(&at, "codes"),
        authorities: reader.pairs(&at, "authorities"),
        keeps_unbalanced: reader.one_of(&at, "unbalanced", &["flag", "quarantine"]) == "quarantine",
        production_only: reader.one_of(&at, "processing", &["any", "production"]) == "production",
        expected: reader.switch(&at, "expected"),
        quiet_after: reader.duration_from(&at, "quiet_after", QUIET_LEAST),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::config::parse;

    fn check(text: &str, expected: Expect) {
        let told = match parse(text) {
            Ok(_) => "valid".to_owned(),
            Err(problems) => {
                let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
                told.join("\n")
            }
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn two_senders_that_messages_do_not_tell_apart_are_refused() {
        check(
            "[source.lab]\nsending_application = \"LIS\"\n[source.lab2]\nsending_application = \"LIS\"\nzone = \"America/New_York\"\n",
            expect![[r#"
                line 4: source.lab2.sending_application is that of [source.lab], and so is sending_facility: all messages would be taken for those of `lab`
                    hint: tell them apart by sending_application (MSH-3) or sending_facility (MSH-4)"#]],
        );
        check(
            "[source.lab]\nsending_application = \"LIS\"\nsending_facility = \"A\"\n[source.lab2]\nsending_application = \"LIS\"\nsending_facility = \"B\"\n\
             [source.lab3]\nsending_application = \"LIS\"\n[source.web]\nzone = \"UTC\"\n[source.web2]\nzone = \"UTC\"\n",
            expect!["valid"],
        );
    }

    #[test]
    fn a_zone_and_a_character_set_are_ones_that_there_are() {
        check(
            "[source.lab]\nzone = \"Europe/Berln\"\ncharset = \"klingon\"\n[source.ris]\nzone = \"CET+1\"\n",
            expect![[r#"
                line 2: source.lab.zone is not what it should be
                    hint: give an IANA name such as "Europe/Berlin", or an offset such as "+01:00"
                line 3: source.lab.charset is not what it should be
                    hint: give a character set of HL7 table 0211, such as "8859/1" or "UTF-8"
                line 5: source.ris.zone is not what it should be
                    hint: give an IANA name such as "Europe/Berlin", or an offset such as "+01:00""#]],
        );
    }
}
