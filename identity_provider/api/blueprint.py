"""Where the API's views hang, and what all its answers have in common."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from identity_provider.api import problems
from identity_provider.api.problems import Problem

bp = Blueprint("api", __name__, url_prefix="/api", template_folder="templates", static_folder=None)


@bp.errorhandler(Problem)
def _refused(problem: Problem) -> ResponseReturnValue:
    return problems.answer(problem)


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """Personal data is kept by no cache, but for answers that say otherwise."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
