//! Writes HL7 v2 messages, segment by segment and field by field, with escape sequences where text needs them.

use super::charset::Charset;
use super::escape;
use super::separators::Separators;

/// Builds a message as bytes.
///
/// Fields, repetitions, components and subcomponents are asked for by number in ascending order; separators are
/// written only when content follows, so that a segment ends with its last content.
#[derive(Debug, Clone)]
pub struct Writer {
    bytes: Vec<u8>,
    separators: Separators,
    charset: Charset,
    written: Place,
    wanted: Place,
}

/// A place in a segment, each part counted from 1; field 0 is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    field: usize,
    repetition: usize,
    component: usize,
    subcomponent: usize,
}

impl Place {
    const NAME: Self = Self::field(0);

    const fn field(number: usize) -> Self {
        Self {
            field: number,
            repetition: 1,
            component: 1,
            subcomponent: 1,
        }
    }
}

impl Writer {
    /// Starts with a header segment named MSH (or FHS or BHS), which holds the separators; continue with field 3.
    #[must_use]
    pub fn new(header: &str, separators: Separators, charset: Charset) -> Self {
        let separators = separators.for_writing();
        let mut bytes = header.as_bytes().to_vec();
        bytes.push(separators.field);
        bytes.extend_from_slice(&separators.encoding_characters());
        Self {
            bytes,
            separators,
            charset,
            written: Place::field(2),
            wanted: Place::field(2),
        }
    }

    /// Returns the separators it writes, which are the standard ones if those it was given cannot be written with.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.separators
    }

    /// Ends the segment and starts the next one.
    pub fn segment(&mut self, name: &str) -> &mut Self {
        self.end_segment();
        self.bytes.extend_from_slice(name.as_bytes());
        self.written = Place::NAME;
        self.wanted = Place::NAME;
        self
    }

    /// Goes to a field.
    pub fn field(&mut self, number: usize) -> &mut Self {
        self.go_to(Place::field(number))
    }

    /// Goes to a repetition of the field.
    pub fn repetition(&mut self, number: usize) -> &mut Self {
        self.go_to(Place {
            repetition: number,
            ..Place::field(self.wanted.field)
        })
    }

    /// Goes to a component of the repetition.
    pub fn component(&mut self, number: usize) -> &mut Self {
        self.go_to(Place {
            component: number,
            subcomponent: 1,
            ..self.wanted
        })
    }

    /// Goes to a subcomponent of the component.
    pub fn subcomponent(&mut self, number: usize) -> &mut Self {
        self.go_to(Place {
            subcomponent: number,
            ..self.wanted
        })
    }

    /// Writes text, with escape sequences where it holds separators or line breaks.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.separate();
            let encoded = self.charset.encode(text);
            escape::encode(&encoded, &self.separators, &mut self.bytes);
        }
        self
    }

    /// Writes bytes as they are, such as a field of a message with the same separators.
    ///
    /// A carriage return in them would end the segment and is left out.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        if !bytes.is_empty() {
            self.separate();
            let kept = bytes.iter().filter(|&&byte| byte != b'\r');
            self.bytes.extend(kept);
        }
        self
    }

    /// Writes the explicit null, which deletes what the receiver knew.
    pub fn null(&mut self) -> &mut Self {
        self.raw(b"\"\"")
    }

    /// Ends the message and returns it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_segment();
        self.bytes
    }

    /// A control character before the carriage return could be taken for the end of the MLLP frame or of the file.
    fn end_segment(&mut self) {
        if self.bytes.last().is_some_and(u8::is_ascii_control) {
            self.bytes.push(self.separators.field);
        }
        self.bytes.push(b'\r');
    }

    fn go_to(&mut self, place: Place) -> &mut Self {
        debug_assert!(
            place >= self.written,
            "places in a segment are written in ascending order"
        );
        self.wanted = place;
        self
    }

    /// Writes the separators between what is written and what is wanted.
    fn separate(&mut self) {
        let Place {
            field,
            repetition,
            component,
            subcomponent,
        } = self.wanted;
        let separators = self.separators;
        if field > self.written.field {
            self.fill(separators.field, field - self.written.field);
            self.written = Place::field(field);
        }
        if repetition > self.written.repetition {
            self.fill(separators.repetition, repetition - self.written.repetition);
            self.written = Place {
                repetition,
                ..Place::field(field)
            };
        }
        if component > self.written.component {
            self.fill(separators.component, component - self.written.component);
            self.written.component = component;
            self.written.subcomponent = 1;
        }
        if subcomponent > self.written.subcomponent {
            self.fill(
                separators.subcomponent,
                subcomponent - self.written.subcomponent,
            );
            self.written.subcomponent = subcomponent;
        }
    }

    fn fill(&mut self, separator: u8, count: usize) {
        self.bytes.extend(std::iter::repeat_n(separator, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;

    #[test]
    fn separators_are_written_only_before_content() {
        let mut writer = Writer::new("MSH", Separators::STANDARD, Charset::Utf8);
        writer.field(3).text("APP").field(9).text("ADT");
        writer.component(2).text("A01").component(3).text("");
        writer
            .segment("PID")
            .field(3)
            .text("1")
            .component(4)
            .text("H");
        writer
            .subcomponent(2)
            .text("2.16")
            .subcomponent(3)
            .text("ISO");
        writer.repetition(2).text("2").component(5).text("MR");
        writer
            .field(5)
            .text("O^Neil")
            .field(8)
            .null()
            .field(30)
            .text("");
        expect![[r#"
            MSH|^~\&|APP||||||ADT^A01
            PID|||1^^^H&2.16&ISO~2^^^^MR||O\S\Neil|||""
        "#]]
        .assert_eq(&String::from_utf8_lossy(&writer.finish()).replace('\r', "\n"));
    }

    proptest! {
        #[test]
        fn text_is_read_back_as_it_was_written(text in "\\PC{0,30}|[|^~\\\\&\r\n a]{0,20}", field in 1_usize..20, component in 1_usize..6) {
            let mut writer = Writer::new("MSH", Separators::STANDARD, Charset::Utf8);
            writer.field(10).text("7").segment("ZZZ").field(field).component(component).text(&text);
            let bytes = writer.finish();
            let message = crate::hl7v2::parse(&bytes);
            let found = message.segment(b"ZZZ").map(|segment| segment.field(field).component(component).text().into_owned());
            prop_assert_eq!(found, Some(text));
        }
    }
}
