"""Changes of a name or date of birth: what they are asked for, how they go, and in which words that is told."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from identity_provider.domain.words import N_

UNDECIDED_FOR = timedelta(days=90)
"""A request that nobody could decide by then ends, and its evidence goes (experience.md, "Privacy")."""
EVIDENCE_AFTER_DECISION = timedelta(days=30)
DRAFTS_FOR = timedelta(days=7)
DECIDED_FOR = timedelta(days=6 * 365)
"""What was asked and decided, without documents, is kept as long as the audit of it."""
MOST_FILES = 5


class ChangeKind(StrEnum):
    """What is to be changed; a person has at most one open request for each."""

    NAME = "name"
    DATE_OF_BIRTH = "date_of_birth"

    @property
    def slug(self) -> str:
        """How it stands in an address."""
        return self.value.replace("_", "-")


class ChangeReason(StrEnum):
    """Why it is to be changed, in the person's words."""

    MARRIAGE = "marriage"
    DIVORCE = "divorce"
    DEED_POLL = "deed_poll"
    GENDER = "gender"
    OUR_MISTAKE = "our_mistake"
    MY_MISTAKE = "my_mistake"
    OTHER = "other"
    # A provider saw another name or date on a document: nobody was asked why.
    IDENTITY_CHECK = "identity_check"


class ChangeState(StrEnum):
    """The life of a request: drafted, submitted, perhaps sent back for better evidence, then ended once."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    MORE_EVIDENCE = "more_evidence"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a reviewer, or for better evidence."""
        return self in (ChangeState.SUBMITTED, ChangeState.MORE_EVIDENCE)


class RejectionReason(StrEnum):
    """Why a reviewer said no, or asked again; the person is told."""

    DIFFERS = "differs"
    WRONG_DOCUMENT = "wrong_document"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    OUT_OF_DATE = "out_of_date"
    OTHER = "other"


class Happening(StrEnum):
    """One step in the history of a request, as its person and the reviewers read it."""

    SUBMITTED = "submitted"
    MORE_EVIDENCE_ASKED = "more_evidence_asked"
    EVIDENCE_UNSAFE = "evidence_unsafe"
    SUBMITTED_AGAIN = "submitted_again"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    REPORTED = "reported"
    REGISTER_ACCEPTED = "register_accepted"
    REGISTER_DECLINED = "register_declined"
    REGISTER_REFUSED = "register_refused"


class ReportState(StrEnum):
    """Where an approved change stands with the Database of Qualified Teachers."""

    WAITING = "waiting"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    # It understood, and will never take it as it is: a person has to write to it.
    REFUSED = "refused"


REASONS: dict[ChangeKind, dict[ChangeReason, str]] = {
    ChangeKind.NAME: {
        ChangeReason.MARRIAGE: N_("Marriage or civil partnership"),
        ChangeReason.DIVORCE: N_("Divorce, or the end of a civil partnership"),
        ChangeReason.DEED_POLL: N_("Deed poll or statutory declaration"),
        ChangeReason.GENDER: N_("Gender recognition or transition"),
        ChangeReason.OUR_MISTAKE: N_("There is a mistake in your details"),
        ChangeReason.OTHER: N_("Another reason"),
    },
    ChangeKind.DATE_OF_BIRTH: {
        ChangeReason.MY_MISTAKE: N_("I made a mistake when I entered it"),
        ChangeReason.OUR_MISTAKE: N_("There is a mistake in your details"),
        ChangeReason.OTHER: N_("Another reason"),
    },
}
"""The answers to "why?", in the order in which they are offered."""

REPORTED_BY_PROVIDER = N_("An identity check found other details")

STATES: dict[ChangeState, str] = {
    ChangeState.DRAFT: N_("Not sent yet"),
    ChangeState.SUBMITTED: N_("Being checked"),
    ChangeState.MORE_EVIDENCE: N_("Evidence needed"),
    ChangeState.APPROVED: N_("Approved"),
    ChangeState.REJECTED: N_("Not approved"),
    ChangeState.WITHDRAWN: N_("Withdrawn"),
    ChangeState.LAPSED: N_("Ended without a decision"),
}

REJECTIONS: dict[RejectionReason, str] = {
    RejectionReason.DIFFERS: N_("The evidence does not show what you asked for."),
    RejectionReason.WRONG_DOCUMENT: N_("The evidence is not a kind of document that we can accept."),
    RejectionReason.UNREADABLE: N_("The evidence could not be read."),
    RejectionReason.INCOMPLETE: N_("A part of the document is missing."),
    RejectionReason.OUT_OF_DATE: N_("The document is out of date."),
    RejectionReason.OTHER: N_("The evidence is not enough."),
}

HAPPENINGS: dict[Happening, str] = {
    Happening.SUBMITTED: N_("You sent your request"),
    Happening.MORE_EVIDENCE_ASKED: N_("We asked for better evidence"),
    Happening.EVIDENCE_UNSAFE: N_("We could not use a file that you sent"),
    Happening.SUBMITTED_AGAIN: N_("You sent more evidence"),
    Happening.APPROVED: N_("We approved your request"),
    Happening.REJECTED: N_("We did not approve your request"),
    Happening.WITHDRAWN: N_("You withdrew your request"),
    Happening.LAPSED: N_("The request ended without a decision"),
    Happening.REPORTED: N_("We sent the change to your teaching record"),
    Happening.REGISTER_ACCEPTED: N_("Your teaching record was changed"),
    Happening.REGISTER_DECLINED: N_("Your teaching record was not changed"),
    Happening.REGISTER_REFUSED: N_("Your teaching record could not be changed by us"),
}

REPORTS: dict[ReportState, str] = {
    ReportState.WAITING: N_("We are sending the change to your teaching record."),
    ReportState.SENT: N_("The change is with the team that keeps your teaching record."),
    ReportState.ACCEPTED: N_("Your teaching record shows the change."),
    ReportState.DECLINED: N_("The team that keeps your teaching record did not make the change."),
    ReportState.REFUSED: N_(
        "We could not send the change to your teaching record. If it still shows the old details, contact us."
    ),
}
