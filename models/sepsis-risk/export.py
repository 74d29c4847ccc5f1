"""Writes the model and its tables, and what the Rust side is held against."""

import lightgbm
import numpy as np

import calibration
import features
import measures
import stays as reading

EDGES = 9
ROWS = 5_000
# How trees came about; scores do without.
HISTORY = ("split_gain", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count")


def joined(models):
    """One model file whose score is the mean of what several say, without what scores do without: LightGBM reads it."""
    parts = [text[: text.index("end of trees")].split("Tree=") for text in models]
    trees = []
    for tree in (tree for part in parts for tree in part[1:]):
        lines = [f"Tree={len(trees)}", *tree.rstrip().splitlines()[1:]]
        trees.append("\n".join(shared(line, len(models)) for line in lines if line.partition("=")[0] not in HISTORY) + "\n\n\n")
    sizes = "tree_sizes=" + " ".join(str(len(tree)) for tree in trees)
    head = [sizes if line.startswith("tree_sizes=") else line for line in parts[0][0].splitlines()]
    return "\n".join(head) + "\n" + "".join(trees) + "end of trees\n"


def shared(line, models):
    """A line of a tree that is one of several models': its leaves say their share."""
    key, _, values = line.partition("=")
    if key != "leaf_value":
        return line
    return key + "=" + " ".join(repr(float(value) / models) for value in values.split())


def tables(out, cohort, rows, wanted, scores):
    """What belongs to a model: calibration and thresholds from scores of stays that were held out, and how features were."""
    knots = calibration.isotonic(scores, cohort.labels)
    write_table(out / "calibration.tsv", "score\tprobability that the label is on: onset at most 6 hours away, or past",
                ([f"{at:.6f}", f"{share:.6f}"] for at, share in knots))
    policy = calibration.policy(cohort, scores, calibration.TARGET)
    write_table(out / "policy.tsv", "name\tvalue, of raw scores; chosen on held-out scores of buckets 0 to 7 (calibration.py)", [
        ["alert", f"{policy['on']:.6f}"], ["clear", f"{policy['off']:.6f}"], ["persistence_hours", str(policy["persistence"])],
        ["refractory_hours", str(policy["refractory"])],
        ["utility", f"{measures.best_threshold(cohort, scores):.6f}"]])
    write_table(out / "reference.tsv", "feature\tmissing\tedges between bins\tshare of each bin",
                (distribution(name, rows[:, place]) for place, name in enumerate(wanted)))


def write_table(path, title, lines):
    path.write_text("".join("\t".join(line) + "\n" for line in [["# " + title], *lines]))


def distribution(name, column):
    """Tenths of the values of a feature; where many are equal there are fewer bins."""
    known = column[~np.isnan(column)]
    edges = np.unique([float(f"{edge:.5g}") for edge in np.quantile(known, np.linspace(0, 1, EDGES + 2)[1:-1])])
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1) / len(column)
    return [name, f"{1 - len(known) / len(column):.5f}", " ".join(f"{e:g}" for e in edges), " ".join(f"{s:.5f}" for s in counts)]


def read(out):
    model = lightgbm.Booster(model_file=out / "model.lgb.txt")
    rows = lambda name: [line.split("\t") for line in (out / name).read_text().splitlines() if not line.startswith("#")]
    knots = np.array([[float(cell) for cell in row] for row in rows("calibration.tsv")])
    return model, knots, {name: float(value) for name, value in rows("policy.tsv")}


def mixed(numbers):
    """SplitMix64 of 64-bit numbers; the Rust test draws the same."""
    z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def hard_rows(text, count, seed):
    """Rows of what a split may trip over: its very threshold, the next number, zeros, infinities, and nothing."""
    width = int(next(line for line in text.splitlines() if line.startswith("max_feature_idx=")).split("=")[1]) + 1
    found = [[] for _ in range(width)]
    split = None
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "split_feature":
            split = [int(word) for word in value.split()]
        elif key == "threshold":
            for feature, threshold in zip(split, value.split()):
                found[feature].append(float(threshold))
    tiny = float(np.float32(1e-35))
    always = [0.0, -0.0, tiny, -tiny, np.nextafter(tiny, 1), np.nextafter(-tiny, -1), 1e300, -1e300, np.inf, -np.inf]
    table = np.empty((count, width))
    for feature, thresholds in enumerate(found):
        ordered = sorted(set(thresholds))
        values = np.array(always + ordered + [float(np.nextafter(value, np.inf)) for value in ordered])
        drawn = mixed(np.uint64(seed) + np.arange(count, dtype=np.uint64) * np.uint64(4096) + np.uint64(feature))
        picked = values[(drawn & np.uint64(0xFFFFFFFF)) % np.uint64(len(values))]
        table[:, feature] = np.where((drawn >> np.uint64(32)) % np.uint64(3) == 0, np.nan, picked)
    return table


def scored(path, count, seed):
    model = lightgbm.Booster(model_file=path)
    return model.predict(hard_rows(path.read_text(), count, seed), raw_score=True, num_threads=1)


def vectors(out, tests):
    """Scores of hard rows by LightGBM, small models of the other kinds of missing, and a stay with its features."""
    tests.mkdir(parents=True, exist_ok=True)
    small_models(tests)
    for path in [out / "model.lgb.txt", *sorted(tests.glob("*.lgb.txt"))]:
        count = ROWS if path.parent == out else 1000
        lines = "".join(f"{score:.12g}\n" for score in scored(path, count, 1))
        (tests / path.name.replace(".lgb.txt", ".scores")).write_text(lines)
    cohort = synthetic()
    names = features.names()
    write_stays(tests / "stays.tsv", cohort)
    table = features.matrix(cohort, names)
    shown = np.flatnonzero(cohort.row % 9 == 8)
    write_table(tests / "features.tsv", "row of stays.tsv\t" + "\t".join(names),
                ([str(row), *(shortest(value) for value in table[row])] for row in shown))


def shortest(value):
    return "" if np.isnan(value) else repr(float(value)).removesuffix(".0")


def small_models(tests):
    """Models that treat zero, or nothing, as missing, and one whose trees are single leaves."""
    draw = np.random.default_rng(7)
    rows = np.round(draw.normal(size=(600, 4)), 1)
    labels = (rows[:, 0] * rows[:, 1] + (rows[:, 2] == 0) + draw.normal(size=600) > 0.3).astype(int)
    base = {"objective": "binary", "num_leaves": 7, "num_threads": 1, "deterministic": True, "verbosity": -1, "seed": 1}
    holes = np.where(draw.random(rows.shape) < 0.2, np.nan, rows)
    for name, table, how in [
        ("zero", rows, {"zero_as_missing": True}), ("none", rows, {}), ("nan", holes, {}),
        ("leaf", rows, {"min_data_in_leaf": 400}), ("slope", holes, {"sigmoid": 0.5, "boost_from_average": False})]:
        parameters = base | how
        data = lightgbm.Dataset(table, labels, params=parameters)
        lightgbm.train(parameters, data, 5).save_model(tests / f"{name}.lgb.txt")


def synthetic():
    """Two invented stays: nobody's, so that they may lie in the project."""
    draw = np.random.default_rng(3)
    lengths = [75, 40]
    total = sum(lengths)
    columns = {}
    for row in reading.variables():
        middle, spread = (row["least"] + min(row["most"], 40 * max(row["least"], 0.5))) / 2, max(row["least"], 0.5)
        share = 0.7 if row["kind"] == "vital" else 0.12
        values = np.round(middle + spread * draw.normal(size=total), 2)
        columns[row["word"]] = np.where(draw.random(total) < share, values, np.nan)
    hours = np.concatenate([np.arange(1.0, length + 1) for length in lengths])
    columns |= {"Age": np.repeat([71.0, 48.5], lengths), "Gender": np.repeat([1.0, 0.0], lengths),
                "Unit1": np.full(total, np.nan), "HospAdmTime": np.repeat([-5.25, -0.02], lengths), "ICULOS": hours}
    return reading.Stays(["one", "two"], lengths, columns, np.zeros(total, dtype=int))


def write_stays(path, cohort):
    names = [row["word"] for row in reading.variables()] + ["Age", "Gender", "HospAdmTime", "ICULOS"]
    write_table(path, "stay\t" + "\t".join(names), (
        [cohort.ids[cohort.stay[row]], *(shortest(cohort.columns[name][row]) for name in names)]
        for row in range(len(cohort))))


def sample(cohort, folder):
    """Real stays and their features for the Rust test to stream; they stay in a build folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_stays(folder / "stays.tsv", cohort)
    table = features.matrix(cohort, features.names())
    (folder / "features.f64").write_bytes(table.astype("<f8").tobytes())
    (folder / "names.txt").write_text("\n".join(features.names()))
    print(len(cohort.ids), "stays,", len(cohort), "hours")
