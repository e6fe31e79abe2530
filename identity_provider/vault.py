"""Secrets at rest: sealing what must be read again, and keyed hashes of what must only be recognised."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(Exception):
    """The sealed bytes were made for something else, changed, or with a key that is no longer listed."""


class Vault:
    """The keys of this process. Newest keys come first; older ones still open what they sealed."""

    def __init__(self) -> None:
        self._hash_keys: tuple[bytes, ...] = ()
        self._sealing_keys: tuple[bytes, ...] = ()

    def unlock(self, secret_keys: tuple[str, ...], encryption_keys: tuple[bytes, ...]) -> None:
        """Give the vault its keys; done once, by the composition root."""
        self._hash_keys = tuple(key.encode() for key in secret_keys)
        self._sealing_keys = encryption_keys

    def keyed_hash(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 of `text` for one purpose, by the newest key: what is stored for a machine-made secret."""
        return self._hash(self._hash_keys[0], purpose, text)

    def keyed_hashes(self, purpose: str, text: str) -> list[bytes]:
        """The hash by every key that is still listed, newest first: what a stored hash is looked up by."""
        return [self._hash(key, purpose, text) for key in self._hash_keys]

    def hash_literal(self, purpose: str, text: str) -> str:
        """`keyed_hashes` as PostgreSQL writes an array of bytes; a driver would take ten times as long."""
        return "{" + ",".join(f'"\\\\x{each.hex()}"' for each in self.keyed_hashes(purpose, text)) + "}"

    def recognises(self, stored: bytes, purpose: str, text: str) -> bool:
        """Whether `stored` is the hash of `text`, in constant time."""
        return any([hmac.compare_digest(stored, each) for each in self.keyed_hashes(purpose, text)])

    def attest(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 under a key that is never taken away: for what must still be checked years from now."""
        return self._attest(self._sealing_keys[0], purpose, text)

    def attests(self, stored: bytes, purpose: str, text: str) -> bool:
        """Whether `stored` attests `text`, in constant time."""
        return any([hmac.compare_digest(stored, self._attest(key, purpose, text)) for key in self._sealing_keys])

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt with AES-256-GCM; `context` says what it is and must be the same to open it."""
        return self.seal_bytes(text.encode(), context)

    def unseal(self, sealed: bytes, context: str) -> str:
        """Decrypt. Raises SealBroken."""
        return self.unseal_bytes(sealed, context).decode()

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        """As `seal`, for what is no text: a whole file."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._sealing_keys[0]).encrypt(nonce, content, context.encode())

    def unseal_bytes(self, sealed: bytes, context: str) -> bytes:
        """Decrypt. Raises SealBroken; also for what was cut off."""
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for key in self._sealing_keys:
            try:
                return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken(context)

    @classmethod
    def _attest(cls, key: bytes, purpose: str, text: str) -> bytes:
        # Not with the key that encrypts itself: one key, one use (NIST SP 800-57, 5.2).
        return cls._hash(hmac.new(key, b"attest", hashlib.sha256).digest(), purpose, text)

    @staticmethod
    def _hash(key: bytes, purpose: str, text: str) -> bytes:
        return hmac.new(key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


vault = Vault()


def new_secret() -> str:
    """256 random bits, safe in a URL, a header and a form."""
    return secrets.token_urlsafe(32)
