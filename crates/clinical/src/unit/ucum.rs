//! Whether a text is a unit of UCUM: the grammar, over the part of its units that devices and laboratories use.
//!
//! Source: Schadow G, McDonald CJ, The Unified Code for Units of Measure, version 2.1 (ucum.org), case sensitive codes. Units that are
//! not listed are no units here, also where UCUM has them: those whose codes people write for something else (`C`, `F`, `K`, `H`).

/// The most characters that a unit has.
const CHARACTERS_MAX: usize = 64;
/// How deep terms in parentheses may stand.
const DEPTH_MAX: usize = 4;

/// Prefixes of §27 from 10³ down: what is larger is written by mistake more often than meant (`ML` for `mL`).
const PREFIXES: [&str; 9] = ["k", "h", "d", "c", "m", "u", "n", "p", "f"];
/// Units that take a prefix (§28 to §45).
const METRIC: [&str; 26] = [
    "m", "s", "g", "mol", "L", "l", "Hz", "N", "Pa", "J", "W", "A", "V", "Ohm", "S", "Cel", "lm",
    "Bq", "Gy", "Sv", "eq", "osm", "kat", "U", "[iU]", "bar",
];
/// More of them, by the height of a column, of energy, force, and levels.
const METRIC_MORE: [&str; 6] = ["m[Hg]", "m[H2O]", "cal", "dyn", "B", "eV"];
/// Units that take none.
const OTHERS: [&str; 20] = [
    "min", "h", "d", "wk", "mo", "a", "deg", "%", "10*", "10^", "[ppm]", "[ppb]", "[pH]", "[degF]",
    "[in_i]", "[ft_i]", "[lb_av]", "[oz_av]", "[IU]", "[drp]",
];

/// Says whether a text is a unit of UCUM whose units and prefixes are known here.
pub fn is_ucum(text: &str) -> bool {
    let is_short = (1..=CHARACTERS_MAX).contains(&text.len());
    let rest = match text.strip_prefix('/') {
        Some(rest) => rest,
        None => text,
    };
    is_short && term(rest, DEPTH_MAX) == Some("")
}

/// Reads components with `.` and `/` between them; gives what follows.
fn term(text: &str, depth: usize) -> Option<&str> {
    let mut rest = component(text, depth)?;
    while let Some(next) = rest.strip_prefix(['.', '/']) {
        rest = component(next, depth)?;
    }
    Some(rest)
}

/// Reads a unit with its exponent and annotation, a number, an annotation, or a term in parentheses.
fn component(text: &str, depth: usize) -> Option<&str> {
    if let Some(inner) = text.strip_prefix('(') {
        return term(inner, depth.checked_sub(1)?)?.strip_prefix(')');
    }
    if text.starts_with('{') {
        return annotation(text);
    }
    let digits = digits(text);
    let rest = match digits {
        // 10* and 10^ are units.
        2 if text.starts_with("10*") || text.starts_with("10^") => unit(text)?,
        0 => unit(text)?,
        _ if text.starts_with('0') => return None,
        _ => text.get(digits..)?,
    };
    match rest.starts_with('{') {
        true => annotation(rest),
        false => Some(rest),
    }
}

/// Reads a unit with its prefix and exponent: letters and brackets up to what separates it from the next.
fn unit(text: &str) -> Option<&str> {
    let end = text.find(['.', '/', '{', '(', ')']).unwrap_or(text.len());
    let (code, rest) = text.split_at_checked(end)?;
    let is_power = code.starts_with("10");
    let from = if is_power { 3 } else { 0 };
    let atom = code
        .get(from..)?
        .trim_end_matches(|c: char| c.is_ascii_digit());
    let has_exponent = atom.len() + from < code.len();
    let atom = code.get(..from + atom.len())?;
    let atom = match has_exponent {
        true => atom.strip_suffix(['+', '-']).unwrap_or(atom),
        false => atom,
    };
    is_unit(atom).then_some(rest)
}

fn is_unit(code: &str) -> bool {
    let is_metric = |code: &str| METRIC.contains(&code) || METRIC_MORE.contains(&code);
    let mut prefixes = PREFIXES.into_iter();
    OTHERS.contains(&code)
        || is_metric(code)
        || prefixes.any(|prefix| code.strip_prefix(prefix).is_some_and(is_metric))
}

/// Reads words in braces, which say nothing of the amount.
fn annotation(text: &str) -> Option<&str> {
    let (words, rest) = text.strip_prefix('{')?.split_once('}')?;
    let is_plain = |c: char| c.is_ascii_graphic() && c != '{';
    (!words.is_empty() && words.chars().all(is_plain)).then_some(rest)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_known_are_put_together_by_the_grammar() {
        for unit in [
            "mL/h",
            "Hz",
            "L",
            "1/min",
            "/min",
            "min-1",
            "mm[Hg]",
            "cm[H2O]",
            "10*9/L",
            "10^3/uL",
            "10*-3",
            "ug/kg/min",
            "mL/min/{1.73_m2}",
            "dyn.s/cm5",
            "dyn.s.cm-5",
            "kg/(m.s2)",
            "/(m)",
            "{beats}/min",
            "/min{beats}",
            "%{vol}",
            "m[iU]/mL",
            "uV/s",
            "dB",
            "12",
        ] {
            assert!(is_ucum(unit), "{unit}");
        }
    }

    #[test]
    fn what_ucum_has_not_or_people_mean_otherwise_is_no_unit() {
        for text in [
            "", "/", "mmHg", "bpm", "cc", "mEq/L", "IU/L", "mL / h", "m//s", "m/", ".m", "m-",
            "2m", "0", "02", "m(s)", "(m", "m)", "{}", "{a}{b}", "m{a", "kmin", "k%", "kk",
            "m2{a}b", "ML", "KG", "C", "F", "K", "pH", "µg", "{é}", "10*3*",
        ] {
            assert!(!is_ucum(text), "{text}");
        }
    }

    #[test]
    fn a_unit_is_so_long_and_so_deep() {
        for (many, is_unit) in [
            (CHARACTERS_MAX - 1, true),
            (CHARACTERS_MAX, true),
            (CHARACTERS_MAX + 1, false),
        ] {
            assert_eq!(is_ucum(&"1".repeat(many)), is_unit, "{many}");
        }
        for (many, is_unit) in [
            (DEPTH_MAX - 1, true),
            (DEPTH_MAX, true),
            (DEPTH_MAX + 1, false),
        ] {
            let nested = format!("{}m{}", "(".repeat(many), ")".repeat(many));
            assert_eq!(is_ucum(&nested), is_unit, "{many}");
        }
    }
}
