"""What the doctor looks at. Each examination asks a real thing a real question and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

import requests
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from identity_provider.adapters.typesetting import NotTypeset
from identity_provider.db import db
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.evidence import EvidenceState
from identity_provider.kit import people_to_try
from identity_provider.kit.app import ports, settings
from identity_provider.models import (
    AuditEvent,
    Delivery,
    Evidence,
    KeyState,
    OutboxMessage,
    RegisterGeneration,
    SigningKey,
    StaffUser,
)
from identity_provider.models.register_layout import KEYS_VERSION
from identity_provider.ports import (
    MailerUnavailable,
    NotInStore,
    ScannerUnavailable,
    StoreUnavailable,
    TicketDeskUnavailable,
    TicketRefused,
)
from identity_provider.services import audit_chain, one_login, signing_keys, ticket_alarm
from identity_provider.services.register_facts import KEYED_OTHERWISE
from identity_provider.services.ticket_alarm import Rule
from identity_provider.vault import SealBroken
from identity_provider.web.awards import certificate

State = Literal["ok", "warning", "fault"]

_CLOCKS_DIFFER = timedelta(seconds=10)
_REGISTER_IS_OLD = timedelta(days=35)
_WORKER_IS_SILENT = timedelta(minutes=2)
_MESSAGE_WAITS_LONG = timedelta(minutes=15)
_FILE_WAITS_LONG = timedelta(hours=1)
_SIGNATURES_ARE_OLD = timedelta(days=7)
_UNSEALED_LONG = timedelta(hours=1)
_SECONDS_TO_ANSWER = 5
# Greek, Cyrillic, Arabic, Devanagari, Bengali, Tamil, Thai, Ethiopic, Chinese and Korean.
_SCRIPTS = "Ελένη Ирина محمد अनिता আনিকা தமிழ் ไทย አበበ 王 김"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one examination found, and what to do about it."""

    name: str
    state: State
    what: str
    mend: str = ""

    def as_facts(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of one examination."""

    state: State
    what: str
    mend: str = ""


def examine(name: str) -> Finding:
    """Run one examination; one that fails itself is a fault of what it looked at, not of the doctor."""
    try:
        found = EXAMINATIONS[name]()
    except SQLAlchemyError as error:
        found = Found("fault", f"the database did not answer: {type(error).__name__}", "See the database line first.")
    finally:
        db.session.rollback()
    return Finding(name, found.state, found.what, found.mend)


def _database() -> Found:
    version = int(db.session.scalars(text("SHOW server_version_num")).one()) // 10_000
    if version < 18:
        return Found("warning", f"PostgreSQL {version} answers", "The service is tested on PostgreSQL 18: upgrade.")
    return Found("ok", f"PostgreSQL {version} answers")


def _migrations() -> Found:
    wanted = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    there = MigrationContext.configure(db.session.connection()).get_current_revision()
    if there == wanted:
        return Found("ok", f"the tables are at {there}")
    return Found("fault", f"the tables are at {there}, the code at {wanted}", "Run: flask --app wsgi db upgrade")


def _clock() -> Found:
    difference = abs(db.session.scalars(select(func.clock_timestamp())).one() - ports().clock.now())
    if difference > _CLOCKS_DIFFER:
        seconds = difference.total_seconds()
        return Found("fault", f"{seconds:.0f} s between this machine and the database", "Run NTP on both.")
    return Found("ok", "this machine and the database agree on the time")


def _keys() -> Found:
    active = db.session.scalars(select(SigningKey).where(SigningKey.state == KeyState.ACTIVE)).all()
    if not active:
        return Found("warning", "no signing key yet", "The first token makes one; or run: flask --app wsgi keys rotate")
    try:
        for key in active:
            signing_keys.private_jwk(key)
    except SealBroken:
        mend = "Put the key that sealed it back into ENCRYPTION_KEYS, or rotate the signing keys."
        return Found("fault", "a signing key cannot be opened", mend)
    return Found("ok", f"{', '.join(sorted(each.algorithm for each in active))} can sign")


def _issuer() -> Found:
    address = f"{settings().issuer}/.well-known/openid-configuration"
    mend = "Check DNS, the certificate and the reverse proxy; a firewall may keep this machine from its own address."
    try:
        answer = requests.get(address, timeout=_SECONDS_TO_ANSWER)
        said = answer.json().get("issuer") if answer.ok else None
    except (requests.RequestException, ValueError, AttributeError) as error:
        return Found("warning", f"{address} does not answer from here: {type(error).__name__}", mend)
    if said != settings().issuer:
        return Found("fault", f"{address} answers {answer.status_code} as issuer {said!r}", mend)
    return Found("ok", f"{settings().issuer} answers")


def _register() -> Found:
    try:
        ports().register.find_by_identifiers("0000000", "")
    except RegisterUnavailable as silence:
        mend = (
            "Run: flask --app wsgi register import FILE"
            if settings().register == "replica"
            else "Check DQT_API_URL, DQT_API_KEY and the network. Sign-ins go on; searches are made up for later."
        )
        return Found("fault", f"the register does not answer: {silence}", mend)
    if settings().register != "replica":
        return Found("ok", "the register answers")
    current = db.session.scalars(select(RegisterGeneration).where(RegisterGeneration.current)).one()
    what = f"{current.records:,} records"
    if current.keys_version != KEYS_VERSION:
        mend = "Import the register again: flask --app wsgi register import FILE"
        return Found("fault", f"{what}, keyed by another version of the code: {KEYED_OTHERWISE}", mend)
    if ports().clock.now() - current.switched_at > _REGISTER_IS_OLD:
        when = f"imported on {current.switched_at:%d %B %Y}"
        return Found("warning", f"{what}, {when}", "Import the register as it is now.")
    return Found("ok", what)


def _mail() -> Found:
    try:
        ports().mailer.check()
    except MailerUnavailable as silence:
        return Found("fault", str(silence), "Check MAIL_TRANSPORT and its settings. Codes wait until mail is back.")
    return Found("ok", f"{settings().mail_transport} would take a message")


def _zendesk() -> Found:
    if settings().ticket_transport == "none":
        return Found("ok", "not used: cases are worked in the console only")
    try:
        ports().desk.find(f"doctor-{uuid4()}")
    except (TicketDeskUnavailable, TicketRefused) as silence:
        return Found("fault", str(silence), "Check ZENDESK_URL, ZENDESK_EMAIL and ZENDESK_TOKEN. Tickets wait.")
    return Found("ok", "Zendesk answers")


def _tickets() -> Found:
    watch = ticket_alarm.look(ports().clock.now(), with_desk=settings().ticket_transport != "none")
    if not watch.rings and watch.services_switched_off:
        off, held_back = watch.services_switched_off, watch.cases_held_back
        return Found("ok", f"tickets are switched off for {off:,} services; {held_back:,} cases wait for theirs")
    if not watch.rings:
        return Found("ok", "whoever was not found is with the helpdesk")
    broken = {
        Rule.CASE_WITHOUT_TICKET: f"{watch.cases_without_ticket:,} cases have no ticket after half an hour",
        Rule.PERSON_WITHOUT_CASE: f"{watch.people_without_case:,} people who were not found have no case",
        Rule.FAILURES_WITHOUT_TICKETS: f"{watch.failed_in_window:,} people were not found, and no ticket arose",
    }
    mend = "See docs/runbook/no-ticket-arose.md; first the lines zendesk, worker and messages of this page."
    return Found("fault", "; ".join(broken[each] for each in watch.rings), mend)


def _one_login() -> Found:
    broker = ports().broker
    if broker is None:
        return Found("ok", "not used: people sign in with a code by email")
    trouble = one_login.is_well(broker)
    if trouble is not None:
        mend = "Check ONE_LOGIN_ISSUER and ONE_LOGIN_IDENTITY_DID, and its status page. Codes by email go on working."
        return Found("fault", f"One Login: {trouble}", mend)
    asked = "" if broker.terms.identity_did else "; nobody's identity is asked for"
    return Found("ok", f"{broker.terms.issuer} answers{asked}")


def _worker() -> Found:
    seen = db.session.scalars(text("SELECT max(last_heartbeat) FROM procrastinate_workers")).one_or_none()
    now = db.session.scalars(select(func.clock_timestamp())).one()
    if seen is None or now - seen > _WORKER_IS_SILENT:
        when = f"since {seen:%d %B %H:%M}" if seen else "yet"
        return Found("fault", f"no worker was heard of {when}", "Start one: flask --app wsgi worker")
    return Found("ok", "a worker is alive")


def _messages() -> Found:
    limit = ports().clock.now() - _MESSAGE_WAITS_LONG
    waiting = select(func.count(OutboxMessage.id)).where(OutboxMessage.delivery == Delivery.WAITING)
    late = db.session.scalars(waiting.where(OutboxMessage.created_at < limit)).one()
    if late:
        return Found(
            "warning", f"{late:,} messages wait for more than 15 minutes", "See mail, Zendesk and worker above."
        )
    return Found("ok", "no message waits for long")


def _audit() -> Found:
    verdict = audit_chain.verify()
    if not verdict.holds:
        first = verdict.broken[0]
        mend = "Run: flask --app wsgi audit verify. Compare with a backup, and tell your security team."
        return Found("fault", f"the chain breaks at seal {first.seal}: {first.reason}", mend)
    edge = db.session.scalars(select(func.clock_timestamp())).one() - _UNSEALED_LONG
    oldest = audit_chain.oldest_unsealed()
    if oldest is not None and oldest < edge:
        return Found("warning", "events of more than an hour ago are not sealed", "A worker does it: see worker above.")
    total = db.session.scalars(select(func.count(AuditEvent.id))).one()
    return Found("ok", f"{total:,} events, and {verdict.seals:,} seals that hold")


def _staff() -> Found:
    rows = db.session.scalars(select(StaffUser).where(StaffUser.disabled_at.is_(None)))
    administrators = [each for each in rows if StaffRole.ADMINISTRATOR.value in each.roles]
    if not administrators:
        return Found("warning", "nobody is Administrator", "Run: flask --app wsgi staff add EMAIL --role Administrator")
    return Found("ok", f"{len(administrators)} may administer the console")


def _evidence() -> Found:
    """Whether a file could be kept, found and deleted again; and whether any wait for long."""
    key, store = uuid4().hex, ports().evidence_store
    try:
        store.put(key, b"doctor")
        found = store.get(key)
        store.delete(key)
    except (StoreUnavailable, NotInStore) as silence:
        mend = "Check EVIDENCE_STORE_URL, its directory or credentials, and the disk. Nobody can send evidence."
        return Found("fault", str(silence) or "the store forgets what it is given", mend)
    if found != b"doctor":
        return Found("fault", "the store gives back something else", "Check what else writes to EVIDENCE_STORE_URL.")
    late = ports().clock.now() - _FILE_WAITS_LONG
    waiting = select(func.count(Evidence.id)).where(Evidence.state == EvidenceState.WAITING)
    if count := db.session.scalars(waiting.where(Evidence.received_at < late)).one():
        return Found("warning", f"{count:,} files wait for more than an hour", "See scanner and worker.")
    return Found("ok", "a file can be kept, and none waits for long")


def _scanner() -> Found:
    try:
        said = ports().scanner.version()
    except ScannerUnavailable as silence:
        mend = "Set CLAMD_ADDRESS, and see that clamd runs. Until then evidence waits, and is shown to nobody."
        return Found("fault", str(silence), mend)
    program, _slash, signatures = said.partition("/")
    made = _day_of(signatures.rpartition("/")[2])
    if made is None or ports().clock.now() - made > _SIGNATURES_ARE_OLD:
        when = f"of {made:%d %B %Y}" if made else "of no known day"
        return Found("warning", f"{program} answers, with signatures {when}", "Run freshclam beside clamd.")
    return Found("ok", f"{program} answers, with signatures of {made:%d %B %Y}")


def _certificates() -> Found:
    """Whether a certificate can be made at all, and for a name in whatever script."""
    try:
        certificate.specimen("Kate Bush")
    except NotTypeset as silence:
        mend = "See that typst of requirements.txt is installed for this platform, and that a process may start."
        return Found("fault", f"no certificate can be made: {silence}", mend)
    try:
        certificate.specimen(_SCRIPTS)
    except NotTypeset:
        mend = "Install fonts for every script, on Debian fonts-noto-core and fonts-noto-cjk (docs/awards.md)."
        return Found("warning", "the fonts lack scripts that names are written in", mend)
    return Found("ok", "a certificate can be made, for names in many scripts")


def _people_to_try() -> Found:
    """Whether those whom service teams may sign in as, in a test environment, can be shown to them."""
    if not settings().test_people_file:
        return Found("ok", "not used: no TEST_PEOPLE_FILE is set")
    read = people_to_try.read(settings().test_people_file)
    if read.faults:
        mend = "Mend the file that TEST_PEOPLE_FILE names; docs/console-areas.md says what stands in it."
        return Found("fault", f"nobody can be shown. {read.faults[0]}", mend)
    return Found("ok", f"{len(read.people):,} can be shown to service teams")


def _day_of(said: str) -> datetime | None:
    """Clamd writes it as C's asctime does, in the scanner's own time zone: a day more or less does not matter."""
    try:
        return datetime.strptime(said, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


EXAMINATIONS: dict[str, Callable[[], Found]] = {
    "database": _database,
    "migrations": _migrations,
    "clock": _clock,
    "keys": _keys,
    "issuer": _issuer,
    "register": _register,
    "mail": _mail,
    "zendesk": _zendesk,
    "evidence": _evidence,
    "scanner": _scanner,
    "certificates": _certificates,
    "tickets": _tickets,
    "one-login": _one_login,
    "worker": _worker,
    "messages": _messages,
    "audit": _audit,
    "staff": _staff,
    "people": _people_to_try,
}
"""By name, in the order in which an operator would mend them. The settings were checked when the command started."""
