//! The data types that many FHIR resources share, borrowed from where they were read.

use super::json::{Number, Object, ToJson};

/// A code in its system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coding<'a> {
    /// The system's URI.
    pub system: &'a str,
    /// The system's version.
    pub version: &'a str,
    /// The code.
    pub code: &'a str,
    /// The words for it.
    pub display: &'a str,
}

impl ToJson for Coding<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("system", self.system)
            .string("version", self.version)
            .string("code", self.code)
            .string("display", self.display);
    }
}

/// A concept in one or more codings, with the sender's words.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodeableConcept<'a> {
    /// The codings.
    pub codings: &'a [Coding<'a>],
    /// The words.
    pub text: &'a str,
}

impl ToJson for CodeableConcept<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object.all("coding", self.codings).string("text", self.text);
    }
}

/// A span of time, with its ends as FHIR writes dates and times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Period<'a> {
    /// When it begins.
    pub start: &'a str,
    /// When it ends.
    pub end: &'a str,
}

impl ToJson for Period<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object.string("start", self.start).string("end", self.end);
    }
}

/// Another resource, or words for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference<'a> {
    /// Where it is, such as `Patient/1`.
    pub reference: &'a str,
    /// Its resource type.
    pub kind: &'a str,
    /// Words for it.
    pub display: &'a str,
}

impl ToJson for Reference<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("reference", self.reference)
            .string("type", self.kind)
            .string("display", self.display);
    }
}

/// A business identifier.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identifier<'a> {
    /// The `usual`, `official`, `temp`, `secondary` or `old` one.
    pub usage: &'a str,
    /// What kind it is.
    pub kind: CodeableConcept<'a>,
    /// The namespace's URI.
    pub system: &'a str,
    /// The identifier.
    pub value: &'a str,
    /// When it is valid.
    pub period: Period<'a>,
    /// Who gave it.
    pub assigner: Reference<'a>,
}

impl ToJson for Identifier<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("use", self.usage)
            .one("type", &self.kind)
            .string("system", self.system)
            .string("value", self.value)
            .one("period", &self.period)
            .one("assigner", &self.assigner);
    }
}

/// A person's name.
#[derive(Clone, Copy, Debug, Default)]
pub struct HumanName<'a> {
    /// The `usual`, `official`, `maiden`, … one.
    pub usage: &'a str,
    /// The whole name.
    pub text: &'a str,
    /// The family name.
    pub family: &'a str,
    /// The given names, first name first.
    pub given: &'a [&'a str],
    /// What stands before.
    pub prefix: &'a [&'a str],
    /// What stands after.
    pub suffix: &'a [&'a str],
    /// When it is valid.
    pub period: Period<'a>,
}

impl ToJson for HumanName<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("use", self.usage)
            .string("text", self.text)
            .string("family", self.family);
        strings(object, "given", self.given);
        strings(object, "prefix", self.prefix);
        strings(object, "suffix", self.suffix);
        object.one("period", &self.period);
    }
}

/// A postal address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Address<'a> {
    /// The `home`, `work`, … one.
    pub usage: &'a str,
    /// Whether it is `postal`, `physical` or `both`.
    pub kind: &'a str,
    /// The whole address.
    pub text: &'a str,
    /// Street, house, apartment.
    pub line: &'a [&'a str],
    /// The city.
    pub city: &'a str,
    /// The county.
    pub district: &'a str,
    /// The state or province.
    pub state: &'a str,
    /// The postal code.
    pub postal_code: &'a str,
    /// The country.
    pub country: &'a str,
    /// When it is valid.
    pub period: Period<'a>,
}

impl ToJson for Address<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("use", self.usage)
            .string("type", self.kind)
            .string("text", self.text);
        strings(object, "line", self.line);
        object
            .string("city", self.city)
            .string("district", self.district)
            .string("state", self.state)
            .string("postalCode", self.postal_code)
            .string("country", self.country)
            .one("period", &self.period);
    }
}

/// A telephone number, mail address or the like.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContactPoint<'a> {
    /// Whether it is a `phone`, `fax`, `email`, `pager`, `url`, `sms` or `other`.
    pub system: &'a str,
    /// The number or address.
    pub value: &'a str,
    /// The `home`, `work`, `mobile`, … one.
    pub usage: &'a str,
    /// When it is valid.
    pub period: Period<'a>,
}

impl ToJson for ContactPoint<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("system", self.system)
            .string("value", self.value)
            .string("use", self.usage)
            .one("period", &self.period);
    }
}

/// A measured amount.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity<'a> {
    /// The digits.
    pub value: Option<Number<'a>>,
    /// The bound it is (`<`, `<=`, `>=`, `>`), if it is one.
    pub comparator: &'a str,
    /// The unit in words.
    pub unit: &'a str,
    /// The system of the unit's code.
    pub system: &'a str,
    /// The unit's code.
    pub code: &'a str,
}

impl ToJson for Quantity<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .number("value", self.value)
            .string("comparator", self.comparator)
            .string("unit", self.unit)
            .string("system", self.system)
            .string("code", self.code);
    }
}

/// From one amount to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range<'a> {
    /// The least.
    pub low: Quantity<'a>,
    /// The greatest.
    pub high: Quantity<'a>,
}

impl ToJson for Range<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object.one("low", &self.low).one("high", &self.high);
    }
}

/// One amount by another, such as a titer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ratio<'a> {
    /// What is divided.
    pub numerator: Quantity<'a>,
    /// What it is divided by.
    pub denominator: Quantity<'a>,
}

impl ToJson for Ratio<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .one("numerator", &self.numerator)
            .one("denominator", &self.denominator);
    }
}

/// A note, with who wrote it and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annotation<'a> {
    /// Who wrote it, in words.
    pub author: &'a str,
    /// When it was written.
    pub time: &'a str,
    /// The note.
    pub text: &'a str,
}

impl ToJson for Annotation<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("authorString", self.author)
            .string("time", self.time)
            .string("text", self.text);
    }
}

/// A document or picture, or where to find it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attachment<'a> {
    /// Its MIME type.
    pub content_type: &'a str,
    /// It, in base64.
    pub data: &'a str,
    /// Where it is.
    pub url: &'a str,
    /// Words for it.
    pub title: &'a str,
    /// When it was made.
    pub creation: &'a str,
}

impl ToJson for Attachment<'_> {
    fn members(&self, object: &mut Object<'_>) {
        object
            .string("contentType", self.content_type)
            .string("data", self.data)
            .string("url", self.url)
            .string("title", self.title)
            .string("creation", self.creation);
    }
}

fn strings(object: &mut Object<'_>, name: &str, texts: &[&str]) {
    object.array(name, |array| {
        for text in texts {
            array.string(text);
        }
    });
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(value: &impl ToJson, expected: Expect) {
        expected.assert_eq(&String::from_utf8(value.to_json()).unwrap());
    }

    #[test]
    fn a_quantity_keeps_its_digits() {
        let quantity = Quantity {
            value: Number::parse("9.60"),
            comparator: "<",
            unit: "mg/dL",
            ..Quantity::default()
        };
        check(
            &quantity,
            expect![[r#"{"value":9.60,"comparator":"<","unit":"mg/dL"}"#]],
        );
    }

    #[test]
    fn an_identifier_leaves_out_what_it_has_not() {
        let kind = [Coding {
            code: "MR",
            ..Coding::default()
        }];
        let identifier = Identifier {
            kind: CodeableConcept {
                codings: &kind,
                text: "",
            },
            value: "12345",
            ..Identifier::default()
        };
        check(
            &identifier,
            expect![[r#"{"type":{"coding":[{"code":"MR"}]},"value":"12345"}"#]],
        );
        check(&Identifier::default(), expect![[""]]);
    }

    #[test]
    fn a_name_and_an_address_keep_the_order_of_their_parts() {
        check(
            &HumanName {
                usage: "official",
                family: "Doe",
                given: &["Jane", "", "Q"],
                ..HumanName::default()
            },
            expect![[r#"{"use":"official","family":"Doe","given":["Jane","Q"]}"#]],
        );
        check(
            &Address {
                line: &["1 Main St", "Apt 2"],
                postal_code: "02139",
                ..Address::default()
            },
            expect![[r#"{"line":["1 Main St","Apt 2"],"postalCode":"02139"}"#]],
        );
    }

    #[test]
    fn a_range_of_nothing_is_nothing() {
        check(&Range::default(), expect![[""]]);
        check(&Ratio::default(), expect![[""]]);
    }
}
