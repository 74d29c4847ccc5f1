//! Words in HTML: one `div` of plain markup, without anything that runs or loads.

/// How deep tags may stand in each other.
const TAGS_MAX: usize = 256;

/// The namespace that the `div` must be in.
const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// What may stand in a narrative: the elements of the sections of HTML 4.0 that FHIR names.
const ALLOWED: [&str; 63] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "label",
    "li",
    "map",
    "area",
    "menu",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Says what is wrong with a narrative, and what to do.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    let text = text.trim_ascii();
    if !text.starts_with("<div") || !text.ends_with('>') {
        return Some("a narrative is one `div` and nothing beside it");
    }
    let mut open: Vec<&str> = Vec::new();
    let (mut rest, mut first, mut says) = (text, true, false);
    loop {
        let (words, after) = rest.split_once('<').unwrap_or((rest, ""));
        says |= !words.trim_ascii().is_empty();
        if after.is_empty() {
            break;
        }
        if open.is_empty() && !first {
            return Some("a narrative is one `div` and nothing beside it");
        }
        if let Some(comment) = after.strip_prefix("!--") {
            let Some((_, behind)) = comment.split_once("-->") else {
                return Some("a comment in a narrative has an end");
            };
            rest = behind;
            continue;
        }
        let Some((tag, behind)) = split_tag(after) else {
            return Some("a tag in a narrative has an end");
        };
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_ascii_end()) {
                return Some("tags in a narrative close in the order that they opened");
            }
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, attributes) = split_name(tag);
        says |= name == "img";
        if let Some(problem) = problem_of_tag(name, attributes, first) {
            return Some(problem);
        }
        first = false;
        if !closed {
            open.push(name);
        }
        if open.len() > TAGS_MAX {
            return Some("a narrative has at most 256 tags in each other: make it flatter");
        }
    }
    match (open.is_empty(), says) {
        (false, _) => Some("every tag in a narrative is closed"),
        (true, false) => Some("a narrative says something: leave it out"),
        (true, true) => None,
    }
}

fn problem_of_tag(name: &str, attributes: &str, first: bool) -> Option<&'static str> {
    if first && (name != "div" || !attributes.contains(NAMESPACE)) {
        return Some("the `div` of a narrative names the namespace http://www.w3.org/1999/xhtml");
    }
    if !ALLOWED.contains(&name) {
        return Some("a narrative holds plain markup alone: no scripts, forms, frames or styles");
    }
    attribute_names(attributes)
        .any(|name| name.starts_with("on"))
        .then_some("a narrative runs nothing: take the event attributes out")
}

/// The names of attributes, without their values.
fn attribute_names(attributes: &str) -> impl Iterator<Item = &str> {
    let mut rest = attributes;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_ascii_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let mut parts = after.splitn(3, quote.unwrap_or(' '));
        rest = match quote {
            Some(_) => parts.nth(2).unwrap_or_default(),
            None => parts.nth(1).unwrap_or_default(),
        };
        Some(name.trim_ascii())
    })
}

/// Splits a tag from what is behind it; quoted values may hold anything.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return text.get(..at).zip(text.get(at + 1..)),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn split_name(tag: &str) -> (&str, &str) {
    let end = tag
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(tag.len());
    tag.split_at_checked(end).unwrap_or((tag, ""))
}

#[cfg(test)]
mod tests {
    use super::problem;

    const OPEN: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\">";

    #[test]
    fn plain_markup_is_a_narrative() {
        for inner in [
            "words",
            "<p>a<br/>b</p>",
            "<img src=\"#a\" alt=\"a > b\"/>",
            "<!-- <p> -->x",
            "<p class='only on=1'>x</p>",
        ] {
            assert_eq!(problem(&format!("{OPEN}{inner}</div>")), None, "{inner}");
        }
    }

    #[test]
    fn what_runs_or_does_not_close_is_none() {
        for inner in [
            "",
            " ",
            "<p>x",
            "<p><b>x</p></b>",
            "<script>x</script>",
            "<p onclick=\"x\">x</p>",
            "x<!--",
            "x<p",
            "x</div><p>y</p><div>",
        ] {
            assert!(
                problem(&format!("{OPEN}{inner}</div>")).is_some(),
                "{inner}"
            );
        }
        assert!(problem("words").is_some());
        assert!(problem("<div>words</div>").is_some());
        let deep = "<b>".repeat(300) + "x" + &"</b>".repeat(300);
        assert!(problem(&format!("{OPEN}{deep}</div>")).is_some());
    }
}
