"""The sandbox's own secrets: random, made once for each clone, never in the tree."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from identity_provider.sandbox.files import write_atomically


@dataclass(frozen=True)
class Keys:
    """Everything that has to be the same at the next start."""

    secret_key: str
    encryption_key: str
    notify_api_key: str
    notify_email_template_id: str
    notify_sms_template_id: str
    zendesk_token: str
    zendesk_webhook_secret: str
    dqt_api_key: str
    one_login_private_key: str
    npq_client_secret: str
    qts_client_secret: str
    job_client_secret: str
    npq_webhook_secret: str
    qts_webhook_secret: str
    job_webhook_secret: str
    admin_totp_secret: str
    agent_totp_secret: str

    def __repr__(self) -> str:
        return "Keys(…)"

    @classmethod
    def kept_in(cls, path: Path) -> Keys:
        """Read them; make those that are missing, and keep them for the next time."""
        known = json.loads(path.read_text("utf-8")) if path.exists() else {}
        made = {each.name: known.get(each.name) or _MAKERS.get(each.name, _random)() for each in fields(cls)}
        keys = cls(**made)
        if asdict(keys) != known:
            write_atomically(path, json.dumps(asdict(keys), indent=2))
        return keys


def _random() -> str:
    """Letters, digits, `-` and `_`: whatever else a library would encode in a way of its own."""
    return secrets.token_urlsafe(36)


def _random_uuid() -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def _random_private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def public_key_of(private_key: str) -> str:
    """The public part of a private key; both as PEM."""
    public = load_pem_private_key(private_key.encode("ascii"), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


_MAKERS: dict[str, Callable[[], str]] = {
    "encryption_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode("ascii"),
    "notify_api_key": lambda: f"sandbox-{_random_uuid()}-{_random_uuid()}",
    "notify_email_template_id": _random_uuid,
    "notify_sms_template_id": _random_uuid,
    "one_login_private_key": _random_private_key,
    "admin_totp_secret": pyotp.random_base32,
    "agent_totp_secret": pyotp.random_base32,
}
