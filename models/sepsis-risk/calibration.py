"""From scores to probabilities and alerts: isotonic knots, and thresholds within a budget of alerts."""

import numpy as np

import measures

# What an alert policy has to keep on held-out stays: at most so many rising edges a patient-day even without hysteresis, and so
# often right about the patient. Other stays vary around it, so a little more than half is asked.
TARGET = {"alerts_per_patient_day": 0.1, "patient_ppv": 0.51}
# A score that is high for one hour alone is more often chance than one that stays; how long it must stay is chosen.
PERSISTENCE_HOURS = (2, 3)
REFRACTORY_HOURS = 8
# How far below its threshold, in log-odds, a score must fall before another alert may be raised.
HYSTERESIS = 1.0
KNOTS = 48


def isotonic(scores, labels):
    """A non-decreasing map from score to probability: pooled adjacent violators, thinned to few knots to draw lines between."""
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, 2000)
    score = np.array([scores[part].mean() for part in parts])
    blocks = []
    for at, hits, count in zip(score, (labels[part].sum() for part in parts), map(len, parts)):
        blocks.append([at * count, hits, count])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last)]
    knots = np.array([[total / count, hits / count] for total, hits, count in blocks])
    if len(knots) > KNOTS:
        knots = knots[np.unique(np.linspace(0, len(knots) - 1, KNOTS).astype(int))]
    return knots


def apply(knots, scores):
    """The probability of a score: on the line between two knots, and that of the last one beyond."""
    return np.interp(scores, knots[:, 0], knots[:, 1])


def policy(cohort, scores, target):
    """The persistence and threshold that find the most septic stays and keep the target; with them hysteresis and a refractory
    time, which decide how often a stay is told of, not whether."""
    best = None
    for persistence in PERSISTENCE_HOURS:
        reached = measures.reached(cohort, scores, persistence)
        order = np.argsort(-reached, kind="stable")
        hits = np.cumsum(cohort.septic[order])
        right = hits / np.arange(1, len(order) + 1)
        for place in np.flatnonzero(right[:-1] >= target["patient_ppv"])[::-1]:
            on = float((reached[order[place]] + reached[order[place + 1]]) / 2)
            loud = measures.alerting(cohort, measures.edges(cohort, scores, on, persistence=persistence))
            if loud["alerts_per_patient_day"] <= target["alerts_per_patient_day"]:
                if best is None or hits[place] > best[0]:
                    best = hits[place], {"on": on, "off": on - HYSTERESIS, "persistence": persistence, "refractory": REFRACTORY_HOURS}
                break
    if best is None:
        raise SystemExit("no threshold keeps the target; see calibration.TARGET")
    return best[1]
