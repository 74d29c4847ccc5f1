//! Over the shared corpora: a message that is sent again, under another control id, states the same resources under the same ids.

use formats::hl7v2;

use super::hospital::Hospital;
use crate::draft::Draft;
use crate::identity::{self, Subjects};
use crate::map::corpus::{files, shared};
use crate::source::Source;

/// Of each so many messages one goes through normalize, too: all of them would take longer than everything else here.
const EACH: usize = 10;

/// Gives a message with another control id (MSH-10).
fn resent(message: &hl7v2::Message<'_>) -> Option<Vec<u8>> {
    let header = message.header()?;
    let header = header.segment();
    let control = header.field(10).position();
    let bytes = message.bytes();
    let (before, after) = (bytes.get(..control.start)?, bytes.get(control.end..)?);
    let is_there = !header.field(10).raw().is_empty();
    is_there.then(|| [before, b"SENT-AGAIN", after].concat())
}

/// Shows what a draft says; nothing of what only tells the message itself.
fn said(draft: &Draft) -> Option<String> {
    let json = String::from_utf8(draft.to_json().to_vec()).unwrap();
    (draft.resource_type != "Provenance").then(|| format!("{:?} {json}", draft.effect))
}

#[test]
fn every_message_of_the_corpora_gives_the_same_when_it_is_sent_again() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    files(&shared.join("corpora"), &mut paths);
    paths.sort();
    let source = Source::new("adt1");
    let mut messages = 0;
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        for part in hl7v2::batch::split(&bytes).messages {
            let bytes = &bytes[part.span];
            let message = hl7v2::parse(bytes);
            let named = identity::subjects(&message, &source) != Subjects::None;
            if let Some(again) = resent(&message).filter(|_| named) {
                check(
                    bytes,
                    &again,
                    messages % EACH == 0,
                    &path.display().to_string(),
                );
                messages += 1;
            }
        }
    }
    println!("{messages} messages were sent twice");
}

/// Compares what two messages state; if so told, also what normalize writes of the second.
fn check(bytes: &[u8], again: &[u8], whole: bool, name: &str) {
    let mut hospital = Hospital::new();
    let [first, second] = [bytes, again].map(|bytes| -> Vec<String> {
        let drafts = hospital.map(bytes);
        drafts.iter().filter_map(said).collect()
    });
    assert_eq!(first, second, "{name}");
    if !whole {
        return;
    }
    hospital.receive(bytes);
    let before = (hospital.count_but_provenance(), hospital.merges.len());
    hospital.receive(again);
    let after = (hospital.count_but_provenance(), hospital.merges.len());
    assert_eq!(before, after, "{name}");
}
