"""What a change of weights, policy or register would do: stored lookups asked again, and nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import Found, Unanswered
from identity_provider.models import Lookup
from identity_provider.ports import TeacherRegister
from identity_provider.services import kept_lookups
from identity_provider.services.register_search import asked_person, match_by, read
from identity_provider.vault import SealBroken, vault
from matching.policy import Policy
from matching.records import PersonDetails
from matching.weights import VERSION

UNANSWERED = "unanswered"
ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stored lookup, what came of it then, and what would come of it now. `asked` is for eyes that may see it."""

    lookup_id: UUID
    at: datetime
    policy: str
    weights_version: str
    before: str
    reason_before: str
    trn_before: str | None
    after: str
    reason_after: str
    trn_after: str | None
    asked: PersonDetails = field(repr=False)
    # What was compared with each record, in words, then and now: for the same eyes.
    compared_before: dict[str, list[str]] = field(default_factory=dict, repr=False)
    compared_after: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def changed(self) -> bool:
        """Whether the outcome, or the record that was found, would be another."""
        return (self.before, self.trn_before) != (self.after, self.trn_after)

    @property
    def kind(self) -> str:
        """The change in a word or two, as `not_determinable -> match`."""
        after = "match (another record)" if self.before == self.after == "match" and self.changed else self.after
        return f"{self.before} -> {after}"

    @property
    def is_grave(self) -> bool:
        """Whether somebody who was linked would not be, or not to that record: no such change goes live unseen."""
        return self.changed and self.before == "match"


@dataclass(slots=True)
class Report:
    """What a replay showed. `unread` were sealed with a key that is gone; `unanswered` never were searches."""

    weights_version: str = VERSION
    replayed: int = 0
    unread: int = 0
    unanswered: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    changes: list[Replayed] = field(default_factory=list)

    @property
    def grave(self) -> int:
        """How many links would be undone or go to another record."""
        return sum(each.is_grave for each in self.changes)


def chosen(since: datetime | None, limit: int | None) -> list[UUID]:
    """Ids of the lookups to replay, the newest first."""
    wanted = select(Lookup.id).order_by(Lookup.at.desc(), Lookup.id)
    if since is not None:
        wanted = wanted.where(Lookup.at >= since)
    return list(db.session.scalars(wanted.limit(limit) if limit is not None else wanted))


def replay(ids: Sequence[UUID], register: TeacherRegister) -> Iterator[Replayed | str]:
    """Ask the register as it is now, by the weights and rules as they are now, what was asked then.

    Each lookup keeps its policy and its day, so that only what changed since makes a difference. Gives the lookup
    replayed, or `unread` or `unanswered` for one that cannot be. Raises RegisterUnavailable when there is no answer
    now, also of a register that is being loaded. Not inside a transaction: the register is an outside thing.
    """
    for start in range(0, len(ids), ROWS_AT_ONCE):
        rows = db.session.scalars(select(Lookup).where(Lookup.id.in_(ids[start : start + ROWS_AT_ONCE]))).all()
        kept = [_Kept.of(row) for row in sorted(rows, key=lambda row: ids.index(row.id, start))]
        db.session.rollback()
        for each in kept:
            yield each.unusable if each.asked is None else _again(each, each.asked, register)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a stored lookup says, free of the database."""

    id: UUID
    at: datetime
    policy: MatchPolicy
    weights_version: str
    outcome: str
    reason: str
    trn: str | None
    asked: PersonDetails | None
    # Whether name and birthday were proved, and not only stated.
    proved: bool = False
    compared: dict[str, list[str]] = field(default_factory=dict, repr=False)
    unusable: str = ""

    @classmethod
    def of(cls, row: Lookup) -> _Kept:
        """Read a row; without what was asked where that cannot be had."""
        asked: PersonDetails | None = None
        unusable = UNANSWERED
        if row.outcome != UNANSWERED:
            try:
                asked = asked_person(vault.unseal(row.asked_encrypted, kept_lookups.AS_ASKED))
            except (SealBroken, ValueError, TypeError):
                unusable = "unread"
        return cls(
            row.id,
            row.at,
            MatchPolicy(row.policy),
            row.weights_version,
            row.outcome,
            row.reason,
            row.trn,
            asked,
            # What was kept before that was noted says by which policy it was matched.
            proved=bool(row.explanation.get("proved", row.explanation.get("policy") == Policy.VERIFIED)),
            compared=kept_lookups.sentences_in(row),
            unusable=unusable,
        )


def _again(kept: _Kept, asked: PersonDetails, register: TeacherRegister) -> Replayed:
    outcome = match_by(kept.policy, asked, register, kept.at.date(), proved=kept.proved)
    answer, word, reason = read(outcome, kept.policy)
    if isinstance(answer, Unanswered):
        raise RegisterUnavailable("the register holds no record")
    trn = answer.trn if isinstance(answer, Found) else None
    head = (kept.id, kept.at, kept.policy.value, kept.weights_version, kept.outcome, kept.reason, kept.trn)
    compared = kept_lookups.sentences_of(outcome.explanation.to_json())
    return Replayed(*head, word, reason, trn, asked, kept.compared, compared)


def report(results: Iterable[Replayed | str]) -> Report:
    """Count what changed."""
    made = Report()
    for each in results:
        if isinstance(each, Replayed):
            made.replayed += 1
            made.versions[each.weights_version] += 1
            if each.changed:
                made.kinds[each.kind] += 1
                made.changes.append(each)
        elif each == UNANSWERED:
            made.unanswered += 1
        else:
            made.unread += 1
    return made
