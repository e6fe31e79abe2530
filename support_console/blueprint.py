"""The console as one blueprint under /support: its slices, what every page of it knows, and its error pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden, NotFound

from identity_provider.domain.access import Permission
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.csrf import FormNotOurs
from identity_provider.kit.session import current_staff
from identity_provider.models import StaffUser
from support_console import ways_back
from support_console.audit.views import bp as audit
from support_console.auth import require
from support_console.cases.decisions import bp as decisions
from support_console.cases.views import bp as cases
from support_console.changes.decisions import bp as change_decisions
from support_console.changes.evidence import bp as change_files
from support_console.changes.views import bp as changes
from support_console.clients.help import bp as service_help
from support_console.clients.views import bp as clients
from support_console.features.views import bp as features
from support_console.imports.views import bp as imports
from support_console.leaked_trns.views import bp as leaked_trns
from support_console.me.views import bp as me
from support_console.performance.views import bp as performance
from support_console.retention.views import bp as retention
from support_console.sign_in.views import bp as sign_in
from support_console.staff.views import bp as staff
from support_console.trn_tokens.making import bp as trn_tokens_made
from support_console.trn_tokens.views import bp as trn_tokens
from support_console.users.merging import bp as merging
from support_console.users.standing import bp as standing
from support_console.users.views import bp as users
from support_console.webhooks.views import bp as webhooks

SLICES = (
    sign_in,
    me,
    cases,
    decisions,
    changes,
    change_decisions,
    change_files,
    users,
    standing,
    merging,
    clients,
    service_help,
    webhooks,
    imports,
    trn_tokens_made,
    trn_tokens,
    leaked_trns,
    features,
    performance,
    staff,
    audit,
    retention,
)

_MENU = (
    ("cases", "support.cases.queue", Permission.VIEW_CASES),
    ("changes", "support.changes.queue", Permission.REVIEW_EVIDENCE),
    ("users", "support.users.search", Permission.VIEW_USERS),
    ("clients", "support.clients.show_all", Permission.VIEW_CLIENTS),
    ("webhooks", "support.webhooks.show_all", Permission.EDIT_WEBHOOKS),
    ("imports", "support.imports.show_all", Permission.RUN_IMPORTS),
    ("trn_tokens", "support.trn_tokens.show_all", Permission.VIEW_TRN_TOKENS),
    ("leaked_trns", "support.leaked_trns.show_all", Permission.VIEW_LEAKED_TRNS),
    ("features", "support.features.show_all", Permission.SWITCH_FEATURES),
    ("performance", "support.performance.show", Permission.VIEW_PERFORMANCE),
    ("staff", "support.staff.show_all", Permission.EDIT_STAFF),
    ("audit", "support.audit.search", Permission.VIEW_AUDIT),
    ("retention", "support.retention.show", Permission.RUN_RETENTION),
)


def register_console(app: Flask) -> None:
    """Add the console to the application."""
    app.register_blueprint(_made())
    ways_back.init_ways_back(app)


def _made() -> Blueprint:
    support = Blueprint("support", __name__, url_prefix="/support", template_folder="templates")
    for each in SLICES:
        support.register_blueprint(each)
    support.add_url_rule("", "home", home)
    support.context_processor(_known_to_every_page)
    support.after_request(_keep_private)
    support.register_error_handler(Forbidden, _forbidden)
    support.register_error_handler(NotFound, _not_found)
    support.register_error_handler(RateLimited, _too_many)
    support.register_error_handler(FormNotOurs, ways_back.form_not_ours)
    return support


@require(Permission.VIEW_CASES)
def home() -> ResponseReturnValue:
    """The queue is the first page."""
    return redirect(url_for("support.cases.queue"), 303)


def _known_to_every_page() -> dict[str, Any]:
    staff: StaffUser | None = g.get("staff")
    return {"staff": staff, "console_navigation": _navigation(staff) if staff else []}


def _navigation(staff: StaffUser) -> list[dict[str, object]]:
    areas = [(name, url_for(endpoint)) for name, endpoint, permission in _MENU if permission in staff.permissions]
    # By the address: an area may be several blueprints. Its first page is current, another one of it is active.
    return [
        {
            "text": _LABELS[name](),
            "href": href,
            "current": request.path == href,
            "active": request.path.startswith(f"{href}/"),
        }
        for name, href in areas
    ]


_LABELS = {
    "cases": lambda: _("Cases"),
    "changes": lambda: _("Changes"),
    "users": lambda: _("Users"),
    "clients": lambda: _("Services"),
    "webhooks": lambda: _("Webhooks"),
    "imports": lambda: _("Imports"),
    "trn_tokens": lambda: _("TRN tokens"),
    "leaked_trns": lambda: _("Leaked TRNs"),
    "features": lambda: _("Features"),
    "staff": lambda: _("Staff"),
    "performance": lambda: _("Performance"),
    "audit": lambda: _("Audit"),
    "retention": lambda: _("Retention"),
}


def _keep_private(response: Response) -> Response:
    """Personal pages are kept by no cache (oidc.md, 46)."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _forbidden(_error: Forbidden) -> ResponseReturnValue:
    g.setdefault("staff", current_staff())
    return render_template("support/forbidden.html"), 403


def _not_found(_error: NotFound) -> ResponseReturnValue:
    g.setdefault("staff", current_staff())
    return render_template("support/not_found.html"), 404


def _too_many(error: RateLimited) -> ResponseReturnValue:
    g.setdefault("staff", current_staff())
    seconds = max(1, int(error.retry_after.total_seconds()))
    response = make_response(render_template("support/too_many.html", minutes=(seconds + 59) // 60), 429)
    response.headers["Retry-After"] = str(seconds)
    return response
