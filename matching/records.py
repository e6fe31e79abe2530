"""What is compared: a person's own statement, a teaching record, and the register that is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, runtime_checkable

ROWS_PER_KEY = 600
"""A blocking key that more records share than this says too little: it is cut off and reported."""

ROWS_PER_ANSWER = 1500
"""No answer carries more records, however many keys were asked: the rest is cut off and reported."""

PAIR_YEARS = 5
"""Namesakes are counted among people born within so many years of the person."""


class RecordStatus(StrEnum):
    """Whether a record may still be linked."""

    ACTIVE = "active"
    MERGED = "merged"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """What somebody states about themselves, as typed: nothing here is checked or normalised.

    Previous names may hold several names each. `email_verified` says that the person proved to receive mail
    there. `trn_leaked` says that the number in `trn` is known to have become public: whoever states it has shown
    nothing by that.
    """

    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    previous_first_names: tuple[str, ...] = ()
    previous_last_names: tuple[str, ...] = ()
    date_of_birth: date | None = None
    trn: str = ""
    nino: str = ""
    email: str = ""
    email_verified: bool = False
    trn_leaked: bool = False


@dataclass(frozen=True, slots=True)
class TeachingRecord:
    """One row of the register. Text that the register does not hold is empty, never None.

    `nino_told` is False where the answer did not speak of the National Insurance number: an empty one then says
    nothing. `merged_into` is the TRN of the record that a merged one was joined to. `has_qts` and `has_open_alert`
    are None where the register does not say; `has_prohibition` says of what kind an open alert is, and is None
    where the register does not. `open_alerts` are the names of the open ones, as far as the register gives any.
    """

    trn: str
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    previous_first_names: tuple[str, ...] = ()
    previous_last_names: tuple[str, ...] = ()
    date_of_birth: date | None = None
    nino: str = ""
    email: str = ""
    status: RecordStatus = RecordStatus.ACTIVE
    merged_into: str | None = None
    has_qts: bool | None = None
    has_open_alert: bool | None = None
    nino_told: bool = True
    has_prohibition: bool | None = None
    open_alerts: tuple[str, ...] = ()

    @property
    def may_be_prohibited(self) -> bool | None:
        """Whether there is an open prohibition. An alert whose kind is not told counts as one; None is "not said"."""
        return self.has_open_alert if self.has_prohibition is None else self.has_prohibition


NamePair = tuple[str, str]
"""A normalised first name and a normalised last name."""


@dataclass(frozen=True, slots=True)
class CandidateQuestion:
    """Everything that one round trip to the register has to answer.

    `keys` are blocking keys as `matching.blocking.record_keys` makes them for records; a record is wanted
    when it has any of them. `first_names`, `last_names` and `name_pairs` are normalised as
    `matching.blocking.counted_names` makes them for records. `person` is for registers that cannot look up
    keys and search by what was stated.
    """

    person: PersonDetails
    keys: Sequence[str]
    first_names: tuple[str, ...] = ()
    last_names: tuple[str, ...] = ()
    name_pairs: tuple[NamePair, ...] = ()
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class NameStatistics:
    """How common names are in the register. A name missing here is unknown; an absent one has count 0.

    `first_names` and `last_names`: in how many records (of any status) the name is counted, current or
    previous.
    `pairs`: in how many records that first and that last name occur together, among those born within
    PAIR_YEARS of the question's birth year (of any birth year when it had none). A candidate counts itself.
    `last_names_counted`: all of `last_names` together, over the whole register; 0 where that is not known.
    """

    first_names: Mapping[str, int] = field(default_factory=dict)
    last_names: Mapping[str, int] = field(default_factory=dict)
    pairs: Mapping[NamePair, int] = field(default_factory=dict)
    last_names_counted: int = 0


@dataclass(frozen=True, slots=True)
class CandidateAnswer:
    """The records that share a key with the person, each TRN once, in any order.

    `records` are of every status, and hold the survivor (`merged_into`, followed once) of every merged one
    among them.
    `capped_keys` had more than ROWS_PER_KEY records, or fell to ROWS_PER_ANSWER: the answer may lack some
    of theirs.
    `complete` is False when the register could not ask all of the keys, so that absence proves nothing.
    """

    records: Sequence[TeachingRecord]
    capped_keys: tuple[str, ...] = ()
    complete: bool = True
    statistics: NameStatistics = field(default_factory=NameStatistics)


class TeacherRegister(Protocol):
    """Where teaching records are looked up.

    A register that cannot answer raises (in this project `RegisterUnavailable`); matching lets that pass
    through, so that no answer is never taken for "no such record". An empty answer means that the register
    was asked and has none.
    """

    @property
    def size(self) -> int:
        """About how many records there are: cheap, may be minutes old, 0 only for an empty register."""
        ...

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """Answer in one round trip with the records that have this TRN, or this National Insurance number.

        `trn` is 7 digits or empty (do not look); `nino` is its first 8 characters, upper case without
        spaces, or empty: a record's suffix letter is not compared. Records of every status, the survivor of
        each merged one beside it, each TRN once, at most ROWS_PER_KEY. A register that cannot search by
        NINO answers for the TRN alone, and must then say `complete=False` in `find_candidates`.
        """
        ...

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """Answer a whole question in one round trip (one pipeline, one transaction snapshot).

        A question without keys asks for statistics alone. A lookup asks once; a second, small time where names were
        misstated, or before nobody is found.
        """
        ...


@runtime_checkable
class BulkRegister(TeacherRegister, Protocol):
    """A register that answers many questions at a time cheaper than one by one."""

    def find_many(self, questions: Sequence[CandidateQuestion]) -> list[CandidateAnswer]:
        """Answer each question as `find_candidates` does, in their order."""
        ...


@runtime_checkable
class LendingRegister(BulkRegister, Protocol):
    """A register that can be had all in memory, where so many questions come that this is the cheaper way."""

    def snapshot(self) -> BulkRegister:
        """The register as it is now, which answers exactly as this one does and never changes."""
        ...
