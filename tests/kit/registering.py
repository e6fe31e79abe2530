"""A service's own software at the registration endpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config.settings import Settings
from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.services import registration_tokens
from identity_provider.services.audit import SYSTEM
from identity_provider.services.registration_tokens import Allowance

CALLBACK = "https://staffroom.example.net/callback"


def switch_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As CLIENT_REGISTRATION=true does it."""
    settings: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, client_registration=True))


def a_token(**allowed: Any) -> str:
    """What an operator hands out."""
    with transaction():
        _, token = registration_tokens.make(
            Allowance(**{"label": "Tests"} | allowed), actor=SYSTEM, now=ports().clock.now()
        )
    return token


class Software:
    """It registers, and keeps what it was told."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app = app
        self.token = token
        self.told: dict[str, Any] = {}

    def call(self, method: str, path: str, token: str | None, body: object = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        kind = "application/json" if text is not None else None
        return self.app.test_client().open(path, method=method, headers=headers, data=text, content_type=kind)

    def register(self, **members: Any) -> TestResponse:
        """Register with a redirect URI and a name, unless something else is said."""
        answer = self.call("POST", "/connect/register", self.token, {"redirect_uris": [CALLBACK]} | members)
        if answer.status_code == 201:
            self.told = answer.get_json()
        return answer

    @property
    def path(self) -> str:
        return f"/connect/register/{self.told['client_id']}"

    def manage(
        self, method: str, body: object = None, *, token: str | None = None, path: str | None = None
    ) -> TestResponse:
        """A call to the registration's own address, with its own token."""
        return self.call(method, path or self.path, token or self.told["registration_access_token"], body)


def error_of(answer: TestResponse) -> tuple[int, str]:
    """Status and error word."""
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_json()["error"]
