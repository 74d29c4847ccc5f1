//! Whether a reader resolves what a writer wrote, place by place.

use std::collections::{BTreeMap, BTreeSet};

use super::super::kind::{self, Kind};
use super::super::work::{self, Work};
use super::super::{Difference, pointer};
use super::{Avro, Field, Logical, Named, NamedKind, Primitive, Type};

/// Types nested deeper than this are not compared.
const DEPTH_MAX: usize = 256;

/// Lists what keeps the reader from reading what the writer wrote, as far as the work goes.
pub(in super::super) fn differences(
    writer: &Avro,
    reader: &Avro,
    work: &mut Work,
) -> Vec<Difference> {
    let mut walk = Walk {
        writer,
        reader,
        path: Vec::new(),
        open: Vec::new(),
        work: std::mem::replace(work, Work::new(0)),
        found: Vec::new(),
    };
    walk.resolve(&writer.root, &reader.root);
    *work = walk.work;
    walk.found
}

struct Walk<'s> {
    writer: &'s Avro,
    reader: &'s Avro,
    path: Vec<String>,
    /// The pairs of named types that are being compared: to meet one again adds nothing.
    open: Vec<(&'s str, &'s str)>,
    work: Work,
    found: Vec<Difference>,
}

impl<'s> Walk<'s> {
    fn add(&mut self, kind: Kind, detail: impl Into<String>) {
        let detail = detail.into();
        let bytes = self.path.iter().map(String::len);
        let bytes = bytes.fold(detail.len(), usize::saturating_add);
        if self.charge(work::of_difference(bytes)) {
            self.found.push(Difference {
                path: pointer(&self.path),
                kind,
                detail,
            });
        }
    }

    /// Takes steps for what is to be done; where there are not enough, that is a difference and nothing more is done.
    fn charge(&mut self, steps: usize) -> bool {
        let enough = self.work.take(steps);
        if !enough {
            self.limit_reached();
        }
        enough
    }

    fn limit_reached(&mut self) {
        let kind = kind::COMPARISON_LIMIT_REACHED;
        if self.found.last().is_none_or(|last| last.kind != kind) {
            self.found.push(Difference {
                path: pointer(&self.path),
                kind,
                detail: String::new(),
            });
        }
    }

    fn within(&mut self, step: &str, work: impl FnOnce(&mut Self)) {
        self.path.push(step.to_owned());
        work(self);
        self.path.pop();
    }

    /// Whether a type resolves, and what keeps it from that.
    fn attempt(&mut self, written: &'s Type, read: &'s Type) -> (bool, Vec<Difference>) {
        let before = std::mem::take(&mut self.found);
        self.resolve(written, read);
        let inner = std::mem::replace(&mut self.found, before);
        (inner.is_empty(), inner)
    }

    fn resolve(&mut self, written: &'s Type, read: &'s Type) {
        if !self.charge(1) {
            return;
        }
        if self.path.len() > DEPTH_MAX {
            self.limit_reached();
            return;
        }
        match (written, read) {
            (Type::Union(branches), _) => {
                for (place, branch) in branches.iter().enumerate() {
                    self.within(&place.to_string(), |walk| walk.branch(branch, read));
                }
            }
            (_, Type::Union(_)) => self.branch(written, read),
            (Type::Array(written), Type::Array(read)) => {
                self.within("items", |walk| walk.resolve(written, read));
            }
            (Type::Map(written), Type::Map(read)) => {
                self.within("values", |walk| walk.resolve(written, read));
            }
            (Type::Primitive(from, meant), Type::Primitive(to, taken)) => {
                if promotes(*from, *to) {
                    self.logical(meant.as_ref(), taken.as_ref());
                } else {
                    self.add(
                        kind::TYPE_MISMATCH,
                        format!("{} and {}", from.name(), to.name()),
                    );
                }
            }
            (Type::Named(written), Type::Named(read)) => self.named(written, read),
            _ => self.add(
                kind::TYPE_MISMATCH,
                format!(
                    "{} and {}",
                    word(written, self.writer),
                    word(read, self.reader)
                ),
            ),
        }
    }

    /// What was written is one type; the reader may have several.
    fn branch(&mut self, written: &'s Type, read: &'s Type) {
        let Type::Union(branches) = read else {
            self.resolve(written, read);
            return;
        };
        let detail = word(written, self.writer);
        let mut nearest: Option<Vec<Difference>> = None;
        for branch in branches {
            let other = word(branch, self.reader);
            if !self.charge(work::of_text(&other)) {
                return;
            }
            let (taken, found) = self.attempt(written, branch);
            if taken {
                return;
            }
            if self.work.is_over() {
                self.limit_reached();
                return;
            }
            if detail == other && nearest.is_none() {
                nearest = Some(found);
            }
        }
        match nearest {
            // A record of the same name says more about what is wrong.
            Some(found) if matches!(written, Type::Named(_)) => self.found.extend(found),
            _ => self.add(kind::MISSING_UNION_BRANCH, detail),
        }
    }

    fn named(&mut self, written: &'s str, read: &'s str) {
        if self.open.contains(&(written, read)) {
            return;
        }
        let (Some(from), Some(to)) = (self.writer.named.get(written), self.reader.named.get(read))
        else {
            self.add(kind::TYPE_MISMATCH, "");
            return;
        };
        let steps = work::of_text(written).saturating_add(names(&to.aliases));
        if !self.charge(steps) {
            return;
        }
        self.open.push((written, read));
        let named = unqualified(written) == unqualified(read)
            || to.aliases.iter().any(|alias| alias == written);
        match (&from.kind, &to.kind) {
            (NamedKind::Record(written_fields), NamedKind::Record(fields)) => {
                self.name(named, written, read);
                if named {
                    self.record(written_fields, fields);
                }
            }
            (
                NamedKind::Enum { symbols, .. },
                NamedKind::Enum {
                    symbols: known,
                    default,
                },
            ) => {
                self.name(named, written, read);
                if !self.charge(names(symbols).saturating_add(names(known))) {
                    return;
                }
                let known: BTreeSet<&String> = known.iter().collect();
                let missing: Vec<&str> = symbols
                    .iter()
                    .filter(|symbol| !known.contains(symbol))
                    .map(String::as_str)
                    .collect();
                if !missing.is_empty() && default.is_none() {
                    self.add(kind::MISSING_ENUM_SYMBOLS, missing.join(", "));
                }
            }
            (
                NamedKind::Fixed { size, logical },
                NamedKind::Fixed {
                    size: taken,
                    logical: meant,
                },
            ) => {
                self.name(named, written, read);
                if size != taken {
                    self.add(kind::FIXED_SIZE_MISMATCH, format!("{size} and {taken}"));
                }
                self.logical(logical.as_ref(), meant.as_ref());
            }
            _ => self.add(
                kind::TYPE_MISMATCH,
                format!("{} and {}", sort(from), sort(to)),
            ),
        }
        self.open.pop();
    }

    fn name(&mut self, same: bool, written: &str, read: &str) {
        if !same {
            self.add(kind::NAME_MISMATCH, format!("{written} and {read}"));
        }
    }

    fn record(&mut self, written: &'s [Field], read: &'s [Field]) {
        let both = written.iter().chain(read);
        let steps =
            both.map(|field| work::of_text(&field.name).saturating_add(names(&field.aliases)));
        if !self.charge(steps.fold(0, usize::saturating_add)) {
            return;
        }
        let mut by_name: BTreeMap<&str, (usize, &'s Field)> = BTreeMap::new();
        for (place, field) in written.iter().enumerate() {
            by_name.entry(&field.name).or_insert((place, field));
        }
        for field in read {
            let aliases = field.aliases.iter();
            let from = by_name.get(field.name.as_str()).or_else(|| {
                // The first that was written, as if it were looked for from the front.
                aliases
                    .filter_map(|alias| by_name.get(alias.as_str()))
                    .min_by_key(|(place, _)| *place)
            });
            self.path.extend(["fields".to_owned(), field.name.clone()]);
            match from {
                Some((_, from)) => self.resolve(&from.form, &field.form),
                None if field.has_default => {}
                None => self.add(kind::READER_FIELD_MISSING_DEFAULT_VALUE, ""),
            }
            self.path.truncate(self.path.len().saturating_sub(2));
        }
    }

    fn logical(&mut self, written: Option<&Logical>, read: Option<&Logical>) {
        // Where one has none, the plain value is taken as it is.
        if let (Some(written), Some(read)) = (written, read)
            && written != read
        {
            self.add(
                kind::LOGICAL_TYPE_CHANGED,
                format!("{} and {}", written.words(), read.words()),
            );
        }
    }
}

impl Logical {
    fn words(&self) -> String {
        match self.precision {
            Some(precision) => format!("{}({precision}, {})", self.name, self.scale),
            None => self.name.clone(),
        }
    }
}

/// The steps of looking at names.
fn names(all: &[String]) -> usize {
    let steps = all.iter().map(|name| work::of_text(name));
    steps.fold(0, usize::saturating_add)
}

/// Whether a value of one primitive type can be read as another.
fn promotes(from: Primitive, to: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    from == to
        || matches!(
            (from, to),
            (Int, Long | Float | Double)
                | (Long, Float | Double)
                | (Float, Double)
                | (String, Bytes)
                | (Bytes, String)
        )
}

fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

const fn sort(named: &Named) -> &'static str {
    match named.kind {
        NamedKind::Record(_) => "record",
        NamedKind::Enum { .. } => "enum",
        NamedKind::Fixed { .. } => "fixed",
    }
}

fn word(form: &Type, of: &Avro) -> String {
    match form {
        Type::Primitive(primitive, _) => primitive.name().to_owned(),
        Type::Array(_) => "array".to_owned(),
        Type::Map(_) => "map".to_owned(),
        Type::Union(_) => "union".to_owned(),
        Type::Named(name) => {
            let sort = of.named.get(name).map_or("", sort);
            format!("{sort} {}", unqualified(name))
        }
    }
}
