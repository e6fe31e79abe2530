"""Apache with Debian's mod_auth_openidc before a page, as a service that is no program of its own."""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.foreign.programs import Credentials

APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "unixd")
SECONDS_TO_START = 240

# `Require valid-user` sends everybody to the provider; the module keeps what it was told in its own cache.
CONFIGURATION = """\
ServerName localhost
ServerRoot {home}
PidFile {home}/apache.pid
DefaultRuntimeDir {home}
Listen 127.0.0.1:{port}
ErrorLog {home}/error.log
LogLevel warn auth_openidc:info
{modules}
{user}
DocumentRoot {home}/pages
<Directory {home}/pages>
    AuthType openid-connect
    Require valid-user
</Directory>
<Location /signed-out>
    AuthType None
    Require all granted
</Location>
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCCABundlePath {ca_file}
OIDCSSLValidateServer On
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI http://localhost:{port}/callback
OIDCDefaultLoggedOutURL http://localhost:{port}/
OIDCScope "openid profile email trn offline_access"
OIDCPKCEMethod S256
OIDCCryptoPassphrase {passphrase}
OIDCInfoHook access_token id_token userinfo refresh_token
OIDCCookieSameSite On
"""


@functools.cache
def missing() -> str:
    """Why it can not be tried here; empty when it can."""
    there = APACHE.exists() and all((MODULES / f"mod_{name}.so").exists() for name in NEEDED if name != "unixd")
    return "" if there else "libapache2-mod-auth-openidc is not installed: mod_auth_openidc was not tried"


@contextmanager
def an_apache(place: Path, port: int, credentials: Credentials, issuer: str, ca_file: Path) -> Iterator[str]:
    """Apache with one page behind the module, running until the block ends; gives its address."""
    home = place / f"apache-{port}"
    for folder in ("pages", "pages/signed-out"):
        (home / folder).mkdir(parents=True)
        (home / folder / "private.html").write_text("<!doctype html><title>Private</title>", encoding="utf-8")
    home.chmod(0o777)  # the module's own account keeps its cache here; the place is the test's alone
    loaded = [name for name in NEEDED if (MODULES / f"mod_{name}.so").exists()]
    text = CONFIGURATION.format(
        home=home,
        port=port,
        modules="\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in loaded),
        user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        issuer=issuer,
        ca_file=ca_file,
        client_id=credentials.client_id,
        client_secret=credentials.secret,
        passphrase=secrets.token_hex(16),
    )
    (home / "apache.conf").write_text(text, encoding="utf-8")
    command = [str(APACHE), "-d", str(home), "-f", str(home / "apache.conf"), "-DFOREGROUND"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(server, f"http://localhost:{port}/signed-out/private.html", home)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=SECONDS_TO_START)


def _wait_for(server: subprocess.Popen[bytes], address: str, home: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            if requests.get(address, timeout=10).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        if server.poll() is not None or time.monotonic() > deadline:
            logs = [home / name for name in ("log", "error.log")]
            raise AssertionError("\n".join(each.read_text(errors="replace") for each in logs if each.exists()))
        time.sleep(0.1)
