//! Paths into a resource, and conditions on them, as the tables write them.

use super::tree::Node;

/// A way into a resource, such as `identifier[type.coding.code=FILL].value`.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: &'static str,
    pick: Pick,
    filter: Option<(Path, Vec<&'static str>, bool)>,
}

/// Which of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    First,
    All,
    Only(usize),
    From(usize),
}

impl Path {
    /// Reads a path: steps joined by `.`; `[]` takes all, `[2]` the second, `[2..]` all from it, `[path=a,b]` and `[path!=a,b]` those
    /// that are like that; `.` alone is the place itself.
    pub(super) fn parse(text: &'static str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self::default());
        }
        let steps = split_outside(text, '.').into_iter().map(Step::parse);
        Ok(Self(steps.collect::<Result<_, _>>()?))
    }

    /// Finds what is there.
    pub(super) fn find<'n, 'a>(&self, node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
        let mut found = vec![node];
        for step in &self.0 {
            let mut next = Vec::new();
            for node in found {
                step.follow(node, &mut next);
            }
            found = next;
        }
        found
    }

    /// Gives the first text there; empty where there is none.
    pub(super) fn text<'n>(&self, node: &'n Node<'_>) -> &'n str {
        self.find(node).first().map_or("", |node| node.text())
    }
}

impl Step {
    fn parse(text: &'static str) -> Result<Self, String> {
        let (name, mut rest) = match text.find('[') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let mut step = Self {
            name,
            pick: Pick::First,
            filter: None,
        };
        while let Some(inner) = rest.strip_prefix('[') {
            let end =
                closing(inner).ok_or_else(|| format!("`{text}` has a bracket that is open"))?;
            let (inside, after) = inner.split_at(end);
            rest = after.strip_prefix(']').unwrap_or_default();
            if inside.is_empty() {
                step.pick = Pick::All;
            } else if let Some(first) = inside.strip_suffix("..") {
                let first = first
                    .parse()
                    .map_err(|_| format!("`{first}` is no number"))?;
                step.pick = Pick::From(first);
            } else if let Ok(number) = inside.parse() {
                step.pick = Pick::Only(number);
            } else {
                let (path, values) = inside
                    .split_once('=')
                    .ok_or_else(|| format!("`{inside}` is no filter"))?;
                let is_not = path.ends_with('!');
                let path = Path::parse(path.trim_end_matches('!'))?;
                step.filter = Some((path, values.split(',').collect(), !is_not));
            }
        }
        Ok(step)
    }

    fn follow<'n, 'a>(&self, node: &'n Node<'a>, out: &mut Vec<&'n Node<'a>>) {
        let Some(member) = node.get(self.name) else {
            return;
        };
        let like = member.items().iter().filter(|item| match &self.filter {
            None => true,
            Some((path, values, wanted)) => values.contains(&path.text(item)) == *wanted,
        });
        match self.pick {
            Pick::First => out.extend(like.take(1)),
            Pick::All => out.extend(like),
            Pick::Only(number) => out.extend(like.skip(number.saturating_sub(1)).take(1)),
            Pick::From(first) => out.extend(like.skip(first.saturating_sub(1))),
        }
    }
}

/// Terms that all hold.
#[derive(Debug, Default)]
pub(super) struct Condition(Vec<Term>);

#[derive(Debug)]
struct Term {
    path: Path,
    /// What it may be; anything at all where this is empty.
    values: Vec<&'static str>,
    wanted: bool,
}

impl Condition {
    /// Reads terms joined by `&`: `path`, `!path`, `path=a,b`, `path!=a,b`.
    pub(super) fn parse(text: &'static str) -> Result<Self, String> {
        let terms = split_outside(text, '&')
            .into_iter()
            .map(str::trim)
            .filter(|term| !term.is_empty());
        Ok(Self(terms.map(Term::parse).collect::<Result<_, _>>()?))
    }

    /// Reports whether it holds.
    pub(super) fn holds(&self, node: &Node<'_>) -> bool {
        self.0.iter().all(|term| {
            let found = term.path.find(node);
            let is = if term.values.is_empty() {
                !found.is_empty()
            } else {
                found.iter().any(|node| term.values.contains(&node.text()))
            };
            is == term.wanted
        })
    }
}

impl Term {
    fn parse(text: &'static str) -> Result<Self, String> {
        let outside = split_outside(text, '=');
        let (path, values) = match outside.as_slice() {
            [path] => (*path, Vec::new()),
            [path, values] => (*path, values.split(',').collect()),
            _ => return Err(format!("`{text}` is no condition")),
        };
        let (path, first) = match path.strip_prefix('!') {
            Some(path) => (path, false),
            None => (path, true),
        };
        let (path, last) = match path.strip_suffix('!') {
            Some(path) => (path, false),
            None => (path, true),
        };
        Ok(Self {
            path: Path::parse(path)?,
            values,
            wanted: first && last,
        })
    }
}

/// Splits where no bracket is open.
fn split_outside(text: &'static str, at: char) -> Vec<&'static str> {
    let mut depth = 0_u32;
    text.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == at && depth == 0
    })
    .collect()
}

/// Where the bracket closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    text.find(|c| match c {
        '[' => {
            depth += 1;
            false
        }
        ']' if depth == 0 => true,
        ']' => {
            depth -= 1;
            false
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] =
        br#"{"code":{"coding":[{"system":"a","code":"1"},{"system":"b","code":"2"}]},
        "extension":[{"url":"http://x.org/y","valueString":"Z"}],"given":["A","B","C"]}"#;

    fn check(path: &'static str, expected: &[&str]) {
        let node = Node::read(REPORT).unwrap();
        let path = Path::parse(path).unwrap();
        let found: Vec<_> = path.find(&node).into_iter().map(Node::text).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_path_takes_the_first_unless_it_says_otherwise() {
        check("code.coding.code", &["1"]);
        check("code.coding[].code", &["1", "2"]);
        check("code.coding[system=b].code", &["2"]);
        check("code.coding[system!=b].code", &["1"]);
        check("given[2]", &["B"]);
        check("given[2..]", &["B", "C"]);
        check("extension[url=http://x.org/y].valueString", &["Z"]);
        check("nothing.here", &[]);
    }

    #[test]
    fn a_condition_asks_for_content_or_for_one_of_several() {
        let node = Node::read(REPORT).unwrap();
        for (text, expected) in [
            ("code", true),
            ("!code", false),
            ("!value & given=A,X", true),
            ("given!=A", false),
            ("code.coding[system=a].code=1", true),
        ] {
            assert_eq!(
                Condition::parse(text).unwrap().holds(&node),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_mistake_is_named() {
        assert_eq!(
            Path::parse("a[b").unwrap_err(),
            "`a[b` has a bracket that is open"
        );
        assert_eq!(Path::parse("a[b]").unwrap_err(), "`b` is no filter");
    }
}
