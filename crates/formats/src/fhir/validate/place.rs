//! The way to a byte of a resource, as FHIRPath writes it.

use super::super::read::Raw;
use super::cursor::Cursor;

/// How much of a name is told: more than any element of FHIR has.
const NAME_MAX: usize = 64;

/// How a value is reached from the one around it.
enum Step<'t> {
    /// By a member's name.
    Member(&'t str),
    /// By its place in an array.
    Item(usize),
}

/// Gives the way to each of these bytes, which come in order.
pub(in crate::fhir) fn paths(text: &str, wanted: impl Iterator<Item = usize>) -> Vec<String> {
    let mut wanted = wanted.peekable();
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut paths = Vec::new();
    let mut names = false;
    let mut cursor = Cursor::new(text);
    let root = root(text);
    while let Some(byte) = cursor.peek() {
        let starts =
            !matches!(byte, b'}' | b']' | b',' | b':') && !names || byte == b'{' || byte == b'[';
        if starts {
            while wanted.next_if(|at| *at <= cursor.at).is_some() {
                paths.push(render(&root, &steps));
            }
        }
        match byte {
            b'{' => {
                steps.push(Step::Member(""));
                names = true;
                cursor.at += 1;
            }
            b'[' => {
                steps.push(Step::Item(0));
                names = false;
                cursor.at += 1;
            }
            b'}' | b']' => {
                steps.pop();
                names = false;
                cursor.at += 1;
            }
            b',' => {
                match steps.last_mut() {
                    Some(Step::Item(number)) => *number += 1,
                    Some(Step::Member(_)) => names = true,
                    None => {}
                }
                cursor.at += 1;
            }
            b'"' => match cursor.string() {
                Ok(name) if names => {
                    names = false;
                    if let Some(step) = steps.last_mut() {
                        *step = Step::Member(name.body);
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            },
            _ => cursor.at += 1,
        }
        while cursor.text.get(cursor.at..).is_none() {
            cursor.at += 1;
        }
    }
    paths.extend(wanted.map(|_| render(&root, &steps)));
    paths
}

fn root(text: &str) -> String {
    let named = Raw::begin(text).get("resourceType").ok().flatten();
    let name = named.and_then(|name| name.text().ok());
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    name.filter(|name| is_name(name))
        .map_or_else(|| "Resource".to_owned(), Into::into)
}

/// A member's sibling for ids and extensions has the path of the member.
fn render(root: &str, steps: &[Step<'_>]) -> String {
    let mut path = root.to_owned();
    for step in steps {
        match step {
            Step::Member("") => {}
            Step::Member(name) => {
                path.push('.');
                let name = name.strip_prefix('_').unwrap_or(name);
                path.extend(name.chars().take(NAME_MAX));
            }
            Step::Item(number) => path.push_str(&format!("[{number}]")),
        }
    }
    path
}
