"""The list of routes as it was reviewed. `python -m tests.architecture.routes` accepts the present one."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.kit.outside import settings_for
from wsgi import create_app

SNAPSHOT = Path(__file__).with_name("routes.txt")
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


def describe(app: Flask) -> list[str]:
    """One line per route: address, methods, audience, and whether a form token is asked for: why not, or which."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        unguarded = getattr(view, "csrf_exempt_reason", None) if CHANGES & (rule.methods or set()) else None
        note = f"  [no form token: {unguarded}]" if unguarded else ""
        note += "  [form token of the browser]" if getattr(view, "csrf_of_browser", False) else ""
        found.append(f"{rule.rule}  {methods}  {getattr(view, 'audience', 'UNDECLARED')}{note}")
    return sorted(found)


if __name__ == "__main__":
    now = describe(create_app(settings_for("postgresql+psycopg://nowhere/none")))
    SNAPSHOT.write_text("".join(f"{line}\n" for line in now), encoding="utf-8")
