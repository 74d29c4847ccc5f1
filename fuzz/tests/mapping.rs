//! Mapping at random: nothing panics, what comes out is JSON, every populated piece is accounted for.
#![forbid(unsafe_code)]

use clinical::{ReceivedTime, SiteKey};
use formats::hl7v2::{Charset, Message};
use fuzz::Recipe;
use mapping::identity::split;
use mapping::{Source, Subjects, bundle, map};

fn mapped(message: &Message<'_>, source: &Source) {
    let site = SiteKey::new([7; 32]);
    let received = ReceivedTime::from_micros(1_770_000_000_000_000);
    let mapped = map(message, source, &site, received);
    let json = bundle(&mapped);
    assert!(
        serde_json::from_slice::<serde_json::Value>(&json).is_ok(),
        "{}",
        String::from_utf8_lossy(&json)
    );
    for draft in &mapped.drafts {
        let json = draft.to_json();
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        assert!(draft.id.len() <= 64, "{}", draft.id);
    }
    let report = mapped.coverage.report(message);
    assert_eq!(mapped.coverage.unexplained(message), report.unexplained());
    for issue in &mapped.issues {
        assert!(issue.position <= message.bytes().len());
    }
    assert_eq!(bundle(&map(message, source, &site, received)), json);
}

#[test]
fn mapping() {
    let charsets = [Charset::Utf8, Charset::Latin1, Charset::ShiftJis];
    bolero::check!()
        .with_type::<(Recipe, u8)>()
        .for_each(|(recipe, choice)| {
            let bytes = recipe.message();
            let mut source = Source::new("fuzz");
            source.charset = charsets[usize::from(*choice) % charsets.len()];
            let readable = source.readable(&bytes);
            let message = readable.message();
            if message.first_error().is_some() {
                return;
            }
            match mapping::subjects(&message, &source) {
                Subjects::Several(_) => {
                    for part in split(&message).expect("a damaged message is far below the limit") {
                        let part = readable.as_sent(part);
                        mapped(&source.readable(&part).message(), &source);
                    }
                }
                _ => mapped(&message, &source),
            }
        });
}
