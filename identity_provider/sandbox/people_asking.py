"""Who asks: the people of a generated register, and what they would state if they made no mistake."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

from identity_provider.sandbox.people import generate_blocks
from identity_provider.sandbox.people_errors import Stated
from matching.csv_files import opened
from matching.normalise import fold

UNSURE: Final = "not_determinable"
MOST_INDEXED: Final = 200_000
MOST_NAMED: Final = 200


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


class Population:
    """The register, indexed for choosing who asks."""

    def __init__(self, register: Path, rng: Random, seed: int) -> None:
        self.rng = rng
        with opened(register) as lines:
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
        self._names: dict[str, list[Held]] = defaultdict(list)
        for record in self.active[:MOST_INDEXED]:
            self._names[fold(record.last)].append(record)
        self.chained = [record for record in self.held[:MOST_INDEXED] if self._is_chained(record)]
        self.reopened = self._reopened()

    def named(self, last: str) -> list[Held]:
        """Some of the open records of this family name."""
        return self._names[fold(last)][:MOST_NAMED]

    def _is_chained(self, record: Held) -> bool:
        survivor = self.by_trn.get(record.merged_into)
        return survivor is not None and survivor.status == "merged"

    def _reopened(self) -> list[tuple[Held, Held]]:
        """Closed records with the one open record of the same person."""
        closed = [record for record in self.held[:MOST_INDEXED] if record.status == "deactivated"]
        open_ones = {record.identity: record for record in self.active if self.same[record.identity] == 1}
        return [(record, open_ones[record.identity]) for record in closed if record.identity in open_ones]

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


def truthful(record: Held, rng: Random, stranger: Held) -> Stated:
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


def identified(stated: Stated, record: Held, rng: Random) -> tuple[Stated, str]:
    chance = rng.random()
    if chance < 0.45:
        return replace(stated, trn=record.trn), "trn"
    if chance < 0.62 and record.nino:
        return replace(stated, nino=record.nino), "nino"
    return stated, "none"


def plain_statement(people: Population, record: Held) -> Stated:
    return replace(truthful(record, people.rng, next(people.strangers)), email="")


def unique(people: Population) -> Held:
    while True:
        record = people.somebody()
        if people.same[record.identity] == 1:
            return record
