//! Reads an Avro schema from its JSON and refuses what the Avro specification does not allow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::Invalid;
use super::{Avro, Field, Logical, Named, NamedKind, Primitive, Type};

/// Logical types with the types they stand on; others are ignored, as the specification asks.
const LOGICAL: [(&str, &[&str]); 12] = [
    ("decimal", &["bytes", "fixed"]),
    ("uuid", &["string", "fixed"]),
    ("date", &["int"]),
    ("time-millis", &["int"]),
    ("time-micros", &["long"]),
    ("timestamp-millis", &["long"]),
    ("timestamp-micros", &["long"]),
    ("timestamp-nanos", &["long"]),
    ("local-timestamp-millis", &["long"]),
    ("local-timestamp-micros", &["long"]),
    ("local-timestamp-nanos", &["long"]),
    ("duration", &["fixed"]),
];

/// Tells whether a word is the name of a primitive type.
pub(in super::super) fn is_primitive(word: &str) -> bool {
    Primitive::parse(word).is_some()
}

pub(super) fn read(value: &Value) -> Result<Avro, Invalid> {
    let mut reader = Reader {
        named: BTreeMap::new(),
        begun: BTreeSet::new(),
        path: Vec::new(),
    };
    let root = reader.form(value, "")?;
    Ok(Avro {
        root,
        named: reader.named,
    })
}

struct Reader {
    named: BTreeMap<String, Named>,
    /// Names whose definition has begun: a record may name itself.
    begun: BTreeSet<String>,
    path: Vec<String>,
}

impl Reader {
    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, Invalid> {
        Err(Invalid::at(&self.path, what))
    }

    fn within<T>(
        &mut self,
        step: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Invalid>,
    ) -> Result<T, Invalid> {
        self.path.push(step.to_owned());
        let done = work(self)?;
        self.path.pop();
        Ok(done)
    }

    fn form(&mut self, value: &Value, space: &str) -> Result<Type, Invalid> {
        match value {
            Value::String(name) => self.by_name(name, space),
            Value::Array(branches) => self.union(branches, space),
            Value::Object(keywords) => self.object(keywords, space),
            _ => self.wrong("a schema is a name, a list or an object"),
        }
    }

    fn by_name(&self, name: &str, space: &str) -> Result<Type, Invalid> {
        if let Some(primitive) = Primitive::parse(name) {
            return Ok(Type::Primitive(primitive, None));
        }
        let full = full_name(name, space);
        if self.begun.contains(&full) {
            Ok(Type::Named(full))
        } else {
            self.wrong(format!("{name} is no type that was defined before"))
        }
    }

    fn union(&mut self, branches: &[Value], space: &str) -> Result<Type, Invalid> {
        let mut read = Vec::new();
        let mut sorts = BTreeSet::new();
        for (place, branch) in branches.iter().enumerate() {
            let form = self.within(&place.to_string(), |reader| reader.form(branch, space))?;
            if matches!(form, Type::Union(_)) {
                return self.wrong("a union must not hold a union");
            }
            if !sorts.insert(sort(&form)) {
                return self.wrong(format!("the union has {} twice", sort(&form)));
            }
            read.push(form);
        }
        Ok(Type::Union(read))
    }

    fn object(&mut self, keywords: &Map<String, Value>, space: &str) -> Result<Type, Invalid> {
        let form = match keywords.get("type") {
            Some(Value::String(form)) => form.as_str(),
            // A type may be wrapped in an object once more.
            Some(inner) => return self.form(inner, space),
            None => return self.wrong("has no type"),
        };
        let item = |keyword: &str| keywords.get(keyword).unwrap_or(&Value::Null);
        match form {
            "array" => {
                let items = self.within("items", |reader| reader.form(item("items"), space))?;
                Ok(Type::Array(Box::new(items)))
            }
            "map" => {
                let values = self.within("values", |reader| reader.form(item("values"), space))?;
                Ok(Type::Map(Box::new(values)))
            }
            "record" | "error" | "enum" | "fixed" => self.named(form, keywords, space),
            other => match self.by_name(other, space)? {
                Type::Primitive(primitive, _) => {
                    Ok(Type::Primitive(primitive, logical(keywords, other)))
                }
                named => Ok(named),
            },
        }
    }

    fn named(
        &mut self,
        form: &str,
        keywords: &Map<String, Value>,
        space: &str,
    ) -> Result<Type, Invalid> {
        let name = self.text(keywords, "name")?;
        let space = match keywords.get("namespace").and_then(Value::as_str) {
            Some(own) if !name.contains('.') => own,
            _ => space,
        };
        let full = full_name(name, space);
        if !full.split('.').all(is_name) {
            return self.wrong(format!(
                "{full} is no name: letters, digits and underscores, no digit first"
            ));
        }
        if is_primitive(&full) || !self.begun.insert(full.clone()) {
            return self.wrong(format!("{full} is defined twice"));
        }
        let inner = full
            .rsplit_once('.')
            .map_or("", |(space, _)| space)
            .to_owned();
        let aliases = words(keywords.get("aliases"));
        let aliases = aliases
            .iter()
            .map(|alias| full_name(alias, &inner))
            .collect();
        let kind = match form {
            "enum" => self.symbols(keywords)?,
            "fixed" => match keywords.get("size").and_then(Value::as_u64) {
                Some(size) => NamedKind::Fixed {
                    size,
                    logical: logical(keywords, "fixed"),
                },
                None => return self.wrong("a fixed has a size"),
            },
            _ => NamedKind::Record(self.fields(keywords, &inner)?),
        };
        self.named.insert(full.clone(), Named { aliases, kind });
        Ok(Type::Named(full))
    }

    fn symbols(&self, keywords: &Map<String, Value>) -> Result<NamedKind, Invalid> {
        let symbols = words(keywords.get("symbols"));
        let once: BTreeSet<_> = symbols.iter().collect();
        if once.len() != symbols.len() || !symbols.iter().all(|symbol| is_name(symbol)) {
            return self.wrong("the symbols of an enum are names, each once");
        }
        let default = keywords.get("default").and_then(Value::as_str);
        if default.is_some_and(|default| !symbols.iter().any(|symbol| symbol == default)) {
            return self.wrong("the default of an enum is one of its symbols");
        }
        Ok(NamedKind::Enum {
            symbols,
            default: default.map(str::to_owned),
        })
    }

    fn fields(
        &mut self,
        keywords: &Map<String, Value>,
        space: &str,
    ) -> Result<Vec<Field>, Invalid> {
        let Some(Value::Array(fields)) = keywords.get("fields") else {
            return self.wrong("a record has a list of fields");
        };
        let mut read: Vec<Field> = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            self.path.extend(["fields".to_owned(), place.to_string()]);
            let Value::Object(keywords) = field else {
                return self.wrong("a field is an object");
            };
            let name = self.text(keywords, "name")?.to_owned();
            if !is_name(&name) || read.iter().any(|field| field.name == name) {
                return self.wrong(format!("{name} is no name of a field, or is there twice"));
            }
            let form = keywords.get("type").unwrap_or(&Value::Null);
            let form = self.within("type", |reader| reader.form(form, space))?;
            let default = keywords.get("default");
            if default.is_some_and(|default| !self.fits(default, &form)) {
                return self.wrong(
                    "the default is no value of the field's type (of a union: of its first branch)",
                );
            }
            read.push(Field {
                name,
                aliases: words(keywords.get("aliases")),
                form,
                has_default: default.is_some(),
            });
            self.path.truncate(self.path.len().saturating_sub(2));
        }
        Ok(read)
    }

    fn text<'k>(&self, keywords: &'k Map<String, Value>, key: &str) -> Result<&'k str, Invalid> {
        match keywords.get(key).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => self.wrong(format!("has no {key}")),
        }
    }

    /// Whether a default is a value of a type, as far as its sort.
    fn fits(&self, value: &Value, form: &Type) -> bool {
        match form {
            Type::Primitive(primitive, _) => match primitive {
                Primitive::Null => value.is_null(),
                Primitive::Boolean => value.is_boolean(),
                Primitive::Int | Primitive::Long => value.is_i64(),
                Primitive::Float | Primitive::Double => value.is_number(),
                Primitive::Bytes | Primitive::String => value.is_string(),
            },
            Type::Array(items) => match value {
                Value::Array(values) => values.iter().all(|value| self.fits(value, items)),
                _ => false,
            },
            Type::Map(of) => match value {
                Value::Object(values) => values.values().all(|value| self.fits(value, of)),
                _ => false,
            },
            Type::Union(branches) => branches
                .first()
                .is_some_and(|first| self.fits(value, first)),
            Type::Named(name) => match self.named.get(name).map(|named| &named.kind) {
                Some(NamedKind::Enum { symbols, .. }) => value
                    .as_str()
                    .is_some_and(|value| symbols.iter().any(|known| known == value)),
                Some(NamedKind::Fixed { .. }) => value.is_string(),
                Some(NamedKind::Record(_)) | None => value.is_object(),
            },
        }
    }
}

/// What must be there only once in a union.
fn sort(form: &Type) -> String {
    match form {
        Type::Primitive(primitive, _) => primitive.name().to_owned(),
        Type::Array(_) => "array".to_owned(),
        Type::Map(_) => "map".to_owned(),
        Type::Union(_) => "union".to_owned(),
        Type::Named(name) => name.clone(),
    }
}

fn full_name(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() {
        name.to_owned()
    } else {
        format!("{space}.{name}")
    }
}

fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn words(value: Option<&Value>) -> Vec<String> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn logical(keywords: &Map<String, Value>, on: &str) -> Option<Logical> {
    let name = keywords.get("logicalType")?.as_str()?;
    let stands = |(known, types): &&(&str, &[&str])| *known == name && types.contains(&on);
    LOGICAL.iter().find(stands)?;
    Some(Logical {
        name: name.to_owned(),
        precision: keywords.get("precision").and_then(Value::as_u64),
        scale: keywords.get("scale").and_then(Value::as_u64).unwrap_or(0),
    })
}
