//! The codes of a sender's own: what its source says they mean, and that nobody says it.

use super::piece::Piece;
use super::write::{Frame, Mapper, Value};
use crate::issue::{Issue, IssueCode};
use crate::source::{LocalCode, Standing};
use crate::tables::plan::{From, Row};

/// What begins the URI of a coding system that only its sender knows.
pub(crate) const OWN_SYSTEM: &str = "urn:pulsewire:";
/// The data types that hold codes.
const CONCEPTS: [&str; 2] = ["CodeableConcept", "Coding"];
/// So many of the newest doubts are looked at, for the same one.
const DOUBTS_LOOKED_AT: usize = 4;

impl<'m> Mapper<'m> {
    /// Finds what the source says of a coded value: of its first code, else of its second.
    pub(super) fn local_of(
        &self,
        piece: Piece<'m>,
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<&'m LocalCode> {
        if self.source.codes.is_empty() {
            return None;
        }
        [[1, 3], [4, 6]].into_iter().find_map(|[code, system]| {
            let text = |number: usize| piece.part(number)?.first().text();
            let system = text(system).unwrap_or_default();
            self.local(&text(code)?, &system, row, frame)
        })
    }

    /// Finds what the source says of a code at the place that a row reads.
    pub(super) fn local(
        &self,
        code: &str,
        system: &str,
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<&'m LocalCode> {
        if self.source.codes.is_empty() {
            return None;
        }
        let outer = frame.outer.and_then(|row| usize::try_from(row).ok());
        let field = match row.from {
            From::Field { segment, field, .. } => Some((segment, field)),
            _ => self.tables.rows.get(outer?)?.field,
        };
        let (segment, field) = field.unwrap_or_default();
        let table = row.vocabulary.or(frame.vocabulary);
        let table = table.and_then(|name| self.tables.codes.get(name));
        let at = Standing {
            segment,
            field,
            table: table.map(|table| table.v2),
        };
        self.source.codes.find(at, system, code)
    }

    /// Writes what a code of the sender's own means, as a coding.
    pub(super) fn write_local(&mut self, known: &LocalCode) -> Value<'m> {
        let before = self.out.mark();
        self.out.begin_object();
        for (name, text) in [
            ("system", &known.system),
            ("code", &known.code),
            ("display", &known.display),
        ] {
            if !text.is_empty() {
                self.out.key(name);
                self.out.string(text);
            }
        }
        self.out.end_object_unless_empty(before);
        Value::Written
    }

    /// Takes note that nobody says what a coded value means: its system is the sender's own, and no other code stands beside it.
    pub(super) fn doubt_own_system(&mut self, uri: &str, row: &Row, frame: &Frame<'_, 'm>) {
        let second = frame.piece.and_then(|piece| piece.part(4));
        if uri.starts_with(OWN_SYSTEM) && !second.is_some_and(Piece::is_valued) {
            self.doubt_code(IssueCode::LocalCode, row, frame);
        }
    }

    /// Takes note that nobody says what a coded value means, once.
    pub(super) fn doubt_code(&mut self, code: IssueCode, row: &Row, frame: &Frame<'_, 'm>) {
        let Some(piece) = frame.piece else { return };
        let info = usize::try_from(row.id)
            .ok()
            .and_then(|row| self.tables.rows.get(row));
        // The same parts of an identifier name whose number it is.
        let is_concept = info.is_some_and(|info| CONCEPTS.contains(&info.target));
        let is_coded = is_concept && piece.part(1).is_some_and(Piece::is_valued);
        if !is_coded || self.local_of(piece, row, frame).is_some() {
            return;
        }
        let position = piece.position().start;
        let issue = Issue { code, position };
        let mut newest = self.issues.iter().rev().take(DOUBTS_LOOKED_AT);
        if !newest.any(|known| *known == issue) {
            self.issues.push(issue);
        }
    }
}

#[cfg(test)]
mod tests {
    use clinical::{ReceivedTime, SiteKey};
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use crate::map::map;
    use crate::source::{LocalCodes, Source};

    const MESSAGE: &str = "MSH|^~\\&|LAB|H|||20260301100000+0000||ORU^R01^ORU_R01|1|P|2.5\r\
        PID|||7^^^H^MR||Doe^Jane||19540211|W\r\
        OBR|1||9|24323-8^Panel^LN\r\
        OBX|1|CWE|K^Potassium^L||UP^Up^L|||zz|||F\r\
        OBX|2|CWE|2823-3^Potassium^LN||UP^Up^L||||||F";

    /// Prints what the codes of a source make of the message, and what nobody says the meaning of.
    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
    fn check(codes: &str, expected: Expect) {
        let mut source = Source::new("lab");
        source.codes = LocalCodes::read(codes).unwrap();
        let message = hl7v2::parse(MESSAGE.as_bytes());
        let site = SiteKey::new([0; 32]);
        let received = ReceivedTime::from_micros(0);
        let mapped = map(&message, &source, &site, received);
        let wanted = [
            "Patient.gender",
            "Observation.code",
            "Observation.valueCodeableConcept",
        ];
        let elements = mapped.explain(&message).into_iter().filter_map(|element| {
            let (resource, _) = element.resource.split_once('/')?;
            let path = format!("{resource}.{}", element.element);
            let is_wanted = wanted.iter().any(|wanted| path.starts_with(wanted));
            let is_code = path.ends_with("gender") || path.ends_with(".code");
            (is_wanted && is_code).then(|| format!("{path} {}", element.value))
        });
        let unmapped = mapped.unmapped_codes(&message);
        let unmapped = unmapped.iter().map(|code| {
            format!(
                "unmapped {} {}|{} ×{}",
                code.field, code.system, code.code, code.count
            )
        });
        expected.assert_eq(&elements.chain(unmapped).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn without_rules_codes_are_kept_and_told() {
        check(
            "",
            expect![[r#"
                Patient.gender unknown
                Observation.code.coding[0].code K
                Observation.valueCodeableConcept.coding[0].code UP
                Observation.code.coding[0].code 2823-3
                Observation.valueCodeableConcept.coding[0].code UP
                unmapped OBX-3 L|K ×1
                unmapped OBX-5 L|UP ×2
                unmapped OBX-8 |zz ×1
                unmapped PID-8 |W ×1"#]],
        );
    }

    #[test]
    fn a_rule_speaks_of_its_field_or_table_only() {
        check(
            "OBX-3\tL|K\thttp://loinc.org\t2823-3\tPotassium\nOBX-5\tUP\thttp://snomed.info/sct\t1\t\n0001\tW\turn:x\tfemale\t\n",
            expect![[r#"
                Patient.gender female
                Observation.code.coding[0].code 2823-3
                Observation.code.coding[1].code K
                Observation.valueCodeableConcept.coding[0].code 1
                Observation.valueCodeableConcept.coding[1].code UP
                Observation.code.coding[0].code 2823-3
                Observation.valueCodeableConcept.coding[0].code 1
                Observation.valueCodeableConcept.coding[1].code UP
                unmapped OBX-8 |zz ×1"#]],
        );
        check(
            "OBR-4\tL|K\thttp://loinc.org\t2823-3\tPotassium\nOBX-3\tUP\turn:x\t1\t\nPID-8\tW\turn:x\twoman\t\n",
            expect![[r#"
                Patient.gender unknown
                Observation.code.coding[0].code K
                Observation.valueCodeableConcept.coding[0].code UP
                Observation.code.coding[0].code 2823-3
                Observation.valueCodeableConcept.coding[0].code UP
                unmapped OBX-3 L|K ×1
                unmapped OBX-5 L|UP ×2
                unmapped OBX-8 |zz ×1
                unmapped PID-8 |W ×1"#]],
        );
    }
}
