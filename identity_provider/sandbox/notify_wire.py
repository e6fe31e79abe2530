"""GOV.UK Notify's side of the wire, as its documentation and its own client library have it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from identity_provider.sandbox.faults import Faults
from identity_provider.sandbox.messages import Message, Messages

CLOCK_TOLERANCE = 30
PUBLIC_ADDRESS = "https://api.notifications.service.gov.uk"


class NotifyError(Exception):
    """An answer other than 201, in the shape that Notify gives it."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message

    def as_response(self) -> Response:
        answer = jsonify(status_code=self.status, errors=[{"error": self.error, "message": self.message}])
        answer.status_code = self.status
        return answer


@dataclass(frozen=True)
class NotifyAccount:
    """One Notify service: its key and its two templates, `((subject))` over `((body))` and plain `((body))`."""

    api_key: str
    email_template: str
    sms_template: str

    @property
    def service_id(self) -> str:
        return self.api_key[-73:-37]

    @property
    def secret(self) -> str:
        return self.api_key[-36:]


def notify_api(account: NotifyAccount, messages: Messages, faults: Faults) -> Blueprint:
    """The calls that we use of Notify's API."""
    api = Blueprint("notify", __name__, url_prefix="/v2")
    api.register_error_handler(NotifyError, lambda error: error.as_response())

    @api.before_request
    def guard() -> None:
        _fail_if_told_to(faults)
        _check_token(account)

    @api.post("/notifications/email")
    def send_email() -> ResponseReturnValue:
        asked = _body()
        to = _email_address(asked)
        values = _personalisation(asked, account.email_template, "subject", "body")
        content = {"subject": values["subject"], "body": values["body"], "from_email": "identity@notify.example"}
        message = Message(to, " ".join(values["subject"].split()), values["body"])
        messages.deliver(message)
        return _created(message, asked, content)

    @api.post("/notifications/sms")
    def send_sms() -> ResponseReturnValue:
        asked = _body()
        to = _required(asked, "phone_number")
        values = _personalisation(asked, account.sms_template, "body")
        message = Message(to, "", values["body"], channel="sms")
        messages.deliver(message)
        return _created(message, asked, {"body": values["body"], "from_number": "GOVUK"})

    @api.get("/template/<template_id>")
    def template(template_id: str) -> ResponseReturnValue:
        kinds = {account.email_template: "email", account.sms_template: "sms"}
        if template_id not in kinds:
            raise NotifyError(404, "NoResultFound", "No result found")
        kind = kinds[template_id]
        written = {"body": "((body))", "subject": "((subject))" if kind == "email" else None}
        return jsonify({"id": template_id, "type": kind, "version": 1, "name": "Whatever we write"} | written)

    return api


def _fail_if_told_to(faults: Faults) -> None:
    faults.wait_if_slow()
    if faults.is_("down"):
        raise NotifyError(503, "Exception", "Internal server error")
    if faults.is_("rate_limited"):
        limit = "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"
        raise NotifyError(429, "RateLimitError", limit)


def _check_token(account: NotifyAccount) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotifyError(401, "AuthError", "Unauthorized: authentication token must be provided")
    try:
        claims = jwt.decode(token, OctKey.import_key(account.secret), algorithms=["HS256"]).claims
    except (JoseError, ValueError) as error:
        raise NotifyError(403, "AuthError", "Invalid token: signature, api token not found") from error
    if claims.get("iss") != account.service_id:
        raise NotifyError(403, "AuthError", "Invalid token: service not found")
    issued = claims.get("iat")
    if not isinstance(issued, int) or abs(time.time() - issued) > CLOCK_TOLERANCE:
        raise NotifyError(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")


def _body() -> dict[str, Any]:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        raise NotifyError(400, "BadRequestError", "Invalid JSON supplied in POST data")
    return asked


def _required(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise NotifyError(400, "ValidationError", f"{name} is a required property")
    return value


def _email_address(asked: dict[str, Any]) -> str:
    address = _required(asked, "email_address")
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise NotifyError(400, "ValidationError", "email_address Not a valid email address") from error
    return address


def _personalisation(asked: dict[str, Any], template: str, *names: str) -> dict[str, str]:
    if _required(asked, "template_id") != template:
        raise NotifyError(400, "BadRequestError", "Template not found")
    given = asked.get("personalisation") or {}
    if missing := [name for name in names if name not in given]:
        raise NotifyError(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
    return {name: str(given[name]) for name in names}


def _created(message: Message, asked: dict[str, Any], content: dict[str, str]) -> ResponseReturnValue:
    template = asked["template_id"]
    answer = {
        "id": message.id,
        "reference": asked.get("reference"),
        "content": content,
        "uri": f"{PUBLIC_ADDRESS}/v2/notifications/{message.id}",
        "template": {"id": template, "version": 1, "uri": f"{PUBLIC_ADDRESS}/v2/template/{template}"},
    }
    return jsonify(answer), 201
