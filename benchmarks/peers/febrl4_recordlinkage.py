"""FEBRL 4 by recordlinkage: Jaro-Winkler on names, exact or near numbers and dates, weights by its ECM classifier.

usage: febrl4_recordlinkage.py DATASETS_DIR with|without full|half
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import recordlinkage

from benchmarks._measures import Scored, recall_at_precision

SAME, SIMILAR = 0.999, 0.85
PARTS = (slice(0, 4), slice(4, 6), slice(6, 8))


def read(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, skipinitialspace=True).rename(columns=str.strip)
    frame = frame.apply(lambda column: column.str.strip()).set_index("rec_id")
    frame["birth_year"] = frame["date_of_birth"].str[:4]
    frame["birth_day"] = frame["date_of_birth"].str[4:]
    frame["year"], frame["month"], frame["day"] = (frame["date_of_birth"].str[part] for part in PARTS)
    return frame


def pairs(held: pd.DataFrame, asked: pd.DataFrame, *, numbered: bool) -> pd.MultiIndex:
    indexer = recordlinkage.Index()
    for columns in (
        ["date_of_birth"], ["given_name", "surname"], ["surname", "birth_year"], ["given_name", "birth_year"],
        ["surname", "birth_day"], ["given_name", "birth_day"],
    ):  # fmt: skip
        indexer.block(columns)
    if numbered:
        indexer.block("soc_sec_id")
    return indexer.index(held, asked)


def compare(found: pd.MultiIndex, held: pd.DataFrame, asked: pd.DataFrame, *, numbered: bool) -> pd.DataFrame:
    comparer = recordlinkage.Compare()
    for name in ("given_name", "surname"):
        comparer.string(name, name, method="jarowinkler", label=name)
    comparer.string("date_of_birth", "date_of_birth", method="damerau_levenshtein", label="date_of_birth")
    for part in ("year", "month", "day"):
        comparer.exact(part, part, label=part)
    if numbered:
        comparer.string("soc_sec_id", "soc_sec_id", method="damerau_levenshtein", label="soc_sec_id")
    return comparer.compute(found, held, asked)


def models(similar: pd.DataFrame, *, numbered: bool) -> Iterator[pd.DataFrame]:
    """What the classifier sees: fields that agree or not. The better of two models counts."""
    parts = pd.DataFrame({name: similar[name] >= SIMILAR for name in ("given_name", "surname", "year", "month", "day")})
    for name in ("given_name", "surname"):
        parts[f"{name}_same"] = similar[name] >= SAME
    whole = parts[["given_name", "surname", "given_name_same", "surname_same"]].copy()
    whole["born_same"], whole["born_near"] = similar["date_of_birth"] >= SAME, similar["date_of_birth"] >= SIMILAR
    for model in (parts, whole):
        if numbered:
            model["number_same"], model["number_near"] = similar["soc_sec_id"] >= SAME, similar["soc_sec_id"] >= 0.8
        yield model.astype(int)


def recall(scores: pd.Series, registered: int) -> float:
    best = scores.rename("score").reset_index().sort_values("score").drop_duplicates("rec_id_2", keep="last")
    scored = [
        Scored(score, one.split("-")[1] == other.split("-")[1])
        for one, other, score in best[["rec_id_1", "rec_id_2", "score"]].itertuples(index=False)
    ]
    return recall_at_precision(scored, registered)


def main() -> None:
    folder, numbered, full = Path(sys.argv[1]), sys.argv[2] == "with", sys.argv[3] == "full"
    started = time.perf_counter()
    originals, asked = read(folder / "dataset4a.csv"), read(folder / "dataset4b.csv")
    held = originals if full else originals.iloc[::2]
    similar = compare(pairs(held, asked, numbered=numbered), held, asked, numbered=numbered)
    found = []
    for model in models(similar, numbered=numbered):
        classifier = recordlinkage.ECMClassifier()
        classifier.fit(model)
        certain = classifier.prob(model)
        # Of pairs that it thinks equally likely, the more similar one first: taken or left, whichever is better.
        found += [recall(certain, len(held)), recall(certain + 1e-6 * similar.sum(axis=1), len(held))]
    print(json.dumps({"recall": max(found), "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
