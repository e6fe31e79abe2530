"""/api/v1/users: services read people, change their details, and say which TRN is theirs."""

from __future__ import annotations

from uuid import UUID

from flask import jsonify
from flask.typing import ResponseReturnValue

from identity_provider.api.access import needs, service
from identity_provider.api.blueprint import bp
from identity_provider.api.problems import ErrorCode, Problem
from identity_provider.api.reading import Body, page_asked_for, user_id_in
from identity_provider.db import transaction
from identity_provider.domain.errors import (
    EmailInUse,
    IllegalMove,
    LeakedTrnStated,
    RecordNotLinkable,
    TrnAlreadyLinked,
    UserAlreadyHasTrn,
)
from identity_provider.domain.values import Trn
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import person_json, service_edits, user_lists
from identity_provider.services.service_edits import DetailChanges


@bp.get("/v1/users")
@needs("user:read", "user:write")
def list_users() -> ResponseReturnValue:
    """A page of everybody."""
    page = page_asked_for()
    with transaction():
        return jsonify(user_lists.read_page(page, client=service(), now=ports().clock.now()))


@bp.get("/v1/users/<user_id>")
@needs("user:read", "user:write")
def get_user(user_id: str) -> ResponseReturnValue:
    """One person."""
    wanted = user_id_in(user_id)
    with transaction():
        told = user_lists.read_one(wanted, client=service(), now=ports().clock.now())
    if told is None:
        raise Problem.of(ErrorCode.NO_SUCH_USER)
    return jsonify(told)


@bp.patch("/v1/users/<user_id>")
@needs("user:write")
def change_user(user_id: str) -> ResponseReturnValue:
    """Change the address and the name of a person; what is not sent stays as it is."""
    wanted, changes = user_id_in(user_id), _changes_sent()
    try:
        with transaction():
            user = held_or_problem(wanted)
            service_edits.change_details(user, changes, client=service(), now=ports().clock.now())
            return jsonify(person_json.in_api(user, service()))
    except EmailInUse as taken:
        raise Problem.invalid({"email": ["Another user has this address"]}) from taken


@bp.put("/v1/users/<user_id>/trn")
@needs("user:write")
def set_trn(user_id: str) -> ResponseReturnValue:
    """Say which TRN is a person's, or with null that there is none."""
    wanted, trn = user_id_in(user_id), _trn_sent()
    if trn is not None:
        _refuse_closed_record(trn)
    try:
        with transaction():
            _set_trn(held_or_problem(wanted), trn)
    except TrnAlreadyLinked as held:
        raise Problem.of(ErrorCode.TRN_HELD_BY_ANOTHER) from held
    except UserAlreadyHasTrn as other:
        raise Problem.of(ErrorCode.HAS_ANOTHER_TRN) from other
    except LeakedTrnStated as leaked:
        raise Problem.only_by_helpdesk() from leaked
    except IllegalMove as locked:
        raise Problem.invalid({"userId": ["This user is locked"]}) from locked
    return "", 204


def held_or_problem(user_id: UUID) -> User:
    """The user of this id, held until the transaction ends. Raises Problem for nobody."""
    user = service_edits.held(user_id)
    if user is None:
        raise Problem.of(ErrorCode.NO_SUCH_USER)
    return user


def _set_trn(user: User, trn: Trn | None) -> None:
    now = ports().clock.now()
    if trn is None:
        service_edits.confirm_no_trn(user, client=service(), now=now)
    else:
        service_edits.set_trn(user, trn, client=service(), now=now)


def _refuse_closed_record(trn: Trn) -> None:
    try:
        service_edits.refuse_closed_record(trn, ports().register)
    except RecordNotLinkable as closed:
        raise Problem.invalid({"trn": [f"The record of this TRN is {closed.reason}"]}) from closed


def _changes_sent() -> DetailChanges:
    body = Body.read()
    changes = DetailChanges(
        email=body.email("email"),
        first_name=body.name("firstName"),
        middle_name=body.name("middleName", may_be_empty=True),
        last_name=body.name("lastName"),
    )
    body.finish()
    return changes


def _trn_sent() -> Trn | None:
    body = Body.read()
    if "trn" in body.sent and body.sent["trn"] is None:
        return None
    trn = body.trn("trn")
    body.finish()
    return trn
