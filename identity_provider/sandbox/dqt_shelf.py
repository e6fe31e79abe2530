"""The records that the stand-in for the DQT API answers from: the sandbox's replica, or a file in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import islice

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.sandbox.seed import known_records
from matching import normalise
from matching.memory import InMemoryRegister
from matching.records import CandidateQuestion, PersonDetails, TeacherRegister, TeachingRecord

SAMPLES = 12


class Shelf:
    """Records, found by one value each. Raises RegisterUnavailable when the register behind it does."""

    def __init__(self, register: TeacherRegister, others: Callable[[], Iterable[TeachingRecord]]) -> None:
        self._register = register
        self._others = others

    @classmethod
    def of_replica(cls, database_url: str) -> Shelf:
        """The current generation of the replica in this database, which is only read."""
        replica = DqtReplica(database_url)
        return cls(replica, replica.records)

    @classmethod
    def of_records(cls, records: Iterable[TeachingRecord]) -> Shelf:
        """These records, held in memory."""
        held = list(records)
        return cls(InMemoryRegister(held), lambda: held)

    def with_trn(self, trn: str) -> TeachingRecord | None:
        """The record of this TRN, whatever its status."""
        found = self._register.find_by_identifiers(trn, "") if trn else ()
        return next((record for record in found if record.trn == trn), None)

    def sharing(
        self, *, trn: str = "", nino: str = "", email: str = "", born: date | None = None
    ) -> tuple[TeachingRecord, ...]:
        """The records that have any of these, in the order of their TRNs."""
        number = normalise.nino(nino)
        keys = [f"t:{trn}"] if trn else []
        keys += [f"n:{number.value}"] if number else []
        keys += [f"e:{address}"] if (address := normalise.email(email)) else []
        keys += [f"d:{born:%Y%m%d}"] if born else []
        answer = self._register.find_candidates(CandidateQuestion(PersonDetails(), tuple(keys)))
        return tuple(sorted(answer.records, key=lambda record: record.trn))

    def samples(self) -> Sequence[TeachingRecord]:
        """A dozen records to show: those of the people to try, or others when those are not here."""
        known = [found for record in known_records() if (found := self.with_trn(record.trn))]
        return known[:SAMPLES] or tuple(islice(self._others(), SAMPLES))
