"""A device that holds passkeys, in software: it answers what a page's script would ask of it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, MAY_BE_COPIED, ATTESTED = 0x01, 0x04, 0x08, 0x40


@dataclass
class Key:
    """One passkey as the device keeps it."""

    id: bytes
    private: ec.EllipticCurvePrivateKey
    user_handle: bytes
    count: int = 0


@dataclass
class Authenticator:
    """Somebody's phone. What it says wrongly, a test sets."""

    origin: str = "http://localhost"
    host: str = "localhost"
    flags: int = PRESENT | VERIFIED
    keys: list[Key] = field(default_factory=list)

    def create(self, options: dict[str, Any], **lies: Any) -> str:
        """Make a passkey: what `navigator.credentials.create()` gives, as JSON."""
        excluded = {base64url_to_bytes(each["id"]) for each in options.get("excludeCredentials", [])}
        assert not excluded & {each.id for each in self.keys}, "InvalidStateError: this device has one already"
        private = ec.generate_private_key(ec.SECP256R1())
        key = Key(lies.get("id", os.urandom(32)), private, base64url_to_bytes(options["user"]["id"]))
        self.keys.append(key)
        at = private.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + cose
        return self._answer(
            key,
            clientDataJSON=self._client("webauthn.create", options, lies),
            attestationObject=encode_cbor(
                {"fmt": "none", "attStmt": {}, "authData": self._about(key, ATTESTED) + attested}
            ),
        )

    def get(self, options: dict[str, Any], key: Key | None = None, **lies: Any) -> str:
        """Show a passkey: what `navigator.credentials.get()` gives, as JSON."""
        key = key or self.keys[-1]
        key.count += 1
        client, about = self._client("webauthn.get", options, lies), self._about(key, 0)
        signature = key.private.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            key,
            clientDataJSON=client,
            authenticatorData=about,
            signature=lies.get("signature", signature),
            userHandle=lies.get("user_handle", key.user_handle),
        )

    def _client(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        challenge = lies.get("challenge", options["challenge"])
        origin = lies.get("origin", self.origin)
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _about(self, key: Key, more: int) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | more]) + key.count.to_bytes(4, "big")

    @staticmethod
    def _answer(key: Key, **response: bytes) -> str:
        name = bytes_to_base64url(key.id)
        said = {each: bytes_to_base64url(value) for each, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": said})
