//! Subjects, versions and ids: what is asked, what is answered, and that the records alone give the same again.

use expect_test::expect;

use super::*;

/// A registry with the records that made it.
#[derive(Default)]
struct Kept {
    registry: Registry,
    records: Vec<Change>,
}

impl Kept {
    /// Takes in what a decision writes, and gives its answer.
    fn takes<T>(&mut self, decision: Decision<T>) -> T {
        for change in decision.changes {
            let applied = self.registry.apply(&change.key, change.value.as_deref());
            applied.expect("what it writes it reads");
            self.records.push(change);
        }
        decision.answer
    }

    fn register(&mut self, subject: &str, text: &str) -> Result<Registered, Refusal> {
        let decision = self.registry.register(subject, &json(text), None, None)?;
        Ok(self.takes(decision))
    }
}

fn json(text: &str) -> Schema {
    parse(Some("JSON"), text).expect("the tests' schemas are right")
}

const ONE: &str =
    r#"{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}"#;
const TWO: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "additionalProperties": false}"#;

#[test]
fn a_schema_has_one_id_and_each_subject_its_versions() {
    let mut kept = Kept::default();
    let first = kept.register("a-value", ONE).expect("nothing is there yet");
    let again = kept
        .register("a-value", &ONE.replace(' ', ""))
        .expect("it is the same");
    let second = kept
        .register("a-value", TWO)
        .expect("it takes what the first took");
    let elsewhere = kept.register("b-value", TWO).expect("nothing is there yet");
    assert_eq!(first, again);
    assert_eq!(
        (first.version, second.version, elsewhere.version),
        (1, 2, 1)
    );
    assert_eq!(second.id, elsewhere.id);
    assert_ne!(first.id, second.id);
    let registry = &kept.registry;
    assert_eq!(registry.subjects(Scope::Present), ["a-value", "b-value"]);
    assert_eq!(registry.versions("a-value", Scope::Present), Ok(vec![1, 2]));
    assert_eq!(
        registry.uses(second.id, Scope::Present),
        Ok(vec![("a-value", 2), ("b-value", 1)])
    );
    let latest = registry
        .version("a-value", Which::Latest, Scope::Present)
        .expect("it was registered");
    assert_eq!((latest.version, latest.schema.text()), (2, TWO));
}

#[test]
fn another_registry_gives_the_same_ids_in_another_order() {
    let (mut here, mut there) = (Kept::default(), Kept::default());
    here.register("x", ONE).expect("new");
    here.register("x", TWO).expect("compatible");
    there.register("z", TWO).expect("new");
    there.register("y", ONE).expect("new");
    let id = |kept: &Kept, text| kept.registry.id_of(&json(text));
    assert_eq!(id(&here, ONE), id(&there, ONE));
    assert_eq!(id(&here, TWO), id(&there, TWO));
    // They are on records and in other systems: they must never change.
    expect!["774393099 1439442625"].assert_eq(&format!("{} {}", id(&here, ONE), id(&here, TWO)));
}

#[test]
fn two_schemas_that_would_share_an_id_do_not() {
    let mut kept = Kept::default();
    let (one, two) = (json(ONE), json(TWO));
    let import = kept.registry.set_access(None, Access::Import);
    kept.takes(import);
    let taken = kept.registry.id_of(&two);
    let decision = kept.registry.register("x", &one, Some(taken), None);
    kept.takes(decision.expect("it imports"));
    let registered = kept.register("y", TWO).expect("it imports");
    assert_eq!(registered.id, taken + 1);
}

#[test]
fn what_breaks_readers_is_refused() {
    let mut kept = Kept::default();
    kept.register("x", TWO).expect("new");
    let refused = kept.register("x", ONE).expect_err("it does not take b");
    assert_eq!((refused.code(), refused.status()), (409, 409));
    expect!["the schema is incompatible with an earlier one of its subject: #/properties/b: the new schema does not take a property of version 1 and no further ones"].assert_eq(&refused.message());
    // The other way round nobody breaks, and without a mode nobody looks.
    let forward = Settings {
        mode: Mode::Forward,
        policy: Policy::Strict,
    };
    let decision = kept.registry.set_settings(Some("x"), forward);
    kept.takes(decision);
    assert_eq!(kept.register("x", ONE).map(|it| it.version), Ok(2));
    assert_eq!(kept.registry.settings(Some("x")), forward);
    assert_eq!(kept.registry.settings(Some("y")), Settings::default());
    assert_eq!(kept.registry.check("x", &json(ONE)), []);
    let one = kept.registry.check_one("x", Which::Number(2), &json(TWO));
    assert_eq!(one.map(|breaks| breaks.len()), Ok(1));
}

#[test]
fn deletion_is_for_now_and_then_for_ever() {
    let mut kept = Kept::default();
    let first = kept.register("x", ONE).expect("new");
    kept.register("x", TWO).expect("compatible");
    let code = |refused: Option<Refusal>| refused.map(|refused| refused.code());
    let number = Which::Number(1);
    assert_eq!(
        code(kept.registry.delete_subject("x", true).err()),
        Some(40_405)
    );
    assert_eq!(
        code(kept.registry.delete_version("x", number, true).err()),
        Some(40_407)
    );
    let decision = kept
        .registry
        .delete_version("x", number, false)
        .expect("it is there");
    assert_eq!(kept.takes(decision), 1);
    assert_eq!(
        code(kept.registry.delete_version("x", number, false).err()),
        Some(40_406)
    );
    assert_eq!(kept.registry.versions("x", Scope::Present), Ok(vec![2]));
    assert_eq!(
        kept.registry.versions("x", Scope::WithDeleted),
        Ok(vec![1, 2])
    );
    assert_eq!(kept.registry.versions("x", Scope::OnlyDeleted), Ok(vec![1]));
    assert_eq!(kept.registry.schema(first.id).map(Schema::text), Ok(ONE));
    let decision = kept
        .registry
        .delete_subject("x", false)
        .expect("it is there");
    assert_eq!(kept.takes(decision), [2]);
    assert_eq!(
        code(kept.registry.delete_subject("x", false).err()),
        Some(40_404)
    );
    assert_eq!(kept.registry.subjects(Scope::Present), [""; 0]);
    assert_eq!(kept.registry.subjects(Scope::OnlyDeleted), ["x"]);
    assert_eq!(
        code(kept.registry.versions("x", Scope::Present).err()),
        Some(40_401)
    );
    // What comes again gets the next version and the id it had.
    let again = kept.register("x", ONE).expect("nothing is there");
    assert_eq!((again.id, again.version), (first.id, 3));
    let decision = kept
        .registry
        .delete_subject("x", false)
        .expect("it is there");
    kept.takes(decision);
    let decision = kept
        .registry
        .delete_subject("x", true)
        .expect("it was deleted");
    assert_eq!(kept.takes(decision), [1, 2, 3]);
    assert_eq!(kept.registry.subjects(Scope::WithDeleted), [""; 0]);
    assert_eq!(code(kept.registry.schema(first.id).err()), Some(40_403));
}

#[test]
fn what_is_read_only_is_not_changed() {
    let mut kept = Kept::default();
    kept.register("x", ONE).expect("new");
    let decision = kept.registry.set_access(Some("x"), Access::ReadOnly);
    kept.takes(decision);
    assert_eq!(
        kept.register("x", TWO).map_err(|refused| refused.code()),
        Err(42_205)
    );
    assert_eq!(kept.register("x", ONE).map(|it| it.version), Ok(1));
    assert_eq!(
        kept.registry
            .delete_subject("x", false)
            .map_err(|it| it.code()),
        Err(42_205)
    );
    assert_eq!(kept.register("y", ONE).map(|it| it.version), Ok(1));
    let decision = kept.registry.clear_access(Some("x")).expect("it has one");
    assert_eq!(kept.takes(decision), Access::ReadOnly);
    assert_eq!(
        kept.registry
            .clear_access(Some("x"))
            .map_err(|it| it.code()),
        Err(40_409)
    );
    assert_eq!(kept.register("x", TWO).map(|it| it.version), Ok(2));
    let with_id = kept.registry.register("y", &json(TWO), Some(7), None);
    assert_eq!(with_id.map_err(|refused| refused.code()), Err(42_205));
}

#[test]
fn the_records_alone_give_the_same_again() {
    let mut kept = Kept::default();
    kept.register("x", ONE).expect("new");
    kept.register("x", TWO).expect("compatible");
    kept.register("y", TWO).expect("new");
    let full = Settings {
        mode: Mode::Full,
        policy: Policy::Strict,
    };
    let decision = kept.registry.set_settings(None, full);
    kept.takes(decision);
    let decision = kept
        .registry
        .delete_subject("y", false)
        .expect("it is there");
    kept.takes(decision);
    let decision = kept
        .registry
        .delete_subject("y", true)
        .expect("it was deleted");
    kept.takes(decision);
    let mut again = Registry::default();
    for record in &kept.records {
        again
            .apply(&record.key, record.value.as_deref())
            .expect("they were read before");
    }
    // And what compaction leaves of them: the last record of each key.
    let mut compacted = Registry::default();
    for (place, record) in kept.records.iter().enumerate() {
        let later = kept.records.iter().skip(place + 1);
        if !later.clone().any(|later| later.key == record.key) {
            compacted
                .apply(&record.key, record.value.as_deref())
                .expect("they were read before");
        }
    }
    for same in [&again, &compacted] {
        assert_eq!(
            format!("{:?}", same.schemas),
            format!("{:?}", kept.registry.schemas)
        );
        assert_eq!(same.subjects(Scope::WithDeleted), ["x"]);
        assert_eq!(same.settings(None), full);
    }
    let written: Vec<String> = kept
        .records
        .iter()
        .map(|record| String::from_utf8_lossy(&record.key).into_owned())
        .collect();
    expect![[r#"
        {"keytype":"SCHEMA","subject":"x","version":1,"id":774393099,"magic":1}
        {"keytype":"SCHEMA","subject":"x","version":2,"id":1439442625,"magic":1}
        {"keytype":"SCHEMA","subject":"y","version":1,"id":1439442625,"magic":1}
        {"keytype":"CONFIG","magic":1}
        {"keytype":"SCHEMA","subject":"y","version":1,"id":1439442625,"magic":1}
        {"keytype":"SCHEMA","subject":"y","version":1,"id":1439442625,"magic":1}"#]]
    .assert_eq(&written.join("\n"));
}

#[test]
fn what_is_no_record_of_a_registry_is_refused() {
    let mut registry = Registry::default();
    for (key, value) in [
        ("x", Some("{}")),
        (r#"{"keytype":"SCHEMA","magic":1}"#, Some("{}")),
        (
            r#"{"keytype":"SCHEMA","subject":"x","version":1,"magic":1}"#,
            Some("{}"),
        ),
        (r#"{"keytype":"MODE","magic":1}"#, Some(r#"{"mode":"X"}"#)),
        (r#"{"keytype":"CONFIG","magic":2}"#, None),
    ] {
        let applied = registry.apply(key.as_bytes(), value.map(str::as_bytes));
        assert!(applied.is_err(), "{key}");
    }
}

#[test]
fn versions_and_subjects_are_held_to_their_form() {
    assert_eq!(Which::parse("latest"), Ok(Which::Latest));
    assert_eq!(Which::parse("-1"), Ok(Which::Latest));
    assert_eq!(Which::parse("2147483647"), Ok(Which::Number(ID_MAX)));
    for wrong in ["0", "2147483648", "x", "", "-2"] {
        assert_eq!(
            Which::parse(wrong).map_err(|it| it.code()),
            Err(42_202),
            "{wrong}"
        );
    }
    let mut kept = Kept::default();
    let longest = "x".repeat(SUBJECT_BYTES_MAX);
    assert!(kept.register(&longest, ONE).is_ok());
    for wrong in [String::new(), format!("{longest}x"), "a\nb".to_owned()] {
        assert_eq!(
            kept.register(&wrong, ONE).map_err(|it| it.code()),
            Err(42_208)
        );
    }
    assert_eq!(
        parse(None, r#""string""#).map(|it| it.language()).ok(),
        Some(Language::Avro)
    );
    assert_eq!(
        parse(Some("PROTOBUF"), "").map_err(|it| it.code()).err(),
        Some(42_201)
    );
}

#[test]
fn of_two_that_are_registered_as_one_version_the_first_one_is_it() {
    let mut kept = Kept::default();
    kept.register("a-value", ONE).expect("nothing is there yet");
    // Both decide by what was there before either was written.
    let first = kept.registry.register("a-value", &json(TWO), None, None);
    let three = json(&TWO.replace("\"b\"", "\"c\""));
    let second = kept.registry.register("a-value", &three, None, None);
    let first = kept.takes(first.expect("nobody breaks"));
    let second = kept.takes(second.expect("nobody breaks"));
    assert_eq!((first.version, second.version), (2, 2));
    let found = |registry: &Registry| {
        let found = registry.version("a-value", Which::Latest, Scope::WithDeleted);
        found.map(|found| (found.version, found.id, found.deleted))
    };
    assert_eq!(found(&kept.registry), Ok((2, first.id, false)));
    assert_eq!(
        kept.registry.schema(second.id).err(),
        Some(Refusal::NoSchema)
    );
    // The second is held to the first, and what it wrote is taken back.
    let refused = kept.registry.register("a-value", &three, None, None);
    assert!(
        matches!(refused, Err(Refusal::Incompatible(_))),
        "{refused:?}"
    );
    let taken_back = kept.registry.take_back_late();
    assert_eq!(taken_back.len(), 1);
    kept.takes(Decision {
        answer: (),
        changes: taken_back,
    });
    assert_eq!(kept.registry.take_back_late(), []);
    // What is deleted for now, which writes its record anew, is still the first one.
    let deleted = kept
        .registry
        .delete_version("a-value", Which::Number(2), false);
    kept.takes(deleted.expect("it is there"));
    assert_eq!(found(&kept.registry), Ok((2, first.id, true)));
    let mut again = Registry::default();
    for record in &kept.records {
        again
            .apply(&record.key, record.value.as_deref())
            .expect("it is one of ours");
    }
    assert_eq!(found(&again), Ok((2, first.id, true)));
}

#[test]
fn what_came_too_late_is_the_version_once_the_first_is_gone_for_ever() {
    let mut kept = Kept::default();
    let first = kept.registry.register("a-value", &json(ONE), None, None);
    let second = kept.registry.register("a-value", &json(TWO), None, None);
    kept.takes(first.expect("nothing is there yet"));
    let second = kept.takes(second.expect("nothing was there yet"));
    for permanent in [false, true] {
        let deleted = kept
            .registry
            .delete_version("a-value", Which::Number(1), permanent);
        kept.takes(deleted.expect("it is there"));
    }
    // Whoever reads the topic when it was compacted finds the second alone.
    let ids = kept.registry.uses(second.id, Scope::Present);
    assert_eq!(ids, Ok(vec![("a-value", 1)]));
}

#[test]
fn records_of_the_first_programs_are_changed_under_their_keys() {
    let key = br#"{"keytype":"SCHEMA","subject":"a-value","version":1,"magic":1}"#;
    let value = br#"{"subject":"a-value","version":1,"id":7,"schemaType":"JSON","schema":"true","deleted":false}"#;
    let mut kept = Kept::default();
    kept.registry
        .apply(key, Some(value))
        .expect("it was one of ours");
    for permanent in [false, true] {
        let deleted = kept
            .registry
            .delete_version("a-value", Which::Number(1), permanent);
        kept.takes(deleted.expect("it is there"));
    }
    assert!(kept.records.iter().all(|record| record.key == key));
    assert_eq!(kept.registry.subjects(Scope::WithDeleted), [""; 0]);
}

#[test]
fn while_it_imports_no_version_of_another_schema_is_replaced() {
    let mut kept = Kept::default();
    kept.takes(kept.registry.set_access(None, Access::Import));
    let import = |kept: &Kept, text: &str, version| {
        kept.registry
            .register("a-value", &json(text), None, Some(version))
    };
    let first = kept.takes(import(&kept, ONE, 5).expect("nothing is there yet"));
    let refused = import(&kept, TWO, 5).expect_err("it is another's");
    assert_eq!(refused.code(), 42_205);
    assert!(
        refused.message().contains("version 5 of subject 'a-value'"),
        "{}",
        refused.message()
    );
    assert_eq!(import(&kept, ONE, 5).expect("it is the same").answer, first);
    assert_eq!(import(&kept, TWO, 6).expect("it is free").answer.version, 6);
}
