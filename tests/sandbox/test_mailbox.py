"""The mailbox: GOV.UK Notify's wire format as its own library speaks it, and pages for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
import requests
from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn

PERSON = "grace@example.com"


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.mailbox(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


def client_of(mailbox: StandIn, key: str = stand_ins.NOTIFY_KEY) -> Any:
    """The library carries no types."""
    library: Any = NotificationsAPIClient
    return library(key, base_url=mailbox.url)


@pytest.fixture
def notify(mailbox: StandIn) -> Iterator[Any]:
    client = client_of(mailbox)
    yield client
    client.request_session.close()
    mailbox.fail("ok")


def send(notify: Any, **changed: object) -> dict[str, object]:
    asked: dict[str, object] = {
        "email_address": PERSON,
        "template_id": stand_ins.EMAIL_TEMPLATE,
        "personalisation": {"subject": "123456 is your code", "body": "See http://localhost/resume?a=1&b=2"},
        "reference": "ours",
    }
    answer: dict[str, object] = notify.send_email_notification(**{**asked, **changed})
    return answer


def test_an_accepted_email_is_answered_as_notify_does(notify: Any, mailbox: StandIn) -> None:
    answer = send(notify)
    assert answer["reference"] == "ours"
    assert answer["content"] == {
        "subject": "123456 is your code",
        "body": "See http://localhost/resume?a=1&b=2",
        "from_email": "identity@notify.example",
    }
    assert mailbox.messages(PERSON)[0]["id"] == answer["id"]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"email_address": "nobody"}, "ValidationError", "email_address Not a valid email address"),
        ({"template_id": stand_ins.SMS_TEMPLATE}, "BadRequestError", "Template not found"),
        ({"personalisation": {"subject": "x"}}, "BadRequestError", "Missing personalisation: body"),
    ],
)
def test_a_bad_request_is_refused_as_notify_does(
    notify: Any, changed: dict[str, object], error: str, message: str
) -> None:
    with pytest.raises(HTTPError) as refusal:
        send(notify, **changed)
    assert refusal.value.status_code == 400
    assert refusal.value.message == [{"error": error, "message": message}]


@pytest.mark.parametrize("key", [stand_ins.NOTIFY_KEY[:-1] + "9", stand_ins.NOTIFY_KEY.replace("0001-", "0009-")])
def test_a_wrong_key_is_refused(mailbox: StandIn, key: str) -> None:
    client = client_of(mailbox, key)
    with client.request_session, pytest.raises(HTTPError) as refusal:
        send(client)
    assert refusal.value.status_code == 403


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer rubbish"}])
def test_without_a_token_nothing_is_sent(mailbox: StandIn, authorization: dict[str, str]) -> None:
    before = mailbox.messages(PERSON)
    answer = requests.post(f"{mailbox.url}/v2/notifications/email", json={}, headers=authorization, timeout=60)
    assert answer.status_code in {401, 403}
    assert mailbox.messages(PERSON) == before


@pytest.mark.parametrize(("mode", "status"), [("down", 503), ("rate_limited", 429)])
def test_faults_have_notifys_shape(notify: Any, mailbox: StandIn, mode: str, status: int) -> None:
    mailbox.fail(mode)
    with pytest.raises(HTTPError) as refusal:
        send(notify)
    assert refusal.value.status_code == status
    assert "error" in refusal.value.message[0]


def test_an_unknown_fault_is_refused(mailbox: StandIn) -> None:
    assert requests.post(f"{mailbox.url}/_faults", json={"mode": "sulking"}, timeout=60).status_code == 400
    assert requests.post(f"{mailbox.url}/_faults", json=["down"], timeout=60).status_code == 400


def test_messages_are_listed_newest_first_whatever_the_case_of_the_address(notify: Any, mailbox: StandIn) -> None:
    for number in (1, 2, 3):
        send(notify, email_address="Kate@example.com", personalisation={"subject": str(number), "body": "…"})
    assert [each["subject"] for each in mailbox.messages("kate@EXAMPLE.com")] == ["3", "2", "1"]


def test_the_pages_are_valid_and_make_links_of_addresses(notify: Any, mailbox: StandIn) -> None:
    answer = send(notify)
    for path in ("/", f"/?to={PERSON}", f"/messages/{answer['id']}"):
        page = requests.get(f"{mailbox.url}{path}", timeout=60).text
        html5lib.HTMLParser(strict=True).parse(page)
        assert page.count("<h1>") == 1
    message = requests.get(f"{mailbox.url}/messages/{answer['id']}", timeout=60).text
    assert '<a href="http://localhost/resume?a=1&amp;b=2"' in message
    assert requests.get(f"{mailbox.url}/messages/none", timeout=60).status_code == 404


def test_what_people_write_is_never_markup(notify: Any, mailbox: StandIn) -> None:
    answer = send(notify, personalisation={"subject": "<script>1</script>", "body": "<b>bold</b>"})
    page = requests.get(f"{mailbox.url}/messages/{answer['id']}", timeout=60).text
    assert "<script>" not in page
    assert "<b>" not in page
