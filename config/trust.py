"""Whom our own calls believe: the system's authorities, or those of one file that an operator names."""

from __future__ import annotations

import os
import ssl

# OpenSSL reads the first wherever a default context is made; `requests`, and what stands on it, the second.
VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def trust_for_calls(ca_file: str) -> None:
    """Have every later TLS connection that this process opens trust the authorities of this file, and no others.

    An empty name changes nothing. PostgreSQL is not meant: its client takes `sslrootcert` in DATABASE_URL.
    """
    if ca_file:
        os.environ.update(dict.fromkeys(VARIABLES, ca_file))


def holds_authorities(ca_file: str) -> bool:
    """Whether the file can be read and holds at least one certificate in PEM."""
    try:
        return bool(ssl.create_default_context(cafile=ca_file).get_ca_certs())
    except (OSError, ssl.SSLError):
        return False
