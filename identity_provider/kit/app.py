"""What the running application was started with, for views."""

from __future__ import annotations

from typing import cast

from flask import current_app

from config.settings import Settings
from identity_provider.ports import Ports


def settings() -> Settings:
    """The settings that this application was made with."""
    return cast("Settings", current_app.extensions["settings"])


def ports() -> Ports:
    """The adapters that this application was made with."""
    return cast("Ports", current_app.extensions["ports"])
