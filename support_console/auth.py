"""Who may enter which page of the console: every view says what it permits, and a test tries every role on each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.domain.access import Permission
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.session import current_staff_session
from identity_provider.models import StaffUser

Given = ParamSpec("Given")
View = Callable[Given, ResponseReturnValue]

HOME = "/support"


def require(permission: Permission) -> Callable[[View[Given]], View[Given]]:
    """Let staff with this permission in; `g.staff` is who it is.

    Others are refused (403); whoever is not signed in is sent to sign in, and comes back afterwards.
    """

    def guard(view: View[Given]) -> View[Given]:
        @wraps(view)
        def guarded(*args: Given.args, **kwargs: Given.kwargs) -> ResponseReturnValue:
            session = current_staff_session()
            if session is None or session.staff is None or "mfa" not in session.amr:
                return redirect(url_for("support.sign_in.start", next=_way_back()), 303)
            if permission not in session.staff.permissions:
                abort(403)
            g.staff = session.staff
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the test of roles and endpoints
        return open_to(Audience.STAFF)(guarded)

    return guard


def me() -> StaffUser:
    """The member of staff at the browser, inside a view that requires a permission."""
    staff: StaffUser = g.staff
    return staff


def local_path(text: str) -> str:
    """The path to go back to, if it is one of the console's own; the console's first page otherwise."""
    printable = text.isascii() and text.isprintable() and "\\" not in text
    inside = text == HOME or text.startswith((f"{HOME}/", f"{HOME}?"))
    return text if printable and inside and "//" not in text.partition("?")[0] else HOME


def _way_back() -> str | None:
    """Where a page that was asked for is shown afterwards; what a form would have done is not done by itself."""
    if request.method != "GET":
        return None
    asked = request.full_path.rstrip("?")
    return asked if asked != HOME else None
