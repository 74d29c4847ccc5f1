//! Parsing at random: nothing panics, every byte is somewhere, every answer can be read.
#![forbid(unsafe_code)]

use formats::hl7v2::ack::{self, Code, Fault, Reply};
use formats::hl7v2::{self, Charset, CharsetRule, Field, Message, Options, Parser, batch};
use fuzz::Recipe;

/// Puts a message together again from its smallest pieces, decoding each.
fn rejoin(message: &Message<'_>) -> Vec<u8> {
    let separators = message.separators();
    let mut bytes = message.leading().to_vec();
    for segment in message.segments() {
        bytes.extend_from_slice(segment.name());
        let is_header = segment.field(1).raw() == [separators.field]
            && matches!(segment.name(), b"MSH" | b"FHS" | b"BHS");
        for (number, field) in (1_usize..).zip(segment.fields()) {
            if is_header && number <= 2 {
                bytes.extend_from_slice(field.raw());
            } else {
                bytes.push(separators.field);
                rejoin_field(&field, message, &mut bytes);
            }
        }
        bytes.extend_from_slice(segment.terminator());
    }
    bytes.extend_from_slice(message.trailing());
    bytes
}

fn rejoin_field(field: &Field<'_>, message: &Message<'_>, bytes: &mut Vec<u8>) {
    let separators = message.separators();
    for (place, repetition) in field.repetitions().enumerate() {
        bytes.extend((place > 0).then_some(separators.repetition));
        for (place, component) in repetition.components().enumerate() {
            bytes.extend((place > 0).then_some(separators.component));
            for (place, part) in component.subcomponents().enumerate() {
                bytes.extend((place > 0).then_some(separators.subcomponent));
                bytes.extend_from_slice(part.raw());
                assert!(part.is_empty() || !part.raw().is_empty());
                let position = part.position();
                assert_eq!(message.bytes().get(position), Some(part.raw()));
                // Text of bytes is never shorter than nothing: decoding it must not panic.
                drop(part.text());
            }
        }
    }
}

fn parsed(bytes: &[u8], parser: &mut Parser) {
    let message = parser.parse(bytes);
    assert_eq!(rejoin(&message), bytes, "nothing is lost");
    for issue in message.issues() {
        assert!(issue.position <= bytes.len());
        assert!(!issue.to_string().is_empty());
    }
    let faults: Vec<Fault<'_>> = message
        .issues()
        .iter()
        .map(|issue| Fault::from_issue(&message, issue))
        .collect();
    let reply = Reply {
        code: Code::ApplicationReject,
        control_id: "1",
        time: "20260301",
        faults: &faults,
    };
    let answer = ack::write(&message, &reply);
    let answer = hl7v2::parse(&answer);
    assert_eq!(answer.first_error(), None, "{answer:?}");
    let read = ack::read(&answer).expect("an answer can be read");
    assert_eq!(read.faults.len(), faults.len());
    parser.reclaim(message);
}

#[test]
fn parsing() {
    let charsets = [
        Charset::Utf8,
        Charset::Latin1,
        Charset::Latin2,
        Charset::EucKr,
    ];
    bolero::check!()
        .with_type::<(Recipe, u8)>()
        .for_each(|(recipe, choice)| {
            let bytes = recipe.message();
            let charset = charsets[usize::from(*choice) % charsets.len()];
            let options = Options {
                charset,
                charset_rule: if choice % 2 == 0 {
                    CharsetRule::UnlessDeclared
                } else {
                    CharsetRule::Always
                },
                ..Options::default()
            };
            let mut parser = Parser::new(options);
            parsed(&bytes, &mut parser);
            let split = batch::split(&bytes);
            let mut spans = split.envelope.clone();
            spans.push(split.leading.clone());
            spans.extend(split.messages.iter().map(|message| message.span.clone()));
            spans.sort_by_key(|span| (span.start, span.end));
            let parts: Vec<&[u8]> = spans
                .into_iter()
                .filter_map(|span| bytes.get(span))
                .collect();
            assert_eq!(parts.concat(), bytes, "a batch is split without loss");
            for message in &split.messages {
                parsed(&bytes[message.span.clone()], &mut parser);
            }
            let answers: Vec<_> = split
                .messages
                .iter()
                .map(|_| Some(b"MSH\r".to_vec()))
                .collect();
            let answer = batch::answer(&bytes, &split, &answers, "20260301").unwrap_or_default();
            assert_eq!(batch::split(&answer).messages.len(), split.messages.len());
        });
}
