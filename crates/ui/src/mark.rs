//! Severities and states as a word, a shape and a colour, never a colour alone.

use askama::Template;
use askama::filters::HtmlSafe;

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Asks for nothing.
    None,
    /// Worth knowing.
    Low,
    /// To be looked at soon.
    Medium,
    /// Urgent.
    High,
    /// An emergency.
    Critical,
}

impl Severity {
    /// All of them, most severe first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::None,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.word() == word)
    }

    /// Gives its mark: word, shape and colour.
    pub(crate) const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::None => (Shape::Ring, "quiet"),
            Self::Low => (Shape::Disc, "low"),
            Self::Medium => (Shape::Square, "medium"),
            Self::High => (Shape::Triangle, "high"),
            Self::Critical => (Shape::Diamond, "critical"),
        };
        Mark {
            word: self.word(),
            shape,
            tone,
        }
    }
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody has taken it.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Its reason turned out not to be true.
    Retracted,
}

impl AlertState {
    /// All of them, in the order an alert passes through them.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::Acknowledged,
        Self::Resolved,
        Self::Retracted,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Retracted => "retracted",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Gives its mark: word, shape and colour.
    pub(crate) const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::Open => (Shape::Ring, "open"),
            Self::Acknowledged => (Shape::Half, "low"),
            Self::Resolved => (Shape::Check, "good"),
            Self::Retracted => (Shape::Cross, "quiet"),
        };
        Mark {
            word: self.word(),
            shape,
            tone,
        }
    }
}

/// How a part of the platform is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It runs and keeps up.
    Running,
    /// Nothing has come for it to do.
    Idle,
    /// It is switched off on purpose.
    Off,
    /// It runs and is behind.
    CatchingUp,
    /// It runs, and somebody should look.
    Degraded,
    /// It does not run.
    Stopped,
}

impl Health {
    /// All of them, best first.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Idle,
        Self::Off,
        Self::CatchingUp,
        Self::Degraded,
        Self::Stopped,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Idle => "idle",
            Self::Off => "off",
            Self::CatchingUp => "catching up",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
        }
    }

    /// Gives its mark: word, shape and colour.
    pub(crate) const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::Running => (Shape::Check, "good"),
            Self::Idle => (Shape::Ring, "quiet"),
            Self::Off => (Shape::Cross, "quiet"),
            Self::CatchingUp => (Shape::Half, "medium"),
            Self::Degraded => (Shape::Triangle, "high"),
            Self::Stopped => (Shape::Diamond, "critical"),
        };
        Mark {
            word: self.word(),
            shape,
            tone,
        }
    }

    pub(crate) const fn tone(self) -> &'static str {
        self.mark().tone
    }
}

/// A shape that tells marks apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Ring,
    Disc,
    Half,
    Square,
    Triangle,
    Diamond,
    Check,
    Cross,
}

impl Shape {
    /// Gives its path around the origin, within 6 either way.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Ring => "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
            Self::Disc => "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
            Self::Half => {
                "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0zM0-3.8a3.8 3.8 0 0 0 0 7.6z"
            }
            Self::Square => "M-4.5-4.5h9v9h-9z",
            Self::Triangle => "M0-5.5L5.5 4.5h-11z",
            Self::Diamond => "M0-6L6 0L0 6L-6 0z",
            Self::Check => "M-5 .5l3.5 3.5L5-3.5",
            Self::Cross => "M-4-4l8 8M4-4l-8 8",
        }
    }

    /// Says how the path is drawn.
    pub(crate) const fn drawn(self) -> &'static str {
        match self {
            Self::Ring | Self::Check | Self::Cross => "outline",
            Self::Disc | Self::Half | Self::Square | Self::Triangle | Self::Diamond => "solid",
        }
    }
}

/// A word with its shape and colour.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "part/mark.html")]
pub(crate) struct Mark {
    pub(crate) word: &'static str,
    pub(crate) shape: Shape,
    pub(crate) tone: &'static str,
}

impl HtmlSafe for Mark {}

impl Mark {
    /// Gives its shape alone, for beside words that say the same.
    pub(crate) const fn sign(self) -> Sign {
        Sign {
            shape: self.shape,
            tone: self.tone,
        }
    }
}

/// The shape of a mark without its word.
#[derive(Clone, Copy, Template)]
#[template(path = "part/sign.html")]
pub(crate) struct Sign {
    shape: Shape,
    tone: &'static str,
}

impl HtmlSafe for Sign {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_differ_in_shape_and_not_only_in_colour() {
        let shapes = Severity::ALL.map(|severity| severity.mark().shape.path());
        for (index, shape) in shapes.iter().enumerate() {
            assert!(!shapes[..index].contains(shape), "{shape} twice");
        }
    }

    #[test]
    fn states_read_back() {
        for state in AlertState::ALL {
            assert_eq!(AlertState::parse(state.word()), Some(state));
        }
        assert_eq!(AlertState::parse("Open"), None);
    }

    #[test]
    fn a_mark_is_a_word_and_a_shape() {
        let html = Severity::Critical.mark().to_string();
        assert!(html.contains("critical"), "{html}");
        assert!(html.contains("<path"), "{html}");
    }
}
