"""The provider of this repository as a target: migrated, with services, people and sessions, under its own settings."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, date, datetime
from pathlib import Path

from flask_migrate import upgrade

from benchmarks.peers.operations import Registered
from benchmarks.peers.servers import web
from config.settings import Settings
from identity_provider.db import db, transaction
from identity_provider.models import User
from identity_provider.services import browser_sessions, clients
from identity_provider.services.audit import SYSTEM
from wsgi import create_app

SCOPES = ("openid", "profile", "email", "offline_access")


def environment(url: str, port: int, place: Path) -> dict[str, str]:
    """The settings of the provider, as `make run` gives them."""
    return {
        **web(port),
        "SANDBOX": "true",
        "ISSUER": f"http://127.0.0.1:{port}",
        "DATABASE_URL": url,
        "SECRET_KEYS": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "MAIL_TRANSPORT": "memory",
        "TICKET_TRANSPORT": "memory",
        "REGISTER": "memory",
        "PROMETHEUS_MULTIPROC_DIR": str(place / "metrics"),
    }


def prepare(settings: dict[str, str], registered: tuple[Registered, ...], people: int) -> list[str]:
    """Make the tables, the services, the people and a session for each; returns the sessions' cookies."""
    app = create_app(Settings.from_environment(settings))
    now = datetime.now(UTC)
    with app.app_context():
        upgrade()
        with transaction():
            for each in registered:
                new = clients.NewClient(id=each.id, name=each.id, redirect_uris=(each.redirect_uri,), scopes=SCOPES)
                clients.register(new, secret=each.secret, actor=SYSTEM, now=now)
        cookies = [_sign_in(number, now) for number in range(people)]
        db.session.remove()
        db.engine.dispose()
    return cookies


def _sign_in(number: int, now: datetime) -> str:
    with transaction():
        user = User(
            email=f"person{number}@example.com",
            email_verified_at=now,
            first_name="Kate",
            last_name=f"Bush{number}",
            date_of_birth=date(1985, 3, 4),
            created_at=now,
            updated_at=now,
        )
        db.session.add(user)
        db.session.flush()
        _, secret = browser_sessions.begin(user, amr=["otp"], now=now)
    return f"session={secret}"
