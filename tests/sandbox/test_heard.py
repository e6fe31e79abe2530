"""The sample services believe only messages that are signed, and show each once."""

from __future__ import annotations

import json

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity_provider.sandbox.relying_pages import SampleService
from identity_provider.sandbox.relying_service import Relying, create_relying_service
from identity_provider.services.webhook_delivery import signature

BASE = "http://localhost:8001"
SECRET = "a-secret-of-the-sample-service"
ENVELOPE = {
    "notificationId": "0b0b0b0b-0000-4000-8000-000000000000",
    "timeUtc": "2026-03-02T09:05:00.000Z",
    "messageType": "UserUpdated",
    "message": {"user": {"firstName": "Siobhán"}, "changes": {}},
}


def a_service() -> FlaskClient:
    services = (SampleService("npq", "NPQ", "npq", "secret"),)
    relying = Relying(BASE, "http://localhost:8000", services, "http://localhost:8002/", {}, {"npq": SECRET})
    return create_relying_service(relying).test_client()


def send(service: FlaskClient, header: str | None, slug: str = "npq") -> TestResponse:
    body = json.dumps(ENVELOPE).encode()
    headers = {"X-Hub-Signature-256": header} if header is not None else {}
    return service.post(f"/{slug}/webhooks", data=body, headers=headers, base_url=BASE)


def test_a_signed_message_is_shown_once() -> None:
    service = a_service()
    good = signature(SECRET, json.dumps(ENVELOPE).encode())
    assert [send(service, each).status_code for each in (good, good.lower())] == [200, 200]
    page = service.get("/webhooks", base_url=BASE).text
    assert page.count("UserUpdated to npq") == 1
    assert "Siobhán" in page


def test_anything_else_is_refused() -> None:
    service = a_service()
    good = signature(SECRET, json.dumps(ENVELOPE).encode())
    for header in (None, "", "x", f"sha256={good}", signature("another-secret", json.dumps(ENVELOPE).encode())):
        assert send(service, header).status_code == 401
    assert send(service, good, "other").status_code == 401
    assert "Nothing yet." in service.get("/webhooks", base_url=BASE).text
