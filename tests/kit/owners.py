"""People at their own account: a browser that is signed in to it, without a code entered first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from config.settings import Settings
from identity_provider.db import transaction
from identity_provider.models import BrowserSession, User
from identity_provider.ports import Ports
from identity_provider.services import browser_sessions
from tests.builders import a_user
from tests.kit.page import Browser


class Owner(Browser):
    """Somebody who signed in to their account just now, or some time `ago`; a person of its own by default."""

    def __init__(self, app: Flask, person: User | None = None, *, ago: timedelta = timedelta(), **values: Any) -> None:
        super().__init__(app)
        self.person = person if person is not None else a_user(**values)
        settings: Settings = app.extensions["settings"]
        ports: Ports = app.extensions["ports"]
        with transaction():
            made = browser_sessions.begin(self.person, amr=["otp"], now=ports.clock.now() - ago)
        self.session: BrowserSession
        self.session, self.secret = made
        self.client.set_cookie(settings.cookie_name("session"), self.secret)
