"""Reads hourly rows of intensive care stays: the challenge's folders of PSV files, or one table of all stays."""

import csv
import gzip
import hashlib
from itertools import islice
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PERSON = ["Age", "Gender", "Unit1", "HospAdmTime", "ICULOS"]
LABEL = "SepsisLabel"


def variables():
    """The rows of variables.tsv, in its order."""
    names = ["word", "kind", "least", "most", "unit", "loinc", "name"]
    lines = (HERE / "variables.tsv").read_text().splitlines()
    rows = [dict(zip(names, line.split("\t"))) for line in lines if line and not line.startswith("#")]
    for row in rows:
        row["least"], row["most"] = float(row["least"]), float(row["most"])
    return rows


class Stays:
    """All rows of all stays, one after the other; a stay's rows are together and in the order of hours."""

    def __init__(self, ids, lengths, columns, labels):
        self.ids = ids
        self.lengths = np.asarray(lengths)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.columns = columns
        self.labels = labels
        self.stay = np.repeat(np.arange(len(ids)), self.lengths)
        self.start = self.starts[self.stay]
        self.row = np.arange(len(labels)) - self.start
        self.septic = np.maximum.reduceat(labels, self.starts) > 0
        first = np.where(labels > 0, self.row, np.iinfo(np.int64).max)
        # The challenge switches the label on six hours before onset.
        self.onset = np.where(self.septic, np.minimum.reduceat(first, self.starts) + 6, -1)

    def __len__(self):
        return len(self.labels)

    def bucket(self):
        """The bucket of each stay, 0 to 9; it depends on the identifier alone."""
        digests = (hashlib.sha256(name.encode()).hexdigest() for name in self.ids)
        return np.array([int(digest[:8], 16) % 10 for digest in digests])

    def only(self, chosen):
        """The stays of a mask."""
        rows = chosen[self.stay]
        ids = [name for name, keep in zip(self.ids, chosen) if keep]
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Stays(ids, self.lengths[chosen], columns, self.labels[rows])


def read(path, most=None):
    """Reads a folder of PSV files (one a stay, as the challenge has them) or one CSV of all stays with a column `pid`; of more
    stays than `most` the first."""
    path = Path(path)
    if path.is_dir():
        files = sorted(path.glob("*.psv"))
        if not files:
            raise SystemExit(f"{path}: no .psv files; give a folder of them, or a .csv.gz of all stays")
        return gather((file.stem, rows(file, "|")) for file in files[:most])
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="") as text:
        table = csv.reader(text)
        header = next(table)
        return gather(islice(split(header, table), most))


def rows(file, delimiter):
    with open(file, newline="") as text:
        table = csv.reader(text, delimiter=delimiter)
        header = next(table)
        return header, list(table)


def split(header, table):
    pid, held = None, []
    place = header.index("pid")
    for row in table:
        if row[place] != pid and held:
            yield pid, (header, held)
            held = []
        pid = row[place]
        held.append(row)
    if held:
        yield pid, (header, held)


def gather(stays):
    wanted = [row["word"] for row in variables()] + PERSON
    ids, lengths, parts, labels = [], [], [], []
    for name, (header, table) in stays:
        places = [header.index(column) for column in wanted]
        ids.append(name)
        lengths.append(len(table))
        parts.append(np.array([[number(row[place]) for place in places] for row in table]))
        on = header.index(LABEL)
        labels.append(np.array([int(float(row[on])) for row in table]))
        hours = parts[-1][:, -1]
        if np.any(np.diff(hours) != 1):
            raise SystemExit(f"{name}: the hours of a stay must follow one another (ICULOS)")
    table = np.concatenate(parts)
    columns = {name: table[:, place].copy() for place, name in enumerate(wanted)}
    return Stays(ids, lengths, columns, np.concatenate(labels))


def number(text):
    return float(text) if text not in ("", "NaN", "nan") else np.nan
