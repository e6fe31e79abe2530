"""What the running application was started with, for views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, current_app

from config.settings import Settings
from identity_provider.ports import Ports


class Application(Flask):
    """Flask, all of whose functions are plain ones: it need not look at each, at each request, whether it is async."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def settings() -> Settings:
    """The settings that this application was made with."""
    return cast("Settings", current_app.extensions["settings"])


def ports() -> Ports:
    """The adapters that this application was made with."""
    return cast("Ports", current_app.extensions["ports"])
