"""The kit put together: what every face of the service shares."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_babel import lazy_gettext as _
from jinja2 import StrictUndefined

from identity_provider.kit.app import ports, settings
from identity_provider.kit.asked import init_asked
from identity_provider.kit.errors import init_errors
from identity_provider.kit.filters import init_request_filters
from identity_provider.kit.govuk import init_govuk
from identity_provider.kit.headers import init_headers
from identity_provider.kit.languages import current_language, init_languages
from identity_provider.kit.persons import account_menu, account_visit
from identity_provider.kit.static_files import register_static_files, static_url
from identity_provider.kit.written import init_filters

FOOTER_LINKS = (
    {"href": "/cookies", "text": _("Cookies")},
    {"href": "/privacy", "text": _("Privacy")},
    {"href": "/accessibility", "text": _("Accessibility statement")},
    {"href": "/contact", "text": _("Contact us")},
)


def init_kit(app: Flask) -> None:
    """Give the application its look, words, headers and error pages.

    Call it before csrf.init_csrf: requests that no view should meet are refused before a form is read.
    """
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    init_request_filters(app)
    init_headers(app)
    init_errors(app)
    init_languages(app)
    init_govuk(app)
    init_asked(app)
    init_filters(app)
    app.jinja_env.globals.update(
        static_url=static_url,
        current_language=current_language,
        account_menu=account_menu,
        account_visit=account_visit,
    )
    app.context_processor(page_values)
    app.register_blueprint(kit_blueprint())


def kit_blueprint() -> Blueprint:
    """The blueprint that holds the kit's templates and static files."""
    bp = Blueprint("kit", __name__, template_folder="templates")
    register_static_files(bp)
    return bp


def page_values() -> dict[str, object]:
    """What the layouts read; a view that renders with the same name overrides it."""
    return {
        "site_name": settings().service_name,
        "govuk_brand": settings().govuk_brand,
        "support_email": settings().support_email,
        "footer_links": FOOTER_LINKS,
        "service_name": None,
        "back_url": None,
        "form": None,
        "seconds_left": None,
        "console_navigation": [],
        "one_login_used": ports().broker is not None,
    }
