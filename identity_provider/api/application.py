"""Fits the API into the application."""

from __future__ import annotations

from flask import Flask

from identity_provider.api import awards, description, identity_checks, tokens, users
from identity_provider.api.blueprint import bp

VIEWS = (awards, description, identity_checks, tokens, users)
"""The modules whose views hang on the blueprint: importing them is what puts them there."""


def init_api(app: Flask) -> None:
    """Give the application the API."""
    app.register_blueprint(bp)
