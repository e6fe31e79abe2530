"""The statements of services/grants.py: each is one change of state, judged and done by the database at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Interval,
    LargeBinary,
    String,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from identity_provider.db import UtcDateTime
from identity_provider.models import AccessToken, BrowserSession, Grant, RefreshToken, User
from identity_provider.services import persons, service_uses
from identity_provider.services.direct import Statement, looked_at

GRANTED: tuple[Any, ...] = (
    Grant.id,
    Grant.client_id,
    Grant.user_id,
    Grant.scope,
    Grant.session_id,
    Grant.auth_time,
    Grant.amr,
    Grant.nonce,
    Grant.claims_request,
    Grant.redirect_uri,
)
"""What is read of a grant, in the order of the fields of grants.Granted."""


def moment(name: str = "now") -> ColumnElement[Any]:
    """A parameter that is a moment."""
    return bindparam(name, type_=UtcDateTime())


def text(name: str) -> ColumnElement[Any]:
    """A parameter that is text."""
    return bindparam(name, type_=Text())


def one_of(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column holds one of the hashes (one for each key that is still listed) of a vault.hash_literal."""
    found: ColumnElement[bool] = column == any_(cast(text(name), ARRAY(LargeBinary())))
    return found


def _hash(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=LargeBinary())


def _id(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Uuid())


def _words(column: Any) -> ColumnElement[Any]:
    return func.string_to_array(column, " ", type_=ARRAY(Text()))


_ASKED_OFFLINE = and_(
    bindparam("refreshes", type_=Boolean()), literal_column("'offline_access'") == any_(_words(Grant.scope))
)

ISSUE = Statement(
    insert(Grant)
    .values(
        id=_id("id"),
        client_id=text("client_id"),
        user_id=_id("user_id"),
        scope=text("scope"),
        session_id=_id("session_id"),
        auth_time=moment("auth_time"),
        amr=bindparam("amr", type_=ARRAY(String())),
        nonce=text("nonce"),
        claims_request=cast(text("claims_request"), Grant.claims_request.type),
        redirect_uri=text("redirect_uri"),
        code_hmac=_hash("code_hmac"),
        code_challenge=text("code_challenge"),
        code_expires_at=moment("code_expires_at"),
        created_at=moment(),
        expires_at=moment("expires_at"),
    )
    # In the same round trip: from now on this service hears of changes of this person.
    .add_cte(service_uses.noting(_id("user_id"), text("client_id"), moment()).cte("service_use"))
)


def _keeps(allowed: CTE, scope: Any) -> CTE:
    """The access token that comes of an allowed exchange."""
    columns = ["id", "token_hmac", "grant_id", "client_id", "scope", "issued_at", "expires_at"]
    rows = select(
        _id("token_id"),
        _hash("token_hmac"),
        allowed.c.id,
        allowed.c.client_id,
        scope,
        moment(),
        moment("token_expires_at"),
    )
    return insert(AccessToken).from_select(columns, rows, include_defaults=False).returning(AccessToken.id).cte("kept")


def _continues(allowed: CTE, condition: Any) -> CTE:
    """The refresh token that comes of one."""
    columns = ["id", "token_hmac", "grant_id", "issued_at", "expires_at", "reused"]
    rows = select(
        _id("next_id"), _hash("next_hmac"), allowed.c.id, moment(), moment("next_expires_at"), literal_column("0")
    ).where(condition)
    return (
        insert(RefreshToken).from_select(columns, rows, include_defaults=False).returning(RefreshToken.id).cte("next")
    )


def _redeem() -> Statement:
    claimed = (
        update(Grant)
        .where(
            one_of(Grant.code_hmac, "hashes"),
            looked_at(Grant.client_id) == text("client_id"),
            Grant.redirect_uri == text("redirect_uri"),
            Grant.code_challenge.is_not_distinct_from(text("challenge")),
            Grant.code_expires_at > moment(),
            # By the database's clock too: ours may jump back, and would revive a code (attack 58).
            Grant.issued_at > func.now() - bindparam("code_lives", type_=Interval()),
            Grant.redeemed_at.is_(None),
            Grant.revoked_at.is_(None),
            # A code may be issued while its person signs out: then the sign-out found nothing to revoke yet.
            exists().where(BrowserSession.id == Grant.session_id, BrowserSession.ended_at.is_(None)),
            User.id == Grant.user_id,
            persons.IS_LIVE,
        )
        .values(
            redeemed_at=moment(),
            # The grant lives as long as a family may that begins with it.
            expires_at=case((_ASKED_OFFLINE, moment("family_expires_at")), else_=Grant.expires_at),
        )
        .returning(*GRANTED, *persons.COLUMNS, _ASKED_OFFLINE.label("is_family"))
        .cte("allowed")
    )
    kept, following = _keeps(claimed, claimed.c.scope), _continues(claimed, claimed.c.is_family)
    return Statement(select(claimed).add_cte(kept, following))


REDEEM = _redeem()
"""Use a code, once, and keep the tokens that are issued for it: all of it or nothing."""

REVOKE_REPLAYED = Statement(
    update(Grant)
    .where(
        one_of(Grant.code_hmac, "hashes"),
        looked_at(Grant.client_id) == text("client_id"),
        Grant.redeemed_at.is_not(None),
    )
    .values(revoked_at=moment())
    .returning(Grant.id)
)

KEEP_ACCESS_TOKEN = Statement(
    insert(AccessToken).values(
        id=_id("id"),
        token_hmac=_hash("token_hmac"),
        client_id=text("client_id"),
        scope=text("scope"),
        issued_at=moment(),
        expires_at=moment("expires_at"),
    )
)

REPLACE_ACCESS_TOKEN = Statement(
    update(AccessToken).where(AccessToken.id == _id("id")).values(token_hmac=_hash("token_hmac"))
)

FIND_ACCESS_TOKEN = Statement(
    select(
        AccessToken.id,
        AccessToken.client_id,
        AccessToken.scope,
        AccessToken.issued_at,
        AccessToken.expires_at,
        *GRANTED,
        *persons.COLUMNS,
    )
    .outerjoin(Grant, Grant.id == AccessToken.grant_id)
    .outerjoin(User, User.id == Grant.user_id)
    .where(
        one_of(AccessToken.token_hmac, "hashes"),
        looked_at(AccessToken.expires_at) > moment(),
        AccessToken.revoked_at.is_(None),
        or_(AccessToken.grant_id.is_(None), and_(Grant.id.is_not(None), Grant.revoked_at.is_(None))),
    )
)

_GOOD_REFRESH_TOKEN = and_(
    one_of(RefreshToken.token_hmac, "hashes"),
    looked_at(RefreshToken.expires_at) > moment(),
    RefreshToken.grant_id == Grant.id,
    Grant.revoked_at.is_(None),
    looked_at(Grant.expires_at) > moment(),
)


def _rotate(state: ColumnElement[bool], values: dict[Any, Any]) -> Statement:
    """Exchange a refresh token in this state; the access token may be for less than was granted (RFC 6749 6)."""
    scope = func.coalesce(text("scope"), Grant.scope)
    rotated = (
        update(RefreshToken)
        .where(
            _GOOD_REFRESH_TOKEN,
            state,
            looked_at(Grant.client_id) == text("client_id"),
            _words(scope).contained_by(_words(Grant.scope)),
            User.id == Grant.user_id,
            persons.IS_LIVE,
        )
        .values(values)
        .returning(*GRANTED, *persons.COLUMNS, scope.label("token_scope"))
        .cte("allowed")
    )
    kept, following = _keeps(rotated, rotated.c.token_scope), _continues(rotated, ~false())
    return Statement(select(rotated).add_cte(kept, following))


ROTATE = _rotate(RefreshToken.rotated_at.is_(None), {RefreshToken.rotated_at: moment()})
ROTATE_WITHIN_GRACE = _rotate(
    RefreshToken.rotated_at > moment("grace_begins"), {RefreshToken.reused: RefreshToken.reused + literal_column("1")}
)

FIND_REFRESH_TOKEN = Statement(
    select(RefreshToken.id, RefreshToken.issued_at, RefreshToken.expires_at, *GRANTED, *persons.COLUMNS)
    .join(Grant, Grant.id == RefreshToken.grant_id)
    .join(User, User.id == Grant.user_id)
    .where(
        _GOOD_REFRESH_TOKEN,
        or_(RefreshToken.rotated_at.is_(None), RefreshToken.rotated_at > moment("grace_begins")),
    )
)
