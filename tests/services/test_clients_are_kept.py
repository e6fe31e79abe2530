"""Clients are disabled, never deleted, so that what every sign-in writes may name one without locking its row."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from identity_provider.db import db, transaction
from identity_provider.models import AccessToken, AuthorizationRequest, Client, Grant, PushedRequest, ServiceUse
from tests.kit.provider import a_relying_party

WRITTEN_AT_EVERY_SIGN_IN = (AccessToken, AuthorizationRequest, Grant, PushedRequest, ServiceUse)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM clients", "TRUNCATE clients CASCADE", "UPDATE clients SET id = 'another'"],
)
def test_the_database_lets_nobody_take_a_client_away(app: Flask, statement: str) -> None:
    made = a_relying_party(app)
    with transaction():
        db.session.execute(text("DELETE FROM client_secrets"))
    with pytest.raises(DBAPIError, match="never deleted or renamed"), transaction():
        db.session.execute(text(statement))
    assert db.session.get(Client, made.client_id) is not None


def test_a_client_may_be_changed_and_disabled(app: Flask) -> None:
    made = a_relying_party(app)
    with transaction():
        db.session.execute(text("UPDATE clients SET id = id, disabled_at = now()"))
    db.session.expire_all()
    found = db.session.get(Client, made.client_id)
    assert found is not None
    assert not found.is_enabled


@pytest.mark.parametrize("model", WRITTEN_AT_EVERY_SIGN_IN)
def test_what_a_sign_in_writes_does_not_lock_the_row_of_its_client(app: Flask, model: type) -> None:
    """A foreign key would: FOR KEY SHARE, of one row, by everybody who signs in to that service at once."""
    table = model.__tablename__  # type: ignore[attr-defined]  # every model has one
    pointed_at = {each["referred_table"] for each in inspect(db.engine).get_foreign_keys(table)}
    assert "clients" not in pointed_at
