"""Every setting of the service: one frozen object, read once from the environment and checked at start."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeVar

from config.addresses import database_address, is_of_mail_server, is_of_sender, is_of_web, parts_of
from config.one_login import problems_with_one_login, read_private_key
from config.people_file import holds_people
from config.serving import serving
from config.trust import holds_authorities

MailTransport = Literal["notify", "smtp", "memory"]
TicketTransport = Literal["zendesk", "none", "memory"]
RegisterKind = Literal["replica", "api", "memory"]
OneLoginAlgorithm = Literal["ES256", "RS256"]
ChangeReports = Literal["api", "none", "memory"]

EVIDENCE_STORES = frozenset({"file", "s3", "az", "gs", "memory"})

_LISTENS = re.compile(r"unix:///.+|tcp://(\[[0-9a-fA-F:]+\]|[\w.-]+):[0-9]{1,5}", re.ASCII)

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_ADDRESSES = ("notify_base_url", "zendesk_url", "dqt_api_url")

Chosen = TypeVar("Chosen", bound=str)


class SettingsInvalid(Exception):
    """The environment cannot be used to run the service; each problem names its variable and how to mend it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose. The comment over each field names its environment variable."""

    # ISSUER: the issuer identifier and public origin, without a trailing slash, e.g. https://identity.example.gov.uk.
    # Decided once: relying services compare it as a string (OpenID Connect Discovery 1.0, section 4.3).
    issuer: str
    # DATABASE_URL: where PostgreSQL is, as postgresql+psycopg://… or postgresql://…
    database_url: str = field(repr=False)
    # SECRET_KEYS: comma separated, newest first; sign links, cookies' CSRF tokens, and pepper the stored HMACs.
    secret_keys: tuple[str, ...] = field(repr=False)
    # ENCRYPTION_KEYS: comma separated base64 of 32 random bytes each, newest first; AES-GCM for data at rest.
    encryption_keys: tuple[bytes, ...] = field(repr=False)
    # SANDBOX: "true" on a laptop. Permits an http issuer and the in-memory adapters; never for real people.
    sandbox: bool = False
    # SERVICE_NAME: what the service is called on its screens and in its emails.
    service_name: str = "Get an identity"
    # GOVUK_BRAND: "true" only on a gov.uk host: crown, GOV.UK header.
    govuk_brand: bool = False
    # SUPPORT_EMAIL: where a person can write to when nothing else helps.
    support_email: str = "identity.help@example.org"
    # MAIL_TRANSPORT: notify | smtp | memory. Memory keeps mail in the process, for tests.
    mail_transport: MailTransport = "notify"
    # NOTIFY_API_KEY: the GOV.UK Notify key; NOTIFY_BASE_URL: only to point elsewhere than the real Notify.
    notify_api_key: str = field(default="", repr=False)
    notify_base_url: str = "https://api.notifications.service.gov.uk"
    # NOTIFY_EMAIL_TEMPLATE_ID: a template with subject ((subject)) and body ((body)).
    notify_email_template_id: str = ""
    # NOTIFY_SMS_TEMPLATE_ID: a text message template with body ((body)); without it no text messages are sent.
    notify_sms_template_id: str = ""
    # SMTP_URL: smtp://user:password@host:port or smtps://…; SMTP_FROM: the sender's address.
    smtp_url: str = field(default="", repr=False)
    smtp_from: str = ""
    # TICKET_TRANSPORT: zendesk | none | memory.
    ticket_transport: TicketTransport = "none"
    # ZENDESK_URL: e.g. https://example.zendesk.com; ZENDESK_EMAIL and ZENDESK_TOKEN: an agent and its API token.
    zendesk_url: str = ""
    zendesk_email: str = ""
    zendesk_token: str = field(default="", repr=False)
    # ZENDESK_CASE_FIELD_ID: the custom field that holds our case reference, when there is one.
    zendesk_case_field_id: int | None = None
    # ZENDESK_WEBHOOK_SECRET: what Zendesk signs its webhook with, as its page reveals it; without it no address takes
    # one. While it is changed: the new one and the old one, comma separated.
    zendesk_webhook_secret: tuple[str, ...] = field(default=(), repr=False)
    # REGISTER: replica (table in our database) | api (DQT HTTP API) | memory.
    register: RegisterKind = "replica"
    # CHANGE_REPORTS: api (approved changes of name or date of birth are told to the DQT by its API) | none (staff tell
    # it by hand) | memory.
    change_reports: ChangeReports = "none"
    # DQT_API_URL and DQT_API_KEY: for REGISTER=api and CHANGE_REPORTS=api.
    dqt_api_url: str = ""
    dqt_api_key: str = field(default="", repr=False)
    # EVIDENCE_STORE_URL: where evidence files lie, sealed: file:///DIRECTORY | s3://BUCKET/… | az://CONTAINER/… |
    # gs://BUCKET/… | memory:// (sandbox only). Every web process and worker must reach the same one.
    evidence_store_url: str = "file:///var/lib/get-an-identity/evidence"
    # CLAMD_ADDRESS: where ClamAV's daemon listens: unix:///run/clamav/clamd.ctl | tcp://HOST:3310. Without it evidence
    # waits, and is shown to nobody.
    clamd_address: str = ""
    # PROXY_HOPS: how many reverse proxies stand before us and set X-Forwarded-For/-Proto; 0 trusts none.
    proxy_hops: int = 0
    # OUTGOING_CA_FILE: a PEM file of the authorities that our own calls trust, in place of the system's: to Notify,
    # the mail server, Zendesk, the DQT API and relying services. For an organisation with an authority of its own.
    outgoing_ca_file: str = ""
    # MAX_BODY_BYTES: the largest request body accepted outside uploads.
    max_body_bytes: int = 1_000_000
    # CLIENT_REGISTRATION: "true" lets services register themselves, with a token of `flask clients registration-token`.
    client_registration: bool = False
    # METRICS_TOKEN: what a scraper of /metrics bears; without it there are no metrics outside the sandbox.
    metrics_token: str = field(default="", repr=False)
    # ONE_LOGIN_ISSUER: GOV.UK One Login's issuer as its discovery document writes it, e.g. https://oidc.account.gov.uk/.
    # Without it nobody signs in through One Login; see docs/one-login.md for it and for the five below.
    one_login_issuer: str = ""
    # ONE_LOGIN_CLIENT_ID: what GOV.UK One Login knows this service by.
    one_login_client_id: str = ""
    # ONE_LOGIN_PRIVATE_KEY: the PEM of the RSA or P-256 key that signs our assertions, or the path of a file with it.
    one_login_private_key: str = field(default="", repr=False)
    # ONE_LOGIN_ID_TOKEN_ALGORITHM: ES256 | RS256, as registered with One Login.
    one_login_id_token_algorithm: OneLoginAlgorithm = "ES256"
    # ONE_LOGIN_IDENTITY_DID: whose keys sign proved identities, e.g. did:web:identity.account.gov.uk. Without it
    # people sign in through One Login, and nobody's name and date of birth are asked for.
    one_login_identity_did: str = ""
    # ONE_LOGIN_IDENTITY_ISSUER: who says so in them; by default https:// and the host that the DID names.
    one_login_identity_issuer: str = ""
    # TEST_PEOPLE_FILE: a JSON file whose `people` service teams may sign in as, with what happens then; shown in the
    # console of a test environment (docs/console-areas.md says what stands in it).
    test_people_file: str = ""
    # LOG_LEVEL: DEBUG | INFO | WARNING | ERROR.
    log_level: str = "INFO"

    @property
    def secure(self) -> bool:
        """Whether people reach us over https: cookies are then Secure with the __Host- prefix."""
        return self.issuer.startswith("https://")

    @property
    def sends_texts(self) -> bool:
        """Whether text messages can be sent: nobody is asked for a mobile number otherwise."""
        return self.mail_transport == "memory" or (
            self.mail_transport == "notify" and bool(self.notify_sms_template_id)
        )

    @property
    def origin(self) -> str:
        """The issuer's origin, which is where every screen lives."""
        parts = parts_of(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def cookie_name(self, name: str) -> str:
        """The name of a cookie: __Host- over https, so that no subdomain can set it (RFC 6265bis 4.1.3.2)."""
        return f"__Host-{name}" if self.secure else name

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check every setting.

        Raises SettingsInvalid with all problems at once, so that an operator mends them in one go.
        """
        return _Reader(os.environ if environment is None else environment).read()


class _Reader:
    """Turns text from the environment into settings, collecting what is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def read(self) -> Settings:
        values: dict[str, object] = {
            "issuer": self._issuer(),
            "database_url": self._database_url(),
            "secret_keys": self._secret_keys(),
            "encryption_keys": self._encryption_keys(),
            "sandbox": self._flag("SANDBOX"),
            "govuk_brand": self._flag("GOVUK_BRAND"),
            "client_registration": self._flag("CLIENT_REGISTRATION"),
            "mail_transport": self._choice("MAIL_TRANSPORT", ("notify", "smtp", "memory"), "notify"),
            "ticket_transport": self._choice("TICKET_TRANSPORT", ("zendesk", "none", "memory"), "none"),
            "register": self._choice("REGISTER", ("replica", "api", "memory"), "replica"),
            "change_reports": self._choice("CHANGE_REPORTS", ("api", "none", "memory"), "none"),
            "proxy_hops": self._number("PROXY_HOPS", 0),
            "max_body_bytes": self._number("MAX_BODY_BYTES", 1_000_000),
            "zendesk_case_field_id": self._optional_number("ZENDESK_CASE_FIELD_ID"),
            "one_login_private_key": read_private_key(self._text("ONE_LOGIN_PRIVATE_KEY")),
            "one_login_id_token_algorithm": self._choice("ONE_LOGIN_ID_TOKEN_ALGORITHM", ("ES256", "RS256"), "ES256"),
            "zendesk_webhook_secret": self._list("ZENDESK_WEBHOOK_SECRET"),
            "log_level": self._choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
        }
        for name in (each.name for each in fields(Settings)):
            text = self.environment.get(name.upper(), "").strip()
            if name not in values and text:
                values[name] = text
        settings = Settings(**values)  # type: ignore[arg-type]  # each value was made for its field above
        # Also of settings that cannot be read, so that an operator is told of everything in one go.
        self._refuse_what_is_unsafe(settings)
        self.problems += serving(self.environment)[1]
        if self.problems:
            first = {problem.partition(":")[0]: problem for problem in reversed(self.problems)}
            raise SettingsInvalid([problem for problem in self.problems if problem in first.values()])
        return settings

    def _text(self, name: str) -> str:
        return self.environment.get(name, "").strip()

    def _issuer(self) -> str:
        issuer = self._text("ISSUER")
        parts = parts_of(issuer)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            self.problems.append("ISSUER: set it to the public address, e.g. https://identity.example.gov.uk")
        elif parts.path:
            self.problems.append("ISSUER: leave out the path and the trailing slash")
        return issuer

    def _database_url(self) -> str:
        url = database_address(self._text("DATABASE_URL"))
        if not url:
            self.problems.append("DATABASE_URL: set it to a PostgreSQL address, postgresql://user@host/name")
        return url

    def _secret_keys(self) -> tuple[str, ...]:
        keys = self._list("SECRET_KEYS")
        if not keys or any(len(key) < 32 for key in keys):
            self.problems.append("SECRET_KEYS: set one or more secrets of at least 32 characters, newest first")
        return keys

    def _encryption_keys(self) -> tuple[bytes, ...]:
        try:
            keys = tuple(
                base64.b64decode(key.strip(), validate=True) for key in self._text("ENCRYPTION_KEYS").split(",")
            )
        except ValueError:
            keys = ()
        if not keys or any(len(key) != 32 for key in keys):
            self.problems.append("ENCRYPTION_KEYS: set base64 of 32 random bytes each, newest first")
        return keys

    def _list(self, name: str) -> tuple[str, ...]:
        return tuple(each.strip() for each in self._text(name).split(",") if each.strip())

    def _flag(self, name: str) -> bool:
        text = self._text(name).lower()
        if text not in {"", "true", "false", "1", "0", "yes", "no"}:
            self.problems.append(f"{name}: true or false")
        return text in {"true", "1", "yes"}

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        text = self._text(name) or default
        if text not in allowed:
            self.problems.append(f"{name}: one of {', '.join(allowed)}")
        return text

    def _number(self, name: str, default: int) -> int:
        return self._optional_number(name) or default

    def _optional_number(self, name: str) -> int | None:
        text = self._text(name)
        if text and not _WHOLE_NUMBER.fullmatch(text):
            self.problems.append(f"{name}: a whole number")
            return None
        return int(text) if text else None

    def _refuse_what_is_unsafe(self, settings: Settings) -> None:
        if settings.outgoing_ca_file and not holds_authorities(settings.outgoing_ca_file):
            self.problems.append("OUTGOING_CA_FILE: there is no readable PEM file with certificates at this path")
        if not settings.sandbox:
            self._refuse_what_only_a_sandbox_may(settings)
        self._refuse_what_lacks(settings)
        self._refuse_bad_addresses(settings)
        if settings.test_people_file and not settings.sandbox and not holds_people(settings.test_people_file):
            self.problems.append("TEST_PEOPLE_FILE: there is no readable JSON file with a list `people` at this path")
        self._refuse_bad_addresses_of_evidence(settings)
        self.problems += problems_with_one_login(
            settings.one_login_issuer,
            settings.one_login_client_id,
            settings.one_login_private_key,
            settings.one_login_identity_did,
            settings.one_login_identity_issuer,
            sandbox=settings.sandbox,
        )

    def _refuse_what_lacks(self, settings: Settings) -> None:
        """What one setting chooses does not work without some others: each of them is told by itself."""
        needed: dict[str, tuple[bool, tuple[str, ...]]] = {
            "MAIL_TRANSPORT=notify": (
                settings.mail_transport == "notify",
                ("notify_api_key", "notify_email_template_id"),
            ),
            "MAIL_TRANSPORT=smtp": (settings.mail_transport == "smtp", ("smtp_url", "smtp_from")),
            "TICKET_TRANSPORT=zendesk": (
                settings.ticket_transport == "zendesk",
                ("zendesk_url", "zendesk_email", "zendesk_token"),
            ),
            "REGISTER=api and CHANGE_REPORTS=api": (
                "api" in {settings.register, settings.change_reports},
                ("dqt_api_url", "dqt_api_key"),
            ),
        }
        for choice, (chosen, names) in needed.items():
            lacking = [name.upper() for name in names if chosen and not getattr(settings, name)]
            self.problems += [f"{name}: missing, and needed for {choice}" for name in lacking]

    def _refuse_bad_addresses(self, settings: Settings) -> None:
        if settings.smtp_url and not is_of_mail_server(settings.smtp_url):
            self.problems.append(
                "SMTP_URL: smtp://user:password@host:port or smtps://…, with signs in the password percent-encoded"
            )
        if settings.smtp_from and not is_of_sender(settings.smtp_from):
            self.problems.append("SMTP_FROM: the address that mail comes from, name@host or Name <name@host>")
        for name in _ADDRESSES:
            if getattr(settings, name) and not is_of_web(getattr(settings, name)):
                self.problems.append(f"{name.upper()}: an https address without a query, e.g. https://host.example.org")

    def _refuse_bad_addresses_of_evidence(self, settings: Settings) -> None:
        store = parts_of(settings.evidence_store_url)
        placed = store.path not in {"", "/"} if store.scheme == "file" else store.netloc or store.scheme == "memory"
        if store.scheme not in EVIDENCE_STORES or not placed:
            self.problems.append("EVIDENCE_STORE_URL: file:///DIRECTORY, s3://BUCKET, az://CONTAINER or gs://BUCKET")
        if settings.clamd_address and not _LISTENS.fullmatch(settings.clamd_address):
            self.problems.append("CLAMD_ADDRESS: unix:///PATH/OF/THE/SOCKET or tcp://HOST:3310")

    def _refuse_what_only_a_sandbox_may(self, settings: Settings) -> None:
        if not settings.secure:
            self.problems.append("ISSUER: must begin with https:// (http is for SANDBOX=true only)")
        if "memory" in {
            settings.mail_transport,
            settings.ticket_transport,
            settings.register,
            settings.change_reports,
        }:
            self.problems.append(
                "MAIL_TRANSPORT, TICKET_TRANSPORT, REGISTER, CHANGE_REPORTS: memory is for SANDBOX=true only"
            )
        if settings.evidence_store_url.startswith("memory:"):
            self.problems.append("EVIDENCE_STORE_URL: memory is for SANDBOX=true only")
