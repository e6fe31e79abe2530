"""The composition root: settings in, adapters chosen, a Flask application out."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import identity_provider.jobs
import identity_provider.kit.changes  # noqa: F401 -- has services told of changes
from config.logging import configure_logging
from config.refusal import refuse
from config.sandbox import environment
from config.settings import Settings, SettingsInvalid
from config.trust import trust_for_calls
from identity_provider.adapters.choice import choose_ports
from identity_provider.api.application import init_api
from identity_provider.cli import register_commands
from identity_provider.db import db
from identity_provider.kit import csrf, health, requests, session
from identity_provider.kit.app import Application
from identity_provider.kit.layout import init_kit
from identity_provider.oidc.application import init_oidc
from identity_provider.ports import Ports
from identity_provider.sandbox import seeding
from identity_provider.vault import vault
from identity_provider.web.account.put_back import bp as put_back
from identity_provider.web.account.views import bp as account
from identity_provider.web.awards.checking import bp as award_check
from identity_provider.web.awards.views import bp as awards
from identity_provider.web.changes.views import bp as changes
from identity_provider.web.evidence.views import bp as evidence
from identity_provider.web.one_login.views import bp as one_login
from identity_provider.web.pages.views import bp as pages
from identity_provider.web.passkeys.views import bp as passkeys
from identity_provider.web.resume.views import bp as resume
from identity_provider.web.sign_in.views import bp as sign_in
from identity_provider.web.zendesk.views import bp as zendesk
from support_console.blueprint import register_console

migrate = Migrate()


def create_app(settings: Settings | None = None, ports: Ports | None = None) -> Flask:
    """Make the application.

    Without arguments it reads the environment and chooses the adapters that the settings name; tests pass both.
    Raises SettingsInvalid with every problem at once; a command says them in words instead, and ends.
    """
    if settings is None:
        command = click.get_current_context(silent=True)
        settings = _settings_of_environment(is_command=command is not None)
        # A command logs beside its answer; the worker, which has none, goes back to standard output.
        configure_logging(settings.log_level, sys.stderr if command else None)
        trust_for_calls(settings.outgoing_ca_file)
    app = Application("identity_provider", static_folder=None)
    app.extensions["settings"] = settings
    _configure(app, settings)
    vault.unlock(settings.secret_keys, settings.encryption_keys)
    db.init_app(app)
    migrate.init_app(app, db, directory="migrations")
    app.extensions["ports"] = ports or choose_ports(settings)
    requests.init_requests(app)
    session.init_sessions(app)
    init_kit(app)
    csrf.init_csrf(app)
    health.init_health(app)
    init_oidc(app)
    init_api(app)
    app.register_blueprint(pages)
    app.register_blueprint(sign_in)
    app.register_blueprint(resume)
    app.register_blueprint(account)
    app.register_blueprint(changes)
    app.register_blueprint(put_back)
    app.register_blueprint(passkeys)
    app.register_blueprint(evidence)
    app.register_blueprint(zendesk)
    app.register_blueprint(awards)
    app.register_blueprint(award_check)
    app.register_blueprint(one_login)
    register_console(app)
    register_commands(app)
    if settings.sandbox:
        app.cli.add_command(seeding.commands)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app


def _settings_of_environment(*, is_command: bool) -> Settings:
    try:
        return Settings.from_environment(environment())
    except SettingsInvalid as unusable:
        if is_command:
            refuse(unusable.problems)
        raise


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "hide_parameters": True,  # an error's traceback goes into the log, what was asked does not
            "pool_size": 8,
            "max_overflow": 4,
            "pool_timeout": 5,
            "connect_args": {
                "connect_timeout": 3,
                "options": "-c statement_timeout=10s -c lock_timeout=5s"
                " -c idle_in_transaction_session_timeout=30s -c transaction_timeout=5min -c timezone=UTC",
            },
        },
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_body_bytes,
        MAX_FORM_PARTS=1_000,
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
        # Flask's own cookie carries nothing but the words that the next page shows once.
        SESSION_COOKIE_NAME=settings.cookie_name("flash"),
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
