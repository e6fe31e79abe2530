"""Which language a page is in: asked for by the service, chosen by the person, or their browser's."""

from __future__ import annotations

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, get_locale, refresh

from identity_provider.kit.app import settings

LANGUAGES = ("en", "cy")
COOKIE = "language"


def init_languages(app: Flask) -> None:
    """Translate every page into one of LANGUAGES; dates are told in London's time."""
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Europe/London")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=choose_language)
    app.after_request(_remember_language)


def choose_language() -> str:
    """`ui_locales` of the journey or the address (OpenID Connect Core 3.1.2.1), the cookie, else English.

    The browser's own preference is not followed while the Welsh catalogue lacks pages: a page in two languages is
    read out wrongly (WCAG 3.1.1), so Welsh is for those who ask for it.
    """
    if not has_request_context():
        return LANGUAGES[0]
    asked = _asked_for() or _first_known(request.cookies.get(settings().cookie_name(COOKIE), ""))
    return asked or LANGUAGES[0]


def speak(ui_locales: str) -> None:
    """Answer this request in the language that the service asked for in a journey, if it asked for one of ours."""
    g.ui_locales = ui_locales
    refresh()


def current_language() -> str:
    """The language of this page, for its `lang` attribute."""
    return str(get_locale() or LANGUAGES[0])


def _asked_for() -> str | None:
    return _first_known(str(g.get("ui_locales") or request.args.get("ui_locales", "")))


def _first_known(tags: str) -> str | None:
    """Of language tags in order of preference, the first that we speak: `cy-GB` asks for `cy`."""
    languages = (tag.split("-")[0].lower() for tag in tags.split(" "))
    return next((language for language in languages if language in LANGUAGES), None)


def _remember_language(response: Response) -> Response:
    """A language asked for once stays on the pages that follow."""
    asked = _first_known(request.args.get("ui_locales", "")) if b"ui_locales" in request.query_string else None
    if asked is not None:
        secure = settings().secure
        name = settings().cookie_name(COOKIE)
        response.set_cookie(name, asked, httponly=True, secure=secure, samesite="Lax", path="/")
    return response
