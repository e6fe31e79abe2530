"""The settings choose the adapters; what an installation does without says so and is not tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_provider.adapters.absent import NoScanner, NoTextMessenger, NoTicketDesk
from identity_provider.adapters.choice import choose_desk, choose_evidence_store, choose_mail, choose_scanner
from identity_provider.adapters.clamd import Clamd
from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.adapters.memory_evidence import MemoryEvidence
from identity_provider.adapters.notify import NotifyMailer
from identity_provider.adapters.smtp import SmtpMailer
from identity_provider.adapters.zendesk import ZendeskDesk
from identity_provider.ports import MessageRefused, NewTicket, TextMessage, TicketRefused
from tests.kit.outside import settings_for

SETTINGS = settings_for("postgresql+psycopg:///none")


def test_notify_carries_texts_only_with_a_template_for_them() -> None:
    notify = replace(SETTINGS, mail_transport="notify", notify_api_key="x" * 80, notify_email_template_id="1")
    assert [type(each) for each in choose_mail(notify)] == [NotifyMailer, NoTextMessenger]
    both = choose_mail(replace(notify, notify_sms_template_id="2"))
    assert [type(each) for each in both] == [NotifyMailer, NotifyMailer]


def test_smtp_carries_no_texts() -> None:
    smtp = replace(SETTINGS, mail_transport="smtp", smtp_url="smtp://localhost", smtp_from="identity@example.org")
    mailer, messenger = choose_mail(smtp)
    assert isinstance(mailer, SmtpMailer)
    with pytest.raises(MessageRefused):
        messenger.send_text(TextMessage("+447700900123", "123456"))


def test_zendesk_or_no_desk_at_all() -> None:
    zendesk = replace(SETTINGS, ticket_transport="zendesk", zendesk_url="https://x.example", zendesk_token="t")
    assert isinstance(choose_desk(zendesk), ZendeskDesk)
    assert isinstance(choose_desk(replace(SETTINGS, ticket_transport="none")), NoTicketDesk)


def test_evidence_waits_for_ever_where_nothing_scans() -> None:
    assert isinstance(choose_scanner(SETTINGS), NoScanner)
    assert isinstance(choose_scanner(replace(SETTINGS, clamd_address="unix:///run/clamd.ctl")), Clamd)
    assert isinstance(choose_evidence_store(SETTINGS), MemoryEvidence)
    assert isinstance(choose_evidence_store(replace(SETTINGS, evidence_store_url="s3://bucket")), ObjectEvidence)


def test_without_a_desk_nobody_tries_again() -> None:
    desk = NoTicketDesk()
    assert desk.find("a-case") is None
    with pytest.raises(TicketRefused, match="GAI-123456"):
        desk.open(NewTicket("a-case", "Subject", "Body", "Name", "name@example.com", case_reference="GAI-123456"))
    with pytest.raises(TicketRefused):
        desk.comment(1, "Text")
