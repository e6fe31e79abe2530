"""Labelled queries against a generated register: who asks, how they misstate themselves, what is right."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from identity_provider.sandbox.people import generate_blocks
from identity_provider.sandbox.people_errors import ERRORS, DoesNotApplyError, Stated
from matching.normalise import fold

QUERY_COLUMNS: Final = (
    "query_id", "first_name", "middle_name", "last_name", "previous_last_name", "date_of_birth", "trn",
    "nino", "email",
)  # fmt: skip
TRUTH_COLUMNS: Final = (
    "query_id", "class", "ident", "in_register", "truth_trn", "expected", "acceptable", "note",
)  # fmt: skip
UNSURE: Final = "not_determinable"
UNDECIDABLE: Final = ("absent_collides",)


@dataclass(frozen=True, slots=True)
class Held:
    """A record as far as questions about it need it."""

    trn: str
    first: str
    middle: str
    last: str
    previous: str
    born: str
    nino: str
    email: str
    status: str
    merged_into: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """Name and birthday, folded."""
        return fold(self.first), fold(self.last), self.born


@dataclass(frozen=True, slots=True)
class Labelled:
    """One question and its right answer."""

    stated: Stated
    ident: str
    truth: str
    expected: str
    acceptable: str = ""


class _Population:
    """The register, indexed for choosing who asks."""

    def __init__(self, register: Path, rng: Random, seed: int) -> None:
        self.rng = rng
        with register.open(encoding="utf-8", newline="") as lines:
            self.held = [_held(row) for row in csv.reader(lines) if row[0] != "trn"]
        self.by_trn = {record.trn: record for record in self.held}
        self.active = [record for record in self.held if record.status == "active"]
        self.same = Counter(record.identity for record in self.active)
        self.families: dict[tuple[str, str], list[Held]] = defaultdict(list)
        for record in self.active:
            self.families[fold(record.last), record.born].append(record)
        self.twins = [pair for pair in self.families.values() if len(pair) == 2]
        self.twins = [pair for pair in self.twins if fold(pair[0].first) != fold(pair[1].first)]
        self.strangers = self._strangers(seed)

    def _strangers(self, seed: int) -> Iterator[Held]:
        """People who are in no register, as common in their names as those who are."""
        while True:
            seed += 1_000_003
            for block in generate_blocks(50_000, seed):
                yield from (_held(list(row)) for row in block if row[8] == "active")

    def somebody(self) -> Held:
        return self.rng.choice(self.active)

    def unissued(self) -> str:
        while True:
            trn = f"{self.rng.randrange(1, 10_000_000):07d}"
            if trn not in self.by_trn:
                return trn


def _held(row: list[str]) -> Held:
    return Held(*row[:10])


def _truthful(record: Held, rng: Random, stranger: Held) -> Stated:
    """State everything as the register has it; some leave out the middle name."""
    return Stated(
        first=record.first,
        middle=record.middle if rng.random() < 0.45 else "",
        last=record.last,
        previous="",
        born=record.born,
        held_previous=record.previous,
        stranger_last=stranger.last,
        email=record.email if rng.random() < 0.3 else "",
    )


def _identified(stated: Stated, record: Held, rng: Random) -> tuple[Stated, str]:
    chance = rng.random()
    if chance < 0.45:
        return replace(stated, trn=record.trn), "trn"
    if chance < 0.62 and record.nino:
        return replace(stated, nino=record.nino), "nino"
    return stated, "none"


def _with_error(people: _Population, name: str) -> Labelled:
    error, rng = ERRORS[name], people.rng
    record = people.somebody()
    stated = error.change(_truthful(record, rng, next(people.strangers)), rng)
    stated, ident = _identified(stated, record, rng)
    alone = people.same[record.identity] == 1
    if ident == "none":
        expected = error.bare if alone else "ambiguous"
        spare = f"match:{record.trn};ambiguous" if expected == UNSURE else UNSURE
        return Labelled(stated, ident, record.trn, expected, "" if expected == "match" else spare)
    if ident == "nino" and not alone:
        return Labelled(stated, ident, record.trn, "ambiguous", f"match:{record.trn};{UNSURE}")
    return Labelled(stated, ident, record.trn, error.identified, UNSURE)


def _plain_statement(people: _Population, record: Held) -> Stated:
    return replace(_truthful(record, people.rng, next(people.strangers)), email="")


def _unique(people: _Population) -> Held:
    while True:
        record = people.somebody()
        if people.same[record.identity] == 1:
            return record


def trn_typo(people: _Population) -> Labelled:
    record, rng = _unique(people), people.rng
    while True:
        digits = list(record.trn)
        at = rng.randrange(7)
        if rng.random() < 0.5 and at < 6:
            digits[at], digits[at + 1] = digits[at + 1], digits[at]
        else:
            digits[at] = rng.choice("0123456789")
        typed = "".join(digits)
        if typed != record.trn and typed not in people.by_trn:
            return Labelled(replace(_plain_statement(people, record), trn=typed), "trn_typo", record.trn, "match")


def trn_formatted(people: _Population) -> Labelled:
    record = people.somebody()
    form = people.rng.choice(("RP {}/{}", "{}/{}", "rp{}{}", " {} {} ", "TRN {}-{}"))
    stated = replace(_plain_statement(people, record), trn=form.format(record.trn[:2], record.trn[2:]))
    return Labelled(stated, "trn_formatted", record.trn, "match")


def nino_typo(people: _Population) -> Labelled:
    record = _unique(people)
    if not record.nino:
        raise DoesNotApplyError
    at = people.rng.randrange(2, 8)
    typed = record.nino[:at] + str((int(record.nino[at]) + 1) % 10) + record.nino[at + 1 :]
    return Labelled(replace(_plain_statement(people, record), nino=typed), "nino_typo", record.trn, "match", UNSURE)


def trn_of_other(people: _Population) -> Labelled:
    record, other = people.somebody(), people.somebody()
    stated = replace(_plain_statement(people, record), trn=other.trn)
    return Labelled(stated, "trn_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def trn_of_twin(people: _Population) -> Labelled:
    record, other = people.rng.choice(people.twins)
    stated = replace(_plain_statement(people, record), trn=other.trn)
    return Labelled(stated, "trn_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def nino_of_other(people: _Population) -> Labelled:
    record, other = people.somebody(), people.somebody()
    if not other.nino:
        raise DoesNotApplyError
    stated = replace(_plain_statement(people, record), nino=other.nino)
    return Labelled(stated, "nino_other", record.trn, UNSURE, f"match:{record.trn};ambiguous")


def twin_exact(people: _Population) -> Labelled:
    record, _ = people.rng.choice(people.twins)
    stated, ident = _identified(_plain_statement(people, record), record, people.rng)
    return Labelled(stated, ident, record.trn, "match")


def merged_old_trn(people: _Population) -> Labelled:
    old = people.rng.choice([record for record in people.held[:200_000] if record.status == "merged"])
    survivor = people.by_trn[old.merged_into]
    stated = replace(_plain_statement(people, survivor), trn=old.trn)
    return Labelled(stated, "trn_merged", survivor.trn, "match")


def deactivated(people: _Population) -> Labelled:
    record = people.rng.choice([record for record in people.held[:200_000] if record.status == "deactivated"])
    stated, ident = _identified(_plain_statement(people, record), record, people.rng)
    return Labelled(stated, ident, record.trn, UNSURE, "ambiguous")


def name_only(people: _Population) -> Labelled:
    record = people.somebody()
    stated = replace(_plain_statement(people, record), born="")
    return Labelled(stated, "none", record.trn, UNSURE, "ambiguous")


def trn_only(people: _Population) -> Labelled:
    record = people.somebody()
    return Labelled(Stated("", "", "", "", "", trn=record.trn), "trn", record.trn, UNSURE)


def _absent(stated: Stated, ident: str, expected: str) -> Labelled:
    others = {"none", UNSURE, "ambiguous"} - {expected}
    return Labelled(stated, ident, "", expected, ";".join(sorted(others)))


def absent_random(people: _Population) -> Labelled:
    return _absent(_plain_statement(people, next(people.strangers)), "none", "none")


def absent_random_nino(people: _Population) -> Labelled:
    stranger = next(people.strangers)
    if not stranger.nino:
        raise DoesNotApplyError
    stated = replace(_plain_statement(people, stranger), nino=stranger.nino)
    return _absent(stated, "nino_unheld", "none")


def absent_trn_of_other(people: _Population) -> Labelled:
    stated = replace(_plain_statement(people, next(people.strangers)), trn=people.somebody().trn)
    return _absent(stated, "trn_other", UNSURE)


def absent_trn_unissued(people: _Population) -> Labelled:
    stated = replace(_plain_statement(people, next(people.strangers)), trn=people.unissued())
    return _absent(stated, "trn_unissued", UNSURE)


def absent_twin(people: _Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    if fold(stranger.first) == fold(record.first):
        raise DoesNotApplyError
    stated = replace(_plain_statement(people, record), first=stranger.first, middle="")
    return _absent(stated, "none", UNSURE)


def absent_twin_with_trn(people: _Population) -> Labelled:
    twin = absent_twin(people)
    holder = people.rng.choice(people.families[fold(twin.stated.last), twin.stated.born])
    return _absent(replace(twin.stated, trn=holder.trn), "trn_other", UNSURE)


def absent_child_with_trn(people: _Population) -> Labelled:
    """Let a child of the same name, or not, state a parent's TRN."""
    record, stranger = people.somebody(), next(people.strangers)
    born = date.fromisoformat(record.born) + timedelta(days=people.rng.randrange(7500, 12000))
    if born.year > 2006:
        raise DoesNotApplyError
    first = record.first if people.rng.random() < 0.5 else stranger.first
    stated = replace(_plain_statement(people, record), first=first, middle="", born=born.isoformat())
    return _absent(replace(stated, trn=record.trn), "trn_other", UNSURE)


def absent_spouse_with_trn(people: _Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    stated = replace(_plain_statement(people, stranger), last=record.last, trn=record.trn)
    return _absent(stated, "trn_other", UNSURE)


def absent_namesake(people: _Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    return _absent(replace(_plain_statement(people, record), born=stranger.born, middle=""), "none", "none")


def absent_sibling(people: _Population) -> Labelled:
    record, stranger = people.somebody(), next(people.strangers)
    stated = replace(_plain_statement(people, stranger), last=record.last)
    return _absent(stated, "none", "none")


def absent_collides(people: _Population) -> Labelled:
    return _absent(replace(_plain_statement(people, people.somebody()), middle=""), "none", UNSURE)


SPECIAL: Final[dict[str, Callable[[_Population], Labelled]]] = {
    function.__name__: function
    for function in (
        trn_typo, trn_formatted, nino_typo, trn_of_other, trn_of_twin, nino_of_other, twin_exact,
        merged_old_trn,
        deactivated, name_only, trn_only, absent_random, absent_random_nino, absent_trn_of_other,
        absent_trn_unissued, absent_twin, absent_twin_with_trn, absent_child_with_trn, absent_spouse_with_trn,
        absent_namesake, absent_sibling, absent_collides,
    )
}  # fmt: skip


def labelled_queries(register: Path, folder: Path, count: int, seed: int) -> None:
    """Write queries.csv, truth.csv and meta.json about a register file, its error classes equally often.

    Raises OSError where the folder cannot be written.
    """
    rng = Random(seed)
    people = _Population(register, rng, seed)
    classes = [*ERRORS, *SPECIAL]
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


def _made(people: _Population, name: str) -> Labelled:
    while True:
        try:
            return SPECIAL[name](people) if name in SPECIAL else _with_error(people, name)
        except DoesNotApplyError:
            continue
