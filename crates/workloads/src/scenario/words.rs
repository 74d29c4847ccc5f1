//! The words of a line of a story: times, numbers, and what stands in quotes.

use super::story::ParseError;

const DAY: i64 = 24 * 60;

/// The words of a line; what stands in quotes is one.
pub(super) struct Words {
    line: usize,
    words: std::collections::VecDeque<String>,
}

impl Words {
    /// Takes the next word where it is this one.
    pub(super) fn follows(&mut self, word: &str) -> bool {
        self.words.pop_front_if(|next| next == word).is_some()
    }

    pub(super) fn new(line: &str, number: usize) -> Result<Self, ParseError> {
        let mut words = std::collections::VecDeque::new();
        for (place, part) in line.split('"').enumerate() {
            if place % 2 == 1 {
                words.push_back(format!("\"{part}\""));
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let words = Self {
            line: number,
            words,
        };
        if line.matches('"').count() % 2 == 1 {
            return Err(words.wrong("a quote is not closed"));
        }
        Ok(words)
    }

    pub(super) fn wrong(&self, what: &str) -> ParseError {
        ParseError {
            line: self.line,
            what: what.to_owned(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<String> {
        self.words.pop_front()
    }

    pub(super) fn need(&mut self, what: &str) -> Result<String, ParseError> {
        self.next()
            .ok_or_else(|| self.wrong(&format!("{what} is missing")))
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Result<N, ParseError> {
        let word = self.need("a number")?;
        word.parse()
            .map_err(|_| self.wrong(&format!("{word:?} is not a number")))
    }

    /// Takes a time at the front, with its day: `10:00` or `02:00 d+1`.
    pub(super) fn time(&mut self) -> Result<Option<i64>, ParseError> {
        let Some(minutes) = self.words.front().and_then(|word| minutes(word)) else {
            return Ok(None);
        };
        self.next();
        let days = match self.words.front().and_then(|word| word.strip_prefix("d+")) {
            Some(days) => days
                .parse::<i64>()
                .map_err(|_| self.wrong("a day is written d+1"))?,
            None => return Ok(Some(minutes)),
        };
        self.next();
        Ok(Some(days * DAY + minutes))
    }

    pub(super) fn need_time(&mut self) -> Result<i64, ParseError> {
        self.time()?.ok_or_else(|| self.wrong("a time is missing"))
    }

    pub(super) fn as_of(&mut self) -> Result<Option<i64>, ParseError> {
        if self.words.front().is_some_and(|word| word == "at") {
            self.next();
            return self.need_time().map(Some);
        }
        Ok(None)
    }

    /// Takes `arrives` and its time from the end.
    pub(super) fn arrival(&mut self) -> Result<Option<i64>, ParseError> {
        let Some(place) = self.words.iter().position(|word| word == "arrives") else {
            return Ok(None);
        };
        let mut tail = Self {
            line: self.line,
            words: self.words.split_off(place),
        };
        tail.next();
        let time = tail.need_time()?;
        match tail.next() {
            Some(word) => Err(self.wrong(&format!("{word:?} stands after the arrival"))),
            None => Ok(Some(time)),
        }
    }

    /// Takes a word, unless it is one of these.
    pub(super) fn value_unless(&mut self, keys: &[&str]) -> String {
        match self.words.front() {
            Some(word) if !keys.contains(&word.as_str()) => self.next().unwrap_or_default(),
            Some(_) | None => String::new(),
        }
    }

    /// Takes the word after this one, if this one is next.
    pub(super) fn after(&mut self, key: &str) -> Result<String, ParseError> {
        if self.words.front().is_some_and(|word| word == key) {
            self.next();
            return self.need(key);
        }
        Ok(String::new())
    }
}

fn minutes(word: &str) -> Option<i64> {
    let (hours, minutes) = word.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
