"""/api/v1/users/{id}/awards: a service records the NPQs that it awarded, corrects them, and withdraws them."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from identity_provider.api.access import needs, service
from identity_provider.api.blueprint import bp
from identity_provider.api.problems import ErrorCode, Problem
from identity_provider.api.reading import Body, reference_in, user_id_in
from identity_provider.db import transaction
from identity_provider.domain.awards import Qualification
from identity_provider.kit.app import ports
from identity_provider.kit.dates import today
from identity_provider.models import Award, User
from identity_provider.services import awards, person_json, subjects
from identity_provider.services.awards import (
    Awarded,
    AwardWithdrawn,
    NoSuchAward,
    NoSuchHolder,
    ReferenceTaken,
)


@bp.get("/v1/users/<user_id>/awards")
@needs("awards:write")
def list_awards(user_id: str) -> ResponseReturnValue:
    """What this service recorded of a person."""
    with transaction():
        user = _holder(user_id)
        return jsonify(awards=[_told(each) for each in awards.recorded_of(user, client=service())])


@bp.put("/v1/users/<user_id>/awards/<provider_reference>")
@needs("awards:write")
def record_award(user_id: str, provider_reference: str) -> ResponseReturnValue:
    """Record an award, or correct it; the same sent again changes nothing."""
    reference, said = reference_in(provider_reference), _said()
    try:
        with transaction():
            user = _holder(user_id)
            award, is_new = awards.record(user, reference, said, client=service(), now=ports().clock.now())
            told = _told(award)
    except ReferenceTaken as taken:
        raise Problem.of(ErrorCode.REFERENCE_TAKEN) from taken
    except AwardWithdrawn as withdrawn:
        raise Problem.of(ErrorCode.AWARD_WITHDRAWN) from withdrawn
    except NoSuchHolder as stranger:
        raise Problem.of(ErrorCode.NO_SUCH_USER) from stranger
    return jsonify(told), 201 if is_new else 200


@bp.put("/v1/users/<user_id>/awards/<provider_reference>/withdrawal")
@needs("awards:write")
def withdraw_award(user_id: str, provider_reference: str) -> ResponseReturnValue:
    """Say that an award is not to be relied on any more, and why."""
    reference, body = reference_in(provider_reference), Body.read()
    reason = body.text("reason", 200)
    body.finish()
    try:
        with transaction():
            user = _holder(user_id)
            award = awards.withdraw(user, reference, reason, client=service(), now=ports().clock.now())
            return jsonify(_told(award))
    except NoSuchAward as unknown:
        raise Problem.of(ErrorCode.NO_SUCH_AWARD) from unknown


@bp.delete("/v1/users/<user_id>/awards/<provider_reference>/withdrawal")
@needs("awards:write")
def restore_award(user_id: str, provider_reference: str) -> ResponseReturnValue:
    """Take a withdrawal back: the award stands as before."""
    reference = reference_in(provider_reference)
    try:
        with transaction():
            user = _holder(user_id)
            return jsonify(_told(awards.restore(user, reference, client=service(), now=ports().clock.now())))
    except NoSuchAward as unknown:
        raise Problem.of(ErrorCode.NO_SUCH_AWARD) from unknown


def _holder(user_id: str) -> User:
    try:
        return awards.holder_known_as(str(user_id_in(user_id)), client=service())
    except NoSuchHolder as stranger:
        raise Problem.of(ErrorCode.NO_SUCH_USER) from stranger


def _said() -> Awarded:
    body = Body.read()
    qualification = body.one_of("qualification", Qualification)
    provider_name = body.text("providerName", 200)
    awarded_on = body.day("awardedOn", not_after=today())
    body.finish()
    assert qualification is not None
    return Awarded(qualification, provider_name, awarded_on)


def _told(award: Award) -> dict[str, Any]:
    return {
        "userId": subjects.subject_for(service(), award.user_id, now=ports().clock.now()),
        "providerReference": award.provider_reference,
        "qualification": award.qualification.value,
        "providerName": award.provider_name,
        "awardedOn": award.awarded_on.isoformat(),
        "recordedUtc": person_json.moment(award.recorded_at),
        "updatedUtc": person_json.moment(award.updated_at),
        "withdrawnUtc": person_json.moment(award.withdrawn_at) if award.withdrawn_at else None,
        "withdrawalReason": award.withdrawal_reason or None,
    }
