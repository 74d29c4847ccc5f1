"""The measures against an hour by hour reading of the published definition, and against its worked example."""

import unittest

import numpy as np

import calibration
import features
import measures
from stays import PERSON, Stays, variables


def stays(*labels):
    lengths = [len(row) for row in labels]
    columns = {row["word"]: np.full(sum(lengths), np.nan) for row in variables()}
    columns |= {name: np.concatenate([np.arange(1.0, n + 1) for n in lengths]) for name in PERSON}
    return Stays([f"s{i}" for i in range(len(labels))], lengths, columns, np.concatenate(labels).astype(int))


def by_hour(labels, alerts):
    """One stay's utility, as the challenge's text says it."""
    septic = any(labels)
    onset = labels.index(1) + 6 if septic else None
    total = 0.0
    for hour, alert in enumerate(alerts):
        if not septic:
            total += -0.05 if alert else 0.0
        elif hour <= onset - 6:
            total += max((hour - onset + 12) / 6, -0.05) if alert else 0.0
        elif hour <= onset + 3:
            total += (onset + 3 - hour) / 9 if alert else -2 * (hour - onset + 6) / 9
    return total


class Measures(unittest.TestCase):
    def test_the_worked_example_of_the_published_scorer(self):
        cohort = stays([0, 0, 0, 0, 1, 1])
        alert, silent = measures.gains(cohort)
        self.assertAlmostEqual(np.where([0, 0, 1, 1, 1, 1], alert, silent).sum(), 3.388888888888889, places=12)

    def test_utility_is_that_of_the_definition(self):
        draw = np.random.default_rng(1)
        for _ in range(300):
            labels = []
            for _ in range(4):
                row = [0] * int(draw.integers(1, 40))
                if draw.random() < 0.6:
                    first = int(draw.integers(0, len(row)))
                    row[first:] = [1] * (len(row) - first)
                labels.append(row)
            if not any(map(any, labels)):
                continue
            cohort = stays(*labels)
            alerts = draw.random(len(cohort)) < 0.4
            parts = np.split(alerts, cohort.starts[1:])
            wanted = sum(by_hour(a, list(b)) for a, b in zip(labels, parts))
            nothing = sum(by_hour(a, [0] * len(a)) for a in labels)
            top = 0.0
            for row in labels:
                onset = row.index(1) + 6 if any(row) else 10**9
                top += by_hour(row, [int(onset - 12 <= hour <= onset + 3) for hour in range(len(row))])
            self.assertAlmostEqual(measures.utility(cohort, alerts), (wanted - nothing) / (top - nothing), places=9)

    def test_an_alert_is_an_edge(self):
        cohort = stays([0] * 8)
        scores = np.array([0.1, 0.9, 0.6, 0.9, 0.1, 0.9, 0.1, 0.9])
        rows = lambda **how: measures.edges(cohort, scores, 0.8, **how)[:, 1].tolist()
        self.assertEqual(rows(), [1, 3, 5, 7])
        self.assertEqual(rows(off=0.5), [1, 5, 7])
        self.assertEqual(rows(off=0.5, refractory=5), [1, 7])
        scores = np.array([0.9, 0.1, 0.9, 0.9, 0.9, 0.6, 0.9, 0.9])
        self.assertEqual(rows(persistence=2), [3, 7])
        self.assertEqual(rows(persistence=2, off=0.5), [3])

    def test_ranking_counts_ties_by_half(self):
        labels, scores = np.array([0, 1, 0, 1]), np.array([0.1, 0.5, 0.5, 0.9])
        self.assertEqual(measures.auroc(labels, scores), 0.875)

    def test_a_stay_reaches_what_it_keeps_for_hours_in_a_row(self):
        cohort = stays([0] * 4, [0] * 2)
        scores = np.array([0.2, 0.9, 0.5, 0.7, 0.8, 0.3])
        for persistence, wanted in ((1, [0.9, 0.8]), (2, [0.5, 0.3]), (3, [0.5, -np.inf])):
            found = measures.reached(cohort, scores, persistence)
            self.assertEqual(found.tolist(), wanted)
            for on in (0.3, 0.5, 0.8):
                alerted = np.unique(measures.edges(cohort, scores, on, persistence=persistence)[:, 0])
                self.assertEqual(alerted.tolist(), np.flatnonzero(found >= on).tolist())

    def test_a_policy_finds_the_most_that_the_target_allows(self):
        cohort = stays([0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0])
        scores = np.array([0.1, 0.9, 0.8, 0.1, 0.6, 0.6, 0.1, 0.7, 0.1, 0.1, 0.5, 0.5])
        found = calibration.policy(cohort, scores, {"alerts_per_patient_day": 8, "patient_ppv": 0.7})
        self.assertEqual((found["persistence"], round(found["on"], 3)), (2, 0.55))
        with self.assertRaises(SystemExit):
            calibration.policy(cohort, scores, {"alerts_per_patient_day": 0.1, "patient_ppv": 0.7})

    def test_features_forget_and_do_not_look_ahead(self):
        cohort = stays([0] * 60, [0] * 3)
        cohort.columns["HR"][0] = 80.0
        cohort.columns["HR"][5] = 90.0
        cohort.columns["Lactate"][59] = 4.0
        table = dict(zip(names := ["HR.last", "HR.age", "HR.step", "HR.mean6", "HR.n6", "HR.change24", "labs.kinds6"],
                         features.matrix(cohort, names).T))
        self.assertEqual(table["HR.last"][[0, 4, 5, 52]].tolist(), [80, 80, 90, 90])
        self.assertTrue(np.isnan(table["HR.last"][[53, 60]]).all())
        self.assertEqual(table["HR.age"][52], 47)
        self.assertEqual(table["HR.step"][[5, 47]].tolist(), [10, 10])
        self.assertTrue(np.isnan(table["HR.step"][48]))
        self.assertEqual(table["HR.mean6"][5], 85)
        self.assertEqual(table["HR.n6"][[5, 6, 11]].tolist(), [2, 1, 0])
        self.assertEqual(table["HR.change24"][[24, 29]].tolist(), [10, 0])
        self.assertEqual(table["labs.kinds6"][[58, 59, 60]].tolist(), [0, 1, 0])


if __name__ == "__main__":
    unittest.main()
