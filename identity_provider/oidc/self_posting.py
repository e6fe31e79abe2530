"""Pages whose form sends itself where scripts run, and has a button where they do not."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask.wrappers import Response
from markupsafe import Markup

_SCRIPT = Markup("document.getElementById('answer').submit()")
_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'"
)


def self_posting_page(template: str, leads_to: str | None, **values: Any) -> Response:
    """The page, allowed to run its one script and to end at the registered address `leads_to`.

    Chromium holds the redirect after a form to `form-action` too, so the origin is named. Registered addresses are
    plain http or https ones (services/clients.py), so nothing else can be written into the policy.
    """
    page: Response = current_app.make_response(render_template(template, submit_script=_SCRIPT, **values))
    target = f" {_origin_of(leads_to)}" if leads_to else ""
    page.headers["Content-Security-Policy"] = _POLICY.format(digest=_DIGEST, target=target)
    return page


def _origin_of(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
