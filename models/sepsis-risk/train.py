"""Trains, cross-validates, exports and evaluates the sepsis risk model; README.md says how."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import lightgbm
import numpy as np

import calibration
import export
import features
import measures
import stays as reading

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "target" / "sepsis-risk"
BUCKETS = range(8)

# Chosen on the cross-validation of buckets 0 to 7; few values were tried, since each trial uses them up a little.
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 16,
    "min_data_in_leaf": 300,
    "feature_fraction": 0.15,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 1,
    "verbosity": -1,
}
TREES = 400

# Two models are trained and the mean of their scores is what counts. What an alert is worth more than 12 hours before onset sets them
# apart. To the challenge it is a false alarm; to who is called it is right about the patient. Each way alone finds fewer patients among
# as few alerts than both together. Of the stays without sepsis one of `thin` is trained on, and stands for the others.
MEMBERS = ({"thin": 1, "early": measures.FALSE_ALARM}, {"thin": 3, "early": 0.05})

# The ablations compare sets of features with one another, by fewer trees of fewer stays.
ABLATION = {"trees": 200, "members": ({"thin": 4, "early": measures.FALSE_ALARM},), "parameters": PARAMETERS | {"learning_rate": 0.06}}

SETS = {
    "full": lambda name: True,
    "without-clock": lambda name: name not in features.CLOCK,
    "without-pattern": lambda name: not features.pattern(name),
    "values-only": lambda name: not features.pattern(name) and name not in features.CLOCK,
    "clock-only": lambda name: name in features.CLOCK,
}


def chosen(which):
    return [name for name in features.names() if SETS[which](name)]


def table(data):
    """The stays and all features, computed once and kept under target/."""
    CACHE.mkdir(parents=True, exist_ok=True)
    cohort = reading.read(data)
    kept, listed = CACHE / "features.npy", CACHE / "features.json"
    names = features.names()
    stamp = [names, len(cohort), (HERE / "features.py").read_text(), (HERE / "variables.tsv").read_text()]
    if not listed.exists() or json.loads(listed.read_text()) != stamp:
        np.save(kept, features.matrix(cohort, names))
        listed.write_text(json.dumps(stamp))
    return cohort, names, np.load(kept, mmap_mode="r")


def dataset(cohort, names, rows, wanted, parameters, thin, early):
    """Labels and weights are the challenge's utility: what alerting gains at this hour, and how much; but for hours of septic
    stays that are earlier than it counts, where it is `early`."""
    alert, silent = measures.gains(cohort)
    septic = cohort.septic[cohort.stay]
    before = septic & (cohort.row < cohort.onset[cohort.stay] + measures.EARLY)
    gain = np.where(before, early, alert - silent) * np.where(septic, 1, thin)
    used = (gain != 0) & (septic | (cohort.stay % thin == 0))
    places = [names.index(name) for name in wanted]
    part = np.ascontiguousarray(rows[np.flatnonzero(used)][:, places])
    data = lightgbm.Dataset(part, (gain[used] > 0).astype(int), weight=np.abs(gain[used]), feature_name=wanted,
                            params=parameters, free_raw_data=True)
    data.construct()
    return data, np.cumsum(used) - 1, used


def fit(data, chosen_rows, parameters, trees):
    part = data if chosen_rows is None else data.subset(chosen_rows)
    return lightgbm.train(parameters, part, trees)


def cross_validate(cohort, names, rows, which, parameters, trees, folds=BUCKETS, members=MEMBERS):
    """Scores of each patient by a model that has not seen the patient: one model for each bucket, trained on the other seven."""
    wanted = chosen(which)
    places = [names.index(name) for name in wanted]
    bucket = cohort.bucket()[cohort.stay]
    scores = np.where(np.isin(bucket, list(folds)), 0.0, np.nan)
    for number, member in enumerate(members):
        data, position, used = dataset(cohort, names, rows, wanted, parameters, **member)
        for fold in folds:
            began = time.time()
            train = position[used & (bucket != fold)]
            held = np.flatnonzero(bucket == fold)
            test = np.ascontiguousarray(rows[held][:, places])
            scores[held] += fit(data, train, parameters, trees).predict(test, raw_score=True, num_threads=1) / len(members)
            print(f"{which} member {number} fold {fold}: {time.time() - began:.0f} s", file=sys.stderr, flush=True)
    return scores


def judged(cohort, scores):
    """The hours at which an alert is worth it; the threshold that judges a bucket is chosen on the other buckets."""
    of_row = cohort.bucket()[cohort.stay]
    alerts = np.zeros(len(cohort), dtype=bool)
    for fold in np.unique(of_row):
        own = of_row == fold
        alerts[own] = scores[own] >= measures.best_threshold(cohort, scores, ~own)
    return alerts


def report(cohort, scores, target):
    """All measures of held-out scores. What judges a bucket (thresholds, persistence, calibration) is chosen on the others."""
    bucket = cohort.bucket()
    alerts = judged(cohort, scores)
    probabilities = np.zeros(len(cohort))
    found, loud = [], []
    utility = {}
    for fold in np.unique(bucket):
        own = (bucket == fold)[cohort.stay]
        knots = calibration.isotonic(scores[~own], cohort.labels[~own])
        probabilities[own] = calibration.apply(knots, scores[own])
        apart, rest = cohort.only(bucket == fold), cohort.only(bucket != fold)
        utility[int(fold)] = measures.utility(apart, alerts[own])
        policy = calibration.policy(rest, scores[~own], target)
        places = np.flatnonzero(bucket == fold)
        for into, how in ((found, policy), (loud, {name: policy[name] for name in ("on", "persistence")})):
            edges = measures.edges(apart, scores[own], **how)
            edges[:, 0] = places[edges[:, 0]]
            into.append(edges)
    labels = cohort.labels
    return {
        "stays": len(cohort.ids), "septic": int(cohort.septic.sum()), "hours": len(cohort),
        "utility": measures.utility(cohort, alerts), "utility_by_bucket": utility,
        "auroc": measures.auroc(labels, scores), "auprc": measures.auprc(labels, scores),
        "calibration_error": measures.calibration_error(labels, probabilities),
        "policy": measures.alerting(cohort, np.concatenate(found)),
        "without_hysteresis": measures.alerting(cohort, np.concatenate(loud)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=HERE.parents[2] / "shared/clinical-data/physionet2019/setB_train.csv.gz",
                        help="a folder of PSV files, or one CSV with a column pid")
    parser.add_argument("--out", default=HERE, type=Path, help="where the model and its tables are written")
    parser.add_argument("--tests", type=Path, default=HERE.parents[1] / "crates/workloads/tests/data/risk",
                        help="where what the Rust side is held against is written")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="compute and keep the features")
    commands.add_parser("all", help="cross-validate, fit, calibrate and write the vectors: what repeats the committed files")
    validate = commands.add_parser("cross-validate", help="held-out scores and their measures, for one set of features")
    validate.add_argument("--features", choices=SETS, default="full")
    validate.add_argument("--set", action="append", default=[], help="NAME=VALUE, a parameter tried instead")
    validate.add_argument("--trees", type=int, default=TREES)
    validate.add_argument("--folds", default="01234567", help="some of the buckets now; scores of others are kept from before")
    validate.add_argument("--name", default=None, help="under which scores and measures are kept, if not that of the features")
    commands.add_parser("ablations", help="what the model is worth without some of its features, by a smaller cross-validation")
    commands.add_parser("fit", help="train on all buckets and write the model")
    commands.add_parser("calibrate", help="write the model's calibration, policy and reference, from the held-out scores")
    commands.add_parser("vectors", help="write what the Rust side is held against")
    hard = commands.add_parser("score-hard-rows", help="print LightGBM's scores of rows drawn from a seed, for the Rust test")
    hard.add_argument("--rows", type=int, default=export.ROWS)
    hard.add_argument("--seed", type=int, required=True)
    real = commands.add_parser("sample", help="write the first real stays and their features under a build folder, for the Rust test")
    real.add_argument("folder", type=Path)
    real.add_argument("--stays", type=int, default=200)
    evaluate = commands.add_parser("evaluate", help="measure the written model on stays it has not seen")
    evaluate.add_argument("folder", help="a folder of PSV files, or one CSV with a column pid")
    arguments = parser.parse_args()
    {"prepare": prepare, "all": everything, "cross-validate": validated, "ablations": ablations, "fit": fitted, "calibrate": calibrated,
     "vectors": vectors, "score-hard-rows": hard_rows, "sample": sample, "evaluate": evaluated}[arguments.command](arguments)


def prepare(arguments):
    cohort, names, rows = table(arguments.data)
    print(len(cohort.ids), "stays,", len(cohort), "hours,", len(names), "features,", int(cohort.septic.sum()), "septic")


def everything(arguments):
    for command in (["cross-validate"], ["fit"], ["calibrate"], ["vectors"]):
        subprocess.run([sys.executable, __file__, "--data", arguments.data, "--out", arguments.out, "--tests", arguments.tests, *command],
                       check=True)


def validated(arguments):
    cohort, names, rows = table(arguments.data)
    given = dict(pair.split("=", 1) for pair in arguments.set)
    parameters = PARAMETERS | {name: float(value) if "." in value else int(value) for name, value in given.items()}
    folds = [int(fold) for fold in arguments.folds]
    name = arguments.name or arguments.features
    kept = CACHE / f"scores-{name}.npy"
    scores = cross_validate(cohort, names, rows, arguments.features, parameters, arguments.trees, folds)
    if kept.exists():
        scores = np.where(np.isnan(scores), np.load(kept), scores)
    np.save(kept, scores)
    done = ~np.isnan(scores[cohort.starts])
    measured = report(cohort.only(done), scores[done[cohort.stay]], calibration.TARGET)
    (CACHE / f"report-{name}.json").write_text(json.dumps(measured, indent=1))
    print(json.dumps(measured, indent=1))


def ablations(arguments):
    cohort, names, rows = table(arguments.data)
    print("features\tnumber\tutility\tAUROC\tAUPRC", flush=True)
    for which in SETS:
        scores = cross_validate(cohort, names, rows, which, ABLATION["parameters"], ABLATION["trees"], members=ABLATION["members"])
        worth = measures.utility(cohort, judged(cohort, scores)), measures.auroc(cohort.labels, scores), measures.auprc(cohort.labels, scores)
        print(which, len(chosen(which)), *(f"{value:.3f}" for value in worth), sep="\t", flush=True)


def fitted(arguments):
    cohort, names, rows = table(arguments.data)
    models = []
    for member in MEMBERS:
        data, _, _ = dataset(cohort, names, rows, chosen("full"), PARAMETERS, **member)
        models.append(fit(data, None, PARAMETERS, TREES).model_to_string())
    (arguments.out / "model.lgb.txt").write_text(export.joined(models))


def calibrated(arguments):
    cohort, names, rows = table(arguments.data)
    held_out = CACHE / "scores-full.npy"
    scores = np.load(held_out) if held_out.exists() else np.array([np.nan])
    if np.isnan(scores).any():
        raise SystemExit("run `train.py cross-validate` first: calibration and thresholds rest on its held-out scores")
    export.tables(arguments.out, cohort, rows, names, scores)


def vectors(arguments):
    export.vectors(arguments.out, arguments.tests)


def hard_rows(arguments):
    for score in export.scored(arguments.out / "model.lgb.txt", arguments.rows, arguments.seed):
        print(repr(float(score)))


def sample(arguments):
    export.sample(reading.read(arguments.data, arguments.stays), arguments.folder)


def evaluated(arguments):
    """Everything is as the model was written: nothing is fitted to these stays."""
    cohort = reading.read(arguments.folder)
    model, knots, policy = export.read(arguments.out)
    scores = model.predict(features.matrix(cohort, model.feature_name()), raw_score=True, num_threads=1)
    print(json.dumps({
        "stays": len(cohort.ids), "septic": int(cohort.septic.sum()), "hours": len(cohort),
        "utility": measures.utility(cohort, scores >= policy["utility"]),
        "auroc": measures.auroc(cohort.labels, scores), "auprc": measures.auprc(cohort.labels, scores),
        "calibration_error": measures.calibration_error(cohort.labels, calibration.apply(knots, scores)),
        "policy": measures.alerting(cohort, measures.edges(
            cohort, scores, policy["alert"], policy["clear"], policy["persistence_hours"], policy["refractory_hours"])),
        "without_hysteresis": measures.alerting(cohort, measures.edges(
            cohort, scores, policy["alert"], persistence=policy["persistence_hours"])),
    }, indent=1))


if __name__ == "__main__":
    main()
