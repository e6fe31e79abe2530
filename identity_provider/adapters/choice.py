"""Which adapter stands for each port: the settings say, and only the composition roots ask."""

from __future__ import annotations

from typing import assert_never
from urllib.parse import urlsplit

from config.one_login import host_of
from config.settings import Settings
from identity_provider.adapters.absent import NoChangeReporter, NoScanner, NoTextMessenger, NoTicketDesk
from identity_provider.adapters.clamd import Clamd
from identity_provider.adapters.clock import SystemClock
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_changes import DqtChanges
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.evidence_store import ObjectEvidence
from identity_provider.adapters.file_cleaning import CleaningProcess
from identity_provider.adapters.memory import MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.adapters.memory_evidence import MemoryEvidence
from identity_provider.adapters.notify import NotifyMailer
from identity_provider.adapters.one_login import OneLogin, OneLoginAccount
from identity_provider.adapters.relying_services import RelyingServices
from identity_provider.adapters.smtp import SmtpMailer
from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.ports import (
    BrokerTerms,
    ChangeReporter,
    EvidenceStore,
    FileScanner,
    IdentityBroker,
    Mailer,
    Ports,
    TeacherRegister,
    TextMessenger,
    TicketDesk,
)


def choose_ports(settings: Settings) -> Ports:
    """The adapters that the settings name."""
    mailer, messenger = choose_mail(settings)
    return Ports(
        clock=SystemClock(),
        mailer=mailer,
        messenger=messenger,
        desk=choose_desk(settings),
        register=choose_register(settings),
        services=RelyingServices(may_call_ourselves=settings.sandbox),
        broker=choose_broker(settings),
        changes=choose_changes(settings),
        evidence_store=choose_evidence_store(settings),
        scanner=choose_scanner(settings),
        cleaner=CleaningProcess(),
    )


def choose_broker(settings: Settings) -> IdentityBroker | None:
    """GOV.UK One Login, where the settings name it; opens no connection yet."""
    if not settings.one_login_issuer:
        return None
    host, scheme = host_of(settings.one_login_identity_did), urlsplit(settings.one_login_issuer).scheme
    terms = BrokerTerms(
        issuer=settings.one_login_issuer,
        client_id=settings.one_login_client_id,
        id_token_algorithm=settings.one_login_id_token_algorithm,
        identity_did=settings.one_login_identity_did,
        identity_issuer=settings.one_login_identity_issuer or (f"{scheme}://{host}/" if host else ""),
    )
    return OneLogin(OneLoginAccount(terms, settings.one_login_private_key, settings.sandbox))


def choose_mail(settings: Settings) -> tuple[Mailer, TextMessenger]:
    """Who carries email and text messages; opens no connection yet."""
    match settings.mail_transport:
        case "notify":
            notify = NotifyMailer(
                settings.notify_api_key,
                settings.notify_base_url,
                email_template_id=settings.notify_email_template_id,
                sms_template_id=settings.notify_sms_template_id,
            )
            return notify, notify if settings.notify_sms_template_id else NoTextMessenger()
        case "smtp":
            return SmtpMailer(settings.smtp_url, settings.smtp_from), NoTextMessenger()
        case "memory":
            memory = MemoryMailer()
            return memory, memory
        case _:
            assert_never(settings.mail_transport)


def choose_desk(settings: Settings) -> TicketDesk:
    """The helpdesk system that the settings name; opens no connection yet."""
    match settings.ticket_transport:
        case "zendesk":
            return ZendeskDesk(
                ZendeskAccount(
                    settings.zendesk_url,
                    settings.zendesk_email,
                    settings.zendesk_token,
                    case_field_id=settings.zendesk_case_field_id,
                )
            )
        case "none":
            return NoTicketDesk()
        case "memory":
            return MemoryDesk()
        case _:
            assert_never(settings.ticket_transport)


def choose_register(settings: Settings) -> TeacherRegister:
    """The register that the settings name; opens no connection yet."""
    match settings.register:
        case "replica":
            return DqtReplica(settings.database_url)
        case "api":
            return DqtApi(settings.dqt_api_url, settings.dqt_api_key)
        case "memory":
            return MemoryRegister()
        case _:
            assert_never(settings.register)


def choose_changes(settings: Settings) -> ChangeReporter:
    """Who is told of approved changes of people with a TRN; opens no connection yet."""
    match settings.change_reports:
        case "api":
            return DqtChanges(settings.dqt_api_url, settings.dqt_api_key)
        case "none":
            return NoChangeReporter()
        case "memory":
            return MemoryChanges()
        case _:
            assert_never(settings.change_reports)


def choose_evidence_store(settings: Settings) -> EvidenceStore:
    """Where evidence lies; nothing is opened yet."""
    if settings.evidence_store_url.startswith("memory:"):
        return MemoryEvidence()
    return ObjectEvidence(settings.evidence_store_url, installation=urlsplit(settings.issuer).netloc)


def choose_scanner(settings: Settings) -> FileScanner:
    """Who looks for malware; opens no connection yet."""
    return Clamd(settings.clamd_address) if settings.clamd_address else NoScanner()
