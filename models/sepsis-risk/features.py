"""The features, as known at the end of each hour. The Rust module `workloads::risk` computes the same to the last bit.

A feature is a word of a small grammar over the variables of variables.tsv. Of values more than LOOKBACK hours old nothing is
known, so that a stream may forget them. `w` counts hours back from and including this one.

  V.last     the last value                      V.age      hours since it was measured
  V.step     last minus the value before it      V.change W last minus what was last W hours ago
  V.mean W   mean of the hours with a value      V.min W, V.max W
  V.off W    last minus V.mean W                 V.n W      hours with a value
  A/B, A-B   of the last values; no quotient by zero
  vitals.n W, labs.n W       sum of V.n W        labs.kinds W   laboratory variables with a value
  age, male                  hour                the hour of the stay, from 1
  before                     hours from hospital to this unit, negative     hospital   hour minus before
"""

import numpy as np

from stays import variables

LOOKBACK = 48

VITALS = ["HR", "O2Sat", "Temp", "SBP", "MAP", "DBP", "Resp"]
RATIOS = ["HR/SBP", "HR/MAP", "O2Sat/FiO2", "SBP-DBP", "BUN/Creatinine"]
TRENDS = ["Lactate", "WBC", "Creatinine", "BUN", "Platelets", "Bilirubin_total", "HCO3", "Glucose", "Hgb", "Temp", "FiO2"]

CLOCK = ["hour", "before", "hospital"]
PERSON = ["age", "male"]


def names():
    """All features, in the order of the model."""
    words = [row["word"] for row in variables()]
    labs = [row["word"] for row in variables() if row["kind"] == "laboratory"]
    found = []
    for word in words:
        found += [f"{word}.last", f"{word}.age"]
    for word in VITALS:
        for width in (6, 12, 24):
            found += [f"{word}.mean{width}", f"{word}.min{width}", f"{word}.max{width}"]
        found += [f"{word}.off6", f"{word}.off12", f"{word}.step", f"{word}.n6", f"{word}.n24"]
    for word in labs:
        found += [f"{word}.n24", f"{word}.n48"]
    for word in TRENDS:
        found += [f"{word}.change24"]
        if word not in VITALS:
            found += [f"{word}.step", f"{word}.min48", f"{word}.max48"]
    found += ["vitals.n1", "vitals.n6", "vitals.n24", "labs.n1", "labs.n6", "labs.n24", "labs.n48"]
    found += ["labs.kinds6", "labs.kinds24", "labs.kinds48"]
    return found + RATIOS + PERSON + CLOCK


def pattern(name):
    """Whether a feature says when or how often something was measured, and not what."""
    tail = name.split(".")[-1]
    return "." in name and (tail == "age" or tail[0] == "n" and tail[1:].isdigit() or tail.startswith("kinds"))


class Builder:
    """Computes features of all rows at once."""

    def __init__(self, stays):
        self.stays = stays
        self.count = len(stays)
        self.rows = np.arange(self.count)
        self.held = {}
        self.values = {}
        for row in variables():
            values = stays.columns[row["word"]]
            bad = ~((values >= row["least"]) & (values <= row["most"]))
            self.values[row["word"]] = np.where(bad, np.nan, values)
        self.kinds = {row["word"]: row["kind"] for row in variables()}

    def place(self, word):
        """For each row the row at which a variable was last measured, -1 where that is not known."""
        if ("place", word) not in self.held:
            measured = np.where(np.isnan(self.values[word]), -1, self.rows)
            place = np.maximum.accumulate(measured)
            self.held["place", word] = np.where(self.reaches(place), place, -1)
        return self.held["place", word]

    def reaches(self, place):
        return (place >= self.stays.start) & (self.rows - place < LOOKBACK)

    def at(self, word, place):
        return np.where(place >= 0, self.values[word][np.maximum(place, 0)], np.nan)

    def back(self, column, hours, empty):
        """A column as it was some hours ago."""
        moved = np.full(self.count, empty, dtype=column.dtype)
        moved[hours:] = column[: self.count - hours]
        return np.where(self.stays.row >= hours, moved, empty)

    def last(self, word):
        return self.at(word, self.place(word))

    def step(self, word):
        place = self.place(word)
        # The last measurement before the hour of the last one.
        earlier = np.where(place > 0, self.place_any(word)[np.maximum(place - 1, 0)], -1)
        return self.last(word) - self.at(word, np.where(self.reaches(earlier), earlier, -1))

    def place_any(self, word):
        measured = np.where(np.isnan(self.values[word]), -1, self.rows)
        return np.maximum.accumulate(measured)

    def change(self, word, width):
        place = self.back(self.place_any(word), width, -1)
        return self.last(word) - self.at(word, np.where(self.reaches(place), place, -1))

    def window(self, word, width):
        """Mean, least and greatest of the last hours; oldest first, so that sums round as they do elsewhere."""
        if ("window", word, width) not in self.held:
            total, count = np.zeros(self.count), np.zeros(self.count)
            least, most = np.full(self.count, np.inf), np.full(self.count, -np.inf)
            for hours in reversed(range(width)):
                column = self.back(self.values[word], hours, np.nan)
                there = ~np.isnan(column)
                total += np.where(there, column, 0.0)
                count += there
                least = np.where(there, np.minimum(least, column), least)
                most = np.where(there, np.maximum(most, column), most)
            empty = count == 0
            mean = np.where(empty, np.nan, total / np.maximum(count, 1))
            self.held["window", word, width] = (
                mean, np.where(empty, np.nan, least), np.where(empty, np.nan, most), count)
        return self.held["window", word, width]

    def number(self, word, width):
        """In how many of the last hours a variable was measured."""
        if ("n", word, width) not in self.held:
            sums = np.cumsum(~np.isnan(self.values[word]))
            first = np.maximum(self.stays.start, self.rows - width + 1)
            before = np.where(first > 0, sums[np.maximum(first - 1, 0)], 0)
            self.held["n", word, width] = (sums - before).astype(float)
        return self.held["n", word, width]

    def of_kind(self, kind, width, measure):
        words = [word for word, other in self.kinds.items() if other == kind]
        return np.sum([measure(self.number(word, width)) for word in words], axis=0).astype(float)

    def feature(self, name):
        columns = self.stays.columns
        hour = columns["ICULOS"]
        simple = {
            "age": lambda: columns["Age"],
            "male": lambda: columns["Gender"],
            "hour": lambda: hour,
            "before": lambda: columns["HospAdmTime"],
            "hospital": lambda: hour - columns["HospAdmTime"],
        }
        if name in simple:
            return simple[name]()
        if "/" in name:
            above, below = (self.last(word) for word in name.split("/"))
            return np.divide(above, below, out=np.full(self.count, np.nan), where=below != 0)
        if "." not in name:
            first, second = (self.last(word) for word in name.split("-"))
            return first - second
        word, tail = name.split(".")
        kind, width = tail.rstrip("0123456789"), tail.lstrip("abcdefghijklmnopqrstuvwxyz")
        width = int(width) if width else 0
        if word in ("vitals", "labs"):
            of = {"vitals": "vital", "labs": "laboratory"}[word]
            measure = {"n": lambda n: n, "kinds": lambda n: n > 0}[kind]
            return self.of_kind(of, width, measure)
        return self.of_variable(word, kind, width)

    def of_variable(self, word, kind, width):
        if kind in ("mean", "min", "max"):
            return self.window(word, width)[["mean", "min", "max"].index(kind)]
        if kind == "age":
            place = self.place(word)
            return np.where(place >= 0, self.rows - place, np.nan)
        if kind == "off":
            return self.last(word) - self.window(word, width)[0]
        return {
            "last": lambda: self.last(word),
            "step": lambda: self.step(word),
            "change": lambda: self.change(word, width),
            "n": lambda: self.number(word, width),
        }[kind]()


def matrix(stays, wanted):
    """One row an hour, one column a feature, in doubles."""
    builder = Builder(stays)
    table = np.empty((len(stays), len(wanted)))
    for column, name in enumerate(wanted):
        table[:, column] = builder.feature(name)
    return table
