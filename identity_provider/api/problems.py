"""What the API answers when it refuses: problem details (RFC 9457) with the error codes that services know."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from flask import Response, json

from identity_provider.kit.requests import request_id

MEDIA_TYPE = "application/problem+json"


class ErrorCode(IntEnum):
    """`errorCode` (domain.md). 10001, "not a teacher", is never given: staff are no users here."""

    TRN_HELD_BY_ANOTHER = 10002
    NO_SUCH_USER = 10003
    INVALID = 10004
    NOT_AUTHORISED = 10005
    HAS_ANOTHER_TRN = 10006
    NO_SUCH_AWARD = 10011
    REFERENCE_TAKEN = 10012
    AWARD_WITHDRAWN = 10013


_TITLES = {
    ErrorCode.TRN_HELD_BY_ANOTHER: "The TRN is assigned to another user",
    ErrorCode.NO_SUCH_USER: "There is no such user",
    ErrorCode.INVALID: "The request is invalid",
    ErrorCode.NOT_AUTHORISED: "The token is not good for this",
    ErrorCode.HAS_ANOTHER_TRN: "The user has a TRN already",
    ErrorCode.NO_SUCH_AWARD: "There is no award of this user with this reference",
    ErrorCode.REFERENCE_TAKEN: "The reference is that of an award of another user",
    ErrorCode.AWARD_WITHDRAWN: "The award was withdrawn",
}
_STATUS = {
    ErrorCode.NO_SUCH_USER: 404,
    ErrorCode.NOT_AUTHORISED: 403,
    ErrorCode.NO_SUCH_AWARD: 404,
    ErrorCode.REFERENCE_TAKEN: 409,
    ErrorCode.AWARD_WITHDRAWN: 409,
}


class Problem(Exception):
    """A refusal. `errors` names fields with what is wrong in each; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        title: str,
        *,
        code: ErrorCode | None = None,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.code = code
        self.errors = errors
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, code: ErrorCode) -> Problem:
        """The refusal that this code stands for."""
        return cls(_STATUS.get(code, 400), _TITLES[code], code=code)

    @classmethod
    def invalid(cls, errors: Mapping[str, list[str]]) -> Problem:
        """400: what is wrong, field by field."""
        return cls(400, _TITLES[ErrorCode.INVALID], code=ErrorCode.INVALID, errors=errors)

    @classmethod
    def only_by_helpdesk(cls) -> Problem:
        """400: for a TRN that nobody is linked to on a service's word. Why is not said: the list is for staff."""
        return cls.invalid({"trn": ["Only the helpdesk links somebody to this TRN"]})


def answer(problem: Problem) -> Response:
    """The problem as services read it."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "traceId": request_id(),
    }
    if problem.code is not None:
        body["errorCode"] = int(problem.code)
    if problem.errors is not None:
        body["errors"] = problem.errors
    return Response(json.dumps(body), problem.status, headers=problem.headers, mimetype=MEDIA_TYPE)
