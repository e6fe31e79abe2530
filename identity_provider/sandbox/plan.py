"""What `make run` runs: who listens where, who is told what."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from identity_provider.sandbox.keys import Keys, public_key_of
from identity_provider.sandbox.one_login_tokens import did_of
from identity_provider.sandbox.programs import Program
from identity_provider.sandbox.seed import ADMINISTRATOR, AGENT

CLONE = Path(__file__).parents[2]
DATABASE = "identity"
ZENDESK_AGENT = "helpdesk.api@example.com"
ONE_LOGIN_CLIENT = "get-an-identity-sandbox"
CASE_FIELD_ID = "360000000001"
SMTP_OFFSET = 12
# The scanner's own door: eight beyond its page.
CLAMD_OFFSET = 14
PEOPLE = 100_000
OFFSETS = {
    "provider": 0,
    "relying_service": 1,
    "mailbox": 2,
    "zendesk": 3,
    "dqt_api": 4,
    "one_login": 5,
    "clamd": 6,
}
# Whatever else stands in the caller's environment stays outside: a stray DATABASE_URL or proxy would be obeyed.
PASSED_ON = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"),
    *("LOG_LEVEL", "WEB_CONCURRENCY", "WEB_THREADS", "OUTGOING_CA_FILE"),
)


@dataclass(frozen=True)
class Addresses:
    """Where everything listens, counted from one port."""

    port: int

    def of(self, name: str) -> str:
        return f"http://localhost:{self.port + OFFSETS[name]}"

    @property
    def ports(self) -> list[int]:
        return [self.port + offset for offset in (*OFFSETS.values(), SMTP_OFFSET, CLAMD_OFFSET)]

    def port_of(self, name: str) -> str:
        return str(self.port + OFFSETS[name])


@dataclass(frozen=True)
class Client:
    """One of the sample services, as it is registered."""

    client_id: str
    name: str
    slug: str
    trn_requirement: str
    client_secret: str
    webhook_secret: str
    base_url: str
    # Whether the provider may send people here to begin a sign-in; one that may not is linked to instead.
    may_be_told_to_begin: bool = True

    @property
    def awards(self) -> list[str]:
        """Whoever provides NPQs may record them."""
        return ["awards:write"] if self.slug == "npq" else []

    def as_json(self) -> dict[str, object]:
        home = f"{self.base_url}/{self.slug}"
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "name": self.name,
            "start_url": f"{home}/",
            "redirect_uris": [f"{home}/callback"],
            "post_logout_redirect_uris": [f"{self.base_url}/signed-out"],
            "initiate_login_uri": f"{home}/initiate-login" if self.may_be_told_to_begin else None,
            # The others are for calling the API with a token of its own (client credentials).
            "scopes": ["openid", "profile", "email", "trn", "user:read", "user:write", "trn_token:write", *self.awards],
            "webhook_url": f"{home}/webhooks",
            "webhook_secret": self.webhook_secret,
            "trn_requirement": self.trn_requirement,
        }


@dataclass(frozen=True)
class Plan:
    """One sandbox: its port, its directory, its keys and its database."""

    addresses: Addresses
    data: Path
    keys: Keys
    database_url: str
    people: int = PEOPLE
    register: str = "replica"
    # Where people reach the provider when that is not its own address: a proxy that ends TLS stands before it.
    public_issuer: str = ""

    @property
    def issuer(self) -> str:
        return self.public_issuer or self.addresses.of("provider")

    @property
    def clients(self) -> tuple[Client, ...]:
        base, keys = self.addresses.of("relying_service"), self.keys
        npq = ("register-for-npq", "Register for an NPQ (sample)", "npq", "Optional")
        qts = ("apply-for-qts", "Apply for QTS (sample)", "qts", "RequiredIfHeld")
        job = ("apply-for-a-teaching-job", "Apply for a teaching job (sample)", "job", "Required")
        return (
            Client(*npq, keys.npq_client_secret, keys.npq_webhook_secret, base),
            Client(*qts, keys.qts_client_secret, keys.qts_webhook_secret, base),
            Client(*job, keys.job_client_secret, keys.job_webhook_secret, base, may_be_told_to_begin=False),
        )

    @property
    def clients_as_json(self) -> list[dict[str, object]]:
        return [client.as_json() for client in self.clients]

    @property
    def staff(self) -> list[dict[str, str]]:
        """Who may enter the support console."""
        return [
            {"email": ADMINISTRATOR, "role": "Administrator", "totp_secret": self.keys.admin_totp_secret},
            {"email": AGENT, "role": "Agent", "totp_secret": self.keys.agent_totp_secret},
        ]

    @property
    def settings(self) -> dict[str, str]:
        """The provider's settings, as environment variables."""
        keys, of = self.keys, self.addresses.of
        return {
            "SANDBOX": "true",
            "ISSUER": self.issuer,
            "PROXY_HOPS": "1" if self.public_issuer else "0",
            "DATABASE_URL": self.database_url,
            "SECRET_KEYS": keys.secret_key,
            "ENCRYPTION_KEYS": keys.encryption_key,
            "MAIL_TRANSPORT": "notify",
            "NOTIFY_BASE_URL": of("mailbox"),
            "NOTIFY_API_KEY": keys.notify_api_key,
            "NOTIFY_EMAIL_TEMPLATE_ID": keys.notify_email_template_id,
            "NOTIFY_SMS_TEMPLATE_ID": keys.notify_sms_template_id,
            "TICKET_TRANSPORT": "zendesk",
            "ZENDESK_URL": of("zendesk"),
            "ZENDESK_EMAIL": ZENDESK_AGENT,
            "ZENDESK_TOKEN": keys.zendesk_token,
            "ZENDESK_CASE_FIELD_ID": CASE_FIELD_ID,
            "ZENDESK_WEBHOOK_SECRET": keys.zendesk_webhook_secret,
            "REGISTER": self.register,
            "CHANGE_REPORTS": "api",
            "DQT_API_URL": of("dqt_api"),
            "DQT_API_KEY": keys.dqt_api_key,
            "EVIDENCE_STORE_URL": (self.data / "evidence").as_uri(),
            "CLAMD_ADDRESS": f"tcp://127.0.0.1:{self.addresses.port + CLAMD_OFFSET}",
            "ONE_LOGIN_ISSUER": f"{of('one_login')}/",
            "ONE_LOGIN_CLIENT_ID": ONE_LOGIN_CLIENT,
            "ONE_LOGIN_PRIVATE_KEY": keys.one_login_private_key,
            "ONE_LOGIN_IDENTITY_DID": did_of(of("one_login")),
            "TEST_PEOPLE_FILE": str(self.data / "sandbox.json"),
        }

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a program is started with."""
        own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return own | {"PYTHONUNBUFFERED": "1"} | self.settings | dict(more or {})

    def provider(self) -> list[Program]:
        metrics = self.data / "metrics"
        metrics.mkdir(exist_ok=True)
        web = {"BIND": f"127.0.0.1:{self.addresses.port}", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        server = [sys.executable, "-m", "config.server"]
        ready = f"{self.addresses.of('provider')}/readyz"
        return [
            Program("provider", server, self.environment(web), ready=ready),
            Program("worker", flask("worker"), self.environment()),
        ]

    def outside_world(self) -> list[Program]:
        state = str(self.data / "zendesk.json")
        credentials = {
            f"{client.slug.upper()}_{name}": value
            for client in self.clients
            for name, value in (
                ("CLIENT_ID", client.client_id),
                ("CLIENT_SECRET", client.client_secret),
                ("WEBHOOK_SECRET", client.webhook_secret),
            )
        } | {
            "TOTP_SECRETS": json.dumps({member["email"]: member["totp_secret"] for member in self.staff}),
        }
        # Zendesk reaches us past the proxy: what it would trust is the proxy's business, not the sandbox's.
        listener = {"ZENDESK_WEBHOOK_URL": f"{self.addresses.of('provider')}/zendesk/webhook"}
        known_by = {
            "ONE_LOGIN_PUBLIC_KEY": public_key_of(self.keys.one_login_private_key),
            "ONE_LOGIN_LOGOUT_URI": f"{self.addresses.of('provider')}/one-login/sign-out",
        }
        return [
            self._stand_in("mailbox"),
            self._stand_in("zendesk", "--state", state, more=listener),
            self._stand_in("dqt_api"),
            self._stand_in("clamd"),
            self._stand_in("one_login", more=known_by),
            self._stand_in("relying_service", more=credentials),
        ]

    def _stand_in(self, name: str, *arguments: str, more: Mapping[str, str] | None = None) -> Program:
        port = self.addresses.port_of(name)
        command = [sys.executable, "-m", f"identity_provider.sandbox.{name}", "--port", port, *arguments]
        return Program(name, command, self.environment(more), ready=f"{self.addresses.of(name)}/")


def flask(*arguments: str) -> list[str]:
    """The command line of one of the provider's own commands."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
