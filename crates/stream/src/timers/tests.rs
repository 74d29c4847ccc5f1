//! The timers against a plain map, searched from end to end.

use super::Timers;
use crate::context::TimerChanges;
use crate::{Key, Tag};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Action {
    Change(u8, u8, Option<i64>),
    Pop(i64),
    Flush,
}

fn any_action() -> impl Strategy<Value = Action> {
    let at = proptest::option::weighted(0.7, 0..50_i64);
    prop_oneof![
        4 => (0..3_u8, 0..3_u8, at).prop_map(|(key, tag, at)| Action::Change(key, tag, at)),
        2 => (0..50_i64).prop_map(Action::Pop),
        1 => Just(Action::Flush),
    ]
}

proptest! {
    #[test]
    fn they_fire_flush_and_count_as_a_plain_map(actions in proptest::collection::vec(any_action(), 0..80)) {
        let (mut timers, mut model) = (Timers::default(), BTreeMap::<(Key, Tag), i64>::new());
        let mut stored = model.clone();
        for action in actions {
            match action {
                Action::Change(key, tag, at) => {
                    let key = Key::from([key]);
                    let mut changes = TimerChanges::default();
                    changes.push(&[tag], at);
                    timers.apply(&key, &changes, 0);
                    match at {
                        Some(at) => model.insert((key, Tag::from([tag])), at),
                        None => model.remove(&(key, Tag::from([tag]))),
                    };
                }
                Action::Pop(watermark) => {
                    let first = model.iter().map(|((key, tag), at)| (*at, key.clone(), tag.clone())).min();
                    let expected = first.filter(|(at, _, _)| *at <= watermark);
                    if let Some((_, key, tag)) = &expected {
                        model.remove(&(key.clone(), tag.clone()));
                    }
                    let due = timers.pop(watermark).map(|due| (due.at, due.key, due.tag));
                    prop_assert_eq!(due, expected);
                }
                Action::Flush => {
                    for (key, tag, at) in timers.take_changes() {
                        match at {
                            Some(at) => stored.insert((key, tag), at),
                            None => stored.remove(&(key, tag)),
                        };
                    }
                    prop_assert_eq!(&stored, &model);
                }
            }
            prop_assert_eq!(timers.len(), model.len());
        }
    }
}
