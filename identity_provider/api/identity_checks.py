"""/api/v1/users/{id}/identity-checks: an identity provider reports what it verified of a person."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from identity_provider.api.access import needs, service
from identity_provider.api.blueprint import bp
from identity_provider.api.problems import ErrorCode, Problem
from identity_provider.api.reading import Body, user_id_in
from identity_provider.api.users import held_or_problem
from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.services import identity_checks
from identity_provider.services.identity_checks import NotTheirs, ReferenceUsed, Reported, Verified

LONGEST_REFERENCE = 200


@bp.post("/v1/users/<user_id>/identity-checks")
@needs("identity:verify")
def report_check(user_id: str) -> ResponseReturnValue:
    """Take down a report, once: the same one again is answered as it was, with 200."""
    wanted = user_id_in(user_id)
    seen, reference = _sent()
    try:
        with transaction():
            user = held_or_problem(wanted)
            reported = identity_checks.report(user, seen, reference, client=service(), now=ports().clock.now())
            told = _told(reported)
    except NotTheirs as stranger:
        raise Problem.of(ErrorCode.NO_SUCH_USER) from stranger
    except ReferenceUsed as used:
        raise Problem(409, "Another report has this reference", code=ErrorCode.INVALID) from used
    return jsonify(told), 201 if reported.is_new else 200


def _told(reported: Reported) -> dict[str, object]:
    check = reported.check
    return {
        "identityCheckId": str(check.id),
        "matches": not check.differs,
        "differs": check.differs,
        "changeRequests": [request.reference for request in reported.requests],
    }


def _sent() -> tuple[Verified, str]:
    body, today = Body.read(), ports().clock.now().date()
    reference = body.text("reference", LONGEST_REFERENCE) if "reference" in body.sent else ""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_REFERENCE:
        body.refuse("reference", f"Must be {LONGEST_REFERENCE} characters or fewer, as an Idempotency-Key too")
    seen = Verified(
        provider=body.text("provider", 200),
        document_kind=body.text("documentKind", 60),
        checked_on=body.day("checkedOn", not_after=today),
        first_name=body.text("firstName", 200),
        last_name=body.text("lastName", 200),
        date_of_birth=body.day("dateOfBirth", not_after=today),
    )
    body.finish()
    return seen, reference or key
