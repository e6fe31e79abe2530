"""The sandbox behind a proxy that ends TLS, with a certificate of an authority of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.foreign.programs import Credentials
from tests.kit.places import open_place
from tests.kit.sandbox import ROOT, RunningSandbox
from tests.kit.stand_ins import free_port
from tests.kit.tls import Authority, TlsProxy, make_authority, tls_proxy
from tests.kit.walker import Walker

PERSON = "returning.teacher@example.com"


@dataclass
class SecureSandbox:
    """A provider with an https issuer, its proxy, and the authority that its visitors must trust."""

    sandbox: RunningSandbox
    proxy: TlsProxy
    authority: Authority
    place: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _visitors: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def issuer(self) -> str:
        return self.proxy.address

    @property
    def trusted(self) -> dict[str, str]:
        """What a program's environment says of the provider, and of whom to believe."""
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return {"ISSUER": self.issuer} | dict.fromkeys(trust, str(self.authority.ca_file))

    def register(self, base_url: str, *options: str, callback: str = "/callback") -> Credentials:
        """A service, as an operator registers it."""
        client_id = f"foreign-{next(self._numbers)}"
        scopes = [f"--scope={each}" for each in ("openid", "profile", "email", "trn", "offline_access")]
        uris = [f"--redirect-uri={base_url}{callback}", f"--post-logout-redirect-uri={base_url}/"]
        added = self.flask("clients", "add", client_id, "--name", "A foreign service", *uris, *scopes, *options)
        return Credentials(added["client_id"], added["client_secret"])

    def flask(self, *arguments: str) -> Any:
        """What one of the provider's own commands prints."""
        told: dict[str, str] = self.sandbox.told["environment"]
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env={"PATH": os.environ["PATH"]} | told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def a_person(self) -> Walker:
        """Somebody in a browser of their own, without scripts, at an address of their own, who trusts the authority."""
        self.proxy.visitor = f"198.51.100.{next(self._visitors) % 250 + 1}"
        return Walker(self.sandbox, str(self.authority.ca_file))


@contextmanager
def a_secure_sandbox() -> Iterator[SecureSandbox]:
    """Started, and stopped at the end of the block."""
    with open_place() as place:
        authority = make_authority(place)
        port = free_port()
        options = ("--issuer", f"https://localhost:{port}")
        with RunningSandbox(place, *options, environment={"OUTGOING_CA_FILE": str(authority.ca_file)}) as sandbox:
            backend = urlsplit(sandbox.address("provider")).port
            assert backend is not None
            with tls_proxy(port, backend, authority) as proxy:
                yield SecureSandbox(sandbox, proxy, authority, place)
