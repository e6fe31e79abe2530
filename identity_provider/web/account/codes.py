"""The page on which somebody who is signed in enters a code: for themselves again, or for a new address or number."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from identity_provider.kit import session
from identity_provider.models import CodeChallenge
from identity_provider.web.account.forms import CodeForm


def here() -> UUID:
    """The session of this browser."""
    found = session.current_session()
    if found is None:
        abort(404)
    return found.id


def code_page(
    challenge: CodeChallenge, form: CodeForm, *, again_url: str, back_url: str, by_text: bool = False
) -> ResponseReturnValue:
    """The page, with what is wrong in its box; once the last try is gone, with no box."""
    exhausted = challenge.tries_left == 0
    page = render_template(
        "account/enter_code.html",
        to=challenge.address,
        by_text=by_text,
        form=None if exhausted else form,
        again_url=again_url,
        back_url=back_url,
    )
    return page, 422 if form.errors else 200
