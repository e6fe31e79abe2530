"""Labelled queries against a generated register: who asks, how they misstate themselves, what is right."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
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
UNDECIDABLE: Final = (
    "absent_collides", "absent_twin_alike", "absent_twin_very_alike_with_trn", "another_day_entirely",
)  # fmt: skip
"""What is stated is what somebody else would state: a twin called almost alike, a namesake of another birthday."""
ALL_ERRORS: Final = ERRORS | SLIPS
ALL_SPECIAL: Final = SPECIAL | RELATIVES
CLASSES: Final = (*ALL_ERRORS, *ALL_SPECIAL)

REALISTIC: Final[Mapping[str, float]] = MappingProxyType(
    {
        "exact": 300, "case_space": 60, "nickname": 45, "typo_first": 20, "typo_last": 25, "typo_both": 3,
        "translit": 6, "dob_day_month_swapped": 6, "dob_one_digit": 10, "dob_year_digits": 3,
        "married_no_prev": 30, "married_prev_given": 30, "married_register_knows": 25,
        "double_barrel_half": 12, "double_barrel_added": 10, "swapped_first_last": 4,
        "hyphen_space_apostrophe": 15, "diacritics": 8, "middle_in_first": 20, "middle_as_first": 8,
        "initial_only": 3, "two_errors": 12, "married_dob_error": 2, "trn_typo": 16, "trn_formatted": 20,
        "nino_typo": 3, "missing_dob": 3, "missing_first": 1, "trn_of_other": 3, "nino_of_other": 1,
        "twin_exact": 6, "merged_old_trn": 5, "deactivated": 2, "absent_random": 60, "absent_random_nino": 40,
        "absent_sibling": 3, "absent_namesake": 1, "absent_trn_of_other": 1, "absent_trn_unissued": 2,
    }
)  # fmt: skip
"""How often people are assumed to ask so; what the weights are estimated from."""


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


def labelled_queries(
    register: Path, folder: Path, count: int, seed: int, mix: Mapping[str, float] = MappingProxyType({})
) -> None:
    """Write queries.csv, truth.csv and meta.json about a register file.

    Error classes occur in proportion to `mix`; without one each of them equally often.
    Raises OSError where the folder cannot be written.
    """
    rng = Random(seed)
    people = Population(register, rng, seed)
    classes = [name for name in CLASSES if not mix or name in mix]
    drawn = rng.choices(classes, [mix[name] for name in classes], k=count) if mix else []
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "queries.csv").open("w", encoding="utf-8", newline="") as queries,
        (folder / "truth.csv").open("w", encoding="utf-8", newline="") as truth,
    ):
        asked, right = csv.writer(queries), csv.writer(truth)
        asked.writerow(QUERY_COLUMNS)
        right.writerow(TRUTH_COLUMNS)
        for number in range(1, count + 1):
            name = drawn[number - 1] if drawn else classes[number % len(classes)]
            made = _made(people, name)
            said, query_id = made.stated, f"Q{number:06d}"
            names = (said.first, said.middle, said.last, said.previous)
            asked.writerow((query_id, *names, said.born, said.trn, said.nino, said.email))
            held = int(bool(made.truth))
            answer = (held, made.truth, made.expected, made.acceptable, "")
            right.writerow((query_id, name, made.ident, *answer))
    meta = {"records": len(people.held), "queries": count, "seed": seed, "split": "generated"}
    meta |= {"mix": "weighted" if mix else "even", "weights": {name: mix.get(name, 1) for name in classes}}
    meta |= {"undecidable": list(UNDECIDABLE)}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")


def _made(people: Population, name: str) -> Labelled:
    while True:
        try:
            return ALL_SPECIAL[name](people) if name in ALL_SPECIAL else _with_error(people, name)
        except DoesNotApplyError:
            continue
