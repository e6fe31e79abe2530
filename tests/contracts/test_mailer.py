"""What every Mailer does, whichever it is: in memory, GOV.UK Notify, SMTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import responses

from identity_provider.adapters.memory import MemoryMailer
from identity_provider.adapters.notify import NotifyMailer
from identity_provider.adapters.smtp import SmtpMailer
from identity_provider.ports import EmailMessage, Mailer, MailerUnavailable, MessageRefused, TextMessage
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn

PERSON = "grace@example.com"
PATIENCE, HASTE = 120.0, 1.0
"""Seconds: with a provider that answers, however busy this machine is, and with one that takes ten minutes to."""


@dataclass(frozen=True)
class Subject:
    """A mailer, a way to read what it delivered (subject and text, newest first), and a switch for faults."""

    mailer: Mailer
    hasty: Mailer
    delivered: Callable[[str], list[tuple[str, str]]]
    fail: Callable[[str], None]


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.mailbox(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture(params=["memory", "notify", "smtp"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield in_memory()
        return
    mailbox: StandIn = request.getfixturevalue("mailbox")
    kind = notify if request.param == "notify" else smtp
    patient, hasty = kind(mailbox), kind(mailbox, patience=HASTE)

    def delivered(to: str) -> list[tuple[str, str]]:
        return [(each["subject"], each["text"]) for each in mailbox.messages(to)]

    yield Subject(patient, hasty, delivered, mailbox.fail)
    mailbox.fail("ok")


def in_memory() -> Subject:
    mailer = MemoryMailer()

    def fail(mode: str) -> None:
        mailer.down = mode != "ok"

    return Subject(mailer, mailer, lambda to: [(each.subject, each.text) for each in mailer.to(to)], fail)


def notify(mailbox: StandIn, key: str = stand_ins.NOTIFY_KEY, *, patience: float = PATIENCE) -> NotifyMailer:
    return NotifyMailer(
        key,
        mailbox.url,
        email_template_id=stand_ins.EMAIL_TEMPLATE,
        sms_template_id=stand_ins.SMS_TEMPLATE,
        timeout=patience,
    )


def smtp(mailbox: StandIn, *, patience: float = PATIENCE) -> SmtpMailer:
    return SmtpMailer(
        f"smtp://127.0.0.1:{mailbox.port + 10}", "Get an identity <identity@example.org>", timeout=patience
    )


def test_a_message_arrives_as_it_was_written(subject: Subject) -> None:
    text = "Hello Siobhán,\n\n123456 is your code.\n\nIf it was not you, ignore this.\n— the team ✓"
    subject.mailer.send(EmailMessage(PERSON, "123456 is your code — Siobhán", text, "a-reference"))
    arrived_subject, arrived_text = subject.delivered(PERSON)[0]
    assert arrived_subject == "123456 is your code — Siobhán"
    assert arrived_text.replace("\r\n", "\n").rstrip() == text


def test_messages_are_kept_apart_by_address(subject: Subject) -> None:
    before = len(subject.delivered(PERSON))
    subject.mailer.send(EmailMessage("tomasz@example.com", "For Tomasz", "…"))
    assert len(subject.delivered(PERSON)) == before
    assert subject.delivered("tomasz@example.com")[0][0] == "For Tomasz"


def test_a_repeated_reference_is_delivered_again(subject: Subject) -> None:
    before = len(subject.delivered(PERSON))
    for _ in range(2):
        subject.mailer.send(EmailMessage(PERSON, "Twice", "…", "the-same-reference"))
    assert len(subject.delivered(PERSON)) == before + 2


@pytest.mark.parametrize("mode", ["down", "rate_limited", "slow"])
def test_a_mailer_that_does_not_take_a_message_says_that_it_may_be_tried_again(subject: Subject, mode: str) -> None:
    before, lost = len(subject.delivered(PERSON)), f"{mode}@example.com"
    subject.fail(mode)
    with pytest.raises(MailerUnavailable):
        by_mode(subject, mode).send(EmailMessage(lost, "Lost", "…"))
    subject.fail("ok")
    subject.mailer.send(EmailMessage(PERSON, "Back again", "…"))
    arrived = subject.delivered(PERSON)
    assert [words for words, _ in arrived[: len(arrived) - before]] == ["Back again"]
    if mode != "slow":  # what was held up may be let through now, or later
        assert subject.delivered(lost) == []


def test_a_check_sends_nothing(subject: Subject) -> None:
    before = len(subject.delivered(PERSON))
    subject.mailer.check()
    assert len(subject.delivered(PERSON)) == before


@pytest.mark.parametrize("mode", ["down", "slow"])
def test_a_check_tells_of_a_provider_that_does_not_answer(subject: Subject, mode: str) -> None:
    subject.fail(mode)
    with pytest.raises(MailerUnavailable):
        by_mode(subject, mode).check()


def by_mode(subject: Subject, mode: str) -> Mailer:
    return subject.hasty if mode == "slow" else subject.mailer


@pytest.mark.parametrize("kind", ["notify", "smtp"])
class TestRealMailers:
    @pytest.fixture
    def mailer(self, kind: str, mailbox: StandIn) -> Mailer:
        return notify(mailbox) if kind == "notify" else smtp(mailbox)

    def test_an_address_that_is_none_is_refused_for_good(self, mailer: Mailer) -> None:
        with pytest.raises(MessageRefused):
            mailer.send(EmailMessage("not an address", "Subject", "…"))

    def test_a_line_break_in_the_subject_begins_no_header(self, mailer: Mailer, mailbox: StandIn) -> None:
        mailer.send(EmailMessage(PERSON, "One\r\nBcc: eve@example.com", "…"))
        assert mailbox.messages(PERSON)[0]["subject"] == "One Bcc: eve@example.com"
        assert mailbox.messages("eve@example.com") == []


def test_a_provider_that_is_not_there_is_unavailable() -> None:
    nowhere = StandIn(stand_ins.free_port(10))
    for mailer in (notify(nowhere), smtp(nowhere)):
        with pytest.raises(MailerUnavailable):
            mailer.send(EmailMessage(PERSON, "Subject", "…"))


def test_notify_delivers_text_messages(mailbox: StandIn) -> None:
    notify(mailbox).send_text(TextMessage("+447700900123", "123456 is your code"))
    [message] = mailbox.messages("+447700900123")
    assert (message["channel"], message["text"]) == ("sms", "123456 is your code")


def test_a_wrong_notify_key_can_be_mended_so_the_message_is_not_lost(mailbox: StandIn) -> None:
    with pytest.raises(MailerUnavailable, match="403 AuthError"):
        notify(mailbox, key=stand_ins.NOTIFY_KEY[:-1] + "9").send(EmailMessage(PERSON, "Subject", "…"))


@responses.activate
def test_a_page_of_a_proxy_is_not_taken_for_notifys_yes() -> None:
    responses.post("http://127.0.0.1:1/v2/notifications/email", body="<html>Welcome</html>", status=200)
    with pytest.raises(MailerUnavailable):
        notify(StandIn(1)).send(EmailMessage(PERSON, "Subject", "…"))


def test_no_password_goes_over_the_network_in_the_clear(monkeypatch: pytest.MonkeyPatch, mailbox: StandIn) -> None:
    monkeypatch.setattr("identity_provider.adapters.smtp.LOOPBACK", frozenset())
    mailer = SmtpMailer(f"smtp://user:password@127.0.0.1:{mailbox.port + 10}", "identity@example.org")
    with pytest.raises(MailerUnavailable, match="no encryption"):
        mailer.send(EmailMessage(PERSON, "Subject", "…"))
