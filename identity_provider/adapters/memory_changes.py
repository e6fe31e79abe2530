"""The keepers of the records in memory, for tests: they take changes, and decide them when they are told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import ChangeOpenThere, DetailChange, DetailsOnRecord


@dataclass
class MemoryChanges:
    """Keepers of records who take changes and decide them when a test says so."""

    records: dict[str, DetailsOnRecord] = field(default_factory=dict)
    taken: list[DetailChange] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    open: list[DetailChange] = field(default_factory=list)
    down: bool = False
    loses_replies: bool = False
    # What every change is answered with, when it is to be refused.
    refusal: Exception | None = None
    # How the evidence is fetched before a change is taken, where a test has something to be fetched.
    fetch: Callable[[str], object] | None = None

    def details(self, trn: str, *, seconds: float) -> DetailsOnRecord:  # noqa: ARG002 -- answers at once
        """What the record says, with what is open of it."""
        self._answer()
        held = self.records.get(trn, DetailsOnRecord("", "", "", None))
        born = any(each.trn == trn and each.date_of_birth is not None for each in self.open)
        named = any(each.trn == trn and each.date_of_birth is None for each in self.open)
        return replace(
            held,
            name_pending=held.name_pending or named,
            date_of_birth_pending=held.date_of_birth_pending or born,
        )

    def report(self, change: DetailChange, bearer: str) -> str:
        """Take it, unless one of its kind is open."""
        self._answer()
        if self.refusal is not None:
            raise self.refusal
        if self.fetch is not None:
            self.fetch(change.evidence_url)
        standing = self.details(change.trn, seconds=1)
        if standing.name_pending if change.date_of_birth is None else standing.date_of_birth_pending:
            raise ChangeOpenThere("a change of this kind is open")
        self.taken.append(change)
        self.open.append(change)
        self.bearers.append(bearer)
        if self.loses_replies:
            self.loses_replies = False
            raise RegisterUnavailable("the reply was lost")
        return f"TRS-{len(self.taken)}"

    def decide(self, change: DetailChange, *, accept: bool) -> None:
        """The keepers accept an open change, or do not."""
        self.open.remove(change)
        if accept:
            held = self.records.get(change.trn, DetailsOnRecord("", "", "", None))
            self.records[change.trn] = (
                replace(held, date_of_birth=change.date_of_birth)
                if change.date_of_birth is not None
                else replace(
                    held, first_name=change.first_name, middle_name=change.middle_name, last_name=change.last_name
                )
            )

    def _answer(self) -> None:
        if self.down:
            raise RegisterUnavailable("the keepers of the records do not answer")
