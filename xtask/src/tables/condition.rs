//! The guide's computable conditions, in our own words: terms joined by `&`, alternatives by `|`.

use std::collections::BTreeMap;

use super::corrections;

/// The data types of fields, to know which have components.
pub(super) type FieldTypes = BTreeMap<String, String>;

/// Data types that have no components; all others hold a code or number in the first.
const SIMPLE: [&str; 15] = [
    "", "ST", "ID", "IS", "NM", "SI", "DT", "TM", "DTM", "TS", "TX", "FT", "GTS", "varies",
    "Varies",
];

/// Alternatives, each of terms that all hold.
type Alternatives = Vec<Vec<String>>;

/// Translates a condition of the guide; nothing if it cannot be computed.
pub(super) fn translate(text: &str, own: &str, types: &FieldTypes) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let text = corrections::condition(text);
    let tokens = tokens(&text, own);
    let mut reader = Reader {
        tokens: &tokens,
        own,
        types,
    };
    let alternatives = reader.any()?;
    if !reader.tokens.is_empty() {
        return None;
    }
    let joined: Vec<String> = alternatives.iter().map(|terms| terms.join(" & ")).collect();
    Some(joined.join(" | "))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A key word, in capitals, or a sign.
    Word(String),
    /// A field or component as our tables write it.
    Field(String),
    Text(String),
}

struct Reader<'t> {
    tokens: &'t [Token],
    own: &'t str,
    types: &'t FieldTypes,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<Alternatives> {
        let mut all = self.every()?;
        while self.word("OR") {
            all.extend(self.every()?);
        }
        Some(all)
    }

    fn every(&mut self) -> Option<Alternatives> {
        let mut all = self.one()?;
        while self.word("AND") {
            let more = self.one()?;
            all = all
                .iter()
                .flat_map(|left| {
                    more.iter()
                        .map(|right| [left.clone(), right.clone()].concat())
                })
                .collect();
        }
        Some(all)
    }

    fn one(&mut self) -> Option<Alternatives> {
        self.word("IF");
        if self.word("(") {
            let inner = self.any()?;
            return self.word(")").then_some(inner);
        }
        let mut fields = Vec::new();
        let mut or = false;
        while let [Token::Field(field), rest @ ..] = self.tokens {
            fields.push(field.clone());
            self.tokens = rest;
            let [Token::Word(word), Token::Field(_), ..] = self.tokens else {
                break;
            };
            // `A AND B VALUED` asks the same of both.
            or |= word == "OR";
            self.tokens = self.tokens.get(1..)?;
        }
        if fields.is_empty() {
            fields.push(self.own.to_owned());
        }
        let test = self.test()?;
        let terms: Option<Vec<String>> =
            fields.iter().map(|field| self.term(field, &test)).collect();
        let terms = terms?;
        Some(if or {
            terms.into_iter().map(|term| vec![term]).collect()
        } else {
            vec![terms]
        })
    }

    fn test(&mut self) -> Option<Test> {
        let mut negated = false;
        loop {
            let (token, rest) = self.tokens.split_first()?;
            self.tokens = rest;
            match token {
                Token::Word(word) => match word.as_str() {
                    "NOT" => negated = true,
                    "IS" | "ARE" | "EQUALS" | "EQUAL" | "TO" | "=" | "DOES" => {}
                    "VALUED" | "EXIST" => return Some(Test::Valued(!negated)),
                    "EMPTY" => return Some(Test::Valued(negated)),
                    "IN" => return Some(Test::In(!negated, self.list()?)),
                    "REPEATED" => return Some(Test::Repeats(true)),
                    "ONCE" => return Some(Test::Repeats(false)),
                    "LONG" => return Some(Test::HasTime),
                    _ => return None,
                },
                Token::Text(text) => return Some(Test::In(!negated, vec![text.clone()])),
                Token::Field(_) => return None,
            }
        }
    }

    fn list(&mut self) -> Option<Vec<String>> {
        self.word("(").then_some(())?;
        let mut values = Vec::new();
        loop {
            let (token, rest) = self.tokens.split_first()?;
            self.tokens = rest;
            match token {
                Token::Text(text) => values.push(text.clone()),
                Token::Word(word) if word == ")" => return Some(values),
                _ => return None,
            }
        }
    }

    fn term(&self, field: &str, test: &Test) -> Option<String> {
        Some(match test {
            Test::Valued(true) => field.to_owned(),
            Test::Valued(false) => format!("!{field}"),
            Test::In(is, values) => {
                let sign = if *is { "=" } else { "!=" };
                format!("{}{sign}{}", self.first_part(field), values.join(","))
            }
            Test::Repeats(true) => format!("{field}@repeats"),
            Test::Repeats(false) => format!("!{field}@repeats"),
            Test::HasTime if field == self.own => "@has-time".to_owned(),
            Test::HasTime => return None,
        })
    }

    /// What a coded field is compared by.
    fn first_part(&self, field: &str) -> String {
        let kind = self.types.get(field).map_or("", String::as_str);
        if SIMPLE.contains(&kind) {
            field.to_owned()
        } else {
            format!("{field}.1")
        }
    }

    fn word(&mut self, expected: &str) -> bool {
        match self.tokens {
            [Token::Word(word), rest @ ..] if word == expected => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

enum Test {
    Valued(bool),
    In(bool, Vec<String>),
    Repeats(bool),
    HasTime,
}

fn tokens(text: &str, own: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let (value, after) = inner.split_once(first).unwrap_or((inner, ""));
                (Some(Token::Text(value.trim().to_owned())), after)
            }
            ',' => (None, rest.get(1..).unwrap_or_default()),
            '(' | ')' | '=' => (
                Some(Token::Word(first.to_string())),
                rest.get(1..).unwrap_or_default(),
            ),
            _ => {
                let end = rest
                    .find(|letter: char| letter.is_whitespace() || "(),=\"'".contains(letter))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Some(word_token(word, own)), after)
            }
        };
        tokens.extend(token);
        rest = after.trim_start();
    }
    tokens
}

fn word_token(word: &str, own: &str) -> Token {
    if let Some((head, tail)) = word.split_once(['-', '.']) {
        let is_name = (2..=3).contains(&head.len())
            && head
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
        if is_name
            && tail
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == '.')
        {
            return Token::Field(field_name(head, tail, own));
        }
    }
    Token::Word(word.to_ascii_uppercase())
}

/// A field is `PID-3`, a part of a data type `3`, and in a segment's table that part of the row's own field.
fn field_name(head: &str, tail: &str, own: &str) -> String {
    if super::is_segment(head) {
        format!("{head}-{tail}")
    } else if own.contains('-') {
        format!("{own}.{tail}")
    } else {
        tail.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, own: &str, expected: &str) {
        let types = FieldTypes::from([("PRT-2".to_owned(), "CNE".to_owned())]);
        let found = translate(text, own, &types);
        assert_eq!(
            found.as_deref().unwrap_or("cannot be computed"),
            expected,
            "{text}"
        );
    }

    #[test]
    fn conditions_are_said_in_our_words() {
        check("IF PV1-45 NOT VALUED", "PV1-2", "!PV1-45");
        check("IF PRT-2 IS \"D\"", "PRT-3", "PRT-2.1=D");
        check("IF PRT-5 OR PRT-6 IS VALUED", "PRT-3", "PRT-5 | PRT-6");
        check("IF PL.1 AND PL.2 NOT VALUED", "3", "!1 & !2");
        check(
            "IF OBX-2 EQUALS \"SN\" AND OBX-5.3 NOT IN (\":\", \"/\")",
            "OBX-5",
            "OBX-2=SN & OBX-5.3!=:,/",
        );
        check("IF CWE.3 IS \"HL70276\"", "SCH-7", "SCH-7.3=HL70276");
        check("IF OBX-33 COUNT>1", "OBX-33", "OBX-33@repeats");
        check(
            "IF NOT VALUED OR NOT IN (\"ISO\", \"UUID\")",
            "3",
            "!3 | 3!=ISO,UUID",
        );
        check(
            "IF RXO-2 IS VALUED AND (IF RXO-4.1 IS VALUED OR RXO-4.3 IS VALUED)",
            "RXO-2",
            "RXO-2 & RXO-4.1 | RXO-2 & RXO-4.3",
        );
        check("IF a nurse says so", "PID-1", "cannot be computed");
    }
}
