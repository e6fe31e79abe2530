"""What is asked before a person is taken for one without a record: what tells a missing record from wrong answers.

Asked only of somebody whom the register knows nothing like, and who says that they have neither a TRN nor QTS.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from identity_provider.domain.words import N_, Words


class Training(StrEnum):
    """Whether, and where, somebody trained to be a teacher."""

    NO = "no"
    ENGLAND_OR_WALES = "england-or-wales"
    ELSEWHERE = "elsewhere"

    @property
    def words(self) -> Words:
        """The answer, as the person reads it."""
        return _TRAINING[self]


class SchoolWork(StrEnum):
    """Whether, and as what, somebody works where children are taught."""

    NO = "no"
    TEACHER = "teacher"
    ASSISTANT = "assistant"
    EARLY_YEARS = "early-years"
    OTHER = "other"

    @property
    def words(self) -> Words:
        """The answer, as the person reads it."""
        return _SCHOOL_WORK[self]


# Answers to "Have you …?" and "Do you work …?" (kit/yes_and_no.py has the words for it).
_NO = Words("No", context="have you")
_TRAINING = {
    Training.NO: _NO,
    Training.ENGLAND_OR_WALES: Words(N_("Yes, in England or Wales")),
    Training.ELSEWHERE: Words(N_("Yes, somewhere else")),
}
_SCHOOL_WORK = {
    SchoolWork.NO: _NO,
    SchoolWork.TEACHER: Words(N_("Yes, as a teacher or lecturer")),
    SchoolWork.ASSISTANT: Words(N_("Yes, as a teaching assistant")),
    SchoolWork.EARLY_YEARS: Words(N_("Yes, in early years")),
    SchoolWork.OTHER: Words(N_("Yes, in another role")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherAnswers:
    """The answers; None was not asked yet. Where and when are as the person wrote them, or empty.

    Where, when and whether it was recognised is asked only of who trained.
    """

    other_names: tuple[dict[str, str], ...] | None = None
    training: Training | None = None
    training_where: str | None = field(default=None, repr=False)
    training_when: str = ""
    # Somebody who trained elsewhere: was that recognised in England by the award of QTS? None: not said.
    recognised: bool | None = None
    school_work: SchoolWork | None = None
    school_role: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether everything that is asked was answered."""
        told_where = self.training is Training.NO or self.training_where is not None
        return told_where and None not in (self.other_names, self.training, self.school_work)

    @property
    def speaks_for_a_record(self) -> bool:
        """Whether an answer makes it likely that there is a record after all.

        Whoever trained in England or Wales was given a TRN when they began; whoever was awarded QTS for training
        elsewhere has one too, whatever they answered when they were asked for it by its name.
        """
        return self.training is Training.ENGLAND_OR_WALES or self.recognised is True

    def together_with(self, other: Self) -> Self:
        """What two people said who turn out to be one: nothing that speaks for a record is lost with either.

        The other one's answer stands where this one was not asked, or said less.
        """
        names = None if self.other_names is other.other_names is None else (*(self.other_names or ()),)
        if names is not None:
            names += tuple(each for each in other.other_names or () if each not in names)
        both = replace(self, other_names=names)
        if self.training is None or (other.speaks_for_a_record and not self.speaks_for_a_record):
            both = replace(
                both,
                training=other.training,
                training_where=other.training_where,
                training_when=other.training_when,
                recognised=other.recognised,
            )
        if self.school_work in (None, SchoolWork.NO) and other.school_work is not None:
            both = replace(both, school_work=other.school_work, school_role=other.school_role)
        return both

    def as_kept(self) -> dict[str, Any]:
        """What is stored: the questions that were asked, each with its answer."""
        if self.other_names is None and self.training is None and self.school_work is None:
            return {}
        return {
            "other_names": None if self.other_names is None else list(self.other_names),
            "training": self.training,
            "training_where": self.training_where,
            "training_when": self.training_when,
            "recognised": self.recognised,
            "school_work": self.school_work,
            "school_role": self.school_role,
        }

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """Read back what `as_kept` wrote."""
        if not kept:
            return cls()
        names, training, work = kept["other_names"], kept["training"], kept["school_work"]
        return cls(
            other_names=None if names is None else tuple(names),
            training=None if training is None else Training(training),
            training_where=kept["training_where"],
            training_when=kept["training_when"],
            recognised=kept["recognised"],
            school_work=None if work is None else SchoolWork(work),
            school_role=kept["school_role"],
        )


NOT_ASKED = FurtherAnswers()
"""Of somebody who was asked none of it."""
