//! What changes the meaning of all that stands beside it: who does not understand it must not use the resource.
//!
//! That is asked of `modifierExtension` (<https://hl7.org/fhir/R4/extensibility.html#modifierExtension>) and of `implicitRules`
//! (<https://hl7.org/fhir/R4/resource.html#implicitRules>), wherever in a resource they stand.

use memchr::memmem;

use super::read::Raw;
use super::validate::cursor::{Broken, Cursor};
use super::validate::{DEPTH_MAX, Issue, IssueCode, Severity, place};

const EXTENSION: &str = "modifierExtension";
const RULES: &str = "implicitRules";

/// How letters of a name may be written that stand in no name as they are.
const ESCAPE: &[u8] = b"\\u00";

/// Says where a resource has an extension or rules that change its meaning and are none of these; nothing of what is no JSON.
pub fn unknown(resource: &[u8], known: &[&str]) -> Vec<Issue> {
    let found = find(resource, known);
    let Some((text, found)) = found.filter(|(_, found)| !found.is_empty()) else {
        return Vec::new();
    };
    let paths = place::paths(text, found.iter().map(|(at, _)| *at));
    let issues = found.into_iter().zip(paths);
    let issues = issues.map(|((position, code), path)| Issue {
        severity: Severity::Warning,
        code,
        path,
        text: words(code).to_owned(),
        position,
    });
    issues.collect()
}

/// Says whether a resource has an extension or rules that change its meaning and are none of these.
pub fn is_unknown(resource: &[u8], known: &[&str]) -> bool {
    find(resource, known).is_some_and(|(_, found)| !found.is_empty())
}

const fn words(code: IssueCode) -> &'static str {
    match code {
        IssueCode::Extension => {
            "an extension changes the meaning of the resource and is not known here: no workload uses the resource; send what is so without it"
        }
        _ => {
            "rules change the meaning of the resource and are not known here: no workload uses the resource; send what is so without them"
        }
    }
}

type Found = Vec<(usize, IssueCode)>;

fn find<'b>(resource: &'b [u8], known: &[&str]) -> Option<(&'b str, Found)> {
    let has = |part: &[u8]| memmem::find(resource, part).is_some();
    if !has(EXTENSION.as_bytes()) && !has(RULES.as_bytes()) && !has(ESCAPE) {
        return None;
    }
    let text = std::str::from_utf8(resource).ok()?;
    let mut walk = Walk {
        cursor: Cursor::new(text),
        known,
        found: Vec::new(),
    };
    walk.value(0).ok()?;
    Some((text, walk.found))
}

struct Walk<'b, 'k> {
    cursor: Cursor<'b>,
    known: &'k [&'k str],
    found: Found,
}

impl Walk<'_, '_> {
    fn value(&mut self, depth: u32) -> Result<(), Broken> {
        if depth > DEPTH_MAX {
            return Err(Broken::TooDeep(self.cursor.at));
        }
        match self.cursor.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => {
                let mut more = self.cursor.open(b']');
                while more {
                    self.value(depth + 1)?;
                    more = self.cursor.more(b']')?;
                }
                Ok(())
            }
            _ => self.cursor.skip(depth),
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), Broken> {
        let mut more = self.cursor.open(b'}');
        while more {
            let name = self.cursor.name()?.plain()?;
            let first = self.cursor.peek();
            let at = self.cursor.at;
            match (&*name, first) {
                (EXTENSION, Some(b'[' | b'{')) if self.is_unknown() => {
                    self.found.push((at, IssueCode::Extension));
                }
                (RULES, Some(b'"')) => self.found.push((at, IssueCode::NotSupported)),
                _ => {}
            }
            self.value(depth + 1)?;
            more = self.cursor.more(b'}')?;
        }
        Ok(())
    }

    /// Says whether one of the extensions that begin here is unknown.
    fn is_unknown(&self) -> bool {
        let rest = self.cursor.text.get(self.cursor.at..).unwrap_or_default();
        let is_known = |one: Raw<'_>| {
            let url = one.get("url").ok().flatten();
            let url = url.and_then(|url| url.text().ok());
            url.is_some_and(|url| self.known.contains(&&*url))
        };
        if rest.starts_with('{') {
            return !is_known(Raw::begin(rest));
        }
        let mut items = Raw::begin(rest).items();
        items.any(|item| !item.is_ok_and(is_known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(resource: &str) -> Vec<String> {
        let found = unknown(resource.as_bytes(), &["urn:known"]);
        assert_eq!(
            is_unknown(resource.as_bytes(), &["urn:known"]),
            !found.is_empty()
        );
        let told = found.iter();
        told.map(|issue| format!("{} {}", issue.path, issue.code.code()))
            .collect()
    }

    #[test]
    fn what_changes_the_meaning_is_found_wherever_it_stands() {
        let negated = r#""modifierExtension":[{"url":"urn:known"},{"url":"urn:negated","valueBoolean":true}]"#;
        let check = |resource: &str, places: &[&str]| assert_eq!(told(resource), places);
        check(
            &format!(r#"{{"resourceType":"Observation",{negated}}}"#),
            &["Observation.modifierExtension extension"],
        );
        check(
            &format!(
                r#"{{"resourceType":"Observation","component":[{{}},{{"code":{{}},{negated}}}]}}"#
            ),
            &["Observation.component[1].modifierExtension extension"],
        );
        check(
            &format!(
                r#"{{"resourceType":"MedicationRequest","contained":[{{"resourceType":"Medication",{negated}}}]}}"#
            ),
            &["MedicationRequest.contained[0].modifierExtension extension"],
        );
        check(
            r#"{"resourceType":"Patient", "implicitRules" : "http://x/rules"}"#,
            &["Patient.implicitRules not-supported"],
        );
        check(
            r#"{"resourceType":"Patient","modifier\u0045xtension":[{}]}"#,
            &[r"Patient.modifier\u0045xtension extension"],
        );
    }

    #[test]
    fn what_is_known_or_says_nothing_changes_nothing() {
        for resource in [
            r#"{"resourceType":"Patient","modifierExtension":[{"url":"urn:known","valueBoolean":true}]}"#,
            r#"{"resourceType":"Patient","modifierExtension":[],"implicitRules":null}"#,
            r#"{"resourceType":"Patient","extension":[{"url":"modifierExtension"}],"name":[{"text":"implicitRules"}]}"#,
            r#"{"resourceType":"Patient","name":[{"text":"J\u00f6rg"}]}"#,
            r#"{"modifierExtension":[{"#,
        ] {
            assert_eq!(told(resource), [""; 0], "{resource}");
        }
    }
}
