"""What the running application was started with, for views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Request, current_app, request

from config.settings import Settings
from identity_provider.ports import Ports


class Application(Flask):
    """Flask, all of whose functions are plain ones: it need not look at each, at each request, whether it is async."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def real_request() -> Request:
    """The request itself: each look at it through Flask's stand-in would cost as much as a dictionary's work."""
    return cast("Request", request._get_current_object())  # type: ignore[attr-defined]  # the stand-in's own way out


def settings() -> Settings:
    """The settings that this application was made with."""
    return cast("Settings", current_app.extensions["settings"])


def ports() -> Ports:
    """The adapters that this application was made with."""
    return cast("Ports", current_app.extensions["ports"])
