"""A PostgreSQL server of our own for as long as we live: made on first use, reachable by its socket only."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from identity_provider.sandbox.guarding import guarded_by
from identity_provider.sandbox.quarters import NoQuarters, Quarters, find_quarters, fits_a_socket

SUPERUSER = "postgres"
PORT = "5432"
MAJOR_VERSION = "18"
WAY_DOWN = ("INT:20", "QUIT:5")  # fast shutdown; then immediate, which recovers at the next start
SECONDS_TO_START = 180
# After `kill -9` of our predecessor its server takes a moment to stop: the whole way down, and a slow disk's while.
SECONDS_FOR_A_PREDECESSOR = 45
# No PG* variable of the caller may reach the server. LC_ALL: without it macOS's libc starts threads
# in the postmaster, which it refuses.
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


class PostgresUnusable(RuntimeError):
    """The server cannot be started; the message says why and what to do."""


class PostgresAlreadyRunning(PostgresUnusable):
    """Another server is alive in the same directory."""


class EmbeddedPostgres:
    """One cluster in one directory. It ends with this object, and with this process however that ends."""

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        self._wanted = data_dir
        self._options = dict(options or {})
        self._lock = -1
        self._socket_dir = Path()
        self._guardian: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring the server up, making the cluster if there is none.

        Raises PostgresAlreadyRunning if one is alive in this directory, PostgresUnusable otherwise.
        """
        try:
            quarters = find_quarters(self._wanted)
        except NoQuarters as reason:
            raise PostgresUnusable(str(reason)) from None
        self._lock = _lock(quarters.home)
        try:
            self._begin_anew_if_removed(quarters)
            _make_cluster(quarters, self._lock, durable=self._options.get("fsync") != "off")
            self._launch(quarters)
            self._wait_until_ready(quarters.home / "postgres.log")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait until it is gone. Stopping twice is fine."""
        if self._guardian is not None:
            self._guardian.communicate()
            self._guardian = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def alive(self) -> bool:
        """Whether the server runs. It may not: somebody may have killed it."""
        return self._guardian is not None and self._guardian.poll() is None

    def url(self, dbname: str) -> str:
        """Give the SQLAlchemy address of a database of this server."""
        host = quote(str(self._socket_dir), safe="")
        return f"postgresql+psycopg://{SUPERUSER}@/{quote(dbname, safe='')}?host={host}&port={PORT}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of `template` if given."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with self._connect() as connection:
            connection.execute(statement)

    def has_database(self, name: str) -> bool:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            return found.fetchone() is not None

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._socket_dir),
            port=PORT,
            user=SUPERUSER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=60,
        )

    def _begin_anew_if_removed(self, quarters: Quarters) -> None:
        """Whoever removed the wanted directory's surroundings meant the files that had to go elsewhere, too."""
        note = self._wanted.absolute().with_name(f"{self._wanted.name}.elsewhere")
        if quarters.home == self._wanted.absolute() or note.exists():
            return
        shutil.rmtree(quarters.home / "cluster", ignore_errors=True)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{quarters.home}\n", "utf-8")

    def _launch(self, quarters: Quarters) -> None:
        cluster = quarters.home / "cluster"
        # We hold the lock: whoever wrote this file is dead, even if its number lives on in another process.
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        sweep = self._settle_the_socket(quarters)
        server: list[str | Path] = [
            quarters.binaries / "postgres",
            "-D",
            cluster,
            *_settings(self._socket_dir, self._options),
        ]
        with _open_log(quarters.home / "postgres.log") as log:
            self._guardian = subprocess.Popen(
                [*_guarded(quarters, self._lock), *sweep, "--", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                pass_fds=[self._lock],
                start_new_session=True,
            )

    def _settle_the_socket(self, quarters: Quarters) -> list[str | Path]:
        """Choose the socket's directory, the same at a restart; answers with the guardian's order to remove it."""
        if fits_a_socket(quarters.home / "socket"):
            self._socket_dir = quarters.new_directory(quarters.home / "socket")
            return []
        if self._socket_dir == Path():
            self._socket_dir = quarters.short_directory()
        else:
            quarters.new_directory(self._socket_dir)
        return ["--sweep", self._socket_dir]

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                ended = self._guardian is None or self._guardian.poll() is not None
                if ended or time.monotonic() > deadline:
                    last_words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-10:])
                    raise PostgresUnusable(f"PostgreSQL did not start; {log} ends with:\n{last_words}") from None
                time.sleep(0.05)
            else:
                return


def _lock(home: Path) -> int:
    """Take the cluster's lock. The server inherits it, so it is free only when no server is left."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + SECONDS_FOR_A_PREDECESSOR
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise PostgresAlreadyRunning(
                    f"A PostgreSQL server is already running in {home}: another `make run` of this clone? "
                    f"Stop that one first, or use a second clone with another PORT."
                ) from None
            time.sleep(0.1)
        else:
            return lock


def _make_cluster(quarters: Quarters, lock: int, *, durable: bool) -> None:
    cluster = quarters.home / "cluster"
    if cluster.exists():
        version = (cluster / "PG_VERSION").read_text("ascii").strip()
        if version != MAJOR_VERSION:
            raise PostgresUnusable(
                f"{cluster} was made by PostgreSQL {version}, the binaries are {MAJOR_VERSION}. "
                f"It holds sandbox data only: remove it and start again."
            )
        return
    unfinished = quarters.new_directory(quarters.home / "cluster.unfinished")
    account = quarters.account
    made = subprocess.run(
        [quarters.binaries / "initdb", "-D", unfinished, *_initial_choices(durable=durable)],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=quarters.home,
        pass_fds=[lock],
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if made.returncode != 0:
        raise PostgresUnusable(f"initdb failed:\n{made.stderr.strip()}")
    unfinished.rename(cluster)


def _initial_choices(*, durable: bool) -> list[str]:
    choices = [
        "--encoding=UTF8",
        "--locale=C",  # whatever the builtin provider does not decide; every system has C
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        f"--username={SUPERUSER}",
        "--auth-local=trust",  # the socket lies in a directory that only the server's owner can enter
        "--auth-host=reject",
        "--no-instructions",
    ]
    return choices if durable else [*choices, "--no-sync"]


def _settings(socket_dir: Path, options: Mapping[str, str]) -> list[str]:
    quoted = '"' + str(socket_dir).replace('"', '""') + '"'
    settings = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": quoted,
        "unix_socket_permissions": "0700",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        **options,
    }
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]


def _guarded(quarters: Quarters, lock: int) -> list[str | Path]:
    account = quarters.account
    who = ["--user", str(account.uid), "--group", str(account.gid)] if account else []
    return [*guarded_by(*WAY_DOWN), *who, "--cwd", quarters.home, "--keep-fd", str(lock)]


def _open_log(path: Path) -> BinaryIO:
    """Open the log, refusing a symbolic link: the directory may belong to another account than ours."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")
