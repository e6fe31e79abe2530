"""Where the provider's views hang, and what all their answers have in common."""

from __future__ import annotations

from flask import Blueprint, Response

from identity_provider.oidc import refusals

bp = Blueprint("oidc", __name__, template_folder="templates")


bp.after_request(refusals.write_down)


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """No answer of ours may be stored, but for those that say otherwise (RFC 6749 5.1; attack 46)."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Pragma", "no-cache")
    return response
