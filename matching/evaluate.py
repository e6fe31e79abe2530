"""Precision, recall and coverage on labelled queries; definitions as in the project's evaluation tool.

A false link is a match to a record that is not the person's own. A false none is `none` for somebody who is
in the register. Coverage is right links among the queries whose evidence should link. Rates carry Wilson
intervals.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matching.csv_files import read_rows

OUTCOMES: Final = ("match", "ambiguous", "not_determinable", "none")
_PREDICTED: Final = ("query_id", "outcome", "trn")
_LABELLED: Final = ("query_id", "class", "in_register", "truth_trn", "expected", "acceptable")
_NINETY_FIVE: Final = 1.959964


class FilesDoNotGoTogether(ValueError):
    """These are not predictions and the truth about the same queries; the message says what is amiss, in one line."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval; `value` is None where nothing was counted."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """The share."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval."""
        n, k, z = self.total, self.count, _NINETY_FIVE
        if not n:
            return 0.0, 1.0
        spread = z * math.sqrt(k * (n - k) / n / n**2 + z * z / (4 * n * n))
        middle, scale = k / n + z * z / (2 * n), 1 + z * z / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def to_json(self) -> dict[str, float | int | None]:
        """Give plain values."""
        low, high = self.interval
        return {"count": self.count, "total": self.total, "rate": self.value, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was counted, for everything or for one class."""

    queries: int
    links: int
    right_links: int
    policy_links: int
    false_links: int
    expected_links: int
    expected_links_made: int
    registered: int
    false_nones: int
    nones: int
    as_expected: int

    @property
    def precision(self) -> Rate:
        """Links to the person's own record among all links."""
        return Rate(self.links - self.false_links, self.links)

    @property
    def false_link_rate(self) -> Rate:
        """False links among all links."""
        return Rate(self.false_links, self.links)

    @property
    def coverage(self) -> Rate:
        """Right links among queries that should link: recall."""
        return Rate(self.expected_links_made, self.expected_links)

    @property
    def false_none_rate(self) -> Rate:
        """People of the register who were told that there is no record."""
        return Rate(self.false_nones, self.registered)

    def to_json(self) -> dict[str, object]:
        """Give plain values."""
        return {
            "queries": self.queries,
            "precision": self.precision.to_json(),
            "false_links": self.false_link_rate.to_json(),
            "coverage": self.coverage.to_json(),
            "false_nones": self.false_none_rate.to_json(),
            "policy_links": self.policy_links,
            "as_expected": Rate(self.as_expected, self.queries).to_json(),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation of everything, of the classes that evidence can decide, and of every class."""

    everything: Evaluation
    decidable: Evaluation
    by_class: Mapping[str, Evaluation]

    def to_json(self) -> dict[str, object]:
        """Give plain values."""
        return {
            "everything": self.everything.to_json(),
            "decidable": self.decidable.to_json(),
            "by_class": {name: found.to_json() for name, found in self.by_class.items()},
        }


def evaluate(
    predictions: Iterable[Mapping[str, str]],
    truth: Iterable[Mapping[str, str]],
    undecidable: Collection[str] = (),
) -> Report:
    """Score predictions; a query without one counts as `not_determinable`.

    Raises FilesDoNotGoTogether for a value that cannot be scored, and for a query that is there twice.
    """
    predicted = _read_predictions(predictions)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _checked(truth):
        found = _count(row, *predicted.get(row["query_id"], ("not_determinable", "")))
        counted[row["class"]].update(found)
    decidable = (count for name, count in counted.items() if name not in undecidable)
    return Report(
        _evaluation(sum(counted.values(), Counter())),
        _evaluation(sum(decidable, Counter())),
        {name: _evaluation(counted[name]) for name in sorted(counted)},
    )


def evaluate_files(predictions: Path, truth: Path) -> Report:
    """Score a file of predictions; meta.json beside the truth may name classes that nobody can decide.

    Raises FileUnreadable for a file that cannot be read or lacks a column, and FilesDoNotGoTogether: as `evaluate`,
    for predictions about other queries than the truth is about, and for a meta.json that names no classes.
    """
    undecidable = _undecidable(truth.with_name("meta.json"))
    predicted = list(read_rows(predictions, _PREDICTED))
    labelled = list(read_rows(truth, _LABELLED))
    _refuse_others(predicted, labelled)
    return evaluate(predicted, labelled, undecidable)


def _undecidable(meta: Path) -> list[str]:
    """Read which classes nobody can decide; none where nothing is said of it."""
    if not meta.is_file():
        return []
    try:
        said = json.loads(meta.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FilesDoNotGoTogether(f"{meta} is not JSON in UTF-8 ({type(error).__name__})") from error
    named = said.get("undecidable", []) if isinstance(said, dict) else None
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise FilesDoNotGoTogether(f'{meta} must be an object, and "undecidable" in it a list of classes')
    return named


def _refuse_others(predicted: Iterable[Mapping[str, str]], labelled: Iterable[Mapping[str, str]]) -> None:
    """Answers that are missing would be counted as cautious ones, and answers to other questions not at all."""
    said = dict.fromkeys(row["query_id"] for row in predicted)
    asked = dict.fromkeys(row["query_id"] for row in labelled)
    missing = [query_id for query_id in asked if query_id not in said]
    unknown = [query_id for query_id in said if query_id not in asked]
    faults = [
        f"{len(ids):,} queries {what} (the first is {ids[0]!r})"
        for what, ids in (
            ("of the truth have no prediction", missing),
            ("with a prediction are not in the truth", unknown),
        )
        if ids
    ]
    if faults:
        raise FilesDoNotGoTogether("; ".join(faults))


def _read_predictions(rows: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    predicted: dict[str, tuple[str, str]] = {}
    for row in rows:
        query_id, outcome, trn = row["query_id"], row["outcome"], row["trn"].strip()
        if outcome not in OUTCOMES:
            raise FilesDoNotGoTogether(f"unknown outcome {outcome!r} for query {query_id}")
        if outcome == "match" and not trn:
            raise FilesDoNotGoTogether(f"query {query_id} is a match with no TRN")
        if query_id in predicted:
            raise FilesDoNotGoTogether(f"query {query_id} is predicted twice")
        predicted[query_id] = (outcome, trn.zfill(7) if outcome == "match" else "")
    return predicted


def _checked(truth: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """Give the rows of the truth; what is none of its words would be counted as something else."""
    seen: set[str] = set()
    for row in truth:
        query_id = row["query_id"]
        if query_id in seen:
            raise FilesDoNotGoTogether(f"query {query_id} is in the truth twice")
        if row["expected"] not in OUTCOMES:
            raise FilesDoNotGoTogether(f"unknown outcome {row['expected']!r} is expected of query {query_id}")
        if row["in_register"] not in {"0", "1"}:
            raise FilesDoNotGoTogether(f"in_register of query {query_id} is neither 0 nor 1")
        seen.add(query_id)
        yield row


def _count(row: Mapping[str, str], outcome: str, trn: str) -> Counter[str]:
    """Count one query; the names are the fields of Evaluation."""
    acceptable = {token for token in row["acceptable"].split(";") if token}
    registered, expected = row["in_register"] == "1", row["expected"]
    own = {row["truth_trn"]} | {token[6:] for token in acceptable if token.startswith("match:")}
    counted = Counter(
        queries=1,
        registered=int(registered),
        expected_links=int(expected == "match"),
        nones=int(outcome == "none"),
        false_nones=int(outcome == "none" and registered),
    )
    fits = outcome == expected or outcome in acceptable
    if outcome == "match":
        right = registered and trn in own
        allowed = expected == "match" or f"match:{trn}" in acceptable
        fits = right and allowed
        counted += Counter(
            links=1,
            false_links=int(not right),
            right_links=int(right and allowed),
            policy_links=int(right and not allowed),
            expected_links_made=int(right and expected == "match"),
        )
    counted["as_expected"] += int(fits)
    return counted


def _evaluation(counted: Counter[str]) -> Evaluation:
    return Evaluation(**{name: counted[name] for name in Evaluation.__slots__})
