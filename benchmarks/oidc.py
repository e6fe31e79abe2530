"""What the provider costs: its hot paths against oidc-provider and plain Authlib, each with one core, in one run.

python -m benchmarks.oidc [--seconds 1] [--rounds 7] [--only NAME]... [--port 27100]

Each target has a core for its server; the driver has another, and PostgreSQL (durable commits, one cluster for all)
runs where there is room. Every target answers the same requests: PKCE S256, RS256, a session at the browser, rotated
refresh tokens. "CPU" is the processor time of the server's processes for one operation, and beside it PostgreSQL's;
wall time on a busy machine says less. A ratio above 1 says that ours is the cheaper one.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks._measures import title
from benchmarks.peers import ours, servers
from benchmarks.peers.operations import Paths, Registered, Target, Visit, sign_in_by_redirects
from benchmarks.peers.servers import PeerMissing
from benchmarks.peers.wire import Wire
from identity_provider.sandbox.postgres import EmbeddedPostgres

PEOPLE = 1_000
OURS, NODE, PLAIN = "get-an-identity", "oidc-provider 9", "plain Authlib"
# What the design page oidc.md ("Cost") asks of us, in ratio to oidc-provider.
WANTED = {"discovery": 1.0, "code flow": 1.5, "userinfo": 2.0, "introspection": 1.0, "refresh": 1.5}
SERVICE = Registered("service", secrets.token_urlsafe(32), "openid profile email")
KEEPER = Registered("keeper", secrets.token_urlsafe(32), "openid profile email offline_access")

OUR_PATHS = Paths("/connect/authorize", "/connect/token", "/connect/userinfo", "/connect/introspection")
NODE_PATHS = Paths("/auth", "/token", "/me", "/token/introspection")
PLAIN_PATHS = Paths("/authorize", "/token", "/userinfo", "/introspect")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement of one operation at one target."""

    per_second: float
    cpu_ms: float
    database_ms: float


def main() -> int:
    """Start them, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=7, help="of which the median is told")
    parser.add_argument("--only", action="append", default=[], help="one target or operation; may be repeated")
    parser.add_argument("--port", type=int, default=27_100)
    asked = parser.parse_args()
    servers.stay_on_the_driver_s_core()
    with cluster() as postgres, ExitStack() as stack, tempfile.TemporaryDirectory() as place:
        starts = {OURS: start_ours, NODE: start_node, PLAIN: start_plain}
        named = [name for name in starts if name in asked.only] or list(starts)
        targets = []
        for number, name in enumerate(named):
            try:
                targets.append(stack.enter_context(starts[name](postgres, asked.port + number, Path(place))))
            except PeerMissing as reason:
                print(f"NOT MEASURED: {name}: {reason}")
        figures = measure_in_turns(targets, asked)
    return tell(figures)


@contextmanager
def cluster() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this run's own; it commits durably."""
    place = Path(tempfile.mkdtemp(prefix="gai-bench-"))
    place.chmod(0o711)  # as root the server runs under another account
    try:
        with EmbeddedPostgres(place / "pg", options=OPTIONS) as postgres:
            yield postgres
    finally:
        shutil.rmtree(place)


@contextmanager
def start_ours(postgres: EmbeddedPostgres, port: int, place: Path, name: str = OURS) -> Iterator[Target]:
    postgres.create_database(name)
    settings = ours.environment(postgres.url(name), port, place)
    cookies = ours.prepare(settings, (SERVICE, KEEPER), PEOPLE)
    with servers.running(servers.gunicorn("wsgi:create_app()"), port, settings, place / f"{name}.log") as pid:
        yield Target(name, port, pid, OUR_PATHS, SERVICE, KEEPER, cookies)


@contextmanager
def start_node(postgres: EmbeddedPostgres, port: int, place: Path) -> Iterator[Target]:
    command = servers.node_server()
    postgres.create_database("node")
    environment = {
        "DATABASE_URL": postgres.url("node").replace("+psycopg", ""),
        "PORT": str(port),
        "NODE_ENV": "production",
        "PEER": peer_settings(),
    }
    with servers.running(command, port, environment, place / "node.log") as pid:
        target = Target(NODE, port, pid, NODE_PATHS, SERVICE, KEEPER)
        for number in range(servers.THREADS):
            hint = f"person-{number}"
            cookies = sign_in_by_redirects(target, NODE_PATHS.authorize, (SERVICE, KEEPER), login_hint=hint)
            target.cookies.append(cookies)
        yield target


@contextmanager
def start_plain(postgres: EmbeddedPostgres, port: int, place: Path) -> Iterator[Target]:
    postgres.create_database("plain")
    environment = {"DATABASE_URL": postgres.url("plain"), "PORT": str(port), "PEER": peer_settings()}
    command = servers.gunicorn("benchmarks.peers.plain_authlib:create_app()")
    with servers.running(command, port, environment | servers.web(port), place / "plain.log") as pid:
        cookies = []
        for number in range(servers.THREADS):
            jar = Wire(port).get(f"/sign-in/{number + 1}").cookies
            cookies.append(f"session={jar['session']}")
        yield Target(PLAIN, port, pid, PLAIN_PATHS, SERVICE, KEEPER, cookies)


def peer_settings() -> str:
    clients = [asdict(each) | {"refreshes": each is KEEPER} for each in (SERVICE, KEEPER)]
    return servers.peer_settings(clients, PEOPLE)


# Durable, as PostgreSQL comes; room for a fill, and no checkpoint in the middle of a measurement.
OPTIONS = {"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "30min", "jit": "off"}

Figures = dict[str, dict[str, list[Figure]]]


def measure_in_turns(targets: list[Target], asked: argparse.Namespace) -> Figures:
    """All targets take their turn at an operation before the next round, so that a busy moment meets them all."""
    figures: Figures = {}
    known = list(Visit(targets[0], 0).operations())
    for name in [each for each in known if each in asked.only] or known:
        for number in range(asked.rounds):
            for target in targets:
                found = measure(target, name, asked.seconds, warm=number == 0)
                figures.setdefault(name, {}).setdefault(target.name, []).append(found)
    return figures


def measure(target: Target, name: str, seconds: float, *, warm: bool) -> Figure:
    """Have every connection do its operation again and again for so long."""
    visits = [Visit(target, number) for number in range(servers.THREADS)]
    works = [visit.operations()[name]() for visit in visits]
    with ThreadPoolExecutor(servers.THREADS) as pool:
        if warm:
            list(pool.map(lambda work: repeat(work, 1.0), works))
        cpu, database, began = servers.cpu_seconds(target.pid), servers.database_cpu_seconds(), time.perf_counter()
        done = sum(pool.map(lambda work: repeat(work, seconds), works))
        took = time.perf_counter() - began
        cpu, database = servers.cpu_seconds(target.pid) - cpu, servers.database_cpu_seconds() - database
    for visit in visits:
        visit.wire.close()
    return Figure(done / took, 1000 * cpu / done, 1000 * database / done)


def repeat(work: object, seconds: float) -> int:
    ends, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < ends:
        work()
        done += 1
    return done


def tell(figures: Figures) -> int:
    """The median of each, and ours in ratio to each peer's; 1 when the processor's time misses a target."""
    title("The provider against oidc-provider 9 and plain Authlib")
    print(f"  {'':<22}{'':<17}{'ops/s':>8}{'CPU ms':>9}{'database ms':>13}   ratio by ops/s, by CPU (target)")
    missed = 0
    for name, by_target in figures.items():
        medians = {target: median_of(found) for target, found in by_target.items()}
        for target, median in medians.items():
            line = f"  {name:<22}{target:<17}{median.per_second:8.0f}{median.cpu_ms:9.2f}{median.database_ms:13.2f}"
            if target != OURS and OURS in medians:
                by_rate = medians[OURS].per_second / median.per_second
                by_cpu = median.cpu_ms / medians[OURS].cpu_ms
                line += f"   {by_rate:5.2f}, {by_cpu:5.2f}"
                if target == NODE and name in WANTED:
                    met = by_cpu >= WANTED[name]
                    missed += not met
                    line += f" ({WANTED[name]:.1f}) {'met' if met else 'MISSED'}"
            print(line, flush=True)
    return int(bool(missed))


def median_of(found: list[Figure]) -> Figure:
    return Figure(
        statistics.median(each.per_second for each in found),
        statistics.median(each.cpu_ms for each in found),
        statistics.median(each.database_ms for each in found),
    )


if __name__ == "__main__":
    sys.exit(main())
