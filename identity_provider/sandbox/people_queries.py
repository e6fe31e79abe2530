"""Labelled queries against a generated register: who asks, how they misstate themselves, what is right."""

import csv
import json
from collections.abc import Collection
from pathlib import Path
from random import Random
from typing import Final

from identity_provider.sandbox.people_asking import UNSURE, Labelled, Population, identified, truthful
from identity_provider.sandbox.people_errors import ERRORS, DoesNotApplyError
from identity_provider.sandbox.people_relatives import RELATIVES
from identity_provider.sandbox.people_slips import SLIPS
from identity_provider.sandbox.people_special import SPECIAL

QUERY_COLUMNS: Final = (
    "query_id", "first_name", "middle_name", "last_name", "previous_last_name", "date_of_birth", "trn",
    "nino", "email",
)  # fmt: skip
TRUTH_COLUMNS: Final = (
    "query_id", "class", "ident", "in_register", "truth_trn", "expected", "acceptable", "note",
)  # fmt: skip
UNDECIDABLE: Final = ("absent_collides",)
ALL_ERRORS: Final = ERRORS | SLIPS
ALL_SPECIAL: Final = SPECIAL | RELATIVES
CLASSES: Final = (*ALL_ERRORS, *ALL_SPECIAL)


def _with_error(people: Population, name: str) -> Labelled:
    error, rng = ALL_ERRORS[name], people.rng
    record = people.somebody()
    stated = error.change(truthful(record, rng, next(people.strangers)), rng)
    stated, ident = identified(stated, record, rng)
    alone = people.same[record.identity] == 1
    if ident == "none":
        expected = error.bare if alone else "ambiguous"
        spare = f"match:{record.trn};ambiguous" if expected == UNSURE else UNSURE
        return Labelled(stated, ident, record.trn, expected, "" if expected == "match" else spare)
    if ident == "nino" and not alone:
        return Labelled(stated, ident, record.trn, "ambiguous", f"match:{record.trn};{UNSURE}")
    if error.identified == UNSURE:
        return Labelled(stated, ident, record.trn, UNSURE, f"match:{record.trn};ambiguous")
    return Labelled(stated, ident, record.trn, error.identified, UNSURE)


def labelled_queries(register: Path, folder: Path, count: int, seed: int, only: Collection[str] = ()) -> None:
    """Write queries.csv, truth.csv and meta.json about a register file.

    Every error class, or `only` some of them, occurs equally often.
    Raises OSError where the folder cannot be written.
    """
    rng = Random(seed)
    people = Population(register, rng, seed)
    classes = [name for name in CLASSES if not only or name in only]
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "queries.csv").open("w", encoding="utf-8", newline="") as queries,
        (folder / "truth.csv").open("w", encoding="utf-8", newline="") as truth,
    ):
        asked, right = csv.writer(queries), csv.writer(truth)
        asked.writerow(QUERY_COLUMNS)
        right.writerow(TRUTH_COLUMNS)
        for number in range(1, count + 1):
            name = classes[number % len(classes)]
            made = _made(people, name)
            said, query_id = made.stated, f"Q{number:06d}"
            names = (said.first, said.middle, said.last, said.previous)
            asked.writerow((query_id, *names, said.born, said.trn, said.nino, said.email))
            held = int(bool(made.truth))
            answer = (held, made.truth, made.expected, made.acceptable, "")
            right.writerow((query_id, name, made.ident, *answer))
    meta = {"records": len(people.held), "queries": count, "seed": seed, "split": "generated", "mix": "even"}
    meta |= {"weights": dict.fromkeys(classes, 1), "undecidable": list(UNDECIDABLE)}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")


def _made(people: Population, name: str) -> Labelled:
    while True:
        try:
            return ALL_SPECIAL[name](people) if name in ALL_SPECIAL else _with_error(people, name)
        except DoesNotApplyError:
            continue
