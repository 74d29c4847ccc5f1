//! A resource's JSON as its single values, each with the way to it.

use formats::fhir::read::Raw;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// The element, with its places in lists: `identifier[0].value`.
    pub(super) path: String,
    /// The same without places in lists.
    pub(super) name: String,
    /// The text, or a number or a boolean as it is written.
    pub(super) value: String,
}

/// Gives all values but those that say which resource it is.
pub(super) fn leaves(json: &[u8]) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let members = Raw::read_members(json).unwrap_or_default();
    for (name, value) in members {
        if !matches!(name, "resourceType" | "id") {
            descend(value, name, name, &mut leaves);
        }
    }
    leaves
}

fn descend(value: Raw<'_>, path: &str, name: &str, leaves: &mut Vec<Leaf>) {
    match value.as_bytes().first() {
        Some(b'{') => {
            for (member, value) in value.members().flatten() {
                let join = |path: &str| format!("{path}.{member}");
                descend(value, &join(path), &join(name), leaves);
            }
        }
        Some(b'[') => {
            for (number, value) in value.items().flatten().enumerate() {
                descend(value, &format!("{path}[{number}]"), name, leaves);
            }
        }
        _ => {
            let text = value.text().map_or_else(
                |_| String::from_utf8_lossy(value.as_bytes()).into_owned(),
                std::borrow::Cow::into_owned,
            );
            leaves.push(Leaf {
                path: path.to_owned(),
                name: name.to_owned(),
                value: text,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_value_has_its_way() {
        let json = br#"{"resourceType":"Patient","id":"1","active":true,"name":[{"family":"D\"oe","given":["A","B"]}],"multipleBirthInteger":2}"#;
        let lines: Vec<String> = leaves(json)
            .iter()
            .map(|leaf| format!("{} {} {}", leaf.path, leaf.name, leaf.value))
            .collect();
        expect![[r#"
            active active true
            name[0].family name.family D"oe
            name[0].given[0] name.given A
            name[0].given[1] name.given B
            multipleBirthInteger multipleBirthInteger 2"#]]
        .assert_eq(&lines.join("\n"));
    }
}
