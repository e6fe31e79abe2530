"""What the worker does. Every task may run twice: a killed worker's job is run again. Arguments are ids only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from flask import current_app
from procrastinate import JobContext, RetryStrategy

from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ReportState
from identity_provider.domain.evidence import EvidenceState
from identity_provider.kit import check_reports, emails, evidence_files
from identity_provider.kit.app import ports, settings
from identity_provider.models import ChangeReport, Delivery, Evidence, OutboxMessage
from identity_provider.oidc import back_channel, register_token
from identity_provider.ports import (
    ChangeRefused,
    EmailMessage,
    MailerUnavailable,
    MessageRefused,
    ServiceRefused,
    ServiceUnavailable,
    TextMessage,
    TicketDeskUnavailable,
    TicketRefused,
)
from identity_provider.queue import WEBHOOKS, Patience, queue
from identity_provider.services import (
    audit_chain,
    change_evidence,
    change_reports,
    contact_changes,
    desk_news,
    evidence,
    evidence_sweep,
    identity_checks,
    lookups,
    outbox,
    register_followup,
    retention,
    sign_outs,
    support_tickets,
    ticket_alarm,
    user_imports,
    webhook_delivery,
    webhooks,
)

log = structlog.get_logger("worker")

LATER_LOOKUP = lookups.LOOK_UP_AGAIN


def in_application(task: Callable[..., None]) -> Callable[..., None]:
    """Run a task in an application context, and so a database session, of its own."""

    @functools.wraps(task)
    def run(*args: Any, **ids: Any) -> None:
        with current_app._get_current_object().app_context():  # type: ignore[attr-defined]
            task(*args, **ids)

    return run


@queue.task(name=outbox.DELIVER, retry=Patience())
@in_application
def deliver_outbox_message(message_id: str) -> None:
    """Tell the outside world one thing. Nothing outside is called inside a transaction."""
    with transaction():
        message = db.session.get(OutboxMessage, UUID(message_id))
    if message is None or message.delivery is not Delivery.WAITING:
        return
    try:
        sent = DELIVERIES.get(message.kind, _send_email)(message)
    except (MessageRefused, TicketRefused) as refusal:
        _settle(message, Delivery.GIVEN_UP, str(refusal))
        log.warning("outbox_message_refused", message_id=message_id, kind=message.kind, reason=str(refusal))
    except (MailerUnavailable, TicketDeskUnavailable) as silence:
        _note_failure(message, str(silence))
        raise
    else:
        _settle(message, Delivery.DELIVERED if sent else Delivery.GIVEN_UP, "")


@queue.task(name=LATER_LOOKUP, retry=Patience())
@in_application
def look_up_again(user_id: str) -> None:
    """Ask the register again about somebody for whom it had no answer; raises, to be retried, while it has none."""
    lookups.look_up_again(UUID(user_id), ports().register, ports().clock.now())


@queue.task(name=register_followup.LOOK_EVERYBODY_UP_AGAIN, retry=Patience())
@in_application
def look_everybody_up_again() -> None:
    """A new register is searched: have each person looked up whose record was not found in those before."""
    register_followup.look_everybody_up_again()


@queue.task(name=change_reports.TELL_REGISTER, retry=Patience())
@in_application
def tell_register_of_change(change_request_id: str) -> None:
    """Tell the DQT of an approved change; raises, to be retried, until it has a clear answer."""
    now = ports().clock.now()
    _make_exhibit_where_wanted(UUID(change_request_id))
    credentials = functools.partial(register_token.for_trn, now=now)
    change_reports.deliver(UUID(change_request_id), ports().changes, credentials, _exhibit_of, now)


@queue.task(name=change_evidence.UNUSABLE, retry=Patience())
@in_application
def tell_of_unusable_evidence(evidence_id: str) -> None:
    """A file was infected: its request goes back to the person."""
    with transaction():
        change_evidence.tell_of_unusable(UUID(evidence_id), now=ports().clock.now())


@queue.periodic(cron="7 * * * *")
@queue.task(name="end_old_changes", queueing_lock="end_old_changes")
@in_application
def end_old_changes(timestamp: int) -> None:  # noqa: ARG001
    """Requests that nobody decided within 90 days end, with their evidence; so do drafts that were left."""
    ended = 1
    while ended:
        with transaction():
            ended = change_evidence.end_what_is_too_old(ports().clock.now())


@queue.task(name=identity_checks.WEIGH, retry=Patience())
@in_application
def weigh_identity_check(check_id: str) -> None:
    """See what a provider's report makes surer; raises, to be retried, while the register has no answer."""
    identity_checks.weigh(UUID(check_id), ports().register, ports().clock.now())


@queue.task(name=desk_news.READ, retry=Patience())
@in_application
def read_ticket(ticket_number: str) -> None:
    """Ask Zendesk what happened to one ticket of ours; raises, to be tried again, while it does not answer."""
    with _given_up_when_refused(f"ticket:{ticket_number}"):
        desk_news.read_ticket(int(ticket_number), ports().desk, ports().clock.now())


@queue.periodic(cron="*/10 * * * *")
@queue.task(name="read_open_tickets", queueing_lock="read_open_tickets", lock="read_open_tickets", retry=Patience())
@in_application
def read_open_tickets(timestamp: int) -> None:  # noqa: ARG001
    """Ask Zendesk about every open ticket, in case a webhook was lost; a round that breaks off goes on later."""
    if settings().ticket_transport == "none":
        return
    with _given_up_when_refused("open_tickets"):
        asked = desk_news.read_open_tickets(ports().desk, ports().clock.now())
        log.info("open_tickets_read", tickets=asked)


@queue.task(
    name=sign_outs.TELL_SERVICE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions=[ServiceUnavailable]),
)
@in_application
def tell_service_of_sign_out(client_id: str, user_id: str, session_id: str) -> None:
    """Tell a service that one of its people signed out; raises, to be retried for an hour, while it does not answer."""
    try:
        back_channel.tell_of_sign_out(client_id, user_id, session_id)
    except ServiceRefused as refusal:
        log.warning("sign_out_refused_by_service", client_id=client_id, reason=str(refusal))


@queue.task(name=webhooks.DELIVER, queue=WEBHOOKS, retry=Patience())
@in_application
def deliver_webhooks(endpoint_id: str) -> None:
    """Send what is due at one endpoint of a service."""
    webhook_delivery.deliver_due(UUID(endpoint_id), ports().services, ports().clock.now)


@queue.task(name=webhook_delivery.WAKE, queue=WEBHOOKS)
@in_application
def wake_webhooks(endpoint_id: str) -> None:
    """An endpoint is to be tried again."""
    with transaction():
        webhooks.wake(UUID(endpoint_id))


@queue.periodic(cron="* * * * *")
@queue.task(name="wake_webhooks_left_behind", queueing_lock="wake_webhooks_left_behind")
@in_application
def wake_webhooks_left_behind(timestamp: int) -> None:  # noqa: ARG001
    """See to messages whose worker was killed."""
    with transaction():
        for endpoint_id in webhook_delivery.endpoints_left_behind(ports().clock.now()):
            webhooks.wake(endpoint_id)


@queue.periodic(cron="*/10 * * * *")
@queue.task(name="follow_changes_at_register", queueing_lock="follow_changes_at_register")
@in_application
def follow_changes_at_register(timestamp: int) -> None:  # noqa: ARG001
    """Ask what has become of the changes that the DQT was told of."""
    decided = change_reports.follow(ports().changes, ports().clock.now())
    if decided:
        log.info("changes_decided_at_register", decided=decided)


@queue.task(name=evidence.JUDGE, retry=Patience())
@in_application
def judge_evidence(evidence_id: str) -> None:
    """Have the scanner look at a file; raises, to be retried, while there is no clear answer."""
    evidence.judge(UUID(evidence_id), ports().evidence_store, ports().scanner, now=ports().clock.now)


@queue.task(name=evidence.REMOVE, retry=Patience())
@in_application
def remove_evidence(evidence_id: str) -> None:
    """Take a file whose time is over out of the store; raises, to be retried, while the store does not answer."""
    evidence.remove(UUID(evidence_id), ports().evidence_store, now=ports().clock.now())


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="see_to_evidence", queueing_lock="see_to_evidence")
@in_application
def see_to_evidence(timestamp: int) -> None:  # noqa: ARG001
    """Files whose time is over, and files that wait although no job is about them."""
    with transaction():
        evidence.ask_for_what_was_left_behind(ports().clock.now())


@queue.task(name=user_imports.WORK, retry=Patience())
@in_application
def work_on_import(import_id: str) -> None:
    """Take an import of people a stretch further; raises, to be tried again, while the register is silent."""
    user_imports.work(UUID(import_id), ports().register, ports().clock.now())


@queue.periodic(cron="17 3 * * *")
@queue.task(name="sweep_evidence", queueing_lock="sweep_evidence", retry=Patience())
@in_application
def sweep_evidence(timestamp: int) -> None:  # noqa: ARG001
    """Files that no row points at, and rows whose file is lost."""
    evidence_sweep.sweep(ports().evidence_store, now=ports().clock.now())


@queue.periodic(cron="* * * * *")
@queue.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Give the jobs of a worker that was killed to one that lives."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="remove_what_has_expired", queueing_lock="remove_what_has_expired")
@in_application
def remove_what_has_expired(timestamp: int) -> None:  # noqa: ARG001
    """Delete what has lived its time, in small batches (experience.md, "Privacy")."""
    removed = retention.remove_everything_expired(ports().clock.now())
    log.info("expired_rows_removed", **removed)


@queue.task(name=retention.RUN)
@in_application
def remove_what_has_expired_now() -> None:
    """The same, because somebody asked for it in the console."""
    removed = retention.remove_everything_expired(ports().clock.now())
    log.info("expired_rows_removed", **removed)


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="watch_for_tickets", queueing_lock="watch_for_tickets")
@in_application
def watch_for_tickets(timestamp: int) -> None:  # noqa: ARG001
    """Ring in the log when no ticket arose although searches failed (docs/runbook/no-ticket-arose.md).

    Tickets that were switched off ring nothing; how many wait is written down.
    """
    with transaction():
        watch = ticket_alarm.look(ports().clock.now(), with_desk=settings().ticket_transport != "none")
    if watch.rings:
        log.error("no_ticket_arose", rules=[each.value for each in watch.rings], **watch.as_facts())
    elif watch.services_switched_off:
        log.info("tickets_switched_off", **watch.as_facts())


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="seal_the_audit", queueing_lock="seal_the_audit")
@in_application
def seal_the_audit(timestamp: int) -> None:  # noqa: ARG001
    """Add a link to the chain over the audit. The head goes to the log, where the database cannot reach it."""
    with transaction():
        seal = audit_chain.seal_what_has_settled()
    if seal is not None:
        log.info("audit_sealed", seal=seal.number, events=seal.events, head=seal.digest.hex())


def _make_exhibit_where_wanted(change_request_id: UUID) -> None:
    """What rests on a provider's report has no uploaded file: the report itself is made one."""
    with transaction():
        report = db.session.get(ChangeReport, change_request_id)
        by_check = report is not None and report.request.identity_check_id is not None
        wanted = report is not None and report.state is ReportState.WAITING and by_check and report.evidence_id is None
    if wanted and report is not None:
        with suppress(ChangeRefused):
            # Without a document the change is refused further on, and shown so.
            check_reports.make_exhibit(report)


def _exhibit_of(report: ChangeReport, now: datetime) -> change_reports.Exhibit:
    """The file that goes to the DQT, by a link that lasts a quarter of an hour. Raises ChangeRefused without one."""
    sent = db.session.get(Evidence, report.evidence_id) if report.evidence_id else None
    if sent is not None and sent.state is EvidenceState.WAITING:
        raise change_reports.NotTakenYet("the file waits for the scanner")
    if sent is None or not sent.is_shown:
        raise ChangeRefused("there is no file to send as evidence")
    if sent.size > change_reports.LARGEST_EXHIBIT:
        raise ChangeRefused("the file is larger than the DQT takes")
    return change_reports.Exhibit(sent.original_name, evidence_files.signed_url(sent.id, now=now))


@contextmanager
def _given_up_when_refused(what: str) -> Iterator[None]:
    """A refusal of Zendesk is not asked for twice; the next round asks anew."""
    try:
        yield
    except TicketRefused as refusal:
        log.warning("ticket_not_read", what=what, reason=str(refusal))


def _send_email(message: OutboxMessage) -> bool:
    written = emails.write(message, now=ports().clock.now())
    if written is None:
        return False
    subject, text = written
    ports().mailer.send(EmailMessage(message.recipient, subject, text, reference=message.idempotency_key))
    return True


def _send_text(message: OutboxMessage) -> bool:
    text = emails.write_text(message, now=ports().clock.now())
    if text is None:
        return False
    ports().messenger.send_text(TextMessage(message.recipient, text, reference=message.idempotency_key))
    return True


def _open_ticket(message: OutboxMessage) -> bool:
    support_tickets.deliver_open(message, ports().desk, ports().clock.now(), issuer=settings().issuer)
    return True


def _solve_ticket(message: OutboxMessage) -> bool:
    support_tickets.deliver_solve(message, ports().desk, ports().clock.now())
    return True


def _comment_on_ticket(message: OutboxMessage) -> bool:
    support_tickets.deliver_comment(message, ports().desk, ports().clock.now())
    return True


DELIVERIES: dict[str, Callable[[OutboxMessage], bool]] = {
    contact_changes.NEW_MOBILE_CODE: _send_text,
    contact_changes.CONTACT_CHANGED_TEXT: _send_text,
    support_tickets.OPEN_KIND: _open_ticket,
    support_tickets.SOLVE_KIND: _solve_ticket,
    support_tickets.COMMENT_KIND: _comment_on_ticket,
}
"""Which messages are no email: everything else is one, named after its template."""


def _settle(message: OutboxMessage, delivery: Delivery, error: str) -> None:
    with transaction():
        db.session.refresh(message)
        message.attempts += 1
        message.last_error = error[:500]
        message.settle(delivery, ports().clock.now())


def _note_failure(message: OutboxMessage, error: str) -> None:
    with transaction():
        db.session.refresh(message)
        message.attempts += 1
        message.last_error = error[:500]
