"""OUTGOING_CA_FILE: with it our calls believe an organisation's own authority, and without it they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.trust import VARIABLES, holds_authorities, trust_for_calls
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.adapters.notify import NotifyMailer
from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import EmailMessage, MailerUnavailable, StoreUnavailable, TicketDeskUnavailable
from tests.kit import stand_ins
from tests.kit.buckets import Bucket
from tests.kit.stand_ins import StandIn
from tests.kit.tls import Authority, make_authority, tls_proxy

LETTER = EmailMessage("grace@example.com", "A subject", "A text", "a-reference")


@dataclass(frozen=True)
class Secured:
    """A stand-in behind TLS, and the authority of its certificate."""

    url: str
    behind: StandIn
    authority: Authority


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(scope="module")
def mailbox(place: Path) -> Iterator[Secured]:
    with stand_ins.mailbox(place) as behind:
        yield from secured(behind, place)


@pytest.fixture(scope="module")
def zendesk(place: Path) -> Iterator[Secured]:
    with stand_ins.zendesk(place) as behind:
        yield from secured(behind, place)


def secured(behind: StandIn, place: Path) -> Iterator[Secured]:
    authority = make_authority(place)
    with tls_proxy(stand_ins.free_port(), behind.port, authority) as proxy:
        yield Secured(proxy.address, behind, authority)


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test has the process trust ends with it; no bundle of this machine is in the way."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


def test_mail_goes_to_notify_under_an_authority_of_one_s_own(mailbox: Secured) -> None:
    mailer = NotifyMailer(stand_ins.NOTIFY_KEY, mailbox.url, email_template_id=stand_ins.EMAIL_TEMPLATE)
    with pytest.raises(MailerUnavailable):
        mailer.send(LETTER)
    trust_for_calls(str(mailbox.authority.ca_file))
    mailer.send(LETTER)
    assert [each["subject"] for each in mailbox.behind.messages(LETTER.to)] == ["A subject"]


def test_zendesk_is_believed_under_an_authority_of_one_s_own(zendesk: Secured) -> None:
    desk = ZendeskDesk(ZendeskAccount(zendesk.url, stand_ins.AGENT, stand_ins.AGENT_TOKEN, case_field_id=None))
    with pytest.raises(TicketDeskUnavailable):
        desk.find("GAI-1")
    trust_for_calls(str(zendesk.authority.ca_file))
    assert desk.find("GAI-1") is None


def test_a_register_whose_authority_is_not_known_is_no_answer(zendesk: Secured) -> None:
    register = DqtApi(zendesk.url, "a-key")
    with pytest.raises(RegisterUnavailable):
        register.find_by_identifiers("1234567", "")
    register.close()


def test_evidence_lies_in_a_bucket_under_an_authority_of_one_s_own(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_authority(place)
    key = "0a" * 24
    with Bucket() as bucket, tls_proxy(stand_ins.free_port(), bucket.port, authority) as proxy:
        for name, value in (bucket.environment | {"AWS_ENDPOINT_URL": proxy.address}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ALLOW_HTTP")
        bucket.objects[f"localhost/0a/{key}"] = (b"sealed", datetime.now(UTC))
        with pytest.raises(StoreUnavailable):
            ObjectEvidence("s3://evidence", "localhost").get(key)
        trust_for_calls(str(authority.ca_file))
        assert ObjectEvidence("s3://evidence", "localhost").get(key) == b"sealed"


def test_no_file_changes_nothing_and_a_file_without_certificates_is_none(tmp_path: Path) -> None:
    trust_for_calls("")
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing", encoding="utf-8")
    assert not holds_authorities(str(empty))
    assert not holds_authorities(str(tmp_path / "nowhere.pem"))
    assert holds_authorities(str(make_authority(tmp_path).ca_file))
