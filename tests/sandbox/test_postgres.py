"""The embedded PostgreSQL: made anywhere, by anybody, and gone with whoever started it."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from identity_provider.sandbox import quarters
from identity_provider.sandbox.postgres import EmbeddedPostgres, PostgresAlreadyRunning, PostgresUnusable
from tests.kit.database import TestCluster
from tests.sandbox.census import commands_mentioning, wait_until_nobody_mentions

ROOT = os.geteuid() == 0
CLONE = Path(__file__).parents[2]
PARENT = """
import sys, time
from pathlib import Path
from identity_provider.sandbox.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), options={"fsync": "off"}) as postgres:
    print(postgres.url("postgres"), flush=True)
    time.sleep(600)
"""


def a_server(path: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(path, options={"fsync": "off"})


def ask(url: str, question: str) -> object:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            answer = connection.execute(sa.text(question))
            return answer.scalar() if answer.returns_rows else None
    finally:
        engine.dispose()


@pytest.fixture
def parent(place: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start another program that runs a server in `place / "pg"`, and wait until it is up."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, place / "pg"], stdout=subprocess.PIPE, text=True, cwd=CLONE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("postgresql+psycopg://")
        yield program
        program.kill()


def test_it_is_postgresql_18_with_utf8_whatever_the_callers_locale(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "tr_TR.ISO-8859-9")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    with a_server(place / "pg") as postgres:
        url = postgres.url("postgres")
        assert str(ask(url, "SHOW server_version")).startswith("18.")
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SHOW data_checksums") == "on"
        assert ask(url, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"


def test_it_listens_on_no_network_and_its_directory_is_private(place: Path) -> None:
    with a_server(place / "pg") as postgres:
        assert ask(postgres.url("postgres"), "SHOW listen_addresses") == ""
        assert stat.S_IMODE((place / "pg").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name",
    ["a clone with spaces", "100% 'odd', \"quoted\": naïve", "long" * 40],
    ids=["spaces", "odd characters", "longer than a socket's path may be"],
)
def test_any_path_will_do(place: Path, name: str) -> None:
    with a_server(place / name) as postgres:
        postgres.create_database("first one")
        ask(postgres.url("first one"), "CREATE TABLE kept AS SELECT 7 AS number")
        postgres.create_database("second", template="first one")
        assert ask(postgres.url("second"), "SELECT number FROM kept") == 7
    with a_server(place / name) as postgres:
        assert postgres.has_database("second")
        assert not postgres.has_database("third")
        assert ask(postgres.url("first one"), "SELECT number FROM kept") == 7


def test_stopping_leaves_no_process_and_stopping_twice_is_fine(place: Path) -> None:
    postgres = a_server(place / "pg")
    postgres.start()
    assert commands_mentioning(place)
    postgres.stop()
    postgres.stop()
    assert wait_until_nobody_mentions(place) == []


def test_a_second_start_in_a_busy_directory_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity_provider.sandbox.postgres.SECONDS_FOR_A_PREDECESSOR", 0.5)
    with a_server(place / "pg") as first:
        with pytest.raises(PostgresAlreadyRunning, match="already running in"):
            a_server(place / "pg").start()
        assert ask(first.url("postgres"), "SELECT 1") == 1


def test_kill_9_of_the_parent_leaves_no_process_and_the_next_start_works(
    place: Path, parent: "subprocess.Popen[str]"
) -> None:
    parent.kill()
    with a_server(place / "pg") as postgres:
        assert ask(postgres.url("postgres"), "SELECT 1") == 1
    assert wait_until_nobody_mentions(place) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_kill_9_of_the_guardian_takes_the_server_along(place: Path, parent: "subprocess.Popen[str]") -> None:
    [guardian] = [line for line in commands_mentioning(place) if "guardian.py" in line]
    os.kill(int(guardian.split()[0]), signal.SIGKILL)
    assert wait_until_nobody_mentions(place / "pg" / "cluster") == []


def test_a_killed_server_recovers_even_if_its_number_now_belongs_to_somebody_else(place: Path) -> None:
    with a_server(place / "pg") as postgres:
        ask(postgres.url("postgres"), "CREATE TABLE kept AS SELECT 7 AS number")
        pid_file = place / "pg" / "cluster" / "postmaster.pid"
        stale = pid_file.read_text("ascii")
        os.kill(int(stale.splitlines()[0]), signal.SIGKILL)
    owner = (place / "pg").stat().st_uid if ROOT else None
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=owner) as stranger:
        pid_file.write_text(stale.replace(stale.splitlines()[0], str(stranger.pid), 1), "ascii")
        with a_server(place / "pg") as postgres:
            assert ask(postgres.url("postgres"), "SELECT number FROM kept") == 7


def test_an_interrupted_initdb_is_begun_anew(place: Path) -> None:
    with a_server(place / "pg"):
        pass
    (place / "pg" / "cluster").rename(place / "pg" / "cluster.unfinished")
    with a_server(place / "pg") as postgres:
        assert ask(postgres.url("postgres"), "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_in_words(place: Path) -> None:
    with a_server(place / "pg"):
        pass
    (place / "pg" / "cluster" / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresUnusable, match="was made by PostgreSQL 15, the binaries are 18"):
        a_server(place / "pg").start()


def test_a_server_that_will_not_start_shows_its_last_words(place: Path) -> None:
    with pytest.raises(PostgresUnusable, match="no_such_setting"):
        EmbeddedPostgres(place / "pg", options={"no_such_setting": "1"}).start()
    assert wait_until_nobody_mentions(place) == []


def test_the_test_cluster_makes_databases_on_demand_and_leaves_nothing() -> None:
    with TestCluster() as cluster:
        assert ask(cluster.url("one"), "SELECT current_database()") == "one"
        assert ask(cluster.url("one"), "SELECT current_database()") == "one"
        socket = psycopg.conninfo.conninfo_to_dict(cluster.url("one").replace("+psycopg", ""))["host"]
    assert not Path(str(socket)).parents[1].exists()


@pytest.mark.skipif(not ROOT, reason="only root has to become somebody else")
class TestAsRoot:
    def test_the_server_runs_as_an_ordinary_user(self, place: Path) -> None:
        with a_server(place / "pg"):
            assert (place / "pg").stat().st_uid != 0

    def test_a_closed_clone_keeps_its_mode_and_the_files_go_elsewhere(self, place: Path) -> None:
        closed = place / "home"
        closed.mkdir(mode=0o700)
        elsewhere = quarters._elsewhere(closed / "pg")
        try:
            with a_server(closed / "pg") as postgres:
                assert ask(postgres.url("postgres"), "SELECT 1") == 1
                assert str(elsewhere) in str(ask(postgres.url("postgres"), "SHOW data_directory"))
                postgres.create_database("kept")
            with a_server(closed / "pg") as postgres:
                assert postgres.has_database("kept")
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
            [note] = closed.iterdir()
            note.unlink()
            with a_server(closed / "pg") as postgres:
                assert not postgres.has_database("kept"), "whoever removes .data begins anew"
        finally:
            shutil.rmtree(elsewhere)

    def test_an_ordinary_user_needs_no_root_and_may_not_take_roots_directory(self, place: Path) -> None:
        (place / "home").mkdir()
        nobody = pwd.getpwnam("nobody")
        os.chown(place / "home", nobody.pw_uid, nobody.pw_gid)
        with a_server(place / "pg"):
            pass
        os.chown(place / "pg", 0, 0)
        own = self.run_as(nobody, place / "home" / "pg")
        foreign = self.run_as(nobody, place / "pg")
        assert own.returncode == 0, own.stderr
        assert f"{place / 'pg'} belongs to user root" in foreign.stderr

    @staticmethod
    def run_as(user: pwd.struct_passwd, directory: Path) -> "subprocess.CompletedProcess[str]":
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        python = shutil.which(version, path="/usr/local/bin:/usr/bin")
        if python is None:
            pytest.skip(f"there is no {version} here that an ordinary user can run")
        somebody = quarters.Account(user.pw_name, user.pw_uid, user.pw_gid)
        if not (somebody.can("/bin/ls", CLONE) and somebody.can("/bin/ls", sys.prefix)):
            pytest.skip("nobody but root can read this clone, so nobody else can run what is in it")
        return subprocess.run(
            [python, "-B", "-c", PARENT.replace("time.sleep(600)", "pass"), directory],
            check=False,
            capture_output=True,
            text=True,
            cwd=CLONE,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)},
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )
