"""The sandbox's own pages in Chromium: accessible on a desk and on a phone, and whole without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from werkzeug.serving import make_server

from identity_provider.adapters.notify import NotifyMailer
from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.ports import EmailMessage, NewTicket
from identity_provider.sandbox.relying_pages import SampleService
from identity_provider.sandbox.relying_service import Relying, create_relying_service
from identity_provider.sandbox.serving import HOST, QuietRequests
from tests.kit import stand_ins
from tests.kit.browser import CheckedPage, PageMaker
from tests.kit.stand_ins import StandIn, free_port
from tests.sandbox.tiny_provider import SUBJECT, TinyProvider


@pytest.fixture(scope="module")
def provider() -> Iterator[TinyProvider]:
    running = TinyProvider(free_port())
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def services(provider: TinyProvider) -> Iterator[str]:
    port = free_port()
    base = f"http://localhost:{port}"
    npq = SampleService("npq", "Register for an NPQ (sample)", "register-for-npq", "register-for-npq-secret")
    secret = {"admin@example.com": "JBSWY3DPEHPK3PXP" * 2}
    app = create_relying_service(Relying(base, provider.issuer, (npq,), "http://localhost:8002/", secret))
    with make_server(HOST, port, app, threaded=True, request_handler=QuietRequests) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield base
        server.shutdown()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.mailbox(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.zendesk(tmp_path_factory.mktemp("zendesk")) as running:
        yield running


def test_the_sample_services_pages_pass_axe(services: str, page: CheckedPage, narrow_page: CheckedPage) -> None:
    for each in (page, narrow_page):
        for path in ("/", "/people", "/npq/", "/signed-out"):
            each.goto(services + path)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_somebody_signs_in_at_a_sample_service(services: str, open_page: PageMaker, scripts: bool) -> None:
    page = open_page(scripts=scripts)
    page.goto(f"{services}/npq/")
    page.click("Sign in")
    assert page.h1 == "You are signed in"
    assert page.raw.locator("[data-claim=sub]").inner_text() == SUBJECT
    assert page.raw.locator("[data-claim=trn_lookup_status]").inner_text() == "Found"
    page.goto(f"{services}/npq/account")
    assert page.h1 == "You are signed in"


def test_a_failed_sign_in_passes_axe_and_can_be_tried_again(
    services: str, provider: TinyProvider, narrow_page: CheckedPage
) -> None:
    provider.answers = {"error": "access_denied", "error_description": "The person left."}
    narrow_page.goto(f"{services}/npq/sign-in")
    assert narrow_page.h1 == "You are not signed in"
    provider.answers = {}
    narrow_page.click("Try again")
    assert narrow_page.h1 == "You are signed in"


def test_the_mailboxs_pages_pass_axe(mailbox: StandIn, page: CheckedPage, narrow_page: CheckedPage) -> None:
    page.goto(mailbox.url)
    mailer = NotifyMailer(stand_ins.NOTIFY_KEY, mailbox.url, email_template_id=stand_ins.EMAIL_TEMPLATE)
    mailer.send(EmailMessage("grace@example.com", "123456 is your code", f"Hello\n\nhttp://localhost/{'long' * 40}"))
    for each in (page, narrow_page):
        each.goto(mailbox.url)
        each.click("grace@example.com")
        each.click("123456 is your code")
        assert each.h1 == "123456 is your code"


def test_the_tickets_pages_pass_axe(zendesk: StandIn, page: CheckedPage, narrow_page: CheckedPage) -> None:
    page.goto(zendesk.url)
    desk = ZendeskDesk(ZendeskAccount(zendesk.url, stand_ins.AGENT, stand_ins.AGENT_TOKEN))
    ticket = desk.open(NewTicket("case", "A request", "Name: Siobhán", "Siobhán", "siobhan@example.com", ("tag",)))
    for each in (page, narrow_page):
        each.goto(zendesk.url)
        each.click(f"#{ticket.id}")
        assert each.h1 == f"#{ticket.id} A request"
