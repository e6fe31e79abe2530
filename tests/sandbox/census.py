"""Who is running on this machine, as `ps` tells it."""

import subprocess
import time

SECONDS = 120


def commands_mentioning(text: object) -> list[str]:
    """The running commands whose command line holds the text, each with its process id in front."""
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True)
    lines = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [f"{pid} {command}" for pid, stat, command in lines if str(text) in command and "Z" not in stat]


def members_of_group(group: int) -> list[str]:
    """The commands of a group that run; the dead that nobody has buried yet do not count."""
    listed = subprocess.run(["ps", "-axww", "-o", "pgid=,stat=,command="], capture_output=True, text=True, check=True)
    lines = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [command for pgid, stat, command in lines if int(pgid) == group and "Z" not in stat]


def wait_until_nobody_is_in_group(group: int) -> list[str]:
    """The same for the members of a group."""
    deadline = time.monotonic() + SECONDS
    while (left := members_of_group(group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def wait_until_nobody_mentions(text: object, seconds: float = SECONDS) -> list[str]:
    """Wait for those commands to end; answer with the ones that did not.

    Whoever kills does not wait for the dead: on a busy machine one of them may be seen a moment longer.
    """
    deadline = time.monotonic() + seconds
    while (left := commands_mentioning(text)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
