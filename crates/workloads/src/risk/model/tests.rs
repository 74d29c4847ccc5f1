//! What a model file may be, and that damage to it is an error with a hint.

use proptest::prelude::*;

use super::*;

const SMALL: &str = "\
tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[0:1] [0:1]
tree_sizes=100 50

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=0.5 -1.5
decision_type=10 8
left_child=1 -1
right_child=-2 -3
leaf_value=1 2 4
leaf_weight=1 1 1
leaf_count=1 1 1
internal_value=0 0
internal_weight=0 0
internal_count=2 2
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
leaf_value=0.25
is_linear=0
shrinkage=1


end of trees

feature_importances:
a=1

parameters:
[boosting: gbdt]
end of parameters
";

fn refused(from: &str, to: &str) -> ModelError {
    assert!(SMALL.contains(from), "{from}");
    Model::parse(&SMALL.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn trees_are_walked_as_they_say() {
    let model = Model::parse(SMALL).unwrap();
    assert_eq!(
        (model.trees(), model.features().collect::<Vec<_>>()),
        (2, vec!["a", "b"])
    );
    let nan = f64::NAN;
    for (row, score) in [
        ([0.5, -1.5], 1.25),
        ([0.5, -1.4], 4.25),
        ([0.6, -9.0], 2.25),
        ([nan, -9.0], 1.25),
        ([nan, nan], 4.25),
        ([f64::NEG_INFINITY, f64::INFINITY], 4.25),
    ] {
        assert_eq!(model.score(&row), Some(score), "{row:?}");
    }
    let known = SMALL
        .replacen("threshold=0.5", "threshold=inf", 1)
        .replacen("=10 8", "=8 8", 1);
    let known = Model::parse(&known).unwrap();
    assert_eq!(known.score(&[f64::INFINITY, -2.0]), Some(1.25));
    assert_eq!(known.score(&[nan, -2.0]), Some(2.25));
    assert_eq!(model.score(&[0.5]), None);
    assert_eq!(model.score(&[0.5, 0.5, 0.5]), None);
    assert!((model.probability(0.0) - 0.5).abs() < 1e-15);
}

#[test]
fn what_is_no_such_model_is_refused_with_its_line_and_a_hint() {
    for (from, to, line, word) in [
        ("tree\nv", "forest\nv", 1, "save_model"),
        ("version=v4", "version=v3", 12, "`v4`"),
        ("num_class=1", "num_class=3", 3, "several classes"),
        ("max_feature_idx=1", "max_feature_idx=2", 12, "were said"),
        ("max_feature_idx=1", "max_feature_idx=-1", 12, "`-1`"),
        ("binary sigmoid:1", "regression", 12, "`regression`"),
        ("binary sigmoid:1", "binary sigmoid:0", 12, "not evaluated"),
        ("binary sigmoid:1", "binary sigmoid:nan", 12, "`nan`"),
        (
            "feature_names=a b",
            "feature_names=a a",
            12,
            "`a` is there twice",
        ),
        ("label_index=0", "average_output", 5, "random forest"),
        ("label_index=0", "colour=blue", 5, "not expected"),
        ("label_index=0", "version=v4", 5, "twice"),
        ("tree_sizes=100 50", "tree_sizes=100", 39, "`tree_sizes`"),
        ("Tree=1", "Tree=2", 31, "`2`"),
        ("num_cat=0", "num_cat=1", 29, "categorical"),
        ("is_linear=0", "is_linear=1", 29, "linear"),
        ("num_leaves=3", "num_leaves=0", 29, "num_leaves"),
        ("split_feature=0 1", "split_feature=0 2", 29, "`2`"),
        ("threshold=0.5 -1.5", "threshold=0.5", 29, "1 values and 2"),
        ("threshold=0.5", "threshold=nan", 29, "`nan`"),
        ("decision_type=10", "decision_type=11", 29, "categorical"),
        ("decision_type=10", "decision_type=14", 29, "`14`"),
        ("left_child=1", "left_child=0", 29, "make a tree"),
        ("left_child=1", "left_child=7", 29, "make a tree"),
        ("right_child=-2", "right_child=-1", 29, "make a tree"),
        (
            "right_child=-2",
            "right_child=-2147483648",
            29,
            "make a tree",
        ),
        ("leaf_value=1 2 4", "leaf_value=1 2 NaN", 29, "`NaN`"),
        ("leaf_value=1 2 4\n", "", 28, "missing"),
        ("end of trees", "end of trees and more", 39, "not expected"),
    ] {
        let error = refused(from, to);
        let text = error.to_string();
        assert!(text.contains(word), "{from} -> {to}: {text}");
        assert_eq!(error.line, line, "{from} -> {to}: {text}");
    }
}

#[test]
fn a_file_that_was_cut_is_refused_wherever_it_was() {
    let end = SMALL.find("end of trees").unwrap();
    for cut in 0..end + "end of trees".len() {
        assert!(
            Model::parse(SMALL.get(..cut).unwrap()).is_err(),
            "cut at {cut}"
        );
    }
    assert!(Model::parse(SMALL.get(..end + "end of trees".len()).unwrap()).is_ok());
}

/// A model of so many trees of one leaf, features and leaves of the first tree, all in a row.
fn sized(trees: usize, features: usize, leaves: usize) -> String {
    let join = |items: Vec<String>| items.join(" ");
    let names = join((0..features).map(|place| format!("f{place}")).collect());
    let last = features - 1;
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={last}\n\
         objective=binary sigmoid:1\nfeature_names={names}\nfeature_infos=none\ntree_sizes={}\n\n",
        join(vec!["9".to_owned(); trees])
    );
    for tree in 0..trees {
        let leaves = if tree == 0 { leaves } else { 1 };
        let inner = leaves - 1;
        let right = (1..=inner).map(|place| {
            if place < inner {
                place.to_string()
            } else {
                format!("-{leaves}")
            }
        });
        let left = (1..=inner).map(|place| format!("-{place}"));
        text.push_str(&format!(
            "Tree={tree}\nnum_leaves={leaves}\nnum_cat=0\nsplit_feature={}\nthreshold={}\ndecision_type={}\n\
             left_child={}\nright_child={}\nleaf_value={}\n\n",
            join(vec!["0".to_owned(); inner]),
            join((0..inner).map(|place| place.to_string()).collect()),
            join(vec!["8".to_owned(); inner]),
            join(left.collect()),
            join(right.collect()),
            join((0..leaves).map(|place| place.to_string()).collect()),
        ));
    }
    text + "end of trees\n"
}

#[test]
fn limits_hold_at_the_limit_and_not_above() {
    for (trees, features, leaves, holds) in [
        (MAX_TREES - 1, 1, 1, true),
        (MAX_TREES, 1, 1, true),
        (MAX_TREES + 1, 1, 1, false),
        (1, MAX_FEATURES - 1, 1, true),
        (1, MAX_FEATURES, 1, true),
        (1, MAX_FEATURES + 1, 1, false),
        (1, 1, MAX_LEAVES - 1, true),
        (1, 1, MAX_LEAVES, true),
        (1, 1, MAX_LEAVES + 1, false),
    ] {
        let model = Model::parse(&sized(trees, features, leaves));
        assert_eq!(model.is_ok(), holds, "{trees} {features} {leaves}");
        if let Err(error) = model {
            assert!(matches!(error.problem, Problem::TooLong(..)), "{error}");
        }
    }
    let model = Model::parse(&sized(1, 1, MAX_LEAVES)).unwrap();
    assert_eq!(model.score(&[32.5]), Some(33.0));
    for (bytes, holds) in [
        (MAX_FILE_BYTES - 1, true),
        (MAX_FILE_BYTES, true),
        (MAX_FILE_BYTES + 1, false),
    ] {
        let text = format!("{SMALL}{}", " ".repeat(bytes - SMALL.len()));
        assert_eq!(Model::parse(&text).is_ok(), holds, "{bytes}");
    }
}

proptest! {
    #[test]
    fn damage_is_an_error_or_another_model_and_never_a_panic(
        place in 0..SMALL.len(), with in "[ -~\n]{0,6}", length in 0..40_usize, row in prop::array::uniform2(any::<f64>()),
    ) {
        let end = (place + length).min(SMALL.len());
        let text = format!("{}{with}{}", SMALL.get(..place).unwrap(), SMALL.get(end..).unwrap());
        if let Ok(model) = Model::parse(&text) {
            let wanted = model.features().len() == row.len();
            prop_assert_eq!(model.score(&row).is_some(), wanted);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        prop_assert!(Model::parse(&text).is_err());
    }
}
