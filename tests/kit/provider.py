"""The provider as the protocol's tests meet it: services registered with it, and browsers signed in to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings
from identity_provider.db import db, transaction
from identity_provider.models import Journey, User
from identity_provider.ports import Clock
from identity_provider.services import browser_sessions, clients
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW
from tests.kit.relying_party import InProcess, RelyingParty

CALLBACK = "https://npq.example.org/callback"
EVERYTHING = ("openid", "profile", "email", "phone", "offline_access", "trn")


def a_relying_party(app: Flask, *, scope: str = "openid profile email trn", **values: Any) -> RelyingParty:
    """A service registered as `flask clients add` does it."""
    clock: Clock = app.extensions["ports"].clock
    registered: dict[str, Any] = {
        "id": f"rp-{values.pop('number', 1)}",
        "name": "Register for an NPQ",
        "redirect_uris": (CALLBACK,),
        "scopes": EVERYTHING,
    } | values
    with transaction():
        client, secret = clients.register(clients.NewClient(**registered), secret=None, actor=SYSTEM, now=clock.now())
    return RelyingParty(
        InProcess(app.test_client()),
        client.id,
        secret,
        redirect_uri=client.redirect_uris[0] if client.redirect_uris else CALLBACK,
        scope=scope,
        clock=clock.now,
        auth_method=client.token_endpoint_auth_method,
    )


def a_browser_of(app: Flask, user: User, *, now: datetime = NOW) -> FlaskClient:
    """A browser in which this person is signed in."""
    browser = app.test_client()
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=now)
    settings: Settings = app.extensions["settings"]
    browser.set_cookie(settings.cookie_name("session"), secret)
    return browser


def complete_journey(location: str, user: User, *, now: datetime = NOW) -> str:
    """Do what the pages of a journey do, without the pages; returns where the person goes next."""
    journey = db.session.get_one(Journey, location.rsplit("/", 1)[1])
    with transaction():
        journey.user_id = user.id
        journey.completed_at = now
    return f"/connect/authorize/{journey.authorization_request_id}/answer"
