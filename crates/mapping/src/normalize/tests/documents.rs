//! Documents whose status changes, and those in whose place another stands.

use serde_json::Value;

use super::parts::{each, stands};
use super::*;

fn txa(number: &str, parent: &str, status: &str) -> String {
    format!("DOE\rTXA|1|DS|TX|20260301080000|||||D1^DOC^A|||{number}^EHR|{parent}||||{status}")
}

fn with_text(number: &str, parent: &str, text: &str) -> String {
    let status = txa(number, parent, "AU");
    format!("{status}\rOBX|1|TX|18842-5^DS^LN||{text}||||||F")
}

fn documents(messages: &[(&str, &str)]) -> Vec<Value> {
    stands("DocumentReference", messages)
}

fn data(document: &Value) -> Vec<String> {
    each(&document["content"], "/attachment/data")
}

#[test]
fn a_status_that_changes_leaves_the_content_and_what_it_relates_to() {
    let first = with_text("D1", "D0^EHR", "the text");
    for event in [
        "MDM^T03^MDM_T01",
        "MDM^T09^MDM_T01",
        "MDM^T11^MDM_T01",
        "MDM^T07^MDM_T01",
    ] {
        let later = txa("D1", "", "LA");
        let messages = [("MDM^T02^MDM_T02", &*first), (event, &*later)];
        let [one, other] = messages;
        // What was said to be in error stays it.
        let late = if event.contains("T11") {
            messages
        } else {
            [other, one]
        };
        for messages in [messages, late] {
            let all = documents(&messages);
            let [now] = &all[..] else { panic!("{all:?}") };
            assert_eq!(data(now), ["dGhlIHRleHQ="], "{event}: {now}");
            assert_eq!(each(&now["relatesTo"], "/code"), ["appends"], "{event}");
        }
    }
    let late = with_text("D1", "", "another");
    let messages = [("MDM^T02^MDM_T02", &*first), ("MDM^T08^MDM_T02", &*late)];
    let all = documents(&messages);
    assert_eq!(data(&all[0]), ["YW5vdGhlcg=="]);
    assert_eq!(each(&all[0]["relatesTo"], "/code"), ["appends"]);
}

#[test]
fn a_document_in_whose_place_another_stands_is_superseded() {
    let (first, other) = (with_text("D1", "", "one"), with_text("D2", "D1^EHR", "two"));
    let edited = txa("D1", "", "LA");
    let (written, replaced) = (("MDM^T02^MDM_T02", &*first), ("MDM^T10^MDM_T02", &*other));
    for messages in [
        vec![written, replaced],
        vec![replaced, written],
        vec![written, replaced, ("MDM^T03^MDM_T01", &*edited)],
    ] {
        let mut all = documents(&messages);
        all.sort_by_key(|one| one["masterIdentifier"]["value"].to_string());
        let [before, now] = &all[..] else {
            panic!("{all:?}")
        };
        assert_eq!(before["status"], "superseded", "{before}");
        assert_eq!(now["status"], "current", "{now}");
        assert_eq!(
            (data(before), data(now)),
            (vec!["b25l".to_owned()], vec!["dHdv".to_owned()])
        );
    }
    // An addendum stands beside it.
    let all = documents(&[written, ("MDM^T06^MDM_T02", &*other)]);
    assert!(all.iter().all(|one| one["status"] == "current"), "{all:?}");
}

fn document(id: &str, bytes: usize) -> Draft {
    let rest = "description".len() + "\"\"".len();
    let text = format!("description=\"{}\"", "a".repeat(bytes - rest));
    draft("DocumentReference", id, Effect::State, &[&text])
}

/// Says how many documents are known after so many of a length each.
fn known(lengths: &[usize]) -> usize {
    let mut state = State::default();
    for (minute, bytes) in (0_i64..).zip(lengths) {
        let id = format!("d{minute}");
        let drafts = [document(&id, *bytes)];
        let raw = raw(A, &id, minute);
        let input = Input::Message {
            raw,
            drafts: &drafts,
        };
        Normalizer::default().step(A, &mut state, &input).unwrap();
    }
    state.gathered.len()
}

#[test]
fn so_many_documents_are_kept_and_so_many_bytes_of_them() {
    assert_eq!(known(&[MAX_DOCUMENT_BYTES - 1]), 1);
    assert_eq!(known(&[MAX_DOCUMENT_BYTES]), 1);
    assert_eq!(known(&[MAX_DOCUMENT_BYTES + 1]), 0);
    for count in [MAX_DOCUMENTS - 1, MAX_DOCUMENTS, MAX_DOCUMENTS + 1] {
        assert_eq!(known(&vec![100; count]), count.min(MAX_DOCUMENTS));
    }
    const QUARTER: usize = MAX_DOCUMENTS_BYTES / 4;
    for (last, kept) in [(QUARTER - 1, 4), (QUARTER, 4), (QUARTER + 1, 3)] {
        assert_eq!(known(&[QUARTER, QUARTER, QUARTER, last]), kept, "{last}");
    }
}

#[test]
fn a_document_that_keeps_its_number_when_it_is_replaced_stays_current() {
    let first = with_text("D1", "", "the text");
    let second = with_text("D1", "D1^EHR", "the better text");
    let all = documents(&[("MDM^T02^MDM_T02", &*first), ("MDM^T10^MDM_T02", &*second)]);
    let [one] = all.as_slice() else {
        panic!("one document: {all:?}");
    };
    assert_eq!(one["status"], "current");
}
