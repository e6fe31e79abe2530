"""Servers that are measured: started on a core of their own, and asked how much of it they used."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from joserfc.jwk import RSAKey

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
INSTALLED = ROOT / ".data" / "benchmark-peers" / "oidc_provider"
THREADS = 8

_PINNED = (
    "import os, sys; core = int(sys.argv[1]); "
    "hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, {core}); os.execvp(sys.argv[2], sys.argv[2:])"
)
_GUNICORN = ["-m", "gunicorn", "-c", "python:config.gunicorn_settings"]


class PeerMissing(RuntimeError):
    """A peer cannot be measured on this machine; the message says why."""


@contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """Start a server on the first core, wait until it listens, and end it afterwards; gives its process id."""
    core = cores()[0]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _PINNED, str(core), *command],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def cores() -> tuple[int, int]:
    """The server's core and the driver's."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def stay_on_the_driver_s_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cores()[1]})


def cpu_seconds(pid: int) -> float:
    """What a process and its children used so far, those that have ended included."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    spent = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        times = child.cpu_times()
        spent += times.user + times.system
    return spent


def database_cpu_seconds() -> float:
    """What the PostgreSQL of this run used so far, over all its processes that live."""
    spent = 0.0
    for each in psutil.Process().children(recursive=True):
        try:
            if each.name().startswith("postgres"):
                times = each.cpu_times()
                spent += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return spent


def gunicorn(application: str) -> list[str]:
    """One worker with threads, by the settings that `make run` uses."""
    return [sys.executable, *_GUNICORN, application]


def web(port: int) -> dict[str, str]:
    return {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1", "WEB_THREADS": str(THREADS)}


def node_server() -> list[str]:
    """The command of the Node peer, its packages installed from the committed lock. Raises PeerMissing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PeerMissing("node and npm are needed for oidc-provider")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    source = HERE / "oidc_provider"
    lock = (source / "package-lock.json").read_bytes()
    done = INSTALLED / ".installed"
    for each in source.iterdir():
        shutil.copy2(each, INSTALLED)
    if not done.exists() or done.read_bytes() != lock:
        tried = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=INSTALLED,
            check=False,
            capture_output=True,
            text=True,
        )
        if tried.returncode:
            raise PeerMissing(f"npm could not install oidc-provider: {tried.stderr.strip()[-500:]}")
        done.write_bytes(lock)
    return [node, str(INSTALLED / "server.mjs")]


def peer_settings(clients: list[dict[str, Any]], people: int) -> str:
    """What a peer is started with: its clients, a fresh key, and how many people it knows."""
    key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})
    return json.dumps({"clients": clients, "keys": [key.as_dict(private=True)], "people": people})


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                ended = log.read_text("utf-8", "replace")[-2_000:]
                raise RuntimeError(f"{log.stem} did not start:\n{ended}") from None
            time.sleep(0.1)
