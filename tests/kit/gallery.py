"""A small application that shows every part of the kit: the kit's own tests and screenshots look at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from flask import Flask, abort, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from config.settings import Settings
from identity_provider.adapters.memory import MemoryMailer
from identity_provider.domain.values import Trn
from identity_provider.kit import csrf, requests, session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.dates import DateField
from identity_provider.kit.fields import (
    Answered,
    ChoiceField,
    CleanString,
    CleanText,
    CodeField,
    EmailField,
    ListField,
    Parsed,
)
from identity_provider.kit.forms import Form
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.kit.layout import init_kit
from identity_provider.vault import vault
from identity_provider.web.pages.views import bp as pages
from tests.kit.outside import OutsideWorld, settings_for

CHOICES = {"yes": _("Yes"), "no": _("No"), "unsure": _("I am not sure")}


class EverythingForm(Form):
    """One field of each kind."""

    email = EmailField(_("Email address"), [Answered(_("Enter your email address"))])
    code = CodeField(_("Security code"), [Answered(_("Enter the code"))], max_length=10)
    first_name = CleanString(_("First name"), [Answered(_("Enter your first name"))])
    trn = CleanString(_("Teacher reference number (TRN)"), [Parsed(Trn.parse)])
    date_of_birth = DateField(_("Date of birth"), what=_("your date of birth"), past=True, earliest=date(1900, 1, 1))
    changed = ChoiceField(
        _("Has your name changed?"), choices=CHOICES, message=_("Select yes if your name has changed")
    )
    previous = CleanString(_("Previous last name"))
    provider = ListField(
        _("Where did you train?"), choices={"": _("Choose one"), "1": "Example College"}, message=_("Choose one")
    )
    notes = CleanText(_("Anything else"), max_length=100)


class EmailForm(Form):
    """One question."""

    email = EmailField(_("Your email address"), [Answered(_("Enter your email address"))])


def a_gallery(translations: str = "translations", **settings: object) -> Flask:
    """The application; `settings` override the tests' ones. It touches no database."""
    app = Flask("identity_provider", static_folder=None, template_folder=str(Path(__file__).parent / "templates"))
    chosen = gallery_settings(**settings)
    app.extensions["settings"] = chosen
    mailer = MemoryMailer()
    app.extensions["ports"] = OutsideWorld(mailer=mailer).ports()
    app.config.update(
        SECRET_KEY=chosen.secret_keys[0],
        MAX_CONTENT_LENGTH=chosen.max_body_bytes,
        TESTING=True,
        BABEL_TRANSLATION_DIRECTORIES=translations,
    )
    vault.unlock(chosen.secret_keys, chosen.encryption_keys)
    requests.init_requests(app)
    session.init_sessions(app)
    init_kit(app)
    csrf.init_csrf(app)
    app.register_blueprint(pages)
    _add_routes(app)
    return app


def gallery_settings(**chosen: object) -> Settings:
    """The tests' settings with some replaced."""
    return replace(settings_for("postgresql+psycopg://nowhere"), **chosen)  # type: ignore[arg-type]  # checked by the caller


def _add_routes(app: Flask) -> None:
    app.add_url_rule("/everything", view_func=everything, methods=["GET", "POST"])
    app.add_url_rule("/email", view_func=email, methods=["GET", "POST"])
    app.add_url_rule("/support", view_func=console)
    app.add_url_rule("/done", view_func=done)
    app.add_url_rule("/leave", view_func=leave, methods=["GET", "POST"])
    app.add_url_rule("/fails/<int:status>", view_func=fails, methods=["GET", "POST"])
    app.add_url_rule("/breaks/<how>", view_func=breaks)
    for path in ("/api/v1/thing", "/connect/token"):
        app.add_url_rule(path, endpoint=path, view_func=software, methods=["POST"])


@open_to(Audience.ANYONE)
def everything() -> tuple[str, int]:
    form = EverythingForm()
    status = 422 if request.method == "POST" and not form.validate() else 200
    return render_template("everything.html", form=form, back_url="/email", service_name="Example service"), status


@open_to(Audience.ANYONE)
def email() -> Response | tuple[str, int]:
    form = EmailForm()
    allow_form_to_lead_to("https://service.example.com/callback")
    if request.method == "POST" and form.validate():
        flash("Your email address was saved.", "success")
        return redirect(url_for("done"), code=303)
    status = 422 if form.errors else 200
    return render_template("question.html", form=form, back_url="/everything", seconds_left=200), status


@open_to(Audience.ANYONE)
def leave() -> Response | str:
    """Sends the person to another site after a form, as a finished sign-in does."""
    if request.method == "POST":
        return redirect(request.args["to"], code=303)
    if "allowed" in request.args:
        allow_form_to_lead_to(request.args["to"])
    return render_template("question.html", form=EmailForm())


@open_to(Audience.ANYONE)
def done() -> str:
    return render_template("done.html", service_name="Example service")


@open_to(Audience.ANYONE)
def console() -> str:
    navigation = [
        {"text": "Cases", "href": "/support", "current": True},
        {"text": "Users", "href": "/support?users", "current": False},
    ]
    return render_template("console.html", console_navigation=navigation)


@open_to(Audience.ANYONE)
def fails(status: int) -> str:
    abort(status)


@open_to(Audience.ANYONE)
def breaks(how: str) -> str:
    if how == "database":
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
    raise RuntimeError(how)


@csrf.csrf_exempt("software, without a browser's cookies")
@open_to(Audience.CLIENT)
def software() -> str:
    if request.args.get("fails"):
        abort(int(request.args["fails"]))
    return "answered"
