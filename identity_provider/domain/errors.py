"""What happened, as exceptions that carry what the caller needs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID


class IdentityError(Exception):
    """Anything that a use case refuses or could not do."""


class RegisterUnavailable(IdentityError):
    """The register did not answer. Never the same as "no record". It may have said when to ask again."""

    def __init__(self, message: str = "the register did not answer", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(IdentityError):
    """Too many tries; the caller may come back after `retry_after`."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(f"try again in {retry_after}")
        self.retry_after = retry_after


class CodeRefused(IdentityError):
    """The one-time code was wrong, used, replaced or expired: the person is not told which (attack 29)."""


class IllegalMove(IdentityError):
    """A row was asked to change its state in a way that its life does not allow."""


class TrnAlreadyLinked(IdentityError):
    """Another live user holds this TRN: at most one may (domain.md, "link")."""

    def __init__(self, trn: str, holder_id: UUID | None = None) -> None:
        super().__init__("this TRN is linked to another user")
        self.trn = trn
        self.holder_id = holder_id


class UserAlreadyHasTrn(IdentityError):
    """The user is linked to another record; detach first, with a reason."""

    def __init__(self, trn: str) -> None:
        super().__init__("this user is linked to another record")
        self.trn = trn


class LeakedTrnStated(IdentityError):
    """The TRN is on the list of leaked numbers: that somebody states it shows nothing, and people have to look."""


class RecordNotLinkable(IdentityError):
    """The record may not be linked: it does not exist, is merged into another, or is closed."""

    def __init__(self, reason: str, merged_into: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.merged_into = merged_into


class CaseAlreadyResolved(IdentityError):
    """Somebody else resolved the case first."""

    def __init__(self, by: str, resolution: str) -> None:
        super().__init__(f"resolved by {by}")
        self.by = by
        self.resolution = resolution


class EmailInUse(IdentityError):
    """Another live user has this email address."""


class OwnAccount(IdentityError):
    """The account is the agent's own, or was made one with theirs: a colleague has to do it (attack 33)."""
