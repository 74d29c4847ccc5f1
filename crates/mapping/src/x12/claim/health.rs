//! HI: diagnoses and procedures; other codes are supporting information.

use formats::fhir::json;
use formats::x12::{Element, Segment};

use super::super::page::Page;
use super::super::supporting::Supporting;
use super::super::{DoubtCode, tables, value};

/// The diagnoses and procedures of a claim.
#[derive(Debug, Default)]
pub(in crate::x12) struct Health {
    pub(in crate::x12) diagnoses: Vec<Vec<u8>>,
    pub(in crate::x12) procedures: Vec<Vec<u8>>,
}

const DIAGNOSIS_ROLES: &str = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype";
const PROCEDURE_ROLES: &str = "http://terminology.hl7.org/CodeSystem/ex-procedure-type";

/// Stands in the table where FHIR has no code for a role.
const QUALIFIER: &str = "=";

impl Health {
    /// Adds the codes of a segment.
    pub(in crate::x12) fn add(
        &mut self,
        page: &mut Page<'_>,
        segment: &Segment<'_>,
        supporting: &mut Supporting,
    ) {
        let mut has_others = false;
        for element in segment.elements().filter(|element| !element.is_empty()) {
            let qualifier = element.component(1).text();
            let known = tables::health(&qualifier);
            if element.component(2).is_empty() {
                page.doubt(DoubtCode::NotSplit, element.position());
                let words = page.take(element, "Claim.diagnosis");
                self.diagnosis(&value::concept("", "", &words), &[], "");
                continue;
            }
            match known.as_ref().map(|known| (known.kind, known)) {
                Some(("diagnosis", known)) => {
                    let code = page.take(element.component(2), "Claim.diagnosis");
                    page.mark(element.component(1), "Claim.diagnosis.type");
                    let present = page.take(element.component(9), "Claim.diagnosis.onAdmission");
                    let code = value::concept(known.system, &pointed(&code, known.system), "");
                    let role = role(DIAGNOSIS_ROLES, known, &qualifier);
                    self.diagnosis(&code, &role, &present);
                }
                Some(("procedure", known)) => {
                    let code = page.take(element.component(2), "Claim.procedure");
                    page.mark(element.component(1), "Claim.procedure.type");
                    let code = match known.system.contains("icd-9") {
                        true => procedure_pointed(&code),
                        false => code,
                    };
                    let code = value::concept(known.system, &code, "");
                    let role = role(PROCEDURE_ROLES, known, &qualifier);
                    self.procedure(page, element, &code, &role);
                }
                _ => has_others = true,
            }
        }
        if has_others {
            supporting.add(page, segment);
        }
    }

    fn diagnosis(&mut self, code: &[u8], role: &[u8], present: &str) {
        let number = self.diagnoses.len() as u64 + 1;
        let system = value::system("1271");
        self.diagnoses.push(json::object(|entry| {
            entry
                .integer("sequence", number)
                .raw("diagnosisCodeableConcept", code)
                .array("type", |types| {
                    types.raw(role);
                })
                .raw("onAdmission", &value::concept(&system, present, ""));
        }));
    }

    fn procedure(&mut self, page: &mut Page<'_>, element: Element<'_>, code: &[u8], role: &[u8]) {
        let number = self.procedures.len() as u64 + 1;
        page.mark(element.component(3), "Claim.procedure.date");
        let day = page.day(element.component(4), "Claim.procedure.date");
        self.procedures.push(json::object(|entry| {
            entry
                .integer("sequence", number)
                .array("type", |types| {
                    types.raw(role);
                })
                .string("date", &day)
                .raw("procedureCodeableConcept", code);
        }));
    }
}

/// Gives what a code is to the claim: by FHIR's code, else by the qualifier itself.
fn role(system: &str, known: &tables::Health, qualifier: &str) -> Vec<u8> {
    match known.role {
        QUALIFIER => value::coded("1270", qualifier, ""),
        role => value::concept(system, role, ""),
    }
}

/// Gives a diagnosis with the point that X12 leaves out: behind the third character, behind the fourth of an external cause of ICD-9.
fn pointed(code: &str, system: &str) -> String {
    let is_cause = code.starts_with('E') && system.contains("icd-9");
    with_point(code, if is_cause { 4 } else { 3 })
}

/// Gives a procedure of ICD-9 with the point that X12 leaves out, behind the second character.
fn procedure_pointed(code: &str) -> String {
    with_point(code, 2)
}

fn with_point(code: &str, place: usize) -> String {
    match code.split_at_checked(place) {
        Some((before, behind)) if !behind.is_empty() && !code.contains('.') => {
            format!("{before}.{behind}")
        }
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_get_their_point() {
        let (old, new) = (
            "http://hl7.org/fhir/sid/icd-9-cm",
            "http://hl7.org/fhir/sid/icd-10-cm",
        );
        for (code, system, wanted) in [
            ("0340", old, "034.0"),
            ("V7389", old, "V73.89"),
            ("E8888", old, "E888.8"),
            ("E119", new, "E11.9"),
            ("S72001A", new, "S72.001A"),
            ("496", old, "496"),
            ("884.2", old, "884.2"),
        ] {
            assert_eq!(pointed(code, system), wanted);
        }
        assert_eq!(procedure_pointed("7904"), "79.04");
    }
}
