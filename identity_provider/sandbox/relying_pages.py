"""The pages of one sample service: start, sign in, come back, see what was said, sign out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from identity_provider.domain.awards import Qualification
from identity_provider.sandbox.awarding import NotRecorded, record_award
from identity_provider.sandbox.visits import SignIn, Visits

# What somebody who tries the sandbox may add to the authorization request.
PASSED_ON = ("prompt", "max_age", "login_hint", "ui_locales", "trn_token", "session_id")


@dataclass(frozen=True)
class SampleService:
    """One service and how it is registered. `slug` is its path."""

    slug: str
    name: str
    client_id: str
    client_secret: str = field(repr=False)
    # It awards qualifications, and may record them.
    awards: bool = False


class SignInFailed(Exception):
    """The provider sent the person back without a sign-in, or what it sent cannot be believed."""

    def __init__(self, service: SampleService, error: str, description: str, issuer: str = "") -> None:
        super().__init__(error)
        self.service = service
        self.error = error
        self.description = description
        self.issuer = issuer


# Authlib carries no types; what we call of its client is create/authorize/parse, written where it is used.
Client = Any


@dataclass(frozen=True)
class SamplePages:
    """Everything under one service's path."""

    service: SampleService
    client: Client
    visits: Visits
    base_url: str

    @property
    def home(self) -> str:
        return f"{self.base_url}/{self.service.slug}"

    def blueprint(self) -> Blueprint:
        pages = Blueprint(self.service.slug, __name__, url_prefix=f"/{self.service.slug}")
        pages.get("/")(self.start)
        pages.get("/account")(self.account)
        pages.get("/sign-in")(self.sign_in)
        pages.route("/initiate-login", methods=["GET", "POST"])(self.initiate_login)
        pages.get("/callback")(self.callback)
        pages.post("/sign-out")(self.sign_out)
        pages.get("/left-account")(self.left_account)
        if self.service.awards:
            pages.post("/award")(self.award)
        return pages

    def start(self) -> str:
        signed_in = self.visits.of(self.service.slug) is not None
        return render_template("relying/start.html", service=self.service, signed_in=signed_in)

    def account(self) -> ResponseReturnValue:
        """Show who is signed in; whoever is not is sent to sign in and comes back here."""
        sign_in = self.visits.of(self.service.slug)
        if sign_in is None:
            return redirect(f"{self.home}/sign-in")
        raw = {"id_token": sign_in.id_token_claims, "userinfo": sign_in.userinfo}
        return render_template(
            "relying/account.html",
            service=self.service,
            claims=sign_in.claims,
            raw=json.dumps(raw, indent=2, ensure_ascii=False),
            identity_account=self._identity_account(),
            qualifications=list(Qualification) if self.service.awards else [],
        )

    def left_account(self) -> ResponseReturnValue:
        """The person signed out in their account at the provider, and is sent here: our own session ends too."""
        self.visits.forget(self.service.slug)
        return redirect(f"{self.base_url}/signed-out")

    def _identity_account(self) -> str:
        """The person's account at the provider, from which they come back to this page."""
        asked = {
            "client_id": self.service.client_id,
            "redirect_uri": f"{self.home}/account",
            "sign_out_uri": f"{self.home}/left-account",
        }
        return f"{self.client.load_server_metadata()['issuer']}/account?{urlencode(asked)}"

    def award(self) -> ResponseReturnValue:
        """Record that the person has completed a qualification, as a provider's own software does."""
        sign_in = self.visits.of(self.service.slug)
        asked = request.form.get("qualification", "")
        if sign_in is None or asked not in set(Qualification):
            return redirect(f"{self.home}/account")
        issuer = self.client.load_server_metadata()["issuer"]
        credentials = (self.service.client_id, self.service.client_secret)
        told, answer = False, ""
        try:
            recorded = record_award(issuer, credentials, sign_in.claims["sub"], Qualification(asked))
            told, answer = True, json.dumps(recorded, indent=2, ensure_ascii=False)
        except NotRecorded as refusal:
            answer = str(refusal)
        page = render_template("relying/awarded.html", service=self.service, told=told, answer=answer, issuer=issuer)
        return page, 200 if told else 502

    def sign_in(self) -> ResponseReturnValue:
        session.pop(self._target_key, None)
        return self._send_to_provider(**{name: request.args[name] for name in PASSED_ON if request.args.get(name)})

    def initiate_login(self) -> ResponseReturnValue:
        """Begin where the provider asks us to (OpenID Connect Core 1.0, section 4)."""
        if request.values.get("iss") != self.client.load_server_metadata()["issuer"]:
            raise self._failed("unknown_issuer", "We were asked to sign you in with a service that we do not know.")
        target = request.values.get("target_link_uri", "")
        if target and not target.startswith(f"{self.home}/"):
            raise self._failed("unknown_target", "We were asked to send you to a page that is not ours.")
        session[self._target_key] = target
        hint = request.values.get("login_hint")
        return self._send_to_provider(**({"login_hint": hint} if hint else {}))

    def callback(self) -> ResponseReturnValue:
        self._refuse_a_stranger()
        if "error" in request.args:
            raise self._failed(*(request.args.get(name, "") for name in ("error", "error_description", "iss")))
        token = self.client.authorize_access_token()
        if "userinfo" not in token:
            raise self._failed("no_id_token", "The identity service sent no ID token.")
        told = self.client.userinfo(token=token)
        if told.get("sub") != token["userinfo"]["sub"]:  # OpenID Connect Core 1.0, section 5.3.2
            raise self._failed("wrong_subject", "The identity service spoke of two different people.")
        self.visits.remember(self.service.slug, SignIn(token["id_token"], dict(token["userinfo"]), dict(told)))
        return redirect(session.pop(self._target_key, "") or f"{self.home}/account")

    def sign_out(self) -> ResponseReturnValue:
        """Sign out here, then at the provider (OpenID Connect RP-Initiated Logout 1.0)."""
        was = self.visits.forget(self.service.slug)
        after = f"{self.base_url}/signed-out"
        if was is None:
            return redirect(after)
        answer: ResponseReturnValue = self.client.logout_redirect(
            post_logout_redirect_uri=after, id_token_hint=was.id_token, client_id=self.service.client_id
        )
        return answer

    @property
    def _target_key(self) -> str:
        return f"target_{self.service.slug}"

    def _send_to_provider(self, **extra: str) -> ResponseReturnValue:
        answer: ResponseReturnValue = self.client.authorize_redirect(f"{self.home}/callback", **extra)
        return answer

    def _failed(self, error: str, description: str, issuer: str = "") -> SignInFailed:
        return SignInFailed(self.service, error, description, issuer)

    def _refuse_a_stranger(self) -> None:
        """Check who answers: the issuer in the response (RFC 9207), which the library leaves to us."""
        metadata = self.client.load_server_metadata()
        issuer = request.args.get("iss")
        promised = metadata.get("authorization_response_iss_parameter_supported", False)
        if issuer != metadata["issuer"] and (promised or issuer is not None):
            raise self._failed("wrong_issuer", "The answer did not come from the identity service.", issuer or "")
