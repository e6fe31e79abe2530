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
from support_console import step_up

Given = ParamSpec("Given")
View = Callable[Given, ResponseReturnValue]

HOME = "/support"


def require(permission: Permission, *, fresh: bool = False) -> Callable[[View[Given]], View[Given]]:
    """Let staff with this permission in; `g.staff` is who it is.

    Others are refused (403); whoever is not signed in is sent to sign in, and comes back afterwards. `fresh` is for
    what is dangerous: whoever proved some time ago who they are does so once more (support_console/step_up.py), and
    what their form said is done then.
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
            step = step_up.demand(session) if fresh else None
            return view(*args, **kwargs) if step is None else step

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the test of roles and endpoints
        guarded.fresh = fresh  # type: ignore[attr-defined]  # read by the test of what is dangerous
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
