"""Fits the provider into the application."""

from __future__ import annotations

from flask import Flask

from identity_provider.oidc import authorize, endpoints, logout, pushed, registration
from identity_provider.oidc.blueprint import bp
from identity_provider.oidc.keys import KeyRing
from identity_provider.oidc.lane import FastLane
from identity_provider.oidc.server import init_server

VIEWS = (authorize, endpoints, logout, pushed, registration)
"""The modules whose views hang on the blueprint: importing them is what puts them there."""


def init_oidc(app: Flask) -> None:
    """Give the application the provider's endpoints, its key ring and its grants."""
    app.extensions["key_ring"] = KeyRing()
    init_server(app)
    app.register_blueprint(bp)
    app.wsgi_app = FastLane(app)  # type: ignore[method-assign]  # as Flask's own documentation has it
