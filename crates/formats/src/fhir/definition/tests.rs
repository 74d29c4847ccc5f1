//! The definitions load, and say what the specification says.

use expect_test::{Expect, expect};

use super::*;

fn check(name: &str, expected: Expect) {
    let definition = Definition::of(name).expect("it is defined");
    let lines = definition.elements().map(|element| {
        let holds = match element.holds() {
            Some(Held::Primitive(primitive)) => primitive.name(),
            Some(Held::Type(definition)) => definition.name(),
            None => "any resource",
        };
        let targets: Vec<&str> = element.targets().collect();
        let codes = element.codes().map_or(0, <[&str]>::len);
        format!(
            "{} {}{} {holds} {targets:?} {codes}\n",
            element.order(),
            element.name(),
            match (element.is_required(), element.repeats()) {
                (true, true) => "+",
                (true, false) => "",
                (false, true) => "*",
                (false, false) => "?",
            },
        )
    });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_type_has_its_elements_in_order() {
    check(
        "Period",
        expect![[r#"
        0 id? string [] 0
        1 extension* Extension [] 0
        2 start? dateTime [] 0
        3 end? dateTime [] 0
    "#]],
    );
    check(
        "Observation.component",
        expect![[r#"
        0 id? string [] 0
        1 extension* Extension [] 0
        2 modifierExtension* Extension [] 0
        3 code CodeableConcept [] 0
        4 valueQuantity? Quantity [] 0
        4 valueCodeableConcept? CodeableConcept [] 0
        4 valueString? string [] 0
        4 valueBoolean? boolean [] 0
        4 valueInteger? integer [] 0
        4 valueRange? Range [] 0
        4 valueRatio? Ratio [] 0
        4 valueSampledData? SampledData [] 0
        4 valueTime? time [] 0
        4 valueDateTime? dateTime [] 0
        4 valuePeriod? Period [] 0
        5 dataAbsentReason? CodeableConcept [] 0
        6 interpretation* CodeableConcept [] 0
        7 referenceRange* Observation.referenceRange [] 0
    "#]],
    );
    check(
        "Reference",
        expect![[r#"
        0 id? string [] 0
        1 extension* Extension [] 0
        2 reference? string [] 0
        3 type? uri [] 0
        4 identifier? Identifier [] 0
        5 display? string [] 0
    "#]],
    );
}

#[test]
fn every_member_is_found_by_its_name_and_no_other() {
    let tables = tables();
    for part in &tables.parts {
        for (member, number) in tables.members_of(part).iter().zip(part.first_member..) {
            assert_eq!(
                tables.find(part, member.name),
                Some(number),
                "{}.{}",
                part.name,
                member.name
            );
        }
        assert_eq!(tables.find(part, "colour"), None);
        assert_eq!(tables.find(part, ""), None);
    }
}

#[test]
fn every_resource_is_there() {
    let tables = tables();
    let resources = tables
        .parts
        .iter()
        .filter(|part| part.kind == Kind::Resource);
    assert_eq!(resources.count(), 147);
    assert!(Definition::of("Patient").is_some_and(Definition::is_resource));
    assert!(Definition::of("HumanName").is_some_and(|name| !name.is_resource()));
    assert!(Definition::of("DomainResource").is_some_and(|base| !base.is_resource()));
    assert!(Definition::of("Patients").is_none());
}

#[test]
fn what_is_reached_twice_is_one_definition() {
    let component = Definition::of("Observation.component").expect("it is defined");
    let range = component.element("referenceRange").and_then(Element::holds);
    let Some(Held::Type(range)) = range else {
        panic!("a reference range is a type");
    };
    assert_eq!(range.name(), "Observation.referenceRange");
    assert!(range.element("low").is_some());
}

#[test]
fn no_list_is_empty_and_every_list_is_used() {
    let tables = tables();
    for (number, list) in tables.lists.iter().enumerate() {
        assert!(!list.codes.is_empty(), "{} has no codes", list.name);
        let used = tables
            .members
            .iter()
            .any(|member| usize::from(member.list) == number);
        assert!(used, "{} is not used", list.name);
    }
}
