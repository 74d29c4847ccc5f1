//! What payers and providers send each other of a member, in the words of a story.

use clinical::Decimal;
use clinical::payer::{Document, DocumentKind, ServiceLine, Standing, Stated, link};

use super::made::{Place, event_time};
use super::story::ParseError;
use super::words::Words;
use crate::payer::{PayerConfig, parse_day};

const DAY: i64 = 24 * 60;

/// What a word of a story says in a document's code, or in the decision of a service.
type Codes = [(&'static str, &'static str)];

/// Classes of visits (HL7 v3 ActCode).
const CLASSES: &Codes = &[
    ("emergency", "EMER"),
    ("inpatient", "IMP"),
    ("observation", "OBSENC"),
    ("office", "AMB"),
];
/// What is decided of a service (X12 element 306).
const DECISIONS: &Codes = &[
    ("approved", "A1"),
    ("partly", "A2"),
    ("denied", "A3"),
    ("pended", "A4"),
    ("modified", "A6"),
];
const COVERED: &Codes = &[("active", "active"), ("inactive", "inactive")];

/// A document as a story tells of it; what its time is, the step says.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    pub(crate) who: String,
    document: Document,
    /// A name of the site's for a panel.
    panel: Option<String>,
    /// Since when it is so, in minutes, where that is not the step's time.
    since: Option<i64>,
    /// Whether it ends at the step's time.
    ends: bool,
    /// Who gave its services, by their names in the story.
    pub(crate) providers: Vec<String>,
}

impl Paper {
    /// Gives the document as it is sent at a place in the story.
    pub(super) fn document(&self, config: &PayerConfig, place: Place) -> Result<Document, String> {
        let mut document = self.document.clone();
        let since = self.since.unwrap_or(place.at);
        document.created = Some(Stated::Moment(event_time(since)));
        if let Some(name) = &self.panel {
            let found = config.panels.iter().find(|(_, word)| **word == **name);
            let (code, _) = found.ok_or_else(|| format!("{name:?} is no panel of the settings"))?;
            document.code = code.clone();
        }
        match document.kind {
            DocumentKind::Visit => {
                document.from = day(since);
                document.until = self.ends.then(|| day(place.at)).flatten();
                document.deadline = self.ends.then(|| Stated::Moment(event_time(place.at)));
            }
            // Each is said once; a later one stands beside it.
            DocumentKind::AuthorizationAnswer
            | DocumentKind::ClaimStatus
            | DocumentKind::Remittance
            | DocumentKind::Eligibility => document.resource = link(&place.offset.to_string()),
            DocumentKind::AuthorizationRequest
            | DocumentKind::Claim
            | DocumentKind::Inquiry
            | DocumentKind::Coverage
            | DocumentKind::Member
            | DocumentKind::Panel => {}
        }
        Ok(document)
    }
}

fn day(minute: i64) -> Option<i32> {
    let text = event_time(minute.div_euclid(DAY) * DAY).to_string();
    parse_day(text.split('T').next()?)
}

/// Reads what a verb of payers says; nothing where it is no such verb.
pub(super) fn read(verb: &str, words: &mut Words) -> Option<Result<Paper, ParseError>> {
    let kind = match verb {
        "request" => DocumentKind::AuthorizationRequest,
        "decision" => DocumentKind::AuthorizationAnswer,
        "claim" => DocumentKind::Claim,
        "status" => DocumentKind::ClaimStatus,
        "remittance" => DocumentKind::Remittance,
        "inquiry" => DocumentKind::Inquiry,
        "eligibility" => DocumentKind::Eligibility,
        "coverage" => DocumentKind::Coverage,
        "visit" => DocumentKind::Visit,
        "member" => DocumentKind::Member,
        "panel" => DocumentKind::Panel,
        _ => return None,
    };
    Some(paper(verb, kind, words))
}

fn paper(verb: &str, kind: DocumentKind, words: &mut Words) -> Result<Paper, ParseError> {
    let who = words.need("a member")?;
    let name = if kind == DocumentKind::Member {
        who.clone()
    } else {
        words.need("its number or name")?
    };
    let name = name.trim_matches('"').to_owned();
    let resource = link(&format!("{verb}/{name}"));
    let mut paper = Paper {
        document: Document {
            links: vec![resource, link(&name)],
            ..Document::new(kind, resource)
        },
        panel: (kind == DocumentKind::Panel).then_some(name),
        who,
        since: None,
        ends: false,
        providers: Vec::new(),
    };
    match kind {
        DocumentKind::AuthorizationAnswer => {
            let decided = ServiceLine {
                number: 1,
                action: code(words, DECISIONS)?,
                has_reason: words.follows("because"),
                ..ServiceLine::default()
            };
            paper.document.code = "complete".into();
            paper.document.lines = vec![decided];
        }
        DocumentKind::Claim => paper.document.charge = Some(money(words)?),
        DocumentKind::ClaimStatus => {
            paper.document.code = words.need("a category of status, such as A1")?.into();
        }
        DocumentKind::Eligibility => paper.document.code = code(words, COVERED)?,
        DocumentKind::Visit => paper.document.code = code(words, CLASSES)?,
        DocumentKind::AuthorizationRequest
        | DocumentKind::Remittance
        | DocumentKind::Inquiry
        | DocumentKind::Coverage
        | DocumentKind::Member
        | DocumentKind::Panel => {}
    }
    while let Some(word) = words.next() {
        detail(&mut paper, &word, words)?;
    }
    // What is charged is charged for the one service where there is one.
    if let [line] = paper.document.lines.as_mut_slice() {
        line.charge = paper.document.charge;
    }
    Ok(paper)
}

/// Takes what else is said: each is a word, mostly with a value behind it.
fn detail(paper: &mut Paper, word: &str, words: &mut Words) -> Result<(), ParseError> {
    use DocumentKind::{AuthorizationRequest, Claim, Coverage, Member, Panel, Remittance, Visit};
    let document = &mut paper.document;
    match (document.kind, word) {
        (_, "cancelled") => document.standing = Standing::Cancelled,
        (_, "withdrawn") => document.standing = Standing::Withdrawn,
        (AuthorizationRequest, "expedited") => document.code = "stat".into(),
        (Coverage | Panel, "from") | (Member, "born") => document.from = Some(date(words)?),
        (Coverage | Panel, "until") | (Member, "died") => document.until = Some(date(words)?),
        (Visit, "since") => paper.since = Some(words.need_time()?),
        (Visit, "ends") => paper.ends = true,
        (Claim, "replaces") => document.replaces.push(link(&words.need("a claim")?)),
        (Claim, "service") => document.lines.push(ServiceLine {
            number: u16::try_from(document.lines.len() + 1).unwrap_or(u16::MAX),
            code: words.need("what was done")?.into(),
            place: "11".into(),
            ..ServiceLine::default()
        }),
        (Claim, "on" | "modifier" | "units" | "place" | "by") => {
            let Some(line) = document.lines.last_mut() else {
                return Err(words.wrong("say first of which service, such as: service 99213"));
            };
            match word {
                "on" => line.day = Some(date(words)?),
                "modifier" => line.modifiers = words.need("a modifier")?.into(),
                "units" => line.units = Some(money(words)?),
                "by" => {
                    let name = words.need("who gave it")?;
                    line.renderer = link(&name);
                    paper.providers.push(name);
                }
                _ => line.place = words.need("a place of service")?.into(),
            }
        }
        (Remittance, "charged") => document.charge = Some(money(words)?),
        (Remittance, "paid") => document.paid = Some(money(words)?),
        (Remittance, "adjusted") => document.adjusted = Some(money(words)?),
        (Remittance, "owed") => document.owed = Some(money(words)?),
        (Remittance, "denied") => document.code = "denied".into(),
        (kind, other) => {
            let what = format!("{other:?} cannot be said of a {}", kind.word());
            return Err(words.wrong(&what));
        }
    }
    Ok(())
}

fn code(words: &mut Words, codes: &Codes) -> Result<Box<str>, ParseError> {
    let all: Vec<&str> = codes.iter().map(|(word, _)| *word).collect();
    let word = words.need(&all.join(", "))?;
    let found = codes.iter().find(|(known, _)| *known == word);
    let (_, code) =
        found.ok_or_else(|| words.wrong(&format!("{word:?} is none of {}", all.join(", "))))?;
    Ok((*code).into())
}

fn money(words: &mut Words) -> Result<Decimal, ParseError> {
    words.number()
}

fn date(words: &mut Words) -> Result<i32, ParseError> {
    let word = words.need("a day")?;
    parse_day(&word).ok_or_else(|| words.wrong("a day is written 2026-03-01"))
}

#[cfg(test)]
mod tests {
    use super::super::{Scenario, Settings};

    #[test]
    fn what_cannot_be_said_of_a_document_is_named() {
        let error = |step: &str| {
            let text = format!("Tests: claims\n08:00 {step}");
            Scenario::parse("story", &text).unwrap_err()
        };
        for (step, told) in [
            ("claim ann", "2: its number or name is missing"),
            ("claim ann C-1 much", "2: \"much\" is not a number"),
            (
                "claim ann C-1 20 on 2026-03-01",
                "2: say first of which service, such as: service 99213",
            ),
            (
                "claim ann C-1 20 service X on monday",
                "2: a day is written 2026-03-01",
            ),
            (
                "decision ann R-1 maybe",
                "2: \"maybe\" is none of approved, partly, denied, pended, modified",
            ),
            (
                "remittance ann C-1 expedited",
                "2: \"expedited\" cannot be said of a remittance",
            ),
        ] {
            assert_eq!(error(step), told, "{step}");
        }
    }

    #[test]
    fn a_paper_in_a_story_that_tests_nothing_of_payers_says_so() {
        let told = |text: &str| {
            let scenario = Scenario::parse("story", text).unwrap();
            scenario.run(&Settings::default()).remove(0).missing
        };
        assert_eq!(
            told("08:00 claim ann C-1 20"),
            ["no workload of payers is tested by this story"]
        );
        assert_eq!(
            told("Tests: care-management\n08:00 panel ann \"low risk\""),
            ["\"low risk\" is no panel of the settings"]
        );
    }
}
