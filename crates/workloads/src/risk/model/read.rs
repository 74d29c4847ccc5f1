//! Reads LightGBM's text format strictly: what is not understood is refused, since a score from half a model looks like one.

use super::tree::{Arrays, Columns};
use super::{MAX_FEATURES, MAX_FILE_BYTES, MAX_LEAVES, MAX_TREES, Model};

/// Why a model file was refused, and at which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the model file: {problem}")]
pub struct ModelError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a model file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is longer than a model may be.
    #[error("the file is larger than {MAX_FILE_BYTES} bytes: train with fewer trees or leaves")]
    TooLarge,
    /// It does not begin as a model does.
    #[error("it does not begin with `tree`: give the file that LightGBM's `save_model` wrote")]
    NoModel,
    /// It is of another version of the format.
    #[error("version `{0}` is not known: save the model with LightGBM 4, which writes `v4`")]
    Version(Box<str>),
    /// It is a kind of model that is not evaluated here.
    #[error(
        "{0} is not evaluated here: train one binary objective with numerical features, plain boosting and constant leaves"
    )]
    Unsupported(Box<str>),
    /// A split is by category.
    #[error("a split is categorical: train with numerical features")]
    Categorical,
    /// A line is not of the format.
    #[error("`{0}` is not expected here: save the model again, without changing it")]
    Unexpected(Box<str>),
    /// A line that must be there is not.
    #[error("`{0}` is missing before this line: save the model again, without changing it")]
    Missing(&'static str),
    /// A line is there twice.
    #[error("`{0}` is there twice: save the model again, without changing it")]
    Twice(&'static str),
    /// A value is not a number that may stand there.
    #[error("`{1}` cannot be a value of `{0}`: save the model again, without changing it")]
    Number(&'static str, Box<str>),
    /// A list has not the length that others say.
    #[error("`{0}` has {1} values and {2} were said: save the model again, without changing it")]
    Length(&'static str, usize, usize),
    /// Something is more than a model may have.
    #[error("there are more than {1} {0}: train a smaller model")]
    TooLong(&'static str, usize),
    /// Two features have one name.
    #[error("the feature `{0}` is there twice: give each feature a name of its own")]
    SameName(Box<str>),
    /// The nodes do not make a tree.
    #[error(
        "the children of this tree do not make a tree: save the model again, without changing it"
    )]
    NoTree,
    /// The file ends before the model does.
    #[error("the file ends before `end of trees`: copy it whole")]
    Truncated,
}

/// Lines with their number; the last one read is where an error is.
struct Lines<'a> {
    rest: std::str::Lines<'a>,
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.line += 1;
        self.rest.next()
    }

    fn filled(&mut self) -> Option<&'a str> {
        loop {
            match self.next() {
                Some("") => {}
                other => return other,
            }
        }
    }
}

/// Reads a model.
pub(super) fn model(text: &str) -> Result<Model, ModelError> {
    let mut lines = Lines {
        rest: text.lines(),
        line: 0,
    };
    read(text.len(), &mut lines).map_err(|problem| ModelError {
        line: lines.line.max(1),
        problem,
    })
}

fn read(bytes: usize, lines: &mut Lines<'_>) -> Result<Model, Problem> {
    if bytes > MAX_FILE_BYTES {
        return Err(Problem::TooLarge);
    }
    let header = Header::read(lines)?;
    let mut model = Model {
        features: header.features,
        columns: Vec::new(),
        trees: Vec::new(),
        leaves: Vec::new(),
        sigmoid: header.sigmoid,
    };
    let mut columns = Columns::default();
    let mut next = header.first;
    while let Some(number) = next.strip_prefix("Tree=") {
        if number.parse() != Ok(model.trees.len()) {
            return Err(Problem::Number("Tree", number.into()));
        }
        if model.trees.len() == MAX_TREES {
            return Err(Problem::TooLong("trees", MAX_TREES));
        }
        let place = |length| {
            u32::try_from(length).map_err(|_| Problem::TooLong("leaves", u32::MAX as usize))
        };
        let first = place(model.leaves.len())?;
        let number =
            u16::try_from(model.trees.len()).map_err(|_| Problem::TooLong("trees", MAX_TREES))?;
        tree(lines, model.features.len())?.add(number, &mut columns, &mut model.leaves)?;
        model.trees.push(first);
        next = lines.filled().ok_or(Problem::Truncated)?;
    }
    if next != "end of trees" {
        return Err(Problem::Unexpected(shown(next)));
    }
    if model.trees.len() != header.trees {
        return Err(Problem::Length(
            "tree_sizes",
            header.trees,
            model.trees.len(),
        ));
    }
    model.columns = columns.finish();
    Ok(model)
}

/// What stands before the trees.
struct Header<'a> {
    features: Vec<Box<str>>,
    sigmoid: f64,
    trees: usize,
    /// The line after it.
    first: &'a str,
}

impl<'a> Header<'a> {
    fn read(lines: &mut Lines<'a>) -> Result<Self, Problem> {
        if lines.next() != Some("tree") {
            return Err(Problem::NoModel);
        }
        let (mut version, mut last, mut objective) = (None, None, None);
        let (mut names, mut sizes) = (None, None);
        let first = loop {
            let line = lines.filled().ok_or(Problem::Truncated)?;
            let Some((key, value)) = line.split_once('=') else {
                match line {
                    "average_output" => return Err(Problem::Unsupported("a random forest".into())),
                    "end of trees" => break line,
                    _ => return Err(Problem::Unexpected(shown(line))),
                }
            };
            match key {
                "Tree" => break line,
                "version" => once("version", &mut version, value)?,
                "num_class" | "num_tree_per_iteration" if value == "1" => {}
                "num_class" | "num_tree_per_iteration" => {
                    return Err(Problem::Unsupported("a model of several classes".into()));
                }
                "max_feature_idx" => once("max_feature_idx", &mut last, value)?,
                "objective" => once("objective", &mut objective, value)?,
                "feature_names" => once("feature_names", &mut names, value)?,
                "tree_sizes" => once("tree_sizes", &mut sizes, value)?,
                "label_index" | "feature_infos" | "monotone_constraints" => {}
                _ => return Err(Problem::Unexpected(shown(line))),
            }
        };
        match version.ok_or(Problem::Missing("version"))? {
            "v4" => {}
            other => return Err(Problem::Version(shown(other))),
        }
        let names = names.ok_or(Problem::Missing("feature_names"))?;
        let last = number(
            "max_feature_idx",
            last.ok_or(Problem::Missing("max_feature_idx"))?,
        )?;
        let sizes = sizes.ok_or(Problem::Missing("tree_sizes"))?;
        Ok(Self {
            features: features(names, last)?,
            sigmoid: sigmoid(objective.ok_or(Problem::Missing("objective"))?)?,
            trees: sizes.split_whitespace().count(),
            first,
        })
    }
}

fn features(names: &str, last: usize) -> Result<Vec<Box<str>>, Problem> {
    let names: Vec<Box<str>> = names
        .split(' ')
        .take(MAX_FEATURES + 1)
        .map(Into::into)
        .collect();
    if names.len() > MAX_FEATURES {
        return Err(Problem::TooLong("features", MAX_FEATURES));
    }
    if last.checked_add(1) != Some(names.len()) {
        return Err(Problem::Length(
            "feature_names",
            names.len(),
            last.saturating_add(1),
        ));
    }
    let mut sorted: Vec<&str> = names.iter().map(|name| &**name).collect();
    sorted.sort_unstable();
    if let Some([twice, _]) = sorted.array_windows().find(|[one, other]| one == other) {
        return Err(Problem::SameName(shown(twice)));
    }
    Ok(names)
}

/// Reads `binary sigmoid:1`.
fn sigmoid(objective: &str) -> Result<f64, Problem> {
    let unsupported =
        || Problem::Unsupported(format!("the objective `{}`", shown(objective)).into());
    let mut words = objective.split(' ');
    if words.next() != Some("binary") {
        return Err(unsupported());
    }
    let slope = words.next().and_then(|word| word.strip_prefix("sigmoid:"));
    let slope = slope
        .filter(|_| words.next().is_none())
        .ok_or_else(unsupported)?;
    finite("objective", slope).and_then(|slope| {
        if slope > 0.0 {
            Ok(slope)
        } else {
            Err(unsupported())
        }
    })
}

/// The lines of one tree, by their keys.
#[derive(Default)]
struct Fields<'a> {
    leaves: Option<&'a str>,
    categories: Option<&'a str>,
    features: Option<&'a str>,
    thresholds: Option<&'a str>,
    decisions: Option<&'a str>,
    left: Option<&'a str>,
    right: Option<&'a str>,
    values: Option<&'a str>,
    linear: Option<&'a str>,
}

/// Reads the lines after `Tree=`, up to the empty one.
fn tree(lines: &mut Lines<'_>, features: usize) -> Result<Arrays, Problem> {
    let mut fields = Fields::default();
    loop {
        let line = lines.next().ok_or(Problem::Truncated)?;
        if line.is_empty() {
            break;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| Problem::Unexpected(shown(line)))?;
        match key {
            "num_leaves" => once("num_leaves", &mut fields.leaves, value)?,
            "num_cat" => once("num_cat", &mut fields.categories, value)?,
            "split_feature" => once("split_feature", &mut fields.features, value)?,
            "threshold" => once("threshold", &mut fields.thresholds, value)?,
            "decision_type" => once("decision_type", &mut fields.decisions, value)?,
            "left_child" => once("left_child", &mut fields.left, value)?,
            "right_child" => once("right_child", &mut fields.right, value)?,
            "leaf_value" => once("leaf_value", &mut fields.values, value)?,
            "is_linear" => once("is_linear", &mut fields.linear, value)?,
            // How the tree came about; what the leaves say has it in already.
            "split_gain" | "leaf_weight" | "leaf_count" | "internal_value" | "internal_weight"
            | "internal_count" | "shrinkage" => {}
            _ => return Err(Problem::Unexpected(shown(line))),
        }
    }
    if fields.categories.is_some_and(|count| count != "0") {
        return Err(Problem::Categorical);
    }
    if fields.linear.is_some_and(|linear| linear != "0") {
        return Err(Problem::Unsupported("a tree with linear leaves".into()));
    }
    arrays(&fields, features)
}

fn arrays(fields: &Fields<'_>, features: usize) -> Result<Arrays, Problem> {
    let leaves: usize = number(
        "num_leaves",
        fields.leaves.ok_or(Problem::Missing("num_leaves"))?,
    )?;
    if leaves > MAX_LEAVES {
        return Err(Problem::TooLong("leaves in one tree", MAX_LEAVES));
    }
    let inner = leaves
        .checked_sub(1)
        .ok_or_else(|| Problem::Number("num_leaves", "0".into()))?;
    let feature = |key, word: &str| {
        let place: u16 = number(key, word)?;
        if usize::from(place) < features {
            Ok(place)
        } else {
            Err(Problem::Number(key, shown(word)))
        }
    };
    Ok(Arrays {
        features: list("split_feature", fields.features, inner, feature)?,
        thresholds: list("threshold", fields.thresholds, inner, threshold)?,
        decisions: list("decision_type", fields.decisions, inner, number)?,
        left: list("left_child", fields.left, inner, number)?,
        right: list("right_child", fields.right, inner, number)?,
        leaves: list("leaf_value", fields.values, leaves, finite)?,
    })
}

/// Reads a list of a known length; one of none may be left out.
fn list<T>(
    key: &'static str,
    text: Option<&str>,
    length: usize,
    read: impl Fn(&'static str, &str) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let text = match text {
        Some(text) => text,
        None if length == 0 => "",
        None => return Err(Problem::Missing(key)),
    };
    let words = || text.split_ascii_whitespace();
    if words().count() != length {
        return Err(Problem::Length(key, words().count(), length));
    }
    words().map(|word| read(key, word)).collect()
}

fn once<'a>(key: &'static str, slot: &mut Option<&'a str>, value: &'a str) -> Result<(), Problem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Problem::Twice(key)),
    }
}

fn number<T: std::str::FromStr>(key: &'static str, word: &str) -> Result<T, Problem> {
    word.parse()
        .map_err(|_: T::Err| Problem::Number(key, shown(word)))
}

/// Reads a threshold; one of infinity parts what is known from what is not.
fn threshold(key: &'static str, word: &str) -> Result<f64, Problem> {
    number(key, word).and_then(|value: f64| {
        if value.is_nan() {
            Err(Problem::Number(key, shown(word)))
        } else {
            Ok(value)
        }
    })
}

fn finite(key: &'static str, word: &str) -> Result<f64, Problem> {
    number(key, word).and_then(|value: f64| {
        if value.is_finite() {
            Ok(value)
        } else {
            Err(Problem::Number(key, shown(word)))
        }
    })
}

/// So much of a damaged line is shown.
const SHOWN: usize = 60;

fn shown(text: &str) -> Box<str> {
    text.chars().take(SHOWN).collect::<String>().into()
}
